"""Applies parameters to a batch of images on any device, in one pass (docs/images.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dpa.checks import extra
from dpa.derivation.config import PARAMETERS
from dpa.images.effects import (
    LIMITS,
    Effect,
    checked_border,
    checked_interpolation,
    require_channels_second,
    samples_of,
)
from dpa.images.noise import standard_normals_batch

with extra("torch", "dpa.integrations.torch needs PyTorch"):
    import torch
    from torch.nn.functional import grid_sample

_PADDINGS = {"reflect": "reflection", "edge": "border"}
_INTERPOLATIONS = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


def apply_augmentation(
    images: torch.Tensor,
    batch: Iterable[Mapping[str, Any]],
    *,
    border: str | float = "reflect",
    interpolation: str = "linear",
) -> torch.Tensor:
    """Applies to each image of a tensor the parameters of its sample; the input stays unchanged.

    The effects are those of dpa.integrations.image.apply_augmentation on float images,
    including the noise; docs/images.md says how closely they agree. Autocast does not lower the
    precision.

    Parameters
    ----------
    images
        Floating point, NxCxHxW, full range 1.0, on any device. A tensor that looks like NxHxWxC
        is refused.
    batch
        An AugmentationBatch or a sequence of dicts, N of them.
    border
        What lies outside the image: "reflect" (without repeating the edge pixel), "edge"
        (repeats it), or a number to fill with.
    interpolation
        Between pixels: "linear", "nearest" or "cubic".

    Returns
    -------
    torch.Tensor
        The same shape, dtype and device, with a gradient with respect to the images.

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
    padding, fill = checked_border(border, _PADDINGS, "zeros")
    mode = checked_interpolation(interpolation, _INTERPOLATIONS)
    samples = samples_of(batch)
    _check(images, len(samples))
    channels, height, width = images.shape[1:]
    effects = [_turned(params) for params in samples]
    device, precise = images.device, torch.promote_types(images.dtype, torch.float32)
    maps = [effect.placed((height, width), (height, width)) for effect in effects]
    turns = [(xx / 2**31, yx / 2**31) for xx, _, yx, *_ in maps]
    tones = [(e.gain, e.lift, e.noise) for e in effects]
    with torch.autocast(device.type, enabled=False):
        cos, sin = _columns(turns, 2, precise, device)
        gain, lift, stdev = _columns(tones, 3, precise, device)
        # Reflects about the centres of the edge pixels, not about their outer sides.
        aligned = border == "reflect"
        grid = _grid(cos, sin, height, width, aligned)
        if border == "edge":  # of the coordinate, as in arrays: cubic takes taps inside of it
            ends = torch.tensor([1 - 1 / width, 1 - 1 / height], dtype=precise, device=device)
            grid = grid.clamp(-ends, ends)
        pixels = images.to(precise)
        if fill:
            pixels = pixels - fill
        out = grid_sample(pixels, grid, mode, padding, aligned)
        if fill:
            out.add_(fill)
        # With a contrast of 1 no pixel may change another one: a NaN must not spread by the mean.
        offset = torch.where(lift == 0, lift, lift * out.mean((1, 2, 3), keepdim=True))
        out.mul_(gain).add_(offset)
        noisy = [at for at, effect in enumerate(effects) if effect.digest]
        if noisy:
            made = standard_normals_batch([samples[at] for at in noisy], (height, width, channels))
            noise = torch.from_numpy(made).to(device).permute(0, 3, 1, 2)
            if len(noisy) == len(samples):
                out.addcmul_(noise, stdev)
            else:
                out[noisy] = torch.addcmul(out[noisy], noise, stdev[noisy])
        return out.to(images.dtype)


def _turned(params: Mapping[str, Any]) -> Effect:
    """The effect of a sample that has none but the five of AugmentationConfig."""
    effect = Effect.checked(params)
    others = [name for name in params if name in LIMITS and name not in PARAMETERS]
    if others:
        taken = [name for name in LIMITS if name in PARAMETERS]
        raise ValueError(f"tensors take {', '.join(taken)} so far, not {', '.join(others)}")
    return effect


def _check(images: torch.Tensor, samples: int) -> None:
    if not isinstance(images, torch.Tensor) or not images.is_floating_point():
        found = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        raise TypeError(f"images must be a floating-point tensor, got {found}")
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"images must be NxCxHxW and not empty, got shape {tuple(images.shape)}")
    require_channels_second("images", tuple(images.shape))
    if len(images) != samples:
        raise ValueError(f"images and batch must be as many, got {len(images)} and {samples}")


def _columns(
    rows: Sequence[tuple[float, ...]], size: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """The N rows as a tensor of shape (size, N, 1, 1, 1)."""
    return torch.tensor(rows, dtype=dtype, device=device).reshape(-1, size).T[..., None, None, None]


def _grid(
    cos: torch.Tensor, sin: torch.Tensor, height: int, width: int, aligned: bool
) -> torch.Tensor:
    """The source position of each pixel, NxHxWx2: affine_grid in a tenth of the time."""
    centers = []
    for size in (width, height):
        last = float(size > 1) if aligned else 1 - 1 / size
        centers.append(torch.linspace(-last, last, size, dtype=cos.dtype, device=cos.device))
    x, y = centers[0], centers[1][:, None]
    # Converts between coordinates relative to the width and relative to the height.
    ratio = max(height - aligned, 1) / max(width - aligned, 1)
    return torch.cat([cos * x - sin * ratio * y, sin / ratio * x + cos * y], 1).permute(0, 2, 3, 1)
