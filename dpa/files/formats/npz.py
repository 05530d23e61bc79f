"""`.npz`: one NumPy array per column, which numpy.load reads without pickle (docs/files.md).

Members are not compressed, so the sizes that a file states can be compared with the size of the
file before memory is allocated.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any, BinaryIO, TypeAlias
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from dpa.derivation.columns import Columns
from dpa.derivation.documents import parse
from dpa.derivation.ids import Ids, Texts
from dpa.derivation.statistics import Summary
from dpa.files.formats import base
from dpa.files.formats.base import MOST_METADATA, FormatReader
from dpa.files.formats.records import columnar_checksum
from dpa.files.metadata import Metadata

#: Members that are no columns, whose names a parameter may not have.
_TAKEN = ("metadata", "statistics", "trailer", "id_offsets")
#: Samples read at a time: enough to outweigh the calls for a dozen members.
_READ = 32_768
#: The most bytes of a member's header; NumPy writes fewer.
_MOST_HEADER = 1000
#: An array's header as NumPy writes it: the type of its items, and its sides.
_HEADER = re.compile(
    rb"\{'descr': '(\|[bu]1|<[fiu][48])', 'fortran_order': False, "
    rb"'shape': \(([0-9]{1,19}(?:, [0-9]{1,19})*+),?\), \} *+\n"
)

#: Name, type, shape and pieces of one array.
_Member: TypeAlias = tuple[str, str, tuple[int, ...], Iterable[npt.NDArray[Any]]]


class Writer(base.Writer):
    """Keeps the columns in memory until the last block."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        super().__init__(file, metadata)
        for name in metadata.names:
            if name in _TAKEN:
                raise ValueError(f"a parameter called {name!r} cannot be stored in .npz")
        self._blocks: list[Columns] = []

    @classmethod
    def kept_bytes(cls, metadata: Metadata) -> int:
        """The bytes of a hash and the values."""
        return metadata.sample_bytes

    def _write(self, samples: Columns, first: int) -> None:
        self._blocks.append(samples.stored())

    def _end(self, statistics: Summary, trailer: dict[str, Any]) -> None:
        trailer["checksum"] = columnar_checksum(self._fields, statistics, trailer)
        with ZipFile(self._file, "w", ZIP_STORED) as archive:
            _write_json(archive, "metadata", self._fields)
            for member in self._members(trailer["num_samples"]):
                _write(archive, *member)
            _write_json(archive, "statistics", statistics)
            _write_json(archive, "trailer", trailer)

    def _members(self, count: int) -> Iterator[_Member]:
        """The arrays of the samples."""
        blocks = self._blocks
        if self._metadata.start_id is None:
            ids = Ids.concatenate(block.ids for block in blocks)
            if self._metadata.id_type == "string":
                texts = ids if isinstance(ids, Texts) else Texts.encoded(())
                offsets = texts.offsets - texts.offsets[0]
                yield "id", "|u1", texts.bytes.shape, [texts.bytes]
                yield "id_offsets", "<u8", offsets.shape, [offsets]
            else:
                yield "id", "<u8", (count,), [np.asarray(ids.public)]
        for name, form in self._metadata.forms.items():
            shape = (count, *form.shape)
            yield name, _descr(form), shape, (block.columns[name] for block in blocks)
        yield "hash", "|u1", (count, 32), (block.digests for block in blocks)


def _descr(form: np.dtype[Any]) -> str:
    """The little-endian type of a column's items, as a header has it."""
    return form.base.newbyteorder("<").str


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


class Reader(FormatReader):
    """Reads the members side by side, in constant memory."""

    def __init__(self, file: BinaryIO) -> None:
        with _told():
            size = file.seek(0, 2)
            if size == 0:  # also for devices, where the zip reader would search the end
                raise ValueError("no sound zip archive: it is empty")
            file.seek(0)
            if file.read(4) != b"PK\x03\x04":  # zipfile skips what stands before, NumPy does not
                raise ValueError("no sound zip archive: it does not begin with a member")
            self._archive = ZipFile(file)
            self._members = _checked(self._archive, size)
            self._fields = self._json("metadata")
        super().__init__(Metadata.from_dict(self._fields))

    def _json(self, name: str) -> Any:
        with ExitStack() as stack:
            array = _Array(self._archive, self._members, name, stack)
            size = array.shape[0]
            array.require("|u1", (size,))
            if size > MOST_METADATA:
                raise ValueError(f"{name} has {size} bytes, more than {MOST_METADATA}")
            text = array.read(size).tobytes()
            array.end()
        try:
            return parse(text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def _samples(self) -> Iterator[Columns]:
        with _told(), ExitStack() as stack:
            self.statistics, self.trailer = self._json("statistics"), self._json("trailer")
            members = _SampleMembers(self._archive, self._members, self.metadata, stack)
            size = self.metadata.block_size(_READ)
            for first in range(0, members.count, size):
                yield members.read(first, min(size, members.count - first))
            members.end()

    def _checksum(self, trailer: dict[str, Any]) -> str:
        return columnar_checksum(self._fields, self.statistics, trailer)


def read(file: BinaryIO) -> Reader:
    """A reader of the samples. Raises ValueError or TypeError."""
    return Reader(file)


def _checked(archive: ZipFile, size: int) -> dict[str, ZipInfo]:
    """The members by name. Each must be stored, occur once, and not exceed the file's `size`."""
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
    """An open member: its shape, and its items in pieces."""

    def __init__(
        self, archive: ZipFile, members: dict[str, ZipInfo], name: str, stack: ExitStack
    ) -> None:
        if f"{name}.npy" not in members:
            raise ValueError(f"no member '{name}.npy'")
        info = members[f"{name}.npy"]
        self._name = name
        self._file: IO[bytes] = stack.enter_context(archive.open(info))
        self._type, shape = self._header()
        self.shape: tuple[int, ...] = shape
        if math.prod(shape) * self._type.itemsize != info.file_size - self._file.tell():
            raise ValueError(f"'{name}.npy' has not the size of its shape {shape}")

    def _header(self) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Its dtype and shape."""
        # NumPy's reader parses the header as Python, which may raise SystemError where the
        # garbage collector comes in between (CPython 3.11; findings/numpy_headers_fail_in_gc.sh).
        start = self._file.read(10)
        size = int.from_bytes(start[8:], "little")
        found = _HEADER.fullmatch(self._file.read(size)) if size <= _MOST_HEADER else None
        if start[:8] != b"\x93NUMPY\x01\x00" or found is None:
            raise ValueError(f"'{self._name}.npy' has no header of an array of ours")
        descr, shape = (group.decode() for group in found.groups())
        return np.dtype(descr), tuple(int(side) for side in shape.split(","))

    def require(self, descr: str, shape: tuple[int, ...]) -> None:
        """Raises ValueError unless the array has this dtype and shape."""
        if (np.dtype(descr), shape) != (self._type, self.shape):
            raise ValueError(
                f"'{self._name}.npy' must be {descr} of shape {shape}, "
                f"got {self._type.str} of shape {self.shape}"
            )

    def read(self, count: int) -> npt.NDArray[Any]:
        """The next `count` items along the first axis; call require() before."""
        shape = (count, *self.shape[1:])
        data = bytearray(self._file.read(math.prod(shape) * self._type.itemsize))
        if len(data) < math.prod(shape) * self._type.itemsize:
            raise ValueError(f"'{self._name}.npy' ends early")
        array = np.frombuffer(data, self._type).reshape(shape)
        return array.astype(self._type.newbyteorder("="), copy=False)

    def end(self) -> None:
        """Reads to the member's end, where its CRC-32 is checked."""
        if self._file.read(1):
            raise ValueError(f"'{self._name}.npy' has more than the samples need")


class _SampleMembers:
    """All members with samples, read side by side."""

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
        for name, form in metadata.forms.items():
            self._arrays[name].require(_descr(form), (self.count, *form.shape))
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

    def read(self, first: int, count: int) -> Columns:
        """Samples first to first + count - 1. Raises ValueError."""
        columns = {name: self._arrays[name].read(count) for name in self._metadata.names}
        for name, column in columns.items():
            self._metadata.require_codes(name, column, first)
        digests = self._arrays["hash"].read(count)
        return Columns(self._ids(first, count), digests, columns, self._metadata.space)

    def _ids(self, first: int, count: int) -> Ids:
        consecutive = self._metadata.consecutive_ids(first, count)
        if consecutive is not None:
            return consecutive
        if self._strings:
            return self._texts(count)
        return Ids.checked(self._arrays["id"].read(count))

    def _texts(self, count: int) -> Ids:
        start, ends = self._text_end, self._arrays["id_offsets"].read(count)
        size = self._arrays["id"].shape[0]
        if ends[0] < start or (ends[1:] < ends[:-1]).any() or ends[-1] > size:
            raise ValueError("'id_offsets.npy' must ascend to the size of 'id.npy'")
        self._text_end = int(ends[-1])
        text = self._arrays["id"].read(self._text_end - start)
        offsets = np.concatenate([np.array([start], np.uint64), ends]).astype(np.int64) - start
        return Texts.of_buffers(text, offsets)

    def end(self) -> None:
        """Checks that every member ends here."""
        for array in self._arrays.values():
            array.end()


@contextmanager
def _told() -> Iterator[None]:
    """Turns what the zip reader raises for damage into ValueError."""
    try:
        yield
    except (BadZipFile, EOFError, NotImplementedError, OverflowError, struct.error) as error:
        raise ValueError(f"no sound zip archive: {error}") from error
    except RuntimeError as error:  # members are encrypted
        raise ValueError(f"no plain zip archive: {error}") from error
    except OSError as error:
        if error.errno is not None and error.strerror != "Invalid argument":
            raise
        raise ValueError(f"no sound zip archive: {error}") from error
