"""STDIN: what commands have in place of a path where the user says `-`."""

from __future__ import annotations

import errno
import os
import sys
from typing import BinaryIO


class _StandardInput(os.PathLike[str]):
    """Standard input as the path of a chain file: read once, as `.jsonl`."""

    def __fspath__(self) -> str:
        return "/dev/stdin"  # no folder, on no system

    def __str__(self) -> str:
        return "-"

    def open(self) -> BinaryIO:
        """The stream. Raises OSError where it is closed, or replaced by one of text."""
        if sys.stdin is None:
            raise OSError(errno.EBADF, "The input is closed", "stdin")
        if not hasattr(sys.stdin, "buffer"):  # such as io.StringIO
            raise OSError(errno.EINVAL, "The input has text, not bytes", "stdin")
        return sys.stdin.buffer


STDIN = _StandardInput()
