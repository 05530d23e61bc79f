"""Drop-in: the tour of batches and benchmarks; their names and arguments are in test_dropin.py."""

import dataclasses
import math
import time

import psutil
import pytest
from ballast import MB, ballast
from clocks import Clock

import dpa
from dpa import batch, benchmark
from dpa.batch import (
    BatchConfig,
    BatchProcessor,
    BatchStrategy,
    MemoryAwareBatcher,
    MemoryInfo,
    MemoryReading,
)
from dpa.benchmark import (
    BenchmarkConfig,
    BenchmarkResult,
    BenchmarkRunner,
    PerformanceProfiler,
)
from dpa.host import cgroup

CONFIG = dpa.get_preset("moderate", sampler="mt19937")


def stream(size: int):
    return dpa.stream_augmentation_chain(size, CONFIG)


# ---- The guide's batches ----


def test_sequential_batches():
    config = BatchConfig(strategy=BatchStrategy.SEQUENTIAL, batch_size=32)
    processor = BatchProcessor(BatchStrategy.SEQUENTIAL, config)
    batches = list(processor.process_stream(stream(1000)))
    assert [len(made) for made in batches] == [32] * 31 + [8]
    assert [row for made in batches for row in made] == list(stream(1000))
    assert processor.strategy is BatchStrategy.SEQUENTIAL
    batches = processor.process_stream(param_generator=stream(10))
    assert len(next(batches)) == 10


def test_memory_optimized_batches_with_monitoring():
    config = BatchConfig(
        strategy=BatchStrategy.MEMORY_OPTIMIZED, max_memory_mb=2000, min_batch_size=8
    )
    processor = BatchProcessor(BatchStrategy.MEMORY_OPTIMIZED, config)
    sizes = []
    for made in processor.process_with_memory_monitoring(stream(5000)):
        usage = processor._memory_batcher.monitor_memory_usage()
        assert 0 < usage["percent_used"] < 100
        sizes.append(len(made))
    assert sum(sizes) == 5000
    assert min(sizes[:-1]) >= 8


def test_adaptive_batches():
    config = BatchConfig(strategy=BatchStrategy.ADAPTIVE, batch_size=16, adaptive_sizing=True)
    processor = BatchProcessor(BatchStrategy.ADAPTIVE, config)
    assert sum(map(len, processor.process_stream(stream(1000)))) == 1000


# ---- The limit is of a batch ----


def test_a_process_larger_than_max_memory_mb_is_not_refused():
    """Beside PyTorch or a data set in memory any process is."""
    held = ballast(150)
    for strategy in BatchStrategy:
        config = BatchConfig(strategy, max_memory_mb=100)
        processor = BatchProcessor(strategy, config)
        batches = list(processor.process_with_memory_monitoring(stream(100)))
        assert sum(map(len, batches)) == 100
        assert processor.metrics.memory_usage_mb > 100
    assert len(held)


def test_max_memory_mb_bounds_a_batch():
    config = BatchConfig("sequential", 32, max_memory_mb=10, sample_size_bytes=MB)
    batches = BatchProcessor("sequential", config).process_with_memory_monitoring(stream(25))
    assert [len(made) for made in batches] == [10, 10, 5]


def test_only_a_full_machine_or_cgroup_refuses(monkeypatch):
    processor = BatchProcessor("sequential", BatchConfig("sequential", 32, max_memory_mb=10**6))
    batches = processor.process_with_memory_monitoring(stream(100))
    monkeypatch.setattr(cgroup, "free_memory", lambda: 1000)
    with pytest.raises(MemoryError, match=r"32 samples of \d+ bytes .* 0.0 MB are available"):
        next(batches)
    monkeypatch.undo()
    assert len(next(batches)) == 32  # nothing was lost
    full = MemoryReading(rss_bytes=0, available_bytes=1000, total_bytes=10**10)
    processor = BatchProcessor("sequential", reader=lambda: full)
    with pytest.raises(MemoryError):
        next(processor.process_with_memory_monitoring(stream(100)))


# ---- The names of results ----


def test_a_profile():
    clock = Clock()
    profiler = PerformanceProfiler(enable_memory_tracking=True, clock=clock)

    @profiler.profile_function
    def generate(size):
        clock.now += 2.0
        return dpa.generate_augmentation_chain(size, CONFIG)

    generate(10)
    assert len(generate(20)) == 20
    [(name, result)] = profiler.get_profile_summary().items()
    assert name == result.operation_name == f"{__name__}.generate"  # "module.function"
    assert (result.call_count, result.total_time_seconds) == (2, 4.0)
    assert result.avg_time_per_call_ms == 2000.0
    assert result.memory_delta_mb < 100


def test_performance_metrics():
    clock = Clock()
    runner = BenchmarkRunner(BenchmarkConfig(4, 1, measure_memory=True), clock=clock)
    spend = clock.takes(1.0, 1.0, 2.0, 3.0, 6.0, 1.0)  # warm-up, four iterations, memory
    metrics = runner.benchmark_batch_processing(30, process_batch=lambda _: spend())
    assert metrics.total_time_seconds == 12.0
    assert metrics.avg_latency_ms == 100.0  # 3 s for 30 samples
    assert metrics.throughput_samples_per_second == 12.0  # at the median, 2.5 s
    assert 0 < metrics.memory_usage_mb < 1
    assert metrics.cpu_usage_percent >= 0


def test_a_benchmarked_function():
    clock = Clock()
    calls = clock.takes(9.0, 9.0, *[1.0, 1.0, 2.0, 4.0] * 10, 9.0)
    result = benchmark.benchmark_function(calls, 40, clock=clock)
    assert (result.function_name, result.iterations) == ("call", 40)
    assert result.total_time_seconds == 80.0
    assert (result.avg_time_seconds, result.median_time_seconds) == (2.0, 1.5)
    assert (result.min_time_seconds, result.max_time_seconds) == (1.0, 4.0)
    assert (result.avg_time_ms, result.min_time_ms, result.max_time_ms) == (2000, 1000, 4000)
    assert result.std_dev_seconds == result.stdev_seconds == pytest.approx(1.2403, abs=1e-4)
    assert result.throughput_ops_per_second == 0.5
    assert result.memory_usage_mb < 1
    assert result.cpu_usage_percent >= 0


def test_batch_metrics():
    clock = Clock()
    processor = BatchProcessor("sequential", clock=clock)
    for _ in processor.process_stream(stream(80)):
        clock.now += 2.0
    metrics = processor.metrics
    assert (metrics.total_batches, metrics.total_samples) == (3, 80)
    assert metrics.avg_batch_size == pytest.approx(80 / 3)
    assert (metrics.processing_time_seconds, metrics.throughput_samples_per_second) == (6, 80 / 6)
    assert math.isnan(metrics.memory_usage_mb)  # nothing asked for it


# ---- The keys of measurements ----


def test_measure_memory():
    with benchmark.measure_memory() as memory:
        assert memory["initial_rss_mb"] > 0
        assert math.isnan(memory["delta_rss_mb"])
        kept = ballast(60)
    for of in ("rss", "vms"):
        grown = memory[f"final_{of}_mb"] - memory[f"initial_{of}_mb"]
        assert memory[f"delta_{of}_mb"] == pytest.approx(grown)
        assert memory[f"delta_{of}_mb"] > 50
    assert memory["delta_mb"] == memory["delta_rss_mb"]
    used = memory["final_system_used_mb"] - memory["initial_system_used_mb"]
    assert memory["delta_system_mb"] == pytest.approx(used)
    assert memory["initial_system_available_mb"] > 0
    assert memory["final_system_available_mb"] > 0
    assert len(kept)


def test_measure_time():
    before = time.perf_counter()
    with benchmark.measure_time() as timer:
        assert before <= timer["start_time"]
        assert math.isnan(timer["end_time"])
    assert timer["end_time"] <= time.perf_counter()
    assert timer["elapsed_seconds"] == timer["end_time"] - timer["start_time"]
    assert timer["cpu_seconds"] >= 0


# ---- Exceptions ----


def bad_profile():
    PerformanceProfiler().end_profiling("never started")


def unmeasured():
    BenchmarkResult("x", (1.0,)).by_cpu_time()


@pytest.mark.parametrize(
    ("call", "name", "parent", "also"),
    [
        (lambda: BatchConfig("sequential", 0), "InvalidBatchConfigError", "Batch", ValueError),
        (lambda: BatchConfig("sequential", 2.5), "InvalidBatchConfigError", "Batch", TypeError),
        (lambda: BatchConfig("random"), "InvalidBatchConfigError", "Batch", ValueError),
        (lambda: MemoryAwareBatcher(-1), "InvalidBatchConfigError", "Batch", ValueError),
        (
            lambda: MemoryAwareBatcher().adjust_batch_size(9, sample_size_bytes=10**16),
            "MemoryLimitExceededError",
            "Batch",
            MemoryError,
        ),
        (
            lambda: BatchProcessor("sequential").process_stream(5),
            "InvalidStreamError",  # ours
            "Batch",
            TypeError,
        ),
        (lambda: BenchmarkConfig(0), "InvalidBenchmarkConfigError", "Benchmark", ValueError),
        (lambda: BenchmarkConfig("5"), "InvalidBenchmarkConfigError", "Benchmark", TypeError),
        (
            lambda: BenchmarkRunner().benchmark_generation(0),
            "InvalidBenchmarkConfigError",
            "Benchmark",
            ValueError,
        ),
        (
            lambda: BenchmarkRunner().benchmark_streaming(9, chunk_size=0),
            "InvalidBenchmarkConfigError",
            "Benchmark",
            ValueError,
        ),
        (
            lambda: BenchmarkRunner().compare_configurations(
                [{"name": "a", "type": "generation", "chunk_size": 9}]
            ),
            "InvalidBenchmarkConfigError",
            "Benchmark",
            TypeError,
        ),
        (
            lambda: benchmark.benchmark_function(5),
            "InvalidBenchmarkConfigError",
            "Benchmark",
            TypeError,
        ),
        (
            lambda: dpa.stream_augmentation_chain_batched(9, "sequential"),
            "InvalidBatchConfigError",
            "Batch",
            TypeError,
        ),
        (bad_profile, "ProfilingError", "Benchmark", ValueError),
        (
            lambda: PerformanceProfiler().profile_function(5),
            "ProfilingError",
            "Benchmark",
            TypeError,
        ),
        (unmeasured, "MeasurementError", "Benchmark", ValueError),
    ],
    ids=range(16),
)
def test_exceptions_have_the_originals_names(call, name, parent, also):
    room = batch if parent == "Batch" else benchmark
    base = batch.BatchProcessingError if parent == "Batch" else benchmark.BenchmarkError
    with pytest.raises(base) as caught:
        call()
    assert type(caught.value) is getattr(room, name)
    assert isinstance(caught.value, also)


# ---- Memory ----


def test_a_batch_size_is_adjusted_to_the_memory_used():
    """What the original answers to these."""
    adjust = MemoryAwareBatcher(1000, 1).adjust_batch_size
    assert adjust(100, {"percent_used": 50, "available_mb": 1000}) == 100
    assert adjust(100, {"percent_used": 75, "available_mb": 500}) == 100
    assert adjust(100, {"percent_used": 85, "available_mb": 75}) == 80
    assert adjust(100, {"percent_used": 95, "available_mb": 20}) == 80
    assert adjust(current_size=5000, memory_usage={"percent_used": 95}) == 4000
    halved = MemoryAwareBatcher(1000, 8, 0.5).adjust_batch_size
    assert [halved(size, {"percent_used": 95}) for size in (20, 10, 4)] == [10, 8, 4]
    batcher = MemoryAwareBatcher()
    assert batcher.adjust_batch_size(50, batcher.monitor_memory_usage()) in (50, 40)


def test_an_optimal_batch_has_no_cap():
    """512,000 there, whose MB has 1,048,576 bytes."""
    roomy = MemoryReading(10**9, 10**10)
    assert MemoryAwareBatcher(reader=lambda: roomy).calculate_optimal_batch_size(1024) == 488_281


def test_the_memory_of_the_system():
    usage = MemoryAwareBatcher(1000).monitor_memory_usage()
    assert usage["used_mb"] + usage["available_mb"] == pytest.approx(usage["total_mb"])
    info = batch.get_memory_usage()
    assert isinstance(info, MemoryInfo)
    assert info.total_mb == usage["total_mb"] <= psutil.virtual_memory().total / MB
    assert info.percent_used == pytest.approx(usage["percent_used"], abs=10)


def test_memory_monitor():
    with batch.memory_monitor(1000) as monitor:
        assert monitor.monitor_memory_usage()["limit_mb"] == 1000
    with (
        pytest.raises(batch.MemoryLimitExceededError, match=r"max_memory_mb=20"),
        batch.memory_monitor(max_memory_mb=20),
    ):
        kept = ballast(60)
    assert len(kept)


# ---- Configurations beside each other ----


@pytest.fixture(scope="module")
def runner():
    return BenchmarkRunner(BenchmarkConfig(iterations=3, warmup_iterations=1))


def test_configurations_are_compared(runner):
    report = runner.compare_configurations(
        [
            {"name": "a", "type": "generation", "num_samples": 90},
            {"name": "b", "type": "streaming", "num_samples": 90, "chunk_size": 30},
            {"name": "c", "type": "batch", "batch_config": BatchConfig("adaptive")},
        ]
    )
    assert (report.baseline_config, report.comparison_configs) == ("a", ["b", "c"])
    assert list(report.metrics_comparison) == ["b", "c"]
    assert report.metrics_comparison["b"].throughput_samples_per_second > 0
    rates = [found.result.samples_per_second for found in report.comparisons]
    gains = [100 * (rate / rates[0] - 1) for rate in rates[1:]]
    assert list(report.performance_improvements) == ["b", "c"]
    assert list(report.performance_improvements.values()) == pytest.approx(gains)
    assert len(report.recommendations) == 2
    assert all(" a" in text for text in report.recommendations)
    text = runner.generate_performance_report(report)
    assert text == runner.generate_performance_report(report, "text") == str(report)
    assert runner.generate_performance_report(report, format_type="json") == report.to_json()
    wanted = BenchmarkRunner(BenchmarkConfig(1, 0, True, True, "json"))
    assert wanted.generate_performance_report(comparison_report=report) == report.to_json()


def test_benchmarks_of_the_original(runner):
    runner.clear_results_history()
    generation = runner.benchmark_generation(50, CONFIG)
    streaming = runner.benchmark_streaming(50, 10)
    batches = runner.benchmark_batch_processing(50)
    assert runner.get_results_history() == [generation, streaming, batches]
    assert batches.throughput_samples_per_second > 0
    profile = runner.profiler.get_profile_summary()
    assert profile[streaming.result.name].total_time_seconds > streaming.total_time_seconds
    runner.clear_results_history()
    assert runner.get_results_history() == []


# ---- The profiler ----


def test_operations_overlap_start_again_and_are_reset():
    clock = Clock()
    profiler = PerformanceProfiler(clock=clock)
    profiler.start_profiling("a")
    clock.now += 1.0
    profiler.start_profiling(operation_name="b")
    clock.now += 1.0
    assert profiler.end_profiling("a").total_time_seconds == 2.0
    clock.now += 1.0
    profiler.start_profiling("b")
    clock.now += 5.0
    result = profiler.end_profiling(operation_name="b")
    assert (result.call_count, result.total_time_seconds) == (1, 5.0)
    profiler.reset()
    assert profiler.get_profile_summary() == {}


# ---- Iterators and configs ----


def test_batches_can_be_closed():
    batches = BatchProcessor("sequential").process_stream(stream(100))
    next(batches)
    batches.close()
    with pytest.raises(StopIteration):
        next(batches)


def test_min_batch_size_alone():
    config = BatchConfig(BatchStrategy.MEMORY_OPTIMIZED, min_batch_size=64)
    assert (config.batch_size, config.min_batch_size) == (None, 64)
    config = BatchConfig(BatchStrategy.ADAPTIVE, min_batch_size=64)
    batches = BatchProcessor(BatchStrategy.ADAPTIVE, config).process_stream(stream(100))
    assert [len(made) for made in batches] == [64, 36]


@pytest.mark.parametrize("strategy", BatchStrategy)
def test_configs_can_be_replaced(strategy):
    config = dataclasses.replace(BatchConfig(strategy), min_batch_size=64)
    assert config == BatchConfig(strategy, min_batch_size=64)
    assert dataclasses.replace(config, batch_size=128).batch_size == 128
    with pytest.raises(batch.InvalidBatchConfigError, match="at least min_batch_size 64, got 8"):
        dataclasses.replace(config, batch_size=8)


# ---- Dealt out in turn ----


def test_round_robin():
    """As the original's guide shows for a full window; the rest goes to as few batches as can be.

    The original's guide deals 8 samples to 4 batches of 2 (docs/batch.md says why not here).
    """

    def dealt(samples, size):
        processor = BatchProcessor("round_robin", BatchConfig("round_robin", size))
        return list(processor.process_stream(iter(samples)))

    assert dealt(range(4), 2) == [[0, 2], [1, 3]]
    assert dealt(range(16), 4) == [list(range(first, 16, 4)) for first in range(4)]
    assert dealt(range(8), 4) == [[0, 2, 4, 6], [1, 3, 5, 7]]
