"""Spans of ids: the ids of a stream, and how a job splits them into a shard per rank."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from dpa.checks import LIMIT, brief, integer
from dpa.derivation.ids import MANY, Consecutive, Ids, Listed, listed
from dpa.derivation.keys import checked_rank

#: The ways to split a job's samples among its ranks; Shard describes them.
SPLITS = ("contiguous", "interleaved", "padded", "drop_last")


class Spans:
    """Ids as a sequence of ranges, each with a positive step; `spans[a:b:step]` slices by position.

    The ranges have one canonical form, so that spans of the same ids in the same pieces are
    equal. Without ids, one empty range remains and keeps their place.
    """

    __slots__ = ("_ends", "consecutive", "ranges")
    __hash__ = None  # type: ignore[assignment]  # not needed

    def __init__(self, ranges: Iterable[range]) -> None:
        given = list(ranges)
        joined: list[range] = []
        for ids in map(_plain, [ids for ids in given if ids] or given[-1:]):
            if joined and joined[-1].step == ids.step == 1 and joined[-1].stop == ids.start:
                joined[-1] = range(joined[-1].start, ids.stop)
            else:
                joined.append(ids)
        self.ranges = tuple(joined)
        #: Whether the ids are one range with step 1.
        self.consecutive = len(joined) == 1 and joined[0].step == 1
        self._ends = tuple(accumulate(map(len, joined)))

    @classmethod
    def from_json(cls, value: Any) -> Spans:
        """The inverse of to_json. Raises ValueError for any other value."""
        try:
            if not all(isinstance(ids, (list, tuple)) and len(ids) == 3 for ids in value):
                raise ValueError("three numbers a range")
            numbers = [[integer("an id", x) for x in ids] for ids in value]
            ranges = [range(start, stop, step) for start, stop, step in numbers]
        except (TypeError, ValueError) as error:
            raise ValueError(f"no [[start, stop, step], ...]: {brief(value)}") from error
        sound = ranges and all(0 <= x.start <= x.stop <= LIMIT and x.step > 0 for x in ranges)
        if not sound or sum((x.stop - x.start) // x.step for x in ranges) > MANY:
            raise ValueError(f"no spans of ids: {brief(value)}")
        return cls(ranges)

    def to_json(self) -> list[list[int]]:
        """A list of [start, stop, step]."""
        return [[ids.start, ids.stop, ids.step] for ids in self.ranges]

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, part: slice) -> Spans:
        start, stop, step = part.indices(len(self))
        pieces = []
        at = min(bisect_right(self._ends, start), len(self.ranges) - 1)
        for ids, end in zip(self.ranges[at:], self._ends[at:], strict=True):
            first = end - len(ids)
            piece = ids[start - first : max(stop - first, 0) : step]
            pieces.append(piece)
            start += len(piece) * step
            if start >= stop:
                break
        return Spans(pieces)

    def ids(self, first: int, stop: int) -> Ids:
        """The ids of spans[first:stop]."""
        if self.consecutive:
            return Consecutive(self.ranges[0][first:stop])
        part = self[first:stop]
        if part.consecutive:
            return Consecutive(part.ranges[0])
        return Listed(np.concatenate(list(map(listed, part.ranges))))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spans) and self.ranges == other.ranges

    def __repr__(self) -> str:
        return f"Spans({list(self.ranges)})"


def _plain(ids: range) -> range:
    """The range of the same ids with the smallest stop and step."""
    if len(ids) > 1:
        return range(ids.start, ids[-1] + 1, ids.step)
    return range(ids.start, ids.start + len(ids))


def contiguous(size: int, rank: int, world_size: int) -> range:
    """The positions of a rank's shard; in an uneven split the first ranks take one more."""
    each, left = divmod(size, world_size)
    start = rank * each + min(rank, left)
    return range(start, start + each + (rank < left))


class Shard(NamedTuple):
    """The shard of one rank: its part of the ids of a job.

    `split` says how the ids are split: "contiguous" gives consecutive shards; "interleaved"
    gives every world_size-th id; "padded" does the same, and shards that are one short repeat
    first ids; "drop_last" does the same, and leaves out the last few ids so that all shards
    have one size. None: the ids of the job are this rank's own and are not split.
    """

    job: Spans
    rank: int = 0
    world_size: int = 1
    split: str | None = "contiguous"

    @classmethod
    def checked(cls, job: Spans, rank: object, world_size: object, split: object) -> Shard:
        """A shard from checked arguments. Raises TypeError or ValueError naming the argument."""
        if split is not None and split not in SPLITS:
            known = ", ".join(map(repr, SPLITS))
            raise ValueError(f"split must be one of {known} or None, got {split!r}")
        return cls(job, *checked_rank(rank, world_size), split)

    @property
    def ids(self) -> Spans:
        """The ids of the shard."""
        job, rank, world_size, split = self
        if split is None:
            return job
        size = len(job)
        if split == "contiguous":
            part = contiguous(size, rank, world_size)
            return job[part.start : part.stop]
        if split == "drop_last":
            size -= size % world_size
        own = job[rank:size:world_size]
        if split == "padded" and len(own) * world_size < size:
            again = (rank - size) % world_size % size
            own = Spans([*own.ranges, *job[again : again + 1].ranges])
        return own
