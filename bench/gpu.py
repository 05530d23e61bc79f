"""Tensors on a GPU, beside Kornia and a copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench import tensors
from bench.effort import Effort
from bench.tables import rate_table
from dpa.benchmark import BenchmarkResult, Record
from dpa.benchmark.tables import Table

TITLE = "Tensors on a GPU"
NOTE = "One batch a call, until the GPU has done it. Kornia makes its noise on the CPU."


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    """Nothing without a GPU."""
    if work := list(tensors.cases("cuda", 256)):
        yield from effort.measure(work)


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    return [rate_table("Batches of 256 x 3 x 224 x 224", results, NOTE)]
