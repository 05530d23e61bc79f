"""Mean, stdev, min, max and count of columns; no bit depends on how the samples are split."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count, islice
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dpa._columns import MOMENTS_BLOCK, moments
from dpa.derivation.columns import column_of, names_of
from dpa.derivation.config import PARAMETERS, checked_space
from dpa.derivation.space import Space

#: count, mean, squared deviations from it, min, max
Moments: TypeAlias = tuple[int, float, float, float, float]
#: mean, stdev, min, max (float) and count (int) of each column
Summary: TypeAlias = dict[str, dict[str, float]]

#: Samples that are converted to float64 at a time.
_PIECE = 64 * MOMENTS_BLOCK

_NONE: Moments = (0, math.nan, math.nan, math.nan, math.nan)


@runtime_checkable
class Columnar(Protocol):
    """Anything with its samples as arrays (n,) by name, such as an AugmentationBatch."""

    @property
    def columns(self) -> Mapping[str, npt.NDArray[np.floating]]:
        """The arrays by name, each of shape (n,)."""


class Statistics:
    """Statistics of named columns that arrive in pieces of any size.

    Samples are grouped into blocks of 4,096, counted from the first sample. Each block is
    summed in a fixed order, and the blocks are merged in order. So the sizes of the pieces
    change no bit of the result.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._totals = [_NONE] * len(self._names)
        self._block = np.empty((len(self._names), MOMENTS_BLOCK))
        self._filled = 0

    def update(self, columns: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Adds samples: one float64 or float32 array of shape (n,) for each name."""
        for start in range(0, len(columns[self._names[0]]), _PIECE):
            part = slice(start, start + _PIECE)
            self._update([np.ascontiguousarray(columns[n][part], np.float64) for n in self._names])

    def _update(self, arrays: Sequence[npt.NDArray[np.float64]]) -> None:
        size = len(arrays[0])
        first = min(-self._filled % MOMENTS_BLOCK, size)  # what still fits the open block
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
        """The statistics of both sides' samples together.

        They equal those of one pass over all samples to about 1e-15, not to the last bit.
        Raises ValueError if the names differ.
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
        """The statistics so far; more samples may be added afterwards."""
        totals = self._merged_with_block()
        return {name: _summary(t) for name, t in zip(self._names, totals, strict=True)}


def _merged(total: Moments, blocks: Sequence[Moments]) -> Moments:
    """Merges by Chan's formula, block by block."""
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
    """The summary with None in place of NaN and infinity, which JSON does not have."""
    return {
        name: {key: value if math.isfinite(value) else None for key, value in values.items()}
        for name, values in summary.items()
    }


def compute_statistics(
    params_list: Sequence[Mapping[str, Any]] | Columnar, names: Sequence[str] | None = None
) -> Summary:
    """Mean, stdev (n-1), min, max and count of each parameter.

    `params_list`: a list of dicts as generate_augmentation_chain returns, or an
    AugmentationBatch. `names`: the parameters of dicts; None takes the five where the first
    dict has one of them, else those of the first dict. The result is a dict of figures for each
    parameter. The stdev of one sample is 0.0; without samples, count is 0 and the other figures
    are NaN. Raises ValueError if a sample lacks a parameter, TypeError if it is not a dict or a
    value is not a number; the message names the sample.

    >>> compute_statistics([])["scale"]["count"]
    0
    """
    if isinstance(params_list, Columnar) and isinstance(params_list.columns, Mapping):
        return _of_pieces([params_list.columns])
    if isinstance(params_list, (str, bytes, Mapping)) or not isinstance(params_list, Sequence):
        raise TypeError(
            "params_list must be a list of dicts or an AugmentationBatch, "
            f"got {type(params_list).__name__}"
        )
    return _of_rows(params_list, names)


def compute_streaming_statistics(
    param_generator: Iterable[Mapping[str, Any]] | Iterable[Columnar],
    names: Sequence[str] | None = None,
) -> Summary:
    """The statistics of samples that arrive one by one, in constant memory.

    `param_generator`: an iterable of dicts or of batches, not mixed; it is consumed. `names` as
    for compute_statistics, whose result for the same samples is equal to the last bit. Raises as
    that does.
    """
    items = iter(param_generator)
    head = list(islice(items, 1))
    everything: Iterable[Any] = chain(head, items)
    if head and isinstance(head[0], Columnar):
        return _of_pieces(map(_columns_of, everything, count()))
    return _of_rows(everything, names)


def _columns_of(item: object, at: int) -> Mapping[str, npt.NDArray[np.floating]]:
    if not isinstance(item, Columnar):
        raise TypeError(f"item {at} must be a batch like the first, got {item!r}")
    return item.columns


def _of_pieces(pieces: Iterable[Mapping[str, npt.NDArray[np.floating]]]) -> Summary:
    statistics: Statistics | None = None
    for columns in pieces:
        statistics = statistics or Statistics(tuple(columns))
        statistics.update(columns)
    return (statistics or Statistics(PARAMETERS)).result()


def _of_rows(rows: Iterable[Any], names: Sequence[str] | None) -> Summary:
    """The statistics of dicts, of the parameters `names`.

    Without names: if the first dict has any of the five parameters, all dicts must have all
    five; otherwise they must have the parameters of the first dict.
    """
    items, first = iter(rows), 0
    statistics = Statistics(names or PARAMETERS)
    while part := list(islice(items, MOMENTS_BLOCK)):
        if first == 0:
            own = names_of(part[0])
            names = names or (own if own and not set(own) & set(PARAMETERS) else PARAMETERS)
            statistics = Statistics(names)
        assert names is not None
        statistics.update({name: column_of(part, name, first) for name in names})
        first += len(part)
    return statistics.result()


def theoretical_statistics(config: Space) -> Summary:
    """Mean, stdev, min and max of the distributions that `config` declares, by parameter."""
    return {
        name: {
            "mean": distribution.mean,
            "stdev": distribution.stdev,
            "min": distribution.low,
            "max": distribution.high,
        }
        for name, distribution in checked_space(config).parameters
    }
