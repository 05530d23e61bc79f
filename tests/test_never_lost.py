"""Nothing gets lost: kills, full disks, refused folders; and no damage passes or crashes.

DPA_KILLS and DPA_DAMAGES: how many kills and damaged bytes of each format; .ci/full asks for more.
"""

import errno
import hashlib
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_files import temporaries
from test_formats import FORMATS, needs_parquet

import dpa
from dpa.diff import diff_chains
from dpa.errors import ChainFileError
from dpa.files.formats.records import LONGEST
from dpa.recipes import merge_recipes

KILLS = int(os.environ.get("DPA_KILLS", "30"))
DAMAGES = int(os.environ.get("DPA_DAMAGES", "300"))


@pytest.fixture(params=FORMATS)
def path(request, tmp_path):
    return tmp_path / f"chain.{request.param}"


def child(code: str, *arguments: object, **options: object) -> subprocess.Popen:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, **options)


# ---- Kills ----

SAVING = """
    import itertools, os, sys
    import dpa
    path, way = sys.argv[1:]
    for size in itertools.cycle(range(2000, 12_000, 500)):
        os.write(1, b".")
        if way == "chain":
            dpa.generate_augmentation_chain(size, save_path=path)
        else:
            dpa.save_augmentation_stream(dpa.stream_augmentation_batches(size), path)
"""
WAYS = [
    (suffix, way)
    for suffix in ("json", "jsonl", "npz", *(["parquet"] if find_spec("pyarrow") else []))
    for way in ("chain", "stream")
]


def killed_while_saving(path, way: str, wanted: int, chance: random.Random) -> None:
    """Kills a child in the middle of its saves, some busy moments after one began."""
    process = child(SAVING, path, way)
    for _ in range(wanted):
        assert process.stdout.read(1) == b"."
    for _ in range(chance.randrange(40_000)):  # no clock: so many turns from its sign on
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_kill_leaves_a_whole_file_under_the_name(tmp_path):
    chance = random.Random(4)
    left = 0
    for number in range(KILLS):
        suffix, way = WAYS[number % len(WAYS)]
        path = tmp_path / f"chain.{suffix}"
        killed_while_saving(path, way, chance.randrange(2, 5), chance)
        size = len(dpa.load_augmentation_chain(path))
        assert size in range(2000, 12_000, 500)
        for name in temporaries(tmp_path):  # what a kill may leave has a name that tells
            assert name.startswith(".dpa-")
            assert name.endswith(".tmp")
            (tmp_path / name).unlink()
            left += 1
    assert left > 0  # some kills came while a file was being written


def test_savers_of_one_name_do_not_mix(path):
    batches = [dpa.generate_augmentation_batch(range(size)) for size in (100, 2000, 5000)]
    dpa.save_augmentation_chain(batches[0], path)
    with ThreadPoolExecutor() as threads:
        savers = [
            threads.submit(dpa.save_augmentation_chain, batch, path)
            for batch in batches
            for _ in range(5)
        ]
        while not all(saver.done() for saver in savers):
            assert dpa.load_augmentation_batch(path) in batches
        assert [saver.result() for saver in savers] == [None] * 15
    assert temporaries(path.parent) == []


# ---- Disks and folders ----

FULL = """
    import resource, sys
    import dpa
    batch = dpa.generate_augmentation_batch(range(20_000))
    dpa.save_augmentation_chain(batch[:0], sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    for save in (
        lambda: dpa.save_augmentation_chain(batch, sys.argv[1]),
        lambda: dpa.save_augmentation_stream(dpa.stream_augmentation_chain(20_000), sys.argv[1]),
    ):
        try:
            save()
        except OSError as error:
            print(error.errno)
"""


def test_a_full_disk_keeps_the_earlier_file(path):
    process = child(FULL, path, stderr=subprocess.PIPE, text=True)
    out, err = process.communicate()
    assert (out, err) == (f"{errno.EFBIG}\n" * 2, "")
    assert dpa.load_augmentation_chain(path) == []
    assert temporaries(path.parent) == []


def test_a_folder_that_cannot_be_written(path):
    (path.parent / "file").touch()  # root may write in any folder, but not below a file
    with pytest.raises(OSError, match="file"):
        dpa.save_augmentation_stream(iter([]), path.parent / "file" / path.name)
    assert [item.name for item in path.parent.iterdir()] == ["file"]


READ_ONLY = """
    import os, sys
    import dpa
    dpa.generate_augmentation_chain(3, save_path=sys.argv[1])
    dpa.stream_augmentation_chain  # imported now: Python's own folders may be root's alone
    os.chmod(os.path.dirname(sys.argv[1]), 0o555)
    if os.geteuid() == 0:  # who may write in any folder
        os.seteuid(65534)
    for save in (
        lambda: dpa.generate_augmentation_chain(5, save_path=sys.argv[1]),
        lambda: dpa.save_augmentation_stream(dpa.stream_augmentation_chain(5), sys.argv[1]),
    ):
        try:
            save()
        except PermissionError as error:
            print(error.filename)
"""


def test_a_folder_without_permission(path):
    with tempfile.TemporaryDirectory() as folder:  # all may enter those above it
        path = Path(folder).resolve() / path.name
        process = child(READ_ONLY, path, stderr=subprocess.PIPE, text=True)
        assert process.communicate() == (f"{path}\n" * 2, "")
        path.parent.chmod(0o700)
        assert len(dpa.load_augmentation_chain(path)) == 3
        assert [item.name for item in path.parent.iterdir()] == [path.name]


# ---- Damage ----


def sample(kind: str) -> dpa.AugmentationBatch:
    ids = {"text": ["a", 'b"\\', "ß"] * 5, "listed": [5, 2**64 - 1] * 5, "consecutive": range(9)}
    return dpa.generate_augmentation_batch(ids[kind], base_seed=7, rank=1, epoch=3)


@pytest.mark.parametrize("kind", ["text", "listed", "consecutive"])
def test_every_changed_byte_is_told_or_changes_nothing(path, kind):
    batch = sample(kind)
    dpa.save_augmentation_chain(batch, path, world_size=2)
    content = path.read_bytes()
    chance = random.Random(7)
    told = []
    for _ in range(DAMAGES // 3):
        damaged = bytearray(content)
        at = chance.randrange(len(content))
        damaged[at] = chance.choice([damaged[at] ^ 1 << chance.randrange(8), 0, 255, 57])
        path.write_bytes(damaged)
        try:
            loaded = dpa.load_augmentation_batch(path)
        except ChainFileError as error:
            told.append(str(error))
        else:
            assert loaded == batch
    assert len(told) > 0.7 * (DAMAGES // 3)
    assert all(message.startswith(f"{str(path)!r}: ") for message in told)


@pytest.mark.parametrize("kind", ["text", "consecutive"])
def test_every_truncation_is_told(path, kind):
    dpa.save_augmentation_chain(sample(kind), path)
    content = path.read_bytes()
    for size in [*range(0, len(content), 67), len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(ChainFileError):
            dpa.load_augmentation_chain(path)


def test_truncation_at_block_boundaries(path):
    dpa.generate_augmentation_chain(9000, save_path=path)
    content = path.read_bytes()
    ends = [at * len(content) // 9000 for at in (4096, 8192)]
    ends += [content.rfind(b"\n", 0, end) + 1 for end in ends]
    end = 0
    while (end := content.find(b"\n", end + LONGEST) + 1) > 0:  # where text is read in pieces
        ends += [end - 1, end]
    for end in ends:
        path.write_bytes(content[:end])
        with pytest.raises(ChainFileError):
            list(dpa.load_augmentation_stream(path))


@settings(max_examples=40)
@given(data=st.data())
def test_no_content_crashes_the_loader(path, data):
    dpa.save_augmentation_chain(sample("text"), path)
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    path.write_bytes(content[:start] + data.draw(st.binary(max_size=20)) + content[end:])
    with suppress(ChainFileError):
        dpa.load_augmentation_chain(path)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**64 - 1, 2**64, 10**30, -(10**400), 10**400]),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["0" * 64, "mt19937", "float32", "string", "\ud800"]),
)
VALUES = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
BASES = {
    "text": lambda path: dpa.save_augmentation_chain(sample("text")[:3], path),
    "float32": lambda path: dpa.save_augmentation_chain(
        dpa.generate_augmentation_batch([5, 9], dtype=np.float32), path
    ),
    "dicts": lambda path: dpa.save_augmentation_chain(dpa.generate_augmentation_chain(2), path),
    "recipe": lambda path: dpa.save_augmentation_recipe(path, 3),
    "original": lambda path: path.write_text(
        json.dumps(
            {
                "metadata": {"num_samples": 2, "config": {"rotation_range": [-1, 1]}},
                "augmentations": dpa.generate_augmentation_batch(range(2), rank=1).to_dicts(),
                "statistics": dpa.generate_augmentation_batch(range(2)).statistics(),
            }
        )
    ),
}


def places(value: object) -> list[tuple[object, object]]:
    """Every container of a document with every key or index in it."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    own = [(value, key) for key in keys]
    return own + [place for _, key in own for place in places(value[key])]


@pytest.mark.parametrize("base", BASES)
@settings(max_examples=30)
@given(data=st.data())
def test_no_value_crashes_what_reads_files(tmp_path_factory, base, data):
    folder = tmp_path_factory.getbasetemp()
    path, whole, copy = (folder / f"{name}.json" for name in ("odd", "whole", "copy"))
    BASES[base](path)
    dpa.generate_augmentation_chain(3, save_path=whole)
    document = json.loads(path.read_text())
    for _ in range(data.draw(st.integers(1, 2))):
        container, key = data.draw(st.sampled_from(places(document)))
        container[key] = data.draw(VALUES)
        if isinstance(document.get("trailer"), dict):  # a checksum that fits lets it go further
            document["trailer"].pop("checksum", None)
            canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
            checksum = hashlib.sha256(canonical.encode()).hexdigest()
            document["trailer"]["checksum"] = checksum
    path.write_text(json.dumps(document))
    for read in (
        dpa.load_augmentation_chain,
        dpa.load_augmentation_batch,
        dpa.load_augmentation_config,
        lambda path: str(dpa.verify_augmentation_chain(path)),
        lambda path: str(diff_chains(path, whole)),
    ):
        with suppress(ChainFileError):
            read(path)
    for write in (
        lambda: merge_recipes([path], copy),
        lambda: dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy),
    ):
        with suppress(ValueError):
            write()


FOREIGN = [
    b"",
    b"\n",
    b"\x89PNG\r\n\x1a\n",
    b"{}\n",
    b"[1]\n",
    b"PK\x05\x06",
    b"PAR1PAR1",
    b"[" * 99_999,
]


@pytest.mark.parametrize("content", FOREIGN, ids=lambda content: repr(content[:8]))
def test_foreign_files(path, content):
    path.write_bytes(content)
    with pytest.raises(ChainFileError, match=path.name):
        dpa.load_augmentation_chain(path)


def test_files_of_other_formats(path, tmp_path):
    for suffix in ("json", "jsonl", "npz"):
        if path.suffix != f".{suffix}":
            other = tmp_path / f"other.{suffix}"
            dpa.save_augmentation_chain(sample("text"), other)
            path.write_bytes(other.read_bytes())
            with pytest.raises(ChainFileError):
                dpa.load_augmentation_chain(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"epoch":3', b'"epoch":3,"epoch":3', "line 1: the name 'epoch' appears twice"),
        (b'"epoch":3', b'"epoch":4', "trailer says digest"),
        (b'"epoch":3', b'"epoch":' + b"[" * 99_999, "line 1: nested too deeply"),
        (b'"epoch":3', b'"epoch":' + b"9" * 9_999, "line 1: Exceeds the limit"),
        (b'{"metadata":', b'{"metadata":{},"x":', "line 1 must be an object of metadata"),
        (b'{"metadata":', b'{"metadata":5}\n', "metadata must be an object, got 5"),
        (b'"noise":0.', b'"noise":1' + b"0" * 400 + b".", "line 2 .*: noise .* must be finite"),
        (b'"noise":0.', b'"noise":NaN,"x":0.', r"line 2 .*unknown fields \['x'\]"),
        (b"}\n{", b"}{", r"line 2 \(sample 0\)"),
        (b"}\n{", b"},\n{", r"line 2 .*: not a record: it must go on with b'.n', got b',.n'"),
        (b"}\n{", b"}\n\n{", r"line 3 \(sample 1\): no JSON: Expecting value"),
        (b'{"statistics":', b'{"statistics":{},"x":', "the last line must be an object of stat"),
        (b'{"statistics":', b'{"statistics":5}\n{"statistics":', "followed by 1 line, got 2"),
        (b'"num_samples":15', b'"num_samples":15.0', "num_samples 15.0, the content has 15"),
        (b'"count":15', b'"count":16', "trailer says checksum"),
    ],
)
def test_damage_to_jsonl_names_its_place(tmp_path, old, new, message):
    path = tmp_path / "chain.jsonl"
    dpa.save_augmentation_chain(sample("text"), path)
    first, rest = path.read_bytes().split(b"\n", 1)
    assert old in first + rest
    if old in rest:
        rest = rest.replace(old, new, 1)
    else:
        first = first.replace(old, new, 1)
    path.write_bytes(first + b"\n" + rest)
    with pytest.raises(ChainFileError, match=message):
        dpa.load_augmentation_chain(path)


# ---- Text of any size ----


def test_damage_to_the_first_lines_has_nothing_loaded_whole(tmp_path, monkeypatch):
    path = tmp_path / "chain.json"
    monkeypatch.setattr("dpa.files.formats.json._LARGEST", 0)
    dpa.save_augmentation_chain(sample("consecutive"), path)
    content = path.read_bytes()
    second = content.index(b"\n") + 1
    for at in [*range(14), *range(second - 3, content.index(b"\n", second) + 3)]:
        damaged = bytearray(content)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ChainFileError) as error:
            dpa.load_augmentation_batch(path)
        assert "loaded whole" not in str(error.value)


def test_a_document_that_is_too_large_to_be_loaded_whole(tmp_path, monkeypatch):
    path = tmp_path / "chain.json"
    dpa.save_augmentation_chain(sample("text"), path)
    for layout in (None, 0, 2):
        path.write_text(json.dumps(json.loads(path.read_text()), indent=layout))
        size = path.stat().st_size
        monkeypatch.setattr("dpa.files.formats.json._LARGEST", size)
        assert dpa.load_augmentation_batch(path) == sample("text")
        monkeypatch.setattr("dpa.files.formats.json._LARGEST", size - 1)
        with pytest.raises(ChainFileError, match=f"its {size} bytes are more than the {size - 1}"):
            dpa.load_augmentation_batch(path)


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
@pytest.mark.parametrize("lines", [0, 1, 2, 3, 10, 18])
def test_a_line_without_end_is_not_read_to_its_end(tmp_path, suffix, lines):
    path = tmp_path / f"chain.{suffix}"
    dpa.save_augmentation_chain(sample("text"), path)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:lines]))
    os.truncate(path, 2_000_000_000)  # sparse: nothing but zeros
    places = (
        r"bytes are more than|line \d+: longer than [14]000000|expected a line|line 2 must|followed"
    )
    assert peak_of_a_refusal(path, places) < 10_000_000


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_a_device_without_end(path):
    path.symlink_to("/dev/zero")
    assert peak_of_a_refusal(path, path.name) < 10_000_000


def test_ids_of_any_size(path):
    longest = ["ü" * 166_000, "b"]  # six characters of JSON each
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(longest), path)
    content = path.read_bytes()
    assert dpa.load_augmentation_batch(path).sample_ids == tuple(longest)
    longer = dpa.generate_augmentation_batch(["ü" * 167_000, "b"])
    if path.suffix in (".npz", ".parquet"):
        dpa.save_augmentation_chain(longer, path)
        assert dpa.load_augmentation_batch(path) == longer
        return
    with pytest.raises(ValueError, match=r"an id may take 999000 .*, 'ü{20}...' takes 1002002"):
        dpa.save_augmentation_chain(longer, path)
    assert path.read_bytes() == content


# ---- Archives ----


def arrays_of(kind: str, tmp_path) -> dict[str, np.ndarray]:
    path = tmp_path / "whole.npz"
    dpa.save_augmentation_chain(sample(kind), path)
    with np.load(path) as archive:
        return dict(archive)


def text_of(value: object) -> np.ndarray:
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("text", {}, None),
        ("consecutive", {"hash": None}, "missing or unknown members: hash.npy"),
        ("consecutive", {"metadata": None}, "no member 'metadata.npy'"),
        ("consecutive", {"more": np.zeros(9)}, "missing or unknown members: more.npy"),
        ("consecutive", {"id": np.arange(9)}, "missing or unknown members: id.npy"),
        ("consecutive", {"scale": np.zeros(8)}, "must be <f8 of shape .9,., got <f8 of shape .8,"),
        ("consecutive", {"scale": np.zeros(9, "<u8")}, "must be <f8 .* got <u8"),
        ("consecutive", {"scale": np.zeros(9, np.float32)}, "must be <f8 of shape .9,., got <f4"),
        ("consecutive", {"scale": np.full(9, np.nan)}, "scale of sample 0 must be finite, got nan"),
        ("consecutive", {"scale": np.zeros(9)}, "trailer says digest"),
        ("consecutive", {"hash": np.zeros((9, 31), np.uint8)}, "'hash.npy' must be .u1 of shape"),
        ("consecutive", {"hash": np.zeros((9, 32), np.uint8)}, "trailer says digest"),
        ("consecutive", {"trailer": text_of([])}, "trailer must be num_samples, digest and"),
        ("consecutive", {"statistics": text_of(5)}, "trailer says checksum"),
        ("consecutive", {"metadata": text_of({})}, "format None is not"),
        (
            "consecutive",
            {"metadata": np.full(2_000_000, 91, np.uint8)},
            "more than 4000000|nested too deeply",
        ),
        ("consecutive", {"metadata": np.full(99_999, 91, np.uint8)}, "metadata: nested too deeply"),
        ("consecutive", {"metadata": np.array("{}")}, "no header of an array of ours"),
        ("listed", {"id": np.arange(10, dtype=np.uint64)}, "trailer says digest"),
        ("listed", {"id": np.arange(10, dtype=np.int64)}, "must be <u8 of shape .10,., got <i8"),
        ("text", {"id_offsets": np.arange(1, 17, dtype=np.uint64)}, "must begin with 0, got 1"),
        ("text", {"id_offsets": np.arange(16, dtype=np.uint64)}, "must not cut a character"),
        (
            "text",
            {"id_offsets": np.arange(16, dtype=np.uint64) * 0},
            "'id.npy' has more than the samples need",
        ),
        ("text", {"id_offsets": np.uint64([0, 9] + [8] * 14)}, "must ascend to the size"),
        ("text", {"id_offsets": np.uint64([0] + [2**63] * 15)}, "must ascend to the size"),
    ],
)
def test_changed_archives(tmp_path, kind, change, message):
    path = tmp_path / "chain.npz"
    arrays = {**arrays_of(kind, tmp_path), **change}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    if message is None:
        assert dpa.load_augmentation_batch(path) == sample(kind)  # any stored archive will do
        return
    with pytest.raises(ChainFileError, match=f"(?s){message}"):
        dpa.load_augmentation_batch(path)


def peak_of_a_refusal(path, message: str) -> int:
    tracemalloc.start()
    with pytest.raises(ChainFileError, match=f"(?s){message}"):
        dpa.load_augmentation_batch(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "chain.npz"
    np.savez_compressed(path, **{**arrays_of("consecutive", tmp_path), "scale": np.zeros(10**7)})
    assert peak_of_a_refusal(path, "is compressed; only stored members are read") < 5_000_000


@pytest.mark.parametrize("shape", [(10**15,), (10**17, 10**17), (2**62, 0), (10**18 - 1,)], ids=str)
def test_a_huge_shape_asks_for_no_memory(tmp_path, shape):
    path = tmp_path / "chain.npz"
    arrays = arrays_of("consecutive", tmp_path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                if name == "scale":
                    member.write(header.getvalue())
                else:
                    np.save(member, array)
    assert peak_of_a_refusal(path, "not the size of its shape|no header|must be <f8") < 5_000_000


def test_members_twice_and_sizes_that_lie(tmp_path):
    path = tmp_path / "chain.npz"
    dpa.save_augmentation_chain(sample("consecutive"), path)
    content = path.read_bytes()
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("hash.npy", b"")
    assert peak_of_a_refusal(path, "two members are called 'hash.npy'") < 5_000_000
    entry = content.index(b"hash.npy", content.index(b"PK\x01\x02"))
    lie = bytearray(content)
    lie[entry - 26 : entry - 18] = struct.pack("<II", 4_000_000_000, 4_000_000_000)
    path.write_bytes(lie)
    assert peak_of_a_refusal(path, "'hash.npy' is larger than the file") < 5_000_000
    encrypted = bytearray(content)
    encrypted[entry - 38] |= 1
    path.write_bytes(encrypted)
    assert peak_of_a_refusal(path, "no plain zip archive") < 5_000_000


# ---- Tables ----


@needs_parquet
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table, None),
        (lambda table: table.drop_columns("scale"), "the columns must be"),
        (lambda table: table.append_column("more", table["scale"]), "the columns must be.*more"),
        (
            lambda table: table.set_column(0, "id", table["scale"]),
            "the columns must be.*id: double",
        ),
        (lambda table: table.slice(1), "trailer says num_samples 15, the content has 14"),
        (lambda table: table.take([1, *range(1, 15)]), "trailer says digest"),
        (lambda table: table.replace_schema_metadata({}), "not a chain: no 'dpa.metadata'"),
        (
            lambda table: table.replace_schema_metadata(
                {**table.schema.metadata, b"dpa.statistics": b"[" * 99_999}
            ),
            "dpa.statistics: nested too deeply",
        ),
        (
            lambda table: table.replace_schema_metadata(
                {**table.schema.metadata, b"dpa.statistics": b"5"}
            ),
            "trailer says checksum",
        ),
    ],
)
def test_changed_tables(tmp_path, change, message):
    import pyarrow.parquet as pq

    path = tmp_path / "chain.parquet"
    dpa.save_augmentation_chain(sample("text"), path)
    pq.write_table(change(pq.read_table(path)), path)
    if message is None:
        assert dpa.load_augmentation_batch(path) == sample("text")  # any writer's file will do
        return
    with pytest.raises(ChainFileError, match=f"(?s){message}"):
        dpa.load_augmentation_batch(path)


def test_no_header_is_parsed_as_python(tmp_path, monkeypatch):
    """Parsing may raise SystemError in CPython 3.11: findings/numpy_headers_fail_in_gc.sh."""
    path, batch = tmp_path / "chain.npz", dpa.generate_augmentation_batch(["a", "b"])
    dpa.save_augmentation_chain(batch, path)
    monkeypatch.setattr("ast.literal_eval", None)
    assert dpa.load_augmentation_batch(path) == batch
