"""How many samples fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from dpa.batch.config import checked_megabytes
from dpa.batch.errors import InvalidBatchConfigError, MemoryLimitExceededError
from dpa.checks import amount, count_of, positive, raised_as
from dpa.host.memory import MB, available_memory, resident_memory, total_memory

#: adjust_batch_size reduces batches if more than this percentage of the memory is used.
CROWDED = 80


@dataclass(frozen=True, slots=True)
class MemoryInfo:
    """The memory of the machine, or of the cgroup if that allows less.

    Attributes
    ----------
    available_mb
        What can still be allocated, in MB (10**6 bytes).
    used_mb
        The rest of total_mb.
    total_mb
        The whole memory.
    percent_used
        used_mb in percent of total_mb.
    """

    available_mb: float
    used_mb: float
    total_mb: float
    percent_used: float


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """A reading of the memory, in bytes.

    Parameters
    ----------
    rss_bytes
        Resident memory of this process.
    available_bytes
        What this process can still allocate.
    total_bytes
        The whole memory; None is the sum of the other two.
    """

    rss_bytes: int
    available_bytes: int
    total_bytes: int | None = None

    def info(self) -> MemoryInfo:
        """The machine's part of the reading, in MB and percent."""
        total = self.total_bytes or self.rss_bytes + self.available_bytes
        used = total - self.available_bytes
        return MemoryInfo(self.available_bytes / MB, used / MB, total / MB, 100 * used / total)


def read_memory() -> MemoryReading:
    """The memory now: of this process, and the smaller one of the machine's and the cgroup's."""
    return MemoryReading(resident_memory(), available_memory(), total_memory())


def get_memory_usage() -> MemoryInfo:
    """The memory of the machine or its cgroup now, in the form of the original package."""
    return read_memory().info()


class MemoryAwareBatcher:
    """Computes how many samples fit into half of a limit, and into the available memory.

    Parameters
    ----------
    max_memory_mb
        The most that a batch may take, in MB (10**6 bytes).
    min_batch_size
        The least samples in a batch.
    max_batch_size
        The most samples in a batch; None is no cap.
    adjustment_factor
        The fraction of a batch that adjust_batch_size keeps if memory is short; above 0, at
        most 1.
    reader
        Returns a MemoryReading. It is not called by methods that are given one as `reading`.

    Raises
    ------
    InvalidBatchConfigError
        An argument is bad; a ValueError and a TypeError. The message names it.

    Examples
    --------
    >>> batcher = MemoryAwareBatcher(100, reader=lambda: MemoryReading(40 * MB, 80 * MB))
    >>> batcher.calculate_optimal_batch_size(sample_size_bytes=150_000)
    266
    """

    @raised_as(InvalidBatchConfigError)
    def __init__(
        self,
        max_memory_mb: float = 1000,
        min_batch_size: int = 1,
        adjustment_factor: float = 0.8,
        *,
        max_batch_size: int | None = None,
        reader: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        self.max_memory_mb = checked_megabytes(max_memory_mb)
        self.min_batch_size = positive("min_batch_size", min_batch_size)
        self.adjustment_factor = amount("adjustment_factor", adjustment_factor)
        if not 0 < self.adjustment_factor <= 1:
            raise ValueError(f"adjustment_factor must be above 0 to 1, got {adjustment_factor!r}")
        self.max_batch_size = max_batch_size
        if max_batch_size is not None:
            self.max_batch_size = positive("max_batch_size", max_batch_size, self.min_batch_size)
        self._limit = int(self.max_memory_mb * MB)
        self._reader = reader
        self._peak = 0

    def read(self) -> MemoryReading:
        """A new reading, which also updates peak_rss_mb."""
        reading = self._reader()
        self._peak = max(self._peak, reading.rss_bytes)
        return reading

    @property
    def peak_rss_mb(self) -> float:
        """The highest resident memory read so far, in MB; NaN before the first reading."""
        return self._peak / MB if self._peak else math.nan

    def monitor_memory_usage(self) -> dict[str, float]:
        """The fields of MemoryInfo, rss_mb (resident memory) and limit_mb (max_memory_mb)."""
        reading = self.read()
        own = {"rss_mb": reading.rss_bytes / MB, "limit_mb": self._limit / MB}
        return {**asdict(reading.info()), **own}

    def calculate_optimal_batch_size(
        self, sample_size_bytes: int, reading: MemoryReading | None = None
    ) -> int:
        """The samples that fill half of the limit or, if less, of the available memory."""
        sample = _size("sample_size_bytes", sample_size_bytes)
        reading = reading or self.read()
        size = max(self.min_batch_size, min(self._limit, reading.available_bytes) // (2 * sample))
        return size if self.max_batch_size is None else min(self.max_batch_size, size)

    def within_limit(self, size: int, sample_size_bytes: int) -> int:
        """`size`, reduced to the samples that fit max_memory_mb, but not below min_batch_size."""
        return min(size, max(self.min_batch_size, self._limit // sample_size_bytes))

    def adjust_batch_size(
        self,
        current_size: int,
        memory_usage: Mapping[str, float] | None = None,
        *,
        sample_size_bytes: int | None = None,
        smallest: int | None = None,
        reading: MemoryReading | None = None,
    ) -> int:
        """`current_size`, or fewer samples if memory is short.

        Parameters
        ----------
        current_size
            The samples in a batch.
        memory_usage
            A result of monitor_memory_usage. Above 80 percent_used, the batch is reduced by
            adjustment_factor. None does not check this.
        sample_size_bytes
            The bytes of a sample. The batch is reduced to fit max_memory_mb and the available
            memory. None does not check this.
        smallest
            The least samples to keep; None is min_batch_size.
        reading
            The MemoryReading to use; None takes a new one.

        Returns
        -------
        int
            At most current_size.

        Raises
        ------
        MemoryLimitExceededError
            `smallest` samples do not fit into the available memory.
        InvalidBatchConfigError
            An argument is bad; a ValueError and a TypeError.
        """
        size = _size("current_size", current_size)
        if memory_usage is not None and _percent_used(memory_usage) > CROWDED:
            least = min(size, self.min_batch_size)
            size = max(least, int(size * self.adjustment_factor))
        if sample_size_bytes is None:
            return size
        sample = _size("sample_size_bytes", sample_size_bytes)
        least = self.min_batch_size if smallest is None else _size("smallest", smallest)
        least = min(least, size)
        available = (reading or self.read()).available_bytes
        if available // sample < least:
            raise MemoryLimitExceededError(
                f"no room for {count_of(least, 'sample')} of {sample} bytes "
                f"({least * sample / MB:.1f} MB): {available / MB:.1f} MB are available"
            )
        return min(max(least, self.within_limit(size, sample)), available // sample)


_size = raised_as(InvalidBatchConfigError)(positive)


@raised_as(InvalidBatchConfigError)
def _percent_used(usage: Mapping[str, float]) -> float:
    if not isinstance(usage, Mapping) or "percent_used" not in usage:
        raise TypeError(f"memory_usage must be a dict with percent_used, got {usage!r}")
    return amount("percent_used", usage["percent_used"])


@contextmanager
def memory_monitor(max_memory_mb: float) -> Iterator[MemoryAwareBatcher]:
    """A block in which the process may grow by `max_memory_mb`; from the original package.

    Yields a MemoryAwareBatcher. Raises MemoryLimitExceededError at the end of the block if the
    process has grown by more.
    """
    batcher = MemoryAwareBatcher(max_memory_mb)
    before = batcher.read().rss_bytes
    yield batcher
    grown = (batcher.read().rss_bytes - before) / MB
    if grown > max_memory_mb:
        raise MemoryLimitExceededError(
            f"the process grew by {grown:.1f} MB, more than max_memory_mb={max_memory_mb}"
        )
