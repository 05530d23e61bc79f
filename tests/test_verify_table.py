"""Tables that others have written are verified by their ids: dpa verify --table."""

import json

import numpy as np
import pytest
import test_space_files
from test_arrow_parameters import CHANGES, changed

import dpa
from dpa.cli import main

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow.parquet as pq  # noqa: E402 (needs pyarrow)

from dpa.integrations.arrow import Parameters, verify_table  # noqa: E402

SPACE, KEY = test_space_files.SPACE, test_space_files.KEY
EVERY = Parameters(SPACE, **KEY)
IDS = [f"n{at}" for at in range(3000)]


@pytest.fixture
def folder(tmp_path):
    """Partitions as engines write them: folders, marks of success, no metadata."""
    made = EVERY.add(pa.table({"file": IDS}), "file", "p.").replace_schema_metadata(None)
    (tmp_path / "t" / "split=a").mkdir(parents=True)
    for at, name in enumerate(("part-0.parquet", "split=a/part-1.parquet", "part-2.parquet")):
        part = made.slice(1000 * at, 1000)
        pq.write_table(part, tmp_path / "t" / name, row_group_size=300, store_schema=False)
    (tmp_path / "t" / "_SUCCESS").write_text("")
    (tmp_path / "t" / ".part-0.parquet.crc").write_text("x")
    (tmp_path / "t" / "_delta").mkdir()
    (tmp_path / "t" / "_delta" / "x.parquet").write_text("x")
    (tmp_path / "t" / "notes.txt").write_text("x")
    (tmp_path / "space.json").write_text(SPACE.to_json())
    return tmp_path / "t"


def command(folder, *more):
    key = ["--epoch", "3", "--base-seed", "7", "--space", str(folder.parent / "space.json")]
    return main(["verify", "--table", str(folder), "--id-column", "file", *key, *more])


def test_a_folder(folder, capsys):
    digest = dpa.expected_digest(IDS, SPACE, **KEY).hexdigest()
    report = verify_table(folder, "file", SPACE, prefix="p.", **KEY)
    assert (report.ok, report.checked, report.files, report.digest) == (True, 3000, 3, digest)
    assert command(folder, "--prefix", "p.") == 0
    assert capsys.readouterr().out == f"{folder}: ok, 3,000 samples in 3 files, digest {digest}\n"
    assert command(folder, "--prefix", "p.", "--json") == 0
    assert json.loads(capsys.readouterr().out) == report.to_dict()
    assert command(folder, "--prefix", "p.", "--quiet") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["rotation", "hash", "op", "grid"])
def test_one_changed_value_is_named(folder, name, capsys):
    path = folder / "split=a" / "part-1.parquet"
    table = pq.read_table(path, partitioning=None)
    before = table[f"p.{name}"][789].as_py()
    pq.write_table(changed(table, f"p.{name}", 789, CHANGES[name](before)), path)
    assert command(folder, "--prefix", "p.") == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{folder}: NOT OK, 1 of 3,000 samples differ"
    assert second.startswith(
        "  'split=a/part-1.parquet': 1 of 1,000 differ, the first in row 789 (id 'n1789'): "
        f"{name} is "
    )
    assert verify_table(folder, "file", SPACE, prefix="p.", **KEY).digest is None


@pytest.mark.parametrize("size", [10, 0])
def test_one_file_without_hashes(tmp_path, size):
    ids = pa.array(range(size), pa.uint64())
    table = Parameters(hash=False).add(pa.table({"id": ids}), "id")
    pq.write_table(table, tmp_path / "a.parquet")
    report = verify_table(tmp_path / "a.parquet", "id")
    assert (report.ok, report.checked, report.digest) == (True, size, None)


def test_null_ids(tmp_path, capsys):
    table = Parameters(nulls="null").add(pa.table({"id": [None, "a", None]}), "id")
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    assert main(["verify", "--table", str(path), "--id-column", "id"]) == 1
    assert "ids must not be null, got 2 nulls" in capsys.readouterr().out
    assert main(["verify", "--table", str(path), "--id-column", "id", "--null-ids"]) == 0
    digest = verify_table(path, "id", nulls="null").digest
    assert digest == dpa.expected_digest(["a"]).hexdigest()


def test_memory_is_constant(tmp_path, monkeypatch):
    """No batch is larger than a block, whatever the row groups."""
    sizes = []
    compare = Parameters.compare
    monkeypatch.setattr(
        Parameters,
        "compare",
        lambda self, batch, *rest: sizes.append(len(batch)) or compare(self, batch, *rest),
    )
    table = Parameters().add(pa.table({"id": np.arange(200_000)}), "id")
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=200_000)
    assert verify_table(tmp_path / "a.parquet", "id").checked == sum(sizes) == 200_000
    assert max(sizes) <= 65_536


def test_what_cannot_be_read_is_told_and_the_rest_compared(folder, capsys):
    (folder / "part-0.parquet").write_text("no parquet")
    pq.write_table(pa.table({"file": ["a"], "x\n": [1]}), folder / "part-2.parquet")
    assert command(folder, "--prefix", "p.") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{folder}: NOT OK, 0 of 1,000 samples differ"
    assert lines[1].startswith("  'part-0.parquet': ")
    assert lines[2] == "  'part-2.parquet': no column 'p.rotation'; there are file, x\\n"


def test_damaged_pages_are_told_and_the_rest_compared(folder):
    path = folder / "part-0.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 4)
    path.write_bytes(data)
    report = verify_table(folder, "file", SPACE, prefix="p.", **KEY)
    assert (report.ok, report.checked, report.different, report.digest) == (False, 2000, 0, None)
    [problem] = report.problems
    assert problem.startswith("'part-0.parquet': ")


def test_errors_of_later_rows_say_where_these_are(tmp_path):
    table = Parameters().add(pa.table({"id": range(100_000)}), "id")
    table = table.set_column(0, "id", pa.array([*range(99_999), None]))
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=50_000)
    [problem] = verify_table(tmp_path / "a.parquet", "id").problems
    assert "got 1 null" in problem
    _, _, start = problem.removesuffix(")").rpartition(" ")
    _, _, at = problem.partition(":")[2].partition(":")[0].rpartition(" ")
    assert int(at) + int(start) == 99_999


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--table {table}", "--table needs --id-column"),
        ("--table {table} --id-column x y.json", "a FILE is not allowed with --table"),
        ("--table {table} --id-column x --ids 0:5", "--ids is not allowed with --table"),
        ("--table {table} --id-column x --rank 0", "--rank is not allowed with --table"),
        ("--table {table} --id-column x --ids-from y", "--ids-from is not allowed with --table"),
        ("--table {table} --id-column x --string", "--string is not allowed with --table"),
        ("y.json --epoch 0", "--epoch needs --table"),
        ("y.json --preset mild", "--preset needs --table"),
        ("y.json --id-column x", "--id-column needs --table"),
        ("--table {table}/nothing --id-column x", "No such file or directory"),
        ("--table {folder} --id-column x", "has no .parquet files"),
    ],
)
def test_wrong_usage(folder, arguments, message, capsys):
    empty = folder.parent / "empty"
    empty.mkdir()
    said = arguments.format(table=folder, folder=empty).split()
    assert main(["verify", *said]) == 2
    assert message in capsys.readouterr().err


def test_bad_arguments(folder):
    with pytest.raises(TypeError, match="prefix must be a str, got 5"):
        verify_table(folder, "file", prefix=5)
    with pytest.raises(ValueError, match="nulls must be"):
        verify_table(folder, "file", nulls="x")
    with pytest.raises(ValueError, match="path must be one of a file system"):
        verify_table("s3://bucket/t", "file")
