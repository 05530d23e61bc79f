"""The common part of `.json` and `.jsonl`: one sample per line, in constant memory."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from dpa.derivation.columns import Columns
from dpa.derivation.documents import canonical
from dpa.files.formats.base import FormatReader, Writer
from dpa.files.formats.records import LONGEST, Lines
from dpa.files.metadata import Metadata

#: A line of a sample has a hash of 64 digits; a few others may be shorter.
_SHORTEST, _SHORTEST_FEW = 64, 100


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format lays out its lines."""

    first_line: int  # the number of the first sample's line, counted from 1
    separator: bytes  # between two samples

    def lines(self, metadata: Metadata) -> Lines:
        """The converter between samples and lines."""
        return Lines(metadata, self.first_line, comma=b"," in self.separator)

    @property
    def canonical_separator(self) -> bytes:
        """The text that replaces a line's end for the checksum."""
        return b"" if b"," in self.separator else b","


class Checksum:
    """SHA-256 of a document's canonical JSON without its checksum, computed in pieces."""

    def __init__(self, layout: Layout) -> None:
        self._hash = hashlib.sha256(b'{"augmentations":[')
        self._separator = layout.canonical_separator

    def update(self, lines: bytes) -> None:
        """Adds records as they are in the file, including their separators."""
        self._hash.update(lines.replace(b"\n", self._separator))

    def hexdigest(self, metadata: object, statistics: object, trailer: object) -> str:
        """64 hex characters; `trailer` is without the checksum. Call once."""
        rest = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
        self._hash.update(b"]," + canonical(rest)[1:].encode())
        return self._hash.hexdigest()


class LineWriter(Writer):
    """Writes samples when they arrive."""

    layout: Layout

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        super().__init__(file, metadata)
        self._fields = metadata.to_dict()
        self._lines = self.layout.lines(metadata)
        self._checksum = Checksum(self.layout)
        file.write(self._head(self._fields))

    @abstractmethod
    def _head(self, metadata: object) -> bytes:
        """The lines before the samples."""

    @abstractmethod
    def _tail(self, statistics: object, trailer: object) -> bytes:
        """The lines after the samples."""

    def _write(self, samples: Columns, first: int) -> None:
        separator = self.layout.separator
        lines = (separator if first else b"") + self._lines.write(samples, separator)
        self._checksum.update(lines)
        self._file.write(lines)

    def close(self) -> None:
        """Writes what follows the samples."""
        statistics, trailer = self._tally.statistics(), self._tally.trailer()
        trailer["checksum"] = self._checksum.hexdigest(self._fields, statistics, trailer)
        self._file.write(b"\n" if self._tally.count else b"")
        self._file.write(self._tail(statistics, trailer))


class LineReader(FormatReader):
    """Reads samples line by line."""

    layout: Layout

    def __init__(self, file: BinaryIO, fields: Any) -> None:
        super().__init__(Metadata.from_dict(fields))
        self._file = file
        self._fields = fields
        self._content = Checksum(self.layout)

    @abstractmethod
    def _is_end(self, line: bytes) -> bool:
        """Whether this is the first line after the samples."""

    @abstractmethod
    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        """Statistics and trailer from the lines after the samples. Raises ValueError."""

    def _next_lines(self, number: int) -> list[bytes]:
        """Some thousands of lines, of which the first has this number; none at the end."""
        text = self._file.read(LONGEST) + self._file.readline(LONGEST + 1)
        if text.count(b"\n") > _SHORTEST_FEW + len(text) // _SHORTEST:
            raise ValueError(f"line {number} and following: too short for samples")
        lines = list(BytesIO(text))
        if lines and len(lines[-1]) > LONGEST:
            raise ValueError(f"line {number + len(lines) - 1}: longer than {LONGEST} bytes")
        return lines

    def _samples(self) -> Iterator[Columns]:
        first = self.layout.first_line
        records, separator = self.layout.lines(self.metadata), self.layout.separator
        count = 0
        tail: list[bytes] = []
        # The last line read is held back, because the last sample has another separator.
        held: list[bytes] = []
        while not tail:
            place = first + count + len(held)
            lines = self._next_lines(place)
            if not lines:
                raise ValueError(f"line {place}: the file ends among the samples")
            end = next((at for at, line in enumerate(lines) if self._is_end(line)), None)
            chunk, tail = held + lines[:end], [] if end is None else lines[end:]
            held = [] if tail else [chunk.pop()]
            if tail and chunk:  # as if another sample followed
                chunk[-1] = chunk[-1].removesuffix(b"\n") + separator
            if chunk:
                block = records.read(chunk, count)
                text = b"".join(chunk).removesuffix(separator)
                self._content.update((separator if count else b"") + text)
                count += len(chunk)
                yield block
        while len(tail) < 4 and (more := self._next_lines(first + count + len(tail))):
            tail += more  # a damaged file may have any number of lines here
        self.statistics, self.trailer = self._tail(tail)

    def _checksum(self, trailer: dict[str, Any]) -> str:
        return self._content.hexdigest(self._fields, self.statistics, trailer)
