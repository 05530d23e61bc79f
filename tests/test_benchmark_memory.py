"""Memory of blocks and calls; the sizes are far above what else a process does."""

import math
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from ballast import ballast

from dpa.batch import MB
from dpa.benchmark import measure_memory
from dpa.benchmark.memory import allocated

ONE_MB = 1_000_000


def ones(megabytes: int):
    """What an allocator counts: of resident memory an earlier test may have left as much."""
    return np.ones(megabytes * ONE_MB, np.uint8)


@pytest.fixture
def block_peaks():
    with measure_memory() as memory:
        pass
    if memory["peak_of"] != "block":
        pytest.skip("the system cannot set its high-water mark back")


def test_what_a_block_keeps_is_its_delta():
    with measure_memory() as memory:
        assert math.isnan(memory["delta_mb"])
        assert math.isnan(memory["after_mb"])
        assert math.isnan(memory["peak_mb"])
        kept = ballast(60)
    assert 50 < memory["delta_mb"] < 70
    assert memory["after_mb"] == pytest.approx(memory["before_mb"] + memory["delta_mb"])
    assert memory["peak_mb"] >= memory["after_mb"] - 5
    with measure_memory() as memory:
        del kept
    assert -70 < memory["delta_mb"] < -50


def test_the_peak_is_that_of_the_block(block_peaks):
    ballast(120)  # before: no part of it
    with measure_memory() as memory:
        ballast(60)
    assert 50 < memory["peak_mb"] - memory["before_mb"] < 80
    assert abs(memory["delta_mb"]) < 10


def test_a_nested_block_takes_no_peak_away(block_peaks):
    with measure_memory() as outer:
        ballast(100)
        with measure_memory() as inner:
            ballast(40)
    assert 90 < outer["peak_mb"] - outer["before_mb"] < 120
    assert 30 < inner["peak_mb"] - inner["before_mb"] < 60


def test_blocks_overlap_in_threads(block_peaks):
    started, grown = threading.Event(), threading.Event()
    found = {}

    def work() -> None:
        with measure_memory() as found["other"]:
            started.set()
            grown.wait()

    thread = threading.Thread(target=work)
    with measure_memory() as ours:
        ballast(80)
        thread.start()
        started.wait()
    ballast(40)
    grown.set()
    thread.join()
    assert 70 < ours["peak_mb"] - ours["before_mb"] < 100
    assert 30 < found["other"]["peak_mb"] - found["other"]["before_mb"] < 60


def refuse(*_: object, **__: object) -> None:
    raise PermissionError


def test_a_peak_of_the_lifetime_says_so(monkeypatch):
    monkeypatch.setattr(Path, "write_text", refuse)
    ballast(120)
    with measure_memory() as found:
        pass
    assert found["peak_of"] == "lifetime"
    assert found["peak_mb"] > found["before_mb"] + 50


def test_without_proc_the_peak_is_what_the_system_accounts(monkeypatch):
    pytest.importorskip("resource")
    monkeypatch.setattr(Path, "read_text", refuse)
    with measure_memory() as found:
        pass
    assert found["peak_mb"] > found["after_mb"] / 2  # may be a parent's, and is not set back


def test_a_block_that_fails_is_measured():
    with pytest.raises(KeyError), measure_memory() as found:
        raise KeyError
    assert found["peak_mb"] > 0
    assert not math.isnan(found["delta_mb"])


# ---- Allocations ----


def test_what_a_call_allocates_is_what_it_needs_at_a_time():
    ones(30)
    assert 30 <= allocated(lambda: ones(20) is ones(10)) < 31  # both, for a moment
    assert 20 <= allocated(lambda: ones(20)) < 21  # the result, too
    assert allocated(lambda: None) < 0.1
    assert not tracemalloc.is_tracing()


def test_a_trace_of_the_user_goes_on():
    tracemalloc.start()
    try:
        kept = ones(5)
        assert 2 <= allocated(lambda: ones(2)) < 3
        assert tracemalloc.is_tracing()
        assert tracemalloc.get_traced_memory()[0] >= kept.nbytes
    finally:
        tracemalloc.stop()


def test_tracing_ends_with_a_call_that_fails():
    with pytest.raises(ZeroDivisionError):
        allocated(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()


def test_a_megabyte_is_a_million_bytes():
    assert MB == ONE_MB


def test_psutil_is_imported_when_it_is_needed():
    program = (
        "import sys, dpa.benchmark\n"
        "print({'psutil', 'matplotlib'} & set(sys.modules))\n"
        "with dpa.benchmark.measure_memory(): pass\n"
        "print('psutil' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout.split("\n") == ["set()", "True", ""]
