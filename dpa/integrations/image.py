"""Applies parameters to NumPy arrays and PIL images: frozen pixels (docs/images.md)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from dpa.images.effects import Effect, require_channels_last
from dpa.images.forms import Rendering, Sampling  # noqa: F401 (a public path)
from dpa.images.pixels import augmented, augmented_stack, augmented_with_alpha
from dpa.images.table import EffectTable
from dpa.integrations.labels import (
    augment_boxes,
    augment_keypoints,
    augment_mask,
    pillow_of,
    require_plain,
)

if TYPE_CHECKING:
    from PIL import Image

_Image = TypeVar("_Image", npt.NDArray[Any], "Image.Image")

__all__ = [
    "apply_augmentation",
    "apply_augmentation_batch",
    "augment_boxes",
    "augment_keypoints",
    "augment_mask",
]

#: What to do with a PIL image of another mode: what keeps its values.
_OTHER_MODES = {
    "1": "image.convert('L') makes levels of 0 and 255; augment_mask takes it as a mask",
    "P": "image.convert('RGB') or 'RGBA' makes colours; augment_mask takes it as labels",
    "PA": "image.convert('RGBA') makes colours",
    **dict.fromkeys(("CMYK", "HSV", "RGBX", "YCbCr"), "image.convert('RGB') makes colours"),
    "LAB": "PIL.ImageCms makes RGB of it",
    "RGBa": "image.convert('RGBA') makes colours",
    "La": "image.convert('LA') makes levels",
    "I": "np.asarray(image) has its values; as uint16 or float32, with full_range=, they can be "
    "augmented",
    "F": "np.asarray(image) has its values, which can be augmented, with full_range=",
    "I;16B": "np.asarray(image).astype(np.uint16) can be augmented",
}
_MODES = ("L", "LA", "RGB", "RGBA", "I;16")


def apply_augmentation(
    image: _Image,
    params: Mapping[str, Any],
    *,
    out_size: tuple[int, int] | None = None,
    border: str | float = "reflect",
    interpolation: str = "linear",
    full_range: float | None = None,
    erase_fill: float = 0,
    strict: bool = False,
) -> _Image:
    """Applies one sample's parameters to an image; the input stays unchanged.

    Their names say what is done, in this order (docs/images.md): `crop.area`, `crop.ratio`,
    `crop.x` and `crop.y`, `flip_horizontal` and `flip_vertical`, `scale` (zoom factor) and
    `rotation` (degrees, counter-clockwise, about the centre), `shear_x` and `shear_y` (degrees),
    `translate_x` and `translate_y` (parts of the result), all in one interpolation; then
    `gamma`, `brightness` (factor), `contrast` (factor about the mean), `saturation` and `grey`,
    `noise` (standard deviation relative to the full range), `erase.area`, `erase.ratio`,
    `erase.x` and `erase.y`. What a sample does not have is not done.

    Parameters
    ----------
    image
        An array HxW or HxWxC of uint8, uint16, float32 or float64, or a PIL image of mode L,
        LA, RGB, RGBA or I;16. An array that looks like CxHxW is refused.
    params
        A dict of one sample, or batch[i].
    out_size
        (height, width) of the result; None keeps those of the image.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".
    full_range
        The value of white: noise and gamma are relative to it, and integers that are computed by
        cubic interpolation or tones are clipped to it.
        None: 255 for uint8, 65535 for uint16, 1 for floats.
    erase_fill
        What erased pixels become.
    strict
        Whether names that are no effects are refused, not ignored.

    Returns
    -------
    numpy.ndarray or PIL.Image.Image
        The same type, number of channels, dtype, mode and `info` as the input. Integers are
        rounded and clipped; floats are not clipped.

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
    >>> params = {"crop.area": 0.5, "flip_horizontal": True, "saturation": 0.5}
    >>> apply_augmentation(image, params, out_size=(24, 24)).shape
    (24, 24, 3)
    """
    rendering = Rendering.checked(out_size, border, interpolation, full_range, erase_fill)
    result: _Image = applied(image, Effect.checked(params, strict=strict), rendering)
    return result


def applied(image: Any, effect: Effect, rendering: Rendering) -> Any:
    """The image with the effect. Raises TypeError or ValueError."""
    if isinstance(image, np.ndarray):
        require_plain("image", image)
        require_channels_last("image", image.shape)
        return augmented(image, effect, rendering)
    pillow = pillow_of(image)
    if pillow is None:
        raise TypeError(_no_image(image))
    if image.mode not in _MODES:
        advice = _OTHER_MODES.get(image.mode, "np.asarray(image) has its values")
        raise ValueError(
            f"image must have one of the modes {', '.join(_MODES)}, got {image.mode!r}: {advice}"
        )
    make = augmented_with_alpha if image.mode in ("LA", "RGBA") else augmented
    result = pillow.fromarray(make(np.asarray(image), effect, rendering))
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
        "transform=function(sample, params), or targets= with the kinds of its parts"
    )


def apply_augmentation_batch(
    images: npt.NDArray[Any] | Sequence[_Image],
    batch: Iterable[Mapping[str, Any]],
    *,
    out_size: tuple[int, int] | None = None,
    border: str | float = "reflect",
    interpolation: str = "linear",
    full_range: float | None = None,
    erase_fill: float = 0,
    strict: bool = False,
) -> npt.NDArray[Any] | list[_Image]:
    """Applies to each image the parameters of the sample at its index in `batch`.

    Parameters
    ----------
    images
        An array NxHxW or NxHxWxC, or a sequence of images as apply_augmentation takes them.
    batch
        An AugmentationBatch or a sequence of dicts, N of them.
    out_size
        (height, width) of each result; None keeps those of the image.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".
    full_range
        The value of white; see apply_augmentation.
    erase_fill
        What erased pixels become.
    strict
        Whether names that are no effects are refused, not ignored.

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
    rendering = Rendering.checked(out_size, border, interpolation, full_range, erase_fill)
    table = EffectTable.checked(batch, strict=strict)
    count = len(table.rows)
    if len(images) != count:
        raise ValueError(f"images and batch must be as many, got {len(images)} and {count}")
    if isinstance(images, np.ndarray):
        if images.ndim not in (3, 4):
            raise ValueError(f"images must be NxHxW or NxHxWxC, got shape {images.shape}")
        require_plain("images", images)
        require_channels_last("images", images.shape[1:], 1)
        return augmented_stack(images, table, rendering)
    pairs = zip(images, map(table.effect, range(count)), strict=True)
    return [applied(image, effect, rendering) for image, effect in pairs]
