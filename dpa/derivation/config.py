"""AugmentationConfig, the public class for the space of five parameters, and the presets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import KW_ONLY, dataclass, fields, replace
from types import MappingProxyType
from typing import Any, TypeVar

from dpa.checks import brief, real
from dpa.derivation.distributions import Uniform
from dpa.derivation.parameters import Parameter
from dpa.derivation.space import Space, checked_depth, checked_sampler

#: The name of the derivation that this package computes. A derivation with other values would
#: have another name.
ALGORITHM = "dpa-1"

#: The five parameters, in the order of their draws.
PARAMETERS = ("rotation", "brightness", "noise", "scale", "contrast")


@dataclass(frozen=True, slots=True, eq=False, repr=False)  # == and hash are those of Space
class AugmentationConfig(Space):
    """Ranges of the five parameters, depth of the hash chain, and sampler. Immutable.

    Each range is a pair (low, high) of finite numbers with low <= high; equal bounds fix the
    parameter.

    Parameters
    ----------
    rotation_range
        Degrees, counter-clockwise.
    brightness_range
        Factors.
    noise_range
        Standard deviations, relative to the full range of an image's dtype.
    scale_range
        Zoom factors; above 1 magnifies.
    contrast_range
        Factors about the mean of the image.
    augmentation_depth
        Links of the hash chain, 1 to 10,000.
    sampler
        "xoshiro256++", or "mt19937" for the values of the original package.

    Raises
    ------
    TypeError
        A field has the wrong type.
    ValueError
        A field has a bad value; the message names it.

    Examples
    --------
    >>> AugmentationConfig(rotation_range=(-60, 60)).rotation_range
    (-60.0, 60.0)
    """

    rotation_range: tuple[float, float] = (-30.0, 30.0)
    brightness_range: tuple[float, float] = (0.8, 1.2)
    noise_range: tuple[float, float] = (0.0, 0.1)
    scale_range: tuple[float, float] = (0.8, 1.2)
    contrast_range: tuple[float, float] = (0.7, 1.3)
    augmentation_depth: int = 10
    _: KW_ONLY
    sampler: str = "xoshiro256++"

    def __post_init__(self) -> None:
        for name in PARAMETERS:
            bounds = _bounds(f"{name}_range", getattr(self, f"{name}_range"))
            object.__setattr__(self, f"{name}_range", bounds)
        depth = checked_depth(self.augmentation_depth)
        object.__setattr__(self, "augmentation_depth", depth)
        uniforms = [Uniform(*bounds, draw=draw) for draw, bounds in enumerate(self.bounds)]
        declared = tuple(map(Parameter, PARAMETERS, uniforms))
        self._declare(declared, depth, checked_sampler(self.sampler))

    def __reduce__(self) -> tuple[Any, ...]:
        return AugmentationConfig.from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        """The expression that makes the config, without the fields that have their defaults."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        changed = (f"{n}={x!r}" for n, x in fields.items() if x != getattr(DEFAULT, n))
        return f"AugmentationConfig({', '.join(changed)})"

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """(low, high) of each parameter, in the order of PARAMETERS."""
        return tuple(getattr(self, f"{name}_range") for name in PARAMETERS)

    def space(self) -> Space:
        """The same five parameters as a plain Space: config.space() | {...} adds others."""
        return Space(dict(self.parameters), depth=self.depth, sampler=self.sampler)

    def replace(self, **changes: Any) -> AugmentationConfig:
        """A copy with some fields changed. Raises ValueError for an unknown field."""
        _refuse_unknown(changes)
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON stores them: ranges are lists of two floats."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @staticmethod
    def from_json(text: str | bytes) -> Space:
        """The inverse of to_json, which writes the declaration of a Space.

        What declares other parameters than the five is a Space. Raises TypeError or ValueError.
        """
        return space_of(Space.from_json(text).declaration())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> AugmentationConfig:
        """The inverse of to_dict.

        A missing field has its default. Raises ValueError for an unknown field.
        """
        if not isinstance(fields, Mapping):
            raise TypeError(f"a config is made of a dict of its fields, got {fields!r}")
        _refuse_unknown(fields)
        return cls(**fields)


_FIELDS = tuple(f.name for f in fields(AugmentationConfig))


def _refuse_unknown(names: Mapping[str, Any]) -> None:
    for name in names:
        if name not in _FIELDS:
            hint = "" if name != "space" else "; a space is Space.from_dict(fields)"
            known = ", ".join(_FIELDS)
            raise ValueError(f"unknown config field {name!r}; the fields are {known}{hint}")


def _bounds(name: str, value: Any) -> tuple[float, float]:
    try:
        if isinstance(value, (str, bytes, Set, Mapping)):
            raise TypeError
        low, high = value
    except (TypeError, ValueError):
        raise _no_pair(name, value) from None
    try:
        low, high = real(name, low), real(name, high)
    except TypeError:
        raise _no_pair(name, value) from None
    except ValueError:
        raise ValueError(f"{name} must be finite in double precision, got {brief(value)}") from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"{name} must be finite, got {brief(value)}")
    if low > high:
        raise ValueError(f"{name} must have low <= high, got {brief(value)}")
    if not math.isfinite(high - low):
        raise ValueError(f"{name} is too wide: high - low overflows, got {brief(value)}")
    return low, high


def _no_pair(name: str, value: object) -> TypeError:
    return TypeError(f"{name} must be a pair of numbers (low, high), got {brief(value)}")


def space_of(fields: Any) -> Space:
    """The space that JSON declares; an AugmentationConfig if it has the five parameters."""
    space = Space.from_dict(fields)
    drawn = [each.draw for _, each in space.parameters]
    if space.names != PARAMETERS or drawn != [0, 1, 2, 3, 4]:
        return space
    config = AugmentationConfig(*space.ranges.values(), space.depth, sampler=space.sampler)  # type: ignore[arg-type, misc]  # five pairs
    return config if config == space else space


_S = TypeVar("_S", bound=Space)
_PRESET_HINT = "presets by name are get_preset(name)"


def checked_space(config: _S | None) -> _S | AugmentationConfig:
    """`config`, or the defaults for None."""
    if config is None:
        return DEFAULT
    if not isinstance(config, Space):
        raise TypeError(
            f"config must be an AugmentationConfig or a Space, got {brief(config)}; "
            f"{'declare it as Space({...})' if isinstance(config, Mapping) else _PRESET_HINT}"
        )
    return config


DEFAULT = AugmentationConfig()

#: The presets by name, read-only.
PRESETS: Mapping[str, AugmentationConfig] = MappingProxyType(
    {
        "mild": AugmentationConfig((-15, 15), (0.9, 1.1), (0, 0.05), (0.9, 1.1), (0.85, 1.15)),
        "moderate": DEFAULT,
        "aggressive": AugmentationConfig((-45, 45), (0.7, 1.3), (0, 0.15), (0.7, 1.3), (0.6, 1.4)),
    }
)


def get_preset(preset_name: str, **changes: Any) -> AugmentationConfig:
    """The preset "mild", "moderate" or "aggressive", with some fields changed.

    Raises ValueError for an unknown name or field.

    >>> get_preset("mild", sampler="mt19937").noise_range
    (0.0, 0.05)
    """
    if not isinstance(preset_name, str) or preset_name not in PRESETS:
        raise ValueError(f"unknown preset {preset_name!r}; the presets are {', '.join(PRESETS)}")
    preset = PRESETS[preset_name]
    return preset.replace(**changes) if changes else preset
