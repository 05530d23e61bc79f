"""Members of a space: groups, gates and names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, TypeAlias

from dpa.checks import brief
from dpa.derivation.distributions import Bernoulli, Choice, Distribution, Value
from dpa.derivation.frozen import Frozen
from dpa.derivation.schedules import Number

#: The most characters of a name.
LONGEST_NAME = 255
#: Names of other fields in dicts, columns and files; no parameter may have them.
RESERVED = frozenset(
    (
        *("hash", "rank", "id", "sample_id", "seed_id", "base_seed", "epoch", "view"),
        *("digest", "digests"),
    )
)


class Group(Frozen):
    """Members whose names get a prefix, and the gate that decides whether they are active."""

    __slots__ = ("gate", "members")
    #: The group's own parameter, and the value that it must have for a member; None: no gate.
    gate: Distribution | None
    members: tuple[tuple[str, Value | None, Member], ...]

    def __init__(self, gate: Distribution | None, members: Any) -> None:
        self._set(gate=gate, members=tuple(members))


Member: TypeAlias = Distribution | Group


def group(members: Mapping[str, Member] | None = None, /, **more: Member) -> Group:
    """Members with a common prefix.

    Space({"crop": group(area=...)}) declares `crop.area`.
    """
    return Group(None, ((name, None, each) for name, each in members_of(members, more).items()))


def sometimes(p: Number, members: Mapping[str, Member] | None = None, /, **more: Member) -> Group:
    """Members that a sample has with probability p.

    Space({"blur": sometimes(0.2, sigma=...)}) declares `blur`, which is true with that
    probability, and `blur.sigma`, active where `blur` is true.
    """
    found = members_of(members, more).items()
    return Group(Bernoulli(p), ((name, True, each) for name, each in found))


def one_of(branches: Mapping[str, Member], weights: Sequence[float] | None = None) -> Group:
    """One branch of several, each equally likely or by `weights`.

    Space({"op": one_of({"turn": group(angle=...), "none": group()})}) declares `op`, a choice of
    "turn" and "none", and `op.turn.angle`, active where `op` is "turn". A branch may be a single
    distribution: its name is then that of the branch.
    """
    if not isinstance(branches, Mapping):
        raise TypeError(
            "branches must be a dict such as {'turn': group(angle=...), 'none': group()} (values "
            f"alone are a Choice), got {brief(branches)}"
        )
    if not branches:
        raise ValueError("branches must be one or more, got none")
    found = members_of(branches, {})
    return Group(Choice(list(found), weights), ((name, name, each) for name, each in found.items()))


def members_of(members: Any, more: Mapping[str, Any]) -> dict[str, Member]:
    """Members given as a dict, as keywords, or as both. Raises TypeError or ValueError."""
    if members is not None and not isinstance(members, Mapping):
        raise TypeError(
            "parameters must have names: {'sigma': Uniform(1, 2)} or sigma=Uniform(1, 2), "
            f"got {brief(members)}"
        )
    found: dict[str, Member] = dict(members or {})
    for name, member in more.items():
        if name in found:
            raise ValueError(f"the parameter {name!r} is declared twice")
        found[name] = member
    for name, member in found.items():
        require_name(name)
        if not isinstance(member, (Distribution, Group)):
            raise TypeError(
                f"{name} must be a distribution, such as {_instead(member)}, got {brief(member)}"
            )
    return found


def _instead(member: object) -> str:
    """What may have been meant."""
    if isinstance(member, Mapping):
        return "Uniform(low, high), or group(...) for names under a prefix"
    if isinstance(member, (Sequence, Set)):
        return "Uniform(low, high) for a range or Choice([...]) for one of these values"
    if isinstance(member, (int, float)):
        return "Bernoulli(p) or Uniform(low, high)"
    return "Uniform(low, high), or a group"


def declared_in(
    members: Iterable[tuple[str, Value | None, Member]], prefix: str = "", gate: str = ""
) -> Iterator[tuple[str, Distribution]]:
    """All distributions by their full names; the conditions of gates are added to their own."""
    for name, value, member in members:
        full = prefix + name
        inner = member.gate if isinstance(member, Group) else member
        if inner is not None:
            yield full, inner if value is None else _gated(full, inner, gate, value)
        if isinstance(member, Group):
            # Members of a plain group hang on the gate around it.
            own = value if member.gate is None else None
            inside = ((n, own if v is None else v, m) for n, v, m in member.members)
            yield from declared_in(inside, f"{full}.", gate if member.gate is None else full)


def _gated(name: str, inner: Distribution, gate: str, value: Value) -> Distribution:
    if gate in inner.when:
        raise ValueError(f"{name}: when must not name {gate!r}, which it depends on already")
    return inner.with_when({**inner.when, gate: value})


def require_name(name: object) -> None:
    """Raises ValueError if `name` cannot be the name of a parameter."""
    sound = isinstance(name, str) and name.isascii() and len(name) <= LONGEST_NAME
    if not sound or not all(part.isidentifier() for part in str(name).split(".")):
        raise ValueError(
            "names must be words with dots between them (letters a to z, digits, _), at most "
            f"{LONGEST_NAME} characters, got {brief(name)}"
        )
