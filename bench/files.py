"""Files of every format: rates, and the memory of streams through them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import isnan
from pathlib import Path

import dpa
from bench.effort import Effort
from bench.space import TEN, ten
from bench.tables import rate_table
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.memory import MB
from dpa.benchmark.tables import Table, duration, rate
from dpa.config import DEFAULT

TITLE = "Files"
MEMORY = "memory"
STATISTICS, WRITE, READ = "statistics", "write", "read as dicts"
STREAMED = 10_000_000
GENERATED = "generate a batch"
#: Formats that stream both ways; npz holds its columns.
STREAMS = ("json", "jsonl", "parquet")


def _formats() -> list[str]:
    return ["json", "jsonl", "npz", *(["parquet"] if find_spec("pyarrow") else [])]


def _json_peers() -> list[str]:
    """Modules with loads and dumps; orjson is a peer where it is installed."""
    return ["json", *(["orjson"] if find_spec("orjson") else [])]


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    with tempfile.TemporaryDirectory() as folder:
        count = effort.samples(200_000)
        yield from effort.measure(_cases(Path(folder), count))
        size = effort.samples(STREAMED)
        yield _peak(STATISTICS, f"dpa.compute_streaming_statistics({_stream(size)})", size)
        for name in STREAMS:
            if name in _formats():
                yield from _peaks(Path(folder) / f"stream.{name}", name, size)


def _cases(folder: Path, count: int) -> list[Case]:
    generate = partial(dpa.generate_augmentation_batch, range(count), num_threads=1)
    batch = generate()
    rows = batch.to_dicts()
    save, load = dpa.save_augmentation_chain, dpa.load_augmentation_batch
    cases = [Case(GENERATED, generate, count)]
    facts = {"against": GENERATED}
    for name in _formats():
        path = folder / f"chain.{name}"
        save(batch, path)
        cases += [
            Case(f"{name}: save a batch", partial(save, batch, path), count),
            Case(f"{name}: load a batch", partial(load, path), count),
            Case(f"{name}: load dicts", partial(dpa.load_augmentation_chain, path), count),
            Case(f"{name}: verify", partial(_verify, path), count, facts=facts),
        ]
    cases += _space_cases(folder / "space.json", count)
    content = (folder / "chain.json").read_bytes()
    for name in _json_peers():
        peer = import_module(name)
        cases += [
            Case(f"{name}.loads of that .json", partial(peer.loads, content), count),
            Case(f"{name}.dumps of its dicts", partial(peer.dumps, rows), count),
        ]
    path = folder / "dicts.json"
    return [
        *cases,
        Case("json: save dicts", partial(save, rows, path), count),
        Case("json: save dicts, hashes checked", partial(save, rows, path, DEFAULT), count),
    ]


def _space_cases(path: Path, count: int) -> list[Case]:
    batch = dpa.generate_augmentation_batch(range(count), ten(), num_threads=1)
    dpa.save_augmentation_chain(batch, path)
    return [
        Case(f"json: save {TEN}", partial(dpa.save_augmentation_chain, batch, path), count),
        Case(f"json: load {TEN}", partial(dpa.load_augmentation_batch, path), count),
        Case(f"json: verify {TEN}", partial(_verify, path), count),
    ]


def _verify(path: Path) -> None:
    if not dpa.verify_augmentation_chain(path, num_threads=1).ok:
        raise RuntimeError(f"{path} does not verify")


def _stream(size: int) -> str:
    return f"dpa.stream_augmentation_batches({size})"


def _peaks(path: Path, name: str, size: int) -> Iterator[BenchmarkResult]:
    writing = f"dpa.save_augmentation_stream({_stream(size)}, {str(path)!r})"
    yield _peak(f"{name}: {WRITE}", writing, size)
    reading = f"deque(dpa.load_augmentation_stream({str(path)!r}), maxlen=0)"
    yield _peak(f"{name}: {READ}", reading, size)
    path.unlink()


_CHILD = """
from collections import deque
from contextlib import suppress
import dpa
from dpa.benchmark import measure_memory, measure_time
with suppress(ImportError):
    import pyarrow.parquet
with measure_memory() as memory, measure_time() as timer:
    CALL
peak = memory["peak_mb"] - memory["before_mb"]
print(timer["elapsed_seconds"], peak if memory["peak_of"] == "block" else "nan")
"""


def _peak(name: str, call: str, size: int) -> BenchmarkResult:
    """One run in a process of its own; its memory is None where the system does not tell it."""
    command = [sys.executable, "-c", _CHILD.replace("CALL", call)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    seconds, peak = map(float, done.stdout.split())
    facts = {"group": MEMORY, "bytes": None if isnan(peak) else round(peak * MB)}
    return BenchmarkResult(name, (seconds,), 1, size, facts)


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    rates = [result for result in results if result.facts.get("group") != MEMORY]
    memory = [result for result in results if result.facts.get("group") == MEMORY]
    rows = [
        [
            result.name,
            f"{result.samples_per_call:,}",
            "?" if result.facts["bytes"] is None else f"{result.facts['bytes'] / 1e6:.1f} MB",
            duration(result.median_seconds),
            rate(result.samples_per_second),
        ]
        for result in memory
    ]
    whole = (
        "One thread, on a temporary folder, with fsync. SHA-256 of the text and of the samples "
        "bounds .json, then doubles as text; verifying adds a generation."
    )
    note = "Peak resident memory above that of the imports (dpa, pyarrow), one run each."
    return [
        rate_table("Whole files", rates, whole),
        Table("Streams", ("what", "samples", "memory", "time", "rate"), rows, note),
    ]
