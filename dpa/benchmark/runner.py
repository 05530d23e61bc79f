"""Benchmarks of dpa itself, with what chance makes of their figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from dpa.batch import BatchConfig, Clock
from dpa.benchmark import cases
from dpa.benchmark.bootstrap import checked_confidence
from dpa.benchmark.comparison import ComparisonReport
from dpa.benchmark.memory import allocated
from dpa.benchmark.metrics import PerformanceMetrics
from dpa.benchmark.results import BenchmarkResult
from dpa.benchmark.timing import Case, amount, benchmark_cases
from dpa.checks import positive
from dpa.derivation.config import AugmentationConfig


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """How to measure.

    `iterations`: measurements, each of one run of the work, or of as many as fill
    `minimum_seconds`; `warmup_iterations`: runs before them that do not count.
    `measure_memory` costs one more run. `confidence`: of the intervals, between 0 and 1.
    Raises TypeError or ValueError naming the field.
    """

    iterations: int = 10
    warmup_iterations: int = 2
    measure_memory: bool = True
    measure_cpu: bool = True
    _: KW_ONLY
    minimum_seconds: float = 0.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name, least in (("iterations", 1), ("warmup_iterations", 0)):
            object.__setattr__(self, name, positive(name, getattr(self, name), least))
        for name in ("measure_memory", "measure_cpu"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, got {getattr(self, name)!r}")
        amount("minimum_seconds", self.minimum_seconds)
        checked_confidence(self.confidence)


class BenchmarkRunner:
    """Measures dpa's ways to make samples; rates count samples.

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
            raise TypeError(f"config must be a BenchmarkConfig, got {config!r}")
        self.config = config or BenchmarkConfig()
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
        config: AugmentationConfig | None = None,
        chunk_size: int = 1000,
    ) -> PerformanceMetrics:
        """stream_augmentation_chain(num_samples, config), each dict dropped at once."""
        return self._metrics(cases.streaming(num_samples, config, chunk_size))

    def benchmark_batch_processing(
        self,
        dataset_size: int,
        batch_config: BatchConfig,
        config: AugmentationConfig | None = None,
        process_batch: Callable[[Any], object] | None = None,
    ) -> PerformanceMetrics:
        """Batches of a stream of `dataset_size` dicts; the rate counts samples.

        `process_batch`: called with each batch, a part of what is measured; without it
        batches are dropped. One BatchProcessor makes them all, so that ADAPTIVE goes on
        with what it learned in the warm-up.
        """
        case = cases.batch_processing(dataset_size, batch_config, config, process_batch)
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
        configs: Mapping[str, AugmentationConfig],
        num_samples: int = 5000,
        *,
        threshold: float = 0.1,
    ) -> ComparisonReport:
        """benchmark_generation of each config, measured in turn, beside the first one.

        `threshold` as for ComparisonReport.compare. ValueError without a config.
        """
        if not isinstance(configs, Mapping):
            raise TypeError(f"configs must be a dict of configs by name, got {configs!r}")
        if not configs:
            raise ValueError(f"configs must name at least one config, got {configs!r}")
        amount("threshold", threshold)
        named = [
            replace(cases.generation(num_samples, config), name=name)
            for name, config in configs.items()
        ]
        first, *others = self.measure(named)
        pairs = [(first, None), *((other, first) for other in others)]
        return ComparisonReport.of_pairs(pairs, threshold, self.config.confidence)

    def measure(self, measured: Sequence[Case]) -> list[BenchmarkResult]:
        """The cases in turn (A B A B), as the config says; memory_mb is among the facts."""
        results = benchmark_cases(
            measured,
            iterations=self.config.iterations,
            warmup_iterations=self.config.warmup_iterations,
            minimum_seconds=self.config.minimum_seconds,
            clock=self._clock,
            cpu_clock=self._cpu_clock,
        )
        if not self.config.measure_cpu:
            results = [replace(result, cpu_seconds=()) for result in results]
        if not self.config.measure_memory:
            return results
        return [
            replace(result, facts={**result.facts, "memory_mb": _allocated(case)})
            for case, result in zip(measured, results, strict=True)
        ]

    def _metrics(self, case: Case) -> PerformanceMetrics:
        [result] = self.measure([case])
        return PerformanceMetrics(result, self.config.confidence)


def _allocated(case: Case) -> float:
    if case.prepare is not None:
        case.prepare()
    return allocated(case.function)
