"""dpa._pixels.warp on every vector level: the known answers, the twin's bits, and its accuracy."""

import json
from pathlib import Path

import numpy as np
import pixels_reference as twin
import pytest
from levels import LEVELS, forced

from dpa import _pixels
from dpa.noise import noise_table

ROWS = json.loads(Path(__file__).with_name("vectors").joinpath("pixels.json").read_text("utf-8"))
TWINS = {"linear": twin.warp, "nearest": twin.warp_nearest, "cubic": twin.warp_cubic}


@pytest.fixture(params=LEVELS)
def level(request):
    with forced(request.param):
        yield request.param


def warp(image, map_, out=None, border="reflect", interpolation="linear"):
    result = np.empty((out or image.shape[:2]) + image.shape[2:], image.dtype)
    outside, fill = border, None
    if not isinstance(border, str):
        channels = image[0, 0].size
        outside, fill = None, np.full(channels, border, image.dtype).tobytes()
    at = _pixels.INTERPOLATIONS.index(interpolation)
    _pixels.warp(image, result, tuple(map_), at, outside, fill)
    return result


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_the_known_answers(level):
    for row in ROWS:
        shape, out, how = tuple(row["shape"]), tuple(row["out"]), row["how"]
        placed = _pixels.place_map(shape[:2], out, **how)
        assert placed == tuple(row["map"]), how
        answers = {f"linear {what}": name for what, name in row["pixels"].items()}
        answers |= {f"nearest uint8 {border}": name for border, name in row["nearest"].items()}
        for what, name in answers.items():
            *_, interpolation, dtype, border = what.split()
            border = int(border) if border.isdigit() else border
            found = warp(twin.picture(*shape, dtype), placed, out, border, interpolation)
            assert twin.name(found) == name, (row, what)


def random_case(rng):
    """Sides around lanes, chunks and one pixel; maps of any kind; offsets onto and over edges."""
    most = rng.choice([3, 20, 150])
    size, out = (tuple(rng.integers(1, most + 1, 2).tolist()) for _ in range(2))
    dtype = rng.choice(["uint8", "uint8", "uint16", "float32"])
    image = twin.picture(*size, rng.choice([1, 2, 3, 4, 5]), dtype)
    scale = rng.choice([0.001, 0.5, 1, 3, 1000, 10 ** rng.uniform(-3, 3)])
    if rng.random() < 0.5:
        rotation = rng.choice([0, 90, rng.uniform(-30, 30), rng.uniform(-1e6, 1e6)])
        map_ = list(twin.turn_map(rotation, scale))
        for axis in range(2):
            step = rng.choice([0, 1, 2**15, 2**16, 2**17, 2**18, 2**31, 2**32, 2**40])
            map_[4 + axis] = int(step * rng.integers(-3, 4) + rng.integers(-1, 2))
    else:
        crop = (rng.uniform(0.05, 1), rng.uniform(0.4, 2.5), rng.random(), rng.random())
        shears = dict(zip(("shear_x", "shear_y"), rng.uniform(-30, 30, 2), strict=True))
        flips = {f"flip_{axis}": bool(rng.random() < 0.5) for axis in ("horizontal", "vertical")}
        map_ = _pixels.place_map(size, out, scale=scale, crop=crop, **shears, **flips)
        assert map_ == twin.general_map(size, out, scale=scale, crop=crop, **shears, **flips)
    border = rng.choice(["reflect", "edge", "number"])
    if border == "number":
        border = float(rng.random()) if dtype == "float32" else int(rng.integers(0, 256))
    return image, map_, out, str(border) if isinstance(border, np.str_) else border


@pytest.mark.parametrize("seed", range(10))
def test_random_warps_are_the_twins(level, seed):
    rng = np.random.default_rng(seed)
    for _ in range(30):
        case = random_case(rng)
        for interpolation, expected in TWINS.items():
            found = warp(*case, interpolation)
            assert same_bits(found, expected(*case)), (case[0].shape, case[1:], interpolation)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(1, 32767), (32767, 1), (2, 32767), (3, 16385), (16384, 2)])
def test_the_longest_sides(level, shape, dtype):
    """32 bits hold what lies inside 32,767 pixels, and three times of 16,384 or 8,192."""
    image = twin.picture(*shape, 1, dtype)
    for border in ("reflect", "edge", 1):
        map_ = (*twin.turn_map(180.0, 0.4)[:4], 12345, -(7 << 32))
        for interpolation, expected in TWINS.items():
            found = warp(image, map_, None, border, interpolation)
            assert same_bits(found, expected(image, map_, None, border))


@pytest.mark.parametrize("interpolation", TWINS)
def test_what_lies_very_far_outside_is_folded_exactly(level, interpolation):
    image = twin.picture(5, 7, 3)
    for offset in (2**60, -(2**60) + 12345, 2**61 - 2**41, 3 * 2**50):
        map_ = (*twin.turn_map(12.0, 1.0)[:4], offset, -offset // 3)
        for border in ("reflect", "edge", 9):
            found = warp(image, map_, (3, 40), border, interpolation)
            assert same_bits(found, TWINS[interpolation](image, map_, (3, 40), border))


# ---- Accuracy ----


def exact(image, out, rotation, scale):
    """Linear interpolation in double precision, by another way than the integers'."""
    height, width = image.shape
    y, x = np.mgrid[: out[0], : out[1]] - (np.array(out)[:, None, None] - 1) / 2
    angle = np.radians(rotation)
    c, s = np.cos(angle) / scale, np.sin(angle) / scale
    u, v = c * x - s * y + (width - 1) / 2, s * x + c * y + (height - 1) / 2
    # Reflection as a triangle wave.
    u, v = (last - np.abs(q % (2 * last) - last) for q, last in ((u, width - 1), (v, height - 1)))
    x0, y0 = (np.minimum(q.astype(int), n - 2) for q, n in ((u, width), (v, height)))
    fx, fy = u - x0, v - y0
    p = image.astype(np.float64)
    top = p[y0, x0] * (1 - fx) + p[y0, x0 + 1] * fx
    bottom = p[y0 + 1, x0] * (1 - fx) + p[y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + bottom * fy


@pytest.mark.parametrize("size", [(64, 64), (480, 640), (40, 4096), (4096, 40)], ids=str)
def test_errors_against_doubles_stay_below_the_bounds(size):
    noise = np.random.default_rng(size[1]).random(size)
    for rotation, scale in ((17.0, 1.08), (-33.3, 0.7), (90.25, 3.0), (179.5, 0.2)):
        map_ = _pixels.turn_map(rotation, scale)
        levels = (noise * 255).round().astype(np.uint8)
        error = np.abs(warp(levels, map_) - exact(levels, size, rotation, scale)).max()
        assert error <= 0.54  # of a level, half of which is the rounding
        real = noise.astype(np.float32)
        error = np.abs(warp(real, map_) - exact(real, size, rotation, scale)).max()
        assert error <= 1.8e-5


# ---- Where no tap has a share ----


@pytest.mark.parametrize("interpolation", TWINS)
@pytest.mark.parametrize("border", ["reflect", "edge", 0.5])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf], ids=str)
def test_what_is_no_number_stays_where_it_is(level, interpolation, border, odd):
    image = twin.picture(9, 9, 3, "float32")
    image[4, 2] = odd
    for quarters in range(4):
        found = warp(image, _pixels.turn_map(90.0 * quarters, 1.0), None, border, interpolation)
        assert np.array_equal(found, np.rot90(image, quarters), equal_nan=True)
    flipped = warp(image, (-(2**31), 0, 0, 2**31, 0, 0), None, border, interpolation)
    assert np.array_equal(flipped, image[:, ::-1], equal_nan=True)
    moved = warp(image, (2**31, 0, 0, 2**31, 2**32, 0), None, border, interpolation)
    assert np.array_equal(moved[:, :-1], image[:, 1:], equal_nan=True)


def test_numbers_out_of_range_are_named():
    image = np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match=r"sides must be 1 to 32767 pixels and coordinates below"):
        warp(image, (2**31, 0, 0, 2**31, 2**61, 0))
    with pytest.raises(ValueError, match=r"got 4 x 4 to 1 x 32768 by \(2147483648"):
        warp(image, (2**31, 0, 0, 2**31, 0, 0), (1, 32768))
    with pytest.raises(ValueError, match=r"no map has a rotation of 1\.0 and a scale of 0\.0"):
        _pixels.turn_map(1.0, 0.0)
    with pytest.raises(ValueError, match="no map takes a picture of"):
        _pixels.place_map((4, 4), (4, 4), shear_x=90.0)
    with pytest.raises(ValueError, match="result must have the dtype uint8, got uint16"):
        _pixels.warp(image, np.zeros((4, 4), np.uint16), _pixels.turn_map(1, 1), 0, "edge")
    with pytest.raises(ValueError, match="fill must have the bytes of a pixel, got b'12'"):
        _pixels.warp(image, image.copy(), _pixels.turn_map(1, 1), 0, None, b"12")
    turn, two = _pixels.turn_map(1, 1), np.zeros((4, 4, 2), np.uint8)
    with pytest.raises(ValueError, match="result must have 48 items"):
        _pixels.warp(np.zeros((4, 4, 3), np.uint8), two, turn, 0, "edge")
    for result, planes in ((image[0], False), (two, False), (image.copy(), True)):
        with pytest.raises(ValueError, match="image and result must be HxW, HxWxC or, as planes"):
            _pixels.warp(image, result, turn, 0, "edge", None, planes)
    with pytest.raises(ValueError, match=r"(need|expected|unpack)"):
        _pixels.warp(image, image.copy(), (1, 2), 0, "edge")
    with pytest.raises(ValueError, match="no interpolation 7 or no border 'edge'"):
        _pixels.warp(image, image.copy(), turn, 7, "edge")
    for how in ({"scale": 0.0001}, {"crop": (0, 1, 0.5, 0.5)}, {"crop": (1, np.inf, 0.5, 0.5)}):
        with pytest.raises(ValueError, match="in this way: out of range"):
            _pixels.place_map((4, 4), (4, 4), **how)
    with pytest.raises(
        ValueError, match=r"sides must be 1 to 32767 pixels, got \(4, 4\) to \(0, 4\)"
    ):
        _pixels.place_map((4, 4), (0, 4))


# ---- Planes ----


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 200, 1030])
def test_planes_are_what_pixels_are(level, dtype, channels):
    image = twin.picture(5, 7, channels, dtype).reshape(5, 7, channels)
    placed = _pixels.place_map((5, 7), (6, 9), rotation=20.0, scale=0.7)
    digest, table = bytes(range(32)), noise_table()
    for interpolation in range(3):
        pixels = np.empty((6, 9, channels), dtype)
        _pixels.warp(image, pixels, placed, interpolation, "reflect")
        planes = np.empty((channels, 6, 9), dtype)
        first = np.ascontiguousarray(np.moveaxis(image, 2, 0))
        _pixels.warp(first, planes, placed, interpolation, "reflect", planes=True)
        assert same_bits(np.moveaxis(planes, 0, 2), pixels)
        _pixels.apply_tone(pixels, 1.1, 3.0, 20.0, digest, table)
        _pixels.apply_tone(planes, 1.1, 3.0, 20.0, digest, table, channels)
        assert same_bits(np.moveaxis(planes, 0, 2), pixels)
