"""AugmentationBatch: many samples' parameters as columns, with what made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from dpa._native import dicts
from dpa.config import DEFAULT, PARAMETERS, AugmentationConfig
from dpa.keys import NO_KEY, Ids, Key, integer
from dpa.statistics import Summary, compute_statistics

Column: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.float32]
#: One array (columns, n), or one array (n,) a column.
Values: TypeAlias = Column | tuple[Column, ...]


def float_type(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """float64 or float32, from any of its names."""
    if dtype is np.float64:
        return _FLOAT64
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be float64 or float32, got {dtype!r}") from None
    if found not in (_FLOAT64, np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {found}")
    return found


_FLOAT64 = np.dtype(np.float64)


class _Parameter:
    """`batch.rotation` for `batch["rotation"]`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.at = PARAMETERS.index(name)

    @overload
    def __get__(self, batch: None, owner: type) -> Self: ...
    @overload
    def __get__(self, batch: AugmentationBatch, owner: type) -> Column: ...
    def __get__(self, batch: AugmentationBatch | None, owner: type) -> Self | Column:
        return self if batch is None else batch.values[self.at]


class AugmentationBatch:
    """The parameters of n samples, column by column.

    `batch.rotation` or `batch["rotation"]`: float64 or float32, shape (n,).
    `batch.digests`: uint8, shape (n, 32). `batch.config` and `batch.key` (epoch, view,
    base_seed, rank) with `batch.sample_ids` are all that is needed to make it again.
    Iteration and `batch[i]` give dicts; `batch[a:b]` is a batch of views.
    """

    __slots__ = ("config", "digests", "ids", "key", "values")
    __hash__ = None  # type: ignore[assignment]  # arrays are mutable

    rotation = _Parameter()
    brightness = _Parameter()
    noise = _Parameter()
    scale = _Parameter()
    contrast = _Parameter()

    def __init__(
        self,
        config: AugmentationConfig,
        key: Key,
        ids: Ids,
        digests: npt.NDArray[np.uint8],
        values: Values,
    ) -> None:
        self.config = config
        self.key = key
        self.ids = ids
        self.digests = digests
        self.values = values

    @classmethod
    def empty(cls, size: int, dtype: npt.DTypeLike = np.float64) -> AugmentationBatch:
        """A batch of `size` blank samples, for generate_augmentation_batch(..., out=batch)."""
        size = integer("size", size)
        if size < 0:
            raise ValueError(f"size must not be negative, got {size}")
        digests = np.zeros((size, 32), np.uint8)
        values = np.zeros((len(PARAMETERS), size), float_type(dtype))
        return cls(DEFAULT, NO_KEY, np.zeros(size, np.uint64), digests, values)

    @classmethod
    def concatenate(cls, batches: Iterable[AugmentationBatch]) -> AugmentationBatch:
        """The samples of all batches, in order.

        They must share config, key, dtype and kind of ids: ValueError naming what differs.
        """
        batches = list(batches)
        if not batches:
            raise ValueError("concatenate needs at least one batch")
        first = batches[0]
        for at, batch in enumerate(batches):
            if not isinstance(batch, AugmentationBatch):
                raise TypeError(f"batches[{at}] must be an AugmentationBatch, got {batch!r}")
            for name in ("config", "key", "dtype"):
                if getattr(batch, name) != getattr(first, name):
                    raise ValueError(
                        f"batches differ in their {name}: {getattr(first, name)} in the first, "
                        f"{getattr(batch, name)} in number {at}"
                    )
        return cls(
            first.config,
            first.key,
            joined_ids([batch.ids for batch in batches]),
            np.concatenate([batch.digests for batch in batches]),
            tuple(np.concatenate([b.values[c] for b in batches]) for c in range(len(PARAMETERS))),
        )

    @property
    def dtype(self) -> np.dtype[Any]:
        """The columns' type, float64 or float32."""
        return self.values[0].dtype

    @property
    def columns(self) -> dict[str, Column]:
        """The parameters' arrays by name."""
        return dict(zip(PARAMETERS, self.values, strict=True))

    @property
    def sample_ids(self) -> npt.NDArray[np.uint64] | tuple[str, ...]:
        """The ids: uint64, shape (n,), or a tuple of str."""
        if isinstance(self.ids, range):
            return np.arange(len(self.ids), dtype=np.uint64) + np.uint64(self.ids.start)
        return self.ids

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, item: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, item: slice) -> AugmentationBatch: ...
    @overload
    def __getitem__(self, item: str) -> Column: ...
    def __getitem__(self, item: int | slice | str) -> dict[str, Any] | AugmentationBatch | Column:
        if isinstance(item, str):
            if item not in PARAMETERS:
                raise KeyError(f"no column {item!r}; the columns are {', '.join(PARAMETERS)}")
            return self.values[PARAMETERS.index(item)]
        if isinstance(item, slice):
            return self._part(item)
        at = integer("an index", item)
        if not -len(self) <= at < len(self):
            raise IndexError(f"there is no sample {at} in a batch of {len(self)}")
        at %= len(self)
        return self._part(slice(at, at + 1)).to_dicts()[0]

    def _part(self, part: slice) -> AugmentationBatch:
        values = (
            self.values[:, part]
            if isinstance(self.values, np.ndarray)
            else tuple(column[part] for column in self.values)
        )
        ids = self.ids[part]
        if isinstance(ids, range):  # an empty one may stand at 2**64, which is no id
            ids = (ids or range(0)) if ids.step == 1 else np.array(ids, dtype=np.uint64)
        return AugmentationBatch(self.config, self.key, ids, self.digests[part], values)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for start in range(0, len(self), 1024):
            yield from self._part(slice(start, start + 1024)).to_dicts()

    def to_dicts(self) -> list[dict[str, Any]]:
        """A list of dicts: the five parameters, hash, and rank where the key has one."""
        values = tuple(np.ascontiguousarray(column, np.float64) for column in self.values)
        digests = np.ascontiguousarray(self.digests)
        return dicts(PARAMETERS, values, digests, len(self), self.key.rank)

    def to_structured(self) -> npt.NDArray[np.void]:
        """A structured array: sample_id (uint64; object for str), the five, digest (32 uint8)."""
        ids = self.sample_ids
        id_type = np.uint64 if isinstance(ids, np.ndarray) else np.object_
        fields: list[Any] = [("sample_id", id_type)]
        fields += [(name, column.dtype) for name, column in self.columns.items()]
        table = np.empty(len(self), [*fields, ("digest", np.uint8, (32,))])
        table["sample_id"] = ids
        table["digest"] = self.digests
        for name, column in self.columns.items():
            table[name] = column
        return table

    def statistics(self) -> Summary:
        """Mean, stdev, min, max and count of each parameter, as compute_statistics has them."""
        return compute_statistics(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return AugmentationBatch, (self.config, self.key, self.ids, self.digests, self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AugmentationBatch):
            return NotImplemented
        return (
            self.config == other.config
            and self.key == other.key
            and _same_ids(self.sample_ids, other.sample_ids)
            and np.array_equal(self.digests, other.digests)
            and all(
                a.dtype == b.dtype and np.array_equal(a, b)
                for a, b in zip(self.values, other.values, strict=True)
            )
        )

    def __repr__(self) -> str:
        return f"<AugmentationBatch of {len(self)} samples, {self.config}, {self.key}>"


def _same_ids(
    a: npt.NDArray[np.uint64] | tuple[str, ...], b: npt.NDArray[np.uint64] | tuple[str, ...]
) -> bool:
    if isinstance(a, tuple) or isinstance(b, tuple):
        return tuple(a) == tuple(b)  # no ids are of either kind
    return np.array_equal(a, b)


def joined_ids(parts: Sequence[Ids]) -> Ids:
    """The ids of all parts, in order. Strings among integers are a ValueError."""
    parts = [part for part in parts if len(part) > 0]  # no ids are of either kind
    texts = [part for part in parts if isinstance(part, tuple)]
    numbers = [part for part in parts if not isinstance(part, tuple)]
    if texts and numbers:
        raise ValueError("batches of string ids and of integer ids cannot be concatenated")
    if texts:
        return tuple(text for part in texts for text in part)
    ranges = [part for part in numbers if isinstance(part, range)]
    if len(ranges) == len(numbers) and all(a.stop == b.start for a, b in pairwise(ranges)):
        return range(ranges[0].start, ranges[-1].stop) if ranges else range(0)
    return np.concatenate([np.array(part, dtype=np.uint64) for part in numbers])


#: What `out=` takes: a batch, or arrays by name (and "digests").
Out: TypeAlias = AugmentationBatch | Mapping[str, npt.NDArray[Any]]
