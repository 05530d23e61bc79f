"""Declared parameters against mpmath's digits, then against their distributions.

    python .ci/accuracy.py functions        # the twin's L, E, S, Z and values: errors in ulp
    python .ci/accuracy.py distributions    # the package: 10^7 values of each kind
    python .ci/accuracy.py                  # both

mpmath is no dependency of DPA: .ci/full installs it for this script. The numbers are the same in
every run, so a limit that holds once holds until something changes.
"""

import argparse
import itertools
import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import mp, mpf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import space_reference as twin

POINTS = 15_000  # random arguments of each function, or words of each distribution
VALUES = 10_000_000  # of each kind
BINS = 200  # of equal probability, for values that are real numbers
LEAST_P = 1e-4  # of some 40 tests, all with fixed numbers

mp.dps = 40
RANDOM = random.Random(5)
ALL_ONES = 2**64 - 1
EDGES = [*twin.WORD_EDGES]
EDGES += [1 << bit for bit in range(64)] + [ALL_ONES >> bit for bit in range(64)]
EDGES += [ALL_ONES ^ (1 << bit) for bit in range(64)]
faults: list[str] = []


def report(what: str, found: float, limit: float, *, least: bool = False) -> None:
    """Prints a line, and keeps it for the end if it breaks the limit: the most, or the least."""
    sound = found >= limit if least else found <= limit
    line = f"{what:54}{found:10.4f}  {'at least' if least else 'at most'} {limit:.5g}"
    print(line, "" if sound else "  FAULT", flush=True)
    if not sound:
        faults.append(line)


# ---- Errors in units in the last place ----


def words() -> Iterator[int]:
    """Edges, words near both ends, and random ones."""
    yield from EDGES
    for _ in range(POINTS):
        word = RANDOM.getrandbits(64)
        yield word
        yield word >> RANDOM.randrange(64)
        yield ALL_ONES - (word >> RANDOM.randrange(64))


def ulps(found: float, exact: Any) -> float:
    """The error of a double, in the spacing of doubles at the exact number."""
    return float(abs(found - exact) / math.ulp(float(exact)))


def most(errors: Iterable[float], what: str, limit: float) -> None:
    """Reports the largest error."""
    report(what, max(errors), limit)


def quantile_error(x: float, p: Any) -> float:
    """The error of x as the normal quantile at p: one step of Newton's method, in ulp."""
    density = mp.exp(-(mpf(x) ** 2) / 2) / mp.sqrt(2 * mp.pi)
    step = (mp.ncdf(x) - p) / density if x < 0 else ((1 - p) - mp.ncdf(-mpf(x))) / density
    return ulps(x, mpf(x) - step)


def check_functions() -> None:
    """L, E, S and Z over what their callers give them."""
    opens = [twin.u_open(w) for w in words()]
    large = [2.0 ** RANDOM.uniform(0, 1000) for _ in range(POINTS)] + [1.0, 2.0**1000]
    large += [1 + 2.0**-52 * n for n in range(1, 2000)] + [1 + 2.0**-n for n in range(1, 52)]
    most((ulps(twin.L(x), mp.log(x)) for x in opens + large if x != 1), "L", 0.9)
    exponents = [RANDOM.uniform(0, 700) for _ in range(POINTS)] + [0.0, 700.0]
    exponents += [RANDOM.random() * 2.0 ** -RANDOM.randrange(60) for _ in range(POINTS)]
    most((ulps(twin.E(x), mp.exp(x)) for x in exponents), "E", 1)
    most((ulps(twin.S(x), mp.sin(mp.pi * x / 2)) for x in [*opens, 1.0]), "S", 4)
    most((quantile_error(twin.Z(u), mpf(u)) for u in opens), "Z", 7)
    if max(twin.S(1 - n * 2.0**-53) for n in range(100_000)) > 1:
        faults.append("S is above 1")


def check_log_uniform() -> None:
    """E takes L(high / low) with its error, so the error grows with the ratio."""
    for low, high in ((0.5, 2.0), (1e-6, 1.0), (0.1, 0.1000001), (3e-200, 4e80), (1e-300, 1e-20)):
        ratio = mpf(high) / mpf(low)
        limit = 3 + 2 * float(mp.log(ratio))
        errors = (
            ulps(twin.log_uniform(w, low, high), mpf(low) * ratio ** mpf(twin.u_closed(w)))
            for w in words()
        )
        most(errors, f"log-uniform from {low:g} to {high:g}", limit)


def check_normal() -> None:
    """A normal of mean 0, and truncated ones: their quantiles, and how many lie inside."""
    opens = [twin.u_open(w) for w in words()]
    errors = (quantile_error(twin.normal(u, 0.0, 1.0), mpf(u)) for u in opens)
    most(errors, "normal, mean 0", 8)
    for arguments in ((0.0, 0.1, -0.3, 0.3), (2.0, 1.0, -8.0, 0.5), (1e3, 2.0, 999.0, 1e9)):
        check_truncated(*arguments)


def check_truncated(mean: float, stdev: float, low: float, high: float) -> None:
    """Which open uniforms lie inside, and the quantiles."""
    first = twin.least(lambda u: twin.normal(u, mean, stdev) >= low)
    end = twin.least(lambda u: twin.normal(u, mean, stdev) > high)
    what = f"truncated normal {mean:g}, {stdev:g} from {low:g} to {high:g}"
    ends = ((first, low), (end, high))
    off = (abs(found - count_below(mean, stdev, bound)) for found, bound in ends)
    # In open uniforms; mean + stdev * Z is rounded, which is coarse beside a large mean.
    most(off, f"{what}: bounds", 4 + mean / stdev / 4)
    most(truncated_errors(mean, stdev, low, high, first, end - first), what, 8)


def count_below(mean: float, stdev: float, bound: float) -> int:
    """How many of the 2^52 open uniforms have an exact quantile below `bound`."""
    return int(mp.ceil(mp.ncdf((mpf(bound) - mean) / stdev) * 2**52 - 0.5))


def truncated_errors(
    mean: float, stdev: float, low: float, high: float, first: int, count: int
) -> Iterator[float]:
    """In units of the last place of the mean, or of the distance from it if that is larger."""
    for w in words():
        x = twin.truncated_normal(w, mean, stdev, low, high)
        p = mpf(twin.nth_open(first + (w * count >> 64)))
        z = (mpf(x) - mean) / stdev
        density = mp.exp(-(z**2) / 2) / mp.sqrt(2 * mp.pi)
        upper = (1 - p) - mp.ncdf(-z) if z > 0 else mp.ncdf(z) - p
        yield float(abs(upper / density) * stdev / math.ulp(max(abs(x - mean), abs(mean))))


def check_beta() -> None:
    """g = E(x) - 1 cancels for small x, and takes the error of E for large x."""
    for a in (2.0**-10, 0.1, 0.4, 1.0, 8.0, 1000.0, 2.0**20):
        most(beta_errors(a), f"beta, a = b = {a:g}, in 6 + 2x + 2/sqrt(x) ulp", 1)


def beta_errors(a: float) -> Iterator[float]:
    """Of each word, for random and extreme second words, as a share of the limit."""
    for w in words():
        w1 = RANDOM.choice((RANDOM.getrandbits(64), RANDOM.choice(EDGES)))
        x = min(-mp.log(mpf(twin.u_open(w))) / a, mpf(700))
        q = mp.expm1(x) * mp.sin(mp.pi * mpf(twin.u_open(w1)) / 2) ** 2
        small = 0.5 / (1 + q) / (1 + mp.sqrt(q / (1 + q)))
        exact = 1 - small if w1 & 1 else small
        yield ulps(twin.beta(w, w1, a), exact) / float(6 + 2 * x + 2 / mp.sqrt(x))


# ---- Distributions: 10^7 values from the package ----


def survival(statistic: float, freedom: int) -> float:
    """The probability that chi-squared is at least this large."""
    return float(mp.gammainc(mpf(freedom) / 2, mpf(statistic) / 2, regularized=True))


def chi_squared(what: str, counts: Any, shares: Any) -> None:
    """Counts against the shares that they should have; values of share 0 must not occur."""
    counts, expected = np.asarray(counts), np.asarray(shares, np.float64) * sum(counts)
    possible = expected > 0
    if counts[~possible].any():
        faults.append(f"{what}: impossible values occur")
    deviations = (counts - expected)[possible] ** 2 / expected[possible]
    p = survival(float(deviations.sum()), int(possible.sum()) - 1)
    report(f"{what}: chi-squared", 2 * min(p, 1 - p), LEAST_P, least=True)


def kolmogorov_smirnov(what: str, values: Any, distribution: Any) -> None:
    """The largest distance from the distribution function, and its asymptotic probability."""
    n, expected = len(values), distribution.cdf(np.sort(values))
    steps = np.arange(n + 1) / n
    d = float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))
    t = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * d
    signs = ((-1) ** (k - 1) * math.exp(-2 * (k * t) ** 2) for k in range(1, 101))
    p = min(max(2 * sum(signs), 0.0), 1.0)
    report(f"{what}: Kolmogorov-Smirnov", p, LEAST_P, least=True)


def inverse(cdf: Callable[[Any], Any], share: Any, low: float, high: float) -> float:
    """Where an increasing function takes this value, by bisection, as a double."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle) < share else (low, middle)
    return high


def normal_edge(share: Any) -> float:
    return inverse(mp.ncdf, share, -9.0, 9.0)


def cut_edge(share: Any) -> float:
    """Of a normal of mean 1 and stdev 2 that is cut at 0 and at 2.5."""
    start, end = (mp.ncdf((mpf(bound) - 1) / 2) for bound in (0, 2.5))
    return 1 + 2 * normal_edge(start + share * (end - start))


def beta_edge(a: float) -> Callable[[Any], float]:
    def edge(share: Any) -> float:
        return inverse(lambda x: mp.betainc(a, a, 0, x, regularized=True), share, 0.0, 1.0)

    return edge


def real_cases() -> dict[str, tuple[Any, Callable[[Any], float]]]:
    """Distributions of real numbers, and their exact quantiles."""
    from dpa.space import Beta, LogUniform, Normal, TruncatedNormal, Uniform

    return {
        "uniform": (Uniform(-2, 5), lambda share: -2 + 7 * share),
        "drawn": (Uniform(-2, 5, draw=3), lambda share: -2 + 7 * share),
        "loguniform": (LogUniform(1e-3, 10), lambda share: mpf("1e-3") * mpf(10000) ** share),
        "normal": (Normal(3, 0.5), lambda share: 3 + normal_edge(share) / 2),
        "truncated": (TruncatedNormal(1, 2, 0, 2.5), cut_edge),
        "beta.u": (Beta(0.4, 0.4), beta_edge(0.4)),
        "beta.flat": (Beta(1, 1), lambda share: share),
        "beta.bell": (Beta(8, 8), beta_edge(8.0)),
    }


def check_real() -> None:
    """Kolmogorov-Smirnov, and chi-squared over bins of equal probability."""
    previous = None
    for name, (distribution, quantile) in real_cases().items():
        values = column(name, distribution)
        kolmogorov_smirnov(name, values, distribution)
        edges = np.array([float(quantile(mpf(k) / BINS)) for k in range(1, BINS)])
        counts = np.bincount(np.searchsorted(edges, values, "right"), minlength=BINS)
        chi_squared(name, counts, np.full(BINS, 1 / BINS))
        ranks = distribution.cdf(values) - 0.5  # uniform, whatever the distribution
        if previous is not None:
            t = 12 * math.sqrt(VALUES) * float((ranks * previous).mean())
            p = math.erfc(abs(t) / math.sqrt(2))
            report(f"{name}: correlation with the one before", p, LEAST_P, least=True)
        previous = ranks


def check_discrete() -> None:
    """Chi-squared over all values."""
    from dpa.space import Bernoulli, Choice, Integers, Seed, Subset

    weights = [0.5, 0, 3, 0.25, 1e-3]
    shares = np.array(weights) / sum(weights)
    flags = column("bernoulli", Bernoulli(0.3))
    chi_squared("bernoulli", np.bincount(flags, minlength=2), [0.7, 0.3])
    numbers = column("integers", Integers(-7, 92, step=3))
    if set(np.unique(numbers)) != set(range(-7, 93, 3)):
        faults.append("integers: values are missing, or others occur")
    chi_squared("integers", np.bincount((numbers + 7) // 3), np.full(34, 1 / 34))
    codes = column("choice", Choice(list("abcde"), weights))
    chi_squared("choice", np.bincount(codes, minlength=5), shares)
    codes = column("subset", Subset(range(5), 3))
    kinds = [25 * a + 5 * b + c for a, b, c in itertools.permutations(range(5), 3)]
    counts = np.bincount(codes @ np.array([25, 5, 1]), minlength=125)
    if counts.sum() != counts[kinds].sum():
        faults.append("subset: a choice occurs twice")
    chi_squared("subset", counts[kinds], np.full(60, 1 / 60))
    seeds = column("seed", Seed())
    for shift in (0, 20, 56):
        part = (seeds >> np.uint64(shift) & np.uint64(255)).astype(np.int64)
        what = f"seed, bits {shift} to {shift + 7}"
        chi_squared(what, np.bincount(part, minlength=256), np.full(256, 1 / 256))
    grid = column("grid", Integers(0, 9, shape=(2, 3)), VALUES // 6).reshape(-1, 6)
    for item in range(6):
        chi_squared(f"item {item} of a shape", np.bincount(grid[:, item]), np.full(10, 0.1))


def column(name: str, distribution: Any, count: int = VALUES) -> Any:
    """The values of one parameter, for the ids 0 to count - 1."""
    import dpa
    from dpa.space import Space

    batch = dpa.generate_augmentation_batch(range(count), Space({name: distribution}))
    return batch[name]


PARTS: dict[str, tuple[Callable[[], None], ...]] = {
    "functions": (check_functions, check_log_uniform, check_normal, check_beta),
    "distributions": (check_real, check_discrete),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("part", nargs="?", choices=PARTS, help="default: both")
    part = parser.parse_args().part
    for name, checks in PARTS.items():
        if part in (None, name):
            for check in checks:
                check()
    print(f"\n{len(faults)} faults", *faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
