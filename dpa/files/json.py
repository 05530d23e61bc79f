"""`.json`: one document whose samples stand one a line (docs/files.md).

Files of that layout are read line by line, in constant memory; any other layout, such
as the original package's indented one, is loaded whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from dpa.config import AugmentationConfig
from dpa.files.metadata import Metadata
from dpa.files.records import Lines, canonical, parse
from dpa.files.samples import BLOCK, Block, Digest, Samples
from dpa.files.trailer import check_trailer
from dpa.keys import NO_KEY, Key
from dpa.statistics import Statistics, without_nan

_HEAD = b'{"metadata": '
_RECORDS = b'"augmentations": [\n'
_FIRST_LINE = 3
_RECORDS_END = b"],\n"
_STATISTICS = b'"statistics": '
_TRAILER = b'"trailer": '
_PARTS = {"metadata", "augmentations", "statistics", "trailer"}


class Checksum:
    """SHA-256 of the canonical JSON of a document without its checksum, in pieces."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(b'{"augmentations":[')

    def append(self, lines: bytes) -> None:
        """Adds records as they stand in the file, the commas between them too."""
        self._hash.update(lines.replace(b"\n", b""))

    def hexdigest(self, metadata: object, statistics: object, trailer: object) -> str:
        """64 hex characters; `trailer` is without the checksum. Once."""
        rest = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
        self._hash.update(b"]," + canonical(rest)[1:].encode())
        return self._hash.hexdigest()


class Writer:
    """Takes samples block by block; close() adds statistics and trailer."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file = file
        self._metadata = metadata.to_dict()
        self._lines = Lines(metadata, _FIRST_LINE)
        self._statistics = Statistics(metadata.names)
        self._digest = Digest(metadata)
        self._checksum = Checksum()
        self._count = 0
        file.write(_HEAD + json.dumps(self._metadata).encode() + b",\n" + _RECORDS)

    def append(self, samples: Samples) -> None:
        """Writes some more samples, whose ids go on where the last ones ended."""
        if len(samples.ids) == 0:
            return
        self._statistics.append(samples.columns)
        self._digest.append(samples)
        lines = (b",\n" if self._count else b"") + self._lines.write(samples)
        self._checksum.append(lines)
        self._file.write(lines)
        self._count += len(samples.ids)

    def close(self) -> None:
        """Writes what stands behind the samples."""
        statistics = without_nan(self._statistics.result())
        trailer: dict[str, Any] = {
            "num_samples": self._count,
            "digest": self._digest.hexdigest(),
        }
        trailer["checksum"] = self._checksum.hexdigest(self._metadata, statistics, trailer)
        self._file.write(b"\n" if self._count else b"")
        self._file.write(_RECORDS_END + _STATISTICS + json.dumps(statistics).encode() + b",\n")
        self._file.write(_TRAILER + json.dumps(trailer).encode() + b"}\n")


def read(file: BinaryIO) -> LineReader | DocumentReader:
    """A reader for the layout that the first two lines show. Raises ValueError or TypeError."""
    head, records = file.readline(), file.readline()
    if head.startswith(_HEAD) and records == _RECORDS:
        return LineReader(file, _part(head, _HEAD, b",\n"))
    file.seek(0)
    return DocumentReader(parse(file.read()))


class LineReader:
    """Our layout: the metadata at once, the samples by blocks(), then the rest."""

    statistics: Any = None
    trailer: Any = None

    def __init__(self, file: BinaryIO, fields: Any) -> None:
        self.metadata = Metadata.from_dict(fields)
        self._file = file
        self._fields = fields

    def blocks(self) -> Iterator[Block]:
        """The samples; a block may come from a file whose damage shows only at the end."""
        lines = Lines(self.metadata, _FIRST_LINE)
        digest, checksum, count = Digest(self.metadata), Checksum(), 0
        end: list[bytes] | None = None
        while end is None:
            chunk = list(islice(self._file, BLOCK))
            if not chunk:
                raise ValueError(f"line {_FIRST_LINE + count}: the file ends among the samples")
            if _RECORDS_END in chunk:
                at = chunk.index(_RECORDS_END)
                chunk, end = chunk[:at], chunk[at + 1 :]
            if chunk:
                block = lines.read(chunk, count)
                digest.append(block)
                checksum.append(b"".join(chunk))
                count += len(chunk)
                yield block
        end += islice(self._file, 3)  # a damaged file may have any number of lines here
        if len(end) != 2:
            raise ValueError(f"the samples must be followed by 2 lines, got {len(end)}")
        self.statistics = _part(end[0], _STATISTICS, b",\n")
        self.trailer = _part(end[1], _TRAILER, b"}\n")
        check_trailer(
            self.trailer,
            count,
            digest,
            lambda rest: checksum.hexdigest(self._fields, self.statistics, rest),
        )


class DocumentReader:
    """Any other layout, loaded whole: ours reformatted, or the original package's."""

    def __init__(self, document: Any) -> None:
        if not isinstance(document, dict) or not isinstance(document.get("augmentations"), list):
            raise ValueError("not a chain: no list of augmentations")
        if not document.keys() <= _PARTS:
            raise ValueError(f"not a chain: unknown part {min(document.keys() - _PARTS)!r}")
        self._document = document
        self.statistics = document.get("statistics")
        self.trailer = document.get("trailer")
        self._rows = document["augmentations"]
        fields: Any = document.get("metadata")
        # Either mark will do, so that damage to one cannot pass for an original file.
        ours = "trailer" in document or (isinstance(fields, dict) and "format" in fields)
        self.original = not ours
        if ours and document.keys() < _PARTS:
            raise ValueError(f"{min(_PARTS - document.keys())} is missing")
        self.metadata = (
            Metadata.from_dict(fields) if ours else _original_metadata(fields, self._rows)
        )

    def blocks(self) -> Iterator[Block]:
        """The samples; the rest of the document is checked behind the last block."""
        digest = Digest(self.metadata)
        rank = self.metadata.key.rank if self.original else None
        for first in range(0, len(self._rows), BLOCK):
            rows = self._rows[first : first + BLOCK]
            ids = self.metadata.consecutive_ids(first, len(rows))
            block = Block.from_rows(rows, self.metadata.names, ids, first, rank)
            digest.append(block)
            yield block
        if not self.original:
            check_trailer(self.trailer, len(self._rows), digest, self._checksum)

    def _checksum(self, trailer: object) -> str:
        """64 hex characters; `trailer` is without the checksum. Once."""
        text = canonical({**self._document, "trailer": trailer})
        return hashlib.sha256(text.encode()).hexdigest()


def _original_metadata(fields: Any, rows: list[Any]) -> Metadata:
    """What the original package's file tells: its configs are of mt19937, its ids begin at 0."""
    config: Any = fields.get("config") if isinstance(fields, dict) else None
    rank = rows[0].get("rank") if rows and isinstance(rows[0], dict) else None
    key = NO_KEY if rank is None else Key.checked(rank=rank)
    try:
        found = AugmentationConfig.from_dict({**config, "sampler": "mt19937"})
    except (TypeError, ValueError):  # none, or none that can be used
        return Metadata(None, key)
    return Metadata(found, key)


def _part(line: bytes, head: bytes, end: bytes) -> Any:
    """The JSON between the head and the end of a line."""
    if not (line.startswith(head) and line.endswith(end)):
        raise ValueError(f"expected a line {(head + b'...' + end).decode()!r}, got {line[:60]!r}")
    try:
        return parse(line[len(head) : -len(end)])
    except ValueError as error:
        raise ValueError(f"in {head.decode()!r}: {error}") from None
