"""Recipes: files that say how to generate samples, with their digest, without storing any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dpa.checks import brief, count_of
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import derive
from dpa.derivation.digest import SampleDigest
from dpa.derivation.ids import Consecutive, consecutive_ids
from dpa.derivation.space import Space
from dpa.files.atomic import replacing
from dpa.files.chains import Chain, FilePath, open_chain, recipe_blocks
from dpa.files.formats import recipe_module
from dpa.files.metadata import Metadata, RecipeMetadata


def save_augmentation_recipe(
    path: FilePath,
    num_samples: int,
    config: Space | None = None,
    *,
    start_id: int = 0,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    digest: SampleDigest | None = None,
) -> None:
    """Writes a .json file under 4 KB that stands for the samples of consecutive ids.

    The file has everything that generates the samples, their statistics, and the digest of
    their values, for which they are generated once, in constant memory: unless `digest` is
    given, the sum of the digests of a cluster's partitions, say. Functions that load and
    verify treat it as the file that it stands for.

    Parameters
    ----------
    path
        A .json file; missing folders are made.
    num_samples
        How many samples; 0 or more.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    start_id
        The first id; the last one is start_id + num_samples - 1.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks, which is stored; rank must be below it.
    digest
        The digest of these samples, which are not generated then; the file has no statistics.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    OSError
        The file cannot be written; an earlier file stays as it was.
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    ids = consecutive_ids(num_samples, start_id)
    metadata = RecipeMetadata.checked(
        Metadata.of(derivation, Consecutive(ids), world_size), len(ids)
    )
    if digest is None:
        write_recipe(path, metadata, recipe_blocks(metadata))
        return
    if not isinstance(digest, SampleDigest):
        raise TypeError(f"digest must be a SampleDigest, got {brief(digest)}")
    if digest.count != len(ids):
        size = count_of(len(ids), "sample")
        raise ValueError(f"digest must be of the {size}, got one of {digest.count:,}")
    _write_sum(path, metadata, digest)


def write_recipe(path: FilePath, metadata: RecipeMetadata, blocks: Iterable[Columns]) -> None:
    """Writes a recipe of these samples, of which it has the digest and the statistics."""
    form = recipe_module(path)
    with replacing(path) as file:
        form.Writer(file, metadata).write(blocks)


def merge_recipes(sources: Sequence[FilePath], path: FilePath) -> int:
    """Writes the recipe of the union of recipes and chain files with one config and key.

    The ids must be consecutive; the files may come in any order. No samples are generated: the
    digests are added. The new file has no statistics, because those of the parts do not give
    the last bits of the whole's. Returns the number of samples. Raises ValueError naming files
    that do not fit together, ChainFileError, and OSError.
    """
    if not sources:
        raise ValueError("there is nothing to merge")
    parts = sorted(map(_Part, sources), key=lambda part: (part.start, part.stop))
    for before, part in pairwise(parts):
        _check_neighbours(before, part)
    size = parts[-1].stop - parts[0].start
    metadata = RecipeMetadata.checked(parts[0].metadata, size)
    digests = (SampleDigest(part.digest, part.stop - part.start) for part in parts)
    _write_sum(path, metadata, sum(digests, SampleDigest()))
    return size


def _write_sum(path: FilePath, metadata: RecipeMetadata, digest: SampleDigest) -> None:
    """Writes a recipe whose digest is known, without statistics."""
    form = recipe_module(path)
    trailer = {"num_samples": digest.count, "digest": digest.hexdigest()}
    document = {"metadata": metadata.to_dict(), "statistics": None, "trailer": trailer}
    with replacing(path) as file:
        form.write(file, document)


class _Part:
    """A file's part of a merge: the `digest` of the samples start to stop - 1."""

    def __init__(self, path: FilePath) -> None:
        self.name = repr(str(path))
        with open_chain(path) as chain:
            for _ in Chain.blocks(chain):  # does not generate a recipe's samples
                pass
            self.metadata, trailer = chain.metadata, chain.trailer
        start, dtype = self.metadata.start_id, self.metadata.dtype
        if start is None or not chain.bound or self.metadata.space is None or dtype != "float64":
            raise ValueError(
                f"{self.name} must have a config, consecutive ids, a digest and "
                "float64 values to be merged"
            )
        self.start, self.stop = start, start + int(trailer["num_samples"])
        self.digest: str = trailer["digest"]


def _check_neighbours(before: _Part, part: _Part) -> None:
    """Raises ValueError if a part does not continue the one before it."""
    both = f"{before.name} and {part.name}"
    a, b = (each.metadata.to_dict() for each in (before, part))
    for name, value in a.items():
        if name not in ("start_id", "num_samples") and value != b[name]:
            raise ValueError(f"{both} differ in {name}: {value!r} and {b[name]!r}")
    if part.start < before.stop:
        raise ValueError(f"{both} overlap from id {part.start} on")
    if part.start > before.stop:
        raise ValueError(f"ids {before.stop} to {part.start - 1} are missing between {both}")
