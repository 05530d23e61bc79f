"""Audits: are parameters uniform and independent, and are seeds distinct? (extra `audit`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import extra
from dpa.derivation.config import AugmentationConfig
from dpa.derivation.derivation import derive
from dpa.derivation.ids import Listed, consecutive_ids
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.host.memory import require_memory
from dpa.host.threads import check_threads

with extra("audit", "audits and plots need scipy"):
    from scipy import stats

#: The probability that any of the tests rejects a perfect generator.
FALSE_ALARM = 1e-6
#: Fewer samples are too few for the tests.
MIN_SAMPLES = 100

#: Peak memory per sample.
_BYTES = 20
#: Values are counted in this many equal steps of their range, so memory stays constant.
_STEPS = 65_536
_MAX_BINS = 256
#: The least samples expected in a bin of the chi-squared test.
_BIN_SAMPLES = 32
_BLOCK = 65_536
_LISTED_PAIRS = 10
#: The bytes of a sample's hash that seed each sampler.
_SEEDS = {"xoshiro256++": slice(0, 32), "mt19937": slice(28, 32)}


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


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What audit_augmentation found; str() of it is a page, bool() is `ok`.

    Attributes
    ----------
    config
        The ranges, chain depth and sampler that were audited.
    key
        The parts of the key.
    start_id
        The first id.
    num_samples
        How many samples were audited.
    seed_bits
        The bits of a seed of the config's sampler.
    colliding_pairs
        Pairs of samples whose samplers have the same seed, so that all their values are equal.
    first_pairs
        The ids of the first ten such pairs.
    checks
        All statistical tests.
    """

    config: Space
    key: Key
    start_id: int
    num_samples: int
    seed_bits: int
    colliding_pairs: int
    first_pairs: tuple[tuple[int, int], ...]
    checks: tuple[Check, ...]

    @property
    def expected_pairs(self) -> float:
        """The pairs that a perfect hash gives on average, n (n - 1) / 2 / 2**seed_bits."""
        return math.ldexp(math.comb(self.num_samples, 2), -self.seed_bits)

    @property
    def threshold(self) -> float:
        """The p-value below which a check counts as found, 1e-6 / the number of checks."""
        return threshold(len(self.checks))

    @property
    def found(self) -> tuple[Check, ...]:
        """The checks with a p-value below `threshold`, which chance does not explain."""
        return tuple(filter(self._finds, self.checks))

    def _finds(self, check: Check) -> bool:
        return check.p_value < self.threshold

    @property
    def ok(self) -> bool:
        """Whether no seeds collide and no check is found."""
        return not self.colliding_pairs and not self.found

    def __bool__(self) -> bool:
        return self.ok

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON can store it."""
        return {
            "ok": self.ok,
            "config": self.config.to_dict(),
            **self.key._asdict(),
            "start_id": self.start_id,
            "num_samples": self.num_samples,
            "seeds": {
                "bits": self.seed_bits,
                "colliding_pairs": self.colliding_pairs,
                "expected_pairs": self.expected_pairs,
                "first_pairs": [list(pair) for pair in self.first_pairs],
            },
            "threshold": self.threshold,
            "checks": [{**asdict(check), "found": self._finds(check)} for check in self.checks],
        }

    def __str__(self) -> str:
        made = f"{self.config.sampler}, depth {self.config.depth}"
        verdict = "ok" if self.ok else "NOT OK"
        pairs, expected = self.colliding_pairs, f"{self.expected_pairs:.3g}"
        equal = "1 pair is equal" if pairs == 1 else f"{pairs:,} pairs are equal"
        lines = [
            f"{self.num_samples:,} samples from id {self.start_id} on, {made}: {verdict}",
            f"seeds of {self.seed_bits} bits: {equal}, {expected} expected",
            *(f"  ids {a} and {b}" for a, b in self.first_pairs),
        ]
        if pairs > len(self.first_pairs):
            lines.append("  ...")
        lines += ["", *_table(self.config.names, self.checks), ""]
        lines.append(
            f"{len(self.checks)} p-values; found are those below {self.threshold:.3g}"
            + ("" if self.found else ": none")
        )
        lines += [
            f"  {check.kind} of {' and '.join(check.parameters)}: "
            f"{check.statistic:.6g}, p = {check.p_value:.3g}"
            for check in self.found
        ]
        return "\n".join(lines)


def _table(names: Sequence[str], checks: Sequence[Check]) -> Iterator[str]:
    """The p-values: one line per parameter, with those of its pairs.

    With many parameters the pairs would not fit on a page; `checks` has them.
    """
    p_values = {(check.kind, *check.parameters): check.p_value for check in checks}
    others = names[:-1] if len(names) <= _TABLED_PAIRS else ()
    titles = [*_TITLES, *(f"~ {name}" for name in others)]
    width = max(12, *map(len, names))
    yield f"{'p-values':{width}}" + "".join(f"{title:>13}" for title in titles)
    for at, name in enumerate(names):
        keys: list[tuple[str, ...]] = [(kind, name) for kind in _KINDS]
        keys += [("correlation", other, name) for other in others[:at]]
        cells = [f"{p_values[key]:.4g}" if key in p_values else "fixed" for key in keys]
        yield (f"{name:{width}}" + "".join(f"{cell:>13}" for cell in cells)).rstrip()


_KINDS = ("chi-squared", "Kolmogorov-Smirnov", "neighbours")
_TITLES = ("chi-squared", "Kolm.-Smirn.", "neighbours")
_TABLED_PAIRS = 8  # names


def audit_augmentation(
    num_samples: int,
    config: AugmentationConfig | None = None,
    *,
    start_id: int = 0,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
) -> AuditReport:
    """Generates consecutive samples and tests how random they are.

    The audit tests whether samples share a seed, whether each parameter is uniform over its
    range (chi-squared and Kolmogorov-Smirnov), and whether parameters correlate with each other
    or with those of the next id.

    Parameters
    ----------
    num_samples
        100 to 2**32. Memory is at most 20 bytes per sample: 200 MB for 10 million.
    config
        Ranges, chain depth and sampler; None is the default config, the preset "moderate".
    start_id
        The first id.
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    num_threads
        The most threads to use; None is DPA_NUM_THREADS or, where that is not set, the cores
        that this process may use. The values do not depend on it.

    Returns
    -------
    AuditReport
        What was found; `ok` is False if seeds collide or a test fails.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it. Also if the machine has too little
        memory.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.

    Examples
    --------
    >>> audit_augmentation(100_000).ok
    True
    >>> audit_augmentation(100_000, AugmentationConfig(sampler="mt19937")).first_pairs[0]
    (54018, 70819)
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    ids = consecutive_ids(num_samples, start_id)
    if not MIN_SAMPLES <= len(ids) <= 2**32:
        raise ValueError(f"num_samples must be {MIN_SAMPLES} to 2**32, got {len(ids)}")
    require_memory(f"num_samples={len(ids)}", _BYTES * len(ids), "fewer samples need less")
    check_threads(num_threads)
    distribution = Distribution(derivation.space.ranges)
    # Each number holds 4 bytes of the hash, which seed either sampler, above the sample's index.
    # After one sort, equal seeds are neighbours.
    seeds = np.arange(len(ids), dtype=np.uint64)
    for batch in derivation.blocks(ids, _BLOCK, num_threads):
        words = np.ascontiguousarray(batch.digests[:, 28:]).view(np.uint32)[:, 0]
        part = slice(distribution.size, distribution.size + len(batch))
        seeds[part] |= words.astype(np.uint64) << np.uint64(32)
        distribution.update(batch.columns)
    suspects = _repeated(seeds) + np.uint64(ids.start)
    suspected = derivation.batch(Listed(suspects), num_threads).digests
    whole_seeds = suspected[:, _SEEDS[derivation.space.sampler]]
    pairs = _equal_pairs(suspects.tolist(), whole_seeds)
    return AuditReport(
        derivation.space,
        derivation.key,
        ids.start,
        len(ids),
        seed_bits=8 * whole_seeds.shape[1],
        colliding_pairs=len(pairs),
        first_pairs=tuple(pairs[:_LISTED_PAIRS]),
        checks=tuple(distribution.checks()),
    )


def _repeated(seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The low halves, in order, of numbers whose high halves repeat; sorts `seeds`."""
    seeds.sort()
    equal = (seeds[1:] ^ seeds[:-1]) < 2**32
    repeated = np.zeros(len(seeds), np.bool_)
    repeated[1:] = equal
    repeated[:-1] |= equal
    return np.sort(seeds[repeated] & np.uint64(2**32 - 1))


def _equal_pairs(ids: list[int], seeds: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Pairs of ids with equal seeds, ordered by their later id."""
    groups: dict[bytes, list[int]] = {}
    for id_, seed in zip(ids, seeds, strict=True):
        groups.setdefault(seed.tobytes(), []).append(id_)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    return sorted(pairs, key=lambda pair: pair[::-1])
