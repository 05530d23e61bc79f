"""Ids, parameters and hashes as Arrow arrays, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dpa.arrow.schema import HASH, IDS, parameter_type
from dpa.checks import extra
from dpa.derivation.columns import Column
from dpa.derivation.distributions import Distribution
from dpa.derivation.ids import Ids, Texts

with extra("parquet", "dpa.arrow needs pyarrow"):
    import pyarrow as pa
    import pyarrow.compute as pc


def id_array(ids: Ids) -> pa.Array:
    """Ids as an array of uint64 or string."""
    if not isinstance(ids, Texts):
        return pa.array(ids.public)
    buffers = [None, *map(pa.py_buffer, (ids.offsets, ids.utf8))]
    return pa.Array.from_buffers(pa.large_string(), len(ids), buffers).cast(IDS["string"])


def ids_of(array: pa.Array) -> Ids:
    """The ids of an array of uint64 or string that is sound: `validate(full=True)` has passed."""
    if array.type != IDS["string"]:
        return Ids.checked(array.to_numpy())
    large = array.cast(pa.large_string())
    _, offsets, utf8 = large.buffers()
    bounds = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
    return Texts(np.frombuffer(utf8 or b"", np.uint8), bounds)


def parameter_array(column: Column, distribution: Distribution | None) -> pa.Array:
    """A parameter's column, C-contiguous, as an array of parameter_type()."""
    found = pa.array(column.reshape(-1))
    if distribution is not None and distribution.choices is not None:
        choices = pa.array(distribution.choices)
        if choices.type == pa.string():
            found = pa.DictionaryArray.from_arrays(found, choices)
        else:
            found = choices.take(found)
    type_ = parameter_type(distribution)
    return _listed(found, type_)


def _listed(values: pa.Array, type_: pa.DataType) -> pa.Array:
    """Flat values as lists of fixed sizes."""
    if not pa.types.is_fixed_size_list(type_):
        return values
    return pa.FixedSizeListArray.from_arrays(_listed(values, type_.value_type), type=type_)


def parameter_of(array: pa.Array, distribution: Distribution | None) -> Column:
    """The inverse; choices that are none of the distribution's have the code -1."""
    size = len(array)
    while pa.types.is_fixed_size_list(array.type):
        array = array.flatten()
    if distribution is None:
        reals: Column = array.to_numpy()
        return reals
    if distribution.choices is not None:
        known = pa.array(distribution.choices)
        if pa.types.is_dictionary(array.type):
            codes = pc.index_in(array.dictionary, known).fill_null(-1).to_numpy()
            found = codes[array.indices.to_numpy()] if len(codes) else np.empty(0, np.int32)
        else:
            found = pc.index_in(array, known).fill_null(-1).to_numpy()
    else:
        found = array.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(found, distribution.dtype).reshape(size, *distribution.item_shape)


def hash_array(digests: npt.NDArray[np.uint8]) -> pa.Array:
    """C-contiguous hashes, uint8 (n, 32), as an array of binary(32) on the same memory."""
    buffers = [None, pa.py_buffer(digests)]
    return pa.FixedSizeBinaryArray.from_buffers(HASH, len(digests), buffers)


def digests_of(array: pa.Array) -> npt.NDArray[np.uint8]:
    """The hashes of an array of binary(32), uint8 (n, 32), on the same memory."""
    found = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, 32)
    return found[array.offset : array.offset + len(array)]
