"""Effects by their names: bit for bit the twin's, and equal to slices."""

import json
import re
from pathlib import Path

import numpy as np
import pixels_reference as twin
import pytest
from levels import LEVELS, forced
from PIL import Image

import dpa
from dpa import _pixels
from dpa.images.effects import LIMITS, Effect
from dpa.images.forms import Form, Rendering
from dpa.integrations.image import (
    apply_augmentation,
    apply_augmentation_batch,
    augment_mask,
)
from dpa.noise import noise_table, standard_normals
from dpa.space import Bernoulli, Choice, LogUniform, Space, Uniform, group, sometimes

VECTORS = json.loads((Path(__file__).parent / "vectors/effects.json").read_text(encoding="utf-8"))
HASH = dpa.gen_augmentation_params(42)["hash"]
RANGES = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}
INTERPOLATIONS = ["linear", "nearest", "cubic"]
#: One or more of each effect; the last needs none of its other names.
ALONE = [
    *[{"rotation": 17.0}, {"rotation": -1e17}, {"scale": 0.7}, {"scale": 1000}, {"shear_x": 10.0}],
    *[{"shear_y": -80.0}, {"translate_x": 0.13}, {"translate_y": -1.7}, {"flip_horizontal": True}],
    *[{"flip_vertical": True}, {"crop.area": 0.4}, {"crop.ratio": 1.7}, {"crop.x": 0.0}],
    *[{"crop.area": 0.2, "crop.ratio": 0.6, "crop.x": 1.0, "crop.y": 0.1}, {"gamma": 0.45}],
    *[{"gamma": 2.2}, {"gamma": 100.0}, {"brightness": 1.3}, {"brightness": -0.5}],
    *[{"contrast": 0.6}, {"contrast": -1.2}, {"brightness": 2.0, "contrast": 0.5}, {"grey": True}],
    *[{"saturation": 0.3}, {"saturation": 2.5}, {"grey": True, "saturation": 9.0}, {"noise": 0.1}],
    *[{"noise": 3.0}, {"erase.area": 0.2}, {"erase.area": 1.0, "erase.ratio": 0.1}],
    *[{"erase.area": 0.1, "erase.ratio": 3, "erase.x": 0.9, "erase.y": 0.0}, {"erase.ratio": 2.0}],
]
EVERY = Space({
    **{name: Bernoulli(0.3) for name in ("flip_horizontal", "flip_vertical", "grey")},
    **{name: Uniform(0, 1) for name in ("crop.x", "crop.y", "erase.x", "erase.y")},
    **{name: Uniform(-15, 15) for name in ("shear_x", "shear_y")},
    **{name: Uniform(-0.3, 0.3) for name in ("translate_x", "translate_y")},
    **{name: LogUniform(0.3, 3) for name in ("crop.ratio", "gamma", "scale", "erase.ratio")},
    **{name: Uniform(0.5, 1.5) for name in ("brightness", "contrast", "saturation")},
    "rotation": Uniform(-180, 180), "crop.area": Uniform(0.1, 1), "erase.area": Uniform(0, 0.3),
    "noise": Uniform(0, 0.2),
})  # fmt: skip
SAMPLES = dpa.generate_augmentation_batch(range(12), EVERY).to_dicts()


def picture(shape, dtype="uint8", seed=1):
    values = np.random.default_rng(seed).random(shape)
    return (values * RANGES[dtype]).round(0 if RANGES[dtype] > 1 else 9).astype(dtype)


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def exact(image, params, alpha=False, **how):
    """By the twin."""
    noise = None
    if params.get("noise"):
        out = how.get("out_size") or image.shape[:2]
        channels = image.shape[2:] if not alpha else (image.shape[2] - 1,)
        noise = standard_normals({"hash": HASH, **params}, (*out, *channels))
    return twin.effect(image, params, noise=noise, alpha=alpha, **how)


def assert_exact(image, params, **how):
    found = apply_augmentation(image, {"hash": HASH, **params}, **how)
    assert same_bits(found, exact(image, params, **how)), (image.shape, params, how)


@pytest.fixture(params=LEVELS)
def level(request):
    with forced(request.param):
        yield


# ---- Against the twin, bit for bit ----


def test_all_effects_are_here():
    assert set(LIMITS) == set(EVERY.names) == {name for params in ALONE for name in params}


@pytest.mark.parametrize("dtype", RANGES)
@pytest.mark.parametrize("params", ALONE, ids=json.dumps)
def test_an_effect_alone_is_the_twins(dtype, params):
    white = {"uint8": 200, "uint16": 4095, "float32": 0.3, "float64": 255}[dtype]
    for at, shape in enumerate([(31, 33, 3), (20, 9), (24, 40, 1), (9, 20, 2), (17, 18, 13)]):
        if not {"saturation", "grey"} & params.keys() or shape[2:] in ((), (1,), (3,)):
            image = picture(shape, dtype, seed=at)
            assert_exact(image, params)
            assert_exact(image, params, full_range=white, border="edge", interpolation="cubic")
            assert_exact(image, params, out_size=(25, 12), border=0, full_range=white, erase_fill=1)
            assert_exact(image, params, interpolation="nearest", border=1)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", RANGES)
def test_all_effects_together_are_the_twins(level, dtype, interpolation):
    white = {"uint8": 200, "uint16": 4095, "float32": 0.3, "float64": 255}[dtype]
    outs = [None, (40, 50), (1, 70), (33, 31)]
    for at, params in enumerate(SAMPLES):
        image = picture([(31, 33, 3), (20, 41), (64, 7, 1), (40, 90, 3)][at % 4], dtype, seed=at)
        border = ["reflect", "edge", 1][at % 3]
        how = {"out_size": outs[at // 4], "border": border, "interpolation": interpolation}
        assert_exact(image, params, **how)
        assert_exact(image, params, **how, full_range=white, erase_fill=1)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_images_with_alpha_are_the_twins(level, mode, interpolation):
    rng = np.random.default_rng(3)
    for at, params in enumerate([*SAMPLES[:6], *ALONE]):
        pixels = picture((31, 33, len(mode)), seed=at)
        pixels[..., -1] *= rng.random((31, 33)) < 0.6  # some pixels hidden, some half seen
        how = {"border": ["reflect", "edge", 200][at % 3], "interpolation": interpolation}
        how |= {"out_size": [None, (20, 50)][at % 2], "erase_fill": 77}
        how |= {"full_range": [None, 200, 100][at % 3]}
        params = {"hash": HASH, **params}
        found = apply_augmentation(Image.fromarray(pixels), params, **how)
        assert found.mode == mode
        assert same_bits(np.asarray(found), exact(pixels, params, alpha=True, **how)), params


@pytest.mark.parametrize("with_noise", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_the_loops_of_a_matrix_are_the_twins(level, dtype, with_noise):
    digest, table = (bytes.fromhex(HASH), noise_table()) if with_noise else (None, None)
    full = {"uint8": 200, "uint16": 1023, "float32": 1.0}[dtype]
    # Pixels around the width of every level and around the parts that noise is made in.
    for width in [*range(1, 70), 127, 128, 129, 255, 257, 341, 342, 343, 1023, 1025, 4099]:
        image = picture((1, width, 3), dtype, seed=width)
        if dtype == "float32":
            image[0, width // 2] = [np.nan, np.inf, -0.0]
        for saturation in (0.0, 0.3, 2.5):
            matrix = twin.saturation_matrix(saturation)
            noise = standard_normals({"hash": HASH}, image.shape) if with_noise else None
            stdev = 0.1 * full if with_noise else 0.0
            wanted = twin.tone(image, 1.3, -0.1 * full, stdev, noise, matrix, full)
            for planes in (1, 3):
                made = np.array(np.moveaxis(image, -1, 0) if planes == 3 else image, order="C")
                most = 0 if dtype == "float32" else full
                tone = (1.3, -0.1 * full, stdev, digest, table, planes, most)
                _pixels.apply_tone(made, *tone, matrix.ravel())
                made = np.moveaxis(made, 0, -1) if planes == 3 else made
                assert np.array_equal(made, wanted, equal_nan=dtype == "float32"), (width, planes)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_large_image_is_the_twins(dtype):
    """More pixels than tables have entries, and than are made at once."""
    image = picture((200, 400, 3), dtype)
    params = {"gamma": 0.8, "contrast": 1.3, "saturation": 0.4, "noise": 0.05, "shear_x": 5.0}
    assert_exact(image, params)
    assert_exact(image, {"gamma": 2.5}, full_range={"float32": 1.0}.get(dtype, 250))


def test_the_known_answers():
    for row in VECTORS:
        how = dict(row["arguments"])
        image = twin.picture(*row["shape"], row["dtype"])
        if "out_size" in how:
            how["out_size"] = tuple(how["out_size"])
        if how.pop("alpha", False):
            image = Image.fromarray(image)
        found = np.asarray(apply_augmentation(image, row["params"], **how))
        assert twin.name(found) == row["name"], row


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("grey", [True, False])
def test_where_there_is_a_tone_minus_zero_becomes_zero(dtype, grey):
    image = np.array([[[0, -0.0, -1e-45], [-0.0, -0.0, -0.0]]], dtype)
    for params in ({"brightness": -1.0}, {"brightness": 2.0}, {"saturation": 0.3}, {"noise": 0.0}):
        assert_exact(image, {**params, "grey": grey})
    assert not np.signbit(apply_augmentation(image, {"brightness": -1.0, "grey": grey})).any()


def test_a_tone_that_changes_no_single_changes_nothing():
    """Gain and offset are singles: what rounds to 1 and 0 is left out."""
    image = np.array([[-0.0, 1e-300, 3.5]])
    for params in ({"brightness": 1 + 1e-9}, {"contrast": 1.0}):
        assert_exact(image, params)
        assert same_bits(apply_augmentation(image, params), image)
        bright = picture((8, 8), "uint16") | 0x8000
        assert same_bits(apply_augmentation(bright, params, full_range=4095), bright)
    zeros = np.array([[1e-300, -0.0]])  # of mean 0, so the offset is 0
    assert same_bits(apply_augmentation(zeros, {"brightness": 2, "contrast": 0.5}), zeros)
    effect = Effect(brightness=2.0, contrast=0.5)
    single = zeros.astype(np.float32)
    form = Form.checked((1, 2), 1, single.dtype, Rendering.checked(border=0))
    assert not form.tone(single, form.steps_of(effect), effect)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cubic_interpolation_stays_within_the_full_range(dtype):
    white = {"uint8": 200, "uint16": 4095}[dtype]
    image = (np.indices((40, 40)).sum(0) // 3 % 2 * white).astype(dtype)
    for params in ({"rotation": 17.0}, {"scale": 1.7}):
        found = apply_augmentation(image, params, interpolation="cubic")
        assert found.max() > white  # between black and white pixels
        clipped = apply_augmentation(image, params, interpolation="cubic", full_range=white)
        assert same_bits(clipped, np.minimum(found, white).astype(dtype))
        assert_exact(image, params, interpolation="cubic", full_range=white)
    bright = image + np.array(9, dtype)
    assert same_bits(
        apply_augmentation(bright, {}, interpolation="cubic", full_range=white), bright
    )


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_colours_need_one_or_three_channels(channels):
    for params in ({"saturation": 0.5}, {"grey": True}):
        shape = (8, 9, channels)
        message = f"saturation and grey need 1 or 3 channels, got {channels}"
        with pytest.raises(ValueError, match=re.escape(message)):
            apply_augmentation(picture(shape), params)


# ---- Equal to slices ----


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", RANGES)
def test_crops_at_whole_pixels_are_slices(dtype, interpolation):
    rng = np.random.default_rng(7)
    for _ in range(120):
        h, w = rng.integers(1, 60, 2).tolist()
        box = (rows, columns) = int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1))
        top, left = int(rng.integers(h - rows + 1)), int(rng.integers(w - columns + 1))
        params = {"crop.area": rows * columns / (h * w), "crop.ratio": columns / rows}
        params |= {"crop.x": left / (w - columns) if w > columns else 0.3}
        params |= {"crop.y": top / (h - rows) if h > rows else 0.8}
        params |= {"flip_horizontal": rng.random() < 0.5, "flip_vertical": rng.random() < 0.5}
        image = picture((h, w, 2), dtype).astype("float32" if dtype == "float64" else dtype)
        wanted = image[top : top + rows, left : left + columns]
        wanted = wanted[:: -1 if params["flip_vertical"] else 1]
        wanted = wanted[:, :: -1 if params["flip_horizontal"] else 1]
        for border in ("reflect", "edge", 1):
            how = {"out_size": box, "border": border, "interpolation": interpolation}
            found = apply_augmentation(image.astype(dtype), params, **how)
            assert found.dtype == dtype
            assert np.array_equal(found, wanted), (params, border)
            assert np.array_equal(
                augment_mask(image.astype(dtype), params, out_size=box, border=border), wanted
            )


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", RANGES)
def test_shifts_by_whole_pixels_are_slices(dtype, interpolation):
    rng = np.random.default_rng(8)
    for _ in range(120):
        h, w = rng.integers(2, 60, 2).tolist()
        down, right = int(rng.integers(1 - h, h)), int(rng.integers(1 - w, w))
        params = {"translate_x": right / w, "translate_y": down / h}
        image = picture((h, w, 2), dtype).astype("float32" if dtype == "float64" else dtype)
        rows, columns = slice(h - down, 2 * h - down), slice(w - right, 2 * w - right)
        pads = [(h, h), (w, w), (0, 0)]
        for border, how in (
            ("reflect", {"mode": "reflect"}),
            ("edge", {"mode": "edge"}),
            (1, {"constant_values": 1}),
        ):
            wanted = np.pad(image, pads, **how)[rows, columns]
            found = apply_augmentation(
                image.astype(dtype), params, border=border, interpolation=interpolation
            )
            assert np.array_equal(found, wanted), (params, border)


@pytest.mark.parametrize("border", ["reflect", "edge", 1])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", RANGES)
def test_flips_are_slices(dtype, interpolation, border):
    how = {"border": border, "interpolation": interpolation}
    for shape in [(1, 1), (1, 9), (8, 1), (2, 3), (31, 64), (20, 33, 1), (9, 8, 3), (7, 6, 5)]:
        image = picture(shape, dtype).astype("float32" if dtype == "float64" else dtype)
        for across, along in ((True, False), (False, True), (True, True), (False, False)):
            params = {"flip_horizontal": across, "flip_vertical": along}
            found = apply_augmentation(image.astype(dtype), params, **how)
            assert np.array_equal(found, image[:: -1 if along else 1, :: -1 if across else 1])
            if across and along:
                half = apply_augmentation(image.astype(dtype), {"rotation": 180}, **how)
                assert np.array_equal(half, found)


# ---- Spaces ----


@pytest.mark.parametrize("shape", [(16, 24, 20, 3), (16, 24, 20)], ids=str)
def test_a_space_goes_through_a_batch(shape):
    space = Space({
        "crop": sometimes(0.6, {"area": Uniform(0.2, 1), "ratio": LogUniform(0.5, 2),
                                "x": Uniform(0, 1), "y": Uniform(0, 1)}),
        "flip_horizontal": Bernoulli(0.5), "op": Choice(["turn", "shear", "none"]),
        "rotation": Uniform(-30, 30, when={"op": "turn"}),
        "shear_x": Uniform(-9, 9, when={"op": "shear"}),
        "gamma": LogUniform(0.5, 2), "grey": Bernoulli(0.3),
        "noise": Uniform(0, 0.1, when={"grey": False}),
        "erase": group({"area": Uniform(0, 0.2, when={"flip_horizontal": True})}),
        "caption": Choice(["a", "b"]),
    })  # fmt: skip
    batch = dpa.generate_augmentation_batch(range(16), space, epoch=3)
    images = picture(shape)
    rows = batch.to_dicts()
    for name in ("crop.area", "rotation", "shear_x", "noise", "erase.area"):
        assert {name in row for row in rows} == {True, False}
    how = {"out_size": (18, 30), "border": "edge", "interpolation": "cubic", "erase_fill": 9}
    done = apply_augmentation_batch(images, batch, full_range=200, **how)
    assert done.shape == (16, 18, 30, *shape[3:])
    assert same_bits(done, apply_augmentation_batch(images, rows, full_range=200, **how))
    listed = apply_augmentation_batch(list(images), batch, full_range=200, **how)
    for image, row, one, other in zip(images, rows, done, listed, strict=True):
        assert same_bits(one, exact(image, row, full_range=200, **how))
        assert same_bits(one, other)
    with pytest.raises(ValueError, match=r"params has no effect '(op|caption)'"):
        apply_augmentation_batch(images, batch, strict=True)
    known = dpa.generate_augmentation_batch(
        range(16), space.only(["crop.x", "gamma", "erase.area"])
    )
    assert {"crop", "flip_horizontal"} < set(known.names)  # on which others depend
    apply_augmentation_batch(images, known, strict=True)
