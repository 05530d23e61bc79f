"""The effect of a sample's parameters on an image, as numbers that all frameworks share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

from dpa._pixels import turn_map
from dpa.checks import finite
from dpa.derivation.space import Space
from dpa.images.noise import digest_of

#: Beyond these scales an image becomes a dot or a blur, and some libraries get very slow.
LEAST_SCALE, GREATEST_SCALE = 0.001, 1000.0

Mode = TypeVar("Mode")
#: Six integers that say where each pixel of a result comes from (docs/spec.md, "Map").
Map: TypeAlias = tuple[int, int, int, int, int, int]


class Effect(NamedTuple):
    """The checked parameters of one sample."""

    rotation: float
    scale: float
    brightness: float
    contrast: float
    noise: float
    digest: bytes | None  # None without noise

    @classmethod
    def checked(cls, params: Mapping[str, Any]) -> Effect:
        """The effect of a dict of gen_augmentation_params or batch[i]; only noise needs `hash`.

        Raises TypeError or ValueError; the message names the parameter.
        """
        if not isinstance(params, Mapping):
            raise TypeError(f"params must be a dict of one sample's parameters, got {params!r}")
        rotation, scale, brightness, contrast, noise = [_number(params, n) for n in _NAMES]
        if scale < LEAST_SCALE:
            raise ValueError(f"params['scale'] must be at least {LEAST_SCALE}, got {scale}")
        if scale > GREATEST_SCALE:
            raise ValueError(f"params['scale'] must be at most {GREATEST_SCALE:g}, got {scale}")
        if noise < 0:
            raise ValueError(f"params['noise'] must not be negative, got {noise}")
        digest = digest_of(params) if noise > 0 else None
        return cls(rotation, scale, brightness, contrast, noise, digest)

    @property
    def gain(self) -> float:
        """The factor of v where brightness and contrast map v to gain * v + lift * mean."""
        return self.brightness * self.contrast

    @property
    def lift(self) -> float:
        """The factor of the mean; see gain."""
        return self.brightness * (1 - self.contrast)

    @property
    def map(self) -> Map:
        """Where the pixels come from."""
        return turn_map(self.rotation, self.scale)


def check_applicable(space: Space) -> None:
    """Raises ValueError if a range has values that cannot be applied to images."""
    ranges = space.ranges
    for name in _NAMES:
        if name not in ranges or space.conditions[name]:
            found = ", ".join(known for known in space.names if not space.conditions[known])
            raise ValueError(f"images need {name!r} in every sample, there are {found}")
    if ranges["scale"][1] > GREATEST_SCALE:
        raise ValueError(
            f"scale_range must be {GREATEST_SCALE:g} or less for images, got {ranges['scale']}"
        )
    for name, least in (("scale", LEAST_SCALE), ("noise", 0.0)):
        if ranges[name][0] < least:
            wanted = f"be {least} or more" if least else "not be negative"
            raise ValueError(f"{name}_range must {wanted} for images, got {ranges[name]}")


def require_channels_last(name: str, shape: tuple[int, ...]) -> None:
    """Raises ValueError for a shape that looks like CxHxW."""
    if len(shape) == 3 and _few_channels(shape[0], shape[1:]):
        raise ValueError(
            f"{name} must be HxW or HxWxC, got shape {shape}, which looks like CxHxW: "
            f"np.moveaxis({name}, 0, -1) puts the channels last"
        )


def require_channels_second(name: str, shape: tuple[int, ...]) -> None:
    """Raises ValueError for a shape that looks like NxHxWxC."""
    if len(shape) == 4 and _few_channels(shape[3], shape[1:3]):
        raise ValueError(
            f"{name} must be NxCxHxW, got shape {shape}, which looks like NxHxWxC: "
            f"{name}.permute(0, 3, 1, 2) puts the channels second"
        )


def _few_channels(channels: int, sides: tuple[int, ...]) -> bool:
    return channels in (1, 3, 4) and min(sides) >= 8


def samples_of(batch: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The dicts of a batch. Raises TypeError for a single dict, whose items would be names."""
    if isinstance(batch, Mapping):
        raise TypeError("batch must be an AugmentationBatch or a list of dicts, got one dict")
    return list(batch)


_NAMES = Effect._fields[:-1]


def _number(params: Mapping[str, Any], name: str) -> float:
    if name not in params:
        raise ValueError(f"params lacks {name!r}: it has {', '.join(map(str, params))}")
    return finite(f"params[{name!r}]", params[name])


def checked_border(
    border: str | float, names: Mapping[str, Mode], filling: Mode
) -> tuple[Mode, float]:
    """A framework's mode for `border`, and the number to fill with. Raises ValueError."""
    if isinstance(border, str) and border in names:
        return names[border], 0.0
    try:
        return filling, finite("border", border)
    except (TypeError, ValueError):
        known = ", ".join(names)
        raise ValueError(
            f"border must be one of {known} or a finite number, got {border!r}"
        ) from None


def checked_interpolation(interpolation: str, names: Mapping[str, Mode]) -> Mode:
    """A framework's mode for `interpolation`. Raises ValueError."""
    if not isinstance(interpolation, str) or interpolation not in names:
        known = ", ".join(names)
        raise ValueError(f"interpolation must be one of {known}, got {interpolation!r}")
    return names[interpolation]
