"""Recipes: a file that stores no samples and stands for them all the same."""

import json
import re

import numpy as np
import pytest

import dpa
from dpa.errors import ChainFileError
from dpa.files.chains import open_chain
from dpa.recipes import merge_recipes

MT19937 = dpa.get_preset("aggressive", sampler="mt19937", augmentation_depth=3)
KEYS = [{}, {"rank": 3, "world_size": np.int64(5)}, {"epoch": 3, "view": 1, "base_seed": 7}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recipe.json"


def document(path) -> dict:
    return json.loads(path.read_text())


# ---- What it holds ----


@pytest.mark.parametrize("size", [0, 1, 4097, 70_000])
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_it_stands_for_the_chain(path, tmp_path, key, size):
    dpa.save_augmentation_recipe(path, size, MT19937, start_id=9, **key)
    batch = dpa.generate_augmentation_batch(range(9, 9 + size), MT19937, **key)
    assert path.stat().st_size < 4000
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()
    assert list(dpa.load_augmentation_stream(path)) == batch.to_dicts()
    assert dpa.load_augmentation_config(path) == MT19937
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked) == (True, size)
    chain = tmp_path / "chain.json"
    dpa.save_augmentation_chain(batch, chain, world_size=key.get("world_size"))
    whole, recipe = document(chain), document(path)
    assert recipe["augmentations"] == []
    assert recipe["trailer"]["num_samples"] == recipe["metadata"].pop("num_samples") == size
    assert recipe["trailer"]["digest"] == whole["trailer"]["digest"]
    assert recipe["metadata"]["start_id"] == 9
    if size:
        assert recipe["statistics"] == whole["statistics"]
        assert recipe["metadata"] == whole["metadata"]


def test_the_longest_one_is_under_4_kb(path):
    wide = (-1.2345678901234567e-300, 1.2345678901234567e-300)
    config = dpa.AugmentationConfig(wide, wide, wide, wide, wide, augmentation_depth=10_000)
    key = dict.fromkeys(("base_seed", "epoch", "view", "rank"), 2**64 - 1)
    dpa.save_augmentation_recipe(path, 10, config, start_id=2**64 - 10, world_size=2**65, **key)
    assert path.stat().st_size < 4000
    assert dpa.verify_augmentation_chain(path).ok


def test_the_same_recipe_has_the_same_bytes(path, tmp_path):
    dpa.save_augmentation_recipe(path, 100)
    dpa.save_augmentation_recipe(tmp_path / "2.json", 100)
    assert path.read_bytes() == (tmp_path / "2.json").read_bytes()


def test_a_reformatted_one_is_read(path):
    dpa.save_augmentation_recipe(path, 100)
    path.write_text(json.dumps(document(path), indent=2))
    assert dpa.verify_augmentation_chain(path).ok
    assert dpa.load_augmentation_chain(path) == dpa.generate_augmentation_chain(100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": -1}, "num_samples must not be negative, got -1"),
        ({"num_samples": 2, "start_id": 2**64 - 1}, r"the last id must be below 2\*\*64"),
        ({"num_samples": 2, "rank": 1, "world_size": 1}, "rank must be below world_size 1"),
        ({"num_samples": 2, "epoch": -1}, r"epoch must be 0 to 2\*\*64 - 1, got -1"),
    ],
)
def test_arguments_are_checked(path, arguments, message):
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_recipe(path, **arguments)
    assert not path.exists()


def test_it_must_be_json(tmp_path):
    with pytest.raises(ValueError, match=r"path of a recipe must end with \.json, got .*x\.npz"):
        dpa.save_augmentation_recipe(tmp_path / "x.npz", 1)


# ---- Damage ----


@pytest.mark.parametrize(
    ("part", "name", "value", "message"),
    [
        ("metadata", "num_samples", 101, "trailer says num_samples 100"),
        ("metadata", "num_samples", 10**14, "trailer says num_samples 100"),
        ("metadata", "num_samples", 2**64 + 1, "num_samples must be 0 to"),
        ("metadata", "num_samples", "1", "num_samples must be an integer"),
        ("metadata", "num_samples", None, "num_samples must be an integer"),
        ("metadata", "space", None, "a recipe must have a space, a start_id"),
        ("metadata", "start_id", None, "a recipe must have a space, a start_id"),
        ("metadata", "dtype", "float32", "a recipe must have .* 'float64'"),
        ("metadata", "epoch", 1, "trailer says checksum"),
        ("trailer", "digest", "x", "digest must be 64 lowercase hex digits"),
        ("trailer", "digest", 5, "digest must be 64 lowercase hex digits, got 5"),
        ("trailer", "digest", "0" * 64, "trailer says checksum"),
    ],
)
def test_a_damaged_recipe_generates_nothing(path, part, name, value, message):
    dpa.save_augmentation_recipe(path, 100)
    damaged = document(path)
    damaged[part][name] = value
    check_refused(path, damaged, message)


def test_a_recipe_either_stores_nothing_or_is_none(path):
    dpa.save_augmentation_recipe(path, 100)
    damaged = document(path)
    damaged["augmentations"].append(dpa.gen_augmentation_params(0))
    check_refused(path, damaged, "a recipe stores no samples, this one has 1")
    damaged = document(path)
    del damaged["metadata"]["num_samples"]
    check_refused(path, damaged, "trailer says num_samples 100, the content has 0")


def check_refused(path, damaged, message):
    before = path.read_bytes()
    path.write_text(json.dumps(damaged))
    with pytest.raises(ChainFileError, match=message):
        dpa.load_augmentation_chain(path)
    try:
        report = dpa.verify_augmentation_chain(path)
    except ChainFileError as error:
        assert re.search(message, str(error))  # noqa: PT017 (either way will do)
    else:
        assert not report.ok
        assert report.checked == 0
        assert re.search(message, str(report))
    path.write_bytes(before)


def test_samples_that_have_another_digest(path, monkeypatch):
    monkeypatch.setattr("dpa.derivation.digest.SampleDigest.hexdigest", lambda self: "0" * 64)
    dpa.save_augmentation_recipe(path, 100)
    monkeypatch.undo()
    with pytest.raises(ChainFileError, match=r"trailer says digest '0+', the samples generated"):
        dpa.load_augmentation_chain(path)
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked) == (False, 100)
    assert "the samples generated have" in report.problems[0]


# ---- From a digest ----


def test_a_recipe_of_a_known_digest_generates_nothing(path, monkeypatch):
    digest = dpa.expected_digest(range(10, 5110), base_seed=3)
    with monkeypatch.context() as patch:
        patch.setattr("dpa.derivation.derivation.Derivation.batch", None)
        dpa.save_augmentation_recipe(path, 5100, start_id=10, base_seed=3, digest=digest)
    assert document(path)["statistics"] is None
    assert document(path)["trailer"]["digest"] == digest.hexdigest()
    assert dpa.verify_augmentation_chain(path).ok
    dpa.save_augmentation_recipe(path, 5100, start_id=10, base_seed=4, digest=digest)
    assert not dpa.verify_augmentation_chain(path).ok


def test_a_digest_of_other_samples_is_refused(path):
    digest = dpa.expected_digest(range(10))
    with pytest.raises(ValueError, match=r"of the 11 samples, got one of 10"):
        dpa.save_augmentation_recipe(path, 11, digest=digest)
    with pytest.raises(TypeError, match=r"digest must be a SampleDigest, got 'ab'"):
        dpa.save_augmentation_recipe(path, 11, digest="ab")
    assert not path.exists()


# ---- Merging ----


@pytest.fixture
def parts(tmp_path):
    """Recipes and a chain file of the ids 10 .. 5109, and what is made of them."""
    key = {"base_seed": 3, "epoch": 1}
    paths = [tmp_path / f"{n}.json" for n in range(3)]
    dpa.save_augmentation_recipe(paths[0], 100, start_id=10, **key)
    dpa.generate_augmentation_chain(4900, save_path=paths[1], start_id=110, **key)
    dpa.save_augmentation_recipe(paths[2], 100, start_id=5010, **key)
    return paths, key


def test_parts_add_up_to_the_whole(path, tmp_path, parts):
    paths, key = parts
    whole = tmp_path / "whole.json"
    dpa.save_augmentation_recipe(whole, 5100, start_id=10, **key)
    assert merge_recipes([paths[2], paths[0], paths[1]], path) == 5100
    merged, expected = document(path), document(whole)
    assert merged["statistics"] is None
    assert merged["metadata"] == expected["metadata"]
    assert merged["trailer"]["digest"] == expected["trailer"]["digest"]
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked) == (True, 5100)
    assert dpa.load_augmentation_batch(path) == dpa.load_augmentation_batch(whole)


def test_one_part_and_empty_parts(path, tmp_path, parts):
    paths, key = parts
    assert merge_recipes(paths[:1], path) == 100
    empty = tmp_path / "empty.json"
    dpa.save_augmentation_recipe(empty, 0, start_id=110, **key)
    assert merge_recipes([paths[0], paths[1], empty], path) == 5000
    with open_chain(path) as reader:
        assert reader.metadata.num_samples == 5000
    with pytest.raises(ValueError, match="there is nothing to merge"):
        merge_recipes([], path)


def test_parts_that_do_not_fit_are_named(path, tmp_path, parts):
    paths, key = parts
    other = tmp_path / "other.json"
    with pytest.raises(ValueError, match=r"ids 110 to 5009 are missing between .*0\.json.*2\.json"):
        merge_recipes([paths[0], paths[2]], path)
    dpa.save_augmentation_recipe(other, 2, start_id=109, **key)
    with pytest.raises(ValueError, match=r"0\.json.*other\.json.* overlap from id 109 on"):
        merge_recipes([*paths, other], path)
    with pytest.raises(ValueError, match="overlap from id 10 on"):
        merge_recipes([paths[0], paths[0]], path)
    for change, name in [
        ({"base_seed": 4, "epoch": 1}, "base_seed: 3 and 4"),
        ({**key, "rank": 1}, "rank: None and 1"),
        ({**key, "config": MT19937}, "space: "),
    ]:
        dpa.save_augmentation_recipe(other, 2, start_id=110, **change)
        with pytest.raises(ValueError, match=rf"0\.json.*other\.json.* differ in {name}"):
            merge_recipes([paths[0], other], path)
    assert not path.exists()


@pytest.mark.parametrize("kind", ["listed", "float32", "no config", "original"])
def test_files_that_cannot_be_merged(path, tmp_path, kind):
    rows = dpa.generate_augmentation_chain(3)
    source = tmp_path / "source.json"
    dpa.save_augmentation_chain(rows, source)
    if kind == "listed":
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch([2, 1]), source)
    elif kind == "float32":
        batch = dpa.generate_augmentation_batch(range(3), dtype=np.float32)
        dpa.save_augmentation_chain(batch, source)
    elif kind == "original":
        source.write_text(json.dumps({"augmentations": rows}))
    with pytest.raises(ValueError, match=r"source\.json' must have a config, consecutive ids"):
        merge_recipes([source], path)
