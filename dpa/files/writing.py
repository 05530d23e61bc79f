"""The loop that writes samples to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, BinaryIO

from dpa.derivation.columns import Columns
from dpa.files.formats import format_module
from dpa.files.metadata import Metadata
from dpa.host.memory import require_memory

if TYPE_CHECKING:
    from dpa.files.chains import FilePath
    from dpa.files.formats.base import Writer


def write_chain(
    path: FilePath,
    metadata: Metadata,
    blocks: Iterable[Columns],
    advance: Callable[[int], object] = int,
    expected: int | None = None,
) -> None:
    """Writes a chain file whole, or leaves an earlier file as it was.

    `advance` is called with the number of samples of each block. `expected`: how many samples
    will come; None is unknown. Raises OSError, and ValueError for an unknown suffix or if a
    format that keeps all samples needs more memory than there is.
    """
    form: type[Writer] = format_module(path).Writer
    kept = form.kept_bytes(metadata)
    if expected and kept:
        require_memory(
            f"{os.fspath(path)!r} with its {expected:,} samples",
            expected * kept,
            "files that end with .json, .jsonl or .parquet are written in constant memory",
        )
    write_blocks(path, form, metadata, blocks, advance)


def write_blocks(
    path: FilePath,
    form: type[Writer],
    metadata: Metadata,
    blocks: Iterable[Columns],
    advance: Callable[[int], object] = int,
) -> None:
    """Writes blocks with a given writer, as write_chain does."""
    from dpa.files.atomic import replacing  # pathlib takes 3 ms of `import dpa`

    with replacing(path) as file:
        write_into(file, form, metadata, blocks, advance)


def write_into(
    file: BinaryIO,
    form: type[Writer],
    metadata: Metadata,
    blocks: Iterable[Columns],
    advance: Callable[[int], object] = int,
) -> None:
    """Writes blocks to an open file, as write_chain does."""
    writer = form(file, metadata)
    for block in blocks:
        writer.append(block)
        advance(len(block))
    writer.close()
