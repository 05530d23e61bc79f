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
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedReader
from typing import Any, BinaryIO, TypeAlias
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from dpa.derivation.columns import Columns
from dpa.derivation.ids import Ids, Texts
from dpa.derivation.space import Space
from dpa.files.formats import base
from dpa.files.formats.base import MOST_METADATA, FormatReader
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

#: The type of an array's items, as a header has it, and its shape.
_Form: TypeAlias = tuple[str, tuple[int, ...]]


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
        return metadata.assumed_space.sample_bytes

    def _write(self, samples: Columns, first: int) -> None:
        self._blocks.append(samples.stored())

    def _end(self, document: dict[str, Any]) -> None:
        ids, trailer = self._ids(), document["trailer"]
        members = _members(self._metadata, trailer["num_samples"], len(ids.get("id", ())))
        trailer["checksum"] = base.checksum(document)
        with ZipFile(self._file, "w", ZIP_STORED) as archive:
            _write_json(archive, "metadata", document["metadata"])
            for name, (descr, shape) in members.items():
                pieces = [ids[name]] if name in ids else self._pieces(name)
                _write(archive, name, descr, shape, pieces)
            _write_json(archive, "statistics", document["statistics"])
            _write_json(archive, "trailer", trailer)

    def _ids(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays of ids that are listed."""
        if self._metadata.start_id is not None:
            return {}
        ids = Ids.concatenate(block.ids for block in self._blocks)
        if self._metadata.id_type == "integer":
            return {"id": np.asarray(ids.public)}
        texts = ids if isinstance(ids, Texts) else Texts.encoded(())
        return {"id": texts.bytes, "id_offsets": texts.offsets - texts.offsets[0]}

    def _pieces(self, name: str) -> Iterator[npt.NDArray[Any]]:
        """The blocks of a column or of the hashes."""
        for block in self._blocks:
            yield block.digests if name == "hash" else block.columns[name]


def _members(metadata: Metadata, count: int, text: int) -> dict[str, _Form]:
    """The members with `count` samples, in order, all of little-endian types.

    `text`: the bytes of all ids that are strings.
    """
    members: dict[str, _Form] = {}
    if metadata.start_id is None and metadata.id_type == "string":
        members = {"id": ("|u1", (text,)), "id_offsets": ("<u8", (count + 1,))}
    elif metadata.start_id is None:
        members = {"id": ("<u8", (count,))}
    for name, (descr, shape) in _forms(metadata.assumed_space).items():
        members[name] = descr, (count, *shape)
    return members


@lru_cache(32)
def _forms(space: Space) -> dict[str, _Form]:
    """The forms of a sample's values and its hash."""
    forms = {
        name: (form.base.newbyteorder("<").str, form.shape) for name, form in space.forms().items()
    }
    return {**forms, "hash": ("|u1", (32,))}


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
            self._infos = _checked(self._archive, size)
            fields = self._json("metadata")
        super().__init__(Metadata.from_dict(fields), fields)

    def _open(self, name: str) -> _Array:
        info = self._infos.get(f"{name}.npy")
        if info is None:
            raise ValueError(f"no member '{name}.npy'")
        return _Array(name, self._archive.open(info), info.file_size)

    def _json(self, name: str) -> Any:
        array = self._open(name)
        size = array.shape[0]
        array.require("|u1", (size,))
        if size > MOST_METADATA:
            raise ValueError(f"{name} has {size} bytes, more than {MOST_METADATA}")
        text = array.read(size).tobytes()
        array.end()
        return base.parsed(text, name)

    def _samples(self) -> Iterator[Columns]:
        with _told():
            self.statistics, self.trailer = self._json("statistics"), self._json("trailer")
            names = [*_members(self.metadata, 0, 0)]
            known = {f"{name}.npy" for name in (*names, "metadata", "statistics", "trailer")}
            if self._infos.keys() != known:
                wrong = ", ".join(sorted(self._infos.keys() ^ known))
                raise ValueError(f"missing or unknown members: {wrong}")
            arrays = {name: self._open(name) for name in names}
            count = arrays["hash"].shape[0]
            text = arrays["id"].shape[0] if "id" in arrays else 0
            for name, form in _members(self.metadata, count, text).items():
                arrays[name].require(*form)
            self._text_end = 0
            if "id_offsets" in arrays and (start := int(arrays["id_offsets"].read(1)[0])) != 0:
                raise ValueError(f"'id_offsets.npy' must begin with 0, got {start}")
            size = self.metadata.assumed_space.block_size(_READ)
            for first in range(0, count, size):
                taken = min(size, count - first)
                columns = {name: arrays[name].read(taken) for name in self.metadata.names}
                ids = self._ids(arrays, first, taken)
                yield Columns(ids, arrays["hash"].read(taken), columns, self.metadata.assumed_space)
            for array in arrays.values():
                array.end()

    def _ids(self, arrays: dict[str, _Array], first: int, count: int) -> Ids:
        consecutive = self.metadata.consecutive_ids(first, count)
        if consecutive is not None:
            return consecutive
        if self.metadata.id_type == "integer":
            return Ids.checked(arrays["id"].read(count))
        start, ends = self._text_end, arrays["id_offsets"].read(count)
        if ends[0] < start or (ends[1:] < ends[:-1]).any() or ends[-1] > arrays["id"].shape[0]:
            raise ValueError("'id_offsets.npy' must ascend to the size of 'id.npy'")
        self._text_end = int(ends[-1])
        text = arrays["id"].read(self._text_end - start)
        offsets = np.concatenate([np.array([start], np.uint64), ends]).astype(np.int64) - start
        return Texts.of_buffers(text, offsets)


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

    def __init__(self, name: str, member: Any, size: int) -> None:
        self._name = name
        self._file = file = BufferedReader(member)  # each read of zipfile's takes microseconds
        # NumPy's reader parses the header as Python, which may raise SystemError where the
        # garbage collector comes in between (CPython 3.11; findings/numpy_headers_fail_in_gc.sh).
        start = file.read(10)
        header = int.from_bytes(start[8:], "little")
        found = _HEADER.fullmatch(file.read(header)) if header <= _MOST_HEADER else None
        if start[:8] != b"\x93NUMPY\x01\x00" or found is None:
            raise ValueError(f"'{name}.npy' has no header of an array of ours")
        self._descr = found[1].decode()
        self.shape = tuple(map(int, found[2].split(b",")))
        self._type = np.dtype(self._descr)
        if math.prod(self.shape) * self._type.itemsize != size - 10 - header:
            raise ValueError(f"'{name}.npy' has not the size of its shape {self.shape}")
        self._left = self.shape[0]

    def require(self, descr: str, shape: tuple[int, ...]) -> None:
        """Raises ValueError unless the array has this form."""
        if (descr, shape) != (self._descr, self.shape):
            raise ValueError(
                f"'{self._name}.npy' must be {descr} of shape {shape}, "
                f"got {self._descr} of shape {self.shape}"
            )

    def read(self, count: int) -> npt.NDArray[Any]:
        """The next `count` items along the first axis; call require() before."""
        array = np.empty((count, *self.shape[1:]), self._type)
        if self._file.readinto(array.data) < array.nbytes:
            raise ValueError(f"'{self._name}.npy' ends early")
        self._left -= count
        return array.astype(self._type.newbyteorder("="), copy=False)

    def end(self) -> None:
        """Raises ValueError if items are left. With the last byte zipfile checks the CRC-32."""
        if self._left:
            raise ValueError(f"'{self._name}.npy' has more than the samples need")


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
