"""The shape of a declared distribution: bins over its values, or a bar for each value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from dpa.derivation.distributions import Distribution, Integers, LogUniform, Value
from dpa.derivation.words import text_of
from dpa.pictures.figures import drawable

#: More values than these are drawn in bins.
MOST_BARS = 16
#: Numbers are drawn as far from the mean as this, in standard deviations.
_FAR = 4.0


def bar_values(declared: Distribution) -> tuple[Value, ...] | None:
    """The values that have a bar each; None where they are drawn in bins."""
    shares = declared.shares
    return tuple(shares) if shares is not None and len(shares) <= MOST_BARS else None


def bar_names(values: Sequence[Value], most: int) -> list[str]:
    """The values as they are drawn beside their bars."""
    return [drawable(text_of(value), most) for value in values]


def edges(declared: Distribution, bins: int) -> npt.NDArray[np.float64]:
    """The ends of at most `bins` bins: of numbers over the values, of choices over the codes.

    Integers are in the middle between two ends. Fewer than two ends: all values are the same.
    """
    if declared.labels is not None:
        return _grouped(0, len(declared.labels), 1, bins)
    if isinstance(declared, Integers):
        return _grouped(declared.low, declared.count, declared.step, bins)
    low, high = declared.support
    if isinstance(declared, LogUniform):
        return np.unique(np.geomspace(low, high, bins + 1))
    mean, stdev = declared.moments
    if stdev == 0:
        return np.array([mean])
    low, high = max(low, mean - _FAR * stdev), min(high, mean + _FAR * stdev)
    return np.unique(np.linspace(low, high, bins + 1))


def _grouped(low: int, count: int, step: int, bins: int) -> npt.NDArray[np.float64]:
    """Ends of bins that hold equally many values, but for the last."""
    each = -(-count // bins)
    ends = [*range(0, count, each), count]
    return np.unique([low + step * (end - 0.5) for end in ends])


def below(declared: Distribution, ends: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The share of the values below each end."""
    if declared.labels is None:
        return np.asarray(declared.cdf(ends), np.float64)
    cumulated = np.concatenate([[0.0], np.cumsum([*(declared.shares or {}).values()])])
    return cumulated[np.ceil(ends).astype(np.int64)]


def heights(
    declared: Distribution, ends: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Shares of bins as densities relative to an even spread, which is 1 in each bin."""
    scale = np.log(ends) if isinstance(declared, LogUniform) else ends
    widths = np.diff(scale)
    found: npt.NDArray[np.float64] = shares * (widths.sum() / widths)
    return found


def scale(axes: Axes, declared: Distribution, ends: npt.NDArray[np.float64]) -> None:
    """Sets the axis of the values, logarithmic where their logarithm is uniform."""
    if isinstance(declared, LogUniform):
        axes.set_xscale("log")
        low, high = float(ends[0]), float(ends[-1])
        ticks = [low, math.sqrt(low) * math.sqrt(high), high]  # matplotlib may have none here
        axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])
        axes.set_xticks([], minor=True)
    elif declared.dtype.kind != "f":
        axes.locator_params(axis="x", nbins=4)  # integers may be long
    axes.set_xlim(float(ends[0]), float(ends[-1]))


def bars(axes: Axes, names: Sequence[str], widths: Sequence[float], **look: Any) -> None:
    """A bar for each value, the first one on top."""
    axes.barh(range(len(names)), widths, height=0.7, **look)
    size = min(9.0, 110 / len(names))
    axes.set_yticks(range(len(names)), names, parse_math=False, fontsize=size)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
