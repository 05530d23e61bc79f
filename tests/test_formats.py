"""Every format holds the same: round trips, layout as docs/files.md has it, and streams."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import textwrap
import tracemalloc
from contextlib import suppress
from itertools import cycle, islice, pairwise

import numpy as np
import psutil
import pytest
from frameworks import require
from hypothesis import given, settings
from hypothesis import strategies as st
from test_files import IDS, KEYS, MT19937, XOSHIRO, temporaries

import dpa
from dpa.errors import ChainFileError
from dpa.files.chains import open_chain

needs_parquet = pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed"
)
FORMATS = ["json", "jsonl", "npz", pytest.param("parquet", marks=needs_parquet)]


@pytest.fixture(params=FORMATS)
def path(request, tmp_path):
    return tmp_path / f"chain.{request.param}"


@pytest.fixture(params=FORMATS)
def any_path(request, tmp_path_factory):
    """Outside of the test's own folder, for many examples."""
    return tmp_path_factory.getbasetemp() / f"any.{request.param}"


# ---- Round trips ----


@pytest.mark.parametrize("ids", IDS, ids=str)
def test_a_batch_comes_back_equal(path, ids):
    for key, config in zip(KEYS, cycle([XOSHIRO, MT19937]), strict=False):
        batch = dpa.generate_augmentation_batch(ids, config, **key)
        dpa.save_augmentation_chain(batch, path)
        assert dpa.load_augmentation_batch(path) == batch
        assert dpa.load_augmentation_chain(path) == batch.to_dicts()
        assert dpa.load_augmentation_config(path) == config


@pytest.mark.parametrize("count", [10, 9000])
def test_the_arrays_of_a_loaded_batch_are_the_callers_alone(path, count):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(count)), path)
    batch = dpa.load_augmentation_batch(path)
    for array in (*batch.columns.values(), batch.digests):
        assert array.flags.writeable
        assert array.base is None  # no memory of the reader is kept with it


@settings(max_examples=40)
@given(
    ids=st.one_of(
        st.lists(st.integers(0, 2**64 - 1), max_size=5),
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=5),
    ),
    key=st.fixed_dictionaries(
        {},
        optional={
            name: st.integers(0, 2**64 - 1) for name in ("base_seed", "epoch", "view", "rank")
        },
    ),
    low=st.floats(-1e300, 1e300),
    width=st.floats(0, 1e300),
)
def test_anything_comes_back_equal(any_path, ids, key, low, width):
    config = dpa.AugmentationConfig(scale_range=(low, low + width))
    batch = dpa.generate_augmentation_batch(ids, config, **key)
    dpa.save_augmentation_chain(batch, any_path)
    assert dpa.load_augmentation_batch(any_path) == batch
    assert list(dpa.load_augmentation_stream(any_path)) == batch.to_dicts()


# Around what is written or read at a time: 4,096, 32,768 and 65,536 samples.
@pytest.mark.parametrize("size", [0, 1, 4096, 32_769, 65_536, 70_001])
def test_sizes_around_the_blocks(path, size):
    batch = dpa.generate_augmentation_batch(range(5, 5 + size))
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch


@pytest.mark.parametrize("size", [0, 1, 32_769])
def test_sizes_of_text(path, size):
    batch = dpa.generate_augmentation_batch([f"{'ü' * (i % 3)}{i}" for i in range(size)])
    dpa.save_augmentation_chain(batch, path)
    loaded = dpa.load_augmentation_batch(path)
    assert loaded.digests.shape == (size, 32)
    assert list(loaded.sample_ids) == list(batch.sample_ids)


def test_float32(path):
    batch = dpa.generate_augmentation_batch(range(5000), dtype=np.float32)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()


def test_extreme_floats_come_back_bit_equal(path):
    values = [-0.0, 5e-324, 1.7976931348623157e308, 1e16, -1e-5]
    names = ["rotation", "brightness", "noise", "scale", "contrast"]
    row = {**dict(zip(names, values, strict=True)), "hash": "0" * 64}
    dpa.save_augmentation_chain([row], path)
    assert str(dpa.load_augmentation_chain(path)) == str([row])  # str: -0.0 is not 0.0


def test_dicts_say_the_same_as_their_batch(path):
    batch = dpa.generate_augmentation_batch(["a", "b"], MT19937, epoch=3, rank=1)
    dpa.save_augmentation_chain(batch, path)
    first = path.read_bytes()
    dpa.save_augmentation_chain(batch.to_dicts(), path, MT19937, ids=["a", "b"], epoch=3)
    assert path.read_bytes() == first


def test_generating_to_a_file_is_saving_what_was_generated(path):
    rows = dpa.generate_augmentation_chain(5000, MT19937, save_path=path, start_id=9, view=3)
    assert dpa.load_augmentation_chain(path) == rows


def test_every_format_has_the_same_digest_and_statistics(tmp_path):
    batch = dpa.generate_augmentation_batch(range(10_000))
    paths = [tmp_path / name for name in ("a.json", "a.jsonl", "a.npz")]
    for path in paths:
        dpa.save_augmentation_chain(batch, path)
    whole = json.loads(paths[0].read_text())
    last = json.loads(paths[1].read_text().splitlines()[-1])
    with np.load(paths[2]) as archive:
        beside = {name: json.loads(bytes(archive[name])) for name in ("statistics", "trailer")}
    assert last["trailer"] == whole["trailer"]
    assert last["statistics"] == beside["statistics"] == whole["statistics"]
    assert beside["trailer"]["digest"] == whole["trailer"]["digest"]


# ---- Layout ----


def test_the_layout_of_jsonl(tmp_path):
    path = tmp_path / "chain.jsonl"
    batch = dpa.generate_augmentation_batch([7, 2**64 - 1], MT19937, base_seed=7)
    dpa.save_augmentation_chain(batch, path)
    first, *records, last = [json.loads(line) for line in path.read_text().splitlines()]
    assert list(first) == ["metadata"]
    assert list(last) == ["statistics", "trailer"]
    assert [{"id": record.pop("id"), **record} for record in records] == [
        {"id": id_, **row} for id_, row in zip([7, 2**64 - 1], batch, strict=True)
    ]
    checksum = last["trailer"].pop("checksum")
    records = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    canonical = json.dumps(
        {**first, "augmentations": records, **last}, sort_keys=True, separators=(",", ":")
    )
    assert checksum == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("ids", [range(5), [4, 4, 2**64 - 1], ["ä", "", "b"]], ids=str)
def test_the_layout_of_npz(tmp_path, ids):
    path = tmp_path / "chain.npz"
    batch = dpa.generate_augmentation_batch(ids)
    dpa.save_augmentation_chain(batch, path)
    with np.load(path) as archive:
        arrays = dict(archive)
    metadata, statistics, trailer = (
        json.loads(bytes(arrays.pop(name))) for name in ("metadata", "statistics", "trailer")
    )
    if isinstance(ids, range):
        assert metadata["start_id"] == 0
    elif isinstance(ids[0], int):
        assert arrays.pop("id").tolist() == ids
    else:
        text, ends = bytes(arrays.pop("id")), arrays.pop("id_offsets")
        assert [text[a:b].decode() for a, b in pairwise(ends)] == ids
    assert np.array_equal(arrays.pop("hash"), batch.digests)
    assert sorted(arrays) == sorted(batch.columns)
    assert all(np.array_equal(arrays[name], batch[name]) for name in arrays)
    checksum = trailer.pop("checksum")
    rest = {"metadata": metadata, "statistics": statistics, "trailer": trailer}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert checksum == hashlib.sha256(canonical.encode()).hexdigest()


@needs_parquet
@pytest.mark.parametrize("ids", [range(5), [4, 4, 2**64 - 1], ["ä", "", "b"]], ids=str)
def test_the_layout_of_parquet(tmp_path, ids):
    import pyarrow.parquet as pq

    path = tmp_path / "chain.parquet"
    batch = dpa.generate_augmentation_batch(ids)
    dpa.save_augmentation_chain(batch, path)
    table = pq.read_table(path)
    parts = {name: json.loads(text) for name, text in table.schema.metadata.items()}
    assert list(parts) == [b"dpa.metadata", b"dpa.statistics", b"dpa.trailer"]
    assert parts[b"dpa.trailer"]["num_samples"] == table.num_rows == len(ids)
    assert [digest.hex() for digest in table["hash"].to_pylist()] == [r["hash"] for r in batch]
    assert all(table[name].to_pylist() == batch[name].tolist() for name in batch.columns)
    if not isinstance(ids, range):
        assert table["id"].to_pylist() == ids
    rest = {name.decode().removeprefix("dpa."): part for name, part in parts.items()}
    checksum = rest["trailer"].pop("checksum")
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    assert checksum == hashlib.sha256(canonical.encode()).hexdigest()


@needs_parquet
def test_parquet_without_pyarrow(tmp_path):
    code = """
        import sys
        sys.modules["pyarrow"] = None
        import dpa
        for call in (lambda p: dpa.save_augmentation_chain([], p), dpa.load_augmentation_chain):
            try:
                call(sys.argv[1])
            except (ImportError, FileNotFoundError) as error:
                print(error)
        open(sys.argv[1], "w").close()
        try:
            dpa.load_augmentation_chain(sys.argv[1])
        except ImportError as error:
            print(error)
    """
    path = tmp_path / "chain.parquet"
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), path],
        capture_output=True,
        text=True,
        check=True,
    )
    line = ".parquet files need pyarrow: pip install 'dpa-augment[parquet]' "
    line += "(in a clone: pip install '.[parquet]')\n"
    missing = f"[Errno 2] No such file or directory: {str(path)!r}\n"
    assert run.stdout == line + missing + line


def test_saving_twice_gives_the_same_bytes(path):
    batch = dpa.generate_augmentation_batch(["a", "b"] * 3000)
    dpa.save_augmentation_chain(batch, path)
    first = path.read_bytes()
    dpa.save_augmentation_chain(batch, path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_raises_in_the_middle_keeps_the_earlier_file(path, error):
    dpa.generate_augmentation_chain(3, save_path=path)
    earlier = path.read_bytes()

    def raising():
        yield dpa.generate_augmentation_batch(range(70_000))
        assert len(temporaries(path.parent)) == 1
        raise error

    with pytest.raises(error):
        dpa.save_augmentation_stream(raising(), path)
    assert temporaries(path.parent) == []
    assert path.read_bytes() == earlier


# ---- Streams ----


def streams():
    key = {"base_seed": 7, "epoch": 3, "view": 1}
    ids, part = range(90, 90 + 5000), range(90, 95)
    whole = dpa.generate_augmentation_batch(ids, MT19937, **key)
    return {
        "dicts": lambda: dpa.stream_augmentation_chain(5000, MT19937, 90, 64, **key),
        "range": lambda: dpa.stream_augmentation_range(90, 5090, MT19937, **key),
        "batches": lambda: dpa.stream_augmentation_batches(5000, MT19937, 90, 777, **key),
        "parts": lambda: (whole[at : at + 999] for at in range(0, 5000, 999)),
        "empty parts": lambda: [whole[:5], whole[5:5], whole[5:]],
        "begun": lambda: begun(dpa.stream_augmentation_chain(5000 + len(part), MT19937, 85, **key)),
    }


def begun(stream):
    for _ in range(5):
        next(stream)
    return stream


@pytest.mark.parametrize("kind", streams())
def test_a_stream_is_saved_like_its_batch(path, kind):
    key = {"base_seed": 7, "epoch": 3, "view": 1}
    batch = dpa.generate_augmentation_batch(range(90, 5090), MT19937, **key)
    dpa.save_augmentation_chain(batch, path)
    expected = path.read_bytes()
    stream = streams()[kind]()
    dpa.save_augmentation_stream(stream, path)
    assert path.read_bytes() == expected
    if not isinstance(stream, list):
        assert list(stream) == []  # it was used up


def test_dicts_are_saved_as_they_come(path):
    rows = dpa.generate_augmentation_batch(range(6000), rank=1).to_dicts()
    dpa.save_augmentation_chain(rows, path, XOSHIRO)
    expected = path.read_bytes()
    for stream, ids in ((iter(rows), None), (rows, range(6000)), ((r for r in rows), range(6000))):
        dpa.save_augmentation_stream(stream, path, XOSHIRO, ids=ids)
        assert path.read_bytes() == expected
    dpa.save_augmentation_stream(iter(rows), path, rank=1)
    assert dpa.load_augmentation_chain(path) == rows
    with pytest.raises(ValueError, match="params are of rank 1, of an unknown base_seed"):
        dpa.save_augmentation_stream(iter(rows), path)
    dpa.save_augmentation_stream(iter([]), path)
    assert dpa.load_augmentation_chain(path) == []


def test_arrays_filled_anew_for_every_batch(path):
    def filled():
        batch = dpa.AugmentationBatch.empty(50)
        for first in range(0, 200, 50):
            yield dpa.generate_augmentation_batch(range(first, first + 50), out=batch)

    dpa.save_augmentation_stream(filled(), path)
    assert dpa.load_augmentation_batch(path) == dpa.generate_augmentation_batch(range(200))


def test_batches_with_listed_ids(path):
    ids = [np.arange(10), [5, 3], range(7, 9)]
    batches = [dpa.generate_augmentation_batch(part) for part in ids]
    dpa.save_augmentation_stream(iter(batches), path)
    loaded = dpa.load_augmentation_batch(path)
    assert loaded == dpa.AugmentationBatch.concatenate(batches)
    dpa.save_augmentation_stream(batches[1:], path, ids=[5, 3, 7, 8])
    assert dpa.load_augmentation_batch(path).sample_ids.tolist() == [5, 3, 7, 8]


A, B = dpa.generate_augmentation_batch(range(3)), dpa.generate_augmentation_batch(range(5, 9))
ROWS = A.to_dicts()


@pytest.mark.parametrize(
    ("stream", "given", "message"),
    [
        (None, {}, "param_generator must be an iterable of dicts or of batches, got NoneType"),
        ("abc", {}, "param_generator must be an iterable of dicts or of batches, got str"),
        (ROWS[0], {}, "param_generator must be an iterable of dicts or of batches, got dict"),
        ([5], {}, "sample 0 must be a dict, got 5"),
        ([*ROWS, A], {}, "sample 3 must be a dict, got <Aug"),
        ([A, *ROWS], {}, r"item 1 must be a batch like the first, got \{"),
        ([A, B], {}, r"batch 1 must have the ids that follow, range\(3, 7\), got range\(5, 9\)"),
        (
            [A],
            {"ids": [0, 1, 3]},
            r"ids must be the batch's, got \[0, 1, 3\] \(from sample 0",
        ),
        ([A], {"ids": range(4)}, r"ids must be the batch's, got range\(0, 4\) for 3 samples"),
        (ROWS, {"ids": range(4)}, "ids must be as many as the samples, 3, got 4"),
        (ROWS, {"ids": range(2)}, "ids must be as many as the samples, got 2"),
        (ROWS, {"config": "mild"}, "config must be an AugmentationConfig or a Space, got 'mild'"),
        (ROWS, {"config": MT19937}, r"params\[0\] has the hash"),
        ([A], {"epoch": 1}, "epoch must be the batch's, None, got 1"),
        ([A, dpa.generate_augmentation_batch(range(3, 5), view=0)], {}, "differ in their key"),
        ([A, dpa.generate_augmentation_batch(range(3, 5), MT19937)], {}, "differ in their config"),
        (
            [A, dpa.generate_augmentation_batch(range(3, 5), dtype=np.float32)],
            {},
            "batches differ in their dtype: float64 in the first, float32 in number 1",
        ),
        (
            [dpa.generate_augmentation_batch(np.arange(2)), dpa.generate_augmentation_batch(["a"])],
            {},
            "batches mix integer and string ids",
        ),
        (dpa.stream_augmentation_chain(3), {"ids": range(1, 4)}, "ids must be the batch's"),
        (dpa.stream_augmentation_chain(3), {"base_seed": 0}, "base_seed must be the batch's"),
    ],
)
def test_streams_that_contradict_themselves(path, stream, given, message):
    path.write_bytes(b"earlier")
    with pytest.raises((TypeError, ValueError), match=message):
        dpa.save_augmentation_stream(stream, path, **given)
    assert path.read_bytes() == b"earlier"
    assert temporaries(path.parent) == []


@pytest.mark.parametrize("size", [0, 1, 5000])
@pytest.mark.parametrize("chunk_size", [1, 700, 100_000])
def test_a_file_comes_back_as_a_stream(path, size, chunk_size):
    rows = dpa.generate_augmentation_chain(size, save_path=path)
    stream = dpa.load_augmentation_stream(path, chunk_size)
    assert iter(stream) is stream
    assert list(stream) == rows
    assert list(stream) == []
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), path, XOSHIRO)
    assert dpa.load_augmentation_chain(path) == rows


# ---- From file to file ----


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("ids", IDS, ids=str)
def test_a_copy_is_as_good_as_its_file(path, tmp_path, ids, dtype):
    key = {"base_seed": 7, "epoch": 3, "rank": 1}
    batch = dpa.generate_augmentation_batch(ids, MT19937, dtype=dtype, **key)
    dpa.save_augmentation_chain(batch, path, world_size=2)
    copy = path.with_stem("copy")
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy)
    assert copy.read_bytes() == path.read_bytes()
    other = tmp_path / "other.jsonl"
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path, 2), other)
    assert dpa.load_augmentation_batch(other) == batch
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(other), path)
    assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("taken", [1, 999, 1000, 4097, 9000])
def test_a_copy_of_what_is_left(path, taken):
    batch = dpa.generate_augmentation_batch(range(5, 9005), XOSHIRO, view=2)
    dpa.save_augmentation_chain(batch, path)
    stream = dpa.load_augmentation_stream(path)
    assert len(list(islice(stream, taken))) == stream.delivered == taken
    copy = path.with_stem("copy")
    dpa.save_augmentation_stream(stream, copy)
    assert list(stream) == []
    assert stream.delivered == 9000
    dpa.save_augmentation_chain(batch[taken:], path)
    copied, expected = dpa.load_augmentation_batch(copy), dpa.load_augmentation_batch(path)
    assert copied == expected
    if taken < 9000:
        assert copy.read_bytes() == path.read_bytes()


def test_a_copy_of_all_up_to_the_last_id(path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(2**64 - 3, 2**64)), path)
    stream = dpa.load_augmentation_stream(path)
    assert len(list(stream)) == 3
    dpa.save_augmentation_stream(stream, path)
    assert dpa.load_augmentation_chain(path) == []


@pytest.mark.parametrize("ids", [[3, 1, 2], ["a", "b", "c"], None])
def test_a_copy_of_samples_of_an_unknown_config(path, ids):
    key = {"base_seed": 7, "epoch": 3}
    rows = dpa.generate_augmentation_batch(range(3) if ids is None else ids, **key).to_dicts()
    dpa.save_augmentation_chain(rows, path, XOSHIRO, ids=ids, **key)
    known = path.read_bytes()
    dpa.save_augmentation_chain(rows, path, ids=ids, epoch=3)
    unknown = path.read_bytes()
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), path)
    assert path.read_bytes() == unknown
    wrong = [0, 1] if ids is None else [*ids, *ids]
    for said, message in (
        ({"config": MT19937}, r"params\[0\] has the hash"),
        ({"config": XOSHIRO}, r"params\[0\] has the hash"),  # the base_seed is unknown, too
        ({"config": "mild"}, "config must be an AugmentationConfig or a Space, got 'mild'"),
        ({"epoch": 4}, "epoch must be the file's, 3, got 4"),
        ({"world_size": 2}, "world_size=2 needs a rank"),
        ({"ids": [3, 1, 5]}, "ids must be the file's, got .* .from sample 0 on"),
        ({"ids": wrong}, "ids must be the file's"),
        ({"config": XOSHIRO, "base_seed": 7}, None),
    ):
        if message is None:
            dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), path, **said)
            continue
        with pytest.raises((TypeError, ValueError), match=message):
            dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), path, **said)
        assert path.read_bytes() == unknown
    assert path.read_bytes() == known


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"config": MT19937}, "config must be the file's, .*, got Aug"),
        ({"epoch": 0}, "epoch must be the file's, None, got 0"),
        ({"rank": 0, "base_seed": 7}, "base_seed must be the file's, 0, got 7"),
        ({"world_size": 3}, "world_size must be the file's, 2, got 3"),
        ({"ids": range(4)}, r"ids must be the file's, got range\(0, 4\) for 3 samples"),
        ({"ids": ["0", "1", "2"]}, "ids must be the file's"),
    ],
)
def test_a_copy_is_not_said_to_be_something_else(path, given, message):
    dpa.save_augmentation_chain(
        dpa.generate_augmentation_batch(range(3), rank=0), path, world_size=2
    )
    content = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), path, **given)
    assert path.read_bytes() == content


def test_a_recipe_is_copied_as_what_it_stands_for(tmp_path):
    recipe, path, expected = (tmp_path / name for name in ("r.json", "c.json", "e.json"))
    dpa.save_augmentation_recipe(recipe, 5000, MT19937, start_id=9, view=3)
    dpa.generate_augmentation_chain(5000, MT19937, save_path=expected, start_id=9, view=3)
    dpa.save_augmentation_stream(dpa.load_augmentation_stream(recipe), path)
    assert path.read_bytes() == expected.read_bytes()


def test_a_file_of_the_original_is_checked_as_it_is_copied(tmp_path, path):
    original, fields = tmp_path / "original.json", MT19937.to_dict()
    del fields["sampler"]

    def write(batch, metadata):
        document = {"metadata": metadata, "augmentations": batch.to_dicts()}
        original.write_text(json.dumps(document, indent=2))

    def copy(**given):
        dpa.save_augmentation_stream(dpa.load_augmentation_stream(original), path, **given)

    batch = dpa.generate_augmentation_batch(range(9), MT19937)
    write(batch, {"config": fields})
    copy()
    assert dpa.load_augmentation_batch(path) == batch
    write(dpa.generate_augmentation_batch(range(9), XOSHIRO), {"config": fields})
    with pytest.raises(ValueError, match=r"params\[0\] has the hash"):
        copy()
    ranked = dpa.generate_augmentation_batch(range(9), MT19937, rank=2)
    write(ranked, {})
    with pytest.raises(ValueError, match="params are of rank 2, of an unknown base_seed"):
        copy()
    copy(config=MT19937)
    assert dpa.load_augmentation_batch(path) == ranked


def test_damage_is_not_copied(path):
    dpa.generate_augmentation_chain(3, save_path=path)
    intact = path.read_bytes()
    with open_chain(path) as reader:
        assert len(list(reader.blocks())) == 1
    damaged = path.with_stem("damaged")
    damaged.write_bytes(intact.replace(reader.trailer["digest"].encode(), b"5" * 64))
    before = open_files()
    stream = dpa.load_augmentation_stream(damaged)
    with pytest.raises(ChainFileError, match="damaged") as told:
        dpa.save_augmentation_stream(stream, path)
    assert path.read_bytes() == intact
    assert open_files() == before  # though the error is alive
    with pytest.raises(ChainFileError, match=re.escape(str(told.value))):
        next(stream)


def test_a_failed_save_leaves_the_stream_where_it_was(path, monkeypatch):
    stream = dpa.stream_augmentation_chain(20_000)
    first = next(stream)
    with monkeypatch.context() as patch:
        patch.setattr("dpa.files.atomic.os.fsync", _full)
        with pytest.raises(OSError, match="full"):
            dpa.save_augmentation_stream(stream, path)
    assert stream.delivered == 1
    dpa.save_augmentation_stream(stream, path)
    assert [first, *dpa.load_augmentation_chain(path)] == dpa.generate_augmentation_chain(20_000)


def _full(*_):
    raise OSError("full")


def test_a_batch_is_a_stream_of_one(path):
    batch = dpa.generate_augmentation_batch([5, 7, 9], dpa.get_preset("mild"), base_seed=3)
    dpa.save_augmentation_stream(batch, path)
    assert dpa.load_augmentation_batch(path) == batch


@pytest.mark.parametrize("arguments", [{"path": "x.txt"}, {"ids": "5"}, {"epoch": -1}])
def test_a_refused_save_takes_no_sample(path, arguments):
    rows = dpa.generate_augmentation_chain(5)
    stream = iter(rows)
    with pytest.raises((ValueError, TypeError)):
        dpa.save_augmentation_stream(stream, **{"path": path, **arguments})
    assert list(stream) == rows


@pytest.mark.parametrize(
    "place", ["dpa.derivation.digest.SampleDigest.update", "dpa.derivation.columns.Rows"]
)
@pytest.mark.parametrize("chunk_size", [7, 100_000])
def test_an_interrupted_stream_of_a_file_goes_on(path, place, chunk_size, monkeypatch):
    rows = dpa.generate_augmentation_chain(12_000, save_path=path)
    stream = dpa.load_augmentation_stream(path, chunk_size)
    got = []

    def interrupted(*_):
        raise KeyboardInterrupt

    for wanted in (0, 3, 5000, 11_999):
        got += islice(stream, max(0, wanted - len(got)))
        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(place, interrupted)
            got += stream  # what is at hand comes, then the exception
        assert stream.delivered == len(got)
    copy = path.with_stem("copy")
    dpa.save_augmentation_stream(stream, copy)
    assert got + dpa.load_augmentation_chain(copy) == rows
    assert list(stream) == []


def test_an_interrupted_copy_goes_on(path, monkeypatch):
    rows = dpa.generate_augmentation_chain(9000, save_path=path)
    stream = dpa.load_augmentation_stream(path)
    copied = []

    def interrupted(self, columns):
        if copied:
            raise KeyboardInterrupt
        copied.append(columns)

    with monkeypatch.context() as patch:
        patch.setattr("dpa.files.formats.base.Statistics.update", interrupted)
        with pytest.raises(KeyboardInterrupt):
            dpa.save_augmentation_stream(stream, path.with_stem("copy"))
    assert temporaries(path.parent) == []
    begun = stream.delivered
    assert list(stream) == rows[begun:]


def test_a_damaged_stream_does_not_end(tmp_path):
    path = tmp_path / "chain.jsonl"
    dpa.generate_augmentation_chain(20, save_path=path)
    path.write_bytes(path.read_bytes()[:-9])
    with dpa.load_augmentation_stream(path) as stream:
        assert len(list(islice(stream, 20))) == 20
        for _ in range(2):
            with pytest.raises(ChainFileError, match="the last line"):
                next(stream)
    assert list(stream) == []


def open_files() -> int:
    return len(psutil.Process().open_files())


def test_a_stream_closes_its_file(path):
    rows = dpa.generate_augmentation_chain(10, save_path=path)
    before = open_files()
    stream = dpa.load_augmentation_stream(path)
    assert next(stream) == rows[0]
    assert open_files() == before + 1
    stream.close()
    assert open_files() == before
    assert list(stream) == []
    with dpa.load_augmentation_stream(path) as stream:
        next(stream)
    assert open_files() == before
    unused = dpa.load_augmentation_stream(path)
    del stream, unused
    assert open_files() == before
    ended = dpa.load_augmentation_stream(path)
    assert list(ended) == rows
    assert open_files() == before


def test_what_is_wrong_is_told_at_the_call(path, tmp_path):
    path.write_bytes(b"PK\x03\x04 or so")
    with pytest.raises(ChainFileError, match=path.name):
        dpa.load_augmentation_stream(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        dpa.load_augmentation_stream(path)
    dpa.save_augmentation_chain([], path)
    with pytest.raises(ValueError, match="chunk_size must be at least 1, got 0"):
        dpa.load_augmentation_stream(path, 0)
    with pytest.raises(ValueError, match="path must end with one of"):
        dpa.load_augmentation_stream(tmp_path / "chain.txt")


def test_a_progress_bar_on_request(path, capsys):
    require("tqdm", "test")
    dpa.save_augmentation_stream(dpa.stream_augmentation_chain(5000), path)
    assert len(list(dpa.load_augmentation_stream(path))) == 5000
    assert capsys.readouterr().err == ""
    dpa.save_augmentation_stream(dpa.stream_augmentation_chain(5000), path, progress=True)
    shown = capsys.readouterr().err
    assert "100%" in shown
    assert "5.00k/5.00k" in shown
    assert len(list(dpa.load_augmentation_stream(path, progress=True))) == 5000
    assert "5.00k samples" in capsys.readouterr().err


def test_a_progress_bar_without_tqdm(path, monkeypatch):
    dpa.save_augmentation_chain([], path)
    before = open_files()
    monkeypatch.setitem(sys.modules, "tqdm", None)
    errors = []  # which keep the frames of the calls
    for call in (
        lambda: dpa.save_augmentation_stream([], path, progress=True),
        lambda: dpa.load_augmentation_stream(path, progress=True),
    ):
        with pytest.raises(ImportError, match=r"progress=True needs tqdm: .*\[cli\]") as caught:
            call()
        errors.append(caught)
    assert open_files() == before


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_streams_take_no_more_memory_for_more_samples(tmp_path, suffix):
    path = tmp_path / f"chain.{suffix}"

    def peak(size):
        tracemalloc.start()
        dpa.save_augmentation_stream(dpa.stream_augmentation_chain(size), path)
        assert sum(1 for _ in dpa.load_augmentation_stream(path)) == size
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1000)  # what is made once
    assert peak(25_000) < 1.2 * peak(10_000)


PEAK = """
    import sys
    from collections import deque
    import numpy
    import pyarrow.parquet
    import dpa
    from dpa.benchmark import measure_memory
    pyarrow.array(numpy.zeros(1))  # imports pandas, where there is one
    path, size = sys.argv[2], int(sys.argv[3])
    with measure_memory() as memory:
        if sys.argv[1] == "write":
            dpa.save_augmentation_stream(dpa.stream_augmentation_batches(size), path)
        else:
            deque(dpa.load_augmentation_stream(path), maxlen=0)
    print(memory["peak_mb"] - memory["before_mb"])
"""


@needs_parquet
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a block's peak")
def test_streams_of_parquet_take_less_memory_than_the_file(tmp_path):
    path = tmp_path / "chain.parquet"  # of 86 MB; what is Arrow's is not tracemalloc's
    for way in ("write", "read"):
        command = [sys.executable, "-c", textwrap.dedent(PEAK), way, path, "1200000"]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        assert 1 < float(run.stdout) < 64
    assert path.stat().st_size > 86_000_000


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_batch_that_is_not_finite_leaves_the_earlier_file(path, value):
    batch = dpa.generate_augmentation_batch(range(4))
    dpa.save_augmentation_chain(batch, path)
    spoilt = dpa.generate_augmentation_batch(range(4))
    spoilt.scale[1] = value
    with pytest.raises(ValueError, match=f"scale of sample 1 must be finite, got {value}"):
        dpa.save_augmentation_chain(spoilt, path)
    assert dpa.load_augmentation_batch(path) == batch


def test_what_ends_with_the_last_id_is_read_again(path):
    stream = dpa.stream_augmentation_range(2**64 - 5, 2**64)
    assert len(list(stream)) == 5
    dpa.save_augmentation_stream(stream, path)
    assert dpa.load_augmentation_chain(path) == []
    dpa.generate_augmentation_chain(0, start_id=2**64, save_path=path)
    assert dpa.load_augmentation_chain(path) == []


def test_samples_of_another_config_are_refused(path):
    rows = dpa.generate_augmentation_chain(50, dpa.get_preset("mild"))
    with pytest.raises(ValueError, match=r"params\[0\] has the rotation .*, but id 0 with this"):
        dpa.save_augmentation_chain(rows, path, dpa.get_preset("moderate"))
    assert not path.exists()
