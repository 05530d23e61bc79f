"""`.npz`: a column each in a NumPy array, which numpy.load reads without pickle (docs/files.md).

Members are stored as they are: what a file says of their sizes can be held against the
size of the file, before memory is asked for.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from typing import IO, Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from dpa.files.metadata import Metadata
from dpa.files.records import parse
from dpa.files.samples import Block, Digest, Samples, require_finite, stored
from dpa.files.trailer import Tally, check_trailer, checksum
from dpa.keys import Ids, sample_ids

#: Bytes of a sample that the writer keeps until close(): five values and a hash.
KEPT = 72
#: Samples that are read at a time: the calls for a dozen members cost something.
_READ = 32_768
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(<f8|<u8|\|u1)', 'fortran_order': False, "
    rb"'shape': \(([0-9]{1,18}),(?: ([0-9]{1,18}))?\), \} *\n"
)
#: JSON beside the columns; hostile files may claim any size.
_MOST_JSON = 1_000_000


class Writer:
    """Keeps the columns in memory until close()."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._file = file
        self._metadata = metadata
        self._tally = Tally(metadata)
        self._blocks: list[Block] = []

    def append(self, samples: Samples) -> None:
        """Takes some more samples, whose ids go on where the last ones ended."""
        self._tally.append(samples)
        self._blocks.append(stored(samples, self._metadata))

    def close(self) -> None:
        """Writes the file."""
        metadata, statistics = self._metadata.to_dict(), self._tally.statistics()
        trailer = self._tally.trailer()
        trailer["checksum"] = checksum(metadata, statistics, trailer)
        with ZipFile(self._file, "w", ZIP_STORED) as archive:
            _write_json(archive, "metadata", metadata)
            for name, descr, shape, pieces in self._members():
                _write(archive, name, descr, shape, pieces)
            _write_json(archive, "statistics", statistics)
            _write_json(archive, "trailer", trailer)

    def _members(self) -> Iterator[tuple[str, str, tuple[int, ...], Iterable[npt.NDArray[Any]]]]:
        """Name, type, shape and pieces of the samples' arrays."""
        count, blocks = self._tally.count, self._blocks
        if self._metadata.start_id is None and self._metadata.id_type == "string":
            texts = [str(text).encode() for block in blocks for text in block.ids]
            offsets = np.cumsum([0, *map(len, texts)], dtype=np.uint64)
            text = np.frombuffer(b"".join(texts), np.uint8)
            yield "id", "|u1", text.shape, [text]
            yield "id_offsets", "<u8", offsets.shape, [offsets]
        elif self._metadata.start_id is None:
            yield "id", "<u8", (count,), (np.asarray(block.ids) for block in blocks)
        for name in self._metadata.names:
            yield name, "<f8", (count,), (block.columns[name] for block in blocks)
        yield "hash", "|u1", (count, 32), (block.digests for block in blocks)


def _write_json(archive: ZipFile, name: str, value: object) -> None:
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    _write(archive, name, "|u1", text.shape, [text])


def _write(
    archive: ZipFile,
    name: str,
    descr: str,
    shape: tuple[int, ...],
    pieces: Iterable[npt.NDArray[Any]],
) -> None:
    """One array of little-endian items, in pieces along its first axis."""
    member = ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))  # the same bytes at any time
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": descr, "fortran_order": False, "shape": shape}
        )
        for piece in pieces:
            file.write(piece.astype(descr, copy=False).tobytes())


class Reader:
    """The metadata at once, the samples by blocks(), in constant memory."""

    def __init__(self, file: BinaryIO) -> None:
        with _told():
            size = file.seek(0, 2)
            if size == 0:  # of devices, too, whose end the zip reader would look for
                raise ValueError("no sound zip archive: it is empty")
            self._archive = ZipFile(file)
            self._members = _checked(self._archive, size)
            self._fields = self._json("metadata")
        self.metadata = Metadata.from_dict(self._fields)

    def _json(self, name: str) -> Any:
        with ExitStack() as stack:
            array = _Array(self._archive, self._members, name, stack)
            size = array.shape[0]
            array.require("|u1", (size,))
            if size > _MOST_JSON:
                raise ValueError(f"{name} has {size} bytes, more than {_MOST_JSON}")
            text = array.read(size).tobytes()
            array.end()
        try:
            return parse(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def blocks(self) -> Iterator[Block]:
        """The samples; a block may come from a file whose damage shows only at the end."""
        digest = Digest(self.metadata)
        with _told(), ExitStack() as stack:
            statistics, trailer = self._json("statistics"), self._json("trailer")
            self.statistics, self.trailer = statistics, trailer
            columns = _Columns(self._archive, self._members, self.metadata, stack)
            for first in range(0, columns.count, _READ):
                block = columns.read(first, min(_READ, columns.count - first))
                digest.append(block)
                yield block
            columns.end()
        check_trailer(
            trailer, columns.count, digest, lambda rest: checksum(self._fields, statistics, rest)
        )


def read(file: BinaryIO) -> Reader:
    """A reader of the samples. Raises ValueError or TypeError."""
    return Reader(file)


def _checked(archive: ZipFile, size: int) -> dict[str, ZipInfo]:
    """The members by name: each stored, once, and not larger than the file's `size`."""
    members: dict[str, ZipInfo] = {}
    for info in archive.infolist():
        if info.filename in members:
            raise ValueError(f"two members are called {info.filename!r}")
        if info.compress_type != ZIP_STORED:
            raise ValueError(f"{info.filename!r} is compressed; only stored members are read")
        if not info.file_size == info.compress_size <= size:
            raise ValueError(f"{info.filename!r} is larger than the file")
        members[info.filename] = info
    return members


class _Array:
    """One member, open: its shape, and its items piece by piece."""

    def __init__(
        self, archive: ZipFile, members: dict[str, ZipInfo], name: str, stack: ExitStack
    ) -> None:
        if f"{name}.npy" not in members:
            raise ValueError(f"no member '{name}.npy'")
        info = members[f"{name}.npy"]
        self._name = name
        self._file: IO[bytes] = stack.enter_context(archive.open(info))
        start = self._file.read(10)
        size = struct.unpack("<H", start[8:])[0] if start[:8] == _MAGIC and len(start) == 10 else 0
        match = _HEADER.fullmatch(self._file.read(size))
        if not match:
            raise ValueError(f"'{name}.npy' has no header of version 1.0 of an array of ours")
        self._descr = match[1].decode()
        self.shape = tuple(int(part) for part in match.groups()[1:] if part is not None)
        items = math.prod(self.shape)
        if items * np.dtype(self._descr).itemsize != info.file_size - 10 - size:
            raise ValueError(f"'{name}.npy' has not the size of its shape {self.shape}")

    def require(self, descr: str, shape: tuple[int, ...]) -> None:
        """Raises ValueError where the array is another one."""
        if (descr, shape) != (self._descr, self.shape):
            raise ValueError(
                f"'{self._name}.npy' must be {descr} of shape {shape}, "
                f"got {self._descr} of shape {self.shape}"
            )

    def read(self, count: int) -> npt.NDArray[Any]:
        """The next `count` items along the first axis."""
        shape = (count, *self.shape[1:])
        type_ = np.dtype(self._descr)
        data = bytearray(self._file.read(math.prod(shape) * type_.itemsize))
        if len(data) < math.prod(shape) * type_.itemsize:
            raise ValueError(f"'{self._name}.npy' ends early")
        return np.frombuffer(data, type_).astype(type_.newbyteorder("="), copy=False).reshape(shape)

    def end(self) -> None:
        """Reads on to the member's end, where its CRC-32 is checked."""
        if self._file.read(1):
            raise ValueError(f"'{self._name}.npy' has more than the samples need")


class _Columns:
    """All members of the samples, read side by side."""

    def __init__(
        self, archive: ZipFile, members: dict[str, ZipInfo], metadata: Metadata, stack: ExitStack
    ) -> None:
        self._metadata = metadata
        names = [*metadata.names, "hash"]
        listed = metadata.start_id is None
        self._strings = listed and metadata.id_type == "string"
        names += ["id"] if listed else []
        names += ["id_offsets"] if self._strings else []
        known = {f"{name}.npy" for name in (*names, "metadata", "statistics", "trailer")}
        if members.keys() != known:
            wrong = ", ".join(sorted(members.keys() ^ known))
            raise ValueError(f"missing or unknown members: {wrong}")
        self._arrays = {name: _Array(archive, members, name, stack) for name in names}
        self.count = self._arrays["hash"].shape[0]
        for name in metadata.names:
            self._arrays[name].require("<f8", (self.count,))
        self._arrays["hash"].require("|u1", (self.count, 32))
        if self._strings:
            self._arrays["id"].require("|u1", self._arrays["id"].shape[:1])
            self._arrays["id_offsets"].require("<u8", (self.count + 1,))
            self._text_end = self._first_offset()
        elif listed:
            self._arrays["id"].require("<u8", (self.count,))

    def _first_offset(self) -> int:
        first = int(self._arrays["id_offsets"].read(1)[0])
        if first != 0:
            raise ValueError(f"'id_offsets.npy' must begin with 0, got {first}")
        return first

    def read(self, first: int, count: int) -> Block:
        """Samples first .. first + count - 1. Raises ValueError."""
        columns = {name: self._arrays[name].read(count) for name in self._metadata.names}
        require_finite(columns, first)
        return Block(self._ids(first, count), self._arrays["hash"].read(count), columns)

    def _ids(self, first: int, count: int) -> Ids:
        consecutive = self._metadata.consecutive_ids(first, count)
        if consecutive is not None:
            return sample_ids(consecutive)
        if self._strings:
            return self._texts(count)
        return sample_ids(self._arrays["id"].read(count))

    def _texts(self, count: int) -> tuple[str, ...]:
        start, ends = self._text_end, self._arrays["id_offsets"].read(count).tolist()
        bounds = list(pairwise([start, *ends]))
        if any(a > b for a, b in bounds) or ends[-1] > self._arrays["id"].shape[0]:
            raise ValueError("'id_offsets.npy' must ascend to the size of 'id.npy'")
        text = self._arrays["id"].read(ends[-1] - start).tobytes()
        self._text_end = ends[-1]
        return tuple(text[a - start : b - start].decode() for a, b in bounds)

    def end(self) -> None:
        """Checks that every member ends here."""
        for array in self._arrays.values():
            array.end()


@contextmanager
def _told() -> Iterator[None]:
    """What the zip reader raises for damage, as ValueError."""
    try:
        yield
    except (BadZipFile, EOFError, NotImplementedError, OverflowError, struct.error) as error:
        raise ValueError(f"no sound zip archive: {error}") from error
    except RuntimeError as error:  # of encrypted members
        raise ValueError(f"no plain zip archive: {error}") from error
    except OSError as error:
        if error.errno is not None and error.strerror != "Invalid argument":
            raise
        raise ValueError(f"no sound zip archive: {error}") from error
