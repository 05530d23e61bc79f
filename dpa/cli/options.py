"""The options of commands: those that several have, and what numbers and flags look like."""

from __future__ import annotations

import argparse
import re
from typing import Any, TypeAlias

from dpa._native import SAMPLERS
from dpa.derivation.config import PRESETS
from dpa.files.chains import FilePath
from dpa.files.standard_input import STDIN

#: The type of the argument of a module's add(), which registers its commands.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
#: A command, or a group of its options.
_Options: TypeAlias = argparse._ActionsContainer

SUFFIXES = ".json, .jsonl, .npz or .parquet"
HOLDS_SAMPLES = f"{SUFFIXES}; - is stdin, as .jsonl; a run's folder, or one of parts of a chain"


def chain_path(text: str) -> FilePath:
    """The path of a chain file that an argument names; - is standard input."""
    return STDIN if text == "-" else text


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(
            f"must be a whole number in digits, such as 100000, got {text!r}"
        )
    return int(text)


def number(command: _Options, *names: str, metavar: str = "N", **more: Any) -> None:
    """Adds an option that takes a whole number; `more` is for argparse."""
    command.add_argument(*names, type=_whole, metavar=metavar, **more)


def flag(command: _Options, *names: str, **more: Any) -> None:
    """Adds an option without a value; `more` is for argparse."""
    command.add_argument(*names, action="store_true", **more)


def num_samples(command: _Options, text: str, **more: Any) -> None:
    """Adds the option for the number of samples."""
    number(command, "-n", "--num-samples", help=text, **more)


def start_id(command: _Options, default: int | None = None) -> None:
    """Adds the option for the first id."""
    number(command, "--start-id", metavar="ID", default=default, help="the first id, default: 0")


def quiet(command: _Options, text: str = "no progress") -> None:
    """Adds the option that leaves out the progress bar."""
    flag(command, "-q", "--quiet", help=text)


def unlimited(command: _Options) -> None:
    """Adds the option that allows recipes of any size."""
    text = "generate recipes that take one core over an hour: 10**10 samples at depth 10"
    flag(command, "--unlimited", help=text)


def ids(command: _Options, default: str) -> None:
    """Adds the options that given_ids reads."""
    command.add_argument("--ids", metavar="A:B|A,B,...", help=default)
    flag(command, "--string", help="the ids are strings: --ids A,B,...")
    ids_from(command)


def ids_from(command: _Options) -> None:
    """Adds the option that read_ids reads."""
    command.add_argument(
        "--ids-from", metavar="FILE", help="text ids: the lines of a file of UTF-8; - is stdin"
    )


def epochs(command: _Options, text: str) -> None:
    """Adds the option that chosen_epochs reads."""
    command.add_argument("--epochs", metavar="A:B", help=text)


def config(command: argparse.ArgumentParser) -> None:
    """Adds the options that chosen_config reads."""
    group = command.add_argument_group("what to draw")
    sources(group, "default: moderate")
    number(group, "--depth", help="links of the chain, instead of the config's")
    group.add_argument("--sampler", choices=SAMPLERS, help="instead of the config's")
    group.add_argument(
        "--columns", metavar="A,B,...", help="only these parameters, and those they depend on"
    )


def sources(command: _Options, preset: str) -> None:
    """Adds the options of which one says the config; `preset` is the help text of the first."""
    either = command.add_mutually_exclusive_group()
    either.add_argument("--preset", choices=PRESETS, help=preset)
    either.add_argument(
        "--config", metavar="FILE", help="JSON of config fields, a chain file or a run"
    )
    either.add_argument("--space", metavar="FILE", help="JSON of a space, a chain file or a run")


def key(
    command: argparse.ArgumentParser,
    rank: str = "the values that rank K of a job has; the ids are not shared out",
    world_size: str = "ranks of the job; only checks --rank",
) -> None:
    """Adds the options for the key; `rank` and `world_size` are their help texts."""
    group = command.add_argument_group("key parts, each 0 to 2**64 - 1, by default absent")
    number(group, "--base-seed", help="one for each run")
    number(group, "--epoch", help="one for each epoch")
    number(group, "--view", help="one for each view of the same sample")
    number(group, "--rank", metavar="K", help=rank)
    number(group, "--world-size", help=world_size)
