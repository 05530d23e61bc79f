"""Spaces: parameters by name with their distributions, the chain's depth, and the sampler."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa._native import MAX_DEPTH, SAMPLERS, Plan
from dpa.checks import brief, integer
from dpa.derivation.distributions import Bernoulli, Choice, Distribution, Value
from dpa.derivation.frozen import Frozen
from dpa.derivation.members import Member, declared_in, members_of, require_name

#: The name of the JSON form of a space.
FORMAT = "dpa-space-1"
#: The most parameters of a space.
MOST_PARAMETERS = 4096
_FIELDS = ("space", "depth", "sampler", "parameters")


class Parameter(NamedTuple):
    """The name of a parameter and its distribution."""

    name: str
    distribution: Distribution


class Space(Frozen):
    """Parameters by name with their distributions. Immutable.

    Each parameter is made of the sample's hash and its own name. So adding, removing, renaming
    or reordering others never changes it.

    Parameters
    ----------
    parameters, members
        Distributions and groups by name: as a dict, as keywords, or as both. A name is words
        with dots between them, at most 255 characters; there are at most 4,096.
    depth
        Links of the hash chain, 1 to 10,000.
    sampler
        "xoshiro256++" or "mt19937". Only parameters with draw= take numbers from it.

    Attributes
    ----------
    names
        The parameters' full names: those with draw= by their draws, then the others in the
        order of their bytes. Dicts, columns and digests have this order.

    Raises
    ------
    TypeError, ValueError
        An argument is bad; the message names the parameter.

    Examples
    --------
    >>> space = Space({"flip": Bernoulli(0.5), "zoom": LogUniform(0.5, 2)})
    >>> space.names
    ('flip', 'zoom')
    """

    __slots__ = (
        *("parameters", "names", "depth", "sampler", "scheduled", "conditions", "plain"),
        *("word_blocks", "_by_name", "_hash", "_key", "_plan"),
    )

    parameters: tuple[Parameter, ...]
    names: tuple[str, ...]
    depth: int
    sampler: str
    #: The parameters that change with the epoch.
    scheduled: tuple[str, ...]
    #: What makes each parameter active: numbers of columns, and what these must hold.
    conditions: Mapping[str, tuple[tuple[int, int], ...]]
    #: Whether each parameter is a single real number that every sample has.
    plain: bool
    #: How many SHA-256 blocks the words of a sample take.
    word_blocks: int
    _by_name: Mapping[str, Distribution]
    _key: tuple[object, ...]
    _hash: int
    _plan: Plan | None

    def __init__(
        self,
        parameters: Mapping[str, Member] | None = None,
        /,
        *,
        depth: int = 10,
        sampler: str = "xoshiro256++",
        **members: Member,
    ) -> None:
        found = members_of(parameters, members)
        top = [(name, None, member) for name, member in found.items()]
        declared = [Parameter(*pair) for pair in declared_in(top)]
        declared.sort(key=_order)
        _check(declared)
        self._declare(tuple(declared), checked_depth(depth), checked_sampler(sampler))

    def _declare(self, parameters: tuple[Parameter, ...], depth: int, sampler: str) -> None:
        found = dict(parameters)
        self._set(parameters=parameters, names=tuple(found), depth=depth, sampler=sampler)
        key = (depth, sampler, tuple((name, each.key) for name, each in parameters))
        self._set(_by_name=found, _key=key, _hash=hash(key))
        self._set(scheduled=tuple(name for name, each in parameters if each.schedules))
        self._set(conditions=_conditions(self.names, found))
        single = all(x.dtype.kind == "f" and not x.item_shape for x in found.values())
        self._set(plain=single and not any(self.conditions.values()))
        named = (x for x in found.values() if getattr(x, "draw", None) is None)
        self._set(word_blocks=sum((x.words * math.prod(x.shape) + 3) // 4 for x in named))
        self._set(_plan=None if self.scheduled else self._compiled())

    def __reduce__(self) -> tuple[Any, ...]:
        return Space.of_declaration, (self.declaration(),)

    def __getitem__(self, name: str) -> Distribution:
        """The distribution of a parameter. Raises KeyError."""
        return self._by_name[name]

    # ---- What may depend on the epoch ----

    def at(self, epoch: int | None) -> Space:
        """The space in an epoch, with numbers in place of schedules. ValueError without epoch."""
        if not self.scheduled:
            return self
        if epoch is None:
            names = ", ".join(self.scheduled)
            raise ValueError(f"say epoch=, on which the space depends: {brief(names)}")
        return Space(
            {name: each.at(epoch) for name, each in self.parameters},
            depth=self.depth,
            sampler=self.sampler,
        )

    @property
    def plan(self) -> Plan:
        """The space as the C code takes it: compiled once, shared by all calls."""
        return self._plan or self.at(None).plan

    def _compiled(self) -> Plan:
        columns = []
        for name, each in self.parameters:
            said = {"name": name, "items": math.prod(each.shape), "shape": each.item_shape}
            said |= {"choices": each.choices, "needs": self.conditions[name]}
            columns.append(said | each.layout())
        return Plan(self.depth, self.sampler, tuple(columns))

    # ---- Conditions ----

    def mask(
        self, name: str, columns: Mapping[str, npt.NDArray[Any]]
    ) -> npt.NDArray[np.bool_] | None:
        """Which samples have this parameter, shape (n,); None if all have it."""
        masks = [columns[self.names[gate]] == code for gate, code in self.conditions[name]]
        return np.logical_and.reduce(masks) if masks else None

    def forms(self, dtype: npt.DTypeLike = np.float64) -> dict[str, np.dtype[Any]]:
        """One sample's part of each column, as a dtype with its shape.

        `dtype`: that of real numbers, float64 or float32.
        """
        return {
            name: np.dtype((dtype if each.dtype.kind == "f" else each.dtype, each.item_shape))
            for name, each in self.parameters
        }

    def only(self, names: Iterable[str]) -> Space:
        """The space of these parameters, and of those on whose values they depend.

        Raises ValueError for an unknown name.
        """
        if isinstance(names, str):
            raise TypeError(f"columns must be a list of names, got {names!r}")
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in self._by_name:
                raise ValueError(f"there is no parameter {brief(name)}; there are {self._listed()}")
            if name not in wanted:
                wanted.add(name)
                pending += self[name].when
        found = {name: each for name, each in self.parameters if name in wanted}
        return Space(found, depth=self.depth, sampler=self.sampler)

    def _listed(self) -> str:
        more = f" and {len(self.names) - 20} more" if len(self.names) > 20 else ""
        return ", ".join(self.names[:20]) + more

    def __or__(self, other: Space | Mapping[str, Member]) -> Space:
        """The parameters of both. Raises ValueError for a name, depth or sampler that differs."""
        if isinstance(other, Mapping):
            other = Space(other, depth=self.depth, sampler=self.sampler)
        if not isinstance(other, Space):
            return NotImplemented
        for field in ("depth", "sampler"):
            mine, theirs = getattr(self, field), getattr(other, field)
            if mine != theirs:
                raise ValueError(f"spaces to be joined differ in their {field}: {mine}, {theirs}")
        both = sorted(set(self.names) & set(other.names))
        if both:
            raise ValueError(f"both spaces declare {', '.join(both)}")
        found = dict(chain(self.parameters, other.parameters))
        return Space(found, depth=self.depth, sampler=self.sampler)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The least and the greatest value of each number, in any epoch, by name."""
        found = {}
        for name, each in self.parameters:
            if each.labels is None:
                turns = [turn for schedule in each.schedules for turn in schedule.turns] or [0]
                lows, highs = zip(*(each.at(turn).support for turn in turns), strict=True)
                found[name] = min(lows), max(highs)
        return found

    # ---- JSON ----

    def to_dict(self) -> dict[str, Any]:
        """The declaration, as JSON stores it."""
        return self.declaration()

    @staticmethod
    def from_dict(fields: Mapping[str, Any]) -> Space:
        """The inverse of to_dict. Raises TypeError or ValueError that names the field."""
        return Space.of_declaration(fields)

    def to_json(self) -> str:
        """The declaration in canonical form: equal spaces have equal texts."""
        from dpa.derivation.documents import canonical  # no import dpa needs json

        return canonical(self.declaration())

    @staticmethod
    def from_json(text: str | bytes) -> Space:
        """A space from JSON in any form. Raises TypeError or ValueError that names the field."""
        from dpa.derivation.documents import parse

        data = text.encode() if isinstance(text, str) else text
        return Space.of_declaration(parse(data))

    @property
    def identity(self) -> str:
        """The SHA-256 of the canonical JSON: 64 hex characters that name the space."""
        from hashlib import sha256

        return sha256(self.to_json().encode()).hexdigest()

    def declaration(self) -> dict[str, Any]:
        """The space as files store it; the form is the same for all spaces."""
        parameters = {name: distribution.to_dict() for name, distribution in self.parameters}
        values = (FORMAT, self.depth, self.sampler, parameters)
        return dict(zip(_FIELDS, values, strict=True))

    @staticmethod
    def of_declaration(fields: Any) -> Space:
        """The inverse of declaration(). Raises TypeError or ValueError that names the field."""
        if not isinstance(fields, Mapping):
            raise TypeError(f"space must be an object, got {brief(fields)}")
        require_names("space", fields, _FIELDS)
        if fields["space"] != FORMAT:
            raise ValueError(f"space must be {FORMAT!r}, got {brief(fields['space'])}")
        parameters = fields["parameters"]
        if not isinstance(parameters, Mapping):
            raise TypeError(f"parameters must be an object, got {brief(parameters)}")
        declared: dict[str, Member] = {}
        for name, distribution in parameters.items():
            require_name(name)
            try:
                declared[name] = Distribution.from_dict(distribution)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from None
        return Space(declared, depth=fields["depth"], sampler=fields["sampler"])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Space):
            return NotImplemented
        return self._hash == other._hash and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        parameters = ", ".join(f"{name!r}: {declared}" for name, declared in self.parameters)
        return f"Space({{{parameters}}}, depth={self.depth}, sampler={self.sampler!r})"


def _conditions(
    names: Sequence[str], found: Mapping[str, Distribution]
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Space.conditions: those of the gates too."""
    known: dict[str, tuple[tuple[int, int], ...]] = {}
    places = {name: at for at, name in enumerate(names)}
    pending = list(names)
    while pending:  # no recursion: gates may hang on gates a thousand deep
        name = pending[-1]
        if missing := [gate for gate in found[name].when if gate not in known]:
            pending += missing
            continue
        pairs = set(chain.from_iterable(known[gate] for gate in found[name].when))
        for gate, value in found[name].when.items():
            choices = found[gate].choices
            pairs.add((places[gate], int(value) if choices is None else choices.index(value)))
        known[name] = tuple(sorted(pairs))
        pending.pop()
    return known


def _order(parameter: Parameter) -> tuple[bool, int, str]:
    draw = getattr(parameter.distribution, "draw", None)
    return draw is None, draw or 0, parameter.name


def _check(declared: Sequence[Parameter]) -> None:
    """Raises ValueError for parameters that do not fit together."""
    if not 1 <= len(declared) <= MOST_PARAMETERS:
        raise ValueError(f"a space has 1 to {MOST_PARAMETERS} parameters, got {len(declared)}")
    found = dict(declared)
    if len(found) < len(declared):
        names = [name for name, _ in declared]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the parameter {twice!r} is declared twice")
    for name, each in declared:
        require_name(name)
        for gate, value in each.when.items():
            _check_gate(name, gate, value, found.get(gate))
    for name in found:
        _require_no_cycle(name, found)


def _check_gate(name: str, gate: str, value: Value, found: Distribution | None) -> None:
    if found is None:
        raise ValueError(f"{name}: when names {brief(gate)}, which is not declared")
    if not isinstance(found, (Bernoulli, Choice)) or found.shape:
        raise ValueError(
            f"{name}: when must name a single Bernoulli or Choice, {gate!r} is {found!r}"
        )
    known = (False, True) if found.choices is None else found.choices
    if not any(type(value) is type(each) and value == each for each in known):
        raise ValueError(f"{name}: when[{gate!r}] must be one of {brief(known)}, got {value!r}")


def _require_no_cycle(name: str, found: Mapping[str, Distribution]) -> None:
    seen, pending = {name}, list(found[name].when)
    while pending:
        gate = pending.pop()
        if gate == name:
            raise ValueError(f"{name}: its when leads back to itself")
        if gate not in seen:
            seen.add(gate)
            pending += found[gate].when


def require_names(what: str, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises ValueError unless `fields` has exactly the names `known`."""
    if fields.keys() != set(known):
        wrong = ", ".join(sorted(map(str, fields.keys() ^ set(known)))[:5])[:200]
        raise ValueError(
            f"{what} must have the fields {', '.join(known)}; missing or unknown: {wrong}"
        )


def checked_depth(depth: object) -> int:
    """`depth` as an int of 1 to MAX_DEPTH."""
    value = integer("augmentation_depth", depth)
    if not 1 <= value <= MAX_DEPTH:
        raise ValueError(f"augmentation_depth must be 1 to {MAX_DEPTH}, got {brief(value)}")
    return value


def checked_sampler(sampler: object) -> str:
    """`sampler` as one of SAMPLERS."""
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        known = " or ".join(map(repr, SAMPLERS))
        raise ValueError(f"sampler must be {known}, got {brief(sampler)}")
    return SAMPLERS[SAMPLERS.index(sampler)]  # turns an Enum or a NumPy str into str
