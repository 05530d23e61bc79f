"""Benchmarks of dpa itself, with confidence intervals."""

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
from dpa.derivation.space import Space

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
        Measurements; each times one run of the work, or as many as take minimum_seconds.
    warmup_iterations
        Runs before the first measurement, which do not count.
    measure_memory
        Whether to measure memory, which takes one more run.
    measure_cpu
        Whether to keep the CPU times.
    output_format
        The default of generate_performance_report: "text", "markdown" or "json".
    minimum_seconds
        The least that a measurement takes.
    confidence
        The confidence of the intervals, between 0 and 1.

    Raises
    ------
    InvalidBenchmarkConfigError
        A field is bad; a ValueError and a TypeError. The message names the field.
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
    """Measures dpa's ways to generate samples; rates count samples.

    `profiler` has the whole time of each benchmark, including warm-up and the memory run.

    Parameters
    ----------
    config
        How to measure; None is BenchmarkConfig().
    clock
        Returns seconds of wall-clock time.
    cpu_clock
        Returns seconds of the process's CPU time.

    Raises
    ------
    InvalidBenchmarkConfigError
        config is not a BenchmarkConfig; a ValueError and a TypeError.

    Examples
    --------
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
        self, num_samples: int, config: Space | None = None
    ) -> PerformanceMetrics:
        """Measures generate_augmentation_chain(num_samples, config): a list of dicts."""
        return self._metrics(cases.generation(num_samples, config))

    def benchmark_streaming(
        self,
        num_samples: int,
        chunk_size: int = 1000,
        config: Space | None = None,
    ) -> PerformanceMetrics:
        """Measures stream_augmentation_chain; each dict is dropped immediately.

        Parameters
        ----------
        num_samples
            Samples per run; at least 1.
        chunk_size
            Samples made at a time; None is 1,000. The samples do not depend on it.
        config
            What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".

        Returns
        -------
        PerformanceMetrics
            The figures of this benchmark.

        Raises
        ------
        InvalidBenchmarkConfigError
            num_samples or config is bad; a ValueError and a TypeError.
        StreamingError
            chunk_size is bad; a ValueError and a TypeError.
        """
        return self._metrics(cases.streaming(num_samples, chunk_size, config))

    def benchmark_batch_processing(
        self,
        num_samples: int,
        batch_config: BatchConfig | None = None,
        config: Space | None = None,
        process_batch: Callable[[Any], object] | None = None,
    ) -> PerformanceMetrics:
        """Measures batches of a stream of dicts; the rate counts samples.

        All runs share one BatchProcessor, so ADAPTIVE keeps what it learned in the warm-up.

        Parameters
        ----------
        num_samples
            Samples per run; at least 1.
        batch_config
            How to make the batches; None is 32 consecutive samples each.
        config
            What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
        process_batch
            Called with each batch, and part of the measured work. None drops the batches.

        Returns
        -------
        PerformanceMetrics
            The figures of this benchmark.

        Raises
        ------
        InvalidBenchmarkConfigError
            An argument is bad; a ValueError and a TypeError.
        """
        case = cases.batch_processing(num_samples, batch_config, config, process_batch)
        return self._metrics(case)

    def benchmark_distributed(
        self,
        num_samples: int,
        rank: int | None = None,
        world_size: int | None = None,
        config: Space | None = None,
    ) -> PerformanceMetrics:
        """Measures the stream of one rank; only the samples of its shard count.

        In a job every rank calls this, and the rates of the ranks add up.

        Parameters
        ----------
        num_samples
            Samples of the whole job per run; at least 1.
        rank
            This process's rank, 0 to world_size - 1. None, with world_size None, takes both
            from torch.distributed or from the variables of torchrun, Open MPI or Slurm.
        world_size
            The number of ranks; None as for rank.
        config
            What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".

        Returns
        -------
        PerformanceMetrics
            The figures of this benchmark.

        Raises
        ------
        InvalidBenchmarkConfigError
            num_samples or config is bad; a ValueError and a TypeError.
        InvalidRankError
            The rank or the world_size is bad or unknown; a ValueError and a TypeError.
        """
        return self._metrics(cases.distributed(num_samples, rank, world_size, config))

    def compare_configurations(
        self,
        configs: Mapping[str, Space] | Iterable[Mapping[str, Any]],
        num_samples: int = 5000,
        *,
        threshold: float = 0.1,
    ) -> ComparisonReport:
        """Measures several benchmarks in turn, and compares them with the first one.

        Parameters
        ----------
        configs
            Configs or spaces by name, for benchmark_generation. Or, as in the original
            package, dicts with `name`, `type` ("generation", "streaming", "batch" or
            "distributed") and arguments of that benchmark.
        num_samples
            Samples per run of each benchmark that does not give its own.
        threshold
            The relative difference of times that matters: 0.1 is 10 %.

        Returns
        -------
        ComparisonReport
            The first benchmark is the baseline of the others.

        Raises
        ------
        InvalidBenchmarkConfigError
            configs is empty or malformed, or the threshold is below 0; a ValueError and a
            TypeError.
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
        """The figures that this runner has measured, in order."""
        return [*self._history]

    def clear_results_history(self) -> None:
        """Clears the history."""
        self._history.clear()

    def measure(self, measured: Sequence[Case]) -> list[BenchmarkResult]:
        """Measures the cases in turn (A B A B), as the config says."""
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
