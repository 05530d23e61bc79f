"""Samples of two files with the same ids: side by side in one order, or matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.derivation.columns import Columns
from dpa.derivation.ids import Ids

#: Samples of both files with the same ids, or samples that only one file has.
Pair: TypeAlias = tuple[Columns, Columns] | tuple[Columns, None] | tuple[None, Columns]
Pairing: TypeAlias = Callable[[Iterator[Columns], Iterator[Columns]], Iterator[Pair]]
#: Indices of samples.
_Indices: TypeAlias = npt.NDArray[np.intp]


class _Cursor:
    """Blocks that can be taken in pieces."""

    def __init__(self, blocks: Iterator[Columns]) -> None:
        self._blocks = blocks
        self._rest: Columns | None = None

    def rest(self) -> Columns | None:
        """The rest of a block, or the next block; None at the end."""
        if self._rest is None:
            self._rest = next(self._blocks, None)
        return self._rest

    def take(self, size: int) -> Columns:
        """The next samples, at most as many as rest() has."""
        rest = self._rest
        assert rest is not None
        self._rest = rest.part(slice(size, None)) if size < len(rest) else None
        return rest.part(slice(size))


class OrderError(Exception):
    """The files have their samples in different orders."""


def in_order(first: Iterator[Columns], second: Iterator[Columns]) -> Iterator[Pair]:
    """Pairs in the order of the files; ranges of ids are aligned. Raises OrderError."""
    a, b = _Cursor(first), _Cursor(second)
    while True:
        x, y = a.rest(), b.rest()
        if x is None or y is None:
            break
        ahead = _ahead(x.ids, y.ids)
        if ahead > 0:
            yield None, b.take(min(ahead, len(y)))
        elif ahead < 0:
            yield a.take(min(-ahead, len(x))), None
        else:
            size = min(len(x), len(y))
            pair = a.take(size), b.take(size)
            if pair[0].ids != pair[1].ids:
                raise OrderError
            yield pair
    while (x := a.rest()) is not None:
        yield a.take(len(x)), None
    while (y := b.rest()) is not None:
        yield None, b.take(len(y))


def _ahead(a: Ids, b: Ids) -> int:
    """How many ids one range begins after the other; 0 if ids are listed."""
    return 0 if a.start is None or b.start is None else a.start - b.start


def by_id(first: Iterator[Columns], second: Iterator[Columns]) -> Iterator[Pair]:
    """Pairs in the order of the first file; loads the second, whose other samples come last."""
    if not (loaded := [*second]):
        yield from ((block, None) for block in first)
        return
    b = Columns.joined(loaded)
    known, alone = _Places(b.ids), np.ones(len(b), np.bool_)
    for block in first:
        places = known.next_of(block.ids)
        found = places >= 0
        alone[places[found]] = False
        if found.all():  # so nothing needs to be copied
            yield block, b.take(places)
        else:
            yield block.take(np.flatnonzero(found)), b.take(places[found])
            yield block.take(np.flatnonzero(~found)), None
    yield None, b.take(np.flatnonzero(alone))


class _Places:
    """Where ids stand in a file: the k-th time that an id is asked for, its k-th place."""

    def __init__(self, ids: Ids) -> None:
        self._kind = ids.kind
        self._texts: dict[object, int] = {}
        if ids.kind == "string":
            for text in ids.public:
                self._texts.setdefault(text, len(self._texts))
        numbers = self._numbers(ids)
        self._order = np.argsort(numbers, kind="stable")
        self._sorted = numbers[self._order]
        self._asked = np.zeros(len(ids) + 1, np.intp)  # how often, for the first place of an id

    def next_of(self, ids: Ids) -> _Indices:
        """A place for each id; -1 where there is no further one."""
        places = np.full(len(ids), -1, np.intp)
        if ids.kind != self._kind or not len(self._sorted):
            return places
        numbers = self._numbers(ids)
        order = np.argsort(numbers, kind="stable")
        sought = numbers[order]
        start = np.searchsorted(self._sorted, sought)
        at = start + self._asked[start] + np.arange(len(sought)) - np.searchsorted(sought, sought)
        found = (at < len(self._sorted)) & (self._sorted.take(at, mode="clip") == sought)
        np.add.at(self._asked, start[found], 1)  # an unknown id has the place of the next one
        places[order[found]] = self._order[at[found]]
        return places

    def _numbers(self, ids: Ids) -> npt.NDArray[np.uint64]:
        """Numbers that are equal where the ids are: integers themselves, a number for each text.

        All unknown texts have the next number.
        """
        if ids.kind == "integer":
            return np.asarray(ids.public)
        texts, unknown = self._texts, len(self._texts)
        numbers = (texts.get(text, unknown) for text in ids.public)
        return np.fromiter(numbers, np.uint64, len(ids))
