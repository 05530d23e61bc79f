"""Recipes: `.json` files that stand for samples without storing any (docs/files.md)."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from dpa.derivation.columns import Columns
from dpa.derivation.statistics import Summary
from dpa.files.formats import base


class Writer(base.Writer):
    """Takes samples, and keeps only their digest and statistics."""

    def _write(self, samples: Columns, first: int) -> None:
        """Does nothing: recipes store no samples."""

    def _end(self, statistics: Summary, trailer: dict[str, Any]) -> None:
        write(self._file, self._fields, statistics, trailer)


def write(
    file: BinaryIO, metadata: dict[str, Any], statistics: Summary | None, trailer: dict[str, Any]
) -> None:
    """Writes a whole recipe. `statistics`: None is unknown; `trailer`: without the checksum."""
    document: dict[str, Any] = {
        "metadata": metadata,
        "augmentations": [],
        "statistics": statistics,
        "trailer": trailer,
    }
    trailer["checksum"] = base.checksum(document)
    parts = {name: json.dumps(value) for name, value in document.items()}
    parts["augmentations"] = "[\n]"  # readers expect the lines of samples here
    lines = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    file.write(f"{{{lines}}}\n".encode())
