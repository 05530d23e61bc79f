"""Where a program's time goes: named operations, nested and in threads."""

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

from dpa.batch import Clock
from dpa.benchmark.results import Record, json_text
from dpa.benchmark.tables import Table, duration
from dpa.host.memory import MB, resident_memory

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ProfileResult:
    """All calls of one operation.

    `total_seconds` adds up the calls, each with what is nested in it; `self_seconds` is
    without the operations nested in them, so that those of all operations add up to the
    time profiled. `memory_delta_mb`: by how many MB resident memory grew during the
    calls, all together; NaN where memory is not tracked.
    """

    name: str
    calls: int = 0
    total_seconds: float = 0.0
    self_seconds: float = 0.0
    minimum_seconds: float = math.inf
    maximum_seconds: float = 0.0
    memory_delta_mb: float = 0.0

    @property
    def avg_time_per_call_ms(self) -> float:
        """The average time of a call, in milliseconds."""
        return 1000 * self.total_seconds / self.calls if self.calls else math.nan

    def to_dict(self) -> Record:
        """The fields and the average."""
        return {**asdict(self), "avg_time_per_call_ms": self.avg_time_per_call_ms}

    def _with(self, seconds: float, nested: float, grown_mb: float) -> ProfileResult:
        return replace(
            self,
            calls=self.calls + 1,
            total_seconds=self.total_seconds + seconds,
            self_seconds=self.self_seconds + seconds - nested,
            minimum_seconds=min(self.minimum_seconds, seconds),
            maximum_seconds=max(self.maximum_seconds, seconds),
            memory_delta_mb=self.memory_delta_mb + grown_mb,
        )


@dataclass(slots=True, eq=False)
class _Running:
    """An operation that has not ended."""

    name: str
    resident: float
    start: float = math.nan
    nested: float = 0.0


class _Stack(threading.local):
    """What runs on this thread, the innermost last."""

    def __init__(self) -> None:
        self.running: list[_Running] = []


class PerformanceProfiler:
    """Adds up the time, and the growth in memory, of named operations.

    Operations may be nested and run on any number of threads at once; those of one thread
    end in the reverse order of their starts, so coroutines that take turns are not measured
    one by one. One that ends by an exception counts like any other. With
    `enable_memory_tracking` each costs some 0.1 ms more, outside its own time. `clock`
    tells seconds.

    >>> profiler = PerformanceProfiler()
    >>> @profiler.profile_function
    ... def square(x):
    ...     return x * x
    >>> square(12)
    144
    >>> profiler.get_profile_summary()["square"].calls
    1
    """

    def __init__(
        self, enable_memory_tracking: bool = True, *, clock: Clock = time.perf_counter
    ) -> None:
        self._tracks_memory = enable_memory_tracking
        self._clock = clock
        self._stack = _Stack()
        self._results: dict[str, ProfileResult] = {}
        self._adding = threading.Lock()

    def profile_function(
        self, function: Callable[Parameters, Result]
    ) -> Callable[Parameters, Result]:
        """The function, each call of which counts as an operation of its name.

        TypeError for coroutine and generator functions, whose call only starts the work.
        """
        if (
            not callable(function)
            or inspect.iscoroutinefunction(function)
            or inspect.isgeneratorfunction(function)
            or inspect.isasyncgenfunction(function)
        ):
            raise TypeError(
                f"function must do its work when it is called, got {function!r}; of coroutines and "
                "generators, measure what runs without giving way, by profile_context"
            )
        name = getattr(function, "__qualname__", type(function).__name__).rpartition("<locals>.")[2]

        @functools.wraps(function)
        def profiled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            with self.profile_context(name):
                return function(*args, **kwargs)

        return profiled

    @contextmanager
    def profile_context(self, name: str) -> Iterator[None]:
        """The block counts as an operation, and with it ends what was started in it."""
        running = self._start(name)
        try:
            yield
        finally:
            while running in self._stack.running:  # end_profiling may have ended it
                self._end()

    def start_profiling(self, name: str) -> None:
        """Starts an operation, inside of what runs on this thread already."""
        self._start(name)

    def end_profiling(self, name: str | None = None) -> ProfileResult:
        """Ends the operation started last on this thread; returns its result so far.

        ValueError where none runs on this thread, or another one than `name`.
        """
        if not self._stack.running:
            raise ValueError(f"name={name!r}: nothing was started on this thread")
        innermost = self._stack.running[-1].name
        if name not in (None, innermost):
            raise ValueError(f"name must be {innermost!r}, started last, got {name!r}")
        self._end()
        return self._results[innermost]

    def get_profile_summary(self) -> dict[str, ProfileResult]:
        """The result of each operation that has ended, by name, in the order of first ends."""
        with self._adding:
            return dict(self._results)

    def to_text(self) -> str:
        """The summary as a table, what took most by itself first."""
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
        """The summary: an object of objects by name; what was not measured is null."""
        summary = self.get_profile_summary()
        return json_text({name: result.to_dict() for name, result in summary.items()})

    def _start(self, name: str) -> _Running:
        if not isinstance(name, str):
            raise TypeError(f"name must be a str, got {name!r}")
        running = _Running(name, resident_memory() if self._tracks_memory else math.nan)
        self._stack.running.append(running)
        running.start = self._clock()
        return running

    def _end(self) -> None:
        end = self._clock()
        stack = self._stack.running
        running = stack.pop()
        seconds = end - running.start
        grown = (resident_memory() - running.resident) / MB if self._tracks_memory else math.nan
        if stack:
            stack[-1].nested += seconds
        with self._adding:
            result = self._results.get(running.name, ProfileResult(running.name))
            self._results[running.name] = result._with(seconds, running.nested, grown)
