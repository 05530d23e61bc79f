"""Histograms of what was seen of each parameter, against what is declared, with their tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from dpa.audit import Check, Distribution, Tally, threshold
from dpa.derivation.distributions import Uniform
from dpa.derivation.space import Space
from dpa.derivation.words import conditions_in_words
from dpa.pictures.figures import ALARM, DARK, INK, LIGHT, TEXT, drawable, panel
from dpa.pictures.shapes import bar_names, bar_values, bars, below, edges, heights, scale

LABEL: Mapping[str, Any] = {"fontsize": 10, "color": INK}
_UNITS = {"rotation": "rotation (degrees)"}
#: Tests whose names would reach into the next panel.
SHORT = {"Kolmogorov-Smirnov": "Kolm.-Smirn."}
#: The most bins of a histogram; the least samples expected in a bin of equal ones.
_BINS = 32
_BIN_SAMPLES = 8
#: Histograms side by side: more do not fit on a page.
COLUMNS = 5


class Tested:
    """A distribution with its tests, by their kind and parameters."""

    def __init__(self, distribution: Distribution) -> None:
        self.distribution = distribution
        self.checks = {(check.kind, *check.parameters): check for check in distribution.checks()}
        self.limit = threshold(len(self.checks))

    def faults(self, *keys: tuple[str, ...]) -> int:
        """How many of these tests chance does not explain."""
        return sum(self.checks[key].p_value < self.limit for key in keys if key in self.checks)


def heading(part: SubFigure, text: str) -> None:
    """Writes a heading over a part of a page."""
    part.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold", **TEXT)


def title_of(axes: Axes, text: str, fault: str = "") -> None:
    """What the tests say about a panel; a fault is written in words, not only in colour."""
    color = ALARM if fault else INK
    weight = "bold" if fault else "normal"
    axes.set_title(text + fault, fontsize=9.5, fontweight=weight, color=color)


def p_value(check: Check | None) -> str:
    """The p-value of a check as text."""
    return "p: too few samples" if check is None else f"p = {check.p_value:.3g}"


def histograms(part: SubFigure, names: Sequence[str], tested: Tested) -> None:
    """A panel for each name: bins relative to an even spread, or a bar for each value."""
    space, tallies = tested.distribution.space, tested.distribution.tallies
    sizes = {tally.bins(_BIN_SAMPLES, _BINS) for tally in tallies.values()}
    if _all_uniform(space) and len(sizes) == 1:
        text = f"Samples in {sizes.pop()} bins, relative to the configured uniform distribution"
        heading(part, f"{text} (dashed; grey: where 95 % of the bins should be)")
    else:
        text = "Shares of values, and bins relative to an even spread (dashed: as declared; "
        heading(part, text + "grey: where 95 % should be)")
    rows, columns = -(-len(names) // COLUMNS), min(len(names), COLUMNS)
    panels = list(part.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(names) :]:
        axes.remove()
    for axes, name in zip(panels, names, strict=False):
        panel(axes)
        condition = drawable(conditions_in_words(space[name].when), 34)
        lines = [label_of(name), *([condition] if condition else [])]
        axes.set_xlabel("\n".join(lines), parse_math=False, **LABEL)
        tally = tallies.get(name)
        if tally is None or tally.size == 0:
            axes.set(xticks=[], yticks=[])
            title_of(axes, "no samples have it" if tally else f"fixed at {_only(space, name)}")
            continue
        values = bar_values(tally.declared)
        if values is None:
            _bins(axes, tally)
        else:
            _bars(axes, tally, bar_names(values, 12))
        kinds = ["chi-squared", *(["Kolmogorov-Smirnov"] if tally.declared.shares is None else [])]
        keys = [(kind, name) for kind in kinds]
        lines = [f"{SHORT.get(key[0], key[0])} {p_value(tested.checks.get(key))}" for key in keys]
        wanted = "UNIFORM" if isinstance(tally.declared, Uniform) else "AS DECLARED"
        title_of(axes, "\n".join(lines), f"\nNOT {wanted}" if tested.faults(*keys) else "")


def _all_uniform(space: Space) -> bool:
    return all(isinstance(x, Uniform) and not (x.shape or x.when) for _, x in space.parameters)


def label_of(name: str) -> str:
    """A parameter's name at its axis."""
    return _UNITS.get(name, drawable(name, 34))


def _only(space: Space, name: str) -> str:
    """The value of a parameter that never changes."""
    shares = space[name].shares
    if shares is None:
        return f"{space[name].moments[0]:g}"
    return bar_names([max(shares, key=lambda value: shares[value])], 20)[0]


def _bins(axes: Axes, tally: Tally) -> None:
    declared = tally.declared
    ends = edges(declared, tally.bins(_BIN_SAMPLES, _BINS))
    cumulated = below(declared, ends)
    shares = np.diff(cumulated)
    spread = _spread(shares, tally.size)
    seen = heights(declared, ends, np.diff(tally.below(cumulated)))
    low, middle, high = (
        heights(declared, ends, each) for each in (shares - spread, shares, shares + spread)
    )
    bottom, top = _limits(np.concatenate([seen, low, high]))
    # Where the axis does not begin at 0, areas from there would mean nothing.
    axes.stairs(seen, ends, baseline=middle if bottom else 0, fill=True, color=LIGHT)
    axes.stairs(high, ends, baseline=low, fill=True, color=INK, alpha=0.15, linewidth=0)
    axes.stairs(seen, ends, color=DARK, linewidth=1, baseline=None if bottom else 0)
    axes.stairs(middle, ends, baseline=None, color=INK, linestyle="--", linewidth=1)
    scale(axes, declared, ends)
    axes.set_ylim(bottom, top)
    axes.locator_params(axis="y", nbins=5)


def _limits(found: npt.NDArray[np.float64]) -> tuple[float, float]:
    """What an axis shows of bins and of the band around what is declared.

    It begins at 0 where a bin may be half as high as another, or is alone. Elsewhere nothing
    would be seen but a rectangle: many samples are spread evenly.
    """
    low, high = float(found.min()), float(found.max())
    if low < high / 2 or low == high:
        return 0.0, 1.05 * high
    margin = 0.15 * (high - low)
    return low - margin, high + margin


def _bars(axes: Axes, tally: Tally, names: Sequence[str]) -> None:
    shares, seen = tally.shares, tally.counts / tally.size
    spread = _spread(shares, tally.size)
    bars(axes, names, list(seen), color=LIGHT, edgecolor=DARK, linewidth=1)
    for at, (share, away) in enumerate(zip(shares, spread, strict=True)):
        axes.fill_betweenx(
            [at - 0.35, at + 0.35], share - away, share + away, color=INK, alpha=0.15
        )
    places = np.arange(len(names))
    axes.vlines(shares, places - 0.43, places + 0.43, color=INK, linestyle="--", linewidth=1)
    axes.set_xlim(0, 1.1 * float(max(shares.max(), seen.max())))


def _spread(shares: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """How far from the shares 95 % of those seen should be."""
    spread: npt.NDArray[np.float64] = 1.96 * np.sqrt(shares * np.clip(1 - shares, 0, 1) / size)
    return spread
