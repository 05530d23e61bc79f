"""Benchmarks of dpa itself, with what chance makes of their figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from dpa.batch import BatchConfig, Clock
from dpa.benchmark import cases
from dpa.benchmark.bootstrap import checked_confidence
from dpa.benchmark.comparison import ComparisonReport
from dpa.benchmark.errors import InvalidBenchmarkConfigError
from dpa.benchmark.profiler import PerformanceProfiler
from dpa.benchmark.results import BenchmarkResult, PerformanceMetrics
from dpa.benchmark.timing import Case, benchmark_cases
from dpa.checks import amount, boolean, positive, raised_as
from dpa.derivation.config import AugmentationConfig

FORMATS: Mapping[str, Callable[[ComparisonReport], str]] = {
    "text": ComparisonReport.to_text,
    "markdown": ComparisonReport.to_markdown,
    "json": ComparisonReport.to_json,
}


def checked_format(name: str, value: str) -> str:
    """`value`, which must be the name of a format."""
    if value not in [*FORMATS]:  # it may be unhashable
        raise InvalidBenchmarkConfigError(
            f"{name} must be one of {', '.join(FORMATS)}, got {value!r}"
        )
    return value


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """How to measure.

    Parameters
    ----------
    iterations
        Measurements, each of one run of the work, or of as many as fill `minimum_seconds`.
    warmup_iterations
        Runs before them that do not count.
    measure_memory
        Costs one more run.
    measure_cpu
        Whether to keep the CPU times.
    output_format
        Of generate_performance_report: "text", "markdown" or "json".
    minimum_seconds
        The least that a measurement takes.
    confidence
        Of the intervals, between 0 and 1.

    Raises
    ------
    InvalidBenchmarkConfigError
        A ValueError and TypeError, which names the field.
    """

    iterations: int = 10
    warmup_iterations: int = 2
    measure_memory: bool = True
    measure_cpu: bool = True
    output_format: str = "text"
    _: KW_ONLY
    minimum_seconds: float = 0.0
    confidence: float = 0.95

    @raised_as(InvalidBenchmarkConfigError)
    def __post_init__(self) -> None:
        for name, least in (("iterations", 1), ("warmup_iterations", 0)):
            object.__setattr__(self, name, positive(name, getattr(self, name), least))
        for name in ("measure_memory", "measure_cpu"):
            boolean(name, getattr(self, name))
        checked_format("output_format", self.output_format)
        amount("minimum_seconds", self.minimum_seconds)
        checked_confidence(self.confidence)


class BenchmarkRunner:
    """Measures dpa's ways to make samples; rates count samples.

    `profiler` tells how long each benchmark took in all, warm-up and memory included.
    `clock` and `cpu_clock` tell seconds: of a wall clock, and of the process's CPU time.

    >>> runner = BenchmarkRunner(BenchmarkConfig(iterations=5))
    >>> metrics = runner.benchmark_generation(1000)
    >>> metrics.throughput_samples_per_second > 0
    True
    """

    def __init__(
        self,
        config: BenchmarkConfig | None = None,
        *,
        clock: Clock = time.perf_counter,
        cpu_clock: Clock = time.process_time,
    ) -> None:
        if not isinstance(config, BenchmarkConfig | None):
            raise InvalidBenchmarkConfigError(f"config must be a BenchmarkConfig, got {config!r}")
        self.config = config or BenchmarkConfig()
        self.profiler = PerformanceProfiler(self.config.measure_memory)
        self._history: list[PerformanceMetrics] = []
        self._clock = clock
        self._cpu_clock = cpu_clock

    def benchmark_generation(
        self, num_samples: int, config: AugmentationConfig | None = None
    ) -> PerformanceMetrics:
        """generate_augmentation_chain(num_samples, config): a list of dicts."""
        return self._metrics(cases.generation(num_samples, config))

    def benchmark_streaming(
        self,
        num_samples: int,
        chunk_size: int = 1000,
        config: AugmentationConfig | None = None,
    ) -> PerformanceMetrics:
        """stream_augmentation_chain(num_samples, config), each dict dropped at once."""
        return self._metrics(cases.streaming(num_samples, chunk_size, config))

    def benchmark_batch_processing(
        self,
        num_samples: int,
        batch_config: BatchConfig | None = None,
        config: AugmentationConfig | None = None,
        process_batch: Callable[[Any], object] | None = None,
    ) -> PerformanceMetrics:
        """Batches of a stream of `num_samples` dicts; the rate counts samples.

        `batch_config`: None is 32 at a time. `process_batch`: called with each batch, a part
        of what is measured; without it batches are dropped. One BatchProcessor makes them
        all, so that ADAPTIVE goes on with what it learned in the warm-up.
        """
        case = cases.batch_processing(num_samples, batch_config, config, process_batch)
        return self._metrics(case)

    def benchmark_distributed(
        self,
        num_samples: int,
        rank: int | None = None,
        world_size: int | None = None,
        config: AugmentationConfig | None = None,
    ) -> PerformanceMetrics:
        """The stream of this process's rank; its share of `num_samples` is what counts.

        In a job every rank calls it, and their rates add up. `rank` and `world_size` as
        for stream_distributed_augmentation_chain.
        """
        return self._metrics(cases.distributed(num_samples, rank, world_size, config))

    def compare_configurations(
        self,
        configs: Mapping[str, AugmentationConfig] | Iterable[Mapping[str, Any]],
        num_samples: int = 5000,
        *,
        threshold: float = 0.1,
    ) -> ComparisonReport:
        """Benchmarks measured in turn, beside the first one.

        Parameters
        ----------
        configs
            AugmentationConfigs by name, for benchmark_generation; or, as in the original,
            dicts with `name`, `type` ("generation", "streaming", "batch" or "distributed")
            and arguments of that benchmark.
        num_samples
            Of each that does not say its own.
        threshold
            As for ComparisonReport.compare.

        Raises
        ------
        InvalidBenchmarkConfigError
            A ValueError and TypeError: there are none, or they are something else.
        """
        if isinstance(configs, Mapping):
            named = configs.items()
            configs = [{"name": name, "type": "generation", "config": c} for name, c in named]
        elif not isinstance(configs, Iterable):
            raise InvalidBenchmarkConfigError(
                f"configs must be a dict of configs by name or a list of dicts, got {configs!r}"
            )
        described = [cases.described(each, num_samples) for each in configs]
        if not described:
            raise InvalidBenchmarkConfigError("configs must name at least one config, got none")
        with raised_as(InvalidBenchmarkConfigError):
            amount("threshold", threshold)
        first, *others = self.measure(described)
        pairs = [(first, None), *((other, first) for other in others)]
        return ComparisonReport.of_pairs(pairs, threshold, self.config.confidence)

    def generate_performance_report(
        self, comparison_report: ComparisonReport, format_type: str | None = None
    ) -> str:
        """The report as "text", "markdown" or "json"; None is the config's output_format."""
        name = self.config.output_format if format_type is None else format_type
        return FORMATS[checked_format("format_type", name)](comparison_report)

    def get_results_history(self) -> list[PerformanceMetrics]:
        """What this runner has measured, in order."""
        return [*self._history]

    def clear_results_history(self) -> None:
        """Forgets what was measured."""
        self._history.clear()

    def measure(self, measured: Sequence[Case]) -> list[BenchmarkResult]:
        """The cases in turn (A B A B), as the config says."""
        with self.profiler.profile_context(", ".join(case.name for case in measured)):
            results = benchmark_cases(
                measured,
                iterations=self.config.iterations,
                warmup_iterations=self.config.warmup_iterations,
                minimum_seconds=self.config.minimum_seconds,
                measure_memory=self.config.measure_memory,
                clock=self._clock,
                cpu_clock=self._cpu_clock,
            )
        if not self.config.measure_cpu:
            results = [replace(result, cpu_seconds=()) for result in results]
        self._history += [PerformanceMetrics(r, self.config.confidence) for r in results]
        return results

    def _metrics(self, case: Case) -> PerformanceMetrics:
        self.measure([case])
        return self._history[-1]
