"""dpa.noise: bit for bit the twin's, whatever the size."""

import hashlib
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import reference
from scipy.special import ndtri

import dpa
from dpa import _pixels
from dpa.images import noise as noise_module
from dpa.noise import noise_table, standard_normals, standard_normals_batch

HASH = dpa.gen_augmentation_seed(42)
TABLE = np.array(reference.noise_table(), np.float32)


def twin(h: str, count: int) -> np.ndarray:
    return TABLE[list(islice(reference.noise_indices(h), count))]


def test_the_table_is_the_twins_and_scipys():
    assert np.array_equal(noise_table(), TABLE)
    assert np.array_equal(noise_table(), ndtri((np.arange(65536) + 0.5) / 65536).astype(np.float32))
    assert not noise_table().flags.writeable


def test_the_table_has_the_hash_that_the_specification_states():
    spec = Path(__file__).parents[1].joinpath("docs", "spec.md").read_text(encoding="utf-8")
    assert hashlib.sha256(TABLE.astype("<f4").tobytes()).hexdigest() in spec


def test_a_table_of_other_numbers_is_refused(monkeypatch):
    class Inaccurate:
        def inv_cdf(self, p):
            return float(np.float32(ndtri(p))) * (1 + 1e-7)

    monkeypatch.setattr(noise_module, "NormalDist", Inaccurate)
    with pytest.raises(
        RuntimeError, match=r"inv_cdf is not accurate on this machine: .* got [0-9a-f]{64}"
    ):
        noise_table.__wrapped__()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 8, 1023, 1024, 1025])
def test_a_field_is_the_twins(count):
    assert np.array_equal(standard_normals({"hash": HASH}, (count,)), twin(HASH, count))


@pytest.mark.parametrize("shape", [(), (3, 5), (2, 3, 4), (4, 0, 2), [7, 1]])
def test_a_field_is_filled_in_c_order(shape):
    field = standard_normals(dpa.gen_augmentation_params(42), shape)
    assert field.dtype == np.float32
    assert field.shape == tuple(shape)
    assert np.array_equal(field.ravel(), twin(HASH, field.size))


@pytest.mark.parametrize("shape", [(), (6,), (2, 3)])
def test_the_fields_of_a_batch_are_those_of_its_samples(shape):
    batch = dpa.generate_augmentation_batch(["a", "b", "a"], base_seed=7, epoch=1)
    fields = standard_normals_batch(batch, shape)
    assert fields.shape == (3, *shape)
    for params, field in zip(batch, fields, strict=True):
        assert np.array_equal(field, standard_normals(params, shape))
    assert np.array_equal(fields[0], fields[2])
    assert not np.array_equal(fields[0], fields[1])
    assert np.array_equal(fields, standard_normals_batch(batch.to_dicts(), shape))
    assert standard_normals_batch([], shape).shape == (0, *shape)


def test_a_field_looks_normal():
    field = standard_normals({"hash": HASH}, (1_000_000,)).astype(np.float64)
    assert abs(field.mean()) < 4e-3  # four standard errors
    assert abs(field.std() - 1) < 3e-3
    assert abs(np.corrcoef(field[:-1], field[1:])[0, 1]) < 4e-3
    assert 4 < field.max() == -noise_table()[0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "noise needs params['hash'], 64 hex characters, got None"),
        ({"hash": HASH[:-1]}, f"noise needs params['hash'], 64 hex characters, got '{HASH[:-1]}'"),
        ({"hash": "x" * 64}, "noise needs params['hash'], 64 hex characters, got 'xxx"),
        ({"hash": "00 " * 21 + "0"}, "noise needs params['hash'], 64 hex characters, got '00 "),
        ({"hash": 7}, "noise needs params['hash'], 64 hex characters, got 7"),
        (HASH, f"noise needs params['hash'], 64 hex characters, got '{HASH}'"),
    ],
)
def test_a_bad_hash_is_named(params, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        standard_normals(params, (4,))


def test_a_bad_shape_is_named():
    with pytest.raises(ValueError, match=r"shape must not have negative sizes, got \(2, -1\)"):
        standard_normals({"hash": HASH}, (2, -1))
    with pytest.raises(TypeError, match=r"a size in shape must be an integer, got 2\.5"):
        standard_normals_batch([], (2.5,))
    with pytest.raises(TypeError, match="shape must be a sequence of integers, got 5"):
        standard_normals({"hash": HASH}, 5)


DIGEST = bytes.fromhex(HASH)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("noisy", [False, True])
def test_a_tone_is_the_affine_map_in_single_precision(dtype, noisy):
    pixels = (np.arange(3000) % 256 * 257).astype(dtype)
    gain, offset, stdev = np.float32(1.1), np.float32(-17.3), np.float32(20.7 if noisy else 0)
    expected = pixels.astype(np.float32) * gain + offset + stdev * twin(HASH, 3000)
    if dtype != "float32":
        expected = np.clip(np.rint(expected), 0, np.iinfo(dtype).max).astype(dtype)
    if noisy:
        _pixels.apply_tone(pixels, gain, offset, stdev, DIGEST, TABLE)
    else:
        _pixels.apply_tone(pixels, gain, offset)
    assert np.array_equal(pixels, expected)


def test_the_border_checks_its_buffers():
    field = np.zeros(8, np.float32)
    with pytest.raises(ValueError, match="digest must have 32 bytes, got 31"):
        _pixels.noise(DIGEST[1:], TABLE, field)
    with pytest.raises(ValueError, match="table must have 65536 items, got 65535"):
        _pixels.noise(DIGEST, TABLE[1:], field)
    with pytest.raises(ValueError, match="out must have a format of f, got 'd'"):
        _pixels.noise(DIGEST, TABLE, field.astype(np.float64))
    with pytest.raises(ValueError, match="out must be writable and C-contiguous"):
        _pixels.noise(DIGEST, TABLE, field[::2])
    with pytest.raises(ValueError, match="pixels must have a format of B or H or f, got 'b'"):
        _pixels.apply_tone(field.astype(np.int8), 1, 0)
    with pytest.raises(ValueError, match="table must have a format of f, got 'd'"):
        _pixels.apply_tone(field, 1, 0, 1, DIGEST, TABLE.astype(np.float64))
    field.flags.writeable = False
    with pytest.raises(ValueError, match="pixels must be writable and C-contiguous"):
        _pixels.apply_tone(field, 1, 0, 1, DIGEST, TABLE)
