"""`.json`: one document with one sample per line (docs/files.md).

Files with this layout are read line by line, in constant memory. Any other layout, such as the
original package's indented one, is loaded whole, up to a size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from dpa.checks import brief
from dpa.derivation.columns import Columns
from dpa.derivation.documents import parse
from dpa.derivation.space import FORMAT as SPACE_FORMAT
from dpa.files.formats.base import MOST_METADATA, FormatReader, checksum, parsed, row_blocks
from dpa.files.formats.lines import Layout, LineReader, LineWriter
from dpa.files.formats.records import LONGEST
from dpa.files.metadata import Metadata
from dpa.files.original import OriginalReader
from dpa.host.memory import available_memory

_HEAD = b'{"metadata": '
_RECORDS = b'"augmentations": [\n'
_RECORDS_END = b"],\n"
_STATISTICS = b'"statistics": '
_TRAILER = b'"trailer": '
_PARTS = {"metadata", "augmentations", "statistics", "trailer"}
_LAYOUT = Layout(first_line=3, separator=b",\n")
#: The most bytes to load whole, which takes several times as much memory.
_LARGEST = 1_000_000_000
#: The most memory of a parsed document, in multiples of its bytes.
_PARSED = 32


class Writer(LineWriter):
    """Writes our layout, which any JSON parser and any reader of lines can read."""

    layout = _LAYOUT

    def _head(self, metadata: object) -> bytes:
        return _HEAD + json.dumps(metadata).encode() + b",\n" + _RECORDS

    def _tail(self, statistics: object, trailer: object) -> bytes:
        lines = _RECORDS_END + _STATISTICS + json.dumps(statistics).encode() + b",\n"
        return lines + _TRAILER + json.dumps(trailer).encode() + b"}\n"


def read(file: BinaryIO) -> FormatReader:
    """A reader for the layout that the first two lines show. Raises ValueError or TypeError.

    One of the two lines suffices, so that a large file is not loaded whole if the other is
    damaged.
    """
    head, records = file.readline(MOST_METADATA + 1), file.readline(LONGEST + 1)
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
    if size * _PARSED > available_memory():
        raise ValueError(
            "its layout is another than save_augmentation_chain's, so it is loaded whole: that "
            f"takes up to {size * _PARSED:,} bytes of memory, {available_memory():,} are free"
        )
    file.seek(0)
    text = file.read(size)  # a device may be endless
    # A list takes 120 bytes at most and an object 400: nested ones outgrow the bound above.
    if 120 * text.count(b"[") + 400 * text.count(b"{") > 24 * size + LONGEST:
        raise ValueError("not a chain: it has more lists and objects than samples can have")
    constants: set[str] = set()

    def noted(name: str) -> float:
        constants.add(name)
        return float(name)

    return _document(parse(text, noted), strict=not constants)


def _document(document: Any, *, strict: bool) -> FormatReader:
    """A reader of a parsed document: ours with another layout, or the original package's."""
    if isinstance(document, dict) and document.get("space") == SPACE_FORMAT:
        raise ValueError(
            "it declares a space and has no samples: dpa show shows it, dpa generate --space "
            "makes samples of it"
        )
    if not isinstance(document, dict) or not isinstance(document.get("augmentations"), list):
        raise ValueError("not a chain: no list of augmentations")
    if not document.keys() <= _PARTS:
        raise ValueError(f"not a chain: unknown part {brief(min(document.keys() - _PARTS))}")
    fields: Any = document.get("metadata")
    # One of the two marks suffices, so that a file with one damaged is not taken for an original.
    if "trailer" not in document and not (isinstance(fields, dict) and "format" in fields):
        return OriginalReader(document, strict=strict)
    if document.keys() < _PARTS:
        raise ValueError(f"{min(_PARTS - document.keys())} is missing")
    return DocumentReader(document)


class Reader(LineReader):
    """Reads our layout in constant memory."""

    layout = _LAYOUT
    _closing = _RECORDS_END

    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        if len(lines) != 3:
            raise ValueError(f"the samples must be followed by 2 lines, got {len(lines) - 1}")
        statistics = _part(lines[1], _STATISTICS, b",\n")
        return statistics, _part(lines[2], _TRAILER, b"}\n")


class DocumentReader(FormatReader):
    """Reads a document of ours with another layout, loaded whole."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(Metadata.from_dict(document["metadata"]), document["metadata"])
        self._rows = document["augmentations"]
        self.statistics = document["statistics"]
        self.trailer = document["trailer"]

    def _samples(self) -> Iterator[Columns]:
        return row_blocks(self._rows, self.metadata)

    def _checksum(self, document: dict[str, Any]) -> str:
        return checksum({"augmentations": self._rows, **document})


def _part(line: bytes, head: bytes, end: bytes) -> Any:
    """The JSON of a line between `head` and `end`."""
    if not (line.startswith(head) and line.endswith(end)):
        raise ValueError(f"expected a line {(head + b'...' + end).decode()!r}, got {line[:60]!r}")
    return parsed(line[len(head) : -len(end)], f"in {head.decode()!r}")
