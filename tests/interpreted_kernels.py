"""The kernels by Triton's interpreter: test_torch_kernels.py runs this in a process of its own."""

import numpy as np
import pytest
import torch
from tensor_bits import TABLE, BitsOfArrays, pictures, random_effect, rows

from dpa.images.forms import Sampling
from dpa.integrations.torch import kernels, operations


class TestKernels(BitsOfArrays):
    augmented = staticmethod(kernels.augmented)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
def test_what_no_sample_needs_is_left_out(dtype):
    rng = np.random.default_rng(2)
    images = pictures((6, 3, 9, 10), dtype)
    effects = [random_effect(rng, 3)._replace(gamma=1.0, contrast=1.0) for _ in range(6)]
    steps = rows(effects, images, (9, 10), 1.0)
    arguments = (images, steps, TABLE, (9, 10), Sampling.checked("linear", "edge"), 1.0, 0.0)
    done = kernels.augmented(*arguments, needs_mean=False, needs_gamma=False)
    assert torch.equal(done, operations.augmented(*arguments))
