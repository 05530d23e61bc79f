"""Parameters and hashes as Arrow arrays, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dpa.arrow.schema import HASH, parameter_type, plain_type
from dpa.checks import extra
from dpa.derivation.columns import Column
from dpa.derivation.distributions import Distribution

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa
    import pyarrow.compute as pc


def parameter_array(column: Column, distribution: Distribution) -> pa.Array:
    """A parameter's column, C-contiguous, as an array of parameter_type()."""
    found = pa.array(column.reshape(-1))
    if distribution.choices is not None:
        choices = pa.array(distribution.choices)
        if choices.type == pa.string():
            found = pa.DictionaryArray.from_arrays(found, choices)
        else:
            found = choices.take(found)
    return _listed(found, parameter_type(distribution)) if distribution.item_shape else found


def _listed(values: pa.Array, type_: pa.DataType) -> pa.Array:
    """Flat values as lists of fixed sizes."""
    if not pa.types.is_fixed_size_list(type_):
        return values
    return pa.FixedSizeListArray.from_arrays(_listed(values, type_.value_type), type=type_)


def parameter_of(array: pa.Array, distribution: Distribution) -> Column:
    """The inverse; choices that are none of the distribution's have the code -1."""
    size = len(array)
    for _ in distribution.item_shape:
        array = array.flatten()
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
    size, offset = 32 * len(array), 32 * array.offset  # a buffer may end with padding
    return np.frombuffer(array.buffers()[1] or b"", np.uint8, size, offset).reshape(-1, 32)


def plain_array(column: Column, distribution: Distribution) -> pa.Array:
    """A parameter's column as an array of plain_type()."""
    return parameter_array(column, distribution).cast(plain_type(distribution))


def plain_hash_array(digests: npt.NDArray[np.uint8]) -> pa.Array:
    """Hashes as an array of binary on the same memory; at most 2**26 - 1 of them."""
    offsets = np.arange(len(digests) + 1, dtype=np.int32) * np.int32(32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(digests)]
    return pa.Array.from_buffers(pa.binary(), len(digests), buffers)
