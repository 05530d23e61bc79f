"""dpa.integrations.torch: tensors get what arrays get."""

import importlib
import re
import sys

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.integrations.image import apply_augmentation_batch
from dpa.noise import standard_normals_batch

torch = require("torch")
from dpa.integrations.torch import apply_augmentation  # noqa: E402 (needs torch)

NOTHING = {"rotation": 0, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
BATCH = dpa.generate_augmentation_batch(range(6), dpa.get_preset("aggressive"))
BORDERS = ["reflect", "edge", 0, 0.75]


def pictures(shape=(6, 3, 24, 31), dtype=torch.float32, seed=1):
    return torch.from_numpy(np.random.default_rng(seed).random(shape)).to(dtype)


def as_arrays(images, batch, **options):
    arrays = images.permute(0, 2, 3, 1).numpy()
    done = apply_augmentation_batch(arrays, batch, **options)
    return torch.from_numpy(done).permute(0, 3, 1, 2)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize(
    "shape", [(6, 3, 24, 31), (6, 1, 40, 20), (6, 2, 1, 9), (6, 4, 9, 1), (6, 3, 1, 1)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_get_what_arrays_get(border, interpolation, shape, dtype):
    images = pictures(shape, dtype)
    options = {"border": border, "interpolation": interpolation}
    done = apply_augmentation(images, BATCH, **options)
    assert done.dtype == dtype
    assert done.shape == images.shape
    off = (done - as_arrays(images, BATCH, **options)).abs()
    if interpolation == "nearest":  # a pixel in a thousand lies between two
        assert (off > 1e-4).float().mean() < 1e-3 + 1e-9
    else:
        assert off.max() < 1e-4


def test_the_noise_is_the_field_of_the_array():
    images = torch.zeros(2, 3, 5, 7)
    batch = [{**NOTHING, "noise": 0.25, "hash": params["hash"]} for params in BATCH[:2]]
    field = standard_normals_batch(batch, (5, 7, 3)) / 4
    done = apply_augmentation(images, batch).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(done, field)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
def test_nothing_changes_nothing(border, interpolation):
    images = pictures()
    done = apply_augmentation(images, [NOTHING] * 6, border=border, interpolation=interpolation)
    assert done.data_ptr() != images.data_ptr()
    assert (done - images).abs().max() < 1e-5


def test_the_input_stays_and_its_layout_does_not_matter():
    images = pictures()
    kept = images.clone()
    wanted = apply_augmentation(images, BATCH, border=0.5)
    assert torch.equal(images, kept)
    wide = torch.zeros(6, 3, 48, 62)
    wide[:, :, ::2, ::2] = images
    for same in (images.to(memory_format=torch.channels_last), wide[:, :, ::2, ::2]):
        assert (apply_augmentation(same, BATCH, border=0.5) - wanted).abs().max() < 1e-5


def test_a_batch_may_be_dicts_and_may_be_empty():
    images = pictures()
    wanted = apply_augmentation(images, BATCH)
    assert torch.equal(apply_augmentation(images, BATCH.to_dicts()), wanted)
    assert torch.equal(apply_augmentation(images[2:3], BATCH[2:3]), wanted[2:3])
    assert apply_augmentation(images[:0], BATCH[:0]).shape == (0, 3, 24, 31)


def test_a_batch_of_noisy_and_other_samples():
    quiet = {**BATCH[1], "noise": 0}
    del quiet["hash"]
    mixed = [BATCH[0], quiet, BATCH[2]]
    images = pictures((3, 3, 8, 9)).requires_grad_()
    done = apply_augmentation(images, mixed)
    alone = [apply_augmentation(images[at : at + 1], mixed[at : at + 1]) for at in range(3)]
    assert torch.equal(done, torch.cat(alone))
    done.sum().backward()
    assert torch.isfinite(images.grad).all()


def test_no_field_is_made_where_there_is_no_noise(monkeypatch):
    made = []

    def counted(samples, shape):
        made.append(len(samples))
        return standard_normals_batch(samples, shape)

    monkeypatch.setattr("dpa.integrations.torch.tensors.standard_normals_batch", counted)
    quiet = {**BATCH[1], "noise": 0}
    apply_augmentation(pictures((3, 3, 8, 9)), [BATCH[0], quiet, quiet])
    apply_augmentation(pictures((2, 3, 8, 9)), [quiet, quiet])
    assert made == [1]


def test_without_contrast_a_pixel_that_is_nan_stays_alone():
    images = torch.full((2, 1, 5, 6), 0.5)
    images[:, 0, 1, 1] = torch.nan
    done = apply_augmentation(images, [NOTHING, {**NOTHING, "contrast": 0.5}])
    assert done[0].isnan().sum() <= 4  # it and neighbours, read between
    assert done[1].isnan().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single_precision(dtype):
    images = pictures(dtype=dtype)
    done = apply_augmentation(images, BATCH)
    assert done.dtype == dtype
    assert torch.equal(done, apply_augmentation(images.float(), BATCH).to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_changes_nothing(dtype):
    images = pictures(dtype=dtype)
    wanted = apply_augmentation(images, BATCH)
    with torch.autocast("cpu", torch.bfloat16):
        done = apply_augmentation(images, BATCH)
    assert done.dtype == dtype
    assert torch.equal(done, wanted)


@pytest.mark.parametrize("border", ["reflect", "edge", 0.5])
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_the_gradient_with_respect_to_the_images(border, interpolation):
    images = pictures((2, 2, 4, 5), torch.float64).requires_grad_()

    def augmented(pixels):
        return apply_augmentation(pixels, BATCH[:2], border=border, interpolation=interpolation)

    assert torch.autograd.gradcheck(augmented, images)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((6, 3, 4, 4)), TypeError, "images must be a floating-point tensor, got ndarray"),
        (torch.zeros(6, 3, 4, 4, dtype=torch.uint8), TypeError, "tensor, got torch.uint8"),
        (torch.zeros(3, 4, 4), ValueError, "NxCxHxW and not empty, got shape (3, 4, 4)"),
        (torch.zeros(6, 3, 0, 4), ValueError, "NxCxHxW and not empty, got shape (6, 3, 0, 4)"),
        (torch.zeros(6, 0, 4, 4), ValueError, "NxCxHxW and not empty, got shape (6, 0, 4, 4)"),
        (torch.zeros(6, 8, 8, 3), ValueError, "(6, 8, 8, 3), which looks like NxHxWxC"),
        (torch.zeros(6, 12, 8, 1), ValueError, "images.permute(0, 3, 1, 2) puts the"),
        (torch.zeros(6, 8, 8, 2), ValueError, "(6, 8, 8, 2), which looks like NxHxWxC"),
        (torch.zeros(6, 26, 30, 13), ValueError, "(6, 26, 30, 13), which looks like NxHxWxC"),
        (torch.zeros(5, 3, 4, 4), ValueError, "images and batch must be as many, got 5 and 6"),
    ],
)
def test_bad_images_are_named(images, error, message):
    with pytest.raises(error, match=re.escape(message)):
        apply_augmentation(images, BATCH)


@pytest.mark.parametrize("shape", [(6, 7, 8, 3), (6, 8, 7, 3), (6, 8, 8, 5), (6, 25, 30, 13)])
def test_a_narrow_picture_is_no_nhwc(shape):
    assert apply_augmentation(torch.zeros(shape), BATCH).shape == shape


def test_bad_options_are_named():
    images = pictures((1, 1, 4, 4))
    with pytest.raises(
        ValueError, match=r"border must be one of reflect, edge or a .* got 'zeros'"
    ):
        apply_augmentation(images, BATCH[:1], border="zeros")
    with pytest.raises(ValueError, match=r"interpolation must be one of .* got 'bilinear'"):
        apply_augmentation(images, BATCH[:1], interpolation="bilinear")
    with pytest.raises(ValueError, match=r"'scale'\] must be at least 0\.001, got 0"):
        apply_augmentation(images, [{**NOTHING, "scale": 0}])


def test_without_pytorch_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("dpa.integrations.torch", "dpa.integrations.torch.tensors"):
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"pip install 'dpa-augment\[torch\]'"):
        importlib.import_module("dpa.integrations.torch")
