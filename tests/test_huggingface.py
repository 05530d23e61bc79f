"""Parameters as columns of datasets, and images augmented as they are read."""

import pickle
from functools import partial

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.space import Bernoulli, Space, Uniform

datasets = require("datasets", "adapters")
from PIL import Image  # noqa: E402 (they need what require() looks for)

from dpa.integrations.huggingface import ImageTransform, ParameterColumns  # noqa: E402
from dpa.integrations.image import (  # noqa: E402
    apply_augmentation,
    augment_boxes,
    augment_mask,
)

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8))
DATA = datasets.Dataset.from_dict({"name": list("abcde"), "image": [PICTURE] * 5})
CONFIG = dpa.get_preset("mild")


@pytest.fixture(autouse=True)
def quiet():
    datasets.disable_progress_bars()


def columns(data, make):
    return data.map(make, batched=True, batch_size=2, with_indices=True)


def test_columns_by_index():
    found = columns(DATA, ParameterColumns(CONFIG, base_seed=7, epoch=3))
    expected = dpa.generate_augmentation_chain(5, CONFIG, base_seed=7, epoch=3)
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert found["name"] == DATA["name"]


def test_columns_by_an_id_stay_with_their_rows():
    make = ParameterColumns(CONFIG, id_column="name")
    first = {row["name"]: row["hash"] for row in columns(DATA, make)}
    shuffled = {row["name"]: row["hash"] for row in columns(DATA.shuffle(seed=1), make)}
    assert first == shuffled
    assert first["b"] == dpa.gen_augmentation_params("b", CONFIG)["hash"]


def test_equal_columns_come_from_the_cache():
    """datasets finds out by pickling the function."""
    make = [ParameterColumns(dpa.get_preset("mild")) for _ in range(2)]
    assert pickle.dumps(make[0]) == pickle.dumps(make[1])
    prints = [columns(DATA, each)._fingerprint for each in (*make, ParameterColumns())]
    assert prints[0] == prints[1] != prints[2]


def test_images_are_augmented_as_they_are_read():
    data = DATA.with_transform(ImageTransform(CONFIG, id_column="name", epoch=3))
    params = dpa.gen_augmentation_params("d", CONFIG, epoch=3)
    expected = np.asarray(apply_augmentation(PICTURE, params))
    assert np.array_equal(np.asarray(data[3]["image"]), expected)
    assert data[3]["name"] == "d"


def test_a_function_of_the_users_own():
    make = ImageTransform(id_column="name", apply=lambda image, params: params["hash"])
    expected = [dpa.gen_augmentation_params(name)["hash"] for name in "ab"]
    assert DATA.with_transform(make)[:2]["image"] == expected


def test_options_of_apply_augmentation():
    space = Space({"crop.area": Uniform(0.2, 1), "flip_horizontal": Bernoulli(0.5)})
    apply = partial(apply_augmentation, out_size=(4, 5), border=9)
    make = ImageTransform(space, id_column="name", apply=apply)
    found = DATA.with_transform(pickle.loads(pickle.dumps(make)))[:]["image"]
    for name, image in zip(DATA["name"], found, strict=True):
        params = dpa.gen_augmentation_params(name, space)
        assert image.size == (5, 4)
        assert image == apply_augmentation(PICTURE, params, out_size=(4, 5), border=9)
    mapped = [
        DATA.map(each, batched=True)._fingerprint
        for each in (make, ImageTransform(space, id_column="name", apply=apply))
    ]
    assert mapped[0] == mapped[1]


def test_a_space_without_effects_is_for_functions_of_the_users_own():
    space = Space({"lambda_": Uniform(0, 1)})
    with pytest.raises(ValueError, match=r"images need one of rotation, .* has lambda_"):
        ImageTransform(space, id_column="name")
    make = ImageTransform(space, id_column="name", apply=lambda image, params: params["lambda_"])
    assert 0 <= DATA.with_transform(make)[0]["image"] < 1


def test_a_column_of_paths_is_told_how_to_become_one_of_images():
    data = datasets.Dataset.from_dict({"name": ["a"], "image": ["a.png"]})
    data.set_transform(ImageTransform(CONFIG, id_column="name"))
    with pytest.raises(TypeError, match=r"path 'a.png': .*cast_column\(name, datasets.Image\(\)\)"):
        data[0]


def test_errors_name_the_column():
    with pytest.raises(ValueError, match="no column 'id' with ids; there are name, image"):
        DATA.with_transform(ImageTransform(id_column="id"))[0]
    with pytest.raises(ValueError, match="no column 'img' with images; there are name, image"):
        DATA.with_transform(ImageTransform(id_column="name", image_column="img"))[0]
    with pytest.raises(ValueError, match=r"ImageTransform needs id_column, .* got None"):
        ImageTransform()
    with pytest.raises(ValueError, match="epoch must be"):
        ParameterColumns(epoch=-1)
    with pytest.raises(TypeError, match="config must be"):
        ParameterColumns("mild")


@pytest.mark.parametrize("options", [{}, {"batched": True}, {"with_indices": True}])
@pytest.mark.parametrize("id_column", [None, "name"])
def test_columns_are_for_batches_with_indices(options, id_column):
    with pytest.raises(TypeError, match=r"map\(\.\.\., batched=True, with_indices=True\)"):
        DATA.map(ParameterColumns(id_column=id_column), **options)


def test_columns_that_follow_the_image():
    mask = Image.fromarray((np.asarray(PICTURE)[..., 0] > 128).astype(np.uint8))
    rows = {
        "name": list("abc"),
        "picture": [PICTURE] * 3,
        "mask": [mask] * 3,
        "objects": [{"bbox": [[0.0, 0.0, 4.0, 5.0]], "category": [1]}] * 3,
    }
    data = datasets.Dataset.from_dict(rows)
    targets = {"picture": "image", "mask": "mask", "objects": {"bbox": "boxes"}}
    apply = partial(apply_augmentation, out_size=(16, 18))
    make = ImageTransform(CONFIG, id_column="name", base_seed=3, targets=targets, apply=apply)
    found = data.with_transform(pickle.loads(pickle.dumps(make)))[:]
    for at, name in enumerate("abc"):
        params = dpa.gen_augmentation_params(name, CONFIG, base_seed=3)
        assert found["picture"][at] == apply_augmentation(PICTURE, params, out_size=(16, 18))
        assert found["mask"][at] == augment_mask(mask, params, out_size=(16, 18))
        boxes = augment_boxes([[0, 0, 4, 5]], params, (8, 9), out_size=(16, 18))
        assert np.array_equal(found["objects"][at]["bbox"], boxes)
        assert found["objects"][at]["category"] == [1]


def test_a_second_column_of_images_that_would_stay_is_refused():
    mask = Image.fromarray((np.asarray(PICTURE)[..., 0] > 128).astype(np.uint8))
    rows = {"name": ["a"], "image": [PICTURE], "mask": [mask]}
    data = datasets.Dataset.from_dict(rows)
    message = r"^column 'mask' must not be .*: targets=\{'image': 'image', 'mask': 'mask'\} moves"
    with pytest.raises(TypeError, match=message):
        data.with_transform(ImageTransform(CONFIG, id_column="name"))[0]
    left = ImageTransform(CONFIG, id_column="name", targets={"image": "image"})
    assert np.array_equal(data.with_transform(left)[0]["mask"], mask)


def test_params_say_whose_they_are_and_rows_may_be_made_as_a_whole():
    def whole(row, params):
        return {"made": (row["name"], params["id"], params["epoch"], params["view"])}

    make = ImageTransform(id_column="name", epoch=3, sample_transform=whole)
    assert DATA.with_transform(make)[:2] == {"made": [("a", "a", 3, None), ("b", "b", 3, None)]}
    with pytest.raises(ValueError, match="sample_transform makes the whole sample"):
        ImageTransform(id_column="name", targets={"image": "image"}, sample_transform=whole)
    with pytest.raises(ValueError, match=r"targets has 'img', the sample has 'name, image'"):
        DATA.with_transform(ImageTransform(id_column="name", targets={"img": "image"}))[0]
