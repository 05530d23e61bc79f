"""What is slower beyond chance, found in simulated noise; reports; records of measurements."""

import json
import math
import random

import numpy as np
import pytest
from clocks import Clock

from dpa.benchmark import (
    BenchmarkResult,
    ComparisonReport,
    Measurements,
    benchmark_function,
    machine,
)
from dpa.benchmark.bootstrap import median_interval, ratio_interval


def measured(seed: int, factor: float = 1.0, name: str = "work") -> BenchmarkResult:
    """30 noisy times of a function: 3 % either way, and every tenth call half as long again."""
    generator = np.random.default_rng(seed)
    noise = generator.lognormal(0.0, 0.03, 31) * np.where(generator.random(31) < 0.1, 1.5, 1.0)
    clock = Clock()
    function = clock.takes(*(0.01 * factor * noise))
    return benchmark_function(
        function, name=name, iterations=30, warmup_iterations=1, number=1, clock=clock
    )


def result(name: str, *times: float, samples: float = 1, **facts) -> BenchmarkResult:
    return BenchmarkResult(name, times, 1, samples, facts)


# ---- Noise ----


def verdicts(factor: float, runs: int = 50) -> list[str]:
    """Of pairs of runs, the second of which takes `factor` times as long but for the noise."""
    pairs = [(measured(2 * seed), measured(2 * seed + 1, factor)) for seed in range(runs)]
    reports = [ComparisonReport.compare([after], [before]) for before, after in pairs]
    return [found.verdict for report in reports for found in report.comparisons]


def test_noise_alone_is_no_regression():
    assert verdicts(1.0) == ["same"] * 50


def test_what_is_20_percent_slower_is_a_regression():
    assert verdicts(1.2) == ["slower"] * 50


def test_what_is_20_percent_faster_is_seen():
    assert verdicts(1 / 1.2) == ["faster"] * 50


def test_below_the_threshold_nothing_is_a_regression():
    assert "slower" not in verdicts(1.06)


def test_close_to_the_threshold_is_not_decided():
    assert verdicts(1.1).count("unclear") > 40


def test_the_same_times_have_the_same_interval():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 (the global one)
    times = [1.0, 1.2, 0.9, 1.1, 1.4]
    assert median_interval(times, 0.95) == median_interval(times, 0.95)
    assert ratio_interval(times, times, 0.95) == ratio_interval(times, times, 0.95)
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 (the global one)
    assert after == before


def test_an_interval_holds_the_median_and_grows_with_confidence():
    times = np.random.default_rng(3).lognormal(0.0, 0.2, 40).tolist()
    middle = sorted(times)[19:21]
    wide, narrow = median_interval(times, 0.99), median_interval(times, 0.5)
    assert wide[0] < narrow[0] <= sum(middle) / 2 <= narrow[1] < wide[1]
    assert min(times) < wide[0]
    assert wide[1] < max(times)


def test_the_interval_of_a_median_holds_the_true_one_as_often_as_it_says():
    draws = [np.random.default_rng(seed).lognormal(0.0, 0.3, 25).tolist() for seed in range(200)]
    holds = [low <= 1.0 <= high for low, high in (median_interval(d, 0.9) for d in draws)]
    assert 170 <= sum(holds) <= 192


def test_a_single_time_tells_nothing_of_chance():
    assert all(map(math.isnan, median_interval([1.0], 0.95)))
    report = ComparisonReport.compare([result("a", 9.0)], [result("a", 1.0)])
    assert [found.verdict for found in report.comparisons] == ["unclear"]
    assert report.comparisons[0].ratio == 9.0
    assert report.regressions == ()


# ---- Reports ----


@pytest.fixture
def report() -> ComparisonReport:
    return ComparisonReport.compare(
        [result("a", 2.0, 2.0, samples=10), result("b", 4.0, 4.0), result("c", 1.0, 1.0)],
        [
            result("a", 1.0, 1.0, samples=10),
            result("b", 8.0, 8.0, samples=2),
            result("d", 1.0, 1.0),
        ],
        notes=["kernel: x there, y here"],
    )


def test_results_are_compared_by_name_and_by_sample(report):
    assert [found.verdict for found in report.comparisons] == ["slower", "same", "uncompared"]
    assert [found.ratio for found in report.comparisons[:2]] == [2.0, 1.0]
    assert [found.interval for found in report.comparisons[:2]] == [(2.0, 2.0), (1.0, 1.0)]
    assert [found.result.name for found in report.regressions] == ["a"]
    assert report.notes == ("kernel: x there, y here", "not measured now: d")


def test_a_report_as_text(report):
    head, *rows, rates, ratios, verdicts, note, gone = str(report).splitlines()
    assert head.split() == ["what", "rate", "from", "to", "before", "time", "interval"]
    assert rows[0].split() == [
        *["a", "5.00", "/s", "5.00", "/s", "5.00", "/s", "10.0", "/s", "2.00", "x"],
        *["2.00", "-", "2.00", "slower"],
    ]
    assert rows[2].split() == ["c", "1.00", "/s", "1.00", "/s", "1.00", "/s"]
    assert rates == "rate: samples a second, median; from, to: of it, 95% bootstrap"
    assert ratios.endswith("interval: 95% bootstrap")
    assert verdicts == "slower, faster: the whole interval is beyond 10%"
    assert (note, gone) == ("kernel: x there, y here", "not measured now: d")


def test_the_legend_explains_the_columns_that_are_there():
    once, before = result("a", 2.0), result("a", 1.0)
    alone = str(ComparisonReport.compare([once], []))
    assert alone.splitlines()[2:] == ["rate: samples a second, median"]
    head, _, *legend = str(ComparisonReport.compare([once], [before])).splitlines()
    assert head.split() == ["what", "rate", "before", "time"]
    assert legend == [
        "rate: samples a second, median",
        "time: of a sample, as a multiple of the one before",
    ]


def test_a_report_as_markdown(report):
    text = report.to_markdown()
    assert text.startswith("### Comparison\n\n| what |")
    assert "\n\n- rate: " in text
    assert text.endswith("\n- kernel: x there, y here\n- not measured now: d")


def test_a_report_as_json(report):
    record = json.loads(report.to_json())
    assert (record["threshold"], record["confidence"]) == (0.1, 0.95)
    assert record["comparisons"][0] == {
        "name": "a",
        "baseline": "a",
        "samples_per_second": 5.0,
        "baseline_samples_per_second": 10.0,
        "ratio": 2.0,
        "interval": [2.0, 2.0],
        "verdict": "slower",
    }
    assert record["comparisons"][2]["ratio"] is None
    assert record["comparisons"][2]["interval"] == [None, None]


def test_cpu_time_does_not_see_what_else_the_machine_did():
    quiet = BenchmarkResult("a", (1.0, 1.0), 1, 10, {}, (0.5, 0.5))
    loaded = BenchmarkResult("a", (3.0, 3.0), 1, 10, {}, (0.51, 0.51))
    assert ComparisonReport.compare([loaded], [quiet]).regressions
    report = ComparisonReport.compare([loaded], [quiet], cpu_time=True)
    assert [found.verdict for found in report.comparisons] == ["same"]
    assert report.comparisons[0].ratio == pytest.approx(1.02)
    assert report.comparisons[0].result.samples_per_second == pytest.approx(10 / 0.51)
    assert "rate: samples a second of CPU time," in str(report)
    assert report.to_dict()["cpu_time"] is True


@pytest.mark.parametrize("cpu", [(), (0.1, 0.0)])
def test_cpu_time_must_have_been_measured(cpu):
    other = BenchmarkResult("a", (1.0, 1.0), cpu_seconds=cpu)
    with pytest.raises(ValueError, match=r"'a' has no CPU times above 0: \("):
        ComparisonReport.compare([other], [other], cpu_time=True)


def test_the_threshold_decides(report):
    pair = [result("a", 2.0, 2.0)], [result("a", 1.0, 1.0)]
    assert ComparisonReport.compare(*pair, threshold=0.9).regressions
    assert not ComparisonReport.compare(*pair, threshold=1.0).regressions


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("threshold", -0.1, "threshold must be 0 or more, got -0.1"),
        ("threshold", math.nan, "threshold must be 0 or more, got nan"),
        ("confidence", 1.0, "confidence must be between 0 and 1, got 1.0"),
        ("confidence", 0, "confidence must be between 0 and 1, got 0"),
    ],
)
def test_thresholds_and_confidences_are_checked(argument, value, message):
    with pytest.raises(ValueError, match=message):
        ComparisonReport.compare([], [], **{argument: value})


# ---- Records ----


def test_measurements_survive_their_file(tmp_path):
    path = tmp_path / "baseline.json"
    taken = Measurements.taken("dpa bench", lambda: iter([measured(1), result("b", 1.0, kind="x")]))
    path.write_text(taken.to_json(comparison={"threshold": 0.1}), encoding="utf-8")
    assert Measurements.from_file(path) == taken
    assert taken["b"].facts == {"kind": "x"}
    assert taken.machine == machine()
    with pytest.raises(KeyError):
        taken["c"]


def test_another_machine_is_named():
    here = Measurements("x", 1.0, None, {"kernel": "avx2", "cores": 2}, [])
    there = Measurements("x", 1.0, 0.5, {"kernel": "shani", "cores": 2, "cpu": "Z"}, [])
    assert here.differences(there) == ["kernel: shani there, avx2 here", "cpu: Z there, None here"]
    assert here.differences(here) == []


RESULT = {"name": "", "samples_per_call": 1, "facts": {}}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"no JSON: Expecting value: line 1 column 1 \(char 0\), got ''"),
        ("hello", "no JSON: .* got 'hello'"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", r"the record must be an object, got \[\]"),
        ("{}", "'machine' is missing"),
        ('{"machine": {}, "results": [7]}', "a result must be an object, got 7"),
        ('{"machine": {}, "results": [{}]}', "'times_seconds' is missing"),
        ('{"machine": {}, "results": 7}', "results must be a list, got 7"),
        ('{"machine": {}, "results": []}', "'command' is missing"),
        (
            json.dumps({"machine": {}, "results": [{**RESULT, "times_seconds": [10**400]}]}),
            "int too large to convert to float",
        ),
        ("\xff", "no JSON: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_what_holds_no_measurements_is_refused(tmp_path, text, problem):
    path = tmp_path / "baseline.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=rf"baseline.json' holds no measurements: {problem}"):
        Measurements.from_file(path)


def test_nothing_compared_can_be_printed():
    report = ComparisonReport.compare([], [])
    assert str(report)
    assert report.to_markdown()


@pytest.mark.parametrize("change", [{"machine": 4}, {"results": 5}])
def test_what_is_no_measurement_is_refused(tmp_path, change):
    path = tmp_path / "baseline.json"
    record = {"command": "", "seconds": 1.0, "load": None, "machine": {}, "results": []}
    path.write_text(json.dumps({**record, **change}))
    with pytest.raises(ValueError, match="holds no measurements"):
        Measurements.from_file(path)
