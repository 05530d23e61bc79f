"""Verification: compares a file's samples with those that its metadata describe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa.checks import file_path
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import Derivation
from dpa.derivation.digest import SampleDigest
from dpa.derivation.ids import Ids
from dpa.derivation.keys import NO_KEY, Key
from dpa.derivation.statistics import Statistics, without_nan
from dpa.errors import ChainFileError
from dpa.files.chains import LARGE_BLOCK, Chain, FilePath, open_chain
from dpa.files.compatibility import found_ids, numbered
from dpa.files.formats import is_chain
from dpa.files.metadata import Metadata
from dpa.files.original import FIGURE
from dpa.files.original import statistics_problems as rounded_problems
from dpa.files.reports import REORDERED, UNVERIFIABLE, Difference, VerificationReport
from dpa.host.threads import check_threads

#: The samples that decide which candidate generated a file that does not say it.
_TRIED_SAMPLES = 16

_UNLIKE = (
    "its hashes are not those of its ids, which are 0, 1, ... where none are given: say ids=, "
    "base_seed= or rank="
)
_UNKNOWN_CONFIG = f"{UNVERIFIABLE} its config is not known"


def verify_augmentation_chain(
    path: FilePath,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    rank: int | None = None,
    num_threads: int | None = None,
    unlimited: bool = False,
) -> VerificationReport:
    """Generates a file's samples again and compares hashes and values to the last bit.

    Statistics, digest and checksum are compared, too, but an edited sample is found even if
    they were computed again. Memory is constant for the formats that are read in constant
    memory.

    A file without a config is never ok: only its hashes can be verified, by trying depths 1 to
    20. For a file of the original package both samplers are tried, and its statistics may
    differ by rounding. The chain files in a folder are verified as the parts of one run, which
    must share config and key.

    Parameters
    ----------
    path
        A chain file, a recipe, or a folder of them.
    ids
        The ids of a file of the original package, which does not say them; None is 0, 1, ...
        Other files refuse ids, base_seed and rank; a folder does not use them.
    base_seed
        The base_seed of a file of the original package, which does not say it; None is 0 where
        the samples have a rank.
    rank
        The rank of a file of the original package; None is the rank that its samples have, if
        any.
    num_threads
        The most threads to use; None is DPA_NUM_THREADS or, where that is not set, the cores
        that this process may use. The values do not depend on it.
    unlimited
        Whether to generate recipes that take one core over an hour: 10**10 samples at depth 10.

    Returns
    -------
    VerificationReport
        What differs, and what could not be verified.

    Raises
    ------
    ChainFileError
        The layout of the file is damaged; a ValueError.
    TypeError
        An argument has the wrong type.
    ValueError
        The suffix is unknown, another argument has a bad value, or a recipe is too large
        without `unlimited`.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from dpa import generate_augmentation_chain
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = generate_augmentation_chain(100, save_path=f"{folder}/chain.json")
    ...     report = verify_augmentation_chain(f"{folder}/chain.json")
    >>> report.ok, report.checked
    (True, 100)
    """
    check_threads(num_threads)
    given = _Given(None if ids is None else Ids.checked(ids), base_seed, rank)
    if os.path.isdir(file_path(path)):
        if given != _NOTHING:
            raise ValueError("ids, base_seed and rank are for single files, not for a folder")
        return _verified_folder(path, num_threads, unlimited)
    return _verified(path, given, num_threads, unlimited)[0]


def _verified(
    path: FilePath, given: _Given, num_threads: int | None, unlimited: bool
) -> tuple[VerificationReport, Metadata]:
    with open_chain(path, lenient=True, num_threads=num_threads, unlimited=unlimited) as opened:
        statistics = Statistics(opened.metadata.names, opened.metadata.space)
        comparison = _Comparison(opened, num_threads, given)
        size = opened.metadata.block_size(LARGE_BLOCK)
        for block in _large(numbered(opened.blocks(), given.ids), size):
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


def _verified_folder(
    folder: FilePath, num_threads: int | None, unlimited: bool
) -> VerificationReport:
    """Verifies each part of a run by itself, and whether the parts belong together.

    Consecutive ids may not overlap; listed ones are not compared between files.
    """
    names = sorted(name for name in os.listdir(folder) if name[0] not in "._" and is_chain(name))
    if not names:
        raise ValueError(f"{str(folder)!r} has no chain files")
    problems: list[str] = []
    parts: list[tuple[str, VerificationReport, Metadata]] = []
    for name in names:
        try:
            found = _verified(os.path.join(folder, name), _NOTHING, num_threads, unlimited)
        except ChainFileError as error:  # its text names the file
            problems.append(str(error))
            continue
        parts.append((name, *found))
        first = [] if found[0].first is None else [f"first: {found[0].first}"]
        problems += [f"{name!r}: {problem}" for problem in (*first, *found[0].problems)]
    problems += _contradictions(parts)
    total = SampleDigest(NO_KEY)  # of digests that are known
    for _, report, _ in parts:
        if report.digest is not None:
            total.add(report.digest, report.checked)
    reports = [report for _, report, _ in parts]
    complete = len(parts) == len(names) and all(report.digest for report in reports)
    return VerificationReport(
        str(folder),
        sum(report.checked for report in reports),
        sum(report.different for report in reports),
        next((report.first for report in reports if report.first is not None), None),
        tuple(problems),
        len(names),
        total.hexdigest() if complete else None,
    )


def _contradictions(parts: Sequence[tuple[str, VerificationReport, Metadata]]) -> Iterator[str]:
    """Why files are not the parts of one run."""
    for name, _, metadata in parts:
        first, _, expected = parts[0]
        for field, value in metadata.shared().items():
            if value != expected.shared()[field]:
                yield f"{first!r} and {name!r} differ in their {field}"
    spans = [
        (metadata.key, metadata.start_id, metadata.start_id + report.checked, name)
        for name, report, metadata in parts
        if metadata.start_id is not None and report.checked
    ]
    spans.sort(key=lambda span: (str(span[0]), span[1]))
    for (key, _, stop, before), (other, start, _, name) in pairwise(spans):
        if key == other and start < stop:
            yield f"{before!r} and {name!r} overlap from id {start} on"


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


class _Given(NamedTuple):
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


def _large(blocks: Iterable[Columns], size: int) -> Iterator[Columns]:
    """The same samples in blocks of at least `size`, enough work for several threads."""
    waiting: list[Columns] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            yield Columns.joined(waiting)
            waiting = []
    if waiting:
        yield Columns.joined(waiting)


_NOTHING = _Given(None, None, None)


class _Comparison:
    """Compares samples with generated ones: counts the differences and keeps the first.

    The first block decides which of the file's candidates generated it.
    """

    def __init__(self, opened: Chain, num_threads: int | None, given: _Given) -> None:
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
