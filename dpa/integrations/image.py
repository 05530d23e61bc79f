"""Applies parameters to NumPy arrays and PIL images, by OpenCV (docs/images.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from dpa._pixels import apply_tone
from dpa.checks import extra, integer
from dpa.images.effects import (
    Effect,
    checked_border,
    checked_interpolation,
    require_channels_last,
    samples_of,
)
from dpa.images.noise import noise_table

with extra("image", "dpa.integrations.image needs OpenCV and Pillow"):
    import cv2
    from PIL import Image

_Image = TypeVar("_Image", npt.NDArray[Any], Image.Image)

_FULL_RANGE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
_MODES = ("L", "LA", "RGB", "RGBA", "I;16")
_BORDERS = {"reflect": cv2.BORDER_REFLECT_101, "edge": cv2.BORDER_REPLICATE}
_INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
}


class Sampling(NamedTuple):
    """How OpenCV reads between the pixels and beyond the border."""

    interpolation: int
    border: int
    fill: float

    @classmethod
    def checked(cls, interpolation: str, border: str | float) -> Sampling:
        """The sampling for the arguments of apply_augmentation. Raises ValueError."""
        flag = checked_interpolation(interpolation, _INTERPOLATIONS)
        return cls(flag, *checked_border(border, _BORDERS, cv2.BORDER_CONSTANT))


def apply_augmentation(
    image: _Image,
    params: Mapping[str, Any],
    *,
    border: str | float = "reflect",
    interpolation: str = "linear",
) -> _Image:
    """Applies one sample's parameters to an image; the input stays unchanged.

    The order is: rotation (degrees, counter-clockwise, about the centre), scale (zoom factor),
    brightness (factor), contrast (factor about the mean), noise (standard deviation relative to
    the full range).

    Parameters
    ----------
    image
        An array HxW or HxWxC of uint8, uint16, float32 or float64 (full range 255, 65535, 1.0
        and 1.0), or a PIL image of mode L, LA, RGB, RGBA or I;16. An array that looks like
        CxHxW is refused.
    params
        A dict of gen_augmentation_params, or batch[i].
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".

    Returns
    -------
    numpy.ndarray or PIL.Image.Image
        The same type, shape, dtype, mode and `info` as the input. Integers are rounded and
        clipped; floats are not clipped.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> import dpa
    >>> image = np.zeros((32, 48, 3), np.uint8)
    >>> apply_augmentation(image, dpa.gen_augmentation_params(42)).shape
    (32, 48, 3)
    """
    sampling = Sampling.checked(interpolation, border)
    effect = Effect.checked(params)
    if isinstance(image, np.ndarray):
        return _apply(image, effect, sampling)
    if isinstance(image, str | os.PathLike):
        raise TypeError(
            f"image must be a NumPy array or a PIL image, got the path {image!r}: PIL.Image.open "
            "reads it; in Hugging Face datasets, cast_column(name, datasets.Image()) a column"
        )
    if not isinstance(image, Image.Image):
        raise TypeError(
            f"image must be a NumPy array or a PIL image, got {type(image).__name__}; for tensors: "
            "dpa.integrations.torch.apply_augmentation on a batch (AugmentedDataset: "
            "transform=False, collate_fn=dataset.collate); for other samples of a data set: "
            "transform=function(sample, params)"
        )
    if image.mode not in _MODES:
        raise ValueError(
            f"image must have one of the modes {', '.join(_MODES)}, got {image.mode!r}: "
            "image.convert('RGB') makes one"
        )
    pixels = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        colour = _apply(pixels[..., :-1], effect, sampling)
        clear = sampling._replace(fill=0)  # filled pixels are transparent
        result = Image.fromarray(np.dstack([colour, _warp(pixels[..., -1], effect, clear)]))
    else:
        result = Image.fromarray(_apply(pixels, effect, sampling))
    result.info = image.info.copy()
    return result


def apply_augmentation_batch(
    images: npt.NDArray[Any] | Sequence[_Image],
    batch: Iterable[Mapping[str, Any]],
    *,
    border: str | float = "reflect",
    interpolation: str = "linear",
) -> npt.NDArray[Any] | list[_Image]:
    """Applies to each image the parameters of the sample at its index in `batch`.

    Parameters
    ----------
    images
        An array NxHxW or NxHxWxC, or a sequence of images as apply_augmentation takes them.
    batch
        An AugmentationBatch or a sequence of dicts, N of them.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".

    Returns
    -------
    numpy.ndarray or list
        An array for an array, otherwise a list of images.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> import dpa
    >>> images = np.zeros((4, 32, 48, 3), np.uint8)
    >>> apply_augmentation_batch(images, dpa.generate_augmentation_batch(range(4))).shape
    (4, 32, 48, 3)
    """
    samples = samples_of(batch)
    if len(images) != len(samples):
        raise ValueError(f"images and batch must be as many, got {len(images)} and {len(samples)}")
    if not isinstance(images, np.ndarray):
        return [
            apply_augmentation(image, params, border=border, interpolation=interpolation)
            for image, params in zip(images, samples, strict=True)
        ]
    sampling = Sampling.checked(interpolation, border)
    effects = [Effect.checked(params) for params in samples]
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be NxHxW or NxHxWxC, got shape {images.shape}")
    out = np.empty(images.shape, images.dtype)
    for at, effect in enumerate(effects):
        out[at] = _apply(images[at], effect, sampling)
    return out


def _apply(image: npt.NDArray[Any], effect: Effect, sampling: Sampling) -> npt.NDArray[Any]:
    dtype = image.dtype
    if dtype.name not in _FULL_RANGE or not dtype.isnative:
        raise TypeError(f"image must have one of the dtypes {', '.join(_FULL_RANGE)}, got {dtype}")
    full_range = _FULL_RANGE[dtype.name]
    if full_range > 1 and not 0 <= sampling.fill <= full_range:
        raise ValueError(f"border must be 0 to {full_range} for {dtype}, got {sampling.fill}")
    if dtype.name == "float64":  # OpenCV computes their positions less exactly
        return _apply(image.astype(np.float32), effect, sampling).astype(dtype)
    require_channels_last("image", image.shape)
    warped = _warp(image, effect, sampling)
    # With a contrast of 1 no pixel may change another one: a NaN must not spread by the mean.
    offset = effect.lift and effect.lift * cv2.mean(warped.reshape(len(warped), -1))[0]
    if effect.digest is not None:
        stdev = effect.noise * full_range
        apply_tone(warped, effect.gain, offset, stdev, effect.digest, noise_table())
    elif dtype.name == "uint8":
        tones = np.arange(256, dtype=np.uint8)
        apply_tone(tones, effect.gain, offset)
        warped = cv2.LUT(warped, tones).reshape(warped.shape)
    else:
        apply_tone(warped, effect.gain, offset)
    return warped


def _warp(image: npt.NDArray[Any], effect: Effect, sampling: Sampling) -> npt.NDArray[Any]:
    """A new array, rotated and scaled."""
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"image must be HxW or HxWxC and not empty, got shape {image.shape}")
    height, width = image.shape[:2]
    matrix = effect.matrix((width - 1) / 2, (height - 1) / 2)

    def turned(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
        for axis in (0, 1):  # OpenCV does not reflect an image with one row or column
            if plane.shape[axis] == 1 and sampling.border == cv2.BORDER_REFLECT_101:
                plane = np.repeat(plane, 2, axis)
        result: npt.NDArray[Any] = cv2.warpAffine(
            np.ascontiguousarray(plane),
            matrix,
            (width, height),
            flags=sampling.interpolation,
            borderMode=sampling.border,
            borderValue=(sampling.fill,) * 4,
        )
        return result

    if image.ndim == 2 or image.shape[2] in (1, 3, 4):
        return turned(image).reshape(image.shape)
    warped = np.empty(image.shape, image.dtype)
    for channel in range(image.shape[2]):  # OpenCV is less exact for 2 channels, limited to 4
        warped[..., channel] = turned(image[..., channel])
    return warped


def augment_mask(
    mask: npt.NDArray[Any], params: Mapping[str, Any], *, border: str | float = "reflect"
) -> npt.NDArray[Any]:
    """Rotates and scales a mask as apply_augmentation does with its image, without interpolation.

    Parameters
    ----------
    mask
        An array HxW or HxWxC of bool, float32, or integers from -2**24 to 2**24.
    params
        A dict of gen_augmentation_params, or batch[i].
    border
        As for apply_augmentation; a number fills with that label.

    Returns
    -------
    numpy.ndarray
        The same shape and dtype; every value is a label of the mask or of the border.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """
    if not isinstance(mask, np.ndarray) or not (
        mask.dtype.kind in "bui" or mask.dtype.name == "float32"
    ):
        found = mask.dtype if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"mask must be a NumPy array of bool, integers or float32, got {found}")
    sampling = Sampling.checked("nearest", border)
    low, high = _labels(mask.dtype)
    whole = mask.dtype.kind != "f"
    labels = [("mask", mask.min(initial=0)), ("mask", mask.max(initial=0))] if whole else []
    for name, label in (*labels, ("border", sampling.fill)):
        if (whole and label % 1) or not low <= label <= high:
            raise ValueError(f"{name} must be labels of {low} to {high}, got {label}")
    # For these types OpenCV computes positions as exactly as for an image.
    placed = mask.astype(np.uint8 if mask.dtype in (np.bool_, np.uint8) else np.float32)
    return _warp(placed, Effect.checked(params), sampling).astype(mask.dtype)


def _labels(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The least and the greatest label of a mask of this dtype, which float32 must represent."""
    if dtype == np.bool_:
        return 0, 1
    if dtype.kind == "f":
        return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    info = np.iinfo(dtype)
    return max(info.min, -(2**24)), min(info.max, 2**24)


def augment_keypoints(
    points: npt.ArrayLike, params: Mapping[str, Any], size: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """The positions of keypoints after apply_augmentation.

    Parameters
    ----------
    points
        (x, y) of each, shape (n, 2), in pixels from the centre of the top left pixel; y points
        down.
    params
        A dict of gen_augmentation_params, or batch[i].
    size
        (height, width) of the image, as image.shape[:2].

    Returns
    -------
    numpy.ndarray
        float64, shape (n, 2). Points that leave the image are kept.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> params = {"rotation": 90, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
    >>> augment_keypoints([[3, 0]], params, (4, 4)).round(9) + 0.0
    array([[0., 0.]])
    """
    height, width = _checked_size(size)
    matrix = Effect.checked(params).matrix((width - 1) / 2, (height - 1) / 2)
    return _rows("points", points, 2) @ matrix[:, :2].T + matrix[:, 2]


def augment_boxes(
    boxes: npt.ArrayLike, params: Mapping[str, Any], size: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """The bounding boxes of the moved corners of boxes after apply_augmentation.

    Parameters
    ----------
    boxes
        (left, top, right, bottom) of each, shape (n, 4), in pixels from the image's top left
        corner; the whole image is (0, 0, width, height).
    params
        A dict of gen_augmentation_params, or batch[i].
    size
        (height, width) of the image, as image.shape[:2].

    Returns
    -------
    numpy.ndarray
        float64, shape (n, 4). Boxes are not clipped to the image.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> params = {"rotation": 0, "scale": 2, "brightness": 1, "contrast": 1, "noise": 0}
    >>> augment_boxes([[1, 1, 3, 3]], params, (4, 4))
    array([[0., 0., 4., 4.]])
    """
    height, width = _checked_size(size)
    matrix = Effect.checked(params).matrix(width / 2, height / 2)
    left, top, right, bottom = _rows("boxes", boxes, 4).T
    corners = np.array([[left, right, left, right], [top, top, bottom, bottom]])
    x, y = np.tensordot(matrix[:, :2], corners, 1) + matrix[:, 2, None, None]
    return np.column_stack([x.min(0), y.min(0), x.max(0), y.max(0)])


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, Iterable) else ()
    if len(sides) != 2:
        raise ValueError(f"size must be (height, width), as image.shape[:2] is, got {size!r}")
    height, width = (integer("size", side) for side in sides)
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width) of at least 1, got {size}")
    return height, width


def _rows(name: str, values: npt.ArrayLike, columns: int) -> npt.NDArray[np.float64]:
    rows = np.asarray(values, np.float64)
    if rows.size == 0:
        return rows.reshape(0, columns)
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ValueError(f"{name} must have shape (n, {columns}), got {rows.shape}")
    return rows
