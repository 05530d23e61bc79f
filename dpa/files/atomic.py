"""Atomic writing: a file has its old content or all of the new, never a part."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from dpa.checks import file_path

#: Errors of a write that do not name the file.
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """A new file that replaces `path` when the block ends without an exception.

    Until then it is `.dpa-….tmp` in the same folder; an exception removes it. Missing parent
    folders are made, and symbolic links are followed. Permissions and owner are those of the
    replaced file; a new file follows the umask. Raises OSError.
    """
    target = Path(os.path.realpath(file_path(path)))
    replaced = _replaced(target)
    mode = None if replaced is None else stat.S_IMODE(replaced.st_mode) & 0o777
    if replaced is None:
        target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".dpa-{os.urandom(8).hex()}.tmp")
    try:  # a signal may come as soon as the file exists
        with _new_file(temporary, target, mode) as file:
            yield file
            file.flush()
            if replaced is not None and mode is not None:
                _keep_owner(temporary, replaced)
                temporary.chmod(mode)  # the umask reduced the mode of os.open
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


@contextmanager
def replacing_folder(path: str | PathLike[str]) -> Iterator[Path]:
    """A new folder that takes the name `path` when the block ends without an exception.

    Until then it is `.dpa-….tmp` beside it; an exception removes it. `path` must be absent or an
    empty folder. Missing parents are made. Raises OSError.
    """
    target = Path(os.path.realpath(file_path(path)))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(errno.EEXIST, "Not an empty folder", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".dpa-{os.urandom(8).hex()}.tmp")
    try:  # a signal may come as soon as the folder exists
        temporary.mkdir()
        yield temporary
        _sync_folder(temporary)
        if os.name == "nt" and target.exists():  # it replaces no folder, not even an empty one
            target.rmdir()
        temporary.replace(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(target.parent)


def _remove(temporary: Path) -> None:
    with suppress(OSError):  # the first error is the one to raise
        temporary.unlink(missing_ok=True)


def _keep_owner(temporary: Path, replaced: os.stat_result) -> None:
    """Keeps the owner when root replaces another user's file; other users cannot change owners."""
    mine = temporary.stat()
    owner = replaced.st_uid, replaced.st_gid
    if hasattr(os, "chown") and owner != (mine.st_uid, mine.st_gid):
        with suppress(PermissionError):
            os.chown(temporary, *owner)


def _replaced(target: Path) -> os.stat_result | None:
    """The status of the file to replace; None if there is none. Raises OSError if it cannot be."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    mode = found.st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(target))
    if not os.access(target, os.W_OK):  # a rename would not check it
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    return found


def _new_file(temporary: Path, target: Path, mode: int | None) -> BinaryIO:
    """A new file with the permissions `mode`; None follows the umask."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        return os.fdopen(os.open(temporary, flags, 0o666 if mode is None else mode), "wb")
    except OSError as error:
        error.filename = str(target)  # the caller knows this name
        raise


def _sync_folder(folder: Path) -> None:
    """Makes the rename survive a power failure."""
    if os.name == "nt":  # Windows cannot open folders
        return
    with suppress(OSError):  # some file systems cannot; the file is already in place
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
