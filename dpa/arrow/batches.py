"""Batches as tables of Arrow."""

from __future__ import annotations

from dpa.arrow.arrays import hash_array, parameter_array
from dpa.arrow.ids import id_array
from dpa.arrow.schema import schema
from dpa.checks import brief, extra
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import AugmentationBatch
from dpa.derivation.space import Space

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa


def table_of(samples: Columns, space: Space, columns: pa.Schema) -> pa.Table:
    """The samples as a table on their memory; its columns are those of schema(space, ...).

    The real numbers must be float64, and the arrays C-contiguous.
    """
    arrays: dict[str, pa.Array] = {"hash": hash_array(samples.digests)}
    for name, each in space.parameters:
        arrays[name] = parameter_array(samples.columns[name], each)
    if "id" in columns.names:
        arrays["id"] = id_array(samples.ids)
    return pa.Table.from_arrays([arrays[name] for name in columns.names], schema=columns)


def to_table(batch: AugmentationBatch) -> pa.Table:
    """A batch as a table: the column `id`, one for each parameter, and `hash`.

    The types are those of `.parquet` files: real numbers are double, choices of strings
    dictionaries, shapes lists of fixed sizes, hashes 32 bytes. Values that are not active are
    there, too: `batch.active(name)` says which. The table has its own memory.
    `to_table(batch).to_pandas()` and `polars.from_arrow(to_table(batch))` are frames. Raises
    TypeError.

    >>> from dpa import generate_augmentation_batch
    >>> to_table(generate_augmentation_batch(range(3))).column_names
    ['id', 'rotation', 'brightness', 'noise', 'scale', 'contrast', 'hash']
    """
    if not isinstance(batch, AugmentationBatch):
        raise TypeError(f"batch must be an AugmentationBatch, got {brief(batch)}")
    return table_of(batch.stored(), batch.config, schema(batch.config, batch.ids.kind))
