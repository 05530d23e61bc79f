"""Times, statistics and records by a clock that a test moves; no speed is asserted."""

import json
import math
import statistics

import pytest
from clocks import Clock

from dpa.benchmark import (
    BenchmarkResult,
    Case,
    benchmark_cases,
    benchmark_function,
    machine,
    measure_time,
)


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


def test_the_cpu_time_is_read_by_its_own_clock():
    clock, cpu = Clock(), Clock()

    def function() -> None:
        clock.now += 4.0
        cpu.now += 6.0  # of two threads

    result = benchmark_function(function, iterations=2, number=2, clock=clock, cpu_clock=cpu)
    assert result.times_seconds == (4.0, 4.0)
    assert result.cpu_seconds == (6.0, 6.0)


def test_without_a_warm_up_a_measurement_is_of_one_call():
    clock = Clock()
    function = clock.takes(0.25)
    result = benchmark_function(
        function, iterations=3, warmup_iterations=0, minimum_seconds=1.0, clock=clock
    )
    assert (result.number, result.times_seconds) == (1, (0.25,) * 3)


def test_the_memory_of_a_call():
    assert 20 < benchmark_function(lambda: bytearray(20_000_000), 1).memory_usage_mb < 21
    assert math.isnan(benchmark_function(list, 1, measure_memory=False).memory_usage_mb)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("iterations", 0, "iterations must be at least 1, got 0"),
        ("warmup_iterations", -1, "warmup_iterations must be at least 0, got -1"),
        ("number", 0, "number must be at least 1, got 0"),
        ("iterations", 2.0, "iterations must be an integer, got 2.0"),
        ("number", True, "number must be an integer, got True"),
        ("measure_memory", 1, "measure_memory must be True or False, got 1"),
        ("minimum_seconds", math.nan, "minimum_seconds must be 0 or more, got nan"),
    ],
)
def test_counts_are_checked_before_anything_runs(argument: str, value: float, message: str):
    with pytest.raises((TypeError, ValueError), match=message):
        benchmark_function(pytest.fail, **{argument: value})


def test_a_result_is_named_after_its_function():
    assert benchmark_function(list, iterations=1, number=1).name == "list"
    assert benchmark_function(list, name="make", iterations=1, number=1).name == "make"


def test_records_survive_json():
    facts = {"kernel": "shani", "depth": 10}
    result = BenchmarkResult("x", (0.1, 1 / 3), 7, 1000, facts, (0.2, 0.3))
    record = json.loads(json.dumps(result.to_dict()))
    assert BenchmarkResult.from_dict(record) == result
    del record["cpu_seconds"]  # the records of version 0.1
    assert BenchmarkResult.from_dict(record).cpu_seconds == ()


def test_the_machine_is_recorded():
    found = machine()
    assert json.loads(json.dumps(found)) == found
    names = "cpu cpu_family architecture cores threads system compiler python numpy dpa kernel"
    assert set(names.split()) <= set(found)
    assert found["cores"] >= 1
