"""Effects on tensors by PyTorch's own operations: the bits of arrays, and gradients.

For tensors that need a gradient, and devices without Triton (kernels.py); docs/spec.md says what
is computed, from "Map" on. Each product and each sum is an operation of its own, because a fused
one (lerp, addcmul) rounds once less; for quotients see powers.divisor.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch

from dpa._pixels import COPIES, MIXES, NOISY
from dpa.images.forms import Sampling
from dpa.integrations.torch.powers import divisor, powered
from dpa.integrations.torch.steps import (
    BOX,
    GAIN,
    GAMMA,
    LIFT,
    LINEAR,
    MAP,
    MATRIX,
    NEAREST,
    STDEV,
    WORDS,
    Steps,
    room_for,
)

#: Values that are read or made at a time; each takes tens of bytes of memory on the way.
_CHUNK = 1 << 21


def augmented(
    images: torch.Tensor,
    steps: torch.Tensor,
    table: torch.Tensor,
    out_size: tuple[int, int],
    sampling: Sampling,
    full_range: float,
    erase_fill: float,
) -> torch.Tensor:
    """The whole effect on images NxCxHxW, uint8 or float32, of any strides.

    `steps`: int64, NxSTEPS (steps.py). `table`: float32, that of dpa.images.noise.noise_table. Both
    are on the device of the images. The result, NxCx`out_size`, is in channels_last where
    the images are; it has a gradient with respect to floating images.
    """
    some = max(1, _CHUNK // (images[:1].numel() + images.shape[1] * math.prod(out_size)))
    results = room_for(images, out_size)
    for first in range(0, len(images), some):
        part = slice(first, first + some)
        own = Steps(steps[part])
        pixels = _moved(images[part], own, out_size, sampling, full_range)
        pixels = powered(pixels, own.double(GAMMA), full_range)
        pixels = _toned(pixels, own, table, full_range)
        erased = _erased(own, out_size, pixels.device)
        results[part] = pixels.masked_fill(erased, _element(pixels, erase_fill))
    return results


def _element(pixels: torch.Tensor, number: float) -> float:
    return number if pixels.is_floating_point() else int(number)


# ---- Place ----


class _Tap(NamedTuple):
    """The columns, or the rows, of which one pixel each is read: Nx1xH'xW'."""

    near: torch.Tensor  # inside of the image
    outside: torch.Tensor | None  # where a number is read instead


class _Axis(NamedTuple):
    """Columns or rows of images, and where the result's pixels lie among them."""

    point: torch.Tensor  # Nx1xH'xW', in 2**-32 pixel
    side: int
    border: str | None

    def coordinate(self, bits: int) -> torch.Tensor:
        """The points with that many fraction bits, folded unless the border is a number."""
        q = self.point + (1 << 31 - bits) >> 32 - bits
        return q if self.border is None else _folded(q, self.side - 1 << bits, self.border)

    def taps(self, first: torch.Tensor, count: int) -> list[_Tap]:
        """The first and those that follow it."""
        places = [first + i for i in range(count)]
        near = [_folded(place, self.side - 1, self.border or "edge") for place in places]
        if self.border is not None:
            return [_Tap(each, None) for each in near]
        return [_Tap(each, each != place) for each, place in zip(near, places, strict=True)]


def _folded(q: torch.Tensor, last: int, border: str) -> torch.Tensor:
    if border == "edge" or last == 0:
        return q.clamp(0, last)
    rest = q.remainder(2 * last)
    return torch.minimum(rest, 2 * last - rest)


class _Picture(NamedTuple):
    """Images to read pixels from."""

    planes: torch.Tensor  # NxCx(H*W)
    width: int
    fill: float

    def at(self, x: _Tap, y: _Tap) -> torch.Tensor:
        samples, channels, _ = self.planes.shape
        index = (y.near * self.width + x.near).flatten(2).expand(-1, channels, -1)
        pixels = self.planes.gather(2, index).view(samples, channels, *x.near.shape[2:])
        if x.outside is None or y.outside is None:
            return pixels
        return pixels.masked_fill(x.outside | y.outside, _element(pixels, self.fill))


def _moved(
    images: torch.Tensor,
    steps: Steps,
    out_size: tuple[int, int],
    sampling: Sampling,
    full_range: float,
) -> torch.Tensor:
    """Each pixel from where the map takes it."""
    interpolation, border, fill = sampling
    height, width = images.shape[2:]
    u, v = _points(steps, (height, width), out_size, images.device)
    x, y = _Axis(u, width, border), _Axis(v, height, border)
    picture = _Picture(images.flatten(2), width, fill)
    if interpolation == NEAREST:
        moved = picture.at(*(axis.taps(axis.coordinate(0), 1)[0] for axis in (x, y)))
    elif interpolation == LINEAR and images.dtype == torch.uint8:
        moved = _linear_bytes(picture, x, y)
    elif interpolation == LINEAR:
        moved = _blended(picture, _linear(x), _linear(y))
    else:
        moved = _blended(picture._replace(planes=picture.planes.float()), _cubic(x), _cubic(y))
        moved = moved if images.is_floating_point() else _bytes(moved, full_range)
    if (height, width) == tuple(out_size):
        moved = torch.where(steps.has(COPIES), images, moved)
    return moved


def _points(
    steps: Steps, size: tuple[int, int], out_size: tuple[int, int], device: torch.device
) -> list[torch.Tensor]:
    """u and v of each pixel of the result."""
    down, across = (2 * torch.arange(side, device=device) - (side - 1) for side in out_size)
    down = down[:, None]
    xx, xy, yx, yy, x, y = (steps.integer(MAP + at) for at in range(6))
    return [
        to_x * across + to_y * down + ((side - 1 << 31) + offset)
        for to_x, to_y, offset, side in ((xx, xy, x, size[1]), (yx, yy, y, size[0]))
    ]


def _linear_bytes(picture: _Picture, x: _Axis, y: _Axis) -> torch.Tensor:
    taps, fractions = [], []
    for axis in (x, y):
        q = axis.coordinate(14)
        if axis.border is not None:  # the last pixel is read beside the one before it
            q = q.clamp(0, max((axis.side - 1 << 14) - 1, 0))
        taps.append(axis.taps(q >> 14, 2))
        fractions.append((q & 16383).int())
    columns, rows = taps

    def column(x: _Tap) -> torch.Tensor:
        top, bottom = (picture.at(x, y).int() for y in rows)
        return (top << 7) + ((bottom - top) * fractions[1] + 64 >> 7)

    left, right = map(column, columns)
    return ((left << 14) + (right - left) * fractions[0] + (1 << 20) >> 21).to(torch.uint8)


_Weighted = Sequence[tuple[_Tap, torch.Tensor]]  # taps and their weights, float32


def _linear(axis: _Axis) -> _Weighted:
    q = axis.coordinate(16)
    first = q >> 16
    if axis.border is not None:
        first = first.clamp(0, max(axis.side - 2, 0))
    fraction = q - (first << 16)
    weights = [part.float() * 2.0**-16 for part in (65536 - fraction, fraction)]
    return list(zip(axis.taps(first, 2), weights, strict=True))


def _cubic(axis: _Axis) -> _Weighted:
    """Each step of the weights is exact in doubles."""
    q = axis.coordinate(16)
    t = (q & 65535).double() / 65536
    s = 1 - t
    ends = [-0.75 * t * s * s, -0.75 * s * t * t]
    middle = [(1.25 * z - 2.25) * z * z + 1 for z in (t, s)]
    weights = [each.float() for each in (ends[0], *middle, ends[1])]
    return list(zip(axis.taps((q >> 16) - 1, 4), weights, strict=True))


def _blended(picture: _Picture, columns: _Weighted, rows: _Weighted) -> torch.Tensor:
    """The sum of products of each row, and the sum of the products of these."""

    def row(y: _Tap) -> torch.Tensor:
        return _added((picture.at(x, y), weight) for x, weight in columns)

    return _added((row(y), weight) for y, weight in rows)


def _added(values: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """The products of values and weights; what has the weight 0 counts as +0, even NaN."""
    products = ((value * weight).masked_fill(weight == 0, 0) for value, weight in values)
    return functools.reduce(torch.add, products)


# ---- Tone ----


def _toned(
    pixels: torch.Tensor, steps: Steps, table: torch.Tensor, full_range: float
) -> torch.Tensor:
    gain, lift, stdev = steps.single(GAIN), steps.double(LIFT), steps.single(STDEV)
    offset = torch.zeros_like(gain)
    if bool((lift != 0).any()):
        offset = torch.where(lift == 0, 0.0, lift * _mean(pixels, full_range)).float()
    value = gain * pixels + offset
    mixed, noisy = steps.has(MIXES), steps.has(NOISY)
    if pixels.shape[1] == 3 and bool(mixed.any()):
        value = torch.where(mixed, _mixed(value, steps), value)
    if bool(noisy.any()):
        noise = _normals(steps, table, pixels.shape)
        value = value + torch.where(noisy, stdev * noise, 0.0)
    else:
        value = value + 0.0  # -0.0 becomes +0.0, as by noise that is 0
    still = (gain == 1) & (offset == 0) & ~mixed & ~noisy
    if not pixels.is_floating_point():
        value = _bytes(value, full_range)
    return torch.where(still, pixels, value)


def _bytes(value: torch.Tensor, full_range: float) -> torch.Tensor:
    return value.round().clamp(0, full_range).to(torch.uint8)


def _mixed(value: torch.Tensor, steps: Steps) -> torch.Tensor:
    red, green, blue = value.split(1, 1)
    rows = []
    for at in range(MATRIX, MATRIX + 9, 3):
        of_red, of_green, of_blue = (steps.single(at + i) for i in range(3))
        rows.append((of_red * red + of_green * green) + of_blue * blue)
    return torch.cat(rows, 1)


def _mean(pixels: torch.Tensor, full_range: float) -> torch.Tensor:
    """Of each image, as doubles of shape (N, 1, 1, 1)."""
    if pixels.is_floating_point():
        mean: torch.Tensor = _Mean.apply(pixels, full_range)
        return mean
    total = pixels.sum((1, 2, 3), keepdim=True)  # as int64
    return total.double() / divisor(pixels[0].numel(), pixels.device)


class _Mean(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """The mean of finite elements in steps of 2**-24 of the full range."""

    @staticmethod
    def forward(ctx: Any, pixels: torch.Tensor, full_range: float) -> torch.Tensor:
        finite = pixels.isfinite()
        steps = (pixels.double() * 2.0**24 / divisor(full_range, pixels.device)).round()
        steps = steps.clamp(-(2.0**38), 2.0**38).masked_fill(~finite, 0).long()
        total, number = (each.sum((1, 2, 3), keepdim=True) for each in (steps, finite))
        number = number.clamp(min=1).double()
        ctx.save_for_backward(finite, number)
        return total.double() / number * full_range / 2.0**24

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        finite, number = ctx.saved_tensors
        return (gradient / number).float() * finite, None


# ---- Noise ----


def _normals(steps: Steps, table: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Each image's normal numbers, of the shape of the images."""
    samples, channels, height, width = shape
    size = channels * height * width
    # Philox4x32-10; words of 32 bits in int64, whose products of 64 bits may be negative.
    k0, k1, x2, x3 = (steps.integer(WORDS + i).flatten(1) for i in range(4))
    x0 = torch.arange(-(-size // 8), device=table.device)
    x1, low = torch.zeros_like(x0), 0xFFFFFFFF
    for _ in range(10):
        p, q = x0 * 0xD2511F53, x2 * 0xCD9E8D57
        x0, x1, x2, x3 = (q >> 32 & low) ^ x1 ^ k0, q & low, (p >> 32 & low) ^ x3 ^ k1, p & low
        k0, k1 = k0 + 0x9E3779B9 & low, k1 + 0xBB67AE85 & low
    words = torch.stack((x0, x1, x2, x3), -1)
    halves = torch.stack((words & 0xFFFF, words >> 16), -1).flatten(1)
    normals = table[halves[:, :size]].view(samples, height, width, channels)
    return normals.permute(0, 3, 1, 2)


# ---- Erase ----


def _erased(steps: Steps, size: tuple[int, int], device: torch.device) -> torch.Tensor:
    """Which pixels of the result are, Nx1xHxW."""
    top, left, bottom, right = (steps.integer(BOX + i) for i in range(4))
    y, x = (torch.arange(side, device=device) for side in size)
    rows, columns = (y >= top.mT) & (y < bottom.mT), (x >= left) & (x < right)
    return rows.mT & columns
