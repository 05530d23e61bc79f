"""How columns of each type are written as JSON, and read from its canonical form alone."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from dpa.checks import brief
from dpa.derivation.columns import Column
from dpa.derivation.distributions import Distribution, Value
from dpa.derivation.documents import canonical

# The quantifiers are possessive, so that a line that does not match fails without backtracking.
_FLOAT = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:e[-+][0-9]++)?+"
_INTEGER = r"(?:0|-?+[1-9][0-9]{0,19}+)"
STRING = r'"(?:[^"\\\x00-\x1f\x80-\xff]|\\.)*+"'


class FaultyTextError(ValueError):
    """A text that is no value of its column; `at` is its place among the texts."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


class Values(ABC):
    """The values of one column as JSON texts."""

    #: The name of their form in LineForm, the numbers of items of their lists, and their labels.
    form: str
    lists: tuple[int, ...] = ()
    labels: tuple[bytes, ...] = ()
    #: The fewest characters of a value.
    shortest: int = 1
    #: What a canonical text matches, a group of none.
    pattern: str
    #: What stands for a value in messages.
    called: ClassVar[str] = "number"

    @abstractmethod
    def read(self, texts: Sequence[bytes]) -> Column:
        """The column of texts that match. Raises FaultyTextError."""


class Reals(Values):
    """float64, written as repr does."""

    form = "float64"
    shortest = 3
    pattern = _FLOAT

    def read(self, texts: Sequence[bytes]) -> npt.NDArray[np.float64]:
        """The column. Raises FaultyTextError for what is too great or not as repr writes it."""
        values = np.array(list(map(float, texts)))
        if not np.isfinite(values).all():
            raise FaultyTextError(int(np.argmin(np.isfinite(values))), "is beyond double precision")
        written = list(map(repr, values.tolist()))
        if b",".join(texts) != ",".join(written).encode():
            pairs = zip(texts, written, strict=True)
            at = next(at for at, (text, wanted) in enumerate(pairs) if text != wanted.encode())
            found = brief(texts[at].decode())
            raise FaultyTextError(at, f"must be written {written[at]}, got {found}")
        return values


class Whole(Values):
    """int64 or uint64."""

    pattern = _INTEGER
    called = "integer"

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self.form = dtype.name

    def read(self, texts: Sequence[bytes]) -> Column:
        """The column. Raises FaultyTextError for what the type does not hold."""
        numbers, limits = list(map(int, texts)), np.iinfo(self._dtype)
        for at, number in enumerate(numbers):
            if not limits.min <= number <= limits.max:
                raise FaultyTextError(at, f"must be of {self._dtype}, got {number}")
        return np.array(numbers, self._dtype)


class Labels(Values):
    """Booleans, or codes of choices: the text of each value is known."""

    called = "value"

    def __init__(self, labels: Sequence[Value], dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self.form = dtype.name
        self.labels = tuple(canonical(label).encode() for label in labels)
        self.shortest = min(map(len, self.labels))
        self._codes = {text: code for code, text in enumerate(self.labels)}
        kind = type(labels[0])
        self.pattern = {bool: "(?:true|false)", str: STRING, int: _INTEGER}.get(kind, _FLOAT)

    def read(self, texts: Sequence[bytes]) -> Column:
        """The column. Raises FaultyTextError for a value that is none of the choices."""
        try:
            return np.array([self._codes[text] for text in texts], self._dtype)
        except KeyError:
            at = next(at for at, text in enumerate(texts) if text not in self._codes)
            found = brief(texts[at].decode())
            raise FaultyTextError(at, f"must be one of its choices, got {found}") from None


class Lists(Values):
    """Values with a shape, as nested lists."""

    called = "list"

    def __init__(self, inner: Values, shape: tuple[int, ...]) -> None:
        self._inner = inner
        self._shape = shape
        self._item = re.compile(inner.pattern.encode())
        self.form, self.labels, self.pattern = inner.form, inner.labels, inner.pattern
        items = 1
        for side in reversed(shape):
            # The inner pattern stands here once: twice, it would double with each side.
            self.pattern = rf"\[(?:(?:(?<=\[)|(?<!\[),){self.pattern}){{{side}}}\]"
            items *= side
            self.lists = (items, *self.lists)
        self.shortest = items * (inner.shortest + 1)  # each with a comma or a bracket

    def read(self, texts: Sequence[bytes]) -> Column:
        """The column. Raises FaultyTextError."""
        items = self._item.findall(b",".join(texts))
        try:
            return self._inner.read(items).reshape(-1, *self._shape)
        except FaultyTextError as error:
            error.at //= len(items) // len(texts)
            raise


def values_of(distribution: Distribution | None) -> Values:
    """How values of this distribution are written; None: real numbers."""
    if distribution is None:
        return Reals()
    inner: Values
    if distribution.labels is not None:
        inner = Labels(distribution.labels, distribution.dtype)
    else:
        inner = Reals() if distribution.dtype.kind == "f" else Whole(distribution.dtype)
    return Lists(inner, distribution.item_shape) if distribution.item_shape else inner
