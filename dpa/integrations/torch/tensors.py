"""Applies parameters to a batch of images on any device (docs/images.md)."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from subprocess import CalledProcessError
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dpa.checks import boolean, brief
from dpa.host.threads import spread
from dpa.images.effects import require_channels_second
from dpa.images.forms import TOO_LARGE, Form, Rendering, Steps, require_sides, too_large
from dpa.images.noise import noise_table
from dpa.images.pixels import warn_of_levels
from dpa.images.table import EffectTable
from dpa.integrations.torch import operations
from dpa.integrations.torch.steps import LIFT, is_channels_last, memory_format

_DTYPES = (torch.uint8, torch.float32, torch.float64, torch.float16, torch.bfloat16)
#: Values that a thread makes at a time: about a millisecond's.
_SPAN = 1 << 19
#: Devices whose tensors C reads, and those whose tensors are copied to the CPU and back: Metal has
#: no doubles, which means and gamma are made of.
_BY_C, _BY_CPU = ("cpu",), ("mps",)
#: No mean of floats is larger, in full ranges.
_LARGEST_MEAN = 2.0**14


def apply_augmentation(
    images: torch.Tensor,
    batch: Iterable[Mapping[str, Any]],
    *,
    out_size: tuple[int, int] | None = None,
    border: str | float = "reflect",
    interpolation: str = "linear",
    full_range: float | None = None,
    erase_fill: float = 0,
    strict: bool = False,
) -> torch.Tensor:
    """Applies to each image of a tensor the parameters of its sample; the input stays unchanged.

    The effects, and the bits of uint8 and float32, are those of
    dpa.integrations.image.apply_augmentation on arrays, on every device and with every memory
    format.

    Parameters
    ----------
    images
        uint8 or floating point, NxCxHxW, on any device. A tensor that looks like NxHxWxC is
        refused. float16, bfloat16 and float64 are computed as float32; autocast changes nothing.
    batch
        An AugmentationBatch, which is the fastest, or a sequence of dicts, N of them.
    out_size
        (height, width) of the results; None keeps those of the images.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".
    full_range
        The value of white: noise and gamma are relative to it, and integers are clipped to it.
        None: 255 for uint8, 1 for floats.
    erase_fill
        What erased pixels become.
    strict
        Whether names that are no effects are refused, not ignored.

    Returns
    -------
    torch.Tensor
        NxCxHxW of the same dtype, device and memory format. Where images require a gradient, it
        has one with respect to them, and takes longer.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> import dpa
    >>> batch = dpa.generate_augmentation_batch(range(4))
    >>> apply_augmentation(torch.zeros(4, 3, 32, 48), batch).shape
    torch.Size([4, 3, 32, 48])
    """
    apply = _applied
    if "torch._dynamo" in sys.modules:  # only then can anything be compiled
        apply = torch.compiler.disable(_applied)  # compilers fuse what must be rounded
    options = (out_size, border, interpolation, full_range, erase_fill)
    return apply(images, batch, options, strict)


def _applied(
    images: torch.Tensor,
    batch: Iterable[Mapping[str, Any]],
    options: tuple[Any, ...],
    strict: bool,
) -> torch.Tensor:
    rendering = Rendering.checked(*options)
    boolean("strict", strict)
    _check(images)
    images = images.resolve_neg()
    table = EffectTable.checked(batch, strict=strict)
    if len(images) != len(table.rows):
        raise ValueError(
            f"images and batch must be as many, got {len(images)} and {len(table.rows)}"
        )
    if rendering.full_range is None and images.is_floating_point() and table.is_relative():
        for first in images.detach()[:1] if images.device.type == "cpu" else ():
            warn_of_levels(first.float().numpy())
    device = images.device
    if copied := device.type in _BY_CPU:
        images = images.cpu()
    by_c = (copied or device.type in _BY_C) and not _needs_gradient(images)
    channels, height, width = images.shape[1:]
    dtype = np.dtype(np.float32 if images.is_floating_point() else np.uint8)
    planes = not is_channels_last(images)
    form = Form.checked((height, width), channels, dtype, rendering, planes=planes)
    way = _by_c if by_c else _on_device
    return way(images, table, form, form.steps(table)).to(device)


def _check(images: torch.Tensor) -> None:
    if not isinstance(images, torch.Tensor) or images.dtype not in _DTYPES:
        found = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        known = ", ".join(str(dtype).removeprefix("torch.") for dtype in _DTYPES)
        raise TypeError(f"images must be a tensor of one of the dtypes {known}, got {found}")
    if images.layout != torch.strided or images.is_nested or images.is_meta:
        raise TypeError(f"images must be a dense tensor with data, got {brief(images)}")
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"images must be NxCxHxW and not empty, got shape {tuple(images.shape)}")
    require_sides("images", *images.shape[2:])
    require_channels_second("images", tuple(images.shape))


def _single(dtype: torch.dtype) -> torch.dtype:
    """What pixels of that dtype are computed as."""
    return torch.float32 if dtype.is_floating_point else dtype


def _needs_gradient(images: torch.Tensor) -> bool:
    forward = torch.autograd.forward_ad.unpack_dual(images).tangent
    return forward is not None or bool(images.requires_grad and torch.is_grad_enabled())


# ---- On the CPU ----


def _by_c(images: torch.Tensor, table: EffectTable, form: Form, steps: Steps) -> torch.Tensor:
    """With threads over the batch. What C cannot read is converted in parts, in small memory."""
    last, layout, single = is_channels_last(images), memory_format(images), _single(images.dtype)
    threads = torch.get_num_threads()
    span = max(1, _SPAN // (form.channels * max(math.prod(form.size), math.prod(form.out))))
    if images.data_ptr() % images.element_size():  # of a buffer of bytes: C cannot read it
        images = images.clone()
    ready = single == images.dtype and images.is_contiguous(memory_format=layout)
    some = max(1, len(images)) if ready else 4 * threads * span
    source, results = images.detach(), _blank(images, form.out, last)
    for at in range(0, len(images), some):
        part = slice(at, at + some)
        pixels = source[part].to(single).contiguous(memory_format=layout)
        made = results[part] if single == images.dtype else _blank(pixels, form.out, last)
        fill = _filler(form, _array(pixels, last), _array(made, last), steps[part], at, table)
        spread(fill, len(pixels), span, threads)
        if made.dtype != images.dtype:
            results[part] = made
    return results


def _filler(
    form: Form,
    images: npt.NDArray[Any],
    results: npt.NDArray[Any],
    steps: Steps,
    at: int,
    table: EffectTable,
) -> Callable[[int, int], None]:
    """Makes a span of results; the first image is number `at` of the table."""

    def fill(first: int, count: int) -> None:
        own = slice(first, first + count)
        form.augment(images[own], results[own], steps[own], lambda i: table.effect(at + first + i))

    return fill


def _blank(images: torch.Tensor, out: tuple[int, int], last: bool) -> torch.Tensor:
    """Room for results of these images, on the CPU.

    NumPy asks Linux for huge pages, so that fresh memory of many megabytes costs few page faults.
    """
    samples, channels = images.shape[:2]
    shape = (samples, *out, channels) if last else (samples, channels, *out)
    room = torch.from_numpy(np.empty(shape, f"i{images.element_size()}")).view(images.dtype)
    return room.permute(0, 3, 1, 2) if last else room


def _array(images: torch.Tensor, last: bool) -> npt.NDArray[Any]:
    """Their memory, C-contiguous: NxHxWxC if the channels are last, else NxCxHxW."""
    array: npt.NDArray[Any] = (images.permute(0, 2, 3, 1) if last else images).numpy()
    return array


# ---- On other devices, and where there is a gradient ----


def _on_device(images: torch.Tensor, table: EffectTable, form: Form, steps: Steps) -> torch.Tensor:
    """By a kernel where Triton is, else by torch operations, which have a gradient, too."""
    device, sampling = images.device, form.rendering.sampling
    # The mean is not known here: a sample is refused that some mean would make too large.
    most = form.full_range * (1.0 if images.dtype == torch.uint8 else _LARGEST_MEAN)
    lifts = np.abs(steps.view(np.float64)[:, LIFT])
    for at in np.flatnonzero(lifts * most >= TOO_LARGE)[:1]:
        raise too_large(table.effect(at))
    noise = _noise_on(device) if table.digests is not None else torch.empty(0, device=device)
    rows, pixels = torch.from_numpy(steps), images
    if device.type == "cuda":
        rows = rows.pin_memory()  # or the copy would wait for all that the GPU still has to do
    if _single(images.dtype) != images.dtype:
        pixels = images.to(_single(images.dtype), memory_format=memory_format(images))
    # PyTorch refuses doubles that only round to the largest single.
    fills = (sampling.fill, form.rendering.erase_fill)
    fill, erased = (float(np.float32(each)) for each in fills)
    arguments = (
        *(pixels, rows.to(device, non_blocking=True), noise, form.out),
        *(sampling._replace(fill=fill), form.full_range, erased),
    )
    kernels = None if _needs_gradient(images) else _kernels(device.type)
    if kernels is None or form.channels > kernels.MAX_CHANNELS:
        results = operations.augmented(*arguments)
    else:
        results = kernels.augmented(*arguments, **kernels.needs_of(steps))
    return results.to(images.dtype)


@cache
def _noise_on(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(noise_table().copy()).to(device)


@cache
def _kernels(device: str) -> ModuleType | None:
    """Those of Triton, which PyTorch's builds for CUDA and ROCm bring, if they work."""
    if device != "cuda":
        return None
    try:
        kernels = import_module("dpa.integrations.torch.kernels")
        kernels.try_out(device)
    except (ImportError, OSError, RuntimeError, CalledProcessError) as error:
        warnings.warn(
            f"Triton cannot be used ({error}): tensors take PyTorch's operations, which are slower",
            UserWarning,
            stacklevel=2,
        )
        return None
    return kernels
