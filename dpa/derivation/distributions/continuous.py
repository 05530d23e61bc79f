"""Distributions of real numbers. The formulas are in docs/spec.md."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa._native import normal_quantile
from dpa.checks import brief, extra, integer
from dpa.derivation.distributions.base import Distribution, require_ordered
from dpa.derivation.schedules import Number, checked_number

#: The last draw of the sampler that a parameter may use.
MAX_DRAW = 255


class Uniform(Distribution):
    """A number from low to high, each equally likely; high itself is never drawn if above low.

    With `draw` the number is draw number `draw` of the sample's sampler, 0 to 255: so the five
    parameters of AugmentationConfig are made. Without it the parameter's name makes it.
    """

    __slots__ = ("draw", "high", "low")
    kind = "uniform"
    FIELDS = ("low", "high", "draw")
    low: Number
    high: Number
    draw: int | None

    def __init__(
        self,
        low: Number,
        high: Number,
        draw: int | None = None,
        *,
        shape: Any = (),
        when: Any = None,
    ) -> None:
        if draw is not None:
            draw = integer("draw", draw)
            if not 0 <= draw <= MAX_DRAW:
                raise ValueError(f"draw must be 0 to {MAX_DRAW}, got {brief(draw)}")
        numbers = {"low": checked_number("low", low), "high": checked_number("high", high)}
        self._declare(shape, when, **numbers, draw=draw)
        if draw is not None and (self.shape or self.schedules):
            raise ValueError("a parameter with draw= must have no shape and no schedule")

    def _check(self) -> None:
        require_ordered(self.low, self.high)

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.low, self.high  # type: ignore[return-value]  # numbers: at() was called

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        low, high = self.support
        return low / 2 + high / 2, (high - low) / math.sqrt(12)  # low + high may overflow

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        low, high = self.support
        x = np.asarray(values, np.float64)
        return np.clip((x - low) / (high - low), 0, 1) if low < high else (x >= low) * 1.0

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        low, high = self.support
        kind = {"kind": "uniform"} if self.draw is None else {"kind": "drawn", "draw": self.draw}
        return {**kind, "a": low, "b": high}


class LogUniform(Distribution):
    """A number from low to high, both above 0, whose logarithm is uniform: a factor, a sigma."""

    __slots__ = ("high", "low")
    kind = "loguniform"
    FIELDS = ("low", "high")
    low: Number
    high: Number

    def __init__(self, low: Number, high: Number, *, shape: Any = (), when: Any = None) -> None:
        numbers = {"low": checked_number("low", low), "high": checked_number("high", high)}
        self._declare(shape, when, **numbers)

    def _check(self) -> None:
        low, high = self.support
        if low <= 0:
            raise ValueError(f"low of a log-uniform must be above 0, got {low}")
        require_ordered(low, high)
        if not high / low <= 2.0**1000:
            raise ValueError(f"high / low must be at most 2**1000, got {low} and {high}")

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.low, self.high  # type: ignore[return-value]

    @property
    def _span(self) -> float:
        return math.log(self.support[1] / self.support[0])

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        low, high = self.support
        if low == high:
            return low, 0.0
        mean, square = (-math.expm1(-n * self._span) / (n * self._span) for n in (1, 2))
        return high * mean, high * math.sqrt(max(square - mean * mean, 0.0))

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        low, high = self.support
        x = np.asarray(values, np.float64)
        if low == high:
            return (x >= low) * 1.0
        return np.clip(np.log(np.clip(x, low, high) / low) / self._span, 0, 1) * (x >= low)

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        low, high = self.support
        return {"kind": self.kind, "a": low, "b": high}


class Normal(Distribution):
    """A normally distributed number; the greatest is 8.3 standard deviations from its mean."""

    __slots__ = ("mean", "stdev")
    kind = "normal"
    FIELDS = ("mean", "stdev")
    mean: Number
    stdev: Number

    def __init__(self, mean: Number, stdev: Number, *, shape: Any = (), when: Any = None) -> None:
        numbers = {"mean": checked_number("mean", mean), "stdev": checked_number("stdev", stdev)}
        self._declare(shape, when, **numbers)

    def _check(self) -> None:
        if self.moments[1] < 0:
            raise ValueError(f"stdev must be 0 or more, got {self.stdev}")
        if not all(map(math.isfinite, self.support)):
            raise ValueError(f"mean and stdev overflow, got {self.mean} and {self.stdev}")

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        mean, stdev = self.moments
        return mean + stdev * normal_quantile(2.0**-53), mean + stdev * normal_quantile(
            1 - 2.0**-53
        )

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        return self.mean, self.stdev  # type: ignore[return-value]  # numbers: at() was called

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        return _normal_cdf(values, *self.moments)

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        return {"kind": self.kind, "a": self.mean, "b": self.stdev}


class TruncatedNormal(Distribution):
    """A normally distributed number that lies from low to high.

    `mean` and `stdev` are those before the cut. At least 2**-28 of the values must lie within.
    """

    __slots__ = ("_first", "_inside", "high", "low", "mean", "stdev")
    kind = "truncatednormal"
    FIELDS = ("mean", "stdev", "low", "high")
    mean: Number
    stdev: Number
    low: Number
    high: Number
    _first: int
    _inside: int

    def __init__(
        self,
        mean: Number,
        stdev: Number,
        low: Number,
        high: Number,
        *,
        shape: Any = (),
        when: Any = None,
    ) -> None:
        given = {"mean": mean, "stdev": stdev, "low": low, "high": high}
        numbers = {name: checked_number(name, value) for name, value in given.items()}
        self._declare(shape, when, **numbers)

    def _check(self) -> None:
        Normal(self.mean, self.stdev)
        require_ordered(*self.support)
        first = self._least(self.support[0], above=False)
        self._set(_first=first, _inside=self._least(self.support[1], above=True) - first)
        if self._inside < 2**24:
            raise ValueError(
                f"less than 2**-28 of the normal lies within {self.low} and {self.high}"
            )

    def _least(self, bound: float, *, above: bool) -> int:
        """The least number of an open uniform whose value is at least `bound`, or above it."""
        least, most = 0, 2**52
        while least < most:
            middle = (least + most) // 2
            value = self.mean + self.stdev * normal_quantile((2 * middle + 1) * 2.0**-53)  # type: ignore[operator]
            if value > bound if above else value >= bound:
                most = middle
            else:
                least = middle + 1
        return least

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.low, self.high  # type: ignore[return-value]

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        # Means of the strips between many quantiles: the closed form cancels in the tails.
        shares = (np.arange(2**12) + 0.5) / 2**12
        numbers = (2 * (self._first + np.floor(shares * self._inside)) + 1) * 2.0**-53
        mean, stdev = Normal(self.mean, self.stdev).moments
        values = mean + stdev * np.array([normal_quantile(u) for u in numbers.tolist()])
        return float(values.mean()), float(values.std())

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        whole = _normal_cdf(np.clip(values, self.low, self.high), self.mean, self.stdev)  # type: ignore[arg-type]
        start = 2 * self._first * 2.0**-53
        share = np.clip((whole - start) / (2 * self._inside * 2.0**-53), 0, 1)
        x = np.asarray(values, np.float64)
        return np.where(x < self.low, 0.0, np.where(x >= self.high, 1.0, share))  # type: ignore[operator]

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        bounds = {"low": self.low, "high": self.high, "start": self._first, "count": self._inside}
        return {"kind": self.kind, "a": self.mean, "b": self.stdev, **bounds}


class Beta(Distribution):
    """A number from 0 to 1: near the ends for a below 1, near 0.5 for a above 1 (mixup's lambda).

    a and b must be equal, 2**-10 to 2**20: the frozen formula is that of the symmetric one.
    """

    __slots__ = ("a", "b")
    kind = "beta"
    FIELDS = ("a", "b")
    a: Number
    b: Number

    def __init__(self, a: Number, b: Number, *, shape: Any = (), when: Any = None) -> None:
        a, b = checked_number("a", a), checked_number("b", b)
        if a != b:
            raise ValueError(
                f"a and b must be equal, got {a} and {b}: the values of others are not frozen yet"
            )
        self._declare(shape, when, a=a, b=b)

    @property
    def words(self) -> int:
        """How many 64-bit words one value takes."""
        return 2

    def _check(self) -> None:
        if not 2.0**-10 <= self.a <= 2.0**20:  # type: ignore[operator]
            raise ValueError(f"a and b must be 2**-10 to 2**20, got {self.a}")

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return 0.0, 1.0

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        return 0.5, 0.5 / math.sqrt(2 * self.a + 1)  # type: ignore[operator]

    def cdf(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """The share of the distribution that is at most each of `values`. Needs SciPy."""
        with extra("audit", "shares of a beta distribution need scipy"):
            from scipy.special import betainc
        return np.asarray(betainc(self.a, self.b, np.clip(values, 0, 1)))

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        return {"kind": self.kind, "a": self.a}


def _normal_cdf(values: npt.ArrayLike, mean: float, stdev: float) -> npt.NDArray[Any]:
    x = np.asarray(values, np.float64)
    if stdev == 0:
        return (x >= mean) * 1.0
    scaled = ((mean - x) / (stdev * math.sqrt(2))).ravel().tolist()
    return np.array([math.erfc(z) / 2 for z in scaled]).reshape(x.shape)
