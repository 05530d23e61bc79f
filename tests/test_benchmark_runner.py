"""Benchmarks of dpa, by clocks that a test moves."""

import dataclasses
import json
import math
import time

import pytest
from clocks import Clock

import dpa
from dpa.batch import BatchConfig, BatchStrategy
from dpa.benchmark import (
    BenchmarkConfig,
    BenchmarkResult,
    BenchmarkRunner,
    Case,
    Measurements,
    PerformanceMetrics,
)
from dpa.space import Choice, Cosine, LogUniform, Normal, Space, Uniform, sometimes

MILD = dpa.get_preset("mild")
SPACE = Space(
    angle=Uniform(-30, 30), blur=sometimes(0.5, sigma=LogUniform(0.1, 2)), op=Choice(["a", "b"])
)


class Steps:
    """A clock that moves by these seconds between two looks at it, over and over."""

    def __init__(self, *steps: float) -> None:
        self.steps = steps
        self.looks = 0

    def __call__(self) -> float:
        now = sum(self.steps[look % len(self.steps)] for look in range(self.looks))
        self.looks += 1
        return now


def runs(**changes) -> BenchmarkRunner:
    """Each run takes 2 seconds, of which the CPU works one."""
    config = BenchmarkConfig(**{"iterations": 3, "warmup_iterations": 1, **changes})
    return BenchmarkRunner(config, clock=Steps(2.0, 100.0), cpu_clock=Steps(1.0, 50.0))


# ---- BenchmarkConfig ----


def test_the_config_of_the_guide():
    config = BenchmarkConfig(
        iterations=50, warmup_iterations=5, measure_memory=True, measure_cpu=True
    )
    assert (config.iterations, config.warmup_iterations) == (50, 5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.iterations = 3


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("iterations", 0, "iterations must be at least 1, got 0"),
        ("iterations", 1.5, "iterations must be an integer, got 1.5"),
        ("warmup_iterations", -1, "warmup_iterations must be at least 0, got -1"),
        ("measure_memory", 1, "measure_memory must be True or False, got 1"),
        ("measure_cpu", None, "measure_cpu must be True or False, got None"),
        ("minimum_seconds", -1.0, "minimum_seconds must be 0 or more, got -1.0"),
        ("minimum_seconds", math.inf, "minimum_seconds must be 0 or more, got inf"),
        ("minimum_seconds", "1", "minimum_seconds must be a number, got '1'"),
        ("output_format", "csv", "output_format must be one of text, markdown, json, got 'csv'"),
        ("confidence", None, "confidence must be a number, got None"),
        ("confidence", 95, "confidence must be between 0 and 1, got 95"),
        ("confidence", 0.0, "confidence must be between 0 and 1, got 0.0"),
        ("confidence", math.nan, "confidence must be 0 or more, got nan"),
    ],
)
def test_a_bad_field_is_named(field: str, value: object, message: str):
    with pytest.raises((TypeError, ValueError), match=message):
        BenchmarkConfig(**{field: value})


def test_a_runner_takes_a_benchmark_config_alone():
    assert BenchmarkRunner().config == BenchmarkConfig()
    with pytest.raises(TypeError, match="config must be a BenchmarkConfig, got 50"):
        BenchmarkRunner(50)


# ---- The figures ----


def test_the_figures_of_a_run():
    metrics = runs().benchmark_generation(500, MILD)
    assert metrics.throughput_samples_per_second == 250.0
    assert metrics.throughput_interval == (250.0, 250.0)
    assert metrics.cpu_usage_percent == 50.0
    assert (metrics.median_seconds, metrics.minimum_seconds) == (2.0, 2.0)
    assert metrics.stdev_seconds == 0.0
    assert 0.1 < metrics.memory_usage_mb < 2  # 500 dicts of some 0.5 kB
    assert metrics.result.times_seconds == (2.0,) * 3
    assert metrics.result.facts["config"] == MILD.to_dict()


def test_the_interval_is_of_the_median():
    metrics = PerformanceMetrics(BenchmarkResult("x", (1.0, 2.0, 3.0, 4.0, 5.0), 1, 12), 0.9)
    low, high = metrics.median_interval
    assert 1.0 <= low < metrics.median_seconds == 3.0 < high <= 5.0
    assert metrics.throughput_interval == (12 / high, 12 / low)


def test_what_is_not_measured_is_nan_which_can_be_formatted():
    metrics = runs(measure_memory=False, measure_cpu=False).benchmark_generation(10)
    figures = f"{metrics.memory_usage_mb:.1f} {metrics.cpu_usage_percent:.1f}"
    assert figures == "nan nan"


def test_all_figures_by_name():
    found = runs().benchmark_streaming(100).to_dict()
    assert found["name"] == "stream of dicts"
    assert found["throughput_samples_per_second"] == 50.0
    assert found["times_seconds"] == [2.0, 2.0, 2.0]
    assert set(found) == {
        *["name", "times_seconds", "throughput_samples_per_second", "throughput_interval"],
        *["memory_usage_mb", "cpu_usage_percent", "median_seconds", "median_interval"],
        *["minimum_seconds", "stdev_seconds", "avg_latency_ms"],
    }
    json.dumps(found, allow_nan=False)


def test_nothing_sleeps_and_the_cpu_is_that_of_the_runs(monkeypatch):
    """The original asked for the CPU's use while it slept between two looks."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds} s"))
    clock, cpu = Clock(), Clock()

    def consume(_: object) -> None:
        clock.now += 1.0
        cpu.now += 1.5  # of several threads

    config = BenchmarkConfig(iterations=4, measure_memory=False)
    runner = BenchmarkRunner(config, clock=clock, cpu_clock=cpu)
    assert runner.benchmark_batch_processing(10, process_batch=consume).cpu_usage_percent == 150.0


def test_the_memory_run_is_outside_the_times():
    clock = Clock()
    consume = clock.takes(1.0, 1.0, 1.0, 50.0)  # the fourth run is for the memory
    config = BenchmarkConfig(iterations=2, warmup_iterations=1)
    runner = BenchmarkRunner(config, clock=clock)
    metrics = runner.benchmark_batch_processing(10, process_batch=lambda _: consume())
    assert metrics.result.times_seconds == (1.0, 1.0)
    assert clock.now == 153.0


# ---- What is counted ----


def test_streaming_counts_samples():
    metrics = runs(measure_memory=False).benchmark_streaming(1234, chunk_size=100)
    assert metrics.throughput_samples_per_second == 617.0


@pytest.mark.parametrize("strategy", BatchStrategy)
def test_batches_are_counted_by_their_samples(strategy: BatchStrategy):
    """The original divided the number of batches by the time."""
    sizes: list[int] = []
    metrics = runs(measure_memory=False).benchmark_batch_processing(
        1000, BatchConfig(strategy, batch_size=32), process_batch=lambda b: sizes.append(len(b))
    )
    assert metrics.throughput_samples_per_second == 500.0
    assert sum(sizes) == 4 * 1000  # a warm-up and three runs
    assert len(sizes) < 4 * 100


def test_batches_may_be_dropped():
    metrics = runs().benchmark_batch_processing(5000, BatchConfig("sequential"), MILD)
    assert metrics.throughput_samples_per_second == 2500.0
    assert metrics.memory_usage_mb < 3  # of a chunk, not of all


def test_a_rank_counts_its_own_samples():
    metrics = runs(measure_memory=False).benchmark_distributed(103, 0, 4, MILD)
    assert metrics.throughput_samples_per_second == 13.0


def test_the_rank_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert runs().benchmark_distributed(103).throughput_samples_per_second == 12.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.benchmark_generation(0), "num_samples must be at least 1, got 0"),
        (lambda r: r.benchmark_generation("9"), "num_samples must be an integer, got '9'"),
        (lambda r: r.benchmark_generation(9, "mild"), "config must be an Aug.*, got 'mild'"),
        (lambda r: r.benchmark_streaming(-1), "num_samples must be at least 1, got -1"),
        (lambda r: r.benchmark_streaming(9, 0), "chunk_size must be at least 1, got 0"),
        (
            lambda r: r.benchmark_batch_processing(-2, BatchConfig("adaptive")),
            "num_samples must be at least 1, got -2",
        ),
        (
            lambda r: r.benchmark_batch_processing(9, BatchStrategy.ADAPTIVE),
            "batch_config must be a BatchConfig, got <BatchStrategy.ADAPTIVE",
        ),
        (
            lambda r: r.benchmark_batch_processing(9, BatchConfig("adaptive"), None, 7),
            "process_batch must be a function, got 7",
        ),
        (lambda r: r.benchmark_distributed(9, 4, 4), "rank must be below world_size 4, got 4"),
        (
            lambda r: r.compare_configurations({"a": MILD}, threshold=-1),
            "threshold must be 0 or more, got -1",
        ),
        (lambda r: r.compare_configurations({}), "configs must name at least one config"),
        (lambda r: r.compare_configurations([]), "at least one config, got none"),
        (lambda r: r.compare_configurations(7), "configs must be a dict .* got 7"),
        (lambda r: r.compare_configurations(["ab"]), "must be dicts with a name .* got 'ab'"),
        (
            lambda r: r.compare_configurations([{"name": "a", "type": "b"}]),
            "type must be one of generation, streaming, .* got 'b'",
        ),
        (
            lambda r: r.compare_configurations([{"name": "a", "type": "columns", "chunks": 1}]),
            "unexpected keyword argument 'chunks'",
        ),
        (lambda r: r.generate_performance_report(None, "csv"), "format_type .* got 'csv'"),
    ],
)
def test_bad_arguments_are_named_before_anything_runs(call, message: str):
    runner = BenchmarkRunner(clock=lambda: pytest.fail("it runs"))
    with pytest.raises((TypeError, ValueError), match=message):
        call(runner)


# ---- compare_configurations ----


def test_configurations_are_compared_with_the_first():
    clock, order = Clock(), []

    def consumer(seconds: float):
        def consume(batch: list) -> None:
            order.append((seconds, len(batch)))
            clock.now += seconds

        return consume

    measuring = BenchmarkConfig(iterations=2, warmup_iterations=0, measure_memory=False)
    configs = [
        {"name": str(seconds), "type": "batch", "process_batch": consumer(seconds)}
        for seconds in (1.0, 1.02, 4.0)
    ]
    report = BenchmarkRunner(measuring, clock=clock).compare_configurations(configs, 20)
    assert order == [(1.0, 20), (1.02, 20), (4.0, 20)] * 2  # in turn
    assert [found.result.name for found in report.comparisons] == ["1.0", "1.02", "4.0"]
    assert [found.verdict for found in report.comparisons] == ["uncompared", "same", "slower"]
    assert [found.ratio for found in report.comparisons[1:]] == [pytest.approx(1.02), 4.0]
    assert all(found.baseline.name == "1.0" for found in report.comparisons[1:])


def test_configs_by_name_are_of_generation():
    configs = {f"depth {d}": MILD.replace(augmentation_depth=d) for d in (1, 10)}
    report = runs(measure_memory=False).compare_configurations(configs, 700)
    assert [found.result.name for found in report.comparisons] == list(configs)
    facts = [found.result.facts["config"] for found in report.comparisons]
    assert facts == [config.to_dict() for config in configs.values()]
    assert report.comparisons[0].result.samples_per_second == 350.0


@pytest.mark.parametrize(("threshold", "verdict"), [(0.5, "slower"), (1.5, "same")])
def test_the_threshold_of_configurations(threshold: float, verdict: str):
    measuring = BenchmarkConfig(iterations=2, measure_memory=False)
    steps = Steps(1.0, 0.0, 2.0, 0.0)  # every second run takes twice as long
    compare = BenchmarkRunner(measuring, clock=steps).compare_configurations
    report = compare({"a": MILD, "b": MILD}, 10, threshold=threshold)
    assert [found.verdict for found in report.comparisons] == ["uncompared", verdict]


def test_the_run_for_memory_is_prepared_like_all_others():
    items = []
    case = Case("pop", lambda: items.pop(), prepare=lambda: items.append(1))
    [result] = BenchmarkRunner(BenchmarkConfig(3, 1)).measure([case])
    assert result.facts["memory_mb"] >= 0


# ---- Spaces ----


@pytest.mark.parametrize(
    "measure",
    [
        lambda runner: runner.benchmark_generation(20, SPACE),
        lambda runner: runner.benchmark_streaming(20, 7, SPACE),
        lambda runner: runner.benchmark_batch_processing(20, None, SPACE, list),
        lambda runner: runner.benchmark_distributed(40, 1, 2, SPACE),
    ],
    ids=["generation", "streaming", "batches", "distributed"],
)
def test_a_space_is_measured_and_its_declaration_recorded(measure):
    result = measure(runs(measure_memory=False)).result
    assert result.samples_per_call == 20
    assert result.facts["config"] == SPACE.to_dict()
    assert Space.from_dict(result.facts["config"]) == SPACE


def test_the_record_of_a_space_loads(tmp_path):
    runner = runs(measure_memory=False)
    report = runner.compare_configurations({"space": SPACE, "config": MILD}, 20)
    found = Measurements.taken("dpa bench", lambda: [one.result for one in report.comparisons])
    path = tmp_path / "record.json"
    path.write_text(found.to_json())
    loaded = Measurements.from_file(path)
    assert [dict(result.facts) for result in loaded.results] == [
        {"config": SPACE.to_dict()},
        {"config": MILD.to_dict()},
    ]
    assert "| space" in report.to_markdown()


def test_a_space_with_schedules_is_refused_by_name():
    space = Space(x=Normal(0, Cosine(1, 2, 3)))
    with pytest.raises(ValueError, match="say epoch=, on which the space depends: 'x'"):
        runs().benchmark_generation(10, space)
