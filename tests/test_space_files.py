"""Samples of a Space with every distribution go through all that samples go through."""

import io
import json
import pickle
from contextlib import redirect_stdout

import numpy as np
import pytest
import space_reference

import dpa
from dpa._text import LineForm
from dpa.batch import BatchProcessor
from dpa.cli import main
from dpa.diff import diff_chains
from dpa.distributed import DistributedRangeSplitter, stream_distributed_augmentation_batches
from dpa.files.formats import records
from dpa.space import (
    Bernoulli,
    Beta,
    Choice,
    Integers,
    Linear,
    LogUniform,
    Normal,
    Seed,
    Space,
    Subset,
    TruncatedNormal,
    Uniform,
    group,
    one_of,
    sometimes,
)
from dpa.statistics import Statistics, theoretical_statistics

ODD = 'z,]"ü\\'
SPACE = Space(
    {
        "rotation": Uniform(-3, 3, draw=0),
        "flip": Bernoulli(0.5),
        "blur": sometimes(0.2, sigma=LogUniform(0.25, 4), twice=Bernoulli(0.3, shape=2)),
        "op": one_of({"turn": group(angle=Normal(0, 5), times=Integers(-2, 9)), "none": group()}),
        "order": Subset(["x", "y", ODD], 2, shape=2),
        "level": Choice([1, 5, 9], [1, 0, 2]),
        "factor": Choice([0.5, 1.5]),
        "sure": Choice([True, False]),
        "letters": Choice([ODD, "a"], shape=(1, 2)),
        "grid": Normal(0, 1, shape=(2, 3)),
        "cut": TruncatedNormal(0, 1, -0.5, 2),
        "lam": Beta(0.4, 0.4),
        "magnitude": Uniform(0, Linear([(0, 1), (10, 3)])),
        "seed": Seed(),
    },
    depth=2,
)
KEY = {"epoch": 3, "base_seed": 7}
SUFFIXES = pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])


def batch_of(ids):
    return dpa.generate_augmentation_batch(ids, SPACE, **KEY)


def printed(*arguments):
    with redirect_stdout(io.StringIO()) as output:
        code = main([str(each) for each in arguments])
    return code, output.getvalue()


# ---- Files ----


@SUFFIXES
@pytest.mark.parametrize(
    "ids", [range(5, 9005), [3, 1, 2**64 - 1], ["a", "", "ü" * 30], []], ids=str
)
def test_round_trips(suffix, ids, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path, copy, again = (tmp_path / f"{name}{suffix}" for name in ("a", "b", "c"))
    batch = batch_of(ids)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_config(path) == SPACE
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()
    assert list(dpa.load_augmentation_stream(path)) == batch.to_dicts()
    assert dpa.verify_augmentation_chain(path).ok
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy)
    assert copy.read_bytes() == path.read_bytes()
    dpa.save_augmentation_chain(batch.to_dicts(), again, SPACE, ids=ids, **KEY)
    assert not diff_chains(path, again)
    assert printed("verify", path, again)[0] == 0


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize("ids", [range(5, 40), [3, 1, 2**64 - 1], ["a", "", "ü" * 30]], ids=str)
def test_a_line_that_c_does_not_read_is_parsed(suffix, ids, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LineForm", _Unreading)
    monkeypatch.setattr(records, "_line", records._line.__wrapped__)  # no form that was kept
    batch = batch_of(ids)
    dpa.save_augmentation_chain(batch, tmp_path / f"a{suffix}")
    assert dpa.load_augmentation_batch(tmp_path / f"a{suffix}") == batch


class _Unreading(LineForm):
    def read(self, text, size, columns, count):
        return super().read(text, 0, columns, count)


@SUFFIXES
def test_single_precision(suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    batch = dpa.generate_augmentation_batch(range(9), SPACE, dtype=np.float32, **KEY)
    dpa.save_augmentation_chain(batch, tmp_path / f"a{suffix}")
    assert dpa.load_augmentation_batch(tmp_path / f"a{suffix}") == batch
    assert dpa.verify_augmentation_chain(tmp_path / f"a{suffix}").ok


@SUFFIXES
@pytest.mark.parametrize("choices", [300, 65_536])
def test_many_choices(suffix, choices, tmp_path):
    """Files have no counts of so many."""
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    space = Space(a=Choice(range(choices)), b=Subset([str(at) for at in range(choices)], 2))
    batch = dpa.generate_augmentation_batch(range(20), space)
    dpa.save_augmentation_chain(batch, tmp_path / f"a{suffix}")
    assert dpa.load_augmentation_batch(tmp_path / f"a{suffix}") == batch
    assert dpa.verify_augmentation_chain(tmp_path / f"a{suffix}").ok
    assert dpa.compute_statistics(batch)["a"]["counts"].keys() == {str(at) for at in range(choices)}


def test_a_space_whose_json_would_be_too_long(tmp_path):
    space = Space({f"p{at:04}{'x' * 240}": Seed() for at in range(4096)}, depth=1)
    batch = dpa.generate_augmentation_batch(range(2), space)
    with pytest.raises(
        ValueError, match=r"statistics may take .* bytes of JSON, files may have 1,000"
    ):
        dpa.save_augmentation_chain(batch, tmp_path / "a.npz")
    assert not (tmp_path / "a.npz").exists()


def test_large_samples_are_taken_few_at_a_time(tmp_path):
    space = Space(a=Normal(0, 1, shape=(1,) * 30 + (60_000,)), depth=1)
    assert space.block_size(4096) == 139
    path = tmp_path / "a.json"
    dpa.save_augmentation_recipe(path, 300, space)
    assert sum(map(len, dpa.load_augmentation_stream(path, chunk_size=3))) == 600
    small = Space(a=Choice(["[,", '"]'], shape=(1,) * 31 + (2,)), depth=1)
    batch = dpa.generate_augmentation_batch(range(9), small)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch


def test_another_layout_of_json(tmp_path):
    path = tmp_path / "a.json"
    dpa.save_augmentation_chain(batch_of(range(20)), path)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document, indent=1))
    assert dpa.load_augmentation_batch(path) == batch_of(range(20))
    for name, value, message in [
        ("flip", 1, r"flip of sample 3 must be one of \(False, True\), got 1"),
        ("op", "no", r"op of sample 3 must be one of \('turn', 'none'\), got 'no'"),
        ("order", ["x", "y"], r"order of sample 3 must have shape \(2, 2\), got 'x'"),
        ("seed", -1, "seed of sample 3 must be of uint64, got -1"),
        ("seed", 1.5, "seed of sample 3 must be an integer, got 1.5"),
        ("grid", [[1, 2, "3"], [4, 5, 6]], "grid of sample 3 must be a number, got '3'"),
    ]:
        rows = [dict(row) for row in document["augmentations"]]
        rows[3][name] = value
        path.write_text(json.dumps({**document, "augmentations": rows}, indent=1))
        with pytest.raises(dpa.ChainFileError, match=message):
            dpa.load_augmentation_chain(path)


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"flip":true', '"flip":1', r"flip of sample \d+ must be one of \(False, True\), got 1"),
        ('"op":"none"', '"op":"nine"', r"op of sample \d+ must be one of .*, got 'nine'"),
        ('"level":9', '"level":5', "digest"),
        ('"level":9', '"level":4', r"level of sample \d+ must be one of .*, got 4"),
        ('"op.turn.times":3', '"op.turn.times":03', "no JSON"),
        ('"op.turn.times":3', '"op.turn.times":99999999999999999999', "must be of int64"),
        ('"factor":0.5', '"factor":0.50', r"it must go on with b',\S+ got b'0,"),
        ('"order":[["x","y"]', '"order":[["x","x"]', "digest"),
        ('"order":[["x","y"]', '"order":[["x"]', r"order of sample \d+ must have shape \(2, 2\)"),
        ('"grid":[[', '"grid":[[0', "not a record|no JSON"),
    ],
)
def test_damaged_lines(suffix, old, new, message, tmp_path):
    path = tmp_path / f"a{suffix}"
    dpa.save_augmentation_chain(batch_of(range(60)), path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(dpa.ChainFileError, match=message):
        dpa.load_augmentation_chain(path)


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_a_real_number_has_one_text(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch([7], Space(a=Uniform(1, 1))), path)
    path.write_text(path.read_text().replace('"a":1.0', '"a":1', 1))
    with pytest.raises(dpa.ChainFileError, match=r"must go on with b'\.0,\S+ got b',"):
        dpa.load_augmentation_chain(path)


def test_codes_beyond_the_choices(tmp_path):
    batch = batch_of(range(9))
    batch["op"][4] = 2
    with pytest.raises(ValueError, match="op of sample 4 must be codes below 2, got 2"):
        dpa.save_augmentation_chain(batch, tmp_path / "a.npz")


def test_a_line_that_would_be_too_long(tmp_path):
    space = Space(a=Normal(0, 1, shape=60_000), depth=1)
    batch = dpa.generate_augmentation_batch(range(2), space)
    with pytest.raises(ValueError, match=r"sample 0 takes more than .* characters .* as \.npz or"):
        dpa.save_augmentation_chain(batch, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()
    dpa.save_augmentation_chain(batch, tmp_path / "a.npz")
    assert dpa.load_augmentation_batch(tmp_path / "a.npz") == batch


def test_dicts_that_contradict_their_ids(tmp_path):
    rows = batch_of(range(60)).to_dicts()
    without = next(at for at, row in enumerate(rows) if "blur.sigma" not in row)
    for at, change, message in [
        (
            without,
            {"blur.sigma": 1.0},
            rf"params\[{without}\] has 'blur.sigma', which is inactive",
        ),
        (7, {"flip": not rows[7]["flip"]}, r"params\[7\] has the flip "),
        (7, {"op": "no"}, "op of sample 7 must be one of"),
        (7, {"more": 1}, r"sample 7: missing fields \[\], unknown fields \['more'\]"),
    ]:
        edited = [dict(row) for row in rows]
        edited[at] |= change
        with pytest.raises(ValueError, match=message):
            dpa.save_augmentation_chain(edited, tmp_path / "a.json", SPACE, ids=range(60), **KEY)
    with pytest.raises(ValueError, match="params have none of the five parameters: say config="):
        dpa.save_augmentation_chain([{"a": 1, "hash": "0" * 64}], tmp_path / "x.json")
    edited = [dict(row) for row in rows]
    del edited[5]["flip"]
    with pytest.raises(ValueError, match=r"sample 5: missing fields \['flip'\]"):
        dpa.save_augmentation_chain(edited, tmp_path / "a.json", SPACE, ids=range(60), **KEY)
    dpa.save_augmentation_stream(iter(rows), tmp_path / "a.json", SPACE, **KEY)
    assert dpa.load_augmentation_chain(tmp_path / "a.json") == rows


def test_differences_of_declarations_come_first(tmp_path):
    paths = [tmp_path / "a.npz", tmp_path / "b.jsonl"]
    more = SPACE | {"hue": Uniform(-0.1, 0.1)}
    for path, space in zip(paths, (SPACE, more), strict=True):
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(50), space, **KEY), path)
    diff = diff_chains(*paths)
    assert (diff.common, diff.different) == (50, 0)
    assert diff.notes == ["hue: nothing and Uniform(low=-0.1, high=0.1)"]
    named = [Space(depth_=Seed(), sampler_=Seed()), Space(depth_=Uniform(0, 1), sampler_=Seed())]
    for path, space in zip(paths, named, strict=True):
        space = Space({n.rstrip("_"): x for n, x in space.parameters})
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(5), space), path)
    assert diff_chains(*paths).notes == ["depth: Seed() and Uniform(low=0.0, high=1.0)"]
    dpa.save_augmentation_chain(batch_of(range(50)), paths[0])
    other = Space({**dict(SPACE.parameters), "flip": Bernoulli(0.9), "op": Seed()} | {
        name: Seed() for name in ("op.turn.angle", "op.turn.times")
    }, depth=2)  # fmt: skip
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(50), other, **KEY), paths[1])
    diff = diff_chains(*paths)
    assert [note.partition(":")[0] for note in diff.notes] == [
        "flip", "op", "op.turn.angle", "op.turn.times",
    ]  # fmt: skip
    assert diff.fields.keys() == {"flip"}
    assert "flip: in " in str(diff)
    assert "by up to" not in str(diff)


def test_recipes(tmp_path):
    path, copy = tmp_path / "a.json", tmp_path / "b.parquet"
    dpa.save_augmentation_recipe(path, 5000, SPACE, **KEY)
    assert dpa.verify_augmentation_chain(path).checked == 5000
    assert dpa.load_augmentation_batch(path) == batch_of(range(5000))
    if pytest.importorskip("pyarrow", reason="pyarrow is not installed"):
        assert printed("generate", "-q", "--recipe", path, "-o", copy)[0] == 0
        assert not diff_chains(path, copy)


def test_others_read_the_parquet(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    batch = batch_of(range(5000))
    dpa.save_augmentation_chain(batch, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert {types[name] for name in ("rotation", "magnitude", "factor")} == {"double"}
    assert (types["flip"], types["sure"], types["seed"]) == ("bool", "bool", "uint64")
    assert (types["level"], types["op.turn.times"]) == ("int64", "int64")
    assert types["op"] == "dictionary<values=string, indices=int32, ordered=0>"
    assert types["grid"].startswith("fixed_size_list<element: fixed_size_list<element: double")
    assert table["op"].to_pylist() == [batch.field("op", at) for at in range(5000)]
    assert table["order"].to_pylist() == [batch.field("order", at) for at in range(5000)]


# ---- Streams, ranks, copies ----


def test_streams():
    rows = batch_of(range(300)).to_dicts()
    stream = dpa.stream_augmentation_chain(300, SPACE, chunk_size=7, **KEY)
    got = [next(stream) for _ in range(100)]
    again = type(stream).from_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert got + list(pickle.loads(pickle.dumps(again))) == rows
    batches = dpa.stream_augmentation_batches(300, SPACE, batch_size=64, **KEY)
    assert dpa.AugmentationBatch.concatenate(batches).to_dicts() == rows
    assert dpa.generate_augmentation_chain(300, SPACE, **KEY) == rows


def test_ranks_and_batches():
    rows = batch_of(range(100)).to_dicts()
    start, end = DistributedRangeSplitter(100, 4).get_rank_range(1)
    batches = stream_distributed_augmentation_batches(100, 1, 4, SPACE, rank_aware=False, **KEY)
    assert next(batches).to_dicts() == rows[start:end]
    own = dpa.gen_augmentation_params(7, SPACE, rank=1, world_size=4, **KEY)
    assert own["rank"] == 1
    assert own != {**dpa.gen_augmentation_params(7, SPACE, **KEY), "rank": 1}
    processor = BatchProcessor("sequential")
    stream = dpa.stream_augmentation_chain(100, SPACE, **KEY)
    assert [row for part in processor.process_stream(stream) for row in part] == rows


def test_a_state_of_another_space_is_refused():
    stream = dpa.stream_augmentation_chain(10, SPACE, **KEY)
    other = dpa.stream_augmentation_chain(10, SPACE.only(["flip"]), **KEY)
    with pytest.raises(ValueError, match="the state is another stream's: its space is"):
        stream.load_state_dict(other.state_dict())


def test_batches_are_values():
    batch = batch_of(range(60))
    assert pickle.loads(pickle.dumps(batch)) == batch
    assert batch[10:20] == batch_of(range(10, 20))
    assert batch[-1] == batch.to_dicts()[-1]
    table = batch.to_structured()
    assert table["grid"].shape == (60, 2, 3)
    assert (table["op"] == batch["op"]).all()
    with pytest.raises(KeyError):
        batch.active("hue")


def test_out_of_another_order(tmp_path):
    spaces = [
        Space(a=Uniform(0, 1, draw=0), b=Uniform(0, 1)),
        Space(b=Uniform(0, 1, draw=0), a=Uniform(0, 1)),
    ]
    out = dpa.AugmentationBatch.empty(4, spaces[0])
    batch = dpa.generate_augmentation_batch(range(4), spaces[1], out=out)
    assert batch.names == ("b", "a")
    assert batch == dpa.generate_augmentation_batch(range(4), spaces[1])
    dpa.save_augmentation_chain(batch, tmp_path / "a.npz")
    assert dpa.load_augmentation_batch(tmp_path / "a.npz") == batch


def test_labels():
    batch = batch_of(range(60))
    for name in ("op", "level", "factor", "sure", "order", "letters"):
        expected = [batch.field(name, at) for at in range(60)]
        assert batch.labels(name).tolist() == expected
    with pytest.raises(TypeError, match=r"flip holds no choices but its values: batch\['flip'\]"):
        batch.labels("flip")


def test_out():
    batch, out = batch_of(range(60)), dpa.AugmentationBatch.empty(60, SPACE)
    assert dpa.generate_augmentation_batch(range(60), SPACE, out=out, **KEY) is out
    assert out == batch
    arrays = {name: np.zeros_like(column) for name, column in batch.columns.items()}
    dpa.generate_augmentation_batch(range(60), SPACE, out=arrays, **KEY)
    assert all((arrays[name] == batch[name]).all() for name in batch.names)
    for name, wrong, message in [
        ("flip", np.zeros(60, np.uint8), r"out\['flip'\] must have dtype bool, got uint8"),
        ("grid", np.zeros((60, 6)), r"out\['grid'\] must have shape \(60, 2, 3\), got \(60, 6\)"),
        ("op", np.zeros(60, np.int64), r"out\['op'\] must have dtype int32, got int64"),
    ]:
        with pytest.raises(ValueError, match=message):
            dpa.generate_augmentation_batch(range(60), SPACE, out={**arrays, name: wrong}, **KEY)
    other = dpa.AugmentationBatch.empty(60)
    with pytest.raises(ValueError, match="out lacks the column 'blur'"):
        dpa.generate_augmentation_batch(range(60), SPACE, out=other, **KEY)
    single = dpa.AugmentationBatch.empty(60, SPACE, np.float32)
    assert dpa.generate_augmentation_batch(range(60), SPACE, out=single, **KEY).dtype == np.float32


# ---- Statistics ----


def test_statistics():
    batch = batch_of(range(9000))
    found = dpa.compute_statistics(batch)
    assert dpa.compute_statistics(batch.to_dicts(), config=SPACE) == found
    rows = dpa.stream_augmentation_chain(9000, SPACE, **KEY)
    assert dpa.compute_streaming_statistics(rows, config=SPACE) == found
    pieces = (batch[at : at + 700] for at in range(0, 9000, 700))
    assert dpa.compute_streaming_statistics(pieces) == found
    for name in ("rotation", "blur.sigma", "op.turn.angle", "magnitude"):
        values, active = batch[name].tolist(), batch.active(name).tolist()
        assert found[name] == space_reference.statistics(values, active)
    assert found["grid"]["count"] == 54_000
    assert found["blur.twice"]["count"] == 2 * int(batch["blur"].sum())
    codes = batch["op"]
    assert found["op"] == {
        "count": 9000,
        "counts": {"turn": int((codes == 0).sum()), "none": int((codes == 1).sum())},
        "shares": {"turn": (codes == 0).sum() / 9000, "none": (codes == 1).sum() / 9000},
    }
    assert found["level"]["counts"]["5"] == 0
    assert found["order"]["count"] == 36_000


def test_statistics_of_dicts_that_contradict_themselves():
    rows = batch_of(range(30)).to_dicts()
    without = next(at for at, row in enumerate(rows) if "blur.sigma" not in row)
    having = next(at for at, row in enumerate(rows) if "blur.sigma" in row)
    for at, change, message in [
        (without, {"blur.sigma": 1.0}, rf"sample {without} has 'blur.sigma', which is inactive"),
        (having, {"blur.sigma": "1"}, rf"blur.sigma of sample {having} must be a number, got '1'"),
        (7, {"op": 5}, "op of sample 7 must be one of"),
    ]:
        edited = [dict(row) for row in rows]
        edited[at] |= change
        with pytest.raises((TypeError, ValueError), match=message):
            dpa.compute_statistics(edited, config=SPACE)
    del rows[having]["blur.sigma"]
    with pytest.raises(ValueError, match=rf"sample {having} lacks 'blur.sigma', which is active"):
        dpa.compute_statistics(rows, config=SPACE)
    with pytest.raises(ValueError, match="names must be None with a config"):
        dpa.compute_statistics(rows, ["seed"], config=SPACE)


def test_statistics_add_up():
    halves = [Statistics(SPACE.names, SPACE) for _ in range(2)]
    for at, half in enumerate(halves):
        half.update(batch_of(range(at * 4500, at * 4500 + 4500)).columns)
    both, whole = (halves[0] + halves[1]).result(), dpa.compute_statistics(batch_of(range(9000)))
    assert both["op"] == whole["op"]
    assert both["blur.sigma"]["count"] == whole["blur.sigma"]["count"]
    assert both["blur.sigma"]["mean"] == pytest.approx(whole["blur.sigma"]["mean"], rel=1e-13)
    with pytest.raises(ValueError, match="do not add up"):
        halves[0] + Statistics(SPACE.names[:1])


def test_theory_fits_what_is_seen():
    found = dpa.compute_statistics(batch_of(range(40_000)))
    for name, wanted in theoretical_statistics(SPACE, epoch=3).items():
        if "shares" in wanted:
            for value, share in wanted["shares"].items():
                assert found[name]["shares"][value] == pytest.approx(share, abs=0.015)
            continue
        assert wanted["min"] <= found[name]["min"] <= found[name]["max"] <= wanted["max"]
        assert found[name]["mean"] == pytest.approx(wanted["mean"], abs=0.03 * wanted["stdev"])
        assert found[name]["stdev"] == pytest.approx(wanted["stdev"], rel=0.03)


def test_figures_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    for distribution, frozen, exact in [
        (Uniform(-3, 5), stats.uniform(-3, 8), 1e-14),
        (LogUniform(0.25, 4), stats.loguniform(0.25, 4), 1e-12),
        (LogUniform(1e-6, 1e3), stats.loguniform(1e-6, 1e3), 1e-12),
        (Normal(2, 5), stats.norm(2, 5), 1e-14),
        (TruncatedNormal(0, 1, -0.5, 2), stats.truncnorm(-0.5, 2), 2e-4),
        (TruncatedNormal(1, 2, 5, 9), stats.truncnorm(2, 4, 1, 2), 2e-3),
        (Beta(0.4, 0.4), stats.beta(0.4, 0.4), 1e-12),
        (Beta(8, 8), stats.beta(8, 8), 1e-12),
        (Integers(-2, 9), stats.randint(-2, 10), 1e-14),
    ]:
        assert distribution.moments == pytest.approx((frozen.mean(), frozen.std()), rel=exact)
        low, high = distribution.support
        points = np.linspace(low - 1, high + 1, 101)
        assert distribution.cdf(points) == pytest.approx(frozen.cdf(points), rel=1e-9, abs=1e-12)
    for fixed in (Uniform(2, 2), LogUniform(2, 2), Normal(2, 0)):
        assert fixed.moments == (2, 0)
        assert fixed.cdf([1.5, 2, 2.5]).tolist() == [0, 1, 1]
    for single in (Uniform(0, 3), LogUniform(1, 3), TruncatedNormal(0, 1, -1, 1)):
        assert round(single.cdf(3), 1) == 1
    assert Integers(0, 6, 2).shares == {0: 0.25, 2: 0.25, 4: 0.25, 6: 0.25}
    assert Integers(0, 1000).shares is None
    assert Integers(0, 7, 2).support == (0, 6)


@pytest.mark.parametrize("name", SPACE.names)
def test_shares_below(name):
    """The cdf of each number, at the quartiles of what is seen."""
    distribution = SPACE.at(3)[name]
    if distribution.labels is not None:
        with pytest.raises(TypeError, match="have no order"):
            distribution.cdf([0])
        return
    if name == "lam":
        pytest.importorskip("scipy", reason="scipy is not installed")
    values = batch_of(range(20_000))[name].ravel().astype(np.float64)
    for share in (0.25, 0.5, 0.75):
        at = np.quantile(values, share)
        seen = (values <= at).mean()
        assert float(distribution.cdf(at)) == pytest.approx(seen, abs=0.02)
    low, high = distribution.support
    assert distribution.cdf(np.array([low - abs(low) - 1, high])).tolist() == pytest.approx([0, 1])


def test_columns_of_a_config():
    batch = dpa.generate_augmentation_batch(range(9), columns=["scale", "noise"])
    whole = dpa.generate_augmentation_batch(range(9))
    assert batch.names == ("noise", "scale")
    assert (batch.scale == whole.scale).all()
    assert dpa.compute_statistics(batch)["noise"] == dpa.compute_statistics(whole)["noise"]
