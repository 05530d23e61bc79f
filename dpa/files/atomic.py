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

from dpa.checks import file_path

#: What a write says that does not know its file.
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends without an exception.

    Until then it is `.dpa-….tmp` in the same folder; an exception removes it. Parent
    folders are made, symbolic links are written through, and permissions and owner are
    those of the replaced file, or follow the umask. Raises OSError.
    """
    target = Path(os.path.realpath(file_path(path)))
    replaced = _replaced(target)
    mode = None if replaced is None else stat.S_IMODE(replaced.st_mode) & 0o777
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".dpa-{os.urandom(8).hex()}.tmp")
    try:  # a signal may come as soon as the file is there
        with _new_file(temporary, target, mode) as file:
            yield file
            file.flush()
            if replaced is not None and mode is not None:
                _keep_owner(temporary, replaced)
                temporary.chmod(mode)  # the umask has cut what os.open was given
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        try:
            _remove(temporary)
        except BaseException:  # another Ctrl-C must not leave the file
            _remove(temporary)
            raise
        if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
            error.filename = str(target)
        raise
    _sync_folder(target.parent)


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # the first error is the one to tell
        temporary.unlink(missing_ok=True)


def _keep_owner(temporary: Path, replaced: os.stat_result) -> None:
    """Root that replaces another user's file leaves it that user's; others may not give away."""
    mine = temporary.stat()
    owner = replaced.st_uid, replaced.st_gid
    if hasattr(os, "chown") and owner != (mine.st_uid, mine.st_gid):
        with suppress(PermissionError):
            os.chown(temporary, *owner)


def _replaced(target: Path) -> os.stat_result | None:
    """The file to be replaced; None where there is none. OSError where it cannot be."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    mode = found.st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(target))
    if not os.access(target, os.W_OK):  # a rename would not ask
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return found


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
