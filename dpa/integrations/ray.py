"""Ray Data: parameters as columns of a dataset, or as an expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dpa.checks import extra
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space

with extra("ray", "dpa.integrations.ray needs Ray Data and pyarrow"):
    import pyarrow as pa
    import ray.data
    from ray.data.datatype import DataType
    from ray.data.expressions import col, udf

    from dpa.arrow.parameters import Parameters


def parameters(
    id_column: str,
    space: Space | None = None,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002 (the name of the column)
    nulls: str = "raise",
) -> Any:
    """An expression of structs for Dataset.with_column, and within unnest() for with_columns.

    Arguments, types and errors are those of dpa.integrations.arrow.Parameters; errors of ids
    come when the dataset is computed.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)

    @udf(return_dtype=DataType.from_arrow(made.type))  # type: ignore[untyped-decorator]
    def dpa_parameters(ids: pa.Array | pa.ChunkedArray) -> pa.StructArray:
        return made.struct(ids)

    return dpa_parameters(col(id_column))


def add_parameters(
    dataset: ray.data.Dataset,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002
    nulls: str = "raise",
) -> ray.data.Dataset:
    """The dataset with the parameters of its ids as further columns: `prefix` and the name.

    Arguments are those of parameters(). A column that is there already is an error when the
    dataset is computed.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)
    made.names(prefix)
    return dataset.map_batches(
        made.add,
        fn_args=(id_column, prefix),
        batch_format="pyarrow",
        zero_copy_batch=True,
        udf_modifying_row_count=False,
    )


def digest(
    dataset: ray.data.Dataset,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    nulls: str = "raise",
) -> SampleDigest:
    """The digest of a dataset's samples, as their values are there, computed where they are.

    Arguments and errors are those of Parameters.digest.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, nulls=nulls)

    def of_batch(batch: pa.Table) -> pa.Table:
        found = made.digest(batch, id_column, prefix)
        return pa.table({"digest": [found.hexdigest()], "count": [found.count]})

    columns: Sequence[str] = [id_column, *made.names(prefix)]
    parts = dataset.select_columns(columns).map_batches(of_batch, batch_format="pyarrow")
    found = (SampleDigest(row["digest"], row["count"]) for row in parts.iter_rows())
    return sum(found, SampleDigest())
