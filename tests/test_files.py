"""Saving and loading: nothing changes, nothing gets lost, and damage is told."""

import errno
import hashlib
import json
import os
import random
import resource
import stat
import subprocess
import sys
import textwrap
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

import dpa
from dpa.derivation.derivation import Derivation
from dpa.errors import ChainFileError
from dpa.files.chains import open_chain
from dpa.files.metadata import Metadata
from dpa.files.writing import write_chain

XOSHIRO = dpa.get_preset("moderate")
MT19937 = dpa.get_preset("aggressive", sampler="mt19937", augmentation_depth=3)
KEYS = [
    {},
    {"base_seed": 7},
    {"base_seed": 0, "rank": 0},
    {"rank": 3},
    {"epoch": 0},
    {"view": 2**64 - 1},
    {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1},
]
IDS = [
    range(5),
    range(2**64 - 3, 2**64),
    [7, 7, 0, 2**64 - 1],
    range(10, 0, -3),
    ["a", "", "ünï/ß.png", 'quote " \\ back', "a\nb\x00\x7f", "𝄞", "7"],
    [
        "007",
        "2024-01-05",
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "1e3",
    ],  # as readers of JSON guess
    [],
    [42],
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


def temporaries(folder) -> list:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def document(path) -> dict:
    return json.loads(path.read_text())


# ---- Round trips ----


@pytest.mark.parametrize("ids", IDS, ids=str)
@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("config", [XOSHIRO, MT19937], ids=["xoshiro", "mt19937"])
def test_a_batch_comes_back_equal(path, config, key, ids):
    batch = dpa.generate_augmentation_batch(ids, config, **key)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()
    assert dpa.load_augmentation_config(path) == config


@pytest.mark.parametrize("ids", IDS, ids=str)
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_dicts_say_the_same_as_their_batch(path, tmp_path, key, ids):
    batch = dpa.generate_augmentation_batch(ids, MT19937, **key)
    rows = batch.to_dicts()
    dpa.save_augmentation_chain(batch, path)
    dpa.save_augmentation_chain(rows, tmp_path / "2.json", MT19937, ids=ids, **key)
    assert path.read_bytes() == (tmp_path / "2.json").read_bytes()


def test_dicts_without_a_config(path):
    rows = dpa.generate_augmentation_chain(3)
    dpa.save_augmentation_chain(rows, path)
    assert dpa.load_augmentation_chain(path) == rows
    assert document(path)["metadata"]["space"] is None
    for load in (dpa.load_augmentation_batch, dpa.load_augmentation_config):
        with pytest.raises(ChainFileError, match=r"chain.json': its config is not known"):
            load(path)


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
def test_anything_comes_back_equal(tmp_path_factory, ids, key, low, width):
    path = tmp_path_factory.getbasetemp() / "any.json"
    config = dpa.AugmentationConfig(scale_range=(low, low + width))
    batch = dpa.generate_augmentation_batch(ids, config, **key)
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()


def test_extreme_floats_come_back_bit_equal(path):
    values = [-0.0, 5e-324, 1.7976931348623157e308, 1e16, -1e-5]
    row = {**dict(zip(reference.NAMES, values, strict=True)), "hash": "0" * 64}
    dpa.save_augmentation_chain([row], path)
    assert str(dpa.load_augmentation_chain(path)) == str([row])  # str: -0.0 is not 0.0


def test_float32(path):
    batch = dpa.generate_augmentation_batch(range(5000), dtype=np.float32)
    dpa.save_augmentation_chain(batch, path)
    loaded = dpa.load_augmentation_batch(path)
    assert loaded == batch
    assert loaded.rotation.dtype == np.float32
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()


@pytest.mark.parametrize("size", [4095, 4096, 4097, 8192, 10_000])
def test_sizes_around_the_blocks(path, size):
    batch = dpa.generate_augmentation_batch(range(5, 5 + size))
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch
    assert document(path)["trailer"]["num_samples"] == size


def test_a_view_with_steps(path):
    batch = dpa.generate_augmentation_batch(range(20))[1::3]
    dpa.save_augmentation_chain(batch, path)
    assert dpa.load_augmentation_batch(path) == batch


def test_generating_to_a_file_is_saving_what_was_generated(path, tmp_path):
    key = {"base_seed": 1, "epoch": 2, "view": 3}
    rows = dpa.generate_augmentation_chain(5000, MT19937, save_path=path, start_id=9, **key)
    assert dpa.load_augmentation_chain(path) == rows
    dpa.save_augmentation_chain(rows, tmp_path / "2.json", MT19937, ids=range(9, 5009), **key)
    assert path.read_bytes() == (tmp_path / "2.json").read_bytes()


def test_saving_twice_gives_the_same_bytes(path):
    batch = dpa.generate_augmentation_batch(range(100))
    dpa.save_augmentation_chain(batch, path)
    first = path.read_bytes()
    dpa.save_augmentation_chain(batch, path)
    assert path.read_bytes() == first


# ---- The layout, as docs/files.md has it ----


def test_layout(path):
    key = {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1}
    batch = dpa.generate_augmentation_batch(["a", 'b"'], MT19937, world_size=4, **key)
    dpa.save_augmentation_chain(batch, path, world_size=4)
    lines = path.read_text().splitlines()
    assert [line[:17] for line in lines] == [
        '{"metadata": {"fo',
        '"augmentations": ',
        '{"brightness":' + str(batch.brightness[0])[:3],
        '{"brightness":' + str(batch.brightness[1])[:3],
        "],",
        '"statistics": {"r',
        '"trailer": {"num_',
    ]
    whole = document(path)
    assert list(whole) == ["metadata", "augmentations", "statistics", "trailer"]
    assert whole["metadata"] == {
        "format": "dpa-chain",
        "version": 2,
        "algorithm": "dpa-1",
        "space": MT19937.declaration(),
        **key,
        "world_size": 4,
        "start_id": None,
        "id_type": "string",
        "dtype": "float64",
    }
    assert whole["augmentations"][1]["id"] == 'b"'
    assert "rank" not in whole["augmentations"][1]
    assert whole["statistics"] == batch.statistics()


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_digest_and_checksum_can_be_computed_from_the_description(path, key):
    ids = [5, 2**64 - 1, 5]
    batch = dpa.generate_augmentation_batch(ids, **key)
    dpa.save_augmentation_chain(batch, path)
    whole = document(path)
    digest = reference.digest(
        (reference.key_text(row["id"], **key), row["hash"], [row[n] for n in reference.NAMES])
        for row in whole["augmentations"]
    )
    trailer = whole["trailer"]
    assert trailer["digest"] == digest.to_bytes(32, "little").hex()
    checksum = trailer.pop("checksum")
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    assert checksum == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_published_digest(path):
    dpa.generate_augmentation_chain(10_000, save_path=path)
    assert document(path)["trailer"]["digest"] == (
        "17a3b62e93251f07b10bd19ddbcfed1d3c74d0c3e71dca90a69783bf987b685f"
    )


def test_no_samples_have_null_statistics(path):
    dpa.save_augmentation_chain([], path)
    whole = document(path)
    nothing = {"mean": None, "stdev": None, "min": None, "max": None, "count": 0}
    assert whole["statistics"] == dict.fromkeys(reference.NAMES, nothing)
    assert whole["trailer"]["digest"] == "0" * 64
    assert dpa.load_augmentation_chain(path) == []


def test_a_file_of_ours_may_be_reformatted(path):
    batch = dpa.generate_augmentation_batch(["x", "y", "ü"], rank=2)
    dpa.save_augmentation_chain(batch, path)
    for layout in ({"indent": 2}, {"sort_keys": True}, {"separators": (",", ":")}):
        path.write_text(json.dumps(document(path), **layout))
        assert dpa.load_augmentation_batch(path) == batch
    path.write_text(path.read_text().replace(batch[1]["hash"], batch[0]["hash"]))
    with pytest.raises(ChainFileError, match="trailer says digest"):
        dpa.load_augmentation_chain(path)


# ---- The original package's files ----


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"metadata": {"num_samples": 4, "config": {"rotation_range": [-30, 30]}, "x": None}},
        {"metadata": {"config": {"some": "thing"}}, "statistics": {"rotation": {"mean": "?"}}},
        {"metadata": None, "statistics": []},
    ],
)
def test_the_original_s_files_load(path, head):
    rows = dpa.generate_augmentation_chain(4, dpa.get_preset("moderate", sampler="mt19937"))
    path.write_text(json.dumps({**head, "augmentations": rows}, indent=2))
    assert dpa.load_augmentation_chain(path) == rows


def test_the_original_s_configs_are_of_mt19937(path):
    config = dpa.get_preset("mild", sampler="mt19937")
    batch = dpa.generate_augmentation_batch(range(4), config, rank=2)
    fields = config.to_dict()
    del fields["sampler"]
    original = {"metadata": {"config": fields}, "augmentations": batch.to_dicts()}
    path.write_text(json.dumps(original, indent=2))
    assert dpa.load_augmentation_config(path) == config
    assert dpa.load_augmentation_batch(path) == batch
    assert dpa.load_augmentation_chain(path) == batch.to_dicts()


# ---- Provenance ----


def test_a_wrong_hash_is_named_before_anything_is_replaced(path):
    path.write_text("earlier")
    rows = dpa.generate_augmentation_chain(5000)
    rows[4500], rows[4501] = rows[4501], rows[4500]
    with pytest.raises(ValueError, match=r"params\[4500\] has the hash .*, but id 4500 with this"):
        dpa.save_augmentation_chain(rows, path, XOSHIRO)
    assert path.read_text() == "earlier"
    assert temporaries(path.parent) == []


@pytest.mark.parametrize(
    "change", [{"ids": range(1, 4)}, {"base_seed": 0}, {"epoch": 0}, {"config": MT19937}], ids=str
)
def test_what_did_not_make_the_samples_is_found_out(path, change):
    rows = dpa.generate_augmentation_chain(3)
    with pytest.raises(ValueError, match=r"params\[0\] has the hash"):
        dpa.save_augmentation_chain(rows, path, **{"config": XOSHIRO, **change})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"config": MT19937}, "config must be the batch's, AugmentationConfig"),
        ({"ids": range(3)}, r"ids must be the batch's, got range\(0, 3\)"),
        ({"ids": ["a", "b"]}, "ids must be the batch's"),
        ({"base_seed": 0}, "base_seed must be the batch's, None, got 0"),
        ({"epoch": 4}, "epoch must be the batch's, 3, got 4"),
        ({"view": 1}, "view must be the batch's, None, got 1"),
        ({"rank": 0}, "rank must be the batch's, None, got 0"),
        ({"world_size": 2}, "world_size=2 needs a rank"),
    ],
)
def test_a_batch_is_not_contradicted(path, given, message):
    batch = dpa.generate_augmentation_batch([4, 5], epoch=3)
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_chain(batch, path, **given)
    assert not path.exists()
    dpa.save_augmentation_chain(batch, path, XOSHIRO, ids=range(4, 6), epoch=3)


def test_dicts_bring_their_rank(path):
    rows = dpa.generate_augmentation_batch(range(3), rank=2).to_dicts()
    dpa.save_augmentation_chain(rows, path, XOSHIRO, world_size=np.int64(4))
    metadata = document(path)["metadata"]
    assert (metadata["rank"], metadata["base_seed"], metadata["world_size"]) == (2, 0, 4)
    with pytest.raises(ValueError, match="sample 0 has rank 2 among samples of rank 1"):
        dpa.save_augmentation_chain(rows, path, rank=1)
    with pytest.raises(ValueError, match=r"sample 1: missing fields \['rank'\]"):
        dpa.save_augmentation_chain([rows[0], dpa.gen_augmentation_params(1)], path, rank=2)
    with pytest.raises(ValueError, match="rank must be below world_size 2, got 2"):
        dpa.save_augmentation_chain(rows, path, base_seed=0, world_size=2)
    with pytest.raises(ValueError, match="params are of rank 2, of an unknown base_seed"):
        dpa.save_augmentation_chain(rows, path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"hash": "0" * 63}, ValueError, "hash of sample 1 must be 64 lowercase hex digits"),
        ({"hash": "A" * 64}, ValueError, "hash of sample 1 must be 64 lowercase hex digits"),
        ({"hash": None}, ValueError, "hash of sample 1 must be .* got None"),
        ({"scale": float("nan")}, ValueError, "scale of sample 1 must be finite, got nan"),
        ({"noise": float("inf")}, ValueError, "noise of sample 1 must be finite, got inf"),
        ({"noise": "0.5"}, TypeError, "noise of sample 1 must be a number, got '0.5'"),
        ({"label": 3}, ValueError, r"sample 1: missing fields \[\], unknown fields \['label'\]"),
    ],
)
def test_rows_that_are_not_samples(path, change, error, message):
    rows = dpa.generate_augmentation_chain(3)
    rows[1].update(change)
    with pytest.raises(error, match=message):
        dpa.save_augmentation_chain(rows, path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("params", [None, "abc", {"hash": 1}, iter([]), 5])
def test_params_must_be_samples(path, params):
    with pytest.raises(
        TypeError, match="params_list must be a list of dicts or an AugmentationBatch"
    ):
        dpa.save_augmentation_chain(params, path)


def test_other_arguments_are_checked(path):
    rows = dpa.generate_augmentation_chain(3)
    with pytest.raises(TypeError, match="sample 3 must be a dict, got 5"):
        dpa.save_augmentation_chain([*rows, 5], path)
    with pytest.raises(TypeError, match=r"config must be an .* or a Space, got 'mild'"):
        dpa.save_augmentation_chain(rows, path, "mild")
    with pytest.raises(ValueError, match="ids must be as many as params_list, 3, got 2"):
        dpa.save_augmentation_chain(rows, path, ids=[1, 2])
    with pytest.raises(ValueError, match=r"epoch must be 0 to 2\*\*64 - 1, got -1"):
        dpa.save_augmentation_chain(rows, path, epoch=-1)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["chain", "chain.txt", "chain.json.gz", ".json"])
def test_the_suffix_decides(tmp_path, name):
    for call in (
        lambda path: dpa.save_augmentation_chain([], path),
        lambda path: dpa.generate_augmentation_chain(1, save_path=path),
        dpa.load_augmentation_chain,
        dpa.load_augmentation_batch,
        dpa.load_augmentation_config,
    ):
        with pytest.raises(ValueError, match=r"path must end with one of .json, .*, got .*" + name):
            call(tmp_path / name)
    dpa.save_augmentation_chain([], str(tmp_path / "UPPER.JSON"))
    assert dpa.load_augmentation_chain(str(tmp_path / "UPPER.JSON")) == []


# ---- The file system ----


def test_parent_folders_are_made(tmp_path):
    dpa.generate_augmentation_chain(1, save_path=tmp_path / "a" / "b" / "c.json")
    assert len(dpa.load_augmentation_chain(tmp_path / "a" / "b" / "c.json")) == 1


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
def test_a_new_file_s_permissions_follow_the_umask(path, umask):
    previous = os.umask(umask)
    try:
        dpa.save_augmentation_chain([], path)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o666, 0o640])
def test_a_replaced_file_s_permissions_stay(path, mode):
    path.touch()
    path.chmod(mode)
    dpa.save_augmentation_chain([], path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_links_are_written_through(path, tmp_path):
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target.json"
    path.symlink_to("folder/target.json")
    for _ in range(2):  # the target does not exist, then it does
        dpa.save_augmentation_chain([], path)
        assert path.is_symlink()
        assert dpa.load_augmentation_chain(target) == []
    assert temporaries(tmp_path) == temporaries(tmp_path / "folder") == []


def test_a_link_to_itself_is_refused(path):
    path.symlink_to(path.name)
    with pytest.raises(OSError, match=r"chain.json") as error:
        dpa.save_augmentation_chain([], path)
    assert error.value.errno == errno.ELOOP
    assert path.is_symlink()


def test_a_folder_and_a_pipe_are_refused(path, tmp_path):
    path.mkdir()
    with pytest.raises(IsADirectoryError, match=r"chain\.json"):
        dpa.save_augmentation_chain([], path)
    with pytest.raises(IsADirectoryError, match=r"chain\.json"):
        dpa.load_augmentation_chain(path)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(OSError, match=r"Not a regular file: .*pipe\.json"):
        dpa.save_augmentation_chain([], tmp_path / "pipe.json")
    assert temporaries(tmp_path) == []


def test_an_unwritable_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file"):  # root may write anywhere, but not below a file
        dpa.save_augmentation_chain([], tmp_path / "file" / "chain.json")


def test_a_refused_folder_is_told_by_the_file_s_name(path, monkeypatch):
    def refuse(name, *_):
        raise PermissionError(errno.EACCES, "Permission denied", name)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"Permission denied: '.*/chain\.json'"):
        dpa.save_augmentation_chain([], path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_or_file_without_permission(path, tmp_path):
    path.touch(mode=0o400)
    with pytest.raises(PermissionError, match=r"chain\.json"):
        dpa.save_augmentation_chain([], path)
    path.unlink()
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match=r"chain\.json"):
        dpa.save_augmentation_chain([], path)


def test_a_missing_file(path):
    with pytest.raises(FileNotFoundError, match=r"chain\.json"):
        dpa.load_augmentation_chain(path)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_what_raises_in_the_middle_keeps_the_earlier_file(path, monkeypatch, error):
    dpa.generate_augmentation_chain(3, save_path=path)
    earlier = path.read_bytes()
    batch = dpa.generate_augmentation_batch(range(9000))
    write, calls = dpa.files.formats.records.Lines.write, []

    def failing(*arguments):
        calls.append(temporaries(path.parent))
        if len(calls) == 2:
            raise error
        return write(*arguments)

    monkeypatch.setattr(dpa.files.formats.records.Lines, "write", failing)
    with pytest.raises(error):
        dpa.save_augmentation_chain(batch, path)
    assert len(calls[1]) == 1  # there was a temporary file
    assert calls[1][0].startswith(".dpa-")
    assert calls[1][0].endswith(".tmp")
    assert temporaries(path.parent) == []
    assert path.read_bytes() == earlier


def test_an_interrupt_right_after_the_file_was_made(path, monkeypatch):
    made = []
    create = os.open

    def interrupted(*arguments):
        made.append(create(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dpa.save_augmentation_chain([], path)
    os.close(*made)
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_keeps_the_earlier_file(path):
    dpa.generate_augmentation_chain(3, save_path=path)
    earlier = path.read_bytes()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    code = """
        import sys, dpa
        try:
            dpa.generate_augmentation_chain(1000, save_path=sys.argv[1])
        except OSError as error:
            print(error.errno)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), path],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == str(errno.EFBIG)
    assert path.read_bytes() == earlier
    assert temporaries(path.parent) == []


def test_the_content_is_on_the_disk_before_the_name(path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def sync(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def rename(*arguments, **keywords):
        steps.append("rename")
        replace(*arguments, **keywords)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", rename)
    dpa.save_augmentation_chain([], path)
    assert steps == ["file", "rename", "folder"]


def test_memory_does_not_grow_with_the_chain(path):
    def peak(size):
        tracemalloc.start()
        write_chain(path, Metadata(XOSHIRO), Derivation(XOSHIRO).blocks(range(size)))
        with open_chain(path) as chain:
            assert sum(map(len, chain.blocks())) == size
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(40_000) < 1.2 * peak(10_000)


# ---- Damage ----


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A chain of all kinds of content, and what it says."""
    path = tmp_path_factory.mktemp("saved") / "chain.json"
    batch = dpa.generate_augmentation_batch(["a", 'b"\\', "ß"] * 5, base_seed=7, rank=1, epoch=3)
    dpa.save_augmentation_chain(batch, path, world_size=2)
    return path.read_bytes(), batch.to_dicts()


def test_every_changed_byte_is_told(saved, path):
    content, rows = saved
    chance = random.Random(2)
    told = []
    for _ in range(300):
        damaged = bytearray(content)
        at = chance.randrange(len(content))
        damaged[at] = chance.choice([damaged[at] ^ 1 << chance.randrange(8), *b'09e-,"{}[] \n'])
        if damaged == content:
            continue
        path.write_bytes(damaged)
        try:
            loaded = dpa.load_augmentation_chain(path)
        except ChainFileError as error:
            told.append(str(error))
        else:  # only space that JSON does not see may change
            assert json.loads(damaged) == json.loads(content)
            assert loaded == rows
    assert len(told) > 250
    assert all(message.startswith(f"{str(path)!r}: ") for message in told)


@pytest.mark.parametrize("place", ["metadata", "augmentations", "statistics", "trailer", "format"])
def test_every_changed_byte_of_a_name_is_told(saved, path, place):
    content, _ = saved
    start = content.index(f'"{place}"'.encode())
    for at in range(start, start + len(place) + 2):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[at] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(ChainFileError):
                dpa.load_augmentation_chain(path)


def test_every_truncation_is_told(saved, path):
    content, _ = saved
    for size in [*range(0, len(content), 7), len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(ChainFileError):
            dpa.load_augmentation_chain(path)


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'{"brightness":', b'{"brightness":1.0,"brightness":', r"line 3 \(sample 0\): .* twice"),
        (b'"epoch": 3', b'"epoch": 3, "epoch": 3', "the name 'epoch' appears twice"),
        (b'"epoch": 3', b'"epoch": 4', "trailer says digest"),
        (b'"epoch": 3', b'"epoch": true', "epoch must be an integer, got True"),
        (b'"epoch": 3', b'"epoch": 3.0', "epoch must be an integer, got 3.0"),
        (b'"epoch": 3', b'"epoch": -3', "epoch must be 0 to"),
        (b'"epoch": 3, ', b"", "missing or unknown: epoch"),
        (b'"rank": 1', b'"rank": 2', "rank must be below world_size 2, got 2"),
        (b'"base_seed": 7', b'"base_seed": null', "rank needs a base_seed"),
        (b'"world_size": 2', b'"world_size": 3', "trailer says checksum"),
        (b'"version": 2', b'"version": 3', "version 3 is not the 2 that this dpa reads"),
        (b'"version": 2', b'"version": 1', "written by an unreleased build of dpa: generate it"),
        (b'"version": 2', b'"version": "2"', "version '2' is not the 2"),
        (b'"dpa-chain"', b'"dpa-chair"', "format 'dpa-chair' is not"),
        (b'"dpa-1"', b'"dpa-2"', "algorithm 'dpa-2' is not the 'dpa-1'"),
        (b'"id_type": "string"', b'"id_type": 5', "id_type must be 'integer' or 'string', got 5"),
        (b'"start_id": null', b'"start_id": 5', "start_id must be null where ids are strings"),
        (b'"float64"', b'"float16"', "dtype must be 'float64' or 'float32', got 'float16'"),
        (b'"low": -30.0', b'"low": 30.5', "rotation: low must not be above high"),
        (b'"low": -30.0', b'"low": "5"', "rotation: low must be a number, got '5'"),
        (b'"depth": 10', b'"depth": 0', "depth must be"),
        (b'"depth": 10, ', b"", "missing or unknown: depth"),
        (b'"count": 15', b'"count": 16', "trailer says checksum"),
        (b'"num_samples": 15', b'"num_samples": 16', "num_samples 16, the content has 15"),
        (b'"num_samples": 15', b'"num_samples": 15.0', "num_samples 15.0, the content has 15"),
        (b'"num_samples": 15, ', b"", "trailer must be num_samples, digest and checksum"),
        (b"},\n{", b"}\n{", r"line 3 .*: not a record: it must go on with b',.n', got b'.n'"),
        (b"},\n{", b"},\n\n{", r"line 4 \(sample 1\): no JSON: Expecting value"),
        (b"},\n{", b"},{", r"line 3 \(sample 0\)"),
        (b"},\n{", b"},\r\n{", r"line 3 \(sample 0\)"),
        (b'"hash":"', b'"hash":"x', r"line 3 .*: hash of sample 0 must be 64 lowercase hex"),
        (b'"noise":0.', b'"noise":1e999,"x":0.', r"line 3 .*unknown fields \['x'\]"),
        (b'"noise":0.', b'"noise":NaN,"contrast":0.', r"line 3 .*'contrast' appears twice"),
        (b'"noise":0.', b'"noise":NaN}\n{"noise":0.', r"line 3 .*missing fields \['rotation'"),
        (b'"noise":0.', b'"noise" :0.', r"line 3 .*: not a record: it must go on with b':0"),
        (b'"noise":0.', b'"noise":00.', r"line 3 \(sample 0\): no JSON: Expecting"),
        (b'"noise":0.', b'"noise":1' + b"0" * 400 + b".", "line 3 .*: noise .* must be finite"),
        (b'"noise":0.', b'"noise":' + b"[" * 100_000, "line 3 .* nested too deeply"),
        (b'"noise":0.', b'"noise":' + b"9" * 100_000 + b",", "line 3 .* digits"),
        (b'"id":"a"', b'"id":5', r"line 3 \(sample 0\): its id must be a string, got 5"),
        (b'"id":"a"', b'"id":"\\ud800"', "lone surrogate"),
        (b'"id":"a"', b'"id":"\\u00"', r"line 3 \(sample 0\): no JSON: Invalid"),
        (b'"id":"a"', b'"id":"\xff"', "can't decode byte 0xff"),
        (b'"trailer": ', b'"statistics": {},\n"trailer": ', "followed by 2 lines, got 3"),
        (b'"statistics": {', b'"statistics": {"x": NaN, ', "not JSON compliant"),
        (
            b'"statistics": {',
            b'"statistics": ' + b"[" * 100_000 + b"{",
            "nested too deeply|more lists and objects than samples",
        ),
        (b'{"metadata": {', b'{"metadata": 5,\n"x": {', "line 2 must be"),
        (b'{"metadata": {', b'{"metadata" : {', r"expected a line .*metadata.*, got"),
        (b'"augmentations": [', b'"augmentationz": [', "line 2 must be .*augmentations"),
        (b'"id":"a"', b'"id":"' + b"a" * 10**6 + b'"', "line 3: longer than 1000000 bytes"),
        (b'"trailer": ', b'"x": ' + b"1" * 10**6 + b',\n"trailer": ', r"line 20: longer than"),
    ],
)
def test_damage_names_its_place(saved, path, old, new, message):
    path.write_bytes(replaced(saved[0], old, new))
    with pytest.raises(ChainFileError, match=message):
        dpa.load_augmentation_chain(path)


@pytest.mark.parametrize("value", ["-1", str(2**64), "true", "0.0", '"0"', "1"])
def test_a_damaged_start_id(path, value):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3)), path)
    content = replaced(path.read_bytes(), b'"start_id": 0', f'"start_id": {value}'.encode())
    path.write_bytes(content)
    with pytest.raises(ChainFileError, match=r"start_id must be|trailer says digest"):
        dpa.load_augmentation_chain(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expecting value"),
        (b"\x89PNG\r\n\x1a\n", "codec can't decode"),
        (b"[1, 2]", "not a chain: no list of augmentations"),
        (b"{}", "not a chain: no list of augmentations"),
        (b"[" * 100_000, "nested too deeply|more lists and objects than samples"),
        (b'{"augmentations": 5}', "not a chain: no list of augmentations"),
        (b'{"augmentations": [], "more": 1}', "not a chain: unknown part 'more'"),
        (b'{"augmentations": [], "trailer": {}}', "metadata is missing"),
        (b'{"augmentations": [], "metadata": {"format": 1}}', "statistics is missing"),
        (b'{"augmentations": [5]}', "sample 0 must be a dict, got 5"),
        (b'{"augmentations": [{}]}', "sample 0: missing fields"),
        (b'{"augmentations": [{"rank": "x"}]}', "rank must be an integer, got 'x'"),
        (b'{"augmentations": [], "augmentations": []}', "'augmentations' appears twice"),
        (b'{"metadata": 5,\n"augmentations": [\n', "metadata must be an object, got 5"),
        (b'{"metadata": {},\n"augmentations": [\n', "format None is not the 'dpa-chain'"),
    ],
)
def test_foreign_files(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ChainFileError, match=message):
        dpa.load_augmentation_chain(path)


@settings(max_examples=60)
@given(st.data())
def test_no_content_crashes_the_loader(saved, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    content = saved[0]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    path.write_bytes(content[:start] + data.draw(st.binary(max_size=20)) + content[end:])
    with suppress(ChainFileError):
        dpa.load_augmentation_chain(path)


def test_a_bad_kernel_is_no_fault_of_the_file(path):
    dpa.save_augmentation_chain([], path)
    code = "import sys, dpa; dpa.load_augmentation_chain(sys.argv[1])"
    run = subprocess.run(
        [sys.executable, "-c", code, path],
        env={**os.environ, "DPA_KERNEL": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr.splitlines()[-1].startswith("ValueError: DPA_KERNEL: kernel 'none'")


# ---- Ids for engines ----


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])
def test_consecutive_ids_may_be_listed(suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    paths = [tmp_path / f"{name}{suffix}" for name in ("batch", "dicts", "stream", "file")]
    batch = dpa.generate_augmentation_batch(range(5, 9005), epoch=3)
    dpa.save_augmentation_chain(batch, paths[0], list_ids=True)
    dpa.save_augmentation_chain(
        batch.to_dicts(),
        paths[1],
        dpa.get_preset("moderate"),
        ids=range(5, 9005),
        epoch=3,
        list_ids=True,
    )
    stream = dpa.stream_augmentation_range(5, 9005, epoch=3)
    dpa.save_augmentation_stream(stream, paths[2], list_ids=True)
    dpa.save_augmentation_chain(batch, tmp_path / f"bare{suffix}")
    bare = dpa.load_augmentation_stream(tmp_path / f"bare{suffix}")
    dpa.save_augmentation_stream(bare, paths[3], list_ids=True)
    for path in paths:
        assert path.read_bytes() == paths[0].read_bytes()
        assert dpa.verify_augmentation_chain(path).ok
        assert (dpa.load_augmentation_batch(path).sample_ids == batch.sample_ids).all()
    assert paths[0].stat().st_size > (tmp_path / f"bare{suffix}").stat().st_size
    if suffix == ".parquet":
        from dpa.integrations.arrow import verify_table

        assert verify_table(paths[0], "id", epoch=3).digest == batch.digest().hexdigest()


def test_list_ids_is_true_or_false(tmp_path):
    with pytest.raises(TypeError, match="list_ids must be True or False, got 1"):
        dpa.save_augmentation_chain([], tmp_path / "a.json", list_ids=1)
    with pytest.raises(TypeError, match="list_ids must be True or False, got None"):
        dpa.save_augmentation_stream(iter([]), tmp_path / "a.json", list_ids=None)
