"""Verification: what is as it was generated is ok, and nothing else is."""

import hashlib
import json
import math
import os
import random
import re
import statistics as stdlib
import tracemalloc

import numpy as np
import pytest
import reference

import dpa
from dpa.checks import count_of
from dpa.derivation.derivation import Derivation
from dpa.errors import ChainFileError
from dpa.files.metadata import Metadata

XOSHIRO = dpa.get_preset("moderate")
MT19937 = dpa.get_preset("aggressive", sampler="mt19937", augmentation_depth=3)
KEYS = [
    {},
    {"base_seed": 0, "rank": 0},
    {"view": 2**64 - 1},
    {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1},
]
IDS = [range(2**64 - 3, 2**64), [7, 7, 0, 2**64 - 1], ["a", "", 'quote " \\', "𝄞", "7"], [], [42]]
SUFFIXES = [".json", ".jsonl", ".npz", ".parquet"]
DAMAGES = int(os.environ.get("DPA_DAMAGES", "300"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


def sealed(document: dict) -> str:
    """The document as text, its digest, statistics and checksum computed again."""
    metadata, rows, trailer = (document[n] for n in ("metadata", "augmentations", "trailer"))
    key = {name: metadata[name] for name in ("base_seed", "epoch", "view", "rank")}
    if rows:
        statistics = dpa.compute_statistics(rows)
        document["statistics"] = statistics
        digest = reference.digest(
            (
                reference.key_text(row.get("id", (metadata["start_id"] or 0) + at), **key),
                row["hash"],
                [row[name] for name in reference.NAMES],
            )
            for at, row in enumerate(rows)
        )
        trailer["digest"] = digest.to_bytes(32, "little").hex()
    trailer.pop("checksum")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    trailer["checksum"] = hashlib.sha256(canonical.encode()).hexdigest()
    return json.dumps(document, indent=1)


# ---- What is as it must be ----


@pytest.mark.parametrize("ids", IDS, ids=str)
@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("config", [XOSHIRO, MT19937], ids=["xoshiro", "mt19937"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_saved_batch_is_ok(path, config, key, ids, dtype):
    batch = dpa.generate_augmentation_batch(ids, config, dtype=dtype, **key)
    dpa.save_augmentation_chain(batch, path)
    report = dpa.verify_augmentation_chain(path)
    assert report.ok
    assert bool(report)
    assert (report.checked, report.different, report.first) == (len(ids), 0, None)
    assert str(report) == f"{path}: ok, {count_of(len(ids), 'sample')}"


def test_where_nothing_was_compared_no_count_is_told(tmp_path):
    (tmp_path / "chain.npz").write_bytes(b"x")
    head, problem = str(dpa.verify_augmentation_chain(tmp_path)).splitlines()
    assert head == f"{tmp_path}: NOT OK"
    assert "chain.npz" in problem


@pytest.mark.parametrize("size", [65_535, 65_537])
@pytest.mark.parametrize("listed", [False, True])
def test_sizes_around_the_blocks(tmp_path, size, listed):
    path = tmp_path / "chain.npz"  # the fastest
    batch = dpa.generate_augmentation_batch(range(5, 5 + size))
    dpa.save_augmentation_chain(batch[::-1] if listed else batch, path)
    for num_threads in (None, 1, 3):
        report = dpa.verify_augmentation_chain(path, num_threads=num_threads)
        assert (report.ok, report.checked) == (True, size)


def test_a_reformatted_file_is_ok(path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(["x", "y"], rank=2), path)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    assert dpa.verify_augmentation_chain(path).ok


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("ids", [range(5000), ["a", "ü", ""], [3, 3, 0, 2**64 - 1], []], ids=len)
def test_every_format(tmp_path, suffix, ids):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"chain{suffix}"
    batch = dpa.generate_augmentation_batch(ids, epoch=3, rank=1, dtype=np.float32)
    dpa.save_augmentation_chain(batch, path)
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked) == (True, len(ids))
    if len(ids) == 0:
        return
    batch.noise[-1] = 0.5  # a batch is not generated again when it is saved
    dpa.save_augmentation_chain(batch, path)
    dpa.load_augmentation_chain(path)
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.problems) == (1, ())
    assert (report.first.index, report.first.id) == (len(ids) - 1, ids[-1])
    assert (report.first.field, report.first.stored) == ("noise", 0.5)


def test_arguments_are_checked(path):
    with pytest.raises(ValueError, match="num_threads must be at least 1, got 0"):
        dpa.verify_augmentation_chain(path, num_threads=0)
    with pytest.raises(FileNotFoundError):
        dpa.verify_augmentation_chain(path)
    with pytest.raises(ValueError, match="path must end with"):
        dpa.verify_augmentation_chain("chain.txt")
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3)), path)
    with pytest.raises(ValueError, match=r"path must end with .* got ''"):
        dpa.verify_augmentation_chain("")  # no folder, not even the current one


def test_memory_is_constant(path):
    peaks = []
    for size in (200_000, 400_000):
        dpa.save_augmentation_recipe(path, size)
        tracemalloc.start()
        assert dpa.verify_augmentation_chain(path, num_threads=1).ok
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 32e6


# ---- What is not ----


@pytest.mark.parametrize("layout", ["lines", "document"])
@pytest.mark.parametrize("field", [*reference.NAMES, "hash"])
def test_an_edit_is_found_though_all_was_computed_again(path, field, layout):
    dpa.generate_augmentation_chain(100, save_path=path)
    document = json.loads(path.read_text())
    row = document["augmentations"][70]
    before = row[field]
    row[field] = "0" * 64 if field == "hash" else float(np.nextafter(before, 2))
    text = sealed(document)
    if layout == "lines":
        lines = path.read_text().splitlines()
        lines[72] = json.dumps(row, sort_keys=True, separators=(",", ":")) + ","
        lines[-2:] = (
            f'"statistics": {json.dumps(document["statistics"])},',
            f'"trailer": {json.dumps(document["trailer"])}}}',
        )
        text = "\n".join([*lines, ""])
    path.write_text(text)
    dpa.load_augmentation_chain(path)  # nothing to see for who does not generate
    report = dpa.verify_augmentation_chain(path)
    assert not report
    assert (report.checked, report.different, report.problems) == (100, 1, ())
    first = report.first
    assert (first.index, first.id, first.field) == (70, 70, field)
    assert (first.stored, first.expected) == (row[field], before)
    assert str(report) == (
        f"{path}: NOT OK, 1 of 100 samples differ\n"
        f"  first: sample 70 (id 70): {field} is {row[field]!r}, must be {before!r}"
    )


def test_minus_zero_is_not_zero(path):
    config = dpa.AugmentationConfig(scale_range=(0, 0))
    dpa.generate_augmentation_chain(3, config, save_path=path)
    assert dpa.verify_augmentation_chain(path).ok
    document = json.loads(path.read_text())
    document["augmentations"][1]["scale"] = -0.0
    path.write_text(sealed(document))
    report = dpa.verify_augmentation_chain(path)
    assert str(report.first) == "sample 1 (id 1): scale is -0.0, must be 0.0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_id", 1),
        ("epoch", 0),
        ("view", 5),
        ("base_seed", 0),
        ("space", MT19937.declaration()),
        ("space", XOSHIRO.replace(augmentation_depth=11).declaration()),
        ("space", XOSHIRO.replace(sampler="mt19937").declaration()),
    ],
)
def test_other_metadata_give_other_samples(path, name, value):
    dpa.generate_augmentation_chain(100, save_path=path)
    document = json.loads(path.read_text())
    document["metadata"][name] = value
    path.write_text(sealed(document))
    assert dpa.verify_augmentation_chain(path).different == 100


@pytest.mark.parametrize("layout", [None, 1])
def test_ids_end_where_numbers_do(path, layout):
    dpa.generate_augmentation_chain(3, save_path=path)
    edited = path.read_text().replace('"start_id": 0', f'"start_id": {2**64 - 2}')
    path.write_text(json.dumps(json.loads(edited), indent=layout) if layout else edited)
    with pytest.raises(ChainFileError, match=r"the last id must be below 2\*\*64"):
        dpa.verify_augmentation_chain(path)


def test_a_swap_is_found_with_its_string_id(path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(["a", "b", "c"]), path)
    document = json.loads(path.read_text())
    rows = document["augmentations"]
    rows[1]["id"], rows[2]["id"] = "c", "b"
    path.write_text(sealed(document))
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.first.id, report.first.field) == (2, "c", "hash")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s["noise"].update(mean=0.5), "statistics say mean of noise 0.5, the samples'"),
        (lambda s: s["noise"].update(count=3.0), "statistics say count of noise 3.0"),
        (lambda s: s["noise"].update(median=3.0), "statistics of noise must be mean, stdev, min"),
        (lambda s: s.update(noise=None), "statistics of noise must be mean, stdev, min, max, c"),
        (lambda s: s.pop("scale"), "statistics must be those of rotation, brightness"),
    ],
)
def test_wrong_statistics_are_told(path, change, problem):
    dpa.save_augmentation_chain([], path, XOSHIRO)
    document = json.loads(path.read_text())
    change(document["statistics"])
    path.write_text(sealed(document))
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.different, len(report.problems)) == (False, 0, 1)
    assert report.problems[0].startswith(problem)
    assert f"  {problem}" in str(report)


@pytest.mark.parametrize(
    ("figure", "value"),
    [("mean", -0.0), ("stdev", 0), ("count", 1.0), ("count", True), ("max", 5e-324)],
)
def test_a_figure_with_another_text_is_told(path, figure, value):
    config = dpa.AugmentationConfig(scale_range=(0, 0))
    dpa.generate_augmentation_chain(1, config, save_path=path)
    document = json.loads(path.read_text())
    document["statistics"]["scale"][figure] = value
    path.write_text(json.dumps(document))
    problem, _ = dpa.verify_augmentation_chain(path).problems  # and the checksum
    assert problem.startswith(f"statistics say {figure} of scale {value!r}, ")


@pytest.mark.parametrize("name", ["num_samples", "digest", "checksum"])
def test_a_wrong_trailer_is_told(path, name):
    dpa.generate_augmentation_chain(10, save_path=path)
    document = json.loads(path.read_text())
    document["trailer"][name] = 11
    path.write_text(json.dumps(document))
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked, report.different) == (False, 10, 0)
    assert report.problems[0].startswith(f"trailer says {name} 11, the content has ")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: dpa.generate_augmentation_chain(20, save_path=path, epoch=1),
        lambda path: dpa.save_augmentation_chain(
            dpa.generate_augmentation_batch(["a", "b", "ü"], dtype=np.float32, rank=1), path
        ),
        lambda path: dpa.save_augmentation_recipe(path, 10),
    ],
    ids=["consecutive", "strings", "recipe"],
)
def test_damage_is_reported_or_refused(path, make):
    make(path)
    content = path.read_bytes()
    said = json.loads(content)
    rng = random.Random(1)
    for _ in range(-(-DAMAGES // 3)):
        damaged = bytearray(content)
        damaged[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        path.write_bytes(damaged)
        try:
            same = json.loads(damaged) == said
        except ValueError:
            same = False
        try:
            report = dpa.verify_augmentation_chain(path)
        except ChainFileError as error:
            assert "chain.json" in str(error)  # noqa: PT017 (either way will do)
        else:
            assert same or not report.ok


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
def test_damage_in_other_formats(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"chain{suffix}"
    batch = dpa.generate_augmentation_batch([5, 3, 7, 2**63], view=1)
    dpa.save_augmentation_chain(batch, path)
    content = path.read_bytes()
    rng = random.Random(1)
    for _ in range(DAMAGES):
        damaged = bytearray(content)
        damaged[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        path.write_bytes(damaged)
        try:
            report = dpa.verify_augmentation_chain(path)
        except ChainFileError as error:
            assert path.name in str(error)  # noqa: PT017 (either way will do)
        else:  # archives have bytes that say nothing
            assert not report.ok or dpa.load_augmentation_batch(path) == batch


def test_truncation_is_refused(path):
    dpa.generate_augmentation_chain(5, save_path=path)
    content = path.read_bytes()
    for size in range(0, len(content), 101):
        path.write_bytes(content[:size])
        with pytest.raises(ChainFileError):
            dpa.verify_augmentation_chain(path)


# ---- Without a config ----


@pytest.mark.parametrize("depth", [10, 1, 20])
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_without_a_config_only_hashes_are_compared(path, depth, key):
    config = dpa.AugmentationConfig(augmentation_depth=depth)
    rows = dpa.generate_augmentation_batch(range(9), config, **key).to_dicts()
    dpa.save_augmentation_chain(rows, path, **key)
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked, report.different) == (False, 9, 0)
    expected = f"its config is not known; the hashes are compared with depth {depth}"
    assert report.problems == (f"not verifiable: {expected}",)
    rows[3]["hash"] = "0" * 64
    dpa.save_augmentation_chain(rows, path, **key)
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.first.index, report.first.field) == (1, 3, "hash")


@pytest.mark.parametrize("size", [0, 5])
def test_without_a_config_or_its_depth(path, size):
    config = dpa.AugmentationConfig(augmentation_depth=21)
    dpa.save_augmentation_chain(dpa.generate_augmentation_chain(size, config), path)
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked) == (False, 0)
    assert "not verifiable: its config is not known, nor do depths 1 to 20" in str(report)


# ---- The original package's files ----


def original(path, batch, config, **metadata):
    """A file as the original writes it."""
    if config is not None:
        metadata["config"] = {n: x for n, x in config.to_dict().items() if n != "sampler"}
    rows = batch.to_dicts()
    columns = {name: [row[name] for row in rows] for name in reference.NAMES}
    statistics = {name: original_statistics(values) for name, values in columns.items()}
    document = {"metadata": metadata, "augmentations": rows, "statistics": statistics}
    path.write_text(json.dumps(document, indent=2))


def original_statistics(values: list) -> dict:
    return {
        "mean": stdlib.mean(values),
        "stdev": stdlib.stdev(values) if len(values) > 1 else 0.0,
        "min": min(values),
        "max": max(values),
        "median": stdlib.median(values),  # perhaps; who knows
    }


@pytest.mark.parametrize("threads", [1, 2])
def test_large_samples_decide_about_an_unknown_config_together(tmp_path, threads):
    path = tmp_path / "x.jsonl"  # of which one sample is read at a time
    config = dpa.AugmentationConfig(augmentation_depth=7)
    batch = dpa.generate_augmentation_batch([f"{at}{'x' * 600_000}" for at in range(4)], config)
    batch.digests[:2] = 0
    dpa.save_augmentation_chain(batch, path)
    metadata, *rest = path.read_text().splitlines(keepends=True)
    fields = json.loads(metadata)
    fields["metadata"]["space"] = None
    path.write_text(json.dumps(fields) + "\n" + "".join(rest))
    report = dpa.verify_augmentation_chain(path, num_threads=threads)
    assert (report.checked, report.different) == (4, 2)
    assert "the hashes are compared with depth 7" in str(report)


@pytest.mark.parametrize("sampler", ["mt19937", "xoshiro256++"])
@pytest.mark.parametrize("rank", [None, 0, 3])
def test_the_original_s_sampler_is_found_out(path, sampler, rank):
    config = dpa.get_preset("mild", sampler=sampler, augmentation_depth=4)
    batch = dpa.generate_augmentation_batch(range(5000), config, rank=rank)
    original(path, batch, config, num_samples=5000)
    assert str(dpa.verify_augmentation_chain(path)) == f"{path}: ok, 5,000 samples"
    batch.noise[[0, 4700]] += 1e-9  # the first may be damaged, too
    original(path, batch, config)
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.first.index, report.first.field) == (2, 0, "noise")
    assert report.problems == ()


@pytest.mark.parametrize("size", [1, 2, 5000])
@pytest.mark.parametrize("scale", [(0, 1), (1e9, 1e9 + 1e-5), (-1e300, 1e300), (5, 5)], ids=str)
def test_an_original_s_statistics_may_be_rounded(path, size, scale):
    config = dpa.AugmentationConfig(scale_range=scale, sampler="mt19937")
    original(path, dpa.generate_augmentation_batch(range(size), config), config, num_samples=size)
    report = dpa.verify_augmentation_chain(path)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d["metadata"].update(num_samples=21), "metadata say num_samples 21, the con"),
        (lambda d: d["metadata"].update(num_samples=20.0), "metadata say num_samples 20.0, the"),
        (lambda d: d["augmentations"].pop(), "metadata say num_samples 20, the content has 19"),
        (lambda d: d["statistics"]["scale"].update(min=0.5), "statistics say min of scale 0.5, t"),
        (lambda d: d["statistics"]["scale"].update(mean=1.7), "statistics say mean of scale 1.7,"),
        (lambda d: d["statistics"]["scale"].update(stdev=10**400), "statistics say stdev of scale"),
        (lambda d: d["statistics"]["scale"].update(max=math.nan), "statistics say max of scale n"),
        (lambda d: d["statistics"]["scale"].update(count=True), "statistics say count of scale T"),
        (lambda d: d["statistics"]["scale"].update(mean="1"), "statistics say mean of scale '1'"),
        (lambda d: d["statistics"].update(scale=[1]), "statistics of scale must be an object,"),
        (lambda d: d["statistics"].pop("scale"), "statistics of scale must be an object, got None"),
        (lambda d: d.update(statistics=[1]), "statistics of rotation must be an object"),
    ],
)
def test_an_original_that_contradicts_itself(path, change, problem):
    config = dpa.get_preset("mild", sampler="mt19937")
    original(path, dpa.generate_augmentation_batch(range(20), config), config, num_samples=20)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    report = dpa.verify_augmentation_chain(path)
    assert report.different == 0
    assert re.match(problem, report.problems[0])


def test_an_original_that_says_less(path):
    config = dpa.get_preset("mild", sampler="mt19937")
    original(path, dpa.generate_augmentation_batch(range(20), config), config)
    document = json.loads(path.read_text())
    for statistics in ({}, None):
        path.write_text(json.dumps({**document, "statistics": statistics}))
        assert dpa.verify_augmentation_chain(path).ok
    del document["statistics"]
    path.write_text(json.dumps(document))
    assert dpa.verify_augmentation_chain(path).ok


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_wrong_dtype_is_told(tmp_path, suffix, dtype, monkeypatch):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"chain{suffix}"
    batch = dpa.generate_augmentation_batch(range(9), dtype=dtype)
    other = {"float64": "float32", "float32": "float64"}[dtype]
    told = Metadata.to_dict
    monkeypatch.setattr(Metadata, "to_dict", lambda self: {**told(self), "dtype": other})
    dpa.save_augmentation_chain(batch, path)  # with a checksum that fits
    monkeypatch.undo()
    report = dpa.verify_augmentation_chain(path)
    assert (report.checked, report.different, report.first.index) == (9, 9, 0)
    if other == "float64":  # these are doubles, too
        assert dpa.load_augmentation_chain(path) == batch.to_dicts()
        return
    for load in (dpa.load_augmentation_chain, dpa.load_augmentation_batch):
        with pytest.raises(ChainFileError, match="'float32', but rotation of sample 0 is -"):
            load(path)


def test_an_original_with_ranks_that_made_no_difference(path):
    config = dpa.get_preset("mild", sampler="mt19937")
    batch = dpa.generate_augmentation_batch(range(20), config)
    key = batch.key._replace(rank=3)
    batch.derivation = Derivation(config, key)  # now its dicts say so
    original(path, batch, config)
    assert dpa.verify_augmentation_chain(path).ok


@pytest.mark.parametrize("rank", [None, 3])
def test_an_original_without_a_config(path, rank):
    batch = dpa.generate_augmentation_batch(range(20), MT19937, rank=rank)
    original(path, batch, None)
    report = dpa.verify_augmentation_chain(path)
    assert (report.ok, report.checked, report.different) == (False, 20, 0)
    assert report.problems[0].endswith("the hashes are compared with depth 3")


def test_an_original_of_another_config(path):
    batch = dpa.generate_augmentation_batch(range(20), MT19937)
    original(path, batch, MT19937.replace(scale_range=(0, 1)))
    assert dpa.verify_augmentation_chain(path).different == 20
    original(path, batch, XOSHIRO)  # of another depth: no hash tells whose samples these are
    assert "NOT VERIFIABLE" in str(dpa.verify_augmentation_chain(path))


@pytest.mark.parametrize(
    ("ids", "made", "given"),
    [
        (range(3), {}, {}),
        (range(100, 110), {}, {"ids": range(100, 110)}),
        ([2, 3, 5, 7], {}, {"ids": [2, 3, 5, 7]}),
        (["a", "b"], {}, {"ids": ["a", "b"]}),
        (range(25, 50), {"rank": 1}, {"ids": range(25, 50)}),
        (range(5), {"base_seed": 7, "rank": 0}, {"base_seed": 7}),
        (range(5), {"base_seed": 7, "rank": 0}, {"base_seed": 7, "rank": 0}),
        (
            range(5000, 15_000),
            {"base_seed": 7, "rank": 3},
            {"ids": range(5000, 15_000), "base_seed": 7},
        ),
    ],
    ids=str,
)
def test_an_original_is_verified_with_what_it_does_not_say(path, ids, made, given):
    batch = dpa.generate_augmentation_batch(ids, MT19937, **made)
    original(path, batch, MT19937, num_samples=None, streaming=True)
    report = dpa.verify_augmentation_chain(path, **given)
    assert (report.ok, report.checked) == (True, len(ids))
    unsaid = dpa.verify_augmentation_chain(path)
    assert unsaid.ok == (not given)
    assert ("NOT VERIFIABLE" in str(unsaid)) == bool(given)
    batch.noise[-1] += 1e-9
    original(path, batch, MT19937, num_samples=None)
    assert dpa.verify_augmentation_chain(path, **given).first.id == ids[-1]


def test_what_does_not_fit_an_original_is_refused(path):
    original(path, dpa.generate_augmentation_batch(range(3), MT19937, rank=1), MT19937)
    for given, message in (
        ({"ids": range(2)}, "ids must be as many as the samples, 3, got 2"),
        ({"ids": range(4)}, "ids must be as many as the samples, 3, got 4"),
        ({"rank": 2}, "rank must be the file's, 1, got 2"),
        ({"base_seed": -1}, "base_seed must be 0 to"),
    ):
        with pytest.raises(ValueError, match=message):
            dpa.verify_augmentation_chain(path, **given)
    dpa.generate_augmentation_chain(3, save_path=path)
    with pytest.raises(ValueError, match=r"chain.json' says its ids and its key itself"):
        dpa.verify_augmentation_chain(path, ids=range(3))
