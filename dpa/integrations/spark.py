"""Spark: parameters as an expression of the column of ids, and as columns of a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator

from dpa.checks import extra
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space

with extra("spark", "dpa.integrations.spark needs PySpark and pyarrow"):
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame
    from pyspark.sql import functions as sf
    from pyspark.sql import types as st
    from pyspark.sql.pandas.types import from_arrow_type, to_arrow_type

    from dpa.arrow.parameters import Parameters
    from dpa.arrow.tables import require_columns


def _spark_type(type_: pa.DataType) -> st.DataType:
    """Spark has no unsigned integers: uint64 is a decimal there."""
    if type_ == pa.uint64():
        return st.DecimalType(20, 0)
    if pa.types.is_list(type_):
        return st.ArrayType(_spark_type(type_.value_type))
    return from_arrow_type(type_)


def parameters(
    ids: str | Column,
    space: Space | None = None,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002 (the name of the column)
    nulls: str = "raise",
) -> Column:
    """A column of structs: the parameters of each id.

    Filters on other columns are pushed below it. `ids`: a column or its name. The other arguments,
    types and errors are those of dpa.integrations.arrow.Parameters, but that Seed() is
    decimal(20, 0); errors of ids come from the job.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)
    return _struct(made, _column(ids) if isinstance(ids, str) else ids)


def _struct(made: Parameters, ids: Column) -> Column:
    spark_type = st.StructType(
        [st.StructField(each.name, _spark_type(each.type)) for each in made.fields]
    )
    arrow_type = to_arrow_type(spark_type)

    def dpa_parameters(column: pa.Array) -> pa.Array:
        return made.struct(column).cast(arrow_type)

    return sf.arrow_udf(dpa_parameters, spark_type)(ids)


def add_parameters(
    frame: DataFrame,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002
    nulls: str = "raise",
) -> DataFrame:
    """The frame with the parameters of its ids as further columns: `prefix` and the name.

    Arguments and errors are those of parameters(), and ValueError for a column that is missing
    or there already.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)
    require_columns(frame.columns, [id_column])
    names = made.names(prefix, frame.columns)
    whole = max(frame.columns, key=len) + "_parameters"  # longer than all, so none of them
    fields = [
        _column(whole).getField(field.name).alias(name)
        for name, field in zip(names, made.fields, strict=True)
    ]
    return frame.withColumn(whole, _struct(made, _column(id_column))).select(
        *map(_column, frame.columns), *fields
    )


def digest(
    frame: DataFrame,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    nulls: str = "raise",
) -> SampleDigest:
    """The digest of a frame's samples, as their values are there, computed where they are.

    Arguments and errors are those of Parameters.digest.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, nulls=nulls)
    wanted = [id_column, *made.names(prefix)]
    require_columns(frame.columns, wanted)

    def of_partition(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = SampleDigest()
        for batch in batches:
            rows = pa.RecordBatch.from_struct_array(batch.column(0))
            total += made.digest(rows, id_column, prefix)
        yield pa.record_batch({"digest": [total.hexdigest()], "count": [total.count]})

    # One column of structs: mapInArrow takes a name with a dot for a field.
    rows = frame.select(sf.struct(*map(_column, wanted)).alias("row"))
    parts = rows.mapInArrow(of_partition, "digest string, count long")
    # toLocalIterator() would compute one partition after the other.
    return sum((SampleDigest(*row) for row in parts.collect()), SampleDigest())


def _column(name: str) -> Column:
    """A column by its name, in which a dot is a dot."""
    return sf.col("`" + name.replace("`", "``") + "`")
