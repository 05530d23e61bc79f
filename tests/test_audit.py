"""Audits: collisions, uniformity and correlations, against brute force and scipy itself."""

import dataclasses
import json
import math
import sys
import tracemalloc
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

import dpa
from dpa import cli
from dpa.audit import AuditReport, Distribution, audit_augmentation
from dpa.audit import report as auditing
from dpa.audit.check import Check, kolmogorov_smirnov
from dpa.config import PARAMETERS
from dpa.space import Space, Uniform

MT19937 = dpa.AugmentationConfig(sampler="mt19937")
#: 25 tests, as many as an audit of five parameters has.
THRESHOLD = 1e-6 / 25


def unit(names):
    """The space of these parameters, each uniform from 0 to 1, in this order."""
    return Space({name: Uniform(0, 1, draw=at) for at, name in enumerate(names)})


def uniform_columns(size, seed=1):
    rows = np.random.default_rng(seed).random((5, size))
    return dict(zip(PARAMETERS, rows, strict=True))


def checks(columns, *pieces):
    """The checks of columns over [0, 1] that arrive in one piece, or cut at `pieces`."""
    distribution = Distribution(unit(columns))
    size = len(next(iter(columns.values())))
    for start, stop in zip([0, *pieces], [*pieces, size], strict=True):
        distribution.update({name: column[start:stop] for name, column in columns.items()})
    return list(distribution.checks())


def found(columns):
    return {(c.kind, c.parameters) for c in checks(columns) if c.p_value < THRESHOLD}


# ---- Collisions ----


def test_xoshiro_is_clean():
    report = audit_augmentation(100_000)
    assert report.ok
    assert bool(report)
    assert (report.seed_bits, report.colliding_pairs, report.first_pairs) == (256, 0, ())
    assert len(report.checks) == 25
    assert report.found == ()


def test_mt19937_collides_as_known():
    report = audit_augmentation(100_000, MT19937)
    assert not report.ok
    assert report.first_pairs == ((54018, 70819), (97507, 98703))
    assert "seeds of 32 bits: 2 pairs are equal, 1.16 expected\n" in str(report)
    one = dataclasses.replace(report, colliding_pairs=1, first_pairs=report.first_pairs[:1])
    assert "seeds of 32 bits: 1 pair is equal, 1.16 expected\n  ids 54018 and 70819\n\n" in str(one)
    assert (report.seed_bits, report.colliding_pairs) == (32, 2)
    assert report.expected_pairs == pytest.approx(1.164, abs=1e-3)
    assert report.found == ()  # the values themselves are uniform
    a, b = (dpa.gen_augmentation_params(seed_id, MT19937) for seed_id in report.first_pairs[0])
    assert a.pop("hash") != b.pop("hash")
    assert a == b


@pytest.mark.parametrize("key", [{}, {"base_seed": 3, "rank": 1, "epoch": 2, "view": 0}])
def test_collisions_are_those_of_brute_force(key):
    config = MT19937.replace(augmentation_depth=1)
    batch = dpa.generate_augmentation_batch(range(7, 300_007), config, **key)
    groups = {}
    for seed_id, digest in enumerate(batch.digests[:, 28:], 7):
        groups.setdefault(digest.tobytes(), []).append(seed_id)
    pairs = sorted(
        (pair for group in groups.values() for pair in combinations(group, 2)),
        key=lambda pair: pair[1],
    )
    report = audit_augmentation(300_000, config, start_id=7, **key)
    assert len(pairs) > 3
    assert (report.colliding_pairs, report.first_pairs) == (len(pairs), tuple(pairs[:10]))


def test_the_first_and_the_last_sample_count():
    assert audit_augmentation(16802, MT19937, start_id=54018).first_pairs == ((54018, 70819),)
    assert audit_augmentation(16801, MT19937, start_id=54018).ok
    assert audit_augmentation(16801, MT19937, start_id=54019).ok


def test_three_equal_seeds_are_three_pairs():
    seeds = np.array([[1, 2], [3, 4], [1, 2], [1, 2]], np.uint8)
    assert auditing._equal_pairs([10, 20, 30, 40], seeds) == [(10, 30), (10, 40), (30, 40)]


def test_more_than_ten_pairs_are_counted_and_ten_listed(monkeypatch):
    monkeypatch.setitem(auditing._SEEDS, "xoshiro256++", slice(28, 32))  # as bad as mt19937
    report = audit_augmentation(400_000, dpa.AugmentationConfig(augmentation_depth=1))
    assert report.colliding_pairs > len(report.first_pairs) == 10
    assert "\n  ...\n" in str(report)


# ---- Statistics, against scipy ----


@pytest.mark.parametrize("size", [64, 1000, 9999])
def test_checks_are_those_of_scipy(size):
    columns = uniform_columns(size, seed=size)
    by_kind = {(c.kind, c.parameters): c for c in checks(columns)}
    assert len(by_kind) == 25
    bins = {64: 2, 1000: 16, 9999: 256}[size]
    for name, x in columns.items():
        expected = stats.chisquare(np.histogram(x, bins, (0, 1))[0])
        check = by_kind["chi-squared", (name,)]
        assert (check.statistic, check.p_value) == pytest.approx(tuple(expected))
        expected = stats.kstest(x, "uniform")
        check = by_kind["Kolmogorov-Smirnov", (name,)]
        assert expected.statistic - 1 / 65536 <= check.statistic <= expected.statistic
        assert check.p_value == pytest.approx(expected.pvalue, abs=0.02)
        expected = stats.pearsonr(x[:-1], x[1:])
        check = by_kind["neighbours", (name,)]
        assert (check.statistic, check.p_value) == pytest.approx(tuple(expected))
    for a, b in combinations(columns, 2):
        expected = stats.pearsonr(columns[a], columns[b])
        check = by_kind["correlation", (a, b)]
        assert (check.statistic, check.p_value) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("size", [9999, 10_000, 123_456, 2**31 - 1])
def test_distances_have_the_p_values_of_scipy(size):
    for scaled in (0.1, 0.5, 0.8, 1, 1.5, 2, 3):
        distance = scaled / math.sqrt(size)
        expected = stats.kstwo.sf(distance, size)
        assert kolmogorov_smirnov(distance, size) == pytest.approx(expected, rel=3e-3, abs=3e-6)


@pytest.mark.parametrize("size", [2**31, 2**32])
def test_distances_of_very_many_values_are_found(size):
    """SciPy's p-values are NaN there, which is never below a threshold."""
    assert kolmogorov_smirnov(1.0, size) == kolmogorov_smirnov(1e-3, size) == 0.0
    assert kolmogorov_smirnov(1 / math.sqrt(size), size) == pytest.approx(0.27, abs=1e-4)


def test_sizes_of_the_pieces_do_not_matter():
    columns = uniform_columns(1000)
    whole = checks(columns)
    for pieces in [[1], [0, 0, 500], [999], [3, 4, 700, 1000], range(1, 1000)]:
        for a, b in zip(whole, checks(columns, *pieces), strict=True):
            assert (a.kind, a.parameters) == (b.kind, b.parameters)
            assert (a.statistic, a.p_value) == pytest.approx((b.statistic, b.p_value))


def test_clean_generators_are_not_flagged():
    for seed in range(300):
        assert found(uniform_columns(2000, seed)) == set()


def test_a_bias_is_found():
    columns = uniform_columns(100_000)
    columns["scale"] = columns["scale"] ** 1.05
    assert found(columns) == {(k, ("scale",)) for k in ("chi-squared", "Kolmogorov-Smirnov")}


def test_missing_values_are_found():
    """Too even for Kolmogorov-Smirnov: one value in 256 never comes, its neighbour twice."""
    columns = uniform_columns(100_000)
    x = columns["scale"]
    x[(x >= 100 / 256) & (x < 101 / 256)] += 1 / 256
    assert found(columns) == {("chi-squared", ("scale",))}


def test_correlated_parameters_are_found():
    columns = uniform_columns(100_000)
    a, b = columns["noise"], columns["contrast"]
    b[:4000] = a[:4000]  # both stay uniform
    assert found(columns) == {("correlation", ("noise", "contrast"))}


def test_correlated_neighbours_are_found():
    columns = uniform_columns(100_000)
    x = columns["noise"]
    x[1:8000:2] = x[:8000:2]
    assert found(columns) == {("neighbours", ("noise",))}


def test_equal_columns_correlate_by_one():
    columns = uniform_columns(100)
    columns["noise"] = columns["scale"]
    by_kind = {(c.kind, c.parameters): c for c in checks(columns)}
    check = by_kind["correlation", ("noise", "scale")]
    assert check.statistic == pytest.approx(1)
    assert check.p_value < 1e-300


def test_too_few_samples_are_not_tested():
    kinds = {size: {c.kind for c in checks(uniform_columns(size))} for size in (0, 1, 3, 4, 63, 64)}
    assert kinds[0] == set()
    assert kinds[1] == {"Kolmogorov-Smirnov"}
    assert kinds[3] == {"Kolmogorov-Smirnov", "correlation"}
    assert kinds[4] == kinds[63] == {"Kolmogorov-Smirnov", "correlation", "neighbours"}
    assert kinds[64] == {"Kolmogorov-Smirnov", "correlation", "neighbours", "chi-squared"}


def test_one_value_again_and_again():
    columns = dict.fromkeys(["rotation", "noise"], np.full(1000, 0.25))
    assert {kind for kind, _ in found(columns)} == {"chi-squared", "Kolmogorov-Smirnov"}


def test_values_outside_count_at_the_ends():
    distribution = Distribution(Space(x=Uniform(1.0, 3.0)))
    distribution.update({"x": np.array([0.0, 1.0, 2.5, 3.0, 9.0])})
    counts = distribution.tallies["x"].counts.reshape(4, -1).sum(axis=1)
    assert counts.tolist() == [2, 0, 0, 3]


# ---- Configs ----


def test_fixed_parameters_are_left_out():
    config = dpa.AugmentationConfig(noise_range=(0.1, 0.1), scale_range=(1, 1))
    report = audit_augmentation(1000, config)
    assert len(report.checks) == 3 * 3 + 3
    assert str(report).count("fixed") == 2 * 3 + 7
    assert report.threshold == pytest.approx(1e-6 / 12)


def test_all_parameters_fixed():
    ranges = {f"{name}_range": (1, 1) for name in dpa.AugmentationBatch.empty(0).columns}
    report = audit_augmentation(100, dpa.AugmentationConfig(**ranges))
    assert report.ok
    assert report.checks == ()
    assert "0 p-values" in str(report)


def test_the_parts_of_the_key_count():
    reports = {
        audit_augmentation(100, **key).checks
        for key in [{}, {"epoch": 1}, {"view": 1}, {"base_seed": 1}, {"base_seed": 1, "rank": 1}]
    }
    assert len(reports) == 5


def test_last_ids():
    report = audit_augmentation(100, start_id=2**64 - 100)
    assert report.start_id == 2**64 - 100
    assert report.ok


def test_threads_change_nothing():
    assert audit_augmentation(200_000, MT19937, num_threads=3) == (
        audit_augmentation(200_000, MT19937, num_threads=1)
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ([99], {}, ValueError, r"num_samples must be 100 to 2\*\*32, got 99"),
        ([2**32 + 1], {}, ValueError, r"num_samples must be 100 to 2\*\*32, got 4294967297"),
        ([-1], {}, ValueError, "num_samples must not be negative, got -1"),
        ([1e6], {}, TypeError, "num_samples must be an integer, got 1000000.0"),
        (
            [100, "mild"],
            {},
            TypeError,
            "config must be an AugmentationConfig or a Space, got 'mild'",
        ),
        ([100], {"start_id": -1}, ValueError, "start_id must not be negative, got -1"),
        ([100], {"epoch": -1}, ValueError, r"epoch must be 0 to 2\*\*64 - 1, got -1"),
        ([100], {"num_threads": 0}, ValueError, "num_threads must be at least 1, got 0"),
    ],
)
def test_bad_arguments(arguments, settings, error, message):
    with pytest.raises(error, match=message):
        audit_augmentation(*arguments, **settings)


def test_more_than_fits_is_not_audited(monkeypatch):
    monkeypatch.setattr("dpa.host.memory.total_memory", lambda: 99_999)
    with pytest.raises(ValueError, match="num_samples=5000 needs 100,000 bytes of memory, there"):
        audit_augmentation(5000)


def test_memory_is_twenty_bytes_a_sample():
    def peak(size):
        tracemalloc.start()
        audit_augmentation(size, dpa.AugmentationConfig(augmentation_depth=1), num_threads=1)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(2_000_000) - peak(1_000_000) <= 20e6


# ---- Report ----


def test_the_report_is_frozen():
    report = audit_augmentation(100)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.num_samples = 5


def test_the_report_says_what_was_found():
    bad = Check("correlation", ("noise", "scale"), 0.5, 1e-20)
    good = Check("neighbours", ("noise",), 0.001, 0.3)
    seen = dpa.compute_statistics(dpa.generate_augmentation_chain(100, start_id=5))
    key = dpa.generate_augmentation_batch([]).key
    report = AuditReport(MT19937, key, 5, 100, 32, 0, (), (), seen)
    assert report.ok
    report = dataclasses.replace(report, checks=(bad, good))
    assert not report.ok
    assert report.found == (bad,)
    assert "NOT OK" in str(report)
    assert str(report).endswith("below 5e-07\n  correlation of noise and scale: 0.5, p = 1e-20")
    assert [check["found"] for check in report.to_dict()["checks"]] == [True, False]


def test_lines_fit_a_screen():
    page = str(audit_augmentation(1000, MT19937))
    assert max(map(len, page.splitlines())) <= 80
    _, brightness, noise, *_ = page[page.index("\ncorrelation") + 1 :].splitlines()
    assert (len(brightness.split()), len(noise.split())) == (2, 3)  # with those before


# ---- Command ----


def test_command(capsys):
    assert cli.main(["audit", "--num-samples", "1000", "--preset", "mild", "--epoch", "3"]) == 0
    expected = audit_augmentation(1000, dpa.get_preset("mild"), epoch=3)
    assert capsys.readouterr().out == f"{expected}\n"


def test_command_finds_collisions_as_json(capsys):
    argv = "audit -n 16802 --start-id 54018 --sampler mt19937 --json"
    assert cli.main(argv.split()) == 1
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads(
        json.dumps(audit_augmentation(16802, MT19937, start_id=54018).to_dict())
    )
    assert report["ok"] is False
    assert report["config"]["sampler"] == "mt19937"
    assert report["seeds"]["first_pairs"] == [[54018, 70819]]


def test_command_refuses(capsys):
    assert cli.main(["audit", "-n", "5"]) == 2
    assert capsys.readouterr().err == ("dpa: error: num_samples must be 100 to 2**32, got 5\n")


def test_without_scipy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    for name in [name for name in sys.modules if name.startswith("dpa.audit")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["audit", "-n", "1000"]) == 2
    assert capsys.readouterr().err == (
        "dpa: error: audits and plots need scipy: pip install 'dpa-augment[audit]' "
        "(in a clone: pip install '.[audit]')\n"
    )
