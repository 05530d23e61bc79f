"""How many samples the memory holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dpa.batch.config import DEFAULT_CAP, checked_megabytes
from dpa.batch.errors import MemoryLimitExceededError
from dpa.checks import positive
from dpa.host import cgroup
from dpa.host.memory import MB


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """What the process holds, and what it can still take, in bytes."""

    rss_bytes: int
    available_bytes: int


def read_memory() -> MemoryReading:
    """The memory of this process now; available is the least of the host's and the cgroup's."""
    import psutil  # 10 ms, so only when needed

    available = psutil.virtual_memory().available
    free = cgroup.free_memory()
    return MemoryReading(
        psutil.Process().memory_info().rss, available if free is None else min(available, free)
    )


class MemoryAwareBatcher:
    """How many samples fit: in half of the memory, and in what is left of it.

    `max_memory_mb` limits what the process holds (its RSS). `reader` gives a
    MemoryReading; a method given one as `reading` does not call it. Sizes are at least
    `min_batch_size`, and at most `max_batch_size`. Raises ValueError or TypeError.

    >>> batcher = MemoryAwareBatcher(100, reader=lambda: MemoryReading(40 * MB, 80 * MB))
    >>> batcher.monitor_memory_usage()["percent_used"]
    40.0
    >>> batcher.calculate_optimal_batch_size(sample_size_bytes=150_000)
    266
    """

    def __init__(
        self,
        max_memory_mb: float = 1000,
        min_batch_size: int = 1,
        max_batch_size: int = DEFAULT_CAP,
        *,
        reader: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        self.max_memory_mb = checked_megabytes(max_memory_mb)
        self.min_batch_size = positive("min_batch_size", min_batch_size)
        self.max_batch_size = positive("max_batch_size", max_batch_size)
        if self.max_batch_size < self.min_batch_size:
            raise ValueError(
                f"max_batch_size must be at least min_batch_size {self.min_batch_size}, "
                f"got {self.max_batch_size}"
            )
        self._limit = int(self.max_memory_mb * MB)
        self._reader = reader
        self._peak = 0

    def read(self) -> MemoryReading:
        """A reading, which counts for peak_rss_mb."""
        reading = self._reader()
        self._peak = max(self._peak, reading.rss_bytes)
        return reading

    @property
    def peak_rss_mb(self) -> float:
        """The highest RSS read so far, NaN before the first reading."""
        return self._peak / MB if self._peak else math.nan

    def monitor_memory_usage(self) -> dict[str, float]:
        """rss_mb, limit_mb, available_mb, and percent_used, which is RSS of the limit."""
        reading = self.read()
        return {
            "rss_mb": reading.rss_bytes / MB,
            "limit_mb": self._limit / MB,
            "available_mb": reading.available_bytes / MB,
            "percent_used": 100 * reading.rss_bytes / self._limit,
        }

    def calculate_optimal_batch_size(
        self, sample_size_bytes: int, reading: MemoryReading | None = None
    ) -> int:
        """The samples that fill half of the limit or, if less, of the available memory."""
        size = positive("sample_size_bytes", sample_size_bytes)
        reading = reading or self.read()
        fitting = min(self._limit, reading.available_bytes) // (2 * size)
        return max(self.min_batch_size, min(self.max_batch_size, fitting))

    def adjust_batch_size(
        self,
        batch_size: int,
        sample_size_bytes: int,
        smallest: int | None = None,
        reading: MemoryReading | None = None,
    ) -> int:
        """`batch_size`, cut to what the limit leaves beside RSS and to what is available.

        MemoryLimitExceededError where not even `smallest` samples (None: min_batch_size)
        fit.
        """
        batch_size = positive("batch_size", batch_size)
        size = positive("sample_size_bytes", sample_size_bytes)
        least = self.min_batch_size if smallest is None else positive("smallest", smallest)
        least = min(least, batch_size)
        reading = reading or self.read()
        fitting = min(self._limit - reading.rss_bytes, reading.available_bytes) // size
        if fitting < least:
            raise MemoryLimitExceededError(
                f"{least} samples of {size} bytes ({least * size / MB:.1f} MB) do not fit: the "
                f"process holds {reading.rss_bytes / MB:.1f} MB of max_memory_mb="
                f"{self.max_memory_mb}, and {reading.available_bytes / MB:.1f} MB are available"
            )
        return min(batch_size, fitting)
