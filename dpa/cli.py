"""The command line: data on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np

import dpa
from dpa import files
from dpa._native import SAMPLERS, active_kernel, cpu_features, dicts, kernels
from dpa.config import ALGORITHM, PRESETS, AugmentationConfig, get_preset
from dpa.diff import diff_chains
from dpa.files import Block, Metadata
from dpa.files.records import parse
from dpa.generate import consecutive_ids, gen_augmentation_params
from dpa.keys import Ids, Key
from dpa.persistence import load_augmentation_config
from dpa.progress import progress_bar
from dpa.recipes import ChainReader, merge_recipes, recipe_blocks, recipe_metadata
from dpa.statistics import Statistics, Summary, theoretical_statistics, without_nan
from dpa.threads import thread_count
from dpa.verify import verify_augmentation_chain

_SUFFIXES = ".json, .jsonl, .npz or .parquet"

DIFFERENT = 1
USAGE_ERROR = 2


class _Parser(argparse.ArgumentParser):
    """Errors come out of main in one line, like all others; options are written out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["allow_abbrev"] = False
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: list[str] | None = None) -> int:
    """Runs the command `argv` (default: the process's) and returns its exit code.

    0: done; 1: differences found; 2: usage or a bad file.
    """
    try:
        arguments = _parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int | None] = arguments.run
        return run(arguments) or 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `dpa ... | head` has seen enough
        return 141
    except (ValueError, OSError, ImportError) as error:  # ImportError: an extra is missing
        return _failed(error)


def _failed(error: ValueError | OSError | ImportError) -> int:
    print("dpa: error:", _one_line(error), file=sys.stderr)
    return USAGE_ERROR


def _one_line(error: ValueError | OSError | ImportError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {str(error.filename)!r}"
    return str(error).replace("\n", " ")


def _write(text: str) -> None:
    """Writes to stdout at once, so that what fails there fails here."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        raise


# ---- Arguments ----


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="dpa", description="Deterministic augmentation parameters.")
    parser.add_argument("--version", action="version", version=f"dpa {dpa.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = commands.add_parser("generate", help="write the parameters of consecutive samples")
    source = command.add_mutually_exclusive_group(required=True)
    _add_num_samples(source)
    source.add_argument("--recipe", metavar="FILE", help="write what this recipe stands for")
    _add_request(command)
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_SUFFIXES)
    command.add_argument("-q", "--quiet", action="store_true", help="no messages, no progress")
    command.set_defaults(run=_generate)

    command = commands.add_parser("recipe", help="write what samples are made of, not the samples")
    source = command.add_mutually_exclusive_group(required=True)
    _add_num_samples(source)
    source.add_argument(
        "--merge",
        nargs="+",
        metavar="FILE",
        help="recipes and chain files whose ids are consecutive; without generating anything",
    )
    _add_request(command)
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=".json")
    command.add_argument("-q", "--quiet", action="store_true", help="no messages, no progress")
    command.set_defaults(run=_recipe)

    command = commands.add_parser("show", help="print samples' parameters as JSON, one a line")
    command.add_argument("ids", nargs="+", metavar="ID")
    command.add_argument("--string", action="store_true", help="the ids are strings")
    command.add_argument("--from", dest="source", metavar="FILE", help="as this file has them")
    _add_config(command)
    _add_key(command)
    command.set_defaults(run=_show)

    command = commands.add_parser("verify", help="generate files' samples again and compare them")
    command.add_argument("files", nargs="+", metavar="FILE")
    command.add_argument("-q", "--quiet", action="store_true", help="print what is not ok alone")
    command.set_defaults(run=_verify)

    command = commands.add_parser("diff", help="compare the samples of two files")
    command.add_argument("first", metavar="FILE")
    command.add_argument("second", metavar="FILE")
    command.set_defaults(run=_diff)

    command = commands.add_parser("stats", help="print the statistics of a file's samples")
    command.add_argument("file", metavar="FILE")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.set_defaults(run=_stats)

    command = commands.add_parser("info", help="print versions, kernels and threads")
    command.set_defaults(run=_info)
    return parser


def _add_num_samples(group: argparse._MutuallyExclusiveGroup) -> None:
    group.add_argument("-n", "--num-samples", type=int, metavar="N")


def _add_request(command: argparse.ArgumentParser) -> None:
    command.add_argument("--start-id", type=int, metavar="ID", help="default: 0")
    _add_config(command)
    _add_key(command)
    command.add_argument(
        "--elastic",
        action="store_true",
        help="only share the samples out among ranks; the values do not depend on the rank",
    )


def _add_config(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("what to draw")
    either = group.add_mutually_exclusive_group()
    either.add_argument("--preset", choices=PRESETS, help="default: moderate")
    either.add_argument("--config", metavar="FILE", help="JSON of config fields, or a chain file")
    group.add_argument("--depth", type=int, metavar="N", help="links of the hash chain")
    group.add_argument("--sampler", choices=SAMPLERS)


def _add_key(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("key parts, each 0 to 2**64 - 1")
    for name in ("--base-seed", "--epoch", "--view", "--rank", "--world-size"):
        group.add_argument(name, type=int, metavar="N")


def _config(arguments: argparse.Namespace) -> AugmentationConfig:
    if arguments.config is None:
        config = get_preset(arguments.preset or "moderate")
    else:
        config = _read_config(Path(arguments.config))
    changes = {"augmentation_depth": arguments.depth, "sampler": arguments.sampler}
    return config.replace(**{name: x for name, x in changes.items() if x is not None})


def _read_config(path: Path) -> AugmentationConfig:
    with path.open("rb") as file:
        start = file.read(65536)  # of a chain file, enough to tell
    if path.suffix.lower() != ".json" or b'"augmentations"' in start:
        return load_augmentation_config(path)
    try:
        fields = parse(start)
        if not isinstance(fields, dict):
            raise TypeError(f"the config must be an object, got {fields!r}")
        return AugmentationConfig.from_dict(fields)
    except (ValueError, TypeError) as error:
        raise ValueError(f"--config {str(path)!r}: {error}") from error


def _leave_to(option: str, arguments: argparse.Namespace) -> None:
    """Raises ValueError where an argument says what the file of `option` says."""
    names = "start_id preset config depth sampler base_seed epoch view rank world_size elastic"
    for name in names.split():
        value = getattr(arguments, name, None)
        if value is not None and value is not False:  # 0 is given, too
            raise ValueError(f"--{name.replace('_', '-')} is not allowed with {option}")


def _key(arguments: argparse.Namespace, rank: int | None) -> Key:
    return Key.checked(arguments.epoch, arguments.view, arguments.base_seed, rank)


# ---- Commands ----


def _generate(arguments: argparse.Namespace) -> None:
    if arguments.recipe is None:
        metadata = _request(arguments)
        _write_samples(arguments, metadata, recipe_blocks(metadata), stored=True)
        return
    _leave_to("--recipe", arguments)
    with ChainReader(arguments.recipe) as reader:
        if reader.metadata.num_samples is None:
            raise ValueError(f"--recipe: {arguments.recipe!r} is no recipe")
        _write_samples(arguments, reader.metadata, reader.blocks(), stored=True)


def _recipe(arguments: argparse.Namespace) -> None:
    if arguments.merge is None:
        metadata = _request(arguments)
        _write_samples(arguments, metadata, recipe_blocks(metadata), stored=False)
        return
    _leave_to("--merge", arguments)
    _tell_written(arguments, merge_recipes(arguments.merge, arguments.output), stored=False)


def _request(arguments: argparse.Namespace) -> Metadata:
    """The recipe that the arguments are."""
    config = _config(arguments)
    rank, world_size = arguments.rank, arguments.world_size
    if (rank is None) != (world_size is None) or (arguments.elastic and rank is None):
        raise ValueError("--rank needs --world-size and the reverse; --elastic needs both")
    Key.checked(rank=rank, world_size=world_size)
    ids = consecutive_ids(arguments.num_samples, arguments.start_id or 0)
    if rank is not None:
        ids = _share(ids, rank, world_size)
    if arguments.elastic:
        rank = world_size = None
    return recipe_metadata(config, _key(arguments, rank), ids, world_size)


def _write_samples(
    arguments: argparse.Namespace, recipe: Metadata, blocks: Iterable[Block], *, stored: bool
) -> None:
    """Writes a chain file, or the recipe."""
    total = recipe.num_samples or 0
    metadata = replace(recipe, num_samples=None) if stored else recipe
    with (
        _terminable(),
        files.create(arguments.output, metadata) as writer,
        _progress(total, arguments.quiet) as advance,
    ):
        for block in blocks:
            writer.append(block)
            advance(len(block.ids))
    _tell_written(arguments, total, stored=stored)


def _tell_written(arguments: argparse.Namespace, count: int, *, stored: bool) -> None:
    if not arguments.quiet:
        what = f"{count:,} samples" if stored else f"a recipe of {count:,} samples"
        print(f"wrote {what} to {arguments.output}", file=sys.stderr)


def _share(ids: range, rank: int, world_size: int) -> range:
    """The rank's consecutive part; the first ranks take one more each of what is left over."""
    size, left = divmod(len(ids), world_size)
    start = rank * size + min(rank, left)
    return ids[start : start + size + (rank < left)]


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP clean up behind them like Ctrl-C."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # may set no handlers
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    default = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in default:  # one that is ignored stays so: nohup
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


def _progress(total: int, quiet: bool) -> AbstractContextManager[Callable[[int], object]]:
    """A bar on a terminal, where the extra `cli` is installed."""
    wanted = not quiet and sys.stderr.isatty() and find_spec("tqdm") is not None
    return progress_bar(wanted, total)


def _show(arguments: argparse.Namespace) -> None:
    ids = [_id(text, string=arguments.string) for text in arguments.ids]
    if arguments.source is None:
        config = _config(arguments)
        Key.checked(rank=arguments.rank, world_size=arguments.world_size)
        key = _key(arguments, arguments.rank)._asdict()
        rows = {seed_id: gen_augmentation_params(seed_id, config, **key) for seed_id in ids}
    else:
        _leave_to("--from", arguments)
        rows = _stored(arguments.source, ids)
    _write("\n".join(json.dumps({"id": seed_id, **rows[seed_id]}) for seed_id in ids))


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


def _verify(arguments: argparse.Namespace) -> int:
    """Goes on behind a file that cannot be read: the worst decides."""
    code = 0
    for path in arguments.files:
        try:
            report = verify_augmentation_chain(path)
        except (ValueError, OSError, ImportError) as error:
            code = _failed(error)
            continue
        if not report.ok:
            code = max(code, DIFFERENT)
        if not (report.ok and arguments.quiet):
            _write(str(report))
    return code


def _diff(arguments: argparse.Namespace) -> int:
    diff = diff_chains(arguments.first, arguments.second)
    _write(str(diff))
    return DIFFERENT if diff else 0


def _stats(arguments: argparse.Namespace) -> None:
    with ChainReader(arguments.file) as reader:
        config = reader.metadata.config
        statistics = Statistics(reader.metadata.names)
        for block in reader.blocks():
            statistics.append(block.columns)
    found = statistics.result()
    expected = None if config is None else theoretical_statistics(config)
    if arguments.json:
        _write(json.dumps({"statistics": without_nan(found), "theoretical": expected}))
    else:
        _write(_table(found, expected))


def _table(found: Summary, expected: Summary | None) -> str:
    """One line a parameter; what a uniform distribution has stands in brackets."""
    columns = ("mean", "stdev", "min", "max")
    count = next(iter(found.values()))["count"]
    lines = [
        f"{count:,} samples" + (" (in brackets: the uniform distribution)" if expected else "")
    ]
    lines.append(f"{'':12}" + "".join(f"{name:>12}{'':12}" for name in columns))
    for name, values in found.items():
        line = f"{name:12}"
        for column in columns:
            theory = f"({expected[name][column]:.6g})" if expected else ""
            line += f"{values[column]:12.6g} {theory:11}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _info(arguments: argparse.Namespace) -> None:
    rows = {
        "dpa": dpa.__version__,
        "algorithm": ALGORITHM,
        "kernels": " ".join(kernels()),
        "active": _or_problem(active_kernel),
        "CPU features": " ".join(cpu_features()) or "none of use",
        "threads": _or_problem(thread_count),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
    }
    _write("\n".join(f"{name:14}{value}" for name, value in rows.items()))


def _or_problem(find: Callable[[], Any]) -> str:
    """What a setting leads to, or what is wrong with it."""
    try:
        return str(find())
    except ValueError as error:
        return f"none ({error})"
