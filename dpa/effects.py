"""What a sample's parameters do to a picture, as numbers that every framework applies alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa.noise import digest_of


class Effect(NamedTuple):
    """The parameters of one sample, checked."""

    rotation: float
    scale: float
    brightness: float
    contrast: float
    noise: float
    digest: bytes | None  # None where there is no noise

    @classmethod
    def checked(cls, params: Mapping[str, Any]) -> Effect:
        """From a dict of gen_augmentation_params or batch[i]; `hash` is needed for noise alone."""
        if not isinstance(params, Mapping):
            raise TypeError(f"params must be a dict of one sample's parameters, got {params!r}")
        rotation, scale, brightness, contrast, noise = [_number(params, n) for n in _NAMES]
        if scale <= 0:
            raise ValueError(f"params['scale'] must be above 0, got {scale}")
        if noise < 0:
            raise ValueError(f"params['noise'] must not be negative, got {noise}")
        digest = digest_of(params) if noise > 0 else None
        return cls(rotation, scale, brightness, contrast, noise, digest)

    @property
    def gain(self) -> float:
        """With `lift`: brightness, then contrast, is v -> gain * v + lift * (mean of all v)."""
        return self.brightness * self.contrast

    @property
    def lift(self) -> float:
        """See gain."""
        return self.brightness * (1 - self.contrast)

    @property
    def turn(self) -> tuple[float, float]:
        """(a, b): a point at (x, y) from the centre, y down, goes to (a x + b y, a y - b x)."""
        angle = math.radians(self.rotation)
        return self.scale * math.cos(angle), self.scale * math.sin(angle)

    def matrix(self, center_x: float, center_y: float) -> npt.NDArray[np.float64]:
        """The map of points (x, y, 1), shape (2, 3)."""
        a, b = self.turn
        x, y = center_x, center_y
        return np.array([[a, b, x - a * x - b * y], [-b, a, y + b * x - a * y]])


_NAMES = Effect._fields[:-1]


def _number(params: Mapping[str, Any], name: str) -> float:
    if name not in params:
        raise ValueError(f"params lacks {name!r}: it has {', '.join(map(str, params))}")
    value = params[name]
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"params[{name!r}] must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"params[{name!r}] must be finite, got {value!r}")
    return float(value)
