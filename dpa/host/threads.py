"""Spans of work over threads that live as long as one call."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from dpa.checks import positive
from dpa.host import cgroup

#: Blocks of SHA-256 in a span, so that Ctrl-C is heard: 10 ms of the slowest kernel. A span has
#: at least 32 samples, whole lanes; those of very deep chains take longer.
SPAN_BLOCKS = 50_000
#: A thread costs about 0.1 ms to start: it should have some spans to do.
SPANS_A_THREAD = 4


def thread_count(num_threads: int | None = None) -> int:
    """How many threads a large call uses.

    `num_threads`, else the variable DPA_NUM_THREADS, else 1 in a child process of
    multiprocessing (a DataLoader worker, say), else the cores that affinity and cgroup
    allow. Raises ValueError or TypeError.
    """
    if num_threads is not None:
        return positive("num_threads", num_threads)
    variable = os.environ.get("DPA_NUM_THREADS")
    if variable:
        if not (variable.isdecimal() and len(variable) < 9 and int(variable) > 0):
            raise ValueError(f"DPA_NUM_THREADS must be a number of at least 1, got {variable!r}")
        return int(variable)
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        return 1
    return allowed_cores()


def check_threads(num_threads: int | None) -> None:
    """Raises TypeError or ValueError for a bad `num_threads`."""
    if num_threads is not None:
        thread_count(num_threads)


def allowed_cores() -> int:
    """The cores this process may use: its affinity, cut to its cgroup's quota."""
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    quota = cgroup.cores()
    return available if quota is None else max(1, min(available, quota))


def run_spans(
    fill: Callable[[int, int], None], size: int, blocks: int, num_threads: int | None
) -> None:
    """Calls fill(first, count) until all of `size` samples of `blocks` blocks each are done.

    A KeyboardInterrupt comes through between two spans, on any number of threads.
    """
    span = max(32, SPAN_BLOCKS // blocks // 192 * 192)  # whole batches of the C side, or lanes
    if size <= span and num_threads is None:
        fill(0, size)
        return
    threads = min(thread_count(num_threads), -(-size // (span * SPANS_A_THREAD)))
    spans = iter(range(0, size, span))
    taking, wake = threading.Lock(), threading.Lock()
    wake.acquire()
    errors: list[BaseException] = []
    begun: list[None] = []  # an item for each helper that may take spans
    ended: list[None] = []

    def work() -> None:
        while True:
            with taking:
                first = next(spans, None)
            if first is None:
                return
            fill(first, min(span, size - first))

    def stop() -> None:
        nonlocal spans
        spans = iter(())

    def help_out() -> None:
        begun.append(None)
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (the caller raises it)
            errors.append(error)
            stop()
        finally:
            ended.append(None)
            with suppress(RuntimeError):  # another one's release has not been heard yet
                wake.release()

    # The caller works too: it hears Ctrl-C after each of its spans, where it would sleep through
    # one that comes just before it waits for others.
    helpers = [threading.Thread(target=help_out) for _ in range(threads - 1)]
    interrupt: BaseException | None = None
    try:
        with suppress(RuntimeError):  # no more threads to be had: then with fewer
            for helper in helpers:
                helper.start()
        work()
    finally:
        # After an exception, KeyboardInterrupt too, nothing is left to take: a helper that is only
        # starting will find nothing to do. One that lived on would write into arrays that the
        # caller has back, so another Ctrl-C waits for all. join() alone will not do: after a
        # Ctrl-C in it Python 3.11 takes a running thread for dead.
        while True:
            try:
                stop()
                while len(ended) < len(begun):
                    wake.acquire(timeout=0.1)
                for helper in helpers:
                    if helper.is_alive():
                        helper.join()
                break
            except BaseException as error:  # noqa: BLE001 (it is raised below)
                interrupt = error
    if interrupt is not None:
        raise interrupt
    if errors:
        raise errors[0]
