"""The figures of a benchmark, by the names that users ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dpa.benchmark.bootstrap import median_interval
from dpa.benchmark.results import BenchmarkResult, Record


@dataclass(frozen=True, slots=True)
class PerformanceMetrics:
    """The figures of one benchmark. What was not measured is NaN."""

    result: BenchmarkResult
    confidence: float = 0.95

    @property
    def throughput_samples_per_second(self) -> float:
        """Samples a second at the median time."""
        return self.result.samples_per_second

    @property
    def throughput_interval(self) -> tuple[float, float]:
        """(low, high) of that, by the interval of the median."""
        low, high = self.median_interval
        return self.result.samples_per_call / high, self.result.samples_per_call / low

    @property
    def memory_usage_mb(self) -> float:
        """The most that Python and NumPy allocate at a time during one run, in MB."""
        return float(self.result.facts.get("memory_mb", math.nan))

    @property
    def cpu_usage_percent(self) -> float:
        """CPU time over wall-clock time of the runs measured: 100 is one core, busy."""
        cpu = self.result.cpu_seconds
        return 100 * sum(cpu) / sum(self.result.times_seconds) if cpu else math.nan

    @property
    def median_seconds(self) -> float:
        """The middle of the times of a run."""
        return self.result.median_seconds

    @property
    def median_interval(self) -> tuple[float, float]:
        """(low, high) of the median by bootstrap; NaN for a single time."""
        return median_interval(self.result.times_seconds, self.confidence)

    @property
    def minimum_seconds(self) -> float:
        """The best time of a run."""
        return self.result.minimum_seconds

    @property
    def stdev_seconds(self) -> float:
        """The standard deviation (n-1) of the times; 0.0 for a single one."""
        return self.result.stdev_seconds

    def to_dict(self) -> Record:
        """All figures by name, the name of the benchmark, and the times."""
        figures = {name: getattr(self, name) for name in _FIGURES}
        times = self.result.times_seconds
        return {"name": self.result.name, **figures, "times_seconds": list(times)}


_FIGURES = tuple(
    name for name, value in vars(PerformanceMetrics).items() if isinstance(value, property)
)
