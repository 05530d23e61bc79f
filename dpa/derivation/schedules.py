"""Schedules: numbers of a distribution that change with the epoch in the key, and with it alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from itertools import pairwise
from typing import Any, TypeAlias

from dpa._native import half_sine
from dpa.checks import brief, finite, within
from dpa.derivation.frozen import Frozen


class Linear(Frozen):
    """A value that moves in straight lines through `knots`, pairs (epoch, value).

    Before the first knot it is the first value, after the last knot the last one. Epochs are
    integers that increase. Raises TypeError or ValueError.

    >>> Linear([(0, 1.0), (10, 3.0)]).at(5)
    2.0
    """

    __slots__ = ("knots",)
    knots: tuple[tuple[int, float], ...]

    def __init__(self, knots: Iterable[tuple[int, float]]) -> None:
        if isinstance(knots, Set):
            raise TypeError(f"knots must be a sequence of pairs, got {brief(knots)}")
        try:
            pairs = [(epoch, value) for epoch, value in knots]
        except (TypeError, ValueError):
            message = f"knots must be pairs (epoch, value), got {brief(knots)}"
            raise TypeError(message) from None
        checked = tuple(
            (_epoch("the epoch of a knot", epoch, 0), finite("the value of a knot", value) + 0.0)
            for epoch, value in pairs
        )
        if not checked:
            raise ValueError("knots must be one pair (epoch, value) or more, got none")
        for (before, first), (after, second) in pairwise(checked):
            if after <= before:
                raise ValueError(f"the epochs of knots must increase, got {before}, {after}")
            _require_finite(first, second)
        self._set(knots=checked)

    @property
    def turns(self) -> tuple[int, ...]:
        """The epochs in which the value may be greatest or least."""
        return tuple(epoch for epoch, _ in self.knots)

    def at(self, epoch: int) -> float:
        """The value in an epoch."""
        from bisect import bisect_right  # few programs need it

        after = bisect_right(self.knots, epoch, key=lambda knot: knot[0])
        if after in (0, len(self.knots)):
            return self.knots[max(after - 1, 0)][1]
        (e0, v0), (e1, v1) = self.knots[after - 1 : after + 1]
        return v0 + (v1 - v0) * ((epoch - e0) / (e1 - e0))

    def to_dict(self) -> dict[str, Any]:
        """The schedule as JSON stores it."""
        return {"linear": [list(knot) for knot in self.knots]}


class Cosine(Frozen):
    """A value that moves from `start` to `stop` in half a cosine of `epochs` epochs.

    From epoch `epochs` on it is `stop`. Raises TypeError or ValueError.

    >>> Cosine(1.0, 0.0, 30).at(30)
    0.0
    """

    __slots__ = ("start", "stop", "epochs")  # noqa: RUF023 (in the constructor's order)
    start: float
    stop: float
    epochs: int

    def __init__(self, start: float, stop: float, epochs: int) -> None:
        self._set(start=finite("start", start) + 0.0, stop=finite("stop", stop) + 0.0)
        self._set(epochs=_epoch("epochs", epochs, 1))
        _require_finite(self.start, self.stop)

    @property
    def turns(self) -> tuple[int, ...]:
        """The epochs in which the value may be greatest or least."""
        return (0, self.epochs)

    def at(self, epoch: int) -> float:
        """The value in an epoch."""
        if epoch >= self.epochs:
            return self.stop
        s = half_sine(epoch / self.epochs)
        return self.start + (self.stop - self.start) * (s * s)

    def to_dict(self) -> dict[str, Any]:
        """The schedule as JSON stores it."""
        return {"cosine": [self.start, self.stop, self.epochs]}


Schedule: TypeAlias = Linear | Cosine
#: A number, or one that changes with the epoch.
Number: TypeAlias = float | Linear | Cosine


def _epoch(name: str, value: object, least: int) -> int:
    # All these are exact as doubles.
    return within(name, value, least, 2**53 - 1, f"{least} to 2**53 - 1")


def _require_finite(first: float, second: float) -> None:
    if not math.isfinite(second - first):
        raise ValueError(f"the values of a schedule are too far apart, got {first} and {second}")


def checked_number(name: str, value: object) -> Number:
    """A finite number without -0.0, or a schedule."""
    if isinstance(value, (Linear, Cosine)):
        return value
    return finite(name, value) + 0.0


def number_of(name: str, value: object) -> object:
    """The inverse of to_dict; a plain number stays as it is. Raises TypeError or ValueError."""
    if not isinstance(value, Mapping):
        return value
    arguments = next(iter(value.values())) if len(value) == 1 else None
    if isinstance(arguments, (list, tuple)):
        try:
            if "linear" in value:
                return Linear(arguments)
            if "cosine" in value and len(arguments) == 3:
                return Cosine(*arguments)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from None
    raise ValueError(
        f"{name} must be a number, {{'linear': [[epoch, value], ...]}} or "
        f"{{'cosine': [start, stop, epochs]}}, got {brief(value)}"
    )
