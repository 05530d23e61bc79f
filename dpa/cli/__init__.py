"""The command line: data on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from typing import Any, NoReturn

import dpa
from dpa.cli import audit, bench, files, info, pictures, samples, show
from dpa.cli.output import USAGE_ERROR, failed, tell


class _Parser(argparse.ArgumentParser):
    """Raises ValueError for wrong usage, which main prints; refuses abbreviated options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["allow_abbrev"] = False
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # not generic at run time
    """Uses the help of a command in the list of commands as its description, too."""

    def add_parser(self, name: str, **kwargs: Any) -> Any:
        first, rest = kwargs["help"][0], kwargs["help"][1:]
        return super().add_parser(name, description=f"{first.upper()}{rest}.", **kwargs)


def main(argv: list[str] | None = None) -> int:
    """Runs the command `argv` (default: the process's arguments) and returns its exit code.

    0: success; 1: differences or faults were found; 2: wrong usage or a bad file.
    """
    try:
        arguments = _parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int | None] = arguments.run
        return run(arguments) or 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # the reader of a pipe has ended, as in `dpa ... | head`
        return 141
    # ImportError: an extra is missing.
    except (ValueError, OSError, MemoryError, ImportError) as error:
        return failed(error)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dpa",
        description="Makes augmentation parameters that are the same wherever they are made, "
        "writes them to files and checks files. dpa COMMAND --help tells what a command takes.",
        epilog="Exit codes: 0 is done, 1 is differences or faults found, 2 is wrong arguments or "
        "files.",
    )
    parser.add_argument("--version", action="version", version=f"dpa {dpa.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", action=_Commands)
    for module in (samples, show, files, pictures, audit, bench, info):
        module.add(commands)

    def without_command(_: argparse.Namespace) -> int:
        tell(parser.format_help().rstrip())
        return USAGE_ERROR

    parser.set_defaults(run=without_command)
    return parser
