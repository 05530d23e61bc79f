"""The strategies that make batches of a stream, and their settings."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from dpa.batch.errors import InvalidBatchConfigError
from dpa.checks import boolean, positive, raised_as, real
from dpa.host.memory import MB

#: What batch_size None means: the size, and for MEMORY_OPTIMIZED the cap.
DEFAULT_SIZE, DEFAULT_CAP = 32, 1024
#: What max_batch_size None means for ADAPTIVE: this many times the first size.
CLIMB = 64
#: The largest size whose square, or CLIMB multiple, is still a machine integer.
MAX_SIZE = 2**31 - 1


class BatchStrategy(StrEnum):
    """How a stream is cut into batches.

    SEQUENTIAL: consecutive groups of batch_size. ROUND_ROBIN: reads a window of m samples, at
    most batch_size squared, and puts sample j into batch j modulo ceil(m / batch_size).
    MEMORY_OPTIMIZED: as many samples as fill half of the memory, at most batch_size. ADAPTIVE:
    starts with batch_size and climbs to the size at which the consumer is fastest.
    """

    SEQUENTIAL = "sequential"
    ROUND_ROBIN = "round_robin"
    MEMORY_OPTIMIZED = "memory_optimized"
    ADAPTIVE = "adaptive"


def checked_strategy(strategy: BatchStrategy | str) -> BatchStrategy:
    """`strategy` as a BatchStrategy, from a member or its value."""
    try:
        return BatchStrategy(strategy)
    except ValueError:
        known = ", ".join(BatchStrategy)
        raise ValueError(f"unknown strategy {strategy!r}; the strategies are {known}") from None


def checked_size(name: str, value: object) -> int:
    """`value` as a number of samples in a batch."""
    size = positive(name, value)
    if size > MAX_SIZE:
        raise ValueError(f"{name} must be at most {MAX_SIZE}, got {size}")
    return size


def checked_megabytes(value: Any) -> float:
    """`value` as megabytes; at least one byte."""
    number = real("max_memory_mb", value)
    if not 1 / MB <= number <= 1e12:  # also refuses NaN
        raise ValueError(f"max_memory_mb must be 1e-6 (a byte) to 1e12, got {value!r}")
    return number


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How to make batches. Immutable; dataclasses.replace makes a changed copy.

    Parameters
    ----------
    strategy
        A BatchStrategy or its value, such as "round_robin".
    batch_size
        The most samples in a batch; ADAPTIVE starts with it. None: 32, or 1,024 for
        MEMORY_OPTIMIZED, or min_batch_size if that is more.
    max_memory_mb
        The most that a batch may take by estimate, in MB (10**6 bytes). MEMORY_OPTIMIZED fills
        half of it; process_with_memory_monitoring enforces it for every strategy.
    min_batch_size
        The least that MEMORY_OPTIMIZED, ADAPTIVE and max_memory_mb reduce a batch to. The last
        batch of a stream may have fewer.
    adaptive_sizing
        False keeps ADAPTIVE at batch_size.
    sample_size_bytes
        The bytes that a sample will occupy, for example its image. None measures the
        parameters.
    max_batch_size
        How far ADAPTIVE may climb; None is 64 times batch_size.

    Raises
    ------
    InvalidBatchConfigError
        A field is bad; a ValueError and a TypeError. The message names the field.

    Examples
    --------
    >>> BatchConfig("sequential", batch_size=8).strategy
    <BatchStrategy.SEQUENTIAL: 'sequential'>
    """

    strategy: BatchStrategy
    batch_size: int | None = None
    max_memory_mb: float = 1000
    min_batch_size: int = 1
    adaptive_sizing: bool = True
    _: KW_ONLY
    sample_size_bytes: int | None = None
    max_batch_size: int | None = None

    @raised_as(InvalidBatchConfigError)
    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("strategy", checked_strategy(self.strategy))
        for name in ("batch_size", "min_batch_size", "max_batch_size"):
            if getattr(self, name) is not None or name == "min_batch_size":
                put(name, checked_size(name, getattr(self, name)))
        if self.sample_size_bytes is not None:
            put("sample_size_bytes", positive("sample_size_bytes", self.sample_size_bytes))
        put("max_memory_mb", checked_megabytes(self.max_memory_mb))
        boolean("adaptive_sizing", self.adaptive_sizing)
        if self.size < self.min_batch_size:
            raise ValueError(
                f"batch_size must be at least min_batch_size {self.min_batch_size}, got {self.size}"
            )
        if self.max_batch_size is not None:
            if self.strategy is not BatchStrategy.ADAPTIVE:
                raise ValueError(
                    f"max_batch_size is for {BatchStrategy.ADAPTIVE}, got {self.max_batch_size} "
                    f"for {self.strategy}"
                )
            if self.max_batch_size < self.size:
                raise ValueError(
                    f"max_batch_size must be at least batch_size {self.size}, "
                    f"got {self.max_batch_size}"
                )

    @property
    def size(self) -> int:
        """batch_size, or the number that None stands for."""
        if self.batch_size is not None:
            return self.batch_size
        by_memory = self.strategy is BatchStrategy.MEMORY_OPTIMIZED
        return max(self.min_batch_size, DEFAULT_CAP if by_memory else DEFAULT_SIZE)

    @property
    def cap(self) -> int:
        """The most samples that a batch can have."""
        if self.strategy is BatchStrategy.ADAPTIVE and self.adaptive_sizing:
            return self.max_batch_size or CLIMB * self.size
        return self.size
