"""The output of all commands, their errors, and their reaction to signals."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from types import FrameType
from typing import BinaryIO, NoReturn, TextIO, TypeAlias

from dpa.checks import printable
from dpa.host.progress import Advance, progress_bar

DIFFERENT = 1
USAGE_ERROR = 2


#: The errors that main() prints in one line.
Failure: TypeAlias = ValueError | OSError | ImportError | MemoryError


def failed(error: Failure) -> int:
    """Prints the error in one line; returns the exit code."""
    tell(f"dpa: error: {one_line(error)}")
    return USAGE_ERROR


def one_line(error: Failure) -> str:
    """The message of an error without line ends."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {str(error.filename)!r}"
    text = " ".join(map(printable, str(error).split("\n")))
    return text or ("out of memory" if isinstance(error, MemoryError) else type(error).__name__)


def tell(message: str) -> None:
    """Writes to stderr; if that is closed or full, drops the message."""
    with suppress(OSError):
        _print(message, sys.stderr)


def write(text: str) -> None:
    """Writes to stdout and flushes, so that a failure is raised here.

    Characters that its encoding lacks, for example in names of files, are written with
    backslashes.
    """
    _print(text, sys.stdout)


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """stdout for bytes, flushed at the end. Raises OSError as write() does, or if it takes text."""
    if sys.stdout is not None and not hasattr(sys.stdout, "buffer"):  # such as io.StringIO
        raise OSError(errno.EINVAL, "The output takes text, not bytes", "stdout")
    with _flushed(sys.stdout) as file:
        yield file.buffer


def _print(text: str, file: TextIO | None) -> None:
    """Escapes everything unprintable except line ends: names of files may have anything."""
    encoding = getattr(file, "encoding", None) or "utf-8"
    text = "\n".join(map(printable, text.split("\n")))
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    with _flushed(file) as stream:
        print(text, file=stream)


@contextmanager
def _flushed(file: TextIO | None) -> Iterator[TextIO]:
    """stdout or stderr; a failure to write is raised here, and not again at exit."""
    if file is None:  # print() would use stdout instead
        raise OSError(errno.EBADF, "The output is closed", "stdout")
    try:
        yield file
        file.flush()
    except OSError as error:
        error.filename = error.filename or "stdout"  # for stderr, tell() drops the error
        os.dup2(os.open(os.devnull, os.O_WRONLY), file.fileno())  # the flush at exit succeeds
        raise


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP clean up as Ctrl-C does; a second signal waits for the cleanup."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # cannot set handlers
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    found = {number: signal.getsignal(number) for number in numbers}
    own = (signal.SIG_DFL, signal.default_int_handler)  # a signal that nohup ignores stays ignored
    before = {number: handler for number, handler in found.items() if handler in own}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shows_progress(quiet: bool) -> bool:
    """Whether there is a bar: if stderr is a terminal and the extra `cli` is installed."""
    return (
        not quiet
        and sys.stderr is not None
        and sys.stderr.isatty()
        and find_spec("tqdm") is not None
    )


def progress(total: int | None, quiet: bool) -> AbstractContextManager[Advance]:
    """A bar on stderr, if there is to be one."""
    return progress_bar(shows_progress(quiet), total)
