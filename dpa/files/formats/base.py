"""The common part of all formats: counts what is written and checks what is read."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, BinaryIO

from dpa.checks import brief
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import BLOCK
from dpa.derivation.digest import SampleDigest
from dpa.derivation.documents import canonical, parse
from dpa.derivation.rows import is_hex_digest
from dpa.derivation.space import Space
from dpa.derivation.statistics import Statistics, without_nan
from dpa.files.metadata import Metadata

#: The most bytes of metadata and of statistics as JSON, which limits what a hostile file can take.
MOST_METADATA, MOST_STATISTICS = 4_000_000, 1_000_000


def checksum(document: object) -> str:
    """The SHA-256 of a document's canonical JSON, 64 hex characters."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def parsed(text: bytes, place: str) -> Any:
    """The JSON of a part of a file. Raises ValueError that names the place."""
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


class TrailerError(ValueError):
    """A readable file that differs from its trailer; `problems` says how."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)


class Writer(ABC):
    """Writes a file of samples that come in blocks; counts their statistics and digest."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file = file
        self._metadata = metadata
        self._fields = metadata.to_dict()
        self._statistics = Statistics(metadata.names, metadata.space)
        _require_readable(metadata.assumed_space)

    @classmethod
    def kept_bytes(cls, metadata: Metadata) -> int:
        """Bytes per sample that stay in memory until the last block."""
        return 0

    def write(self, blocks: Iterable[Columns]) -> SampleDigest:
        """Writes the whole file and returns its digest.

        The ids of each block follow those of the one before; its arrays may be reused for the
        next one. Raises ValueError for values that no file may have.
        """
        digest = SampleDigest()
        for block in blocks:
            if len(block):
                self._metadata.require_values(block.columns, digest.count)
                self._write(block, digest.count)
                self._statistics.update(block.columns)
                digest.update(block, self._metadata.key)
        self._end(
            {
                "metadata": self._fields,
                "statistics": without_nan(self._statistics.result()),
                "trailer": {"num_samples": digest.count, "digest": digest.hexdigest()},
            }
        )
        return digest

    @abstractmethod
    def _write(self, samples: Columns, first: int) -> None:
        """Writes samples number `first` and following, at least one."""

    @abstractmethod
    def _end(self, document: dict[str, Any]) -> None:
        """Writes what follows the samples: `document` is the rest, still without its checksum."""


@lru_cache(32)
def _require_readable(space: Space) -> None:
    """Raises ValueError for a space whose JSON would exceed what readers take."""
    statistics = json.dumps(without_nan(Statistics(space.names, space).result()))
    longest = statistics.replace("null", "-" * 24).replace(": 0", ": " + "-" * 18)
    for what, text, most in (
        ("the space takes", json.dumps(space.declaration()), MOST_METADATA),
        ("the statistics may take", longest, MOST_STATISTICS),
    ):
        if len(text) > most - 1000:
            raise ValueError(
                f"{what} {len(text):,} bytes of JSON, files may have {most:,}: declare fewer "
                "parameters or choices"
            )


def row_blocks(rows: list[Any], metadata: Metadata, rank: int | None = None) -> Iterator[Columns]:
    """Samples that were loaded whole, as dicts. `rank`: what each dict must state, if any."""
    for first in range(0, len(rows), BLOCK):
        part = rows[first : first + BLOCK]
        ids = metadata.consecutive_ids(first, len(part))
        yield Columns.from_rows(part, metadata.assumed_space, ids, first, rank)


class FormatReader(ABC):
    """Reads a file's metadata immediately, and its samples by blocks(), once.

    Raises ValueError or TypeError that names the place; the caller that opened the file adds
    its name.
    """

    #: What the file states about its samples; known after blocks().
    statistics: Any = None
    trailer: Any = None

    #: Whether JSON parsers that refuse NaN and Infinity read it.
    strict = True

    def __init__(self, metadata: Metadata, fields: object = None) -> None:
        self.metadata = metadata
        self._fields = fields  # the metadata as the file has them

    @abstractmethod
    def _samples(self) -> Iterator[Columns]:
        """The samples as stored; sets statistics and trailer."""

    def _checksum(self, document: dict[str, Any]) -> str:
        """The file's checksum, 64 hex characters, given all but the samples. Called once."""
        return checksum(document)

    def blocks(self) -> Iterator[Columns]:
        """The samples. Damage may show only after the last block."""
        digest = SampleDigest()
        for block in self._samples():
            self.metadata.require_values(block.columns, digest.count)
            if block.ids.kind != self.metadata.id_type and len(block):
                raise ValueError(
                    f"id_type is {self.metadata.id_type!r}, but the id of sample {digest.count} "
                    f"is {brief(block.ids[0])}"
                )
            digest.update(block, self.metadata.key)
            yield block
        self._check(digest)

    def _check(self, digest: SampleDigest) -> None:
        """Compares the trailer with the samples and with the rest of the file.

        Raises ValueError, or TrailerError if only values differ.
        """
        trailer = self.trailer
        if not isinstance(trailer, dict) or trailer.keys() != {"num_samples", "digest", "checksum"}:
            raise ValueError(
                f"trailer must be num_samples, digest and checksum, got {brief(trailer)}"
            )
        expected = self.metadata.expected_trailer(digest)
        if "digest" not in expected and not is_hex_digest(trailer["digest"]):
            raise ValueError(
                f"digest must be 64 lowercase hex digits, got {brief(trailer['digest'])}"
            )
        told = {name: trailer[name] for name in ("num_samples", "digest")}
        expected["checksum"] = self._checksum(
            {"metadata": self._fields, "statistics": self.statistics, "trailer": told}
        )
        problems = [
            f"trailer says {name} {brief(trailer[name])}, the content has {value!r}"
            for name, value in expected.items()
            if type(trailer[name]) is not type(value) or trailer[name] != value
        ]
        if problems:
            raise TrailerError(problems)
