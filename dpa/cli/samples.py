"""generate and recipe: write samples, or what they are made of, to files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from dpa.checks import printable
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_num_samples,
    add_request,
    add_unlimited,
    chosen_derivation,
    leave_to,
)
from dpa.cli.output import progress, tell, terminable
from dpa.derivation.columns import Columns
from dpa.derivation.ids import consecutive_ids
from dpa.files.chains import Recipe, open_chain, recipe_blocks
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
