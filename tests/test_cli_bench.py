"""dpa bench: what it prints, keeps, compares and draws; the times are a test's."""

import json
import sys

import pytest

from dpa import benchmark
from dpa.benchmark import BenchmarkResult, Measurements
from dpa.cli import main

NAMES = [
    *["one id at a time", "columns", "list of dicts", "stream of dicts", "batches"],
    "stream of one rank",
]


@pytest.fixture
def times(monkeypatch):
    """What CPU time the measurements of each case will take, instead of measuring."""
    found = dict.fromkeys(NAMES, (1.0, 1.0, 1.0))

    def measure(runner, cases):
        return [
            BenchmarkResult(
                case.name,
                tuple(7 * cpu + 1 for cpu in found[case.name]),  # a busy machine
                samples_per_call=case.samples_per_call,
                facts=case.facts,
                cpu_seconds=found[case.name],
            )
            for case in cases
        ]

    monkeypatch.setattr(benchmark.BenchmarkRunner, "measure", measure)
    return found


@pytest.fixture
def bench(capsys):
    """Runs it; gives the exit code and what is on stdout, or stderr after a failure."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["bench", *arguments])
        printed = capsys.readouterr()
        return code, printed.err if code == 2 else printed.out

    return run


@pytest.fixture
def baseline(bench, times, tmp_path):
    path = tmp_path / "baseline.json"
    code, text = bench("-n", "100", "--json")
    assert code == 0
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_it_measures(bench):
    code, text = bench("-n", "100", "--iterations", "2")
    assert code == 0
    lines = text.splitlines()
    assert lines[0].split() == ["what", "rate", "from", "to", "memory", "CPU"]
    assert [line.split("  ")[0] for line in lines[1:7]] == NAMES
    assert all(" /s" in line or "k/s" in line or "M/s" in line for line in lines[1:7])


def test_what_json_prints_is_a_baseline(bench, baseline):
    found = Measurements.from_file(baseline)
    assert [result.name for result in found.results] == NAMES
    assert found.command == "dpa bench -n 100 --iterations 30"
    assert found.machine == benchmark.machine()
    code, text = bench("-n", "100", "--compare", baseline)
    assert code == 0
    assert text.count(" same\n") == len(NAMES)


def test_slower_is_exit_code_1(bench, baseline, times):
    times["columns"] = (1.3, 1.31, 1.32)
    code, text = bench("-n", "100", "--compare", baseline)
    assert code == 1
    assert [line.split()[0] for line in text.splitlines() if line.endswith("slower")] == ["columns"]
    assert bench("-n", "100", "--compare", baseline, "--threshold", "0.5")[0] == 0
    times["columns"] = (0.3, 0.31, 0.32)
    assert bench("-n", "100", "--compare", baseline)[0] == 0


def test_where_the_cpu_clock_is_too_coarse_the_other_one_decides(bench, baseline, times):
    times["columns"] = (0.0, 0.0, 0.0)
    code, text = bench("-n", "100", "--compare", baseline)
    assert code == 0
    assert "rate: samples a second, " in text
    faster = [line.split()[0] for line in text.splitlines() if line.endswith("faster")]
    assert faster == ["columns"]


def test_a_comparison_as_json_is_a_baseline_too(bench, baseline, times, tmp_path):
    times["columns"] = (2.0, 2.0, 2.0)
    code, text = bench("-n", "100", "--compare", baseline, "--json")
    assert code == 1
    comparison = json.loads(text)["comparison"]
    verdicts = {one["name"]: one["verdict"] for one in comparison["comparisons"]}
    assert verdicts == {**dict.fromkeys(NAMES, "same"), "columns": "slower"}
    (tmp_path / "again.json").write_text(text, encoding="utf-8")
    assert bench("-n", "100", "--compare", str(tmp_path / "again.json"))[0] == 0


def test_another_machine_is_told(bench, baseline, tmp_path):
    record = json.loads((tmp_path / "baseline.json").read_text(encoding="utf-8"))
    record["machine"]["cpu"] = "Z80"
    (tmp_path / "baseline.json").write_text(json.dumps(record), encoding="utf-8")
    assert "cpu: Z80 there, " in bench("-n", "100", "--compare", baseline)[1]


@pytest.mark.parametrize("other", [["-n", "200"], ["-n", "100", "--depth", "3"], []])
def test_other_work_is_not_compared(bench, baseline, other):
    code, text = bench(*other, "--compare", baseline)
    assert code == 2
    assert f"--compare {baseline!r}: that was 100 samples of {{" in text


def test_files_and_arguments_that_are_wrong(bench, tmp_path):
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    (tmp_path / "y.json").write_text("depth = 3", encoding="utf-8")
    for arguments, message in [
        (["--compare", str(tmp_path / "absent.json")], "No such file"),
        (
            ["--compare", str(tmp_path / "x.json")],
            "x.json' holds no measurements: 'machine' is missing; make some: dpa bench --json > ",
        ),
        (["-n", "1e5"], "-n/--num-samples: must be a whole number in digits, such as 100000"),
        (["--config", str(tmp_path / "y.json")], "y.json': no JSON: Expecting value: line 1"),
        (["-n", "0"], "num_samples must be at least 1, got 0"),
        (["--threshold", "nan"], "threshold must be 0 or more, got nan"),
        (["--iterations", "0"], "iterations must be at least 1, got 0"),
    ]:
        code, text = bench(*arguments)
        assert code == 2
        assert message in text
        assert text.startswith(f"dpa: error: --compare '{tmp_path}") == ("x.json" in text)


def test_more_than_fits_is_not_measured(bench, monkeypatch):
    monkeypatch.setattr("dpa.host.memory.total_memory", lambda: 53_999)  # never a large -n for real
    monkeypatch.setattr(benchmark.BenchmarkRunner, "measure", pytest.fail)
    code, text = bench("-n", "100")
    assert code == 2
    assert "-n 100 needs 54,000 bytes of memory, there are 53,999; " in text


# ---- Pictures ----


def test_a_picture(bench, baseline, times, tmp_path):
    pytest.importorskip("matplotlib")
    times["columns"] = (2.0, 2.0, 2.0)
    path = tmp_path / "bench.png"
    assert bench("-n", "100", "--compare", baseline, "--plot", str(path))[0] == 1
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_words_of_a_picture(times, bench, baseline):
    pytest.importorskip("matplotlib")
    from dpa.benchmark import ComparisonReport
    from dpa.integrations.matplotlib import plot_comparison

    before = Measurements.from_file(baseline).results
    now = [BenchmarkResult("columns", (2.0,), 1, 100), BenchmarkResult("new", (1.0, 1.0), 1, 100)]
    report = ComparisonReport.compare(now, before)
    [axes] = plot_comparison(report).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["columns", "new"]
    assert len(axes.patches) == 3  # two of now, one of before
    words = [text.get_text() for text in axes.texts]
    assert words == ["50.0 /s, 0.25 x the time: unclear", "100 /s"]


def test_without_matplotlib_it_says_what_to_install(bench, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("dpa.pictures", "dpa.pictures.benchmarks", "matplotlib.figure"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(benchmark.BenchmarkRunner, "measure", pytest.fail)
    code, text = bench("--plot", str(tmp_path / "x.png"))
    assert code == 2
    assert "pip install 'dpa-augment[viz]'" in text
