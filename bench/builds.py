"""python -m bench.builds PYTHON [ROW ...]: this build beside another one, in turns.

PYTHON is the interpreter of an environment with the other build. Each build measures in a process
of its own; a turn is one row of both. Times are CPU seconds, the least of a turn's calls.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

COUNT = 50_000  # samples of a file, a stream or a list
FILE_COUNT = 1_000_000  # samples of a file that a command reads
LEAST_SECONDS = 0.1
#: What makes the row of a build that cannot do it yet.
LACKING = (AttributeError, ImportError, TypeError, subprocess.CalledProcessError)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.builds", description=__doc__)
    parser.add_argument("python", help="the interpreter of the other build")
    parser.add_argument("row", nargs="*", help="parts of the names of rows; default: all rows")
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_intermixed_args(argv)
    from dpa.benchmark.tables import duration  # the other build may have none

    builds = [_Build(options.python), _Build(sys.executable)]
    names = [
        name
        for name in builds[1].ask("rows").split("|")
        if not options.row or any(part in name for part in options.row)
    ]
    print("| row | other | this | other / this |\n|---|---|---|---|")
    for name in names:
        other, this = [], []
        for turn in range(options.turns):
            for build, found in ((builds[0], other), (builds[1], this))[:: 1 - 2 * (turn % 2)]:
                found.append(float(build.ask(name)))
        ratio = statistics.median(a / b for a, b in zip(other, this, strict=True))
        print(
            f"| {name} | {duration(min(other))} | {duration(min(this))} | {ratio:.2f} |", flush=True
        )


class _Build:
    """A process that measures rows of the build of an interpreter."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-P", __file__, "--measure"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tempfile.gettempdir(),
        )

    def ask(self, row: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        print(row, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()


# ---- In the process of a build: nothing but its public calls, and no other module of bench ----


def measure(folder: Path) -> None:
    """Answers each line of standard input: the seconds of that row, nan where it cannot be had."""
    rows = _rows(folder)
    for line in sys.stdin:
        name = line.strip()
        print("|".join(rows) if name == "rows" else _seconds(rows.get(name)), flush=True)


def _seconds(row: tuple[int, Callable[[], Callable[[], object]]] | None) -> float:
    """The least seconds of a call, per sample."""
    if row is None:
        return float("nan")
    samples, ready = row
    try:
        call = ready()
        call()
    except LACKING:
        return float("nan")
    least, spent = float("inf"), 0.0
    while spent < LEAST_SECONDS:
        before = _spent()
        call()
        took = _spent() - before
        least, spent = min(least, took), spent + took
    return least / samples


def _spent() -> float:
    """CPU seconds of this process and of those that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _rows(folder: Path) -> dict[str, tuple[int, Callable[[], Callable[[], object]]]]:
    """Samples of a call, and what prepares it."""
    import dpa

    params, generate = dpa.gen_augmentation_params, dpa.generate_augmentation_batch
    ids, names = range(1000, 3000), [f"n01440764_{i}.JPEG" for i in range(2000)]
    mixed = np.random.default_rng(0).permutation(COUNT)
    rows: dict[str, tuple[int, Callable[[], Callable[[], object]]]] = {}

    def each(name: str, call: Callable[[Any], object], keys: Any = ids) -> None:
        rows[name] = len(keys), lambda: lambda: _exhaust(map(call, keys))

    def bulk(name: str, keys: Any, times: int = 1, **options: Any) -> None:
        def call() -> None:
            for _ in range(times):
                generate(keys, num_threads=1, **options)

        rows[name] = len(keys) * times, lambda: call

    each("one id", params)
    each("one id, text", params, names)
    each("one id, base_seed and epoch", partial(params, base_seed=7, epoch=3))
    each("one id, a rank", partial(params, base_seed=7, epoch=3, rank=1, world_size=2))
    each("one id, the hash", dpa.gen_augmentation_seed)
    for size in (1, 8, 64, 256):
        bulk(f"array of {size}", mixed[:size], 2000 // size)
        bulk(f"range of {size}", range(size), 2000 // size)
        bulk(f"list of {size} texts", names[:size], 2000 // size)
    out = dpa.AugmentationBatch.empty(COUNT)
    few = dpa.AugmentationBatch.empty(8)
    bulk("array of 8, out=", mixed[:8], 250, out=few)
    config = dpa.AugmentationConfig
    bulk("columns", range(COUNT), out=out)
    bulk("columns, listed ids", mixed, out=out)
    bulk("columns, texts", names * (COUNT // len(names)), out=out)
    bulk("columns, new arrays", range(COUNT))
    bulk("columns, depth 1", range(COUNT), config=config(augmentation_depth=1), out=out)
    bulk("columns, depth 100", range(5000), config=config(augmentation_depth=100))
    bulk("columns, mt19937", range(COUNT), config=config(sampler="mt19937"), out=out)
    rows["uniforms"] = COUNT, lambda: partial(dpa.generate_uniforms, mixed, 3, num_threads=1)
    rows["digest"] = COUNT, lambda: generate(mixed).digest
    rows["statistics"] = COUNT, lambda: generate(mixed).statistics
    stream = dpa.stream_augmentation_chain
    rows["stream of dicts"] = COUNT, lambda: lambda: _exhaust(stream(COUNT))
    rows["stream of dicts, base_seed and epoch"] = (
        COUNT,
        lambda: lambda: _exhaust(stream(COUNT, base_seed=7, epoch=3)),
    )
    rows["list of dicts"] = COUNT, lambda: partial(dpa.generate_augmentation_chain, COUNT)
    rows["batch to dicts"] = COUNT, lambda: generate(mixed).to_dicts
    batches = dpa.stream_augmentation_batches
    rows["stream of batches"] = COUNT, lambda: lambda: _exhaust(batches(COUNT))
    for form in ("json", "jsonl", "npz", "parquet"):
        for size in (10, COUNT):
            _file_rows(rows, folder / f"{size}.{form}", size)
    rows["import"] = 1, lambda: partial(_import, "import numpy, dpa")
    rows["import of NumPy alone"] = 1, lambda: partial(_import, "import numpy")
    _command_rows(rows, folder)
    _space_rows(rows, mixed)
    return rows


def _exhaust(iterable: Iterable[object]) -> None:
    deque(iterable, maxlen=0)


def _import(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def _file_rows(rows: dict[str, Any], path: Path, size: int) -> None:
    import dpa

    batch = dpa.generate_augmentation_batch(range(size), base_seed=7, epoch=2)

    def saved(call: Callable[[Path], object]) -> Callable[[], object]:
        dpa.save_augmentation_chain(batch, path)
        return partial(call, path)

    what = f"{path.suffix}, {size} samples"
    rows[f"save {what}"] = size, lambda: partial(dpa.save_augmentation_chain, batch, path)
    rows[f"load {what}"] = size, lambda: saved(dpa.load_augmentation_batch)
    rows[f"load {what}, as dicts"] = size, lambda: saved(dpa.load_augmentation_chain)
    rows[f"verify {what}"] = size, lambda: saved(dpa.verify_augmentation_chain)


def _command_rows(rows: dict[str, Any], folder: Path) -> None:
    def ready(*argv: str) -> Callable[[], object]:
        import dpa

        for name, ids in (("chain", range(FILE_COUNT)), ("mixed", range(FILE_COUNT)[::-1])):
            for form in ("npz", "json"):
                path = folder / f"{name}.{form}"
                if path.name in argv and not path.exists():
                    batch = dpa.generate_augmentation_batch(ids, base_seed=7, epoch=2)
                    dpa.save_augmentation_chain(batch, path)
        command = [sys.executable, "-m", "dpa", *argv]
        return partial(subprocess.run, command, cwd=folder, check=True, capture_output=True)

    for argv in (
        *((name, f"chain.{form}") for name in ("stats", "verify") for form in ("npz", "json")),
        ("diff", "chain.npz", "chain.npz"),
        ("diff", "chain.json", "chain.json"),
        ("diff", "chain.npz", "mixed.npz"),
        *(("plot", f"chain.{form}", "-o", "plot.png") for form in ("npz", "json")),
        ("audit", "-n", str(FILE_COUNT)),
        ("--help",),
    ):
        rows[f"dpa {' '.join(argv)}"] = 1, partial(ready, *argv)


def _space_rows(rows: dict[str, Any], mixed: Any) -> None:
    import dpa

    try:
        from dpa import space as s
    except ImportError:  # a build without declared parameters
        return
    space = s.Space(
        flip=s.Bernoulli(0.5),
        crop=s.group(area=s.Uniform(0.08, 1), x=s.Uniform(0, 1)),
        blur=s.sometimes(0.5, sigma=s.LogUniform(0.1, 2)),
        size=s.Integers(1, 8),
        mode=s.Choice(["a", "b", "c"]),
    )
    generate = dpa.generate_augmentation_batch
    rows["Space: one id"] = (
        1000,
        lambda: (
            lambda: _exhaust(map(partial(dpa.gen_augmentation_params, config=space), range(1000)))
        ),
    )
    rows["Space: columns"] = COUNT, lambda: partial(generate, mixed, space, num_threads=1)
    rows["Space: stream of dicts"] = (
        COUNT,
        lambda: lambda: _exhaust(dpa.stream_augmentation_chain(COUNT, space)),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name))
    else:
        main()
