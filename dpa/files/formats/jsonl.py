"""`.jsonl`: a line of metadata, a line per sample, a line of statistics (docs/files.md)."""

from __future__ import annotations

from typing import Any, BinaryIO

from dpa.derivation.documents import canonical
from dpa.files.formats.base import MOST_METADATA, parsed
from dpa.files.formats.lines import Layout, LineReader, LineWriter

_LAYOUT = Layout(first_line=2, separator=b"\n")


class Writer(LineWriter):
    """Writes every line as canonical JSON."""

    layout = _LAYOUT

    def _head(self, metadata: object) -> bytes:
        return canonical({"metadata": metadata}).encode() + b"\n"

    def _tail(self, statistics: object, trailer: object) -> bytes:
        return canonical({"statistics": statistics, "trailer": trailer}).encode() + b"\n"


class Reader(LineReader):
    """Reads in constant memory."""

    layout = _LAYOUT
    _closing = b'{"statistics":'

    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        if len(lines) != 1:
            raise ValueError(f"the samples must be followed by 1 line, got {len(lines)}")
        found = _fields(lines[0], ["statistics", "trailer"], "the last line")
        return found["statistics"], found["trailer"]


def read(file: BinaryIO) -> Reader:
    """A reader of the samples. Raises ValueError or TypeError."""
    line = file.readline(MOST_METADATA + 1)
    if not line:
        raise ValueError("it is empty")
    if len(line) > MOST_METADATA:
        raise ValueError(f"line 1: longer than {MOST_METADATA} bytes")
    return Reader(file, _fields(line, ["metadata"], "line 1")["metadata"])


def _fields(line: bytes, names: list[str], place: str) -> dict[str, Any]:
    """The JSON object of a line, which must have exactly these names."""
    found = parsed(line, place)
    if not line.endswith(b"\n"):
        raise ValueError(f"{place}: it has no end")
    if not isinstance(found, dict) or sorted(found) != names:
        raise ValueError(f"{place} must be an object of {' and '.join(names)}, got {line[:60]!r}")
    return found
