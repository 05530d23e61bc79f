"""Applies parameters to NumPy arrays and PIL images: frozen pixels (docs/images.md)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from dpa.checks import integer
from dpa.images.effects import Effect, require_channels_last, samples_of
from dpa.images.pixels import Sampling, augmented, moved_labels, warped
from dpa.images.points import moved_boxes, moved_points

if TYPE_CHECKING:
    from PIL import Image

_Image = TypeVar("_Image", npt.NDArray[Any], "Image.Image")

_MODES = ("L", "LA", "RGB", "RGBA", "I;16")


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
        require_channels_last("image", image.shape)
        return augmented(image, effect, sampling)
    pillow = sys.modules.get("PIL.Image")  # whoever has an image has imported it
    if pillow is None or not isinstance(image, pillow.Image):
        raise TypeError(_no_image(image))
    if image.mode not in _MODES:
        raise ValueError(
            f"image must have one of the modes {', '.join(_MODES)}, got {image.mode!r}: "
            "image.convert('RGB') makes one"
        )
    pixels = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        colour = augmented(pixels[..., :-1], effect, sampling)
        clear = sampling._replace(fill=0.0)  # filled pixels are transparent
        pixels = np.dstack([colour, warped(pixels[..., -1], effect.map, clear)])
    else:
        pixels = augmented(pixels, effect, sampling)
    result = pillow.fromarray(pixels)
    result.info = image.info.copy()
    return result


def _no_image(value: object) -> str:
    """What to say of it."""
    if isinstance(value, str | os.PathLike):
        return (
            f"image must be a NumPy array or a PIL image, got the path {value!r}: PIL.Image.open "
            "reads it; in Hugging Face datasets, cast_column(name, datasets.Image()) a column"
        )
    return (
        f"image must be a NumPy array or a PIL image, got {type(value).__name__}; for tensors: "
        "dpa.integrations.torch.apply_augmentation on a batch (AugmentedDataset: "
        "transform=False, collate_fn=dataset.collate); for other samples of a data set: "
        "transform=function(sample, params)"
    )


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
    require_channels_last("image", images.shape[1:])
    out = np.empty(images.shape, images.dtype)
    for image, effect, result in zip(images, effects, out, strict=True):
        augmented(image, effect, sampling, result)
    return out


def augment_mask(
    mask: npt.NDArray[Any], params: Mapping[str, Any], *, border: str | float = "reflect"
) -> npt.NDArray[Any]:
    """Rotates and scales a mask as apply_augmentation does with its image, without interpolation.

    Parameters
    ----------
    mask
        An array HxW or HxWxC of any dtype but object; HxWx0 has no classes.
    params
        A dict of gen_augmentation_params, or batch[i].
    border
        As for apply_augmentation; a number fills with that label, which the dtype must hold
        exactly.

    Returns
    -------
    numpy.ndarray
        The same shape and dtype; every value is a copy of a label of the mask or of the border.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """
    if not isinstance(mask, np.ndarray):
        raise TypeError(f"mask must be a NumPy array, got {type(mask).__name__}")
    return moved_labels(np.asarray(mask), Effect.checked(params).map, border)


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
    >>> augment_keypoints([[3, 0]], params, (4, 4))
    array([[0., 0.]])
    """
    sides = _checked_size(size)
    return moved_points(_rows("points", points, 2), Effect.checked(params).map, sides, sides)


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
    sides = _checked_size(size)
    return moved_boxes(_rows("boxes", boxes, 4), Effect.checked(params).map, sides, sides)


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
