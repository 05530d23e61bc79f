"""What batches raise.

The classes are those that `except` clauses written for the original name. Each is also the
built-in exception that says what is wrong.
"""


class BatchProcessingError(Exception):
    """The parent of all exceptions of dpa.batch."""


class InvalidBatchConfigError(BatchProcessingError, ValueError, TypeError):
    """A setting of batches has a bad value or type; the message names and quotes it."""


class InvalidStreamError(BatchProcessingError, TypeError):
    """What should give samples is no iterable of them, or does not go on as it began."""


class MemoryLimitExceededError(BatchProcessingError, MemoryError):
    """The next batch would take more memory than is available; it was not built."""
