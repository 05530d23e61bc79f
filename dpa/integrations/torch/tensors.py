"""Applies parameters to a batch of images on any device (docs/images.md)."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import extra, finite
from dpa.host.threads import spread
from dpa.images.effects import require_channels_second
from dpa.images.forms import TOO_LARGE, Form, Sampling, Steps, Tones, too_large
from dpa.images.noise import noise_table
from dpa.images.pixels import warn_of_levels
from dpa.images.table import EffectTable
from dpa.integrations.labels import checked_size

with extra("torch", "dpa.integrations.torch needs PyTorch"):
    import torch

    from dpa.integrations.torch import operations
    from dpa.integrations.torch.steps import GAMMA, LIFT

_FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
#: Values that a thread makes at a time: about a millisecond's.
_SPAN = 1 << 19
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
    tones = Tones(full_range, finite("erase_fill", erase_fill))
    return apply(images, batch, out_size, border, interpolation, tones, strict)


def _applied(
    images: torch.Tensor,
    batch: Iterable[Mapping[str, Any]],
    out_size: tuple[int, int] | None,
    border: str | float,
    interpolation: str,
    tones: Tones,
    strict: bool,
) -> torch.Tensor:
    sampling = Sampling.checked(interpolation, border)
    size = None if out_size is None else checked_size("out_size", out_size)
    _check(images)
    table = EffectTable.checked(batch, strict=strict)
    if len(images) != len(table.rows):
        raise ValueError(
            f"images and batch must be as many, got {len(images)} and {len(table.rows)}"
        )
    channels, height, width = images.shape[1:]
    form = Form.checked(
        *((height, width), channels, _dtype(images), sampling, tones, size),
        planes=not _is_channels_last(images),
    )
    steps = form.steps(table)
    if tones.full_range is None and images.is_floating_point() and table.is_relative():
        for first in images.detach()[:1] if images.device.type == "cpu" else ():
            warn_of_levels(first.float().numpy())
    if _needs_gradient(images):
        return _on_device(images, form, steps, table, sampling, tones)
    if images.device.type == "mps":  # has no doubles, which means and gamma are made of
        return _on_cpu(images.cpu(), form, steps, table).to(images.device)
    if images.device.type == "cpu":
        return _on_cpu(images, form, steps, table)
    return _on_device(images, form, steps, table, sampling, tones)


def _check(images: torch.Tensor) -> None:
    if not isinstance(images, torch.Tensor) or images.dtype not in (torch.uint8, *_FLOATS):
        found = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        raise TypeError(f"images must be a tensor of uint8 or floating point, got {found}")
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"images must be NxCxHxW and not empty, got shape {tuple(images.shape)}")
    require_channels_second("images", tuple(images.shape))


def _single(dtype: torch.dtype) -> torch.dtype:
    """What pixels of that dtype are computed as."""
    return torch.float32 if dtype.is_floating_point else dtype


def _dtype(images: torch.Tensor) -> np.dtype[Any]:
    """That of the arrays that they are computed as."""
    return np.dtype(np.float32 if images.is_floating_point() else np.uint8)


def _is_channels_last(images: torch.Tensor) -> bool:
    last: bool = images.is_contiguous(memory_format=torch.channels_last)
    return last and not images.is_contiguous()


def _needs_gradient(images: torch.Tensor) -> bool:
    return bool(images.requires_grad and torch.is_grad_enabled())


def _blank(images: torch.Tensor, out: tuple[int, int], dtype: torch.dtype) -> torch.Tensor:
    """Room for results of these images, in their memory format.

    NumPy asks Linux for huge pages: a fresh batch is then there in a quarter of the time.
    """
    samples, channels = images.shape[:2]
    last = _is_channels_last(images)
    shape = (samples, *out, channels) if last else (samples, channels, *out)
    room = torch.from_numpy(np.empty(shape, f"i{dtype.itemsize}")).view(dtype)
    return room.permute(0, 3, 1, 2) if last else room


def _array(images: torch.Tensor) -> npt.NDArray[Any]:
    """Their memory as a C-contiguous array: NxHxWxC if the channels are last, else NxCxHxW."""
    pixels = images.permute(0, 2, 3, 1) if _is_channels_last(images) else images
    array: npt.NDArray[Any] = pixels.numpy()
    return array


# ---- On the CPU ----


def _on_cpu(images: torch.Tensor, form: Form, steps: Steps, table: EffectTable) -> torch.Tensor:
    """By C, some images at a time: what must be converted is, too, so memory stays small."""
    single, source = _single(images.dtype), images.detach()
    layout = torch.channels_last if _is_channels_last(images) else torch.contiguous_format
    results = _blank(images, form.out, images.dtype)

    def fill(first: int, count: int) -> None:
        part = slice(first, first + count)
        pixels = source[part].to(single).contiguous(memory_format=layout)
        made = results[part] if single == images.dtype else _blank(pixels, form.out, single)
        form.augment(_array(pixels), _array(made), steps[part], lambda at: table.effect(first + at))
        if made.dtype != images.dtype:
            results[part] = made

    values = form.channels * max(math.prod(form.size), math.prod(form.out))
    spread(fill, len(images), max(1, _SPAN // values), torch.get_num_threads())
    return results


# ---- On other devices, and where there is a gradient ----


def _on_device(
    images: torch.Tensor,
    form: Form,
    steps: Steps,
    table: EffectTable,
    sampling: Sampling,
    tones: Tones,
) -> torch.Tensor:
    """By a kernel where Triton is, else by torch operations, which have a gradient, too."""
    numbers = steps.view(np.float64)
    lifts, full_range = numbers[:, LIFT], tones.range_of(_dtype(images))
    most = 1.0 if images.dtype == torch.uint8 else _LARGEST_MEAN
    for at in np.flatnonzero(np.abs(lifts) * (most * full_range) >= TOO_LARGE)[:1]:
        raise ValueError(too_large(table.effect(at)))
    device = images.device
    noise = _noise_on(device) if table.digests is not None else torch.empty(0, device=device)
    arguments = (
        *(images.to(_single(images.dtype)), torch.from_numpy(steps).to(device), noise),
        *(form.out, sampling, full_range, tones.erase_fill),
    )
    kernels = None if _needs_gradient(images) else _kernels(device.type)
    if kernels is None or form.channels > kernels.MAX_CHANNELS:
        results = operations.augmented(*arguments)
    else:
        needs = (lifts != 0).any(), (numbers[:, GAMMA] != 1).any()
        results = kernels.augmented(*arguments, *map(bool, needs))
    return results.to(images.dtype)


@cache
def _noise_on(device: torch.device) -> torch.Tensor:
    return torch.from_numpy(noise_table().copy()).to(device)


@cache
def _kernels(device: str) -> ModuleType | None:
    """Those of Triton, which PyTorch's builds for GPUs bring."""
    if device not in ("cuda", "xpu"):
        return None
    try:
        return import_module("dpa.integrations.torch.kernels")
    except ImportError:  # none, or an old one
        return None
