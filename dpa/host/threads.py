"""Spreads spans of work over threads, which live only during one call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from dpa.checks import positive

#: SHA-256 blocks in a span: 10 ms of the slowest kernel, because Ctrl-C acts between spans. A span
#: has at least 32 samples, so that lanes are full; spans of very deep chains take longer.
SPAN_BLOCKS = 50_000
#: A thread takes about 0.1 ms to start, so it should have several spans to do.
SPANS_A_THREAD = 4


def thread_count(num_threads: int | None = None) -> int:
    """How many threads a large call uses.

    It is `num_threads` if given, else the variable DPA_NUM_THREADS if set, else 1 in a child
    process of multiprocessing (such as a DataLoader worker), else the variable OMP_NUM_THREADS,
    which Ray, Spark, Dask and torchrun set to 1 in their workers, else the cores that affinity
    and cgroup allow. Raises ValueError or TypeError for a bad number of ours; OMP_NUM_THREADS is
    others', so one that is no number counts as not set.
    """
    if num_threads is not None:
        return positive("num_threads", num_threads)
    if variable := os.environ.get("DPA_NUM_THREADS"):
        if not (own := _number(variable)):
            raise ValueError(f"DPA_NUM_THREADS must be a number of at least 1, got {variable!r}")
        return own
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        return 1
    outer = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # "4,2": nested ones
    return _number(outer) or allowed_cores()


def _number(text: str) -> int:
    """That of a variable; 0 where it has none that can be meant."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def check_threads(num_threads: int | None) -> None:
    """Raises TypeError or ValueError for a bad `num_threads`."""
    if num_threads is not None:
        thread_count(num_threads)


def allowed_cores() -> int:
    """The cores that this process may use: its affinity, limited by the quota of its cgroup."""
    from dpa.host import cgroup  # few calls need it

    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    quota = cgroup.cores()
    return available if quota is None else max(1, min(available, quota))


def run_spans(
    fill: Callable[[int, int], None], size: int, blocks: int, num_threads: int | None
) -> None:
    """Calls fill(first, count) for spans of `size` samples until all are done.

    A sample takes `blocks` SHA-256 blocks. A KeyboardInterrupt is raised between two spans,
    with any number of threads.
    """
    span = SPAN_BLOCKS // blocks // 192 * 192 or 32  # a multiple of the C code's batches
    if size <= span:
        check_threads(num_threads)
        fill(0, size)
        return
    threads = min(thread_count(num_threads), -(-size // (span * SPANS_A_THREAD)))
    spread(fill, size, span, threads)


def spread(fill: Callable[[int, int], None], size: int, span: int, threads: int) -> None:
    """Calls fill(first, count) for spans of `span`, at most, until all `size` are done.

    `threads`: the most that it uses; each has at least a span. A KeyboardInterrupt is raised
    between two spans.
    """
    import threading  # small calls need none, and its import takes as long as 300 samples

    threads = min(threads, -(-size // span))
    spans = iter(range(0, size, span))
    taking, wake = threading.Lock(), threading.Lock()
    wake.acquire()
    errors: list[BaseException] = []
    begun: list[None] = []  # an item for each helper that has started
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
            with suppress(RuntimeError):  # already released by another helper
                wake.release()

    # The caller works too, so it sees Ctrl-C after each of its spans. If it only waited for the
    # others, it would miss a Ctrl-C that comes just before the wait.
    helpers = [threading.Thread(target=help_out) for _ in range(threads - 1)]
    interrupt: BaseException | None = None
    try:
        with suppress(RuntimeError):  # the system has no more threads: use fewer
            for helper in helpers:
                helper.start()
        work()
    finally:
        # After an exception, KeyboardInterrupt included, no spans remain, so a helper that is just
        # starting finds nothing to do. All helpers must end before this function does: one that
        # lived on would write into arrays that the caller owns again. So a second Ctrl-C waits
        # for them, too. join() alone is not enough: after a Ctrl-C inside it, Python 3.11 reports
        # a running thread as dead.
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
