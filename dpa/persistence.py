"""Chains to files and back."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa import files
from dpa._native import dicts
from dpa.columns import AugmentationBatch
from dpa.config import AugmentationConfig, checked_config
from dpa.errors import ChainFileError
from dpa.files import BLOCK, Block, Metadata, Samples
from dpa.generate import fill_batch
from dpa.keys import Ids, Key, sample_ids
from dpa.recipes import ChainReader, FilePath


def save_augmentation_chain(
    params: Sequence[Mapping[str, Any]] | AugmentationBatch,
    path: FilePath,
    config: AugmentationConfig | None = None,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
) -> None:
    """Writes samples to a file whose suffix names its format: .json.

    `params`: dicts as generate_augmentation_chain returns, or an AugmentationBatch. A
    batch carries what made it; for dicts, say it: `config` (None is kept as unknown),
    `ids` (default 0 .. n-1) and the parts of the key. With a config the hashes are
    computed again, and one that differs is a ValueError naming its index.

    The file appears whole or not at all: an earlier one stays until the new one is on
    the disk. Raises ValueError or TypeError for arguments that are wrong or contradict
    each other, OSError where the file cannot be written.
    """
    given: dict[str, Any] = {"epoch": epoch, "view": view, "base_seed": base_seed, "rank": rank}
    blocks: Iterable[Samples]
    if isinstance(params, AugmentationBatch):
        metadata = _batch_metadata(params, {"config": config, **given}, ids, world_size)
        blocks = (params[first : first + BLOCK] for first in range(0, len(params), BLOCK))
    elif isinstance(params, (str, bytes, Mapping)) or not isinstance(params, Sequence):
        kind = type(params).__name__
        raise TypeError(f"params must be a list of dicts or an AugmentationBatch, got {kind}")
    else:
        if rank is None and params and isinstance(params[0], Mapping):
            given["rank"] = params[0].get("rank")
        key = Key.checked(**given, world_size=world_size)
        checked = sample_ids(range(len(params)) if ids is None else ids)
        if len(checked) != len(params):
            raise ValueError(f"ids must be as many as params, {len(params)}, got {len(checked)}")
        if config is not None:
            checked_config(config)
        metadata = _metadata(config, key, checked, world_size)
        blocks = _blocks(params, metadata, checked)
    with files.create(path, metadata) as writer:
        for block in blocks:
            writer.append(block)


def _metadata(
    config: AugmentationConfig | None,
    key: Key,
    ids: Ids,
    world_size: int | None,
    dtype: str = "float64",
) -> Metadata:
    world_size = None if world_size is None else int(world_size)  # it may be NumPy's
    start_id = ids.start if isinstance(ids, range) else None
    id_type = "string" if isinstance(ids, tuple) else "integer"
    return Metadata(config, key, world_size, start_id, id_type, dtype)


def _batch_metadata(
    batch: AugmentationBatch, given: Mapping[str, object], ids: Any, world_size: int | None
) -> Metadata:
    """The batch's own; what was given beside it must say the same."""
    own = {"config": batch.config, **batch.key._asdict()}
    for name, value in given.items():
        if value is not None and value != own[name]:
            raise ValueError(f"{name} must be the batch's, {own[name]}, got {value!r}")
    if ids is not None and not _same_ids(sample_ids(ids), batch.ids):
        raise ValueError(f"ids must be the batch's, got {ids!r}")
    key = Key.checked(**batch.key._asdict(), world_size=world_size)
    return _metadata(batch.config, key, batch.ids, world_size, batch.values[0].dtype.name)


def _same_ids(a: Ids, b: Ids) -> bool:
    return len(a) == len(b) and all(map(operator.eq, a, b))


def _blocks(params: Sequence[Mapping[str, Any]], metadata: Metadata, ids: Ids) -> Iterator[Block]:
    for first in range(0, len(params), BLOCK):
        part = slice(first, first + BLOCK)
        rank = metadata.key.rank
        block = Block.from_rows(params[part], metadata.names, ids[part], first, rank)
        if metadata.config is not None:
            _check_hashes(block, metadata.config, metadata.key, first)
        yield block


def _check_hashes(block: Block, config: AugmentationConfig, key: Key, first: int) -> None:
    digests = np.empty_like(block.digests)
    values = np.empty((len(block.columns), len(digests)))
    fill_batch(config, key, block.ids, digests, values)
    wrong = np.flatnonzero((digests != block.digests).any(axis=1))
    if wrong.size:
        at = int(wrong[0])
        raise ValueError(
            f"params[{first + at}] has the hash {block.digests[at].tobytes().hex()}, "
            f"but id {block.ids[at]!r} with this config and {key} has {digests[at].tobytes().hex()}"
        )


def load_augmentation_chain(path: FilePath) -> list[dict[str, Any]]:
    """The samples of a file as dicts, equal to those that were saved to the last bit.

    Reads the files of save_augmentation_chain and the JSON files of the original
    package; what a recipe stands for is generated. The whole file is checked:
    ChainFileError where it is damaged, truncated or no chain, naming the place;
    ValueError for an unknown suffix; OSError.
    """
    results: list[dict[str, Any]] = []
    with ChainReader(path) as reader:
        names, rank = reader.metadata.names, reader.metadata.key.rank
        for block in reader.blocks():
            values = tuple(block.columns[name] for name in names)
            results += dicts(names, values, block.digests, len(block.digests), rank)
    return results


def load_augmentation_batch(path: FilePath) -> AugmentationBatch:
    """The samples of a file as columns, with the ids, config and key that made them.

    Raises as load_augmentation_chain, and ChainFileError for a file without a config.
    """
    with ChainReader(path) as reader:
        metadata = reader.metadata
        config = _config(reader)
        ids: Ids = () if metadata.id_type == "string" else range(metadata.start_id or 0)[:0]
        values = np.empty((len(metadata.names), 0), metadata.dtype)
        batches = [
            AugmentationBatch(config, metadata.key, ids, np.empty((0, 32), np.uint8), values)
        ]
        for block in reader.blocks():
            columns = tuple(block.columns[name].astype(metadata.dtype) for name in metadata.names)
            batches.append(
                AugmentationBatch(config, metadata.key, block.ids, block.digests, columns)
            )
    return AugmentationBatch.concatenate(batches)


def load_augmentation_config(path: FilePath) -> AugmentationConfig:
    """The config of a file's samples; the samples themselves are neither read nor checked.

    The configs of the original package's files have sampler="mt19937". Raises
    ChainFileError for a file that has no config, ValueError for an unknown suffix, OSError.
    """
    with ChainReader(path) as reader:
        return _config(reader)


def _config(reader: files.Reader) -> AugmentationConfig:
    if reader.metadata.config is None:
        raise ChainFileError(f"{str(reader.path)!r}: its config is not known")
    return reader.metadata.config
