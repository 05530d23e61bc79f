"""Effects on the pixels of arrays, the same bits everywhere (docs/spec.md, from section 22 on)."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa._pixels import INTERPOLATIONS, warp
from dpa.checks import brief
from dpa.images.effects import Effect, Map
from dpa.images.forms import (
    ERASED,
    Form,
    Rendering,
    Sampling,
    Steps,
    checked_border,
    checked_fill,
    require_sides,
)
from dpa.images.table import EffectTable

#: The map that copies.
IDENTITY: Map = (1 << 31, 0, 0, 1 << 31, 0, 0)
#: Floats above it are taken for levels of 0 to 255.
_FEW_LEVELS = 32
_NEAREST = INTERPOLATIONS.index("nearest")


def augmented(
    image: npt.NDArray[Any],
    effect: Effect,
    rendering: Rendering,
    result: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """The whole effect on an image HxW or HxWxC of a dtype of FULL_RANGES.

    `result`: a C-contiguous array for it; None makes one. Raises TypeError or ValueError.
    """
    form, shape = _form(image.dtype, image.shape, rendering)
    steps = form.steps_of(effect)
    if result is None:
        result = np.empty(shape, image.dtype)
    _augment(image, result, form, steps, effect)
    return result


def augmented_stack(
    images: npt.NDArray[Any],
    table: EffectTable,
    rendering: Rendering,
) -> npt.NDArray[Any]:
    """The effects on images NxHxW or NxHxWxC; see augmented."""
    form, shape = _form(images.dtype, images.shape[1:], rendering)
    steps = form.steps(table)
    results = np.empty((len(images), *shape), images.dtype)
    for at, (image, result) in enumerate(zip(images, results, strict=True)):
        _augment(image, result, form, steps[at : at + 1], table.effect(at))
    return results


def _form(
    dtype: np.dtype[Any], shape: tuple[int, ...], rendering: Rendering
) -> tuple[Form, tuple[int, ...]]:
    """That of images HxW or HxWxC, and the shape of their results."""
    rendering.range_of(dtype)  # a wrong dtype is said first
    form = Form.checked(_checked_size("image", shape), _channels(shape), dtype, rendering)
    return form, (*form.out, *shape[2:])


def _augment(
    image: npt.NDArray[Any],
    result: npt.NDArray[Any],
    form: Form,
    steps: Steps,
    effect: Effect,
) -> None:
    relative = form.rendering.full_range is None and (effect.noise or effect.gamma != 1)
    if relative and image.dtype.kind == "f":
        warn_of_levels(image)
    if image.dtype != np.float64:
        form.augment(_contiguous(image), result, steps, lambda _: effect)
        return
    warped(image, _map_of(steps), form.rendering.sampling, form.out, result)
    single = _singles(result)
    if form.tone(single, steps, effect):
        result[...] = single
    if effect.erase_area:
        _erase(result, steps, form)


def augmented_with_alpha(
    image: npt.NDArray[np.uint8], effect: Effect, rendering: Rendering
) -> npt.NDArray[np.uint8]:
    """The effect on HxWxC whose last channel is opacity: a colour counts as far as it is seen."""
    size = _checked_size("image", image.shape)
    form = Form.checked(size, _channels(image.shape) - 1, image.dtype, rendering)
    steps = form.steps_of(effect)
    clear = rendering.sampling._replace(fill=0.0)  # what is filled is transparent
    map_ = _map_of(steps)
    if (map_ == IDENTITY and size == form.out) or clear.interpolation == _NEAREST:
        moved = warped(image, map_, clear, form.out)
    else:
        weighed = image.astype(np.float32)
        weighed[..., :-1] *= weighed[..., -1:]
        single = warped(weighed, map_, clear, form.out)
        opacity = np.rint(single[..., -1:]).clip(0, 255)
        colour = np.zeros_like(single[..., :-1])
        np.divide(single[..., :-1], single[..., -1:], out=colour, where=opacity > 0)
        moved = np.dstack([np.rint(colour).clip(0, 255), opacity]).astype(np.uint8)
    colours = np.ascontiguousarray(moved[..., :-1])
    form.tone(colours, steps, effect, np.ascontiguousarray(moved[..., -1]))
    _erase(colours, steps, form)
    moved[..., :-1] = colours
    return moved


def _map_of(steps: Steps) -> Map:
    map_: Map = tuple(steps[0, :6].tolist())
    return map_


def _erase(pixels: npt.NDArray[Any], steps: Steps, form: Form) -> None:
    """The box of erase.area becomes a number, in place."""
    top, left, bottom, right = steps[0, ERASED]
    pixels[top:bottom, left:right] = np.float32(form.rendering.erase_fill)


#: How many images are looked at: the later ones of a data set are like the first.
_LOOKS = 100
_warned, _looked = False, 0


def warn_of_levels(image: npt.NDArray[np.floating]) -> None:
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
            stacklevel=_callers_level(),
        )
        _warned = True


def _callers_level() -> int:
    """The stacklevel of a warning that names the first caller outside this package and PyTorch."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("dpa.", "torch.")):
        level, frame = level + 1, frame.f_back
    return level


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
    shape = image.shape
    interpolation, border, fill = sampling
    pixel = None
    if border is None:
        number = checked_fill("border", image.dtype, fill)
        pixel = number.tobytes() * _channels(shape)
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
    shape = mask.shape
    size = _checked_size("mask", shape, classes=True)
    if isinstance(border, (bool, np.bool_)):  # a label of masks of bool
        border = int(border)
    mode, _ = checked_border(border)
    label = _checked_label(dtype, border) if mode is None else b""
    map_ = effect.placed(size, out_size or size)
    result = np.empty((*(out_size or size), *shape[2:]), dtype)
    if result.nbytes:  # not so where there are no classes
        _copy(mask, result, map_, mode, label * _channels(shape))
    return result


def _checked_size(name: str, shape: tuple[int, ...], *, classes: bool = False) -> tuple[int, int]:
    """(height, width); `classes`: a mask may have none."""
    if not 2 <= len(shape) <= 3 or 0 in (shape[:2] if classes else shape):
        raise ValueError(f"{name} must be HxW or HxWxC and not empty, got shape {shape}")
    require_sides(name, *shape[:2])
    return shape[0], shape[1]


def _channels(shape: tuple[int, ...]) -> int:
    return shape[2] if len(shape) == 3 else 1


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
