"""generate, recipe and show: write samples to files and to the screen."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence, Set
from typing import Any

from dpa.checks import printable
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_config,
    add_key,
    add_num_samples,
    add_request,
    add_unlimited,
    chosen_derivation,
    leave_to,
)
from dpa.cli.output import progress, tell, terminable, write
from dpa.derivation.columns import Columns
from dpa.derivation.ids import Consecutive, Ids, consecutive_ids
from dpa.derivation.keys import checked_rank
from dpa.files.chains import Chain, Recipe, open_chain, recipe_blocks
from dpa.files.metadata import RecipeMetadata
from dpa.files.recipes import merge_recipes, write_recipe
from dpa.files.writing import write_chain
from dpa.streams.splitter import DistributedRangeSplitter


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser("generate", help="write the parameters of consecutive samples")
    source = command.add_mutually_exclusive_group(required=True)
    add_num_samples(source)
    source.add_argument("--recipe", metavar="FILE", help="the samples that this recipe stands for")
    add_request(command)
    add_unlimited(command)
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
        _write_samples(arguments, metadata, recipe_blocks(metadata))
        return
    leave_to("--recipe", arguments)
    with open_chain(arguments.recipe, unlimited=arguments.unlimited) as chain:
        if not isinstance(chain, Recipe):
            raise ValueError(f"--recipe: {arguments.recipe!r} is no recipe")
        _write_samples(arguments, chain.metadata, chain.blocks())


def _write_samples(
    arguments: argparse.Namespace, recipe: RecipeMetadata, blocks: Iterable[Columns]
) -> None:
    """Writes the chain file that a recipe stands for."""
    total = recipe.num_samples
    with terminable(), progress(total, arguments.quiet) as advance:
        write_chain(arguments.output, recipe.stored, blocks, advance, total)
    _tell_written(arguments, f"{total:,} samples")


def _recipe(arguments: argparse.Namespace) -> None:
    if arguments.merge is None:
        metadata = _request(arguments)
        total = metadata.num_samples
        with terminable(), progress(total, arguments.quiet) as advance:
            write_recipe(arguments.output, metadata, advance)
    else:
        leave_to("--merge", arguments)
        total = merge_recipes(arguments.merge, arguments.output)
    _tell_written(arguments, f"a recipe of {total:,} samples")


def _tell_written(arguments: argparse.Namespace, what: str) -> None:
    if not arguments.quiet:
        tell(f"wrote {what} to {printable(arguments.output)}")


def _request(arguments: argparse.Namespace) -> RecipeMetadata:
    """The recipe that the arguments describe."""
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
    return RecipeMetadata.of_range(chosen_derivation(arguments, rank), ids, world_size)


def _show(arguments: argparse.Namespace) -> None:
    ids = [_id(text, string=arguments.string) for text in arguments.ids]
    if arguments.source is None:
        if arguments.world_size is not None:
            checked_rank(arguments.rank, arguments.world_size)
        derivation = chosen_derivation(arguments, arguments.rank)
        rows = {sample_id: derivation.params(sample_id) for sample_id in ids}
    else:
        leave_to("--from", arguments)
        rows = _stored(arguments.source, ids)
    write("\n".join(json.dumps({"id": sample_id, **rows[sample_id]}) for sample_id in ids))


def _id(text: str, *, string: bool) -> int | str:
    if string:
        return text
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"ID must be a non-negative integer, got {text!r}; for text: --string")
    return int(text)


def _stored(path: str, ids: Sequence[int | str]) -> dict[int | str, dict[str, Any]]:
    """The samples of a file with these ids; those of a recipe are made alone."""
    rows: dict[int | str, dict[str, Any]] = {}
    with open_chain(path) as chain:
        if isinstance(chain, Recipe):
            for _ in Chain.blocks(chain):  # checks the file; its samples stay ungenerated
                pass
            made, known = chain.metadata.derivation, chain.metadata.ids
            rows = {x: made.params(x) for x in ids if isinstance(x, int) and x in known}
        else:
            wanted = set(ids)
            for block in chain.blocks():
                for sample_id, at in _places(block.ids, wanted):
                    [rows[sample_id]] = block.part(slice(at, at + 1)).rows(chain.metadata.key.rank)
    for sample_id in ids:
        if sample_id not in rows:
            raise ValueError(f"{path!r} has no sample with the id {sample_id!r}")
    return rows


def _places(ids: Ids, wanted: Set[int | str]) -> list[tuple[int | str, int]]:
    """The wanted ids among `ids`, with their indices."""
    if isinstance(ids, Consecutive):  # the common case; makes no list
        found = ((x, ids.index(x)) for x in wanted if isinstance(x, int))
        return [(x, at) for x, at in found if at is not None]
    return [(x, at) for at, x in enumerate(ids) if x in wanted]
