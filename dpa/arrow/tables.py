"""Columns of a foreign table as samples again, whatever an engine has made of their types."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.arrow.arrays import digests_of
from dpa.arrow.ids import as_plain
from dpa.arrow.schema import HASH
from dpa.checks import extra, printable
from dpa.derivation.columns import Column, Mask
from dpa.derivation.distributions import Distribution
from dpa.derivation.space import Space

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa
    import pyarrow.compute as pc


def batches_of(source: Any) -> Iterator[pa.RecordBatch]:
    """The batches of a table, a batch, a reader, or whatever has an Arrow stream.

    polars' frames, DuckDB's relations and pandas' frames have one. Raises TypeError.
    """
    if isinstance(source, pa.RecordBatch):
        return iter([source])
    if isinstance(source, pa.Table):  # whose stream of views crashes in pyarrow 18 to 20
        return iter(source.to_batches())
    if isinstance(source, pa.RecordBatchReader):
        return iter(source)
    if not hasattr(source, "__arrow_c_stream__"):
        raise TypeError(f"a table or a stream of Arrow is needed, got {type(source).__name__}")
    return iter(pa.RecordBatchReader.from_stream(source))


def require_columns(there: Iterable[Any], names: Iterable[str]) -> None:
    """Raises ValueError for the first name that is not there."""
    columns = list(there)
    for name in names:
        if name not in columns:
            found = printable(", ".join(map(str, columns)))
            raise ValueError(f"no column {name!r}; there are {found}")


def column_of(table: pa.Table | pa.RecordBatch, name: str) -> Any:
    """One column. Raises ValueError where it is missing, or there more than once."""
    names = table.schema.names
    require_columns(names, [name])
    if names.count(name) > 1:
        raise ValueError(f"{names.count(name)} columns are called {name!r}: rename or drop some")
    return table.column(name)


def read_parameter(array: pa.Array, distribution: Distribution) -> tuple[Column, Mask]:
    """A column (n, ...), and which rows hold a value of the distribution; others are zeros.

    Integers may come as decimals, strings as dictionaries, lists as any lists. Raises ValueError
    for a type that holds no such values.
    """
    shape, choices = distribution.item_shape, distribution.choices
    flat, sound = _flat(array, shape)
    wanted = pa.from_numpy_dtype(distribution.dtype)
    if choices is not None:
        known = pa.array(choices)
        known = known.cast(pa.large_string()) if known.type == pa.string() else known
        wanted = known.type
    found = _cast(flat, wanted)
    if choices is not None:
        found = pc.index_in(found, known).fill_null(-1)
    values = np.asarray(found.to_numpy(zero_copy_only=False), distribution.dtype)
    values = values.reshape(int(np.count_nonzero(sound)), *shape)
    if len(values) < len(array):
        column = np.zeros((len(array), *shape), distribution.dtype)
        column[sound] = values
        values = column
    if choices is not None:
        unknown = (values < 0).reshape(len(array), math.prod(shape)).any(axis=1)
        if unknown.any():
            sound = sound & ~unknown
            values = values * sound.reshape(-1, *(1,) * len(shape))
    return values, sound


def _flat(array: pa.Array, shape: tuple[int, ...]) -> tuple[pa.Array, Mask]:
    """The items of the rows that have this shape, one after the other, and which rows these are."""
    array = as_plain(array)
    if not shape:
        if not array.null_count:
            return array, np.ones(len(array), np.bool_)
        return array.drop_null(), np.asarray(array.is_valid())
    try:
        sound = np.asarray(pc.equal(pc.list_value_length(array), shape[0]).fill_null(False))
    except pa.ArrowNotImplementedError:
        raise ValueError(f"the values must be lists of {shape[0]}, got {array.type}") from None
    if not sound.all():
        array = array.filter(pa.array(sound))
    items, whole = _flat(array.flatten(), shape[1:])
    rows = whole.reshape(len(array), shape[0]).all(axis=1)
    if not rows.all():
        kept = np.repeat(np.repeat(rows, shape[0])[whole], math.prod(shape[1:]))
        items = items.filter(pa.array(kept))
        sound[sound] = rows
    return items, sound


def read_hashes(array: pa.Array) -> tuple[npt.NDArray[np.uint8], Mask]:
    """Hashes (n, 32) of any type of binary, and which rows hold one; others are zeros.

    Raises ValueError for other types.
    """
    array = as_plain(array)
    if array.type == HASH and not array.null_count:
        return digests_of(array), np.ones(len(array), np.bool_)
    array = _cast(array, pa.large_binary())
    sound = np.asarray(pc.equal(pc.binary_length(array), 32).fill_null(False))
    if not sound.all():
        array = array.filter(pa.array(sound))
    found = digests_of(array.cast(HASH)) if len(array) else np.empty((0, 32), np.uint8)
    if sound.all():
        return found, sound
    digests = np.zeros((len(sound), 32), np.uint8)
    digests[sound] = found
    return digests, sound


def _cast(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """The array as another type. Raises ValueError where a value or a type does not fit."""
    # pyarrow casts between more of them: 0.3 to true, "7" to 7.
    if _kind(array.type) not in (_kind(type_), "null"):
        pickled = array.type in (pa.binary(), pa.large_binary())
        hint = " (pickled objects, if Ray's row functions made it)" if pickled else ""
        raise ValueError(f"the values must be {type_}, got {array.type}{hint}")
    try:
        return array.cast(type_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(
            f"the values must be {type_}, got {array.type}: {printable(str(error))}"
        ) from None


def _kind(type_: pa.DataType) -> str:
    """The kind that engines keep when they change a type."""
    types = pa.types
    if types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_):
        return "number"
    if types.is_fixed_size_binary(type_) or type_ in (pa.binary(), pa.large_binary()):
        return "bytes"
    return "bytes" if type_ == pa.large_string() else str(type_)


def read_table(
    batch: pa.RecordBatch,
    space: Space,
    prefix: str,
    rows: Mask | None,
) -> tuple[dict[str, Column], npt.NDArray[np.uint8] | None, dict[str, Mask]]:
    """The columns of a batch by parameter, the hashes, and which rows hold each.

    `rows`: which rows to read, None for all. The hashes are None where there is no such column.
    Raises ValueError naming a column.
    """

    def named(name: str, read: Any) -> Any:
        array = column_of(batch, prefix + name)
        try:
            if rows is not None:
                array = as_plain(array)
                array = array.cast(_without_views(array.type)).filter(pa.array(rows))
            return read(array)
        except ValueError as error:
            raise ValueError(f"column {prefix + name!r}: {error}") from None

    columns: dict[str, Column] = {}
    sound: dict[str, Mask] = {}
    digests = None
    if prefix + "hash" in batch.schema.names:
        digests, sound["hash"] = named("hash", read_hashes)
    for name, each in space.parameters:
        columns[name], sound[name] = named(name, partial(read_parameter, distribution=each))
    return columns, digests, sound


def _without_views(type_: pa.DataType) -> pa.DataType:
    """The type that filter() knows in place of views, which polars has."""
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.large_list(_without_views(type_.value_type))
    plain = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
    return plain.get(type_, type_)
