"""Audits of declared parameters: every kind passes, and every kind of flaw is found."""

import json
import math

import numpy as np
import pytest
from scipy import stats

import dpa
from dpa.audit import Distribution, Tally, audit_augmentation
from dpa.audit.distribution import MOST_PAIRED
from dpa.space import (
    Bernoulli,
    Beta,
    Choice,
    Cosine,
    Integers,
    LogUniform,
    Normal,
    Seed,
    Space,
    Subset,
    TruncatedNormal,
    Uniform,
    group,
    one_of,
    sometimes,
)

SPACE = Space(
    flip=Bernoulli(0.5),
    rare=Bernoulli(0.001),
    blur=sometimes(0.2, sigma=LogUniform(0.1, 2), kernel=Choice([3, 5, 7])),
    op=one_of(
        {
            "turn": group(angle=Normal(0, 10), k=Integers(0, 3)),
            "mix": group(lam=Beta(0.2, 0.2), soft=Beta(8, 8), hard=Beta(0.01, 0.01)),
            "none": group(),
        },
        weights=[1, 2, 3],
    ),
    slant=TruncatedNormal(0, 1, -0.5, 3),
    tail=TruncatedNormal(0, 1, 4, 5),
    odd=Integers(-5, 5, 2),
    some=Integers(1, 1000),
    many=Integers(0, 99_999),
    far=Integers(-(2**63), 2**63 - 1, 2**32),
    order=Subset(list("abcd"), 4),
    picks=Subset(range(10), 2, shape=(2,)),
    seed=Seed(),
    vector=Normal(1, 2, shape=(3, 2)),
    weighted=Choice(["x", "y\n", "zz"], [0.9, 0.0999, 0.0001]),
)
FIXED = Space(
    never=Bernoulli(0),
    always=Bernoulli(1),
    one=Choice(["only"]),
    weight=Choice([1, 2], [0, 3]),
    same=Uniform(3, 3),
    flat=Normal(2, 0),
    single=Integers(7, 7),
)


def p_values(report):
    return {(check.kind, *check.parameters): check.p_value for check in report.checks}


def checks_of(declared, values):
    """The tests of values that are said to be of a distribution."""
    distribution = Distribution(Space(x=declared))
    distribution.update({"x": np.asarray(values)})
    return {check.kind: check for check in distribution.checks()}


def words(size, seed=1):
    return np.random.default_rng(seed).random(size)


# ---- Nothing is found where there is nothing ----


@pytest.mark.parametrize("size", [100, 1000, 30_000])
def test_every_kind_passes(size):
    for epoch in range(3):
        report = audit_augmentation(size, SPACE, epoch=epoch)
        assert report.ok
        assert report.fixed == ()
        assert all(0 <= check.p_value <= 1 for check in report.checks)


def test_p_values_of_many_audits_are_even():
    """Under the hypothesis a p-value is below t with probability t, or less often."""
    found = [
        check.p_value
        for epoch in range(20)
        for check in audit_augmentation(3000, SPACE, epoch=epoch).checks
    ]
    assert len(found) > 2000
    for limit in (0.5, 0.1, 0.01):
        share = np.mean(np.array(found) < limit)
        assert share < limit + 5 * math.sqrt(limit / len(found))
    assert min(found) > 1e-6


def test_each_kind_has_its_tests():
    found = p_values(audit_augmentation(30_000, SPACE))
    for name in (
        "blur.sigma",
        "op.turn.angle",
        "op.mix.lam",
        "slant",
        "some",
        "many",
        "far",
        "seed",
        "vector",
    ):
        assert {("chi-squared", name), ("Kolmogorov-Smirnov", name)} <= found.keys()
    for name in ("flip", "blur", "blur.kernel", "op", "op.turn.k", "odd", "order", "picks"):
        assert ("chi-squared", name) in found
        assert ("Kolmogorov-Smirnov", name) not in found
    assert ("chi-squared", "rare") not in found  # 30 are expected
    assert ("chi-squared", "rare") in p_values(audit_augmentation(40_000, SPACE.only(["rare"])))


def test_fixed_ones_are_left_out():
    report = audit_augmentation(1000, FIXED)
    assert report.ok
    assert report.checks == ()
    assert set(report.fixed) == set(FIXED.names)
    assert str(report).count("fixed") == 3 * 7 + math.comb(7, 2)
    assert audit_augmentation(1000, FIXED | {"x": Uniform(0, 1)}).fixed == report.fixed


# ---- The statistics are those of scipy ----


def test_shares_are_tested_by_the_likelihood_ratio():
    counts = [480, 320, 200]
    check = checks_of(
        Choice(["a", "b", "c"], [5, 3, 2]), np.repeat([0, 1, 2], counts).astype(np.int32)
    )
    expected = stats.power_divergence(counts, [500, 300, 200], lambda_="log-likelihood")
    assert check.keys() == {"chi-squared"}
    found = check["chi-squared"]
    assert (found.statistic, found.p_value) == pytest.approx(tuple(expected))


def test_rare_values_are_merged():
    shares = [10, 20, 30, 40, 900]
    counts = np.array([9, 22, 35, 38, 896])
    check = checks_of(
        Choice(list("abcde"), shares), np.repeat(np.arange(5), counts).astype(np.int32)
    )
    # 10 + 20 are too few, with 30 there are 60; then 40, and 900.
    expected = stats.power_divergence([66, 38, 896], [60, 40, 900], lambda_="log-likelihood")
    assert check["chi-squared"].p_value == pytest.approx(expected.pvalue)
    assert not checks_of(Choice(["a", "b"], [1, 99]), np.zeros(1000, np.int32))


def test_numbers_are_tested_through_their_cdf():
    x = np.random.default_rng(1).normal(3, 2, 5000)
    check = checks_of(Normal(3, 2), x)
    expected = stats.kstest(x, stats.norm(3, 2).cdf)
    assert check["Kolmogorov-Smirnov"].statistic == pytest.approx(expected.statistic, abs=2e-5)
    expected = stats.chisquare(np.histogram(stats.norm.cdf(x, 3, 2), 128, (0, 1))[0])
    assert check["chi-squared"].p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("count", [257, 1000, 65_536, 65_537, 100_000, 2**32])
def test_cells_of_integers_have_exact_shares(count):
    tally = Tally(Integers(-5, count - 6))
    assert tally.shares.sum() == pytest.approx(1)
    first = np.array([0, 1, 2, count // 3, count - 2, count - 1])
    tally.update(first - 5, None)
    ends = np.round(np.cumsum(tally.shares) * count)
    found = np.searchsorted(ends, first, side="right")
    assert tally.counts.sum() == 6
    assert set(np.flatnonzero(tally.counts)) == set(found)


def test_integers_beyond_doubles_are_told_apart():
    low = 2**62
    check = checks_of(Integers(low, low + 999), low + np.arange(100_000) % 1000)
    assert check["chi-squared"].p_value == pytest.approx(1)
    half = checks_of(Integers(low, low + 999), low + np.arange(100_000) % 500)
    assert half["chi-squared"].p_value < 1e-300


# ---- Flaws are found ----


@pytest.mark.parametrize(
    ("declared", "values"),
    [
        (Normal(0, 1), stats.norm.ppf(words(50_000) ** 1.1)),
        (Normal(0, 1), 1.1 * stats.norm.ppf(words(50_000))),
        (LogUniform(1, 4), 1 + 3 * words(50_000)),
        (TruncatedNormal(0, 1, -1, 1), 2 * words(50_000) - 1),
        (Beta(0.4, 0.4), stats.beta.ppf(words(50_000), 0.5, 0.5)),
        (Beta(0.05, 0.05), words(50_000)),
        (Bernoulli(0.5), words(50_000) < 0.515),
        (Choice(list("abcd")), (words(50_000) * 3).astype(np.int32)),
        (Integers(0, 9), (words(50_000) ** 1.1 * 10).astype(np.int64)),
        (Integers(0, 999_999), (words(50_000) ** 1.1 * 1_000_000).astype(np.int64)),
        (Seed(), (words(50_000) ** 1.1 * 2.0**64).astype(np.uint64)),
        (Subset(range(3), 2), np.zeros((50_000, 2), np.int32)),
        (
            Uniform(0, 1, shape=4),
            np.concatenate([words((50_000, 3)), np.full((50_000, 1), 0.5)], axis=1),
        ),
    ],
    ids=[
        *("shifted", "wider", "not logarithmic", "not normal", "beta", "no beta", "boolean"),
        *("missing choice", "integers", "many integers", "seed", "subset", "last item"),
    ],
)
def test_another_distribution_is_found(declared, values):
    assert any(check.p_value < 1e-9 for check in checks_of(declared, values).values())


def test_gates_that_go_together_are_found():
    space = Space(a=Bernoulli(0.5), b=Bernoulli(0.5))
    a, other = words(20_000) < 0.5, words(20_000, 2) < 0.5
    together = np.where(words(20_000, 3) < 0.08, a, other)
    distribution = Distribution(space)
    distribution.update({"a": a, "b": together})
    found = {(check.kind, *check.parameters): check for check in distribution.checks()}
    expected = stats.pearsonr(a, together)
    check = found["correlation", "a", "b"]
    assert (check.statistic, check.p_value) == pytest.approx(tuple(expected))
    assert check.p_value < 1e-9


def test_neighbours_of_a_gate_are_found():
    x = words(20_000) < 0.5
    x[1::10] = x[::10]
    assert checks_of(Bernoulli(0.5), x)["neighbours"].p_value < 1e-9
    assert checks_of(Bernoulli(0.5), words(20_000) < 0.5)["neighbours"].p_value > 1e-3


# ---- Conditions ----


def test_only_active_values_count():
    space = Space(gate=sometimes(0.25, a=Uniform(0, 1), b=Uniform(0, 1)))
    gate = words(40_000) < 0.25
    a, b = words(40_000, 2), words(40_000, 3)
    b[gate] = np.where(words(gate.sum(), 4) < 0.1, a[gate], b[gate])
    noise = {"a": a.copy(), "b": b.copy()}
    noise["a"][~gate], noise["b"][~gate] = 0.5, 0.9  # would be found, and spoil the correlation
    found = []
    for columns in ({"a": a, "b": b}, noise):
        distribution = Distribution(space)
        for part in (slice(0, 7), slice(7, 30_000), slice(30_000, None)):
            pieces = {
                "gate": gate[part],
                "gate.a": columns["a"][part],
                "gate.b": columns["b"][part],
            }
            distribution.update(pieces)
        found.append({(check.kind, *check.parameters): check for check in distribution.checks()})
    assert found[0].keys() == found[1].keys()
    for key, check in found[0].items():
        other = found[1][key]
        assert (check.statistic, check.p_value) == pytest.approx((other.statistic, other.p_value))
    r, p_value = stats.pearsonr(a[gate], b[gate])
    check = found[0]["correlation", "gate.a", "gate.b"]
    assert (check.statistic, check.p_value) == pytest.approx((r, p_value))
    r, p_value = stats.pearsonr(a[gate][:-1], a[gate][1:])
    check = found[0]["neighbours", "gate.a"]
    assert (check.statistic, check.p_value) == pytest.approx((r, p_value))


def test_pairs_that_are_never_free_are_not_tested():
    found = p_values(audit_augmentation(30_000, SPACE))
    assert ("correlation", "blur.kernel", "blur.sigma") in found
    assert ("correlation", "blur.sigma", "op.turn.angle") in found
    assert ("correlation", "blur", "blur.sigma") not in found  # blur is always true there
    assert ("correlation", "op.mix.lam", "op.turn.angle") not in found  # never in one sample


def test_pairs_beyond_many_parameters_are_left_out():
    space = Space({f"p{at:03}": Uniform(0, 1) for at in range(MOST_PAIRED + 20)}, depth=1)
    report = audit_augmentation(500, space)
    pairs = [check for check in report.checks if check.kind == "correlation"]
    assert len(pairs) == math.comb(MOST_PAIRED, 2)
    assert f"pairs are tested of the first {MOST_PAIRED} parameters that vary" in str(report)
    assert "... and 20 more, which to_dict() has" in str(report)
    assert len(str(report).splitlines()) < 2 * MOST_PAIRED + 12


# ---- Seeds ----


def test_a_sampler_counts_only_where_it_is_used():
    named = Space(x=Uniform(0, 1), sampler="mt19937")
    assert audit_augmentation(1000, named).seed_bits == 256
    drawn = Space(x=Uniform(0, 1, draw=0), depth=10, sampler="mt19937")
    report = audit_augmentation(16_802, drawn, start_id=54_018)
    assert (report.seed_bits, report.first_pairs) == (32, ((54018, 70819),))
    assert audit_augmentation(16_802, named, start_id=54_018).ok


# ---- Report ----


def test_what_is_declared_stands_beside_what_is_seen():
    report = audit_augmentation(5000, SPACE, epoch=2)
    batch = dpa.generate_augmentation_batch(range(5000), SPACE, epoch=2)
    assert report.seen == batch.statistics()
    page = str(report)
    seen, _ = page.split("p-values", 1)
    lines = {line.split()[0]: line for line in seen.splitlines()[3:] if line}
    assert max(map(len, page.splitlines())) <= 80
    active = int(batch.active("blur.sigma").sum())
    mean = batch["blur.sigma"][batch.active("blur.sigma")].mean()
    assert lines["blur.sigma"].split()[1:4] == [f"{active:,}", f"{mean:.4g}", "(0.6342)"]
    share = batch["flip"].mean()
    assert f"  5,000  false {1 - share:.4g} (0.5), true {share:.4g} (0.5)\n" in page
    assert "y\\n 0." in page  # no line ends in a choice
    assert "picks" in lines
    stored = json.loads(json.dumps(report.to_dict()))
    assert stored["config"] == SPACE.to_dict()
    assert stored["distributions"]["blur.sigma"]["expected"]["max"] == 2
    assert stored["distributions"]["flip"]["seen"]["counts"]["true"] == batch["flip"].sum()
    assert stored["distributions"].keys() == set(SPACE.names)


def test_a_parameter_that_no_sample_has():
    space = Space(gate=sometimes(0, x=Uniform(0, 1)))
    report = audit_augmentation(1000, space)
    assert report.ok
    assert report.checks == ()
    stored = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert stored["distributions"]["gate.x"]["seen"]["mean"] is None
    row = next(line for line in str(report).splitlines() if line.startswith("gate.x"))
    assert row.split()[1:3] == ["0", "nan"]


def test_of_many_choices_the_first_are_told():
    report = audit_augmentation(1000, Space(x=Choice([f"option{at}" for at in range(500)])))
    shares = str(report).split("shares (declared)")[1].split("\n\n")[0]
    assert shares.endswith(", 496 more")
    assert shares.count("option") == 4


def test_schedules_need_an_epoch():
    space = Space(x=Normal(0, Cosine(1, 5, 10)))
    with pytest.raises(ValueError, match="say epoch=, on which the space depends: 'x'"):
        audit_augmentation(1000, space)
    for epoch, stdev in ((0, 1.0), (10, 5.0)):
        report = audit_augmentation(3000, space, epoch=epoch)
        assert report.ok
        assert report.expected["x"]["stdev"] == stdev
        assert report.config == space
