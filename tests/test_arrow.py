"""Samples in Arrow's types: what goes there comes back, from slices too."""

import numpy as np
import pytest

import dpa
from dpa.derivation.ids import Ids

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
from dpa.arrow.arrays import digests_of, hash_array  # noqa: E402 (needs pyarrow)
from dpa.arrow.ids import id_array, ids_of  # noqa: E402
from dpa.arrow.schema import schema  # noqa: E402

IDS = [range(0), range(7, 12), [2**64 - 1, 0, 3, 3, 5], ["ä", "", "b", "\0", "雪"]]


def test_the_types():
    assert (
        schema({"x": None}, None).to_string()
        == "x: double not null\nhash: fixed_size_binary[32] not null"
    )
    assert schema({"x": None}, "integer").field("id") == pa.field("id", pa.uint64(), nullable=False)
    assert schema({"x": None}, "string").names == ["id", "x", "hash"]
    assert schema({"x": None}, "string").field("id") == pa.field("id", pa.string(), nullable=False)


@pytest.mark.parametrize("ids", IDS, ids=str)
@pytest.mark.parametrize("part", [slice(None), slice(1, 4), slice(2, 2)], ids=str)
def test_ids_come_back(ids, part):
    ids = Ids.checked(ids)
    array = id_array(ids)
    array.validate(full=True)
    assert array.to_pylist() == ids.tolist()
    assert array.type == schema({}, ids.kind).field("id").type
    assert ids_of(array[part]) == ids[part]
    assert id_array(ids[part]).to_pylist() == ids.tolist()[part]  # offsets that begin behind 0


@pytest.mark.parametrize("size", [0, 1, 5])
def test_hashes_come_back(size):
    digests = dpa.generate_augmentation_batch(range(size)).digests
    array = hash_array(digests)
    array.validate(full=True)
    assert array.type == schema({}, None).field("hash").type
    assert array.to_pylist() == [digest.tobytes() for digest in digests]
    for part in (slice(None), slice(1, 4)):
        assert np.array_equal(digests_of(array[part]), digests[part])


def test_arrays_of_arrows_own():
    """Arrays that Arrow has made, whose buffers are not ours."""
    assert len(ids_of(pa.array([], pa.string()))) == len(ids_of(pa.array([], pa.uint64()))) == 0
    assert digests_of(pa.array([], pa.binary(32))).shape == (0, 32)
    assert ids_of(pa.array(["a", "bc"])) == Ids.checked(["a", "bc"])
