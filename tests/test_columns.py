"""AugmentationBatch: rows, columns and parts of it, and what made it."""

import copy
import math
import pickle
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import reference

import dpa
from dpa import AugmentationBatch, generate_augmentation_batch
from dpa.derivation.derivation import Derivation
from dpa.space import Choice, Space, Uniform, sometimes

MILD = dpa.get_preset("mild")
PARTS = {"epoch": 1, "view": 2, "base_seed": 3, "rank": 4}
TEXTS = ["a", "b", "a", "", "e"]


@pytest.fixture(params=["range", "array", "text", "float32", "out"])
def batch(request: pytest.FixtureRequest) -> AugmentationBatch:
    """Five samples, kept in each of the ways that there are."""
    if request.param == "out":
        columns = {name: np.empty(5) for name in reference.NAMES}
        return generate_augmentation_batch([7, 1, 7, 0, 2], MILD, **PARTS, out=columns)
    ids: Any = {"range": range(10, 15), "text": TEXTS}.get(request.param, [7, 1, 7, 0, 2])
    dtype = np.float32 if request.param == "float32" else np.float64
    return generate_augmentation_batch(ids, MILD, **PARTS, dtype=dtype)


def row(batch: AugmentationBatch, at: int) -> dict[str, Any]:
    """One row, read from the arrays."""
    values = {name: float(batch.columns[name][at]) for name in reference.NAMES}
    return {**values, "hash": batch.digests[at].tobytes().hex(), "rank": 4}


# ---- Attributes ----


def test_arrays(batch: AugmentationBatch) -> None:
    assert list(batch.columns) == list(reference.NAMES)
    for name, column in batch.columns.items():
        assert column.shape == (5,)
        assert column.dtype in (np.float64, np.float32)
        assert np.shares_memory(column, batch[name])
        assert np.shares_memory(column, getattr(batch, name))
        assert batch[name].tolist() == getattr(batch, name).tolist() == column.tolist()
    assert batch.digests.dtype == np.uint8
    assert batch.digests.shape == (5, 32)
    assert len(batch) == 5


def test_columns_are_the_samples(batch: AugmentationBatch) -> None:
    samples = [dpa.gen_augmentation_params(i, MILD, **PARTS) for i in listed(batch)]
    for name in reference.NAMES:
        wanted = np.array([sample[name] for sample in samples]).astype(batch[name].dtype)
        assert batch[name].tolist() == wanted.tolist()
    assert [d.tobytes().hex() for d in batch.digests] == [sample["hash"] for sample in samples]


def listed(batch: AugmentationBatch) -> list[Any]:
    return [i if isinstance(i, str) else int(i) for i in batch.sample_ids]


def test_provenance(batch: AugmentationBatch) -> None:
    assert batch.config == MILD
    assert batch.key == (1, 2, 3, 4)
    assert batch.key._asdict() == PARTS


def test_provenance_of_a_rank_alone() -> None:
    assert generate_augmentation_batch([1], rank=5, world_size=6).key == (None, None, 0, 5)


@pytest.mark.parametrize("ids", [range(3, 6), [3, 4, 5], np.array([3, 4, 5], np.int8)])
def test_integer_sample_ids(ids: Any) -> None:
    found = generate_augmentation_batch(ids).sample_ids
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.uint64
    assert found.tolist() == [3, 4, 5]


def test_string_sample_ids() -> None:
    assert generate_augmentation_batch(TEXTS).sample_ids == tuple(TEXTS)


@pytest.mark.parametrize("name", [*reference.NAMES, "columns", "sample_ids", "hue"])
def test_attributes_that_cannot_be_set(batch: AugmentationBatch, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(batch, name, np.zeros(5))


# ---- Items ----


@pytest.mark.parametrize("at", [0, 4, -1, -5, np.int64(3)])
def test_one_row(batch: AugmentationBatch, at: int) -> None:
    found = batch[at]
    assert found == row(batch, at)
    assert list(found) == [*reference.NAMES, "hash", "rank"]
    assert [type(found[name]) for name in reference.NAMES] == [float] * 5


def test_a_row_has_a_rank_only_where_the_key_has() -> None:
    assert list(generate_augmentation_batch([1])[0]) == [*reference.NAMES, "hash"]
    assert "rank" not in generate_augmentation_batch([1], base_seed=3)[0]
    assert generate_augmentation_batch([1], rank=0)[0]["rank"] == 0


@pytest.mark.parametrize("at", [5, -6, 2**70])
def test_no_such_row(batch: AugmentationBatch, at: int) -> None:
    with pytest.raises(IndexError):
        batch[at]


@pytest.mark.parametrize("item", [1.0, None, (0, 1), [0, 1]], ids=repr)
def test_what_is_no_item(batch: AugmentationBatch, item: Any) -> None:
    with pytest.raises(TypeError):
        batch[item]


@pytest.mark.parametrize("name", ["hash", "digests", "hue", "", "Rotation"])
def test_unknown_column(batch: AugmentationBatch, name: str) -> None:
    with pytest.raises(KeyError) as caught:
        batch[name]
    assert caught.value.args == (
        f"no column {name!r}; the columns are rotation, brightness, noise, scale, contrast",
    )


SLICES = [
    slice(None),
    slice(1, 4),
    slice(-2, None),
    slice(0, 100),
    slice(3, 1),
    slice(5, None),
    slice(None, None, 2),
    slice(None, None, -1),
    slice(4, 0, -3),
]


@pytest.mark.parametrize("part", SLICES, ids=repr)
def test_slices(batch: AugmentationBatch, part: slice) -> None:
    found = batch[part]
    assert type(found) is AugmentationBatch
    assert found.to_dicts() == [row(batch, at) for at in range(5)[part]]
    assert listed(found) == listed(batch)[part]
    assert len(found) == len(range(5)[part])
    assert (found.config, found.key) == (batch.config, batch.key)
    assert found == generate_augmentation_batch(
        listed(batch)[part], MILD, **PARTS, dtype=batch.rotation.dtype
    )


@pytest.mark.parametrize("part", [slice(1, 4), slice(None, None, 2)], ids=repr)
def test_slices_are_views(batch: AugmentationBatch, part: slice) -> None:
    found = batch[part]
    for name in reference.NAMES:
        assert np.shares_memory(found[name], batch[name])
        found[name][0] = -77
        assert batch[name].tolist().count(-77) == 1
    assert np.shares_memory(found.digests, batch.digests)


def test_slices_of_slices(batch: AugmentationBatch) -> None:
    assert batch[1:][::2][-1:] == batch[3:4]
    assert batch[::-1][::-1] == batch


def test_slices_at_the_last_ids() -> None:
    batch = generate_augmentation_batch(range(2**64 - 2, 2**64))
    assert batch[1:].sample_ids.tolist() == [2**64 - 1]  # type: ignore[union-attr]
    assert batch[2:] == generate_augmentation_batch([])


def test_slice_of_a_range_stays_a_range() -> None:
    """Its ids take no memory."""
    assert generate_augmentation_batch(range(10, 20))[3:5].ids.start == 13


# ---- Rows ----


def test_iteration(batch: AugmentationBatch) -> None:
    assert list(batch) == batch.to_dicts() == [row(batch, at) for at in range(5)]
    assert isinstance(iter(batch), Iterator)


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 3000])  # blocks of 1,024
def test_iteration_of_many(size: int) -> None:
    batch = generate_augmentation_batch(range(size))
    assert list(batch) == batch.to_dicts() == dpa.generate_augmentation_chain(size)


def test_rows_share_nothing(batch: AugmentationBatch) -> None:
    first, second, *_ = batch.to_dicts()
    first["rotation"] = 99.0
    assert second == row(batch, 1)
    assert batch[0] != first


@pytest.mark.parametrize("count", [1, 5, 27, 28, 29, 30, 31, 60])
@pytest.mark.parametrize("rank", [None, 3])
def test_rows_in_lists_share_their_keys(count: int, rank: int | None) -> None:
    space = Space({f"p{number:02}": Uniform(0, 1) for number in range(count)})
    batch = generate_augmentation_batch(range(50), space, rank=rank)
    rows, single = batch.to_dicts(), list(batch)
    assert rows == single
    assert [*map(list, rows)] == [*map(list, single)]
    sizes = sys.getsizeof(rows[0]), sys.getsizeof(single[0])
    assert sizes[0] < sizes[1] / 1.3 if count <= 27 else sizes[0] <= sizes[1]


def test_rows_that_share_keys_change_alone() -> None:
    batch = generate_augmentation_batch(range(40), rank=1)
    wanted = [dict(each) for each in batch]
    rows = batch.to_dicts()
    rows[0]["label"] = "cat"
    rows[1]["a"], rows[1]["b"] = 1, 2
    del rows[2]["noise"], rows[3]["hash"]
    rows[4].clear()
    rows[5][7] = "no text"
    changed = [
        {**wanted[0], "label": "cat"},
        {**wanted[1], "a": 1, "b": 2},
        {name: x for name, x in wanted[2].items() if name != "noise"},
        {name: x for name, x in wanted[3].items() if name != "hash"},
        {},
        {**wanted[5], 7: "no text"},
    ]
    assert rows == changed + wanted[6:]
    assert list(rows[0]) == [*reference.NAMES, "hash", "rank", "label"]
    rows[2]["noise"] = wanted[2]["noise"]
    assert list(rows[2]) == ["rotation", "brightness", "scale", "contrast", "hash", "rank", "noise"]
    assert batch.to_dicts() == wanted
    other = dpa.generate_augmentation_batch(range(40), rank=2).to_dicts()
    assert {each["rank"] for each in other} == {2}
    assert pickle.loads(pickle.dumps(rows)) == copy.deepcopy(rows) == rows


def test_rows_of_many_threads() -> None:
    """All make their first list of a new space at once."""
    space = Space({"a": Uniform(0, 1), "b": sometimes(0.5, size=Uniform(0, 1))})
    batch = generate_augmentation_batch(range(500), space)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: batch.to_dicts(), range(40)))
    assert found == [list(batch)] * 40


def test_a_code_without_a_choice_is_refused() -> None:
    batch = generate_augmentation_batch(range(9), Space({"side": Choice(["left", "right"])}))
    for code in (2, -1):
        batch["side"][5] = code
        rows = iter(batch)
        assert [next(rows)["side"] in ("left", "right") for _ in range(5)] == [True] * 5
        with pytest.raises(IndexError, match=f"^there is no choice {code} among 2$"):
            next(rows)


def test_structured(batch: AugmentationBatch) -> None:
    table = batch.to_structured()
    assert table.dtype.names == ("sample_id", *reference.NAMES, "digest")
    assert table.shape == (5,)
    assert table["sample_id"].tolist() == listed(batch)
    assert table["sample_id"].dtype == (object if batch.ids.kind == "string" else np.uint64)
    for name in reference.NAMES:
        assert table[name].dtype == batch[name].dtype
        assert table[name].tolist() == batch[name].tolist()
    assert (table["digest"] == batch.digests).all()
    assert not np.shares_memory(table, batch.digests)


def test_statistics(batch: AugmentationBatch) -> None:
    found = batch.statistics()
    assert list(found) == list(reference.NAMES)
    for name in reference.NAMES:
        assert found[name] == reference.statistics(batch[name].tolist())


# ---- No samples, blank samples ----


@pytest.mark.parametrize("ids", [range(0), [], np.array([], np.int32), np.array([], "U1")])
def test_no_samples(ids: Any) -> None:
    batch = generate_augmentation_batch(ids)
    assert (len(batch), list(batch), batch.to_dicts(), batch.to_structured().shape) == (
        *(0, [], []),
        (0,),
    )
    assert batch.rotation.shape == (0,)
    assert batch.digests.shape == (0, 32)
    assert not batch
    assert batch.statistics()["noise"]["count"] == 0
    assert math.isnan(batch.statistics()["noise"]["mean"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_empty(dtype: Any) -> None:
    blank = AugmentationBatch.empty(3, dtype)
    assert len(blank) == 3
    assert {column.dtype for column in blank.columns.values()} == {np.dtype(dtype)}
    assert blank.to_dicts() == [dict.fromkeys(reference.NAMES, 0.0) | {"hash": "0" * 64}] * 3
    assert AugmentationBatch.empty(0) == generate_augmentation_batch([])


def test_empty_is_to_be_filled() -> None:
    blank = AugmentationBatch.empty(3)
    assert generate_augmentation_batch(TEXTS[:3], MILD, out=blank) is blank
    assert blank == generate_augmentation_batch(TEXTS[:3], MILD)


# ---- Concatenation ----


def test_concatenate_undoes_slicing(batch: AugmentationBatch) -> None:
    parts = [batch[:2], batch[2:2], batch[2:3], batch[3:]]
    joined = AugmentationBatch.concatenate(parts)
    assert joined == batch
    assert joined.rotation.dtype == batch.rotation.dtype
    assert not np.shares_memory(joined.rotation, batch.rotation)
    assert AugmentationBatch.concatenate([batch]) == batch


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        ([range(3), range(3, 5)], range(5)),
        ([range(3), range(9, 9), range(3, 5)], range(5)),
        ([range(2), range(3, 5)], [0, 1, 3, 4]),
        ([range(3, 5), range(3)], [3, 4, 0, 1, 2]),
        ([range(2), [2, 3]], [0, 1, 2, 3]),
        ([[5], range(2**64 - 1, 2**64)], [5, 2**64 - 1]),
        ([[], []], range(0)),
        ([[], ["a"], [], ["b"]], ["a", "b"]),
        ([["b"], ["a", "b"]], ["b", "a", "b"]),
    ],
    ids=str,
)
def test_concatenated_ids(parts: list[Any], joined: Any) -> None:
    batches = [generate_augmentation_batch(ids) for ids in parts]
    found = AugmentationBatch.concatenate(batches)
    assert found == generate_augmentation_batch(joined)
    if joined:
        assert (found.ids.start is not None) == isinstance(joined, range)


def test_concatenate_numbers_and_texts() -> None:
    parts = [generate_augmentation_batch([1]), generate_augmentation_batch(["1"])]
    message = "^batches of string ids and of integer ids cannot be concatenated$"
    with pytest.raises(ValueError, match=message):
        AugmentationBatch.concatenate(parts)


def test_concatenate_other_configs() -> None:
    parts = [generate_augmentation_batch([1], c) for c in (None, None, MILD)]
    with pytest.raises(ValueError, match=r"^batches differ in their config: A.* in number 2$"):
        AugmentationBatch.concatenate(parts)


@pytest.mark.parametrize("name", PARTS)
def test_concatenate_other_keys(name: str) -> None:
    parts = [generate_augmentation_batch([1], **{name: n}) for n in (0, 1)]
    message = rf"^batches differ in their key: .*{name}=0.* in the first, .*{name}=1.* in number 1$"
    with pytest.raises(ValueError, match=message):
        AugmentationBatch.concatenate(parts)


def test_concatenate_nothing() -> None:
    with pytest.raises(ValueError, match=r"^concatenate needs at least one batch$"):
        AugmentationBatch.concatenate([])


# ---- A value ----


def test_equality(batch: AugmentationBatch) -> None:
    again = generate_augmentation_batch(batch.sample_ids, MILD, **PARTS, dtype=batch.rotation.dtype)
    assert batch == again
    for name in reference.NAMES:
        other = copy.deepcopy(batch)
        other[name][4] = np.nextafter(other[name][4], other[name].dtype.type(9))
        assert batch != other


def test_inequality() -> None:
    batch = generate_augmentation_batch([1, 2])
    other = copy.deepcopy(batch)
    other.digests[1, 31] ^= 1
    assert batch != other
    assert batch != generate_augmentation_batch([1, 2], dtype=np.float32)
    assert batch != generate_augmentation_batch([2, 1])
    assert batch != generate_augmentation_batch([1])
    assert batch != generate_augmentation_batch(["1", "2"])
    assert batch != generate_augmentation_batch([1, 2], epoch=0)
    assert batch != generate_augmentation_batch([1, 2], MILD)
    assert batch != batch.to_dicts()


def test_equal_values_of_another_dtype_are_unequal() -> None:
    fixed = dpa.AugmentationConfig(*[(1, 1)] * 5)
    wide, narrow = (generate_augmentation_batch([1], fixed, dtype=d) for d in ("f8", "f4"))
    assert wide.to_dicts() == narrow.to_dicts()
    assert wide != narrow


def test_equal_values_of_other_provenance_are_unequal() -> None:
    batch = generate_augmentation_batch([1, 2])
    for name, value in [
        ("derivation", Derivation(MILD, batch.key)),
        ("derivation", Derivation(batch.config, batch.key._replace(epoch=1))),
        ("ids", generate_augmentation_batch(range(2)).ids),
    ]:
        other = copy.copy(batch)
        setattr(other, name, value)
        assert batch != other


def test_range_and_array_of_the_same_ids_are_equal() -> None:
    assert generate_augmentation_batch(range(3)) == generate_augmentation_batch([0, 1, 2])


def test_unhashable(batch: AugmentationBatch) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(batch)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling(batch: AugmentationBatch, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(batch, protocol))
    assert again == batch
    assert type(again.key) is type(batch.key)
    assert pickle.loads(pickle.dumps(batch[::2], protocol)) == batch[::2]


def test_deep_copies_share_nothing(batch: AugmentationBatch) -> None:
    other = copy.deepcopy(batch)
    assert other == batch
    other.noise[:] = 5
    assert batch.noise.max() < 1


def test_repr(batch: AugmentationBatch) -> None:
    text = repr(batch)
    assert text.startswith("<AugmentationBatch of 5 samples: rotation, brightness, noise, scale, ")
    assert text.endswith("; epoch 1; view 2; base_seed 3; rank 4>")


# ---- float32 ----


def test_float32_is_the_float64_value_rounded() -> None:
    wide = generate_augmentation_batch(range(500))
    narrow = generate_augmentation_batch(range(500), dtype="float32")
    for name in reference.NAMES:
        assert narrow[name].dtype == np.float32
        assert narrow[name].tolist() == wide[name].astype(np.float32).tolist()
    assert (narrow.digests == wide.digests).all()
    assert narrow[3]["scale"] == float(np.float32(wide[3]["scale"]))


@pytest.mark.parametrize("size", [-1, 1.5, True, None])
def test_empty_refuses_sizes(size: object) -> None:
    with pytest.raises((TypeError, ValueError), match="size must"):
        AugmentationBatch.empty(size)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [int, object, "junk"])
def test_empty_refuses_types(dtype: object) -> None:
    with pytest.raises((TypeError, ValueError), match="dtype must be float64 or float32, got"):
        AugmentationBatch.empty(1, dtype)  # type: ignore[arg-type]


def test_concatenate_names_a_differing_dtype() -> None:
    batches = [generate_augmentation_batch(range(2), dtype=t) for t in (np.float64, np.float32)]
    with pytest.raises(ValueError, match="differ in their dtype: float64 in the first, float32"):
        AugmentationBatch.concatenate(batches)
    with pytest.raises(TypeError, match=r"batches\[1\] must be an AugmentationBatch, got 5"):
        AugmentationBatch.concatenate([batches[0], 5])  # type: ignore[list-item]
    halves = (batches[0][at : at + 1] for at in range(2))
    assert AugmentationBatch.concatenate(halves) == batches[0]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_batch_goes_through_every_pickle(protocol: int) -> None:
    batch = generate_augmentation_batch(["a", "b"])
    assert pickle.loads(pickle.dumps(batch, protocol)) == batch


def test_ids_are_nobodys_to_change() -> None:
    for ids in ([5, 7], np.array([5, 7]), range(5, 9, 2)):
        with pytest.raises(ValueError, match="read-only"):
            generate_augmentation_batch(ids).sample_ids[0] = 1  # type: ignore[index]
