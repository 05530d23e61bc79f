"""The audit: samples are generated, tested and reported on."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.audit.check import Check, threshold
from dpa.audit.distribution import MOST_PAIRED, Distribution
from dpa.audit.page import expectations, p_values
from dpa.derivation.derivation import derive
from dpa.derivation.ids import Listed, consecutive_ids
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.derivation.statistics import (
    Statistics,
    Summary,
    theoretical_statistics,
    without_nan,
)
from dpa.host.memory import require_memory
from dpa.host.progress import counted, progress_bar
from dpa.host.threads import check_threads

#: Fewer samples are too few for the tests.
MIN_SAMPLES = 100

#: Peak memory per sample.
_BYTES = 20
_BLOCK = 65_536
#: The most values of a block.
_BLOCK_VALUES = 2**22
_LISTED_PAIRS = 10
#: The bytes of a sample's hash that seed each sampler. Parameters without draw= take no numbers
#: from a sampler; their words are made of the whole hash.
_SEEDS = {"xoshiro256++": slice(0, 32), "mt19937": slice(28, 32)}
_WHOLE = slice(0, 32)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What audit_augmentation found; str() of it is a page, bool() is `ok`.

    Attributes
    ----------
    config
        The config or space that was audited.
    key
        The parts of the key.
    start_id
        The first id.
    num_samples
        How many samples were audited.
    seed_bits
        The bits of a seed of the config's sampler; of the hash, where nothing uses a sampler.
    colliding_pairs
        Pairs of samples with the same seed, so that all values made of it are equal.
    first_pairs
        The ids of the first ten such pairs.
    checks
        All statistical tests.
    seen
        The statistics of each parameter, as compute_statistics returns them.
    fixed
        The parameters that never change; they are not tested.
    """

    config: Space
    key: Key
    start_id: int
    num_samples: int
    seed_bits: int
    colliding_pairs: int
    first_pairs: tuple[tuple[int, int], ...]
    checks: tuple[Check, ...]
    seen: Summary
    fixed: tuple[str, ...] = ()

    @property
    def expected(self) -> Summary:
        """The statistics that the config declares, as theoretical_statistics returns them."""
        return theoretical_statistics(self.config, self.key.epoch)

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
        seen = without_nan(self.seen)
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
            "distributions": {
                name: {"expected": expected, "seen": seen[name]}
                for name, expected in self.expected.items()
            },
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
        lines += ["", *expectations(self.expected, self.seen)]
        lines += ["", *p_values(self.config.names, self.fixed, self.checks), ""]
        if len(self.config.names) - len(self.fixed) > MOST_PAIRED:
            lines.append(f"pairs are tested of the first {MOST_PAIRED} parameters that vary")
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


def audit_augmentation(
    num_samples: int,
    config: Space | None = None,
    *,
    start_id: int = 0,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
    progress: bool = False,
) -> AuditReport:
    """Generates consecutive samples and tests how random they are.

    The audit tests whether samples share a seed, whether each parameter is distributed as
    declared (chi-squared and, of numbers, Kolmogorov-Smirnov), and whether parameters correlate
    with each other or with those of the next id. A conditional parameter counts where it is
    active.

    Parameters
    ----------
    num_samples
        100 to 2**32. Memory is at most 20 bytes per sample, 200 MB for 10 million, and 1.5 MB
        per parameter.
    config
        A config or a space; None is the default config, the preset "moderate".
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
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

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
    >>> import dpa
    >>> audit_augmentation(100_000).ok
    True
    >>> audit_augmentation(100_000, dpa.AugmentationConfig(sampler="mt19937")).first_pairs[0]
    (54018, 70819)
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    ids = consecutive_ids(num_samples, start_id)
    if not MIN_SAMPLES <= len(ids) <= 2**32:
        raise ValueError(f"num_samples must be {MIN_SAMPLES} to 2**32, got {len(ids)}")
    require_memory(f"num_samples={len(ids)}", _BYTES * len(ids), "fewer samples need less")
    check_threads(num_threads)
    space = derivation.space.at(derivation.key.epoch)
    distribution, statistics = Distribution(space), Statistics(space.names, space)
    # Each number holds 4 bytes of the hash, which seed either sampler, above the sample's index.
    # After one sort, equal seeds are neighbours.
    seeds = np.arange(len(ids), dtype=np.uint64)
    values = sum(math.prod(each.item_shape) for _, each in space.parameters)
    size = min(_BLOCK, max(1, _BLOCK_VALUES // values))
    with progress_bar(progress, len(ids)) as advance:
        for batch in counted(derivation.blocks(ids, size, num_threads), advance):
            words = np.ascontiguousarray(batch.digests[:, 28:]).view(np.uint32)[:, 0]
            part = slice(distribution.size, distribution.size + len(batch))
            seeds[part] |= words.astype(np.uint64) << np.uint64(32)
            distribution.update(batch.columns)
            statistics.update(batch.columns)
    suspects = _repeated(seeds) + np.uint64(ids.start)
    suspected = derivation.batch(Listed(suspects), num_threads).digests
    drawn = any(getattr(each, "draw", None) is not None for _, each in space.parameters)
    whole_seeds = suspected[:, _SEEDS[space.sampler] if drawn else _WHOLE]
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
        seen=statistics.result(),
        fixed=tuple(name for name in space.names if name not in distribution.names),
    )


def _repeated(seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The low halves, in order, of numbers whose high halves repeat; sorts `seeds`."""
    seeds.sort()
    equal = (seeds[1:] ^ seeds[:-1]) < 2**32
    repeated = np.append(equal, False) | np.append(False, equal)
    return np.sort(seeds[repeated] & np.uint64(2**32 - 1))


def _equal_pairs(ids: list[int], seeds: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Pairs of ids with equal seeds, ordered by their later id."""
    groups: dict[bytes, list[int]] = {}
    for id_, seed in zip(ids, seeds, strict=True):
        groups.setdefault(seed.tobytes(), []).append(id_)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    return sorted(pairs, key=lambda pair: pair[::-1])
