"""The vector levels of the loops over pixels that this CPU can run."""

import os
from contextlib import contextmanager

import dpa
from dpa import _pixels


def by_level() -> dict[str, str]:
    """A kernel for each level."""
    found: dict[str, str] = {}
    try:
        for kernel in dpa.kernels():
            _pixels.choose_loops(kernel)
            found.setdefault(_pixels.level(), kernel)
    finally:
        _pixels.choose_loops(os.environ.get("DPA_KERNEL") or None)
    return found


LEVELS = by_level()


@contextmanager
def forced(level: str):
    """That level, for the length of the block."""
    before = _pixels.level()
    _pixels.choose_loops(LEVELS[level])
    try:
        yield
    finally:
        _pixels.choose_loops(LEVELS[before])
