"""JSON documents: strict reading, and the canonical text that identities and checksums hash."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from dpa.checks import brief

#: Made once: json.dumps makes one at each call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: object) -> str:
    """`value` as canonical JSON, the input of checksums. Raises ValueError for NaN."""
    try:
        return _CANONICAL.encode(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the name {brief(twice)} appears twice")
    return fields
