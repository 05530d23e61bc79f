"""The memory of this machine; work that cannot fit is refused before it starts."""

from __future__ import annotations

from dpa.host import cgroup

#: 1 MB is 10^6 bytes, everywhere.
MB = 1_000_000


def total_memory() -> int:
    """The bytes of memory of the machine, or the limit of the cgroup if that is less."""
    import psutil  # its import takes 10 ms

    total: int = psutil.virtual_memory().total
    limit = cgroup.memory_limit()
    return total if limit is None else min(total, limit)


def available_memory() -> int:
    """The bytes that this process can still allocate: the machine's, or the cgroup's if less."""
    import psutil

    available: int = psutil.virtual_memory().available
    free = cgroup.free_memory()
    return available if free is None else min(available, free)


def resident_memory() -> int:
    """The bytes of memory that this process holds (RSS)."""
    import psutil

    return psutil.Process().memory_info().rss


def require_memory(what: str, needed: int, instead: str) -> None:
    """Raises ValueError if `what` needs more bytes than there are; `instead` says what to do."""
    total = total_memory()
    if needed > total:
        raise ValueError(f"{what} needs {needed:,} bytes of memory, there are {total:,}; {instead}")
