"""The formats of chain files, one module each, chosen by the suffix of the name."""

from __future__ import annotations

import os
from importlib import import_module
from os import PathLike
from typing import Any

from dpa.checks import file_path
from dpa.files.standard_input import STDIN

#: What the names of chain files end with: "." and the name of the format's module here.
SUFFIXES = (".json", ".jsonl", ".npz", ".parquet")


def format_of(path: str | PathLike[str]) -> str:
    """The format that a path's suffix names. Raises TypeError or ValueError."""
    if path is STDIN:
        return "jsonl"
    name = file_path(path)
    suffix = _suffix(name)
    if suffix not in SUFFIXES:
        raise ValueError(f"path must end with one of {', '.join(SUFFIXES)}, got {name!r}")
    return suffix[1:]


def is_chain(name: str) -> bool:
    """Whether the suffix of `name` is that of a format."""
    return _suffix(name) in SUFFIXES


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def format_module(path: str | PathLike[str]) -> Any:
    """The format's module: `Writer(file, metadata)`, and `read(file)` for a FormatReader."""
    return import_module(f"{__name__}.{format_of(path)}")  # `import dpa` needs none of them


def recipe_module(path: str | PathLike[str]) -> Any:
    """The module that writes recipes. Raises TypeError or ValueError for an unsuitable path."""
    if format_of(path) != "json":
        raise ValueError(f"path of a recipe must end with .json, got {os.fspath(path)!r}")
    return import_module(f"{__name__}.recipe")
