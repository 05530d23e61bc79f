"""Statistics against the plain-Python twin, and equal to the last bit in whatever pieces."""

import math
import statistics as stdlib
from fractions import Fraction

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

import dpa
from dpa.config import PARAMETERS
from dpa.statistics import Statistics, theoretical_statistics, without_nan

BLOCK = 4096
# Around one and two blocks, where a sample changes from one to the next.
SIZES = [0, 1, 2, 7, 8, 9, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 10_000, 30_001]


def same(a: dict, b: dict) -> bool:
    """Equal, NaN to NaN."""
    return without_nan(a) == without_nan(b)


@pytest.mark.parametrize("size", SIZES)
def test_equals_the_twin_to_the_last_bit(size):
    batch = dpa.generate_augmentation_batch(range(size))
    expected = {
        name: reference.statistics(column.tolist()) for name, column in batch.columns.items()
    }
    assert same(dpa.compute_statistics(batch), expected)
    assert same(dpa.compute_statistics(batch.to_dicts()), expected)
    assert same(batch.statistics(), expected)


def test_the_published_answer():
    found = dpa.generate_augmentation_batch(range(10_000)).statistics()["rotation"]
    assert (found["mean"], found["stdev"]) == (-0.019007284288264162, 17.436468559090763)


def test_is_what_statistics_mean():
    rows = dpa.generate_augmentation_chain(5000, dpa.get_preset("aggressive"))
    for name, found in dpa.compute_statistics(rows).items():
        values = [row[name] for row in rows]
        assert math.isclose(found["mean"], math.fsum(values) / 5000, rel_tol=1e-12, abs_tol=1e-12)
        assert math.isclose(found["stdev"], stdlib.stdev(values), rel_tol=1e-12)
        assert (found["min"], found["max"]) == (min(values), max(values))
        assert found["count"] == 5000


@settings(max_examples=30)
@given(st.lists(st.sampled_from([0, 1, 3, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 9000]), max_size=8))
def test_the_sizes_of_the_pieces_change_no_bit(sizes):
    values = np.random.default_rng(5).normal(1e3, 1.0, sum(sizes))
    whole, pieces = Statistics(["x"]), Statistics(["x"])
    whole.update({"x": values})
    at = 0
    for size in sizes:
        pieces.update({"x": values[at : at + size]})
        assert pieces.result()["x"]["count"] == at + size  # asking in between changes nothing
        at += size
    assert same(whole.result(), pieces.result())


def test_pieces_beyond_what_is_converted_at_once():
    values = np.random.default_rng(6).random((700_001, 2))
    whole, pieces = Statistics(["x"]), Statistics(["x"])
    whole.update({"x": values[:, 0]})  # not contiguous
    for part in np.array_split(values[:, 0], 7):
        pieces.update({"x": part})
    assert whole.result() == pieces.result()


def test_float32_columns_are_taken_as_float64():
    batch = dpa.generate_augmentation_batch(range(5000), dtype=np.float32)
    assert batch.statistics() == dpa.compute_statistics(batch.to_dicts())


def test_no_sample_and_one():
    none = dpa.compute_statistics([])["noise"]
    assert none["count"] == 0
    assert all(math.isnan(none[name]) for name in ("mean", "stdev", "min", "max"))
    row = dpa.gen_augmentation_params(42)
    one = dpa.compute_statistics([row])["noise"]
    value = row["noise"]
    assert one == {"mean": value, "stdev": 0.0, "min": value, "max": value, "count": 1}


def test_equal_values_have_no_deviation():
    config = dpa.AugmentationConfig(scale_range=(0.1, 0.1))
    found = dpa.generate_augmentation_batch(range(9000), config).statistics()["scale"]
    assert (found["min"], found["max"]) == (0.1, 0.1)
    assert found["stdev"] < 1e-15


def test_any_kind_of_number_counts_as_a_float():
    row = {"rotation": 1, "brightness": np.float32(0.5), "noise": Fraction(1, 4)}
    found = dpa.compute_statistics([{**row, "scale": np.float64(2), "contrast": np.int32(3)}])
    assert [found[name]["mean"] for name in reference.NAMES] == [1.0, 0.5, 0.25, 2.0, 3.0]


def rows_with(at: int, **changes: object) -> list:
    rows = dpa.generate_augmentation_chain(BLOCK + 10)
    rows[at] = {**rows[at], **changes}
    return rows


@pytest.mark.parametrize("value", ["1.5", None, True, 1j, [1.0]])
def test_something_else_than_a_number_is_named(value):
    with pytest.raises(TypeError, match=r"scale of sample 4099 must be a number, got ") as error:
        dpa.compute_statistics(rows_with(4099, scale=value))
    assert repr(value) in str(error.value)


def test_a_number_beyond_doubles_is_named():
    with pytest.raises(ValueError, match=r"noise of sample 3 must be finite in double precision"):
        dpa.compute_statistics(rows_with(3, noise=10**400))


def test_a_missing_parameter_is_named():
    rows = rows_with(0)
    del rows[4100]["contrast"]
    with pytest.raises(ValueError, match=r"sample 4100 has no 'contrast'"):
        dpa.compute_statistics(rows)


def test_something_else_than_a_dict_is_named():
    with pytest.raises(TypeError, match=r"sample 1 must be a dict, got 5"):
        dpa.compute_statistics([dpa.gen_augmentation_params(1), 5])


@pytest.mark.parametrize("samples", [None, 7, "abc", {"scale": 1.0}, iter([])])
def test_something_else_than_samples_is_refused(samples):
    with pytest.raises(
        TypeError, match="params_list must be a list of dicts or an AugmentationBatch"
    ):
        dpa.compute_statistics(samples)


def test_theory():
    found = theoretical_statistics(dpa.get_preset("mild"))
    assert found["rotation"] == {"mean": 0.0, "stdev": 30 / 12**0.5, "min": -15.0, "max": 15.0}
    assert found["noise"]["mean"] == 0.025
    # A million samples agree with it to a few standard errors.
    batch = dpa.generate_augmentation_batch(range(1_000_000), dpa.get_preset("mild"))
    for name, values in batch.statistics().items():
        stdev = found[name]["stdev"]
        assert abs(values["mean"] - found[name]["mean"]) < 5 * stdev / 1e3
        assert abs(values["stdev"] - stdev) < 5 * stdev / 1e3


def test_parts_add_up_to_the_whole():
    batch = dpa.generate_augmentation_batch(range(20_000))
    whole = dpa.compute_statistics(batch)
    for cut in (0, 1, 4096, 7000, 20_000):
        parts = []
        for part in (batch[:cut], batch[cut:]):
            parts.append(Statistics(PARAMETERS))
            parts[-1].update(part.columns)
        found = (parts[0] + parts[1]).result()
        for name, values in whole.items():
            assert found[name] == pytest.approx(values, rel=1e-12)
            assert [found[name][k] for k in ("count", "min", "max")] == [
                values[k] for k in ("count", "min", "max")
            ]
    with pytest.raises(ValueError, match="do not add up"):
        parts[0] + Statistics(["other"])
