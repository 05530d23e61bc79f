"""Recipes: `.json` files that stand for samples without storing any (docs/files.md)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, BinaryIO

from dpa.derivation.columns import Columns
from dpa.derivation.documents import canonical
from dpa.files.formats import base


class Writer(base.Writer):
    """Takes samples, and keeps only their digest and statistics."""

    def _write(self, samples: Columns, first: int) -> None:
        """Does nothing: recipes store no samples."""

    def close(self) -> None:
        """Writes the file."""
        digest = self._tally.trailer()["digest"]
        write(self._file, self._metadata.to_dict(), digest, self._tally.statistics())


def write(file: BinaryIO, metadata: dict[str, Any], digest: str, statistics: Any) -> None:
    """Writes a whole recipe. `digest`: 64 hex characters; `statistics`: None is unknown."""
    trailer: dict[str, Any] = {"num_samples": metadata["num_samples"], "digest": digest}
    document = {
        "metadata": metadata,
        "augmentations": [],
        "statistics": statistics,
        "trailer": trailer,
    }
    trailer["checksum"] = hashlib.sha256(canonical(document).encode()).hexdigest()
    parts = {name: json.dumps(value) for name, value in document.items()}
    parts["augmentations"] = "[\n]"  # readers expect the lines of samples here
    lines = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    file.write(f"{{{lines}}}\n".encode())
