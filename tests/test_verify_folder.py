"""A folder of chain files is verified as one run."""

import json

import pytest

import dpa
from dpa.cli import main


@pytest.fixture
def folder(tmp_path):
    for start, stop in ((0, 3000), (3000, 5000), (5000, 5001)):
        batch = dpa.generate_augmentation_batch(range(start, stop), epoch=3)
        dpa.save_augmentation_chain(batch, tmp_path / f"part-{start}.npz")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".hidden.json").write_text("{")
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


def test_its_digest_is_that_of_the_run(folder, tmp_path_factory, capsys):
    whole = tmp_path_factory.mktemp("whole") / "whole.json"
    dpa.generate_augmentation_chain(5001, save_path=whole, epoch=3)
    report = dpa.verify_augmentation_chain(folder)
    digest = json.loads(whole.read_text())["trailer"]["digest"]
    assert (report.ok, report.checked, report.files, report.digest) == (True, 5001, 3, digest)
    assert dpa.verify_augmentation_chain(whole).digest == digest
    assert main(["verify", str(folder)]) == 0
    assert capsys.readouterr().out == (f"{folder}: ok, 5,001 samples in 3 files, digest {digest}\n")


def test_what_does_not_belong_together_is_told(folder):
    dpa.generate_augmentation_chain(10, save_path=folder / "other.json", epoch=4)
    dpa.save_augmentation_chain(
        dpa.generate_augmentation_batch(range(2999, 3001), epoch=3), folder / "part-1.jsonl"
    )
    report = dpa.verify_augmentation_chain(folder)
    assert not report.ok
    assert report.problems == (
        "'other.json' and 'part-0.npz' differ in their key",
        "'other.json' and 'part-1.jsonl' differ in their key",
        "'other.json' and 'part-3000.npz' differ in their key",
        "'other.json' and 'part-5000.npz' differ in their key",
        "'part-0.npz' and 'part-1.jsonl' overlap from id 2999 on",
        "'part-1.jsonl' and 'part-3000.npz' overlap from id 3000 on",
    )


def test_a_part_without_samples_overlaps_none(folder):
    nothing = dpa.stream_augmentation_range(1000, 1000, epoch=3)
    dpa.save_augmentation_stream(nothing, folder / "nothing.json")
    assert json.loads((folder / "nothing.json").read_text())["metadata"]["start_id"] == 1000
    assert dpa.verify_augmentation_chain(folder).ok


def test_a_fault_in_a_part_is_told(folder):
    batch = dpa.load_augmentation_batch(folder / "part-3000.npz")
    batch.noise[7] = 0.05
    dpa.save_augmentation_chain(batch, folder / "part-3000.npz")
    report = dpa.verify_augmentation_chain(folder)
    assert (report.ok, report.different, report.first.id) == (False, 1, 3007)


def test_a_part_that_an_engine_wrote_is_named(folder):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"rotation": [1.0]}), folder / "part.parquet")
    report = dpa.verify_augmentation_chain(folder)
    assert (report.ok, report.checked, report.digest) == (False, 5001, None)
    assert "part.parquet': not a chain: " in report.problems[0]
    assert "kept columns alone" in report.problems[0]


def test_ranks_may_have_a_part_each(tmp_path):
    for rank in range(2):
        batch = dpa.generate_augmentation_batch(range(10), rank=rank, world_size=2)
        dpa.save_augmentation_chain(batch, tmp_path / f"{rank}.npz", world_size=2)
    assert dpa.verify_augmentation_chain(tmp_path).ok


def test_a_reordered_part_is_told_as_such(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "o.parquet"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch([5, 3, 9, 1] * 3000), path)
    pq.write_table(pq.read_table(path).sort_by("id"), path)
    assert f"{tmp_path}: ORDER CHANGED, 0 of" in str(dpa.verify_augmentation_chain(tmp_path))


def test_what_is_for_single_files_is_refused(folder):
    with pytest.raises(ValueError, match="ids, base_seed and rank are for single files"):
        dpa.verify_augmentation_chain(folder, base_seed=3)


def test_an_empty_folder(tmp_path):
    with pytest.raises(ValueError, match="has no chain files"):
        dpa.verify_augmentation_chain(tmp_path)
