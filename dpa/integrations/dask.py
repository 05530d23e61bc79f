"""Dask: parameters as columns of a DataFrame, partition by partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dpa.checks import extra
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space

with extra("dask", "dpa.integrations.dask needs Dask and pyarrow"):
    import dask.dataframe as dd
    import pandas as pd
    import pyarrow as pa

    from dpa.arrow.parameters import Parameters
    from dpa.arrow.tables import require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping


def add_parameters(
    frame: dd.DataFrame,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002 (the name of the column)
    nulls: str = "raise",
) -> dd.DataFrame:
    """The frame with the parameters of its ids as further columns: `prefix` and the name.

    The columns are pandas' Arrow types, so that every partition has those of the metadata, nulls
    or not. The other arguments and errors are those of dpa.integrations.arrow.Parameters; errors
    of ids come when the frame is computed. Raises ValueError for a column that is missing or
    there already.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, hash=hash, nulls=nulls)
    require_columns(frame.columns, [id_column])
    names = made.names(prefix, frame.columns)
    types = {n: pd.ArrowDtype(f.type) for n, f in zip(names, made.fields, strict=True)}
    meta = frame._meta.assign(**{n: pd.Series(dtype=each) for n, each in types.items()})
    return frame.map_partitions(_added, made, id_column, types, meta=meta)


def _added(
    part: pd.DataFrame, made: Parameters, id_column: str, types: Mapping[str, Any]
) -> pd.DataFrame:
    """A partition with the new columns, on the memory of Arrow's arrays."""
    columns = made.struct(pa.Array.from_pandas(part[id_column])).flatten()
    arrays = [pd.arrays.ArrowExtensionArray(column) for column in columns]
    new = {n: pd.Series(a, part.index, copy=False) for n, a in zip(types, arrays, strict=True)}
    return part.assign(**new)


def digest(
    frame: dd.DataFrame,
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
    meta = pd.DataFrame({"digest": pd.Series(dtype=str), "count": pd.Series(dtype="int64")})
    parts = frame[wanted].map_partitions(_summed, made, id_column, prefix, meta=meta).compute()
    found = (SampleDigest(*row) for row in parts.itertuples(index=False))
    return sum(found, SampleDigest())


def _summed(part: pd.DataFrame, made: Parameters, id_column: str, prefix: str) -> pd.DataFrame:
    found = made.digest(pa.Table.from_pandas(part, preserve_index=False), id_column, prefix)
    return pd.DataFrame({"digest": [found.hexdigest()], "count": [found.count]})
