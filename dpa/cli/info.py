"""info: prints versions, kernels and threads."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import dpa
from dpa._native import active_kernel, cpu_features, kernels
from dpa.cli.arguments import Commands
from dpa.cli.output import write
from dpa.derivation.config import ALGORITHM
from dpa.host.threads import thread_count


def add(commands: Commands) -> None:
    """Registers the command."""
    command = commands.add_parser("info", help="print versions, kernels and threads")
    command.set_defaults(run=_info)


def _info(arguments: argparse.Namespace) -> None:
    rows = {
        "dpa": dpa.__version__,
        "algorithm": ALGORITHM,
        "kernels": " ".join(kernels()),
        "active": _or_problem(active_kernel),
        "pixels": _or_problem(_pixel_level),
        "CPU features": " ".join(cpu_features()) or "none of use",
        "threads": _or_problem(thread_count),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
    }
    write("\n".join(f"{name:14}{value}" for name, value in rows.items()))


def _pixel_level() -> str:
    from dpa._pixels import level

    return level()


def _or_problem(find: Callable[[], Any]) -> str:
    """The value that a setting leads to, or the problem with the setting."""
    try:
        return str(find())
    except ValueError as error:
        return f"none ({error})"
