"""Real pictures and labels: each comes out right, or is refused with advice that keeps its values.

Every case was found in public reports and went wrong without an error before.
"""

import re
import warnings

import numpy as np
import pytest
from PIL import Image

import dpa
from dpa.images import pixels
from dpa.images.effects import LIMITS
from dpa.integrations.image import (
    apply_augmentation,
    apply_augmentation_batch,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)
from dpa.noise import standard_normals

TURN = {"rotation": 30, "scale": 0.9}
NOISE = {"noise": 0.05, "hash": dpa.gen_augmentation_params(42)["hash"]}
INTERPOLATIONS = ["linear", "nearest", "cubic"]
BORDERS = ["reflect", "edge", 1]


def picture(shape, dtype="uint8", seed=1):
    full = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    return (np.random.default_rng(seed).random(shape) * full).astype(dtype)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def advice(call, error=ValueError):
    """What the message says after its first colon."""
    with pytest.raises(error) as caught:
        call()
    return str(caught.value).split(": ", 1)[1]


def followed(image, text):
    """The expression at the start of an advice, of that image."""
    return eval(text.split(" has ")[0].split(" keeps ")[0].split(" puts ")[0], globals(), image)


# ---- Channels first ----


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 13, 16])
def test_channels_first_are_refused(bands):
    image = picture((bands, 64, 48), "float32")
    said = advice(lambda: apply_augmentation(image, TURN))
    assert said == "np.moveaxis(image, 0, -1) puts the channels last"
    right = apply_augmentation(followed({"image": image}, said), TURN)
    wanted = [apply_augmentation(band, TURN) for band in image]
    assert np.array_equal(np.moveaxis(right, -1, 0), wanted)
    with pytest.raises(ValueError, match=rf"got shape \({bands}, 64, 48\), which looks like CxHxW"):
        apply_augmentation_batch(image[None], [TURN])
    with pytest.raises(ValueError, match=rf"got shape \({bands}, 64, 48\), which looks like CxHxW"):
        apply_augmentation_batch([image], [TURN])


@pytest.mark.parametrize("masks", [0, 1, 3, 16])
def test_a_stack_of_masks_is_refused(masks):
    stack = np.random.default_rng(2).random((masks, 64, 48)) < 0.5
    said = advice(lambda: augment_mask(stack, TURN, border=0))
    assert said == "np.moveaxis(mask, 0, -1) puts the channels last"
    right = augment_mask(followed({"mask": stack}, said), TURN, border=0)
    assert right.shape == (64, 48, masks)
    for at in range(masks):
        assert np.array_equal(right[..., at], augment_mask(stack[at], TURN, border=0))


def test_many_bands_last_are_none_too_many():
    bands = picture((64, 48, 13), "float32")
    done = apply_augmentation(bands, TURN)
    for at in range(13):
        assert same_bits(done[..., at].copy(), apply_augmentation(bands[..., at], TURN))


# ---- Full range ----


def test_12_bit_pixels_keep_their_pattern():
    columns = np.mgrid[:128, :128][1]
    cells = (2000 + 1500 * np.sin(columns / 9)).astype(np.uint16)
    params = {**dpa.gen_augmentation_params(42), "rotation": 0, "scale": 1}
    params |= {"brightness": 1, "contrast": 1}
    done = apply_augmentation(cells, params, full_range=4095)
    assert np.corrcoef(done.ravel(), cells.ravel())[0, 1] > 0.9
    noise = np.float32(params["noise"] * 4095) * standard_normals(params, cells.shape)
    assert np.array_equal(done, np.rint(cells + noise).clip(0, 4095))
    lost = apply_augmentation(cells, params)  # noise relative to 65,535
    assert np.corrcoef(lost.ravel(), cells.ravel())[0, 1] < 0.6
    stack = apply_augmentation_batch(cells[None], [params], full_range=4095)
    assert same_bits(stack[0], done)
    image = apply_augmentation(Image.fromarray(cells), params, full_range=4095)
    assert np.array_equal(np.asarray(image), done)


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 100), ("uint16", 4095), ("uint16", 1)])
def test_results_are_clipped_to_the_full_range(dtype, white):
    image = np.tile(np.arange(white + 1, dtype=dtype), (3, 1))[..., None].repeat(3, 2)
    noise = {**NOISE, "noise": 0.5}
    for params in ({"brightness": 3}, noise, {"gamma": 0.5}, {"saturation": 9, "brightness": 2}):
        done = apply_augmentation(image, params, full_range=white)
        assert done.max() == white
        assert done.dtype == dtype
    assert (apply_augmentation(image, {"gamma": 3}, full_range=white)[:, -1] == white).all()
    assert apply_augmentation(image.astype(np.float32), noise, full_range=white).max() > white


@pytest.mark.parametrize(
    ("dtype", "bad", "message"),
    [
        *[("uint8", bad, f"1 to 255 for uint8, got {float(bad)}") for bad in (0, -1, 256, 1.5)],
        *[("uint16", bad, f"1 to 65535 for uint16, got {float(bad)}") for bad in (65536, 0.5)],
        *[("float32", bad, f"1e-30 to 1e30, got {float(bad)}") for bad in (0, -1, 1e-31, 1e31)],
        ("float64", float("nan"), "finite, got nan"),
    ],
)
def test_a_full_range_that_no_image_has_is_named(dtype, bad, message):
    image = picture((8, 9), dtype)
    for params in (TURN, {}, NOISE):
        with pytest.raises(ValueError, match=rf"full_range must be .*{re.escape(message[-20:])}"):
            apply_augmentation(image, params, full_range=bad)
        with pytest.raises(ValueError, match="full_range must be"):
            apply_augmentation_batch(image[None], [params], full_range=bad)
    for wrong in ("4095", True):
        with pytest.raises(TypeError, match=f"full_range must be a number, got {wrong!r}"):
            apply_augmentation(image, TURN, full_range=wrong)


# ---- Floats of 0 to 255 ----


@pytest.fixture
def warned(monkeypatch):
    """The list of all warnings, by a process that has not warned yet."""
    monkeypatch.setattr(pixels, "_warned", False)
    monkeypatch.setattr(pixels, "_looked", 0)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("params", [NOISE, {"gamma": 0.5}])
def test_floats_of_0_to_255_get_one_warning(warned, dtype, params):
    image = picture((16, 18, 3)).astype(dtype)
    apply_augmentation(image / 255, params)
    apply_augmentation(image, {**TURN, "contrast": 1.5, "saturation": 0.5})  # relative to nothing
    assert warned == []
    done = apply_augmentation(image, params)
    apply_augmentation(image, params)
    apply_augmentation_batch(image[None], [params])
    [one] = warned
    assert one.category is UserWarning
    assert one.filename == __file__
    assert str(one.message) == (
        f"the image has floats up to {image.max():g}, which noise and gamma take for a full range "
        "of 1: say full_range=255, or divide the image by it"
    )
    divided = apply_augmentation(image / 255, params) * 255
    assert np.abs(apply_augmentation(image, params, full_range=255) - divided).max() < 1e-3
    assert np.abs(done - divided).max() > 0.5


@pytest.mark.parametrize("white", [1, 255])
def test_who_says_the_full_range_gets_no_warning(warned, white):
    image = picture((16, 18)).astype(np.float32)
    apply_augmentation(image, NOISE, full_range=white)
    apply_augmentation(np.array([[np.nan, np.inf, 1], [-np.inf, -255, 1]], np.float32), NOISE)
    assert warned == []


def test_only_the_first_images_are_looked_at(warned):
    image = picture((16, 18)).astype(np.float32)
    for _ in range(pixels._LOOKS):  # of which none is suspicious
        apply_augmentation(image / 255, NOISE)
    apply_augmentation(image, NOISE)
    assert warned == []


@pytest.mark.parametrize("stacked", [True, False])
def test_the_warning_is_at_the_call_of_a_batch(warned, stacked):
    image = np.full((8, 9), 200, np.float32)
    image[0, 0] = np.nan
    apply_augmentation_batch(image[None] if stacked else [image], [NOISE])
    [one] = warned
    assert "floats up to 200, which" in str(one.message)
    assert one.filename == __file__


# ---- Other types ----


@pytest.mark.parametrize("dtype", ["int16", ">i2"])
def test_int16_is_refused_with_a_remedy_that_keeps_its_values(dtype):
    image = np.random.default_rng(3).integers(-32768, 32768, (12, 15)).astype(dtype)
    said = advice(lambda: apply_augmentation(image, TURN), TypeError)
    shifted = followed({"image": image}, said)
    assert shifted.dtype == np.uint16
    assert np.array_equal(shifted.astype(int) - 32768, image)
    done = apply_augmentation(shifted, {**TURN, "contrast": 0.5})
    how = {"full_range": 32768}
    single = apply_augmentation(image.astype(np.float32), {**TURN, "contrast": 0.5}, **how)
    assert np.abs(done.astype(int) - 32768 - single).max() < 1


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint32", "int64", "uint64", ">i4"])
def test_other_integers_may_become_floats(dtype):
    image = np.arange(20).reshape(4, 5).astype(dtype) * 6
    said = advice(lambda: apply_augmentation(image, TURN), TypeError)
    assert said == "image.astype(np.float32) with full_range= keeps integers to 2**24"
    assert np.array_equal(apply_augmentation(image.astype(np.float32), {}, full_range=114), image)


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">f8", "float16", ">f2"])
def test_types_that_lose_nothing_are_named(dtype):
    image = picture((4, 5), "float32") if "f" in dtype else picture((4, 5), "uint16")
    image = image.astype(dtype)
    said = advice(lambda: apply_augmentation(image, TURN), TypeError)
    assert said.endswith(" keeps its values")
    native = followed({"image": image}, said)
    assert np.array_equal(native, image)
    assert np.array_equal(apply_augmentation(native, {}), image)


def test_a_mask_given_as_an_image_is_told_of_augment_mask():
    said = advice(lambda: apply_augmentation(np.zeros((4, 5), bool), TURN), TypeError)
    assert said == "augment_mask is for labels"


# ---- Not finite, and masked ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_one_odd_pixel_stays_local_whatever_the_contrast(dtype, odd):
    image = picture((64, 64, 3), dtype)
    image[5, 7] = odd
    finite = image[np.isfinite(image)]
    for contrast in (1.2, 0.0, -1.0):
        done = apply_augmentation(image, {"contrast": contrast})
        rest = np.ones(image.shape, bool)
        rest[5, 7] = False
        wanted = finite.mean() + contrast * (image[rest] - finite.mean())
        assert np.abs(done[rest] - wanted).max() < 1e-6
        assert not np.isfinite(done[5, 7]).any() or contrast == 0
        moved = apply_augmentation(image, {**TURN, "contrast": contrast})
        assert 0 < (~np.isfinite(moved)).sum() <= 3 * 4 * 4
    ones = np.ones((64, 64), dtype)
    ones[0, 0] = odd
    assert (apply_augmentation(ones, {"contrast": 1.5}).ravel()[1:] == 1).all()


def test_masked_arrays_are_refused():
    values = np.where(np.arange(64) < 32, -9999, 300)[None].repeat(64, 0).astype(np.float32)
    raster = np.ma.masked_equal(values, -9999)
    for name, call in {
        "image": lambda image: apply_augmentation(image, TURN),
        "images": lambda image: apply_augmentation_batch(image[None], [TURN]),
        "mask": lambda image: augment_mask(image, TURN),
    }.items():
        with pytest.raises(TypeError, match=f"^{name} must not be a masked array, whose masked"):
            call(raster)
        said = advice(lambda call=call: call(raster), TypeError)
        filled, hidden = re.fullmatch(
            r"(\w+\.filled\()value\) makes an array, and (.*) can be augmented as a mask", said
        ).groups()
        assert (eval(f"{filled}7)", {name: raster})[:, :32] == 7).all()
        mask = augment_mask(eval(hidden, {name: raster, "np": np}), TURN, border=1)
        assert mask.dtype == bool
        assert same_bits(mask, augment_mask(values == -9999, TURN, border=1))
    with pytest.raises(TypeError, match="image must not be a masked array"):
        apply_augmentation_batch([raster], [TURN])
    with pytest.raises(TypeError, match="image must not be a masked array"):
        apply_augmentation(np.ma.asarray(values), {})  # nothing is masked: the type still says so


# ---- Alpha ----


def cut_out(mode="RGBA", around=(0, 0, 0)):
    """A red square on a clear ground; grey in LA."""
    image = np.full((32, 32, 4), (*around, 0), np.uint8)
    image[8:24, 8:24] = 255, 0, 0, 255
    return Image.fromarray(image if mode == "RGBA" else image[..., [0, 3]])


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("around", [(0, 0, 0), (255, 255, 255), (9, 99, 200)])
def test_a_cut_out_has_no_fringe(around, interpolation):
    for border in ("reflect", "edge", 0, 200):
        how = {"border": border, "interpolation": interpolation}
        done = np.asarray(apply_augmentation(cut_out("RGBA", around), TURN, **how))
        seen = done[..., 3] > 20
        assert 100 < seen.sum() < 400
        assert done[seen][:, 0].min() == 255
        assert done[seen][:, 1:3].max() == 0
        grey = np.asarray(apply_augmentation(cut_out("LA", around), TURN, **how))
        assert grey[grey[..., 1] > 20][:, 0].min() == 255
        assert np.array_equal(grey[..., 1], done[..., 3])
    outside = apply_augmentation(cut_out("RGBA", around), {"translate_x": 0.5}, border=200)
    assert not np.asarray(outside)[:, :16].any()  # what is filled is transparent


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_colours_that_nobody_sees_do_not_count(mode):
    dark, light = (np.asarray(cut_out(mode, (level,) * 3)).copy() for level in (0, 255))
    for image in (dark, light):
        image[8:16, 8:24, :-1] = 200
        image[16:24, 8:24, :-1] = 100
    params = {"contrast": 1.5, "brightness": 0.9, "gamma": 0.8}
    plain = apply_augmentation(np.ascontiguousarray(dark[8:24, 8:24, :-1]), params)
    for image in (dark, light):
        done = np.asarray(apply_augmentation(Image.fromarray(image), params))
        assert np.array_equal(done[8:24, 8:24, :-1], plain)  # as if nothing else were there
    clear = dark.copy()
    clear[..., -1] = 0
    assert np.asarray(apply_augmentation(Image.fromarray(clear), params)).shape == dark.shape


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_alpha_is_left_alone_where_nothing_moves(mode, interpolation):
    image = picture((20, 30, len(mode)))
    image[:5, :, -1] = 0
    for params in ({}, {"scale": 1, "flip_horizontal": False}, {"rotation": 360, "crop.area": 1}):
        done = apply_augmentation(Image.fromarray(image), params, interpolation=interpolation)
        assert np.array_equal(np.asarray(done), image)  # hidden colours, too
    params = {**NOISE, "brightness": 2, "saturation": 0.1, "erase.area": 0.5}
    done = np.asarray(apply_augmentation(Image.fromarray(image), params, erase_fill=3))
    assert np.array_equal(done[..., -1], image[..., -1])
    colour = image[..., :-1] if mode == "RGBA" else image[..., 0]
    colour = apply_augmentation(np.ascontiguousarray(colour), params, erase_fill=3)
    assert np.array_equal(done[..., :-1].squeeze(), colour)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_bad_number_for_an_image_with_alpha_is_named(mode):
    image = Image.new(mode, (8, 9))
    for params in ({}, TURN):
        for bad in (256, -1, 0.5):
            with pytest.raises(ValueError, match=f"border must be a whole number .* got {bad}"):
                apply_augmentation(image, params, border=bad)
            with pytest.raises(ValueError, match=f"erase_fill must be a whole number .* got {bad}"):
                apply_augmentation(image, params, erase_fill=bad)


# ---- PIL images ----


def of_mode(mode):
    """A small image of that mode with many values."""
    levels = picture((8, 9, 3))
    if mode in ("I", "F"):
        numbers = np.array([[0, 100, 300, 4000, 60000]], np.int32)
        return Image.fromarray(numbers if mode == "I" else (numbers / 60000).astype(np.float32))
    if mode == "I;16B":
        return Image.fromarray(picture((8, 9), "uint16").astype(">u2"))
    if mode == "P":
        image = Image.fromarray(levels[..., 0] % 8).copy()
        image.putpalette(levels.ravel()[:24].tolist())
        return image
    if mode == "LAB":
        return Image.frombytes("LAB", (9, 8), levels.tobytes())
    rgb = Image.fromarray(levels)
    way = {"PA": "LA", "La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
    return rgb.convert(way).convert(mode)


@pytest.mark.parametrize(
    ("mode", "converted"),
    [
        *[("1", "L"), ("P", "RGB"), ("PA", "RGBA"), ("CMYK", "RGB"), ("YCbCr", "RGB")],
        *[("HSV", "RGB"), ("RGBX", "RGB"), ("RGBa", "RGBA"), ("La", "LA")],
    ],
)
def test_a_mode_of_colours_may_be_converted(mode, converted):
    image = of_mode(mode)
    with pytest.raises(ValueError, match=rf"modes L, LA, RGB, RGBA, I;16, got '{mode}': "):
        apply_augmentation(image, TURN)
    said = advice(lambda: apply_augmentation(image, TURN))
    assert said.startswith(f"image.convert('{converted}') ")
    made = eval(said.split(" ")[0], {"image": image})
    assert made.mode == converted
    done = apply_augmentation(made, {})
    assert done.tobytes() == image.convert(converted).tobytes()
    if mode in ("1", "P"):
        assert "augment_mask takes it" in said
        assert augment_mask(image, {}).tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["I", "F", "I;16B"])
def test_the_numbers_of_a_mode_are_kept(mode):
    image = of_mode(mode)
    said = advice(lambda: apply_augmentation(image, TURN))
    assert "convert" not in said  # which makes 255 of 300, and 0 and 1 of floats
    expression = re.match(r"\S+\(image\)(\.astype\(\S+\))?", said).group()
    values = eval(expression, {"np": np, "image": image})
    assert np.array_equal(values, np.asarray(image))
    if mode == "I":
        assert "as uint16 or float32, with full_range=, they can be augmented" in said
        values = values.astype(np.uint16)
    assert np.array_equal(apply_augmentation(values, {}), np.asarray(image))
    assert np.ptp(apply_augmentation(values, {"flip_horizontal": True}).astype(float)) > 0.9


def test_any_other_mode_has_its_values_too():
    said = advice(lambda: apply_augmentation(of_mode("LAB"), TURN))
    assert said == "PIL.ImageCms makes RGB of it"


# ---- Nothing changes what it should not ----


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize("border", ["reflect", "edge", None], ids=str)
def test_flat_pictures_stay_flat(border, interpolation):
    """All levels, by any map; with a border of None, on that level."""
    rng = np.random.default_rng(4)
    for level in range(256):
        params = {
            "rotation": rng.uniform(-180, 180),
            "scale": rng.uniform(0.3, 4),
            "shear_x": rng.uniform(-20, 20),
            "translate_y": rng.uniform(-1, 1),
            "crop.area": rng.uniform(0.1, 1),
            "contrast": rng.uniform(0, 2),
        }
        shape = [(17, 23), (9, 8, 3), (1, 30), (31, 2, 4)][level % 4]
        how = {"border": level if border is None else border, "interpolation": interpolation}
        done = apply_augmentation(np.full(shape, level, np.uint8), params, out_size=(21, 19), **how)
        assert (done == level).all(), (level, params)
        wide = np.full(shape, level * 257, np.uint16)
        how["border"] = level * 257 if border is None else border
        assert (apply_augmentation(wide, params, **how) == level * 257).all()
        for alpha in (255, 100, 1):
            image = Image.new("LA", (23, 17), (level, alpha))
            how["border"] = "edge" if border is None else border
            assert apply_augmentation(image, params, **how).getextrema()[0] == (level, level)


NEUTRAL = {"rotation": 0, "scale": 1, "shear_x": 0, "shear_y": 0, "translate_x": 0, "noise": 0}
NEUTRAL |= {"translate_y": 0, "flip_horizontal": False, "flip_vertical": 0, "crop.x": 0.3}
NEUTRAL |= {"crop.y": 0.9, "gamma": 1, "brightness": 1, "contrast": 1, "saturation": 1}
NEUTRAL |= {"grey": False, "erase.area": 0, "erase.ratio": 3, "erase.x": 0.1, "erase.y": 0.7}


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("border", BORDERS)
def test_neutral_parameters_give_the_input_back_bit_for_bit(border, interpolation):
    how = {"border": border, "interpolation": interpolation}
    words = [0x7FF8000000000001, 0xFFF4DEADBEEF0001, 0x8000000000000000, 1, 0x7FF0000000000000]
    doubles = np.array([words * 3, [0x3FF0000000000001] * 15], np.uint64).view(np.float64)
    doubles = doubles.reshape(2, 5, 3)
    words = [0x7F800001, 0xFFC12345, 0x80000000, 1, 0xFF800000]
    singles = np.array([words * 3, [0x3F800001] * 15], np.uint32).view(np.float32).reshape(2, 5, 3)
    whole = [picture((9, 8, 3)), picture((9, 8, 3), "uint16"), picture((9, 8, 5)), picture((9, 8))]
    assert NEUTRAL.keys() | {"crop.area", "crop.ratio"} == set(LIMITS)
    for image in (doubles, singles, *whole):
        for params in ({}, NEUTRAL, {**NEUTRAL, "crop.area": 1.0}, {"rotation": -720, "name": "x"}):
            for full_range in (None, 1):  # what is not computed is not clipped either
                done = apply_augmentation(image, params, full_range=full_range, **how)
                assert same_bits(done, image)
                assert not np.shares_memory(done, image)
            done = apply_augmentation(image, params, out_size=image.shape[:2], **how)
            assert same_bits(done, image)
            assert same_bits(apply_augmentation_batch(image[None], [params], **how)[0], image)
            assert same_bits(augment_mask(image, params, border=border), image)


def test_an_erased_box_leaves_the_rest_bit_for_bit():
    image = np.full((10, 10), 1 / 3)
    image[0, 0], image[0, 1] = -0.0, np.nan
    params = {"erase.area": 0.25, "erase.x": 1.0, "erase.y": 1.0}
    done = apply_augmentation(image, params, erase_fill=0.1)
    assert (done[5:, 5:] == np.float32(0.1)).all()
    done[5:, 5:] = 1 / 3
    assert same_bits(done, image)


# ---- Arguments ----


def test_strict_refuses_unknown_names_alone():
    image = picture((8, 9))
    sample = {**dpa.gen_augmentation_params(1), "id": 7, "epoch": 2, "crop": False}
    wanted = apply_augmentation(image, sample)
    assert same_bits(apply_augmentation(image, sample, strict=True), wanted)
    assert same_bits(apply_augmentation(image, {**sample, "hue": 0.1}), wanted)
    for call in (
        lambda params: apply_augmentation(image, params, strict=True),
        lambda params: apply_augmentation_batch(image[None], [params], strict=True),
        lambda params: apply_augmentation_batch([image], [params], strict=True),
    ):
        with pytest.raises(ValueError, match="params has no effect 'hue'; there are rotation, sc"):
            call({**sample, "hue": 0.1})
        with pytest.raises(ValueError, match="params has no effect 'rotate'"):
            call({"rotate": 5})


@pytest.mark.parametrize("bad", [(0, 5), (5, 32768), (-1, 5), (4, 5, 3), 5, (4,), "ab", (4.0, 5)])
def test_a_bad_size_is_named(bad):
    image = picture((8, 9))
    for name, call in (
        ("out_size", lambda: apply_augmentation(image, TURN, out_size=bad)),
        ("out_size", lambda: apply_augmentation_batch(image[None], [TURN], out_size=bad)),
        ("out_size", lambda: apply_augmentation_batch([image], [TURN], out_size=bad)),
        ("out_size", lambda: augment_mask(image, TURN, out_size=bad)),
        ("out_size", lambda: augment_boxes([[1, 2, 3, 4]], TURN, (8, 9), out_size=bad)),
        ("out_size", lambda: augment_keypoints([[1, 2]], TURN, (8, 9), out_size=bad)),
        ("size", lambda: augment_boxes([[1, 2, 3, 4]], TURN, bad)),
        ("size", lambda: augment_keypoints([[1, 2]], TURN, bad)),
    ):
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must be .* got ") as caught:
            call()
        value = {"ab": "'a'", (4.0, 5): "4.0"}.get(bad, str(bad))
        assert str(caught.value).endswith(f" got {value}")


@pytest.mark.parametrize("shears", [(45, 45), (30, 60), (89.9, 0.1)])
def test_what_no_map_does_is_named(shears):
    image = picture((8, 9))
    params = dict(zip(("shear_x", "shear_y"), shears, strict=True))
    for call in (
        lambda: apply_augmentation(image, params),
        lambda: apply_augmentation_batch([image], [params]),
        lambda: apply_augmentation(Image.new("RGBA", (9, 8)), params),
        lambda: augment_mask(image, params),
        lambda: augment_keypoints([[1, 2]], params, (8, 9)),
        lambda: augment_boxes([[1, 2, 3, 4]], params, (8, 9)),
    ):
        message = f"no map .*; the sample has shear_x {shears[0]:.1f}, shear_y {shears[1]:.1f}"
        with pytest.raises(ValueError, match=message):
            call()


def test_erase_fill_is_checked_whatever_the_sample():
    for dtype, bad in (("uint8", 256), ("uint8", 0.5), ("uint16", -1), ("float32", 1e39)):
        for params in ({}, {"erase.area": 0.1}):
            with pytest.raises(ValueError, match=r"^erase_fill must be a .* got "):
                apply_augmentation(picture((8, 9), dtype), params, erase_fill=bad)
    for wrong in ("0", None, True, (1, 2, 3)):
        with pytest.raises(TypeError, match="erase_fill must be a number"):
            apply_augmentation(picture((8, 9)), {}, erase_fill=wrong)
