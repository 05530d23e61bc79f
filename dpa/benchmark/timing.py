"""Timing of blocks, of functions, and of cases measured in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from dpa.batch import Clock
from dpa.benchmark.errors import InvalidBenchmarkConfigError
from dpa.benchmark.memory import allocated
from dpa.benchmark.results import BenchmarkResult
from dpa.checks import amount, boolean, positive, raised_as


@contextmanager
def measure_time() -> Iterator[dict[str, float]]:
    """A block that is timed; yields a dict that is complete when the block ends.

    `elapsed_seconds` is wall-clock time from `start_time` to `end_time`, in seconds of
    time.perf_counter; `cpu_seconds` is CPU time of all threads of the process. Until the block
    ends, all values except `start_time` are NaN.

    >>> import dpa
    >>> with measure_time() as timer:
    ...     samples = dpa.generate_augmentation_chain(10)
    >>> timer["elapsed_seconds"] > 0
    True
    """
    timer = dict.fromkeys(("elapsed_seconds", "cpu_seconds", "start_time", "end_time"), math.nan)
    cpu, start = time.process_time(), time.perf_counter()
    timer["start_time"] = start
    try:
        yield timer
    finally:
        timer["end_time"] = time.perf_counter()
        timer["cpu_seconds"] = time.process_time() - cpu
        timer["elapsed_seconds"] = timer["end_time"] - start


@dataclass(frozen=True, slots=True)
class Case:
    """A function to measure.

    Parameters
    ----------
    name
        The name of the result.
    function
        Called without arguments.
    samples_per_call
        What a call makes, in the unit that rates count.
    prepare
        Called before each round, outside the measured time; None calls nothing.
    facts
        Further entries of the result's record.
    """

    name: str
    function: Callable[[], object]
    samples_per_call: float = 1
    prepare: Callable[[], object] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def benchmark_function(
    func: Callable[[], object],
    iterations: int = 7,
    *,
    name: str | None = None,
    samples_per_call: float = 1,
    warmup_iterations: int = 2,
    number: int | None = None,
    minimum_seconds: float = 0.05,
    measure_memory: bool = True,
    clock: Clock = time.perf_counter,
    cpu_clock: Clock = time.process_time,
) -> BenchmarkResult:
    """Measures the time of a function's calls, after a warm-up.

    Parameters
    ----------
    func
        Called without arguments.
    iterations
        How many measurements.
    name
        The name of the result; None is the function's name.
    samples_per_call
        What a call makes, in the unit that rates count.
    warmup_iterations
        Calls before the first measurement.
    number
        Calls that a measurement times together. None takes as many as fill minimum_seconds,
        judged by the last warm-up call; without a warm-up, one.
    minimum_seconds
        The least that a measurement should take.
    measure_memory
        Whether to measure memory, which takes one more call.
    clock
        Returns seconds of wall-clock time.
    cpu_clock
        Returns seconds of the process's CPU time.

    Returns
    -------
    BenchmarkResult
        The times, and `memory_mb` among its facts.

    Raises
    ------
    InvalidBenchmarkConfigError
        iterations or number is below 1, warmup_iterations or minimum_seconds is below 0, or one
        has the wrong type; a ValueError and a TypeError.

    Examples
    --------
    >>> result = benchmark_function(lambda: sum(range(100)), iterations=3, number=10)
    >>> len(result.times_seconds), result.number
    (3, 10)
    """
    if not callable(func):
        raise InvalidBenchmarkConfigError(f"func must be a function, got {func!r}")
    title = name if name is not None else str(getattr(func, "__name__", func))
    case = Case(title, func, samples_per_call)
    [result] = benchmark_cases(
        [case],
        iterations=iterations,
        warmup_iterations=warmup_iterations,
        number=number,
        minimum_seconds=minimum_seconds,
        measure_memory=measure_memory,
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
    measure_memory: bool = False,
    clock: Clock = time.perf_counter,
    cpu_clock: Clock = time.process_time,
) -> list[BenchmarkResult]:
    """Measures cases in turn (A B A B), so that their times can be compared.

    Parameters
    ----------
    cases
        The cases; each gives one result.
    iterations, warmup_iterations, number, minimum_seconds, measure_memory, clock, cpu_clock
        As for benchmark_function.

    Returns
    -------
    list of BenchmarkResult
        One for each case, in order; with measure_memory, its facts have `memory_mb`.

    Raises
    ------
    InvalidBenchmarkConfigError
        As for benchmark_function.

    Examples
    --------
    >>> cases = [Case("sum", lambda: sum(range(9))), Case("max", lambda: max(range(9)))]
    >>> [result.name for result in benchmark_cases(cases, iterations=3, minimum_seconds=0)]
    ['sum', 'max']
    """
    with raised_as(InvalidBenchmarkConfigError):
        iterations = positive("iterations", iterations)
        warmup_iterations = positive("warmup_iterations", warmup_iterations, least=0)
        number = None if number is None else positive("number", number)
        minimum_seconds = amount("minimum_seconds", minimum_seconds)
        boolean("measure_memory", measure_memory)
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
        facts = {**case.facts, **({"memory_mb": _allocated(case)} if measure_memory else {})}
        results.append(BenchmarkResult(case.name, times, calls, case.samples_per_call, facts, cpu))
    return results


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
    del result  # kept until here, so that its deallocation is not measured
    return end - start, cpu


def _allocated(case: Case) -> float:
    if case.prepare is not None:
        case.prepare()
    return allocated(case.function)
