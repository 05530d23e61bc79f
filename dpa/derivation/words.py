"""Declared distributions in words, for pictures and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dpa.checks import printable
from dpa.derivation.distributions import Choice, Distribution, Subset, Value
from dpa.derivation.keys import Key
from dpa.derivation.schedules import Cosine, Linear
from dpa.derivation.statistics import value_text

_KINDS = {
    "loguniform": "log-uniform",
    "truncatednormal": "truncated normal",
    "bernoulli": "boolean",
    "seed": "64-bit seed",
}


def in_words(declared: Distribution) -> str:
    """The kind of a distribution, with its arguments; of choices only their number."""
    kind = _KINDS.get(declared.kind, declared.kind)
    if isinstance(declared, Choice):
        parts = [f"{kind} of {len(declared.choices)}" + (", weighted" if declared.weights else "")]
    elif isinstance(declared, Subset):
        parts = [f"{kind}, {declared.k} of {len(declared.choices)}"]
    else:
        given = {name: getattr(declared, name) for name in declared.FIELDS}
        bounds = [_number(given.pop(name)) for name in ("low", "high") if name in given]
        parts = [kind, *([" to ".join(bounds)] if bounds else [])]
        if given.get("step") == 1:
            del given["step"]
        parts += [f"{name} {_number(x)}" for name, x in given.items() if x is not None]
    if declared.shape:
        parts.append(f"shape {' x '.join(map(str, declared.shape))}")
    return ", ".join(parts)


def given_in_words(parts: Mapping[str, Any]) -> list[str]:
    """Parts of a key, and what else may be given, by name: those that are."""
    return [f"{name} {value}" for name, value in parts.items() if value is not None]


def keys_in_words(keys: Iterable[Key]) -> list[str]:
    """The parts of keys by name, from the least to the greatest where they differ."""
    words = []
    for name, values in zip(Key._fields, zip(*keys, strict=True), strict=True):
        found = sorted({value for value in values if value is not None})
        if found[1:]:
            words.append(f"{name}s {found[0]} to {found[-1]}")
        elif found:
            words.append(f"{name} {found[0]}")
    return words


def conditions_in_words(when: Mapping[str, Value]) -> str:
    """What makes a parameter active, such as "when blur and op is turn"; nothing for none."""
    parts = [
        name
        if value is True
        else f"not {name}"
        if value is False
        else f"{name} is {text_of(value)}"
        for name, value in when.items()
    ]
    return f"when {' and '.join(parts)}" if parts else ""


def text_of(value: Value) -> str:
    """A choice as text in one line."""
    return printable(value_text(value))


def _number(value: Any) -> str:
    if isinstance(value, Cosine):
        return f"[{value.start:g} to {value.stop:g} by epoch {value.epochs}, cosine]"
    if isinstance(value, Linear):
        knots = ", ".join(f"{number:g} in epoch {epoch}" for epoch, number in value.knots)
        return f"[{knots}]"
    return str(value) if isinstance(value, int) else f"{value:g}"
