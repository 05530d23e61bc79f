"""dpa.integrations.image: against SciPy, PIL and pixels worked out by hand."""

import importlib
import io
import re
import sys
from pathlib import PurePosixPath

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import dpa
from dpa.images.effects import Effect
from dpa.integrations.image import (
    apply_augmentation,
    apply_augmentation_batch,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)
from dpa.noise import standard_normals

NOTHING = {"rotation": 0, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
PARAMS = dpa.gen_augmentation_params(42)
RANGES = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
BORDERS = ["reflect", "edge", 0]
#: Of full range: OpenCV 4 reads between pixels on a grid of 1/32 (docs/images.md).
COARSE = 0.04 if cv2.__version__ < "5" else 0


def picture(shape, dtype="uint8", seed=1):
    values = np.random.default_rng(seed).random(shape)
    return (values * RANGES[dtype]).round(0 if RANGES[dtype] > 1 else 9).astype(dtype)


def expected(image, params, border="reflect"):
    """All steps by SciPy in double precision, neither rounded nor clipped."""
    angle = np.radians(params["rotation"])
    # From a row and a column of the result, about the centre, to those of the image.
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    back /= params["scale"]
    center = (np.array(image.shape[:2]) - 1) / 2
    mode = {"reflect": "mirror", "edge": "nearest"}.get(border, "grid-constant")
    fill = 0 if isinstance(border, str) else border
    planes = np.atleast_3d(image.astype(np.float64))
    turned = [
        ndimage.affine_transform(plane, back, center - back @ center, None, None, 1, mode, fill)
        for plane in np.moveaxis(planes, 2, 0)
    ]
    values = np.stack(turned, 2).reshape(image.shape) * params["brightness"]
    values = values.mean() + (values - values.mean()) * params["contrast"]
    noise = standard_normals(params, image.shape) if params["noise"] else 0
    return values + params["noise"] * RANGES[image.dtype.name] * noise


def assert_close(found, wanted, image, tolerance):
    """Within so many parts of full range, and one half more for the rounding of integers."""
    assert found.dtype == image.dtype
    assert found.shape == image.shape
    full = RANGES[image.dtype.name]
    allowed = tolerance * full
    if full > 1:
        wanted, allowed = np.clip(wanted, 0, full), allowed + 0.5
    assert np.abs(found - wanted).max() <= allowed


# ---- By hand ----


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("shape", [(1, 1), (5, 8), (6, 4, 1), (6, 4, 2), (7, 5, 3), (3, 9, 7)])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
def test_nothing_changes_nothing(dtype, shape, border, interpolation):
    image = picture(shape, dtype)
    done = apply_augmentation(image, NOTHING, border=border, interpolation=interpolation)
    wanted = image.astype(np.float32).astype(dtype)  # a float64 image is computed in float32
    assert done is not image
    assert done.dtype == image.dtype
    assert np.array_equal(done, wanted)


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("shape", [(8, 8), (9, 9, 3), (8, 8, 2), (9, 9, 4)])
@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
def test_quarter_turns_are_counter_clockwise(dtype, shape, quarters, interpolation):
    image = picture(shape, dtype)
    params = {**NOTHING, "rotation": 90 * quarters}
    done = apply_augmentation(image, params, border=0, interpolation=interpolation)
    assert np.abs(done - np.rot90(image, quarters).astype(np.float64)).max() <= 1e-6


def test_zoom_two_shows_the_middle_twice_as_large():
    image = np.arange(25, dtype=np.uint8).reshape(5, 5) * 4
    done = apply_augmentation(image, {**NOTHING, "scale": 2})
    assert np.array_equal(done[::2, ::2], image[1:4, 1:4])
    assert np.array_equal(done[1::2, ::2], image[1:3, 1:4] + 10)  # half-way to the next row
    assert np.array_equal(done[::2, 1::2], image[1:4, 1:3] + 2)


def test_what_lies_outside():
    image = np.array([[10, 20, 30, 40, 50]] * 5, np.uint8)
    half = {**NOTHING, "scale": 0.5}  # the row at the columns -2, 0, 2, 4, 6
    assert apply_augmentation(image, half)[2].tolist() == [30, 10, 30, 50, 30]
    assert apply_augmentation(image, half, border="edge")[2].tolist() == [10, 10, 30, 50, 50]
    assert apply_augmentation(image, half, border=7)[2].tolist() == [7, 10, 30, 50, 7]


def test_brightness_then_contrast_about_the_mean_of_all_channels():
    image = np.array([[[10, 20], [30, 40]]], np.uint8)  # mean 25, after brightness 50
    bright = {**NOTHING, "brightness": 2}
    assert apply_augmentation(image, bright).ravel().tolist() == [20, 40, 60, 80]
    params = {**bright, "contrast": 0.5}
    assert apply_augmentation(image, params).ravel().tolist() == [35, 45, 55, 65]
    assert apply_augmentation(image, {**bright, "contrast": 0}).ravel().tolist() == [50] * 4


def test_integers_are_clipped_once_at_the_end_and_floats_not_at_all():
    image = np.array([[100, 200]], np.uint8)  # 300 and 600, then 375 and 525: not 255 and 255
    params = {**NOTHING, "brightness": 3, "contrast": 0.5}
    assert apply_augmentation(image, params).tolist() == [[255, 255]]
    dark = {**params, "brightness": 0.5, "contrast": 3}  # 50 and 100, then 0 and 150
    assert apply_augmentation(image, dark).tolist() == [[0, 150]]
    done = apply_augmentation(image.astype(np.float32), params)
    assert done.tolist() == [[375, 525]]
    assert apply_augmentation(done - 500, NOTHING).tolist() == [[-125, 25]]


def test_halves_are_rounded_to_even():
    image = np.array([[1, 3, 5, 7]], np.uint8)
    half = {**NOTHING, "brightness": 0.5}
    assert apply_augmentation(image, half).tolist() == [[0, 2, 2, 4]]
    assert apply_augmentation(image.astype(np.uint16), half).tolist() == [[0, 2, 2, 4]]


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("shape", [(40, 30), (20, 30, 3), (9, 7, 5)])
def test_the_noise_is_the_samples_field_in_c_order(dtype, shape):
    full = RANGES[dtype]
    image = np.full(shape, full // 2 if full > 1 else 0.5, dtype)
    params = {**NOTHING, "noise": 0.2, "hash": PARAMS["hash"]}
    noise = np.float32(0.2 * full) * standard_normals(PARAMS, shape)
    wanted = image.astype(np.float32) + noise
    if full > 1:
        wanted = np.clip(np.rint(wanted), 0, full)
        assert (wanted == full).any()
    assert np.array_equal(apply_augmentation(image, params), wanted.astype(dtype))


# ---- Against SciPy and PIL ----


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        ("uint8", (64, 48)),
        ("uint8", (31, 50, 3)),
        ("uint8", (40, 40, 4)),
        ("uint8", (33, 20, 6)),
        ("uint16", (48, 64, 3)),
        ("uint16", (20, 21, 2)),
        ("float32", (50, 40, 3)),
        ("float32", (1, 30)),
        ("float64", (30, 41)),
    ],
)
def test_whole_samples_agree_with_scipy(dtype, shape, border):
    image = picture(shape, dtype)
    for params in dpa.generate_augmentation_batch(range(4), dpa.get_preset("aggressive")):
        done = apply_augmentation(image, params, border=border)
        # Integers are rounded once more, between the turn and the tones: gain is up to 1.82.
        tolerance = 1e-4 if RANGES[dtype] == 1 else 1e-4 + 1 / RANGES[dtype]
        assert_close(done, expected(image, params, border), image, tolerance + COARSE)


def test_the_turn_agrees_with_pil():
    image = picture((60, 80, 3))
    params = {**NOTHING, "rotation": 25, "scale": 1.3}
    x = Effect.checked({**NOTHING, "rotation": -25, "scale": 1 / 1.3}).matrix(40, 30)
    turned = Image.fromarray(image).transform(
        (80, 60), Image.Transform.AFFINE, tuple(x.ravel()), Image.Resampling.BILINEAR
    )
    inside = apply_augmentation(np.full((60, 80), 255, np.uint8), params, border=0) == 255
    assert inside.mean() > 0.9
    off = apply_augmentation(image, params).astype(int) - np.asarray(turned)
    assert np.abs(off[inside]).max() <= 1 + 255 * COARSE


# ---- Inputs ----


@pytest.mark.parametrize("dtype", RANGES)
def test_the_input_stays_as_it_is(dtype):
    image = picture((20, 24, 3), dtype)
    kept = image.copy()
    image.flags.writeable = False
    for params in (PARAMS, {**PARAMS, "noise": 0}, NOTHING):
        done = apply_augmentation(image, params)
        assert not np.shares_memory(done, image)
        assert done.flags.writeable
        assert done.flags.c_contiguous
        assert np.array_equal(image, kept)


def test_any_layout_in_memory_gives_the_same():
    image = picture((20, 24, 3))
    wanted = apply_augmentation(image, PARAMS)
    wide = np.zeros((40, 48, 6), np.uint8)
    wide[::2, ::2, ::2] = image
    for same in (wide[::2, ::2, ::2], np.asfortranarray(image), image[::-1].copy()[::-1]):
        assert not same.flags.c_contiguous
        assert np.array_equal(apply_augmentation(same, PARAMS), wanted)


@pytest.mark.parametrize(("mode", "channels"), [("L", 0), ("RGB", 3), ("I;16", 0)])
def test_a_pil_image_is_its_array(mode, channels):
    shape = (20, 24, channels) if channels else (20, 24)
    pixels = picture(shape, "uint16" if mode == "I;16" else "uint8")
    image = Image.fromarray(pixels)
    done = apply_augmentation(image, PARAMS, border="edge", interpolation="cubic")
    assert done.mode == image.mode == mode
    wanted = apply_augmentation(pixels, PARAMS, border="edge", interpolation="cubic")
    assert np.array_equal(np.asarray(done), wanted)
    assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("border", ["reflect", 200])
def test_alpha_is_turned_and_keeps_its_tones(mode, border):
    pixels = picture((20, 24, len(mode)))
    done = np.asarray(apply_augmentation(Image.fromarray(pixels, mode), PARAMS, border=border))
    colour = np.ascontiguousarray(pixels[..., :-1])
    assert np.array_equal(done[..., :-1], apply_augmentation(colour, PARAMS, border=border))
    turn = {**NOTHING, "rotation": PARAMS["rotation"], "scale": PARAMS["scale"]}
    around = border if border == "reflect" else 0  # what is filled is transparent
    assert np.array_equal(done[..., -1], apply_augmentation(pixels[..., -1], turn, border=around))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_pil_image_keeps_its_info(mode):
    exif = Image.Exif()
    exif[0x0112] = 6  # the orientation
    file = io.BytesIO()
    Image.new(mode, (8, 6)).save(file, "PNG", exif=exif, icc_profile=b"profile")
    image = Image.open(file)
    image.load()
    done = apply_augmentation(image, PARAMS)
    assert done.getexif()[0x0112] == 6
    assert done.info == image.info
    assert done.info["icc_profile"] == b"profile"
    done.info.clear()
    assert image.info


def test_without_contrast_a_pixel_that_is_nan_stays_alone():
    image = np.full((4, 5), 0.5, np.float32)
    image[1, 1] = np.nan
    done = apply_augmentation(image, {**NOTHING, "brightness": 1.1})
    assert np.isnan(done).sum() <= 4  # it and neighbours, read between


IMAGE = picture((6, 8, 3))


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        ("photo.png", TypeError, "got the path 'photo.png': PIL.Image.open reads it; in Hugging"),
        (PurePosixPath("photo.png"), TypeError, "got the path PurePosixPath('photo.png')"),
        (None, TypeError, "image must be a NumPy array or a PIL image, got NoneType; for tensors"),
        (IMAGE.astype(np.int64), TypeError, "dtypes uint8, uint16, float32, float64, got int64"),
        (IMAGE.astype(">u2"), TypeError, "dtypes uint8, uint16, float32, float64, got >u2"),
        (IMAGE.astype(np.float16), TypeError, "got float16"),
        (IMAGE[0, 0], ValueError, "HxW or HxWxC and not empty, got shape (3,)"),
        (IMAGE[None], ValueError, "HxW or HxWxC and not empty, got shape (1, 6, 8, 3)"),
        (IMAGE[:0], ValueError, "HxW or HxWxC and not empty, got shape (0, 8, 3)"),
        (IMAGE[..., :0], ValueError, "HxW or HxWxC and not empty, got shape (6, 8, 0)"),
        (picture((1, 28, 28)), ValueError, "got shape (1, 28, 28), which looks like CxHxW"),
        (picture((3, 8, 12)), ValueError, "np.moveaxis(image, 0, -1) puts the channels last"),
        (picture((4, 12, 8)), ValueError, "got shape (4, 12, 8), which looks like CxHxW"),
        ({"x": IMAGE}, TypeError, "got dict; for tensors: dpa.integrations.torch.apply"),
        (Image.new("P", (4, 4)), ValueError, "modes L, LA, RGB, RGBA, I;16, got 'P'"),
        (Image.new("CMYK", (4, 4)), ValueError, "image.convert('RGB') makes one"),
        (Image.new("RGB", (0, 4)), ValueError, "HxW or HxWxC and not empty, got shape (4, 0, 3)"),
    ],
)
def test_a_bad_image_is_named(image, error, message):
    with pytest.raises(error, match=re.escape(message)):
        apply_augmentation(image, PARAMS)


@pytest.mark.parametrize(
    "shape",
    [(3, 8), (3, 224, 3), (3, 224, 7), (3, 7, 224), (1, 1, 200), (3, 3, 200), (2, 9, 9), (5, 9, 9)],
)
def test_few_rows_or_many_channels_alone_are_no_error(shape):
    image = picture(shape)
    assert np.array_equal(apply_augmentation(image, NOTHING), image)


@pytest.mark.parametrize("border", ["wrap", None, True, float("nan"), ("edge",)])
def test_a_bad_border_is_named(border):
    message = f"border must be one of reflect, edge or a finite number, got {border!r}"
    with pytest.raises(ValueError, match=re.escape(message)):
        apply_augmentation(IMAGE, PARAMS, border=border)


def test_a_border_out_of_range_and_a_bad_interpolation_are_named():
    with pytest.raises(ValueError, match=r"border must be 0 to 255 for uint8, got 256\.0"):
        apply_augmentation(IMAGE, PARAMS, border=256)
    message = "interpolation must be one of nearest, linear, cubic, got 'area'"
    with pytest.raises(ValueError, match=message):
        apply_augmentation(IMAGE, PARAMS, interpolation="area")


# ---- Batches ----


def test_a_stack_is_its_images():
    batch = dpa.generate_augmentation_batch(["a", "b", "c"])
    for shape in ((3, 12, 10), (3, 12, 10, 3)):
        images = picture(shape)
        done = apply_augmentation_batch(images, batch, border=9, interpolation="nearest")
        assert done.shape == shape
        assert done.dtype == np.uint8
        for image, params, one in zip(images, batch, done, strict=True):
            wanted = apply_augmentation(image, params, border=9, interpolation="nearest")
            assert np.array_equal(one, wanted)
        again = apply_augmentation_batch(
            images, batch.to_dicts(), border=9, interpolation="nearest"
        )
        assert np.array_equal(done, again)


def test_a_list_may_hold_images_of_any_size_and_kind():
    images = [picture((5, 6)), Image.fromarray(picture((9, 4, 3))), picture((3, 3, 2), "float32")]
    batch = dpa.generate_augmentation_batch(range(3))
    done = apply_augmentation_batch(images, batch)
    for image, params, one in zip(images, batch, done, strict=True):
        assert type(one) is type(image)
        assert np.array_equal(np.asarray(one), np.asarray(apply_augmentation(image, params)))


def test_a_batch_of_none():
    batch = dpa.generate_augmentation_batch([])
    assert apply_augmentation_batch([], batch) == []
    assert apply_augmentation_batch(np.zeros((0, 4, 5), np.uint8), batch).shape == (0, 4, 5)


def test_a_bad_batch_is_named():
    batch = dpa.generate_augmentation_batch(range(2))
    with pytest.raises(ValueError, match="images and batch must be as many, got 6 and 2"):
        apply_augmentation_batch(IMAGE, batch)
    with pytest.raises(ValueError, match=r"images must be NxHxW or NxHxWxC, got shape \(2, 8\)"):
        apply_augmentation_batch(IMAGE[:2, :, 0], batch)
    with pytest.raises(ValueError, match=r"got shape \(3, 9, 8\), which looks like CxHxW"):
        apply_augmentation_batch(picture((2, 3, 9, 8)), batch)


# ---- Masks, points and boxes ----

TURN = {**PARAMS, "rotation": 33.0, "scale": 0.7}


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "uint16", "int16", "int32", "int64", "float32"]
)
@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 2)])
@pytest.mark.parametrize("border", ["reflect", "edge", 1])
def test_a_mask_goes_where_its_image_goes(dtype, shape, border):
    mask = (picture(shape) % (2 if dtype == "bool" else 7)).astype(dtype)
    if dtype in ("int8", "int16", "int32", "int64"):
        mask = -mask
    done = augment_mask(mask, TURN, border=border)
    assert done.dtype == mask.dtype
    turn = {**NOTHING, "rotation": 33.0, "scale": 0.7}
    image = mask.astype(np.float32)
    wanted = apply_augmentation(image, turn, border=border, interpolation="nearest")
    assert np.array_equal(done, wanted.astype(dtype))
    assert set(np.unique(done)) <= set(np.unique(mask)) | {np.array(1, dtype)[()]}


def test_a_mask_may_have_few_rows_and_many_classes():
    assert augment_mask(picture((3, 20, 9)), TURN).shape == (3, 20, 9)


def test_the_fill_of_a_mask_is_a_label():
    mask = np.full((9, 9), 3, np.uint8)
    assert set(np.unique(augment_mask(mask, TURN, border=255))) == {3, 255}
    assert augment_mask(mask.astype(np.int64), TURN, border=-100).min() == -100
    for dtype, border, range_ in (
        ("uint8", 256, "0 to 255"),
        ("uint8", -1, "0 to 255"),
        ("bool", 2, "0 to 1"),
        ("int64", 2**24 + 1, "-16777216 to 16777216"),
        ("int8", 0.5, "-128 to 127"),
    ):
        message = f"border must be labels of {range_}, got {float(border)}"
        with pytest.raises(ValueError, match=re.escape(message)):
            augment_mask(mask.astype(dtype), TURN, border=border)


def test_a_mask_of_float32_gets_no_new_values():
    mask = np.random.default_rng(1).normal(size=(30, 40)).astype(np.float32)
    mask[3, 4] = np.nan
    done = augment_mask(mask, TURN, border=0.5)
    assert done.dtype == np.float32
    assert 0.5 in done
    assert set(done[~np.isnan(done)]) <= {*mask.ravel(), np.float32(0.5)}
    with pytest.raises(ValueError, match=r"border must be labels of .* got 1e\+39"):
        augment_mask(mask, TURN, border=1e39)


def test_a_bad_mask_is_named():
    with pytest.raises(TypeError, match=r"mask must be a NumPy array of bool, .* got float64"):
        augment_mask(np.zeros((4, 4)), TURN)
    with pytest.raises(TypeError, match=r"mask must be a NumPy array of bool, .* got list"):
        augment_mask([[1]], TURN)
    with pytest.raises(
        ValueError, match="mask must be labels of -16777216 to 16777216, got 16777217"
    ):
        augment_mask(np.array([[0, 2**24 + 1], [2**24, 5]]), TURN)
    with pytest.raises(ValueError, match=re.escape("not empty, got shape (0, 4)")):
        augment_mask(np.zeros((0, 4), bool), TURN)


@pytest.mark.parametrize("size", [(60, 80), (71, 50)])
@pytest.mark.parametrize("sample", range(4))
def test_keypoints_follow_the_pixels(size, sample):
    params = {**dpa.gen_augmentation_params(sample, dpa.get_preset("aggressive")), "noise": 0}
    params = {**NOTHING, "rotation": params["rotation"], "scale": params["scale"]}
    image = np.zeros(size, np.float32)
    point = np.array([24.0, 31.0])
    image[31, 24] = 1
    done = ndimage.center_of_mass(apply_augmentation(image, params, interpolation="linear"))
    moved = augment_keypoints([point, point + 1], params, size)
    assert moved.shape == (2, 2)
    assert np.abs(moved[0] - done[::-1]).max() < 0.3  # the mass of a few pixels


def test_boxes_hold_what_they_held():
    image = np.zeros((60, 80), np.uint8)
    image[20:35, 30:60] = 1
    [box] = augment_boxes([[30, 20, 60, 35]], TURN, image.shape)
    rows, columns = np.nonzero(augment_mask(image, TURN, border=0))
    held = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert np.abs(box - held).max() <= 1
    quarter = {**NOTHING, "rotation": 90}
    assert augment_boxes([[0, 0, 8, 8]], quarter, (8, 8)).round(9).tolist() == [[0, 0, 8, 8]]
    assert augment_boxes([[1, 0, 3, 2]], quarter, (8, 8)).round(9).tolist() == [[0, 5, 2, 7]]


def test_no_points_and_no_boxes():
    assert augment_keypoints([], TURN, (4, 5)).shape == (0, 2)
    assert augment_boxes(np.zeros((0, 4)), TURN, (4, 5)).shape == (0, 4)


def test_bad_points_boxes_and_sizes_are_named():
    with pytest.raises(ValueError, match=r"points must have shape \(n, 2\), got \(2,\)"):
        augment_keypoints([1, 2], TURN, (4, 5))
    with pytest.raises(ValueError, match=r"boxes must have shape \(n, 4\), got \(1, 2\)"):
        augment_boxes([[1, 2]], TURN, (4, 5))
    with pytest.raises(ValueError, match=r"size must be \(height, width\) .* got \(0, 5\)"):
        augment_boxes([[1, 2, 3, 4]], TURN, (0, 5))
    for size in ((4, 5, 3), 5):
        message = f"size must be (height, width), as image.shape[:2] is, got {size}"
        with pytest.raises(ValueError, match=re.escape(message)):
            augment_boxes([[1, 2, 3, 4]], TURN, size)
        with pytest.raises(ValueError, match=re.escape(message)):
            augment_keypoints([[1, 2]], TURN, size)


def test_without_opencv_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.delitem(sys.modules, "dpa.integrations.image")
    with pytest.raises(ImportError, match=r"pip install 'dpa-augment\[image\]'"):
        importlib.import_module("dpa.integrations.image")
