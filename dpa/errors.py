"""The package's own exceptions.

A bad argument raises ValueError or TypeError. Where the original package raises a class of its
own, so does this one, and that class is both a ValueError and a TypeError: `except` clauses
written for either still work.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


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


def raising(
    kind: type[StreamingError | DistributedError],
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Decorator: a bad argument raises `kind`, or the more precise class that a check raised.

    Only for functions that run none of the caller's code, whose own exceptions must pass
    unchanged.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(function)
        def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return function(*args, **kwargs)
            except (StreamingError, DistributedError):
                raise
            except (ValueError, TypeError) as error:
                raise kind(str(error)) from None

        return checked

    return decorate
