"""The transform of torchvision v2: driven by the id; images, masks and boxes follow."""

import numpy as np
import pytest
from frameworks import require

import dpa

torch, v2 = require("torch"), require("torchvision.transforms.v2", "adapters")
from PIL import Image  # noqa: E402 (they need what require() looks for)
from torchvision import tv_tensors  # noqa: E402

from dpa.integrations import image as applied  # noqa: E402
from dpa.integrations.torchvision import Augment, SampleId  # noqa: E402

#: Smooth: libraries read between the pixels alike, but not to the last bit.
PIXELS = (
    np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
)
IMAGE = tv_tensors.Image(torch.from_numpy(PIXELS).permute(2, 0, 1))
PARAMS = dpa.gen_augmentation_params(42, base_seed=7, epoch=3)
AUGMENT = Augment(base_seed=7)
ID = SampleId(42, epoch=3)


def check_pixels(found):
    expected = applied.apply_augmentation(PIXELS, PARAMS, border=0)
    far = np.abs(found.astype(int) - expected) > 2
    assert far.mean() < 0.01  # at the border


def test_images_are_those_of_apply_augmentation():
    image, _ = AUGMENT(IMAGE, ID)
    assert isinstance(image, tv_tensors.Image)
    assert image.dtype == torch.uint8
    check_pixels(image.permute(1, 2, 0).numpy())
    picture, _ = AUGMENT(Image.fromarray(PIXELS), ID)
    check_pixels(np.asarray(picture))
    values, _ = AUGMENT(IMAGE.as_subclass(torch.Tensor) / 255, ID)
    check_pixels((values * 255).round().permute(1, 2, 0).numpy())


def test_masks_and_boxes_follow():
    mask = tv_tensors.Mask((IMAGE[0] > 128).to(torch.uint8))
    box = [10, 10, 30, 20]
    boxes = tv_tensors.BoundingBoxes([box], format="XYXY", canvas_size=PIXELS.shape[:2])
    found = AUGMENT({"image": IMAGE, "boxes": boxes, "mask": mask, "id": ID, "label": 3})
    expected = applied.augment_mask(mask.numpy(), PARAMS, border=0)
    assert (found["mask"].numpy() != expected).mean() < 0.01
    expected = applied.augment_boxes([box], PARAMS, PIXELS.shape[:2])
    assert np.abs(found["boxes"].numpy() - expected).max() <= 1  # theirs are whole numbers
    assert found["id"] is ID
    assert found["label"] == 3


def test_equal_ids_are_augmented_alike_and_others_are_not():
    first, again, other = (AUGMENT(IMAGE, SampleId(name))[0] for name in ("a", "a", "b"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_nothing_is_drawn():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    v2.Compose([AUGMENT, v2.ToDtype(torch.float32, scale=True)])(IMAGE, ID)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("ids", [(), (SampleId(1), SampleId(2))])
def test_there_must_be_one_id(ids):
    with pytest.raises(ValueError, match=f"must have one SampleId, got {len(ids)}"):
        AUGMENT(IMAGE, *ids)


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "1", "I;16"])
def test_a_mode_that_torchvision_would_damage_is_named(mode):
    with pytest.raises(ValueError, match=f"must have the mode L or RGB, got '{mode}': image.conv"):
        AUGMENT(Image.new(mode, (8, 6)), ID)


@pytest.mark.parametrize("fill", ["a", None, True, float("nan"), float("inf")])
def test_a_bad_fill_is_named_at_once(fill):
    with pytest.raises(ValueError, match=f"fill must be a finite number, got {fill!r}"):
        Augment(fill=fill)


def test_an_id_shows_what_it_is():
    assert repr(ID) == "SampleId(42, epoch=3)"
    assert repr(SampleId("a.png")) == "SampleId('a.png', epoch=None)"


def test_without_contrast_a_pixel_that_is_nan_stays_alone():
    augment = Augment(dpa.AugmentationConfig((0, 0), (1, 1), (0, 0), (1, 1), (1, 1)))
    image = torch.full((1, 4, 5), 0.5)
    image[0, 1, 1] = torch.nan
    assert augment(image, ID)[0].isnan().sum() <= 4  # it and neighbours, read between
