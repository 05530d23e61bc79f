"""The Arrow types of a table of samples."""

from __future__ import annotations

from collections.abc import Iterable

from dpa.checks import extra

with extra("parquet", "dpa.arrow needs pyarrow"):
    import pyarrow as pa

PARAMETER = pa.float64()
HASH = pa.binary(32)
#: By Ids.kind.
IDS = {"integer": pa.uint64(), "string": pa.string()}


def schema(names: Iterable[str], id_type: str | None) -> pa.Schema:
    """The columns: id, the parameters, hash; none holds nulls.

    `id_type`: "integer" or "string"; None where the table has no ids.
    """
    columns = [] if id_type is None else [("id", IDS[id_type])]
    columns += [(name, PARAMETER) for name in names]
    columns += [("hash", HASH)]
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in columns])
