"""The package's own exceptions.

A bad argument raises ValueError or TypeError. Where the original package raises a class of its
own, so does this one, and that class is both a ValueError and a TypeError: `except` clauses
written for either still work.
"""


class StreamingError(ValueError, TypeError):
    """A bad argument of a stream, or a file that cannot be streamed."""


class StreamingIOError(StreamingError):
    """A file that cannot be streamed. Failures of the operating system are OSError instead."""


class PartialWriteError(StreamingError):
    """Never raised; exists for `except` clauses. A file appears whole or not at all."""


class GeneratorExhaustionError(StreamingError):
    """Never raised; exists for `except` clauses. A stream that has ended is simply empty."""


class ResourceCleanupError(StreamingError):
    """Never raised; exists for `except` clauses. A file is closed with its stream."""


class ChainFileError(StreamingIOError):
    """A chain file that is damaged, truncated, of a foreign format, or contradicts itself.

    The message names the file and the place.
    """


class DistributedError(ValueError, TypeError):
    """A bad argument of a function of `dpa.distributed`."""


class InvalidRankError(DistributedError):
    """A rank or a world_size that is invalid, or a rank that is not below world_size."""


class RangeSplittingError(DistributedError):
    """A range of samples, or a number of ranks, that cannot be split."""


class SeedGenerationError(DistributedError):
    """A bad base_seed, sample id, depth or world_size of a function that derives seeds."""
