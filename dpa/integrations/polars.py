"""polars: parameters as an expression of the column of ids, lazy and streaming."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from dpa.checks import extra
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space

with extra("polars", "dpa.integrations.polars needs polars and pyarrow"):
    import polars as pl
    import polars.selectors as cs
    import pyarrow as pa

    from dpa.arrow.ids import counted_from
    from dpa.arrow.parameters import Parameters

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
_NEWEST = pl.CompatLevel.newest()  # polars' own strings, which are not copied then
_LARGE, _DECIMAL = (pl.Int128, pl.UInt128), pl.Decimal(38, 0)  # Arrow has no such integers
#: Rows of one struct(), which takes fewer than polars gives at a time.
_ROWS = 2**24


def parameters(
    ids: str | pl.Expr,
    space: Space | None = None,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002 (the name of the column)
    nulls: str = "raise",
    num_threads: int | None = None,
) -> pl.Expr:
    """An expression of structs: the parameters of each id; `.struct.unnest()` makes columns.

    `ids`: a column's name or an expression. The other arguments, types and errors are those of
    dpa.integrations.arrow.Parameters; errors of ids come when the expression is computed.
    """
    key = {"base_seed": base_seed, "epoch": epoch, "view": view}
    made = Parameters(space, **key, hash=hash, nulls=nulls, num_threads=num_threads)

    return _expression(made, pl.col(ids) if isinstance(ids, str) else ids)


def _expression(made: Parameters, ids: pl.Expr) -> pl.Expr:
    type_ = _series(made, pl.Series(dtype=pl.String)).dtype
    return ids.map_batches(partial(_series, made), return_dtype=type_, is_elementwise=True)


def _series(made: Parameters, series: pl.Series) -> pl.Series:
    if series.dtype in _LARGE:
        series = series.cast(_DECIMAL)
    if series.dtype == pl.Null:
        series = series.cast(pl.String)
    ids = series.to_arrow(compat_level=_NEWEST)
    parts = []
    for first in range(0, len(ids), _ROWS):
        with counted_from(first):
            parts.append(made.struct(ids[first : first + _ROWS]))
    found = pl.from_arrow(pa.chunked_array(parts, made.type))
    assert isinstance(found, pl.Series)
    return found.alias(series.name)


def add_parameters(
    frame: Frame,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    hash: bool = True,  # noqa: A002
    nulls: str = "raise",
    num_threads: int | None = None,
) -> Frame:
    """The frame with the parameters of its ids as further columns: `prefix` and the name.

    A LazyFrame stays lazy. Arguments and errors are those of parameters(), and ValueError for a
    column that is there already.
    """
    key = {"base_seed": base_seed, "epoch": epoch, "view": view}
    made = Parameters(space, **key, hash=hash, nulls=nulls, num_threads=num_threads)
    made.names(prefix, frame.collect_schema().names())
    struct = _expression(made, pl.col(id_column))
    return frame.with_columns(struct.struct.unnest().name.prefix(prefix))


def digest(
    frame: pl.DataFrame | pl.LazyFrame,
    id_column: str,
    space: Space | None = None,
    *,
    prefix: str = "",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    nulls: str = "raise",
) -> SampleDigest:
    """The digest of a frame's samples, as their values are there; LazyFrames are streamed.

    Arguments and errors are those of Parameters.digest.
    """
    made = Parameters(space, base_seed=base_seed, epoch=epoch, view=view, nulls=nulls)
    names = [id_column, *made.names(prefix)]
    large = cs.by_name(*names, require_all=False) & cs.by_dtype(*_LARGE)
    frame = frame.with_columns(large.cast(_DECIMAL))
    if isinstance(frame, pl.DataFrame):
        return made.digest(frame, id_column, prefix)
    parts = frame.select(names).collect_batches(engine="streaming", maintain_order=False)
    return sum((made.digest(part, id_column, prefix) for part in parts), SampleDigest())
