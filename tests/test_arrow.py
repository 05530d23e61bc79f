"""Samples in Arrow's types: what goes there comes back, from slices too."""

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.derivation.ids import Ids
from dpa.space import Space, Uniform

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow.parquet as pq  # noqa: E402 (needs pyarrow)
from engines import SHAPED  # noqa: E402

from dpa.arrow.arrays import digests_of, hash_array  # noqa: E402
from dpa.arrow.ids import id_array, ids_of  # noqa: E402
from dpa.arrow.schema import schema  # noqa: E402
from dpa.integrations.arrow import Parameters, to_table  # noqa: E402

REAL = Space(x=Uniform(0, 1))
IDS = [range(0), range(7, 12), [2**64 - 1, 0, 3, 3, 5], ["ä", "", "b", "\0", "雪"]]


def test_the_types():
    assert (
        schema(REAL, None).to_string() == "x: double not null\nhash: fixed_size_binary[32] not null"
    )
    assert schema(REAL, "integer").field("id") == pa.field("id", pa.uint64(), nullable=False)
    assert schema(REAL, "string").names == ["id", "x", "hash"]
    assert schema(REAL, "string").field("id") == pa.field("id", pa.string(), nullable=False)


@pytest.mark.parametrize("ids", IDS, ids=str)
@pytest.mark.parametrize("part", [slice(None), slice(1, 4), slice(2, 2)], ids=str)
def test_ids_come_back(ids, part):
    ids = Ids.checked(ids)
    array = id_array(ids)
    array.validate(full=True)
    assert array.to_pylist() == ids.tolist()
    assert array.type == schema(REAL, ids.kind).field("id").type
    assert ids_of(array[part]) == ids[part]
    assert id_array(ids[part]).to_pylist() == ids.tolist()[part]  # offsets that begin behind 0


@pytest.mark.parametrize("size", [0, 1, 5])
def test_hashes_come_back(size):
    digests = dpa.generate_augmentation_batch(range(size)).digests
    array = hash_array(digests)
    array.validate(full=True)
    assert array.type == schema(REAL, None).field("hash").type
    assert array.to_pylist() == [digest.tobytes() for digest in digests]
    for part in (slice(None), slice(1, 4)):
        assert np.array_equal(digests_of(array[part]), digests[part])


def test_arrays_of_arrows_own():
    """Arrays that Arrow has made, whose buffers are not ours."""
    assert len(ids_of(pa.array([], pa.string()))) == len(ids_of(pa.array([], pa.uint64()))) == 0
    assert digests_of(pa.array([], pa.binary(32))).shape == (0, 32)
    assert ids_of(pa.array(["a", "bc"])) == Ids.checked(["a", "bc"])


# ---- A batch as a table ----


def test_a_batch_is_the_table_of_its_parquet_file(tmp_path):
    batch = dpa.generate_augmentation_batch(["b", "ä", "a"], SHAPED, epoch=3)
    table = to_table(batch)
    table.validate(full=True)
    dpa.save_augmentation_chain(batch, tmp_path / "chain.parquet")
    stored = pq.read_table(tmp_path / "chain.parquet")
    assert table.schema == stored.schema
    assert table.to_pylist() == stored.to_pylist()  # Parquet orders dictionaries anew: no equals()
    assert Parameters(SHAPED, epoch=3).differing(table, "id").num_rows == 0


@pytest.mark.parametrize("ids", [range(7, 12), [3, 1], ["a", "b"], []], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_table_has_the_values_of_a_batch(ids, dtype):
    batch = dpa.generate_augmentation_batch(ids, dtype=dtype)
    table = to_table(batch)
    assert table.column_names == ["id", *batch.names, "hash"]
    assert table["id"].to_pylist() == list(ids)
    assert table["hash"].to_pylist() == [digest.tobytes() for digest in batch.digests]
    for name in batch.names:
        assert table[name].type == pa.float64()
        assert table[name].to_pylist() == batch[name].tolist()


def test_a_table_of_views_has_its_own_memory():
    batch = dpa.generate_augmentation_batch(range(10), SHAPED)
    table = to_table(batch[::-2])
    stored = table.to_pylist()
    for column in batch.values:
        column[...] = 0
    batch.digests[...] = 0
    assert table.to_pylist() == stored
    assert table["id"].to_pylist() == [9, 7, 5, 3, 1]


@pytest.mark.parametrize(
    "wrong", [[{"id": 1}], None, pa.table({"id": [1]})], ids=lambda x: type(x).__name__
)
def test_what_is_no_batch(wrong):
    with pytest.raises(TypeError, match=r"^batch must be an AugmentationBatch, got"):
        to_table(wrong)


def test_frames():
    batch = dpa.generate_augmentation_batch(range(100, 105), SHAPED)
    pandas, polars = require("pandas", "adapters"), require("polars", "adapters")
    frame = to_table(batch).to_pandas().set_index("id")
    assert frame.loc[103, "noise"] == batch.loc[103]["noise"]
    assert isinstance(frame["mix"].dtype, pandas.CategoricalDtype)
    assert frame["mix"].tolist() == batch.labels("mix").tolist()
    frame = polars.from_arrow(to_table(batch))
    assert frame["noise"].to_list() == batch["noise"].tolist()
    assert frame["mix"].to_list() == batch.labels("mix").tolist()
    assert frame["grid"].to_list() == batch["grid"].tolist()
    assert frame["hash"].to_list() == [digest.tobytes() for digest in batch.digests]
