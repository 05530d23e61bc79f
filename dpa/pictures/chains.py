"""A page of plots about a chain file: how its parameters are distributed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dpa.audit import Check, Distribution, threshold
from dpa.checks import extra
from dpa.derivation.columns import Columns
from dpa.derivation.config import PRESETS, AugmentationConfig, checked_space
from dpa.derivation.space import Space
from dpa.files.chains import FilePath, open_chain
from dpa.pictures.figures import ALARM, DARK, DPI, GREY, INK, LIGHT, TEXT, drawable, panel

with extra("viz", "pictures need matplotlib"):
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

_Checks: TypeAlias = dict[tuple[str, ...], Check]

_UNITS = {"rotation": "rotation (degrees)"}
#: Samples drawn as dots; the most bins of a histogram; the least samples expected in a bin.
_DOTS = 1000
_BINS = 32
_BIN_SAMPLES = 8
#: Histograms side by side, and parameters whose pairs are drawn: more do not fit on a page.
_COLUMNS = 5
_PAIRED = 5


def plot_chain(
    path: FilePath, config: AugmentationConfig | None = None, *, unlimited: bool = False
) -> Figure:
    """A page of plots about a chain file: histograms, the presets, and pairs of parameters.

    The file is read in constant memory; a recipe is generated.

    Parameters
    ----------
    path
        A chain file or a recipe.
    config
        The config to compare the samples with; None is the config of the file.
    unlimited
        Whether to generate recipes that take one core over an hour: 10**10 samples at depth 10.

    Returns
    -------
    matplotlib.figure.Figure
        A figure for save_picture.

    Raises
    ------
    ValueError
        The file has no samples, or no config while none is given, or its parameters differ from
        those of the config; also for a path or a recipe that is refused.
    ChainFileError
        The file is damaged; a ValueError.
    OSError
        The file cannot be read.
    """
    space: Space | None = None if config is None else checked_space(config)
    with open_chain(path, unlimited=unlimited) as chain:
        space = chain.metadata.space if space is None else space
        if space is None:
            raise ValueError(f"{str(path)!r} does not say its config: one must be given")
        if space.names != chain.metadata.names:
            raise ValueError(
                f"config must have the file's parameters, {', '.join(chain.metadata.names)}, "
                f"got {', '.join(space.names)}"
            )
        distribution = Distribution(space.ranges)
        dots: list[Columns] = []
        for block in chain.blocks():
            if distribution.size < _DOTS:
                dots.append(block.part(slice(_DOTS - distribution.size)))
            distribution.update(block.columns)
    if distribution.size == 0:
        raise ValueError(f"{str(path)!r} has no samples to plot")
    return _page(Path(path).name, space, distribution, Columns.joined(dots))


def _page(name: str, space: Space, distribution: Distribution, dots: Columns) -> Figure:
    checks = {(check.kind, *check.parameters): check for check in distribution.checks()}
    heights = [3.3 * -(-len(space.names) // _COLUMNS), 2.3, 8.4]
    if not isinstance(space, AugmentationConfig):  # other spaces have no presets
        del heights[1]
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(14, sum(heights)), dpi=DPI, facecolor="white", layout=layout)
    made = f"{space.sampler}, depth {space.depth}"
    title = f"{drawable(name, 60)}: {distribution.size:,} samples, {made}"
    figure.suptitle(title, fontsize=15, **TEXT)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    top, *middle, bottom = (figure.add_subfigure(grid[row]) for row in range(len(heights)))
    _histograms(top, distribution, checks)
    if isinstance(space, AugmentationConfig):
        _presets(middle[0], space)
    _pairs(bottom, space.names[:_PAIRED], distribution, dots, checks)
    bottom.text(0.53, 0.9, _summary(checks), va="top", fontsize=11, linespacing=1.6, **TEXT)
    return figure


def _heading(part: SubFigure, text: str) -> None:
    part.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold", **TEXT)


def _title(axes: Axes, text: str, fault: str = "") -> None:
    """What the tests say about a panel; a fault is written in words, not only in colour."""
    color = ALARM if fault else INK
    weight = "bold" if fault else "normal"
    axes.set_title(text + fault, fontsize=9.5, fontweight=weight, color=color)


def _found(checks: _Checks, *keys: tuple[str, ...]) -> bool:
    """Whether any of these checks is significant."""
    limit = threshold(len(checks))
    return any(checks[key].p_value < limit for key in keys if key in checks)


def _histograms(part: SubFigure, distribution: Distribution, checks: _Checks) -> None:
    """Bars relative to the expected samples in a bin, so that uniform is 1."""
    bins = distribution.bins(_BIN_SAMPLES, _BINS)
    expected = distribution.size / bins
    spread = 1.96 * math.sqrt((1 - 1 / bins) / expected)
    text = f"Samples in {bins} bins, relative to the configured uniform distribution (dashed; "
    _heading(part, text + "grey: where 95 % of the bins should be)")
    names = list(distribution.bounds)
    rows, columns = -(-len(names) // _COLUMNS), min(len(names), _COLUMNS)
    panels = list(part.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(names) :]:
        axes.remove()
    for axes, name in zip(panels, names, strict=False):
        panel(axes)
        axes.set_xlabel(_UNITS.get(name, name), fontsize=10, color=INK)
        if name not in distribution.names:
            axes.set(xticks=[], yticks=[])
            _title(axes, f"fixed at {distribution.bounds[name][0]:g}")
            continue
        low, high = distribution.bounds[name]
        edges = np.linspace(low, high, bins + 1)
        heights = distribution.counts(name, bins) / expected
        axes.stairs(heights, edges, fill=True, color=LIGHT)
        axes.axhspan(1 - spread, 1 + spread, color=INK, alpha=0.15, linewidth=0)
        axes.stairs(heights, edges, color=DARK, linewidth=1)
        axes.axhline(1, color=INK, linestyle="--", linewidth=1)
        axes.set(xlim=(low, high), ylim=(0, max(1.6, 1.05 * float(heights.max()))))
        keys = [(kind, name) for kind in ("chi-squared", "Kolmogorov-Smirnov")]
        lines = [f"{key[0]} {_p_value(checks.get(key))}" for key in keys]
        _title(axes, "\n".join(lines), "\nNOT UNIFORM" if _found(checks, *keys) else "")


def _p_value(check: Check | None) -> str:
    return "p: too few samples" if check is None else f"p = {check.p_value:.3g}"


def _presets(part: SubFigure, config: AugmentationConfig) -> None:
    """The ranges of the presets and of the config, one above the other."""
    _heading(part, "Ranges of the presets, and of this config")
    rows = [*PRESETS.items(), ("this config", config)]
    for at, axes in enumerate(part.subplots(1, len(config.names), sharey=True)):
        panel(axes)
        axes.set_xlabel(_UNITS.get(config.names[at], config.names[at]), fontsize=10, color=INK)
        for y, (name, row) in enumerate(rows):
            low, high = row.bounds[at]
            color = GREY if name in PRESETS else LIGHT
            axes.barh(y + 0.2, high - low, left=low, height=0.35, color=color, edgecolor=INK)
            place = {"ha": "center", "va": "center", "fontsize": 9}
            axes.text((low + high) / 2, y - 0.22, f"{low:g} to {high:g}", **place, **TEXT)
        axes.use_sticky_edges = False
        axes.margins(x=0.08)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()  # the panels share this axis


def _pairs(
    part: SubFigure,
    names: Sequence[str],
    distribution: Distribution,
    samples: Columns,
    checks: _Checks,
) -> None:
    """Scatter plots of each parameter against each earlier one."""
    dots, shown, last = samples.columns, len(samples), len(names) - 2
    _heading(part, f"Pairs: correlation of all samples (dots: the first {shown:,})")
    size = 1.6 if shown > 200 else 3
    grid = part.subplots(_PAIRED - 1, _PAIRED - 1, sharex="col", sharey="row")
    for (y, x), axes in np.ndenumerate(grid):
        if x > y or y > last:
            axes.remove()
            continue
        panel(axes)
        a, b = names[x], names[y + 1]
        axes.plot(dots[a], dots[b], "o", markersize=size, color=DARK, mew=0, rasterized=True)
        key = "correlation", a, b
        if key in checks:
            text = f"r = {checks[key].statistic:+.4f}, {_p_value(checks[key])}"
            _title(axes, text, ": CORRELATED" if _found(checks, key) else "")
        else:
            fixed = {a, b} - {*distribution.names}
            _title(axes, "fixed" if fixed else "too few samples")
        if y == last:
            axes.set_xlabel(_UNITS.get(a, a), fontsize=10, color=INK)
        if x == 0:
            axes.set_ylabel(_UNITS.get(b, b), fontsize=10, color=INK)


def _summary(checks: _Checks) -> str:
    """The number of faults, and the tests that have no panel."""
    found = sum(_found(checks, key) for key in checks)
    limit = f"{threshold(len(checks)):.2g}"
    lines = [
        f"{len(checks)} tests. P-values that chance does not explain (below {limit}): {found}",
        "",
        "Correlation with the next sample:",
    ]
    for (kind, *names), check in checks.items():
        if kind == "neighbours":
            fault = ": CORRELATED" if _found(checks, (kind, *names)) else ""
            lines.append(f"    {names[0]}: r = {check.statistic:+.4f}, {_p_value(check)}{fault}")
    return "\n".join(lines)
