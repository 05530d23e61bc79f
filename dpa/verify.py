"""Verification: a file's samples against those that its metadata gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np

from dpa.config import AugmentationConfig
from dpa.files import BLOCK, Block, Metadata
from dpa.generate import fill_batch
from dpa.keys import NO_KEY, Key
from dpa.recipes import ChainReader, FilePath
from dpa.statistics import Statistics, without_nan
from dpa.threads import thread_count

#: Samples compared at a time: enough to keep some threads busy, 10 MB with what is expected.
_LARGE_BLOCK = 16 * BLOCK
#: Where a file does not say what made it: samples that have to tell, depths that are tried.
_TRIED_SAMPLES = 16
_TRIED_DEPTHS = (10, *(depth for depth in range(1, 21) if depth != 10))

#: How far the original's mean and stdev may be from ours, in units of the largest value.
_ROUNDING = 1e-9

#: What generates: of a config that is not known, only the depth is meant.
_Maker: TypeAlias = tuple[AugmentationConfig, Key]


_UNVERIFIABLE = "not verifiable:"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a sample that is not what the metadata gives.

    `index`: which sample of the file, from 0; `stored` and `expected`: float, or str (hash).
    """

    index: int
    id: int | str
    field: str
    stored: float | str
    expected: float | str

    def __str__(self) -> str:
        return (
            f"sample {self.index} (id {self.id!r}): {self.field} is {self.stored!r}, "
            f"must be {self.expected!r}"
        )


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What verify_augmentation_chain found; str() of it has a few lines, bool() is `ok`.

    `checked`: samples generated again; `different`: how many of them are not as stored;
    `first`: of these; `problems`: what else is wrong, or cannot be verified.
    """

    path: str
    checked: int
    different: int
    first: Difference | None
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether all of the file is as it must be."""
        return self.different == 0 and not self.problems

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok:
            return f"{self.path}: ok, {self.checked:,} samples"
        unknown = any(problem.startswith(_UNVERIFIABLE) for problem in self.problems)
        verdict = "NOT VERIFIABLE" if unknown and not self.different else "NOT OK"
        lines = [f"{self.path}: {verdict}, {self.different:,} of {self.checked:,} samples differ"]
        lines += [f"  first: {self.first}"] if self.first is not None else []
        return "\n".join([*lines, *(f"  {problem}" for problem in self.problems)])


def verify_augmentation_chain(
    path: FilePath, *, num_threads: int | None = None
) -> VerificationReport:
    """Generates a file's samples again and compares hashes and values to the last bit.

    Statistics, digest and checksum are compared, too. An edited sample is found even
    where they were computed again. A file without a config is never ok: only its hashes
    can be verified, by trying depths 1 to 20. Of a file of the original package the
    sampler is tried, and statistics may differ by rounding. Memory stays constant where
    that of reading does. Raises ChainFileError where the layout is damaged, ValueError for
    an unknown suffix or a bad `num_threads`, OSError.
    """
    if num_threads is not None:
        thread_count(num_threads)
    with ChainReader(path, lenient=True, num_threads=num_threads) as reader:
        statistics = Statistics(reader.metadata.names)
        comparison = _Comparison(num_threads)
        problems: list[str] = []
        blocks = _counted(reader.blocks(), statistics)
        if reader.metadata.num_samples is not None:  # generated, compared by digest
            comparison.checked = sum(len(block.ids) for block in blocks)
        else:
            problems += _compare(reader, _large(blocks), comparison)
        found = without_nan(statistics.result())
        problems += (_original_problems if reader.original else _statistics_problems)(reader, found)
        problems += reader.problems
    first, different = comparison.first, comparison.different
    return VerificationReport(str(path), comparison.checked, different, first, tuple(problems))


def _counted(blocks: Iterable[Block], statistics: Statistics) -> Iterator[Block]:
    for block in blocks:
        statistics.append(block.columns)
        yield block


def _large(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same samples in larger blocks."""
    waiting: list[Block] = []
    for block in blocks:
        waiting.append(block)
        if sum(len(b.ids) for b in waiting) >= _LARGE_BLOCK:
            yield Block.concatenate(waiting)
            waiting = []
    if waiting:
        yield Block.concatenate(waiting)


# ---- Comparing ----


class _Comparison:
    """Counts samples that differ, and keeps the first."""

    def __init__(self, num_threads: int | None) -> None:
        self.checked = 0
        self.different = 0
        self.first: Difference | None = None
        self._num_threads = num_threads

    def append(self, stored: Block, maker: _Maker, dtype: str, *, values: bool) -> None:
        """Compares hashes, and values if asked to."""
        expected = _generated(stored, maker, dtype, self._num_threads)
        fields = stored.differing(expected, values=values)
        wrong = np.flatnonzero(np.logical_or.reduce(list(fields.values())))
        if wrong.size and self.first is None:
            at = int(wrong[0])
            name = next(name for name, differs in fields.items() if differs[at])
            index, id_ = self.checked + at, stored.ids[at]
            self.first = Difference(
                index,
                id_ if isinstance(id_, str) else int(id_),
                name,
                stored.field(name, at),
                expected.field(name, at),
            )
        self.different += wrong.size
        self.checked += len(stored.ids)


def _generated(stored: Block, maker: _Maker, dtype: str, num_threads: int | None) -> Block:
    config, key = maker
    digests = np.empty_like(stored.digests)
    values = np.empty((len(stored.columns), len(digests)), dtype)
    fill_batch(config, key, stored.ids, digests, values, num_threads)
    columns = dict(zip(stored.columns, values.astype(np.float64, copy=False), strict=True))
    return Block(stored.ids, digests, columns)


# ---- What the samples must be ----


def _compare(reader: ChainReader, blocks: Iterator[Block], comparison: _Comparison) -> list[str]:
    """Compares what can be; the result says what cannot."""
    metadata = reader.metadata
    head = list(islice(blocks, 1))
    if metadata.config is not None and not reader.original:
        maker: _Maker | None = (metadata.config, metadata.key)
    else:
        maker = _tried(metadata, reader.original, head)
    for block in chain(head, blocks):
        if maker is not None:
            known = metadata.config is not None
            comparison.append(block, maker, metadata.dtype, values=known)
    if metadata.config is not None:
        return []
    if maker is None:
        return [f"{_UNVERIFIABLE} its config is not known, nor do depths 1 to 20 give its hashes"]
    depth = maker[0].augmentation_depth
    return [f"{_UNVERIFIABLE} its config is not known; the hashes are compared with depth {depth}"]


def _tried(metadata: Metadata, original: bool, head: list[Block]) -> _Maker | None:
    """What gives most of the first samples; None where nothing gives any hash."""
    if metadata.config is None:
        configs = [AugmentationConfig(augmentation_depth=depth) for depth in _TRIED_DEPTHS]
    else:
        configs = [metadata.config.replace(sampler=s) for s in ("mt19937", "xoshiro256++")]
    # The original's rank made no difference where its argument did not work.
    keys = [metadata.key, NO_KEY] if original else [metadata.key]
    makers = [(config, key) for config in configs for key in keys]
    agreeing = _agreeing(head, metadata)
    best = max(makers, key=agreeing)
    return None if metadata.config is None and agreeing(best) == 0 else best


def _agreeing(head: list[Block], metadata: Metadata) -> Callable[[_Maker], int]:
    """A function that counts the fields of the first samples that a maker gives."""

    def count(maker: _Maker) -> int:
        total = 0
        for block in head:
            stored = block.part(slice(_TRIED_SAMPLES))
            expected = _generated(stored, maker, metadata.dtype, 1)
            values = metadata.config is not None
            fields = stored.differing(expected, values=values).values()
            total += sum(int(np.count_nonzero(~differs)) for differs in fields)
        return total

    return count


def _statistics_problems(reader: ChainReader, found: dict[str, Any]) -> list[str]:
    """How the statistics of a file of ours are not those of its samples."""
    stated = reader.statistics
    if reader.metadata.num_samples is not None and (stated is None or reader.problems):
        return []  # a merged recipe has none; of a damaged one nothing was generated
    if not isinstance(stated, dict) or stated.keys() != found.keys():
        return [f"statistics must be those of {', '.join(found)}, got {str(stated)[:60]}"]
    problems = (_summary_problem(name, stated[name], summary) for name, summary in found.items())
    return [problem for problem in problems if problem is not None]


def _original_problems(reader: ChainReader, found: dict[str, Any]) -> list[str]:
    """How num_samples and statistics of an original's file are not its samples', if it has any.

    Figures of other names are not looked at.
    """
    problems, stated = [], reader.statistics or {}
    count = found[reader.metadata.names[0]]["count"]
    said = (reader.trailer or {}).get("num_samples", count)
    if repr(said) != repr(count):
        problems.append(f"metadata say num_samples {said!r}, the content has {count}")
    for name, values in found.items() if stated else ():
        summary = stated.get(name) if isinstance(stated, dict) else None
        if not isinstance(summary, dict):
            problems.append(f"statistics of {name} must be an object, got {str(summary)[:60]}")
            continue
        problems += [
            _figure_problem(name, figure, summary[figure], value)
            for figure, value in values.items()
            if figure in summary and not _near(figure, summary[figure], values)
        ]
    return problems


def _near(figure: str, stated: Any, values: dict[str, Any]) -> bool:
    """Whether a figure of the original's is that of `values`, but for rounding."""
    value = values[figure]
    if value is None:  # no samples, or beyond double precision
        return True
    margin = 0.0
    if figure in ("mean", "stdev"):
        margin = _ROUNDING * max(abs(values["min"]), abs(values["max"]))
    return type(stated) in (int, float) and value - margin <= stated <= value + margin


def _figure_problem(name: str, figure: str, stated: Any, value: Any) -> str:
    return f"statistics say {figure} of {name} {repr(stated)[:60]}, the samples' is {value!r}"


def _summary_problem(name: str, stated: Any, found: dict[str, Any]) -> str | None:
    """How one parameter's statistics differ: repr tells -0.0 from 0.0 and 1 from 1.0."""
    if not isinstance(stated, dict) or stated.keys() != found.keys():
        return f"statistics of {name} must be {', '.join(found)}, got {str(stated)[:60]}"
    for figure, value in found.items():
        if repr(stated[figure]) != repr(value):
            return _figure_problem(name, figure, stated[figure], value)
    return None
