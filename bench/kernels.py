"""Every kernel, one core: rates, cycles, the share of the bound; beside NumPy at depth 1."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

import dpa
from bench.clock import NAME as CLOCK
from bench.clock import clock_case, given_clock
from bench.effort import Effort
from bench.splitmix64 import SplitMix64
from dpa._native import SAMPLERS, choose_kernel
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table, duration, rate, times

TITLE = "Kernels"
DEPTHS = (10, 1, 100)
SAMPLES = 96 * 200  # of one call: they stay in the cache
BESIDE_NUMPY = (4_096, 262_144)  # ids of one call: in the L2 cache, and not
ZEN4, ZEN5 = 25, 26
INTEL = 6


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    """Groups of one sampler and depth; the first result of each is the clock, where known."""
    try:
        for sampler in SAMPLERS:
            for depth in DEPTHS:
                yield from _group(sampler, depth, effort)
    finally:
        choose_kernel(os.environ.get("DPA_KERNEL") or None)
    for count in BESIDE_NUMPY:
        yield from _beside_numpy(count, effort)


def _group(sampler: str, depth: int, effort: Effort) -> list[BenchmarkResult]:
    facts = {"sampler": sampler, "depth": depth}
    config = dpa.AugmentationConfig(augmentation_depth=depth, sampler=sampler)
    count = effort.samples(SAMPLES)
    ids, out = range(count), dpa.AugmentationBatch.empty(count)
    function = partial(dpa.generate_augmentation_batch, ids, config, num_threads=1, out=out)
    cases = [
        Case(
            f"{kernel}, {sampler}, depth {depth}",
            function,
            count,
            prepare=partial(choose_kernel, kernel),
            facts={**facts, "kernel": kernel},
        )
        for kernel in dpa.kernels()
    ]
    clock = clock_case() if effort.ghz is None else None
    if clock is not None:
        return effort.measure([clock, *cases])
    given = given_clock(effort.ghz, effort.iterations)
    return [*([given] if given else []), *effort.measure(cases)]


def _beside_numpy(count: int, effort: Effort) -> list[BenchmarkResult]:
    """The kernel in use at depth 1, and the fastest hash by hand; both reuse their arrays."""
    size = effort.samples(count)
    config = dpa.AugmentationConfig(augmentation_depth=1)
    ids, out = range(size), dpa.AugmentationBatch.empty(size)
    ours = partial(dpa.generate_augmentation_batch, ids, config, num_threads=1, out=out)
    peer = SplitMix64(np.arange(size, dtype=np.uint64))
    facts = {"ids": count}
    return effort.measure(
        [
            Case(f"dpa, {dpa.active_kernel()}, depth 1, {count:,} ids", ours, size, facts=facts),
            Case(f"numpy, SplitMix64 in place, {count:,} ids", peer.fill, size, facts=facts),
        ]
    )


def bound_cycles(kernel: str, depth: int, cpu_family: int | None) -> float | None:
    """The fewest cycles in which this CPU could hash a chain, where known.

    A chain has 1 + 2 depth blocks; the depth second blocks of links are constant and
    need no message schedule. shani: 32 sha256rnds2 a block. avx512: 64 x 17 operations
    a block, 64 x 16 a constant one, 48 x 11 a schedule, for 16 lanes; 4 a cycle on Zen 5,
    2 on Zen 4 (in halves) and on Intel, whose SHA units differ from model to model.
    """
    scheduled, constant = 1 + depth, depth
    if kernel == "shani" and cpu_family in (ZEN4, ZEN5):
        return (scheduled + constant) * 32 * (2 if cpu_family == ZEN5 else 1)
    if kernel == "avx512" and cpu_family in (ZEN4, ZEN5, INTEL):
        a_cycle = 4 if cpu_family == ZEN5 else 2
        return (scheduled * (64 * 17 + 48 * 11) + constant * 64 * 16) / a_cycle / 16
    return None


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    groups: list[list[BenchmarkResult]] = []
    clock: BenchmarkResult | None = None
    clocks: list[BenchmarkResult | None] = []
    beside = [result for result in results if "ids" in result.facts]
    for result in results[: len(results) - len(beside)]:
        if result.name == CLOCK:
            clock = result
        elif not groups or _group_title(groups[-1][0]) != _group_title(result):
            groups.append([result])
            clocks.append(clock)
        else:
            groups[-1].append(result)
    found = [
        _table(group, clock, machine["cpu_family"])
        for group, clock in zip(groups, clocks, strict=True)
    ]
    return [*found, _numpy_table(beside)] if beside else found


def _group_title(result: BenchmarkResult) -> str:
    return f"{result.facts['sampler']}, depth {result.facts['depth']}"


def _table(
    group: Sequence[BenchmarkResult], clock: BenchmarkResult | None, cpu_family: int | None
) -> Table:
    head = ("kernel", "best", "median", "each", "cycles each", "bound", "share", "portable")
    by_kernel = {result.facts["kernel"]: result for result in group}
    rows = []
    for kernel, result in by_kernel.items():
        cycles = clock.rate_against(result)[1] if clock else None
        hashing = result.facts["sampler"] == SAMPLERS[0]  # the other one costs much beside it
        bound = bound_cycles(kernel, result.facts["depth"], cpu_family) if hashing else None
        rows.append(
            [
                kernel,
                rate(result.best_samples_per_second),
                rate(result.samples_per_second),
                duration(result.median_seconds / result.samples_per_call),
                f"{cycles:,.0f}" if cycles else "-",
                f"{bound:,.0f}" if bound else "-",
                f"{bound / cycles:.0%}" if bound and cycles else "-",
                times(result.rate_against(by_kernel["portable"])[1]),
            ]
        )
    return Table(_group_title(group[0]), head, rows, _note(clock))


def _numpy_table(results: Sequence[BenchmarkResult]) -> Table:
    """Pairs of one number of ids: dpa, then NumPy."""
    rows = [
        [
            result.name,
            rate(result.best_samples_per_second),
            rate(result.samples_per_second),
            duration(result.median_seconds / result.samples_per_call),
            times(result.rate_against(peer)[1]),
        ]
        for ours, peer in zip(results[::2], results[1::2], strict=True)
        for result in (ours, peer)
    ]
    note = (
        "Five values for each id into arrays that are there, one core. NumPy mixes each id and then"
        " each value; dpa hashes three blocks of SHA-256 and hands out the digest, too."
    )
    head = ("what", "best", "median", "each", "over numpy")
    return Table("Depth 1 beside NumPy", head, rows, note)


def _note(clock: BenchmarkResult | None) -> str:
    if clock is None:
        return "The clock is not known; `--ghz` tells it."
    ghz = clock.best_samples_per_second / 1e9
    return (
        f"Clock: {ghz:.2f} GHz, {clock.facts['source']}. Cycles are by its times in the same turns."
    )
