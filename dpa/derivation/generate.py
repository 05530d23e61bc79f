"""The functions that make samples: one, its hash, many as columns, and further draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa._native import Plan, seed_hash
from dpa.checks import integer
from dpa.derivation.columns import float_type
from dpa.derivation.config import DEFAULT, AugmentationConfig
from dpa.derivation.derivation import AugmentationBatch, Out, arrays_of, derive
from dpa.derivation.ids import Ids
from dpa.derivation.keys import single_id
from dpa.derivation.space import checked_depth
from dpa.host.threads import check_threads

#: Draws of one sample: they come one after the other, so far ones take their time.
MAX_DRAWS = 1_000_000


def gen_augmentation_params(
    seed_id: int | str,
    config: AugmentationConfig | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> dict[str, Any]:
    """The parameters of one sample.

    `seed_id` is a non-negative integer of any size, or a string id. Returns rotation,
    brightness, noise, scale and contrast (float) and hash (64 hex characters), and
    rank where one is given. Raises TypeError or ValueError for a bad argument.

    >>> gen_augmentation_params(42)["rotation"]
    0.8235536351270127
    """
    return derive(config, epoch, view, base_seed, rank, world_size).params(seed_id)


def gen_augmentation_seed(
    seed_id: int | str,
    augmentation_depth: int = 10,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> str:
    """The final hash of one sample's chain, 64 hex characters.

    >>> gen_augmentation_seed(42)[:16]
    '3c8f589003fff376'
    """
    plan = Plan(checked_depth(augmentation_depth), DEFAULT.sampler, (), ())
    key = derive(None, epoch, view, base_seed, rank, world_size).key
    return seed_hash(plan, key.prefix, single_id(seed_id))


def generate_augmentation_batch(
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer],
    config: AugmentationConfig | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    dtype: npt.DTypeLike = np.float64,
    num_threads: int | None = None,
    out: Out | None = None,
) -> AugmentationBatch:
    """The parameters of many samples as columns: the fast way.

    `ids`: a range, a 1-D integer array or a sequence of int, in any order and with
    repeats, or a sequence of str. `dtype`: float64, or float32 for the same values
    rounded. `out`: an AugmentationBatch of the same length, or a mapping of the five
    names (and "digests", uint8 (n, 32), if wanted) to arrays (n,); it is filled in
    place, its dtype counts, and after an exception its content is undefined. Raises
    TypeError or ValueError for a bad argument.

    >>> batch = generate_augmentation_batch([42, 7, 42])
    >>> batch.rotation.shape, batch.rotation[0] == batch.rotation[2]
    ((3,), np.True_)
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    checked = Ids.checked(ids)
    dtype = float_type(dtype)
    check_threads(num_threads)
    if out is None:
        return derivation.batch(checked, num_threads, dtype)
    target = arrays_of(out, derivation.names, checked)
    if isinstance(out, AugmentationBatch):
        batch = out
        batch.derivation, batch.ids = derivation, checked
    else:
        batch = AugmentationBatch(derivation, checked, target.digests, target.columns)
    derivation.fill(target, num_threads)
    return batch


def generate_uniforms(
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer],
    count: int,
    skip: int = 5,
    config: AugmentationConfig | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
) -> npt.NDArray[np.float64]:
    """More uniform numbers in [0, 1) of each sample: draws skip .. skip + count - 1.

    Draws 0 to 4 make the parameters, so the default goes on behind them. Of `config`,
    depth and sampler count; skip + count is at most 1,000,000. Returns float64, shape (n, count).

    >>> flip = generate_uniforms([42, 43], 1)[:, 0] < 0.5
    >>> flip.shape
    (2,)
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    count, skip = integer("count", count), integer("skip", skip)
    if count < 0 or skip < 0:
        raise ValueError(f"count and skip must not be negative, got {count} and {skip}")
    if skip + count > MAX_DRAWS:
        raise ValueError(f"skip + count must be at most {MAX_DRAWS}, got {skip + count}")
    return derivation.uniforms(Ids.checked(ids), count, skip, num_threads)
