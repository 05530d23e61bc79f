"""The Arrow types of a table of samples, in our files and in engines."""

from __future__ import annotations

from functools import lru_cache

from dpa.checks import extra
from dpa.derivation.distributions import Distribution
from dpa.derivation.space import Space

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa

HASH = pa.binary(32)
#: By Ids.kind.
IDS = {"integer": pa.uint64(), "string": pa.string()}


def item_type(distribution: Distribution) -> pa.DataType:
    """The type of a parameter's values, or of the items of their lists."""
    if distribution.choices is not None:
        return pa.array(distribution.choices).type
    return pa.from_numpy_dtype(distribution.dtype)


def parameter_type(distribution: Distribution) -> pa.DataType:
    """The type of a parameter's column.

    Choices of strings are dictionary-encoded. Other choices are their values, because Parquet
    restores no other dictionaries. Values with a shape are lists of fixed sizes.
    """
    found = item_type(distribution)
    found = pa.dictionary(pa.int32(), found) if found == pa.string() else found
    for side in reversed(distribution.item_shape):
        found = pa.list_(pa.field("element", found, nullable=False), side)
    return found


@lru_cache(32)
def schema(space: Space, id_type: str | None) -> pa.Schema:
    """The columns: id, the parameters, hash; none holds nulls.

    `id_type`: "integer" or "string"; None where the table has no ids.
    """
    columns = [] if id_type is None else [("id", IDS[id_type])]
    columns += [(name, parameter_type(each)) for name, each in space.parameters]
    columns += [("hash", HASH)]
    return pa.schema([pa.field(name, type_, nullable=False) for name, type_ in columns])


def plain_type(distribution: Distribution) -> pa.DataType:
    """The type of a parameter's column in engines: strings without dictionaries, plain lists.

    Spark has neither dictionaries nor lists of fixed sizes; DuckDB and Dask write them as these.
    """
    found = item_type(distribution)
    for _ in distribution.item_shape:
        found = pa.list_(found)
    return found


def fields(space: Space, *, hashes: bool) -> list[pa.Field]:
    """The columns of engines: the parameters and, if asked for, hash. All may hold nulls."""
    found = [pa.field(name, plain_type(each)) for name, each in space.parameters]
    return [*found, pa.field("hash", pa.binary())] if hashes else found
