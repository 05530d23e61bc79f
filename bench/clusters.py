"""Samples generated and written as partitioned Parquet, by one process and by each engine.

`python -m bench.clusters ENGINE SAMPLES` is one measurement: JSON of what it took. The engine is
started and does the job once before the clock runs.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import dpa
from bench.effort import Effort
from bench.tables import rate_table
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.memory import MB
from dpa.benchmark.tables import Table, duration, rate, times
from dpa.host.threads import allowed_cores

TITLE = "Clusters"
SAMPLES, TEXTS, PARTS = 20_000_000, 2_000_000, 40
ONE = "one process"
EXPRESSION = "polars: expression"
LIST = "generate_augmentation_batch of a list"
COPY = "spark: a copy"
#: Dictionaries of random numbers take time and make files larger.
WRITING: dict[str, Any] = {"compression": "zstd", "use_dictionary": False}
MODULES = {ONE: "pyarrow", "polars": "polars", "duckdb": "duckdb"}
MODULES |= {"dask": "distributed", "ray": "ray", "spark": "pyspark", COPY: "pyspark"}


# ---- The jobs: each takes a number of samples, gives what writes them to a folder ----


def one_process(size: int) -> Callable[[str], object]:
    """A thread a core, each with partitions of its own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dpa.integrations.arrow import Parameters

    made, step = Parameters(), -(-size // PARTS)

    def part(folder: str, start: int) -> None:
        table = pa.table({"id": np.arange(start, min(start + step, size), dtype=np.uint64)})
        path = f"{folder}/{start:012}.parquet"
        pq.write_table(made.add(table, "id"), path, **WRITING)

    def write(folder: str) -> None:
        with ThreadPoolExecutor(allowed_cores()) as pool:
            list(pool.map(partial(part, folder), range(0, size, step)))

    return write


def dask(size: int) -> Callable[[str], object]:
    import dask.dataframe as dd
    import pandas as pd
    from distributed import Client

    from dpa.integrations.dask import add_parameters

    Client(n_workers=allowed_cores(), threads_per_worker=1, dashboard_address=None)
    step = -(-size // PARTS)

    def part(start: int) -> pd.DataFrame:
        return pd.DataFrame({"id": np.arange(start, min(start + step, size), dtype=np.uint64)})

    frame = add_parameters(dd.from_map(part, range(0, size, step)), "id")
    return lambda folder: frame.to_parquet(folder, write_index=False, **WRITING)


def ray(size: int) -> Callable[[str], object]:
    import ray

    from dpa.integrations.ray import add_parameters

    ray.init(num_cpus=allowed_cores(), include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    dataset = add_parameters(ray.data.range(size, override_num_blocks=PARTS), "id")
    return lambda folder: dataset.write_parquet(folder, **WRITING)


def spark(size: int) -> Callable[[str], object]:
    from dpa.integrations.spark import add_parameters

    frame = add_parameters(_spark_session().range(0, size, 1, PARTS), "id")
    return lambda folder: frame.write.mode("overwrite").parquet(folder)


def spark_copy(size: int) -> Callable[[str], object]:
    """The same columns, read from files and written again: neither dpa nor Python is in it."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    spark(size)(folder)
    frame = _spark_session().read.parquet(folder)
    return lambda folder: frame.write.mode("overwrite").parquet(folder)


def _spark_session() -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.hadoop.parquet.enable.dictionary": "false",
    }
    builder = SparkSession.builder.master(f"local[{allowed_cores()}]").config(map=settings)
    return builder.getOrCreate()


def polars(size: int) -> Callable[[str], object]:
    import polars as pl

    from dpa.integrations.polars import add_parameters

    ids = pl.LazyFrame().select(id=pl.int_range(size, dtype=pl.UInt64))
    frame = add_parameters(ids, "id", num_threads=1)
    return lambda folder: frame.sink_parquet(f"{folder}/all.parquet", compression="zstd")


def duckdb(size: int) -> Callable[[str], object]:
    import duckdb

    from dpa.integrations.duckdb import register

    connection = duckdb.connect(config={"threads": allowed_cores()})
    register(connection)
    connection.execute(f"create table ids as select range::ubigint as id from range({size})")
    query = "select id, unnest(dpa_parameters(id)) from ids"
    options = "format parquet, compression zstd, per_thread_output, overwrite_or_ignore"
    return lambda folder: connection.execute(f"copy ({query}) to '{folder}' ({options})")


JOBS = {ONE: one_process, "polars": polars, "duckdb": duckdb, "dask": dask, "ray": ray}
JOBS |= {"spark": spark, COPY: spark_copy}
#: Those that make their folder.
FOLDERS = ("dask", "ray", "spark", COPY)


# ---- Measuring ----


def measured(name: str, size: int) -> dict[str, float]:
    """Seconds and CPU seconds of the second run, and the peak memory of this process in it."""
    job = JOBS[name](size)
    with tempfile.TemporaryDirectory() as folder:
        job(f"{folder}/first") if name in FOLDERS else job(made(folder, "first"))
        target = made(folder, "second")
        before, start = cpu_seconds(), time.perf_counter()
        job(target)
        seconds, cpu = time.perf_counter() - start, cpu_seconds() - before
        check(target, size)
    peak = psutil.Process().memory_info().rss  # a driver only grows
    return {"seconds": seconds, "cpu": cpu, "bytes": peak}


def made(folder: str, name: str) -> str:
    path = Path(folder, name)
    path.mkdir(exist_ok=True)
    return str(path)


def check(folder: str, size: int) -> None:
    """The first file's samples are right, and there are as many as there should be."""
    import pyarrow.parquet as pq

    from dpa.integrations.arrow import Parameters

    files = sorted(Path(folder).rglob("*.parquet"))
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    table = next(pq.ParquetFile(files[0]).iter_batches(10_000))
    if rows != size or len(Parameters().differing(table, "id")):
        raise RuntimeError(f"{folder} has {rows} of {size} samples, or others")


def cpu_seconds() -> float:
    """Of this process and all below it; those that end meanwhile do not count."""
    total = 0.0
    process = psutil.Process()
    for each in (process, *process.children(recursive=True)):
        try:
            used = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system
    return total


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    size = effort.samples(SAMPLES)
    there = [name for name in JOBS if find_spec(MODULES[name])]
    turns = 3 if effort.scale == 1 else 1
    found: dict[str, list[dict[str, float]]] = {name: [] for name in there}
    for _ in range(turns):
        for name in there:
            command = [sys.executable, "-m", "bench.clusters", name, str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stdout + done.stderr)
            found[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    for name, runs in found.items():
        seconds = tuple(each["seconds"] for each in runs)
        facts = {"group": "write", "cpu": min(each["cpu"] for each in runs)}
        facts["bytes"] = max(each["bytes"] for each in runs)
        yield BenchmarkResult(name, seconds, 1, size, facts)
    yield from effort.measure(_cases(effort.samples(TEXTS)))


def _cases(count: int) -> list[Case]:
    """Text ids in one process: what the core and polars add to the generation."""
    names = [f"train/n{at % 1000:08}/{at:012}.JPEG" for at in range(count)]
    cases = [Case(LIST, partial(dpa.generate_augmentation_batch, names), count)]
    facts = {"against": LIST}
    if find_spec("pyarrow"):
        import pyarrow as pa

        from dpa.integrations.arrow import Parameters

        struct = Parameters(num_threads=None).struct
        cases.append(Case("arrow: struct", partial(struct, pa.array(names)), count, facts=facts))
    if find_spec("polars"):
        import polars as pl

        from dpa.integrations.polars import parameters

        frame = pl.DataFrame({"id": names})
        select: Callable[[], Any] = partial(frame.select, parameters("id"))
        cases.append(Case(EXPRESSION, select, count, facts=facts))
    return cases


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    written = [result for result in results if result.facts.get("group") == "write"]
    one = next((result for result in written if result.name == ONE), None)
    rows = [
        [
            result.name,
            duration(result.median_seconds),
            rate(result.samples_per_second),
            times(result.median_seconds / one.median_seconds) if one else "",
            f"{result.facts['cpu']:.1f} s",
            f"{result.facts['bytes'] / MB:.0f} MB",
        ]
        for result in written
    ]
    size = written[0].samples_per_call if written else 0
    head = ("what", "time", "rate", "times one process", "CPU", "memory of the driver")
    note = (
        f"{machine['cores']} cores; after start-up, the second run; resident memory at its end, "
        "for Spark without its JVM."
    )
    texts = [result for result in results if result.facts.get("group") != "write"]
    return [
        Table(f"{size:,} samples as zstd Parquet", head, rows, note),
        rate_table("Text ids, in memory", texts, "All cores."),
    ]


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
