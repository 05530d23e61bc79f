"""Parameters for Kornia's augmentations: what they do is what the parameters say."""

import importlib
import sys

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.space import Choice, Space, Uniform, sometimes

torch, K = require("torch"), require("kornia.augmentation", "adapters")
from dpa.integrations.kornia import (  # noqa: E402 (it needs what require() looks for)
    affine_params,
    color_params,
    noise_params,
)
from dpa.integrations.torch import apply_augmentation  # noqa: E402
from dpa.noise import standard_normals  # noqa: E402

BATCH = dpa.generate_augmentation_batch([42, 7, 42], dpa.get_preset("mild"), epoch=3)
IMAGES = torch.rand(3, 3, 24, 32, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3


def test_rotation_and_scale_are_those_of_the_tensor_path():
    smooth = torch.nn.functional.avg_pool2d(IMAGES, 5, stride=1, padding=2)
    turned = K.RandomAffine(degrees=0)(smooth, params=affine_params(BATCH, IMAGES.shape))
    plain = dpa.get_preset(
        "mild", brightness_range=(1, 1), contrast_range=(1, 1), noise_range=(0, 0)
    )
    batch = dpa.generate_augmentation_batch([42, 7, 42], plain, epoch=3)
    expected = apply_augmentation(smooth, batch)
    inside = (slice(None), slice(None), slice(6, -6), slice(8, -8))  # borders are another matter
    assert torch.allclose(turned[inside], expected[inside], atol=2e-3)


def test_brightness_and_contrast():
    params = color_params(BATCH, IMAGES.shape)
    brightness, contrast = (
        torch.tensor(column, dtype=torch.float32)[:, None, None, None]
        for column in (BATCH.brightness, BATCH.contrast)
    )
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]

    def contrasted(images):
        mean = (images * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
        return ((images - mean) * contrast + mean).clamp(0, 1)

    jitter = K.ColorJitter()(IMAGES, params=params)
    assert torch.allclose(jitter, contrasted((IMAGES * brightness).clamp(0, 1)), atol=1e-3)
    jiggle = K.ColorJiggle()(IMAGES, params=params)
    expected = (IMAGES + brightness - 1).clamp(0, 1) * contrast
    assert torch.allclose(jiggle, expected.clamp(0, 1), atol=1e-3)


def test_noise_is_the_frozen_field():
    noisy = K.RandomGaussianNoise()(IMAGES, params=noise_params(BATCH, IMAGES.shape))
    for at in range(3):
        field = torch.from_numpy(standard_normals(BATCH[at], (24, 32, 3))).permute(2, 0, 1)
        expected = IMAGES[at] + np.float32(BATCH.noise[at]) * field
        assert torch.allclose(noisy[at], expected, atol=1e-6)


@pytest.mark.parametrize("make", [affine_params, color_params, noise_params])
@pytest.mark.parametrize("shape", [(3, 24, 32), (2, 3, 24, 32)])
def test_the_shape_is_that_of_the_batch(make, shape):
    with pytest.raises(ValueError, match=r"shape must be \(3, channels, height, width\)"):
        make(BATCH, shape)


def test_images_in_place_of_their_shape_are_named():
    with pytest.raises(TypeError, match=r"shape must be the images' shape, got a tensor"):
        affine_params(BATCH, IMAGES)


def test_equal_ids_are_augmented_alike():
    same = IMAGES[:1].repeat(3, 1, 1, 1)
    augmented = K.RandomAffine(degrees=0)(same, params=affine_params(BATCH, same.shape))
    assert torch.equal(augmented[0], augmented[2])
    assert not torch.allclose(augmented[0], augmented[1])


@pytest.mark.parametrize("make", [affine_params, color_params, noise_params])
def test_what_is_no_batch_is_named(make):
    with pytest.raises(TypeError, match="batch must be an AugmentationBatch, got list"):
        make(BATCH.to_dicts(), IMAGES.shape)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (affine_params, "rotation or scale"),
        (color_params, "brightness or contrast"),
        (noise_params, "noise"),
    ],
)
def test_a_batch_without_these_names_is_refused(make, names):
    batch = dpa.generate_augmentation_batch(range(3), Space({"hue": Uniform(0, 1)}))
    with pytest.raises(ValueError, match=rf"batch must have {names}, it has 'hue'"):
        make(batch, IMAGES.shape)


def test_what_a_sample_does_not_have_is_not_done():
    space = Space(turned=sometimes(0.5), rotation=Choice([90, 180], when={"turned": True}))
    batch = dpa.generate_augmentation_batch(range(3), space)
    assert batch["turned"].tolist() == [True, False, True]
    params = affine_params(batch, IMAGES.shape)
    assert params["angle"].tolist() == [-row.get("rotation", 0) for row in batch]
    assert params["scale"].tolist() == [[1, 1]] * 3


def test_without_pytorch_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "dpa.integrations.kornia")
    with pytest.raises(ImportError, match="needs PyTorch and Kornia: pip install"):
        importlib.import_module("dpa.integrations.kornia")
