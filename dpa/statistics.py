"""Mean, stdev, min, max and count of columns, bit-identical however the samples arrive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from numbers import Real
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dpa._native import MOMENTS_BLOCK, moments
from dpa.config import PARAMETERS, AugmentationConfig

#: count, mean, squared deviations from it, min, max
Moments: TypeAlias = tuple[int, float, float, float, float]
#: mean, stdev, min, max (float) and count (int) of each column
Summary: TypeAlias = dict[str, dict[str, float]]

#: Samples that are converted to float64 at a time.
_PIECE = 64 * MOMENTS_BLOCK

_NONE: Moments = (0, math.nan, math.nan, math.nan, math.nan)


@runtime_checkable
class Columnar(Protocol):
    """What has its samples as arrays (n,) by name, as AugmentationBatch does."""

    @property
    def columns(self) -> Mapping[str, npt.NDArray[np.floating]]:
        """Each (n,)."""


class Statistics:
    """Statistics of named columns that arrive in pieces of any size.

    Samples are counted off in blocks of 4,096 from the first one; each block is summed
    in one fixed order and the blocks are merged in theirs, so that the sizes of the
    pieces change no bit of the result.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._totals = [_NONE] * len(self._names)
        self._block = np.empty((len(self._names), MOMENTS_BLOCK))
        self._filled = 0

    def append(self, columns: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Adds samples: one array (n,) of float64 or float32 for each name."""
        for start in range(0, len(columns[self._names[0]]), _PIECE):
            part = slice(start, start + _PIECE)
            self._append([np.ascontiguousarray(columns[n][part], np.float64) for n in self._names])

    def _append(self, arrays: Sequence[npt.NDArray[np.float64]]) -> None:
        size = len(arrays[0])
        first = min(-self._filled % MOMENTS_BLOCK, size)  # what the open block still takes
        self._keep([array[:first] for array in arrays])
        last = size - (size - first) % MOMENTS_BLOCK
        self._totals = [
            _merged(total, moments(array[first:last]))
            for total, array in zip(self._totals, arrays, strict=True)
        ]
        self._keep([array[last:] for array in arrays])

    def _keep(self, arrays: Sequence[npt.NDArray[np.float64]]) -> None:
        start, self._filled = self._filled, self._filled + len(arrays[0])
        for block, array in zip(self._block, arrays, strict=True):
            block[start : self._filled] = array
        if self._filled == MOMENTS_BLOCK:
            self._totals = self._merged_with_block()
            self._filled = 0

    def _merged_with_block(self) -> list[Moments]:
        return [
            _merged(total, moments(block[: self._filled]))
            for total, block in zip(self._totals, self._block, strict=True)
        ]

    def __add__(self, other: Statistics) -> Statistics:
        """Those of both sides' samples: equal to the whole's to about 1e-15, not to the last bit.

        ValueError where the names differ.
        """
        if not isinstance(other, Statistics):
            return NotImplemented
        if self._names != other._names:
            raise ValueError(f"statistics of {self._names} and of {other._names} do not add up")
        total = Statistics(self._names)
        pairs = zip(self._merged_with_block(), other._merged_with_block(), strict=True)
        total._totals = [_merged(ours, [theirs]) if theirs[0] else ours for ours, theirs in pairs]
        return total

    def result(self) -> Summary:
        """The statistics so far; more may be appended afterwards."""
        totals = self._merged_with_block()
        return {name: _summary(t) for name, t in zip(self._names, totals, strict=True)}


def _merged(total: Moments, blocks: Sequence[Moments]) -> Moments:
    """Chan's formula, block by block."""
    for block in blocks:
        (na, mean_a, squares_a, min_a, max_a), (nb, mean_b, squares_b, min_b, max_b) = total, block
        if na == 0:
            total = block
            continue
        n = na + nb
        delta = mean_b - mean_a
        mean = mean_a + delta * nb / n
        squares = squares_a + squares_b + delta * delta * na * nb / n
        total = (n, mean, squares, min(min_a, min_b), max(max_a, max_b))
    return total


def _summary(total: Moments) -> dict[str, float]:
    count, mean, squares, low, high = total
    stdev = 0.0 if count == 1 else math.sqrt(squares / (count - 1))  # count 0: NaN
    return {"mean": mean, "stdev": stdev, "min": low, "max": high, "count": count}


def without_nan(summary: Summary) -> dict[str, dict[str, float | None]]:
    """A summary as JSON can hold it: null for what is not finite."""
    return {
        name: {key: value if math.isfinite(value) else None for key, value in values.items()}
        for name, values in summary.items()
    }


def compute_statistics(samples: Sequence[Mapping[str, Any]] | Columnar) -> Summary:
    """Mean, stdev (n-1), min, max and count of each parameter.

    `samples`: a list of dicts as generate_augmentation_chain returns, or an
    AugmentationBatch. One sample has stdev 0.0; without samples count is 0 and the
    others are NaN. Raises ValueError or TypeError naming the sample that lacks a
    parameter or has something else than a number there.

    >>> compute_statistics([])["scale"]["count"]
    0
    """
    statistics = Statistics(PARAMETERS)
    if isinstance(samples, Columnar) and isinstance(samples.columns, Mapping):
        statistics.append(samples.columns)
        return statistics.result()
    if isinstance(samples, (str, bytes, Mapping)) or not isinstance(samples, Sequence):
        raise TypeError(
            f"samples must be a list of dicts or an AugmentationBatch, got {type(samples).__name__}"
        )
    for first in range(0, len(samples), MOMENTS_BLOCK):
        rows = samples[first : first + MOMENTS_BLOCK]
        statistics.append({name: column(rows, name, first) for name in PARAMETERS})
    return statistics.result()


def compute_streaming_statistics(
    stream: Iterable[Mapping[str, Any]] | Iterable[Columnar],
) -> Summary:
    """The same statistics of samples that arrive one by one, in constant memory.

    `stream`: an iterable of dicts or of batches, not mixed; it is used up. The result
    equals compute_statistics of the same samples to the last bit. Raises as that does.
    """
    statistics = Statistics(PARAMETERS)
    items = iter(stream)
    head = list(islice(items, 1))
    if isinstance(next(iter(head), None), Columnar):
        for at, batch in enumerate(chain(head, items)):
            if not isinstance(batch, Columnar):
                raise TypeError(f"item {at} must be a batch like the first, got {batch!r}")
            statistics.append(batch.columns)
        return statistics.result()
    samples: Iterator[Any] = chain(head, items)
    first = 0
    while rows := list(islice(samples, MOMENTS_BLOCK)):
        statistics.append({name: column(rows, name, first) for name in PARAMETERS})
        first += len(rows)
    return statistics.result()


def column(rows: Sequence[Mapping[str, Any]], name: str, first: int) -> npt.NDArray[np.float64]:
    """One parameter of many dicts as an array; `first` is the number of rows[0], for errors."""
    try:
        values = [row[name] for row in rows]
    except (KeyError, IndexError, TypeError):
        for at, row in enumerate(rows, first):
            if not isinstance(row, Mapping):
                raise TypeError(f"sample {at} must be a dict, got {row!r}") from None
            if name not in row:
                raise ValueError(f"sample {at} has no {name!r}: {row!r}") from None
        raise
    if not set(map(type, values)) <= {float}:
        values = [_number(value, name, at) for at, value in enumerate(values, first)]
    return np.array(values, np.float64)


def _number(value: object, name: str, at: int) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} of sample {at} must be a number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} of sample {at} is beyond double precision: {value!r}") from None


def theoretical_statistics(config: AugmentationConfig) -> Summary:
    """Mean, stdev, min and max of the uniform distributions that `config` asks for."""
    return {
        name: {
            "mean": (low + high) / 2,
            "stdev": (high - low) / math.sqrt(12),
            "min": low,
            "max": high,
        }
        for name, (low, high) in zip(PARAMETERS, config.bounds, strict=True)
    }
