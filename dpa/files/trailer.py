"""What stands behind the samples: statistics, number of samples, digest and checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from dpa.files.metadata import Metadata
from dpa.files.records import canonical
from dpa.files.samples import Digest, Samples, TrailerError, require_finite
from dpa.statistics import Statistics, without_nan


class Tally:
    """Statistics, number and digest of the samples of a file that is being written."""

    def __init__(self, metadata: Metadata) -> None:
        self._statistics = Statistics(metadata.names)
        self._digest = Digest(metadata)
        self.count = 0

    def append(self, samples: Samples) -> None:
        """Counts some more samples in. Raises ValueError for values that no file may hold."""
        require_finite(samples.columns, self.count)
        self._statistics.append(samples.columns)
        self._digest.append(samples)
        self.count += len(samples.ids)

    def statistics(self) -> dict[str, dict[str, float | None]]:
        """As files have them."""
        return without_nan(self._statistics.result())

    def trailer(self) -> dict[str, Any]:
        """As files have it, but for the checksum."""
        return {"num_samples": self.count, "digest": self._digest.hexdigest()}


def checksum(metadata: object, statistics: object, trailer: object) -> str:
    """That of the formats whose samples are no text: 64 hex characters.

    `trailer` is without the checksum; its digest stands for the samples.
    """
    document = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def check_trailer(
    trailer: Any, count: int, digest: Digest, checksum: Callable[[dict[str, Any]], str]
) -> None:
    """Compares what the trailer says with the samples and with the rest of the file.

    `checksum` computes it from the trailer without it. Raises ValueError; TrailerError
    where only values differ. A recipe's digest is of samples that are not stored: who
    generates them compares it.
    """
    if not isinstance(trailer, dict) or trailer.keys() != {"num_samples", "digest", "checksum"}:
        raise ValueError(f"trailer must be num_samples, digest and checksum, got {trailer!r}")
    rest = {name: trailer[name] for name in ("num_samples", "digest")}
    found = {"num_samples": count, "digest": digest.hexdigest(), "checksum": checksum(rest)}
    if digest.metadata.num_samples is not None:
        if count > 0:
            raise ValueError(f"a recipe stores no samples, this one has {count}")
        stated = trailer["digest"]
        if not isinstance(stated, str) or len(stated) != 64 or stated.strip("0123456789abcdef"):
            raise ValueError(f"digest must be 64 lowercase hex digits, got {stated!r}")
        found["num_samples"] = digest.metadata.num_samples
        del found["digest"]
    problems = [
        f"trailer says {name} {trailer[name]!r}, the content has {value!r}"
        for name, value in found.items()
        if type(trailer[name]) is not type(value) or trailer[name] != value
    ]
    if problems:
        raise TrailerError(problems)
