"""`.json`: one document whose samples stand one a line (docs/files.md).

Files of that layout are read line by line, in constant memory; any other layout, such
as the original package's indented one, is loaded whole, up to a size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from dpa.config import AugmentationConfig
from dpa.files.lines import Layout, LineReader, LineWriter
from dpa.files.metadata import Metadata
from dpa.files.records import LONGEST, canonical, parse
from dpa.files.samples import BLOCK, Block, Digest
from dpa.files.trailer import check_trailer
from dpa.keys import NO_KEY, Key

_HEAD = b'{"metadata": '
_RECORDS = b'"augmentations": [\n'
_RECORDS_END = b"],\n"
_STATISTICS = b'"statistics": '
_TRAILER = b'"trailer": '
_PARTS = {"metadata", "augmentations", "statistics", "trailer"}
_LAYOUT = Layout(first_line=3, separator=b",\n")
#: Bytes that are loaded whole, which takes several times their memory.
_LARGEST = 1_000_000_000


class Writer(LineWriter):
    """Our layout: any JSON parser reads it, and so does a reader of lines."""

    layout = _LAYOUT

    def _head(self, metadata: object) -> bytes:
        return _HEAD + json.dumps(metadata).encode() + b",\n" + _RECORDS

    def _tail(self, statistics: object, trailer: object) -> bytes:
        lines = _RECORDS_END + _STATISTICS + json.dumps(statistics).encode() + b",\n"
        return lines + _TRAILER + json.dumps(trailer).encode() + b"}\n"


def read(file: BinaryIO) -> Reader | DocumentReader:
    """A reader for the layout that the first two lines show. Raises ValueError or TypeError.

    One of them is enough: damage to the other must not have a large file loaded whole.
    """
    head, records = file.readline(LONGEST + 1), file.readline(LONGEST + 1)
    is_head = head.startswith(_HEAD) and head.endswith((b",\n", b"[\n"))
    if is_head or (records == _RECORDS and head != b"{\n"):
        fields = _part(head, _HEAD, b",\n")
        if records != _RECORDS:
            raise ValueError(f"line 2 must be {_RECORDS.decode()!r}, got {records[:60]!r}")
        return Reader(file, fields)
    size = file.seek(0, 2)
    if size > _LARGEST:
        raise ValueError(
            f"its layout is another than save_augmentation_chain's, and its {size} bytes are more "
            f"than the {_LARGEST} that are loaded whole"
        )
    file.seek(0)
    return DocumentReader(parse(file.read(size)))  # a device may have no end


class Reader(LineReader):
    """Our layout, in constant memory."""

    layout = _LAYOUT

    def _is_end(self, line: bytes) -> bool:
        return line == _RECORDS_END

    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        if len(lines) != 3:
            raise ValueError(f"the samples must be followed by 2 lines, got {len(lines) - 1}")
        statistics = _part(lines[1], _STATISTICS, b",\n")
        return statistics, _part(lines[2], _TRAILER, b"}\n")


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
        if self.original and isinstance(fields, dict) and "num_samples" in fields:
            self.trailer = {"num_samples": fields["num_samples"]}
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
