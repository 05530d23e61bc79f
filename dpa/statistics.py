"""Mean, stdev, min, max and count of parameters; implemented in dpa.derivation.statistics."""

from dpa.derivation.statistics import (
    Columnar,
    Statistics,
    compute_statistics,
    compute_streaming_statistics,
    theoretical_statistics,
    without_nan,
)

__all__ = [
    "Columnar",
    "Statistics",
    "compute_statistics",
    "compute_streaming_statistics",
    "theoretical_statistics",
    "without_nan",
]
