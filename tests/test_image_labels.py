"""Labels follow the pixels of their image: masks, keypoints and boxes, by any map."""

import re

import numpy as np
import pixels_reference as twin
import pytest
from PIL import Image

import dpa
from dpa.integrations.image import augment_boxes, augment_keypoints, augment_mask
from dpa.space import Bernoulli, LogUniform, Space, Uniform

TURN = {"rotation": 30, "scale": 0.9}


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def random_maps(count, least_scale=0.3):
    """Parameters, size and out_size."""
    rng = np.random.default_rng(9)
    space = Space({
        "crop.area": Uniform(0.1, 1), "crop.ratio": LogUniform(0.3, 3),
        "crop.x": Uniform(0, 1), "crop.y": Uniform(0, 1),
        "flip_horizontal": Bernoulli(0.5), "flip_vertical": Bernoulli(0.5),
        "rotation": Uniform(-180, 180), "scale": LogUniform(least_scale, 4),
        "shear_x": Uniform(-15, 15), "shear_y": Uniform(-15, 15),
        "translate_x": Uniform(-0.3, 0.3), "translate_y": Uniform(-0.3, 0.3),
    })  # fmt: skip
    for params in dpa.generate_augmentation_batch(range(count), space).to_dicts():
        size, out = (tuple(rng.integers(1, 40, 2).tolist()) for _ in range(2))
        if rng.random() < 0.5:
            params = {name: params[name] for name in params if "crop" not in name}
        yield params, size, out if rng.random() < 0.7 else size


# ---- Keypoints ----


def test_keypoints_are_the_exact_inverse_of_1000_maps():
    for params, size, out in random_maps(1000):
        y, x = np.mgrid[: out[0], : out[1]].reshape(2, -1)
        placed = twin.placement(params, size, out)
        points = np.column_stack([u.ravel() / 2**32 for u in twin.places(size, out, placed)])
        moved = augment_keypoints(points, params, size, out_size=out)
        assert np.abs(moved - np.column_stack([x, y])).max() < 1e-6


def test_keypoints_land_on_the_pixels_they_mark_for_1000_maps():
    """Where pixels grow, so that all are shown: at the nearest place lies the pixel itself."""
    maps = seen = 0
    for params, size, out in random_maps(6000, least_scale=1.0):
        xx, xy, yx, yy, *_ = twin.placement(params, size, out)
        if max(abs(xx) + abs(xy), abs(yx) + abs(yy)) >= 0.999 * 2**31:
            continue
        numbers = np.arange(1, size[0] * size[1] + 1, dtype=np.uint16).reshape(size)
        points = np.argwhere(numbers)[:, ::-1]
        moved = np.floor(augment_keypoints(points, params, size, out_size=out) + 0.5).astype(int)
        inside = ((moved >= 0) & (moved < out[::-1])).all(1)
        shown = augment_mask(numbers, params, out_size=out, border=0)
        assert np.array_equal(shown[moved[inside, 1], moved[inside, 0]], numbers.ravel()[inside])
        maps, seen = maps + 1, seen + inside.sum()
    assert maps >= 1000
    assert seen > 20_000


def test_further_columns_of_keypoints_are_kept():
    rows = np.array([[1, 2, np.nan, -0.0, 2**53], [3, 4, np.inf, 1e-300, -1]])
    kept = rows.copy()
    for params in ({}, {"rotation": 30, "crop.area": 0.5}):
        moved = augment_keypoints(rows, params, (10, 20), out_size=(5, 5))
        assert same_bits(moved[:, 2:], rows[:, 2:])
        assert np.array_equal(
            moved[:, :2], augment_keypoints(rows[:, :2], params, (10, 20), out_size=(5, 5))
        )
    assert same_bits(rows, kept)
    assert augment_keypoints(np.zeros((0, 3)), {}, (4, 5)).shape == (0, 3)


# ---- Boxes ----


def corners_of(boxes):
    left, top, right, bottom = boxes.T
    return [np.column_stack([x, y]) for x in (left, right) for y in (top, bottom)]


def random_boxes(rng, size, count):
    ends = np.sort(rng.random((count, 2, 2)), axis=2) * np.array(size[::-1])[:, None]
    return ends.transpose(0, 2, 1).reshape(count, 4)


def test_boxes_contain_the_warped_masks():
    rng = np.random.default_rng(11)
    held = 0
    for params, size, out in random_maps(600):
        top, bottom = sorted(rng.choice(size[0] + 1, 2, replace=False).tolist())
        left, right = sorted(rng.choice(size[1] + 1, 2, replace=False).tolist())
        mask = np.zeros(size, bool)
        mask[top:bottom, left:right] = True
        [box] = augment_boxes([[left, top, right, bottom]], params, size, out_size=out)
        rows, columns = np.nonzero(augment_mask(mask, params, border=0, out_size=out))
        if rows.size:
            centres = np.array([columns, rows]) + 0.5
            assert (box[:2] - 1e-6 <= centres.min(1)).all()
            assert (centres.max(1) <= box[2:] + 1e-6).all()
            held += 1
    assert held > 200


def test_boxes_are_around_the_moved_corners_and_ellipses():
    rng = np.random.default_rng(12)
    turns = np.linspace(0, 2 * np.pi, 20_001)
    for params, size, out in random_maps(200):
        boxes = random_boxes(rng, size, 3)
        # Keypoints count from the centre of the first pixel, boxes from its corner.
        moved = [
            augment_keypoints(each - 0.5, params, size, out_size=out) + 0.5
            for each in corners_of(boxes)
        ]
        corners = augment_boxes(boxes, params, size, out_size=out)
        wanted = np.hstack([np.min(moved, axis=0), np.max(moved, axis=0)])
        reach = np.abs(wanted).max() + 1
        assert np.abs(corners - wanted).max() < 1e-9 * reach
        ellipses = augment_boxes(boxes, params, size, out_size=out, around="ellipse")
        assert (ellipses[:, :2] >= corners[:, :2] - 1e-9 * reach).all()
        assert (ellipses[:, 2:] <= corners[:, 2:] + 1e-9 * reach).all()
        for (left, top, right, bottom), found in zip(boxes, ellipses, strict=True):
            rim = np.column_stack([
                (left + right + (right - left) * np.cos(turns)) / 2,
                (top + bottom + (bottom - top) * np.sin(turns)) / 2,
            ])  # fmt: skip
            rim = augment_keypoints(rim - 0.5, params, size, out_size=out) + 0.5
            assert np.abs(np.hstack([rim.min(0), rim.max(0)]) - found).max() < 1e-6 * reach


def test_ellipse_boxes_contain_warped_discs_and_are_tight():
    y, x = np.mgrid[:60, :80]
    # Pixels all of which lie in the ellipse: their farthest corner does.
    disc = ((abs(x - 39) + 0.5) / 20) ** 2 + ((abs(y - 24) + 0.5) / 15) ** 2 <= 1
    box = [39.5 - 20, 24.5 - 15, 39.5 + 20, 24.5 + 15]
    tighter = 0
    for params, _, _ in random_maps(100, least_scale=0.8):
        params = {name: params[name] for name in ("rotation", "scale", "shear_x")}
        out = (500, 500)
        params["crop.area"] = 1.0
        done = augment_mask(disc, params, border=0, out_size=out)
        [found] = augment_boxes([box], params, disc.shape, out_size=out, around="ellipse")
        [corners] = augment_boxes([box], params, disc.shape, out_size=out)
        if min(corners[:2]) < 0 or max(corners[2:]) > 500:
            continue
        rows, columns = np.nonzero(done)
        centres = np.array([columns, rows]) + 0.5
        assert (found[:2] - 1e-6 <= centres.min(1)).all()
        assert (centres.max(1) <= found[2:] + 1e-6).all()
        pixel = 500 / 60 * params["scale"] * 1.5  # of the image, in the result
        assert np.abs(np.hstack([centres.min(1), centres.max(1)]) - found).max() < 2 * pixel
        tighter += np.ptp(corners[::2]) > 1.2 * np.ptp(found[::2])
    assert tighter > 10


def test_formats_of_boxes_agree():
    rng = np.random.default_rng(13)
    for params, size, out in random_maps(200):
        corners = random_boxes(rng, size, 4)
        start, sides = corners[:, :2], corners[:, 2:] - corners[:, :2]
        written = {
            "corners": corners,
            "xywh": np.hstack([start, sides]),
            "cxcywh": np.hstack([start + sides / 2, sides]),
        }
        for around in ("corners", "ellipse"):
            how = {"out_size": out, "around": around}
            wanted = augment_boxes(corners, params, size, **how)
            near = {"rel": 1e-9, "abs": 1e-9 * (np.abs(wanted).max() + 1)}
            for name, boxes in written.items():
                found = augment_boxes(boxes, params, size, format=name, **how)
                parts = augment_boxes(
                    boxes / np.tile(size[::-1], 2),
                    params,
                    size,
                    format=name,
                    normalised=True,
                    **how,
                )
                assert parts * np.tile(out[::-1], 2) == pytest.approx(found, **near)
                if name != "corners":
                    half = found[:, 2:] / 2 if name == "cxcywh" else 0
                    begin = found[:, :2] - half
                    found = np.hstack([begin, begin + found[:, 2:]])
                assert found == pytest.approx(wanted, **near)


@pytest.mark.parametrize(
    ("boxes", "how", "message"),
    [
        ([[0, 0, 9, 9], [100, 50, 20, 30]], {}, "got [100.0, 50.0, 20.0, 30.0]; format= says how"),
        ([[1, 5, 2, 4]], {}, "boxes must not end before they begin, got [1.0, 5.0, 2.0, 4.0]"),
        ([[0.1, 0.4, 0.3, 0.3]], {"normalised": True}, "got [0.1, 0.4, 0.3, 0.3]; format= says"),
        ([[1, 5, -2, 4]], {"format": "xywh"}, "before they begin, got [1.0, 5.0, -2.0, 4.0]"),
        ([[1, 5, 2, -4]], {"format": "cxcywh"}, "before they begin, got [1.0, 5.0, 2.0, -4.0]"),
        ([[1, 5, 2, 7]], {"format": "xyxy"}, "one of corners, xywh, cxcywh, got 'xyxy'"),
        ([[1, 5, 2, 7]], {"format": None}, "format must be one of corners, xywh, cxcywh, got None"),
        ([[1, 5, 2, 7]], {"around": "disc"}, "around must be one of corners, ellipse, got 'disc'"),
        ([[1, 5, 2, 7, 8]], {}, "boxes must have shape (n, 4), got (1, 5)"),
    ],
)
def test_bad_boxes_are_named(boxes, how, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        augment_boxes(boxes, {}, (200, 200), **how)


def test_boxes_of_no_size_are_boxes():
    for name in ("corners", "xywh", "cxcywh"):
        box = [[3, 4, 3, 4]] if name == "corners" else [[3, 4, 0, 0]]
        found = augment_boxes(box, {"flip_horizontal": True}, (10, 10), format=name)
        assert found.tolist() == [[7, 4, *([7, 4] if name == "corners" else [0, 0])]]
        assert augment_boxes([], {}, (10, 10), format=name, around="ellipse").shape == (0, 4)


# ---- Masks ----

QUARTER = {"rotation": 90}


@pytest.mark.parametrize("mode", ["1", "L", "P", "I", "I;16", "I;16B", "F"])
@pytest.mark.parametrize("border", ["reflect", "edge", 1])
def test_a_pil_mask_is_its_array(mode, border):
    labels = np.random.default_rng(2).integers(0, 5, (20, 31))
    dtype = {"1": bool, "I": np.int32, "I;16": "<u2", "I;16B": ">u2", "F": np.float32}.get(mode)
    image = Image.fromarray(labels.astype(dtype or np.uint8))
    if mode == "P":
        image = image.copy()
        image.putpalette(range(15))
    assert image.mode == mode
    image.info["source"] = "here"
    before = image.tobytes()
    for how in ({}, {"out_size": (9, 14)}):
        done = augment_mask(image, TURN, border=border, **how)
        assert done.mode == mode
        wanted = augment_mask(np.asarray(image), TURN, border=border, **how)
        assert np.array_equal(np.asarray(done), wanted)
        assert done.size == wanted.shape[::-1]
        assert done.getpalette() == image.getpalette()
        assert done.info == {"source": "here"}
    done.info.clear()
    assert image.info
    assert image.tobytes() == before


@pytest.mark.parametrize("colours", ["RGB", "RGBA"])
@pytest.mark.parametrize("entries", [3, 256])
def test_a_palette_is_kept(colours, entries):
    image = Image.fromarray(np.arange(144, dtype=np.uint8).reshape(12, 12) % 3).copy()
    image.putpalette((bytes(range(256)) * 4)[: entries * len(colours)], colours)
    done = augment_mask(image, QUARTER)
    assert done.palette.mode == colours
    assert done.getpalette(colours) == image.getpalette(colours)
    turned = image.transpose(Image.Transpose.ROTATE_90)
    assert done.convert("RGBA").tobytes() == turned.convert("RGBA").tobytes()


def test_a_mask_of_colours_is_refused():
    for mode in ("RGB", "RGBA", "LA", "PA", "CMYK", "YCbCr"):
        message = rf"^mask must have one of the modes 1, L, P, .*, got '{mode}': colours are no"
        image = Image.new("LA" if mode == "PA" else mode, (4, 4)).convert(mode)
        with pytest.raises(ValueError, match=message):
            augment_mask(image, TURN)


@pytest.mark.parametrize("border", ["reflect", "edge", 0, 1])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "float64"])
def test_a_mask_of_no_classes(dtype, border):
    done = augment_mask(np.zeros((32, 30, 0), dtype), TURN, border=border, out_size=(7, 9))
    assert (done.shape, done.dtype) == ((7, 9, 0), np.dtype(dtype))


@pytest.mark.parametrize(
    "bad",
    [
        *[[[1]], None, "mask.png", np.zeros((4, 4), object), np.zeros(4), np.zeros((1, 4, 4, 1))],
        *[np.zeros((0, 4)), np.zeros((4, 0)), np.zeros((3, 9, 9)), np.zeros((1, 32768))],
        *[np.ma.zeros((4, 4)), Image.new("RGB", (4, 4)), Image.new("L", (0, 4))],
    ],
    ids=range(13),
)
def test_the_errors_of_a_mask_say_mask(bad):
    with pytest.raises((TypeError, ValueError), match=r"^mask must ") as caught:
        augment_mask(bad, TURN)
    assert "image must" not in str(caught.value)
