"""The package's own exceptions.

A bad argument raises ValueError or TypeError. Where `except` clauses written for the original
package name a class of their own, the argument raises that class, which is both.
"""


class StreamingError(ValueError, TypeError):
    """A bad argument of a stream, or a file that cannot be streamed."""


class StreamingIOError(StreamingError):
    """A file that cannot be streamed. What the operating system refuses is an OSError."""


class PartialWriteError(StreamingError):
    """Never raised, for `except` clauses alone: a file appears whole or not at all."""


class GeneratorExhaustionError(StreamingError):
    """Never raised, for `except` clauses alone: a stream that has ended is simply empty."""


class ResourceCleanupError(StreamingError):
    """Never raised, for `except` clauses alone: a file is closed with its stream."""


class ChainFileError(StreamingIOError):
    """A chain file that is damaged, truncated, foreign or contradicts itself.

    The message names the file and the place.
    """


class DistributedError(ValueError, TypeError):
    """A bad argument of a function of `dpa.distributed`."""


class InvalidRankError(DistributedError):
    """A rank or a world_size that is none, or that does not fit the other."""


class RangeSplittingError(DistributedError):
    """A range of samples, or a number of ranks, that cannot be shared out."""


class SeedGenerationError(DistributedError):
    """A base_seed, sample id or depth that gives no hash."""
