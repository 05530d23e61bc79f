"""The transform of Albumentations: driven by the id, equal to apply_augmentation."""

import importlib
import json
import math
import sys

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.space import Bernoulli, Space, Uniform, group

A = require("albumentations", "adapters")
from dpa.integrations import image as applied  # noqa: E402 (they need what require() looks for)
from dpa.integrations.albumentations import Augment  # noqa: E402

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
PARAMS = dpa.gen_augmentation_params(42, base_seed=7, epoch=3)
SIZE = IMAGE.shape[:2]
#: Everything that moves pixels and changes them.
PLACES = {
    "rotation": Uniform(-40, 40),
    "scale": Uniform(0.8, 1.3),
    "shear_x": Uniform(-20, 20),
    "shear_y": Uniform(-9, 9),
    "translate_x": Uniform(-0.1, 0.1),
    "translate_y": Uniform(-0.1, 0.1),
    "flip_horizontal": Bernoulli(0.5),
    "flip_vertical": Bernoulli(0.5),
    "crop": group(area=Uniform(0.2, 1), ratio=Uniform(0.5, 2), x=Uniform(0, 1), y=Uniform(0, 1)),
}
TONES = {
    "gamma": Uniform(0.5, 2),
    "brightness": Uniform(0.8, 1.2),
    "contrast": Uniform(0.8, 1.2),
    "saturation": Uniform(0, 2),
    "noise": Uniform(0, 0.1),
    "erase": group(area=Uniform(0.05, 0.2), x=Uniform(0, 1)),
}
ALL = Space({**PLACES, **TONES})


def fixed(**params):
    """A space whose samples are all alike."""
    return Space(
        {
            name: Bernoulli(int(value)) if isinstance(value, bool) else Uniform(value, value)
            for name, value in params.items()
        }
    )


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


def test_the_label_outside_masks_is_the_callers_choice():
    mask = np.full((*SIZE, 2), 4, np.uint8)
    small = dpa.AugmentationConfig(scale_range=(0.5, 0.5))

    def labels(**options):
        pipeline = A.Compose([Augment(small, **options)])
        return set(np.unique(pipeline(image=IMAGE, mask=mask, sample_id=3)["mask"]))

    assert labels(border=0, fill_mask=4) == labels() == {4}
    assert labels(fill_mask=255) == {4, 255}
    assert labels(border=9) == {0, 4}
    with pytest.raises(ValueError, match="a label that uint8 holds exactly, got 300"):
        labels(fill_mask=300)


@pytest.mark.parametrize("sample_id", range(8))
@pytest.mark.parametrize("out_size", [None, (32, 24), [9, 70]], ids=str)
def test_every_effect_and_every_target(sample_id, out_size):
    options = {"border": 7, "interpolation": "cubic", "full_range": 250, "erase_fill": 3}
    pipeline = A.Compose(
        [Augment(ALL, out_size=out_size, fill_mask=2, **options)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams("xyz", remove_invisible=False),
        is_check_shapes=False,
    )
    mask, box, point = IMAGE[::2, ::2, 0], [20.0, 12.0, 35.0, 24.0], [30.0, 15.0]
    result = pipeline(
        image=IMAGE,
        mask=mask,
        masks=[mask, mask + 1],
        bboxes=[box],
        labels=[1],
        keypoints=[[*point, 0.5]],
        sample_id=sample_id,
    )
    params, size = dpa.gen_augmentation_params(sample_id, ALL), {"out_size": out_size}
    pixels = applied.apply_augmentation(IMAGE, params, **size, **options)
    assert np.array_equal(result["image"], pixels)
    moved = applied.augment_mask(mask, params, **size, border=2)
    assert np.array_equal(result["mask"], moved)
    assert np.array_equal(result["masks"][0], moved)
    points = applied.augment_keypoints([[*point, 0.5]], params, SIZE, **size)
    assert np.allclose(result["keypoints"], points, atol=1e-3)
    height, width = pixels.shape[:2]
    boxes = applied.augment_boxes([box], params, SIZE, **size).clip(0, [width, height] * 2)
    seen = (boxes[:, 2:] > boxes[:, :2]).all(1)  # Albumentations clips and drops the others
    assert np.allclose(np.reshape(result["bboxes"], (-1, 4)), boxes[seen], atol=1e-3)


def test_boxes_and_keypoints_are_in_the_size_of_the_result():
    pipeline = A.Compose(
        [Augment(fixed(flip_horizontal=True), out_size=(80, 30)), A.HorizontalFlip(p=1)],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams("xy", remove_invisible=False),
    )
    result = pipeline(image=IMAGE, bboxes=[[18, 10, 40, 30, 5]], keypoints=[[59, 0]], sample_id=0)
    assert np.allclose(result["bboxes"], [[9, 20, 20, 60, 5]])
    assert np.allclose(result["keypoints"], [[29.25, 0.5]])  # of a pixel's centre, twice as high


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
        A.Compose([transform], keypoint_params=keypoint_params, strict=False)(
            image=IMAGE, keypoints=[[30, 15, 90, 2]], sample_id=0
        )["keypoints"]
        for transform in (Augment(config), A.Affine(rotate=(30, 30), scale=1, p=1))
    )
    assert np.allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("angle", [0, 30, 100, 200, 330])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (fixed(flip_horizontal=True), A.HorizontalFlip(p=1)),
        (fixed(flip_vertical=True), A.VerticalFlip(p=1)),
        (fixed(flip_vertical=True, flip_horizontal=True), A.Rotate((180, 180), p=1)),
    ],
    ids=["horizontal", "vertical", "both"],
)
def test_keypoints_are_mirrored_as_those_of_albumentations(ours, theirs, angle):
    ours, theirs = (
        A.Compose([transform], keypoint_params=A.KeypointParams("xyas"), strict=False)(
            image=IMAGE, keypoints=[[30, 15, angle, 2]], sample_id=0
        )["keypoints"]
        for transform in (Augment(ours), theirs)
    )
    assert np.allclose(np.mod(ours, 360), np.mod(theirs, 360), atol=1e-3)


@pytest.mark.parametrize("sample_id", range(9))
def test_a_keypoint_points_where_the_pixels_go(sample_id):
    """Its arrow is moved as its two ends are; its scale grows as an area does."""
    space, out_size, angle = Space(PLACES), (50, 44), 1.3
    point, step = np.array([30.0, 15.0]), np.array([math.cos(angle), -math.sin(angle)])
    moved = Augment(space, out_size=out_size).apply_to_keypoints(
        np.array([[*point, 5.0, angle, 2.0, 8.0]]),
        sample := dpa.gen_augmentation_params(sample_id, space),
        SIZE,
    )
    ends = np.array([[0, 0], step, [0, 1], [1, 0]]) + point
    start, *ends = applied.augment_keypoints(ends, sample, SIZE, out_size=out_size)
    right, down = ends[0] - start
    assert moved[0, :2] == pytest.approx(start)
    assert moved[0, 3] == pytest.approx(math.atan2(-down, right) % math.tau)
    area = abs(np.linalg.det([ends[1] - start, ends[2] - start]))
    assert moved[0, 4] == pytest.approx(2 * math.sqrt(area))
    assert moved[0, [2, 5]].tolist() == [5, 8]


def test_stacks_of_masks_are_moved_slice_by_slice():
    """Also where a slice, moved to the last axis, would look like channels."""
    stack = np.random.default_rng(2).integers(0, 9, (2, 50, 16, 40), np.uint8)
    pipeline = A.Compose([Augment(base_seed=7, border=0, out_size=(20, 30))])
    result = pipeline(
        volume=stack[0], mask3d=stack[0], masks3d=stack, masks=stack[:, 0], sample_id=42, epoch=3
    )
    for name in ("mask3d", "masks3d", "masks"):
        wanted = {"mask3d": stack[0], "masks3d": stack, "masks": stack[:, 0]}[name]
        assert result[name].shape == (*wanted.shape[:-2], 20, 30)
        for mask, moved in zip(
            wanted.reshape(-1, 16, 40), result[name].reshape(-1, 20, 30), strict=True
        ):
            expected = applied.augment_mask(mask, PARAMS, border=0, out_size=(20, 30))
            assert np.array_equal(moved, expected)


def test_no_masks():
    result = A.Compose([Augment(out_size=(8, 9))])(
        image=IMAGE, masks=np.zeros((0, *SIZE, 2), np.int16), sample_id=1
    )
    assert result["masks"].shape == (0, 8, 9, 2)
    assert result["masks"].dtype == np.int16


def test_a_strict_compose():
    pipeline = A.Compose([Augment(base_seed=7)], strict=True)
    result = pipeline(image=IMAGE, sample_id=42, epoch=3)
    assert np.array_equal(result["image"], applied.apply_augmentation(IMAGE, PARAMS))
    with pytest.raises(ValueError, match="Key epok is not in available keys"):
        pipeline(image=IMAGE, sample_id=42, epok=3)


@pytest.mark.parametrize("view", [0, 3])
def test_the_view_of_a_call_takes_the_place_of_the_transforms(view):
    pipeline = A.Compose([Augment(base_seed=7, view=1)], strict=True)
    for given, used in ((view, view), (None, 1)):
        found = pipeline(image=IMAGE, sample_id=42, epoch=3, view=given)["image"]
        params = dpa.gen_augmentation_params(42, base_seed=7, epoch=3, view=used)
        assert np.array_equal(found, applied.apply_augmentation(IMAGE, params))


def test_ids_in_label_fields_are_rounded_and_places_are_not():
    """Why the page says to give places: Albumentations makes float32 of numbers."""
    pipeline = A.Compose(
        [Augment(base_seed=7)], bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"])
    )
    boxes, ids = [[1, 2, 30, 20], [9, 9, 40, 30]], [2**24 + 1, 2**62 + 1]
    found = pipeline(image=IMAGE, bboxes=boxes, labels=ids, sample_id=1)["labels"]
    assert found == [2**24, 2**62]
    places = pipeline(image=IMAGE, bboxes=boxes, labels=range(2), sample_id=1)["labels"]
    assert [ids[int(at)] for at in places] == ids


def test_names_that_are_no_effects():
    space = Space({**PLACES, "lambda_": Uniform(0, 1)})
    A.Compose([Augment(space)])(image=IMAGE, sample_id=1)
    with pytest.raises(ValueError, match="lambda_ is no effect; there are rotation"):
        Augment(space, strict=True)
    A.Compose([Augment(Space(PLACES), strict=True)])(image=IMAGE, sample_id=1)
    with pytest.raises(ValueError, match=r"images need one of rotation, .* has lambda_"):
        Augment(Space({"lambda_": Uniform(0, 1)}))


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


SETTINGS = {
    "base_seed": 7,
    "view": 1,
    "border": 9,
    "interpolation": "cubic",
    "out_size": [20, 30],
    "full_range": 200,
    "erase_fill": 5,
    "fill_mask": 6,
    "strict": True,
}
SAVED = A.Compose([Augment(ALL, **{**SETTINGS, "fill_mask": np.uint8(6)})])
SAVED_PARAMS = dpa.gen_augmentation_params(42, ALL, base_seed=7, view=1)


def assert_as_saved(result):
    options = {name: SETTINGS[name] for name in ("border", "interpolation", "full_range")}
    options |= {"erase_fill": 5, "out_size": (20, 30)}
    pixels = applied.apply_augmentation(IMAGE, SAVED_PARAMS, **options)
    assert np.array_equal(result["image"], pixels)
    mask = applied.augment_mask(IMAGE, SAVED_PARAMS, out_size=(20, 30), border=6)
    assert np.array_equal(result["mask"], mask)


def test_a_pipeline_is_made_again_from_what_was_saved(tmp_path):
    A.save(SAVED, tmp_path / "pipeline.json")
    made = SAVED, A.from_dict(A.to_dict(SAVED)), A.load(tmp_path / "pipeline.json")
    for pipeline in made:
        assert_as_saved(pipeline(image=IMAGE, mask=IMAGE, sample_id=42))
        assert A.to_dict(pipeline) == A.to_dict(SAVED)


def test_settings_are_shown():
    [shown] = A.to_dict(SAVED)["transform"]["transforms"]
    assert shown["config"] == ALL.to_dict()
    assert {name: shown[name] for name in SETTINGS} == SETTINGS
    assert set(shown) == {"__class_fullname__", "config", "p", *SETTINGS}
    assert json.loads(json.dumps(shown)) == shown
    for name, value in SETTINGS.items():
        assert f"{name}={value!r}" in repr(SAVED)


@pytest.mark.filterwarnings("ignore:.* could work incorrectly in ReplayMode:UserWarning")
def test_a_replay_gives_the_same_pixels():
    result = A.ReplayCompose([Augment(ALL, **SETTINGS)])(image=IMAGE, mask=IMAGE, sample_id=42)
    replay = json.loads(json.dumps(result["replay"]))
    assert_as_saved(A.ReplayCompose.replay(replay, image=IMAGE, mask=IMAGE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p", 0.5),
        ("border", "wrap"),
        ("interpolation", "area"),
        ("out_size", 224),
        ("out_size", (0, 9)),
        ("full_range", 0),
        ("full_range", "255"),
        ("erase_fill", math.inf),
        ("fill_mask", "reflect"),
        ("strict", 1),
    ],
)
def test_a_bad_setting_is_named_at_once(name, value):
    with pytest.raises((TypeError, ValueError), match=f"{name} must be .* got"):
        Augment(**{name: value})


def test_where_it_is_not_installed_the_import_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "albumentations", None)
    monkeypatch.delitem(sys.modules, "dpa.integrations.albumentations")
    with pytest.raises(ImportError, match=r"pip install 'dpa-augment\[albumentations\]'"):
        importlib.import_module("dpa.integrations.albumentations")


def test_an_option_set_later_holds_for_images_and_labels():
    augment = Augment(base_seed=7)
    augment.out_size = (7, 9)
    result = augment(image=IMAGE, mask=IMAGE[..., 0], sample_id=42, epoch=3)
    assert result["image"].shape[:2] == result["mask"].shape == (7, 9)
