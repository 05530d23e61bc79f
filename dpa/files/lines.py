"""What `.json` and `.jsonl` share: samples one a line, written and read in constant memory."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from dpa.files.metadata import Metadata
from dpa.files.records import LONGEST, Lines, canonical
from dpa.files.samples import Block, Digest, Samples
from dpa.files.trailer import Tally, check_trailer


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format lays out its lines."""

    first_line: int  # the number of the first sample's line, counted from 1
    separator: bytes  # between two samples

    @property
    def canonical_separator(self) -> bytes:
        """What replaces a line's end in the text that the checksum is made of."""
        return b"" if b"," in self.separator else b","


class Checksum:
    """SHA-256 of the canonical JSON of a document without its checksum, in pieces."""

    def __init__(self, layout: Layout) -> None:
        self._hash = hashlib.sha256(b'{"augmentations":[')
        self._separator = layout.canonical_separator

    def append(self, lines: bytes) -> None:
        """Adds records as they stand in the file: what separates them, too."""
        self._hash.update(lines.replace(b"\n", self._separator))

    def hexdigest(self, metadata: object, statistics: object, trailer: object) -> str:
        """64 hex characters; `trailer` is without the checksum. Once."""
        rest = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
        self._hash.update(b"]," + canonical(rest)[1:].encode())
        return self._hash.hexdigest()


class LineWriter(ABC):
    """Takes samples block by block; close() adds statistics and trailer."""

    layout: Layout

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file = file
        self._metadata = metadata.to_dict()
        self._lines = Lines(metadata, self.layout.first_line)
        self._tally = Tally(metadata)
        self._checksum = Checksum(self.layout)
        file.write(self._head(self._metadata))

    @abstractmethod
    def _head(self, metadata: object) -> bytes:
        """The lines before the samples."""

    @abstractmethod
    def _tail(self, statistics: object, trailer: object) -> bytes:
        """The lines behind the samples."""

    def append(self, samples: Samples) -> None:
        """Writes some more samples, whose ids go on where the last ones ended."""
        if len(samples.ids) == 0:
            return
        separator = self.layout.separator
        lines = (separator if self._tally.count else b"") + self._lines.write(samples, separator)
        self._tally.append(samples)
        self._checksum.append(lines)
        self._file.write(lines)

    def close(self) -> None:
        """Writes what stands behind the samples."""
        statistics, trailer = self._tally.statistics(), self._tally.trailer()
        trailer["checksum"] = self._checksum.hexdigest(self._metadata, statistics, trailer)
        self._file.write(b"\n" if self._tally.count else b"")
        self._file.write(self._tail(statistics, trailer))


class LineReader(ABC):
    """The metadata at once, the samples by blocks()."""

    layout: Layout

    def __init__(self, file: BinaryIO, fields: Any) -> None:
        self.metadata = Metadata.from_dict(fields)
        self._file = file
        self._fields = fields

    @abstractmethod
    def _is_end(self, line: bytes) -> bool:
        """Whether the line is the first one behind the samples."""

    @abstractmethod
    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        """Statistics and trailer from the lines behind the samples. Raises ValueError."""

    def _next_lines(self, number: int) -> list[bytes]:
        """Some thousands of lines, the first of which is called `number`; none at the end."""
        lines = list(BytesIO(self._file.read(LONGEST) + self._file.readline(LONGEST + 1)))
        if lines and len(lines[-1]) > LONGEST:
            raise ValueError(f"line {number + len(lines) - 1}: longer than {LONGEST} bytes")
        return lines

    def blocks(self) -> Iterator[Block]:
        """The samples; a block may come from a file whose damage shows only at the end."""
        first = self.layout.first_line
        lines = Lines(self.metadata, first)
        digest, checksum, count = Digest(self.metadata), Checksum(self.layout), 0
        tail: list[bytes] = []
        while not tail:
            place = first + count
            chunk = self._next_lines(place)
            if not chunk:
                raise ValueError(f"line {place}: the file ends among the samples")
            if any(map(self._is_end, chunk)):
                at = next(i for i, line in enumerate(chunk) if self._is_end(line))
                chunk, tail = chunk[:at], chunk[at:]
            if chunk:
                block = lines.read(chunk, count)
                digest.append(block)
                text = b"".join(chunk).removesuffix(b"\n")
                checksum.append((b"\n" if count else b"") + text)
                count += len(chunk)
                yield block
        while len(tail) < 4 and (more := self._next_lines(first + count + len(tail))):
            tail += more  # a damaged file may have any number of lines here
        statistics, trailer = self.statistics, self.trailer = self._tail(tail)
        check_trailer(
            trailer, count, digest, lambda rest: checksum.hexdigest(self._fields, statistics, rest)
        )
