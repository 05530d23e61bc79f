"""Spaces: parameters by name with their distributions, the chain's depth, and the sampler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Any, NamedTuple, NoReturn

from dpa._native import MAX_DEPTH, SAMPLERS, Plan
from dpa.checks import brief, finite, integer

#: The name of the JSON form of a space.
FORMAT = "dpa-space-1"
#: The last draw of the sampler that a parameter may use.
MAX_DRAW = 255
#: Names of other fields in dicts, columns and files; no parameter may have them.
RESERVED = frozenset(
    [
        "hash",
        "rank",
        "id",
        "sample_id",
        "seed_id",
        "base_seed",
        "epoch",
        "view",
        "digest",
        "digests",
    ]
)
_FIELDS = ("space", "depth", "sampler", "parameters")


class Frozen:
    """An immutable value: the constructor takes the public slots in order and sets each once."""

    __slots__: tuple[str, ...] = ()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _fields(self) -> dict[str, Any]:
        slots = (name for kind in type(self).__mro__ for name in getattr(kind, "__slots__", ()))
        return {name: getattr(self, name) for name in slots if name[0] != "_"}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(self._fields().values())

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(tuple(self._fields().values()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({values})"


class Uniform(Frozen):
    """A number from low to high: low + (high - low) * u, where u is draw number `draw`."""

    __slots__ = ("low", "high", "draw")  # noqa: RUF023 (in the constructor's order)

    low: float
    high: float
    draw: int

    def __init__(self, low: float, high: float, draw: int) -> None:
        self._set(low=finite("low", low), high=finite("high", high), draw=integer("draw", draw))
        if self.low > self.high:
            raise ValueError(f"low must not be above high, got {self.low} and {self.high}")
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"high - low overflows, got {self.low} and {self.high}")
        if not 0 <= self.draw <= MAX_DRAW:
            raise ValueError(f"draw must be 0 to {MAX_DRAW}, got {self.draw}")

    @property
    def mean(self) -> float:
        """The expected value."""
        return self.low / 2 + self.high / 2  # low + high may overflow

    @property
    def stdev(self) -> float:
        """The standard deviation."""
        return (self.high - self.low) / math.sqrt(12)

    def to_dict(self) -> dict[str, Any]:
        """The distribution as JSON stores it: its kind, and its arguments by name."""
        return {"uniform": {"low": self.low + 0.0, "high": self.high + 0.0, "draw": self.draw}}

    @classmethod
    def from_dict(cls, fields: Any) -> Uniform:
        """The inverse of to_dict. Raises TypeError or ValueError."""
        if not isinstance(fields, Mapping) or fields.keys() != {"uniform"}:
            raise ValueError(f"a distribution must be of the kind 'uniform', got {brief(fields)}")
        arguments = fields["uniform"]
        if not isinstance(arguments, Mapping) or arguments.keys() != {"low", "high", "draw"}:
            raise ValueError(f"uniform must have low, high and draw, got {brief(arguments)}")
        return cls(**arguments)


class Parameter(NamedTuple):
    """The name of a parameter and its distribution."""

    name: str
    distribution: Uniform


class Space(Frozen):
    """Parameters by name, in the order of dicts, columns and the digest. Immutable.

    Two spaces are equal if their depth, sampler and parameters are. Raises TypeError or
    ValueError; the message names the argument.
    """

    __slots__ = ("_hash", "depth", "names", "parameters", "plan", "sampler")

    parameters: tuple[Parameter, ...]
    names: tuple[str, ...]
    depth: int
    sampler: str
    #: The space as the C code takes it: compiled once, shared by all calls.
    plan: Plan
    _hash: int

    def __init__(
        self, parameters: Mapping[str, Uniform], *, depth: int = 10, sampler: str = "xoshiro256++"
    ) -> None:
        for name in parameters:
            _require_name(name)
        declared = [Parameter(*item) for item in parameters.items()]
        declared.sort(key=lambda parameter: parameter.distribution.draw)
        draws = [parameter.distribution.draw for parameter in declared]
        if not draws or draws != list(range(len(draws))):
            raise ValueError(f"the draws must be 0, 1, 2, ..., each once, got {draws}")
        self._declare(tuple(declared), checked_depth(depth), checked_sampler(sampler))

    def _declare(self, parameters: tuple[Parameter, ...], depth: int, sampler: str) -> None:
        names = tuple(parameter.name for parameter in parameters)
        bounds = tuple((p.distribution.low, p.distribution.high) for p in parameters)
        plan, hashed = Plan(depth, sampler, names, bounds), hash((parameters, depth, sampler))
        self._set(parameters=parameters, names=names, depth=depth, sampler=sampler)
        self._set(plan=plan, _hash=hashed)

    def __reduce__(self) -> tuple[Any, ...]:
        return Space.of_declaration, (self.declaration(),)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """(low, high) of each parameter, by name."""
        return {name: (found.low, found.high) for name, found in self.parameters}

    def to_dict(self) -> dict[str, Any]:
        """The declaration, as JSON stores it."""
        return self.declaration()

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
        declared = {}
        for name, distribution in parameters.items():
            _require_name(name)
            try:
                declared[name] = Uniform.from_dict(distribution)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from None
        return Space(declared, depth=fields["depth"], sampler=fields["sampler"])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Space):
            return NotImplemented
        same = self.depth == other.depth and self.sampler == other.sampler
        return same and self.parameters == other.parameters

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        parameters = ", ".join(f"{name!r}: {declared}" for name, declared in self.parameters)
        return f"Space({{{parameters}}}, depth={self.depth}, sampler={self.sampler!r})"


def _require_name(name: object) -> None:
    """Raises ValueError if `name` cannot be the name of a parameter."""
    sound = isinstance(name, str) and name.isascii() and len(name) <= 255
    if not sound or not all(part.isidentifier() for part in str(name).split(".")):
        raise ValueError(f"names must be words with dots between them, got {brief(name)}")
    if name in RESERVED:
        raise ValueError(f"the name {name!r} is taken: by a field of samples or of keys")


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
