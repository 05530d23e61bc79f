"""Digests of samples: parts add up to the whole, whatever their order."""

import pickle

import numpy as np
import pytest

import dpa
from dpa.space import Choice, Space, Subset, sometimes

SPACE = Space(op=Choice(["a", "b"]), cut=sometimes(0.3, order=Subset([1, 2, 3], 2)), depth=2)
IDS = [range(7, 150_007), [5, 2**64 - 1, 0, 5] * 20_000, ["a", "ü", ""] * 30_000, []]


@pytest.mark.parametrize("ids", IDS, ids=["range", "listed", "strings", "none"])
@pytest.mark.parametrize("config", [None, SPACE], ids=["default", "space"])
def test_parts_in_any_order_add_up(ids, config):
    key = {"epoch": 3, "base_seed": 7}
    batch = dpa.generate_augmentation_batch(ids, config, **key)
    whole = batch.digest()
    parts = [part.digest() for part in batch.parts(9999)]
    assert sum(reversed(parts), dpa.SampleDigest()) == whole
    assert whole.count == len(ids)
    assert dpa.expected_digest(ids, config, **key) == whole
    assert dpa.expected_digest(ids, config, **key, num_threads=1) == whole
    order = np.random.default_rng(1).permutation(len(ids))
    assert batch.take(order).digest() == whole
    if len(ids):
        assert dpa.expected_digest(ids, config, epoch=4, base_seed=7) != whole
        assert batch[1:].digest() != whole


def test_it_is_of_the_values_as_they_are():
    batch = dpa.generate_augmentation_batch(range(100))
    before = batch.digest()
    batch.noise[7] = np.nextafter(batch.noise[7], 1)
    assert batch.digest() != before


def test_text_and_count_make_it_again():
    digest = dpa.expected_digest(range(10))
    again = dpa.SampleDigest(digest.hexdigest(), digest.count)
    assert again == digest == pickle.loads(pickle.dumps(digest)) == eval(repr(digest), vars(dpa))
    again.update(dpa.generate_augmentation_batch(range(10, 15)))
    assert again == dpa.expected_digest(range(15))
    assert digest.count == 10
    assert digest != digest.hexdigest()


def test_keys_may_differ():
    """A batch knows its key, so digests of several epochs or ranks add up."""
    total = dpa.SampleDigest()
    for epoch in range(2):
        total.update(dpa.generate_augmentation_batch(range(10), epoch=epoch))
    parts = [dpa.expected_digest(range(10), epoch=epoch) for epoch in range(2)]
    assert total == parts[0] + parts[1] != parts[0] + parts[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("ab",), ValueError, "hexdigest must be 64 lowercase hex characters, got 'ab'"),
        ((b"0" * 64,), ValueError, "hexdigest must be 64 lowercase hex characters"),
        (("0" * 64, -1), ValueError, "count must not be negative, got -1"),
        (("0" * 64, 1.0), TypeError, "count must be an integer, got 1.0"),
    ],
)
def test_what_is_no_digest_is_refused(arguments, error, message):
    with pytest.raises(error, match=f"^{message}"):
        dpa.SampleDigest(*arguments)


def test_what_is_no_batch_is_refused():
    with pytest.raises(TypeError, match=r"samples must be an AugmentationBatch, got \[1\]"):
        dpa.SampleDigest().update([1])
    with pytest.raises(TypeError, match="unsupported operand"):
        dpa.SampleDigest() + "0"


def test_many_ids_take_constant_memory(monkeypatch):
    from dpa.derivation.derivation import Derivation

    sizes, batch = [], Derivation.batch

    def counted(self, ids, *rest):
        sizes.append(len(ids))
        return batch(self, ids, *rest)

    monkeypatch.setattr(Derivation, "batch", counted)
    assert dpa.expected_digest(range(200_000), SPACE).count == 200_000
    assert max(sizes) <= 65_536
