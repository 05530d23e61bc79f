"""The transform of Albumentations: driven by the id, equal to apply_augmentation."""

import importlib
import sys

import numpy as np
import pytest
from frameworks import require

import dpa

A = require("albumentations", "adapters")
from dpa.integrations import image as applied  # noqa: E402 (they need what require() looks for)
from dpa.integrations.albumentations import Augment  # noqa: E402

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
PARAMS = dpa.gen_augmentation_params(42, base_seed=7, epoch=3)
SIZE = IMAGE.shape[:2]


def test_images_and_masks_are_those_of_apply_augmentation():
    result = A.Compose([Augment(base_seed=7)])(
        image=IMAGE, mask=IMAGE[..., 0], sample_id=42, epoch=3
    )
    assert np.array_equal(result["image"], applied.apply_augmentation(IMAGE, PARAMS))
    assert np.array_equal(result["mask"], applied.augment_mask(IMAGE[..., 0], PARAMS))


def test_a_border_of_zeros_is_one_of_masks_too():
    result = A.Compose([Augment(base_seed=7, border=9)])(
        image=IMAGE, mask=IMAGE[..., 0], sample_id=42, epoch=3
    )
    assert np.array_equal(result["image"], applied.apply_augmentation(IMAGE, PARAMS, border=9))
    assert np.array_equal(result["mask"], applied.augment_mask(IMAGE[..., 0], PARAMS, border=0))


def test_boxes_and_keypoints_follow():
    pipeline = A.Compose(
        [Augment(base_seed=7)],
        bbox_params=A.BboxParams(format="pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams(format="xyas"),
    )
    box, point = [20, 12, 40, 24], [30, 15, 90, 2]
    result = pipeline(
        image=IMAGE, bboxes=[box], labels=["cat"], keypoints=[point], sample_id=42, epoch=3
    )
    expected = applied.augment_boxes([box], PARAMS, SIZE)
    assert np.allclose(result["bboxes"], expected, atol=1e-4)
    assert result["labels"] == ["cat"]
    [(x, y, angle, scale)] = result["keypoints"]
    assert np.allclose([[x, y]], applied.augment_keypoints([point[:2]], PARAMS, SIZE), atol=1e-4)
    assert angle == pytest.approx(90 + PARAMS["rotation"])
    assert scale == pytest.approx(2 * PARAMS["scale"])


def test_keypoints_turn_as_those_of_albumentations():
    config = dpa.AugmentationConfig(rotation_range=(30, 30), scale_range=(1, 1))
    keypoint_params = A.KeypointParams(format="xyas")
    ours, theirs = (
        A.Compose([transform], keypoint_params=keypoint_params)(
            image=IMAGE, keypoints=[[30, 15, 90, 2]], sample_id=0
        )["keypoints"]
        for transform in (Augment(config), A.Affine(rotate=(30, 30), scale=1, p=1))
    )
    assert np.allclose(ours, theirs, atol=1e-3)


def test_no_seed_and_no_other_transform_changes_the_values():
    def run(*others, seed):
        pipeline = A.Compose([Augment(), *others], seed=seed)
        return [pipeline(image=IMAGE, sample_id=name)["image"] for name in ("b", "a", "b")]

    first, second, again = run(seed=1)
    others = run(A.RandomBrightnessContrast(p=0), seed=2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert all(map(np.array_equal, (first, second, again), others))


def test_a_call_without_an_id_is_an_error():
    with pytest.raises(ValueError, match=r"missing keys: \{'sample_id'\}"):
        A.Compose([Augment()])(image=IMAGE)


def test_arguments_are_checked_at_once():
    with pytest.raises(ValueError, match="view must be"):
        Augment(view=-1)
    with pytest.raises(TypeError, match="config must be an AugmentationConfig"):
        Augment("mild")


def test_no_boxes_and_no_keypoints():
    pipeline = A.Compose(
        [Augment()],
        bbox_params=A.BboxParams(format="pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams(format="xy"),
    )
    result = pipeline(image=IMAGE, bboxes=[], labels=[], keypoints=[], sample_id=1)
    assert len(result["bboxes"]) == len(result["labels"]) == len(result["keypoints"]) == 0


def test_masks_of_float32():
    mask = np.random.default_rng(1).random(SIZE, np.float32)
    result = A.Compose([Augment(base_seed=7)])(image=IMAGE, mask=mask, sample_id=42, epoch=3)
    assert result["mask"].dtype == np.float32
    assert np.array_equal(result["mask"], applied.augment_mask(mask, PARAMS))


SETTINGS = {"base_seed": 7, "view": 1, "border": 9, "interpolation": "cubic"}
SAVED = A.Compose([Augment(dpa.get_preset("mild"), **SETTINGS)])


def test_a_pipeline_is_made_again_from_what_was_saved(tmp_path):
    A.save(SAVED, tmp_path / "pipeline.json")
    expected = SAVED(image=IMAGE, sample_id=42)["image"]
    for again in (A.from_dict(A.to_dict(SAVED)), A.load(tmp_path / "pipeline.json")):
        assert np.array_equal(again(image=IMAGE, sample_id=42)["image"], expected)
    params = dpa.gen_augmentation_params(42, dpa.get_preset("mild"), base_seed=7, view=1)
    ours = applied.apply_augmentation(IMAGE, params, border=9, interpolation="cubic")
    assert np.array_equal(expected, ours)


def test_settings_are_shown():
    [shown] = A.to_dict(SAVED)["transform"]["transforms"]
    assert shown["config"] == dpa.get_preset("mild").to_dict()
    assert {name: shown[name] for name in SETTINGS} == SETTINGS
    assert "base_seed=7, view=1, border=9, interpolation='cubic'" in repr(SAVED)


@pytest.mark.filterwarnings("ignore:.* could work incorrectly in ReplayMode:UserWarning")
def test_a_replay_gives_the_same_pixels():
    result = A.ReplayCompose([Augment(base_seed=7)])(image=IMAGE, sample_id=42, epoch=3)
    again = A.ReplayCompose.replay(result["replay"], image=IMAGE)
    assert np.array_equal(again["image"], applied.apply_augmentation(IMAGE, PARAMS))


@pytest.mark.parametrize(
    ("name", "value"), [("p", 0.5), ("border", "wrap"), ("interpolation", "area")]
)
def test_a_bad_setting_is_named_at_once(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .* got {value!r}"):
        Augment(**{name: value})


def test_where_it_is_not_installed_the_import_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "albumentations", None)
    monkeypatch.delitem(sys.modules, "dpa.integrations.albumentations")
    with pytest.raises(ImportError, match=r"pip install 'dpa-augment\[albumentations\]'"):
        importlib.import_module("dpa.integrations.albumentations")
