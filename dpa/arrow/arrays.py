"""Ids and hashes as Arrow arrays, and back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dpa.arrow.schema import HASH, IDS
from dpa.checks import extra
from dpa.derivation.ids import Ids, Texts

with extra("parquet", "dpa.arrow needs pyarrow"):
    import pyarrow as pa


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


def hash_array(digests: npt.NDArray[np.uint8]) -> pa.Array:
    """C-contiguous hashes, uint8 (n, 32), as an array of binary(32) on the same memory."""
    buffers = [None, pa.py_buffer(digests)]
    return pa.FixedSizeBinaryArray.from_buffers(HASH, len(digests), buffers)


def digests_of(array: pa.Array) -> npt.NDArray[np.uint8]:
    """The hashes of an array of binary(32), uint8 (n, 32), on the same memory."""
    found = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, 32)
    return found[array.offset : array.offset + len(array)]
