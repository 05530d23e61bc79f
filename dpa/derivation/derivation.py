"""The pure function itself, a space and a key applied to ids; and AugmentationBatch, its result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, overload

import numpy as np

from dpa._native import KeyedPlan, Plan, Request
from dpa.checks import integer, not_negative
from dpa.derivation.columns import Column, Columns, Differences, Reals, float_type
from dpa.derivation.config import checked_space
from dpa.derivation.frozen import Frozen
from dpa.derivation.ids import Ids, Listed
from dpa.derivation.keys import NO_KEY, Key, single_id
from dpa.derivation.space import Space
from dpa.host.threads import run_spans

if TYPE_CHECKING:
    from dpa.derivation.digest import SampleDigest
    from dpa.derivation.lookup import ById, Index
    from dpa.derivation.statistics import Summary

#: Samples generated at a time if they become dicts or lines of a file: few enough for the cache.
BLOCK = 4096
_BYTE = np.dtype(np.uint8)  # np.empty takes a dtype faster than a type
#: How many derivations `derive` caches, for calls with the same config and key.
_KEPT = 128


class Derivation(Frozen, KeyedPlan):
    """A space and a key: a function of sample ids alone. Immutable.

    Streams, recipes, files, audits and adapters hold a derivation and get all samples from it.
    """

    __slots__ = ("space", "key")  # noqa: RUF023 (in the constructor's order)

    space: Space
    key: Key

    def __init__(self, space: Space, key: Key = NO_KEY) -> None:
        KeyedPlan.__init__(self, space.at(key.epoch).plan, key.prefix, key.rank, single_id)
        self._set(space=space, key=key)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of dicts and columns."""
        return self.space.names

    def fill(self, samples: Columns, num_threads: int | None = None) -> None:
        """Generates the samples of `samples.ids` into the arrays of `samples`, which must fit."""
        ids, digests = samples.ids, samples.digests
        size, prefix = len(digests), self.prefix + ids.quote
        request = Request(self.plan, prefix, ids.source, size, digests, samples.buffers)
        run_spans(request.fill, size, self.space.sample_blocks, num_threads)

    def blank(self, ids: Ids, dtype: np.typing.DTypeLike = np.float64) -> AugmentationBatch:
        """A batch of zeros for these ids, still to be filled."""
        columns = self.space.arrays(np.zeros, len(ids), dtype)
        return AugmentationBatch(self, ids, np.zeros((len(ids), 32), _BYTE), columns)

    def batch(
        self, ids: Ids, num_threads: int | None = None, dtype: np.typing.DTypeLike = np.float64
    ) -> AugmentationBatch:
        """The samples of these ids, in order."""
        space, size = self.space, len(ids)
        columns: Reals | dict[str, Column]
        if space.plain:  # one buffer is acquired faster than many
            columns = np.empty((len(space.names), size), dtype)
        else:
            columns = space.arrays(np.empty, size, dtype)
        batch = AugmentationBatch(self, ids, np.empty((size, 32), _BYTE), columns)
        self.fill(batch, num_threads)
        return batch

    def blocks(
        self, ids: range | Ids, size: int = BLOCK, num_threads: int | None = None
    ) -> Iterator[AugmentationBatch]:
        """The samples of these ids, `size` at a time, or fewer where they are large."""
        checked, size = Ids.checked(ids), self.space.block_size(size)
        for first in range(0, len(checked), size):
            yield self.batch(checked[first : first + size], num_threads)

    def uniforms(
        self, ids: Ids, count: int, skip: int, num_threads: int | None = None
    ) -> np.typing.NDArray[np.float64]:
        """Draws skip to skip + count - 1 of each sample's sampler, in [0, 1): shape (n, count)."""
        uniforms = np.empty((len(ids), count))
        plan = Plan(self.space.depth, self.space.sampler, uniforms=count, skip=skip)
        request = Request(plan, self.prefix + ids.quote, ids.source, len(ids), None, uniforms)
        blocks = self.space.sample_blocks + (skip + count) // 16  # a draw is a fraction of a block
        run_spans(request.fill, len(ids), blocks, num_threads)
        return uniforms

    def differing(
        self,
        samples: Columns,
        num_threads: int | None = None,
        dtype: np.typing.DTypeLike = np.float64,
        *,
        values: bool = True,
    ) -> Differences:
        """Compares samples with those that their ids generate: hashes and, if asked, values.

        `dtype`: float32 if the samples were rounded to it.
        """
        made = self.batch(samples.ids, num_threads, dtype)
        return samples.differing(made, None if values else ())

    def require(self, samples: Columns, first: int) -> None:
        """Raises ValueError naming the first sample that differs from what its id generates.

        `first` is the index of the block's first sample among all samples.
        """
        found = self.differing(samples)
        if found.wrong.size:
            at, name, stored, made = found.first()
            raise ValueError(
                f"params[{first + at}] has the {name} {stored}, but id {samples.ids[at]!r} with "
                f"this config and {self.key} has {made}"
            )


@lru_cache(_KEPT, typed=True)
def _kept(
    config: Space | None,
    epoch: int | None,
    view: int | None,
    base_seed: int | None,
    rank: int | None,
    world_size: int | None,
) -> Derivation:
    for part in (epoch, view, base_seed, rank, world_size):
        if type(part) not in (int, NoneType):
            raise TypeError  # derive() makes it anew: a tensor, say, is found again when it changed
    return Derivation(checked_space(config), Key.checked(epoch, view, base_seed, rank, world_size))


#: The arguments of the latest call of `derive` and its result: comparing six identities takes a
#: third of the time of a look into the cache.
_latest: tuple[Any, ...] = (NotImplemented,) * 7


def derive(
    config: Space | None = None,
    epoch: int | None = None,
    view: int | None = None,
    base_seed: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
) -> Derivation:
    """The derivation that the arguments of a public function describe; None is absent.

    Raises TypeError or ValueError; the message names the argument.
    """
    global _latest  # replaced as a whole, so that threads never see half of it
    space, e, v, seed, r, size, found = _latest
    same = config is space and epoch is e and view is v and base_seed is seed
    if same and rank is r and world_size is size:
        return found  # type: ignore[no-any-return]
    try:
        found = _kept(config, epoch, view, base_seed, rank, world_size)
    except TypeError:  # an argument is bad, or not hashable
        key = Key.checked(epoch, view, base_seed, rank, world_size)
        return Derivation(checked_space(config), key)
    _latest = (config, epoch, view, base_seed, rank, world_size, found)
    return found


class Derived:
    """What has a derivation: samples, or a stream of them."""

    __slots__ = ()
    derivation: Derivation

    @property
    def config(self) -> Any:
        """The AugmentationConfig or the Space that is drawn."""
        return self.derivation.space

    @property
    def key(self) -> Key:
        """epoch, view, base_seed and rank; None is absent."""
        return self.derivation.key


class AugmentationBatch(Derived, Columns):
    """The parameters of n samples, column by column.

    Each parameter is an array of float64 or float32, shape (n,): `batch.rotation` and
    `batch["rotation"]` are the same one. `batch[i]` and iteration give dicts; `batch[a:b]` is a
    batch of views; `batch.loc[id]` finds samples by their ids. `config`, `key` and `sample_ids`
    suffice to generate the batch again.

    Attributes
    ----------
    digests
        The hashes, uint8, shape (n, 32).
    """

    __slots__ = ("_index", "derivation")
    __hash__ = None  # arrays are mutable
    _index: Index | None

    if TYPE_CHECKING:
        rotation: Reals
        brightness: Reals
        noise: Reals
        scale: Reals
        contrast: Reals
    else:

        def __getattr__(self, name: str) -> Column:
            """`batch.rotation` for `batch["rotation"]`."""
            if name.startswith("_"):
                raise AttributeError(name)
            if name not in self._columns:
                raise AttributeError(f"no column {name!r}; there are {', '.join(self._columns)}")
            return self._columns[name]

    def __init__(
        self,
        derivation: Derivation,
        ids: Ids,
        digests: np.typing.NDArray[np.uint8],
        columns: Mapping[str, Column] | Reals,
    ) -> None:
        Columns.__init__(self, ids, digests, columns, derivation.space)  # super() takes longer
        self.derivation = derivation
        self._index = None

    @classmethod
    def empty(
        cls,
        size: int,
        space: Space | np.typing.DTypeLike | None = None,
        dtype: np.typing.DTypeLike = np.float64,
    ) -> AugmentationBatch:
        """A batch of `size` blank samples, for generate_augmentation_batch(..., out=batch).

        `space`: what declares the columns, a Space or a config; None is the default config. A
        dtype may stand in its place. `dtype`: float64 or float32, of the real numbers.
        """
        if space is not None and not isinstance(space, Space):
            if dtype is not np.float64 or isinstance(space, Mapping):
                raise TypeError(f"space must be a Space, a config or a dtype, got {space!r}")
            dtype = space
            space = None
        ids = Listed(np.zeros(not_negative("size", size), np.uint64))
        epoch = 0 if space is not None and space.scheduled else None  # any one
        return derive(space, epoch).blank(ids, float_type(dtype))

    @classmethod
    def concatenate(cls, batches: Iterable[AugmentationBatch]) -> AugmentationBatch:
        """The samples of all batches, in order.

        Raises ValueError if the batches differ in config, key, dtype or kind of ids, or if
        there are none.
        """
        batches = list(batches)
        if not batches:
            raise ValueError("concatenate needs at least one batch")
        for at, batch in enumerate(batches):
            if not isinstance(batch, AugmentationBatch):
                raise TypeError(f"batches[{at}] must be an AugmentationBatch, got {batch!r}")
            batches[0].require_same(batch, at)
        return cls.joined(batches)

    def require_same(self, other: AugmentationBatch, at: int) -> None:
        """Raises ValueError if batch number `at` has another config, key or dtype."""
        for name in ("config", "key", "dtype"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError(
                    f"batches differ in their {name}: {mine} in the first, {theirs} in number {at}"
                )

    def _with(
        self, ids: Ids, digests: np.typing.NDArray[np.uint8], columns: Mapping[str, Column]
    ) -> Self:
        return type(self)(self.derivation, ids, digests, columns)

    @property
    def _stated(self) -> Key:
        """What dicts and texts state of the key."""
        return self.key

    @property
    def sample_ids(self) -> np.typing.NDArray[np.uint64] | tuple[str, ...]:
        """The ids as uint64, shape (n,), or as a tuple of str."""
        return self.ids.public

    @overload
    def __getitem__(self, item: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, item: slice) -> AugmentationBatch: ...
    @overload
    def __getitem__(self, item: str) -> Column: ...
    def __getitem__(self, item: int | slice | str) -> dict[str, Any] | AugmentationBatch | Column:
        if isinstance(item, str):
            self._require(item)
            return self._columns[item]
        if isinstance(item, slice):
            return self.part(item)
        at = integer("an index", item)
        if not -len(self) <= at < len(self):
            raise IndexError(f"there is no sample {at} in a batch of {len(self)}")
        at %= len(self)
        return next(self.part(slice(at, at + 1)).rows(self._stated.rank))

    @property
    def loc(self) -> ById:
        """Samples by their ids; `batch.loc[17]` is a dict, `batch.loc[[17, 42]]` a batch.

        The first use sorts listed ids, or puts strings into a dict. Raises KeyError.
        """
        from dpa.derivation.lookup import ById, Index  # few programs need it

        if self._index is None:
            self._index = Index(self.ids)
        return ById(self, self._index)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return chain.from_iterable(part.rows(self._stated.rank) for part in self.parts(1024))

    def to_dicts(self) -> list[dict[str, Any]]:
        """A list of dicts: the parameters, the hash, and the rank if the key has one."""
        return self.rows(self._stated.rank).tolist()

    def to_structured(self) -> np.typing.NDArray[np.void]:
        """A structured array: sample_id (uint64, or object for str), the parameters, digest."""
        ids = self.sample_ids
        id_type = np.uint64 if isinstance(ids, np.ndarray) else np.object_
        fields: list[Any] = [("sample_id", id_type)]
        fields += [(name, x.dtype, x.shape[1:]) for name, x in self._columns.items()]
        table = np.empty(len(self), [*fields, ("digest", np.uint8, (32,))])
        table["sample_id"] = ids
        table["digest"] = self.digests
        for name, column in self._columns.items():
            table[name] = column
        return table

    def digest(self) -> SampleDigest:
        """The digest of the samples as they are in the arrays; digests of parts add up."""
        from dpa.derivation.digest import SampleDigest  # which imports this module

        total = SampleDigest()
        total.update(self)
        return total

    def statistics(self) -> Summary:
        """Mean, stdev, min, max and count of each parameter, as compute_statistics returns them."""
        from dpa.derivation.statistics import compute_statistics  # not every process needs it

        return compute_statistics(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return AugmentationBatch, (self.derivation, self.ids, self.digests, self._columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AugmentationBatch):
            return NotImplemented
        return (
            self.derivation == other.derivation
            and self.ids == other.ids
            and np.array_equal(self.digests, other.digests)
            and all(
                a.dtype == b.dtype and np.array_equal(a, b)
                for a, b in zip(self._columns.values(), other._columns.values(), strict=True)
            )
        )

    def __repr__(self) -> str:
        from dpa.derivation.display import batch_text

        return f"<{batch_text(self)}>"

    def _repr_html_(self) -> str:
        from dpa.derivation.display import batch_table

        return batch_table(self)


#: The type of `out=`: a batch, or a mapping of names (and "digests") to arrays.
Out: TypeAlias = AugmentationBatch | Mapping[str, Column]
