"""Several threads against one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import dpa
from bench.effort import Effort
from bench.tables import rate_table
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table
from dpa.host.threads import allowed_cores

TITLE = "Threads"
ONE = "1 thread"


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    count = effort.samples(4_000_000)
    out = dpa.AugmentationBatch.empty(count)
    generate = partial(dpa.generate_augmentation_batch, range(count), out=out)
    yield from effort.measure(
        [
            Case(name, partial(generate, num_threads=threads), count, facts={"against": ONE})
            for threads in _thread_counts(allowed_cores())
            for name in [ONE if threads == 1 else f"{threads} threads"]
        ]
    )


def _thread_counts(cores: int) -> list[int]:
    """1, 2, 4, 8, ... and all cores."""
    return sorted({2**power for power in range(cores.bit_length())} | {cores})


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    return [rate_table("Columns, depth 10", results, f"{machine['cores']} cores, out= given.")]
