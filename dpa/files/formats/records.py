"""Samples as lines of canonical JSON: sorted names, no spaces, floats as Python's repr."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa._text import LineForm
from dpa.checks import brief
from dpa.derivation.columns import Columns
from dpa.derivation.distributions import Distribution
from dpa.derivation.documents import canonical, parse
from dpa.derivation.ids import Listed, Texts
from dpa.derivation.space import Space
from dpa.files.metadata import Metadata

#: The most bytes of a line; this limits the memory that a hostile file can take.
LONGEST = 1_000_000
_LONGEST_ID = LONGEST - 1000
_HASH_SIZE = 64

#: A field for LineForm: the name of its form, the numbers of items of its lists, its labels.
_Form: TypeAlias = tuple[str, tuple[int, ...], tuple[bytes, ...]]


class Lines:
    """Converts the samples of one file to lines, and back.

    C reads lines in their one form. A line that it does not read is parsed, to say what is wrong.
    """

    def __init__(self, metadata: Metadata, first_line: int, separator: bytes) -> None:
        self._metadata = metadata
        self._first_line = first_line
        self._separator = separator
        self._listed = metadata.start_id is None
        self._strings = self._listed and metadata.id_type == "string"
        id_form = ("string" if self._strings else "uint64") if self._listed else None
        self._fields, self._form, self._shortest = _line(metadata.assumed_space, id_form, separator)

    @cached_property
    def _text(self) -> npt.NDArray[np.uint8]:
        """The memory of what is written, for one piece after the other."""
        return np.empty(LONGEST, np.uint8)

    def write(self, samples: Columns, first: int) -> Iterator[tuple[int, memoryview]]:
        """The samples as records with the separator behind each, some thousands at a time.

        Each text is the caller's until the next one. `first` is the number of the first sample in
        the file. Raises ValueError for a sample that is too long for a line.
        """
        columns: dict[str, Any] = samples.exact()
        columns["hash"] = np.ascontiguousarray(samples.digests)
        if self._listed:
            ids = samples.ids
            columns["id"] = ids.source if self._strings else np.ascontiguousarray(ids.public)
        arrays, done = [columns[name] for name in self._fields], 0
        while done < len(samples):
            count, size = self._form.write(arrays, done, len(samples), self._text)
            if count == 0:
                raise _too_long(samples.ids[done], first + done)
            done += count
            yield count, self._text[:size].data

    def take(self, text: bytes | bytearray, size: int, first: int) -> tuple[Columns, int]:
        """The samples of the lines in text[:size], and the bytes of their lines.

        They are those before the first line that C does not read: it is wrong, or the last one,
        which has no separator. `first` is the number of the first sample.
        """
        most = size // self._shortest
        columns = self._metadata.assumed_space.arrays(np.empty, most, np.float64)
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
        return Columns(found, digests[:count], columns, self._metadata.assumed_space), used

    def single(self, line: bytes, sample: int) -> Columns:
        """The sample of one line with its separator. Raises ValueError that names the line."""
        found, used = self.take(line, len(line), sample)
        if used == len(line):
            return found
        metadata = self._metadata
        try:
            row = parse(line.rstrip(b",\n"))
            ids = metadata.consecutive_ids(sample, 1)
            found = Columns.from_rows([row], metadata.assumed_space, ids, sample)
            if found.ids.kind != metadata.id_type:
                kind = "a string" if self._strings else "an integer"
                raise ValueError(f"its id must be {kind}, got {brief(row['id'])}")
            [(_, text)] = self.write(found, sample)  # 1 is the real number 1.0, but not its text
            wanted = bytes(text)
            if line != wanted:
                pairs = enumerate(zip_longest(line, wanted))
                same = next(at for at, (got, want) in pairs if got != want)
                raise ValueError(
                    f"not a record: it must go on with {wanted[same:][:60]!r}, "
                    f"got {line[same:][:60]!r}"
                )
        except (TypeError, ValueError) as error:
            place = f"line {self._first_line + sample} (sample {sample})"
            raise ValueError(f"{place}: {error}") from None
        return found


@lru_cache(32)
def _line(
    space: Space, id_form: str | None, separator: bytes
) -> tuple[tuple[str, ...], LineForm, int]:
    """The names of a line's fields in order, its form, and the fewest bytes that it takes."""
    forms = {name: _form(each) for name, each in space.parameters}
    forms["hash"] = "hex", (), ()
    if id_form is not None:
        forms["id"] = id_form, (), ()
    names = sorted(forms)
    heads = [f',"{name}":'.encode() for name in names]
    heads[0] = b"{" + heads[0][1:]
    fields = [(head, *forms[name]) for head, name in zip(heads, names, strict=True)]
    items = sum(2 * lists[0] if lists else 1 for _, lists, _ in forms.values())
    shortest = sum(map(len, heads)) + items + _HASH_SIZE
    return tuple(names), LineForm(fields, separator), shortest


def _form(declared: Distribution) -> _Form:
    """The form of a parameter's values."""
    shape = declared.item_shape
    lists = tuple(math.prod(shape[side:]) for side in range(len(shape)))
    labels = tuple(canonical(label).encode() for label in declared.labels or ())
    return declared.dtype.name, lists, labels


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
