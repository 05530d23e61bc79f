"""`out=`: arrays of the caller that samples are written to."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from dpa._columns import address
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import AugmentationBatch, Out
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space

_DIGEST = np.dtype((np.uint8, (32,)))


def arrays_of(out: Out, space: Space, ids: Ids) -> Columns:
    """The arrays of `out`, checked: each must fit these ids, and no two may overlap."""
    if isinstance(out, AugmentationBatch):
        arrays: dict[str, np.typing.NDArray[Any]] = {**out.columns, "digests": out.digests}
    elif isinstance(out, Mapping):
        arrays = dict(out)
    else:
        raise TypeError(f"out must be an AugmentationBatch or a mapping, got {type(out).__name__}")
    names, size = space.names, len(ids)
    for name in names:
        if name not in arrays:
            raise ValueError(f"out lacks the column {name!r}")
    arrays.setdefault("digests", np.empty((size, 32), np.uint8))
    # No generator: one that is dropped before its end loses a Ctrl-C.
    reals = [arrays[name] for name, form in space.forms().items() if form.base.kind == "f"]
    single = bool(reals) and getattr(reals[0], "dtype", None) == np.float32
    forms = {**space.forms(np.float32 if single else np.float64), "digests": _DIGEST}
    for name, array in arrays.items():
        if name not in forms:
            raise ValueError(f"out has an unknown column {name!r}")
        _check_out(name, array, size, forms[name])
    spans = sorted((address(array), array.nbytes, name) for name, array in arrays.items())
    for (start, size_in_bytes, name), (following, _, other) in pairwise(spans):
        if start + size_in_bytes > following:
            raise ValueError(f"out[{name!r}] overlaps {other!r}")
    return Columns(ids, arrays["digests"], {name: arrays[name] for name in names}, space)


def _check_out(name: str, array: object, size: int, form: np.dtype[Any]) -> None:
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"out[{name!r}] must be a NumPy array, got {type(array).__name__}")
    shape = (size, *form.shape)
    if array.shape != shape:
        raise ValueError(f"out[{name!r}] must have shape {shape}, got {array.shape}")
    if array.dtype != form.base:
        raise ValueError(f"out[{name!r}] must have dtype {form.base}, got {array.dtype}")
    flags = array.flags
    if not (flags.writeable and flags.c_contiguous and flags.aligned):
        raise ValueError(f"out[{name!r}] must be writable, contiguous and aligned")
