"""generate and recipe: write samples, or what they are made of, to files."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

from dpa.checks import count_of, printable
from dpa.cli import options
from dpa.cli.arguments import chosen_config, key_parts, lacking, leave_to, read_ids, refuse, span
from dpa.cli.options import SUFFIXES
from dpa.cli.output import progress, standard_output, tell, terminable
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.epochs import PolicyLike
from dpa.derivation.ids import Consecutive, Ids, consecutive_ids
from dpa.files import formats
from dpa.files.chains import Recipe, open_chain, recipe_blocks, sample_blocks
from dpa.files.formats import jsonl
from dpa.files.metadata import Metadata, RecipeMetadata
from dpa.files.recipes import merge_recipes, write_recipe
from dpa.files.runs import Run
from dpa.files.writing import write_chain
from dpa.host.progress import counted
from dpa.streams.splitter import DistributedRangeSplitter


def add(commands: options.Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser(
        "generate",
        needs="(-n N | --ids-from FILE | --recipe FILE) -o FILE",
        examples=[
            "dpa generate -n 1000000 --epoch 3 -o epoch3.npz",
            "dpa generate --ids-from names.txt --space space.json -o names.jsonl",
            "dpa generate -n 1000 --epochs 0:4 --format npz -o epochs/",
        ],
    )
    source = command.add_mutually_exclusive_group()
    _add_ids(source)
    source.add_argument("--recipe", metavar="FILE", help="the samples that this recipe stands for")
    _add_request(command)
    command.add_argument(
        "--format",
        choices=[suffix[1:] for suffix in formats.SUFFIXES],
        help="of the files in the folder of --epochs; default: parquet",
    )
    options.flag(command, "--list-ids", help="store consecutive ids, too, for other readers")
    options.unlimited(command)
    command.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=f"{SUFFIXES}; an existing file is replaced; - is stdout, as .jsonl. With --epochs: a "
        "new folder",
    )
    options.quiet(command, "no messages, no progress")
    command.set_defaults(run=_generate)

    command = commands.add_parser(
        "recipe",
        needs="(-n N | --ids-from FILE | --merge FILE ...) -o FILE",
        examples=[
            "dpa recipe -n 1000000 --epoch 3 -o epoch3.json",
            "dpa recipe --merge rank0.json rank1.json -o all.json",
        ],
    )
    source = command.add_mutually_exclusive_group()
    _add_ids(source)
    source.add_argument(
        "--merge",
        nargs="+",
        metavar="FILE",
        help="recipes and chain files whose ids are consecutive; nothing is generated",
    )
    _add_request(command)
    command.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a .json file; an existing one is replaced. With --epochs: a new folder. The samples "
        "are generated once, for the digest",
    )
    options.quiet(command, "no messages, no progress")
    command.set_defaults(run=_recipe)


def _add_ids(source: argparse._MutuallyExclusiveGroup) -> None:
    """Adds two of the three ways to say which samples."""
    options.num_samples(source, "how many, of all ranks together")
    options.ids_from(source)


def _add_request(command: argparse.ArgumentParser) -> None:
    """Adds the options for the first id, the config, the key, and for a run."""
    options.start_id(command)
    options.config(command)
    rank = "with --world-size N: the share of rank K, 0 .. N - 1, of the ids, and its own values"
    options.key(command, rank, world_size="with --rank K")
    text = "with --rank and --world-size: the share, but values that are the same for all ranks"
    options.flag(command, "--elastic", help=text)
    group = command.add_argument_group("a run: a folder with all epochs of a training")
    options.epochs(group, "A to B - 1")
    text = "of each sample in each epoch; default: 1"
    options.number(group, "--views", metavar="K", help=text)
    group.add_argument(
        "--epoch-policy",
        type=_policy,
        metavar="POLICY",
        help="the epoch in the key: each (default), fixed (none), every:K (a new one every "
        "K epochs) or cycle:K (K of them in turn)",
    )


def _policy(text: str) -> PolicyLike:
    """The epoch policy that an argument says. Raises ArgumentTypeError."""
    match = re.fullmatch(r"each|fixed|(every|cycle):0*([1-9][0-9]{0,17})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"must be each, fixed, every:K or cycle:K, got {text!r}")
    return text if match[1] is None else (match[1], int(match[2]))


def _require(arguments: argparse.Namespace, command: str, third: str) -> None:
    """Raises ValueError for what is missing; `third`: the third way to say which samples."""
    sources = (arguments.num_samples, arguments.ids_from, getattr(arguments, third))
    missing = [] if arguments.output is not None else ["-o/--output"]
    if all(source is None for source in sources):
        missing.insert(0, f"-n/--num-samples (or --ids-from, --{third})")
    if missing:
        raise lacking(command, *missing)


def _generate(arguments: argparse.Namespace) -> None:
    _require(arguments, "generate", "recipe")
    if arguments.epochs is not None:
        if arguments.list_ids:
            raise ValueError("--list-ids is not allowed with --epochs")
        _write_run(arguments, arguments.format or "parquet")
        return
    if arguments.format is not None:
        raise ValueError("--format is for --epochs; the suffix of -o says what a file has")
    _refuse_run(arguments)
    if arguments.recipe is None:
        derivation, ids, world_size = _request(arguments)
        metadata = Metadata.of(derivation, ids, world_size)
        _write_samples(arguments, metadata, sample_blocks(derivation, ids), len(ids))
        return
    leave_to("--recipe", arguments)
    with open_chain(arguments.recipe, unlimited=arguments.unlimited) as chain:
        if not isinstance(chain, Recipe):
            raise ValueError(f"--recipe: {arguments.recipe!r} is no recipe")
        _write_samples(arguments, chain.metadata.stored, chain.blocks(), chain.size)


def _write_samples(
    arguments: argparse.Namespace, metadata: Metadata, blocks: Iterable[Columns], total: int
) -> None:
    if arguments.list_ids:
        metadata = metadata.replace(start_id=None)
    if arguments.output == "-":
        with terminable(), standard_output() as file:
            hidden = arguments.quiet or file.isatty()  # no bar among the lines
            with progress(total, hidden) as advance:
                jsonl.Writer(file, metadata).write(counted(blocks, advance))
        return
    with terminable(), progress(total, arguments.quiet) as advance:
        write_chain(arguments.output, metadata, counted(blocks, advance), total)
    _tell_written(arguments, count_of(total, "sample"))


def _write_run(arguments: argparse.Namespace, stored: str | None) -> None:
    """Writes the folder of all epochs and views."""
    if arguments.output == "-":
        raise ValueError("-o - is not allowed with --epochs, which makes a folder")
    names = "recipe merge epoch view rank world_size elastic"
    refuse(arguments, names, "is not allowed with --epochs")
    run = Run(
        _ids(arguments),
        chosen_config(arguments),
        epochs=span("--epochs", arguments.epochs),
        base_seed=arguments.base_seed,
        epoch_policy=arguments.epoch_policy or "each",
        views=1 if arguments.views is None else arguments.views,
    )
    total = len(run.ids) * sum(1 for _ in run.parts())
    with terminable(), progress(total, arguments.quiet) as advance:
        run.save(arguments.output, stored, advance=advance)
    _tell_written(arguments, f"a run of {count_of(total, 'sample')}")


def _refuse_run(arguments: argparse.Namespace) -> None:
    """Raises ValueError for what is for --epochs."""
    if arguments.views is not None:
        raise ValueError("--views is for --epochs; for one view: --view")
    if arguments.epoch_policy is not None:
        raise ValueError("--epoch-policy is for --epochs; for one epoch: --epoch")


def _recipe(arguments: argparse.Namespace) -> None:
    _require(arguments, "recipe", "merge")
    if arguments.epochs is not None:
        _write_run(arguments, None)
        return
    _refuse_run(arguments)
    if arguments.ids_from is not None:
        raise ValueError("a recipe is of consecutive ids; of --ids-from with --epochs it is a run")
    if arguments.merge is None:
        derivation, ids, world_size = _request(arguments)
        metadata = RecipeMetadata.checked(Metadata.of(derivation, ids, world_size), len(ids))
        total = metadata.num_samples
        with terminable(), progress(total, arguments.quiet) as advance:
            write_recipe(arguments.output, metadata, counted(recipe_blocks(metadata), advance))
    else:
        leave_to("--merge", arguments)
        total = merge_recipes(arguments.merge, arguments.output)
    _tell_written(arguments, f"a recipe of {count_of(total, 'sample')}")


def _tell_written(arguments: argparse.Namespace, what: str) -> None:
    if not arguments.quiet:
        tell(f"wrote {what} to {printable(arguments.output)}")


def _ids(arguments: argparse.Namespace) -> Ids:
    """The ids of -n or of --ids-from."""
    if arguments.ids_from is None:
        return Consecutive(consecutive_ids(arguments.num_samples, arguments.start_id or 0))
    if arguments.start_id is not None:
        raise ValueError("--start-id is not allowed with --ids-from")
    return Ids.checked(read_ids(arguments.ids_from))


def _request(arguments: argparse.Namespace) -> tuple[Derivation, Ids, int | None]:
    """What makes the samples that the arguments describe, their ids and the number of ranks."""
    key = key_parts(arguments)
    rank, world_size = key["rank"], key["world_size"]
    shared = arguments.elastic or (rank, world_size) != (None, None)
    if shared and None in (rank, world_size):
        missing = "--rank" if rank is None else "--world-size"
        raise ValueError(
            f"{missing} is missing: --rank K --world-size N takes share K, 0 .. N - 1, "
            "of N of the ids"
        )
    ids = _ids(arguments)
    if rank is not None:
        start, end = DistributedRangeSplitter(len(ids), world_size).get_rank_range(rank)
        ids = ids[start:end]
    if arguments.elastic:
        key |= {"rank": None, "world_size": None}
    return derive(chosen_config(arguments), **key), ids, key["world_size"]
