"""Samples as dicts: their values as columns, checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dpa.checks import brief, real, within
from dpa.derivation.distributions import Distribution


def column_of(
    rows: Sequence[Mapping[str, Any]],
    name: str,
    first: int,
    distribution: Distribution | None = None,
) -> np.typing.NDArray[Any]:
    """One parameter of many dicts as an array; `first` is the index of rows[0], for messages.

    `distribution` None: real numbers. Raises TypeError or ValueError that names the sample.
    """
    try:
        values = [row[name] for row in rows]
    except (KeyError, IndexError, TypeError):
        for at, row in enumerate(rows, first):
            _check_row(row, at)
            if name not in row:
                raise ValueError(f"sample {at} has no {name!r}: {brief(row)}") from None
        raise
    if distribution is not None and (distribution.item_shape or distribution.dtype.kind != "f"):
        read = _reader(distribution)
        made = [read(value, f"{name} of sample {at}") for at, value in enumerate(values, first)]
        return np.array(made, distribution.dtype).reshape(len(rows), *distribution.item_shape)
    if not set(map(type, values)) <= {float}:
        values = [real(f"{name} of sample {at}", value) for at, value in enumerate(values, first)]
    return np.array(values, np.float64)


def _reader(distribution: Distribution) -> Callable[[Any, str], Any]:
    """Takes a value, or nested lists of them, and its name; gives what a column holds.

    It raises TypeError or ValueError.
    """
    labels, dtype, codes = distribution.labels, distribution.dtype, distribution.codes

    def one(value: Any, what: str) -> Any:
        if labels is not None:
            code = codes.get((type(value), value)) if isinstance(value, Hashable) else None
            if code is None:
                raise ValueError(f"{what} must be one of {brief(labels)}, got {brief(value)}")
            return code
        if dtype.kind == "f":
            return real(what, value)
        limits = np.iinfo(dtype)
        return within(what, value, limits.min, limits.max, f"of {dtype}")

    def nested(value: Any, what: str, shape: tuple[int, ...] = distribution.item_shape) -> Any:
        if not shape:
            return one(value, what)
        if not isinstance(value, (list, tuple)) or len(value) != shape[0]:
            whole = distribution.item_shape
            raise ValueError(f"{what} must have shape {whole}, got {brief(value)}")
        return [nested(inner, what, shape[1:]) for inner in value]

    return nested


def names_of(row: object, at: int = 0) -> tuple[str, ...]:
    """The parameters of a dict, sample number `at`: all its keys except hash and rank."""
    _check_row(row, at)
    return tuple(name for name in row if name not in ("hash", "rank"))  # type: ignore[attr-defined]


def _check_row(row: object, at: int) -> None:
    if not isinstance(row, Mapping):
        raise TypeError(f"sample {at} must be a dict, got {brief(row)}")


def check_fields(row: Mapping[str, Any], fields: set[str], rank: int | None, at: int) -> None:
    """Raises TypeError or ValueError unless a dict has these fields, and this rank if any."""
    _check_row(row, at)
    if row.keys() != fields:
        missing, unknown = sorted(fields - row.keys()), sorted(row.keys() - fields, key=str)
        remedy = ""
        if unknown:
            remedy = (
                "; keep what is your own beside the samples, by their ids (say config=, if a Space "
                "declares it)"
            )
        raise ValueError(
            f"sample {at}: missing fields {missing}, unknown fields {brief(unknown)}{remedy}"
        )
    if rank is not None and row["rank"] != rank:
        raise ValueError(f"sample {at} has rank {brief(row['rank'])} among samples of rank {rank}")


def digests_of(rows: Iterable[Mapping[str, Any]], first: int) -> np.typing.NDArray[np.uint8]:
    """The hashes of dicts as uint8 (n, 32). Raises ValueError that names the sample."""
    digests = bytearray()
    for at, row in enumerate(rows, first):
        text = row["hash"]
        if not is_hex_digest(text):
            raise ValueError(
                f"hash of sample {at} must be 64 lowercase hex digits, got {brief(text)}"
            )
        digests += bytes.fromhex(text)
    return np.frombuffer(digests, np.uint8).reshape(-1, 32)


def is_hex_digest(text: object) -> bool:
    """Whether `text` is a str of 64 lowercase hex digits."""
    return isinstance(text, str) and len(text) == 64 and not text.strip("0123456789abcdef")
