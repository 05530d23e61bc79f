"""Timing, statistics and records of measurements: the one place that looks at the clock."""

from __future__ import annotations

import math
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import dpa
from dpa import _native
from dpa.config import ALGORITHM
from dpa.threads import allowed_cores, thread_count

#: Seconds since any fixed moment.
Clock: TypeAlias = Callable[[], float]
#: What JSON holds of a machine or a measurement.
Record: TypeAlias = dict[str, Any]

# ---- Timing ----


@contextmanager
def measure_time() -> Iterator[dict[str, float]]:
    """A dict that tells, once the block has ended, how long it took.

    `elapsed_seconds` is wall-clock time, `cpu_seconds` that of all threads of the process.
    Until the block ends both are NaN.

    >>> with measure_time() as timer:
    ...     samples = dpa.generate_augmentation_chain(10)
    >>> timer["elapsed_seconds"] > 0
    True
    """
    timer = {"elapsed_seconds": math.nan, "cpu_seconds": math.nan}
    cpu, start = time.process_time(), time.perf_counter()
    try:
        yield timer
    finally:
        timer["elapsed_seconds"] = time.perf_counter() - start
        timer["cpu_seconds"] = time.process_time() - cpu


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """How long one call of a function took, measured several times.

    `times_seconds`: seconds of one call, in the order measured; each is the average of
    `number` calls. `samples_per_call`: what a call makes, in the unit that rates count.
    `facts`: what else the record should say, as JSON has it.
    """

    name: str
    times_seconds: tuple[float, ...]
    number: int = 1
    samples_per_call: float = 1
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def minimum_seconds(self) -> float:
        """The best time of a call."""
        return min(self.times_seconds)

    @property
    def median_seconds(self) -> float:
        """The middle of the times of a call."""
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
    def best_samples_per_second(self) -> float:
        """The rate at the minimum time."""
        return self.samples_per_call / self.minimum_seconds

    @property
    def samples_per_second(self) -> float:
        """The rate at the median time."""
        return self.samples_per_call / self.median_seconds

    def rate_against(self, other: BenchmarkResult) -> tuple[float, float]:
        """The rate as a multiple of the other's: (of the best times, median of the pairs).

        The pairs are the times measured in the same round, so what slowed the machine
        down for a while slowed both. ValueError where the counts of times differ.
        """
        pairs = zip(self.times_seconds, other.times_seconds, strict=True)
        size = self.samples_per_call / other.samples_per_call
        best = other.minimum_seconds / self.minimum_seconds
        return size * best, size * statistics.median(theirs / ours for ours, theirs in pairs)

    def to_dict(self) -> Record:
        """The record: what from_dict takes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Record) -> BenchmarkResult:
        """The result of a record that to_dict made."""
        return cls(**{**record, "times_seconds": tuple(record["times_seconds"])})


@dataclass(frozen=True, slots=True)
class Case:
    """A function to measure; `prepare` is called before each round, outside the time."""

    name: str
    function: Callable[[], object]
    samples_per_call: float = 1
    prepare: Callable[[], object] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def benchmark_function(
    function: Callable[[], object],
    *,
    name: str | None = None,
    samples_per_call: float = 1,
    iterations: int = 7,
    warmup_iterations: int = 2,
    number: int | None = None,
    minimum_seconds: float = 0.05,
    clock: Clock = time.perf_counter,
) -> BenchmarkResult:
    """The times of `iterations` measurements of `function()`, after a warm-up.

    Each measurement times `number` calls together; None takes as many as fill
    `minimum_seconds`, by the last warm-up call. ValueError for counts below 1.
    """
    title = name if name is not None else str(getattr(function, "__name__", function))
    case = Case(title, function, samples_per_call)
    [result] = benchmark_cases(
        [case],
        iterations=iterations,
        warmup_iterations=warmup_iterations,
        number=number,
        minimum_seconds=minimum_seconds,
        clock=clock,
    )
    return result


def benchmark_cases(
    cases: Sequence[Case],
    *,
    iterations: int = 7,
    warmup_iterations: int = 2,
    number: int | None = None,
    minimum_seconds: float = 0.05,
    clock: Clock = time.perf_counter,
) -> list[BenchmarkResult]:
    """As benchmark_function, for cases to be compared: they are measured in turn (A B A B)."""
    counts = {"iterations": iterations, "warmup_iterations": warmup_iterations, "number": number}
    for argument, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{argument} must be at least 1, got {count}")
    numbers = []
    for case in cases:
        for _ in range(warmup_iterations):
            seconds = _seconds(case, 1, clock)
        fill = math.ceil(minimum_seconds / seconds) if seconds > 0 else 1
        numbers.append(max(1, fill) if number is None else number)
    rounds = [
        [_seconds(case, calls, clock) / calls for case, calls in zip(cases, numbers, strict=True)]
        for _ in range(iterations)
    ]
    times = zip(*rounds, strict=True)
    return [
        BenchmarkResult(case.name, taken, calls, case.samples_per_call, dict(case.facts))
        for case, taken, calls in zip(cases, times, numbers, strict=True)
    ]


def _seconds(case: Case, number: int, clock: Clock) -> float:
    if case.prepare is not None:
        case.prepare()
    function, calls = case.function, repeat(None, number)
    start = clock()
    for _ in calls:
        result = function()
    end = clock()
    del result  # kept until here: taking it apart is not what is measured
    return end - start


# ---- The machine ----


def machine() -> Record:
    """Where a measurement was made: CPU, system, compiler, versions, kernel, cores, threads."""
    cpu, family = _cpu()
    return {
        "cpu": cpu,
        "cpu_family": family,
        "architecture": platform.machine(),
        "cores": allowed_cores(),
        "threads": thread_count(),
        "system": platform.platform(),
        "compiler": _compiler(),
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "python_compiler": platform.python_compiler(),
        "numpy": np.__version__,
        "dpa": dpa.__version__,
        "algorithm": ALGORITHM,
        "kernel": _native.active_kernel(),
    }


def _cpu() -> tuple[str, int | None]:
    """The CPU's model name and, where Linux tells it, its family."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine(), None
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    family = re.search(r"^cpu family\s*: (\d+)$", text, re.MULTILINE)
    return name[1] if name else platform.machine(), int(family[1]) if family else None


def _compiler() -> str:
    """What compiled the kernels, as gcc and clang leave it in the file."""
    compiled = Path(_native.__file__).read_bytes()
    found = re.search(rb"GCC: \([^\0)]*\) [\w.]+|[\w ]*clang version [\w.]+", compiled)
    return found[0].decode("ascii") if found else "unknown"
