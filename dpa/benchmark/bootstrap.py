"""Bootstrap confidence intervals of medians and of ratios of medians."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dpa.checks import amount

RESAMPLES = 2000
#: Every interval uses a new generator with this seed, so equal times give equal intervals.
SEED = 0


def checked_confidence(value: float) -> float:
    """`value`, which must be a number between 0 and 1."""
    if not 0 < amount("confidence", value) < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {value!r}")
    return value


def median_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """(low, high) of the median at `confidence`, 0 to 1; NaN for fewer than two values."""
    return _interval(_medians(values, np.random.default_rng(SEED)), confidence)


def ratio_interval(
    values: Sequence[float], others: Sequence[float], confidence: float
) -> tuple[float, float]:
    """(low, high) of the median of `values` over that of `others`, resampled independently."""
    generator = np.random.default_rng(SEED)
    ratios = _medians(values, generator) / _medians(others, generator)
    return _interval(ratios, confidence)


def _medians(values: Sequence[float], generator: np.random.Generator) -> npt.NDArray[np.floating]:
    """The medians of RESAMPLES samples drawn with replacement; NaN for a single value."""
    if len(values) < 2:
        return np.full(RESAMPLES, math.nan)
    picks = generator.integers(len(values), size=(RESAMPLES, len(values)))
    medians: npt.NDArray[np.floating] = np.median(np.asarray(values)[picks], axis=1)
    return medians


def _interval(medians: npt.NDArray[np.floating], confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(medians, (tail, 1 - tail))
    return float(low), float(high)
