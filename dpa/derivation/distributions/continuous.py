"""Distributions of real numbers. The formulas are in docs/spec.md."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import numpy as np

from dpa._native import normal_quantile
from dpa.checks import extra, within
from dpa.derivation.distributions.base import Distribution, Shape, When, require_ordered
from dpa.derivation.schedules import Number

#: The last draw of the sampler that a parameter may use.
MAX_DRAW = 255


class _Bounded(Distribution):
    """Numbers from `low` to `high`."""

    __slots__ = ()
    low: Number
    high: Number

    def _check(self) -> None:
        require_ordered(*self.support)

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self._number("low"), self._number("high")

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        low, high = self.support
        x = np.asarray(values, np.float64)
        with np.errstate(invalid="ignore"):  # 0 / 0 where low is high
            share = np.clip(self._share(np.clip(x, low, high)), 0, 1)
        return np.where(x < low, 0.0, np.where(x >= high, 1.0, share))[()]  # a number for one

    @abstractmethod
    def _share(self, x: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
        """The cdf of values from `low` to `high`."""


class Uniform(_Bounded):
    """A number from low to high, each equally likely.

    `draw` makes it number `draw` of the sample's sampler, 0 to 255, as the five parameters of an
    AugmentationConfig are made. Your own parameters need none: their names make them.
    """

    __slots__ = FIELDS = ("low", "high", "draw")
    kind = "uniform"
    NUMBERS = ("low", "high")
    OPTIONAL = ("draw",)
    draw: int | None

    def __init__(
        self,
        low: Number,
        high: Number,
        *,
        draw: int | None = None,
        shape: Shape = (),
        when: When | None = None,
    ) -> None:
        if draw is not None:
            draw = within("draw", draw, 0, MAX_DRAW)
        self._declare(shape, when, low, high, draw)
        if draw is not None and (self.shape or self.schedules):
            raise ValueError("a parameter with draw= must have no shape and no schedule")

    @property
    def words(self) -> int:
        """How many 64-bit words a sample takes."""
        return super().words if self.draw is None else 0

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        low, high = self.support
        return low / 2 + high / 2, (high - low) / math.sqrt(12)  # low + high may overflow

    def _share(self, x: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
        low, high = self.support
        return (x - low) / (high - low)

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        drawn = {} if self.draw is None else {"kind": "drawn", "draw": self.draw}
        return super().layout() | drawn


class LogUniform(_Bounded):
    """A number from low to high, both above 0, whose logarithm is uniform: a factor, a sigma."""

    __slots__ = FIELDS = NUMBERS = ("low", "high")
    kind = "loguniform"

    def __init__(
        self, low: Number, high: Number, *, shape: Shape = (), when: When | None = None
    ) -> None:
        self._declare(shape, when, low, high)

    def _check(self) -> None:
        low, high = self.support
        if low <= 0:
            raise ValueError(f"low of a log-uniform must be above 0, got {low}")
        require_ordered(low, high)
        if not high / low <= 2.0**1000:
            raise ValueError(f"high / low must be at most 2**1000, got {low} and {high}")

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        low, high = self.support
        if low == high:
            return low, 0.0
        span = math.log(high / low)
        mean, square = (-math.expm1(-n * span) / (n * span) for n in (1, 2))
        return high * mean, high * math.sqrt(max(square - mean * mean, 0.0))

    def _share(self, x: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
        low, high = self.support
        share: np.typing.NDArray[Any] = np.log(x / low) / math.log(high / low)
        return share


class Normal(Distribution):
    """A normally distributed number; the greatest is 8.3 standard deviations from its mean."""

    __slots__ = FIELDS = NUMBERS = ("mean", "stdev")
    kind = "normal"
    mean: Number
    stdev: Number

    def __init__(
        self, mean: Number, stdev: Number, *, shape: Shape = (), when: When | None = None
    ) -> None:
        self._declare(shape, when, mean, stdev)

    def _check(self) -> None:
        if self.moments[1] < 0:
            raise ValueError(f"stdev must be 0 or more, got {self.stdev}")
        if not all(map(math.isfinite, self.support)):
            raise ValueError(f"mean and stdev overflow, got {self.mean} and {self.stdev}")

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        (mean, stdev), least = self.moments, normal_quantile(2.0**-53)
        return mean + stdev * least, mean - stdev * least

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        return self._number("mean"), self._number("stdev")

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`."""
        return _normal_cdf(values, *self.moments)


class TruncatedNormal(_Bounded):
    """A normally distributed number that lies from low to high.

    `mean` and `stdev` are those before the cut. At least 2**-28 of the values must lie within.
    """

    FIELDS = NUMBERS = ("mean", "stdev", "low", "high")
    __slots__ = (*FIELDS, "_first", "_inside")
    kind = "truncatednormal"
    mean: Number
    stdev: Number
    _first: int
    _inside: int

    def __init__(
        self,
        mean: Number,
        stdev: Number,
        low: Number,
        high: Number,
        *,
        shape: Shape = (),
        when: When | None = None,
    ) -> None:
        self._set(_first=0, _inside=0)  # until all are numbers
        self._declare(shape, when, mean, stdev, low, high)

    def _check(self) -> None:
        from bisect import bisect_left, bisect_right  # few programs need it

        Normal(self.mean, self.stdev)
        low, high = self.support
        require_ordered(low, high)
        mean, stdev = self._whole

        def value(number: int) -> float:  # of an open uniform
            return mean + stdev * normal_quantile((2 * number + 1) * 2.0**-53)

        first = bisect_left(range(2**52), low, key=value)
        behind = bisect_right(range(2**52), high, key=value)
        self._set(_first=first, _inside=behind - first)
        if self._inside < 2**24:
            raise ValueError(f"less than 2**-28 of the normal lies within {low} and {high}")

    @property
    def _whole(self) -> tuple[float, float]:
        """Mean and standard deviation before the cut."""
        return self._number("mean"), self._number("stdev")

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation, to about 1 in 10,000."""
        # Means over many quantiles: the closed form cancels in the tails.
        (mean, stdev), shares = self._whole, (np.arange(2**12) + 0.5) / 2**12
        numbers = (2 * (self._first + np.floor(shares * self._inside)) + 1) * 2.0**-53
        values = mean + stdev * np.array([normal_quantile(u) for u in numbers.tolist()])
        return float(values.mean()), float(values.std())

    def _share(self, x: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
        below = _normal_cdf(x, *self._whole) - self._first * 2.0**-52
        return below / (self._inside * 2.0**-52)

    def layout(self) -> dict[str, Any]:
        """The fields of the C code's description."""
        return super().layout() | {"start": self._first, "count": self._inside}


class Beta(Distribution):
    """A number from 0 to 1: near the ends for a below 1, near 0.5 for a above 1 (mixup's lambda).

    a and b must be equal, 2**-10 to 2**20: the frozen formula is that of the symmetric one.
    """

    __slots__ = FIELDS = NUMBERS = ("a", "b")
    kind = "beta"
    a: Number
    b: Number

    def __init__(
        self, a: Number, b: Number, *, shape: Shape = (), when: When | None = None
    ) -> None:
        self._declare(shape, when, a, b)
        if self.a != self.b:
            raise ValueError(
                f"a and b must be equal, got {self.a} and {self.b}: the values of others are not "
                "frozen yet"
            )

    @property
    def words(self) -> int:
        """How many 64-bit words a sample takes."""
        return 2 * super().words

    def _check(self) -> None:
        if not 2.0**-10 <= self._number("a") <= 2.0**20:
            raise ValueError(f"a and b must be 2**-10 to 2**20, got {self.a}")

    @property
    def support(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return 0.0, 1.0

    @property
    def moments(self) -> tuple[float, float]:
        """The expected value and the standard deviation."""
        return 0.5, 0.5 / math.sqrt(2 * self._number("a") + 1)

    def cdf(self, values: np.typing.ArrayLike) -> np.typing.NDArray[Any]:
        """The share of the distribution that is at most each of `values`. Needs SciPy."""
        with extra("audit", "shares of a beta distribution need scipy"):
            from scipy.special import betainc
        a = self._number("a")
        return np.asarray(betainc(a, a, np.clip(values, 0, 1)))


def _normal_cdf(values: np.typing.ArrayLike, mean: float, stdev: float) -> np.typing.NDArray[Any]:
    x = np.asarray(values, np.float64)
    if stdev == 0:
        return (x >= mean) * 1.0
    scaled = ((mean - x) / (stdev * math.sqrt(2))).ravel().tolist()
    return np.array([math.erfc(z) / 2 for z in scaled]).reshape(x.shape)
