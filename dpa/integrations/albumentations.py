"""An Albumentations transform whose values come from the sample's id, not a random state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import boolean, extra, finite
from dpa.derivation.config import AugmentationConfig, checked_space, space_of
from dpa.derivation.derivation import derive
from dpa.derivation.keys import Key
from dpa.derivation.space import Space

with extra("albumentations", "dpa.integrations.albumentations needs Albumentations"):
    import albumentations as A  # noqa: N812 (its users' habit)

from dpa.images.effects import Effect, check_applicable
from dpa.images.forms import Rendering
from dpa.integrations.image import applied, augment_boxes, augment_keypoints, augment_mask
from dpa.integrations.labels import mask_border

#: The arguments of Augment that an image, a mask or a label needs, in the order of its repr.
_OPTIONS = ("border", "interpolation", "out_size", "full_range", "erase_fill", "fill_mask")


class Augment(A.DualTransform):  # type: ignore[misc]  # without types here
    """apply_augmentation as a part of `A.Compose`; masks, boxes and keypoints follow the image.

    The call needs `sample_id=` (int or str) and may have `epoch=` and `view=`:
    `A.Compose([Augment()])(image=image, sample_id=42, epoch=3)`. The transform draws nothing,
    so neither the seed of the Compose nor other transforms change its values.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig, a Space whose names say what is done to an image,
        or the to_dict() of either; None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. The
        view of a call takes its place.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".
    out_size
        (height, width) of the result; None keeps those of the image.
    full_range
        The value of white; see apply_augmentation.
    erase_fill
        What erased pixels become.
    fill_mask
        The label outside masks, which their dtype must hold exactly. None: 0 where `border` is a
        number, otherwise the mask continues as the image does.
    strict
        Whether names that are no effects are refused, not ignored.
    p
        Must be 1, because each sample is augmented.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """

    def __init__(
        self,
        config: Space | Mapping[str, Any] | None = None,
        *,
        base_seed: int | None = None,
        view: int | None = None,
        border: str | float = "reflect",
        interpolation: str = "linear",
        out_size: tuple[int, int] | None = None,
        full_range: float | None = None,
        erase_fill: float = 0,
        fill_mask: float | None = None,
        strict: bool = False,
        p: float = 1,
    ) -> None:
        if p != 1:
            raise ValueError(f"p must be 1: each sample is augmented; got {p!r}")
        super().__init__(p=1)
        if isinstance(config, Mapping):
            made = space_of if "space" in config else AugmentationConfig.from_dict
            config = made(config)
        self.config = checked_space(config)
        check_applicable(self.config, strict=strict)
        key = Key.checked(view=view, base_seed=base_seed)
        self.base_seed, self.view = key.base_seed, key.view
        self.border, self.interpolation, self.out_size = border, interpolation, out_size
        self.full_range, self.erase_fill = full_range, erase_fill
        self._rendering.range_of(np.dtype(np.float32))  # the check
        self.out_size = self._rendering.out_size
        if fill_mask is not None:
            finite("fill_mask", fill_mask)
        self.fill_mask = fill_mask
        self.strict = boolean("strict", strict)

    @property
    def _rendering(self) -> Rendering:
        """How images are made, by the options as they are now."""
        return Rendering.checked(
            self.out_size, self.border, self.interpolation, self.full_range, self.erase_fill
        )

    def get_transform_init_args(self) -> dict[str, Any]:
        """The settings as JSON stores them, for repr, A.to_dict, A.save and ReplayCompose."""
        names = ("base_seed", "view", *_OPTIONS, "strict")
        shown = {name: _plain(getattr(self, name)) for name in names}
        return {"config": self.config.to_dict(), **shown}

    def to_dict_private(self) -> dict[str, Any]:
        """The same with `strict`, which Albumentations takes for its own and leaves out."""
        state: dict[str, Any] = super().to_dict_private()
        return {**state, "strict": self.strict}

    @property
    def available_keys(self) -> set[str]:
        """What a call may have where the Compose is strict."""
        return {*super().available_keys, "sample_id", "epoch", "view"}

    @property
    def targets_as_params(self) -> list[str]:
        """The arguments that the call needs."""
        return ["sample_id"]

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """The sample's parameters and the image's size, for the methods below."""
        view = data.get("view")
        view = self.view if view is None else view
        derivation = derive(self.config, data.get("epoch"), view, self.base_seed)
        sample = derivation.params(data["sample_id"])
        Effect.checked(sample, strict=self.strict)
        return {"sample": sample, "size": params["shape"][:2]}

    def apply(self, img: npt.NDArray[Any], sample: dict[str, Any], **_: Any) -> npt.NDArray[Any]:
        """The augmented image.

        Parameters
        ----------
        img
            An array HxW or HxWxC, as apply_augmentation takes it.
        sample
            The sample's parameters, from get_params_dependent_on_data.

        Returns
        -------
        numpy.ndarray
            The same dtype and channels; the size of the image, or out_size.
        """
        pixels: npt.NDArray[Any] = applied(img, Effect.checked(sample), self._rendering)
        return pixels

    def apply_to_mask(
        self, mask: npt.NDArray[Any], sample: dict[str, Any], **_: Any
    ) -> npt.NDArray[Any]:
        """The mask where the image is; outside it are `fill_mask`, 0, or the mask continued.

        Parameters
        ----------
        mask
            An array HxW or HxWxC, as augment_mask takes it.
        sample
            The sample's parameters, from get_params_dependent_on_data.

        Returns
        -------
        numpy.ndarray
            The same dtype and channels; the size of the mask, or out_size.
        """
        border = mask_border(self.border, self.fill_mask)
        moved: npt.NDArray[Any] = augment_mask(mask, sample, out_size=self.out_size, border=border)
        return moved

    def apply_to_masks(self, masks: npt.NDArray[Any], **params: Any) -> npt.NDArray[Any]:
        """Each of the masks moved.

        Parameters
        ----------
        masks
            An array NxHxW or NxHxWxC; there may be none.
        params
            From get_params_dependent_on_data.

        Returns
        -------
        numpy.ndarray
            The same dtype and number of masks.
        """
        if len(masks) == 0:
            sides = self.out_size or masks.shape[1:3]
            return np.empty((0, *sides, *masks.shape[3:]), masks.dtype)
        return np.stack([self.apply_to_mask(mask, **params) for mask in masks])

    def apply_to_mask3d(self, mask3d: npt.NDArray[Any], **params: Any) -> npt.NDArray[Any]:
        """Each slice of a mask DxHxW or DxHxWxC moved, as apply_to_masks does it."""
        return self.apply_to_masks(mask3d, **params)

    def apply_to_masks3d(self, masks3d: npt.NDArray[Any], **params: Any) -> npt.NDArray[Any]:
        """Each slice of masks NxDxHxW or NxDxHxWxC moved, as apply_to_masks does it."""
        flat = self.apply_to_masks(masks3d.reshape(-1, *masks3d.shape[2:]), **params)
        return flat.reshape(*masks3d.shape[:2], *flat.shape[1:])

    def apply_to_bboxes(
        self, bboxes: npt.NDArray[Any], sample: dict[str, Any], size: tuple[int, int], **_: Any
    ) -> npt.NDArray[Any]:
        """The bounding boxes of the moved boxes.

        Parameters
        ----------
        bboxes
            (left, top, right, bottom, ...) of each, shape (n, 4 or more), in fractions of width
            and height as Albumentations stores them.
        sample
            The sample's parameters, from get_params_dependent_on_data.
        size
            (height, width) of the image.

        Returns
        -------
        numpy.ndarray
            The same shape, in fractions of the result; further columns are kept.
        """
        if len(bboxes) == 0:
            return bboxes
        boxes = augment_boxes(bboxes[:, :4], sample, size, out_size=self.out_size, normalised=True)
        return np.column_stack([boxes, bboxes[:, 4:]])

    def apply_to_keypoints(
        self, keypoints: npt.NDArray[Any], sample: dict[str, Any], size: tuple[int, int], **_: Any
    ) -> npt.NDArray[Any]:
        """The moved keypoints, with their directions and sizes.

        Parameters
        ----------
        keypoints
            (x, y, z, angle, scale, ...) of each, shape (n, 5 or more); x and y in pixels,
            angles in radians, counter-clockwise.
        sample
            The sample's parameters, from get_params_dependent_on_data.
        size
            (height, width) of the image.

        Returns
        -------
        numpy.ndarray
            The same shape, float64; z and further columns are kept. Scales change by the square
            root of the factor by which areas change.
        """
        if len(keypoints) == 0:
            return keypoints
        moved = np.array(keypoints, np.float64)
        moved[:, :2] = augment_keypoints(moved[:, :2], sample, size, out_size=self.out_size)
        xx, xy, yx, yy = Effect.checked(sample).placed(size, self.out_size or size)[:4]
        area = xx * yy - xy * yx  # the map leads back: its inverse moves directions and areas
        side, cos, sin = math.copysign(1, area), np.cos(moved[:, 3]), np.sin(moved[:, 3])
        up, right = side * (yx * cos + xx * sin), side * (yy * cos + xy * sin)
        moved[:, 3] = np.arctan2(up, right) % math.tau
        moved[:, 4] *= 2**31 / math.sqrt(abs(area))
        return moved


def _plain(value: Any) -> Any:
    """A setting as a type of JSON."""
    if isinstance(value, tuple):
        return list(value)
    return value.item() if isinstance(value, np.generic) else value
