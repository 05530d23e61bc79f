"""Samples of two files with the same ids: side by side in one order, or matched."""

from __future__ import annotations

import itertools
from collections import defaultdict
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
_Places: TypeAlias = npt.NDArray[np.intp]


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
    """All common samples, then those of one file only; loads both files."""
    blocks = list(first), list(second)
    if not all(blocks):
        yield from ((block, None) for block in blocks[0])
        yield from ((None, block) for block in blocks[1])
        return
    a, b = map(Columns.joined, blocks)
    in_a, in_b = _matches(a.ids, b.ids)
    whole = len(in_a) == len(a)  # in order, so nothing needs to be copied
    yield a if whole else a.take(in_a), b.take(in_b)
    yield a.take(np.delete(np.arange(len(a)), in_a)), None
    yield None, b.take(np.delete(np.arange(len(b)), in_b))


def _matches(a: Ids, b: Ids) -> tuple[_Places, _Places]:
    """Where both have the same ids, in the order of a: of equal ids the first with the first."""
    if a.kind != b.kind:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    mine, theirs = _numbers(a, b)
    order_a, order_b = (np.argsort(each, kind="stable") for each in (mine, theirs))
    known, sought = mine[order_a], theirs[order_b]
    # Of equal ids the k-th in b is paired with the k-th in a, if there are so many.
    k = np.arange(len(sought)) - np.searchsorted(sought, sought)
    found = np.searchsorted(known, sought) + k
    both = found < np.searchsorted(known, sought, side="right")
    in_a, in_b = order_a[found[both]], order_b[both]
    order = np.argsort(in_a)
    return in_a[order], in_b[order]


def _numbers(a: Ids, b: Ids) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Numbers that are equal where the ids are: integers themselves, a number for each text."""
    if a.kind == "integer":
        return np.asarray(a.public), np.asarray(b.public)
    numbers: defaultdict[object, int] = defaultdict(itertools.count().__next__)
    mine, theirs = (
        np.fromiter(map(numbers.__getitem__, ids.public), np.uint64, len(ids)) for ids in (a, b)
    )
    return mine, theirs
