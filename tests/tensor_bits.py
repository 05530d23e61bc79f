"""What operations.py and the kernels of dpa.integrations.torch share: they make arrays' bits."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from dpa.images.effects import Effect
from dpa.images.forms import Form, Rendering, Sampling
from dpa.images.noise import noise_table
from dpa.images.pixels import augmented
from dpa.images.table import EffectTable

TABLE = torch.from_numpy(noise_table().copy())
INTERPOLATIONS = ["linear", "nearest", "cubic"]
BORDERS = ["reflect", "edge", 7.0]


def rows(effects: Sequence[Effect], images, out_size, full_range):
    """What is done to images NxCxHxW, as int64 (N, 28)."""
    dtype = np.dtype(np.uint8 if images.dtype == torch.uint8 else np.float32)
    rendering = Rendering.checked(out_size, 0, full_range=full_range)
    form = Form.checked(tuple(images.shape[2:]), images.shape[1], dtype, rendering)
    return torch.from_numpy(form.steps(EffectTable.of(list(effects))))


def assert_same_bits(found, wanted):
    """NaN aside, whose bits are not defined."""
    found = found.detach().numpy()
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    if wanted.dtype.kind == "f":
        nan = np.isnan(wanted)
        assert np.array_equal(np.isnan(found), nan)
        found, wanted = (np.where(nan, 0, each).view(np.int32) for each in (found, wanted))
    assert np.array_equal(found, wanted), f"{(found != wanted).sum()} of {found.size} differ"


def pictures(shape, dtype, seed=1):
    """NxCxHxW: all levels of bytes, or floats around 0 to 1."""
    rng = np.random.default_rng(seed)
    if dtype == torch.uint8:
        return torch.from_numpy(rng.integers(0, 256, shape).astype(np.uint8))
    return torch.from_numpy(rng.normal(0.5, 0.5, shape).astype(np.float32))


def random_effect(rng, channels):
    """Each part of an effect in about half of the samples; one in eight does nothing."""
    if rng.random() < 0.125:
        return Effect()

    def perhaps(value):
        return value if rng.random() < 0.5 else None

    parts = {
        "rotation": perhaps(rng.uniform(-180, 180)),
        "scale": perhaps(np.exp(rng.uniform(-1.5, 1.5))),
        "shear_x": perhaps(rng.uniform(-60, 60)),
        "translate_x": perhaps(rng.uniform(-2, 2)),
        "flip_vertical": perhaps(1),
        "crop_area": perhaps(rng.uniform(0.1, 1)),
        "gamma": perhaps(np.exp(rng.uniform(-1, 1))),
        "brightness": perhaps(rng.uniform(-0.5, 1.5)),
        "contrast": perhaps(rng.uniform(0.5, 1.5)),
        "saturation": perhaps(rng.uniform(0, 3)) if channels in (1, 3) else None,
        "noise": perhaps(rng.uniform(0, 0.2)),
        "erase_area": perhaps(rng.uniform(0, 0.5)),
    }
    parts = {name: float(value) for name, value in parts.items() if value is not None}
    return Effect(**parts, digest=rng.bytes(32) if "noise" in parts else None)


class BitsOfArrays:
    """A base class of tests: `augmented` makes the bits of dpa.images.pixels.augmented."""

    augmented = None

    def made(self, images, effects, out_size, full_range, erase_fill, sampling):
        steps = rows(effects, images, out_size, full_range)
        with np.errstate(all="ignore"):  # Triton's interpreter warns of NaN
            return type(self).augmented(
                images, steps, TABLE, out_size, sampling, full_range, erase_fill
            )

    def check(
        self,
        images,
        effects,
        out_size=None,
        interpolation="linear",
        border="reflect",
        full_range=None,
        erase_fill=0.0,
    ):
        full_range = full_range or (255.0 if images.dtype == torch.uint8 else 1.0)
        out_size = out_size or tuple(images.shape[2:])
        sampling = Sampling.checked(interpolation, border)
        rendering = Rendering(sampling, out_size, full_range, erase_fill)
        kept = images.clone()
        found = self.made(images, effects, out_size, full_range, erase_fill, sampling)
        arrays = np.ascontiguousarray(images.numpy().transpose(0, 2, 3, 1))
        with np.errstate(all="ignore"):
            wanted = [
                augmented(image, effect, rendering)
                for image, effect in zip(arrays, effects, strict=True)
            ]
        assert_same_bits(found, np.stack(wanted).transpose(0, 3, 1, 2))
        assert_same_bits(images, kept.numpy())
        return found

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
    @pytest.mark.parametrize("border", BORDERS)
    @pytest.mark.parametrize("interpolation", INTERPOLATIONS)
    def test_random_effects_of_each_form(self, interpolation, border, dtype):
        rng = np.random.default_rng(len(interpolation) + BORDERS.index(border))
        for channels in (1, 2, 3, 4):
            size, out_size = map(tuple, rng.integers(1, 25, (2, 2)).tolist())
            effects = [random_effect(rng, channels) for _ in range(3)]
            images = pictures((3, channels, *size), dtype)
            if channels % 2:
                self.check(images, effects, size, interpolation, border)
            else:
                full_range = 200.0 if dtype == torch.uint8 else 0.9
                self.check(images, effects, out_size, interpolation, border, full_range, 1.0)

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_noise_where_programs_of_512_pixels_meet(self, channels):
        """Sizes about such a number, and about the eight numbers of a block of noise."""
        noisy = Effect(noise=0.25, digest=bytes(range(32)))
        for size in ((1, 511), (1, 512), (27, 19), (1, 7), (3, 3), (1, 1025)):
            self.check(torch.zeros(2, channels, *size), [noisy, noisy._replace(contrast=0.5)])

    @pytest.mark.parametrize("border", BORDERS)
    @pytest.mark.parametrize("interpolation", INTERPOLATIONS)
    @pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (1, 9)])
    def test_small_sides_and_far_places(self, size, interpolation, border):
        effects = [
            Effect(scale=0.001, rotation=10.0),
            Effect(scale=0.02),
            Effect(translate_x=1000.0, translate_y=-1000.0, scale=0.3),
            Effect(scale=1000.0, rotation=-100.0),
        ]
        self.check(pictures((4, 1, *size), torch.float32), effects, (5, 4), interpolation, border)
        images = pictures((4, 1, *size), torch.uint8)
        self.check(images, effects, (5, 4), interpolation, border)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
    def test_results_of_one_pixel(self, dtype):
        effects = [Effect(contrast=0.5), Effect(noise=0.2, digest=bytes(32)), Effect(erase_area=1)]
        self.check(pictures((3, 3, 5, 6), dtype), effects, (1, 1))

    @pytest.mark.parametrize("border", ["reflect", 0.25])
    @pytest.mark.parametrize("interpolation", INTERPOLATIONS)
    def test_nan_infinity_and_minus_zero(self, interpolation, border):
        images = pictures((9, 3, 9, 11), torch.float32)
        images[:, :, 2, 3], images[:, 1, 4:6, 6] = torch.nan, torch.inf
        images[:, 0, :, 8], images[:, 2, 7, :] = -0.0, 1e-42
        turned = {"rotation": 90.0, "scale": 1.25}
        effects = [
            Effect(),
            Effect(gamma=0.7),
            Effect(contrast=0.5),
            Effect(saturation=0.0),
            Effect(saturation=0.3, brightness=-1.0),
            Effect(**turned),
            Effect(flip_horizontal=1),
            Effect(flip_horizontal=1, brightness=-2.0),
            Effect(**turned, gamma=1.5, contrast=1.5, noise=0.1, digest=bytes(32)),
        ]
        self.check(images, effects, interpolation=interpolation, border=border)

    def test_what_changes_nothing_copies_each_bit(self):
        images = torch.tensor([0x7F800001, -1, -(2**31), 1], dtype=torch.int32)
        images = images.view(torch.float32).view(1, 1, 2, 2).expand(2, 1, 2, 2)
        effects = [Effect(), Effect(rotation=360.0)]
        for interpolation in INTERPOLATIONS:
            sampling = Sampling.checked(interpolation, "edge")
            done = self.made(images, effects, (2, 2), 1.0, 0.0, sampling)
            assert torch.equal(done.view(torch.int32), images.view(torch.int32))

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=["uint8", "float32"])
    @pytest.mark.parametrize("interpolation", INTERPOLATIONS)
    def test_strides_change_nothing_and_channels_last_stays(self, interpolation, dtype):
        rng = np.random.default_rng(5)
        effects = [random_effect(rng, 3) for _ in range(2)] + [Effect()]
        images = pictures((3, 3, 12, 14), dtype)
        wide = torch.zeros(3, 6, 24, 42, dtype=dtype)
        wide[:, ::2, 1::2, ::3] = images
        last = images.contiguous(memory_format=torch.channels_last)
        for same in (images, wide[:, ::2, 1::2, ::3], last, images.mT.contiguous().mT):
            done = self.check(same, effects, None, interpolation, erase_fill=1.0)
            assert done.is_contiguous() == (same is not last)
            assert done.is_contiguous(memory_format=torch.channels_last) == (same is last)

    def test_a_sample_may_span_more_than_31_bits(self):
        room = torch.empty(2**31 + 4096, dtype=torch.uint8)  # its pages are not touched
        images = room.as_strided((1, 3, 7, 8), (2**31, 2**30, 8, 1))
        images.copy_(pictures((1, 3, 7, 8), torch.uint8))
        sampling = Sampling.checked("linear", "reflect")
        how = ([Effect(rotation=30.0, contrast=0.5)], (7, 8), 255.0, 0.0, sampling)
        assert torch.equal(self.made(images, *how), self.made(images.clone(), *how))

    def test_an_empty_batch(self):
        images = torch.zeros(0, 3, 4, 5)
        sampling = Sampling.checked("linear", "reflect")
        done = self.made(images, [], (2, 3), 1.0, 0.0, sampling)
        assert done.shape == (0, 3, 2, 3)
