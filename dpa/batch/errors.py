"""What batches raise."""


class MemoryLimitExceededError(MemoryError):
    """The next batch would take more memory than is allowed or available; it was not built."""
