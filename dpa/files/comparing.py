"""Compares the samples of a file with those that its metadata describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from dpa.derivation.columns import Columns
from dpa.derivation.derivation import Derivation
from dpa.derivation.ids import Ids
from dpa.derivation.keys import Key
from dpa.derivation.statistics import Statistics, without_nan
from dpa.files.chains import LARGE_BLOCK, Chain, FilePath, open_chain
from dpa.files.compatibility import found_ids, numbered
from dpa.files.metadata import Metadata
from dpa.files.original import FIGURE
from dpa.files.original import statistics_problems as rounded_problems
from dpa.files.reports import REORDERED, UNVERIFIABLE, Difference, VerificationReport
from dpa.host.progress import Advance, counted
from dpa.host.threads import thread_count

#: The samples that decide which candidate generated a file that does not say it.
_TRIED_SAMPLES = 16

_UNLIKE = (
    "its hashes are not those of its ids, which are 0, 1, ... where none are given: say ids=, "
    "base_seed= or rank="
)
_UNKNOWN_CONFIG = f"{UNVERIFIABLE} its config is not known"


def verified(
    path: FilePath, given: Given, num_threads: int | None, unlimited: bool, advance: Advance
) -> tuple[VerificationReport, Metadata]:
    """The report of one file, and its metadata. Raises ChainFileError, ValueError and OSError."""
    with open_chain(path, lenient=True, num_threads=num_threads, unlimited=unlimited) as opened:
        statistics = Statistics(opened.metadata.names, opened.metadata.space)
        comparison = _Comparison(opened, num_threads, given)
        blocks = numbered(counted(opened.blocks(), advance), given.ids)
        size = opened.metadata.assumed_space.block_size(LARGE_BLOCK)
        for block in _large(blocks, size, num_threads):
            statistics.update(block.columns)
            comparison.update(block)
        problems = [
            *comparison.problems(),
            *_statistics_problems(opened, comparison, without_nan(statistics.result())),
            *opened.problems,
        ]
        digest = opened.trailer["digest"] if opened.bound else None
        metadata = opened.metadata
    report = VerificationReport(
        str(path),
        comparison.checked,
        comparison.different,
        comparison.first,
        tuple(problems),
        digest=digest,
    )
    return report, metadata


def _statistics_problems(
    opened: Chain, comparison: _Comparison, found: dict[str, Any]
) -> list[str]:
    """How the statistics differ; if only the order of samples changed, they differ by rounding."""
    problems = opened.statistics_problems(found)
    listed = opened.metadata.start_id is None and comparison.checked > 1
    sound = listed and opened.bound and not (comparison.different or opened.problems)
    figures = all(problem.startswith(FIGURE) for problem in problems)
    if problems and sound and figures and not rounded_problems(opened.statistics, None, found):
        return [REORDERED]
    return problems


class Given(NamedTuple):
    """What the caller states about a file of the original package; None states nothing."""

    ids: Ids | None
    base_seed: int | None
    rank: int | None

    def key(self, opened: Chain) -> Key | None:
        """The key of the samples; None if the file decides.

        Raises ValueError for a file that states its ids and key itself, and for a rank that is
        not its samples'.
        """
        if self == (None, None, None):
            return None
        if opened.bound:
            raise ValueError(
                f"{str(opened.path)!r} says its ids and its key itself: ids, base_seed and rank "
                "are for files of the original package"
            )
        own = opened.metadata.key.rank
        if own is not None and self.rank not in (None, own):
            raise ValueError(f"rank must be the file's, {own}, got {self.rank!r}")
        if self.base_seed is None and self.rank is None:
            return None
        return Key.checked(base_seed=self.base_seed, rank=own if self.rank is None else self.rank)


def _large(blocks: Iterable[Columns], size: int, num_threads: int | None) -> Iterator[Columns]:
    """The same samples in blocks of at least `size`, enough work for several threads.

    For one thread they stay as they were read, where they are in the cache, unless they are tiny:
    the first one decides among candidates.
    """
    waiting: list[Columns] = []
    for at, block in enumerate(blocks):
        if at == 1 and thread_count(num_threads) == 1:  # asking takes as long as ten samples
            size = min(size, _TRIED_SAMPLES)
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            yield _one(waiting)
            waiting = []
    if waiting:
        yield _one(waiting)


def _one(blocks: list[Columns]) -> Columns:
    return blocks[0] if len(blocks) == 1 else Columns.joined(blocks)


NOTHING = Given(None, None, None)


class _Comparison:
    """Compares samples with generated ones: counts the differences and keeps the first.

    The first block decides which of the file's candidates generated it.
    """

    def __init__(self, opened: Chain, num_threads: int | None, given: Given) -> None:
        self.checked = 0
        self.different = 0
        self.first: Difference | None = None
        self._metadata = opened.metadata
        self._candidates = opened.candidates()
        if (key := given.key(opened)) is not None:
            self._candidates = [Derivation(each.space, key) for each in self._candidates]
        #: Whether the samples' ids are a guess that still holds; whether a guess was refuted.
        self._guessed = not opened.bound and given.ids is None and self._by_value
        self._unlike = False
        self._generated = opened.generated
        self._num_threads = num_threads

    @property
    def _by_value(self) -> bool:
        """Whether values can be compared: for an unknown space only hashes can."""
        return self._metadata.space is not None

    def update(self, block: Columns) -> None:
        """Compares more samples, if anything is known to compare them with."""
        if len(self._candidates) > 1:
            self._candidates = self._tried(block.part(slice(_TRIED_SAMPLES)))
            self._unlike = not self._candidates
        if self._candidates:
            self._compare(block, self._candidates[0])
        if self._candidates or self._generated:
            self.checked += len(block)

    def _tried(self, head: Columns) -> list[Derivation]:
        """The candidate that agrees on most hashes, then on most values; none if no hash agrees."""

        def agreeing(derivation: Derivation) -> tuple[int, int]:
            found = derivation.differing(head, 1, self._metadata.dtype, values=self._by_value)
            equal = {name: int(np.count_nonzero(~x)) for name, x in found.fields.items()}
            return equal.pop("hash"), sum(equal.values())

        best = max(self._candidates, key=agreeing)
        return [best] if agreeing(best)[0] else []

    def _compare(self, block: Columns, derivation: Derivation) -> None:
        found = derivation.differing(
            block, self._num_threads, self._metadata.dtype, values=self._by_value
        )
        if self._guessed and found.fields["hash"].any():
            self._guessed = False
            digest = block.digests[int(np.argmax(found.fields["hash"]))].tobytes()
            if found_ids({digest}, derivation):  # the sample is intact, but has another id
                self._unlike, self._candidates = True, []
                self.checked, self.different, self.first = 0, 0, None
                return
        if found.wrong.size and self.first is None:
            at, name, stored, expected = found.first()
            index, sample_id = self.checked + at, block.ids[at]
            self.first = Difference(index, sample_id, name, stored, expected)
        self.different += found.wrong.size

    def problems(self) -> list[str]:
        """Everything that could not be compared."""
        if self._by_value and self._unlike:
            return [f"{UNVERIFIABLE} {_UNLIKE}"]
        if self._by_value:
            return []
        if not self._candidates or not self.checked:
            return [f"{_UNKNOWN_CONFIG}, nor do depths 1 to 20 give its hashes"]
        depth = self._candidates[0].space.depth
        return [f"{_UNKNOWN_CONFIG}; the hashes are compared with depth {depth}"]
