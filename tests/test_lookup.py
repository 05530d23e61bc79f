"""batch.loc: samples by their ids, of all kinds, many at a time, with repeats."""

import copy
import pickle

import numpy as np
import pytest

import dpa

RANGE, LISTED, TEXTS = range(100, 200), [7, 2**64 - 1, 0, 42], ["b.png", "", "a.png", "雪"]


@pytest.mark.parametrize("ids", [RANGE, LISTED, TEXTS, range(0), [5]], ids=str)
def test_each_id_finds_its_sample(ids):
    batch = dpa.generate_augmentation_batch(ids, epoch=3)
    for at, sample_id in enumerate(ids):
        assert batch.loc[sample_id] == batch[at]
        assert batch.loc[sample_id] == dpa.gen_augmentation_params(sample_id, epoch=3)
    wanted = [*ids][::-1] * 2
    found = batch.loc[wanted]
    assert found == dpa.generate_augmentation_batch(wanted, epoch=3)
    assert batch.loc[batch.sample_ids] == batch


@pytest.mark.parametrize(
    "wanted", [range(150, 160), np.array([150, 199], np.int32), (150,)], ids=str
)
@pytest.mark.parametrize("ids", [RANGE, [*RANGE][::-1]], ids=["range", "listed"])
def test_ids_in_many_forms(ids, wanted):
    batch = dpa.generate_augmentation_batch(ids)
    assert batch.loc[wanted] == dpa.generate_augmentation_batch(list(wanted))
    assert batch.loc[np.uint8(150)] == batch.loc[np.array(150)] == batch.loc[150]


def test_the_first_of_several_counts():
    for ids in (["a", "b", "a", "b"], [3, 1, 3, 1]):
        batch = dpa.generate_augmentation_batch(ids)
        batch.noise[:] = range(4)
        assert batch.loc[ids].noise.tolist() == [0, 1, 0, 1]
        assert batch.loc[ids[0]]["noise"] == 0


@pytest.mark.parametrize(
    ("ids", "wanted", "message"),
    [
        (RANGE, 99, "no sample with the id 99; the batch has ids 100 to 199"),
        (RANGE, 200, "no sample with the id 200"),
        (RANGE, 2**64 - 1, "no sample with the id 18446744073709551615"),
        (RANGE, [150, 5, 6], "no sample with the id 5; the"),
        (RANGE, "150", "no sample with the id '150'"),
        (LISTED, 8, "no sample with the id 8; the batch has ids 7, 18446744073709551615, 0, ..."),
        (LISTED, 2**63, "no sample with the id 9223372036854775808"),
        (TEXTS, "c", "no sample with the id 'c'; the batch has ids 'b.png', '', 'a.png', ..."),
        (TEXTS, 0, "no sample with the id 0"),
        (range(0), 0, "no sample with the id 0; the batch has no samples"),
        ([5], [6], "no sample with the id 6; the batch has ids 5"),
    ],
)
def test_other_ids_are_refused(ids, wanted, message):
    batch = dpa.generate_augmentation_batch(ids)
    with pytest.raises(KeyError) as error:
        batch.loc[wanted]
    assert message in error.value.args[0]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (slice(0, 2), TypeError),
        (True, TypeError),
        (None, TypeError),
        (1.5, TypeError),
        ([True], TypeError),
        (np.array([True, False]), TypeError),
        (-1, ValueError),
        (2**64, ValueError),
        ([1, "a"], TypeError),
    ],
    ids=str,
)
def test_what_is_no_id(wanted, error):
    batch = dpa.generate_augmentation_batch(range(3))
    with pytest.raises(error):
        batch.loc[wanted]


def test_found_samples_are_copies():
    batch = dpa.generate_augmentation_batch([3, 1])
    batch.loc[[1]].noise[:] = 9
    assert batch.noise.max() < 1


def test_new_samples_in_the_same_arrays_are_found():
    out = dpa.AugmentationBatch.empty(2)
    first = dpa.generate_augmentation_batch([5, 9], out=out)
    assert first.loc[9] == dpa.gen_augmentation_params(9)
    second = dpa.generate_augmentation_batch([9, 4], out=out)
    assert second.loc[9] == dpa.gen_augmentation_params(9)
    with pytest.raises(KeyError):
        out.loc[5]


def test_copies_find_theirs():
    batch = dpa.generate_augmentation_batch([3, 1, 2])
    assert batch.loc[2] == batch[2]
    for other in (pickle.loads(pickle.dumps(batch)), copy.deepcopy(batch), batch[1:]):
        assert other.loc[2] == batch[2]
    with pytest.raises(KeyError):
        batch[1:].loc[3]


def test_large_ids_do_not_wrap():
    batch = dpa.generate_augmentation_batch(range(2**64 - 3, 2**64))
    assert batch.loc[2**64 - 1] == batch[2]
    for sample_id in (0, 2**64 - 4):
        with pytest.raises(KeyError):
            batch.loc[sample_id]
