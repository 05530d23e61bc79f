"""info: prints versions, kernels and threads."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

import dpa
from dpa._native import active_kernel, cpu_features, kernels
from dpa._pixels import level
from dpa.cli import options
from dpa.cli.output import write
from dpa.derivation.config import ALGORITHM
from dpa.host.threads import thread_count


def add(commands: options.Commands) -> None:
    """Registers the command."""
    command = commands.add_parser("info", examples=["dpa info"])
    options.flag(command, "--json", help="print JSON")
    command.set_defaults(run=_info)


def _info(arguments: argparse.Namespace) -> None:
    rows = {
        "dpa": dpa.__version__,
        "algorithm": ALGORITHM,
        "kernels": kernels(),
        "active": _or_problem(active_kernel),
        "pixels": _or_problem(level),
        "cpu_features": cpu_features(),
        "threads": _or_problem(thread_count),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
    }
    problems = {name: str(x) for name, x in rows.items() if isinstance(x, ValueError)}
    if arguments.json:
        found = {name: None if name in problems else x for name, x in rows.items()}
        write(json.dumps({**found, "problems": problems}))
        return
    for name, value in rows.items():
        text = " ".join(value) or "none of use" if isinstance(value, tuple) else str(value)
        text = f"none ({text})" if name in problems else text
        head = f"{name.replace('cpu_', 'CPU '):14}"
        write(textwrap.fill(text, 80, initial_indent=head, subsequent_indent=" " * 14))


def _or_problem(find: Callable[[], Any]) -> Any:
    """The value that a setting leads to, or the problem with the setting."""
    try:
        return find()
    except ValueError as error:
        return error
