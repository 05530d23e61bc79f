"""generate, recipe and show: samples to files and to the screen."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from typing import Any

from dpa import files
from dpa._native import dicts
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_config,
    add_key,
    add_num_samples,
    add_request,
    chosen_config,
    chosen_key,
    leave_to,
)
from dpa.cli.output import progress, tell, terminable, write
from dpa.distributed import DistributedRangeSplitter
from dpa.files import Block, Metadata
from dpa.generate import consecutive_ids, gen_augmentation_params
from dpa.keys import Ids, Key
from dpa.recipes import ChainReader, merge_recipes, recipe_blocks, recipe_metadata


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser("generate", help="write the parameters of consecutive samples")
    source = command.add_mutually_exclusive_group(required=True)
    add_num_samples(source)
    source.add_argument("--recipe", metavar="FILE", help="the samples that this recipe stands for")
    add_request(command)
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help=f"{SUFFIXES}; an existing file is replaced",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="no messages, no progress")
    command.set_defaults(run=_generate)

    command = commands.add_parser("recipe", help="write what samples are made of, not the samples")
    source = command.add_mutually_exclusive_group(required=True)
    add_num_samples(source)
    source.add_argument(
        "--merge",
        nargs="+",
        metavar="FILE",
        help="recipes and chain files whose ids are consecutive; nothing is generated",
    )
    add_request(command)
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="a .json file; an existing one is replaced",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="no messages, no progress")
    command.set_defaults(run=_recipe)

    command = commands.add_parser("show", help="print samples' parameters as JSON, one a line")
    command.add_argument("ids", nargs="+", metavar="ID", help="0 or more; text with --string")
    command.add_argument("--string", action="store_true", help="the ids are strings")
    command.add_argument(
        "--from", dest="source", metavar="FILE", help="as this chain file or recipe has them"
    )
    add_config(command)
    add_key(command)
    command.set_defaults(run=_show)


def _generate(arguments: argparse.Namespace) -> None:
    if arguments.recipe is None:
        metadata = _request(arguments)
        _write_samples(arguments, metadata, recipe_blocks(metadata), stored=True)
        return
    leave_to("--recipe", arguments)
    with ChainReader(arguments.recipe) as reader:
        if reader.metadata.num_samples is None:
            raise ValueError(f"--recipe: {arguments.recipe!r} is no recipe")
        _write_samples(arguments, reader.metadata, reader.blocks(), stored=True)


def _recipe(arguments: argparse.Namespace) -> None:
    if arguments.merge is None:
        metadata = _request(arguments)
        _write_samples(arguments, metadata, recipe_blocks(metadata), stored=False)
        return
    leave_to("--merge", arguments)
    _tell_written(arguments, merge_recipes(arguments.merge, arguments.output), stored=False)


def _request(arguments: argparse.Namespace) -> Metadata:
    """The recipe that the arguments are."""
    config = chosen_config(arguments)
    rank, world_size = arguments.rank, arguments.world_size
    if arguments.elastic or (rank, world_size) != (None, None):
        for name, value in (("--rank", rank), ("--world-size", world_size)):
            if value is None:
                raise ValueError(
                    f"{name} is missing: --rank K --world-size N takes share K, 0 .. N - 1, "
                    "of N of the ids"
                )
    ids = consecutive_ids(arguments.num_samples, arguments.start_id or 0)
    if rank is not None:
        start, end = DistributedRangeSplitter(len(ids), world_size).get_rank_range(rank)
        ids = ids[start:end]
    if arguments.elastic:
        rank = world_size = None
    return recipe_metadata(config, chosen_key(arguments, rank), ids, world_size)


def _write_samples(
    arguments: argparse.Namespace, recipe: Metadata, blocks: Iterable[Block], *, stored: bool
) -> None:
    """Writes a chain file, or the recipe."""
    total = recipe.num_samples or 0
    metadata = replace(recipe, num_samples=None) if stored else recipe
    with (
        terminable(),
        files.create(arguments.output, metadata, total) as writer,
        progress(total, arguments.quiet) as advance,
    ):
        for block in blocks:
            writer.append(block)
            advance(len(block.ids))
    _tell_written(arguments, total, stored=stored)


def _tell_written(arguments: argparse.Namespace, count: int, *, stored: bool) -> None:
    if not arguments.quiet:
        what = f"{count:,} samples" if stored else f"a recipe of {count:,} samples"
        tell(f"wrote {what} to {arguments.output}")


def _show(arguments: argparse.Namespace) -> None:
    ids = [_id(text, string=arguments.string) for text in arguments.ids]
    if arguments.source is None:
        config = chosen_config(arguments)
        Key.checked(rank=arguments.rank, world_size=arguments.world_size)
        key = chosen_key(arguments, arguments.rank)._asdict()
        rows = {seed_id: gen_augmentation_params(seed_id, config, **key) for seed_id in ids}
    else:
        leave_to("--from", arguments)
        rows = _stored(arguments.source, ids)
    write("\n".join(json.dumps({"id": seed_id, **rows[seed_id]}) for seed_id in ids))


def _id(text: str, *, string: bool) -> int | str:
    if string:
        return text
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"ID must be a non-negative integer, got {text!r}; for text: --string")
    return int(text)


def _stored(path: str, ids: Sequence[int | str]) -> dict[int | str, dict[str, Any]]:
    """The samples with these ids, as a file has them."""
    rows: dict[int | str, dict[str, Any]] = {}
    with ChainReader(path) as reader:
        rank = reader.metadata.key.rank
        for block in reader.blocks():
            for seed_id, at in _places(block.ids, set(ids)):
                row = block.part(slice(at, at + 1))
                values = tuple(row.columns.values())
                rows[seed_id] = dicts(tuple(row.columns), values, row.digests, 1, rank)[0]
    for seed_id in ids:
        if seed_id not in rows:
            raise ValueError(f"{path!r} has no sample with the id {seed_id!r}")
    return rows


def _places(ids: Ids, wanted: Set[int | str]) -> list[tuple[int | str, int]]:
    """The wanted ids among `ids`, and where."""
    if isinstance(ids, range):  # the common case needs no list
        return [(x, ids.index(x)) for x in wanted if isinstance(x, int) and x in ids]
    listed = ids if isinstance(ids, tuple) else ids.tolist()
    return [(x, at) for at, x in enumerate(listed) if x in wanted]
