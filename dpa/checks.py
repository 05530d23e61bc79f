"""Checks of arguments: each returns one exact type, or raises and names the argument."""

from __future__ import annotations

import math
import operator
import os
import re
import reprlib
from collections.abc import Iterator
from contextlib import ContextDecorator, contextmanager
from os import PathLike
from typing import Any

import numpy as np

#: The parts of a key, and ids in bulk, are below this.
LIMIT = 2**64
#: Types that float() or NumPy would convert but that are not real numbers.
_NO_NUMBERS = (bool, np.bool_, complex, np.complexfloating, str, bytes)


class _Brief(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        """Python refuses to make text of more than some thousand digits."""
        few = x.bit_length() < 14_000
        return super().repr_int(x, level) if few else f"an integer of {x.bit_length()} bits"


_BRIEF = _Brief()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 120


def brief(value: object) -> str:
    """The repr of a value, cut to what fits in a message."""
    return _BRIEF.repr(value)


def printable(text: str) -> str:
    """`text` with escapes for line ends and for everything else that would move the cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def count_of(count: float, noun: str) -> str:
    """A count with its noun: "1 sample", "1,000 samples"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def file_path(path: object) -> str:
    """`path` as a str. Raises TypeError for other types, ValueError for NUL and for URLs."""
    if not isinstance(path, (str, PathLike)) or not isinstance(os.fspath(path), str):
        raise TypeError(f"path must be a str or a path of text, got {path!r}")
    name = os.fspath(path)
    scheme, found, _ = name.partition("://")
    if found and scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        raise ValueError(
            f"path must be one of a file system, got the URL {name!r}: a file there cannot be "
            "replaced in one step; write it here and copy it"
        )
    if "\0" in name:
        raise ValueError(f"path must not have a NUL character, got {name!r}")
    return name


def integer(name: str, value: object) -> int:
    """`value` as an int, from any integer type but bool."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, got {brief(value)}")
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the TypeError is the check
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {brief(value)}") from None


def positive(name: str, value: object, least: int = 1) -> int:
    """`value` as an int of at least `least`."""
    if type(value) is int and value >= least:
        return value
    number = integer(name, value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {brief(number)}")
    return number


def not_negative(name: str, value: object) -> int:
    """`value` as an int of at least 0."""
    number = integer(name, value)
    if number < 0:
        raise ValueError(f"{name} must not be negative, got {brief(number)}")
    return number


def within(name: str, value: object, least: int, most: int, said: str | None = None) -> int:
    """`value` as an int of `least` to `most`; `said` words these limits for the message."""
    number = integer(name, value)
    if not least <= number <= most:
        said = said or f"{least} to {most}"
        raise ValueError(f"{name} must be {said}, got {brief(number)}")
    return number


def word(name: str, value: object) -> int:
    """`value` as an int of 0 to 2**64 - 1."""
    return within(name, value, 0, LIMIT - 1, "0 to 2**64 - 1")


def real(name: str, value: Any) -> float:
    """`value` as a float, from any type of real numbers but bool; NaN and infinity pass."""
    if isinstance(value, _NO_NUMBERS) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, got {brief(value)}{_yaml_hint(value)}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {brief(value)}") from None
    except OverflowError:
        raise ValueError(f"{name} must be finite in double precision, got {brief(value)}") from None


def _yaml_hint(value: object) -> str:
    """What helps where a parser has made text of a number."""
    exponent = isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", value)
    return ", which is text: in YAML write it like 1.0e-3" if exponent else ""


def finite(name: str, value: object) -> float:
    """`value` as a float that is neither NaN nor infinite."""
    number = real(name, value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {brief(value)}")
    return number


def amount(name: str, value: object) -> float:
    """`value` as a finite float of at least 0."""
    number = real(name, value)
    if not 0 <= number < math.inf:  # also refuses NaN
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    return number


def boolean(name: str, value: object) -> bool:
    """`value`, which must be True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {brief(value)}")
    return value


class raised_as(ContextDecorator):  # noqa: N801  # like contextlib's; a generator is 0.7 us slower
    """For checks: their TypeError or ValueError comes out as `kind`, a subclass of both.

    A more precise class stays. Never around the caller's code, whose errors stay as they are.
    """

    def __init__(self, kind: type[Exception]) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if type(error) in (TypeError, ValueError):
            raise self._kind(str(error)) from None


@contextmanager
def extra(name: str, needs: str) -> Iterator[None]:
    """Wraps the imports of a module that needs the extra `name`, and says so if one is missing.

    `needs`: the start of the message, for example "audits and plots need scipy".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{needs}: pip install 'dpa-augment[{name}]' (in a clone: pip install '.[{name}]')",
            name=error.name,
        ) from error
