"""The memory of this machine: what cannot fit is refused before it is begun."""

from __future__ import annotations

from dpa.host import cgroup

#: 1 MB is 10^6 bytes, everywhere.
MB = 1_000_000


def total_memory() -> int:
    """The bytes that this process can have at most: the machine's, or what its cgroup allows."""
    import psutil  # 10 ms, so only when needed

    total: int = psutil.virtual_memory().total
    limit = cgroup.memory_limit()
    return total if limit is None else min(total, limit)


def available_memory() -> int:
    """The bytes that this process can still take: of the machine's, or of its cgroup's."""
    import psutil

    available: int = psutil.virtual_memory().available
    free = cgroup.free_memory()
    return available if free is None else min(available, free)


def resident_memory() -> int:
    """The bytes of memory that this process holds (RSS)."""
    import psutil

    rss: int = psutil.Process().memory_info().rss
    return rss


def require_memory(what: str, needed: int, instead: str) -> None:
    """Raises ValueError where `what` needs more bytes than there are; `instead`: what to do."""
    total = total_memory()
    if needed > total:
        raise ValueError(f"{what} needs {needed:,} bytes of memory, there are {total:,}; {instead}")
