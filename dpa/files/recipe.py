"""Recipes: `.json` files that stand for samples without storing any (docs/files.md)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, BinaryIO

from dpa.files.metadata import Metadata
from dpa.files.records import canonical
from dpa.files.samples import Samples
from dpa.files.trailer import Tally


class Writer:
    """Takes samples, and keeps nothing of them but digest and statistics."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file = file
        self._metadata = metadata
        self._tally = Tally(metadata)

    def append(self, samples: Samples) -> None:
        """Counts some more samples in."""
        self._tally.append(samples)

    def close(self) -> None:
        """Writes the file."""
        digest = self._tally.trailer()["digest"]
        write(self._file, self._metadata, digest, self._tally.statistics())


def write(file: BinaryIO, metadata: Metadata, digest: str, statistics: Any) -> None:
    """A whole recipe. `digest`: 64 hex characters; `statistics`: None is unknown."""
    trailer: dict[str, Any] = {"num_samples": metadata.num_samples, "digest": digest}
    document = {
        "metadata": metadata.to_dict(),
        "augmentations": [],
        "statistics": statistics,
        "trailer": trailer,
    }
    trailer["checksum"] = hashlib.sha256(canonical(document).encode()).hexdigest()
    parts = {name: json.dumps(value) for name, value in document.items()}
    parts["augmentations"] = "[\n]"  # where readers expect the lines of samples
    lines = ",\n".join(f'"{name}": {text}' for name, text in parts.items())
    file.write(f"{{{lines}}}\n".encode())
