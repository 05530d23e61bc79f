"""The limits of this process's cgroup, version 2 or 1: cores and memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

ROOT = "/sys/fs/cgroup"
#: One line per hierarchy: "0::/job" in version 2, "4:cpu,cpuacct:/job" in version 1.
MEMBERSHIP = "/proc/self/cgroup"


def cores(root: str = ROOT, membership: str = MEMBERSHIP) -> int | None:
    """The smallest CPU quota from this group up to the root, rounded up to cores, or None."""
    return _least(_cores, "cpu", root, membership)


def free_memory(root: str = ROOT, membership: str = MEMBERSHIP) -> int | None:
    """The least free memory from this group up to the root, in bytes; None: no limit.

    The page cache of files that were not used lately counts as free, because the kernel drops
    it before it refuses memory.
    """
    return _least(_free_memory, "memory", root, membership)


def memory_limit(root: str = ROOT, membership: str = MEMBERSHIP) -> int | None:
    """The smallest memory limit from this group up to the root, in bytes; None: no limit."""
    return _least(_memory_limit, "memory", root, membership)


def _least(
    measure: Callable[[str], int | None], controller: str, root: str, membership: str
) -> int | None:
    found = map(measure, _folders(controller, root, membership))
    return min((amount for amount in found if amount is not None), default=None)


def _folders(controller: str, root: str, membership: str) -> Iterator[str]:
    """The folders of this process's groups and of the groups above them, up to the root.

    A container sees its own group as the root, while the path may exist only on the host. So a
    folder that does not exist does not end the search.
    """
    try:
        lines = _read(membership).splitlines()
    except OSError:
        return
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers == "":
            base = root
        elif controller in controllers.split(","):
            base = f"{root}/{controller}"
        else:
            continue
        path = path.rstrip("/")
        while path:
            yield base + path
            path = path.rpartition("/")[0]
        yield base


def _cores(folder: str) -> int | None:
    try:
        numbers = _read(f"{folder}/cpu.max", f"{folder}/cpu.cfs_quota_us").split()
        if len(numbers) == 1:  # of version 1
            numbers.append(_read(f"{folder}/cpu.cfs_period_us"))
        quota, period = map(int, numbers)
        return -(-quota // period) if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max", or an unknown file
        return None


def _free_memory(folder: str) -> int | None:
    allowed = _memory_limit(folder)
    if allowed is None:
        return None
    try:
        used = int(_read(f"{folder}/memory.current", f"{folder}/memory.usage_in_bytes"))
        counts = dict(line.split() for line in _read(f"{folder}/memory.stat").splitlines())
        # In version 1 the total counts the groups below, as version 2 always does.
        cache = counts.get("total_inactive_file") or counts["inactive_file"]
        return max(0, allowed - used + int(cache))
    except (OSError, ValueError, KeyError):  # an unknown file
        return None


def _memory_limit(folder: str) -> int | None:
    try:
        allowed = int(_read(f"{folder}/memory.max", f"{folder}/memory.limit_in_bytes"))
    except (OSError, ValueError):  # "max", or an unknown file
        return None
    return allowed if allowed < 2**62 else None  # version 1 has a huge number for "max"


def _read(path: str, older: str | None = None) -> str:
    """The text of a file, or of the file that version 1 has in its place."""
    if older is not None and not os.path.exists(path):
        path = older
    with open(path, encoding="utf-8") as file:
        return file.read()
