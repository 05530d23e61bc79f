"""A page of plots about a chain or a run: how its parameters are distributed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from dpa.audit import Distribution
from dpa.checks import brief, count_of
from dpa.derivation.columns import Column, Columns
from dpa.derivation.config import PRESETS, AugmentationConfig, checked_space
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.derivation.words import keys_in_words
from dpa.files.chains import FilePath
from dpa.files.metadata import Metadata
from dpa.files.parts import samples_in
from dpa.host.progress import counted, progress_bar
from dpa.pictures.figures import (
    DARK,
    GREY,
    INK,
    LIGHT,
    MIDDLE,
    TEXT,
    drawable,
    laid_out,
    page,
    panel,
)
from dpa.pictures.histograms import (
    COLUMNS,
    LABEL,
    Tested,
    heading,
    histograms,
    label_of,
    p_value,
    title_of,
)

#: Samples drawn as dots.
_DOTS = 1000
#: Histograms, and parameters whose pairs are drawn: more do not fit on a page.
_MOST = 100
_PAIRED = 5
#: What to do where the parameters of a run change with the epoch.
_ONE = "plot one of its files, or its space with --epoch"
#: Correlations with the next sample that are listed.
_LISTED = 7
#: Characters of a line of the title.
_TITLE = 120


def plot_chain(
    path: FilePath,
    config: Space | None = None,
    *,
    unlimited: bool = False,
    progress: bool = False,
) -> Figure:
    """A page of plots about a chain or a run: histograms, the presets, and pairs of parameters.

    Files are read in constant memory; a recipe is generated. The samples of all epochs and views
    of a run are taken together.

    Parameters
    ----------
    path
        A chain file, a recipe, a folder of a chain's parts, or that of a run.
    config
        The config to compare the samples with; None is the config of the file.
    unlimited
        Whether to generate recipes that take one core over an hour: 10**10 samples at depth 10.
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

    Returns
    -------
    matplotlib.figure.Figure
        A figure for save_picture.

    Raises
    ------
    ValueError
        The file has no samples, or no config while none is given, or its parameters differ from
        those of the config; the parameters of a run change with the epoch; also for a path or a
        recipe that is refused.
    ChainFileError
        The file is damaged; a ValueError.
    OSError
        The file cannot be read.
    """
    distribution: Distribution | None = None
    keys: list[Key] = []
    dots: list[Columns] = []
    with (
        samples_in(path, unlimited=unlimited) as samples,
        progress_bar(progress, samples.size) as advance,
    ):
        for metadata, blocks in samples.chains:
            space = _declared(path, config, metadata)
            keys.append(metadata.key)
            distribution = distribution or Distribution(space.at(metadata.key.epoch))
            if space.scheduled and metadata.key.epoch != keys[0].epoch:
                raise ValueError(f"{str(path)!r} has parameters that change with the epoch: {_ONE}")
            for block in counted(blocks, advance):
                if distribution.size < _DOTS:
                    dots.append(block.part(slice(_DOTS - distribution.size)))
                distribution.update(block.columns)
    if distribution is None or distribution.size == 0:
        raise ValueError(f"{str(path)!r} has no samples to plot")
    return _page(Path(path).name, keys, Tested(distribution), Columns.joined(dots))


def _declared(path: FilePath, config: Space | None, metadata: Metadata) -> Space:
    """What the samples are compared with. Raises ValueError."""
    space = metadata.space if config is None else checked_space(config)
    if space is None:
        raise ValueError(f"{str(path)!r} does not say its config: one must be given")
    _require_comparable(space, metadata.space, metadata)
    return space


def _require_comparable(space: Space, known: Space | None, metadata: Metadata) -> None:
    """Raises ValueError unless the file's columns can be held against the space."""
    if space.names != metadata.names:
        raise ValueError(
            f"config must have the file's parameters, {_listed(metadata.names)}, "
            f"got {_listed(space.names)}"
        )
    for name, form in metadata.assumed_space.forms().items():
        choices = None if known is None else known[name].choices
        if space.forms()[name] != form or space[name].choices != choices:
            raise ValueError(
                f"config must declare values like the file's, but {name} is {brief(space[name])}"
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _page(name: str, keys: Sequence[Key], tested: Tested, dots: Columns) -> Figure:
    space = tested.distribution.space
    drawn = space.names[:_MOST]
    # Parameters that are one real number in a sample: a pair of them is a dot.
    paired = [x for x, each in space.parameters if each.dtype.kind == "f" and not each.item_shape]
    if len(paired) > _PAIRED:
        paired = [x for x in paired if x in tested.distribution.tallies][:_PAIRED]
    heights = [3.3 * -(-len(drawn) // COLUMNS), 2.3, 0.2 + 2.1 * max(len(paired) - 1, 1)]
    if not isinstance(space, AugmentationConfig):  # other spaces have no presets
        del heights[1]
    figure = page((14, sum(heights)))
    title = [f"{drawable(name, 60)}: {count_of(tested.distribution.size, 'sample')}"]
    title += keys_in_words(keys)
    title += [space.sampler, f"depth {space.depth}"]
    if len(drawn) < len(space.names):
        title.append(f"the first {len(drawn)} of {len(space.names):,} parameters")
    limit, faults = f"{tested.limit:.2g}", tested.faults(*tested.checks)
    verdict = f"P-values that chance does not explain (below {limit}): {faults}"
    lines = [
        *textwrap.wrap(", ".join(title), _TITLE),
        f"{count_of(len(tested.checks), 'test')}. {verdict}",
    ]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=13, linespacing=1.5, **TEXT)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    top, *middle, bottom = (figure.add_subfigure(grid[row]) for row in range(len(heights)))
    histograms(top, drawn, tested)
    if isinstance(space, AugmentationConfig):
        _presets(middle[0], space)
    _relations(bottom, paired, tested, dots)
    return laid_out(figure, pad=0.1)


def _presets(part: SubFigure, config: AugmentationConfig) -> None:
    """The ranges of the presets and of the config, one above the other."""
    heading(part, "Ranges of the presets, and of this config")
    rows = [*PRESETS.items(), ("this config", config)]
    for at, axes in enumerate(part.subplots(1, len(config.names), sharey=True)):
        panel(axes)
        axes.set_xlabel(label_of(config.names[at]), **LABEL)
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


def _relations(part: SubFigure, names: Sequence[str], tested: Tested, samples: Columns) -> None:
    """Each parameter against each earlier one; in the corner, against that of the next sample."""
    last = len(names) - 2
    grid = part.add_gridspec(max(last + 1, 1), _PAIRED - 1)
    corner = [at for at in np.ndindex(grid.nrows, grid.ncols) if at[1] > at[0] or last < 0]
    if last >= 0:
        figures = f"correlation of all samples (dots: the first {len(samples):,})"
        heading(part, f"Pairs, and in grey each sample against the next: {figures}")
    drawn: dict[tuple[int, int], Axes] = {}
    for y in range(last + 1):
        for x in range(y + 1):
            above, beside = drawn.get((y - 1, x)), drawn.get((y, x - 1))
            drawn[y, x] = axes = part.add_subplot(grid[y, x], sharex=above, sharey=beside)
            _pair(axes, names[x], names[y + 1], tested, samples)
            axes.tick_params(labelbottom=y == last, labelleft=x == 0)
            if y == last:
                axes.set_xlabel(label_of(names[x]), **LABEL)
            if x == 0:
                axes.set_ylabel(label_of(names[y + 1]), **LABEL)
    shown = [("neighbours", name) for name in names if last >= 0]
    for at, key in zip(corner, shown, strict=False):  # there is always a place more
        axes = part.add_subplot(grid[at])
        values = samples.columns[key[1]][samples.active(key[1])]
        _dots(axes, values[:-1], values[1:], len(samples), MIDDLE)
        axes.set(xticks=[], yticks=[])
        _judged(axes, tested, key, f"{drawable(key[1], 20)}: ")
    others = [key for key in tested.checks if key[0] == "neighbours" and key not in shown]
    if others:
        place = part.add_subplot(grid[corner[len(shown)]])
        place.set_axis_off()
        text = _list_of(others, tested)
        found = place.text(0, 1, text, va="top", fontsize=9, linespacing=1.5, **TEXT)
        found.set_in_layout(False)  # it may be higher than its place


def _pair(axes: Axes, a: str, b: str, tested: Tested, samples: Columns) -> None:
    both = samples.active(a) & samples.active(b)
    _dots(axes, samples.columns[a][both], samples.columns[b][both], len(samples))
    axes.locator_params(nbins=5)
    _judged(axes, tested, ("correlation", a, b))


def _dots(axes: Axes, x: Column, y: Column, samples: int, color: str = DARK) -> None:
    panel(axes)
    size = 1.6 if samples > 200 else 3
    axes.plot(x, y, "o", markersize=size, color=color, mew=0, rasterized=True)


def _judged(axes: Axes, tested: Tested, key: tuple[str, ...], what: str = "") -> None:
    """Writes a correlation over its panel, or why there is none."""
    if key in tested.checks:
        text, fault = _correlation(tested, key)
        title_of(axes, what + text, fault)
    else:
        fixed = {*key[1:]} - {*tested.distribution.names}
        title_of(axes, what + ("fixed" if fixed else "too few samples"))


def _correlation(tested: Tested, key: tuple[str, ...]) -> tuple[str, str]:
    """What is written of a correlation, and of its fault."""
    found = tested.checks[key]
    fault = ": CORRELATED" if tested.faults(key) else ""
    return f"r = {found.statistic:+.4f}, {p_value(found)}", fault


def _list_of(keys: Sequence[tuple[str, ...]], tested: Tested) -> str:
    """Correlations with the next sample that have no panel; faults first where they are many."""
    if len(keys) > _LISTED:
        keys = sorted(keys, key=lambda key: not tested.faults(key))
    listed = [(drawable(key[1], 20), *_correlation(tested, key)) for key in keys[:_LISTED]]
    lines = ["With the next sample:", *(f"{name}: {text}{fault}" for name, text, fault in listed)]
    if len(keys) > _LISTED:
        lines.append(f"and {len(keys) - _LISTED:,} more")
    return "\n".join(lines)
