"""Samples as lines of canonical JSON: sorted names, no spaces, floats as Python's repr."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dpa.derivation.columns import Column, Columns
from dpa.derivation.documents import canonical, parse
from dpa.derivation.ids import Ids
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


def _text(sample_id: str) -> str:
    """A string id as JSON."""
    text = json.dumps(sample_id)
    if len(text) > _LONGEST_ID:
        raise ValueError(
            f"an id may take {_LONGEST_ID} characters of JSON, {sample_id[:20] + '...'!r} "
            f"takes {len(text)}"
        )
    return text


class Lines:
    """Converts the samples of one file to lines, and back."""

    def __init__(self, metadata: Metadata, first_line: int, *, comma: bool) -> None:
        self._metadata = metadata
        self._first_line = first_line
        self._listed = metadata.start_id is None
        self._strings = self._listed and metadata.id_type == "string"
        self._fields = sorted([*metadata.names, "hash", *(["id"] if self._listed else [])])
        space = metadata.space
        self._values = {n: values_of(None if space is None else space[n]) for n in metadata.names}
        self._checked = not (space is None or space.plain)  # the length of lines
        self._template = self._line(dict.fromkeys(metadata.names, "%s"), '"%s"', "%s")
        id_ = f"({STRING})" if self._strings else _INTEGER_ID
        patterns = {name: f"({values.pattern})" for name, values in self._values.items()}
        pattern = self._line(patterns, _HASH, id_, re.escape)
        end = "," if comma else ""
        self._pattern = re.compile(rf"^\{{{pattern[1:-1]}\}}{end}$".encode(), re.MULTILINE)

    def _line(
        self, values: Mapping[str, str], hash_: str, id_: str, written: Callable[[str], str] = str
    ) -> str:
        forms = {**values, "hash": hash_, "id": id_}
        return "{" + ",".join(f'"{written(name)}":{forms[name]}' for name in self._fields) + "}"

    def write(self, samples: Columns, separator: bytes) -> bytes:
        """The samples as records with `separator` between them."""
        exact = samples.exact()
        columns: dict[str, Any] = {n: each.texts(exact[n]) for n, each in self._values.items()}
        columns["hash"] = samples.hashes()
        if self._listed:
            columns["id"] = map(_text if self._strings else str, samples.ids)
        rows = zip(*(columns[name] for name in self._fields), strict=True)
        lines = list(map(self._template.__mod__, rows))
        if self._checked and (longest := max(map(len, lines))) >= LONGEST:
            raise ValueError(
                f"a sample takes {longest:,} characters of JSON, the most are {LONGEST:,}: save "
                "it as .npz or .parquet"
            )
        return separator.decode().join(lines).encode()

    def read(self, lines: Sequence[bytes], first: int) -> Columns:
        """The inverse of write; `first` is the number of lines[0] among the samples.

        Every line ends with the separator, including the last one. Raises ValueError that names
        the line.
        """
        rows = self._pattern.findall(b"".join(lines))
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
