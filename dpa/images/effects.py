"""What a sample's parameters do to a picture, by their names (docs/spec.md, "Effects")."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dpa._pixels import place_map
from dpa.checks import brief, finite
from dpa.derivation.distributions import Normal
from dpa.derivation.members import RESERVED
from dpa.derivation.space import Space
from dpa.images.noise import digest_of

#: Six integers that say where each pixel of a result comes from (docs/spec.md, "Map").
Map: TypeAlias = tuple[int, int, int, int, int, int]

_ANY = sys.float_info.max
#: The least and the greatest value of each name. Beyond these scales an image becomes a dot or a
#: blur; a shear of 90 degrees makes it a line.
LIMITS: Mapping[str, tuple[float, float]] = {
    "rotation": (-_ANY, _ANY),
    "scale": (0.001, 1000.0),
    "shear_x": (-89.9, 89.9),
    "shear_y": (-89.9, 89.9),
    "translate_x": (-1000.0, 1000.0),
    "translate_y": (-1000.0, 1000.0),
    "flip_horizontal": (0, 1),
    "flip_vertical": (0, 1),
    "crop.area": (1e-9, 1.0),
    "crop.ratio": (1e-6, 1e6),
    "crop.x": (0.0, 1.0),
    "crop.y": (0.0, 1.0),
    "gamma": (0.01, 100.0),
    "brightness": (-_ANY, _ANY),
    "contrast": (-_ANY, _ANY),
    "saturation": (0.0, 1e6),
    "grey": (0, 1),
    "noise": (0.0, _ANY),
    "erase.area": (0.0, 1.0),
    "erase.ratio": (1e-6, 1e6),
    "erase.x": (0.0, 1.0),
    "erase.y": (0.0, 1.0),
}
#: What `sometimes` calls the gate of a group of effects.
_GATES = ("crop", "erase")
#: Those that are True or False.
SWITCHES = frozenset(("flip_horizontal", "flip_vertical", "grey"))
#: The types of True and False, also as 1 and 0.
_SWITCH_TYPES = (bool, int, float, np.bool_, np.integer, np.floating)
_KNOWN = {name: (name.replace(".", "_"), *limits) for name, limits in LIMITS.items()}


class Effect(NamedTuple):
    """The checked parameters of one sample; what it does not have is neutral."""

    rotation: float = 0.0
    scale: float = 1.0
    shear_x: float = 0.0
    shear_y: float = 0.0
    translate_x: float = 0.0
    translate_y: float = 0.0
    flip_horizontal: float = 0
    flip_vertical: float = 0
    crop_area: float = math.nan  # no crop
    crop_ratio: float = math.nan
    crop_x: float = 0.5
    crop_y: float = 0.5
    gamma: float = 1.0
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    grey: float = 0
    noise: float = 0.0
    erase_area: float = 0.0
    erase_ratio: float = 1.0
    erase_x: float = 0.5
    erase_y: float = 0.5
    digest: bytes | None = None  # None without noise
    place: str = ""  # what a message about it ends with

    @classmethod
    def checked(cls, params: Mapping[str, Any], *, strict: bool = False) -> Effect:
        """The effect of a dict of gen_augmentation_params or batch[i]; only noise needs `hash`.

        Names that are no effect's are ignored, or refused where `strict` is true. Raises
        TypeError or ValueError; the message names the parameter.
        """
        if not isinstance(params, Mapping):
            raise TypeError(f"params must be a dict of one sample's parameters, got {params!r}")
        found: dict[str, Any] = {}
        for name, value in params.items():
            known = _KNOWN.get(name)
            if known is not None:
                if value is None:  # how tables write what is not active
                    continue
                field, least, most = known
                if name in SWITCHES:
                    value = _switch(name, value)
                elif type(value) is not float or not least <= value <= most:  # usually a fit
                    value = _number(name, value)
                found[field] = value
            elif strict and not is_known(name, value):
                raise ValueError(f"params has no effect {name!r}; there are {', '.join(LIMITS)}")
        if found.get("noise"):
            found["digest"] = digest_of(params)
        return cls(**found)

    def placed(self, size: tuple[int, int], out: tuple[int, int]) -> Map:
        """Where the pixels of a result of the size `out`, (height, width), come from."""
        crop = None
        if not (math.isnan(self.crop_area) and math.isnan(self.crop_ratio)):
            area = 1.0 if math.isnan(self.crop_area) else self.crop_area
            ratio = size[1] / size[0] if math.isnan(self.crop_ratio) else self.crop_ratio
            crop = (area, ratio, self.crop_x, self.crop_y)
        try:
            return place_map(size, out, *self[:6], bool(self[6]), bool(self[7]), crop)
        except ValueError as error:
            values = zip(LIMITS, self[:12], self._field_defaults.values(), strict=False)
            said = [
                f"{name} {value}"
                for name, value, neutral in values
                if not (math.isnan(value) or value == neutral)
            ]
            raise ValueError(f"{error}; the sample has {', '.join(said)}{self.place}") from None


def no_effects(space: Space) -> list[str]:
    """The parameters that do nothing to an image."""
    return [name for name in space.names if name not in LIMITS and name not in _GATES]


def check_applicable(space: Space, *, strict: bool = False) -> None:
    """Raises ValueError if no parameter is an effect, or values cannot be applied to images.

    Also for those of a crop or an erased box that has no area, and where `strict` is true for
    names that are no effects.
    """
    names = frozenset(space.names)
    if strict and (others := no_effects(space)):
        raise ValueError(f"{others[0]} is no effect; there are {', '.join(LIMITS)}")
    for group, needed in (("crop", ("crop.area", "crop.ratio")), ("erase", ("erase.area",))):
        if names.isdisjoint(needed) and any(name.startswith(f"{group}.") for name in names):
            raise ValueError(f"{group} needs {' or '.join(needed)}: without it nothing is done")
    known = [(name, each) for name, each in space.parameters if name in LIMITS]
    if not known:
        raise ValueError(
            f"images need one of {', '.join(LIMITS)}; the space has {', '.join(space.names)}"
        )
    for name, each in known:
        choices = [float(label) for label in each.labels or () if not isinstance(label, str)]
        if each.item_shape or len(choices) != len(each.labels or ()):
            raise ValueError(f"{name} must be one number for images, got {each}")
        if name in SWITCHES and (each.dtype.kind == "f" or set(choices) - {0, 1}):
            raise ValueError(f"{name} must be True or False for images, got {each}")
        low, high = (min(choices), max(choices)) if choices else each.reach
        if wanted := _wanted(name, low, high):
            hint = "; TruncatedNormal has bounds" if isinstance(each, Normal) else ""
            raise ValueError(f"{name} must {wanted} for images, got {low} to {high}{hint}")


def _wanted(name: str, low: float, high: float) -> str:
    """What the numbers of a name must be; nothing where these are."""
    least, most = LIMITS[name]
    if low < least:
        return f"be at least {least:g}" if least else "not be negative"
    return f"be at most {most:g}" if high > most else ""


def require_channels_last(name: str, shape: tuple[int, ...], axis: int = 0) -> None:
    """Raises ValueError for a shape that looks like CxHxW."""
    if len(shape) == 3 and _few_channels(shape[0], shape[1:]):
        raise ValueError(
            f"{name} must be HxW or HxWxC, got shape {shape}, which looks like CxHxW: "
            f"np.moveaxis({name}, {axis}, -1) puts the channels last"
        )


def require_channels_second(name: str, shape: tuple[int, ...]) -> None:
    """Raises ValueError for a shape that looks like NxHxWxC."""
    if len(shape) == 4 and _few_channels(shape[3], shape[1:3]):
        raise ValueError(
            f"{name} must be NxCxHxW, got shape {shape}, which looks like NxHxWxC: "
            f"{name}.permute(0, 3, 1, 2) puts the channels second"
        )


def _few_channels(channels: int, sides: tuple[int, ...]) -> bool:
    return channels <= 16 and min(sides) >= max(8, 2 * channels)


def _switch(name: str, value: Any) -> int:
    if isinstance(value, _SWITCH_TYPES) and value in (0, 1):
        return int(value)
    raise ValueError(f"params[{name!r}] must be True or False, got {brief(value)}")


def is_known(name: str, value: Any) -> bool:
    """Whether a name that is no effect stands in samples for another reason.

    `value`: one, or an array of some.
    """
    return name in RESERVED or (name in _GATES and np.asarray(value).dtype == np.bool_)


def _number(name: str, value: Any) -> float:
    number = finite(f"params[{name!r}]", value)
    if wanted := _wanted(name, number, number):
        raise ValueError(f"params[{name!r}] must {wanted}, got {number}")
    return number
