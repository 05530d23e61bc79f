"""DuckDB: parameters as a function of SQL."""

from __future__ import annotations

from dpa.checks import extra
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space

with extra("duckdb", "dpa.integrations.duckdb needs duckdb and pyarrow"):
    import duckdb
    import pyarrow as pa

    from dpa.arrow.parameters import Parameters


def register(
    connection: duckdb.DuckDBPyConnection,
    space: Space | None = None,
    *,
    name: str = "dpa_parameters",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002 (the name of the column)
    nulls: str = "raise",
) -> None:
    """Makes a function of SQL: dpa_parameters(id) is a struct of the id's parameters.

    `unnest(dpa_parameters(id))` makes columns of it. Ids are integers or text. DuckDB calls it
    from its own threads, 2,048 ids at a time. The other arguments, types and errors are those of
    dpa.integrations.arrow.Parameters; errors of ids come from the query.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)
    empty = pa.table({"made": made.struct(pa.array([], pa.string()))})
    [type_] = connection.from_arrow(empty).types
    # parameters=None: any types. A function of VARCHAR would refuse integers.
    connection.create_function(
        name, made.struct, None, type_, type="arrow", null_handling="special"
    )


def digest(
    relation: duckdb.DuckDBPyRelation,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    nulls: str = "raise",
) -> SampleDigest:
    """The digest of a relation's samples, as their values are there, read as a stream.

    Arguments and errors are those of Parameters.digest.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, nulls=nulls)
    wanted = {id_column, *made.names(prefix)}
    there = [duckdb.ColumnExpression(name) for name in relation.columns if name in wanted]
    rows = relation.select(*there) if len(there) == len(wanted) else relation
    return made.digest(rows.to_arrow_reader(), id_column, prefix)
