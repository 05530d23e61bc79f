"""dpa.integrations.torch.operations: the bits of arrays, and gradients."""

import numpy as np
import pytest
from frameworks import require

torch = require("torch")
from tensor_bits import (  # noqa: E402 (needs torch)
    BORDERS,
    INTERPOLATIONS,
    TABLE,
    BitsOfArrays,
    pictures,
    random_effect,
    rows,
)

from dpa.images.effects import Effect  # noqa: E402
from dpa.images.forms import Sampling  # noqa: E402
from dpa.integrations.torch import operations  # noqa: E402

TURN = {"rotation": 20.0, "scale": 1.2, "shear_x": 10.0}


class TestOperations(BitsOfArrays):
    augmented = staticmethod(operations.augmented)

    def test_more_channels_than_kernels_take(self):
        rng = np.random.default_rng(3)
        effects = [random_effect(rng, 7) for _ in range(3)]
        self.check(pictures((3, 7, 13, 8), torch.uint8), effects)

    def test_a_batch_is_made_in_parts(self, monkeypatch):
        rng = np.random.default_rng(4)
        effects = [random_effect(rng, 3) for _ in range(7)]
        for chunk in (1, 1200):
            monkeypatch.setattr(operations, "_CHUNK", chunk)
            self.check(pictures((7, 3, 12, 8), torch.float32), effects)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
    def test_the_default_dtype_does_not_matter(self, dtype):
        rng = np.random.default_rng(7)
        effects = [random_effect(rng, 3) for _ in range(4)]
        before = torch.get_default_dtype()
        try:
            torch.set_default_dtype(dtype)
            for interpolation in INTERPOLATIONS:
                images = pictures((4, 3, 12, 8), torch.float32)
                self.check(images, effects, interpolation=interpolation)
        finally:
            torch.set_default_dtype(before)


def gradient_and_difference(effects, interpolation="linear", border="reflect", step=0.25):
    """Of the sum of the result times random numbers, in a random direction.

    Central differences are exact up to rounding where the result is linear in the images; values
    of 0.5 to 1.5 are far from where gamma and the mean are not smooth.
    """
    rng = np.random.default_rng(6)
    images, direction = (torch.from_numpy(rng.random((2, 3, 7, 9), np.float32)) for _ in range(2))
    out_size = (6, 8)
    weights = torch.from_numpy(rng.random((2, 3, *out_size)))
    steps = rows(effects, images, out_size, 1.0)
    sampling = Sampling.checked(interpolation, border)

    def total(pixels):
        made = operations.augmented(pixels, steps, TABLE, out_size, sampling, 1.0, 0.5)
        return (made.double() * weights).sum()

    at = (images + 0.5).requires_grad_()
    (gradient,) = torch.autograd.grad(total(at), at)
    assert gradient.shape == images.shape
    ahead, behind = (total(at.detach() + sign * step * direction) for sign in (1, -1))
    return float((gradient * direction).sum()), float((ahead - behind) / (2 * step))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_gradient_of_all_that_is_linear(interpolation, border):
    toned = {"brightness": 1.2, "contrast": 0.6, "saturation": 1.5, "erase_area": 0.3}
    effects = [
        Effect(**TURN, **toned, noise=0.1, digest=bytes(32)),
        Effect(flip_horizontal=1, crop_area=0.6, contrast=1.3),
    ]
    found, wanted = gradient_and_difference(effects, interpolation, border)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_the_gradient_of_gamma():
    effects = [Effect(**TURN, gamma=0.6, contrast=0.8), Effect(gamma=2.5)]
    found, wanted = gradient_and_difference(effects, step=1 / 256)
    assert found == pytest.approx(wanted, rel=1e-4)


def test_a_pixel_that_is_nan_leaves_other_gradients_finite():
    images = pictures((2, 3, 8, 9), torch.float32).abs()
    images[:, :, 4, 5], images[:, :, 0, 0] = torch.nan, 0
    images.requires_grad_()
    effects = [Effect(**TURN, gamma=0.8, erase_area=0.1), Effect()]
    steps = rows(effects, images, (8, 9), 1.0)
    sampling = Sampling.checked("linear", "reflect")
    done = operations.augmented(images, steps, TABLE, (8, 9), sampling, 1.0, 0.0)
    done.nansum().backward()
    bad = ~images.grad.isfinite()
    assert not bad[1].any()
    assert bad[0].float().mean() < 0.1  # those that are read together with NaN
