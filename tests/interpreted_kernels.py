"""The kernels by Triton's interpreter: test_torch_kernels.py runs this in a process of its own."""

import pytest
import torch
from tensor_bits import TABLE, BitsOfArrays, pictures, rows

from dpa.images.effects import Effect
from dpa.images.forms import Sampling
from dpa.integrations.torch import kernels, operations, tensors


class TestKernels(BitsOfArrays):
    augmented = staticmethod(kernels.augmented)


PARTS = [
    {},
    {"contrast": 0.5},
    {"gamma": 2.0},
    {"brightness": 1.5},
    {"saturation": 0.5},
    {"noise": 0.1, "digest": bytes(32)},
    {"erase_area": 0.3},
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: next(iter(part), "nothing"))
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
def test_what_no_sample_needs_is_left_out(dtype, part):
    images = pictures((2, 3, 9, 10), dtype)
    steps = rows([Effect(rotation=20.0), Effect(rotation=20.0, **part)], images, (9, 10), 1.0)
    arguments = (images, steps, TABLE, (9, 10), Sampling.checked("linear", "edge"), 1.0, 0.5)
    needs = kernels.needs_of(steps.numpy())
    assert sum(needs.values()) == (0 if not part else 2 if "contrast" in part else 1)
    done = kernels.augmented(*arguments, **needs)
    assert torch.equal(done, operations.augmented(*arguments))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("channels", [3, 5])
def test_a_device_gets_what_the_cpu_gets(dtype, channels, monkeypatch):
    """As on a GPU, with CPU tensors. Five channels are left to operations."""
    images = pictures((4, channels, 9, 10), torch.uint8).to(dtype)
    images = images if dtype == torch.uint8 else images / 256
    names = {"rotation": 20.0, "contrast": 0.5, "noise": 0.1, "hash": "7f" * 32}
    batch = [{}, names, {"gamma": 2.0}, {"erase.area": 0.2}]
    wanted = [tensors.apply_augmentation(images, part * 4) for part in ([{}], [names], batch[2:3])]
    mixed = tensors.apply_augmentation(images, batch)
    monkeypatch.setattr(tensors, "_BY_C", ())
    monkeypatch.setattr(tensors, "_kernels", lambda device: kernels)
    kernels.try_out("cpu")
    found = [tensors.apply_augmentation(images, part * 4) for part in ([{}], [names], batch[2:3])]
    assert all(map(torch.equal, found, wanted))
    assert torch.equal(tensors.apply_augmentation(images, batch), mixed)
