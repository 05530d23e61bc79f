"""Whole samples: masks, boxes and keypoints follow the image, in any form of sample."""

import functools

import numpy as np
import pytest
from frameworks import available
from PIL import Image

import dpa
from dpa.integrations.image import (
    apply_augmentation,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)
from dpa.integrations.samples import augment_sample

PARAMS = dpa.gen_augmentation_params(3, dpa.get_preset("aggressive"), epoch=2)
RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (24, 32, 3), np.uint8)
MASK = RANDOM.integers(1, 5, (24, 32), np.uint8)
BOXES = [[2.0, 3.0, 10.0, 20.0], [0.0, 0.0, 32.0, 24.0]]
POINTS = np.float32([[1, 2], [30, 20]])
KINDS = ("image", "mask", "boxes", "keypoints", "label")
SIZE = (24, 32)


def check(found, **options):
    """Of (image, mask, boxes, keypoints, label), by the functions of each."""
    image, mask, boxes, points, label = found
    placing = {name: options[name] for name in ("out_size",) if name in options}
    assert np.array_equal(image, apply_augmentation(IMAGE, PARAMS, **options))
    assert not np.array_equal(image, IMAGE)
    border = {"border": options["border"]} if isinstance(options.get("border"), str) else {}
    if not border and "border" in options:
        border = {"border": 0}
    assert np.array_equal(mask, augment_mask(MASK, PARAMS, **placing, **border))
    assert np.array_equal(boxes, augment_boxes(BOXES, PARAMS, SIZE, **placing))
    wanted = augment_keypoints(POINTS, PARAMS, SIZE, **placing)
    assert points.dtype == np.float32
    assert np.array_equal(points, wanted.astype(np.float32))
    assert label == 7


@pytest.mark.parametrize(
    "options",
    [{}, {"out_size": (12, 40)}, {"border": "edge"}, {"border": 9, "interpolation": "cubic"}],
    ids=["plain", "resized", "edge", "number"],
)
def test_tuples_and_dicts_of_any_depth(options):
    whole = (IMAGE, MASK, BOXES, POINTS, 7)
    check(augment_sample(whole, PARAMS, KINDS, **options), **options)
    check(augment_sample(list(whole), PARAMS, list(KINDS), **options), **options)
    named = dict(zip(KINDS, whole, strict=True))
    for targets in (KINDS, KINDS[:4], {name: name for name in KINDS[:4]}):
        found = augment_sample({**named, "more": "x"}, PARAMS, targets, **options)
        check([found[name] for name in KINDS], **options)
        assert found["more"] == "x"
    nested = (IMAGE, {"segmentation": MASK, "at": (BOXES, POINTS), "class": 7})
    targets = ("image", {"segmentation": "mask", "at": ("boxes", "keypoints")})
    image, rest = augment_sample(nested, PARAMS, targets, **options)
    check((image, rest["segmentation"], *rest["at"], rest["class"]), **options)
    assert np.array_equal(augment_sample(IMAGE, PARAMS, "image", **options), image)


def test_the_input_stays_unchanged():
    before = IMAGE.copy(), MASK.copy(), POINTS.copy()
    sample = {"image": IMAGE, "mask": MASK, "keypoints": POINTS}
    augment_sample(sample, PARAMS, ("image", "mask", "keypoints"))
    assert sample["image"] is IMAGE
    after = IMAGE, MASK, POINTS
    assert all(map(np.array_equal, before, after))


def test_options_of_labels():
    image, mask = augment_sample((IMAGE, MASK), PARAMS, ("image", "mask"), fill_mask=255)
    assert np.array_equal(mask, augment_mask(MASK, PARAMS, border=255))
    assert (mask == 255).any()
    assert np.array_equal(image, apply_augmentation(IMAGE, PARAMS))
    parts = np.float64([[0.1, 0.2, 0.3, 0.4]])
    _, boxes = augment_sample(
        (IMAGE, parts), PARAMS, ("image", "boxes"), box_format="cxcywh", normalised=True
    )
    wanted = augment_boxes(parts, PARAMS, SIZE, format="cxcywh", normalised=True)
    assert np.array_equal(boxes, wanted)


def test_pictures_and_several_images():
    first, second = Image.fromarray(IMAGE), Image.fromarray(IMAGE[::-1])
    targets = ("image", "image", "mask")
    left, right, mask = augment_sample((first, second, Image.fromarray(MASK)), PARAMS, targets)
    assert left == apply_augmentation(first, PARAMS)
    assert right == apply_augmentation(second, PARAMS)
    assert np.array_equal(np.asarray(mask), augment_mask(MASK, PARAMS))


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_tensors_stay_tensors(dtype):
    if not available("torch"):
        pytest.skip("torch is not installed")
    import torch

    boxes = torch.tensor(BOXES).to(getattr(torch, dtype))
    _, found = augment_sample((IMAGE, boxes), PARAMS, ("image", "boxes"))
    assert found.dtype == (torch.float32 if dtype == "float32" else torch.float64)
    wanted = augment_boxes(BOXES, PARAMS, SIZE).astype(np.float32)
    assert np.allclose(found.numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("sample", "targets", "error", "message"),
    [
        ((IMAGE, 1), ("image", "msk"), ValueError, "targets must be of image, .*, got 'msk'"),
        (
            (IMAGE, 1),
            ("label", "mask"),
            ValueError,
            "targets must have an image, .*'mask'",
        ),
        ((IMAGE, 1), (), TypeError, r"targets must be the kinds .*, got \(\)"),
        ((IMAGE, 1), 3, TypeError, "targets must be the kinds .*, got 3"),
        ((IMAGE, 1), ("image",), ValueError, "targets=.* must have as many as the sample, 2"),
        ((IMAGE, 1), {"image": "image"}, TypeError, "targets=.* must fit the sample, got "),
        ({"x": IMAGE}, ("image",), ValueError, "targets has 'image', the sample has 'x'"),
        ((IMAGE, MASK[1:]), ("image", "mask"), ValueError, "mask must have .* size .*24.*23"),
        (("a", MASK), ("image", "mask"), ValueError, "mask must have its image's size"),
        ((IMAGE, [MASK]), ("image", "mask"), TypeError, "mask must be a NumPy array or a PIL"),
        ((IMAGE, [[3, 2, 1, 0]]), ("image", "boxes"), ValueError, "boxes must not end before"),
    ],
)
def test_bad_targets(sample, targets, error, message):
    with pytest.raises(error, match=f"{message}"):
        augment_sample(sample, PARAMS, targets)
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        augment_sample((IMAGE,), PARAMS, ("image",), size=3)


def test_a_partial_is_a_sample_transform():
    make = functools.partial(augment_sample, targets=("image", "label"), out_size=(4, 4))
    image, label = make((IMAGE, 1), PARAMS)
    assert (image.shape, label) == ((4, 4, 3), 1)
