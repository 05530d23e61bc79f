"""Profiles by a clock that a test moves."""

import inspect
import json
import math
import threading

import pytest
from ballast import ballast
from clocks import Clock

from dpa.benchmark import PerformanceProfiler


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def profiler(clock: Clock) -> PerformanceProfiler:
    return PerformanceProfiler(enable_memory_tracking=False, clock=clock)


def test_calls_of_a_function_add_up(profiler, clock):
    takes = clock.takes(2.0, 1.0, 6.0)

    @profiler.profile_function
    def work(x, *, y=1):
        """What it does."""
        takes()
        return x + y

    assert [work(1), work(2, y=2), work(x=3)] == [2, 4, 4]
    [(name, result)] = profiler.get_profile_summary().items()
    assert name == result.name == f"{__name__}.work"
    assert result.calls == 3
    assert result.total_seconds == result.self_seconds == 9.0
    assert (result.minimum_seconds, result.maximum_seconds) == (1.0, 6.0)
    assert result.avg_time_per_call_ms == 3000.0
    assert math.isnan(result.memory_delta_mb)
    assert work.__doc__ == "What it does."
    assert str(inspect.signature(work)) == "(x, *, y=1)"


def test_methods_are_told_apart_by_their_class(profiler):
    class A:
        @profiler.profile_function
        def run(self):
            return "a"

    class B:
        @profiler.profile_function
        def run(self):
            return "b"

    assert A().run() + B().run() == "ab"
    assert list(profiler.get_profile_summary()) == [f"{__name__}.{c}.run" for c in "AB"]


def test_what_is_nested_is_no_part_of_self(profiler, clock):
    with profiler.profile_context("outer"):
        clock.now += 1.0
        for _ in range(2):
            with profiler.profile_context("inner"):
                clock.now += 10.0
                with profiler.profile_context("innermost"):
                    clock.now += 100.0
        clock.now += 2.0
    summary = profiler.get_profile_summary()
    assert list(summary) == ["innermost", "inner", "outer"]
    assert [r.total_seconds for r in summary.values()] == [200.0, 220.0, 223.0]
    assert [r.self_seconds for r in summary.values()] == [200.0, 20.0, 3.0]


def test_the_self_times_of_a_recursion_add_up(profiler, clock):
    @profiler.profile_function
    def down(depth):
        clock.now += 1.0
        if depth:
            down(depth - 1)

    down(3)
    [result] = profiler.get_profile_summary().values()
    assert (result.calls, result.self_seconds) == (4, 4.0)
    assert (result.minimum_seconds, result.maximum_seconds) == (1.0, 4.0)


def test_started_and_ended_by_hand(profiler, clock):
    profiler.start_profiling("load")
    clock.now += 3.0
    profiler.start_profiling("parse")
    clock.now += 1.0
    assert profiler.get_profile_summary() == {}  # nothing has ended
    assert profiler.end_profiling().name == "parse"
    assert profiler.end_profiling("load").total_seconds == 4.0
    assert profiler.get_profile_summary()["load"].self_seconds == 3.0


def test_only_what_runs_can_end(profiler):
    with pytest.raises(ValueError, match=r"must run on this thread, where \[\] do, got 'load'"):
        profiler.end_profiling("load")
    profiler.start_profiling("load")
    with pytest.raises(ValueError, match=r"where \['load'\] do, got 'parse'"):
        profiler.end_profiling("parse")
    assert profiler.end_profiling("load").calls == 1


def test_operations_overlap(profiler, clock):
    """The time belongs to what was started last, so that nothing counts twice."""
    profiler.start_profiling("load")
    clock.now += 1.0
    profiler.start_profiling("parse")
    clock.now += 10.0
    assert profiler.end_profiling("load").total_seconds == 11.0
    clock.now += 100.0
    assert profiler.end_profiling("parse").total_seconds == 110.0
    found = {name: r.self_seconds for name, r in profiler.get_profile_summary().items()}
    assert found == {"load": 1.0, "parse": 110.0}


def test_a_second_start_starts_again(profiler, clock):
    with profiler.profile_context("load"):  # which nests, as a recursion does
        clock.now += 1.0
        profiler.start_profiling("load")
        clock.now += 10.0
        profiler.start_profiling("load")
        clock.now += 100.0
        result = profiler.end_profiling("load")
        assert (result.calls, result.total_seconds) == (1, 100.0)
    result = profiler.get_profile_summary()["load"]
    assert (result.calls, result.maximum_seconds, result.self_seconds) == (2, 111.0, 111.0)


def test_reset_forgets_everything(profiler, clock):
    profiler.start_profiling("left")
    with profiler.profile_context("around"):
        clock.now += 1.0
        profiler.reset()
    assert profiler.get_profile_summary() == {}
    with pytest.raises(ValueError, match="got 'left'"):
        profiler.end_profiling("left")


def test_a_context_ends_what_was_left_running_in_it(profiler, clock):
    with profiler.profile_context("outer"):
        with profiler.profile_context("inner"):
            profiler.start_profiling("forgotten")
            clock.now += 1.0
        clock.now += 2.0
    found = {name: r.total_seconds for name, r in profiler.get_profile_summary().items()}
    assert found == {"forgotten": 1.0, "inner": 1.0, "outer": 3.0}


def test_a_context_may_be_ended_by_hand(profiler, clock):
    with profiler.profile_context("outer"), profiler.profile_context("inner"):
        clock.now += 1.0
        profiler.end_profiling("inner")
        clock.now += 2.0
    found = {name: r.total_seconds for name, r in profiler.get_profile_summary().items()}
    assert found == {"inner": 1.0, "outer": 3.0}


def test_a_function_that_fails_counts(profiler, clock):
    @profiler.profile_function
    def fails():
        clock.now += 1.0
        raise KeyError("x")

    with pytest.raises(KeyError):
        fails()
    assert profiler.get_profile_summary()[f"{__name__}.fails"].total_seconds == 1.0
    with pytest.raises(ValueError, match="must run on this thread"):
        profiler.end_profiling()


def test_threads_do_not_nest_in_each_other(profiler):
    """Each thread starts, waits for all others to have started, and only then ends."""
    count = 8
    together = threading.Barrier(count)

    def work() -> None:
        for _ in range(50):
            with profiler.profile_context("outer"), profiler.profile_context("inner"):
                together.wait()

    threads = [threading.Thread(target=work) for _ in range(count)]
    profiler.start_profiling("here")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert profiler.end_profiling("here").calls == 1
    summary = profiler.get_profile_summary()
    assert summary["outer"].calls == summary["inner"].calls == 50 * count


def test_nothing_of_another_thread_can_be_ended(profiler):
    profiler.start_profiling("here")
    errors = []

    def end() -> None:
        try:
            profiler.end_profiling("here")
        except ValueError as error:
            errors.append(str(error))

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    assert errors == ["operation_name must run on this thread, where [] do, got 'here'"]
    assert profiler.end_profiling("here").calls == 1


def test_memory_is_tracked():
    profiler = PerformanceProfiler(enable_memory_tracking=True)
    kept = []

    @profiler.profile_function
    def keep():
        kept.append(ballast(40))

    keep()
    keep()
    assert 60 < profiler.get_profile_summary()[f"{__name__}.keep"].memory_delta_mb < 100


def test_what_only_starts_its_work_is_refused(profiler):
    async def coroutine(): ...

    def generator():
        yield

    async def both():
        yield

    for function in (coroutine, generator, both):
        with pytest.raises(TypeError, match=r"by profile_context") as error:
            profiler.profile_function(function)
        assert function.__name__ in str(error.value)
    with pytest.raises(TypeError, match="got 'work'"):
        profiler.profile_function("work")
    with pytest.raises(TypeError, match="name must be a str, got 7"):
        profiler.start_profiling(7)


def test_text_and_json(profiler, clock):
    assert json.loads(profiler.to_json()) == {}
    assert profiler.to_text().split() == [
        *["operation", "calls", "total", "self", "average", "min", "max", "memory"]
    ]
    with profiler.profile_context("outer"):
        with profiler.profile_context("inner"):
            clock.now += 3.0
        clock.now += 1.0
    lines = [line.split("  ") for line in profiler.to_text().splitlines()[1:]]
    assert [line[0] for line in lines] == ["inner", "outer"]  # most self time first
    assert [cell.strip() for cell in lines[1] if cell] == [
        *["outer", "1", "4.00 s", "1.00 s", "4.00 s", "4.00 s", "4.00 s", "-"]
    ]
    record = json.loads(profiler.to_json())["outer"]
    assert record["avg_time_per_call_ms"] == 4000.0
    assert record["memory_delta_mb"] is None
