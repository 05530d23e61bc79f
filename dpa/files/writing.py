"""Writing samples to a chain file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dpa.checks import count_of
from dpa.derivation.columns import Columns
from dpa.derivation.digest import SampleDigest
from dpa.files.atomic import replacing
from dpa.files.chains import FilePath
from dpa.files.formats import format_module
from dpa.files.metadata import Metadata
from dpa.host.memory import require_memory

if TYPE_CHECKING:
    from dpa.files.formats.base import Writer


def write_chain(
    path: FilePath, metadata: Metadata, blocks: Iterable[Columns], expected: int | None = None
) -> SampleDigest:
    """Writes a chain file whole, or leaves an earlier file as it was; returns the digest.

    `expected`: how many samples will come; None is unknown. Raises OSError, and ValueError for an
    unknown suffix or if a format that keeps all samples needs more memory than there is.
    """
    form: type[Writer] = format_module(path).Writer
    kept = form.kept_bytes(metadata)
    if expected and kept:
        require_memory(
            f"{os.fspath(path)!r} with its {count_of(expected, 'sample')}",
            expected * kept,
            "files that end with .json, .jsonl or .parquet are written in constant memory",
        )
    with replacing(path) as file:
        return form(file, metadata).write(blocks)
