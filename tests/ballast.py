"""Memory for tests of memory."""

import mmap

MB = 1_000_000


def ballast(megabytes: int) -> mmap.mmap:
    """Memory that is new to the process: what malloc has kept of earlier tests adds nothing."""
    memory = mmap.mmap(-1, megabytes * MB)
    for _ in range(megabytes):
        memory.write(bytes(MB))
    return memory
