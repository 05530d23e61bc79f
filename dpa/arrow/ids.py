"""Ids as Arrow arrays, and back from every type in which engines hold integers and strings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.arrow.schema import IDS
from dpa.checks import count_of, extra
from dpa.derivation.ids import Ids, Listed, Texts

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa
    import pyarrow.compute as pc

#: Which rows have an id, bool (n,); None if all have one.
Present: TypeAlias = "npt.NDArray[np.bool_] | None"


def id_array(ids: Ids) -> pa.Array:
    """Ids as an array of uint64 or string."""
    if not isinstance(ids, Texts):
        return pa.array(ids.public)
    buffers = [None, *map(pa.py_buffer, (ids.offsets, ids.utf8))]
    return pa.Array.from_buffers(pa.large_string(), len(ids), buffers).cast(IDS["string"])


def ids_of(array: pa.Array | pa.ChunkedArray) -> Ids:
    """The ids of integers, strings, decimals without fractions, or dictionaries of these.

    uint64 and the text of strings are not copied. Raises TypeError for other types, ValueError
    for nulls, for numbers that are no ids and for text that is not UTF-8.
    """
    ids, present = present_ids(array)
    if present is not None:
        at, count = int(np.argmin(present)), int(np.count_nonzero(~present))
        raise ValueError(
            f"ids must not be null, got {count_of(count, 'null')}, the first at index {at}: "
            "leave them out, fill them, or say nulls='null'"
        )
    return ids


@contextmanager
def counted_from(before: int) -> Iterator[None]:
    """Errors of a part of a table say which row is index 0, unless it is the first."""
    try:
        yield
    except ValueError as error:
        if before == 0:
            raise
        raise ValueError(f"{error} (index 0 is row {before})") from None


def present_ids(array: pa.Array | pa.ChunkedArray) -> tuple[Ids, Present]:
    """The ids that are not null, and where they stand. Raises as ids_of does."""
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    found = [_of_chunk(chunk) for chunk in chunks]
    ids = Ids.concatenate(ids for ids, _ in found)
    if all(present is None for _, present in found):
        return ids, None
    masks = [np.ones(len(i), np.bool_) if m is None else m for i, m in found]
    return ids, np.concatenate(masks)


def _of_chunk(array: pa.Array) -> tuple[Ids, Present]:
    plain, present = as_plain(array), None
    if plain.null_count:
        present = plain.is_valid().to_numpy(zero_copy_only=False)
        plain = plain.drop_null()
    return _of_plain(plain), present


def as_plain(array: pa.Array) -> pa.Array:
    """The same values without a dictionary, runs or an extension type; text and views large.

    Raises ValueError for text that is not UTF-8, and for broken offsets (pa.ArrowInvalid).
    """
    type_ = array.type
    if isinstance(type_, pa.BaseExtensionType):
        return as_plain(array.storage)
    if pa.types.is_dictionary(type_):
        # The dictionary first: take() knows no string_view.
        return as_plain(array.dictionary).take(array.indices)
    if pa.types.is_run_end_encoded(type_):
        array.validate(full=True)
        return as_plain(pc.run_end_decode(array))
    if pa.types.is_decimal(type_) and type_.bit_width < 128:
        # Of smaller ones pyarrow's cast takes every integer as out of bounds.
        return array.cast(pa.decimal128(38, type_.scale))
    if pa.types.is_string(type_) or type_ in (pa.large_string(), pa.string_view()):
        try:
            array.validate(full=True)  # another language may have made it
        except pa.ArrowInvalid as error:
            raise ValueError(f"strings must be UTF-8: {error}") from None
        return array.cast(pa.large_string())
    if not pa.types.is_primitive(type_):
        array.validate(full=True)  # offsets that lead out of the memory
    return array.cast(pa.large_binary()) if type_ == pa.binary_view() else array


def _of_plain(array: pa.Array) -> Ids:
    """The ids of an array without nulls."""
    type_ = array.type
    if type_ == pa.large_string():
        _, offsets, utf8 = array.buffers()
        if len(array) == 0:
            return Texts(np.empty(0, np.uint8), np.zeros(1, np.int64))
        bounds = np.frombuffer(offsets, np.int64, len(array) + 1, 8 * array.offset)
        bounds = np.require(bounds, requirements="A")  # what came by Dask's network is not
        return Texts(np.frombuffer(utf8 or b"", np.uint8), bounds)
    if pa.types.is_integer(type_):
        return Listed.of_array(array.to_numpy(zero_copy_only=False), copy=False)
    if pa.types.is_decimal(type_):  # what Spark makes of uint64, DuckDB of its HUGEINT
        try:
            return Listed(array.cast(pa.uint64()).to_numpy())
        except pa.ArrowInvalid:
            ends = pc.min_max(array).as_py()
            raise ValueError(
                f"ids must be whole numbers of 0 to 2**64 - 1, got {type_} of {ends['min']} to "
                f"{ends['max']}"
            ) from None
    if pa.types.is_null(type_):
        return Ids.checked([])
    hint = ""
    if pa.types.is_floating(type_):
        hint = ": cast them to integers (pandas makes floats of integers with nulls)"
    raise TypeError(f"ids must be integers or strings, got {type_}{hint}")
