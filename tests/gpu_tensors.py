"""Tensors on a GPU get the bits of arrays. Not in CI: python -m pytest tests/gpu_tensors.py."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from tensor_bits import TABLE, BitsOfArrays, pictures, random_effect

import dpa
from dpa.integrations.torch import apply_augmentation, kernels, operations

FORMS = (torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64)


def moved(images):
    """To the GPU, with their strides and what lies between their pixels."""
    room = images.new_empty(0).set_(images.untyped_storage()).cuda()
    return room.as_strided(images.shape, images.stride(), images.storage_offset())


def on_gpu(way):
    def augmented(images, steps, table, *arguments):
        return way(moved(images), steps.cuda(), table.cuda(), *arguments).cpu()

    return augmented


class TestKernels(BitsOfArrays):
    augmented = staticmethod(on_gpu(kernels.augmented))

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
    def test_five_hundred_random_effects(self, dtype):
        rng = np.random.default_rng(7)
        effects = [random_effect(rng, 3) for _ in range(500)]
        images = pictures((500, 3, 61, 67), dtype)
        for interpolation in ("linear", "nearest", "cubic"):
            self.check(images, effects, (59, 71), interpolation)


class TestOperations(BitsOfArrays):
    augmented = staticmethod(on_gpu(operations.augmented))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("dtype", FORMS, ids=str)
def test_a_gpu_gets_what_the_cpu_gets(dtype, layout):
    images = pictures((64, 3, 96, 80), torch.uint8).contiguous(memory_format=layout)
    images = images if dtype == torch.uint8 else images.to(dtype) / 256
    for name in ("moderate", "aggressive"):
        batch = dpa.generate_augmentation_batch(range(64), dpa.get_preset(name))
        wanted = apply_augmentation(images, batch)
        found = apply_augmentation(images.cuda(), batch)
        assert found.is_cuda
        assert found.stride() == wanted.stride()
        assert torch.equal(found.cpu(), wanted)


def test_a_gradient_leaves_the_bits():
    images = pictures((8, 3, 33, 35), torch.float32)
    batch = dpa.generate_augmentation_batch(range(8), dpa.get_preset("aggressive"))
    leaf = images.cuda().requires_grad_()
    made = apply_augmentation(leaf, batch)
    assert torch.equal(made.detach().cpu(), apply_augmentation(images, batch))
    made.sum().backward()
    twin = images.clone().requires_grad_()
    apply_augmentation(twin, batch).sum().backward()
    assert torch.allclose(leaf.grad.cpu(), twin.grad, atol=1e-4)


def test_streams_and_other_work_in_flight_change_nothing():
    images = pictures((64, 3, 224, 224), torch.uint8)
    batch = dpa.generate_augmentation_batch(range(64), dpa.get_preset("moderate"))
    wanted = apply_augmentation(images, batch)
    there, streams = images.cuda(), [torch.cuda.Stream() for _ in range(3)]
    torch.cuda.synchronize()
    results = []
    for turn in range(30):
        with torch.cuda.stream(streams[turn % 3]):
            results.append(apply_augmentation(there, batch))
    torch.cuda.synchronize()
    assert all(torch.equal(each.cpu(), wanted) for each in results)


def test_without_a_c_compiler_operations_take_over(tmp_path):
    """Triton compiles its launcher once; a new cache folder makes it look for a compiler again."""
    code = """
import warnings, torch, dpa
from dpa.integrations.torch import apply_augmentation
images = torch.rand(4, 3, 20, 20)
batch = dpa.generate_augmentation_batch(range(4), dpa.get_preset("moderate"))
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    made = apply_augmentation(images.cuda(), batch)
print([str(each.message) for each in told])
assert any("Triton cannot be used" in str(each.message) for each in told)
assert torch.equal(made.cpu(), apply_augmentation(images, batch))
"""
    bare = {name: value for name, value in os.environ.items() if name not in ("CC", "PATH")}
    settings = bare | {"PATH": str(tmp_path), "TRITON_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_noise_table_is_whole():
    assert torch.equal(TABLE.cuda().cpu(), TABLE)
