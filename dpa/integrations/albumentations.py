"""An Albumentations transform whose values come from the sample's id, not a random state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import extra
from dpa.derivation.config import AugmentationConfig, checked_space, space_of
from dpa.derivation.derivation import derive
from dpa.derivation.keys import Key
from dpa.derivation.space import Space

with extra("albumentations", "dpa.integrations.albumentations needs Albumentations"):
    import albumentations as A  # noqa: N812 (its users' habit)

from dpa.images.pixels import Sampling
from dpa.integrations.image import (
    apply_augmentation,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)


class Augment(A.DualTransform):  # type: ignore[misc]  # without types here
    """apply_augmentation as a part of `A.Compose`; mask, boxes and keypoints follow the image.

    The call needs `sample_id=` (int or str) and may have `epoch=`:
    `A.Compose([Augment()])(image=image, sample_id=42, epoch=3)`. The transform draws nothing,
    so neither the seed of the Compose nor other transforms change its values.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space with the five parameters, or its
        to_dict(); None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".
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
        p: float = 1,
    ) -> None:
        if p != 1:
            raise ValueError(f"p must be 1: each sample is augmented; got {p!r}")
        super().__init__(p=1)
        if isinstance(config, Mapping):
            made = space_of if "space" in config else AugmentationConfig.from_dict
            config = made(config)
        self.config = checked_space(config)
        key = Key.checked(view=view, base_seed=base_seed)
        self.base_seed, self.view = key.base_seed, key.view
        Sampling.checked(interpolation, border)
        self.border = border
        self.interpolation = interpolation

    def get_transform_init_args(self) -> dict[str, Any]:
        """The settings as JSON stores them, for repr, A.to_dict, A.save and ReplayCompose."""
        names = ("base_seed", "view", "border", "interpolation")
        return {"config": self.config.to_dict(), **{name: getattr(self, name) for name in names}}

    @property
    def targets_as_params(self) -> list[str]:
        """The arguments that the call needs."""
        return ["sample_id"]

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """The sample's parameters and the image's size, for the methods below."""
        derivation = derive(self.config, data.get("epoch"), self.view, self.base_seed)
        return {"sample": derivation.params(data["sample_id"]), "size": params["shape"][:2]}

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
            The same shape and dtype.
        """
        border, interpolation = self.border, self.interpolation
        pixels: npt.NDArray[Any] = apply_augmentation(
            img, sample, border=border, interpolation=interpolation
        )
        return pixels

    def apply_to_mask(
        self, mask: npt.NDArray[Any], sample: dict[str, Any], **_: Any
    ) -> npt.NDArray[Any]:
        """The mask rotated and scaled; outside it is 0, or continued as the image is.

        Parameters
        ----------
        mask
            An array HxW or HxWxC, as augment_mask takes it.
        sample
            The sample's parameters, from get_params_dependent_on_data.

        Returns
        -------
        numpy.ndarray
            The same shape and dtype.
        """
        border = self.border if isinstance(self.border, str) else 0
        return augment_mask(mask, sample, border=border)

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
            The same shape; further columns are kept.
        """
        if len(bboxes) == 0:
            return bboxes
        height, width = size
        scale = np.array([width, height, width, height])
        boxes = augment_boxes(bboxes[:, :4] * scale, sample, size) / scale
        return np.column_stack([boxes, bboxes[:, 4:]])

    def apply_to_keypoints(
        self, keypoints: npt.NDArray[Any], sample: dict[str, Any], size: tuple[int, int], **_: Any
    ) -> npt.NDArray[Any]:
        """The moved keypoints.

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
            The same shape, float64; z and further columns are kept.
        """
        if len(keypoints) == 0:
            return keypoints
        moved = np.array(keypoints, np.float64)
        moved[:, :2] = augment_keypoints(keypoints[:, :2], sample, size)
        moved[:, 3] += np.radians(sample["rotation"])
        moved[:, 4] *= sample["scale"]
        return moved
