"""Commands that read whole files, or make as many samples: what a user waits for."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import dpa
from bench.effort import Effort
from dpa import cli
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table, duration, rate

TITLE = "Commands"
SAMPLES = 1_000_000


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    with tempfile.TemporaryDirectory() as folder:
        yield from effort.measure(_cases(Path(folder), effort.samples(SAMPLES)))


def _cases(folder: Path, count: int) -> list[Case]:
    batch = dpa.generate_augmentation_batch(range(count), base_seed=7, epoch=2)
    mixed = np.random.default_rng(0).permutation(count)
    dpa.save_augmentation_chain(
        dpa.generate_augmentation_batch(mixed, base_seed=7, epoch=2), folder / "mixed.npz"
    )
    cases = [
        _case(count, "audit", "-n", str(count)),
        _case(count, "diff", str(folder / "mixed.npz"), str(folder / "chain.npz")),
        _case(count, "plot", str(folder / "chain.npz"), "-o", str(folder / "plot.png")),
    ]
    for name in ("npz", "json", *(["parquet"] if find_spec("pyarrow") else [])):
        path = str(folder / f"chain.{name}")
        dpa.save_augmentation_chain(batch, path)
        cases += [
            _case(count, "stats", path),
            _case(count, "diff", path, path),
            _case(count, "verify", path),
        ]
    return cases


def _case(count: int, *argv: str) -> Case:
    names = [Path(each).name for each in argv if each != "-o" and not each.endswith(".png")]
    return Case(" ".join(names), partial(_silently, argv), count)


def _silently(argv: Sequence[str]) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = cli.main(list(argv))
    if code != 0:
        raise RuntimeError(f"dpa {' '.join(argv)} ended with {code}")


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    rows = [
        [
            f"dpa {result.name}",
            f"{result.samples_per_call:,}",
            duration(min(result.times_seconds)),
            duration(result.median_seconds),
            rate(result.samples_per_second),
        ]
        for result in results
    ]
    note = (
        "Threads as by default. Without the start of Python and the imports, which take `plot` "
        "0.6 s and `audit` 0.3 s. `plot` draws for a second, whatever the file."
    )
    return [Table("Whole commands", ("what", "samples", "best", "median", "rate"), rows, note)]
