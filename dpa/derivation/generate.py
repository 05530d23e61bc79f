"""The functions that generate samples: one, its hash, many as columns, and further draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from dpa.checks import brief, not_negative
from dpa.derivation.columns import float_type
from dpa.derivation.config import DEFAULT, AugmentationConfig, checked_space
from dpa.derivation.derivation import AugmentationBatch, Out, derive
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space, checked_depth
from dpa.host.threads import check_threads

#: The most draws of one sample. The sampler is sequential: draw n costs n steps.
MAX_DRAWS = 1_000_000


def gen_augmentation_params(
    seed_id: int | str,
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> dict[str, Any]:
    """The parameters of one sample.

    Parameters
    ----------
    seed_id
        The sample's id: a non-negative integer of any size, or a str.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    dict
        rotation, brightness, noise, scale and contrast (float), hash (64 hex characters), and
        rank if one is given.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.

    Examples
    --------
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
    """The final hash of one sample's chain.

    Parameters
    ----------
    seed_id
        The sample's id: a non-negative integer of any size, or a str.
    augmentation_depth
        Links of the hash chain, 1 to 10,000.
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    str
        64 hex characters: the `hash` that gen_augmentation_params returns for this depth.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.

    Examples
    --------
    >>> gen_augmentation_seed(42)[:16]
    '3c8f589003fff376'
    """
    config = _of_depth(checked_depth(augmentation_depth))
    return derive(config, epoch, view, base_seed, rank, world_size).hash(seed_id)


@lru_cache(32)
def _of_depth(depth: int) -> AugmentationConfig:
    return DEFAULT.replace(augmentation_depth=depth)


def generate_augmentation_batch(
    ids: Sequence[int] | Sequence[str] | np.typing.NDArray[np.integer],
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    dtype: np.typing.DTypeLike = np.float64,
    num_threads: int | None = None,
    out: Out | None = None,
    columns: Sequence[str] | None = None,
) -> AugmentationBatch:
    """The parameters of many samples as columns: the fast way.

    Parameters
    ----------
    ids
        A range, a 1-D integer array, a sequence of int (0 to 2**64 - 1) or a sequence of str,
        in any order and with repeats.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    dtype
        float64, or float32 for the same values rounded. `out` overrides it.
    num_threads
        The most threads to use; None is DPA_NUM_THREADS or, where that is not set, the cores
        that this process may use. The values do not depend on it.
    out
        Where to write: an AugmentationBatch of the same length (AugmentationBatch.empty makes
        one), or a mapping of the parameters' names to arrays of the dtypes and shapes of its
        columns, with "digests" (uint8, shape (n, 32)) if wanted. It is filled in place; after an
        exception its content is undefined.
    columns
        The names of the parameters to make, None for all. What they depend on (`when`, gates)
        comes with them, nothing else is computed, and the batch's config is the Space of these.

    Returns
    -------
    AugmentationBatch
        One sample for each id, in the order of `ids`; `out` itself if that is a batch.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.

    Examples
    --------
    >>> batch = generate_augmentation_batch([42, 7, 42])
    >>> batch.rotation.shape, batch.rotation[0] == batch.rotation[2]
    ((3,), np.True_)
    """
    if columns is not None:
        config = _only(checked_space(config), columns)
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    checked = Ids.checked(ids)
    dtype = float_type(dtype)
    check_threads(num_threads)
    if out is None:
        return derivation.batch(checked, num_threads, dtype)
    from dpa.derivation.out import arrays_of  # few programs need it

    target = arrays_of(out, derivation.space, checked)
    batch = out if isinstance(out, AugmentationBatch) else object.__new__(AugmentationBatch)
    AugmentationBatch.__init__(batch, derivation, checked, target.digests, target.columns)
    derivation.fill(target, num_threads)
    return batch


def _only(space: Space, columns: Sequence[str]) -> Space:
    """space.only(columns), which is kept for the next call."""
    if isinstance(columns, (list, tuple)) and all(type(name) is str for name in columns):
        return _kept_only(space, tuple(columns))
    return space.only(columns)


@lru_cache(32)
def _kept_only(space: Space, columns: tuple[str, ...]) -> Space:
    return space.only(columns)


def generate_uniforms(
    ids: Sequence[int] | Sequence[str] | np.typing.NDArray[np.integer] | Mapping[str, Any],
    count: int,
    skip: int = 5,
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
) -> np.typing.NDArray[np.float64]:
    """Further uniform random numbers of each sample, for decisions of your own.

    Parameters
    ----------
    ids
        A range, a 1-D integer array, a sequence of int (0 to 2**64 - 1) or a sequence of str,
        in any order and with repeats. Or the params that the transform of a data set gets: they
        say id, epoch, view and base_seed.
    count
        How many numbers per sample; 0 or more.
    skip
        The number of the first draw. Draws 0 to 4 make the five parameters, so the default
        starts behind them. skip + count is at most 1,000,000.
    config
        Only its depth and sampler are used; None is the default config.
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    num_threads
        The most threads to use; None is DPA_NUM_THREADS or, where that is not set, the cores
        that this process may use. The values do not depend on it.

    Returns
    -------
    numpy.ndarray
        float64 in [0, 1), shape (n, count), or (count,) for params: draws skip to skip + count
        - 1.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.

    Examples
    --------
    >>> flip = generate_uniforms([42, 43], 1)[:, 0] < 0.5
    >>> flip.shape
    (2,)
    """
    if isinstance(ids, Mapping):
        if any(part is not None for part in (rank, world_size, base_seed, epoch, view)):
            raise ValueError(
                "params have their own rank, base_seed, epoch and view: give no others"
            )
        return _uniforms_of(ids, count, skip, config, num_threads)
    space = checked_space(config)
    if space.scheduled:  # its parameters are not drawn here
        space = DEFAULT.replace(augmentation_depth=space.depth, sampler=space.sampler)
    derivation = derive(space, epoch, view, base_seed, rank, world_size)
    count, skip = not_negative("count", count), not_negative("skip", skip)
    if skip + count > MAX_DRAWS:
        raise ValueError(f"skip + count must be at most {MAX_DRAWS}, got {brief(skip + count)}")
    return derivation.uniforms(Ids.checked(ids), count, skip, num_threads)


def _uniforms_of(
    params: Mapping[str, Any], count: int, skip: int, config: Space | None, threads: int | None
) -> np.typing.NDArray[np.float64]:
    """generate_uniforms of the one sample whose params a transform got."""
    if "id" not in params or "hash" not in params:
        raise ValueError(
            "params must have id and hash, as a transform of a data set gets them, got "
            f"{brief(', '.join(map(str, params)))}"
        )
    key = {name: params.get(name) for name in ("rank", "base_seed", "epoch", "view")}
    depth = checked_space(config).depth
    if gen_augmentation_seed(params["id"], depth, **key) != params["hash"]:
        raise ValueError(
            f"params of id {brief(params['id'])} have another hash than depth {depth} gives: "
            "config= must be what they were made with"
        )
    made = generate_uniforms([params["id"]], count, skip, config, num_threads=threads, **key)
    return made.reshape(count)
