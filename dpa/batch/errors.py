"""The exceptions of dpa.batch.

The original package has the same classes. Each is also a built-in exception, so `except` clauses
written for either work.
"""


class BatchProcessingError(Exception):
    """The parent of all exceptions of dpa.batch."""


class InvalidBatchConfigError(BatchProcessingError, ValueError, TypeError):
    """A setting of batches has a bad value or type; the message names and quotes it."""


class InvalidStreamError(BatchProcessingError, TypeError):
    """A stream is not an iterable of samples, or later items differ in kind from the first."""


class MemoryLimitExceededError(BatchProcessingError, MemoryError):
    """The next batch would take more memory than is available; it was not built."""
