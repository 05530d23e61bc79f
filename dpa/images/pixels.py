"""Effects on the pixels of arrays, the same bits everywhere (docs/spec.md, from section 22 on)."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa._pixels import INTERPOLATIONS, MAX_SIDE, apply_gamma, apply_tone, mean, warp
from dpa.checks import brief, finite
from dpa.images.effects import Effect, Map, checked_border, checked_interpolation
from dpa.images.noise import noise_table

#: The largest value of integers, 1 of floats.
FULL_RANGES = {
    np.dtype(np.uint8): 255,
    np.dtype(np.uint16): 65535,
    np.dtype(np.float32): 1,
    np.dtype(np.float64): 1,
}
#: The map that copies.
IDENTITY: Map = (1 << 31, 0, 0, 1 << 31, 0, 0)
#: Floats above it are taken for levels of 0 to 255.
_FEW_LEVELS = 32
#: From here on a number rounds to no finite float32.
_TOO_LARGE = float.fromhex("0x1.ffffffp127")
_INTERPOLATIONS = {name: at for at, name in enumerate(INTERPOLATIONS)}
_NEAREST, _CUBIC = _INTERPOLATIONS["nearest"], _INTERPOLATIONS["cubic"]
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


class Tones(NamedTuple):
    """What the values of pixels are relative to, and what a box of erased ones becomes."""

    full_range: float | None = None  # None: that of the dtype
    erase_fill: float = 0.0

    def range_of(self, dtype: np.dtype[Any]) -> float:
        """The full range of images of that dtype. Raises TypeError or ValueError."""
        usual = FULL_RANGES.get(dtype)
        if usual is None:
            raise TypeError(_bad_dtype(dtype))
        if self.full_range is None:
            return usual
        found = finite("full_range", self.full_range)
        if dtype.kind == "u" and not (1 <= found <= usual and found.is_integer()):
            raise ValueError(
                f"full_range must be a whole number of 1 to {usual} for {dtype}, got {found}"
            )
        if not 1e-30 <= found <= 1e30:
            raise ValueError(f"full_range must be 1e-30 to 1e30, got {found}")
        return found


USUAL = Tones()


def augmented(
    image: npt.NDArray[Any],
    effect: Effect,
    sampling: Sampling,
    tones: Tones = USUAL,
    out_size: tuple[int, int] | None = None,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """The whole effect on an image HxW or HxWxC of a dtype of FULL_RANGES.

    `out_size`: (height, width) of the result, None for those of the image. `result`: a
    C-contiguous array for it; None makes one. Raises TypeError or ValueError.
    """
    full_range = tones.range_of(image.dtype)
    size = _checked_sides(image)
    out_size = out_size or size
    if image.dtype.kind == "f" and tones.full_range is None and (effect.noise or effect.gamma != 1):
        _warn_of_levels(image)
    map_ = effect.placed(size, out_size)
    result = warped(image, map_, sampling, out_size, result)
    copied = map_ == IDENTITY and size == out_size
    if sampling.interpolation == _CUBIC and image.dtype.kind == "u" and not copied:
        np.minimum(result, int(full_range), out=result)  # it may lie above all its taps
    single = _singles(result) if image.dtype == np.float64 else result
    if apply_tones(single, effect, full_range) and single is not result:
        result[...] = single
    erase(result, effect, tones)
    return result


def augmented_with_alpha(
    image: npt.NDArray[np.uint8],
    effect: Effect,
    sampling: Sampling,
    tones: Tones,
    out_size: tuple[int, int] | None = None,
) -> npt.NDArray[np.uint8]:
    """The effect on HxWxC whose last channel is opacity: a colour counts as far as it is seen."""
    size = _checked_sides(image)
    out_size = out_size or size
    map_ = effect.placed(size, out_size)
    if sampling.border is None:
        _checked_fill("border", image.dtype, sampling.fill)
    clear = sampling._replace(fill=0.0)  # what is filled is transparent
    if (map_ == IDENTITY and size == out_size) or sampling.interpolation == _NEAREST:
        moved = warped(image, map_, clear, out_size)
    else:
        weighed = image.astype(np.float32)
        weighed[..., :-1] *= weighed[..., -1:]
        single = warped(weighed, map_, clear, out_size)
        opacity = np.rint(single[..., -1:]).clip(0, 255)
        colour = np.zeros_like(single[..., :-1])
        np.divide(single[..., :-1], single[..., -1:], out=colour, where=opacity > 0)
        moved = np.dstack([np.rint(colour).clip(0, 255), opacity]).astype(np.uint8)
    colours = np.ascontiguousarray(moved[..., :-1])
    apply_tones(colours, effect, tones.range_of(image.dtype), moved[..., -1:])
    erase(colours, effect, tones)
    moved[..., :-1] = colours
    return moved


def apply_tones(
    pixels: npt.NDArray[Any],
    effect: Effect,
    full_range: float,
    alpha: npt.NDArray[np.uint8] | None = None,
) -> bool:
    """Gamma, brightness, contrast, saturation and noise of a C-contiguous image, in place.

    `alpha`: HxWx1, how much each pixel counts in the mean. False where there is nothing to do.
    """
    whole = pixels.dtype.kind == "u"
    if effect.gamma != 1:
        scratch = np.empty(65536, np.uint16) if pixels.dtype == np.uint16 else None
        apply_gamma(pixels, effect.gamma, full_range, scratch)
    gain, lift, stdev = effect.gain, effect.lift, effect.noise * full_range
    offset = 0.0
    if lift:  # with a contrast of 1 the mean does not count
        offset = lift * (mean(pixels, full_range) if alpha is None else _mean_seen(pixels, alpha))
    if max(abs(gain), abs(offset), stdev) >= _TOO_LARGE:
        raise ValueError(
            "brightness, contrast and noise must make numbers that float32 holds, got the gain "
            f"{gain}, the offset {offset} and the standard deviation {stdev}"
        )
    matrix = _matrix(effect, pixels.shape)
    still = np.float32(gain) == 1 and np.float32(offset) == 0
    if effect.digest is None and matrix is None and still:
        return effect.gamma != 1
    table = noise_table() if effect.digest else None
    most = int(full_range) if whole else 0
    apply_tone(pixels, gain, offset, stdev, effect.digest, table, 1, most, matrix)
    return True


def _mean_seen(colours: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8]) -> float:
    """The mean weighted by opacity; 0 where all is transparent."""
    weights = alpha.ravel().astype(np.float64)  # doubles hold these sums of integers exactly
    whole = weights.sum() * colours.shape[2]
    seen = sum(weights @ colours[..., c].ravel() for c in range(colours.shape[2]))
    return float(seen / whole) if whole else 0.0


def erase(pixels: npt.NDArray[Any], effect: Effect, tones: Tones) -> None:
    """The box of erase.area becomes a number, in place."""
    if effect.erase_area or tones.erase_fill:  # a bad number is refused with any sample
        fill = _checked_fill("erase_fill", pixels.dtype, tones.erase_fill)
        pixels[effect.erased(*pixels.shape[:2])] = (
            np.float32(fill) if fill.dtype.kind == "f" else fill
        )


#: Shares of red, green and blue in what the eye takes for brightness (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)


def _matrix(effect: Effect, shape: tuple[int, ...]) -> npt.NDArray[np.float32] | None:
    """What the channels are multiplied by, shape (9,); None for nothing."""
    saturation = 0.0 if effect.grey else effect.saturation
    channels = shape[2] if len(shape) == 3 else 1
    if saturation == 1 or channels == 1:
        return None
    if channels != 3:
        raise ValueError(f"saturation and grey need 1 or 3 channels, got an image of shape {shape}")
    rows = [
        (1 - saturation) * luma + (saturation if row == column else 0.0)
        for row in range(3)
        for column, luma in enumerate(_LUMA)
    ]
    return np.array(rows, np.float32)


#: Images that are looked at: the first ones of a data set are like the others.
_LOOKS = 100
_warned, _looked = False, 0


def _warn_of_levels(image: npt.NDArray[np.floating]) -> None:
    """Once: floats of 0 to 255 look like full range 255, and noise would vanish in them."""
    global _warned, _looked
    if _warned or _looked == _LOOKS:
        return
    _looked += 1
    greatest = np.fmax.reduce(image, axis=None, initial=0)  # NaN aside
    if np.isinf(greatest):
        greatest = image[np.isfinite(image)].max(initial=0)
    if greatest > _FEW_LEVELS:
        warnings.warn(
            f"the image has floats up to {greatest:g}, which noise and gamma take for a full "
            "range of 1: say full_range=255, or divide the image by it",
            UserWarning,
            stacklevel=5,  # the caller of apply_augmentation or apply_augmentation_batch
        )
        _warned = True


def _bad_dtype(dtype: np.dtype[Any]) -> str:
    known = ", ".join(map(str, FULL_RANGES))
    advice = ""
    native = dtype.newbyteorder("=")
    if native in FULL_RANGES:
        advice = f": image.astype(np.{native}) keeps its values"
    elif native == np.float16:
        advice = ": image.astype(np.float32) keeps its values"
    elif native == np.int16:
        advice = ": (image.astype(np.int32) + 32768).astype(np.uint16) keeps its values"
    elif dtype.kind in "iu":
        advice = ": image.astype(np.float32) with full_range= keeps integers to 2**24"
    elif dtype.kind == "b":
        advice = ": augment_mask is for labels"
    return f"image must have one of the dtypes {known}, got {dtype}{advice}"


def warped(
    image: npt.NDArray[Any],
    map_: Map,
    sampling: Sampling,
    out_size: tuple[int, int] | None = None,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """An image with its pixels where the map puts them.

    float64 is computed as float32; the identity and the nearest pixels are copied.
    """
    shape = _checked_shape("image", image)
    if 0 in shape:
        raise ValueError(f"image must be HxW or HxWxC and not empty, got shape {shape}")
    interpolation, border, fill = sampling
    pixel = None
    if border is None:
        number = _checked_fill("border", image.dtype, fill)
        pixel = number.tobytes() * (shape[2] if len(shape) == 3 else 1)
    if result is None:
        result = np.empty((*(out_size or shape[:2]), *shape[2:]), image.dtype)
    if image.dtype != np.float64:
        warp(_contiguous(image), result, map_, interpolation, border, pixel)
    elif interpolation == _NEAREST or (map_ == IDENTITY and result.shape == shape):
        _copy(image, result, map_, border, pixel)
    else:
        result[...] = warped(_singles(image), map_, sampling, out_size or (shape[0], shape[1]))
    return result


def _singles(image: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    # What float32 does not hold becomes infinite, and NaNs that signal become such that do not.
    with np.errstate(over="ignore", invalid="ignore"):
        return image.astype(np.float32, "C")


def _copy(
    source: npt.NDArray[Any],
    result: npt.NDArray[Any],
    map_: Map,
    border: str | None,
    pixel: bytes | None,
) -> None:
    """The nearest elements of any dtype, as bytes."""
    pairs = (_contiguous(source), result)
    bytes_, made = (each.view(np.uint8).reshape(*each.shape[:2], -1) for each in pairs)
    warp(bytes_, made, map_, _NEAREST, border, pixel)


def moved_labels(
    mask: npt.NDArray[Any],
    effect: Effect,
    border: str | float,
    out_size: tuple[int, int] | None = None,
) -> npt.NDArray[Any]:
    """A mask of any dtype with its nearest elements, copied bit for bit."""
    dtype = mask.dtype
    if dtype.hasobject:
        raise TypeError(f"mask must have a dtype without Python objects, got {dtype}")
    shape = _checked_shape("mask", mask)
    if isinstance(border, (bool, np.bool_)):  # a label of masks of bool
        border = int(border)
    mode, _ = checked_border(border, _BORDERS, None)
    label = _checked_label(dtype, border) if mode is None else b""
    size = (shape[0], shape[1])
    map_ = effect.placed(size, out_size or size)
    result = np.empty((*(out_size or size), *shape[2:]), dtype)
    if result.nbytes:  # not so where there are no classes
        _copy(mask, result, map_, mode, label * (shape[2] if len(shape) == 3 else 1))
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


def _checked_sides(image: npt.NDArray[Any]) -> tuple[int, int]:
    shape = _checked_shape("image", image)
    return shape[0], shape[1]


def _checked_fill(name: str, dtype: np.dtype[Any], fill: float) -> npt.NDArray[Any]:
    """The number as an element."""
    if dtype.kind == "f":
        if abs(fill) >= _TOO_LARGE:
            raise ValueError(f"{name} must be a number that float32 holds, got {fill}")
    elif not (0 <= fill <= FULL_RANGES[dtype] and fill.is_integer()):
        raise ValueError(
            f"{name} must be a whole number of 0 to {FULL_RANGES[dtype]} for {dtype}, got {fill}"
        )
    return np.array(fill, dtype)


def _checked_label(dtype: np.dtype[Any], border: str | float) -> bytes:
    """The bytes of a label, which the dtype must hold exactly."""
    if isinstance(border, np.generic):  # NumPy compares its integers with floats inexactly
        border = border.item()
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            label = np.array(border, dtype)
        if label.item() == border:
            return label.tobytes()
    except (OverflowError, TypeError, ValueError):
        pass
    raise ValueError(f"border must be a label that {dtype} holds exactly, got {brief(border)}")


def _contiguous(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, or a copy of one that C cannot read."""
    flags = pixels.flags
    return pixels if flags.c_contiguous and flags.aligned else pixels.copy()
