"""The one place that looks at the clock: blocks, functions, and cases measured in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from dpa.batch import Clock
from dpa.benchmark.results import BenchmarkResult
from dpa.checks import positive, real


@contextmanager
def measure_time() -> Iterator[dict[str, float]]:
    """A dict that tells, once the block has ended, how long it took.

    `elapsed_seconds` is wall-clock time, `cpu_seconds` that of all threads of the process.
    Until the block ends both are NaN.

    >>> import dpa
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
    cpu_clock: Clock = time.process_time,
) -> BenchmarkResult:
    """The times of `iterations` measurements of `function()`, after a warm-up.

    Each measurement times `number` calls together; None takes as many as fill
    `minimum_seconds`, by the last warm-up call (without a warm-up: one). The clocks
    tell wall-clock time and the CPU time of the process. Raises TypeError or ValueError
    for counts that are no integers or below 1 (warmup_iterations: 0), and seconds below 0.

    >>> result = benchmark_function(lambda: sum(range(100)), iterations=3, number=10)
    >>> len(result.times_seconds), result.number
    (3, 10)
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
        cpu_clock=cpu_clock,
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
    cpu_clock: Clock = time.process_time,
) -> list[BenchmarkResult]:
    """As benchmark_function, for cases to be compared: they are measured in turn (A B A B)."""
    iterations = positive("iterations", iterations)
    warmup_iterations = positive("warmup_iterations", warmup_iterations, least=0)
    number = None if number is None else positive("number", number)
    minimum_seconds = amount("minimum_seconds", minimum_seconds)
    numbers = []
    for case in cases:
        seconds = math.inf
        for _ in range(warmup_iterations):
            seconds, _ = _seconds(case, 1, clock, cpu_clock)
        fill = math.ceil(minimum_seconds / seconds) if seconds > 0 else 1
        numbers.append(max(1, fill) if number is None else number)
    rounds = [
        [
            _seconds(case, calls, clock, cpu_clock)
            for case, calls in zip(cases, numbers, strict=True)
        ]
        for _ in range(iterations)
    ]
    results = []
    for case, calls, measured in zip(cases, numbers, zip(*rounds, strict=True), strict=True):
        times, cpu = (tuple(x / calls for x in column) for column in zip(*measured, strict=True))
        facts = dict(case.facts)
        results.append(BenchmarkResult(case.name, times, calls, case.samples_per_call, facts, cpu))
    return results


def amount(name: str, value: object) -> float:
    """`value` as a finite float of at least 0."""
    number = real(name, value)
    if not 0 <= number < math.inf:  # nor NaN
        raise ValueError(f"{name} must be 0 or more, got {value!r}")
    return number


def _seconds(case: Case, number: int, clock: Clock, cpu_clock: Clock) -> tuple[float, float]:
    if case.prepare is not None:
        case.prepare()
    function, calls = case.function, repeat(None, number)
    cpu = cpu_clock()
    start = clock()
    for _ in calls:
        result = function()
    end = clock()
    cpu = cpu_clock() - cpu
    del result  # kept until here: taking it apart is not what is measured
    return end - start, cpu
