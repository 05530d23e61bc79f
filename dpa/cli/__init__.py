"""The command line: data on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from typing import Any, NoReturn

import dpa
from dpa.cli import audit, bench, files, info, pictures, samples
from dpa.cli.output import failed


class _Parser(argparse.ArgumentParser):
    """Errors come out of main in one line, like all others; options are written out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["allow_abbrev"] = False
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: list[str] | None = None) -> int:
    """Runs the command `argv` (default: the process's) and returns its exit code.

    0: done; 1: differences or faults found; 2: usage or a bad file.
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
        return failed(error)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="dpa", description="Deterministic augmentation parameters.")
    parser.add_argument("--version", action="version", version=f"dpa {dpa.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (samples, files, pictures, audit, bench, info):
        module.add(commands)
    return parser
