"""A transform of Albumentations that is driven by the sample's id instead of a random state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import extra
from dpa.derivation.config import AugmentationConfig
from dpa.derivation.derivation import derive

with extra("albumentations", "dpa.integrations.albumentations needs Albumentations"):
    import albumentations as A  # noqa: N812 (its users' habit)

from dpa.integrations.image import (
    Sampling,
    apply_augmentation,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)


class Augment(A.DualTransform):  # type: ignore[misc]  # without types here
    """apply_augmentation as a part of `A.Compose`: image, mask, boxes and keypoints follow.

    The call must have `sample_id=` (int or str), and may have `epoch=` beside it:
    `A.Compose([Augment()])(image=image, sample_id=42, epoch=3)`. `config` (or its to_dict()),
    `base_seed` and `view` as for gen_augmentation_params, `border` and `interpolation` as for
    dpa.integrations.image.apply_augmentation. It draws nothing, so neither the seed of the
    Compose nor the transforms beside it change its values; and `p` is always 1.
    """

    def __init__(
        self,
        config: AugmentationConfig | Mapping[str, Any] | None = None,
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
            config = AugmentationConfig.from_dict(config)
        derivation = derive(config, None, view, base_seed)
        self.config = derivation.space
        self.base_seed, self.view = derivation.key.base_seed, derivation.key.view
        Sampling.checked(interpolation, border)
        self.border = border
        self.interpolation = interpolation

    def get_transform_init_args(self) -> dict[str, Any]:
        """The settings as JSON has them: for repr, A.to_dict, A.save and ReplayCompose."""
        names = ("base_seed", "view", "border", "interpolation")
        return {"config": self.config.to_dict(), **{name: getattr(self, name) for name in names}}

    @property
    def targets_as_params(self) -> list[str]:
        """What the call must have."""
        return ["sample_id"]

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """The parameters of the sample, for the methods below."""
        derivation = derive(self.config, data.get("epoch"), self.view, self.base_seed)
        return {"sample": derivation.params(data["sample_id"]), "size": params["shape"][:2]}

    def apply(self, img: npt.NDArray[Any], sample: dict[str, Any], **_: Any) -> npt.NDArray[Any]:
        """The augmented image."""
        border, interpolation = self.border, self.interpolation
        pixels: npt.NDArray[Any] = apply_augmentation(
            img, sample, border=border, interpolation=interpolation
        )
        return pixels

    def apply_to_mask(
        self, mask: npt.NDArray[Any], sample: dict[str, Any], **_: Any
    ) -> npt.NDArray[Any]:
        """The mask, turned and zoomed; outside of it 0, or mirrored where the image is."""
        border = self.border if isinstance(self.border, str) else 0
        return augment_mask(mask, sample, border=border)

    def apply_to_bboxes(
        self, bboxes: npt.NDArray[Any], sample: dict[str, Any], size: tuple[int, int], **_: Any
    ) -> npt.NDArray[Any]:
        """Boxes as Albumentations has them inside: in parts of width and height."""
        if len(bboxes) == 0:
            return bboxes
        height, width = size
        scale = np.array([width, height, width, height])
        boxes = augment_boxes(bboxes[:, :4] * scale, sample, size) / scale
        return np.column_stack([boxes, bboxes[:, 4:]])

    def apply_to_keypoints(
        self, keypoints: npt.NDArray[Any], sample: dict[str, Any], size: tuple[int, int], **_: Any
    ) -> npt.NDArray[Any]:
        """Keypoints (x, y, z, angle, scale, ...); angles are radians, counter-clockwise."""
        if len(keypoints) == 0:
            return keypoints
        moved = np.array(keypoints, np.float64)
        moved[:, :2] = augment_keypoints(keypoints[:, :2], sample, size)
        moved[:, 3] += np.radians(sample["rotation"])
        moved[:, 4] *= sample["scale"]
        return moved
