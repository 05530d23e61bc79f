"""Results: the measured times of one function, and the figures computed from them."""

from __future__ import annotations

import json
import math
import reprlib
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

from dpa.aliases import Alias
from dpa.benchmark.bootstrap import median_interval
from dpa.benchmark.errors import MeasurementError

#: A machine or a measurement as JSON stores it.
Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """The times of a function's calls, measured several times.

    Parameters
    ----------
    name
        The name of what was measured.
    times_seconds
        Seconds of one call, in the order measured; each is the average of `number` calls.
    number
        Calls that were timed together.
    samples_per_call
        What a call makes, in the unit that rates count.
    facts
        Further entries of the record, as JSON stores them.
    cpu_seconds
        CPU seconds of all threads during the same calls; empty if not measured.
    """

    name: str
    times_seconds: tuple[float, ...]
    number: int = 1
    samples_per_call: float = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    cpu_seconds: tuple[float, ...] = ()

    @property
    def minimum_seconds(self) -> float:
        """The shortest time of a call."""
        return min(self.times_seconds)

    @property
    def median_seconds(self) -> float:
        """The median time of a call."""
        return statistics.median(self.times_seconds)

    @property
    def mean_seconds(self) -> float:
        """The average time of a call."""
        return statistics.fmean(self.times_seconds)

    @property
    def stdev_seconds(self) -> float:
        """The standard deviation (n-1) of the times; 0.0 for a single one."""
        return statistics.stdev(self.times_seconds) if len(self.times_seconds) > 1 else 0.0

    @property
    def maximum_seconds(self) -> float:
        """The longest time of a call."""
        return max(self.times_seconds)

    @property
    def memory_usage_mb(self) -> float:
        """The peak of Python's and NumPy's allocations during one call, in MB, or NaN."""
        return float(self.facts.get("memory_mb", math.nan))

    @property
    def cpu_usage_percent(self) -> float:
        """CPU time in percent of wall-clock time; 100 is one busy core, NaN is not measured."""
        cpu = self.cpu_seconds
        return 100 * sum(cpu) / sum(self.times_seconds) if cpu else math.nan

    @property
    def best_samples_per_second(self) -> float:
        """The rate at the minimum time."""
        return self.samples_per_call / self.minimum_seconds

    @property
    def samples_per_second(self) -> float:
        """The rate at the median time."""
        return self.samples_per_call / self.median_seconds

    # The original package's names; an iteration is a measurement, the average of some calls.
    function_name = Alias[str]("name")
    avg_time_seconds = Alias[float]("mean_seconds")
    median_time_seconds = Alias[float]("median_seconds")
    min_time_seconds = Alias[float]("minimum_seconds")
    max_time_seconds = Alias[float]("maximum_seconds")
    std_dev_seconds = Alias[float]("stdev_seconds")
    avg_time_ms = Alias[float]("mean_seconds", times=1000)
    min_time_ms = Alias[float]("minimum_seconds", times=1000)
    max_time_ms = Alias[float]("maximum_seconds", times=1000)

    @property
    def iterations(self) -> int:
        """How many measurements there are."""
        return len(self.times_seconds)

    @property
    def total_time_seconds(self) -> float:
        """The sum of all times."""
        return sum(self.times_seconds)

    @property
    def throughput_ops_per_second(self) -> float:
        """Calls per second at the average time."""
        return 1 / self.mean_seconds

    def rate_against(self, other: BenchmarkResult) -> tuple[float, float]:
        """The rate as a multiple of the other's: (of the shortest times, median of the pairs).

        A pair is the times of one round, so whatever slowed the machine for a while slowed
        both. Raises ValueError if the numbers of times differ.
        """
        pairs = zip(self.times_seconds, other.times_seconds, strict=True)
        size = self.samples_per_call / other.samples_per_call
        best = other.minimum_seconds / self.minimum_seconds
        return size * best, size * statistics.median(theirs / ours for ours, theirs in pairs)

    def by_cpu_time(self) -> BenchmarkResult:
        """The result with CPU times in place of wall-clock times.

        Raises MeasurementError, a ValueError, if they were not measured or the clock was too
        coarse.
        """
        if not all(seconds > 0 for seconds in self.cpu_seconds or (0,)):
            raise MeasurementError(f"{self.name!r} has no CPU times above 0: {self.cpu_seconds!r}")
        return replace(self, times_seconds=self.cpu_seconds, cpu_seconds=())

    def to_dict(self) -> Record:
        """The record that from_dict takes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Record) -> BenchmarkResult:
        """The result of a record that to_dict made. Raises KeyError, TypeError or ValueError."""
        if not isinstance(record, dict):
            raise TypeError(f"a result must be an object, got {reprlib.repr(record)}")
        times = tuple(map(float, record["times_seconds"]))
        if not all(seconds > 0 for seconds in times):
            raise ValueError(f"times_seconds must be above 0, got {record['times_seconds']!r}")
        if not (isinstance(record["name"], str) and isinstance(record["facts"], dict)):
            raise TypeError(f"name must be a text and facts an object, got {record!r}")
        if not 0 < float(record["samples_per_call"]) < math.inf:
            raise ValueError(f"samples_per_call must be above 0, got {record!r}")
        cpu = tuple(map(float, record.get("cpu_seconds", ())))
        return cls(**{**record, "times_seconds": times, "cpu_seconds": cpu})


@dataclass(frozen=True, slots=True)
class PerformanceMetrics:
    """The figures of one benchmark; NaN means not measured."""

    result: BenchmarkResult
    confidence: float = 0.95

    @property
    def throughput_samples_per_second(self) -> float:
        """Samples per second at the median time."""
        return self.result.samples_per_second

    @property
    def throughput_interval(self) -> tuple[float, float]:
        """(low, high) of the throughput, from the interval of the median."""
        low, high = self.median_interval
        return self.result.samples_per_call / high, self.result.samples_per_call / low

    @property
    def memory_usage_mb(self) -> float:
        """The peak of what Python and NumPy allocate during one run, in MB."""
        return self.result.memory_usage_mb

    @property
    def cpu_usage_percent(self) -> float:
        """CPU time in percent of wall-clock time; 100 is one busy core, NaN is not measured."""
        return self.result.cpu_usage_percent

    @property
    def avg_latency_ms(self) -> float:
        """The average time of a sample, in milliseconds."""
        return 1000 * self.result.mean_seconds / self.result.samples_per_call

    @property
    def median_seconds(self) -> float:
        """The median time of a run."""
        return self.result.median_seconds

    @property
    def median_interval(self) -> tuple[float, float]:
        """(low, high) of the median by bootstrap; NaN for a single time."""
        return median_interval(self.result.times_seconds, self.confidence)

    @property
    def minimum_seconds(self) -> float:
        """The shortest time of a run."""
        return self.result.minimum_seconds

    @property
    def stdev_seconds(self) -> float:
        """The standard deviation (n-1) of the times; 0.0 for a single one."""
        return self.result.stdev_seconds

    total_time_seconds = Alias[float]("result.total_time_seconds")

    def to_dict(self) -> Record:
        """All figures by name, the name of the benchmark, and the times."""
        figures = {name: getattr(self, name) for name in _FIGURES}
        times = self.result.times_seconds
        return {"name": self.result.name, **figures, "times_seconds": list(times)}


_FIGURES = tuple(
    name for name, value in vars(PerformanceMetrics).items() if isinstance(value, property)
)


def json_text(value: Any) -> str:
    """`value` as indented JSON; NaN and infinities become null."""
    return json.dumps(finite(value), indent=1)


def finite(value: Any) -> Any:
    """`value` with None in place of NaN and infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
