"""Distributions of integers, booleans and choices. The formulas are in docs/spec.md."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from dpa.checks import brief, finite, within
from dpa.derivation.distributions.base import (
    MOST,
    Distribution,
    Shape,
    Value,
    When,
    exact_value,
    require_ordered,
)
from dpa.derivation.schedules import Number


class Integers(Distribution):
    """An integer from low to high in steps: low, low + step, ...; high too if a step reaches it."""

    __slots__ = FIELDS = ("low", "high", "step")
    kind = "integers"
    OPTIONAL = ("step",)
    dtype = np.dtype(np.int64)
    low: int
    high: int
    step: int

    def __init__(
        self, low: int, high: int, step: int = 1, *, shape: Shape = (), when: When | None = None
    ) -> None:
        given = {"low": low, "high": high, "step": step}
        self._declare(shape, when, *(_int64(name, value) for name, value in given.items()))

    def _check(self) -> None:
        if self.step < 1:
            raise ValueError(f"step must be 1 or more, got {self.step}")
        require_ordered(self.low, self.high)
        if self.count > 2**32:
            raise ValueError(f"there may be at most 2**32 integers, {self!r} has {self.count:,}")

    @property
    def count(self) -> int:
        """How many different values there are."""
        return (self.high - self.low) // self.step + 1

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.low, self.low + self.step * (self.count - 1)

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        mean = (self.support[0] + self.support[1]) / 2
        return mean, self.step * math.sqrt((self.count**2 - 1) / 12)

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        steps = (np.asarray(values, np.float64) - self.low) // self.step + 1
        return np.clip(steps / self.count, 0, 1)

    @property
    def shares(self) -> dict[Value, float] | None:
        """The share of each value, if there are at most 256."""
        values = range(self.low, self.high + 1, self.step)
        return dict.fromkeys(values, 1 / self.count) if self.count <= 256 else None

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        start = self.low % 2**64
        return {"kind": self.kind, "start": start, "step": self.step, "count": self.count}


class Bernoulli(Distribution):
    """True with probability p."""

    __slots__ = FIELDS = NUMBERS = ("p",)
    kind = "bernoulli"
    dtype = np.dtype(np.bool_)
    p: Number

    def __init__(self, p: Number, *, shape: Shape = (), when: When | None = None) -> None:
        self._declare(shape, when, p)

    def _check(self) -> None:
        if not 0 <= self._number("p") <= 1:
            raise ValueError(f"p must be 0 to 1, got {self.p}")

    @property
    def labels(self) -> tuple[Value, ...]:
        """The values that are counted."""
        return False, True

    @property
    def shares(self) -> dict[Value, float]:
        """The share of each value."""
        p = self._number("p")
        return {False: 1 - p, True: p}


class Choice(Distribution):
    """One of `choices`, each equally likely or by `weights`.

    The choices are at most 65,536 different strings, integers, finite floats or booleans, all of
    one type. Columns hold their codes: 0 is the first one.
    """

    __slots__ = FIELDS = ("choices", "weights")
    kind = "choice"
    OPTIONAL = ("weights",)
    dtype = np.dtype(np.int32)
    choices: tuple[Value, ...]
    weights: tuple[float, ...] | None

    def __init__(
        self,
        choices: Sequence[Value],
        weights: Sequence[float] | None = None,
        *,
        shape: Shape = (),
        when: When | None = None,
    ) -> None:
        checked = _checked_choices(choices)
        weighed = None if weights is None else _checked_weights(weights, len(checked))
        self._declare(shape, when, checked, weighed)

    @property
    def _cumulated(self) -> tuple[list[int], int]:
        """The weights up to each choice, as integers, and all of them."""
        if self.weights is None:
            return list(range(1, len(self.choices) + 1)), len(self.choices)
        from fractions import Fraction  # slow to import, and import dpa needs none

        # Exact: a weight is the number that its shortest decimal text says.
        exact = [Fraction(repr(weight)) for weight in self.weights]
        scale = math.lcm(*{weight.denominator for weight in exact})
        sums = list(accumulate(int(weight * scale) for weight in exact))
        return sums, sums[-1]

    @property
    def shares(self) -> dict[Value, float]:
        """The share of each value."""
        sums, total = self._cumulated
        each = ((part - before) / total for before, part in pairwise([0, *sums]))
        return dict(zip(self.choices, each, strict=True))

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        sums, total = self._cumulated
        limits = ((part << 64) // total for part in sums[:-1])
        return {"kind": self.kind, "thresholds": tuple(x for x in limits if x < 2**64)}


class Subset(Distribution):
    """k different ones of `choices`, in random order: a permutation where k is their number."""

    __slots__ = FIELDS = ("choices", "k")
    kind = "subset"
    dtype = np.dtype(np.int32)
    choices: tuple[Value, ...]
    k: int

    def __init__(
        self, choices: Sequence[Value], k: int, *, shape: Shape = (), when: When | None = None
    ) -> None:
        checked = _checked_choices(choices)
        most = len(checked)
        k = within("k", k, 1, most, f"1 to {most}, the number of choices")
        self._declare(shape, when, checked, k)

    @property
    def item_shape(self) -> tuple[int, ...]:
        """The shape of one sample's part of a column."""
        return *self.shape, self.k

    @property
    def shares(self) -> dict[Value, float]:
        """The share of each value among those picked."""
        return dict.fromkeys(self.choices, 1 / len(self.choices))

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        return {"kind": self.kind, "count": len(self.choices), "picked": self.k}


class Seed(Distribution):
    """A 64-bit word to seed a generator of your own with."""

    __slots__ = ()
    kind = "seed"
    dtype = np.dtype(np.uint64)

    def __init__(self, *, shape: Shape = (), when: When | None = None) -> None:
        self._declare(shape, when)

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return 0.0, 2.0**64

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        return 2.0**63, 2.0**64 / math.sqrt(12)

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        return np.asarray(values, np.float64) / 2.0**64


def _int64(name: str, value: object) -> int:
    return within(name, value, -(2**63), 2**63 - 1, "-2**63 to 2**63 - 1")


def _checked_choices(choices: Any) -> tuple[Value, ...]:
    if isinstance(choices, (str, bytes, Mapping, Set)) or not isinstance(choices, Iterable):
        message = f"choices must be a sequence, whose order gives the codes, got {brief(choices)}"
        raise TypeError(message)
    values = list(choices)
    if not 1 <= len(values) <= MOST:
        raise ValueError(f"choices must be 1 to {MOST:,} values, got {len(values):,}")
    checked = tuple(map(_checked_choice, values))
    if len(set(map(type, checked))) > 1:
        kinds = ", ".join(sorted({type(value).__name__ for value in checked}))
        raise TypeError(f"choices must be of one type, got {kinds}")
    if len(set(checked)) < len(checked):
        [(twice, _)] = Counter(checked).most_common(1)
        raise ValueError(f"choices must be distinct, {brief(twice)} appears twice")
    return checked


def _checked_choice(value: object) -> Value:
    exact = exact_value(value)
    if exact is None:
        hint = "; choose among their indices" if isinstance(value, (tuple, list, dict)) else ""
        raise TypeError(f"choices must be str, int, float or bool, got {brief(value)}{hint}")
    if isinstance(exact, str):
        try:
            exact.encode()
        except UnicodeEncodeError:
            raise ValueError(f"a choice must be valid Unicode, got {brief(exact)}") from None
    elif isinstance(exact, float):
        finite("a choice", exact)
    else:
        _int64("a choice", int(exact))
    return exact


def _checked_weights(weights: Any, size: int) -> tuple[float, ...]:
    if isinstance(weights, (str, bytes, Mapping, Set)) or not isinstance(weights, Iterable):
        raise TypeError(f"weights must be a sequence of numbers, got {brief(weights)}")
    checked = tuple(finite("a weight", weight) + 0.0 for weight in weights)
    if len(checked) != size:
        raise ValueError(f"weights must be as many as choices, {size}, got {len(checked)}")
    if min(checked) < 0:
        raise ValueError(f"weights must be 0 or more, got {min(checked)}")
    if not any(checked):
        raise ValueError("weights must not all be 0")
    return checked
