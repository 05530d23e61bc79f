"""dpa.integrations.torch: tensors get what arrays get, bit for bit."""

import importlib
import re
import sys
import threading
import tracemalloc
from unittest import mock

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa.images.table import EffectTable
from dpa.integrations.image import apply_augmentation as apply_to_array
from dpa.integrations.image import apply_augmentation_batch
from dpa.noise import standard_normals_batch
from dpa.space import (
    Bernoulli,
    Choice,
    Integers,
    LogUniform,
    Normal,
    Seed,
    Space,
    Uniform,
    sometimes,
)

torch = require("torch")
from dpa.integrations.torch import apply_augmentation, tensors  # noqa: E402 (needs torch)

NOTHING = {"rotation": 0, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
BATCH = dpa.generate_augmentation_batch(range(6), dpa.get_preset("aggressive"))
MOVES = {
    "rotation": Uniform(-180, 180),
    "scale": LogUniform(0.3, 3),
    "shear_x": Uniform(-20, 20),
    "translate_y": Uniform(-0.2, 0.2),
    "flip_horizontal": Bernoulli(0.5),
    "crop": sometimes(
        0.7, {"area": Uniform(0.2, 1), "ratio": LogUniform(0.5, 2), "x": Uniform(0, 1)}
    ),
}
TONES = {
    "brightness": Uniform(0.6, 1.4),
    "contrast": Uniform(0.5, 1.5),
    "noise": Uniform(0, 0.1),
    "erase": sometimes(0.5, {"area": Uniform(0, 0.4), "y": Uniform(0, 1)}),
}
COLOURS = {"saturation": Uniform(0, 2), "grey": Bernoulli(0.2), "gamma": LogUniform(0.5, 2)}
DTYPES = [torch.uint8, torch.float32, torch.float64]
BORDERS = ["reflect", "edge", 0, 1]
INTERPOLATIONS = ["linear", "nearest", "cubic"]
SHAPES = [(6, 3, 24, 31), (6, 1, 40, 20), (6, 2, 1, 9), (6, 4, 9, 1), (6, 3, 1, 1), (6, 5, 8, 7)]
#: By C; by operations, with a gradient and without, as on a device without Triton; by C after a
#: copy to the CPU, as on Apple's GPUs. interpreted_kernels.py has the kernels.
WAYS = ["plain", "gradient", "operations", "copied"]
PATCHES = {"operations": {"_BY_C": ()}, "copied": {"_BY_C": (), "_BY_CPU": ("cpu",)}}


def pictures(shape=(6, 3, 24, 31), dtype=torch.float32, seed=1):
    values = np.random.default_rng(seed).random(shape)
    return torch.from_numpy(values if dtype.is_floating_point else values * 256).to(dtype)


def batch_of(channels, n=6, noise=True):
    space = {**MOVES, **TONES, **(COLOURS if channels in (1, 3) else {})}
    if not noise:
        del space["noise"]
    return dpa.generate_augmentation_batch(range(n), Space(space))


def as_arrays(images, batch, **options):
    arrays = images.permute(0, 2, 3, 1).numpy()
    done = apply_augmentation_batch(arrays, batch, **options)
    return torch.from_numpy(done).permute(0, 3, 1, 2)


def applied(images, batch, way="plain", **options):
    if way in PATCHES:
        with mock.patch.multiple(tensors, **PATCHES[way]):
            return apply_augmentation(images, batch, **options)
    if way == "plain" or images.dtype == torch.uint8:
        return apply_augmentation(images, batch, **options)
    kept = images.detach().requires_grad_()
    done = apply_augmentation(kept, batch, **options)
    assert done.requires_grad or not len(images)
    return done.detach()


def same_bits(one, other):
    """NaN included."""
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    return one.contiguous().numpy().tobytes() == other.contiguous().numpy().tobytes()


# ---- Equal to arrays ----


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tensors_get_what_arrays_get(way, border, interpolation, shape, dtype):
    images, batch = pictures(shape, dtype), batch_of(shape[1])
    options = {"border": border, "interpolation": interpolation, "erase_fill": 1}
    assert same_bits(applied(images, batch, way, **options), as_arrays(images, batch, **options))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("out_size", [(24, 31), (10, 50), (1, 1)], ids=str)
def test_results_of_another_size_and_range(way, dtype, out_size):
    images, batch = pictures(dtype=dtype), batch_of(3)
    white = 200 if dtype == torch.uint8 else 0.75
    for interpolation in INTERPOLATIONS:
        options = {"out_size": out_size, "full_range": white, "interpolation": interpolation}
        done = applied(images, batch, way, **options)
        assert done.shape == (6, 3, *out_size)
        assert same_bits(done, as_arrays(images, batch, **options))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_layout_in_memory_does_not_matter(way, dtype):
    images, batch = pictures(dtype=dtype), batch_of(3)
    wanted = apply_augmentation(images, batch)
    assert wanted.is_contiguous()
    wide = pictures((6, 5, 48, 62), dtype)
    wide[:, 1:4, ::2, 1::2] = images
    turned = images.transpose(2, 3).contiguous().transpose(2, 3)
    repeated = images[:1].expand(6, -1, -1, -1)
    last = images.to(memory_format=torch.channels_last)
    crop = torch.zeros(9, 3, 30, 40, dtype=dtype).to(memory_format=torch.channels_last)
    crop[1:7, :, 2:26, 5:36] = images
    for same in (last, wide[:, 1:4, ::2, 1::2], turned, crop[1:7, :, 2:26, 5:36]):
        kept = same.clone()
        assert same_bits(applied(same, batch, way), wanted)
        assert torch.equal(same, kept)
    assert same_bits(
        applied(repeated, batch, way), apply_augmentation(repeated.contiguous(), batch)
    )
    for same in (last, crop[1:7, :, 2:26, 5:36]):
        done = applied(same.half() if dtype == torch.float32 else same, batch, way)
        assert done.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_nothing_changes_nothing(way, dtype):
    images = pictures(dtype=dtype).float().to(dtype)
    if dtype.is_floating_point:
        images[0, 0, :2, :2] = torch.tensor([[-0.0, torch.inf], [-torch.inf, torch.nan]])
    for interpolation in INTERPOLATIONS:
        done = applied(images, [NOTHING] * 6, way, interpolation=interpolation)
        assert done.data_ptr() != images.data_ptr()
        assert same_bits(done, images)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_finite_spreads_as_in_arrays(way):
    images = pictures((3, 3, 9, 8))
    images[:, 1, 4, 4], images[:, 2, 2, 3] = torch.nan, torch.inf
    batch = [NOTHING, {**NOTHING, "contrast": 0.5}, {**NOTHING, "rotation": 20, "gamma": 0.5}]
    for interpolation in INTERPOLATIONS:
        done = applied(images, batch, way, interpolation=interpolation)
        wanted = as_arrays(images, batch, interpolation=interpolation)
        assert torch.equal(done.isnan(), wanted.isnan())
        assert torch.equal(done.nan_to_num(), wanted.nan_to_num())
    assert done[1].isnan().sum() == 1  # the mean is of finite pixels


def test_the_noise_is_the_field_of_the_array():
    images = torch.zeros(2, 3, 5, 7)
    batch = [{**NOTHING, "noise": 0.25, "hash": params["hash"]} for params in BATCH[:2]]
    field = standard_normals_batch(batch, (5, 7, 3)) / 4
    done = apply_augmentation(images, batch).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(done, field)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_computed_in_single_precision(way, dtype):
    for images in (pictures(dtype=dtype), pictures(dtype=dtype)[:, :, ::2]):
        done = applied(images, BATCH, way)
        assert done.dtype == dtype
        assert torch.equal(done, apply_augmentation(images.float(), BATCH).to(dtype))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_autocast_changes_nothing(way, dtype):
    images, batch = pictures(dtype=dtype), batch_of(3)
    wanted = apply_augmentation(images, batch)
    with torch.autocast("cpu", torch.bfloat16):
        assert same_bits(applied(images, batch, way).float(), wanted.float())


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # PyTorch's own, after a graph break
@pytest.mark.parametrize("way", WAYS)
def test_a_compiler_changes_nothing(way):
    images, batch = pictures(), batch_of(3)
    compiled = torch.compile(lambda pixels: apply_augmentation(pixels, batch) + 1, backend="eager")
    done = compiled(images.requires_grad_(way == "gradient"))
    assert done.requires_grad == (way == "gradient")
    assert same_bits(done.detach(), apply_augmentation(images.detach(), batch) + 1)


def test_floats_of_0_to_255_get_a_warning(monkeypatch):
    monkeypatch.setattr("dpa.images.pixels._warned", False)
    monkeypatch.setattr("dpa.images.pixels._looked", 0)
    with pytest.warns(UserWarning, match=r"say full_range=255") as warned:
        apply_augmentation(pictures() * 255, batch_of(3))
    assert [each.filename for each in warned] == [__file__]


# ---- Batches ----


def test_a_batch_may_be_dicts_and_may_be_empty():
    images, batch = pictures(), batch_of(3)
    wanted = apply_augmentation(images, batch)
    assert same_bits(apply_augmentation(images, batch.to_dicts()), wanted)
    assert same_bits(apply_augmentation(images[2:3], batch[2:3]), wanted[2:3])
    for way in WAYS:
        assert applied(images[:0], batch[:0], way).shape == (0, 3, 24, 31)
    reduced = dpa.generate_augmentation_batch(range(6), batch.config, dtype="float32")
    assert same_bits(
        apply_augmentation(images, reduced), apply_augmentation(images, reduced.to_dicts())
    )


@pytest.mark.parametrize("way", WAYS)
def test_each_sample_is_as_alone(way):
    quiet = {**BATCH[1], "noise": 0}
    del quiet["hash"]
    mixed = [BATCH[0], quiet, {"grey": True, "gamma": 2.0}, NOTHING]
    images = pictures((4, 3, 8, 9))
    done = applied(images, mixed, way)
    alone = [apply_augmentation(images[at : at + 1], mixed[at : at + 1]) for at in range(4)]
    assert same_bits(done, torch.cat(alone))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads, dtype, monkeypatch):
    images, batch = pictures((43, 3, 16, 15), dtype), batch_of(3, 43)
    wanted = apply_augmentation(images.to(torch.float32), batch) if dtype != torch.uint8 else None
    wanted = as_arrays(images, batch) if wanted is None else wanted.to(dtype)
    begun, start = [], threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: [begun.append(self), start(self)])
    monkeypatch.setattr(tensors, "_SPAN", 16 * 15 * 3)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    with torch.inference_mode():
        done = apply_augmentation(images, batch)
    assert torch.equal(done, wanted)
    assert len(begun) >= threads - 1


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32], ids=str)
@pytest.mark.parametrize("last", [False, True])
def test_memory_is_that_of_the_result(dtype, last):
    layout = torch.channels_last if last else torch.contiguous_format
    images = torch.empty((256, 3, 64, 64), dtype=dtype, memory_format=layout).zero_()
    batch = batch_of(3, 256)
    with torch.profiler.profile(profile_memory=True) as profile:
        apply_augmentation(images, batch)
    assert sum(max(event.self_cpu_memory_usage, 0) for event in profile.events()) < 10_000
    tracemalloc.start()
    apply_augmentation(images, batch)
    arrays = tracemalloc.get_traced_memory()[1]  # NumPy's
    tracemalloc.stop()
    size = images.numel() * images.element_size()
    assert size <= arrays < size + 500_000  # the parameters as tables: some 500 bytes a sample


DECLARED = {
    "rotation": [
        Choice([-90, 0, 90]),
        Choice([0.0, 12.5]),
        Integers(-3, 4),
        Seed(),
        Bernoulli(0.5),
    ],
    "brightness": [
        Bernoulli(0.5),
        Choice([True, False]),
        Choice([0.5, 2.0]),
        Uniform(0, 2, shape=2),
    ],
    "flip_vertical": [Bernoulli(0.5), Integers(0, 2), Choice([0, 1]), Choice([True, False])],
    "grey": [Integers(0, 3), Choice([0.0, 1.0]), Choice(["yes", "no"]), Uniform(0, 1)],
    "scale": [Uniform(0, 1), LogUniform(0.001, 1000), Normal(1, 3), Choice(["big", "small"])],
    "erase.area": [Integers(0, 2), Uniform(-1, 1), Uniform(0, 1)],
}


@pytest.mark.parametrize("name", DECLARED)
def test_columns_are_taken_and_refused_as_dicts_are(name):
    for each in DECLARED[name]:
        space = Space({name: each, "noise": Uniform(0, 0.1)})
        batch = dpa.generate_augmentation_batch(range(40), space)
        try:
            wanted = EffectTable.checked(batch.to_dicts())
        except (TypeError, ValueError) as error:
            with pytest.raises(type(error), match=re.escape(str(error))):
                EffectTable.checked(batch)
            continue
        found = EffectTable.checked(batch)
        assert np.array_equal(found.rows, wanted.rows, equal_nan=True)
        assert np.array_equal(found.digests, wanted.digests)


# ---- Gradients ----


@pytest.mark.parametrize("border", ["reflect", "edge", 0.5])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_gradient_is_that_of_finite_differences(border, interpolation):
    """All but gamma is linear in the images, so that large steps are exact enough."""
    batch, rng = batch_of(3, noise=False), np.random.default_rng(3)
    plain = [{**params, "gamma": 1.0} for params in batch]
    images = pictures((6, 3, 9, 8)).requires_grad_()
    options = {"border": border, "interpolation": interpolation}
    weights = torch.from_numpy(rng.normal(size=(6, 3, 9, 8))).float()
    apply_augmentation(images, plain, **options).mul(weights).sum().backward()
    for _ in range(8):
        step = torch.from_numpy(rng.normal(size=images.shape)).float()
        ends = (apply_augmentation(images.detach() + k * step, plain, **options) for k in (1, -1))
        up, down = ((end.double() * weights).sum() for end in ends)
        assert torch.isclose(
            (up - down) / 2, (images.grad * step).double().sum(), rtol=1e-3, atol=1e-3
        )


def test_the_gradient_of_gamma():
    images = (pictures((1, 3, 9, 8)) + 0.5).requires_grad_()
    apply_augmentation(images, [{"gamma": 2.0, "brightness": 3.0}]).sum().backward()
    assert torch.allclose(images.grad, 6 * images.detach())


@pytest.mark.parametrize(
    "params", [{"contrast": 0.5}, {"gamma": 2.0}, {"rotation": 30.0, "contrast": 0.5, "gamma": 1.5}]
)
def test_second_derivatives(params):
    images = pictures((1, 1, 2, 3)) + 0.5

    def energy(pixels):
        return apply_augmentation(pixels, [params]).pow(2).sum()

    def slope(pixels):
        pixels = pixels.detach().requires_grad_()
        return torch.autograd.grad(energy(pixels), pixels)[0].flatten()

    found = torch.autograd.functional.hessian(energy, images).view(6, 6)
    steps = 0.01 * torch.eye(6).view(6, 1, 1, 2, 3)
    wanted = torch.stack([(slope(images + s) - slope(images - s)) / 0.02 for s in steps])
    assert torch.allclose(found, wanted, rtol=0.02, atol=0.02)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # PyTorch's own call
def test_the_forward_derivative():
    forward, images = torch.autograd.forward_ad, pictures((1, 1, 2, 3))
    with forward.dual_level():
        dual = forward.make_dual(images, torch.ones_like(images))
        done = forward.unpack_dual(apply_augmentation(dual, [{"brightness": 2.0}]))
    assert torch.equal(done.primal, images * 2)
    assert torch.equal(done.tangent, torch.full_like(images, 2))


def test_no_gradient_where_none_is_wanted():
    images = pictures().requires_grad_()
    with torch.no_grad():
        assert not apply_augmentation(images, BATCH).requires_grad
    assert not apply_augmentation(images.detach(), BATCH).requires_grad


# ---- Arguments ----


def test_tensors_that_c_cannot_read():
    images = pictures((2, 3, 5, 7))
    wanted, batch = apply_augmentation(images, BATCH[:2]), BATCH[:2]
    buffer = bytearray(1) + bytearray(images.numpy().tobytes())
    odd = torch.frombuffer(buffer, dtype=torch.float32, offset=1).view(images.shape)
    for same in (odd, torch._neg_view(-images), torch.nn.Parameter(images, requires_grad=False)):
        assert same_bits(apply_augmentation(same, batch), wanted)
    for none in (images.to("meta"), images.to_sparse()):
        with pytest.raises(TypeError, match=r"images must be a dense tensor with data, got "):
            apply_augmentation(none, batch)


@pytest.mark.parametrize("way", WAYS)
def test_the_largest_single_may_be_written_with_few_digits(way):
    options = {"border": 3.4028235e38, "erase_fill": 3.4028235e38}
    batch, images = [{"scale": 0.5, "erase.area": 0.1}], pictures((1, 1, 8, 8))
    assert same_bits(applied(images, batch, way, **options), as_arrays(images, batch, **options))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (np.zeros((6, 3, 4, 4)), TypeError, "float64, float16, bfloat16, got ndarray"),
        (torch.zeros(6, 3, 4, 4, dtype=torch.int64), TypeError, "dtypes uint8, float32, float64"),
        (torch.zeros(6, 3, 4, 4, dtype=torch.bool), TypeError, "bfloat16, got torch.bool"),
        (torch.zeros(3, 4, 4), ValueError, "NxCxHxW and not empty, got shape (3, 4, 4)"),
        (torch.zeros(6, 3, 0, 4), ValueError, "NxCxHxW and not empty, got shape (6, 3, 0, 4)"),
        (torch.zeros(6, 0, 4, 4), ValueError, "NxCxHxW and not empty, got shape (6, 0, 4, 4)"),
        (torch.zeros(6, 8, 8, 3), ValueError, "(6, 8, 8, 3), which looks like NxHxWxC"),
        (torch.zeros(6, 12, 8, 1), ValueError, "images.permute(0, 3, 1, 2) puts the"),
        (torch.zeros(6, 8, 8, 2), ValueError, "(6, 8, 8, 2), which looks like NxHxWxC"),
        (torch.zeros(6, 26, 30, 13), ValueError, "(6, 26, 30, 13), which looks like NxHxWxC"),
        (torch.zeros(5, 3, 4, 4), ValueError, "images and batch must be as many, got 5 and 6"),
        (torch.zeros(6, 1, 1, 32768), ValueError, "sides of 1 to 32767 pixels, got 1 x 32768"),
    ],
)
def test_bad_images_are_named(images, error, message):
    with pytest.raises(error, match=re.escape(message)):
        apply_augmentation(images, BATCH)


@pytest.mark.parametrize("shape", [(6, 7, 8, 3), (6, 8, 7, 3), (6, 8, 8, 5), (6, 25, 30, 13)])
def test_a_narrow_picture_is_no_nhwc(shape):
    assert apply_augmentation(torch.zeros(shape), BATCH).shape == shape


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"border": "zeros"},
            "must be one of reflect, edge or a finite number, got 'zeros'",
        ),
        ({"border": 0.5}, "border must be a whole number of 0 to 255 for uint8, got 0.5"),
        ({"interpolation": "bilinear"}, "linear, nearest, cubic, got 'bilinear'"),
        ({"out_size": (0, 4)}, "out_size must be (height, width)"),
        ({"full_range": 256}, "full_range must be a whole number of 1 to 255 for uint8, got 256"),
        ({"erase_fill": 300}, "erase_fill must be a whole number of 0 to 255 for uint8, got 300"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        apply_augmentation(pictures((6, 1, 4, 4), torch.uint8), BATCH, **options)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({**NOTHING, "scale": 0}, "params['scale'] must be at least 0.001, got 0"),
        ({"translate_x": 1000.0, "scale": 0.001, "crop.area": 1.0}, "out of range; the sample has"),
        ({"brightness": 1e39}, "float32 holds, got the brightness 1e+39, the contrast 1.0"),
        ({"brightness": 1e30, "contrast": -1e30}, "float32 holds, got the brightness 1e+30"),
        ({"grey": True}, "saturation and grey need 1 or 3 channels, got 2"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_bad_samples_are_named(params, message, way):
    images = pictures((2, 2, 4, 32767 if "translate_x" in params else 4))
    with pytest.raises(ValueError, match=re.escape(message)) as said:
        applied(images, [NOTHING, params], way)
    assert str(said.value).endswith(" (sample 1 of the batch)")
    with pytest.raises(ValueError, match=re.escape(message)):
        apply_to_array(images[1].permute(1, 2, 0).numpy(), params)


def test_a_mean_that_makes_an_offset_too_large_is_refused():
    images = torch.full((2, 1, 8, 8), 1e4)
    bad = {"brightness": 1e30, "contrast": -1e7}
    told = r"the brightness 1e\+30, .* \(sample 1 of the batch\)$"
    for way in WAYS:
        with pytest.raises(ValueError, match=told):
            applied(images, [NOTHING, bad], way)
    for dtype in (np.float32, np.float64):
        arrays = images.permute(0, 2, 3, 1).numpy().astype(dtype)
        for stack in (arrays, list(arrays)):
            with pytest.raises(ValueError, match=told):
                apply_augmentation_batch(stack, [NOTHING, bad])


def test_names_that_are_no_effects():
    images, own = pictures((1, 3, 4, 4)), [{"rotation": 3.0, "hue": 0.1}]
    assert same_bits(
        apply_augmentation(images, own), apply_augmentation(images, [{"rotation": 3.0}])
    )
    with pytest.raises(ValueError, match=r"no effect 'hue'; there are rotation, scale"):
        apply_augmentation(images, own, strict=True)
    space = Space({"rotation": Uniform(-9, 9), "hue": Uniform(0, 1)})
    batch = dpa.generate_augmentation_batch([1], space)
    assert same_bits(
        apply_augmentation(images, batch), apply_augmentation(images, batch.to_dicts())
    )
    with pytest.raises(ValueError, match=r"no effect 'hue'"):
        apply_augmentation(images, batch, strict=True)
    assert same_bits(
        apply_augmentation(images, batch_of(3, 1), strict=True),
        apply_augmentation(images, batch_of(3, 1)),
    )


def test_without_pytorch_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("dpa.integrations.torch")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r"pip install 'dpa-augment\[torch\]'"):
        importlib.import_module("dpa.integrations.torch")
