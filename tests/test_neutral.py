"""The table "Neutral parameters" of docs/integrations.md: how near the input each adapter stays."""

import re
from pathlib import Path

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.images.effects import LIMITS, Effect
from dpa.integrations import image as applied
from dpa.space import Bernoulli, Space, Uniform

PAGE = (Path(__file__).parents[1] / "docs" / "integrations.md").read_text(encoding="utf-8")
SWITCHES = ("flip_horizontal", "flip_vertical", "grey")
VALUES = {name: Effect._field_defaults[name.replace(".", "_")] for name in LIMITS}
#: Without a crop and an erased box: there is no neutral crop.area where sides are to be kept.
VALUES = {name: value for name, value in VALUES.items() if "." not in name}
SPACE = Space({
    name: Bernoulli(0) if name in SWITCHES else Uniform(value, value)
    for name, value in VALUES.items()
})  # fmt: skip
FIVE = dpa.AugmentationConfig((0, 0), (1, 1), (0, 0), (1, 1), (1, 1))
PARAMS = dpa.gen_augmentation_params(3, SPACE)
RANDOM = np.random.default_rng(0)
HEIGHT, WIDTH = 40, 56
IMAGE = RANDOM.random((HEIGHT, WIDTH, 3), np.float32)
LEVELS = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
MASK = RANDOM.integers(0, 9, (HEIGHT, WIDTH))
POINTS = RANDOM.random((50, 2)) * (HEIGHT - 1)
BOXES = np.sort(RANDOM.random((50, 2, 2)) * HEIGHT, 1).reshape(50, 4)


def far(found, given):
    """The largest difference."""
    assert found.shape == given.shape
    return float(np.abs(np.asarray(found, float) - np.asarray(given, float)).max())


def of_arrays():
    yield far(applied.apply_augmentation(IMAGE, PARAMS), IMAGE)
    yield far(applied.augment_mask(MASK, PARAMS), MASK)
    boxes = applied.augment_boxes(BOXES, PARAMS, (HEIGHT, WIDTH))
    points = applied.augment_keypoints(POINTS, PARAMS, (HEIGHT, WIDTH))
    yield max(far(boxes, BOXES), far(points, POINTS))


def of_tensors():
    torch = require("torch")
    from dpa.integrations.torch import apply_augmentation

    images = torch.from_numpy(IMAGE).permute(2, 0, 1)[None]
    yield far(apply_augmentation(images, dpa.generate_augmentation_batch([3], FIVE)), images)


def of_datasets():
    datasets = require("datasets")
    from PIL import Image

    from dpa.integrations.huggingface import ImageTransform

    data = datasets.Dataset.from_dict({"id": [3], "image": [Image.fromarray(LEVELS)]})
    data.set_transform(ImageTransform(SPACE, id_column="id"))
    yield far(np.asarray(data[0]["image"]), LEVELS)


def of_albumentations():
    albumentations = require("albumentations", "adapters")
    from dpa.integrations.albumentations import Augment

    pipeline = albumentations.Compose(
        [Augment(SPACE)],
        bbox_params=albumentations.BboxParams("pascal_voc"),
        keypoint_params=albumentations.KeypointParams("xy"),
        strict=True,
    )
    rows = np.column_stack([BOXES, np.zeros(len(BOXES))])
    found = pipeline(image=IMAGE, mask=MASK, bboxes=rows, keypoints=POINTS, sample_id=3)
    yield far(found["image"], IMAGE)
    yield far(found["mask"], MASK)
    yield max(far(found["bboxes"], rows), far(found["keypoints"], POINTS))


def of_torchvision():
    torch, v2 = require("torch"), require("torchvision.transforms.v2", "adapters")
    from torchvision import tv_tensors

    from dpa.integrations.torchvision import Augment, SampleId

    size = {"canvas_size": (HEIGHT, WIDTH)}
    image = tv_tensors.Image(torch.from_numpy(IMAGE).permute(2, 0, 1))
    corners = tv_tensors.BoundingBoxes(torch.from_numpy(BOXES), format="XYXY", **size)
    convert = v2.functional.convert_bounding_box_format
    boxes = [convert(corners, new_format=name) for name in ("XYXY", "XYWH", "CXCYWH")]
    mask = tv_tensors.Mask(torch.from_numpy(MASK))
    made, moved, *others, _ = Augment(SPACE)(image, mask, *boxes, SampleId(3))
    yield far(made, image)
    yield far(moved, mask)
    yield max(map(far, others, boxes))


def of_kornia(transform, make):
    torch, library = require("torch"), require("kornia.augmentation", "adapters")
    from dpa.integrations import kornia

    images = torch.from_numpy(IMAGE).permute(2, 0, 1)[None]
    batch = dpa.generate_augmentation_batch([3], FIVE)
    params = getattr(kornia, make)(batch, images.shape)
    yield far(
        getattr(library, transform)(**NEEDED.get(transform, {}))(images, params=params), images
    )


NEEDED = {"RandomAffine": {"degrees": 0}}
ADAPTERS = {
    "`dpa.integrations.image`": of_arrays,
    "`dpa.integrations.torch`": of_tensors,
    "Hugging Face, `ImageTransform`": of_datasets,
    "Albumentations, `Augment`": of_albumentations,
    "torchvision, `Augment`": of_torchvision,
    "Kornia, `affine_params`": lambda: of_kornia("RandomAffine", "affine_params"),
    "Kornia, `color_params`": lambda: of_kornia("ColorJitter", "color_params"),
    "Kornia, `noise_params`": lambda: of_kornia("RandomGaussianNoise", "noise_params"),
}


def table():
    """What the page says: the most that numbers change, by adapter; "-" is left out."""
    text = PAGE[PAGE.index("\n## Neutral parameters") : PAGE.index("\n## Conventions")]
    rows = re.findall(r"^\| ([^|]+) \|(.+)\|$", text, re.MULTILINE)[1:]
    return {
        name: [float(each) for each in cells.split("|") if each.strip() != "-"]
        for name, cells in rows
    }


def test_the_table_has_all_adapters():
    assert {*table()} == {*ADAPTERS}


@pytest.mark.parametrize("name", ADAPTERS)
def test_neutral_parameters_give_the_input_back(name):
    for found, most in zip(ADAPTERS[name](), table()[name], strict=True):
        assert found <= most
