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

from dpa.checks import printable
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
    text = " ".join(map(printable, str(error).split("\n")))
    return text or ("out of memory" if isinstance(error, MemoryError) else type(error).__name__)


def tell(message: str) -> None:
    """Writes to stderr; where that is closed or full, the work counts, not the message."""
    with suppress(OSError):
        _print(message, sys.stderr)


def write(text: str) -> None:
    """Writes to stdout at once, so that what fails there fails here.

    What its encoding lacks, the names of files may have: it is written with backslashes.
    """
    _print(text, sys.stdout)


def _print(text: str, file: TextIO | None) -> None:
    """Names and contents of files may hold anything: all but line ends is made printable."""
    if file is None:  # print() would take stdout
        raise OSError(errno.EBADF, "The output is closed", "stdout")
    encoding = getattr(file, "encoding", None) or "utf-8"
    text = "\n".join(map(printable, text.split("\n")))
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(text, file=file, flush=True)
    except OSError as error:
        error.filename = "stdout"  # what stderr does not take, tell() drops
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # for the flush at exit
        raise


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP clean up behind them like Ctrl-C; one more signal waits for that."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # may set no handlers
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    found = {number: signal.getsignal(number) for number in numbers}
    own = (signal.SIG_DFL, signal.default_int_handler)  # one that is ignored stays so: nohup
    before = {number: handler for number, handler in found.items() if handler in own}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def progress(total: int, quiet: bool) -> AbstractContextManager[Callable[[int], object]]:
    """A bar on a terminal, where the extra `cli` is installed."""
    wanted = (
        not quiet
        and sys.stderr is not None
        and sys.stderr.isatty()
        and find_spec("tqdm") is not None
    )
    return progress_bar(wanted, total)
