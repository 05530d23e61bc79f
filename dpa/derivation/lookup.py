"""Samples of a batch by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from dpa.checks import brief
from dpa.derivation.display import ids_text
from dpa.derivation.ids import Consecutive, Ids, IdsLike

if TYPE_CHECKING:
    from dpa.derivation.derivation import AugmentationBatch

#: Indices of samples; -1 where there is none.
Found: TypeAlias = npt.NDArray[np.intp]


class Index:
    """Where ids stand among others; of an id that comes several times, the first place.

    Consecutive ids need no preparation, listed integers are sorted once, and strings go into a
    dict.
    """

    __slots__ = ("_ids", "_order", "_sorted", "_texts")

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._texts: dict[str, int] = {}
        self._sorted = self._order = np.empty(0, np.intp)
        if isinstance(ids, Consecutive) or not len(ids):
            return
        if ids.kind == "string":
            names = ids.tolist()
            self._texts = dict(zip(reversed(names), range(len(names) - 1, -1, -1), strict=True))
        else:
            listed = np.asarray(ids.public)
            self._order = np.argsort(listed, kind="stable")
            self._sorted = listed[self._order]

    def places(self, wanted: Ids) -> Found:
        """The index of each wanted id, shape (n,); -1 where it is not among the ids."""
        if not len(wanted) or not len(self._ids) or wanted.kind != self._ids.kind:
            return np.full(len(wanted), -1, np.intp)
        if wanted.kind == "string":
            return np.array([self._texts.get(name, -1) for name in wanted], np.intp)
        numbers = np.asarray(wanted.public)
        if isinstance(self._ids, Consecutive):
            steps = numbers - np.uint64(self._ids.start)  # below it modulo 2**64: beyond the end
            return np.where(steps < np.uint64(len(self._ids)), steps.astype(np.intp), -1)
        at = np.searchsorted(self._sorted, numbers)
        at[at == len(self._sorted)] = 0
        return np.where(self._sorted[at] == numbers, self._order[at], -1)


class ById:
    """Samples of a batch by their ids: `batch.loc`."""

    __slots__ = ("_batch", "_index")

    def __init__(self, batch: AugmentationBatch, index: Index) -> None:
        self._batch = batch
        self._index = index

    @overload
    def __getitem__(self, wanted: int | str) -> dict[str, Any]: ...  # type: ignore[overload-overlap]  # a str is a Sequence[str], too
    @overload
    def __getitem__(self, wanted: IdsLike) -> AugmentationBatch: ...
    def __getitem__(self, wanted: int | str | IdsLike) -> dict[str, Any] | AugmentationBatch:
        """One id gives a dict, several give a batch of copies in their order.

        If the batch has an id several times, its first sample is taken. Raises KeyError for an
        id that is not in the batch, TypeError or ValueError for anything that is not an id.
        """
        single = hasattr(wanted, "__index__") and not getattr(wanted, "shape", ())
        if isinstance(wanted, str) or single:
            return self._batch[self._places([wanted]).item()]
        return self._batch.take(self._places(wanted))

    def _places(self, wanted: Any) -> Found:
        ids = Ids.checked(wanted)
        places = self._index.places(ids)
        missing = np.flatnonzero(places < 0)
        if missing.size:
            first = brief(ids[int(missing[0])])
            known = ids_text(self._batch.ids) or "no samples"
            raise KeyError(f"no sample with the id {first}; the batch has {known}")
        return places
