"""What once broke under interrupts, forks, hostile files and odd ids: a test for each."""

import enum
import gc
import hashlib
import json
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import weakref

import numpy as np
import pytest

import dpa
from dpa.batch import BatchConfig, BatchProcessor
from dpa.checks import brief, printable
from dpa.derivation.derivation import derive
from dpa.derivation.ids import Ids
from dpa.diff import diff_chains
from dpa.distributed import (
    DistributedRangeSplitter,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
)
from dpa.errors import ChainFileError
from dpa.files.metadata import Metadata, RecipeMetadata
from dpa.host import memory
from dpa.space import Choice, Space, Uniform

CONFIG = dpa.get_preset("mild")
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and forks are POSIX's")


def sealed(document):
    """The text of a document with a checksum that fits."""
    document["trailer"].pop("checksum", None)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["trailer"]["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    return document


# ---- Absurd counts ----


@pytest.fixture
def bomb(tmp_path):
    """A recipe of 700 bytes that claims 2**48 samples, with a checksum that fits."""
    path = tmp_path / "bomb.json"
    dpa.save_augmentation_recipe(path, 10, CONFIG)
    document = json.loads(path.read_text())
    document["metadata"]["num_samples"] = document["trailer"]["num_samples"] = 2**48
    path.write_text(json.dumps(sealed(document)))
    return path


def test_a_recipe_does_not_take_all_memory(bomb):
    for load in (dpa.load_augmentation_chain, dpa.load_augmentation_batch):
        with pytest.raises(ValueError, match=r"281,474,976,710,656 samples needs .* one by one"):
            load(bomb)
    assert next(dpa.load_augmentation_stream(bomb)) == dpa.gen_augmentation_params(0, CONFIG)
    assert dpa.load_augmentation_config(bomb) == CONFIG


def test_a_recipe_does_not_run_for_years(bomb, tmp_path):
    sound = tmp_path / "sound.json"
    dpa.save_augmentation_recipe(sound, 10, CONFIG)
    message = r"stands for 281,474,976,710,656 samples, which take 28,147 hours .* unlimited=True"
    for call in (
        lambda: dpa.verify_augmentation_chain(bomb),
        lambda: diff_chains(sound, bomb),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    commands = [["verify", bomb], ["stats", bomb], ["diff", sound, bomb]]
    commands += [["generate", "--recipe", bomb, "-o", tmp_path / "x.jsonl"]]
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "dpa", *map(str, command)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "--unlimited" in done.stderr
    assert not (tmp_path / "x.jsonl").exists()


def test_what_is_generated_must_fit_the_memory():
    with pytest.raises(ValueError, match=r"num_samples=100000000000000 needs .* one by one"):
        dpa.generate_augmentation_chain(10**14)


def test_a_range_without_an_end_in_sight(tmp_path):
    endless, path = range(2**64), tmp_path / "x.json"
    for call in (
        lambda: dpa.generate_augmentation_batch(endless),
        lambda: dpa.generate_uniforms(endless, 1),
        lambda: dpa.save_augmentation_chain([], path, ids=endless),
        lambda: dpa.save_augmentation_stream([], path, ids=endless),
        lambda: dpa.compute_statistics(endless),
        lambda: dpa.compute_streaming_statistics(endless),
        lambda: dpa.save_augmentation_chain(endless, path),
        lambda: dpa.save_augmentation_stream(endless, path),
    ):
        with pytest.raises((TypeError, ValueError)):
            call()
    assert not path.exists()


# ---- Ids ----


class Split(str, enum.Enum):  # noqa: UP042 (its str() is the point)
    """Its str() is another text than its content."""

    A = "a"
    B = "b\0"


class Sly(str):
    def encode(self, *_):
        return b"another"


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])
@pytest.mark.parametrize(
    "ids", [[Split.A, Split.B], [Sly("a"), "b\0"], [np.str_("a"), np.str_("b\0")]], ids=repr
)
def test_ids_become_exact_texts(ids, suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    batch = dpa.generate_augmentation_batch(ids)
    assert batch.sample_ids == ("a", "b\0")
    assert set(map(type, batch.sample_ids)) == {str}
    dpa.save_augmentation_chain(batch, tmp_path / f"ids{suffix}")
    assert dpa.load_augmentation_batch(tmp_path / f"ids{suffix}") == batch
    assert [dpa.gen_augmentation_params(x) for x in ids] == batch.to_dicts()


def test_nulls_are_named():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    for ids in (pa.array([1, None]), pa.array(["a", None]), [1, None], ["a", float("nan")]):
        with pytest.raises(TypeError, match=r"null.*leave out or fill the rows without an id"):
            dpa.generate_augmentation_batch(ids)
    assert len(dpa.generate_augmentation_batch(np.array([], np.float64))) == 0


# ---- Interrupts ----


class Storm:
    """Ctrl-C again and again; lost is what a stream counts and no `for` ever bound."""

    def __init__(self, interrupts):
        self.left = interrupts

    def lost(self, stream, size, delivered, keep=len):
        """Of a stream whose items are `size` samples each; `keep`, of C, gets each item."""
        got = 0

        def hit(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, hit)
        try:
            while self.left:
                self.left -= 1
                try:
                    # Again after 100 ms: an exception in a finaliser is only printed. Sooner, and
                    # on a busy machine the second one may hit this loop, outside of try.
                    signal.setitimer(signal.ITIMER_REAL, 5e-5 + self.left % 7 * 2e-5, 0.1)
                    for item in stream:
                        got += size  # a signal is heard when a call has ended: none comes before
                        keep(item)
                    break
                except KeyboardInterrupt:
                    pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            gc.collect()  # files left open warn here, not in a later test
        return delivered() - got


INTERRUPTS = int(os.environ.get("DPA_INTERRUPTS", "2000"))
STREAMS = {
    "dicts": (lambda: dpa.stream_augmentation_chain(10**9, chunk_size=10), 1),
    "range": (lambda: dpa.stream_augmentation_range(5, 10**9, chunk_size=1), 1),
    "batches": (lambda: dpa.stream_augmentation_batches(10**9, batch_size=10), 10),
    "rank": (lambda: stream_distributed_augmentation_chain(10**9, 1, 3, chunk_size=7), 1),
    "rank of batches": (
        lambda: stream_distributed_augmentation_batches(10**9, 1, 3, batch_size=7),
        7,
    ),
}


# An exception in a finaliser, of zipfile say, is printed and lost.
STORMY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@POSIX
@STORMY
@pytest.mark.parametrize("kind", STREAMS)
def test_a_storm_of_interrupts_loses_no_row(kind):
    make, size = STREAMS[kind]
    stream = make()
    assert Storm(INTERRUPTS).lost(stream, size, lambda: stream.delivered) == 0
    following = stream.remaining.ids(0, size)
    expected = stream.derivation.batch(following).to_dicts()
    found = next(stream)
    assert (found.to_dicts() if size > 1 else [found]) == expected


@POSIX
@STORMY
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet", "recipe"])
def test_a_storm_over_files_loses_no_row(suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"chain{'.json' if suffix == 'recipe' else suffix}"
    if suffix == "recipe":
        dpa.save_augmentation_recipe(path, 30_000)
    else:
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(30_000)), path)
    hashes = [row["hash"] for row in dpa.generate_augmentation_chain(30_000)]
    storm = Storm(INTERRUPTS // 4)
    while storm.left:
        stream, rows = dpa.load_augmentation_stream(path, chunk_size=10), []
        lost = storm.lost(stream, 1, lambda stream=stream: stream.delivered, rows.append)
        assert lost == 0
        assert [row["hash"] for row in rows] == hashes[: len(rows)]


@POSIX
@STORMY
@pytest.mark.parametrize("kind", ["dicts", "batches"])
@pytest.mark.parametrize("strategy", ["sequential", "round_robin", "adaptive"])
def test_a_storm_over_batches_loses_no_row(kind, strategy):
    config = BatchConfig(strategy, batch_size=8, adaptive_sizing=False)
    processor = BatchProcessor(strategy, config)
    batches = processor.process_stream(STREAMS[kind][0]())
    assert Storm(INTERRUPTS).lost(batches, 8, lambda: processor.metrics.samples) == 0


DOUBLE = """
import os, signal, sys, threading, time
import dpa
rounds, depth = map(int, sys.argv[1:])
deep, quick = (dpa.AugmentationConfig(augmentation_depth=d) for d in (depth, 1))
size, wrong = 4096, 0
out = dpa.AugmentationBatch.empty(size)
expected = dpa.generate_augmentation_batch(range(size), quick).digests.copy()
stop = False
main = threading.get_ident()
def ctrl_c():
    while not stop:
        time.sleep(0.002)
        if armed:
            signal.pthread_kill(main, signal.SIGINT)
armed = False
threading.Thread(target=ctrl_c, daemon=True).start()
for _ in range(rounds):
    armed = True
    try:
        dpa.generate_augmentation_batch(range(10**6, 10**6 + size), deep, num_threads=4, out=out)
    except KeyboardInterrupt:
        pass
    while armed:
        try:
            armed = False
        except KeyboardInterrupt:
            pass
    try:
        time.sleep(0.001)
    except KeyboardInterrupt:
        pass
    # One whose start() was interrupted may be listed, and is not alive.
    assert sum(thread.is_alive() for thread in threading.enumerate()) == 2
    dpa.generate_augmentation_batch(range(size), quick, out=out, num_threads=1)
    wrong += int((out.digests != expected).any())
stop = True
print(wrong)
"""


@POSIX
@pytest.mark.parametrize(
    ("rounds", "depth"),
    [(INTERRUPTS // 20, 300), (3, 5000)],  # a span of the deep ones outlives many interrupts
)
def test_double_interrupts_of_threaded_calls(rounds, depth):
    """A helper that lived on would write into arrays that the caller has back."""
    done = subprocess.run(
        [sys.executable, "-c", DOUBLE, str(rounds), str(depth)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@POSIX
def test_two_signals_leave_no_file(tmp_path):
    code = """
import os, signal, sys
from dpa.files import atomic
remove = atomic._remove
def removing(path):
    os.kill(os.getpid(), signal.SIGTERM)
    remove(path)
atomic._remove = removing
from dpa.files.formats import lines
def write(self, samples, first):
    os.kill(os.getpid(), signal.SIGTERM)
lines.LineWriter._write = write
from dpa.cli import main
sys.exit(main(["generate", "-q", "-n", "10", "-o", sys.argv[1]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    assert list(tmp_path.iterdir()) == []


# ---- Forks ----


def _count(stream, queue):
    queue.put(sum(1 for _ in stream))


@POSIX
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_file_stream_goes_on_in_both_processes(suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"chain{suffix}"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(70_000)), path)
    stream = dpa.load_augmentation_stream(path)
    next(stream)
    queue = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=_count, args=(stream, queue))
    child.start()
    assert sum(1 for _ in stream) == 69_999
    assert queue.get(timeout=60) == 69_999
    child.join()
    assert child.exitcode == 0


@POSIX
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_file_that_was_replaced_before_the_fork_is_told(tmp_path):
    path = tmp_path / "chain.jsonl"
    dpa.generate_augmentation_chain(5000, save_path=path)
    stream = dpa.load_augmentation_stream(path)
    next(stream)
    dpa.generate_augmentation_chain(5000, CONFIG, save_path=path)
    queue = multiprocessing.get_context("fork").Queue()

    def read():
        try:
            queue.put(sum(1 for _ in stream))
        except ChainFileError as error:
            queue.put(str(error))

    child = multiprocessing.get_context("fork").Process(target=read)
    child.start()
    assert "it was replaced since it was opened" in queue.get(timeout=60)
    child.join()


def _hashes(stream):
    return [row["hash"] for row in stream]


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_generating_stream_goes_on_elsewhere(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no forkserver here")
    stream = dpa.stream_augmentation_chain(100, CONFIG)
    next(stream)
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply(_hashes, (stream,))
    assert found == [row["hash"] for row in dpa.generate_augmentation_chain(100, CONFIG)][1:]


# ---- Files that claim what they do not hold ----


def reformatted(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(sealed(document), indent=1))


def test_an_id_type_that_lies_is_told(tmp_path):
    path = tmp_path / "chain.json"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch([3, 1]), path)
    reformatted(path, lambda document: document["metadata"].update(id_type="string"))
    with pytest.raises(ChainFileError, match="id_type is 'string', but the id of sample 0 is 3"):
        dpa.verify_augmentation_chain(path)


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".jsonl", rb"(\"scale\":[0-9.]+\})\n", rb"\1,\n"),
        (".json", rb"\},\n\{\"b", b'}\n{"b'),
        (".json", rb"\},\n\{\"b", b'},,\n{"b'),
        (".json", rb"\}\n\],", b"},\n],"),
        (".json", rb"\"noise\":0\.", b'"noise":' + b"0" * 1000 + b"."),
        (".json", rb"(\"noise\":0\.\d+)", rb"\g<1>" + b"0" * 900_000),
        (".jsonl", rb"(\"noise\":0\.\d+)", rb"\g<1>0"),
        (".jsonl", rb"\"scale\":(\d)\.", rb'"scale":+\1.'),
        (".jsonl", rb"\"hash\"", b'"h\\\\u0061sh"'),
        (".json", rb"\"id\":\"", rb'"id":"\\u0061'),
    ],
)
def test_what_no_writer_of_ours_writes_is_damage(suffix, old, new, tmp_path):
    path = tmp_path / f"chain{suffix}"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(["x", "y", "z"]), path)
    changed, count = re.subn(old, new, path.read_bytes(), count=1)
    assert count == 1
    path.write_bytes(changed)
    with pytest.raises(ChainFileError, match=r"line \d( \(sample|: a comma stands)"):
        dpa.load_augmentation_chain(path)
    with pytest.raises(ChainFileError):
        dpa.verify_augmentation_chain(path)


def test_another_layout_must_fit_the_free_memory(tmp_path, monkeypatch):
    path = tmp_path / "chain.json"
    path.write_bytes(b'{"augmentations":[' + b"[]," * 1000 + b"[]]}")
    size = path.stat().st_size
    monkeypatch.setattr("dpa.files.formats.json.available_memory", lambda: 32 * size - 1)
    with pytest.raises(ChainFileError, match=f"takes up to {32 * size:,} bytes of memory"):
        dpa.load_augmentation_config(path)
    monkeypatch.setattr("dpa.files.formats.json.available_memory", lambda: 32 * size)
    with pytest.raises(ChainFileError, match="its config is not known"):
        dpa.load_augmentation_config(path)


def test_messages_quote_little(tmp_path):
    path = tmp_path / "chain.json"
    long = "x" * 100_000
    dpa.generate_augmentation_chain(2, save_path=path)
    whole = json.loads(path.read_text())
    for change in (
        lambda d: d["metadata"].update(dtype=long),
        lambda d: d["metadata"].update({long: 1}),
        lambda d: d["metadata"].update(version=long),
        lambda d: d["metadata"].update(space=[long] * 1000),
        lambda d: d["metadata"]["space"].update(sampler=long),
        lambda d: d["metadata"]["space"]["parameters"].update({long: 5}),
        lambda d: d["metadata"].update(epoch=long),
        lambda d: d["augmentations"][0].update(hash=long),
        lambda d: d["augmentations"][0].update(noise=[long] * 1000),
        lambda d: d["augmentations"][0].update({long: 1}),
        lambda d: d["augmentations"].append([long] * 1000),
        lambda d: d["trailer"].update(digest=[long] * 1000),
        lambda d: d["trailer"].update({long: 1}),
        lambda d: d["statistics"].update(noise=[long] * 1000),
    ):
        document = json.loads(json.dumps(whole))
        change(document)
        path.write_text(json.dumps(sealed(document)))
        try:
            message = str(dpa.verify_augmentation_chain(path))
        except ChainFileError as error:
            message = str(error)
        assert len(message) < 1500, message[:300]


def test_the_order_of_another_writer_is_told(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    path, other = tmp_path / "o.parquet", tmp_path / "o2.parquet"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch([5, 3, 9, 1] * 3000), path)
    pq.write_table(pq.read_table(path).sort_by("id"), other)
    report = dpa.verify_augmentation_chain(other)
    assert (report.ok, report.different) == (False, 0)
    assert (
        "ORDER CHANGED, 0 of 12,000 samples differ\n  the order changed: the digest is right"
        in (str(report))
    )


def test_parquet_has_column_statistics(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "chain.parquet"
    batch = dpa.generate_augmentation_batch(range(1000))
    dpa.save_augmentation_chain(batch, path)
    found = pq.ParquetFile(path).metadata.row_group(0).column(0).statistics
    assert (found.min, found.max) == (batch.rotation.min(), batch.rotation.max())
    assert (
        pq.read_table(path, filters=[("rotation", ">", 0)]).num_rows == (batch.rotation > 0).sum()
    )


# ---- Names ----


@pytest.mark.parametrize("url", ["s3://bucket/x.json", "file:///tmp/x.json", "gs+a.b-c://x.json"])
def test_urls_are_refused_by_name(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for call in (
        lambda: dpa.save_augmentation_chain([], url),
        lambda: dpa.save_augmentation_recipe(url, 1),
        lambda: dpa.load_augmentation_chain(url),
        lambda: dpa.verify_augmentation_chain(url),
    ):
        with pytest.raises(ValueError, match=f"got the URL {re.escape(repr(url))}"):
            call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_no_name_of_a_file_moves_the_cursor(tmp_path):
    name = "evil\x1b[2K\x1b[1A\nx.json: ok\u202e.json"
    dpa.generate_augmentation_chain(3, save_path=tmp_path / name)
    commands = [["verify", name], ["stats", name], ["verify", f"no{name}"], ["diff", name, name]]
    commands += [["generate", "-n", "2", "-o", name], ["verify", f"{name}.txt"]]
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "dpa", *command], cwd=tmp_path, capture_output=True, check=False
        )
        text = (done.stdout + done.stderr).decode()
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "\nx.json: ok" not in text


def test_printable():
    assert printable("a b.json") == "a b.json"
    assert printable("ü\x1b[\n\u202e\U0001f600") == "ü\\x1b[\\n\\u202e\U0001f600"


def test_brief():
    assert brief(5) == "5"
    assert brief("x" * 10**6) == "'" + "x" * 57 + "..." + "x" * 58 + "'"
    assert len(brief([["x" * 1000] * 1000] * 1000)) < 10_000


# ---- The rest ----


def test_a_gc_callback_may_look_at_everything():
    code = """
import gc, dpa
def look(phase, info):
    for found in gc.get_objects(0):
        if type(found) is list and len(found) > 900:
            for _ in found: pass
gc.callbacks.append(look)
for _ in range(100): rows = dpa.generate_augmentation_chain(1000)
print(gc.is_tracked(rows), len(rows))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True 1000\n")


def test_a_stream_closes_its_file_with_its_last_reference(tmp_path):
    path = tmp_path / "x.jsonl"
    dpa.generate_augmentation_chain(5000, save_path=path)
    gc.disable()
    try:
        stream = dpa.load_augmentation_stream(path)
        next(stream)
        gone = weakref.ref(stream)
        del stream
        assert gone() is None
    finally:
        gc.enable()


def test_numpy_may_be_told_to_raise(tmp_path):
    tiny = dpa.AugmentationConfig(noise_range=(0, 1e-42))
    batch = dpa.generate_augmentation_batch(range(100), tiny, dtype=np.float32)
    path = tmp_path / "x.npz"
    with np.errstate(all="raise"):
        dpa.save_augmentation_chain(batch, path)
        assert dpa.load_augmentation_batch(path) == batch
        assert dpa.verify_augmentation_chain(path).ok
        assert not diff_chains(path, path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": np.zeros(3, np.float16)}, "noise must have shape .* and dtype float64"),
        ({"noise": np.zeros(3, np.float32)}, "noise must have shape .* and dtype float64"),
        ({"rotation": np.zeros(3, np.float16)}, "columns must be float64 or float32, got float16"),
        ({"scale": np.zeros(2)}, r"scale must have shape \(3,\) .* got \(2,\)"),
        ({"digests": np.zeros((3, 31), np.uint8)}, r"digests must have shape \(3, 32\)"),
    ],
)
def test_a_batch_that_was_changed_by_hand_is_not_saved(change, message, tmp_path):
    batch = dpa.generate_augmentation_batch(range(3))
    digests = change.pop("digests", batch.digests)
    changed = dpa.AugmentationBatch(
        batch.derivation, batch.ids, digests, {**batch.columns, **change}
    )
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_chain(changed, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["npz", "jsonl"])
def test_numbers_of_another_byte_order_are_saved(suffix, tmp_path):
    batch, path = dpa.generate_augmentation_batch(range(3)), tmp_path / f"x.{suffix}"
    columns = {name: column.astype(">f8") for name, column in batch.columns.items()}
    swapped = dpa.AugmentationBatch(batch.derivation, batch.ids, batch.digests, columns)
    dpa.save_augmentation_chain(swapped, path)
    assert dpa.load_augmentation_batch(path) == batch


def test_theory_of_the_widest_range():
    config = dpa.AugmentationConfig(scale_range=(1.7e308, 1.7e308))
    assert dpa.theoretical_statistics(config)["scale"]["mean"] == 1.7e308


def test_a_baseline_with_nan_is_refused(tmp_path, capsys):
    from dpa.cli import main

    baseline = tmp_path / "baseline.json"
    baseline.write_text('{"results": [NaN]}')
    assert main(["bench", "-n", "10", "--compare", str(baseline)]) == 2
    assert "NaN is not a number of JSON" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_root_leaves_a_file_its_owner(tmp_path):
    path = tmp_path / "x.json"
    dpa.generate_augmentation_chain(1, save_path=path)
    os.chown(path, 12345, 23456)
    path.chmod(0o640)
    dpa.generate_augmentation_chain(2, save_path=path)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 23456, 0o640)


def test_free_memory_is_what_the_cgroup_leaves(monkeypatch):
    monkeypatch.setattr("dpa.host.cgroup.free_memory", lambda: 5)
    assert memory.available_memory() == 5
    monkeypatch.setattr("dpa.host.cgroup.free_memory", lambda: None)
    assert memory.available_memory() > 5


@pytest.mark.parametrize("scale", [0.000_999, 1000.001])
def test_scales_of_pictures_have_ends(scale):
    from dpa.images.effects import Effect, check_applicable

    params = {"rotation": 0, "scale": scale, "brightness": 1, "contrast": 1, "noise": 0}
    with pytest.raises(ValueError, match=r"params\['scale'\] must be at (least|most) "):
        Effect.checked(params)
    low, high = sorted((1, scale))
    with pytest.raises(ValueError, match=r"scale must be at (least 0.001|most 1000) for images"):
        check_applicable(dpa.AugmentationConfig(scale_range=(low, high)))


def test_half_made_lists_are_not_left_behind():
    """A failure in the middle leaves nothing that the collector would trip over."""
    batch = dpa.generate_augmentation_batch(range(10), Space({"side": Choice(["left", "right"])}))
    with pytest.raises(ValueError, match="items, got"):
        dpa._native.Rows(batch.space.form, batch.values, batch.digests[:9], 10)
    batch["side"][5] = 2
    with pytest.raises(IndexError, match="there is no choice 2 among 2"):
        batch.to_dicts()
    gc.collect()


# ---- What reviewers found ----


class Counter:
    """An integer that changes, as a tensor does."""

    def __init__(self):
        self.value = 0

    def __index__(self):
        return self.value


@pytest.mark.parametrize("part", ["epoch", "view", "base_seed", "rank"])
def test_a_key_part_that_changes_is_read_anew(part):
    changing = Counter()
    for value in range(3):
        changing.value = value
        expected = dpa.gen_augmentation_params(42, **{part: value})
        assert dpa.gen_augmentation_params(42, **{part: changing}) == expected


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz"])
def test_an_interrupt_behind_the_rows_skips_none(suffix, tmp_path):
    path = tmp_path / f"chain{suffix}"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(40)), path)
    stream = dpa.load_augmentation_stream(path, chunk_size=10)
    got = [next(stream) for _ in range(10)]

    def trace(frame, event, _):
        if frame.f_code.co_name == "_rows" and event == "return":
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        with pytest.raises(KeyboardInterrupt):
            next(stream)
    finally:
        sys.settrace(None)
    assert got + list(stream) == dpa.generate_augmentation_chain(40)


def test_a_second_interrupt_leaves_the_stream_where_it_stood(tmp_path, monkeypatch):
    stream = dpa.stream_augmentation_chain(9000)
    next(stream)
    seek, interrupts = type(stream).seek, 1

    def interrupted(self, position):
        nonlocal interrupts
        if position == 1 and interrupts:
            interrupts = 0
            raise KeyboardInterrupt
        seek(self, position)

    def callback(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(stream), "seek", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dpa.save_augmentation_stream(stream, tmp_path / "x.json", progress_callback=callback)
    assert (interrupts, stream.delivered) == (0, 1)


def test_a_name_given_twice_among_many_is_found_at_once(tmp_path):
    path = tmp_path / "x.jsonl"
    names = ",".join(f'"{at}":0' for at in range(50_000))
    path.write_text('{"metadata":{' + names + ',"0":1}}\n')
    with pytest.raises(ChainFileError, match="the name '0' appears twice"):
        dpa.load_augmentation_config(path)


def test_a_dot_in_a_name_stands_for_itself(tmp_path):
    path = tmp_path / "x.jsonl"
    space = Space({"crop.area": Uniform(0, 1, draw=0)})
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), space), path)
    path.write_text(path.read_text().replace('"crop.area":0.', '"cropXarea":0.', 1))
    with pytest.raises(ChainFileError, match=r"line 2 .*unknown fields .'cropXarea'"):
        dpa.verify_augmentation_chain(path)


def test_a_name_that_an_archive_needs_is_refused_before_the_file_goes(tmp_path):
    path = tmp_path / "x.npz"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3)), path)
    before = path.read_bytes()
    batch = dpa.generate_augmentation_batch(range(3), Space({"metadata": Uniform(0, 1, draw=0)}))
    with pytest.raises(ValueError, match=r"a parameter called 'metadata' cannot be stored in .npz"):
        dpa.save_augmentation_chain(batch, path)
    assert path.read_bytes() == before


def test_an_archive_begins_with_a_member(tmp_path):
    path = tmp_path / "x.npz"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3)), path)
    path.write_bytes(b"xx" + path.read_bytes())
    with pytest.raises(ChainFileError, match="it does not begin with a member"):
        dpa.verify_augmentation_chain(path)


def test_a_recipe_is_not_compared_in_memory_without_looking(tmp_path):
    recipe, other = tmp_path / "recipe.json", tmp_path / "other.json"
    dpa.save_augmentation_recipe(recipe, 10, CONFIG)
    document = json.loads(recipe.read_text())
    document["metadata"]["num_samples"] = document["trailer"]["num_samples"] = 10**10
    recipe.write_text(json.dumps(sealed(document)))
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch([3, 1], CONFIG), other)
    with pytest.raises(ValueError, match=r"samples needs .* compared in memory"):
        diff_chains(other, recipe)


def test_the_depth_counts_for_what_an_hour_is(tmp_path):
    path = tmp_path / "deep.json"
    dpa.save_augmentation_recipe(path, 10, dpa.AugmentationConfig(augmentation_depth=10_000))
    document = json.loads(path.read_text())
    document["metadata"]["num_samples"] = document["trailer"]["num_samples"] = 10**9
    path.write_text(json.dumps(sealed(document)))
    with pytest.raises(ValueError, match="stands for 1,000,000,000 samples, which take"):
        dpa.verify_augmentation_chain(path)


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["large", "small"])
def test_integers_beyond_text_are_named(number):
    for call, name in (
        (lambda: dpa.gen_augmentation_params(1, base_seed=number), "base_seed"),
        (lambda: dpa.generate_augmentation_batch([number]), r"ids\[0\]"),
        (lambda: dpa.AugmentationConfig(augmentation_depth=number), "augmentation_depth"),
        (lambda: dpa.AugmentationConfig(rotation_range=(0, number)), "rotation_range"),
    ):
        with pytest.raises(ValueError, match=f"^{name} .*bits"):
            call()


def test_metadata_of_a_recipe_are_a_value():
    first, other = (
        RecipeMetadata.checked(Metadata.of(derive(CONFIG, epoch), Ids.checked(range(5))), 5)
        for epoch in (1, 2)
    )
    assert first != other
    again = pickle.loads(pickle.dumps(first))
    assert (again, again.ids, again.key) == (first, first.ids, first.key)


def test_string_ids_are_decoded_once():
    batch = dpa.generate_augmentation_batch(["a", "b"])
    assert batch.sample_ids is batch.sample_ids


@pytest.mark.parametrize(
    ("note", "problems"),
    [
        (float("nan"), ("it has NaN or Infinity, which is no JSON",)),
        (float("-inf"), ("it has NaN or Infinity, which is no JSON",)),
        ("NaN and Infinity", ()),  # words, not numbers
    ],
)
def test_an_original_that_no_strict_parser_reads_is_told(note, problems, tmp_path):
    path = tmp_path / "old.json"
    config = dpa.get_preset("mild", sampler="mt19937")
    rows = dpa.generate_augmentation_chain(3, config)
    fields = {name: x for name, x in config.to_dict().items() if name != "sampler"}
    path.write_text(
        json.dumps({"metadata": {"config": fields, "note": note}, "augmentations": rows})
    )
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.problems) == (0, problems)


def test_lists_within_lists_are_no_chain(tmp_path):
    path = tmp_path / "nested.json"
    path.write_bytes(b'{"augmentations":[' + (b"[" * 500 + b"]" * 500 + b",") * 200 + b"[]]}")
    with pytest.raises(ChainFileError, match="more lists and objects than samples can have"):
        dpa.load_augmentation_config(path)
    path = tmp_path / "short.jsonl"
    dpa.generate_augmentation_chain(1, save_path=path)
    head = path.read_bytes().split(b"\n")[0]
    path.write_bytes(head + b"\n" * 100_000)
    with pytest.raises(ChainFileError, match="line 2 and following: too short for samples"):
        dpa.load_augmentation_chain(path)


def test_statistics_of_dicts_take_names():
    space = Space({"scale": Uniform(0, 1, draw=0), "flip": Uniform(0, 1, draw=1)})
    rows = dpa.generate_augmentation_chain(100, space)
    with pytest.raises(ValueError, match="sample 0 has no 'rotation'"):
        dpa.compute_statistics(rows)
    found = dpa.compute_statistics(rows, space.names)
    assert found == dpa.generate_augmentation_batch(range(100), space).statistics()
    assert dpa.compute_streaming_statistics(iter(rows), names=space.names) == found
    for empty in ([{}], [{"hash": "x"}]):
        with pytest.raises(ValueError, match="sample 0 has no 'rotation'"):
            dpa.compute_statistics(empty)


def test_more_ranks_than_any_job_has_are_not_listed():
    with pytest.raises(ValueError, match="world_size must be at most 1048576 here"):
        DistributedRangeSplitter(10, 10**12).get_all_ranges()
    assert DistributedRangeSplitter(10, 10**12).get_rank_range(3) == (3, 4)
