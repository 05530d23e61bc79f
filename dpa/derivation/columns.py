"""Columns: the form in which the package passes many samples around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeAlias

import numpy as np

from dpa._native import Rows
from dpa.derivation.ids import Ids
from dpa.derivation.rows import check_fields, column_of, digests_of
from dpa.derivation.space import Space

#: float64 or float32; int64, uint64, bool, or int32 codes of choices.
Column: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]  # numpy.typing is not imported
#: A column of real numbers.
Reals: TypeAlias = (
    np.ndarray[tuple[Any, ...], np.dtype[np.float64]]
    | np.ndarray[tuple[Any, ...], np.dtype[np.float32]]
)
#: Which samples have a parameter, shape (n,).
Mask: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[np.bool_]]
#: Indices of samples, for `take`.
Places: TypeAlias = "Sequence[int] | np.typing.NDArray[np.integer]"

_FLOAT64, _UINT64 = np.dtype(np.float64), np.dtype(np.uint64)
_REALS = _FLOAT64, np.dtype(np.float32)


class Columns:
    """n samples: ids, hashes (uint8, shape (n, 32)), and columns of shape (n, ...) by name.

    `columns`: arrays by name, or one array (columns, n) of a plain space. `space`: what declares
    the columns.
    """

    __slots__ = ("_block", "_named", "digests", "ids", "space")
    __hash__ = None  # type: ignore[assignment]  # arrays are mutable

    def __init__(
        self,
        ids: Ids,
        digests: np.typing.NDArray[np.uint8],
        columns: Mapping[str, Column] | Reals,
        space: Space,
    ) -> None:
        self.ids = ids
        self.digests = digests
        self.space = space
        self._block: Reals | None = None
        self._named: dict[str, Column] | None = None
        if isinstance(columns, np.ndarray):
            self._block = columns
        else:  # in the order of dicts and digests
            self._named = {name: columns[name] for name in space.names}

    @staticmethod
    def from_rows(
        rows: Sequence[Mapping[str, Any]],
        space: Space,
        ids: Ids | None,
        first: int,
        rank: int | None = None,
    ) -> Columns:
        """Dicts of all parameters of a space as columns.

        `first`: the index of rows[0] among all samples, for messages. `ids` None: each row has
        its own id. `rank`: the rank that each row must state; None if rows have none. Raises
        ValueError or TypeError that names the sample.
        """
        fields = {*space.names, "hash"}
        fields |= {"id"} if ids is None else set()
        fields |= {"rank"} if rank is not None else set()
        for at, row in enumerate(rows, first):
            check_fields(row, fields, rank, at)
        columns = {name: column_of(rows, name, first, each) for name, each in space.parameters}
        require_finite(columns, first)
        if ids is None:
            ids = Ids.checked([row["id"] for row in rows])
        return Columns(ids, digests_of(rows, first), columns, space)

    @property
    def _columns(self) -> dict[str, Column]:
        """Views of the block, made when first asked for: a small batch takes less time."""
        if self._named is None:
            assert self._block is not None
            self._named = dict(zip(self.space.names, self._block, strict=True))
        return self._named

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

    @property
    def buffers(self) -> Reals | tuple[Column, ...]:
        """The arrays of the parameters as a Request takes them, in one array if they are."""
        return self.values if self._block is None else self._block

    def _with(
        self, ids: Ids, digests: np.typing.NDArray[np.uint8], columns: Mapping[str, Column]
    ) -> Self:
        """Other samples with the same origin."""
        return type(self)(ids, digests, columns, self.space)

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
        count = len(self)
        if 0 < count <= size:
            yield self
            return
        for first in range(0, count, size):
            yield self.part(slice(first, first + size))

    @classmethod
    def joined(cls, blocks: Sequence[Self]) -> Self:
        """Copies of the samples of all blocks in order; needs at least one block."""
        first = blocks[0]
        columns = {
            name: np.concatenate([block._columns[name] for block in blocks])
            for name in first._columns
        }
        digests = np.concatenate([block.digests for block in blocks])
        return first._with(Ids.concatenate(block.ids for block in blocks), digests, columns)

    def stored(self) -> Columns:
        """A copy as files store it, in float64, so that the caller may reuse its own arrays."""
        columns = {name: np.array(column) for name, column in self.exact().items()}
        return Columns(self.ids, np.array(self.digests), columns, self.space)

    def exact(self) -> dict[str, Column]:
        """The columns by name, C-contiguous, the real numbers as float64."""
        return {name: _exact(column) for name, column in self._columns.items()}

    def _require(self, name: str) -> None:
        if name not in self._columns:
            raise KeyError(f"no column {name!r}; the columns are {', '.join(self._columns)}")

    def active(self, name: str) -> Mask:
        """Which samples have this parameter: bool, shape (n,). Raises KeyError."""
        self._require(name)
        mask = self.space.mask(name, self._columns)
        return np.ones(len(self), np.bool_) if mask is None else mask

    def rows(self, rank: int | None = None) -> Rows:
        """The samples as dicts: the active parameters, the hash, and the rank if one is given."""
        values: Column | tuple[Column, ...]
        if self._block is None or self._block.dtype != _FLOAT64:
            values = tuple(self.exact().values())
        else:
            values = self._block
        return Rows(self.space.form, values, np.ascontiguousarray(self.digests), len(self), rank)

    def labels(self, name: str) -> np.typing.NDArray[Any]:
        """The choices that a column's codes stand for, shape (n, ...). TypeError for others."""
        self._require(name)
        column = self._columns[name]
        choices = self.space[name].choices
        if choices is None:
            raise TypeError(f"{name} holds no choices but its values: batch[{name!r}]")
        return np.array(choices)[column.view(np.uint32)]

    def objects(self, name: str, part: slice = slice(None)) -> list[Any]:
        """A column's values as Python objects, inactive ones too."""
        column = _exact(self._columns[name][part])
        choices = self.space[name].choices
        if choices is not None:
            column = np.array(choices, np.object_)[column.view(np.uint32)]  # no code is negative
        values: list[Any] = column.tolist()
        return values

    def rounded(self, dtype: np.typing.DTypeLike) -> dict[str, Column]:
        """The columns, real numbers rounded to float64 or float32: copies where that is another."""
        with np.errstate(all="ignore"):  # a value may become subnormal; that is fine
            return {
                name: column.astype(dtype, copy=False) if column.dtype.kind == "f" else column
                for name, column in self._columns.items()
            }

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the real numbers, float64 or float32."""
        for column in self._columns.values():  # a generator would lose a Ctrl-C when it is closed
            if column.dtype.kind == "f":
                return column.dtype
        return _FLOAT64

    def require_sound(self) -> None:
        """Raises ValueError if shapes or dtypes do not fit: their owner may change arrays."""
        dtype, size = self.dtype, len(self)
        if dtype.kind != "f" or dtype.itemsize not in (4, 8):  # of either byte order
            raise ValueError(f"columns must be float64 or float32, got {dtype}")
        forms: dict[str, np.dtype[Any]] = {"digests": np.dtype((np.uint8, (32,)))}
        forms |= self.space.forms(dtype)
        arrays: dict[str, np.typing.NDArray[Any]] = {"digests": self.digests, **self._columns}
        for name, array in arrays.items():
            form = forms[name]
            if array.shape != (size, *form.shape) or array.dtype != form.base:
                raise ValueError(
                    f"{name} must have shape {(size, *form.shape)} and dtype {form.base}, "
                    f"got {array.shape} and {array.dtype}"
                )

    def differing(self, other: Columns, names: Iterable[str] | None = None) -> Differences:
        """Compares hashes and columns with those of other samples, bit by bit, index by index.

        `names`: the columns to compare, None for all.
        """
        mine, theirs = self._columns, other._columns
        fields = {"hash": _rows_of(_words(self.digests) != _words(other.digests))}
        for name in mine if names is None else names:
            fields[name] = _rows_of(_bits(mine[name]) != _bits(theirs[name]))
        return Differences(self, other, fields)

    def hashes(self) -> list[str]:
        """The hashes as text, 64 hex characters each."""
        text = self.digests.tobytes().hex()
        return [text[at : at + 64] for at in range(0, len(text), 64)]

    def field(self, name: str, at: int) -> Any:
        """One sample's value of a parameter, active or not, or its hash as 64 hex characters."""
        if name == "hash":
            return bytes(self.digests[at]).hex()
        return self.objects(name, slice(at, at + 1))[0]

    def __len__(self) -> int:
        return len(self.ids)


class Differences:
    """Where two blocks of samples differ in their bits: a mask (n,) for each field, hash first."""

    __slots__ = ("fields", "found", "wanted", "wrong")

    def __init__(
        self, found: Columns, wanted: Columns, fields: dict[str, np.typing.NDArray[np.bool_]]
    ) -> None:
        self.found = found
        self.wanted = wanted
        self.fields = fields
        #: The indices of the samples that differ.
        self.wrong = np.logical_or.reduce(list(fields.values())).nonzero()[0]

    def names(self, at: int) -> list[str]:
        """The fields in which sample `at` differs."""
        return [name for name, differs in self.fields.items() if differs[at]]

    def first(self) -> tuple[int, str, Any, Any]:
        """The first sample that differs: its index, the field, the found and the wanted value."""
        at = int(self.wrong[0])
        name = self.names(at)[0]
        return at, name, self.found.field(name, at), self.wanted.field(name, at)


def _exact(column: Column) -> Column:
    flags, wanted = column.flags, _FLOAT64 if column.dtype.kind == "f" else column.dtype
    if flags.c_contiguous and flags.aligned and column.dtype is wanted:
        return column  # np.require takes a microsecond
    # Aligned, too: what came by a network need not be.
    return np.require(column, wanted, ["C", "A"])


def _bits(column: Column) -> np.typing.NDArray[Any]:
    """What equal values have in common: of real numbers the bits, of other types the values."""
    real = column.dtype.kind == "f"
    return column.astype(_FLOAT64, copy=False).view(_UINT64) if real else column


def _words(digests: np.typing.NDArray[np.uint8]) -> np.typing.NDArray[np.uint64]:
    """The hashes as four words each, which are compared faster than bytes."""
    return np.ascontiguousarray(digests).view(_UINT64)


def _rows_of(differs: np.typing.NDArray[np.bool_]) -> np.typing.NDArray[np.bool_]:
    """In which rows anything differs, shape (n,)."""
    if differs.ndim == 1:
        return differs
    if not differs.any():  # ten times as fast as asking row by row
        return np.zeros(len(differs), np.bool_)
    rows: np.typing.NDArray[np.bool_] = np.logical_or.reduce(
        differs.reshape(len(differs), -1), axis=1
    )
    return rows


def float_type(dtype: np.typing.DTypeLike) -> np.dtype[Any]:
    """float64 or float32, given by any of its names."""
    if dtype is np.float64:
        return _FLOAT64
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be float64 or float32, got {dtype!r}") from None
    if found not in _REALS:
        raise ValueError(f"dtype must be float64 or float32, got {found}")
    return found


def require_finite(columns: Mapping[str, Column], first: int) -> None:
    """Raises ValueError if a value is NaN or infinite; names the sample, counted from `first`."""
    for name, values in columns.items():
        # Counting takes half the time of all().
        if values.dtype.kind == "f" and np.count_nonzero(np.isfinite(values)) < values.size:
            sound = np.isfinite(values).reshape(len(values), -1).all(axis=1)
            at = int(np.argmin(sound))
            raise ValueError(f"{name} of sample {first + at} must be finite, got {values[at]}")
