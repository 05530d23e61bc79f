"""`.parquet`, with the extra `parquet`: a table with JSON beside it (docs/files.md).

Row groups of one size, whatever the size of the pieces that come in, make the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from dpa.files.metadata import Metadata
from dpa.files.records import parse
from dpa.files.samples import Block, Digest, Samples, require_finite, stored
from dpa.files.trailer import Tally, check_trailer, checksum
from dpa.keys import Ids, sample_ids

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ModuleNotFoundError as error:
    raise ImportError(
        ".parquet files need pyarrow: pip install 'dpa-augment[parquet]'", name=error.name
    ) from error

#: Samples of a row group: 5 MB.
_GROUP = 65_536
_PREFIX = "dpa."


def _schema(metadata: Metadata) -> pa.Schema:
    columns = [(name, pa.float64()) for name in metadata.names] + [("hash", pa.binary(32))]
    if metadata.start_id is None:
        columns.insert(0, ("id", pa.string() if metadata.id_type == "string" else pa.uint64()))
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in columns])


class _TableWriter(pq.ParquetWriter):  # type: ignore[misc]  # pyarrow has no types
    """Is not finished by the garbage collector: what raised has closed and removed the file."""

    def __del__(self) -> None:
        pass


class Writer:
    """Keeps the samples of a row group; close() writes the last one, statistics and trailer."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        self._metadata = metadata
        self._tally = Tally(metadata)
        self._schema = _schema(metadata)
        self._pending = self._schema.empty_table()
        self._writer = _TableWriter(
            file,
            self._schema,
            compression="none",  # hashes and uniform numbers do not get smaller
            use_dictionary=False,
            write_statistics=False,
            store_schema=False,
            write_page_checksum=True,
        )

    def append(self, samples: Samples) -> None:
        """Writes some more samples, whose ids go on where the last ones ended."""
        self._tally.append(samples)
        table = pa.concat_tables([self._pending, self._table(stored(samples, self._metadata))])
        while len(table) >= _GROUP:
            self._write(table[:_GROUP])
            table = table[_GROUP:]
        self._pending = table

    def _table(self, block: Block) -> pa.Table:
        hashes = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(32), len(block.ids), [None, pa.py_buffer(block.digests)]
        )
        columns = {**block.columns, "hash": hashes, "id": block.ids}
        arrays = [pa.array(columns[field.name], field.type) for field in self._schema]
        return pa.Table.from_arrays(arrays, schema=self._schema)

    def _write(self, table: pa.Table) -> None:
        self._writer.write_table(table.combine_chunks(), row_group_size=_GROUP)

    def close(self) -> None:
        """Writes what is left."""
        if len(self._pending):
            self._write(self._pending)
        parts: dict[str, Any] = {
            "metadata": self._metadata.to_dict(),
            "statistics": self._tally.statistics(),
            "trailer": self._tally.trailer(),
        }
        parts["trailer"]["checksum"] = checksum(**parts)
        self._writer.add_key_value_metadata(
            {_PREFIX + name: json.dumps(part) for name, part in parts.items()}
        )
        self._writer.close()


class Reader:
    """The metadata at once, the samples by blocks(), in constant memory."""

    def __init__(self, file: BinaryIO) -> None:
        with _told():
            self._file = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
            self._texts = self._file.metadata.metadata or {}
        self._fields = self._part("metadata")
        self.metadata = Metadata.from_dict(self._fields)

    def _part(self, name: str) -> Any:
        text = self._texts.get((_PREFIX + name).encode())
        if text is None:
            raise ValueError(f"not a chain: no '{_PREFIX}{name}' in its metadata")
        try:
            return parse(text)
        except ValueError as error:
            raise ValueError(f"{_PREFIX}{name}: {error}") from None

    def blocks(self) -> Iterator[Block]:
        """The samples; a block may come from a file whose damage shows only at the end."""
        statistics, trailer = self._part("statistics"), self._part("trailer")
        self.statistics, self.trailer = statistics, trailer
        digest, count = Digest(self.metadata), 0
        with _told():
            found, schema = self._file.schema_arrow.remove_metadata(), _schema(self.metadata)
            if found != schema:
                raise ValueError(f"the columns must be\n{schema}\ngot\n{found}")
            for batch in self._file.iter_batches(_GROUP, use_threads=False):
                block = self._block(batch, count)
                digest.append(block)
                count += len(block.ids)
                yield block
        check_trailer(trailer, count, digest, lambda rest: checksum(self._fields, statistics, rest))

    def _block(self, batch: pa.RecordBatch, first: int) -> Block:
        batch.validate(full=True)
        columns = {name: batch[name].to_numpy() for name in self.metadata.names}
        require_finite(columns, first)
        ids = self.metadata.consecutive_ids(first, len(batch))
        return Block(_ids(batch["id"]) if ids is None else sample_ids(ids), _hashes(batch), columns)


def read(file: BinaryIO) -> Reader:
    """A reader of the samples. Raises ValueError or TypeError."""
    return Reader(file)


def _ids(array: pa.Array) -> Ids:
    if array.type == pa.string():
        texts: tuple[str, ...] = tuple(array.to_pylist())
        return texts
    return sample_ids(array.to_numpy())


def _hashes(batch: pa.RecordBatch) -> npt.NDArray[np.uint8]:
    array = batch["hash"]
    found = np.frombuffer(array.buffers()[1], np.uint8).reshape(-1, 32)
    return found[array.offset : array.offset + len(array)]


@contextmanager
def _told() -> Iterator[None]:
    """What pyarrow raises for damage, as ValueError."""
    try:
        yield
    except pa.ArrowException as error:
        raise ValueError(f"no sound Parquet file: {error}") from error
    except OSError as error:
        if error.errno is not None:  # of the system, not of the content
            raise
        raise ValueError(f"no sound Parquet file: {error}") from error
