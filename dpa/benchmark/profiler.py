"""A profiler of named operations, which may be nested, overlap, and run in threads."""

from __future__ import annotations

import functools
import inspect
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import ParamSpec, TypeVar

from dpa.aliases import Alias
from dpa.batch import Clock
from dpa.benchmark.errors import ProfilingError
from dpa.benchmark.results import Record, json_text
from dpa.benchmark.tables import Table, duration
from dpa.host.memory import MB, resident_memory

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """All calls of one operation.

    Attributes
    ----------
    name
        The operation.
    calls
        How many have ended.
    total_seconds
        The sum of all calls, each from start to end.
    self_seconds
        The time in which the operation was the one started last on its thread. The sum over all
        operations is the time profiled.
    minimum_seconds
        The shortest call.
    maximum_seconds
        The longest call.
    memory_delta_mb
        The growth of resident memory during the calls, in MB; NaN if memory is not tracked.
    """

    name: str
    calls: int = 0
    total_seconds: float = 0.0
    self_seconds: float = 0.0
    minimum_seconds: float = math.inf
    maximum_seconds: float = 0.0
    memory_delta_mb: float = 0.0

    # The original package's names.
    operation_name = Alias[str]("name")
    total_time_seconds = Alias[float]("total_seconds")
    call_count = Alias[int]("calls")

    @property
    def avg_time_per_call_ms(self) -> float:
        """The average time of a call, in milliseconds."""
        return 1000 * self.total_seconds / self.calls if self.calls else math.nan

    def to_dict(self) -> Record:
        """The fields and the average."""
        return {**asdict(self), "avg_time_per_call_ms": self.avg_time_per_call_ms}

    def _with(self, running: _Running, end: float, grown_mb: float) -> ProfileResult:
        seconds = end - running.start
        return replace(
            self,
            calls=self.calls + 1,
            total_seconds=self.total_seconds + seconds,
            self_seconds=self.self_seconds + running.self_seconds,
            minimum_seconds=min(self.minimum_seconds, seconds),
            maximum_seconds=max(self.maximum_seconds, seconds),
            memory_delta_mb=self.memory_delta_mb + grown_mb,
        )


@dataclass(slots=True, eq=False)
class _Running:
    """An operation that is running."""

    name: str
    by_hand: bool
    resident: float
    start: float = math.nan
    self_seconds: float = 0.0


class _Stack(threading.local):
    """The operations that run on this thread; the last one was started last."""

    def __init__(self) -> None:
        self.running: list[_Running] = []
        self.since = math.nan  # the last start or end

    def charge(self, now: float) -> None:
        """Adds the time since the last start or end to the operation started last."""
        if self.running:
            self.running[-1].self_seconds += now - self.since
        self.since = now


class PerformanceProfiler:
    """Adds up the time and the memory growth of named operations.

    Operations may be nested, may overlap, and may run on several threads. On one thread only
    their starts and ends distinguish them, so coroutines that take turns are not measured
    separately. An operation that ends with an exception counts, too. `enable_memory_tracking`
    costs about 0.1 ms per operation, outside its own time. `clock` returns seconds.

    >>> profiler = PerformanceProfiler()
    >>> @profiler.profile_function
    ... def square(x):
    ...     return x * x
    >>> square(12)
    144
    >>> [result.calls for result in profiler.get_profile_summary().values()]
    [1]
    """

    def __init__(
        self, enable_memory_tracking: bool = True, *, clock: Clock = time.perf_counter
    ) -> None:
        self._tracks_memory = enable_memory_tracking
        self._clock = clock
        self._stack = _Stack()
        self._results: dict[str, ProfileResult] = {}
        self._adding = threading.Lock()

    def profile_function(self, func: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        """The function wrapped so that each call counts as the operation "module.function".

        Raises ProfilingError, a TypeError, for coroutine and generator functions, because
        calling them only starts the work.
        """
        if (
            not callable(func)
            or inspect.iscoroutinefunction(func)
            or inspect.isgeneratorfunction(func)
            or inspect.isasyncgenfunction(func)
        ):
            raise ProfilingError(
                f"func must do its work when it is called, got {func!r}; of coroutines and "
                "generators, measure what runs without giving way, by profile_context"
            )
        name = getattr(func, "__qualname__", type(func).__name__).rpartition("<locals>.")[2]
        operation = f"{func.__module__}.{name}"

        @functools.wraps(func)
        def profiled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with self.profile_context(operation):
                return func(*args, **kwargs)

        return profiled

    @contextmanager
    def profile_context(self, operation_name: str) -> Iterator[None]:
        """A block that counts as an operation; operations started in it end with it."""
        running = self._start(operation_name, by_hand=False)
        try:
            yield
        finally:
            while running in self._stack.running:  # end_profiling may have ended it
                self._end(self._stack.running[-1])

    def start_profiling(self, operation_name: str) -> None:
        """Starts an operation; one with this name that was started on this thread starts anew."""
        running = self._stack.running
        for earlier in [op for op in running if op.by_hand and op.name == operation_name]:
            running.remove(earlier)
        self._start(operation_name, by_hand=True)

    def end_profiling(self, operation_name: str | None = None) -> ProfileResult:
        """Ends an operation of this thread and returns its result so far.

        None ends the one started last. Raises ProfilingError, a ValueError, if no such
        operation runs on this thread.
        """
        for running in reversed(self._stack.running):
            if operation_name in (None, running.name):
                return self._end(running)
        names = [running.name for running in self._stack.running]
        raise ProfilingError(
            f"operation_name must run on this thread, where {names} do, got {operation_name!r}"
        )

    def reset(self) -> None:
        """Drops all results and all running operations."""
        with self._adding:
            self._results.clear()
            self._stack = _Stack()

    def get_profile_summary(self) -> dict[str, ProfileResult]:
        """The result of each operation that has ended, by name, in the order of first ends."""
        with self._adding:
            return dict(self._results)

    def to_text(self) -> str:
        """The summary as a table, ordered by self_seconds, the largest first."""
        head = ("operation", "calls", "total", "self", "average", "min", "max", "memory")
        results = sorted(self.get_profile_summary().values(), key=lambda r: -r.self_seconds)
        rows = [
            [
                result.name,
                f"{result.calls:,}",
                *map(duration, (result.total_seconds, result.self_seconds)),
                duration(result.avg_time_per_call_ms / 1000),
                *map(duration, (result.minimum_seconds, result.maximum_seconds)),
                f"{result.memory_delta_mb:+.1f} MB" if self._tracks_memory else "-",
            ]
            for result in results
        ]
        return Table("Profile", head, rows).text()

    def to_json(self) -> str:
        """The summary as a JSON object of objects by name; NaN becomes null."""
        summary = self.get_profile_summary()
        return json_text({name: result.to_dict() for name, result in summary.items()})

    def _start(self, name: str, by_hand: bool) -> _Running:
        if not isinstance(name, str):
            raise ProfilingError(f"operation_name must be a str, got {name!r}")
        memory = resident_memory() if self._tracks_memory else math.nan
        running = _Running(name, by_hand, memory)
        running.start = self._clock()
        self._stack.charge(running.start)
        self._stack.running.append(running)
        return running

    def _end(self, running: _Running) -> ProfileResult:
        end = self._clock()
        self._stack.charge(end)
        self._stack.running.remove(running)
        grown = (resident_memory() - running.resident) / MB if self._tracks_memory else math.nan
        with self._adding:
            result = self._results.get(running.name, ProfileResult(running.name))
            self._results[running.name] = result = result._with(running, end, grown)
        return result
