"""The command line: data on stdout, messages on stderr, errors in one line."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

import dpa
from dpa.cli.output import USAGE_ERROR, failed, tell

#: The commands in the order of the help: the module of each, which is imported to run it, and
#: what it does.
COMMANDS = {
    "generate": ("samples", "write the parameters of samples"),
    "recipe": ("samples", "write what samples are made of, not the samples"),
    "show": ("show", "print samples' parameters as JSON, one a line, or what a file declares"),
    "verify": ("files", "generate files' samples again and compare them"),
    "diff": ("files", "compare the samples of two files or runs"),
    "stats": ("files", "print the statistics of the samples of a file or a run"),
    "preview": ("pictures", "draw images as samples' parameters make them"),
    "plot": ("pictures", "draw how the parameters of a file are distributed"),
    "audit": ("audit", "test seeds for collisions, parameters for uniformity and correlations"),
    "bench": ("bench", "measure how fast samples are made here"),
    "info": ("info", "print versions, kernels and threads"),
}


class _Parser(argparse.ArgumentParser):
    """Raises ValueError for wrong usage, which main prints; refuses abbreviated options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["allow_abbrev"] = False
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        super().__init__(*args, **kwargs)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses what is unknown here: the message names the help of this command."""
        found, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message}; see {self.prog} --help")


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # not generic at run time
    """The commands; the help of one begins with what it does, and ends with examples."""

    def add_parser(  # type: ignore[override]
        self, name: str, *, needs: str = "", examples: Sequence[str] = ()
    ) -> Any:
        """`needs`: the arguments that the usage has in front of the options."""
        _, does = COMMANDS[name]
        return super().add_parser(
            name,
            help=does,
            description=f"{does[0].upper()}{does[1:]}.",
            usage=" ".join(filter(None, ("dpa", name, needs, "[options]"))),
            epilog="\n  ".join(["Examples:" if examples[1:] else "Example:", *examples]),
        )


def main(argv: list[str] | None = None) -> int:
    """Runs the command `argv` (default: the process's arguments) and returns its exit code.

    0: success; 1: differences or faults were found; 2: wrong usage or a bad file.
    """
    given = sys.argv[1:] if argv is None else argv
    arguments = argparse.Namespace()
    try:
        arguments = parser(next(iter(given), "")).parse_args(given)
        run: Callable[[argparse.Namespace], int | None] = arguments.run
        return run(arguments) or 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:  # the reader of a pipe has ended, as in `dpa ... | head`
        return 141
    except ImportError as error:  # an extra is missing
        return failed(_with_parquet(error, arguments))
    except (ValueError, OSError, MemoryError) as error:
        return failed(error)


def _with_parquet(error: ImportError, arguments: argparse.Namespace) -> ImportError:
    """The error, which also names the extra for .parquet files if the command has such a file.

    Not where the error is of pyarrow, too: the extra that it names brings it.
    """
    if ".parquet'" in repr(vars(arguments)):
        try:
            import_module("dpa.files.formats.parquet")
        except ImportError as other:
            if other.name != error.name:
                return ImportError(f"{error}; {other}")
    return error


def parser(command: str = "") -> argparse.ArgumentParser:
    """The parser of all commands; only `command` has its arguments, whose module is imported."""
    found = _Parser(
        prog="dpa",
        usage="dpa [-h] [-V] COMMAND ...",
        description="Makes augmentation parameters that are the same wherever they are made,\n"
        "writes them to files and checks files.\n\n"
        "dpa COMMAND --help tells what a command takes.",
        epilog="Exit codes: 0 is done, 1 is differences or faults found, 2 is wrong arguments\n"
        "or files.\n\n"
        "Example:\n"
        "  dpa generate -n 1000 --epoch 3 -o epoch3.json && dpa verify epoch3.json",
    )
    found.add_argument("-V", "--version", action="version", version=f"dpa {dpa.__version__}")
    commands = found.add_subparsers(
        metavar="COMMAND", title="commands", prog="dpa", action=_Commands
    )
    module, _ = COMMANDS.get(command, ("", ""))
    for name, (home, _) in COMMANDS.items():
        if home != module:
            commands.add_parser(name)
    if module:
        import_module(f"dpa.cli.{module}").add(commands)

    def without_command(_: argparse.Namespace) -> int:
        tell(found.format_help().rstrip())
        return USAGE_ERROR

    found.set_defaults(run=without_command)
    return found
