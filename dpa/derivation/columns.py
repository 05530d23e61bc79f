"""Columns: the form in which the package passes many samples around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa._columns import dicts
from dpa.checks import brief, real
from dpa.derivation.ids import Ids

Column: TypeAlias = npt.NDArray[np.float64] | npt.NDArray[np.float32]
#: Indices of samples, for `take`.
Places: TypeAlias = "Sequence[int] | npt.NDArray[np.integer]"

_FLOAT64 = np.dtype(np.float64)


class Columns:
    """n samples: ids, hashes (uint8, shape (n, 32)), and columns of shape (n,) by name."""

    __slots__ = ("_columns", "digests", "ids")
    __hash__ = None  # type: ignore[assignment]  # arrays are mutable

    def __init__(
        self, ids: Ids, digests: npt.NDArray[np.uint8], columns: Mapping[str, Column]
    ) -> None:
        self.ids = ids
        self.digests = digests
        self._columns = dict(columns)

    @staticmethod
    def from_rows(
        rows: Sequence[Mapping[str, Any]],
        names: Sequence[str],
        ids: Ids | None,
        first: int,
        rank: int | None = None,
    ) -> Columns:
        """Dicts as columns; `first` is the index of rows[0] among all samples, for messages.

        `ids` None: each row has its own id. `rank`: the rank that each row must state; None if
        rows have none. Raises ValueError or TypeError; the message names the sample.
        """
        fields = {*names, "hash"}
        fields |= {"id"} if ids is None else set()
        fields |= {"rank"} if rank is not None else set()
        for at, row in enumerate(rows, first):
            _check_fields(row, fields, rank, at)
        columns = {name: column_of(rows, name, first) for name in names}
        require_finite(columns, first)
        if ids is None:
            ids = Ids.checked([row["id"] for row in rows])
        return Columns(ids, _digests(rows, first), columns)

    @property
    def columns(self) -> dict[str, Column]:
        """The parameters' arrays by name."""
        return dict(self._columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in order."""
        return tuple(self._columns)

    @property
    def values(self) -> tuple[Column, ...]:
        """The parameters' arrays, in order."""
        return tuple(self._columns.values())

    def _with(
        self, ids: Ids, digests: npt.NDArray[np.uint8], columns: Mapping[str, Column]
    ) -> Self:
        """Other samples with the same origin."""
        return type(self)(ids, digests, columns)

    def part(self, part: slice) -> Self:
        """The samples of a slice, as views."""
        columns = {name: column[part] for name, column in self._columns.items()}
        return self._with(self.ids[part], self.digests[part], columns)

    def take(self, places: Places) -> Self:
        """Copies of the samples at these indices."""
        columns = {name: column[places] for name, column in self._columns.items()}
        return self._with(self.ids.take(places), self.digests[places], columns)

    def parts(self, size: int) -> Iterator[Self]:
        """All samples, at most `size` at a time, as views."""
        for first in range(0, len(self), size):
            yield self.part(slice(first, first + size))

    @classmethod
    def joined(cls, blocks: Sequence[Self]) -> Self:
        """The samples of all blocks in order; needs at least one block."""
        first = blocks[0]
        if len(blocks) == 1:
            return first
        columns = {
            name: np.concatenate([block._columns[name] for block in blocks])
            for name in first._columns
        }
        digests = np.concatenate([block.digests for block in blocks])
        return first._with(Ids.concatenate(block.ids for block in blocks), digests, columns)

    def stored(self) -> Columns:
        """A copy in float64, as files store it, so that the caller may reuse its own arrays."""
        columns = {name: np.array(column, np.float64) for name, column in self._columns.items()}
        return Columns(self.ids, np.array(self.digests), columns)

    def doubles(self) -> tuple[npt.NDArray[np.float64], ...]:
        """The columns in order, as contiguous float64."""
        return tuple(np.ascontiguousarray(x, np.float64) for x in self._columns.values())

    def rows(self, rank: int | None = None) -> list[dict[str, Any]]:
        """A list of dicts: the parameters, the hash, and the rank if one is given."""
        digests = np.ascontiguousarray(self.digests)
        return dicts(self.names, self.doubles(), digests, len(self), rank)

    def rounded(self, dtype: npt.DTypeLike) -> dict[str, Column]:
        """Copies of the columns, rounded to float64 or float32."""
        with np.errstate(all="ignore"):  # a value may become subnormal; that is fine
            return {name: column.astype(dtype) for name, column in self._columns.items()}

    def require_sound(self) -> None:
        """Raises ValueError if shapes or dtypes do not fit: their owner may change arrays."""
        size, dtype = len(self), self.values[0].dtype
        if dtype.name not in ("float64", "float32"):
            raise ValueError(f"columns must be float64 or float32, got {dtype}")
        arrays: dict[str, npt.NDArray[Any]] = {"digests": self.digests, **self._columns}
        for name, array in arrays.items():
            hashes = name == "digests"
            shape, wanted = ((size, 32), np.dtype(np.uint8)) if hashes else ((size,), dtype)
            if array.shape != shape or array.dtype != wanted:
                raise ValueError(
                    f"{name} must have shape {shape} and dtype {wanted}, got {array.shape} "
                    f"and {array.dtype}"
                )

    def differing(self, other: Columns, *, values: bool = True) -> Differences:
        """Compares these samples with others, bit by bit, index by index."""
        fields = {"hash": (self.digests != other.digests).any(axis=1)}
        for name in self._columns if values else ():
            pair = (np.asarray(c._columns[name], np.float64) for c in (self, other))
            mine, theirs = (x.view(np.uint64) for x in map(np.ascontiguousarray, pair))
            fields[name] = mine != theirs
        return Differences(self, other, fields)

    def hashes(self) -> list[str]:
        """The hashes as text, 64 hex characters each."""
        text = self.digests.tobytes().hex()
        return [text[at : at + 64] for at in range(0, len(text), 64)]

    def field(self, name: str, at: int) -> float | str:
        """One sample's value of a parameter, or its hash as 64 hex characters."""
        return bytes(self.digests[at]).hex() if name == "hash" else float(self._columns[name][at])

    def __len__(self) -> int:
        return len(self.ids)


class Differences:
    """Where two blocks of samples differ in their bits: a mask (n,) for each field, hash first."""

    __slots__ = ("fields", "found", "wanted", "wrong")

    def __init__(
        self, found: Columns, wanted: Columns, fields: dict[str, npt.NDArray[np.bool_]]
    ) -> None:
        self.found = found
        self.wanted = wanted
        self.fields = fields
        #: The indices of the samples that differ.
        self.wrong = np.flatnonzero(np.logical_or.reduce(list(fields.values())))

    def names(self, at: int) -> list[str]:
        """The fields in which sample `at` differs."""
        return [name for name, differs in self.fields.items() if differs[at]]

    def first(self) -> tuple[int, str, float | str, float | str]:
        """The first sample that differs: its index, the field, the found and the wanted value."""
        at = int(self.wrong[0])
        name = self.names(at)[0]
        return at, name, self.found.field(name, at), self.wanted.field(name, at)


def float_type(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """float64 or float32, given by any of its names."""
    if dtype is np.float64:
        return _FLOAT64
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be float64 or float32, got {dtype!r}") from None
    if found not in (_FLOAT64, np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {found}")
    return found


def require_finite(columns: Mapping[str, npt.NDArray[np.floating]], first: int) -> None:
    """Raises ValueError if a value is NaN or infinite; names the sample, counted from `first`."""
    for name, values in columns.items():
        if not np.isfinite(values).all():
            at = int(np.argmin(np.isfinite(values)))
            raise ValueError(f"{name} of sample {first + at} must be finite, got {values[at]}")


def column_of(rows: Sequence[Mapping[str, Any]], name: str, first: int) -> npt.NDArray[np.float64]:
    """One parameter of many dicts as an array; `first` is the index of rows[0], for messages."""
    try:
        values = [row[name] for row in rows]
    except (KeyError, IndexError, TypeError):
        for at, row in enumerate(rows, first):
            _check_row(row, at)
            if name not in row:
                raise ValueError(f"sample {at} has no {name!r}: {brief(row)}") from None
        raise
    if not set(map(type, values)) <= {float}:
        values = [real(f"{name} of sample {at}", value) for at, value in enumerate(values, first)]
    return np.array(values, np.float64)


def names_of(row: object) -> tuple[str, ...]:
    """The parameters of a dict: all its keys except hash and rank."""
    _check_row(row, 0)
    return tuple(name for name in row if name not in ("hash", "rank"))  # type: ignore[attr-defined]


def _check_row(row: object, at: int) -> None:
    if not isinstance(row, Mapping):
        raise TypeError(f"sample {at} must be a dict, got {brief(row)}")


def _check_fields(row: Mapping[str, Any], fields: set[str], rank: int | None, at: int) -> None:
    _check_row(row, at)
    if row.keys() != fields:
        missing, unknown = sorted(fields - row.keys()), sorted(row.keys() - fields, key=str)
        remedy = "; keep what is your own beside the samples, by their ids" if unknown else ""
        raise ValueError(
            f"sample {at}: missing fields {missing}, unknown fields {brief(unknown)}{remedy}"
        )
    if rank is not None and row["rank"] != rank:
        raise ValueError(f"sample {at} has rank {brief(row['rank'])} among samples of rank {rank}")


def _digests(rows: Iterable[Mapping[str, Any]], first: int) -> npt.NDArray[np.uint8]:
    digests = bytearray()
    for at, row in enumerate(rows, first):
        text = row["hash"]
        if not is_hex_digest(text):
            raise ValueError(
                f"hash of sample {at} must be 64 lowercase hex digits, got {brief(text)}"
            )
        digests += bytes.fromhex(text)
    return np.frombuffer(digests, np.uint8).reshape(-1, 32)


def is_hex_digest(text: object) -> bool:
    """Whether `text` is a str of 64 lowercase hex digits."""
    return isinstance(text, str) and len(text) == 64 and not text.strip("0123456789abcdef")
