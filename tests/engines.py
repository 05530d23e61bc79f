"""What the tests of all engines share: ids, parameters of every type, and one changed bit."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import dpa
from dpa.integrations.arrow import verify_table
from dpa.space import Bernoulli, Choice, Integers, LogUniform, Normal, Seed, Space, group, one_of

#: .ci/full asks for 20 million.
SIZE = int(os.environ.get("DPA_CLUSTER_SAMPLES", "30000"))
SPACE = Space(
    {
        "flip": Bernoulli(0.5),
        "mix": one_of({"zoom": group(factor=LogUniform(0.5, 2)), "none": group()}),
        "level": Choice([1, 5, 9]),
        "times": Integers(-2, 9),
        "noise": Normal(0, 1),
        "seed": Seed(),
    },
    depth=2,
)
#: With lists, which not every engine takes everywhere.
SHAPED = SPACE | {"grid": Normal(0, 1, shape=(2, 3)), "words": Choice(["a", "ü"], shape=2)}
KEY = {"epoch": 3, "base_seed": 7}
PARTS = (1, 3, 8)


def table(size: int = 3000) -> pa.Table:
    """A column of ids and one to sort by."""
    order = np.random.default_rng(5).permutation(size)
    return pa.table({"file": [f"n{at:08}.JPEG" for at in range(size)], "order": order})


def wanted(ids: list[str] | pa.Array, space: Space = SPACE) -> dpa.SampleDigest:
    ids = ids if isinstance(ids, list) else ids.to_pylist()
    return dpa.expected_digest(ids, space, **KEY)


def check_folder(folder: Path, ids: list[str], space: Space = SPACE) -> None:
    """What an engine has written is right, and one last bit changed in it is found and named."""
    report = verify_table(folder, "file", space, **KEY)
    assert report.ok, str(report)
    assert (report.checked, report.digest) == (len(ids), wanted(ids, space).hexdigest())
    path = max(folder.rglob("*.parquet"), key=lambda each: pq.read_metadata(each).num_rows)
    found = pq.ParquetFile(path).read()
    at = len(found) // 2
    values = found["noise"].to_pylist()
    values[at] = float(np.nextafter(values[at], np.inf))
    number = found.column_names.index("noise")
    pq.write_table(found.set_column(number, "noise", pa.array(values, pa.float64())), path)
    report = verify_table(folder, "file", space, **KEY)
    assert (report.different, report.digest) == (1, None)
    [problem] = report.problems
    name, sample_id = path.name, found["file"][at].as_py()
    assert name in problem
    assert f"the first in row {at} (id {sample_id!r}): noise is {values[at]!r}, must be" in problem


def die_once(marker: str, parents: int = 0) -> None:
    """The first process that comes here is killed hard, or its parent; the others go on."""
    try:
        Path(marker).touch(exist_ok=False)
    except FileExistsError:
        return
    pid = os.getpid()
    for _ in range(parents):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        pid = int(stat.rpartition(")")[2].split()[1])
    os.kill(pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def small_driver() -> Iterator[None]:
    """The memory of this process must not grow with SIZE: a sample has 80 bytes."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    grown = process.memory_info().rss - before
    assert grown < 200e6, f"the driver grew by {grown / 1e6:.0f} MB"  # 20 million are 1,600 MB


def nullable() -> tuple[list[str | None], dpa.SampleDigest]:
    """Ids with nulls, and the digest of those that are none."""
    ids = [None if at % 7 == 0 else f"n{at}" for at in range(500)]
    return ids, wanted([each for each in ids if each is not None])
