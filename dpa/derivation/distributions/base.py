"""Distribution: the base of all, with shapes, conditions, schedules and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import product
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np

from dpa.checks import brief, integer
from dpa.derivation.frozen import Frozen
from dpa.derivation.schedules import Cosine, Linear, Number, Schedule, checked_number, number_of

#: The most words of one sample that a parameter takes; the most choices.
MOST = 65_536

#: What may be chosen: values of one of these types.
Value: TypeAlias = str | int | float | bool
_SCHEDULES = (Linear, Cosine)
#: What the C code calls a distribution's numbers, in order.
_IN_C = ("a", "b", "low", "high")
#: One number for a vector, several for an array.
Shape: TypeAlias = int | Sequence[int]
#: The values that parameters must have, by name.
When: TypeAlias = Mapping[str, Value]


class Distribution(Frozen):
    """How the values of one declared parameter are distributed. Immutable.

    `shape`: the shape of one sample's value; () is a single one. `when`: the parameters on whose
    values this one depends; a sample has it only if each of them has the value given here.
    Numbers may be schedules, except with a shape; at(epoch) has numbers in their place.
    """

    __slots__ = ("_arguments", "_codes", "key", "shape", "when")

    #: All kinds by their names in JSON.
    KINDS: ClassVar[dict[str, type[Distribution]]] = {}
    #: The name in JSON.
    kind: ClassVar[str]
    #: The names of the arguments, in order; they are slots, too.
    FIELDS: ClassVar[tuple[str, ...]] = ()
    #: Those that are numbers.
    NUMBERS: ClassVar[tuple[str, ...]] = ()
    #: Those that may be left out.
    OPTIONAL: ClassVar[tuple[str, ...]] = ()
    #: The type of the values in columns; of choices, of their codes.
    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.float64)

    #: The number of the sampler's draw that makes the value; None: the name makes it.
    draw: int | None = None
    #: The values that the codes of a column stand for; None where it holds the values.
    choices: tuple[Value, ...] | None = None
    shape: tuple[int, ...]
    when: When
    #: Equal for equal distributions alone; 1, 1.0 and True are different choices.
    key: tuple[Any, ...]
    _arguments: tuple[Any, ...]
    _codes: dict[tuple[type, Any], int] | None

    def __init_subclass__(cls) -> None:
        if "kind" in vars(cls):
            Distribution.KINDS[cls.kind] = cls

    def _declare(self, shape: Shape, when: When | None, *arguments: Any) -> None:
        """Sets the arguments, in the order of FIELDS. Raises TypeError or ValueError."""
        checked = tuple(
            checked_number(name, value) if name in self.NUMBERS else value
            for name, value in zip(self.FIELDS, arguments, strict=True)
        )
        self._set(**dict(zip(self.FIELDS, checked, strict=True)))
        self._set(shape=_checked_shape(shape), _arguments=checked, _codes=None)
        self._condition(_checked_when(when))
        schedules = self.schedules
        if self.shape and schedules:
            raise ValueError("a number that changes with the epoch must not have a shape")
        if self.words > MOST:
            raise ValueError(
                f"a sample may take {MOST:,} words, shape {self.shape} takes {self.words:,}"
            )
        if not schedules:
            self._check()
        for epoch in _tried_epochs(schedules):
            try:
                self.at(epoch)
            except ValueError as error:
                raise ValueError(f"{error} in epoch {epoch}") from None

    def _condition(self, when: dict[str, Value]) -> None:
        typed = [tuple(map(_typed, x)) if isinstance(x, tuple) else x for x in self._arguments]
        conditions = tuple((name, _typed(value)) for name, value in when.items())
        key = (self.kind, tuple(typed), self.shape, conditions)
        self._set(when=MappingProxyType(when), key=key)

    def _check(self) -> None:
        """Raises ValueError for numbers that do not fit together."""

    def _number(self, name: str) -> float:
        """An argument that is a number. Raises ValueError for a schedule."""
        value: Number = getattr(self, name)
        if isinstance(value, _SCHEDULES):
            raise ValueError(f"{name} changes with the epoch: take at(epoch)")
        return value

    @property
    def words(self) -> int:
        """How many 64-bit words a sample takes."""
        return math.prod(self.item_shape)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The numbers that change with the epoch."""
        return tuple(x for x in self._arguments if isinstance(x, _SCHEDULES))

    def at(self, epoch: int | None) -> Self:
        """The distribution in an epoch, with numbers in place of schedules."""
        if not self.schedules:
            return self
        if epoch is None:
            raise ValueError("it changes with the epoch: say epoch=")
        return self.with_numbers(
            x.at(epoch) if isinstance(x, _SCHEDULES) else x for x in self._arguments
        )

    def with_numbers(self, arguments: Iterable[Any]) -> Self:
        """A copy with other arguments, in the order of FIELDS."""
        make: Callable[..., Self] = type(self)
        given = dict(zip(self.FIELDS, arguments, strict=True))
        return make(**given, shape=self.shape, when=self.when)

    def with_when(self, when: Mapping[str, Value]) -> Self:
        """A copy with other conditions."""
        copy = object.__new__(type(self))
        for kind in type(self).__mro__:
            for name in getattr(kind, "__slots__", ()):
                object.__setattr__(copy, name, getattr(self, name))
        copy._condition(_checked_when(when))
        return copy

    # ---- What the values are ----

    @property
    def labels(self) -> tuple[Value, ...] | None:
        """The values that are counted; None where they are numbers with a mean."""
        return self.choices

    @property
    def codes(self) -> dict[tuple[type, Any], int]:
        """The codes of the labels, by type and value: 1, 1.0 and True differ."""
        if self._codes is None:
            self._set(_codes={_typed(label): code for code, label in enumerate(self.labels or ())})
        assert self._codes is not None
        return self._codes

    @property
    def item_shape(self) -> tuple[int, ...]:
        """The shape of one sample's part of a column."""
        return self.shape

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value. Raises TypeError where values have no order."""
        raise TypeError(f"the values of {self!r} have no least and no greatest")

    @property
    def reach(self) -> tuple[float, float]:
        """Bounds of the values in all epochs; the support where none of them differs."""
        if not self.schedules:
            return self.support
        ends = (
            {min(map(x.at, x.turns)), max(map(x.at, x.turns))} if isinstance(x, _SCHEDULES) else [x]
            for x in self._arguments
        )
        supports = []
        for arguments in product(*ends):
            try:
                supports.append(self.with_numbers(arguments).support)
            except ValueError:  # no epoch has these together
                continue
        lows, highs = zip(*supports, strict=True)
        return min(lows), max(highs)

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation. TypeError where values have none."""
        raise TypeError(f"the values of {self!r} have no mean")

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        raise TypeError(f"the values of {self!r} have no order")

    @property
    def shares(self) -> dict[Value, float] | None:
        """The share of each value, where they are few; None elsewhere."""
        return None

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        numbers = map(self._number, self.NUMBERS)
        return {"kind": self.kind, **dict(zip(_IN_C, numbers, strict=False))}

    # ---- JSON, equality ----

    def to_dict(self) -> dict[str, Any]:
        """The distribution as JSON stores it: its kind with the arguments by name, and `when`."""
        arguments = {name: _stored(value) for name, value in self._given().items()}
        return {self.kind: arguments} | ({"when": dict(self.when)} if self.when else {})

    def _given(self) -> dict[str, Any]:
        """The arguments that are not left out, and the shape if there is one."""
        pairs = zip((*self.FIELDS, "shape"), (*self._arguments, self.shape or None), strict=True)
        return {name: value for name, value in pairs if value is not None}

    @staticmethod
    def from_dict(fields: Any) -> Distribution:
        """The inverse of to_dict. Raises TypeError or ValueError."""
        if not isinstance(fields, Mapping):
            raise TypeError(f"a parameter must be an object, got {brief(fields)}")
        kinds = [name for name in fields if name != "when"]
        kind = Distribution.KINDS.get(kinds[0]) if len(kinds) == 1 else None
        if kind is None:
            known = ", ".join(Distribution.KINDS)
            inner = [x for x in fields.values() if isinstance(x, Mapping)]
            dots = any(not Distribution.KINDS.keys().isdisjoint(x) for x in inner)
            hint = '; in TOML quote names with dots, such as "blur.sigma"' if dots else ""
            raise ValueError(
                f"a parameter must have one kind of {known}, got {brief(fields)}{hint}"
            )
        arguments = fields[kind.kind]
        if not isinstance(arguments, Mapping):
            raise TypeError(f"{kind.kind} must be an object, got {brief(arguments)}")
        known_names = (*kind.FIELDS, "shape")
        for name in arguments:
            if name not in known_names:
                raise ValueError(f"{kind.kind} has {', '.join(known_names)}, got {brief(name)}")
        for name in kind.FIELDS:
            if name not in arguments and name not in kind.OPTIONAL:
                raise ValueError(f"{kind.kind} must have {name}, got {brief(arguments)}")
        if not isinstance(arguments.get("shape", []), (list, tuple)):
            raise TypeError(f"shape must be a list, got {brief(arguments['shape'])}")
        given = {
            name: number_of(name, value) if name in kind.NUMBERS else value
            for name, value in arguments.items()
        }
        when = fields.get("when", {})
        if not isinstance(when, Mapping):
            raise TypeError(f"when must be an object, got {brief(when)}")
        make: Callable[..., Distribution] = kind
        return make(**given, when=when)

    def __reduce__(self) -> tuple[Any, ...]:
        return Distribution.from_dict, (self.to_dict(),)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Distribution) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        said = self._given() | ({"when": dict(self.when)} if self.when else {})
        return f"{type(self).__name__}({', '.join(f'{n}={_text(v)}' for n, v in said.items())})"


def _tried_epochs(schedules: Sequence[Schedule]) -> set[int]:
    """The epochs to try: where schedules turn and, between several of them, 64 others."""
    turns = {turn for schedule in schedules for turn in schedule.turns}
    if len(schedules) > 1:
        turns |= set(range(0, max(turns), max(turns) // 64 + 1))
    return turns


def _text(value: Any) -> str:
    """The repr; of many choices the first ones."""
    return brief(value) if isinstance(value, tuple) and len(value) > 8 else repr(value)


def _typed(value: Any) -> tuple[type, Any]:
    return type(value), value


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.to_dict() if isinstance(value, _SCHEDULES) else value


def _checked_shape(shape: Any) -> tuple[int, ...]:
    if isinstance(shape, (str, bytes, Set, Mapping)):
        raise TypeError(f"shape must be an integer or a sequence of them, got {brief(shape)}")
    sides = shape if isinstance(shape, Iterable) else () if shape is None else (shape,)
    checked = tuple(integer("a side of shape", side) for side in sides)
    if len(checked) > 32 or not all(1 <= side <= MOST for side in checked):
        raise ValueError(f"shape must be at most 32 sides of 1 to {MOST:,}, got {brief(shape)}")
    return checked


def _checked_when(when: Any) -> dict[str, Value]:
    """The conditions by name, in order of their names."""
    if when is None:
        return {}
    if not isinstance(when, Mapping):
        raise TypeError(f"when must be a dict of names and values, got {brief(when)}")
    checked: dict[str, Value] = {}
    for name, value in when.items():
        exact = exact_value(value)
        if not isinstance(name, str):
            raise TypeError(f"when must have names of parameters, got {brief(name)}")
        if exact is None:
            raise TypeError(
                f"when[{name!r}] must be True, False or one of its choices, got {brief(value)}"
            )
        checked[str.__str__(name)] = exact
    return dict(sorted(checked.items()))


def exact_value(value: object) -> Value | None:
    """A choice as exactly a bool, str, int or float without -0.0; None for other types."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return float(value) + 0.0 if isinstance(value, (float, np.floating)) else None


def require_ordered(low: float, high: float) -> None:
    """Raises ValueError unless low <= high, with a finite distance."""
    if low > high:
        raise ValueError(f"low must not be above high, got {low} and {high}")
    if not math.isfinite(high - low):
        raise ValueError(f"high - low overflows, got {low} and {high}")
