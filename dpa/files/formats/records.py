"""Samples as lines of canonical JSON: sorted names, no spaces, floats as Python's repr."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from dpa._text import LineForm
from dpa.derivation.columns import Column, Columns
from dpa.derivation.documents import canonical, parse
from dpa.derivation.ids import Ids, Listed, Texts
from dpa.files.formats.values import STRING, FaultyTextError, values_of
from dpa.files.metadata import Metadata

#: The most bytes of a line; this limits the memory that a hostile file can take.
LONGEST = 1_000_000
_LONGEST_ID = LONGEST - 1000

_HASH = r'"([0-9a-f]{64})"'
_INTEGER_ID = r"(0|[1-9][0-9]{0,19}+)"


def columnar_checksum(metadata: object, statistics: object, trailer: object) -> str:
    """The checksum of formats whose samples are not text: 64 hex characters.

    `trailer` is without the checksum; its digest covers the samples.
    """
    document = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


class Lines:
    """Converts the samples of one file to lines, and back.

    Lines in their one form go through C; what else a file has, through patterns, which say what
    is wrong with it.
    """

    def __init__(self, metadata: Metadata, first_line: int, separator: bytes) -> None:
        self._metadata = metadata
        self._first_line = first_line
        self._separator = separator
        self._listed = metadata.start_id is None
        self._strings = self._listed and metadata.id_type == "string"
        self._fields = sorted([*metadata.names, "hash", *(["id"] if self._listed else [])])
        space = metadata.space
        self._values = {n: values_of(None if space is None else space[n]) for n in metadata.names}
        names = self._line(dict.fromkeys(metadata.names, ""), "x" * 66, "x")
        self._shortest = len(names) + sum(values.shortest for values in self._values.values())
        self._form = LineForm(self._forms(), separator, LONGEST)

    def _forms(self) -> list[tuple[bytes, str, tuple[int, ...], tuple[bytes, ...]]]:
        """The fields as LineForm takes them."""
        forms: dict[str, Any] = {n: (v.form, v.lists, v.labels) for n, v in self._values.items()}
        forms |= {"hash": ("hex", (), ()), "id": ("string" if self._strings else "uint64", (), ())}
        return [
            (f'{"," if at else "{"}"{name}":'.encode(), *forms[name])
            for at, name in enumerate(self._fields)
        ]

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """What a line matches, a group for each field."""
        id_ = f"({STRING})" if self._strings else _INTEGER_ID
        patterns = {name: f"({values.pattern})" for name, values in self._values.items()}
        pattern = self._line(patterns, _HASH, id_, re.escape)
        end = "," if b"," in self._separator else ""
        return re.compile(rf"^\{{{pattern[1:-1]}\}}{end}$".encode(), re.MULTILINE)

    def _line(
        self, values: Mapping[str, str], hash_: str, id_: str, written: Callable[[str], str] = str
    ) -> str:
        forms = {**values, "hash": hash_, "id": id_}
        return "{" + ",".join(f'"{written(name)}":{forms[name]}' for name in self._fields) + "}"

    def write(self, samples: Columns, first: int) -> Iterator[tuple[int, bytearray]]:
        """The samples as records with the separator behind each, some thousands at a time.

        `first` is the number of the first sample in the file. Raises ValueError for a sample that
        is too long for a line.
        """
        columns: dict[str, Any] = samples.exact()
        columns["hash"] = np.ascontiguousarray(samples.digests)
        if self._listed:
            ids = samples.ids
            columns["id"] = ids.source if self._strings else np.ascontiguousarray(ids.public)
        arrays, done = [columns[name] for name in self._fields], 0
        while done < len(samples):
            count, text = self._form.write(arrays, done, len(samples))
            if count == 0:
                raise _too_long(samples.ids[done], first + done)
            done += count
            yield count, text

    def take(self, text: bytes, size: int, first: int) -> tuple[Columns, int]:
        """The samples of the lines in text[:size], and the bytes of their lines.

        They are those before the first line that C does not read: it is wrong, or the last one,
        which has no separator. `first` is the number of the first sample.
        """
        most = size // self._shortest
        columns = {name: np.empty(most, form) for name, form in self._metadata.forms.items()}
        digests = np.empty((most, 32), np.uint8)
        ids: Any = np.empty(most, np.uint64)
        if self._strings:
            ids = np.empty(size, np.uint8), np.empty(most + 1, np.int64)
        arrays = {**columns, "hash": digests, "id": ids}
        count, used = self._form.read(text, size, [arrays[name] for name in self._fields], most)
        columns = {name: column[:count] for name, column in columns.items()}
        found = self._metadata.consecutive_ids(first, count)
        if found is None and self._strings:
            utf8, offsets = ids[0], ids[1][: count + 1]
            found = Texts(utf8[: offsets[-1]].copy(), offsets)
        elif found is None:
            found = Listed(ids[:count])
        return Columns(found, digests[:count], columns, self._metadata.space), used

    def read(self, lines: Sequence[bytes], first: int) -> Columns:
        """The samples of lines, of which each ends with the separator, the last one, too.

        `first` is the number of the first sample. Raises ValueError that names the line.
        """
        text = b"".join(lines)
        samples, used = self.take(text, len(text), first)
        return samples if used == len(text) else self._matched(text, lines, first)

    def _matched(self, text: bytes, lines: Sequence[bytes], first: int) -> Columns:
        """What `read` does, for lines that C does not read."""
        rows = self._pattern.findall(text)
        if len(rows) != len(lines):
            raise self._fault(lines, first)
        fields = dict(zip(self._fields, zip(*rows, strict=True), strict=True))
        columns = {name: self._column(name, fields[name], first) for name in self._values}
        digests = np.frombuffer(bytearray.fromhex(b"".join(fields["hash"]).decode()), np.uint8)
        ids = self._ids(fields, len(lines), first)
        return Columns(ids, digests.reshape(-1, 32), columns, self._metadata.space)

    def _column(self, name: str, texts: Sequence[bytes], first: int) -> Column:
        try:
            return self._values[name].read(texts)
        except FaultyTextError as error:
            raise ValueError(f"{self._place(first + error.at)}: {name} {error}") from None

    def _ids(self, fields: Mapping[str, Sequence[bytes]], size: int, first: int) -> Ids:
        consecutive = self._metadata.consecutive_ids(first, size)
        if consecutive is not None:
            return consecutive
        try:
            if self._strings:
                ids = b"[" + b",".join(fields["id"]) + b"]"
                found = parse(ids)
                if canonical(found).encode() != ids:
                    raise ValueError("its ids are not written with the escapes of json.dumps")
                return Ids.checked(found)
            return Ids.checked(list(map(int, fields["id"])))
        except ValueError as error:
            raise ValueError(f"from {self._place(first)} on: {error}") from None

    def _place(self, sample: int) -> str:
        return f"line {self._first_line + sample} (sample {sample})"

    def _fault(self, lines: Sequence[bytes], first: int) -> ValueError:
        """The error for the first line that is not a record."""
        at = next(i for i, line in enumerate(lines) if not self._pattern.match(line))
        place = self._place(first + at)
        try:
            parse(lines[at].rstrip(b",\n"))
        except ValueError as error:
            return ValueError(f"{place}: {error}")
        called = {name: values.called for name, values in self._values.items()}
        wanted = self._line(called, "hash", "id")
        return ValueError(f"{place}: not a record {wanted} with what separates it from the next")


def _too_long(sample_id: Any, sample: int) -> ValueError:
    """The error for a sample whose line would be too long, because of its id or its values."""
    size = len(json.dumps(sample_id))
    if size > _LONGEST_ID:
        return ValueError(
            f"an id may take {_LONGEST_ID} characters of JSON, {sample_id[:20] + '...'!r} "
            f"takes {size}"
        )
    return ValueError(
        f"sample {sample} takes more than the {LONGEST:,} characters of JSON that a line may "
        "have: save it as .npz or .parquet"
    )
