"""Recipes: files that say how to generate samples, and what these must be, without storing any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from os import PathLike
from typing import Any, TypeAlias

import numpy as np

from dpa import files
from dpa.config import AugmentationConfig, checked_config
from dpa.files import Block, Metadata
from dpa.files.samples import Digest
from dpa.generate import consecutive_ids, generate_blocks
from dpa.keys import Key

FilePath: TypeAlias = str | PathLike[str]

#: Samples generated at a time: enough to keep some threads busy, 5 MB.
_LARGE_BLOCK = 16 * files.BLOCK


def save_augmentation_recipe(
    path: FilePath,
    num_samples: int,
    config: AugmentationConfig | None = None,
    *,
    start_id: int = 0,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
) -> None:
    """Writes a .json file under 4 KB that stands for the samples of consecutive ids.

    It holds what generates them, their statistics and the digest of their values, for
    which they are generated once, in constant memory. Loading and verifying take it
    for the file that it stands for. The ids are start_id .. start_id + num_samples - 1.
    Raises TypeError or ValueError for a bad argument, OSError where the file cannot be
    written (an earlier one then stays as it was).
    """
    config = checked_config(config)
    key = Key.checked(epoch, view, base_seed, rank, world_size)
    metadata = recipe_metadata(config, key, consecutive_ids(num_samples, start_id), world_size)
    with files.create(path, metadata) as writer:
        for block in recipe_blocks(metadata):
            writer.append(block)


def recipe_metadata(
    config: AugmentationConfig, key: Key, ids: range, world_size: int | None
) -> Metadata:
    """What a recipe says of itself."""
    if ids.start == 2**64:  # a share of nothing; its start is no id
        ids = range(0)
    return Metadata(config, key, world_size, ids.start, num_samples=ids.stop - ids.start)


def recipe_blocks(metadata: Metadata, num_threads: int | None = None) -> Iterator[Block]:
    """The samples that a recipe stands for, some thousands at a time."""
    config, start, size = metadata.config, metadata.start_id, metadata.num_samples
    if config is None or start is None or size is None:
        raise ValueError(f"not a recipe: {metadata}")
    ids = range(start, start + size)
    for batch in generate_blocks(ids, config, metadata.key, _LARGE_BLOCK, num_threads):
        columns = {name: np.asarray(x, np.float64) for name, x in batch.columns.items()}
        block = Block(batch.ids, batch.digests, columns)
        for first in range(0, len(block.ids), files.BLOCK):
            yield block.part(slice(first, first + files.BLOCK))


class ChainReader(files.Reader):
    """A chain file whose samples are generated, and checked by digest, where it is a recipe."""

    def __init__(
        self, path: FilePath, *, lenient: bool = False, num_threads: int | None = None
    ) -> None:
        super().__init__(path, lenient=lenient)
        self._num_threads = num_threads

    def blocks(self) -> Iterator[Block]:
        """The samples in order, some thousands at a time; each call begins with the first."""
        yield from super().blocks()
        if self.metadata.num_samples is not None and not self.problems:
            yield from self._generated()

    def _generated(self) -> Iterator[Block]:
        digest = Digest(self.metadata)
        for block in recipe_blocks(self.metadata, self._num_threads):
            digest.append(block)
            yield block
        stated, found = self.trailer["digest"], digest.hexdigest()
        if stated != found:
            problem = f"trailer says digest {stated!r}, the samples generated have {found!r}"
            self._contradicted(files.TrailerError([problem]))


def merge_recipes(sources: Sequence[FilePath], path: FilePath) -> int:
    """Writes the recipe of what recipes and chain files of one config and key add up to.

    Their ids must be consecutive, in any order of the files. Nothing is generated: the
    digests are added. Statistics of parts do not give those of the whole to the last
    bit, so the new file has none. Returns the number of samples. Raises ValueError
    naming files that do not fit together, ChainFileError, OSError.
    """
    if not sources:
        raise ValueError("there is nothing to merge")
    parts = sorted(map(_Part, sources), key=lambda part: (part.start, part.stop))
    for before, part in pairwise(parts):
        _check_neighbours(before, part)
    size = parts[-1].stop - parts[0].start
    metadata = replace(parts[0].metadata, num_samples=size)
    digest = Digest(metadata)
    for part in parts:
        digest.add(part.digest)
    files.write_recipe(path, metadata, digest.hexdigest())
    return size


class _Part:
    """What a file adds to a merge: `digest`, of the samples start .. stop - 1."""

    def __init__(self, path: FilePath) -> None:
        self.name = repr(str(path))
        with files.Reader(path) as reader:  # it leaves a recipe's samples ungenerated
            for _ in reader.blocks():
                pass
            self.metadata, trailer, original = reader.metadata, reader.trailer, reader.original
        start, dtype = self.metadata.start_id, self.metadata.dtype
        if start is None or original or self.metadata.config is None or dtype != "float64":
            raise ValueError(
                f"{self.name} must have a config, consecutive ids, a digest and "
                "float64 values to be merged"
            )
        self.start, self.stop = start, start + int(trailer["num_samples"])
        self.digest: str = trailer["digest"]


def _check_neighbours(before: _Part, part: _Part) -> None:
    """Raises ValueError where a part does not go on where the one before it ends."""
    both = f"{before.name} and {part.name}"
    a, b = (_merged_fields(p.metadata) for p in (before, part))
    for name, value in a.items():
        if value != b[name]:
            raise ValueError(f"{both} differ in {name}: {value!r} and {b[name]!r}")
    if part.start < before.stop:
        raise ValueError(f"{both} overlap from id {part.start} on")
    if part.start > before.stop:
        raise ValueError(f"ids {before.stop} to {part.start - 1} are missing between {both}")


def _merged_fields(metadata: Metadata) -> dict[str, Any]:
    """What parts must share."""
    fields = metadata.to_dict()
    return {name: x for name, x in fields.items() if name not in ("start_id", "num_samples")}
