"""Tally: one parameter's values, counted in cells whose shares its distribution declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.audit.check import Check, chi_squared, kolmogorov_smirnov, pearson
from dpa.derivation import distributions
from dpa.derivation.columns import Column, Mask

#: Numbers are counted in at most so many cells, so memory stays constant.
CELLS = 65_536
_MAX_BINS = 256
#: The least samples expected in a bin of the chi-squared test.
_BIN_SAMPLES = 32
#: Doubles near 1 are too far apart to tell the values of a beta distribution beyond.
_RESOLVED = (2.0**-900, 1 - 2.0**-40)
#: The kurtosis of a uniform distribution.
_UNIFORM = 1.8


class Tally:
    """The active values of one parameter; they arrive in pieces of any size.

    It holds only counts and sums. Booleans, choices and integers are counted by value, other
    numbers in equal steps of their cdf; of a Subset the first pick counts. All items of a shape
    are counted; scores are those of the first item.

    Attributes
    ----------
    size
        How many values were counted.
    shares
        The share of the values that each cell should have; `counts` has what it has.
    continuous
        Whether values are numbers that are counted through their cdf.
    """

    def __init__(self, declared: distributions.Distribution) -> None:
        self.declared = declared
        self.shares = _shares(declared)
        self.size = 0
        self._counts = np.zeros(len(self.shares), np.int64)
        # Cells that are not counted yet: each count passes over all cells, used or not.
        self._cells, self._waiting = np.empty(CELLS, np.int32), 0
        self.continuous = (
            not isinstance(declared, distributions.Integers) and declared.labels is None
        )
        resolved = np.flatnonzero(self.shares)
        self._first_cell, self._last_cell = resolved[[0, -1]]
        self._kurtosis = _UNIFORM
        if not self.continuous:
            #: The middle of each cell in the cumulated shares, less the mean of these.
            self._middles = np.cumsum(self.shares) - self.shares / 2 - 0.5
            self._kurtosis = _kurtosis(self._middles, self.shares)
        # Sums over scores, their squares, and their products with the next active sample's.
        self._samples, self._sum, self._square, self._neighbours = 0, 0.0, 0.0, 0.0
        self._ends = (0.0, 0.0)

    def update(self, column: Column, mask: Mask | None) -> npt.NDArray[np.float64]:
        """Adds values of shape (n, ...); returns the scores of the n samples, 0 where inactive.

        Scores lie in -0.5 to 0.5, and their mean should be 0. Numbers outside the range count
        at its ends.
        """
        size = len(column)
        if isinstance(self.declared, distributions.Subset):
            column = column[..., 0]
        values = column.reshape(size, -1)
        if mask is not None:
            values = values[mask]
        scores = self._count(values)
        if len(scores):
            self._correlate(scores)
        if mask is None:
            return scores
        every = np.zeros(size)
        every[mask] = scores
        return every

    def _count(self, values: Column) -> npt.NDArray[np.float64]:
        """Counts all values, and gives the scores of the first item."""
        scores: npt.NDArray[np.float64]
        if self.continuous:
            uniform = self.declared.cdf(values)
            self._collect((uniform * CELLS).clip(self._first_cell, self._last_cell))
            scores = uniform[:, 0] - 0.5
        else:
            cells = self._cells_of(values)
            self._collect(cells)
            scores = self._middles[cells[:, 0]]
        self.size += values.size
        return scores

    def _collect(self, cells: npt.NDArray[Any]) -> None:
        """Keeps cells, integers or numbers to round down, until they are counted."""
        flat = cells.reshape(-1)
        for start in range(0, len(flat), CELLS):
            part = flat[start : start + CELLS]
            if self._waiting + len(part) > CELLS:
                self._count_waiting()
            self._cells[self._waiting : self._waiting + len(part)] = part
            self._waiting += len(part)

    def _count_waiting(self) -> None:
        found = np.bincount(self._cells[: self._waiting], minlength=len(self._counts))
        self._counts += found
        self._waiting = 0

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The values in each cell."""
        self._count_waiting()
        return self._counts

    def _cells_of(self, values: Column) -> npt.NDArray[Any]:
        declared = self.declared
        if not isinstance(declared, distributions.Integers):
            return values.astype(np.int64)
        # The distance from low may exceed int64; modulo 2**64 it is exact.
        inside = np.clip(values, declared.low, declared.high).astype(np.uint64)
        index = (inside - np.uint64(declared.low % 2**64)) // np.uint64(declared.step)
        return (index * np.uint64(len(self.shares)) // np.uint64(declared.count)).astype(np.int64)

    def _correlate(self, scores: npt.NDArray[np.float64]) -> None:
        """Adds the scores of active samples to the sums."""
        if self._samples:
            self._neighbours += self._ends[1] * float(scores[0])
        self._neighbours += float(scores[:-1] @ scores[1:])
        self._sum += float(scores.sum())
        self._square += float(scores @ scores)
        first = self._ends[0] if self._samples else float(scores[0])
        self._ends = first, float(scores[-1])
        self._samples += len(scores)

    @property
    def fixed(self) -> bool:
        """Whether the value never changes."""
        if self.declared.labels is None:
            return self.declared.moments[1] == 0
        return bool(np.count_nonzero(self.shares) < 2)

    def least_paired(self, other: Tally) -> float:
        """How many samples a correlation with the other's scores needs.

        Student's t holds for few samples of two uniforms. Where scores have few values, the sum
        of their products must be nearly normal as far out as the threshold of p-values.
        """
        if self.continuous and other.continuous:
            return 3
        return 1000 * self._kurtosis * other._kurtosis

    def bins(self, samples: int, most: int) -> int:
        """The largest power of two of bins, up to `most`, that have `samples` each; at least 1."""
        return min(most, 1 << (max(self.size // samples, 1).bit_length() - 1))

    def below(self, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The share of the values seen below these quantiles, which are cumulated shares."""
        edges = np.concatenate([[0], np.cumsum(self.shares)])
        seen = np.concatenate([[0], np.cumsum(self.counts)]) / self.size
        return np.interp(shares, edges, seen)

    def checks(self, name: str) -> Iterator[Check]:
        """The tests of one parameter for which there are enough samples, but for correlations."""
        if (found := self._chi_squared()) is not None:
            yield Check("chi-squared", (name,), *found)
        if self.size >= 1 and self.declared.shares is None:
            # Measured at the ends of the cells, so it is too small by at most 1 / 65,536.
            away = np.cumsum(self.counts) / self.size - np.cumsum(self.shares)
            distance = float(np.abs(away).max())
            p_value = kolmogorov_smirnov(distance, self.size)
            yield Check("Kolmogorov-Smirnov", (name,), distance, p_value)

    def _chi_squared(self) -> tuple[float, float] | None:
        if self.continuous and self._last_cell - self._first_cell == CELLS - 1:  # equal shares
            bins = self.bins(_BIN_SAMPLES, _MAX_BINS)
            if bins == 1:
                return None
            expected = self.size / bins
            seen = self.counts.reshape(bins, -1).sum(axis=1)
            statistic = float(((seen - expected) ** 2).sum() / expected)
            return statistic, chi_squared(statistic, bins - 1)
        rare_first = np.argsort(self.shares, kind="stable")
        expecting = self.size * self.shares[rare_first]
        starts = _starts(expecting, _BIN_SAMPLES)
        if len(starts) > _MAX_BINS:
            starts = _starts(expecting, self.size / _MAX_BINS)
        if len(starts) == 1:
            return None
        merged = np.add.reduceat(expecting, starts)
        seen = np.add.reduceat(self.counts[rare_first], starts)
        # The likelihood ratio: of unequal bins with 32 expected, Pearson's statistic passes the
        # threshold twenty times too often, this one 1.3 times.
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(seen > 0, seen * np.log(seen / merged), 0.0)
        statistic = max(2 * float(terms.sum()), 0.0)
        return statistic, chi_squared(statistic, len(starts) - 1)

    def neighbours(self, name: str) -> Iterator[Check]:
        """Correlates all active samples but the last with all but the first, if there are 4."""
        if self._samples >= max(4, self.least_paired(self)):
            total, square, (first, last) = self._sum, self._square, self._ends
            sums, squares = (total - last, total - first), (square - last**2, square - first**2)
            r, p_value = pearson(self._samples - 1, sums, squares, self._neighbours)
            yield Check("neighbours", (name,), r, p_value)


def _shares(declared: distributions.Distribution) -> npt.NDArray[np.float64]:
    """The share of each cell."""
    if isinstance(declared, distributions.Integers):
        cells, count = min(declared.count, CELLS), declared.count
        return np.diff(-(-np.arange(cells + 1) * count // cells)) / count
    if declared.labels is not None:
        return np.array([*(declared.shares or {}).values()])
    shares = np.full(CELLS, 1 / CELLS)
    if isinstance(declared, distributions.Beta):
        low, high = np.minimum(declared.cdf(_RESOLVED) * CELLS, CELLS - 1).astype(np.int64)
        shares[low], shares[high] = (low + 1) / CELLS, 1 - high / CELLS
        shares[:low] = shares[high + 1 :] = 0
    return shares


def _kurtosis(scores: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> float:
    """The fourth moment over the square of the second: large for rare scores, 0 for one alone."""
    square = float(shares @ scores**2)
    return float(shares @ scores**4) / square**2 if square else 0.0


def _starts(expected: npt.NDArray[np.float64], least: float) -> list[int]:
    """Where groups of neighbouring cells start, each of which expects at least `least`."""
    ends = np.cumsum(expected)
    starts, done = [0], 0.0
    while True:
        last = int(np.searchsorted(ends, done + least))
        if last >= len(ends) - 1 or ends[-1] - ends[last] < least:
            return starts
        starts.append(last + 1)
        done = ends[last]
