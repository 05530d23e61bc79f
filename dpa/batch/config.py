"""How a stream is cut into batches: the strategies and their settings."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import Any

from dpa.batch.errors import InvalidBatchConfigError
from dpa.checks import boolean, positive, raised_as, real
from dpa.host.memory import MB

#: Samples of a batch where batch_size is None, and MEMORY_OPTIMIZED's cap then.
DEFAULT_SIZE, DEFAULT_CAP = 32, 1024
#: ADAPTIVE's cap where max_batch_size is None, in multiples of the size that it starts from.
CLIMB = 64
#: Such sizes, squared or times CLIMB, are still machine integers.
MAX_SIZE = 2**31 - 1


class BatchStrategy(StrEnum):
    """How a stream is cut into batches.

    SEQUENTIAL: consecutive groups of batch_size. ROUND_ROBIN: of a window of m samples,
    at most batch_size squared, sample j goes to batch j modulo ceil(m / batch_size).
    MEMORY_OPTIMIZED: as many as half of the memory holds, at most batch_size. ADAPTIVE:
    starts from batch_size and climbs to the size that the consumer is fastest with.
    """

    SEQUENTIAL = "sequential"
    ROUND_ROBIN = "round_robin"
    MEMORY_OPTIMIZED = "memory_optimized"
    ADAPTIVE = "adaptive"


def checked_strategy(strategy: BatchStrategy | str) -> BatchStrategy:
    """`strategy` as a BatchStrategy, from one or its value."""
    try:
        return BatchStrategy(strategy)
    except ValueError:
        known = ", ".join(BatchStrategy)
        raise ValueError(f"unknown strategy {strategy!r}; the strategies are {known}") from None


def checked_size(name: str, value: object) -> int:
    """`value` as the number of samples in a batch."""
    size = positive(name, value)
    if size > MAX_SIZE:
        raise ValueError(f"{name} must be at most {MAX_SIZE}, got {size}")
    return size


def checked_megabytes(value: Any) -> float:
    """`value` as megabytes, at least a byte."""
    number = real("max_memory_mb", value)
    if not 1 / MB <= number <= 1e12:  # nor NaN
        raise ValueError(f"max_memory_mb must be 1e-6 (a byte) to 1e12, got {value!r}")
    return number


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How to make batches. Immutable: dataclasses.replace makes another one.

    Parameters
    ----------
    strategy
        A BatchStrategy or its value, "round_robin" say.
    batch_size
        The most samples in a batch; ADAPTIVE starts from it. None: 32, for MEMORY_OPTIMIZED
        1,024, or min_batch_size if that is more.
    max_memory_mb
        The most that a batch may take by estimate. MEMORY_OPTIMIZED fills half of it;
        process_with_memory_monitoring keeps it for every strategy. 1 MB is 10**6 bytes.
    min_batch_size
        The least that MEMORY_OPTIMIZED, ADAPTIVE and max_memory_mb go down to (a stream's
        last batch is what is left).
    adaptive_sizing
        False keeps ADAPTIVE at batch_size.
    sample_size_bytes
        What a sample will occupy, its image say. None measures the parameters.
    max_batch_size
        How far ADAPTIVE may climb. None is 64 times batch_size.

    Raises
    ------
    InvalidBatchConfigError
        A ValueError and TypeError, which names the field.

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
        """batch_size, or what None stands for."""
        if self.batch_size is not None:
            return self.batch_size
        by_memory = self.strategy is BatchStrategy.MEMORY_OPTIMIZED
        return max(self.min_batch_size, DEFAULT_CAP if by_memory else DEFAULT_SIZE)

    @property
    def cap(self) -> int:
        """The most samples that a batch may have."""
        if self.strategy is BatchStrategy.ADAPTIVE and self.adaptive_sizing:
            return self.max_batch_size or CLIMB * self.size
        return self.size
