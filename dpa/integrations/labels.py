"""Masks, keypoints and boxes that follow their image; public in dpa.integrations.image."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from dpa.checks import brief
from dpa.images.effects import Effect, require_channels_last
from dpa.images.forms import checked_out_size, checked_size
from dpa.images.pixels import IDENTITY, moved_labels
from dpa.images.points import moved_boxes, moved_points

if TYPE_CHECKING:
    from PIL import Image

_Mask = TypeVar("_Mask", npt.NDArray[Any], "Image.Image")

_MASK_MODES = ("1", "L", "P", "I", "I;16", "I;16B", "F")
_FORMATS = ("corners", "xywh", "cxcywh")
_AROUND = ("corners", "ellipse")


def augment_mask(
    mask: _Mask,
    params: Mapping[str, Any],
    *,
    out_size: tuple[int, int] | None = None,
    border: str | float = "reflect",
    strict: bool = False,
) -> _Mask:
    """Moves a mask as apply_augmentation moves its image, without interpolation.

    Parameters
    ----------
    mask
        An array HxW or HxWxC of any dtype but object (HxWx0 has no classes), or a PIL image of
        mode 1, L, P, I, I;16, I;16B or F. An array that looks like CxHxW is refused.
    params
        A dict of one sample, or batch[i].
    out_size
        (height, width) of the result; None keeps those of the mask.
    border
        As for apply_augmentation; a number fills with that label, which the dtype must hold
        exactly.
    strict
        Whether names that are no effects are refused, not ignored.

    Returns
    -------
    numpy.ndarray or PIL.Image.Image
        The same dtype, or mode and palette; every value is a copy of a label of the mask or of
        the border.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """
    effect = Effect.checked(params, strict=strict)
    size = checked_out_size(out_size)
    if isinstance(mask, np.ndarray):
        require_plain("mask", mask)
        require_channels_last("mask", mask.shape)
        return moved_labels(np.asarray(mask), effect, border, size)
    pillow = pillow_of(mask)
    if pillow is None:
        raise TypeError(f"mask must be a NumPy array or a PIL image, got {type(mask).__name__}")
    if mask.mode not in _MASK_MODES:
        raise ValueError(
            f"mask must have one of the modes {', '.join(_MASK_MODES)}, got {mask.mode!r}: "
            "colours are no labels"
        )
    moved = pillow.fromarray(moved_labels(np.asarray(mask), effect, border, size))
    if mask.mode == "P":
        colours = mask.palette.mode  # RGBA where labels have an opacity
        moved.putpalette(mask.getpalette(colours), colours)
    moved.info = mask.info.copy()
    return moved


def augment_keypoints(
    points: npt.ArrayLike,
    params: Mapping[str, Any],
    size: tuple[int, int],
    *,
    out_size: tuple[int, int] | None = None,
    strict: bool = False,
) -> npt.NDArray[np.float64]:
    """The positions of keypoints after apply_augmentation.

    Parameters
    ----------
    points
        (x, y, ...) of each, shape (n, 2 or more), in pixels from the centre of the top left
        pixel; y points down. Further columns are kept.
    params
        A dict of one sample, or batch[i].
    size
        (height, width) of the image, as image.shape[:2].
    out_size
        (height, width) of the result; None: those of the image.
    strict
        Whether names that are no effects are refused, not ignored.

    Returns
    -------
    numpy.ndarray
        float64, the same shape. Points that leave the image are kept.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> augment_keypoints([[3, 0]], {"rotation": 90}, (4, 4))
    array([[0., 0.]])
    """
    sides = checked_size("size", size)
    out = checked_out_size(out_size) or sides
    effect = Effect.checked(params, strict=strict)
    moved = _rows("points", points, 2, more=True).copy()
    moved[:, :2] = moved_points(moved[:, :2], effect.placed(sides, out), sides, out)
    return moved


def augment_boxes(
    boxes: npt.ArrayLike,
    params: Mapping[str, Any],
    size: tuple[int, int],
    *,
    out_size: tuple[int, int] | None = None,
    format: str = "corners",  # noqa: A002 (what torchvision calls it)
    normalised: bool = False,
    around: str = "corners",
    strict: bool = False,
) -> npt.NDArray[np.float64]:
    """The bounding boxes of what boxes held, after apply_augmentation.

    Parameters
    ----------
    boxes
        One in each row, shape (n, 4), in pixels from the image's top left corner; the whole
        image is (0, 0, width, height).
    params
        A dict of one sample, or batch[i].
    size
        (height, width) of the image, as image.shape[:2].
    out_size
        (height, width) of the result; None: those of the image.
    format
        "corners": left, top, right, bottom; "xywh": left, top, width, height; "cxcywh": centre
        x and y, width, height.
    normalised
        Whether the numbers are parts of width and height; so are those of the result.
    around
        What the new box surrounds: the moved "corners", which it grows with, or the moved
        "ellipse" inside the box, which is tighter for round objects.
    strict
        Whether names that are no effects are refused, not ignored.

    Returns
    -------
    numpy.ndarray
        float64, shape (n, 4), in the same format. Boxes are not clipped to the image.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it. Also for a box whose right or bottom
        lies before its left or top.

    Examples
    --------
    >>> augment_boxes([[1, 1, 3, 3]], {"scale": 2}, (4, 4))
    array([[0., 0., 4., 4.]])
    >>> augment_boxes([[1, 1, 2, 2]], {"scale": 2}, (4, 4), format="xywh")
    array([[0., 0., 4., 4.]])
    """
    for name, value, known in (("format", format, _FORMATS), ("around", around, _AROUND)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    sides = checked_size("size", size)
    out = checked_out_size(out_size) or sides
    scale, out_scale = (np.array([w, h, w, h], np.float64) for h, w in (sides, out))
    rows = _rows("boxes", boxes, 4)
    corners = _corners(rows, format) * (scale if normalised else 1)
    if (bad := ~(corners[:, 2:] >= corners[:, :2]).all(1)).any():  # NaN, too
        at = int(bad.argmax())
        hint = "; format= says how boxes are written" if format == "corners" else ""
        raise ValueError(f"boxes must not end before they begin, got {rows[at].tolist()}{hint}")
    placed = Effect.checked(params, strict=strict).placed(sides, out)
    if placed == IDENTITY and sides == out:
        return rows
    moved = moved_boxes(corners, placed, sides, out, around == "ellipse")
    return _written(moved / (out_scale if normalised else 1), format)


def _corners(boxes: npt.NDArray[np.float64], format: str) -> npt.NDArray[np.float64]:  # noqa: A002
    first, second = boxes[:, :2], boxes[:, 2:]
    if format == "corners":
        return boxes
    start = first if format == "xywh" else first - second / 2
    return np.hstack([start, start + second])


def _written(corners: npt.NDArray[np.float64], format: str) -> npt.NDArray[np.float64]:  # noqa: A002
    start, end = corners[:, :2], corners[:, 2:]
    if format == "corners":
        return corners
    return np.hstack([start if format == "xywh" else (start + end) / 2, end - start])


# ---- What arguments must be ----


def pillow_of(value: Any) -> Any:
    """The module PIL.Image where the value is one of its images: whoever has one imported it."""
    pillow = sys.modules.get("PIL.Image")
    return pillow if pillow is not None and isinstance(value, pillow.Image) else None


def require_plain(name: str, pixels: npt.NDArray[Any]) -> None:
    """Raises TypeError for a masked array, whose mask would be lost."""
    if isinstance(pixels, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array, whose masked values would count: "
            f"{name}.filled(value) makes an array, and np.ma.getmaskarray({name}) can be augmented "
            "as a mask"
        )


def mask_border(border: str | float, fill_mask: float | None) -> str | float:
    """What lies outside a mask by default: it continues as its image does, or is filled with 0."""
    if fill_mask is not None:
        return fill_mask
    return border if isinstance(border, str) else 0


def _rows(
    name: str, values: npt.ArrayLike, columns: int, more: bool = False
) -> npt.NDArray[np.float64]:
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{name} must not be a masked array: {name}.filled(value) makes an array")
    try:
        found = np.asarray(values)
        if found.dtype.kind not in "biuf" and found.size:
            raise TypeError
        rows = found.astype(np.float64)
    except (OverflowError, TypeError, ValueError):  # rows of unlike lengths, too large integers
        raise TypeError(f"{name} must be rows of numbers, got {brief(values)}") from None
    if rows.size == 0:
        width = rows.shape[1] if rows.ndim == 2 and more and rows.shape[1] > columns else columns
        return rows.reshape(0, width)
    if rows.ndim != 2 or rows.shape[1] < columns or (rows.shape[1] > columns and not more):
        wanted = f"{columns} or more" if more else f"{columns}"
        raise ValueError(f"{name} must have shape (n, {wanted}), got {rows.shape}")
    return rows
