"""A batch's parameters as the `params=` of Kornia's augmentations, on any device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from dpa.checks import brief, extra
from dpa.derivation.derivation import AugmentationBatch

with extra("kornia", "dpa.integrations.kornia needs PyTorch and Kornia"):
    import torch

from dpa.images.noise import standard_normals_batch
from dpa.images.table import EffectTable

Params: TypeAlias = dict[str, torch.Tensor]


def affine_params(batch: AugmentationBatch, shape: Sequence[int]) -> Params:
    """Rotation and scale, for `RandomAffine(degrees=0)(images, params=...)`.

    What a sample does not have is not done to it, and other names are ignored. `shape`: the
    images' shape (n, channels, height, width), where n is len(batch). Raises ValueError for
    another shape and for a batch without these names, TypeError if `batch` is not an
    AugmentationBatch.
    """
    height, width = _checked(batch, shape)[2:]
    rotation, scale = _columns(batch, "rotation", "scale")
    nothing = torch.zeros(len(batch))
    return {
        "angle": -rotation,  # Kornia turns clockwise
        "scale": torch.stack([scale, scale], dim=1),
        "center": torch.tensor([[(width - 1) / 2, (height - 1) / 2]]).repeat(len(batch), 1),
        "translations": torch.zeros(len(batch), 2),
        "shear_x": nothing,
        "shear_y": nothing,
        **_common(batch, shape),
    }


def color_params(batch: AugmentationBatch, shape: Sequence[int]) -> Params:
    """Brightness, then contrast, for `ColorJitter(...)` or `ColorJiggle(...)` with `params=`.

    They have Kornia's meaning. ColorJitter multiplies by the brightness and scales the contrast
    about the mean of the greyscale image, as Pillow does. ColorJiggle adds brightness - 1 and
    multiplies by the contrast. Hue and saturation do not change. `shape` and errors are as for
    affine_params.
    """
    _checked(batch, shape)
    brightness, contrast = _columns(batch, "brightness", "contrast")
    return {
        "brightness_factor": brightness,
        "contrast_factor": contrast,
        "saturation_factor": torch.ones(len(batch)),
        "hue_factor": torch.zeros(len(batch)),
        "order": torch.arange(4),
        **_common(batch, shape),
    }


def noise_params(batch: AugmentationBatch, shape: Sequence[int]) -> Params:
    """The noise fields, scaled, for `RandomGaussianNoise()(images, params=...)`.

    The fields are those of dpa.integrations.torch, channels last in memory. `shape` and errors
    are as for affine_params.
    """
    _, channels, height, width = _checked(batch, shape)
    [stdev] = _columns(batch, "noise")
    fields = torch.from_numpy(standard_normals_batch(batch, (height, width, channels)))
    return {
        "gaussian_noise": fields.mul_(stdev[:, None, None, None]).permute(0, 3, 1, 2),
        **_common(batch, shape),
    }


def _columns(batch: AugmentationBatch, *names: str) -> list[torch.Tensor]:
    """The values of each name, float32, shape (n,); neutral where a sample lacks it."""
    if not any(name in batch.names for name in names):
        raise ValueError(
            f"batch must have {' or '.join(names)}, it has {brief(', '.join(batch.names))}"
        )
    table = EffectTable.checked(batch)
    return [torch.from_numpy(table.column(name).astype(np.float32)) for name in names]


def _checked(batch: AugmentationBatch, shape: Sequence[int]) -> tuple[int, ...]:
    if not isinstance(batch, AugmentationBatch):
        raise TypeError(f"batch must be an AugmentationBatch, got {type(batch).__name__}")
    if isinstance(shape, torch.Tensor):
        raise TypeError("shape must be the images' shape, got a tensor: images.shape")
    sizes = tuple(shape)
    if len(sizes) != 4 or sizes[0] != len(batch):
        raise ValueError(
            f"shape must be ({len(batch)}, channels, height, width) for this batch, got {sizes}"
        )
    return sizes


def _common(batch: AugmentationBatch, shape: Sequence[int]) -> Params:
    return {
        "batch_prob": torch.ones(len(batch)),  # each sample is augmented
        "forward_input_shape": torch.tensor(tuple(shape)),
    }
