"""What all commands print, and how they end."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from types import FrameType
from typing import NoReturn, TextIO, TypeAlias

from dpa.host.progress import progress_bar

DIFFERENT = 1
USAGE_ERROR = 2


#: What main() tells in one line.
Failure: TypeAlias = ValueError | OSError | ImportError | MemoryError


def failed(error: Failure) -> int:
    """Prints the error in one line; returns the exit code."""
    tell(f"dpa: error: {one_line(error)}")
    return USAGE_ERROR


def one_line(error: Failure) -> str:
    """What an error says, without a line's end."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {str(error.filename)!r}"
    text = str(error).replace("\n", " ")
    return text or ("out of memory" if isinstance(error, MemoryError) else type(error).__name__)


def tell(message: str) -> None:
    """Writes to stderr; where that is closed or full, the work counts, not the message."""
    with suppress(OSError):
        _print(message, sys.stderr)


def write(text: str) -> None:
    """Writes to stdout at once, so that what fails there fails here.

    What its encoding lacks, the names of files may have: it is written with backslashes.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _print(text.encode(encoding, "backslashreplace").decode(encoding), sys.stdout)


def _print(text: str, file: TextIO | None) -> None:
    if file is None:  # print() would take stdout
        raise OSError(errno.EBADF, "The output is closed", "stdout")
    try:
        print(text, file=file, flush=True)
    except OSError as error:
        error.filename = "stdout"  # what stderr does not take, tell() drops
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # for the flush at exit
        raise


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP clean up behind them like Ctrl-C."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # may set no handlers
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    default = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in default:  # one that is ignored stays so: nohup
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


def progress(total: int, quiet: bool) -> AbstractContextManager[Callable[[int], object]]:
    """A bar on a terminal, where the extra `cli` is installed."""
    wanted = (
        not quiet
        and sys.stderr is not None
        and sys.stderr.isatty()
        and find_spec("tqdm") is not None
    )
    return progress_bar(wanted, total)
