"""Writing a file so that its name holds the old content or all of the new, never a part."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO

#: What a write says that does not know its file.
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends without an exception.

    Until then it is `.dpa-….tmp` in the same folder; an exception removes it. Parent
    folders are made, symbolic links are written through, and the permissions are those
    of the replaced file or of the umask. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    mode = _replaced_mode(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".dpa-{os.urandom(8).hex()}.tmp")
    try:  # a signal may come as soon as the file is there
        with _new_file(temporary, target, mode) as file:
            yield file
            file.flush()
            if mode is not None:
                temporary.chmod(mode)  # the umask has cut what os.open was given
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):  # the first error is the one to tell
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
            error.filename = str(target)
        raise
    _sync_folder(target.parent)


def _replaced_mode(target: Path) -> int | None:
    """The permissions of the file to be replaced; None where there is none."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(target))
    if not os.access(target, os.W_OK):  # a rename would not ask
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return stat.S_IMODE(mode) & 0o777


def _new_file(temporary: Path, target: Path, mode: int | None) -> BinaryIO:
    """A new file with the permissions `mode`, or those of the umask."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(temporary, flags, 0o666 if mode is None else mode), "wb")
    except OSError as error:
        error.filename = str(target)  # the name that the caller knows
        raise


def _sync_folder(folder: Path) -> None:
    """Makes the rename last through a power cut."""
    if os.name == "nt":  # folders cannot be opened there
        return
    with suppress(OSError):  # not every file system can, and the file has its name by now
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
