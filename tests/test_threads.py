"""Threads and processes: the same bits from any number, how many, forks, and Ctrl-C."""

import multiprocessing
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import reference

import dpa
from dpa.host import cgroup, threads

DEEP = dpa.AugmentationConfig(augmentation_depth=1000)
#: Samples with some hundred spans, of which even 8 threads get several each.
MANY = 200_000


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Nothing survives a call, so a fork is always safe."""
    before = threading.enumerate()
    yield
    assert threading.enumerate() == before


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DPA_NUM_THREADS", raising=False)


# ---- The same bits ----


@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
def test_any_number_of_threads_makes_the_same_samples(sampler: str) -> None:
    config = dpa.AugmentationConfig(augmentation_depth=3, sampler=sampler)
    one = dpa.generate_augmentation_batch(range(MANY), config, base_seed=1, num_threads=1)
    for count in (2, 8, 64):
        assert one == dpa.generate_augmentation_batch(
            range(MANY), config, base_seed=1, num_threads=count
        )
    for at in (0, 1, MANY // 2, MANY - 1):
        assert one[at] == dpa.gen_augmentation_params(at, config, base_seed=1)


def test_any_number_of_threads_makes_the_same_uniforms() -> None:
    ids = np.random.default_rng(3).permutation(MANY)
    one = dpa.generate_uniforms(ids, 3, num_threads=1)
    for count in (2, 8):
        assert (dpa.generate_uniforms(ids, 3, num_threads=count) == one).all()


def test_deep_chains_by_threads() -> None:
    one = dpa.generate_augmentation_batch(range(999), DEEP, num_threads=1)
    for count in (None, 2, 8):
        assert one == dpa.generate_augmentation_batch(range(999), DEEP, num_threads=count)
    assert one[998]["hash"] == reference.chain_hash("998", 1000)


def test_the_variable_changes_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for count in ("1", "2", "8"):
        monkeypatch.setenv("DPA_NUM_THREADS", count)
        found.append(dpa.generate_augmentation_batch(range(30_000)))
    assert found[0] == found[1] == found[2]


def test_8_threads_calling_at_once() -> None:
    mt19937 = dpa.get_preset("aggressive", sampler="mt19937")
    calls: list[Callable[[], Any]] = [
        lambda: dpa.generate_augmentation_batch(range(30_000), num_threads=2),
        lambda: dpa.generate_augmentation_batch([f"{n}.png" for n in range(3000)], mt19937, view=1),
        lambda: dpa.generate_augmentation_chain(9000, DEEP.replace(augmentation_depth=300)),
        lambda: dpa.generate_uniforms(range(9000), 3, num_threads=3).tolist(),
        lambda: [dpa.gen_augmentation_params(n, mt19937, epoch=n) for n in range(2000)],
        lambda: [dpa.gen_augmentation_seed(n, 1000) for n in range(60)],
        lambda: dpa.compute_statistics(dpa.generate_augmentation_chain(9000)),
        lambda: dpa.generate_augmentation_batch(range(40), DEEP, dtype=np.float32),
    ]
    answers = [call() for call in calls]
    start = threading.Barrier(8)

    def work(offset: int) -> list[Any]:
        start.wait(timeout=60)
        return [calls[(at + offset) % 8]() for at in range(8)]

    with ThreadPoolExecutor(8) as pool:
        for offset, found in enumerate(pool.map(work, range(8))):
            assert found == [answers[(at + offset) % 8] for at in range(8)]


def test_threads_share_one_out() -> None:
    """Each fills its part of one batch's arrays."""
    whole = dpa.AugmentationBatch.empty(4000)
    parts = [slice(n, n + 500) for n in range(0, 4000, 500)]

    def fill(part: slice) -> None:
        dpa.generate_augmentation_batch(range(4000)[part], out=whole[part])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, parts))
    answer = dpa.generate_augmentation_batch(range(4000))
    assert (whole.digests == answer.digests).all()
    assert (whole.rotation == answer.rotation).all()


# ---- Spans ----


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 2303, 2304, 2305, 9216, 9217, 50_000])
@pytest.mark.parametrize("blocks", [3, 21, 20_001])
@pytest.mark.parametrize("num_threads", [None, 1, 2, 8])
def test_spans_cover_every_sample_once(size: int, blocks: int, num_threads: int | None) -> None:
    made: list[tuple[int, int]] = []
    threads.run_spans(lambda *span: made.append(span), size, blocks, num_threads)
    assert [at for first, count in sorted(made) for at in range(first, first + count)] == (
        list(range(size))
    )


def test_threads_work_at_the_same_time() -> None:
    together = threading.Barrier(3)  # passed only by three threads at once
    waited = threading.local()
    workers = set()

    def fill(first: int, count: int) -> None:
        workers.add(threading.get_ident())
        if not hasattr(waited, "done"):
            together.wait(timeout=60)
            waited.done = True

    threads.run_spans(fill, 100_000, 1000, 3)
    assert len(workers) == 3


@pytest.mark.parametrize(("size", "num_threads"), [(100_000, 1), (100, None), (100, 8)])
def test_one_thread_is_the_callers(size: int, num_threads: int | None) -> None:
    workers = set()
    threads.run_spans(lambda *_: workers.add(threading.get_ident()), size, 21, num_threads)
    assert workers == {threading.get_ident()}


@pytest.mark.parametrize("blocks", [3, 21, 201, 20_001])
def test_spans_are_short(blocks: int) -> None:
    """So that Ctrl-C is heard: 50,000 blocks of SHA-256, or 32 samples of the deepest chain."""
    sizes: list[int] = []
    threads.run_spans(lambda _, count: sizes.append(count), 10**6, blocks, 1)
    assert max(sizes) <= max(32, 50_000 // blocks)


@pytest.mark.parametrize("num_threads", [1, 2, 8])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_exception_in_a_span_comes_through(num_threads: int, error: type[BaseException]) -> None:
    taken = []

    def fill(first: int, count: int) -> None:
        taken.append(first)
        if len(taken) >= 5:
            raise error("in a span")

    with pytest.raises(error, match="in a span"):
        threads.run_spans(fill, 10**9, 20_001, num_threads)  # 31 million spans, were they all taken


# ---- How many ----


@pytest.mark.parametrize("value", [1, 2, 1000, np.int64(3)])
def test_num_threads(value: Any) -> None:
    assert threads.thread_count(value) == value
    assert len(dpa.generate_augmentation_batch(range(3), num_threads=value)) == 3


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "num_threads must be at least 1, got 0"),
        (-2, ValueError, "num_threads must be at least 1, got -2"),
        (1.0, TypeError, "num_threads must be an integer, got 1.0"),
        (True, TypeError, "num_threads must be an integer, got True"),
        ("2", TypeError, "num_threads must be an integer, got '2'"),
    ],
)
@pytest.mark.parametrize("size", [0, 3, 30_000])
def test_bad_num_threads(size: int, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(range(size), num_threads=value)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        dpa.generate_uniforms(range(size), 1, num_threads=value)


def test_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("1", "7", "007"):
        monkeypatch.setenv("DPA_NUM_THREADS", value)
        assert threads.thread_count() == int(value)
        assert threads.thread_count(3) == 3  # the argument comes first
    monkeypatch.setenv("DPA_NUM_THREADS", "")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.thread_count() == threads.allowed_cores()


@pytest.mark.parametrize(("value", "count"), [("1", 1), ("3", 3), (" 5 ", 5), ("4,2", 4)])
def test_the_variable_of_openmp(monkeypatch: pytest.MonkeyPatch, value: str, count: int) -> None:
    """Ray, Spark, Dask and torchrun set it in their workers."""
    monkeypatch.delenv("DPA_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert threads.thread_count() == count
    assert threads.thread_count(7) == 7
    monkeypatch.setenv("DPA_NUM_THREADS", "2")
    assert threads.thread_count() == 2  # ours comes first


@pytest.mark.parametrize("value", ["", "0", "-1", "two", "1.5", ",", "²", "1" * 9])
def test_openmp_has_other_rules(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """What is no number is for OpenMP to complain about."""
    monkeypatch.delenv("DPA_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert threads.thread_count() == threads.allowed_cores()


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", " ", "2,3", "²"])
def test_bad_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DPA_NUM_THREADS", value)
    message = f"DPA_NUM_THREADS must be a number of at least 1, got {value!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(range(30_000))


def test_cores_by_default() -> None:
    assert 1 <= threads.thread_count() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_affinity() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert threads.allowed_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_without_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.allowed_cores() == 1


@pytest.mark.parametrize(("quota", "cores"), [(None, 4), (1, 1), (3, 3), (99, 4)])
def test_the_quota_cuts_the_cores(
    monkeypatch: pytest.MonkeyPatch, quota: int | None, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    monkeypatch.setattr(cgroup, "cores", lambda: quota)
    assert threads.allowed_cores() == cores


# ---- Processes ----

WANTED = range(50_000, 90_000)
#: Python 3.12 and up counts every thread of the process, those of NumPy's BLAS too.
FORKS = "ignore:.*multi-threaded, use of fork:DeprecationWarning"


def fingerprint(ids: range = WANTED, num_threads: int | None = None) -> tuple[str, int, int]:
    """What a process makes of some ids, how many threads it would use, and who it is."""
    batch = dpa.generate_augmentation_batch(ids, num_threads=num_threads)
    text = f"{batch.digests.sum()} {batch.rotation.sum().hex()} {batch[-1]}"
    return text, threads.thread_count(), os.getpid()


START_METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("num_threads", [None, 2])
def test_multiprocessing_children(method: str, num_threads: int | None) -> None:
    """A DataLoader worker is one: it has one thread unless it asks for more."""
    here, _, parent = fingerprint(num_threads=2)  # threads have been used before the fork
    with multiprocessing.get_context(method).Pool(1) as pool:
        there, count, child = pool.apply(fingerprint, (WANTED, num_threads))
    assert there == here
    assert count == 1
    assert child != parent


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.parametrize("method", START_METHODS)
def test_children_listen_to_the_variable(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPA_NUM_THREADS", "3")
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(threads.thread_count) == 3


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_fork_after_use() -> None:
    here = fingerprint(num_threads=2)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # must not come back to pytest
        try:
            there = fingerprint(num_threads=2)
            os.write(writing, repr(there[:2]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    assert found == repr(here[:2])


# ---- Ctrl-C ----

# A watching thread sends the signal, as a terminal does, when the call has begun; the call would
# take minutes to finish. What is printed is checked below.
INTERRUPTED = """
import os, signal, sys, threading
import dpa

signal.signal(signal.SIGINT, signal.default_int_handler)
deep = dpa.AugmentationConfig(augmentation_depth=10_000)
out = dpa.AugmentationBatch.empty(400_000)

def watch(begun):
    while not begun():
        pass
    os.kill(os.getpid(), signal.SIGINT)

def stack():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None:
        yield frame.f_code.co_name
        frame = frame.f_back

watcher = threading.Thread(target=watch, args=[lambda: BEGUN])
watcher.start()
try:
    CALL
    print("finished")
except KeyboardInterrupt:
    print("interrupted")
watcher.join()
print(threading.active_count(), out.digests[-1].any())
batch = dpa.generate_augmentation_batch(range(30_000), num_threads=2)
print(batch == dpa.generate_augmentation_batch(range(30_000), num_threads=1), batch[42]["rotation"])
"""
BATCH = "dpa.generate_augmentation_batch(range(400_000), deep, out=out, num_threads=%d)"
UNIFORMS = "dpa.generate_uniforms(range(400_000), 1, config=deep, num_threads=%d)"
IN_BATCH = "out.digests[0].any()"
IN_SPANS = "'work' in stack()"


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends a process there")
@pytest.mark.parametrize(
    ("call", "begun"),
    [
        (BATCH % 1, IN_BATCH),
        (BATCH % 2, IN_BATCH),
        (BATCH % 8, IN_BATCH),
        (UNIFORMS % 1, IN_SPANS),
        (UNIFORMS % 2, IN_SPANS),
        ("dpa.generate_augmentation_chain(400_000, deep)", IN_SPANS),
    ],
    ids=["batch-1", "batch-2", "batch-8", "uniforms-1", "uniforms-2", "chain"],
)
def test_ctrl_c(call: str, begun: str) -> None:
    program = INTERRUPTED.replace("CALL", call).replace("BEGUN", begun)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["interrupted", "1", "False", "True", "0.8235536351270127"]


def test_the_failure_of_one_span_stops_all_threads() -> None:
    main, taken = threading.get_ident(), []
    failed = threading.Event()

    def fill(first: int, count: int) -> None:
        taken.append(first)
        if threading.get_ident() != main and not failed.is_set():
            failed.set()
            raise MemoryError("in a span")
        failed.wait(timeout=60)

    with pytest.raises(MemoryError, match="in a span"):
        threads.run_spans(fill, 10**8, 20_001, 2)
    assert len(taken) < 10**8 // 32


LATE = """
import threading, dpa

def late():
    threading.main_thread().join()
    print(len(dpa.generate_augmentation_batch(range(30_000), num_threads=2)))

threading.Thread(target=late).start()
"""


def test_a_thread_that_outlives_the_main_one() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("30000\n", "")


def test_ctrl_c_while_threads_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that was started, but not yet known to be, makes nothing after the call."""
    start, over, late = threading.Thread.start, threading.Event(), []

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    def fill(first: int, count: int) -> None:
        if over.is_set():
            late.append(first)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        threads.run_spans(fill, 10**8, 20_001, 3)
    over.set()
    assert late == []
