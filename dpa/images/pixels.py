"""Effects on the pixels of arrays, the same bits everywhere (docs/spec.md, sections 22 to 28)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa._pixels import INTERPOLATIONS, MAX_SIDE, apply_tone, mean, warp
from dpa.images.effects import Effect, Map, checked_border, checked_interpolation
from dpa.images.noise import noise_table

#: The largest value of integers, 1 of floats.
FULL_RANGES = {
    np.dtype(np.uint8): 255,
    np.dtype(np.uint16): 65535,
    np.dtype(np.float32): 1,
    np.dtype(np.float64): 1,
}
_GREATEST = float(np.finfo(np.float32).max)
_INTERPOLATIONS = {name: at for at, name in enumerate(INTERPOLATIONS)}
_NEAREST = _INTERPOLATIONS["nearest"]
_BORDERS = {"reflect": "reflect", "edge": "edge"}


class Sampling(NamedTuple):
    """How to read between the pixels and beyond the border."""

    interpolation: int  # an index of INTERPOLATIONS
    border: str | None  # None: there is `fill`
    fill: float

    @classmethod
    def checked(cls, interpolation: str, border: str | float) -> Sampling:
        """The sampling for the arguments of apply_augmentation. Raises ValueError."""
        at = checked_interpolation(interpolation, _INTERPOLATIONS)
        return cls(at, *checked_border(border, _BORDERS, None))


def augmented(
    image: npt.NDArray[Any],
    effect: Effect,
    sampling: Sampling,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """The whole effect: warp, brightness, contrast, noise.

    `image`: HxW or HxWxC of the dtypes of FULL_RANGES. `result`: a C-contiguous array for the
    result, whose height and width may be others; None makes one. Raises TypeError or ValueError.
    """
    full_range = FULL_RANGES.get(image.dtype)
    if full_range is None:
        known = ", ".join(map(str, FULL_RANGES))
        raise TypeError(f"image must have one of the dtypes {known}, got {image.dtype}")
    if image.dtype == np.float64:
        single = None if result is None else np.empty(result.shape, np.float32)
        single = augmented(image.astype(np.float32, "C"), effect, sampling, single)
        if result is None:
            return single.astype(np.float64)
        result[...] = single
        return result
    result = warped(image, effect.map, sampling, result)
    gain, lift, stdev = effect.gain, effect.lift, effect.noise * full_range
    # With a contrast of 1 the mean does not count.
    offset = lift * mean(result, full_range) if lift else 0.0
    if max(abs(gain), abs(offset), stdev) > _GREATEST:
        raise ValueError(
            "brightness, contrast and noise must make numbers that float32 holds, got the gain "
            f"{gain}, the offset {offset} and the standard deviation {stdev}"
        )
    if effect.digest is None:
        apply_tone(result, gain, offset)
    else:
        apply_tone(result, gain, offset, stdev, effect.digest, noise_table())
    return result


def warped(
    image: npt.NDArray[Any],
    map_: Map,
    sampling: Sampling,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """A uint8, uint16 or float32 image with its pixels where the map puts them."""
    shape = _checked_shape("image", image)
    if 0 in shape:
        raise ValueError(f"image must be HxW or HxWxC and not empty, got shape {shape}")
    interpolation, border, fill = sampling
    pixel = None
    if border is None:
        pixel = _checked_fill(image.dtype, fill).tobytes() * (shape[2] if len(shape) == 3 else 1)
    if result is None:
        result = np.empty(shape, image.dtype)
    warp(_contiguous(image), result, map_, interpolation, border, pixel)
    return result


def moved_labels(
    mask: npt.NDArray[Any],
    map_: Map,
    border: str | float,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """A mask of any dtype with its nearest elements, copied bit for bit."""
    dtype = mask.dtype
    if dtype.hasobject:
        raise TypeError(f"mask must have a dtype without Python objects, got {dtype}")
    shape = _checked_shape("mask", mask)
    mode, _ = checked_border(border, _BORDERS, None)
    label = _checked_label(dtype, border) if mode is None else b""
    if result is None:
        result = np.empty(shape, dtype)
    if result.nbytes:  # not so where there are no classes
        source, target = (
            each.view(np.uint8).reshape(*each.shape[:2], -1) for each in (_contiguous(mask), result)
        )
        pixel = label * (source.shape[2] // dtype.itemsize)
        warp(source, target, map_, _NEAREST, mode, pixel)
    return result


def _checked_shape(name: str, pixels: npt.NDArray[Any]) -> tuple[int, ...]:
    shape = pixels.shape
    if not 2 <= len(shape) <= 3 or 0 in shape[:2]:
        raise ValueError(f"{name} must be HxW or HxWxC and not empty, got shape {shape}")
    if max(shape[:2]) > MAX_SIDE:
        height, width = shape[:2]
        raise ValueError(
            f"{name} must have sides of 1 to {MAX_SIDE} pixels, got {height} x {width}"
        )
    return shape


def _checked_fill(dtype: np.dtype[Any], fill: float) -> npt.NDArray[Any]:
    """The value of what lies outside, as an element."""
    if dtype.kind == "f":
        if abs(fill) > _GREATEST:
            raise ValueError(f"border must be a number that float32 holds, got {fill}")
    elif not (0 <= fill <= FULL_RANGES[dtype] and fill.is_integer()):
        raise ValueError(
            f"border must be a whole number of 0 to {FULL_RANGES[dtype]} for {dtype}, got {fill}"
        )
    return np.array(fill, dtype)


def _checked_label(dtype: np.dtype[Any], border: str | float) -> bytes:
    """The bytes of a label, which the dtype must hold exactly."""
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            label = np.array(border, dtype)
        if label.item() == border:
            return label.tobytes()
    except (OverflowError, TypeError, ValueError):
        pass
    raise ValueError(f"border must be a label that {dtype} holds exactly, got {border!r}")


def _contiguous(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, or a copy of one that C cannot read."""
    flags = pixels.flags
    return pixels if flags.c_contiguous and flags.aligned else pixels.copy()
