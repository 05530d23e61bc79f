"""The common part of `.json` and `.jsonl`: one sample per line, in constant memory."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from dpa._text import replace_line_feeds
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
        return Lines(metadata, self.first_line, self.separator)


class Checksum:
    """SHA-256 of a document's canonical JSON without its checksum, computed in pieces."""

    def __init__(self, layout: Layout) -> None:
        self._hash = hashlib.sha256(b'{"augmentations":[')
        #: What stands in the document for a line's end, behind a comma and without one.
        self._end = b"" if b"," in layout.separator else b","
        self._begun = False

    def update(self, text: bytearray | memoryview, size: int) -> None:
        """Adds the records of text[:size], each with its separator behind it; changes them."""
        if self._begun:
            self._hash.update(b",")
        self._begun = True
        size = replace_line_feeds(text, size, self._end)  # another copy would take as long as C
        self._hash.update(memoryview(text)[: size - 1])

    def hexdigest(self, rest: dict[str, Any]) -> str:
        """64 hex characters; `rest` is the document without its records. Call once."""
        self._hash.update(b"]," + canonical(rest)[1:].encode())
        return self._hash.hexdigest()


class LineWriter(Writer):
    """Writes samples when they arrive."""

    layout: Layout

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        super().__init__(file, metadata)
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
        for count, text in self._lines.write(samples, first):
            self._file.write(separator if first else b"")
            self._file.write(text[: -len(separator)])
            self._checksum.update(text, len(text))
            first += count

    def _end(self, document: dict[str, Any]) -> None:
        trailer = document["trailer"]
        trailer["checksum"] = self._checksum.hexdigest(document)
        self._file.write(b"\n" if trailer["num_samples"] else b"")
        self._file.write(self._tail(document["statistics"], trailer))


class LineReader(FormatReader):
    """Reads samples line by line."""

    layout: Layout
    #: How the first line after the samples begins.
    _closing: bytes

    def __init__(self, file: BinaryIO, fields: Any) -> None:
        super().__init__(Metadata.from_dict(fields), fields)
        self._file = file
        self._content = Checksum(self.layout)
        self._text = bytearray()

    @abstractmethod
    def _tail(self, lines: list[bytes]) -> tuple[Any, Any]:
        """Statistics and trailer from the lines after the samples. Raises ValueError."""

    def _next_text(self, held: bytes, number: int) -> int:
        """Makes `held` and some thousands of lines, of which the first has this number, the text.

        Returns its size. Nothing follows `held` at the end of the file.
        """
        text, size = self._text, len(held)
        if text:  # new memory would take as long as reading
            text[:size] = held
            with memoryview(text) as view:
                size += self._file.readinto(view[size:LONGEST])  # type: ignore[attr-defined]
        else:
            text += self._file.read(LONGEST)
            size = len(text)
        line = self._file.readline(LONGEST + 1)
        text[size : size + len(line)] = line
        size += len(line)
        if size - _last_line(text, size) > LONGEST:
            number += text.count(b"\n", len(held), size) - text.endswith(b"\n", 0, size)
            raise ValueError(f"line {number}: longer than {LONGEST} bytes")
        return size

    def _samples(self) -> Iterator[Columns]:
        first = self.layout.first_line
        records, separator = self.layout.lines(self.metadata), self.layout.separator
        count = 0
        tail: list[bytes] = []
        # The last line read is held back, because the last sample has another separator.
        held = b""
        while not tail:
            place = first + count + bool(held)
            text, size = self._text, self._next_text(held, place)
            if size == len(held):
                raise ValueError(f"line {place}: the file ends among the samples")
            closing = text.rfind(b"\n" + self._closing, 0, size) + 1 if size < LONGEST else 0
            if closing:  # all the rest of a sound file: as if another sample followed
                end, after = closing - 1 + len(separator), text[closing:size]
                text[closing - 1 : end] = separator
                block, used = records.take(text, end, count)
                if used == end:
                    self._content.update(text, used)
                    count += len(block)
                    tail = _split(after, first + count)
                    yield block
                    break
                text[closing - 1 : size] = b"\n" + after
            block, used = records.take(text, _last_line(text, size), count)
            rest = _split(text[used:size], first + count + len(block))  # one line, in the middle
            ends = [at for at, line in enumerate(rest) if line.startswith(self._closing)]
            chunk, tail = (rest[: ends[0]], rest[ends[0] :]) if ends else (rest, [])
            held = b"" if tail else chunk.pop()
            if tail and chunk:  # as if another sample followed
                chunk[-1] = chunk[-1].removesuffix(b"\n") + separator
            elif tail and used and b"," in separator:
                place = first + count + len(block) - 1
                raise ValueError(f"line {place}: a comma stands behind the last sample")
            if used:
                self._content.update(text, used)
            if chunk:
                numbered = enumerate(chunk, count + len(block))
                singles = [records.single(line, sample) for sample, line in numbered]
                block = Columns.joined([block, *singles])
                lines = bytearray().join(chunk)
                self._content.update(lines, len(lines))
            if len(block):
                count += len(block)
                yield block
        while len(tail) < 4 and (size := self._next_text(b"", first + count + len(tail))):
            # A damaged file may have any number of lines here.
            tail += _split(self._text[:size], first + count + len(tail))
        self.statistics, self.trailer = self._tail(tail)

    def _checksum(self, document: dict[str, Any]) -> str:
        return self._content.hexdigest(document)


def _split(text: bytearray, number: int) -> list[bytes]:
    """The lines of a text, of which the first has this number."""
    if text.count(b"\n") > _SHORTEST_FEW + len(text) // _SHORTEST:
        raise ValueError(f"line {number} and following: too short for samples")
    return list(BytesIO(text))


def _last_line(text: bytearray, size: int) -> int:
    """Where the last line of text[:size] begins."""
    return text.rfind(b"\n", 0, max(0, size - 1)) + 1
