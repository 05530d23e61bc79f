"""The twin of frozen pixels gives the known answers, is exact where that is said, and is near."""

import hashlib
import json
import math
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pixels_reference as twin
import pytest
import reference
import space_reference
from frameworks import require

ROOT = Path(__file__).parents[1]
ROWS = json.loads((ROOT / "tests/vectors/pixels.json").read_text(encoding="utf-8"))
EFFECTS = json.loads((ROOT / "tests/vectors/effects.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
DTYPES = ("uint8", "uint16", "float32", "float64")
WARPS = {"linear": twin.warp, "cubic": twin.warp_cubic, "nearest": twin.warp_nearest}
TURNED = twin.turn_map(17.0, 1.08)
HASH = space_reference.digest_of("42")
TABLE = np.array(reference.noise_table(), np.float32)


def border_of(text):
    return int(text) if text.isdigit() else text


def noise_of(digest, count):
    blocks = range(-(-count // 8))
    return TABLE[np.ravel([reference.noise_block(digest, b) for b in blocks])][:count]


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def effect_of(row, effect=twin.effect):
    return effect(twin.picture(*row["shape"], row["dtype"]), row["params"], **row["arguments"])


@pytest.fixture(scope="module")
def program():
    """The names of all Python blocks of the page."""
    names = {"__name__": "__main__"}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, names)
    return names


# ---- Known answers ----


@pytest.mark.parametrize("shape", sorted({tuple(row["shape"]) for row in ROWS}), ids=str)
def test_the_vectors(shape):
    pictures = {dtype: twin.picture(*shape, dtype) for dtype in DTYPES}
    for row in ROWS:
        if tuple(row["shape"]) != shape:
            continue
        out, placed = tuple(row["out"]), tuple(row["map"])
        assert twin.general_map(shape[:2], out, **row["how"]) == placed, row["how"]
        for what, expected in row["pixels"].items():
            *cubic, dtype, border = what.split()
            warp = twin.warp_cubic if cubic else twin.warp
            found = warp(pictures[dtype], placed, out, border_of(border))
            assert twin.name(found) == expected, (row["out"], row["how"], what)
        for border, expected in row["nearest"].items():
            found = twin.warp_nearest(pictures["uint8"], placed, out, border_of(border))
            assert twin.name(found) == expected, (row["out"], row["how"], border)


def test_the_vectors_cover_every_case():
    cases = defaultdict(set)
    for row in ROWS:
        cases[tuple(row["shape"]), tuple(row["out"])].add(json.dumps(row["how"]))
        assert len(row["pixels"]) == 2 * 3 * 4
        assert len(row["nearest"]) == 3
    assert len(cases) == 20
    assert all(len(hows) == 12 for hows in cases.values())


def test_the_page_has_the_constants():
    (block,) = re.findall(r"^RADIANS = .*?^```$", PAGE, re.MULTILINE | re.DOTALL)
    numbers = [float.fromhex(word) for word in re.findall(r"-?0x1\.[0-9a-f]{13}p[+-]\d+", block)]
    assert numbers == [twin.RADIANS, *twin.SINE, *twin.COSINE]


def test_the_page_has_names_of_the_vectors():
    rows = {(tuple(row["shape"]), tuple(row["out"]), json.dumps(row["how"])): row for row in ROWS}
    table = re.findall(
        r"^\| (\d+) x (\d+) x (\d+) to (\d+) x (\d+) \| `(.*)` \| ([\w ]+) \| `(\w{16})` \|$",
        PAGE,
        re.MULTILINE,
    )
    assert len(table) >= 10
    for h, w, c, h2, w2, how, what, expected in table:
        row = rows[(int(h), int(w), int(c)), (int(h2), int(w2)), json.dumps(json.loads(how))]
        kind, rest = what.split(" ", 1)
        answers = row["nearest"] if kind == "nearest" else row["pixels"]
        name = {"linear": rest, "cubic": what, "nearest": rest.split()[-1]}[kind]
        assert answers[name] == expected, what


def test_the_page_has_a_turn_of_a_small_picture():
    picture, cases = twin.picture(3, 4, 1), []
    for kind, border in [("linear", b) for b in ("reflect", "edge", 0)]:
        cases.append(WARPS[kind](picture, TURNED, border=border))
    cases += [twin.warp_cubic(picture, TURNED, border=border) for border in ("reflect", 0)]
    cases.append(twin.warp_nearest(picture, TURNED))
    for y in range(3):
        cells = (", ".join(map(str, found[y].tolist())) for found in cases)
        assert f"| {' | '.join(cells)} |" in PAGE


def test_the_page_has_a_whole_effect():
    params = reference.params(HASH.hex(), reference.PRESETS["moderate"], "xoshiro256++")
    placed = twin.turn_map(params["rotation"], params["scale"])
    assert str(tuple(placed)) in PAGE
    for dtype in ("uint8", "uint16", "float32"):
        warped = twin.warp(twin.picture(5, 7, 3, dtype), placed)
        found = twin.tone_of(params["brightness"], params["contrast"], params["noise"], warped)
        toned = twin.tone(warped, *found, noise_of(HASH, warped.size))
        gain, offset, stdev = map(str, found)  # as few digits as tell a float32
        assert f"its gain {gain}. " in PAGE
        numbers = f"{twin.mean(warped)!r} | {offset} | {stdev}"
        first = ", ".join(map(str, toned.ravel()[:3]))
        names = f"`{twin.name(warped)}` | {numbers} | `{twin.name(toned)}`"
        assert f"| {dtype} | {names} | {first} |" in PAGE


@pytest.mark.parametrize("interpolation", WARPS)
def test_the_program_of_the_page_computes_the_same(program, interpolation):
    rng = np.random.default_rng(9)
    for dtype in DTYPES:
        for border in ("reflect", "edge", 0, 1):
            h, w, h2, w2 = (int(side) for side in rng.integers(1, 30, 4))
            how = {name: rng.uniform(-40, 40) for name in ("shear_x", "shear_y")}
            how |= {name: rng.uniform(-1, 1) for name in ("translate_x", "translate_y")}
            how |= {"rotation": rng.uniform(-999, 999), "scale": rng.uniform(0.1, 3)}
            how |= {"flip_horizontal": rng.random() < 0.5, "flip_vertical": rng.random() < 0.5}
            how["crop"] = (rng.uniform(0.1, 1), rng.uniform(0.5, 2), rng.random(), rng.random())
            placed = twin.general_map((h, w), (h2, w2), **how)
            assert program["general"]((h, w), (h2, w2), **how) == placed
            picture = twin.picture(h, w, 3, dtype)
            expected = WARPS[interpolation](picture, placed, (h2, w2), border)
            found = program["warp"](picture, placed, (h2, w2), border, interpolation)
            assert same_bits(found, expected)
            assert program["mean"](picture) == twin.mean(picture)
            normals = noise_of(HASH, picture.size)
            expected = twin.tone(picture, *twin.tone_of(1.1, 0.8, 0.05, picture), normals)
            assert same_bits(program["tone"](picture, 1.1, 0.8, 0.05, normals), expected)


# ---- Known answers of effects ----


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "float64", "alpha"])
def test_the_vectors_of_effects(program, kind):
    """By the twin and by the program of the page."""

    def by_the_page(picture, params, out_size=None, full_range=None, **arguments):
        picture = picture if picture.ndim == 3 else picture[..., None]
        return program["effect"](
            picture, params, out_size and tuple(out_size), F=full_range, **arguments
        )

    for row in EFFECTS:
        if kind == ("alpha" if "alpha" in row["arguments"] else row["dtype"]):
            assert twin.name(effect_of(row)) == row["name"], row
            assert twin.name(effect_of(row, by_the_page)) == row["name"], row


def test_the_vectors_have_every_name_and_argument():
    assert len(EFFECTS) == 60
    names = {name for row in EFFECTS for name in row["params"]}
    assert names == {*twin.EFFECTS, "hash"}
    arguments = {name for row in EFFECTS for name in row["arguments"]}
    wanted = {"out_size", "border", "interpolation", "full_range", "erase_fill", "alpha"}
    assert arguments == wanted
    assert len({row["name"] for row in EFFECTS}) == 60


def test_the_page_has_the_names_of_effects():
    table = re.findall(
        r"^\| \d \| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE
    )
    assert [name for name, _, _ in table] == list(twin.EFFECTS)
    for name, neutral, limits in table:
        wanted = twin.EFFECTS[name]
        assert limits == wanted.limits
        if wanted.neutral is None:
            assert neutral.startswith("none")
        else:
            assert json.loads(neutral.lower()) == wanted.neutral


def test_the_page_has_names_of_effects_of_pictures():
    stand_for = re.search(r"stand for\n\n +(\{.*?\})\n +(\{.*?\})\n", PAGE, re.DOTALL)
    groups = dict(zip(("places", "tones"), map(json.loads, stand_for.groups()), strict=True))
    section = PAGE[PAGE.index("## 36.") : PAGE.index("## 37.")]
    table = re.findall(
        r"^\| (\d+) x (\d+) x (\d+) \| (\w+) \| (.*) \| (.*) \| `(\w{16})` \|$",
        section,
        re.MULTILINE,
    )
    assert len(table) >= 30
    assert f"has {len(EFFECTS)} of them" in section
    for *shape, dtype, params, how, expected in table:
        (row,) = (row for row in EFFECTS if row["name"] == expected)
        assert (row["shape"], row["dtype"]) == ([*map(int, shape)], dtype)
        found = {}
        for part in params.split(" + "):
            found |= groups.get(part) or json.loads(part.strip("`"))
        assert found == {name: each for name, each in row["params"].items() if name != "hash"}
        arguments = {}
        for part in filter(None, how.split(", ")):
            match part.split():
                case ["to", h, "x", w]:
                    arguments["out_size"] = [int(h), int(w)]
                case ["alpha"]:
                    arguments["alpha"] = True
                case ["cubic" | "nearest" as interpolation]:
                    arguments["interpolation"] = interpolation
                case ["border", border]:
                    arguments["border"] = border_of(border)
                case ["F", number]:
                    arguments["full_range"] = json.loads(number)
                case ["erase_fill", number]:
                    arguments["erase_fill"] = json.loads(number)
        assert arguments == row["arguments"]


def test_the_page_has_gammas_matrices_and_boxes():
    section = PAGE[PAGE.index("## 36.") : PAGE.index("## 37.")]
    gammas = re.findall(
        r"^\| ([\d.]+) \| (\w+), ([\d.]+) \| (.*) \| (.*) \|$", section, re.MULTILINE
    )
    assert len(gammas) >= 6
    for exponent, dtype, full, before, after in gammas:
        values = np.array(before.split(", "), float).astype(dtype)
        found = twin.gamma(values, float(exponent), float(full))
        assert ", ".join(map(str, found)) == after
    matrices = re.findall(
        r"^\| ([\d.]+) \| (\S+, \S+, \S+) \| (.*) \| (.*) \|$", section, re.MULTILINE
    )
    assert len(matrices) >= 3
    for saturation, *rows in matrices:
        found = twin.saturation_matrix(float(saturation))
        assert [", ".join(map(str, row)) for row in found] == rows
    boxes = re.findall(r"^\| (\d+) x (\d+) \| ([\d., ]+) \| ([\d, ]+) \|$", section, re.MULTILINE)
    assert len(boxes) >= 6
    for h, w, arguments, box in boxes:
        numbers = map(float, arguments.split(", "))
        assert ", ".join(map(str, twin.erase_box((int(h), int(w)), *numbers))) == box


# ---- Maps ----


def test_cosine_and_sine():
    for degrees in np.random.default_rng(1).uniform(-1000, 1000, 2000).tolist():
        c, s = twin.cos_sin(degrees)
        angle = math.radians(math.fmod(degrees, 360.0))
        assert abs(c - math.cos(angle)) < 4e-15, degrees
        assert abs(s - math.sin(angle)) < 4e-15, degrees
        assert twin.cos_sin(-degrees) == (c, -s)
    for quarters in range(-9, 10):
        exact = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters % 4]
        assert twin.cos_sin(90.0 * quarters) == exact


def test_fixed_rounds_halves_away_from_zero_and_the_sum_to_a_double():
    unit = 2.0**-31
    cases = {0.5: 1, 1.5: 2, 2.5: 3, 0.49: 0, 2.0**52 + 1: 2**52 + 2}  # the sum is a tie: to even
    for value, expected in cases.items():
        assert twin.fixed(value * unit, 31) == expected
        assert twin.fixed(-value * unit, 31) == -expected
    assert twin.fixed(0.49999999999999994 * unit, 31) == 1  # the sum in doubles is 1


@pytest.mark.parametrize("size", [(5, 7), (1, 1), (480, 640)], ids=str)
def test_a_turn_is_the_general_map_without_the_rest(size):
    for degrees, scale in ((0.0, 1.0), (17.0, 1.08), (-725.25, 0.1)):
        general = twin.general_map(size, size, rotation=degrees, scale=scale)
        assert general == twin.turn_map(degrees, scale)


def test_the_order_of_the_general_map():
    """A point of the picture goes the forward way; the map leads back to it."""
    size, out = (40, 60), (24, 50)
    how = {"rotation": 20.0, "scale": 1.3, "shear_x": 12.0, "shear_y": -7.0}
    how |= {"translate_x": 0.1, "translate_y": -0.2, "flip_horizontal": True}
    placed = twin.general_map(size, out, crop=(0.4, 1.5, 0.25, 0.75), **how)
    box_w, box_h = math.sqrt(0.4 * 2400 * 1.5), math.sqrt(0.4 * 2400 / 1.5)
    centre_x, centre_y = 0.25 * (60 - box_w) + box_w / 2, 0.75 * (40 - box_h) + box_h / 2
    u, v = twin.places(size, out, placed)
    for row, column in ((0, 0), (3, 40), (23, 49)):
        x = (u[row, column] * 2.0**-32 + 0.5 - centre_x) * 50 / box_w
        y = (v[row, column] * 2.0**-32 + 0.5 - centre_y) * 24 / box_h
        x = -x
        c, s = math.cos(math.radians(20)), math.sin(math.radians(20))
        x, y = 1.3 * (c * x + s * y), 1.3 * (c * y - s * x)  # counter-clockwise, y down
        x, y = x + math.tan(math.radians(12)) * y, y + math.tan(math.radians(-7)) * x
        x, y = x + 0.1 * 50, y - 0.2 * 24
        assert (x + 25 - 0.5, y + 12 - 0.5) == pytest.approx((column, row), abs=1e-6)


def test_what_is_refused():
    for scale in (0.0009, 1000.1, -1.0, math.nan):
        with pytest.raises(ValueError, match=r"scale must be 0\.001 to 1000"):
            twin.turn_map(0.0, scale)
    with pytest.raises(ValueError, match="a shear must not be a right angle, got 90"):
        twin.general_map((5, 5), (5, 5), shear_x=90.0)
    with pytest.raises(ValueError, match="shears make the picture a line"):
        twin.general_map((5, 5), (5, 5), shear_x=30.0, shear_y=60.0)
    for area, ratio in ((0.0, 1.0), (-1.0, -1.0), (math.nan, 1.0), (0.5, math.inf)):
        with pytest.raises(ValueError, match="area and ratio of a crop must be above 0"):
            twin.general_map((5, 5), (5, 5), crop=(area, ratio, 0.5, 0.5))
    for far in (1e9, 1e300, math.inf, math.nan):
        with pytest.raises(ValueError, match="too far from the image"):
            twin.general_map((5, 5), (5, 5), translate_x=far)
    for size in ((0, 5), (5, 32768)):
        with pytest.raises(ValueError, match="sides must be 1 to 32767"):
            twin.places(size, (5, 5), twin.IDENTITY)
        with pytest.raises(ValueError, match="sides must be 1 to 32767"):
            twin.places((5, 5), size, twin.IDENTITY)
    picture = twin.picture(5, 5, 1)
    for border in (256, -1, 0.5, math.inf):
        with pytest.raises((ValueError, OverflowError)):
            twin.warp(picture, TURNED, border=border)
    with pytest.raises(ValueError, match="border must be 'reflect', 'edge' or a number"):
        twin.warp(picture, TURNED, border="wrap")
    for border in (math.inf, math.nan, 1e39):
        with pytest.raises(ValueError, match="border must be a value of float"):
            twin.warp(twin.picture(5, 5, 1, "float64"), TURNED, border=border)
    with pytest.raises(TypeError, match="image must be uint8, uint16"):
        twin.warp(picture.astype(np.int16), TURNED)


def test_the_farthest_places():
    limit = 1 << 61
    farthest = twin.Map(0, 0, 0, 0, limit - 1 - (4 << 31), 0)  # of a picture 5 pixels wide
    u, _ = twin.places((3, 5), (3, 5), farthest)
    assert u.max() == limit - 1
    for beyond in (farthest._replace(x=farthest.x + 1), twin.Map(limit, 0, 0, 0, 0, 0)):
        with pytest.raises(ValueError, match="too far"):
            twin.places((3, 5), (1, 1), beyond)
    for border in ("reflect", "edge", 3):
        for warp in WARPS.values():
            assert warp(twin.picture(3, 5, 1), farthest, border=border).shape == (3, 5)


# ---- Exact cases ----


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_quarter_turns_of_squares_and_flips_are_exact(dtype, warp):
    square, oblong = twin.picture(9, 9, 3, dtype), twin.picture(6, 11, 2, dtype)
    for border in ("reflect", "edge", 1):
        for quarters in range(-4, 5):
            found = warp(square, twin.turn_map(90.0 * quarters, 1.0), border=border)
            assert same_bits(found, np.rot90(square, quarters))
        upside_down = warp(oblong, twin.turn_map(180.0, 1.0), border=border)
        assert same_bits(upside_down, oblong[::-1, ::-1])
        for horizontal, vertical in ((True, False), (False, True), (True, True)):
            size = oblong.shape[:2]
            placed = twin.general_map(
                size, size, flip_horizontal=horizontal, flip_vertical=vertical
            )
            expected = oblong[:, ::-1] if horizontal else oblong
            expected = expected[::-1] if vertical else expected
            assert same_bits(warp(oblong, placed, border=border), expected)


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS)
def test_the_identity_is_a_copy(warp):
    for dtype in ("float32", "float64"):
        odd = np.array([[math.nan, -0.0], [1e-45, math.inf], [0.1, -1e300]])
        with np.errstate(over="ignore"):
            odd = odd.astype(dtype)
        odd.view(odd.dtype.str.replace("f", "u"))[0, 0] |= 0x155  # a NaN like no other
        found = warp(odd, twin.IDENTITY, border=3.0)
        assert same_bits(found, odd)
        assert not np.shares_memory(found, odd)


@pytest.mark.parametrize("border", ["reflect", "edge"])
def test_sides_of_one_and_two_pixels(border):
    rng = np.random.default_rng(5)
    for warp in WARPS.values():
        one = np.array([[7]], np.uint8)
        assert (warp(one, TURNED, (4, 5), border) == 7).all()
        for dtype in DTYPES:
            row = twin.picture(1, 6, 2, dtype)
            placed = twin.turn_map(float(rng.uniform(-180, 180)), 0.3)
            low = warp(row, placed, (5, 5), border)
            tall = warp(np.repeat(row, 2, 0), placed._replace(y=-(1 << 31)), (5, 5), border)
            # Two equal rows, read between them: the same but for the last bits of float weights.
            assert np.abs(low.astype(float) - tall).max() <= (0 if row.dtype.kind == "u" else 1e-6)


# ---- Near the exact interpolation ----


def coordinates(image, placed, out, border):
    """Exact but for the 16 bits of a fraction that all but uint8 keep."""
    u, v = twin.places(image.shape[:2], out, placed)
    pairs = zip((u, v), (image.shape[1], image.shape[0]), strict=True)
    for q, side in pairs:
        yield twin.fold((q + (1 << 15)) >> 16, (side - 1) << 16, border) / 65536


def in_doubles(image, placed, out, border, weights_of):
    """The sum over the separable weights, all in doubles."""
    x, y = coordinates(image, placed, out, border)
    image = image.astype(np.float64)
    total = 0
    for j, down in weights_of(y - np.floor(y)):
        for i, across in weights_of(x - np.floor(x)):
            tap = twin.taken(
                image, np.floor(y).astype(int) + j, np.floor(x).astype(int) + i, border
            )
            total = total + tap * (across * down)[..., None]
    return total


def linear(t):
    return [(0, 1 - t), (1, t)]


def keys(t):
    def at(d):
        d = np.abs(d)
        inner, outer = (1.25 * d - 2.25) * d * d + 1, -0.75 * (((d - 5) * d + 8) * d - 4)
        return np.where(d <= 1, inner, outer)

    return [(i, at(t - i)) for i in (-1, 0, 1, 2)]


@pytest.mark.parametrize("border", ["reflect", "edge"])
@pytest.mark.parametrize(("kind", "weights_of"), [("linear", linear), ("cubic", keys)])
def test_a_warp_is_near_the_exact_one(kind, weights_of, border):
    # uint8 linear keeps 14 bits of a fraction and rounds three times; the others round once.
    bounds = {"uint8": 0.535 if kind == "linear" else 0.5001, "uint16": 0.51, "float32": 1e-6}
    rng = np.random.default_rng(6)
    for dtype, bound in bounds.items():
        for _ in range(6):
            image = twin.picture(37, 41, 2, dtype)
            placed = twin.turn_map(rng.uniform(-180, 180), rng.uniform(0.2, 3))
            exact = in_doubles(image, placed, (37, 41), border, weights_of)
            found = WARPS[kind](image, placed, border=border)
            if image.dtype.kind == "u":
                exact = exact.clip(0, np.iinfo(dtype).max)
            assert np.abs(found - exact).max() < bound, dtype


def test_all_cubic_weights_are_exact():
    k = np.arange(65536, dtype=np.int64)
    rest = 65536 - k
    exact = [  # in units of 2**-50
        -3 * k * rest * rest,
        (5 * k - 9 * 65536) * k * k + 2**50,
        (5 * rest - 9 * 65536) * rest * rest + 2**50,
        -3 * rest * k * k,
    ]
    for found, expected in zip(twin.cubic_weights(k * 2.0**-16), exact, strict=True):
        assert np.array_equal((found * 2.0**50).astype(np.int64), expected)
        assert np.array_equal(expected / 2.0**50, found)  # nothing was left below the unit
    assert (sum(exact) == 2**50).all()


def test_float64_is_computed_as_float32():
    image = twin.picture(9, 8, 2, "float32")
    for warp in (twin.warp, twin.warp_cubic):
        expected = warp(image, TURNED).astype(np.float64)
        assert same_bits(warp(image.astype(np.float64), TURNED), expected)


def test_nearest_copies_elements_of_any_dtype():
    labels = twin.picture(9, 8, 1)
    expected = twin.warp_nearest(labels, TURNED, (5, 6), 7)
    for dtype in ("int8", "int64", "uint32", "float16", "complex64"):
        mask = labels.astype(dtype)
        found = twin.warp_nearest(mask, TURNED, (5, 6), 7)
        assert same_bits(found, expected.astype(dtype))
    assert twin.warp_nearest(labels > 99, TURNED, (5, 6), 1).dtype == bool


# ---- What does not spread ----


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_has_the_weight_0_does_not_count(value):
    image = np.ones((9, 9), np.float32)
    image[4, 4] = value
    shift = twin.IDENTITY._replace(x=-(2 << 32))
    for warp in WARPS.values():
        for border in ("reflect", "edge", 1):
            found = warp(image, shift, border=border)
            assert np.argwhere(~np.isfinite(found)).tolist() == [[4, 6]]
            found = warp(image, twin.turn_map(90.0, 1.0), border=border)
            assert np.argwhere(~np.isfinite(found)).tolist() == [[4, 4]]
    half = twin.IDENTITY._replace(x=1 << 31)  # between columns; rows stay where they are
    for warp, columns in ((twin.warp, [3, 4]), (twin.warp_cubic, [2, 3, 4, 5])):
        found = np.argwhere(~np.isfinite(warp(image, half)))
        assert found.tolist() == [[4, column] for column in columns]


# ---- Tensors ----


def test_tensors_are_warped_alike():
    torch = require("torch")
    rng = np.random.default_rng(7)
    for border in ("reflect", "edge"):
        for _ in range(10):
            n, h, w, c = (int(number) for number in rng.integers([1, 2, 2, 1], [4, 50, 50, 4]))
            images = rng.integers(0, 256, (n, h, w, c), np.uint8)
            maps = [
                twin.general_map(
                    (h, w),
                    (h, w),
                    rotation=rng.uniform(-400, 400),
                    scale=rng.uniform(0.05, 4),
                    shear_x=rng.uniform(-30, 30),
                    translate_y=rng.uniform(-2, 2),
                )
                for _ in range(n)
            ]
            maps[0] = twin.IDENTITY
            tensors = torch.from_numpy(np.moveaxis(images, 3, 1).copy())
            found = np.moveaxis(twin.warp_torch(tensors, maps, border).numpy(), 1, 3)
            for image, placed, result in zip(images, maps, found, strict=True):
                assert np.array_equal(twin.warp(image, placed, border=border), result)


# ---- Tone ----


def test_means_of_integers():
    for dtype in ("uint8", "uint16"):
        image = twin.picture(61, 67, 3, dtype)
        assert twin.mean(image) == sum(image.ravel().tolist()) / image.size


def test_means_of_floats_have_no_order_and_take_finite_values():
    rng = np.random.default_rng(8)
    image = rng.normal(0.5, 3, (40, 50)).astype(np.float32)
    expected = twin.mean(image)
    assert expected == pytest.approx(image.mean(dtype=np.float64), abs=2.0**-24)
    assert twin.mean(rng.permutation(image.ravel())) == expected
    assert twin.mean(image.astype(np.float64)) == expected
    odd = np.array([math.nan, math.inf, -math.inf, 0.25, 0.75], np.float32)
    assert twin.mean(odd) == 0.5
    assert twin.mean(odd[:3]) == 0.0
    ties = np.array([0.5, 1.5, 2.5, -0.5], np.float32) * 2.0**-24  # to 0, 2, 2, 0
    assert twin.mean(ties) == 2.0**-24
    assert twin.mean(np.array([1e30, -1e30, 1e30, 1e30], np.float32)) == 2.0**14 / 2


def test_a_tone():
    image = twin.picture(5, 7, 3)
    brightness, contrast, noise = 1.0552569211826817, 1.1727205600644448, 0.044618692361399516
    gain, offset, stdev = twin.tone_of(brightness, contrast, noise, image)
    assert gain == np.float32(brightness * contrast)
    assert offset == np.float32(brightness * (1 - contrast) * twin.mean(image))
    assert stdev == np.float32(noise * 255)
    normals = noise_of(HASH, image.size)
    found = twin.tone(image, gain, offset, stdev, normals)
    exact = (
        float(gain) * image
        + float(offset)
        + float(stdev) * normals.reshape(image.shape).astype(np.float64)
    )
    assert np.abs(found - exact.clip(0, 255)).max() < 0.501
    assert found.dtype == np.uint8
    planes = np.moveaxis(image, 2, 0)  # C planes of HxW take the same noise at the same place
    at = (np.arange(5)[:, None] * 7 + np.arange(7)) * 3 + np.arange(3)[:, None, None]
    toned = twin.tone(planes, gain, offset, stdev, normals[at])
    assert np.array_equal(np.moveaxis(toned, 0, 2), found)


def test_a_tone_rounds_each_step_and_integers_to_even():
    halves = twin.tone(np.array([1, 3, 5, 255, 0], np.uint8), 0.5, 0.0)
    assert halves.tolist() == [0, 2, 2, 128, 0]
    clipped = twin.tone(np.array([0, 200, 255], np.uint8), 2.0, -100.0)
    assert clipped.tolist() == [0, 255, 255]
    value, gain, offset = np.float32(0.1), np.float32(1.1), np.float32(-0.11)
    product = np.float32(float(value) * float(gain))
    assert twin.tone(np.array([value]), gain, offset)[0] == np.float32(
        float(product) + float(offset)
    )
    zero = twin.tone(np.array([-0.0], np.float32), 1.0, 0.0)
    assert not np.signbit(zero[0])


def test_with_a_contrast_of_1_the_mean_does_not_count():
    image = np.full((2, 2), math.nan, np.float32)
    for brightness in (0.7, -0.7):
        assert twin.tone_of(brightness, 1.0, 0.0, image).offset == 0


def test_a_tone_is_clipped_to_the_full_range():
    image = twin.picture(9, 8, 3, "uint16")
    found = twin.tone(image, 1.0, 0.0, full=1023)
    assert np.array_equal(found, np.minimum(image, 1023))
    assert twin.tone_of(1.0, 1.0, 0.1, image, 1023).stdev == np.float32(0.1 * 1023)
    levels = twin.picture(9, 8, 3, "float32") * np.float32(255)
    assert twin.mean(levels, 255) == pytest.approx(levels.mean(dtype=float), abs=255 * 2.0**-24)
    assert twin.tone(levels, 2.0, 0.0, full=255).max() > 300


# ---- Gamma ----


@pytest.mark.parametrize(("dtype", "full"), [("uint8", None), ("uint8", 200), ("uint16", 1023)])
def test_a_gamma_of_integers_is_near_that_of_libm(dtype, full):
    values = np.arange(np.iinfo(dtype).max + 1).astype(dtype)[:3000]
    most = full or np.iinfo(dtype).max
    parts = np.minimum(values, most) / most
    for exponent in (0.01, 0.45, 0.99, 2.2, 100.0):
        found = twin.gamma(values, exponent, full)
        exact = np.array([math.pow(part, exponent) * most for part in parts])
        assert np.abs(found - exact).max() <= 0.5 + 1e-9
        assert found[0] == 0
        assert found[most] == most if most < 3000 else True
        assert (np.diff(found.astype(int)) >= 0).all()
        assert found.dtype == dtype


def test_a_gamma_of_floats_is_near_that_of_libm():
    values = np.random.default_rng(3).uniform(0, 4, 500).astype(np.float32)
    for full in (1.0, 0.3, 255.0):
        for exponent in (0.01, 0.45, 2.2, 30.0):
            found = twin.gamma(values, exponent, full)
            exact = [math.pow(float(v) / full, exponent) * full for v in values]
            assert found == pytest.approx(exact, rel=1e-6, abs=1e-45)
            assert same_bits(twin.gamma(values.astype(float), exponent, full), found.astype(float))


def test_what_a_gamma_leaves():
    odd = np.array([-0.0, 0.0, -2.5, math.nan, math.inf, -math.inf, 1.0], np.float32)
    for exponent in (0.01, 0.5, 100.0):
        assert same_bits(twin.gamma(odd, exponent), odd)
    for dtype in DTYPES:
        image = twin.picture(9, 8, 3, dtype)
        assert same_bits(twin.gamma(image, 1.0, 1), image)
    tiny, great = np.float32(1e-45), np.float32(3e38)
    found = twin.gamma(np.array([tiny, great]), 100.0)
    assert found.tolist() == [0.0, math.inf]  # e**-700 and e**700 at the outside


# ---- Saturation ----


def test_a_saturation_of_0_makes_channels_equal_and_1_does_nothing():
    for dtype in DTYPES:
        image = twin.picture(9, 8, 3, dtype)
        for params in ({"saturation": 0.0}, {"grey": True, "saturation": 1.7}):
            found = twin.effect(image, params)
            assert same_bits(found[..., :1].repeat(3, axis=2), found)
            luma = image @ np.array(twin.LUMA)
            assert np.abs(found[..., 0] - luma).max() <= (1e-6 if image.dtype.kind == "f" else 0.51)
        assert same_bits(twin.effect(image, {"saturation": 1.0, "grey": False}), image)
        less, more = (twin.effect(image, {"saturation": s}).astype(float) for s in (0.5, 1.5))
        assert (np.ptp(less, axis=2) <= np.ptp(more, axis=2)).all()
    assert np.array_equal(twin.saturation_matrix(1.0), np.eye(3, dtype=np.float32))


def test_a_saturation_needs_one_or_three_channels():
    for channels in (2, 4, 5):
        image = twin.picture(9, 8, channels)
        for params in ({"saturation": 0.5}, {"grey": True}):
            with pytest.raises(ValueError, match="saturation needs one or three channels"):
                twin.effect(image, params)
        assert same_bits(twin.effect(image, {"grey": False}), image)
    flat = twin.picture(9, 8, 1)
    for image in (flat, flat[..., None]):
        assert same_bits(
            twin.effect(image, {"grey": True, "brightness": 1.2}), twin.tone(image, 1.2, 0)
        )


# ---- Erasing ----


def test_erased_boxes_lie_inside():
    rng = np.random.default_rng(4)
    for _ in range(3000):
        h, w = (int(side) for side in rng.integers(1, 60, 2))
        area, x, y = (float(rng.choice([0, 1, rng.random()])) for _ in range(3))
        ratio = math.exp(rng.uniform(-9, 9))
        left, top, columns, rows = twin.erase_box((h, w), area, ratio, x, y)
        assert 0 <= left <= left + columns <= w
        assert 0 <= top <= top + rows <= h
        if w >= math.sqrt(area * w * h * ratio) and h >= math.sqrt(area * w * h / ratio):
            assert abs(columns * rows - area * w * h) <= 0.5 * (columns + rows) + 0.25
    for ratio in (5e-324, 1e308):
        assert twin.erase_box((5, 7), 0.5, ratio, 1.0, 1.0)[:2] in ((3, 0), (7, 0), (0, 5), (0, 2))


def test_an_erasing_leaves_the_rest():
    for dtype in DTYPES:
        image = twin.picture(20, 30, 3, dtype)
        found = twin.effect(
            image, {"erase.area": 0.06, "erase.x": 0.0, "erase.y": 1.0}, erase_fill=1
        )
        assert (found[14:, :6] == 1).all()
        found[14:, :6] = image[14:, :6]
        assert same_bits(found, image)
        assert same_bits(twin.effect(image, {"erase.area": 0.0, "erase.ratio": 3.0}), image)
    gone = twin.effect(twin.picture(9, 9, 1, "float64"), {"erase.area": 1.0}, erase_fill=0.1)
    assert (gone == float(np.float32(0.1))).all()
    for fill in (256, -1, 0.5):
        with pytest.raises((ValueError, OverflowError)):
            twin.effect(twin.picture(9, 9, 1), {"erase.area": 0.5}, erase_fill=fill)


# ---- Alpha ----


@pytest.mark.parametrize("interpolation", WARPS)
def test_an_opaque_picture_is_warped_as_without_alpha(interpolation):
    image = twin.picture(31, 33, 4)
    image[..., 3] = 255
    found = twin.with_alpha(image, TURNED, interpolation=interpolation)
    expected = WARPS[interpolation](image[..., :3], TURNED)
    assert (found[..., 3] == 255).all()
    assert np.abs(found[..., :3].astype(int) - expected).max() <= (interpolation != "nearest")


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_hidden_colours_do_not_bleed(interpolation):
    image = twin.picture(31, 33, 2)
    image[..., 1] = 255 * (np.arange(33) % 9 < 5)
    image[image[..., 1] == 255, 0] = 77  # elsewhere anything
    for border in ("reflect", "edge", 9):
        found = twin.with_alpha(image, TURNED, (40, 40), border, interpolation)
        seen = found[..., 1] > 0
        assert 0.2 < seen.mean() < 0.95
        assert (found[seen, 0] == 77).all()
        assert (found[~seen, 0] == 0).all()


def test_what_is_outside_is_transparent():
    away = twin.IDENTITY._replace(x=-(20 << 32))
    for interpolation in WARPS:
        found = twin.with_alpha(twin.picture(9, 33, 4), away, None, 200, interpolation)
        assert not found[:, :20].any()
        assert found[:, 20:].any()


def test_the_mean_of_what_is_seen():
    image = np.array([[[10, 20, 30, 255], [200, 200, 200, 0], [50, 60, 70, 51]]], np.uint8)
    colours, alpha = image[..., :3], image[..., 3]
    exact = (60 * 255 + 180 * 51) / (3 * (255 + 51))
    assert twin.mean_under_alpha(colours, alpha) == exact
    assert twin.mean_under_alpha(colours, alpha * 0) == 0.0
    grey = twin.effect(image, {"contrast": 0.0}, alpha=True)
    assert np.array_equal(grey[..., :3], np.full((1, 3, 3), round(exact)))
    assert np.array_equal(grey[..., 3], alpha)


def test_alpha_takes_no_noise_and_is_not_erased():
    image = twin.picture(9, 8, 4)
    params = {"gamma": 0.7, "noise": 0.1, "saturation": 0.4, "erase.area": 0.2, "hash": HASH.hex()}
    found = twin.effect(image, params, alpha=True)
    assert np.array_equal(found[..., 3], image[..., 3])
    assert np.array_equal(found[..., :3], twin.effect(image[..., :3], params))
    assert same_bits(twin.effect(image, {}, alpha=True), image)  # hidden colours, too


# ---- Effects ----


@pytest.mark.parametrize("dtype", DTYPES)
def test_neutral_parameters_are_a_copy(dtype):
    neutral = {
        name: each.neutral for name, each in twin.EFFECTS.items() if each.neutral is not None
    }
    image = twin.picture(9, 8, 3, dtype)
    if image.dtype.kind == "f":
        image[0, :3, 0] = -0.0, math.nan, math.inf
    if dtype == "float64":
        image[1, 0] = 1e-300
    for params in (neutral, {}, {"crop.x": 0.3, "erase.x": 0.1}, {"hue": 3, "crop": True}):
        found = twin.effect(image, params, border=1, full_range=1)
        assert same_bits(found, image)
        assert not np.shares_memory(found, image)
    assert not same_bits(twin.effect(image, neutral, (8, 8)), image)


def test_a_crop_of_area_1_is_the_whole_picture():
    rng = np.random.default_rng(10)
    for h, w in [(1, 1), (32767, 1), (32767, 32767), *rng.integers(1, 32768, (3000, 2)).tolist()]:
        assert twin.placement({"crop.area": 1.0}, (h, w), (h, w)) == twin.IDENTITY
    square = twin.placement({"crop.ratio": 1.0}, (40, 60), (40, 40))
    box = math.sqrt(2400)
    assert square == twin.general_map((40, 60), (40, 40), crop=(1.0, 1.0, 0.5, 0.5))
    assert square.xx == round(box / 40 * 2**31)
    assert square.yy == 1 << 31  # no higher than the picture


def test_the_steps_are_in_order():
    image = twin.picture(31, 33, 3, "uint16")
    params = {"rotation": 17.0, "scale": 1.08, "gamma": 0.6, "brightness": 1.2, "contrast": 0.7}
    params |= {"saturation": 0.5, "noise": 0.1, "erase.area": 0.1, "hash": HASH.hex()}
    step = twin.gamma(twin.warp(image, TURNED), 0.6, 60000)
    found = twin.tone_of(1.2, 0.7, 0.1, step, 60000)
    normals = noise_of(HASH, step.size)
    step = twin.tone(step, *found, normals, twin.saturation_matrix(0.5), 60000)
    step = twin.erased(step, 0.1)
    assert same_bits(twin.effect(image, params, full_range=60000), step)
    assert same_bits(twin.effect(image, params, full_range=60000, noise=normals), step)
    assert step.max() == 60000


def test_steps_that_are_left_out_leave_values_above_the_full_range():
    image = twin.picture(31, 33, 3, "uint16")
    for params in ({}, {"rotation": 17.0}, {"erase.area": 0.1}):
        assert twin.effect(image, params, full_range=1023).max() > 60000
    for params in ({"gamma": 0.9}, {"brightness": 1.001}, {"grey": True}):
        assert twin.effect(image, params, full_range=1023).max() == 1023
    doubles = twin.picture(9, 8, 3, "float64") + 1e-12
    assert same_bits(twin.effect(doubles, {"erase.area": 0.0}), doubles)
    assert same_bits(
        twin.effect(doubles, {"brightness": 2.0, "contrast": 0.5}),
        twin.tone(doubles, 1.0, twin.mean(doubles)),
    )


BAD = {
    "scale": (0.0009, 1000.1, math.nan),
    "rotation": (math.inf,),
    "shear_x": (90, -90.0, 180.0),
    "translate_y": (math.nan, 1e9),
    "crop.area": (0.0, 1.1, -0.5),
    "crop.ratio": (0.0, -1.0, math.inf),
    "crop.x": (-0.1, 1.1),
    "gamma": (0.0099, 101, -1.0),
    "brightness": (math.inf, 1e39),
    "saturation": (-0.1, 1e39),
    "noise": (-0.1, 1e300),
    "erase.area": (-0.1, 1.1),
    "erase.ratio": (0.0, math.nan),
    "erase.y": (-1e-9, 1.1),
}


@pytest.mark.parametrize("name", BAD)
def test_what_an_effect_refuses(name):
    image = twin.picture(9, 8, 3)
    for value in BAD[name]:
        with pytest.raises(ValueError, match=r"must be|too (far|large)"):
            twin.effect(image, {name: value})
    for value in ("1", None, True):
        with pytest.raises(TypeError, match=rf"{name} must be"):
            twin.effect(image, {name: value})


def test_more_that_an_effect_refuses():
    image = twin.picture(9, 8, 3)
    for name in ("grey", "flip_horizontal", "flip_vertical"):
        for value in (1, 0.0, "yes"):
            with pytest.raises(TypeError, match=f"{name} must be True or False"):
                twin.effect(image, {name: value})
    for dtype, bad in (("uint8", (0, 256, 1.5)), ("uint16", (65536,)), ("float32", (0, math.inf))):
        for full in bad:
            with pytest.raises(ValueError, match="full_range must be"):
                twin.effect(twin.picture(9, 8, 3, dtype), {"gamma": 2.0}, full_range=full)
    with pytest.raises(ValueError, match="shears make the picture a line"):
        twin.effect(image, {"shear_x": 30.0, "shear_y": 60.0})
    with pytest.raises(TypeError, match="an image with alpha"):
        twin.effect(image, {}, alpha=True)


# ---- The digest that tests/c/test_warp.c expects of C ----


def split_mix(state):
    """SplitMix64 of Steele, Lea and Flood."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        yield z ^ z >> 31


def random_placement(draw):
    placement = {"rotation": draw(7201) / 10 - 360}
    placement["scale"] = (0.001, 0.1, 0.5, 0.8, 1, 1.25, 2, 7, 1000)[draw(9)]
    if draw(2):
        return placement
    for name in ("shear_x", "shear_y"):
        placement[name] = draw(201) / 10 - 10
    for name in ("translate_x", "translate_y"):
        placement[name] = draw(101) / 100 - 0.5
    for name in ("flip_horizontal", "flip_vertical"):
        placement[name] = bool(draw(2))
    area, ratio = (1 + draw(100)) / 100, (50 + draw(151)) / 100
    return placement | {"crop": (area, ratio, draw(101) / 100, draw(101) / 100)}


def test_400_random_warps_have_the_digest_of_the_c_tests():
    bits = split_mix(17)
    digest = hashlib.sha256()

    def draw(most):
        return next(bits) % most

    for _ in range(400):
        height, width, *out = (1 + draw(most) for most in (40, 90, 40, 280))
        channels = (1, 3, 4, 2, 5)[draw(5)]
        dtype = ("uint8", "uint16", "float32")[draw(3)]
        interpolate = (twin.warp, twin.warp_nearest, twin.warp_cubic)[draw(3)]
        border = draw(3)
        number = draw(256)
        fill = number / 8 if dtype == "float32" else number
        placement = random_placement(draw)
        image = twin.picture(height, width, channels, dtype)
        map_ = twin.general_map((height, width), tuple(out), **placement)
        done = interpolate(image, map_, tuple(out), ("reflect", "edge", fill)[border])
        digest.update(done.astype(done.dtype.newbyteorder("<")).tobytes())
    expected = (ROOT / "tests/c/test_warp.c").read_text(encoding="utf-8")
    assert f'#define DIGEST "{digest.hexdigest()}"' in expected
