"""The tables of docs/integrations.md: what a word means in each library, asked of the library."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from frameworks import require

from dpa.integrations import image as applied

PAGE = (Path(__file__).parents[1] / "docs" / "integrations.md").read_text(encoding="utf-8")
HEIGHT, WIDTH = 48, 64
CENTRE = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
RANDOM = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)
#: The tests by row and library; `cell` puts them here.
CELLS = {}


def cell(row, *libraries):
    """The decorator of what tests a row of these libraries."""

    def keep(check):
        for library in libraries or LIBRARIES:
            CELLS[row, library] = check
        return check

    return keep


# ---- The libraries, with one face ----


class Dpa:
    def move(self, image, rotation=0, scale=1, shear=(0, 0), shift=(0, 0)):
        params = {"rotation": rotation, "scale": scale, "shear_x": shear[0], "shear_y": shear[1]}
        params |= {"translate_x": shift[0] / WIDTH, "translate_y": shift[1] / HEIGHT}
        return applied.apply_augmentation(image, params, border=0)

    def brightness(self, image, factor):
        return applied.apply_augmentation(image, {"brightness": factor})

    def contrast(self, image, factor):
        return applied.apply_augmentation(image, {"contrast": factor})

    def saturation(self, image, factor):
        return applied.apply_augmentation(image, {"saturation": factor})

    def grey(self, image):
        return applied.apply_augmentation(image, {"grey": True})

    def gamma(self, image, exponent):
        return applied.apply_augmentation(image, {"gamma": exponent})

    def noise(self, image, stdev):
        return applied.apply_augmentation(image, {"noise": stdev, "hash": "5a" * 32})

    def flip(self, image):
        return applied.apply_augmentation(image, {"flip_horizontal": True})


class Torchvision:
    def __init__(self):
        self.torch, self.v2 = require("torch"), require("torchvision.transforms.v2", "adapters")
        self.functional = self.v2.functional
        self.tensors = require("torchvision.tv_tensors", "adapters")
        self.torch.manual_seed(0)

    def run(self, function, image, *arguments, **options):
        tensor = self.torch.from_numpy(np.moveaxis(image, -1, 0).copy())
        return np.moveaxis(function(tensor, *arguments, **options).numpy(), 0, -1)

    def move(self, image, rotation=0, scale=1, shear=(0, 0), shift=(0, 0), **options):
        options = {"interpolation": self.v2.InterpolationMode.BILINEAR, **options}
        return self.run(
            self.functional.affine, image, rotation, list(shift), scale, list(shear), **options
        )

    def brightness(self, image, factor):
        return self.run(self.functional.adjust_brightness, image, factor)

    def contrast(self, image, factor):
        return self.run(self.functional.adjust_contrast, image, factor)

    def saturation(self, image, factor):
        return self.run(self.functional.adjust_saturation, image, factor)

    def grey(self, image):
        return self.run(self.functional.rgb_to_grayscale, image, num_output_channels=3)

    def gamma(self, image, exponent):
        return self.run(self.functional.adjust_gamma, image, exponent)

    def noise(self, image, stdev):
        return self.run(self.v2.GaussianNoise(sigma=stdev), image)

    def flip(self, image):
        return self.run(self.functional.horizontal_flip, image)


class Albumentations:
    def __init__(self):
        self.A = require("albumentations", "adapters")

    def run(self, transform, image, **targets):
        result = self.A.Compose([transform], seed=1)(image=image, **targets)
        return {**result, "image": result["image"].reshape(*result["image"].shape[:2], -1)}

    def affine(self, **options):
        return self.A.Affine(p=1, **options)

    def move(self, image, rotation=0, scale=1, shear=(0, 0), shift=(0, 0)):
        transform = self.affine(
            rotate=(rotation, rotation),
            scale=(scale, scale),
            shear={"x": (shear[0],) * 2, "y": (shear[1],) * 2},
            translate_px={"x": (shift[0],) * 2, "y": (shift[1],) * 2},
        )
        return self.run(transform, image)["image"]

    def jitter(self, image, **factors):
        neutral = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
        given = {name: (factor, factor) for name, factor in factors.items()}
        return self.run(self.A.ColorJitter(**{**neutral, **given}, p=1), image)["image"]

    def brightness(self, image, factor):
        return self.jitter(image, brightness=factor)

    def contrast(self, image, factor):
        return self.jitter(image, contrast=factor)

    def saturation(self, image, factor):
        return self.jitter(image, saturation=factor)

    def grey(self, image):
        return self.run(self.A.ToGray(p=1), image)["image"]

    def gamma(self, image, exponent):
        limit = (100 * exponent, 100 * exponent)
        return self.run(self.A.RandomGamma(limit, p=1), image)["image"]

    def noise(self, image, stdev):
        return self.run(self.A.GaussNoise(std_range=(stdev, stdev), p=1), image)["image"]

    def flip(self, image):
        return self.run(self.A.HorizontalFlip(p=1), image)["image"]


class Kornia:
    def __init__(self):
        self.torch, self.K = require("torch"), require("kornia.augmentation", "adapters")
        self.torch.manual_seed(0)

    def run(self, transform, image, **options):
        tensor = self.torch.from_numpy(np.moveaxis(image, -1, 0).copy())[None]
        return np.moveaxis(transform(tensor, **options)[0].numpy(), 0, -1)

    def move(self, image, rotation=0, scale=1, shear=(0, 0), shift=(0, 0)):
        one = self.torch.ones(1)
        params = {
            "angle": one * rotation,
            "scale": one[:, None] * self.torch.tensor([[scale, scale]]),
            "center": self.torch.tensor(CENTRE[None], dtype=self.torch.float32),
            "translations": self.torch.tensor([shift], dtype=self.torch.float32),
            "shear_x": one * shear[0],
            "shear_y": one * shear[1],
            "batch_prob": one,
            "forward_input_shape": self.torch.tensor((1, image.shape[2], *image.shape[:2])),
        }
        return self.run(self.K.RandomAffine(0), image, params=params)

    def jitter(self, image, kind="ColorJitter", **factors):
        given = {name: (factor, factor) for name, factor in factors.items()}
        return self.run(getattr(self.K, kind)(**given, p=1), image)

    def brightness(self, image, factor):
        return self.jitter(image, brightness=factor)

    def contrast(self, image, factor):
        return self.jitter(image, contrast=factor)

    def saturation(self, image, factor):
        return self.jitter(image, saturation=factor)

    def grey(self, image):
        return self.run(self.K.RandomGrayscale(p=1), image)

    def gamma(self, image, exponent):
        return self.run(self.K.RandomGamma((exponent, exponent), (1, 1), p=1), image)

    def noise(self, image, stdev):
        return self.run(self.K.RandomGaussianNoise(std=stdev, p=1), image)

    def flip(self, image):
        return self.run(self.K.RandomHorizontalFlip(p=1), image)

    def boxes(self, key, box, size=(10, 10), **options):
        """What a flip makes of a box."""
        flip = self.K.AugmentationSequential(
            self.K.RandomHorizontalFlip(p=1), data_keys=["input", key]
        )
        boxes = self.torch.tensor([[box]], dtype=self.torch.float32)
        _, moved = flip(self.torch.zeros(1, 1, *size), boxes)
        return moved.flatten().tolist()


LIBRARIES = {
    "DPA": Dpa,
    "torchvision": Torchvision,
    "Albumentations": Albumentations,
    "Kornia": Kornia,
}


def blob(x, y):
    """An image with a spot whose middle is (x, y)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    return np.repeat(spot[..., None], 3, -1).astype(np.float32)


def place(image):
    """The middle of an image's spot, from the centre."""
    weights = image[..., 0].astype(float)
    rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum() - CENTRE


def moved(move, point, **options):
    """Where a spot at `point`, from the centre, is moved to, from the centre."""
    return place(move(blob(*(CENTRE + point)), **options))


def near(point, expected, most=0.15):
    assert np.abs(np.subtract(point, expected)).max() < most, (point, expected)


# ---- Places ----

RIGHT, UP, DOWN = (12, 0), (0, -12), (0, 12)
COUNTER = (12 * math.cos(math.radians(30)), -12 * math.sin(math.radians(30)))
CLOCKWISE = (COUNTER[0], -COUNTER[1])


@cell("rotation above 0", "DPA")
def _(dpa):
    near(moved(dpa.move, RIGHT, rotation=30), COUNTER)


@cell("rotation above 0", "torchvision")
def _(tv):
    near(moved(tv.move, RIGHT, rotation=30), CLOCKWISE)
    both = tv.v2.RandomAffine((30, 30)), tv.v2.RandomRotation((30, 30)), tv.functional.rotate
    near(moved(lambda image: tv.run(both[0], image), RIGHT), CLOCKWISE, 0.3)
    near(moved(lambda image: tv.run(both[1], image), RIGHT), COUNTER, 0.3)
    near(moved(lambda image: tv.run(both[2], image, 30), RIGHT), COUNTER, 0.3)


@cell("rotation above 0", "Albumentations")
def _(alb):
    near(moved(alb.move, RIGHT, rotation=30), COUNTER)
    rotate = alb.A.Rotate((30, 30), p=1)
    near(moved(lambda image: alb.run(rotate, image)["image"], RIGHT), COUNTER)


@cell("rotation above 0", "Kornia")
def _(kornia):
    near(moved(kornia.move, RIGHT, rotation=30), CLOCKWISE)
    for name, expected in (("RandomAffine", CLOCKWISE), ("RandomRotation", COUNTER)):
        transform = getattr(kornia.K, name)((30.0, 30.0), p=1)
        near(moved(lambda image, f=transform: kornia.run(f, image), RIGHT), expected)


@cell("centre, from the top left pixel's")
def _(library):
    assert np.abs(library.move(RANDOM, rotation=180) - RANDOM[::-1, ::-1]).max() < 1e-3
    if isinstance(library, Torchvision):
        points = library.tensors.KeyPoints([[3.0, 4.0]], canvas_size=(HEIGHT, WIDTH))
        assert library.functional.rotate(points, 180).tolist() == [[WIDTH - 3, HEIGHT - 4]]
    if isinstance(library, Kornia):
        turn = library.K.AugmentationSequential(
            library.K.RandomRotation((180.0, 180.0), p=1), data_keys=["input", "bbox_xyxy"]
        )
        box = library.torch.tensor([[[0.0, 0.0, 2.0, 1.0]]])
        _, box = turn(library.torch.zeros(1, 1, 10, 10), box)
        assert np.allclose(box.flatten(), [7, 8, 9, 9], atol=1e-4)


@cell("scale above 1")
def _(library):
    near(moved(library.move, (8, -5), scale=1.5), (12, -7.5))


def sheared(library, degrees=20):
    """Where a spot below and one on the right go, by a shear along x and one along y."""
    return (
        moved(library.move, DOWN, shear=(degrees, 0)),
        moved(library.move, RIGHT, shear=(0, degrees)),
    )


FAR = 12 * math.tan(math.radians(20))


@cell("shear above 0, in degrees", "DPA")
def _(dpa):
    below, beside = sheared(dpa)
    near(below, (FAR, 12))
    near(beside, (12, FAR))


@cell("shear above 0, in degrees", "torchvision", "Albumentations", "Kornia")
def _(library):
    below, beside = sheared(library)
    near(below, (-FAR, 12))
    near(beside, (12, -FAR))


def along(axis, degrees):
    """The matrix of a shear."""
    matrix = np.eye(2)
    matrix[axis, 1 - axis] = math.tan(math.radians(degrees))
    return matrix


POINT = np.array([9.0, 6.0])
AT_ONCE = along(0, 20) + along(1, 15) - np.eye(2)


@cell("shear in both directions", "DPA")
def _(dpa):
    near(moved(dpa.move, POINT, shear=(20, 15)), AT_ONCE @ POINT)


@cell("shear in both directions", "Albumentations")
def _(alb):
    near(moved(alb.move, POINT, shear=(-20, -15)), AT_ONCE @ POINT)


@cell("shear in both directions", "torchvision", "Kornia")
def _(library):
    near(moved(library.move, POINT, shear=(-20, -15)), along(1, 15) @ along(0, 20) @ POINT)


def turned(degrees):
    """The matrix of a turn that is counter-clockwise where y points down."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]])


@cell("rotation and shear", "DPA")
def _(dpa):
    expected = along(0, 20) @ turned(40) @ POINT
    near(moved(dpa.move, POINT, rotation=40, shear=(20, 0)), expected)


@cell("rotation and shear", "torchvision", "Kornia")
def _(library):
    expected = turned(40) @ along(0, 20) @ POINT
    near(moved(library.move, POINT, rotation=-40, shear=(-20, 0)), expected)


@cell("rotation and shear", "Albumentations")
def _(alb):
    expected = along(0, 20) @ turned(40) @ POINT
    near(moved(alb.move, POINT, rotation=40, shear=(-20, 0)), expected)


@cell("translation, last")
def _(library):
    options = {"rotation": 40, "scale": 1.4, "shear": (10, 0)}
    still = moved(library.move, POINT, **options)
    near(moved(library.move, POINT, **options, shift=(7, -3)) - still, (7, -3))


@cell("translation, last", "torchvision")
def _(tv):
    test_translation = CELLS["translation, last", "DPA"]
    test_translation(tv)
    image = tv.torch.zeros(3, HEIGHT, WIDTH)
    sizes = [
        tv.v2.RandomAffine(0, translate=(0.5, 0.25)).make_params([image])["translate"]
        for _ in range(200)
    ]
    most = np.abs(sizes).max(0)
    assert 0.8 * WIDTH / 2 < most[0] <= WIDTH / 2
    assert 0.8 * HEIGHT / 4 < most[1] <= HEIGHT / 4


@cell("translation, last", "Albumentations")
def _(alb):
    CELLS["translation, last", "DPA"](alb)
    parts = alb.affine(translate_percent={"x": (0.125, 0.125), "y": (-0.125, -0.125)})
    near(moved(lambda image: alb.run(parts, image)["image"], POINT) - POINT, (8, -6))


@cell("translation, last", "Kornia")
def _(kornia):
    CELLS["translation, last", "DPA"](kornia)
    affine = kornia.K.RandomAffine(0, translate=(0.5, 0.25), p=1)
    shape = kornia.torch.Size((200, 3, HEIGHT, WIDTH))
    most = affine.forward_parameters(shape)["translations"].abs().amax(0)
    assert 0.8 * WIDTH / 2 < most[0] <= WIDTH / 2
    assert 0.8 * HEIGHT / 4 < most[1] <= HEIGHT / 4


def crops(boxes, ratio, area):
    """Of crops (left, top, width, height) of 100 x 100: whole, of that shape, mostly fitting."""
    boxes = np.array(boxes)
    assert (boxes == boxes.round()).all()
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 100).all()
    fitting = np.abs(boxes[:, 2] * boxes[:, 3] / 10_000 - area) < 0.02
    if ratio is not None:
        assert np.abs(boxes[:, 2] / boxes[:, 3] - ratio).max() < 0.1
    return fitting.mean(), boxes[~fitting]


def check_crops(boxes_of, middle=True):
    """`boxes_of(scale, ratio)`: crops of 100 x 100 that the library draws; `middle`: the last way.

    Of 100 x 100, 0.8 are left by crops up to 1.25 as wide as high: log-uniform to 3, a fifth.
    """
    assert crops(boxes_of((0.2, 0.2), (2, 2)), 2, 0.2)[0] == 1
    share, others = crops(boxes_of((0.8, 0.8), (1, 3)), None, 0.8)
    assert share > 0.6  # ten draws: 1 - 0.8**10 = 0.89
    never = crops(boxes_of((0.9, 0.9), (4, 4)), 4, 0.9)[1]
    off = [np.abs(box[:2] - (100 - box[2:]) / 2).max() for box in [*others, *never]]
    assert (max(off) <= 0.5) == middle


@cell("crop box", "DPA")
def _(dpa):
    ramp = np.tile(np.arange(100, dtype=np.float32), (100, 1))
    params = {"crop.area": 0.123, "crop.ratio": 2.0, "crop.x": 0.3, "crop.y": 0.0}
    cut = applied.apply_augmentation(ramp, params, out_size=(50, 100))
    width = math.sqrt(0.123 * 2.0) * 100
    assert cut[0, 50] - cut[0, 49] == pytest.approx(width / 100, abs=1e-4)
    middle = 0.3 * (100 - width) + width / 2 - 0.5
    assert cut[0, 49:51].mean() == pytest.approx(middle, abs=1e-3)


@cell("crop box", "torchvision")
def _(tv):
    image = tv.torch.zeros(3, 100, 100)

    def boxes(scale, ratio):
        transform = tv.v2.RandomResizedCrop(8, scale, ratio)
        made = [transform.make_params([image]) for _ in range(200)]
        return [[each[name] for name in ("left", "top", "width", "height")] for each in made]

    check_crops(boxes)


@cell("crop box", "Albumentations")
def _(alb):
    def boxes(scale, ratio):
        transform = alb.A.RandomResizedCrop((8, 8), scale, ratio)
        transform.set_random_seed(1)
        shape = {"shape": (100, 100, 3)}
        made = [
            transform.get_params_dependent_on_data(shape, {})["crop_coords"] for _ in range(200)
        ]
        return [[a, b, c - a, d - b] for a, b, c, d in made]

    check_crops(boxes)


@cell("crop box", "Kornia")
def _(kornia):
    def boxes(scale, ratio):
        transform = kornia.K.RandomResizedCrop((8, 8), scale, ratio)
        corners = transform.forward_parameters(kornia.torch.Size((200, 3, 100, 100)))["src"]
        ends = corners[:, 2] + 1 - corners[:, 0]
        return kornia.torch.cat([corners[:, 0], ends], 1).numpy()

    check_crops(boxes, middle=False)


RAMP = np.tile(np.arange(16, dtype=np.float32)[None, :, None] / 16, (16, 1, 3))
#: From each of twice as many pixels to where it is read: edges on edges, or centres on centres.
EDGES = ((np.arange(32) + 0.5) / 2 - 0.5).clip(0, 15) / 16
CENTRES = np.arange(32) * 15 / 31 / 16
CHECKS = np.zeros((16, 16, 3), np.float32)
CHECKS[:, ::2] = 1


def check_resized(resize, places, averages):
    """`resize(image, side)`: the whole image as a crop of another size."""
    assert np.abs(resize(RAMP, 32)[7, :, 0] - places).max() < 2e-3
    assert (np.abs(resize(CHECKS, 6)[2, :, 0] - 0.5).max() < 0.25) == averages


@cell("crop resized", "DPA")
def _(dpa):
    def resize(image, side):
        crop = {"crop.area": 1.0}
        return applied.apply_augmentation(image, crop, out_size=(side, side), border="edge")

    check_resized(resize, EDGES, averages=False)


@cell("crop resized", "torchvision")
def _(tv):
    def resize(image, side):
        return tv.run(tv.v2.RandomResizedCrop(side, (1, 1), (1, 1)), image)

    check_resized(resize, EDGES, averages=True)


@cell("crop resized", "Albumentations")
def _(alb):
    def resize(image, side):
        crop = alb.A.RandomResizedCrop((side, side), (1, 1), (1, 1), p=1)
        return alb.run(crop, image)["image"]

    check_resized(resize, EDGES, averages=False)


@cell("crop resized", "Kornia")
def _(kornia):
    def resize(image, side):
        return kornia.run(kornia.K.RandomResizedCrop((side, side), (1, 1), (1, 1), p=1), image)

    check_resized(resize, CENTRES, averages=False)


HALVES = np.zeros((HEIGHT, WIDTH, 3), np.float32)
HALVES[:, WIDTH // 2 :] = 1


@cell("default outside, between pixels", "DPA")
def _(dpa):
    smaller = applied.apply_augmentation(RANDOM, {"scale": 0.5})
    assert smaller[:4].min(2).all()
    continued = applied.apply_augmentation(RANDOM, {"translate_y": 8 / HEIGHT})
    assert np.abs(continued[:8] - RANDOM[8:0:-1]).max() < 1e-3
    assert len(np.unique(applied.apply_augmentation(HALVES, {"rotation": 20}))) > 9


@cell("default outside, between pixels", "torchvision", "Albumentations", "Kornia")
def _(library):
    if isinstance(library, Torchvision):
        smaller = library.run(library.functional.affine, 1 + RANDOM, 20, [0, 0], 0.5, [0, 0])
        assert np.isin(smaller, np.append(1 + RANDOM, 0)).all()  # the nearest pixel
    else:
        smaller = library.move(1 + RANDOM, rotation=20, scale=0.5)
        assert len(np.unique(library.move(HALVES, rotation=20))) > 9
    assert not smaller[:4].any()


BOX = [10.0, 8.0, 30.0, 20.0]


@cell("boxes", "DPA")
def _(dpa):
    size, turn = (HEIGHT, WIDTH), {"rotation": 30}
    flipped = applied.augment_boxes([[0, 0, 2, 1]], {"flip_horizontal": True}, (10, 10))
    assert flipped.tolist() == [[8, 0, 10, 1]]
    corners = applied.augment_boxes([BOX], turn, size)[0]
    width = 20 * math.cos(math.radians(30)) + 12 * math.sin(math.radians(30))
    assert corners[2] - corners[0] == pytest.approx(width)
    ellipse = applied.augment_boxes([BOX], turn, size, around="ellipse")[0]
    assert ellipse[2] - ellipse[0] < width - 1
    assert applied.augment_boxes([[0, 0, 9, 9]], {"scale": 3}, size).min() < 0


@cell("boxes", "torchvision")
def _(tv):
    def boxes(*corners, size=(HEIGHT, WIDTH)):
        return tv.tensors.BoundingBoxes([*corners], format="XYXY", canvas_size=size)

    flip = tv.functional.horizontal_flip
    assert flip(boxes([0.0, 0, 2, 1], size=(10, 10))).tolist() == [[8, 0, 10, 1]]
    turned_box = tv.functional.rotate(boxes(BOX), 30)[0]
    width = 20 * math.cos(math.radians(30)) + 12 * math.sin(math.radians(30))
    assert turned_box[2] - turned_box[0] == pytest.approx(width, abs=0.01)
    assert tv.functional.affine(boxes([0.0, 0, 9, 9]), 0, [0, 0], 3, [0, 0]).min() == 0
    outside = boxes([-5.0, -5, 70, 9])
    assert flip(outside).tolist() == [[-6, -5, 69, 9]]
    resized = tv.functional.resize(outside, [2 * HEIGHT, 2 * WIDTH])
    assert resized.tolist() == [[-10, -10, 140, 18]]


@cell("boxes", "Albumentations")
def _(alb):
    def boxes(transform, *corners, size=(HEIGHT, WIDTH)):
        pipeline = alb.A.Compose([transform], bbox_params=alb.A.BboxParams("pascal_voc"))
        rows = [[*each, 1] for each in corners]
        found = pipeline(image=np.zeros((*size, 3), np.uint8), bboxes=rows)["bboxes"]
        return np.reshape(found, (-1, 5))[:, :4]

    seen = []

    class Look(alb.A.HorizontalFlip):
        def apply_to_bboxes(self, bboxes, **params):
            seen.append(bboxes[0, :4].tolist())
            return super().apply_to_bboxes(bboxes, **params)

    flipped = boxes(Look(p=1), [0, 0, 2, 1], size=(10, 10))
    assert np.allclose(flipped, [[8, 0, 10, 1]], atol=1e-4)
    assert np.allclose(seen, [[0, 0, 0.2, 0.1]])
    width = 20 * math.cos(math.radians(30)) + 12 * math.sin(math.radians(30))
    for method, smaller in (("largest_box", False), ("ellipse", True)):
        [found] = boxes(alb.affine(rotate=(30, 30), rotate_method=method), BOX)
        assert (found[2] - found[0] < width - 1) == smaller
        assert smaller or found[2] - found[0] == pytest.approx(width, abs=0.05)
    [clipped] = boxes(alb.affine(scale=(3, 3)), [16, 12, 32, 24])
    assert clipped.min() == 0
    assert len(boxes(alb.affine(scale=(3, 3)), [0, 0, 4, 4])) == 0


@cell("boxes", "Kornia")
def _(kornia):
    assert kornia.boxes("bbox_xyxy", [0, 0, 2, 1]) == [7, 0, 9, 1]
    assert kornia.boxes("bbox_xywh", [0, 0, 2, 1]) == [8, 0, 2, 1]
    assert kornia.boxes("bbox_xyxy", [-5, 0, 2, 1]) == [7, 0, 14, 1]


@cell("keypoints", "DPA")
def _(dpa):
    assert applied.augment_keypoints([[0, 0]], {"rotation": 90}, (10, 10)).tolist() == [[0, 9]]
    assert applied.augment_keypoints([[0, 0]], {"scale": 2}, (10, 10)).max() < 0


@cell("keypoints", "torchvision")
def _(tv):
    points = tv.tensors.KeyPoints([[0.0, 0.0]], canvas_size=(10, 10))
    assert tv.functional.horizontal_flip(points).tolist() == [[9, 0]]
    assert np.allclose(tv.functional.rotate(points, 90), [[0, 10]], atol=1e-5)
    assert np.allclose(tv.functional.affine(points, -90, [0, 0], 1, [0, 0]), [[0, 10]], atol=1e-5)
    corner = np.zeros((10, 10, 1), np.float32)
    corner[0, 0] = 1
    assert np.argwhere(tv.run(tv.functional.rotate, corner, 90)).tolist() == [[9, 0, 0]]
    assert tv.functional.affine(points, 0, [0, 0], 2, [0, 0]).max() < 0


@cell("keypoints", "Albumentations")
def _(alb):
    def points(transform, row):
        params = alb.A.KeypointParams("xya", angle_in_degrees=True)
        pipeline = alb.A.Compose([transform], keypoint_params=params)
        found = pipeline(image=np.zeros((10, 10, 3), np.uint8), keypoints=[row])["keypoints"]
        return np.reshape(found, (-1, 3))

    assert np.allclose(points(alb.affine(rotate=(90, 90)), [0, 0, 10]), [[0, 9, 100]], atol=1e-3)
    assert len(points(alb.affine(scale=(2, 2)), [0, 0, 0])) == 0


@cell("keypoints", "Kornia")
def _(kornia):
    def points(transform):
        both = kornia.K.AugmentationSequential(transform, data_keys=["input", "keypoints"])
        zeros = kornia.torch.zeros
        return both(zeros(1, 1, 10, 10), zeros(1, 1, 2))[1].flatten().tolist()

    assert np.allclose(points(kornia.K.RandomRotation((90.0, 90.0), p=1)), [0, 9], atol=1e-4)
    assert np.allclose(points(kornia.K.RandomHorizontalFlip(p=1)), [9, 0])
    assert max(points(kornia.K.RandomAffine(0, scale=(2.0, 2.0), p=1))) < 0


# ---- Values ----

COLOURS = (0.2 + 0.5 * RANDOM).astype(np.float32)
GREY = COLOURS @ np.array([0.299, 0.587, 0.114], np.float32)


def same(found, expected, most=2e-3):
    assert np.abs(found - expected).max() < most


@cell("brightness")
def _(library):
    same(library.brightness(COLOURS, 1.3), COLOURS * 1.3)
    if isinstance(library, Albumentations):
        for by_max, shift in ((True, 0.2), (False, 0.2 * COLOURS.mean())):
            transform = library.A.RandomBrightnessContrast(
                (0.2, 0.2), (0, 0), brightness_by_max=by_max, p=1
            )
            same(library.run(transform, COLOURS)["image"], COLOURS + shift)
    if isinstance(library, Kornia):
        same(library.jitter(COLOURS, "ColorJiggle", brightness=1.2), COLOURS + 0.2)
        brightness = library.K.RandomBrightness((1.2, 1.2), p=1)
        same(library.run(brightness, COLOURS), COLOURS + 0.2)


@cell("contrast: m + f (v - m)")
def _(library):
    red = COLOURS * np.array([1, 0.3, 0.3], np.float32)
    grey = red @ np.array([0.299, 0.587, 0.114], np.float32)
    middle = red.mean() if isinstance(library, Dpa) else grey.mean()
    same(library.contrast(red, 0.6), middle + 0.6 * (red - middle))
    if isinstance(library, Torchvision):
        levels = (red * 255).astype(np.uint8)
        floors = np.floor(levels @ np.array([0.2989, 0.587, 0.114]))
        expected = 0.5 * levels + 0.5 * floors.mean()
        assert np.abs(library.contrast(levels, 0.5) - np.floor(expected)).max() == 0
    if isinstance(library, Albumentations):
        transform = library.A.RandomBrightnessContrast((0, 0), (0.2, 0.2), p=1)
        same(library.run(transform, red)["image"], red * 1.2)
    if isinstance(library, Kornia):
        same(library.jitter(red, "ColorJiggle", contrast=0.6), red * 0.6)
        same(library.run(library.K.RandomContrast((0.6, 0.6), p=1), red), red * 0.6)


@cell("saturation")
def _(library):
    grey = GREY[..., None]
    if isinstance(library, Torchvision):
        grey = (COLOURS @ np.array([0.2989, 0.587, 0.114], np.float32))[..., None]
    same(library.saturation(COLOURS, 0.4), grey + 0.4 * (COLOURS - grey), 1e-5)
    if isinstance(library, Kornia):
        most = COLOURS.max(2, keepdims=True)  # S of HSV is (V - the least) / V; hue and V stay
        expected = most - 0.4 * (most - COLOURS)
        same(library.jitter(COLOURS, "ColorJiggle", saturation=0.4), expected)
        same(library.run(library.K.RandomSaturation((0.4, 0.4), p=1), COLOURS), expected)


@cell("to grey")
def _(library):
    red = 0.2989 if isinstance(library, Torchvision) else 0.299
    expected = COLOURS @ np.array([red, 0.587, 0.114], np.float32)
    same(library.grey(COLOURS), expected[..., None], 1e-5)


@cell("gamma")
def _(library):
    same(library.gamma(COLOURS, 2.2), COLOURS**2.2, 1e-4)


@cell("order of the colour steps", "DPA")
def _(dpa):
    params = {"saturation": 0.5, "contrast": 0.6, "brightness": 1.2, "gamma": 1.5}
    steps = COLOURS
    for name in ("gamma", "brightness", "contrast", "saturation"):
        steps = applied.apply_augmentation(steps, {name: params[name]})
    same(applied.apply_augmentation(COLOURS, params), steps, 1e-5)


@cell("order of the colour steps", "torchvision")
def _(tv):
    jitter = tv.v2.ColorJitter(0.5, 0.5, 0.5, 0.1)
    orders = {tuple(jitter.make_params([])["fn_idx"].tolist()) for _ in range(50)}
    assert len(orders) > 5


@cell("order of the colour steps", "Albumentations")
def _(alb):
    jitter = alb.A.ColorJitter()
    jitter.set_random_seed(1)
    assert len({tuple(jitter.get_params()["order"]) for _ in range(50)}) > 5


@cell("order of the colour steps", "Kornia")
def _(kornia):
    jitter, shape = kornia.K.ColorJitter(0.5, 0.5, 0.5, 0.1), kornia.torch.Size((1, 3, 4, 4))
    orders = {tuple(jitter.forward_parameters(shape)["order"].tolist()) for _ in range(50)}
    assert len(orders) > 5


LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)


@cell("uint8", "DPA", "torchvision", "Albumentations")
def _(library):
    nearest = isinstance(library, Dpa)
    exact = LEVELS * 0.37
    assert (library.brightness(LEVELS, 0.37) == (np.rint if nearest else np.floor)(exact)).all()
    white = 255.999 if isinstance(library, Torchvision) else 255
    exact = white * (LEVELS / 255) ** 1.7
    assert (library.gamma(LEVELS, 1.7) == (np.rint if nearest else np.floor)(exact)).all()
    exact = LEVELS.mean() + 0.37 * (LEVELS - LEVELS.mean())
    off = library.contrast(LEVELS, 0.37) - exact
    assert abs(off.mean()) < 0.05 if nearest else off.mean() < -0.3


OUTSIDE = (COLOURS * 3 - 1).astype(np.float32)


def clamped(make):
    found = make(OUTSIDE)
    return bool((found >= 0).all() and (found <= 1).all())


@cell("floats outside [0, 1]")
def _(library):
    steps = {
        "brightness": clamped(lambda image: library.brightness(image, 1.2)),
        "contrast": clamped(lambda image: library.contrast(image, 1.2)),
        "saturation": clamped(lambda image: library.saturation(image, 1.2)),
        "noise": clamped(lambda image: library.noise(image, 0.1)),
    }
    keeps = {Dpa: {*steps}, Kornia: {"noise"}}.get(type(library), set())
    assert {name for name, each in steps.items() if not each} == keeps
    if isinstance(library, Kornia):
        assert clamped(lambda image: library.gamma(image, 1.2))


FLAT = np.full((200, 200, 3), 0.5, np.float32)


@cell("standard deviation of noise")
def _(library):
    assert (library.noise(FLAT, 0.05) - 0.5).std() == pytest.approx(0.05, rel=0.02)
    if isinstance(library, (Dpa, Albumentations)):
        levels = np.full((200, 200, 3), 128, np.uint8)
        unchanged = (library.noise(levels, 0.05) == 128).mean()  # those cut towards 0 are twice
        level = 1 / (0.05 * 255 * math.sqrt(math.tau))
        twice = 2 if isinstance(library, Albumentations) else 1
        assert unchanged == pytest.approx(twice * level, rel=0.05)


@cell("noise of the channels")
def _(library):
    noise = (library.noise(FLAT, 0.05) - 0.5).reshape(-1, 3)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.03
    if isinstance(library, Albumentations):
        transform = library.A.GaussNoise((0.05, 0.05), per_channel=False, p=1)
        noise = library.run(transform, FLAT)["image"]
        assert (noise == noise[..., :1]).all()


def erased(image):
    """(width, height) of what is 0."""
    rows, columns = np.nonzero((image == 0).all(2))
    return np.ptp(columns) + 1, np.ptp(rows) + 1


@cell("ratio of an erased box", "DPA", "Albumentations")
def _(library):
    if isinstance(library, Dpa):
        params = {"erase.area": 0.1, "erase.ratio": 2.0}
        width, height = erased(applied.apply_augmentation(FLAT, params))
    else:
        transform = library.A.Erasing((0.1, 0.1), (2, 2), p=1)
        width, height = erased(library.run(transform, FLAT)["image"])
    assert width / height == pytest.approx(2, rel=0.03)


@cell("ratio of an erased box", "torchvision", "Kornia")
def _(library):
    if isinstance(library, Torchvision):
        transform = library.v2.RandomErasing(1, (0.1, 0.1), (2, 2))
    else:
        transform = library.K.RandomErasing((0.1, 0.1), (2.0, 2.0), p=1)
    width, height = erased(library.run(transform, FLAT))
    assert height / width == pytest.approx(2, rel=0.03)


ONES = np.ones((200, 200), np.uint8)


@cell("erased in masks", "DPA")
def _(dpa):
    assert applied.augment_mask(ONES, {"erase.area": 0.1, "erase.ratio": 2.0}).all()


@cell("erased in masks", "torchvision")
def _(tv):
    mask = tv.tensors.Mask(tv.torch.from_numpy(ONES))
    image = tv.tensors.Image(tv.torch.rand(3, 200, 200))
    with pytest.warns(UserWarning, match=r"currently passing through inputs of type .*Mask"):
        _, found = tv.v2.RandomErasing(1, (0.1, 0.1))(image, mask)
    assert found.all()


@cell("erased in masks", "Albumentations")
def _(alb):
    for options, kept in (({}, True), ({"fill_mask": 0}, False)):
        transform = alb.A.Erasing((0.1, 0.1), p=1, **options)
        assert alb.run(transform, FLAT, mask=ONES)["mask"].all() == kept


@cell("erased in masks", "Kornia")
def _(kornia):
    erasing = kornia.K.AugmentationSequential(
        kornia.K.RandomErasing((0.1, 0.1), p=1), data_keys=["input", "mask"]
    )
    ones = kornia.torch.ones(1, 1, 200, 200)
    image, mask = erasing(ones, ones)
    assert not mask.all()
    assert np.array_equal(mask, image)


# ---- Every cell of the tables ----


def tables():
    """The cells of the two tables, by row and library."""
    found = {}
    text = PAGE[PAGE.index("\n## Conventions") :]
    for line in re.findall(r"^\|.*\|$", text, re.MULTILINE):
        row, *cells = [each.strip() for each in line.strip("|").split(" | ")]
        if row and not row.startswith(("-", "|")) and len(cells) == len(LIBRARIES):
            found |= {(row, library): x for library, x in zip(LIBRARIES, cells, strict=True)}
    return found


def test_every_cell_has_a_test():
    assert {key for key, text in tables().items() if text != "-"} == {*CELLS}


@pytest.mark.parametrize(
    ("row", "library"), CELLS, ids=[f"{library}, {row}" for row, library in CELLS]
)
def test_a_cell_is_what_the_library_does(row, library):
    CELLS[row, library](LIBRARIES[library]())
