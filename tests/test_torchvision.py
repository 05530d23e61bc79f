"""The transform of torchvision v2: driven by the id, equal to dpa.integrations.image."""

import numpy as np
import pytest
from frameworks import require

import dpa

torch, v2 = require("torch"), require("torchvision.transforms.v2", "adapters")
from PIL import Image  # noqa: E402 (they need what require() looks for)
from torchvision import tv_tensors  # noqa: E402

from dpa.integrations import image as applied  # noqa: E402
from dpa.integrations.torchvision import Augment, SampleId  # noqa: E402

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
IMAGE = tv_tensors.Image(torch.from_numpy(PIXELS).permute(2, 0, 1))
PARAMS = dpa.gen_augmentation_params(42, base_seed=7, epoch=3)
SIZE = PIXELS.shape[:2]
AUGMENT = Augment(base_seed=7)
ID = SampleId(42, epoch=3)


def expected(pixels, **options):
    return applied.apply_augmentation(pixels, PARAMS, **{"border": 0, **options})


def as_pixels(image):
    return image.permute(1, 2, 0).numpy()


# ---- Images ----


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_images_are_those_of_apply_augmentation_bit_for_bit(dtype):
    pixels = (PIXELS / 255).astype(dtype) if "float" in dtype else PIXELS.astype(dtype)
    plain = torch.from_numpy(pixels).permute(2, 0, 1)
    for tensor in (plain, tv_tensors.Image(plain), plain.contiguous()):
        found, _ = AUGMENT(tensor, ID)
        assert type(found) is type(tensor)
        assert found.dtype == tensor.dtype
        assert found.is_contiguous()
        assert np.array_equal(as_pixels(found), expected(pixels))
    assert np.array_equal(pixels, as_pixels(plain))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
def test_pil_images_are_those_of_apply_augmentation(mode):
    pixels = np.dstack([PIXELS, PIXELS])[..., : len(mode)].squeeze()
    pixels = PIXELS[..., 0].astype(np.uint16) * 257 if mode == "I;16" else pixels
    image = Image.fromarray(pixels)
    assert image.mode == mode
    found, _ = AUGMENT(image, ID)
    assert found.mode == mode
    assert np.array_equal(np.asarray(found), np.asarray(expected(image)))


def test_the_fill_is_the_border():
    found, _ = Augment(base_seed=7, fill=200)(IMAGE, ID)
    assert np.array_equal(as_pixels(found), expected(PIXELS, border=200))


@pytest.mark.parametrize("shape", [(2, 3), (2, 1, 4), (0, 3)], ids=str)
def test_each_frame_of_a_video_is_an_image(shape):
    frames = np.random.default_rng(1).random((*shape, 8, 9), np.float32)
    video, _ = AUGMENT(tv_tensors.Video(torch.from_numpy(frames)), ID)
    assert isinstance(video, tv_tensors.Video)
    assert video.shape == frames.shape
    for frame, found in zip(
        frames.reshape(-1, *frames.shape[-3:]), video.flatten(0, -4), strict=True
    ):
        assert np.array_equal(as_pixels(found), expected(np.moveaxis(frame, 0, -1)))


def test_floats_are_not_clamped():
    celsius = np.random.default_rng(2).random((32, 32, 1), np.float32) * 20 + 20
    found, _ = AUGMENT(torch.from_numpy(celsius).permute(2, 0, 1), ID)
    assert np.array_equal(as_pixels(found), expected(celsius))
    assert len(found.unique()) > 900


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single_precision(dtype):
    image = (IMAGE / 255).to(dtype)
    found, _ = AUGMENT(image, ID)
    assert found.dtype == dtype
    assert torch.equal(found, AUGMENT(image.float(), ID)[0].to(dtype))


@pytest.mark.parametrize("dtype", [torch.bool, torch.int32, torch.int64, torch.complex64])
def test_a_dtype_that_images_cannot_have_is_named(dtype):
    name = str(dtype).removeprefix("torch.")
    with pytest.raises(TypeError, match=f"image must have one of the dtypes uint8, .* got {name}"):
        AUGMENT(torch.zeros(3, 8, 8, dtype=dtype), ID)


def test_a_shape_that_images_cannot_have_is_named():
    with pytest.raises(ValueError, match=r"image must be \[..., C, H, W\], got shape \(8, 8\)"):
        AUGMENT(torch.zeros(8, 8), ID)
    with pytest.raises(ValueError, match=r"not empty, got shape \(8, 8, 0\)"):
        AUGMENT(torch.zeros(0, 8, 8), ID)
    AUGMENT(torch.zeros(9, 3, 30), ID)  # channels come first, however many


# ---- Masks, boxes and keypoints ----


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16])
@pytest.mark.parametrize("shape", [(40, 56), (1, 40, 56), (5, 40, 56), (0, 40, 56)], ids=str)
def test_masks_are_those_of_augment_mask(dtype, shape):
    labels = torch.from_numpy(np.random.default_rng(3).integers(0, 99, shape)).to(dtype)
    found, _, _ = AUGMENT(tv_tensors.Mask(labels), IMAGE, ID)
    assert isinstance(found, tv_tensors.Mask)
    assert found.dtype == dtype
    assert found.shape == shape
    for mask, moved in zip(labels.reshape(-1, *SIZE), found.reshape(-1, *SIZE), strict=True):
        assert np.array_equal(applied.augment_mask(mask.numpy(), PARAMS, border=0), moved)


def test_the_fill_of_a_mask_is_a_label():
    mask = tv_tensors.Mask(torch.full((9, 9), 2**62 + 1))
    small = dpa.AugmentationConfig(scale_range=(0.5, 0.5))
    found, _ = Augment(small, fill=2**53 + 1)(mask, ID)
    assert set(found.unique().tolist()) == {2**62 + 1, 2**53 + 1}
    with pytest.raises(ValueError, match=r"a label that int64 holds exactly, got 0\.5"):
        Augment(fill=0.5)(mask, ID)


@pytest.mark.parametrize("format_", ["XYXY", "XYWH", "CXCYWH"])
def test_boxes_are_those_of_augment_boxes(format_):
    corners = [[10.0, 10.0, 30.0, 20.0], [0.0, 0.0, 56.0, 40.0], [50.0, 1.0, 56.0, 3.0]]
    boxes = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=SIZE)
    convert = v2.functional.convert_bounding_box_format
    sample = {"image": IMAGE, "boxes": convert(boxes, new_format=format_), "id": ID, "label": 3}
    found = AUGMENT(sample)
    moved = applied.augment_boxes(corners, PARAMS, SIZE).clip(0, [56, 40, 56, 40])
    assert np.abs(convert(found["boxes"], new_format="XYXY").numpy() - moved).max() < 1e-4
    assert found["boxes"].format.name == format_
    assert found["id"] is ID
    assert found["label"] == 3


@pytest.mark.skipif(not hasattr(tv_tensors, "KeyPoints"), reason="torchvision is below 0.23")
def test_keypoints_are_those_of_augment_keypoints():
    points = [[[3.0, 4.0], [30.5, 20.0]], [[25.0, 39.0], [-9.0, 0.0]]]
    found, _ = AUGMENT(tv_tensors.KeyPoints(points, canvas_size=SIZE), ID)
    assert found.shape == (2, 2, 2)
    moved = applied.augment_keypoints(np.reshape(points, (4, 2)), PARAMS, SIZE).clip(0, [55, 39])
    assert np.abs(found.reshape(4, 2).numpy() - moved).max() < 1e-5
    quarter = Augment(dpa.AugmentationConfig((90, 90), (1, 1), (0, 0), (1, 1), (1, 1)))
    whole = tv_tensors.KeyPoints(torch.tensor([[3, 0]]), canvas_size=(4, 4))
    moved, _ = quarter(whole, ID)
    assert moved.tolist() == [[0, 0]]
    assert moved.dtype == torch.int64


# ---- Ids ----


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


@pytest.mark.parametrize("mode", ["P", "CMYK", "1"])
def test_a_mode_that_images_cannot_have_is_named(mode):
    with pytest.raises(ValueError, match=f"one of the modes L, .* got '{mode}': image.convert"):
        AUGMENT(Image.new(mode, (8, 6)), ID)


@pytest.mark.parametrize("fill", ["a", None, True, float("nan"), float("inf")])
def test_a_bad_fill_is_named_at_once(fill):
    with pytest.raises((TypeError, ValueError), match=f"fill must be .* got {fill!r}"):
        Augment(fill=fill)


def test_an_id_shows_what_it_is():
    assert repr(ID) == "SampleId(42, epoch=3)"
    assert repr(SampleId("a.png")) == "SampleId('a.png', epoch=None)"


def test_a_pixel_that_is_nan_stays_alone():
    image = torch.full((1, 40, 50), 0.5)
    image[0, 1, 1] = torch.nan
    assert AUGMENT(image, ID)[0].isnan().sum() <= 4  # it and neighbours, read between
