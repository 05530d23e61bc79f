"""A parameter list is data: two columns, or forty, go through all that five go through."""

import io
import json
import pickle
from contextlib import redirect_stdout

import numpy as np
import pytest
import reference

import dpa
from dpa.audit import audit_augmentation
from dpa.cli import main
from dpa.derivation.config import AugmentationConfig, space_of
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.ids import Ids
from dpa.diff import diff_chains
from dpa.distributed import DistributedRangeSplitter, stream_distributed_augmentation_batches
from dpa.space import Space, Uniform
from dpa.statistics import theoretical_statistics

TWO = Space({"hue": Uniform(-0.1, 0.1, draw=1), "crop.area": Uniform(0.08, 1.0, draw=0)}, depth=3)
FORTY = Space(
    {f"p{at:02}": Uniform(-at, at + 0.5, draw=at) for at in range(40)}, depth=2, sampler="mt19937"
)
SPACES = pytest.mark.parametrize("space", [TWO, FORTY], ids=["two", "forty"])
SUFFIXES = pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])
KEY = {"base_seed": 7, "epoch": 3}


def expected(space, sample_id, **key):
    """By the twin."""
    digest = reference.chain_hash(reference.key_text(sample_id, **key), space.depth)
    draws = reference.uniforms(digest, space.sampler)
    return {
        name: found.low + (found.high - found.low) * next(draws) for name, found in space.parameters
    } | {"hash": digest}


def printed(*arguments):
    with redirect_stdout(io.StringIO()) as output:
        code = main([str(each) for each in arguments])
    return code, output.getvalue()


@SPACES
def test_samples_are_the_twins(space):
    ids = ["a", "ü"]
    batch = dpa.generate_augmentation_batch(ids, space, **KEY)
    assert list(batch) == [expected(space, x, **KEY) for x in ids]
    assert dpa.gen_augmentation_params("ü", space, **KEY) == batch[1]
    assert list(batch.columns) == list(space.names) == [*batch[0]][:-1]
    name = space.names[-1]
    assert getattr(batch, name) is batch[name]
    assert batch.to_structured().dtype.names == ("sample_id", *space.names, "digest")
    assert pickle.loads(pickle.dumps(batch)) == batch
    out = {name: np.empty(2, np.float32) for name in space.names}
    single = dpa.generate_augmentation_batch(ids, space, out=out, **KEY)
    assert (single[name] == batch[name].astype(np.float32)).all()


@SPACES
@SUFFIXES
@pytest.mark.parametrize("ids", [range(5, 5005), [3, 1, 2**64 - 1], ["a", "", "ü" * 300]], ids=str)
def test_files(space, suffix, ids, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path, copy = tmp_path / f"chain{suffix}", tmp_path / "copy.json"
    batch = dpa.generate_augmentation_batch(ids, space, **KEY)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_config(path) == space
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()
    assert dpa.verify_augmentation_chain(path).ok
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy)
    assert not diff_chains(path, copy)
    code, text = printed("stats", path)
    assert code == 0
    assert all(name in text for name in space.names)
    assert printed("verify", path, copy)[0] == 0
    dpa.save_augmentation_chain(batch.to_dicts(), copy, space, ids=ids, **KEY)
    assert not diff_chains(path, copy)
    edited = batch.to_dicts()
    edited[1][space.names[1]] += 0.01
    with pytest.raises(ValueError, match=rf"params\[1\] has the {space.names[1]}"):
        dpa.save_augmentation_chain(edited, copy, space, ids=ids, **KEY)


@SPACES
def test_streams_and_ranks(space):
    rows = dpa.generate_augmentation_chain(300, space, **KEY)
    stream = dpa.stream_augmentation_chain(300, space, chunk_size=7, **KEY)
    got = [next(stream) for _ in range(100)]
    again = type(stream).from_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert got + list(again) == rows
    assert again.config == space
    batches = stream_distributed_augmentation_batches(300, 1, 4, space, rank_aware=False, **KEY)
    start, end = DistributedRangeSplitter(300, 4).get_rank_range(1)
    assert next(batches).to_dicts() == rows[start:end]


@SPACES
def test_statistics(space):
    batch = dpa.generate_augmentation_batch(range(5000), space)
    found = dpa.compute_statistics(batch)
    assert list(found) == list(space.names)
    assert found == dpa.compute_statistics(batch.to_dicts())
    assert found == dpa.compute_streaming_statistics(dpa.stream_augmentation_chain(5000, space))
    for name, values in theoretical_statistics(space).items():
        assert values["min"] <= found[name]["min"] <= found[name]["max"] <= values["max"]
        assert abs(found[name]["mean"] - values["mean"]) <= 0.06 * values["stdev"]
    column = batch[space.names[0]].tolist()
    assert found[space.names[0]] == reference.statistics(column)


@SPACES
def test_recipes_and_damage(space, tmp_path):
    recipe, chain = tmp_path / "recipe.json", tmp_path / "chain.jsonl"
    dpa.save_augmentation_recipe(recipe, 5000, space, **KEY)
    assert dpa.verify_augmentation_chain(recipe).checked == 5000
    assert printed("generate", "-q", "--recipe", recipe, "-o", chain)[0] == 0
    assert not diff_chains(recipe, chain)
    assert dpa.load_augmentation_batch(recipe) == dpa.load_augmentation_batch(chain)
    value = repr(dpa.gen_augmentation_params(9, space, **KEY)[space.names[0]])
    chain.write_text(chain.read_text().replace(value, "0.5"))
    report = dpa.verify_augmentation_chain(chain)
    assert (report.different, report.first.index) == (1, 9)
    assert report.first.field == space.names[0]
    assert diff_chains(recipe, chain).fields.keys() == {space.names[0]}


@SPACES
def test_audit_and_plot(space, tmp_path):
    pytest.importorskip("scipy", reason="scipy is not installed")
    report = audit_augmentation(2000, space)
    count = len(space.names)
    assert len(report.checks) == 3 * count + count * (count - 1) // 2
    assert all(f"\n{name} " in str(report) for name in space.names)
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    pytest.importorskip("PIL", reason="Pillow is not installed")
    path, picture = tmp_path / "chain.npz", tmp_path / "plot.png"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(500), space), path)
    assert printed("plot", path, "-o", picture)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_files_of_other_parameters_are_not_compared(tmp_path):
    paths = [tmp_path / "two.npz", tmp_path / "five.npz"]
    for path, space in zip(paths, (TWO, None), strict=True):
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), space), path)
    with pytest.raises(ValueError, match=r"in common, got crop\.area, hue and rotation"):
        diff_chains(*paths)


# ---- Declarations ----


def test_order_is_that_of_the_draws():
    assert TWO.names == ("crop.area", "hue")
    assert [*TWO.declaration()["parameters"]] == ["crop.area", "hue"]


@SPACES
def test_a_declaration_comes_back(space):
    again = space_of(json.loads(json.dumps(space.declaration())))
    assert again == space
    assert hash(again) == hash(space)
    assert pickle.loads(pickle.dumps(space)) == space
    assert again != Space(dict(space.parameters), depth=space.depth + 1, sampler=space.sampler)


def test_the_space_of_the_five_is_a_config():
    config = dpa.get_preset("aggressive", sampler="mt19937", augmentation_depth=4)
    again = space_of(config.declaration())
    assert type(again) is AugmentationConfig
    assert again == config
    assert config == Space(dict(config.parameters), depth=4, sampler="mt19937")


def test_a_space_is_immutable():
    with pytest.raises(AttributeError, match="cannot assign to field 'depth'"):
        TWO.depth = 4
    with pytest.raises(AttributeError, match="cannot delete field 'depth'"):
        del TWO.depth


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"a space has 1 to 4096 parameters, got 0"),
        ({"hash": Uniform(0, 1, draw=0)}, "the name 'hash' is taken"),
        (
            {"a b": Uniform(0, 1, draw=0)},
            "names must be words with dots between them .* got 'a b'",
        ),
        ({"a.": Uniform(0, 1, draw=0)}, r"got 'a\.'"),
        ({"ä": Uniform(0, 1, draw=0)}, "got 'ä'"),
        ({"a" * 256: Uniform(0, 1, draw=0)}, "got 'aaa"),
        ({1: Uniform(0, 1, draw=0)}, "got 1"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        Space(parameters)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0, 0), r"low must not be above high, got 1\.0 and 0\.0"),
        ((-1e308, 1e308, 0), r"high - low overflows, got -1e\+308 and 1e\+308"),
        (("0", 1, 0), "low must be a number, got '0'"),
        ((0, float("nan"), 0), "high must be finite, got nan"),
        ((0, 1, True), "draw must be an integer, got True"),
        ((0, 1, 256), "draw must be 0 to 255, got 256"),
        ((0, 1, -1), "draw must be 0 to 255, got -1"),
    ],
)
def test_bad_uniforms(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Uniform(*arguments[:2], draw=arguments[2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"space": "dpa-space-2"}, "space must be 'dpa-space-1', got 'dpa-space-2'"),
        ({"x": 1}, "missing or unknown: x"),
        ({"depth": 0}, "depth must be 1 to 10000, got 0"),
        ({"sampler": "x"}, "sampler must be 'xoshiro256"),
        ({"parameters": []}, "parameters must be an object"),
        (
            {"parameters": {"a": {"cauchy": {}}}},
            "a: a parameter must have one kind of uniform, log",
        ),
        ({"parameters": {"a": {"uniform": {"low": 0}}}}, "a: uniform must have high, got"),
        (
            {"parameters": {"a": {"uniform": {"low": "0", "high": 1, "draw": 0}}}},
            "a: low must be a number, got '0'",
        ),
    ],
)
def test_bad_declarations(change, message):
    with pytest.raises((TypeError, ValueError), match=message):
        space_of({**TWO.declaration(), **change})
    with pytest.raises(TypeError, match="space must be an object, got 5"):
        space_of(5)


# ---- The function itself ----


def test_a_derivation_is_kept_for_equal_arguments():
    assert derive(TWO, 3, None, 7) is derive(TWO, 3, None, 7)
    assert derive(TWO, 3) == Derivation(TWO, derive(None, 3).key)
    assert pickle.loads(pickle.dumps(derive(TWO, 3))) == derive(TWO, 3)


def test_derivations_of_arguments_in_turn():
    keys = [(TWO, 3, None), (TWO, None, 3), (None, 3, None), (TWO, 3, 2**60), (TWO, 2**60, 3)] * 2
    for space, epoch, view in keys:
        found = derive(space, epoch, view)
        assert found == Derivation(AugmentationConfig() if space is None else space, found.key)
        assert found.key == (epoch, view, None, None)
        assert found is derive(space, epoch, view)


def test_a_derivation_without_its_constructor_makes_nothing():
    bare = Derivation.__new__(Derivation)
    for make in (bare.params, bare.hash):
        with pytest.raises(TypeError, match="made without its constructor"):
            make(5)


@pytest.mark.parametrize("value", [True, 1.0, np.True_, [1]], ids=repr)
def test_what_equals_an_integer_is_no_epoch(value):
    derive(None, 1)  # it is kept, and equal to some of these
    with pytest.raises(TypeError, match="epoch must be an integer"):
        derive(None, value)


@pytest.mark.parametrize("ids", [range(3, 9), [5, 1, 9], ["a", "", "ü", "c"]], ids=str)
def test_ids(ids):
    checked = Ids.checked(ids)
    assert list(checked) == [checked[at] for at in range(len(ids))] == list(ids)
    assert checked[-1] == ids[-1]
    assert list(checked[1:3]) == list(ids[1:3])
    assert list(checked[::-2]) == list(ids[::-2])
    assert list(checked[9:]) == []
    assert list(checked.take([2, 0, 2])) == [ids[2], ids[0], ids[2]]
    assert Ids.concatenate([checked[:1], checked[1:]]) == checked
    assert pickle.loads(pickle.dumps(checked[1:])) == checked[1:]
    assert checked != checked[1:]
    assert checked[:0] == Ids.checked([])


def test_ids_of_two_kinds_differ():
    assert Ids.checked(["1", "2"]) != Ids.checked([1, 2])
    assert Ids.checked(["1", "2"]) != Ids.checked(["12", ""])
    assert Ids.checked(range(2)) == Ids.checked([0, 1])
