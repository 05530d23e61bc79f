"""Samples as lines of canonical JSON: sorted names, no spaces, floats as Python's repr."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa._columns import shortest
from dpa.checks import brief
from dpa.derivation.columns import Columns
from dpa.derivation.ids import Ids
from dpa.files.metadata import Metadata

#: The most bytes of a line; this limits the memory that a hostile file can take.
LONGEST = 1_000_000
_LONGEST_ID = LONGEST - 1000

# The quantifiers are possessive, so that a line that does not match fails without backtracking.
_FLOAT = r"(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:e[-+][0-9]++)?+)"
_HASH = r'"([0-9a-f]{64})"'
_INTEGER_ID = r"(0|[1-9][0-9]{0,19}+)"
_STRING_ID = r'("(?:[^"\\\x00-\x1f\x80-\xff]|\\.)*+")'


def canonical(value: object) -> str:
    """`value` as canonical JSON, the input of checksums. Raises ValueError for NaN."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def columnar_checksum(metadata: object, statistics: object, trailer: object) -> str:
    """The checksum of formats whose samples are not text: 64 hex characters.

    `trailer` is without the checksum; its digest covers the samples.
    """
    document = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def parse(text: bytes, constant: Callable[[str], Any] = float) -> Any:
    """Parses UTF-8 JSON; no name may occur twice in an object. Raises ValueError.

    `constant` gives the values of NaN and Infinity, which only Python writes and reads. Files
    of the original package may have them; canonical() refuses them in ours.
    """
    try:
        return json.loads(text.decode(), object_pairs_hook=_distinct, parse_constant=constant)
    except json.JSONDecodeError as error:
        found = error.doc[error.pos : error.pos + 20]
        raise ValueError(f"no JSON: {error}, got {found!r}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def refuse_constant(name: str) -> Any:
    """A `constant` for parse() that raises ValueError."""
    raise ValueError(f"no JSON: {name} is not a number of JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {brief(twice)} appears twice")
    return fields


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
        self._template = self._line("%s", '"%s"', "%s")
        id_ = _STRING_ID if self._strings else _INTEGER_ID
        pattern = self._line(_FLOAT, _HASH, id_, re.escape)
        end = "," if comma else ""
        self._pattern = re.compile(rf"^\{{{pattern[1:-1]}\}}{end}$".encode(), re.MULTILINE)

    def _line(self, number: str, hash_: str, id_: str, written: Callable[[str], str] = str) -> str:
        forms = {**dict.fromkeys(self._metadata.names, number), "hash": hash_, "id": id_}
        return "{" + ",".join(f'"{written(name)}":{forms[name]}' for name in self._fields) + "}"

    def write(self, samples: Columns, separator: bytes) -> bytes:
        """The samples as records with `separator` between them."""
        texts = map(shortest, samples.doubles())
        columns: dict[str, Any] = dict(zip(samples.names, texts, strict=True))
        columns["hash"] = samples.hashes()
        if self._listed:
            columns["id"] = map(_text if self._strings else str, samples.ids)
        rows = zip(*(columns[name] for name in self._fields), strict=True)
        return separator.decode().join(map(self._template.__mod__, rows)).encode()

    def read(self, lines: Sequence[bytes], first: int) -> Columns:
        """The inverse of write; `first` is the number of lines[0] among the samples.

        Every line ends with the separator, including the last one. Raises ValueError that names
        the line.
        """
        rows = self._pattern.findall(b"".join(lines))
        if len(rows) != len(lines):
            raise self._fault(lines, first)
        fields = dict(zip(self._fields, zip(*rows, strict=True), strict=True))
        columns = {name: self._numbers(name, fields[name], first) for name in self._metadata.names}
        digests = np.frombuffer(bytearray.fromhex(b"".join(fields["hash"]).decode()), np.uint8)
        return Columns(self._ids(fields, len(lines), first), digests.reshape(-1, 32), columns)

    def _numbers(self, name: str, texts: Sequence[bytes], first: int) -> npt.NDArray[np.float64]:
        """The numbers. Raises ValueError if one exceeds doubles or is not in canonical form."""
        values = np.array(list(map(float, texts)))
        if not np.isfinite(values).all():
            at = first + int(np.argmin(np.isfinite(values)))
            raise ValueError(f"{self._place(at)}: {name} is beyond double precision")
        canonical = shortest(values)
        if b",".join(texts) != ",".join(canonical).encode():
            pairs = zip(texts, canonical, strict=True)
            at = next(at for at, (text, wanted) in enumerate(pairs) if text != wanted.encode())
            raise ValueError(
                f"{self._place(first + at)}: {name} must be written {canonical[at]}, "
                f"got {brief(texts[at].decode())}"
            )
        return values

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
        wanted = self._line("number", "hash", "id")
        return ValueError(f"{place}: not a record {wanted} with what separates it from the next")
