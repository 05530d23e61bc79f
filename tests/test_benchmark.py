"""Times, statistics and records by a clock that a test moves; no speed is asserted."""

import importlib
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference

import dpa
from dpa.benchmark import (
    BenchmarkResult,
    Case,
    benchmark_cases,
    benchmark_function,
    machine,
    measure_time,
)

ROOT = Path(__file__).parents[1]


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def takes(self, *seconds: float):
        """A function whose calls take these seconds, the last of them for ever after."""
        left = list(seconds)

        def call() -> None:
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def test_measure_time_fills_its_dict_when_the_block_ends():
    with measure_time() as timer:
        assert math.isnan(timer["elapsed_seconds"])
        assert math.isnan(timer["cpu_seconds"])
        sum(range(100_000))
    assert timer["elapsed_seconds"] > 0
    assert timer["cpu_seconds"] >= 0


def test_measure_time_fills_its_dict_when_the_block_fails():
    with pytest.raises(KeyError), measure_time() as timer:
        raise KeyError
    assert timer["elapsed_seconds"] >= 0


def test_the_statistics_of_a_result():
    times = (3.0, 1.0, 2.0, 6.0)
    result = BenchmarkResult("x", times, samples_per_call=12)
    assert result.minimum_seconds == 1.0
    assert result.median_seconds == 2.5
    assert result.mean_seconds == 3.0
    assert result.stdev_seconds == statistics.stdev(times)
    assert result.best_samples_per_second == 12.0
    assert result.samples_per_second == 4.8
    assert BenchmarkResult("x", (1.5,)).stdev_seconds == 0.0


def test_the_warm_up_is_not_among_the_times():
    clock = Clock()
    function = clock.takes(7.0, 5.0, 1.0, 2.0, 3.0)
    result = benchmark_function(function, iterations=3, warmup_iterations=2, number=1, clock=clock)
    assert result.times_seconds == (1.0, 2.0, 3.0)


def test_a_time_is_the_average_of_its_calls():
    clock = Clock()
    function = clock.takes(1.0, 1.0, 3.0, 2.0, 6.0)
    result = benchmark_function(function, iterations=2, warmup_iterations=1, number=2, clock=clock)
    assert result.times_seconds == (2.0, 4.0)
    assert result.number == 2


@pytest.mark.parametrize(("seconds", "number"), [(0.25, 4), (0.75, 2), (5.0, 1), (0.0, 1)])
def test_as_many_calls_as_fill_the_minimum(seconds: float, number: int):
    clock = Clock()
    result = benchmark_function(clock.takes(seconds), minimum_seconds=1.0, clock=clock)
    assert result.number == number
    assert result.times_seconds == (seconds,) * 7


def test_cases_are_measured_in_turn_and_prepared_outside_the_time():
    clock, calls = Clock(), []

    def case(name: str, seconds: float) -> Case:
        def function() -> None:
            calls.append(name)
            clock.now += seconds

        def prepare() -> None:
            calls.append(f"prepare {name}")
            clock.now += 50.0

        return Case(name, function, 10, prepare, {"of": name})

    a, b = benchmark_cases(
        [case("a", 1.0), case("b", 4.0)],
        iterations=2,
        warmup_iterations=1,
        number=1,
        clock=clock,
    )
    assert calls == ["prepare a", "a", "prepare b", "b"] * 3
    assert (a.times_seconds, b.times_seconds) == ((1.0, 1.0), (4.0, 4.0))
    assert (a.name, a.samples_per_call, a.facts) == ("a", 10, {"of": "a"})


def test_what_a_function_returns_is_taken_apart_outside_the_time():
    clock = Clock()

    class Slow:
        def __del__(self) -> None:
            clock.now += 50.0

    result = benchmark_function(Slow, iterations=2, number=1, clock=clock)
    assert result.times_seconds == (0.0, 0.0)


def test_ratios_compare_the_times_of_one_round():
    slow = BenchmarkResult("slow", (2.0, 20.0, 3.0), samples_per_call=10)
    fast = BenchmarkResult("fast", (1.0, 10.0, 1.0), samples_per_call=20)
    assert fast.rate_against(slow) == (4.0, 4.0)
    assert slow.rate_against(fast) == (0.25, 0.25)
    with pytest.raises(ValueError, match="shorter"):
        fast.rate_against(BenchmarkResult("other", (1.0, 2.0)))


@pytest.mark.parametrize("argument", ["iterations", "warmup_iterations", "number"])
def test_counts_are_checked_before_anything_runs(argument: str):
    with pytest.raises(ValueError, match=f"{argument} must be at least 1, got 0"):
        benchmark_function(pytest.fail, **{argument: 0})


def test_a_result_is_named_after_its_function():
    assert benchmark_function(list, iterations=1, number=1).name == "list"
    assert benchmark_function(list, name="make", iterations=1, number=1).name == "make"


def test_records_survive_json():
    result = BenchmarkResult("x", (0.1, 1 / 3), 7, 1000, {"kernel": "shani", "depth": 10})
    record = json.loads(json.dumps(result.to_dict()))
    assert BenchmarkResult.from_dict(record) == result


def test_the_machine_is_recorded():
    found = machine()
    assert json.loads(json.dumps(found)) == found
    names = "cpu cpu_family architecture cores threads system compiler python numpy dpa kernel"
    assert set(names.split()) <= set(found)
    assert found["cores"] >= 1


# ---- bench ----


def bench(*arguments: str) -> str:
    """What `python -m bench --quick` prints."""
    command = [sys.executable, "-m", "bench", *arguments, "--quick"]
    run = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_a_report_has_every_section_and_can_be_written_again_from_its_records(tmp_path):
    page, again, records = (tmp_path / name for name in ("page.md", "again.md", "records.json"))
    bench("report", "--json", str(records), "--output", str(page))
    text = page.read_text(encoding="utf-8")
    for heading in ("Goals", "Kernels", "What users call", "Threads", "What users have instead"):
        assert f"\n## {heading}\n" in text
    for kernel in dpa.kernels():
        assert f"\n| {kernel} " in text
    assert "NaN" not in records.read_text(encoding="utf-8")
    bench("report", "--load", str(records), "--output", str(again))
    assert again.read_text(encoding="utf-8") == text


def test_a_section_joins_the_records_of_others(tmp_path):
    path = tmp_path / "records.json"
    assert "1 thread" in bench("scaling", "--json", str(path))
    assert "portable" in bench("kernels", "--json", str(path), "--ghz", "2.5")
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["scaling", "kernels"]
    assert "given by --ghz" in path.read_text(encoding="utf-8")


def test_peers_draw_in_the_ranges_and_by_the_id(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    peers = importlib.import_module("bench.peers")
    for draw in (peers.python_random, peers.blake2b, peers.default_rng, peers.philox):
        assert draw(7) == draw(7) != draw(8)
        check_ranges([draw(sample_id) for sample_id in range(100)])
    columns = peers.numpy_hash(np.arange(100, dtype=np.uint64))
    assert all(len(set(column.tolist())) == 100 for column in columns.values())
    rows = zip(*columns.values(), strict=True)
    check_ranges([dict(zip(columns, row, strict=True)) for row in rows])


def test_the_bounds_are_those_of_the_instructions(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    kernels = importlib.import_module("bench.kernels")
    assert kernels.bound_cycles("shani", 10, 25) == 21 * 32
    assert kernels.bound_cycles("shani", 10, 26) == 21 * 32 * 2
    assert kernels.bound_cycles("avx512", 10, 26) == 437.75
    for kernel, family in (("avx512", 25), ("avx2", 26), ("shani", 6), ("shani", None)):
        assert kernels.bound_cycles(kernel, 10, family) is None


def check_ranges(samples: list[dict]) -> None:
    config = dpa.get_preset("moderate")
    for name, (low, high) in zip(reference.NAMES, config.bounds, strict=True):
        values = [sample[name] for sample in samples]
        assert low <= min(values) < (low + high) / 2 < max(values) <= high
