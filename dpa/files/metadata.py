"""Metadata: what a file states about its samples, enough to generate them again."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

import numpy as np

from dpa.checks import LIMIT, brief, integer, word
from dpa.derivation.columns import Column, require_finite
from dpa.derivation.config import ALGORITHM, DEFAULT, space_of
from dpa.derivation.derivation import Derivation
from dpa.derivation.digest import SampleDigest
from dpa.derivation.frozen import Frozen
from dpa.derivation.ids import MANY, Consecutive, Ids
from dpa.derivation.keys import NO_KEY, Key
from dpa.derivation.space import Space, require_names

_KIND: dict[str, Any] = {"format": "dpa-chain", "version": 2, "algorithm": ALGORITHM}
#: The fields in JSON, in this order; `space` and the parts of the key may be null.
_FIELDS = (
    *(*_KIND, "space", "base_seed", "epoch", "view", "rank"),
    *("world_size", "start_id", "id_type", "dtype"),
)


def require_kind(fields: Mapping[str, Any], kind: Mapping[str, Any]) -> None:
    """Raises ValueError for a document of another format, version or algorithm."""
    for name, known in kind.items():
        value = fields.get(name)
        if type(value) is not type(known) or value != known:
            raise ValueError(f"{name} {brief(value)} is not the {known!r} that this dpa reads")


class Metadata(Frozen):
    """What generates the samples, and how their ids and values are stored.

    `space`: None is unknown. `start_id`: the first of consecutive ids; None means that ids are
    listed, as integers or, if `id_type` is "string", as strings. `dtype`: that of the saved
    batch, "float64" or "float32"; files store float64 in either case.
    """

    __slots__ = ("space", "key", "world_size", "start_id", "id_type", "dtype")  # noqa: RUF023 (in the constructor's order)

    space: Space | None
    key: Key
    world_size: int | None
    start_id: int | None
    id_type: str
    dtype: str

    def __init__(
        self,
        space: Space | None,
        key: Key = NO_KEY,
        world_size: int | None = None,
        start_id: int | None = 0,
        id_type: str = "integer",
        dtype: str = "float64",
    ) -> None:
        if world_size is not None:
            world_size = int(world_size)  # json does not take NumPy's integers
        self._set(space=space, key=key, world_size=world_size)
        self._set(start_id=start_id, id_type=id_type, dtype=dtype)

    def replace(self, **changes: object) -> Self:
        """A copy with some fields changed."""
        return type(self)(**{**self._fields(), **changes})

    @classmethod
    def of(
        cls,
        derivation: Derivation,
        ids: Ids,
        world_size: int | None = None,
        dtype: str = "float64",
    ) -> Metadata:
        """The metadata of samples with these ids."""
        return Metadata(derivation.space, derivation.key, world_size, ids.start, ids.kind, dtype)

    @property
    def assumed_space(self) -> Space:
        """The space; for an unknown one the default config, whose columns the samples have."""
        return DEFAULT if self.space is None else self.space  # `or` would ask for its length

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of the digest."""
        return self.assumed_space.names

    def require_values(self, columns: Mapping[str, Column], first: int) -> None:
        """Raises ValueError for values that no file may have; samples count from `first`."""
        require_finite(columns, first)
        for name, each in self.assumed_space.parameters:
            labels = each.labels
            if labels is None or not columns[name].size:
                continue
            column = columns[name]
            codes: Column = column.view(np.uint8 if column.dtype == np.bool_ else np.uint32)
            wrong = np.asarray(codes >= len(labels)).reshape(len(column), -1).any(axis=1)
            if wrong.any():
                at = int(np.argmax(wrong))
                raise ValueError(
                    f"{name} of sample {first + at} must be codes below {len(labels)}, "
                    f"got {codes[at]}"
                )

    @property
    def derivation(self) -> Derivation | None:
        """What generates the samples; None if it is unknown."""
        return None if self.space is None else Derivation(self.space, self.key)

    def consecutive_ids(self, first: int, size: int) -> Ids | None:
        """The ids of samples first to first + size - 1; None if ids are listed.

        Raises ValueError if they exceed the range of ids.
        """
        if self.start_id is None:
            return None
        ids = range(self.start_id + first, self.start_id + first + size)
        if ids.stop > LIMIT:
            raise ValueError(f"the last id must be below 2**64, got {ids.stop - 1}")
        return Consecutive(ids)

    @property
    def stored(self) -> Metadata:
        """The metadata of a file that stores the samples."""
        return self

    def shared(self) -> dict[str, Any]:
        """The fields that the parts of one run share."""
        key = self.key._replace(rank=None)  # each rank may have a part
        return {"space": self.space, "key": key, "world_size": self.world_size}

    def expected_trailer(self, digest: SampleDigest) -> dict[str, Any]:
        """The trailer that fits the samples in the file. Raises ValueError."""
        return {"num_samples": digest.count, "digest": digest.hexdigest()}

    def to_dict(self) -> dict[str, Any]:
        """The metadata as files store it."""
        return {
            **_KIND,
            "space": None if self.space is None else _declaration(self.space),
            **{name: getattr(self.key, name) for name in ("base_seed", "epoch", "view", "rank")},
            "world_size": self.world_size,
            "start_id": self.start_id,
            "id_type": self.id_type,
            "dtype": self.dtype,
        }

    @staticmethod
    def from_dict(fields: Any) -> Metadata:
        """The inverse of to_dict. Raises ValueError or TypeError; the message names the field."""
        if not isinstance(fields, dict):
            raise TypeError(f"metadata must be an object, got {brief(fields)}")
        if fields.get("version") == 1 and fields.get("format") == _KIND["format"]:
            raise ValueError("it was written by an unreleased build of dpa: generate it again")
        require_kind(fields, _KIND)
        recipe = "num_samples" in fields
        require_names("metadata", fields, (*_FIELDS, *(("num_samples",) if recipe else ())))
        space = None if fields["space"] is None else _space(fields["space"])
        key = Key.checked(*(fields[name] for name in (*Key._fields, "world_size")))
        if space is not None:
            space.at(key.epoch)  # raises for numbers that do not fit together in it
        if fields["rank"] is not None and fields["base_seed"] is None:
            raise ValueError("a rank needs a base_seed")
        start_id, id_type, dtype = fields["start_id"], fields["id_type"], fields["dtype"]
        if start_id is not None:
            start_id = word("start_id", start_id)
        if id_type not in ("integer", "string"):
            raise ValueError(f"id_type must be 'integer' or 'string', got {brief(id_type)}")
        if start_id is not None and id_type == "string":
            raise ValueError(f"start_id must be null where ids are strings, got {start_id}")
        if dtype not in ("float64", "float32"):
            raise ValueError(f"dtype must be 'float64' or 'float32', got {brief(dtype)}")
        metadata = Metadata(space, key, fields["world_size"], start_id, id_type, dtype)
        return RecipeMetadata.checked(metadata, fields["num_samples"]) if recipe else metadata


@lru_cache(32)
def _declaration(space: Space) -> dict[str, Any]:
    """The JSON that declares the space; nobody changes it."""
    return space.declaration()


def _space(fields: Any) -> Space:
    """The space that JSON declares. Files of one run have the same, so the latest are kept."""
    try:
        data = marshal.dumps(fields, 2)  # a fifth of the time of JSON; equal bytes, equal JSON
    except ValueError:
        return space_of(fields)  # which says what is wrong
    return _kept_space(data)


@lru_cache(32)
def _kept_space(data: bytes) -> Space:
    return space_of(marshal.loads(data))


class RecipeMetadata(Metadata):
    """The metadata of a recipe, which stores no samples and stands for `num_samples` of them."""

    __slots__ = ("num_samples",)
    num_samples: int

    @classmethod
    def checked(cls, metadata: Metadata, num_samples: object) -> Self:
        """A recipe with these metadata. Raises TypeError or ValueError."""
        size, start = integer("num_samples", num_samples), metadata.start_id
        if metadata.space is None or start is None or metadata.dtype != "float64":
            raise ValueError("a recipe must have a space, a start_id and the dtype 'float64'")
        if not 0 <= size <= min(MANY, LIMIT - start):
            raise ValueError(
                f"num_samples must be 0 to 2**48 and 2**64 - start_id, got {brief(size)}"
            )
        space, key, world_size = metadata.space, metadata.key, metadata.world_size
        recipe = cls(space, key, world_size, start)
        recipe._set(num_samples=size)
        return recipe

    def __reduce__(self) -> tuple[Any, ...]:
        return RecipeMetadata.checked, (self.stored, self.num_samples)

    @property
    def derivation(self) -> Derivation:
        """What generates the samples."""
        assert self.space is not None
        return Derivation(self.space, self.key)

    @property
    def ids(self) -> range:
        """The ids of the samples that the recipe stands for."""
        assert self.start_id is not None
        return range(self.start_id, self.start_id + self.num_samples)

    @property
    def stored(self) -> Metadata:
        """The metadata of a file that stores the samples."""
        return Metadata(self.space, self.key, self.world_size, self.start_id)

    def expected_trailer(self, digest: SampleDigest) -> dict[str, Any]:
        """The trailer without its digest, which only generated samples can confirm."""
        if digest.count > 0:
            raise ValueError(f"a recipe stores no samples, this one has {digest.count}")
        return {"num_samples": self.num_samples}

    def to_dict(self) -> dict[str, Any]:
        """The metadata as files store it."""
        return {**self.stored.to_dict(), "num_samples": self.num_samples}
