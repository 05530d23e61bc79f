"""dpa.noise, tones and means: bit for bit the twin's, whatever the size, the part and the level."""

import hashlib
import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pixels_reference
import pytest
import reference
from scipy.special import ndtri

import dpa
from dpa import _pixels
from dpa.images import noise as noise_module
from dpa.noise import noise_table, standard_normals, standard_normals_batch

HASH = dpa.gen_augmentation_seed(42)
TABLE = np.array(reference.noise_table(), np.float32)
SPEC = Path(__file__).parents[1].joinpath("docs", "spec.md").read_text(encoding="utf-8")


def twin(h: str, count: int, start: int = 0) -> np.ndarray:
    return TABLE[list(islice(reference.noise_indices(h, start), count))]


@pytest.fixture(params=dpa.kernels())
def loops(request):
    """The loops over pixels that belong to each kernel, forced for the length of the test."""
    _pixels.choose_loops(request.param)
    yield request.param
    _pixels.choose_loops(os.environ.get("DPA_KERNEL") or None)


def test_the_table_is_the_twins_and_scipys():
    assert np.array_equal(noise_table(), TABLE)
    assert np.array_equal(noise_table(), ndtri((np.arange(65536) + 0.5) / 65536).astype(np.float32))
    assert not noise_table().flags.writeable


def test_the_table_has_the_hash_that_the_specification_states():
    assert hashlib.sha256(TABLE.astype("<f4").tobytes()).hexdigest() in SPEC


def test_the_specification_has_the_twins_known_answers():
    rows = re.findall(
        r"^\| `([^`]+)` \| (\d+) \| ((?:\d+, ){7}\d+) \| (.+) \|$", SPEC, re.MULTILINE
    )
    assert len(rows) == 5
    for key, block, indices, values in rows:
        h = reference.chain_hash(key, 10)
        assert reference.noise_block(bytes.fromhex(h), int(block)) == [
            *map(int, indices.split(","))
        ]
        assert values == ", ".join(map(str, twin(h, 4, 8 * int(block))))


def test_the_twins_generator_is_random123s():
    rows = re.findall(
        r"^\| ((?:[0-9a-f]{8} ){4})\| ((?:[0-9a-f]{8} ){2})\| (.+) \|$", SPEC, re.MULTILINE
    )
    assert len(rows) == 3
    for row in rows:
        counter, key, result = ([int(word, 16) for word in words.split()] for words in row)
        assert [*reference.philox4x32(counter, key)] == result


def test_a_table_of_other_numbers_is_refused(monkeypatch):
    class Inaccurate:
        def inv_cdf(self, p):
            return float(np.float32(ndtri(p))) * (1 + 1e-7)

    monkeypatch.setattr(noise_module, "NormalDist", Inaccurate)
    with pytest.raises(
        RuntimeError, match=r"inv_cdf is not accurate on this machine: .* got [0-9a-f]{64}"
    ):
        noise_table.__wrapped__()


# ---- Loops ----


def test_each_kernel_has_the_loops_of_its_level(loops):
    levels = {"portable": "portable", "armv8": "neon", "shani": "sse41", "avx2": "avx2"}
    levels |= {"vec128": "sse41|neon|portable", "avx512": "avx512|vbmi"}
    assert re.fullmatch(levels[loops], _pixels.level())


def test_loops_of_no_kernel_are_refused_and_those_in_use_stay():
    before = _pixels.level()
    for name in ("nonsense", "vbmi", "Portable"):  # vbmi: a level, and no kernel
        with pytest.raises(ValueError, match=f"kernel '{name}' does not exist; dpa"):
            _pixels.choose_loops(name)
    assert _pixels.level() == before


@pytest.mark.parametrize(
    ("kernel", "answer"), [("portable", "portable"), ("nonsense", "DPA_KERNEL: kernel 'nonsense'")]
)
def test_the_environment_chooses(kernel, answer):
    code = "from dpa import _pixels\ntry: print(_pixels.level())\nexcept ValueError as e: print(e)"
    # of an unknown kernel dpa itself would complain first
    code = f"import os, dpa; os.environ['DPA_KERNEL'] = {kernel!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(answer)


# ---- Fields ----

#: Around a block of 8 values, a group of 64 (noise.inc) and a chunk (noise.c).
COUNTS = [0, 1, 7, 8, 9, 63, 64, 65, 71, 2047, 2048, 2049]


def test_a_field_of_any_size_is_the_twins(loops):
    whole = twin(HASH, max(COUNTS))
    for count in COUNTS:
        assert np.array_equal(standard_normals({"hash": HASH}, (count,)), whole[:count]), count


def test_any_part_of_a_field_is_the_twins(loops):
    whole = twin(HASH, 700)
    for start in (0, 1, 7, 8, 9, 63, 64, 65, 500):
        for count in (0, 1, 7, 8, 9, 64, 65, 200):
            part = standard_normals({"hash": HASH}, (count,), start=start)
            assert np.array_equal(part, whole[start : start + count]), (start, count)


@pytest.mark.parametrize("start", [2**35 - 40, 2**35 - 3, 2**63 - 21, 2**64 - 80])
def test_a_part_may_lie_anywhere(start, loops):
    """At element 2**35 the block's number needs a second word of the counter."""
    part = standard_normals({"hash": HASH}, (8, 10), start)
    assert np.array_equal(part.ravel(), twin(HASH, 80, start))


def test_a_part_beyond_the_last_element_is_refused():
    h = {"hash": HASH}
    assert standard_normals(h, (3,), np.uint64(2**64 - 3)).shape == (3,)
    for start in (2**64 - 2, 2**64 - 1):
        message = rf"start must leave room for 3 elements below 2\*\*64, got {start}"
        with pytest.raises(ValueError, match=message):
            standard_normals(h, (3,), start)
        with pytest.raises(ValueError, match=message):
            standard_normals_batch([h], (3,), start)
    for start in (-1, 2**64):
        with pytest.raises(ValueError, match=rf"start must be 0 to 2\*\*64 - 1, got {start}"):
            standard_normals(h, (3,), start)
    with pytest.raises(TypeError, match=r"start must be an integer, got 1\.0"):
        standard_normals(h, (3,), 1.0)


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
    parts = standard_normals_batch(batch, shape, start=5)
    assert np.array_equal(parts[1], standard_normals(batch[1], shape, 5))
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


def toned(pixels, gain, offset, stdev=0.0, noise=None):
    """The twin's, whose NaN become no integer."""
    with np.errstate(invalid="ignore"):
        return pixels_reference.tone(pixels, gain, offset, stdev, noise)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("noisy", [False, True])
def test_a_tone_is_the_twins(dtype, noisy, loops):
    noise = twin(HASH, max(COUNTS))
    for gain, offset in ((1.1, -17.3), (-0.5, 300.0), (257.0, 0.25)):
        for count in COUNTS:
            pixels = (np.arange(count) % 256 * 257).astype(dtype)
            expected = toned(pixels, gain, offset, 20.7, noise[:count] if noisy else None)
            if noisy:
                _pixels.apply_tone(pixels, gain, offset, 20.7, DIGEST, TABLE)
            else:
                _pixels.apply_tone(pixels, gain, offset)
            assert np.array_equal(pixels, expected), (gain, count)


@pytest.mark.parametrize("gain", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_no_number_becomes_0(gain, dtype, loops):
    pixels = np.arange(100, dtype=dtype)
    _pixels.apply_tone(pixels, gain, 0)
    assert pixels[0] == 0
    assert set(pixels[1:].tolist()) == {np.iinfo(dtype).max if gain > 0 else 0}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_mean_is_the_twins(dtype, loops):
    rng = np.random.default_rng(3)
    full_range = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[dtype]
    for count in (*COUNTS, 65535, 65536, 140_000):  # a sum has at most 65,536
        pixels = (rng.random(count) * full_range).astype(dtype)
        if dtype == "float32":
            for at, odd in enumerate((np.nan, np.inf, -1e30, -0.3)):
                pixels[at::9] = odd
        assert _pixels.mean(pixels, full_range) == pixels_reference.mean(pixels), count


def test_the_border_checks_its_buffers():
    field = np.zeros(8, np.float32)
    with pytest.raises(ValueError, match="digest must have 32 bytes, got 31"):
        _pixels.noise(DIGEST[1:], 0, TABLE, field)
    with pytest.raises(ValueError, match="table must have 65536 items, got 65535"):
        _pixels.noise(DIGEST, 0, TABLE[1:], field)
    with pytest.raises(ValueError, match="out must have a format of f, got 'd'"):
        _pixels.noise(DIGEST, 0, TABLE, field.astype(np.float64))
    with pytest.raises(ValueError, match="out must be writable and C-contiguous"):
        _pixels.noise(DIGEST, 0, TABLE, field[::2])
    with pytest.raises(ValueError, match="pixels must have a format of B or H or f, got 'b'"):
        _pixels.apply_tone(field.astype(np.int8), 1, 0)
    with pytest.raises(ValueError, match="table must have a format of f, got 'd'"):
        _pixels.apply_tone(field, 1, 0, 1, DIGEST, TABLE.astype(np.float64))
    field.flags.writeable = False
    with pytest.raises(ValueError, match="pixels must be writable and C-contiguous"):
        _pixels.apply_tone(field, 1, 0, 1, DIGEST, TABLE)
