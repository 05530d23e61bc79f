"""The transform of torchvision v2: driven by the id, equal to dpa.integrations.image."""

import math

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.space import Bernoulli, Space, Uniform, group

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
#: Everything that moves pixels and changes them.
PLACES = {
    "rotation": Uniform(-40, 40),
    "scale": Uniform(0.8, 1.3),
    "shear_x": Uniform(-20, 20),
    "translate_y": Uniform(-0.1, 0.1),
    "flip_horizontal": Bernoulli(0.5),
    "flip_vertical": Bernoulli(0.5),
    "crop": group(area=Uniform(0.2, 1), ratio=Uniform(0.5, 2), x=Uniform(0, 1), y=Uniform(0, 1)),
}
TONES = {
    "gamma": Uniform(0.5, 2),
    "contrast": Uniform(0.8, 1.2),
    "saturation": Uniform(0, 2),
    "noise": Uniform(0, 0.1),
    "erase": group(area=Uniform(0.05, 0.2), x=Uniform(0, 1)),
}
ALL = Space({**PLACES, **TONES})
KEYPOINTS = pytest.mark.skipif(
    not hasattr(tv_tensors, "KeyPoints"), reason="torchvision is below 0.23"
)


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


def test_tensors_of_other_types():
    """Those that torchvision takes for images are, and others are returned as they are."""

    class Own(torch.Tensor):
        pass

    class Depth(tv_tensors.TVTensor):
        pass

    plain = torch.from_numpy(PIXELS).permute(2, 0, 1)
    found, _ = AUGMENT(plain.as_subclass(Own), ID)
    assert type(found) is Own
    assert np.array_equal(as_pixels(found), expected(PIXELS))
    depth = plain.as_subclass(Depth)
    assert AUGMENT(IMAGE, depth, ID)[1] is depth


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
    found, _ = Augment(base_seed=7, full_range=40)(torch.from_numpy(celsius).permute(2, 0, 1), ID)
    assert np.array_equal(as_pixels(found), expected(celsius, full_range=40))
    assert len(found.unique()) > 900


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single_precision(dtype):
    image = (IMAGE / 255).to(dtype)
    found, _ = AUGMENT(image, ID)
    assert found.dtype == dtype
    assert torch.equal(found, AUGMENT(image.float(), ID)[0].to(dtype))


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        ("bool", "tv_tensors.Mask"),
        ("int16", r"\(image.int\(\) \+ 32768\).to\(torch.uint16\)"),
        ("int32", "image.float.* full_range="),
        ("int64", "image.float.* full_range="),
        ("complex64", ""),
        ("float8_e4m3fn", ""),
    ],
)
def test_a_dtype_that_images_cannot_have_is_named(dtype, advice):
    image = torch.zeros(3, 8, 8).to(getattr(torch, dtype))
    with pytest.raises(
        TypeError, match=f"image must have one of the dtypes uint8, .* got {dtype}.*{advice}"
    ):
        AUGMENT(image, ID)


def test_a_shape_that_images_cannot_have_is_named():
    with pytest.raises(ValueError, match=r"image must be \[..., C, H, W\], got shape \(8, 8\)"):
        AUGMENT(torch.zeros(8, 8), ID)
    with pytest.raises(ValueError, match=r"not empty, got shape \(8, 8, 0\)"):
        AUGMENT(torch.zeros(0, 8, 8), ID)
    AUGMENT(torch.zeros(9, 3, 30), ID)  # channels come first, however many


@pytest.mark.parametrize("sample_id", range(4))
@pytest.mark.parametrize("out_size", [None, (32, 24), [9, 70]], ids=str)
def test_every_effect_on_every_input(sample_id, out_size):
    options = {"full_range": 250, "erase_fill": 3}
    augment = Augment(ALL, out_size=out_size, fill=7, fill_mask=2, **options)
    labels = torch.from_numpy(PIXELS).permute(2, 0, 1)
    sample = {
        "image": IMAGE,
        "video": tv_tensors.Video(torch.stack([IMAGE, IMAGE + 1])),
        "pil": Image.fromarray(PIXELS),
        "mask": tv_tensors.Mask(labels),
        "id": SampleId(sample_id),
    }
    found = augment(sample)
    params = dpa.gen_augmentation_params(sample_id, ALL)
    options |= {"out_size": out_size, "border": 7}
    pixels = applied.apply_augmentation(PIXELS, params, **options)
    assert np.array_equal(as_pixels(found["image"]), pixels)
    assert np.array_equal(found["pil"], pixels)
    assert np.array_equal(as_pixels(found["video"][0]), pixels)
    second = applied.apply_augmentation(PIXELS + np.uint8(1), params, **options)
    assert np.array_equal(as_pixels(found["video"][1]), second)
    masks = applied.augment_mask(PIXELS, params, out_size=out_size, border=2)
    assert np.array_equal(as_pixels(found["mask"]), masks)


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
    image = torch.rand(1, 9, 9)
    pixels, labels, _ = Augment(small, fill=0.5, fill_mask=255)(tv_tensors.Image(image), mask, ID)
    assert set(labels.unique().tolist()) == {2**62 + 1, 255}
    assert torch.equal(pixels, Augment(small, fill=0.5)(image, ID)[0])


def test_a_mask_that_cannot_be_moved_is_named():
    with pytest.raises(TypeError, match=r"mask must have .* got bfloat16: mask\.float"):
        AUGMENT(tv_tensors.Mask(torch.zeros(9, 9, dtype=torch.bfloat16)), ID)
    with pytest.raises(ValueError, match=r"a mask must be \[\.\.\., H, W\], got shape \(9,\)"):
        AUGMENT(tv_tensors.Mask(torch.zeros(9)), ID)


@pytest.mark.parametrize("format_", ["XYXY", "XYWH", "CXCYWH"])
@pytest.mark.parametrize("out_size", [None, (90, 33)])
@pytest.mark.parametrize("space", [None, Space(PLACES)], ids=["five", "all"])
def test_boxes_are_those_of_augment_boxes(format_, out_size, space):
    corners = [[10.0, 10.0, 30.0, 20.0], [0.0, 0.0, 56.0, 40.0], [50.0, 1.0, 56.0, 3.0]]
    boxes = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=SIZE)
    convert = v2.functional.convert_bounding_box_format
    sample = {"image": IMAGE, "boxes": convert(boxes, new_format=format_), "id": ID, "label": 3}
    found = Augment(space, base_seed=7, out_size=out_size)(sample)
    params = dpa.gen_augmentation_params(42, space, base_seed=7, epoch=3)
    height, width = out_size or SIZE
    moved = applied.augment_boxes(corners, params, SIZE, out_size=out_size)
    moved = moved.clip(0, [width, height, width, height])
    assert np.abs(convert(found["boxes"], new_format="XYXY").numpy() - moved).max() < 1e-4
    assert found["boxes"].canvas_size == (height, width) == found["image"].shape[1:]
    assert found["boxes"].format.name == format_
    assert found["boxes"].dtype == torch.float32
    assert found["id"] is ID
    assert found["label"] == 3


def test_whole_boxes_are_rounded_and_none_is_no_problem():
    quarter = Augment(dpa.AugmentationConfig((90, 90), (1, 1), (0, 0), (1, 1), (1, 1)))
    for format_, box in (("XYXY", [3, 0, 4, 2]), ("XYWH", [3, 0, 1, 2]), ("CXCYWH", [3, 1, 2, 2])):
        boxes = tv_tensors.BoundingBoxes(
            torch.tensor([box]), format=format_, canvas_size=(4, 4), dtype=torch.int64
        )
        moved, _ = quarter(boxes, ID)
        wanted = {"XYXY": [0, 0, 2, 1], "XYWH": [0, 0, 2, 1], "CXCYWH": [1, 1, 2, 2]}
        assert moved.tolist() == [wanted[format_]]
        assert moved.dtype == torch.int64
    none = tv_tensors.BoundingBoxes(torch.zeros(0, 4), format="XYWH", canvas_size=(4, 4))
    moved, _ = Augment(out_size=(7, 9))(none, ID)
    assert moved.shape == (0, 4)
    assert moved.canvas_size == (7, 9)


def test_boxes_that_end_before_they_begin_are_refused():
    boxes = tv_tensors.BoundingBoxes([[9.0, 1, 3, 4]], format="XYXY", canvas_size=SIZE)
    with pytest.raises(ValueError, match=r"must not end before they begin, got \[9\.0, 1\.0, 3"):
        AUGMENT(boxes, ID)


@KEYPOINTS
def test_boxes_are_not_clamped_where_they_say_so():
    boxes = tv_tensors.BoundingBoxes(
        [[0.0, 0.0, 56.0, 40.0]], format="XYXY", canvas_size=SIZE, clamping_mode=None
    )
    moved, _ = AUGMENT(boxes, ID)
    assert np.abs(moved.numpy() - applied.augment_boxes(boxes, PARAMS, SIZE)).max() < 1e-4
    assert moved.min() < 0
    assert moved.clamping_mode is None


@KEYPOINTS
@pytest.mark.parametrize("name", ["XYWHR", "CXCYWHR", "XYXYXYXY"])
def test_rotated_boxes_are_refused_and_their_corners_moved(name):
    box = [[10.0, 10.0, 20.0, 5.0, 30.0]]
    boxes = tv_tensors.BoundingBoxes(box, format="XYWHR", canvas_size=SIZE)
    convert = v2.functional.convert_bounding_box_format
    with pytest.raises(ValueError, match=f"XYXY, XYWH, CXCYWH, got {name}: .* as KeyPoints"):
        AUGMENT(convert(boxes, new_format=name), ID)
    corners = convert(boxes, new_format="XYXYXYXY").reshape(-1, 4, 2)
    points = tv_tensors.KeyPoints(corners - 0.5, canvas_size=SIZE)
    moved = AUGMENT(points, ID)[0] + 0.5
    ends = [applied.augment_boxes([[x, y, x, y]], PARAMS, SIZE)[0, :2] for x, y in corners[0]]
    assert np.abs(moved.numpy() - ends).max() < 1e-4


@KEYPOINTS
@pytest.mark.parametrize("out_size", [None, (90, 33)])
@pytest.mark.parametrize("space", [None, Space(PLACES)], ids=["five", "all"])
def test_keypoints_are_those_of_augment_keypoints(out_size, space):
    """Outside the canvas, too: v2.SanitizeKeyPoints drops them, v2.ClampKeyPoints moves them."""
    points = [[[3.0, 4.0], [30.5, 20.0]], [[25.0, 39.0], [-9.0, 0.0]]]
    augment = Augment(space, base_seed=7, out_size=out_size)
    found, _ = augment(tv_tensors.KeyPoints(points, canvas_size=SIZE), ID)
    assert found.shape == (2, 2, 2)
    assert found.canvas_size == (out_size or SIZE)
    params = dpa.gen_augmentation_params(42, space, base_seed=7, epoch=3)
    rows = np.reshape(points, (4, 2))
    moved = applied.augment_keypoints(rows, params, SIZE, out_size=out_size)
    assert np.abs(found.reshape(4, 2).numpy() - moved).max() < 1e-4


@KEYPOINTS
def test_whole_keypoints_are_rounded():
    quarter = Augment(dpa.AugmentationConfig((90, 90), (1, 1), (0, 0), (1, 1), (1, 1)))
    whole = tv_tensors.KeyPoints(torch.tensor([[3, 0]]), canvas_size=(4, 4))
    moved, _ = quarter(whole, ID)
    assert moved.tolist() == [[0, 0]]
    assert moved.dtype == torch.int64


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("format_", ["XYXY", "XYWH", "CXCYWH"])
def test_what_is_not_moved_stays_bit_for_bit(dtype, format_):
    neutral = Augment(Space({"rotation": Uniform(0, 0)}))
    corners = torch.rand(50, 4, dtype=dtype, generator=torch.Generator().manual_seed(0)) * 20
    corners[:, 2:] += corners[:, :2]
    boxes = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=SIZE)
    boxes = v2.functional.convert_bounding_box_format(boxes, new_format=format_)
    moved, image, _ = neutral(boxes, IMAGE, ID)
    assert (moved - boxes).abs().max() <= (0 if dtype == torch.float32 else 2e-14)
    assert torch.equal(image, IMAGE)


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fill_mask", "reflect"),
        ("out_size", 224),
        ("out_size", (0, 9)),
        ("full_range", 0),
        ("full_range", "255"),
        ("erase_fill", math.inf),
        ("strict", 1),
    ],
)
def test_a_bad_setting_is_named_at_once(name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} must be .* got"):
        Augment(**{name: value})


def test_names_that_are_no_effects():
    space = Space({**PLACES, "lambda_": Uniform(0, 1)})
    Augment(space)(IMAGE, ID)
    with pytest.raises(ValueError, match="lambda_ is no effect; there are rotation"):
        Augment(space, strict=True)
    Augment(Space(PLACES), strict=True)(IMAGE, ID)
    with pytest.raises(ValueError, match=r"images need one of rotation, .* has lambda_"):
        Augment(Space({"lambda_": Uniform(0, 1)}))


def test_an_id_shows_what_it_is():
    assert repr(ID) == "SampleId(42, epoch=3, view=None)"
    assert repr(SampleId("a.png", view=0)) == "SampleId('a.png', epoch=None, view=0)"


@pytest.mark.parametrize("view", [0, 3])
def test_the_view_of_an_id_takes_the_place_of_the_transforms(view):
    augment = Augment(base_seed=7, view=1)
    for given, used in ((view, view), (None, 1)):
        found, _ = augment(IMAGE, SampleId(42, epoch=3, view=given))
        params = dpa.gen_augmentation_params(42, base_seed=7, epoch=3, view=used)
        assert np.array_equal(
            as_pixels(found), applied.apply_augmentation(PIXELS, params, border=0)
        )


def test_a_pixel_that_is_nan_stays_alone():
    image = torch.full((1, 40, 50), 0.5)
    image[0, 1, 1] = torch.nan
    assert AUGMENT(image, ID)[0].isnan().sum() <= 4  # it and neighbours, read between


def test_an_option_set_later_holds_for_images_and_labels():
    augment = Augment(base_seed=7)
    augment.out_size, augment.erase_fill = (7, 9), 3
    image, mask = tv_tensors.Image(IMAGE), tv_tensors.Mask(torch.zeros(40, 56, dtype=torch.uint8))
    image, mask, _ = augment(image, mask, ID)
    assert image.shape[-2:] == mask.shape[-2:] == (7, 9)
