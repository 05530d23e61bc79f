"""The formats of chain files, one module each, chosen by the suffix of the name."""

from __future__ import annotations

import os
from importlib import import_module
from os import PathLike
from typing import Any

from dpa.checks import file_path
from dpa.files.standard_input import STDIN

#: Imported on first use: `import dpa` needs none of them.
_FORMATS = {
    ".json": "dpa.files.formats.json",
    ".jsonl": "dpa.files.formats.jsonl",
    ".npz": "dpa.files.formats.npz",
    ".parquet": "dpa.files.formats.parquet",
}
#: What the names of chain files end with.
SUFFIXES = tuple(_FORMATS)


def format_of(path: str | PathLike[str]) -> str:
    """The module of the format for a path's suffix. Raises TypeError or ValueError."""
    if path is STDIN:
        return _FORMATS[".jsonl"]
    name = file_path(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise ValueError(f"path must end with one of {known}, got {name!r}")
    return _FORMATS[suffix]


def is_chain(name: str) -> bool:
    """Whether the suffix of `name` is that of a format."""
    return os.path.splitext(name)[1].lower() in _FORMATS


def format_module(path: str | PathLike[str]) -> Any:
    """The format's module: `Writer(file, metadata)`, and `read(file)` for a FormatReader."""
    return import_module(format_of(path))


def recipe_module(path: str | PathLike[str]) -> Any:
    """The module that writes recipes. Raises TypeError or ValueError for an unsuitable path."""
    if format_of(path) != _FORMATS[".json"]:
        raise ValueError(f"path of a recipe must end with .json, got {os.fspath(path)!r}")
    return import_module("dpa.files.formats.recipe")
