"""What measuring raises.

The classes are those that `except` clauses written for the original name. Each is also the
built-in exception that says what is wrong. What a measured function raises comes out as it is.
"""


class BenchmarkError(Exception):
    """The parent of all exceptions of dpa.benchmark."""


class InvalidBenchmarkConfigError(BenchmarkError, ValueError, TypeError):
    """An argument of a benchmark has a bad value or type; the message names and quotes it."""


class MeasurementError(BenchmarkError, ValueError):
    """What a result is asked for was not measured."""


class ProfilingError(BenchmarkError, ValueError, TypeError):
    """An operation cannot be profiled, or does not run."""
