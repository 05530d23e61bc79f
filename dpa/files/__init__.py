"""Chain files: one module per format, one protocol.

A format's module has `Writer(file, metadata)` with append(samples) and close(), and
`read(file)`, whose result has `metadata`, blocks() and, behind these, `statistics` and
`trailer`. It raises ValueError or TypeError that names the place; the name of the file is
added here. A writer that is not closed is dropped with its file, and the arrays of what is
appended may be filled anew afterwards. `KEPT` is there where a writer keeps so many bytes a
sample until close().
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from typing import Any, Protocol, Self

from dpa._native import active_kernel
from dpa.errors import ChainFileError
from dpa.files.metadata import Metadata
from dpa.files.samples import BLOCK, Block, Samples, TrailerError, require_single
from dpa.memory import require_memory

__all__ = [
    "BLOCK",
    "Block",
    "Metadata",
    "Reader",
    "Samples",
    "TrailerError",
    "Writer",
    "create",
    "write_recipe",
]

#: Imported when a file is: `import dpa` needs none of them.
_FORMATS = {
    ".json": "dpa.files.json",
    ".jsonl": "dpa.files.jsonl",
    ".npz": "dpa.files.npz",
    ".parquet": "dpa.files.parquet",
}


class Writer(Protocol):
    """Takes samples block by block."""

    def append(self, samples: Samples) -> None:
        """Writes some more samples, whose ids go on where the last ones ended."""


def _format(path: str | PathLike[str]) -> str:
    """The module of a format, by the suffix."""
    if not isinstance(path, (str, PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(f"path must be a str or a path of text, got {path!r}")
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _FORMATS or "\0" in os.fspath(path):
        known = ", ".join(_FORMATS)
        raise ValueError(f"path must end with one of {known}, got {os.fspath(path)!r}")
    return _FORMATS[suffix]


def check_path(path: str | PathLike[str]) -> None:
    """Raises TypeError or ValueError for a path that no format has."""
    _format(path)


def _recipe(path: str | PathLike[str]) -> Any:
    if _format(path) != _FORMATS[".json"]:
        raise ValueError(f"path of a recipe must end with .json, got {os.fspath(path)!r}")
    return import_module("dpa.files.recipe")


def write_recipe(path: str | PathLike[str], metadata: Metadata, digest: str) -> None:
    """Writes a recipe whose samples' digest is known, and their statistics are not.

    Raises ValueError for another suffix than .json, and OSError.
    """
    form = _recipe(path)
    from dpa.files.atomic import replacing  # with the formats

    with replacing(path) as file:
        form.write(file, metadata, digest, None)


@contextmanager
def create(
    path: str | PathLike[str], metadata: Metadata, expected: int | None = None
) -> Iterator[Writer]:
    """A writer whose file takes its name when the block ends without an exception.

    It stores the samples; those of a recipe it only counts in. `expected`: how many will
    come, where that is known. Raises ValueError for a suffix that is no format's and for
    more samples than a format that keeps them has memory for, and OSError.
    """
    recipe = metadata.num_samples is not None
    form = _recipe(path) if recipe else import_module(_format(path))
    if expected and hasattr(form, "KEPT"):
        require_memory(
            f"{os.fspath(path)!r} with its {expected:,} samples",
            expected * form.KEPT,
            "files that end with .json, .jsonl or .parquet are written in constant memory",
        )
    from dpa.files.atomic import replacing  # with the formats

    with replacing(path) as file:
        writer = form.Writer(file, metadata)
        yield writer
        writer.close()


class Reader:
    """A chain file: its metadata, and its samples by blocks().

    Raises ChainFileError for a file that is damaged, and OSError. A `lenient` one goes
    on where the trailer contradicts the rest, and has that in `problems` behind blocks();
    it takes values that are not of the dtype stated.
    """

    def __init__(self, path: str | PathLike[str], *, lenient: bool = False) -> None:
        self._form = _format(path)
        active_kernel()  # a bad DPA_KERNEL is no fault of the file
        self.path = path
        self.problems: list[str] = []
        self._lenient = lenient
        self._begun = False
        self._file = open(path, "rb")  # noqa: SIM115 (closed by __exit__)
        try:  # ImportError of an extra, too: a missing file was told before
            self._reader = self._read()
        except BaseException:
            self._file.close()
            raise

    def _read(self) -> Any:
        try:
            return import_module(self._form).read(self._file)
        except (ValueError, TypeError) as error:
            raise self._named(error) from error

    @property
    def metadata(self) -> Metadata:
        """What the file says of its samples."""
        metadata: Metadata = self._reader.metadata
        return metadata

    @property
    def original(self) -> bool:
        """Whether the original package wrote it: its trailer is num_samples at most."""
        return bool(getattr(self._reader, "original", False))  # only .json can be

    @property
    def statistics(self) -> Any:
        """What the file says of its samples' statistics; there behind blocks()."""
        return self._reader.statistics

    @property
    def trailer(self) -> Any:
        """num_samples, digest and checksum; there behind blocks()."""
        return self._reader.trailer

    def blocks(self) -> Iterator[Block]:
        """The samples in order, some thousands at a time; each call begins with the first."""
        if self._begun:
            self._file.seek(0)
            self._reader = self._read()
        self._begun, count = True, 0
        try:
            for block in self._reader.blocks():
                if self.metadata.dtype == "float32" and not self._lenient:
                    require_single(block.columns, count)
                count += len(block.ids)
                yield block
        except TrailerError as error:
            self._contradicted(error)
        except (ValueError, TypeError) as error:
            raise self._named(error) from error

    def _contradicted(self, error: TrailerError) -> None:
        if not self._lenient:
            raise self._named(error) from error
        self.problems += error.problems

    def _named(self, error: Exception) -> ChainFileError:
        return ChainFileError(f"{str(self.path)!r}: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
