"""Distribution: the base of all, with shapes, conditions, schedules and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.checks import brief, integer
from dpa.derivation.frozen import Frozen
from dpa.derivation.schedules import Schedule, number_of

#: The most words of one sample that a parameter takes; the most choices.
MOST = 65_536

#: What may be chosen: values of one of these types.
Value: TypeAlias = str | int | float | bool


class Distribution(Frozen):
    """How the values of one declared parameter are distributed. Immutable.

    `shape`: the shape of one sample's value; () is a single one. `when`: the parameters on whose
    values this one depends; a sample has it only if each of them has the value given here.
    """

    __slots__ = ("_arguments", "key", "shape", "when")

    #: All kinds by their names in JSON.
    KINDS: ClassVar[dict[str, type[Distribution]]] = {}
    #: The name in JSON.
    kind: ClassVar[str]
    #: The names of the arguments, in order.
    FIELDS: ClassVar[tuple[str, ...]] = ()
    #: The type of the values in columns; of choices, of their codes.
    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.float64)

    shape: tuple[int, ...]
    when: Mapping[str, Value]
    #: Equal for equal distributions alone: 1, 1.0 and True are different choices.
    key: tuple[Any, ...]
    _arguments: tuple[Any, ...]

    def __init_subclass__(cls) -> None:
        Distribution.KINDS[cls.kind] = cls

    def _declare(self, shape: Any, when: Any, **arguments: Any) -> None:
        """Sets all arguments. Raises TypeError or ValueError."""
        self._set(shape=_checked_shape(shape), when=_checked_when(when), **arguments)
        self._set(_arguments=tuple(arguments.values()))
        typed = [tuple(map(_typed, x)) if isinstance(x, tuple) else x for x in self._arguments]
        conditions = tuple((name, _typed(value)) for name, value in self.when.items())
        self._set(key=(self.kind, tuple(typed), self.shape, conditions))
        if self.shape and self.schedules:
            raise ValueError("a number that changes with the epoch must not have a shape")
        if self.words * math.prod(self.shape) > MOST:
            raise ValueError(
                f"a sample may take {MOST:,} words, shape {self.shape} takes "
                f"{self.words * math.prod(self.shape):,}"
            )
        for epoch in {turn for schedule in self.schedules for turn in schedule.turns}:
            self.at(epoch)
        if not self.schedules:
            self._check()

    def _check(self) -> None:
        """Raises ValueError for numbers that do not fit together."""

    @property
    def words(self) -> int:
        """How many 64-bit words one value takes."""
        return 1

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The numbers that change with the epoch."""
        return tuple(x for x in self._arguments if hasattr(x, "turns"))

    def at(self, epoch: int | None) -> Self:
        """The distribution in an epoch, with numbers in place of schedules."""
        if not self.schedules:
            return self
        if epoch is None:
            raise ValueError("it changes with the epoch: say epoch=")
        numbers = (x.at(epoch) if hasattr(x, "turns") else x for x in self._arguments)
        return self._made(numbers, self.when)

    def replaced(self, when: Mapping[str, Value]) -> Self:
        """A copy with other conditions."""
        return self._made(self._arguments, when)

    def _made(self, arguments: Iterable[Any], when: Mapping[str, Value]) -> Self:
        make: Callable[..., Self] = type(self)
        return make(*arguments, shape=self.shape, when=when)

    # ---- What the values are ----

    @property
    def choices(self) -> tuple[Value, ...] | None:
        """The values that the codes of a column stand for; None where it holds the values."""
        return None

    @property
    def labels(self) -> tuple[Value, ...] | None:
        """The values that are counted; None where they are numbers with a mean."""
        return self.choices

    @property
    def item_shape(self) -> tuple[int, ...]:
        """The shape of one sample's part of a column."""
        return self.shape

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value. Raises TypeError where values have no order."""
        raise TypeError(f"the values of {self!r} have no least and no greatest")

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        raise TypeError(f"the values of {self!r} have no mean")

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        raise TypeError(f"the values of {self!r} have no order")

    @property
    def shares(self) -> dict[Value, float] | None:
        """The share of each value, where they are few; None elsewhere."""
        return None

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        return {"kind": self.kind}

    # ---- JSON, equality ----

    def to_dict(self) -> dict[str, Any]:
        """The distribution as JSON stores it: its kind with the arguments by name, and `when`."""
        arguments = {
            name: _stored(value)
            for name, value in zip(self.FIELDS, self._arguments, strict=True)
            if value is not None
        }
        if self.shape:
            arguments["shape"] = list(self.shape)
        return {self.kind: arguments} | ({"when": dict(self.when)} if self.when else {})

    @staticmethod
    def from_dict(fields: Any) -> Distribution:
        """The inverse of to_dict. Raises TypeError or ValueError."""
        if not isinstance(fields, Mapping):
            raise TypeError(f"a parameter must be an object, got {brief(fields)}")
        kinds = [name for name in fields if name != "when"]
        kind = Distribution.KINDS.get(kinds[0]) if len(kinds) == 1 else None
        if kind is None:
            known = ", ".join(Distribution.KINDS)
            raise ValueError(f"a parameter must have one kind of {known}, got {brief(fields)}")
        arguments = fields[kind.kind]
        if not isinstance(arguments, Mapping):
            raise TypeError(f"{kind.kind} must be an object, got {brief(arguments)}")
        for name in arguments:
            if name not in (*kind.FIELDS, "shape"):
                known = ", ".join((*kind.FIELDS, "shape"))
                raise ValueError(f"{kind.kind} has {known}, got {brief(name)}")
        if not isinstance(arguments.get("shape", []), list):
            raise TypeError(f"shape must be a list, got {brief(arguments['shape'])}")
        numbers = {name: number_of(name, value) for name, value in arguments.items()}
        for name in kind.FIELDS:
            if name not in numbers and name not in ("draw", "weights", "step"):
                raise ValueError(f"{kind.kind} must have {name}, got {brief(arguments)}")
        make: Callable[..., Distribution] = kind
        return make(**numbers, when=fields.get("when"))

    def __reduce__(self) -> tuple[Any, ...]:
        return Distribution.from_dict, (self.to_dict(),)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Distribution) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        pairs = zip(self.FIELDS, self._arguments, strict=True)
        said = {name: value for name, value in pairs if value is not None}
        said |= ({"shape": self.shape} if self.shape else {}) | (
            {"when": dict(self.when)} if self.when else {}
        )
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in said.items())})"


def _typed(value: object) -> tuple[type, object]:
    return type(value), value


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.to_dict() if hasattr(value, "turns") else value


def _checked_shape(shape: Any) -> tuple[int, ...]:
    try:
        sides = (shape,) if isinstance(shape, int) else tuple(() if shape is None else shape)
    except TypeError:
        raise TypeError(f"shape must be integers, got {brief(shape)}") from None
    checked = tuple(integer("a side of shape", side) for side in sides)
    if len(checked) > 32 or any(side < 1 for side in checked):
        raise ValueError(f"shape must be at most 32 sides of 1 or more, got {brief(shape)}")
    return checked


def _checked_when(when: Any) -> dict[str, Value]:
    if when is None:
        return {}
    if not isinstance(when, Mapping):
        raise TypeError(f"when must be a dict of names and values, got {brief(when)}")
    for name, value in when.items():
        if not isinstance(name, str):
            raise TypeError(f"when must have names of parameters, got {brief(name)}")
        if exact_value(value) is None:
            raise TypeError(
                f"when[{name!r}] must be True, False or one of its choices, got {brief(value)}"
            )
    return {name: exact_value(when[name]) for name in sorted(when)}  # type: ignore[misc]  # checked


def exact_value(value: object) -> Value | None:
    """A choice as exactly a bool, str, int or float; None for other types."""
    for kinds, exact in (
        ((bool, np.bool_), bool),
        (str, str),
        ((int, np.integer), int),
        ((float, np.floating), float),
    ):
        if isinstance(value, kinds):
            made: Value = str.__str__(value) if isinstance(value, str) else exact(value)
            return made + 0.0 if isinstance(made, float) else made  # no -0.0
    return None


def require_ordered(low: Any, high: Any) -> None:
    """Raises ValueError unless low <= high, with a finite distance."""
    if low > high:
        raise ValueError(f"low must not be above high, got {low} and {high}")
    if not math.isfinite(high - low):
        raise ValueError(f"high - low overflows, got {low} and {high}")
