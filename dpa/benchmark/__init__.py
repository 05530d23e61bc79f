"""Measurements of time and memory, profiles, benchmarks of dpa, and significant differences."""

from dpa.benchmark.comparison import Comparison, ComparisonReport
from dpa.benchmark.environment import machine
from dpa.benchmark.errors import (
    BenchmarkError,
    InvalidBenchmarkConfigError,
    MeasurementError,
    ProfilingError,
)
from dpa.benchmark.memory import measure_memory
from dpa.benchmark.profiler import PerformanceProfiler, ProfileResult
from dpa.benchmark.records import Measurements
from dpa.benchmark.results import BenchmarkResult, PerformanceMetrics, Record
from dpa.benchmark.runner import BenchmarkConfig, BenchmarkRunner
from dpa.benchmark.timing import Case, benchmark_cases, benchmark_function, measure_time

__all__ = [
    "BenchmarkConfig",
    "BenchmarkError",
    "BenchmarkResult",
    "BenchmarkRunner",
    "Case",
    "Comparison",
    "ComparisonReport",
    "InvalidBenchmarkConfigError",
    "MeasurementError",
    "Measurements",
    "PerformanceMetrics",
    "PerformanceProfiler",
    "ProfileResult",
    "ProfilingError",
    "Record",
    "benchmark_cases",
    "benchmark_function",
    "machine",
    "measure_memory",
    "measure_time",
]
