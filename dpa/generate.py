"""The one place where samples are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import combinations
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa import files
from dpa._native import Plan, Request, params, seed_hash
from dpa.columns import AugmentationBatch, Column, Out, Values, float_type
from dpa.config import DEFAULT, PARAMETERS, AugmentationConfig, checked_config, checked_depth
from dpa.keys import MANY, NO_KEY, Ids, Key, integer, key_source, sample_ids, single_id
from dpa.threads import run_spans, thread_count

#: Samples made at a time where they become dicts or lines of a file: they stay in the cache.
BLOCK = 4096
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
    plan = DEFAULT.plan if config is None else checked_config(config).plan
    if rank is base_seed is epoch is view is world_size is None:
        prefix = b""
    else:
        key = Key.checked(epoch, view, base_seed, rank, world_size)
        prefix, rank = key.prefix, key.rank
    return params(plan, prefix, single_id(seed_id), rank)


def generate_views(
    seed_id: int | str, config: AugmentationConfig, prefixes: Sequence[bytes]
) -> list[dict[str, Any]]:
    """The parameters of one sample for each of some checked keys' prefixes."""
    plan, checked = config.plan, single_id(seed_id)
    return [params(plan, prefix, checked) for prefix in prefixes]


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
    key = Key.checked(epoch, view, base_seed, rank, world_size)
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
    config = checked_config(config)
    key = Key.checked(epoch, view, base_seed, rank, world_size)
    checked = sample_ids(ids)
    dtype = float_type(dtype)
    if num_threads is not None:
        thread_count(num_threads)
    if out is None:
        digests = np.empty((len(checked), 32), np.uint8)
        values: Values = np.empty((len(PARAMETERS), len(checked)), dtype)
    else:
        digests, values = _arrays(out, len(checked))
    request = _request(config, key, checked, digests, values)
    if isinstance(out, AugmentationBatch):
        batch = out
        batch.config, batch.key, batch.ids = config, key, checked
    else:
        batch = AugmentationBatch(config, key, checked, digests, values)
    run_spans(request.fill, len(checked), _blocks(config), num_threads)
    return batch


def fill_batch(
    config: AugmentationConfig,
    key: Key,
    ids: Ids,
    digests: npt.NDArray[np.uint8],
    values: Values,
    num_threads: int | None = None,
) -> None:
    """Fills checked arrays with checked ids' samples."""
    request = _request(config, key, ids, digests, values)
    run_spans(request.fill, len(ids), _blocks(config), num_threads)


def _request(
    config: AugmentationConfig,
    key: Key,
    ids: Ids,
    digests: npt.NDArray[np.uint8],
    values: Values,
) -> Request:
    prefix, source = key_source(key, ids)
    return Request(config.plan, prefix, source, len(ids), digests, values)


def _blocks(config: AugmentationConfig) -> int:
    """About how many blocks of SHA-256 a sample is: two a link, and fib(i) has 0.209 i digits."""
    depth = config.augmentation_depth
    return 1 + 2 * depth + depth * depth // 600


def _arrays(out: Out, size: int) -> tuple[npt.NDArray[np.uint8], Values]:
    """The arrays of `out`, each fit to be written and none over another."""
    if isinstance(out, AugmentationBatch):
        arrays: dict[str, npt.NDArray[Any]] = {**out.columns, "digests": out.digests}
    elif isinstance(out, Mapping):
        arrays = dict(out)
    else:
        raise TypeError(f"out must be an AugmentationBatch or a mapping, got {type(out).__name__}")
    for name in PARAMETERS:
        if name not in arrays:
            raise ValueError(f"out lacks the column {name!r}")
    arrays.setdefault("digests", np.empty((size, 32), np.uint8))
    single = getattr(arrays[PARAMETERS[0]], "dtype", None) == np.float32
    dtype = np.dtype(np.float32 if single else np.float64)
    for name, array in arrays.items():
        if name not in (*PARAMETERS, "digests"):
            raise ValueError(f"out has an unknown column {name!r}")
        _check_out(name, array, size, dtype)
    for (name, array), (other, later) in combinations(arrays.items(), 2):
        if np.may_share_memory(array, later):
            raise ValueError(f"out[{name!r}] overlaps {other!r}")
    columns: tuple[Column, ...] = tuple(arrays[name] for name in PARAMETERS)
    return arrays["digests"], columns


def _check_out(name: str, array: object, size: int, dtype: np.dtype[Any]) -> None:
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"out[{name!r}] must be a NumPy array, got {type(array).__name__}")
    shape = (size, 32) if name == "digests" else (size,)
    if array.shape != shape:
        raise ValueError(f"out[{name!r}] must have shape {shape}, got {array.shape}")
    wanted = np.dtype(np.uint8) if name == "digests" else dtype
    if array.dtype != wanted:
        raise ValueError(f"out[{name!r}] must have dtype {wanted}, got {array.dtype}")
    flags = array.flags
    if not (flags.writeable and flags.c_contiguous and flags.aligned):
        raise ValueError(f"out[{name!r}] must be writable, contiguous and aligned")


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
    config = checked_config(config)
    count, skip = integer("count", count), integer("skip", skip)
    if count < 0 or skip < 0:
        raise ValueError(f"count and skip must not be negative, got {count} and {skip}")
    if skip + count > MAX_DRAWS:
        raise ValueError(f"skip + count must be at most {MAX_DRAWS}, got {skip + count}")
    key = Key.checked(epoch, view, base_seed, rank, world_size)
    checked = sample_ids(ids)
    uniforms = np.empty((len(checked), count))
    names = tuple(map(str, range(count)))
    plan = Plan(config.augmentation_depth, config.sampler, names, ((0.0, 1.0),) * count, skip)
    prefix, source = key_source(key, checked)
    request = Request(plan, prefix, source, len(checked), None, uniforms, interleaved=True)
    blocks = _blocks(config) + (skip + count) // 16  # a draw is a fraction of a block
    run_spans(request.fill, len(checked), blocks, num_threads)
    return uniforms


def generate_blocks(
    ids: range,
    config: AugmentationConfig,
    key: Key = NO_KEY,
    block: int = BLOCK,
    num_threads: int | None = None,
) -> Iterator[AugmentationBatch]:
    """The samples of consecutive ids as batches of up to `block`."""
    for start in range(ids.start, ids.stop, block):
        yield generate_part(range(start, min(start + block, ids.stop)), config, key, num_threads)


def generate_part(
    ids: Ids, config: AugmentationConfig, key: Key, num_threads: int | None = None
) -> AugmentationBatch:
    """A new batch of checked ids' samples."""
    digests = np.empty((len(ids), 32), np.uint8)
    values = np.empty((len(PARAMETERS), len(ids)))
    fill_batch(config, key, ids, digests, values, num_threads)
    return AugmentationBatch(config, key, ids, digests, values)


def consecutive_ids(num_samples: int, start_id: int) -> range:
    """range(start_id, start_id + num_samples), checked."""
    size, start = integer("num_samples", num_samples), integer("start_id", start_id)
    if size < 0:
        raise ValueError(f"num_samples must not be negative, got {size}")
    if start < 0:
        raise ValueError(f"start_id must not be negative, got {start}")
    if start + size > 2**64:
        raise ValueError(f"the last id must be below 2**64, got {start + size - 1}")
    if size > MANY:
        raise ValueError(f"num_samples must be at most 2**48, got {size}")
    return range(start, start + size) if start < 2**64 else range(0)


def generate_augmentation_chain(
    num_samples: int,
    config: AugmentationConfig | None = None,
    verbose: bool = False,
    save_path: str | PathLike[str] | None = None,
    *,
    start_id: int = 0,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> list[dict[str, Any]]:
    """The parameters of consecutive samples as a list of dicts.

    The ids are start_id .. start_id + num_samples - 1. With `save_path` the chain is
    also written there, as save_augmentation_chain does; with `verbose` a summary is
    printed. Raises TypeError or ValueError for a bad argument, OSError where the file
    cannot be written (an earlier file then stays as it was).
    """
    config = checked_config(config)
    key = Key.checked(epoch, view, base_seed)
    ids = consecutive_ids(num_samples, start_id)
    results: list[dict[str, Any]] = []
    metadata = files.Metadata(config, key, start_id=ids.start)
    file = nullcontext() if save_path is None else files.create(save_path, metadata, len(ids))
    with file as writer:
        for batch in generate_blocks(ids, config, key):
            if writer is not None:
                writer.append(batch)
            results += batch.to_dicts()
    if verbose:
        _print_summary(results, ids, save_path)
    return results


def _print_summary(
    results: list[dict[str, Any]], ids: range, save_path: str | PathLike[str] | None
) -> None:
    for seed_id, sample in zip(ids[:10], results, strict=False):
        values = " ".join(f"{name}={sample[name]:.4f}" for name in PARAMETERS)
        print(f"sample {seed_id}: {values} hash={sample['hash'][:16]}")
    if len(ids) > 10:
        print(f"... and {len(ids) - 10} more")
    print(f"generated {len(ids)} samples" + (f", saved to {save_path}" if save_path else ""))
