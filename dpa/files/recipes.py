"""Recipes: files that say how to generate samples, and what these must be, without storing any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dpa.derivation.config import AugmentationConfig
from dpa.derivation.derivation import derive
from dpa.derivation.digest import SampleDigest
from dpa.derivation.ids import consecutive_ids
from dpa.files.chains import Chain, FilePath, open_chain, recipe_blocks
from dpa.files.formats import recipe_module
from dpa.files.metadata import RecipeMetadata
from dpa.files.writing import write_blocks


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
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    ids = consecutive_ids(num_samples, start_id)
    write_recipe(path, RecipeMetadata.of_range(derivation, ids, world_size))


def write_recipe(path: FilePath, metadata: RecipeMetadata, advance: Any = int) -> None:
    """Writes a recipe; its samples are generated once for their digest and statistics."""
    form = recipe_module(path).Writer
    write_blocks(path, form, metadata, recipe_blocks(metadata), advance)


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
    metadata = RecipeMetadata.checked(parts[0].metadata, size)
    digest = SampleDigest(metadata.key, metadata.names)
    for part in parts:
        digest.add(part.digest, part.stop - part.start)
    form = recipe_module(path)
    from dpa.files.atomic import replacing  # pathlib takes 3 ms of `import dpa`

    with replacing(path) as file:
        form.write(file, metadata.to_dict(), digest.hexdigest(), None)
    return size


class _Part:
    """What a file adds to a merge: `digest`, of the samples start .. stop - 1."""

    def __init__(self, path: FilePath) -> None:
        self.name = repr(str(path))
        with open_chain(path) as chain:
            for _ in Chain.blocks(chain):  # a recipe's samples stay ungenerated
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
    """Raises ValueError where a part does not go on where the one before it ends."""
    both = f"{before.name} and {part.name}"
    a, b = (_merged_fields(p.metadata.to_dict()) for p in (before, part))
    for name, value in a.items():
        if value != b[name]:
            raise ValueError(f"{both} differ in {name}: {value!r} and {b[name]!r}")
    if part.start < before.stop:
        raise ValueError(f"{both} overlap from id {part.start} on")
    if part.start > before.stop:
        raise ValueError(f"ids {before.stop} to {part.start - 1} are missing between {both}")


def _merged_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """What parts must share."""
    return {name: x for name, x in fields.items() if name not in ("start_id", "num_samples")}
