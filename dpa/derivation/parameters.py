"""The parameters of a space: all by full names, in order, checked against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from dpa.checks import brief
from dpa.derivation.distributions import Bernoulli, Choice, Distribution, Value
from dpa.derivation.members import RESERVED, Member, declared_in, require_name

#: The most parameters of a space, and the most words of a sample.
MOST_PARAMETERS, MOST_WORDS = 4096, 2**20


class Parameter(NamedTuple):
    """The name of a parameter and its distribution."""

    name: str
    distribution: Distribution


def in_full(members: Mapping[str, Member]) -> Iterator[Parameter]:
    """All parameters of members and of their groups, by full names."""
    try:
        for pair in declared_in((name, None, member) for name, member in members.items()):
            yield Parameter(*pair)
    except RecursionError:
        raise ValueError("groups are nested too deeply") from None


def conditions_of(found: Mapping[str, Distribution]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Space.conditions: those of the gates too. Raises ValueError for a circle."""
    if not any(each.when for each in found.values()):
        return dict.fromkeys(found, ())
    from graphlib import CycleError, TopologicalSorter  # import dpa needs none

    gates = {name: each.when for name, each in found.items()}
    places = {name: at for at, name in enumerate(found)}
    known: dict[str, tuple[tuple[int, int], ...]] = {}
    try:
        for name in TopologicalSorter(gates).static_order():
            pairs = dict.fromkeys(chain.from_iterable(known[gate] for gate in gates[name]))
            for gate, value in gates[name].items():
                pairs[places[gate], found[gate].codes[type(value), value]] = None
            known[name] = tuple(pairs)
    except CycleError as error:
        raise ValueError(f"{error.args[1][0]}: its when leads back to itself") from None
    return known


def order(parameter: Parameter) -> tuple[bool, int, str]:
    """The place of a parameter: those with a draw by it, then the others by their names."""
    draw = parameter.distribution.draw
    return draw is None, draw or 0, parameter.name


def check_parameters(declared: Sequence[Parameter]) -> None:
    """Raises ValueError for parameters that do not fit together."""
    if not 1 <= len(declared) <= MOST_PARAMETERS:
        raise ValueError(f"a space has 1 to {MOST_PARAMETERS} parameters, got {len(declared)}")
    found = dict(declared)
    if len(found) < len(declared):
        [(twice, _)] = Counter(name for name, _ in declared).most_common(1)
        raise ValueError(f"the parameter {twice!r} is declared twice")
    for name, each in declared:
        require_name(name)
        if name in RESERVED:
            raise ValueError(f"the name {name!r} is taken: by a field of samples or of keys")
        for gate, value in each.when.items():
            _check_gate(name, gate, value, found)
    words = sum(each.words for each in found.values())
    if words > MOST_WORDS:
        raise ValueError(f"a sample may take {MOST_WORDS:,} words, these take {words:,}")


def _check_gate(name: str, gate: str, value: Value, declared: Mapping[str, Distribution]) -> None:
    found = declared.get(gate)
    if found is None:
        near = next((known for known in declared if known.endswith(f".{gate}")), None)
        hint = f": say its full name, such as {near!r}" if near else ""
        raise ValueError(f"{name}: when names {brief(gate)}, which is not declared{hint}")
    if not isinstance(found, (Bernoulli, Choice)) or found.shape:
        raise ValueError(
            f"{name}: when must name a single Bernoulli or Choice, {gate!r} is {brief(found)}"
        )
    if (type(value), value) not in found.codes:
        known = brief(found.labels)
        raise ValueError(f"{name}: when[{gate!r}] must be one of {known}, got {value!r}")
