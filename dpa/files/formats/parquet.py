"""`.parquet`, with the extra `parquet`: a table with JSON beside it (docs/files.md).

Row groups of one size, whatever the size of the pieces that come in, make the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, BinaryIO

from dpa.checks import extra
from dpa.derivation.columns import Columns
from dpa.derivation.space import Space
from dpa.files.formats import base
from dpa.files.formats.base import MOST_METADATA, FormatReader
from dpa.files.metadata import Metadata

with extra("parquet", ".parquet files need pyarrow"):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dpa.arrow.arrays import digests_of, parameter_of
    from dpa.arrow.batches import table_of
    from dpa.arrow.ids import ids_of
    from dpa.arrow.schema import item_type, schema

#: Samples of a row group: 5 MB.
_GROUP = 65_536
_PREFIX = "dpa."


def _schema(metadata: Metadata) -> pa.Schema:
    return schema(metadata.assumed_space, metadata.id_type if metadata.start_id is None else None)


@lru_cache(32)
def _strings(space: Space) -> tuple[str, ...]:
    """The parameters whose values are strings."""
    return tuple(name for name, each in space.parameters if item_type(each) == pa.string())


class _TableWriter(pq.ParquetWriter):  # type: ignore[misc]  # pyarrow has no types
    """Is not finished by the garbage collector: what raised has closed and removed the file."""

    def __del__(self) -> None:
        pass


class Writer(base.Writer):
    """Keeps the samples of a row group."""

    def __init__(self, file: BinaryIO, metadata: Metadata) -> None:
        super().__init__(file, metadata)
        space = metadata.assumed_space
        strings = _strings(space)
        self._schema = _schema(metadata)
        self._group = space.block_size(_GROUP)
        self._pending = self._schema.empty_table()
        self._writer = _TableWriter(
            file,
            self._schema,
            compression="none",  # hashes and uniform numbers do not get smaller
            use_dictionary=list(strings),
            write_statistics=True,  # without them Dask's filters lose all rows
            # Parquet alone tells no dictionaries and no lists of fixed sizes.
            store_schema=bool(strings) or any(each.item_shape for _, each in space.parameters),
            write_page_checksum=True,
        )

    def _write(self, samples: Columns, first: int) -> None:
        more = table_of(samples.stored(), self._metadata.assumed_space, self._schema)
        table = pa.concat_tables([self._pending, more])
        while len(table) >= self._group:
            self._write_group(table[: self._group])
            table = table[self._group :]
        self._pending = table

    def _write_group(self, table: pa.Table) -> None:
        self._writer.write_table(table.combine_chunks(), row_group_size=self._group)

    def _end(self, document: dict[str, Any]) -> None:
        if len(self._pending):
            self._write_group(self._pending)
        document["trailer"]["checksum"] = base.checksum(document)
        self._writer.add_key_value_metadata(
            {_PREFIX + name: json.dumps(part) for name, part in document.items()}
        )
        self._writer.close()


class Reader(FormatReader):
    """Reads row groups, in constant memory."""

    def __init__(self, file: BinaryIO) -> None:
        with _told():
            self._file = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
            self._texts = self._file.metadata.metadata or {}
        fields = self._part("metadata")
        super().__init__(Metadata.from_dict(fields), fields)

    def _part(self, name: str) -> Any:
        text = self._texts.get((_PREFIX + name).encode())
        if text is None:
            raise ValueError(
                f"not a chain: no '{_PREFIX}{name}' in its metadata; what wrote it kept columns "
                "alone, which do not say what made them"
            )
        if len(text) > MOST_METADATA:
            raise ValueError(f"{_PREFIX}{name} has {len(text)} bytes, more than {MOST_METADATA}")
        return base.parsed(text, _PREFIX + name)

    def _samples(self) -> Iterator[Columns]:
        self.statistics, self.trailer = self._part("statistics"), self._part("trailer")
        count = 0
        with _told():
            found, wanted = self._file.schema_arrow.remove_metadata(), _schema(self.metadata)
            if found != wanted:
                raise ValueError(f"the columns must be\n{wanted}\ngot\n{found}")
            size = self.metadata.assumed_space.block_size(_GROUP)
            if not self._file.num_row_groups:  # pyarrow 18 fails to read nothing
                return
            for batch in self._file.iter_batches(size, use_threads=False):
                block = self._block(batch, count)
                count += len(block)
                yield block

    def _block(self, batch: pa.RecordBatch, first: int) -> Columns:
        batch.validate(full=True)
        space = self.metadata.assumed_space
        columns = {name: parameter_of(batch[name], each) for name, each in space.parameters}
        ids = self.metadata.consecutive_ids(first, len(batch))
        if ids is None:
            ids = ids_of(batch["id"])
        return Columns(ids, digests_of(batch["hash"]), columns, space)


def read(file: BinaryIO) -> Reader:
    """A reader of the samples. Raises ValueError or TypeError."""
    return Reader(file)


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
