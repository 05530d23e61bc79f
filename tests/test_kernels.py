"""Every kernel gives the same bits for every count, place and id; and how one is chosen."""

import os
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
import reference

import dpa
from dpa import _native

# Two times the lanes and one more, for kernels of up to 64 lanes.
MOST = 2 * 64 + 1
SAMPLERS = ("xoshiro256++", "mt19937")
DEFAULT = dpa.AugmentationConfig()


@cache
def answer(sample_id: int | str, sampler: str) -> tuple[bytes, tuple[float, ...]]:
    """Digest and values of one sample of the default config, by the twin."""
    h = reference.chain_hash(reference.key_text(sample_id), DEFAULT.augmentation_depth)
    values = reference.params(h, DEFAULT.bounds, sampler)
    return bytes.fromhex(h), tuple(float(values[name]) for name in reference.NAMES)


def check(batch: dpa.AugmentationBatch, ids: Any) -> None:
    """The batch holds the twin's samples for these ids."""
    answers = [answer(i, batch.config.sampler) for i in ids]
    assert [bytes(digest) for digest in batch.digests] == [digest for digest, _ in answers]
    columns = [batch[name].tolist() for name in reference.NAMES]
    assert list(zip(*columns, strict=True)) == [values for _, values in answers]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_count(kernel: str, sampler: str) -> None:
    config = DEFAULT.replace(sampler=sampler)
    for count in range(MOST + 1):
        check(dpa.generate_augmentation_batch(range(count), config), range(count))
    for count in (191, 192, 193, 385, 767, 769):  # batches of 192 and 768 in csrc/sample/sample.c
        check(dpa.generate_augmentation_batch(range(count), config), range(count))


def test_every_count_of_names(kernel: str) -> None:
    names = ["n" * i for i in range(MOST)]  # sizes around one, two and three blocks
    for count in (0, 1, 2, 31, 32, 33, MOST):
        check(dpa.generate_augmentation_batch(names[:count]), names[:count])


def digit_edges() -> list[int]:
    """Where the number of digits or the number of bits changes."""
    powers = [10**n for n in range(20)] + [2**n for n in (31, 32, 53, 63)]
    return sorted({0, 2**64 - 1} | {p + d for p in powers for d in (-1, 0, 1)})


def test_digit_edges_in_one_batch(kernel: str) -> None:
    ids = digit_edges()
    check(dpa.generate_augmentation_batch(np.array(ids, np.uint64)), ids)
    check(dpa.generate_augmentation_batch(ids[::-1]), ids[::-1])


def test_digit_edges_in_ranges(kernel: str) -> None:
    for edge in digit_edges():
        ids = range(max(0, edge - 3), min(edge + 4, 2**64))
        check(dpa.generate_augmentation_batch(ids), ids)


def test_digit_edges_one_at_a_time(kernel: str) -> None:
    for edge in digit_edges():
        found = dpa.gen_augmentation_params(edge)
        digest, values = answer(edge, "xoshiro256++")
        assert found == {**dict(zip(reference.NAMES, values, strict=True)), "hash": digest.hex()}


# ---- Output in awkward places ----


def placed(size: int, dtype: type, offset: int, room: int = 0) -> tuple[Any, Any]:
    """An array that starts `offset` bytes behind a multiple of 64, and all bytes around it."""
    width = size * np.dtype(dtype).itemsize + room
    memory = np.full(width + 256, 0xA5, np.uint8)
    start = -memory.ctypes.data % 64 + 64 + offset
    return memory[start : start + width].view(dtype), memory


def untouched(memory: Any, array: Any) -> bool:
    """Nothing but the array's bytes has changed."""
    start = array.ctypes.data - memory.ctypes.data
    outside = np.concatenate([memory[:start], memory[start + array.nbytes :]])
    return bool((outside == 0xA5).all())


@pytest.mark.parametrize("offset", [0, 1, 3, 31, 63])
def test_digests_at_odd_addresses(kernel: str, offset: int) -> None:
    count = 71
    flat, memory = placed(count * 32, np.uint8, offset)
    out = {name: np.empty(count) for name in reference.NAMES} | {"digests": flat.reshape(count, 32)}
    check(dpa.generate_augmentation_batch(range(count), out=out), range(count))
    assert untouched(memory, flat)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("items", [0, 1, 3, 7])
def test_columns_off_the_vectors_alignment(kernel: str, dtype: type, items: int) -> None:
    count = 71
    parts = [placed(count, dtype, items * np.dtype(dtype).itemsize) for _ in reference.NAMES]
    out = {name: array for name, (array, _) in zip(reference.NAMES, parts, strict=True)}
    dpa.generate_augmentation_batch(range(count), out=out)
    for at, (array, memory) in enumerate(parts):
        answers = [answer(i, "xoshiro256++")[1][at] for i in range(count)]
        assert array.tolist() == np.array(answers).astype(dtype).tolist()
        assert untouched(memory, array)


def test_columns_off_their_own_alignment_are_refused() -> None:
    flat, memory = placed(71, np.float64, 1)
    out = {name: np.empty(71) for name in reference.NAMES} | {"noise": flat}
    with pytest.raises(ValueError, match=r"out\['noise'\] must be .*aligned"):
        dpa.generate_augmentation_batch(range(71), out=out)
    assert (memory == 0xA5).all()


# ---- Choosing ----


def test_forced_kernel_is_active(kernel: str) -> None:
    assert dpa.active_kernel() == kernel


def test_portable_is_always_there_and_last() -> None:
    assert dpa.kernels()[-1] == "portable"
    assert set(dpa.kernels()) <= set(_native.compiled_kernels())


def test_best_kernel_comes_first(default_kernel: None) -> None:
    _native.choose_kernel(None)
    assert dpa.active_kernel() == dpa.kernels()[0]


@pytest.mark.parametrize("name", ["nonsense", "", "Portable", "portable "])
def test_unknown_kernel_is_refused_and_changes_nothing(default_kernel: None, name: str) -> None:
    _native.choose_kernel("portable")
    with pytest.raises(ValueError, match="does not exist") as caught:
        _native.choose_kernel(name)
    assert repr(name) in str(caught.value)
    assert ", ".join(dpa.kernels()) in str(caught.value)
    assert dpa.active_kernel() == "portable"
    check(dpa.generate_augmentation_batch(range(3)), range(3))


def test_kernel_of_another_cpu_is_refused(default_kernel: None) -> None:
    absent = sorted(set(_native.compiled_kernels()) - set(dpa.kernels()))
    if not absent:
        pytest.skip("this CPU runs every kernel that is compiled in")
    for name in absent:
        with pytest.raises(ValueError, match=f"{name!r} cannot run on this CPU; the kernels here"):
            _native.choose_kernel(name)


def python(program: str, kernel: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter with DPA_KERNEL set."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DPA_KERNEL": kernel},
        capture_output=True,
        text=True,
        check=False,
    )


GENERATIONS = [
    "dpa.gen_augmentation_params(1)",
    "dpa.gen_augmentation_seed(1)",
    "dpa.generate_augmentation_batch(range(3))",
    "dpa.generate_augmentation_chain(3)",
    "dpa.generate_uniforms(range(3), 1)",
    "dpa.active_kernel()",
]


def test_variable_that_names_no_kernel() -> None:
    program = "import dpa\nprint(*dpa.kernels(), sep=', ')\n" + "".join(
        f"try:\n    {call}\nexcept ValueError as error:\n    print(error)\n" for call in GENERATIONS
    )
    done = python(program, "nonsense")
    assert done.returncode == 0, done.stderr
    choices, *errors = done.stdout.splitlines()
    assert choices == ", ".join(dpa.kernels())
    message = f"DPA_KERNEL: kernel 'nonsense' does not exist; the kernels here are {choices}"
    assert errors == [message] * len(GENERATIONS)


@pytest.mark.parametrize("name", dpa.kernels())
def test_variable_that_names_a_kernel(name: str) -> None:
    program = "import dpa\nprint(dpa.active_kernel(), dpa.gen_augmentation_seed(42))"
    done = python(program, name)
    assert done.stdout.split() == [name, answer(42, "mt19937")[0].hex()], done.stderr


def test_empty_variable_is_none() -> None:
    done = python("import dpa\nprint(dpa.active_kernel())", "")
    assert done.stdout.split() == [dpa.kernels()[0]], done.stderr
