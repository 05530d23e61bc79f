"""How columns are distributed, and the tests of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from dpa.checks import extra

with extra("audit", "audits and plots need scipy"):
    from scipy import stats

#: The probability that any of the tests rejects a perfect generator.
FALSE_ALARM = 1e-6

#: Values are counted in this many equal steps of their range, so memory stays constant.
_STEPS = 65_536
_MAX_BINS = 256
#: The least samples expected in a bin of the chi-squared test.
_BIN_SAMPLES = 32


@dataclass(frozen=True, slots=True)
class Check:
    """One statistical test, and how likely chance alone gives this statistic or a worse one.

    Attributes
    ----------
    kind
        "chi-squared", "Kolmogorov-Smirnov", "correlation" (of two parameters) or "neighbours"
        (of a parameter's values in consecutive samples).
    parameters
        The parameters tested, one or two names.
    statistic
        The test's statistic; a correlation is Pearson's r.
    p_value
        The probability, 0 to 1.
    """

    kind: str
    parameters: tuple[str, ...]
    statistic: float
    p_value: float


class Distribution:
    """How named columns are distributed over their ranges; samples arrive in pieces of any size.

    It holds only counts and sums, 0.5 MB a column. `names` are the columns that vary; columns
    with equal bounds are left out.
    """

    def __init__(self, bounds: Mapping[str, tuple[float, float]]) -> None:
        self.size = 0
        self.bounds = dict(bounds)
        self.names = tuple(name for name, (low, high) in bounds.items() if low < high)
        self._counts = np.zeros((len(self.names), _STEPS), np.int64)
        # Values are taken relative to the middle of their range. These are their sums, the sums
        # of their products, and the sums of products with the next sample.
        self._sums = np.zeros(len(self.names))
        self._products = np.zeros((len(self.names), len(self.names)))
        self._neighbours = np.zeros(len(self.names))
        self._ends = np.zeros((2, len(self.names)))

    def update(self, columns: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Adds samples: an array (n,) for each name. Values outside the range count at its ends."""
        size = len(next(iter(columns.values())))
        if size == 0:
            return
        values = np.empty((len(self.names), size))
        for row, counts, name in zip(values, self._counts, self.names, strict=True):
            low, high = self.bounds[name]
            row[:] = np.clip((np.asarray(columns[name], np.float64) - low) / (high - low), 0, 1)
            steps = np.minimum((row * _STEPS).astype(np.int64), _STEPS - 1)
            counts += np.bincount(steps, minlength=_STEPS)
        values -= 0.5
        if self.size == 0:
            self._ends[0] = values[:, 0]
        else:
            self._neighbours += self._ends[1] * values[:, 0]
        self._neighbours += np.einsum("ij,ij->i", values[:, :-1], values[:, 1:])
        self._sums += values.sum(axis=1)
        self._products += values @ values.T
        self._ends[1] = values[:, -1]
        self.size += size

    def counts(self, name: str, bins: int) -> npt.NDArray[np.int64]:
        """A histogram: samples in each of `bins` equal parts, a power of two up to 65,536."""
        counts = self._counts[self.names.index(name)].reshape(bins, -1)
        summed: npt.NDArray[np.int64] = counts.sum(axis=1)
        return summed

    def bins(self, samples: int, most: int) -> int:
        """The largest power of two of bins, up to `most`, that have `samples` each; at least 1."""
        return min(most, 1 << (max(self.size // samples, 1).bit_length() - 1))

    def checks(self) -> Iterator[Check]:
        """All tests for which there are enough samples.

        Kolmogorov-Smirnov needs 1, correlations need 3, neighbours need 4, chi-squared needs
        64.
        """
        if self.size >= 2 * _BIN_SAMPLES:
            yield from map(self._chi_squared, self.names)
        if self.size >= 1:
            yield from map(self._kolmogorov_smirnov, self.names)
        if self.size >= 3:
            yield from self._correlations()
        if self.size >= 4:
            yield from map(self._neighbouring, range(len(self.names)))

    def _chi_squared(self, name: str) -> Check:
        bins = self.bins(_BIN_SAMPLES, _MAX_BINS)
        expected = self.size / bins
        statistic = float(((self.counts(name, bins) - expected) ** 2).sum() / expected)
        p_value = float(stats.chi2.sf(statistic, bins - 1))
        return Check("chi-squared", (name,), statistic, p_value)

    def _kolmogorov_smirnov(self, name: str) -> Check:
        """Measures the distance at the 65,536 steps: too small by at most 1 / 65,536."""
        shares = np.cumsum(self._counts[self.names.index(name)]) / self.size
        distance = float(np.abs(shares - np.arange(1, _STEPS + 1) / _STEPS).max())
        p_value = float(stats.kstwo.sf(distance, self.size))
        return Check("Kolmogorov-Smirnov", (name,), distance, p_value)

    def _correlations(self) -> Iterator[Check]:
        sums, products = self._sums, self._products
        for a, b in combinations(range(len(self.names)), 2):
            squares = products[a, a], products[b, b]
            r, p_value = _pearson(self.size, (sums[a], sums[b]), squares, products[a, b])
            yield Check("correlation", (self.names[a], self.names[b]), r, p_value)

    def _neighbouring(self, at: int) -> Check:
        """Correlates all samples but the last with all samples but the first."""
        total, square, (first, last) = self._sums[at], self._products[at, at], self._ends[:, at]
        sums, squares = (total - last, total - first), (square - last**2, square - first**2)
        r, p_value = _pearson(self.size - 1, sums, squares, self._neighbours[at])
        return Check("neighbours", (self.names[at],), r, p_value)


def threshold(checks: int) -> float:
    """The p-value below which one of `checks` tests counts as a fault: Bonferroni's correction."""
    return FALSE_ALARM / max(checks, 1)


def _pearson(
    size: int, sums: tuple[float, float], squares: tuple[float, float], products: float
) -> tuple[float, float]:
    """The coefficient of correlation, and its p-value by Student's t."""
    variances = [square - total * total / size for total, square in zip(sums, squares, strict=True)]
    if min(variances) <= 0:  # all values are equal
        return 0.0, 1.0
    r = (products - sums[0] * sums[1] / size) / math.sqrt(variances[0] * variances[1])
    r = min(max(float(r), -1.0), 1.0)
    if abs(r) == 1:
        return r, 0.0
    t = abs(r) * math.sqrt((size - 2) / (1 - r * r))
    return r, float(2 * stats.t.sf(t, size - 2))
