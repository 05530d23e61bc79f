"""Noise fields: normal numbers that depend only on a sample's hash (docs/spec.md, "Noise")."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa._pixels import noise
from dpa.checks import LIMIT, brief, integer, word

_TABLE_SHA256 = "1cfbba1e07e34386a57626f82aeb43e6ed54ba70a3ea6b7d964dc66a841074a8"


@cache
def noise_table() -> npt.NDArray[np.float32]:
    """The standard normal's quantiles at (k + 0.5) / 65536, k = 0 to 65535, read-only.

    Raises RuntimeError if this Python computes other values, because noise would then differ
    between machines.
    """
    quantile = NormalDist().inv_cdf
    lower = np.array([quantile((k + 0.5) / 65536) for k in range(32768)], np.float32)
    table = np.concatenate([lower, -lower[::-1]])
    found = hashlib.sha256(table.astype("<f4").tobytes()).hexdigest()
    if found != _TABLE_SHA256:
        raise RuntimeError(
            "statistics.NormalDist().inv_cdf is not accurate on this machine: the noise table "
            f"must have the SHA-256 {_TABLE_SHA256}, got {found}"
        )
    table.flags.writeable = False
    return table


def standard_normals(
    params: Mapping[str, Any], shape: Iterable[int], start: int = 0
) -> npt.NDArray[np.float32]:
    """The noise field of one sample: float32, mean 0, standard deviation 1, filled in C order.

    `params`: a dict of gen_augmentation_params, of which only `hash` is used. `shape`: the
    sizes of the field; a larger field begins with the values of a smaller one. `start`: the
    number of its first element; those before it are not computed, so that any part of a field
    may be made alone. Elements are numbered below 2**64. The values are as stable as the
    parameters. Raises TypeError or ValueError for a bad argument.

    >>> import dpa
    >>> params = dpa.gen_augmentation_params(42)
    >>> whole, last_row = standard_normals(params, (4, 3)), standard_normals(params, (3,), start=9)
    >>> bool((whole[3] == last_row).all())
    True
    """
    sizes, first = _checked(shape, start)
    digest = digest_of(params)
    field = np.empty(sizes, np.float32)
    noise(digest, first, noise_table(), field)
    return field


def standard_normals_batch(
    batch: Iterable[Mapping[str, Any]], shape: Iterable[int], start: int = 0
) -> npt.NDArray[np.float32]:
    """The noise fields of n samples: float32, shape (n,) + shape.

    `batch`: an AugmentationBatch or a sequence of dicts. Each field equals that of
    standard_normals, with the same `start`. Raises as standard_normals does.
    """
    digests = [digest_of(params) for params in batch]
    sizes, first = _checked(shape, start)
    fields = np.empty((len(digests), *sizes), np.float32)
    for at, digest in enumerate(digests):
        noise(digest, first, noise_table(), fields[at : at + 1])  # fields[at] may be a scalar
    return fields


def _checked(shape: Iterable[int], start: int) -> tuple[tuple[int, ...], int]:
    if not isinstance(shape, Iterable):
        raise TypeError(f"shape must be a sequence of integers, got {shape!r}")
    sizes = tuple(integer("a size in shape", size) for size in shape)
    if any(size < 0 for size in sizes):
        raise ValueError(f"shape must not have negative sizes, got {brief(sizes)}")
    first, size = word("start", start), math.prod(sizes)
    if first + size > LIMIT:
        raise ValueError(
            f"start must leave room for {size} elements below 2**64, got {brief(first)}"
        )
    return sizes, first


def digest_of(params: Mapping[str, Any]) -> bytes:
    """The 32 bytes of a sample's hash. Raises ValueError."""
    try:
        text = params["hash"]
        digest = bytes.fromhex(text) if len(text) == 64 else b""
    except (KeyError, TypeError, ValueError):
        digest = b""
    if len(digest) != 32:
        found = params.get("hash") if isinstance(params, Mapping) else params
        raise ValueError(f"noise needs params['hash'], 64 hex characters, got {brief(found)}")
    return digest
