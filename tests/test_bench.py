"""python -m bench runs, and what it compares with is right."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import reference
from frameworks import require

import dpa

ROOT = Path(__file__).parents[1]


def bench(*arguments: str) -> str:
    """What `python -m bench --quick` prints."""
    command = [sys.executable, "-m", "bench", *arguments, "--quick"]
    run = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_a_report_has_every_section_and_can_be_written_again_from_its_records(tmp_path):
    require("cv2", "test")  # a peer of the section of images
    page, again, records = (tmp_path / name for name in ("page.md", "again.md", "records.json"))
    bench("report", "--json", str(records), "--output", str(page))
    text = page.read_text(encoding="utf-8")
    for heading in ("Kernels", "What users call", "Threads", "What users have instead"):
        assert f"\n## {heading}\n" in text
    for kernel in dpa.kernels():
        assert f"\n| {kernel} " in text
    assert "NaN" not in records.read_text(encoding="utf-8")
    bench("report", "--load", str(records), "--output", str(again))
    assert again.read_text(encoding="utf-8") == text
    pictures = re.findall(r"^!\[.+\]\((.+)\)$", text, re.MULTILINE)
    assert {f"benchmarks_{name}.png" for name in ("dicts", "columns", "arrays", "files")} <= {
        *pictures
    }
    assert {path.name for path in tmp_path.glob("*.png")} == {*pictures}


def test_the_recorded_results_have_five_pictures_of_dpa_beside_others(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    pictures = importlib.import_module("bench.pictures")
    records = importlib.import_module("bench.records")
    sections = records.load(records.FOLDER / "intel-r-xeon-r-processor-family-6-2-cores.json")
    charts = [*pictures.drawable(sections)]
    assert len(charts) >= 5
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for chart, results in charts:
        assert f"(benchmarks_{chart.name}.png)" in page
        assert any(re.match(chart.ours, result.name) for result in results)


def test_a_section_joins_the_records_of_others(tmp_path):
    path = tmp_path / "records.json"
    assert "1 thread" in bench("scaling", "--json", str(path))
    assert "portable" in bench("kernels", "--json", str(path), "--ghz", "2.5")
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["scaling", "kernels"]
    assert "given by --ghz" in path.read_text(encoding="utf-8")


def test_two_builds_are_measured_in_turns():
    rows = ["one id, text", "save .npz, 10 samples", "dpa --help"]
    command = [sys.executable, "-m", "bench.builds", sys.executable, *rows, "--turns", "1"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = re.findall(
        r"^\| (.+?) \| [\d.]+ \w+ \| [\d.]+ \w+ \| ([\d.]+) \|$", run.stdout, re.MULTILINE
    )
    assert [name for name, _ in found] == rows
    assert all(float(ratio) > 0 for _, ratio in found)


@pytest.mark.parametrize("form", ["npz", "json"])
def test_a_row_of_a_command_runs_it_on_a_file(monkeypatch, tmp_path, form):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.syspath_prepend(str(ROOT))
    builds = importlib.import_module("bench.builds")
    monkeypatch.setattr(builds, "FILE_COUNT", 200)
    rows = {}
    builds._command_rows(rows, tmp_path)
    _, ready = rows[f"dpa plot chain.{form} -o plot.png"]
    ready()()
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert len(dpa.load_augmentation_batch(tmp_path / f"chain.{form}")) == 200


def test_peers_draw_in_the_ranges_and_by_the_id(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    peers = importlib.import_module("bench.peers")
    for draw in (peers.python_random, peers.blake2b, peers.default_rng, peers.philox):
        assert draw(7) == draw(7) != draw(8)
        check_ranges([draw(sample_id) for sample_id in range(100)])
    ids = np.arange(100, dtype=np.uint64)
    columns = peers.numpy_hash(ids)
    assert all(len(set(column.tolist())) == 100 for column in columns.values())
    rows = zip(*columns.values(), strict=True)
    check_ranges([dict(zip(columns, row, strict=True)) for row in rows])
    in_place = importlib.import_module("bench.splitmix64").SplitMix64(ids)
    for _ in range(2):  # what is reused carries nothing over
        in_place.fill()
        assert {n: c.tolist() for n, c in in_place.columns.items()} == {
            n: c.tolist() for n, c in columns.items()
        }


def test_what_is_beside_the_calls_makes_the_same(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    api = importlib.import_module("bench.api")
    assert api._chain_by_hashlib(42) == dpa.gen_augmentation_seed(42)
    batch = dpa.generate_augmentation_batch(range(9))
    ready = [*(column.tolist() for column in batch.values), batch.hashes()]
    assert list(api._looped(ready)) == batch.to_dicts()


def test_the_bounds_are_those_of_the_instructions(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    kernels = importlib.import_module("bench.kernels")
    assert kernels.bound_cycles("shani", 10, 25) == 21 * 32
    assert kernels.bound_cycles("shani", 10, 26) == 21 * 32 * 2
    assert kernels.bound_cycles("avx512", 10, 26) == 437.75
    assert kernels.bound_cycles("avx512", 10, 25) == kernels.bound_cycles("avx512", 10, 6) == 875.5
    for kernel, family in (("avx512", 23), ("avx2", 26), ("shani", 6), ("shani", None)):
        assert kernels.bound_cycles(kernel, 10, family) is None


def check_ranges(samples: list[dict]) -> None:
    config = dpa.get_preset("moderate")
    for name, (low, high) in zip(reference.NAMES, config.bounds, strict=True):
        values = [sample[name] for sample in samples]
        assert low <= min(values) < (low + high) / 2 < max(values) <= high
