"""What users call: one id, columns, dicts, files, statistics, the import, Ctrl-C."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import dpa
from bench.effort import Effort
from bench.tables import duration_table, rate_table
from bench.twin import twin_chain, twin_params
from dpa.batch import BatchProcessor
from dpa.benchmark import BenchmarkResult, Case, Record, measure_time
from dpa.benchmark.cases import exhaust
from dpa.benchmark.tables import Table
from dpa.config import DEFAULT

TITLE = "What users call"
ONE, COLUMNS, DICTS, STATISTICS = (
    "One id at a time",
    "Columns, one thread",
    "Dicts",
    "Statistics",
)
IMPORT, INTERRUPT = "Import", "Ctrl-C"
FULL_RATE = "range, n = 1,000,000"
STREAMED = "stream_augmentation_batches, 1,000 each"
MT19937 = DEFAULT.replace(sampler="mt19937")

NOTES = {
    ONE: "Each call makes one dict, which is dropped; the twin is tests/reference.py. hashlib makes"
    " the hash alone, from links that are bytes already. The blocks of one chain wait for each"
    " other: with the one-sample kernel they are two thirds of a call.",
    COLUMNS: "generate_augmentation_batch(..., num_threads=1). A million goes into out=, unless the"
    " row says fresh arrays: these cost what the system takes for new memory. From 256 ids on the"
    " kernel bounds a row; below that, the call, which makes two arrays and a batch of them.",
    DICTS: "The loop builds the same dicts of lists of ready values and hashes. A stream is bounded"
    " by the kernel and by Python's memory for a dict with five numbers and a string.",
    IMPORT: "`import dpa` in a new process that has imported numpy.",
    INTERRUPT: "From the signal to KeyboardInterrupt, during generate_augmentation_batch.",
}


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    groups = {
        ONE: _one_id,
        COLUMNS: _columns,
        DICTS: _dicts,
        STATISTICS: _statistics,
        IMPORT: _import,
        INTERRUPT: _interrupts,
    }
    for title, measure in groups.items():
        for result in measure(effort):
            result.facts["group"] = title  # type: ignore[index]  # made here, a dict
            yield result


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    groups: dict[str, list[BenchmarkResult]] = {}
    for result in results:
        groups.setdefault(result.facts["group"], []).append(result)
    return [
        (duration_table if title in (IMPORT, INTERRUPT) else rate_table)(
            title, group, NOTES.get(title, "")
        )
        for title, group in groups.items()
    ]


# ---- One id ----


def _one_id(effort: Effort) -> list[BenchmarkResult]:
    count = effort.samples(10_000)
    ids, names = range(count), _names(count)
    params = dpa.gen_augmentation_params

    def case(name: str, call: Callable[[Any], object], keys: Sequence[Any], **facts: Any) -> Case:
        return Case(name, lambda: exhaust(map(call, keys)), len(keys), facts=facts)

    return effort.measure(
        [
            case("params, xoshiro256++", params, ids),
            case("params, mt19937", partial(params, config=MT19937), ids),
            case("params, string id", params, names),
            case("params, base_seed and epoch", partial(params, base_seed=7, epoch=3), ids),
            case("seed", dpa.gen_augmentation_seed, ids),
            case("hashlib, the chain alone", _chain_by_hashlib, ids),
            case("twin, xoshiro256++", twin_params, ids[:500], twin=True),
            case("twin, mt19937", partial(twin_params, sampler="mt19937"), ids[:500]),
        ]
    )


_LINKS = [b"0", b"1", b"1", b"2", b"3", b"5", b"8", b"13", b"21", b"34"]


def _chain_by_hashlib(sample_id: int) -> str:
    text = hashlib.sha256(b"%d" % sample_id).hexdigest()
    for link in _LINKS:
        text = hashlib.sha256(text.encode() + link).hexdigest()
    return text


def _names(count: int) -> list[str]:
    return [f"n{1440764 + i // 1300:08d}_{i % 1300}.JPEG" for i in range(count)]


# ---- Columns ----


def _columns(effort: Effort) -> list[BenchmarkResult]:
    full = effort.samples(1_000_000)
    ids, shuffled = range(full), np.random.default_rng(0).permutation(full)
    out = dpa.AugmentationBatch.empty(full)
    shallow = DEFAULT.replace(augmentation_depth=1)
    deep = DEFAULT.replace(augmentation_depth=100)
    cases = [
        _columns_case(FULL_RATE, ids, out=out),
        _columns_case("the same, fresh arrays", ids),
        _columns_case("float32, fresh arrays", ids, dtype=np.float32),
        _columns_case("shuffled array", shuffled, out=out),
        _columns_case("shuffled list", shuffled.tolist(), out=out),
        _columns_case("list of str", _names(full), out=out),
        _columns_case("base_seed, epoch and view", ids, base_seed=7, epoch=3, view=1, out=out),
        _columns_case("mt19937", ids, config=MT19937, out=out),
        _columns_case("depth 1", ids, config=shallow, out=out),
        _columns_case("depth 1, fresh arrays", ids, config=shallow),
        _columns_case("depth 100, n = 100,000", ids[: full // 10], config=deep),
        *(
            _columns_case(f"{kind}, n = {count}", some[:count])
            for count in (1, 8, 64, 256)
            for kind, some in (("range", ids), ("array", shuffled), ("list", shuffled.tolist()))
        ),
    ]
    facts = {"against": FULL_RATE}
    cases.append(
        Case(STREAMED, lambda: exhaust(dpa.stream_augmentation_batches(full)), full, facts=facts)
    )
    uniforms = partial(dpa.generate_uniforms, ids, 5, num_threads=1)
    cases.append(Case("default_rng([seed, id]), n = 1", _default_rng, 1))
    cases.append(Case("generate_uniforms, 5 each", uniforms, full, facts=facts))
    return effort.measure([*cases, _twin_case(effort)])


def _default_rng() -> npt.NDArray[np.float64]:
    return np.random.default_rng([7, 5]).random(5)


def _columns_case(name: str, ids: Sequence[Any] | npt.NDArray[Any], **options: Any) -> Case:
    function = partial(dpa.generate_augmentation_batch, ids, num_threads=1, **options)
    return Case(name, function, len(ids), facts={"against": FULL_RATE})


def _twin_case(effort: Effort) -> Case:
    count = effort.samples(2_000)
    return Case("twin, list of dicts", partial(twin_chain, count), count, facts={"twin": True})


# ---- Dicts ----


def _dicts(effort: Effort) -> list[BenchmarkResult]:
    full = effort.samples(1_000_000)
    batch = dpa.generate_augmentation_batch(range(full))
    ready = [*(column.tolist() for column in batch.values), batch.hashes()]
    return effort.measure(
        [
            Case("list kept, generate_augmentation_chain", lambda: _chain(full), full),
            Case(
                "stream, each dict dropped",
                lambda: exhaust(dpa.stream_augmentation_chain(full)),
                full,
            ),
            Case("stream in batches of 32, dpa.batch", lambda: exhaust(_batches(full)), full),
            Case("for d in batch, each dropped", lambda: exhaust(batch), full),
            Case("batch.to_dicts(), kept", batch.to_dicts, full),
            Case("a loop of Python, each dropped", lambda: exhaust(_looped(ready)), full),
            _twin_case(effort),
        ]
    )


def _looped(ready: list[list[Any]]) -> Iterator[dict[str, Any]]:
    for rotation, brightness, noise, scale, contrast, text in zip(*ready, strict=True):
        yield {
            "rotation": rotation,
            "brightness": brightness,
            "noise": noise,
            "scale": scale,
            "contrast": contrast,
            "hash": text,
        }


def _chain(count: int) -> list[dict[str, Any]]:
    return dpa.generate_augmentation_chain(count)


def _batches(count: int) -> Iterator[list[dict[str, Any]]]:
    return BatchProcessor("sequential").process_stream(dpa.stream_augmentation_chain(count))


# ---- Statistics ----


def _statistics(effort: Effort) -> list[BenchmarkResult]:
    full = effort.samples(1_000_000)
    batch, dicts = dpa.generate_augmentation_batch(range(full)), _chain(full // 10)
    return effort.measure(
        [
            Case("of a batch", batch.statistics, full),
            Case("of a list of dicts", partial(dpa.compute_statistics, dicts), len(dicts)),
        ]
    )


# ---- Import and Ctrl-C ----


def _import(effort: Effort) -> list[BenchmarkResult]:
    code = (
        "import numpy, time; start = time.perf_counter(); import dpa; "
        "print(time.perf_counter() - start)"
    )

    # An import that may not keep what it compiled would be timed compiling.
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds() -> float:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
        return float(done.stdout)

    seconds()  # the files are in memory, compiled
    times = tuple(seconds() for _ in range(effort.iterations))
    return [BenchmarkResult("import dpa, above numpy's", times)]


def _interrupts(effort: Effort) -> list[BenchmarkResult]:
    if not hasattr(signal, "setitimer"):
        return []
    deep = DEFAULT.replace(augmentation_depth=10_000)
    return [
        _interrupted("1 thread", effort.iterations, 20_000_000, 1),
        _interrupted("2 threads", effort.iterations, 20_000_000, 2),
        _interrupted("1 thread, depth 10,000", effort.iterations, 500_000, 1, deep),
    ]


def _interrupted(
    name: str, iterations: int, count: int, threads: int, config: dpa.AugmentationConfig = DEFAULT
) -> BenchmarkResult:
    """An alarm takes the way of Ctrl-C's signal, and comes when it is told to."""
    delays = [0.05 + 0.0037 * number for number in range(iterations)]
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        times = tuple(_latency(delay, count, threads, config) for delay in delays)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    return BenchmarkResult(name, times, facts={"threads": threads})


def _latency(delay: float, count: int, threads: int, config: dpa.AugmentationConfig) -> float:
    ids = range(count)
    with measure_time() as timer:
        try:
            signal.setitimer(signal.ITIMER_REAL, delay)
            dpa.generate_augmentation_batch(ids, config, num_threads=threads)
        except KeyboardInterrupt:
            pass
        else:
            raise RuntimeError(f"{count} samples were made before an alarm in {delay} s")
    return timer["elapsed_seconds"] - delay
