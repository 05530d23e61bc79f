"""The exceptions of dpa.benchmark.

The original package has the same classes. Each is also a built-in exception, so `except` clauses
written for either work. Exceptions of a measured function pass unchanged.
"""


class BenchmarkError(Exception):
    """The parent of all exceptions of dpa.benchmark."""


class InvalidBenchmarkConfigError(BenchmarkError, ValueError, TypeError):
    """An argument of a benchmark has a bad value or type; the message names and quotes it."""


class MeasurementError(BenchmarkError, ValueError):
    """A result lacks the measurement that was asked for."""


class ProfilingError(BenchmarkError, ValueError, TypeError):
    """An operation cannot be profiled, or is not running."""
