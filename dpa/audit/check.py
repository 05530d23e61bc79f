"""One statistical test's outcome, and when it counts as found."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dpa.checks import extra

with extra("audit", "audits and plots need scipy"):
    from scipy import special

#: From so many values on Kolmogorov's limit, with a correction, is close to the exact p-value.
_MANY = 10_000
#: The probability that any of the tests rejects a perfect generator.
FALSE_ALARM = 1e-6


@dataclass(frozen=True, slots=True)
class Check:
    """One statistical test, and how likely chance alone gives this statistic or a worse one.

    Attributes
    ----------
    kind
        "chi-squared", "Kolmogorov-Smirnov", "correlation" (of two parameters) or "neighbours"
        (of a parameter's values in consecutive samples).
    parameters
        The parameters tested, one or two names.
    statistic
        The test's statistic; a correlation is Pearson's r.
    p_value
        The probability, 0 to 1.
    """

    kind: str
    parameters: tuple[str, ...]
    statistic: float
    p_value: float


def threshold(checks: int) -> float:
    """The p-value below which one of `checks` tests counts as a fault: Bonferroni's correction."""
    return FALSE_ALARM / max(checks, 1)


def pearson(
    size: int, sums: tuple[float, float], squares: tuple[float, float], products: float
) -> tuple[float, float]:
    """The coefficient of correlation, and its p-value by Student's t."""
    variances = [square - total * total / size for total, square in zip(sums, squares, strict=True)]
    if min(variances) <= 0:  # all values are equal
        return 0.0, 1.0
    r = (products - sums[0] * sums[1] / size) / math.sqrt(variances[0] * variances[1])
    r = min(max(float(r), -1.0), 1.0)
    if abs(r) == 1:
        return r, 0.0
    t = abs(r) * math.sqrt((size - 2) / (1 - r * r))
    return r, float(2 * special.stdtr(size - 2, -t))


def chi_squared(statistic: float, freedom: int) -> float:
    """The p-value of a chi-squared statistic with so many degrees of freedom."""
    return float(special.chdtrc(freedom, statistic))


def kolmogorov_smirnov(distance: float, size: int) -> float:
    """The p-value of the largest distance between the cumulated shares of `size` values."""
    if size < _MANY:  # rare, and this import takes half a second
        from scipy.stats import kstwo

        return float(kstwo.sf(distance, size))
    # Vrbik 2018, "Small-sample corrections to Kolmogorov-Smirnov test statistic": within 3e-6.
    # The exact one of SciPy is NaN from 2**31 values on.
    root = math.sqrt(size)
    scaled = root * distance
    corrected = scaled + 1 / (6 * root) + (scaled - 1) / (4 * size)
    return float(special.kolmogorov(corrected))
