"""Recipes: `.json` files that stand for samples without storing any (docs/files.md)."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from dpa.derivation.columns import Columns
from dpa.files.formats import base


class Writer(base.Writer):
    """Takes samples, and keeps only their digest and statistics."""

    def _write(self, samples: Columns, first: int) -> None:
        """Does nothing: recipes store no samples."""

    def _end(self, document: dict[str, Any]) -> None:
        write(self._file, document)


def write(file: BinaryIO, document: dict[str, Any]) -> None:
    """Writes metadata, statistics (None: unknown) and trailer, which has no checksum yet."""
    document["trailer"]["checksum"] = base.checksum({"augmentations": [], **document})
    parts = {name: json.dumps(value) for name, value in document.items()}
    # Readers expect the lines of samples behind the metadata.
    parts = {"metadata": parts["metadata"], "augmentations": "[\n]", **parts}
    lines = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    file.write(f"{{{lines}}}\n".encode())
