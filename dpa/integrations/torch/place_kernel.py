"""The Triton kernel that kernels.py launches first: place, blend and gamma.

Every product and sum is rounded on its own, so launches say enable_fp_fusion=False. Quotients are
of doubles alone: Triton's of singles are approximate.
"""

from __future__ import annotations

import triton
import triton.language as tl

from dpa.integrations.torch import steps
from dpa.integrations.torch.tone_kernels import byte_of, number_of, powered, step_of

REFLECT, EDGE, FILL = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2)
#: Pixels of the tile that a program makes, and columns of the patches that its warps make: such
#: patches read few lines of an image that is turned.
TILE_HEIGHT, TILE_WIDTH, PATCH_WIDTH = tl.constexpr(16), tl.constexpr(32), tl.constexpr(8)


@triton.jit(do_not_specialize=["height", "width", "out_height", "out_width"])
def place(
    images_ptr,
    out_ptr,
    steps_ptr,
    levels_ptr,
    sums_ptr,
    stride_n,
    stride_c,
    stride_y,
    stride_x,
    out_n,
    out_c,
    out_p,
    height,
    width,
    out_height,
    out_width,
    fill,
    FULL_RANGE: tl.constexpr,
    CHANNELS: tl.constexpr,
    INTERPOLATION: tl.constexpr,
    BORDER: tl.constexpr,
    OFFSET: tl.constexpr,
    NARROW: tl.constexpr,
    HAS_GAMMA: tl.constexpr,
    HAS_MEAN: tl.constexpr,
):
    """A program makes a tile of pixels of a sample, in all channels.

    NARROW: a side of the images is a single pixel. HAS_MEAN: the program also adds up, in sums,
    what the mean is of, and how many values that are.
    """
    across_tiles = tl.cdiv(out_width, TILE_WIDTH)
    tiles = tl.cdiv(out_height, TILE_HEIGHT) * across_tiles
    sample = (tl.program_id(0) // tiles).to(tl.int64)
    tile = tl.program_id(0) % tiles
    row = steps_ptr + sample * steps.STEPS

    # Place: threads outside read what the last pixels read.
    BLOCK: tl.constexpr = TILE_HEIGHT * TILE_WIDTH
    lane = tl.arange(0, BLOCK)
    x = lane % PATCH_WIDTH + lane // (TILE_HEIGHT * PATCH_WIDTH) * PATCH_WIDTH
    x += tile % across_tiles * TILE_WIDTH
    y = lane // PATCH_WIDTH % TILE_HEIGHT + tile // across_tiles * TILE_HEIGHT
    inside = (x < out_width) & (y < out_height)
    x, y = tl.minimum(x, out_width - 1), tl.minimum(y, out_height - 1)
    across, down = 2 * x - (out_width - 1), 2 * y - (out_height - 1)
    BYTES: tl.constexpr = out_ptr.dtype.element_ty == tl.uint8
    columns, weight_x = _axis(
        row, steps.MAP, steps.MAP + 4, across, down, out_width, out_height,
        width, stride_x, OFFSET, BYTES, INTERPOLATION, BORDER,
    )  # fmt: skip
    rows, weight_y = _axis(
        row, steps.MAP + 2, steps.MAP + 5, across, down, out_width, out_height,
        height, stride_y, OFFSET, BYTES, INTERPOLATION, BORDER,
    )  # fmt: skip

    # Blend, gamma, and what the mean is of
    copies = (tl.load(row + steps.FLAGS) & steps.COPIES) != 0
    gamma = number_of(row, steps.GAMMA)
    own = y.to(OFFSET) * stride_y + x.to(OFFSET) * stride_x
    step_x = tl.where(width > 1, stride_x, 0) if NARROW else stride_x
    step_y = tl.where(height > 1, stride_y, 0) if NARROW else stride_y
    plane = images_ptr + sample * stride_n
    target = out_ptr + sample * out_n + (y * out_width + x).to(tl.int64) * out_p
    total = tl.zeros([BLOCK], tl.int32 if BYTES else tl.int64)
    number = tl.zeros([BLOCK], tl.int32)
    for _ in tl.static_range(CHANNELS):
        if copies:
            value = tl.load(plane + own)
        else:
            value = _blended(
                plane, rows, columns, weight_x, weight_y, step_x, step_y, fill,
                BYTES, INTERPOLATION, BORDER, FULL_RANGE,
            )  # fmt: skip
        if HAS_GAMMA and BYTES:
            value = tl.load(levels_ptr + sample * 256 + value.to(tl.int32))
        elif HAS_GAMMA and gamma != 1:
            value = powered(value, gamma, FULL_RANGE)
        tl.store(target, value, mask=inside)
        if HAS_MEAN and BYTES:
            total += tl.where(inside, value.to(tl.int32), 0)
        elif HAS_MEAN:
            step, counts = step_of(value, FULL_RANGE)
            total += tl.where(counts & inside, step, 0)
            number += (counts & inside).to(tl.int32)
        plane += stride_c
        target += out_c
    if HAS_MEAN:
        sums = sums_ptr + 2 * sample
        tl.atomic_add(sums, tl.sum(total).to(tl.int64))
        if not BYTES:
            tl.atomic_add(sums + 1, tl.sum(number).to(tl.int64))


# ---- Place ----


@triton.jit
def _axis(
    row,
    FACTORS: tl.constexpr,
    MOVE: tl.constexpr,
    across,
    down,
    out_width,
    out_height,
    side,
    stride,
    OFFSET: tl.constexpr,
    BYTES: tl.constexpr,
    INTERPOLATION: tl.constexpr,
    BORDER: tl.constexpr,
):
    """Of an axis of the image: offsets of the taps and whether they are inside; the weights.

    Of two taps that are both inside only the first.
    """
    CUBIC: tl.constexpr = INTERPOLATION == steps.CUBIC
    LINEAR: tl.constexpr = INTERPOLATION == steps.LINEAR
    BITS: tl.constexpr = (14 if BYTES and LINEAR else 16) if LINEAR or CUBIC else 0
    TAPS: tl.constexpr = 4 if CUBIC else 2 if LINEAR else 1
    last = (side - 1) << BITS
    q = _coordinates(row, FACTORS, MOVE, across, down, out_width, out_height, side, BITS, BORDER)
    if BORDER == EDGE:
        q = tl.minimum(tl.maximum(q, 0), last)
    if BORDER == REFLECT:
        q = last - tl.abs(last - tl.abs(q))
    FOLDED: tl.constexpr = LINEAR and BORDER != FILL
    if FOLDED and BYTES:
        q = tl.maximum(tl.minimum(q, last - 1), 0)
    first = q >> BITS
    if FOLDED:  # the last pixel is read as a neighbour of the one before it
        first = tl.maximum(tl.minimum(first, side - 2), 0)
    fraction = q - (first << BITS)
    if CUBIC:
        first -= 1
    taps = ()
    for i in tl.static_range(1 if FOLDED else TAPS):  # the other is a step away
        tap = first + i
        near = tl.minimum(tl.maximum(tap, 0), side - 1)
        if FOLDED:
            near = tap
        if CUBIC and BORDER == REFLECT:  # twice, for sides of two pixels
            near = tl.abs(side - 1 - tl.abs(side - 1 - tl.abs(tap)))
            near = tl.minimum(near, side - 1)
        taps = taps + ((near.to(OFFSET) * stride, near == tap),)
    return taps, _weights(fraction, BYTES, INTERPOLATION)


@triton.jit
def _coordinates(
    row,
    FACTORS: tl.constexpr,
    MOVE: tl.constexpr,
    across,
    down,
    out_width,
    out_height,
    side,
    BITS: tl.constexpr,
    BORDER: tl.constexpr,
):
    """Coordinates on the axis as 32-bit integers, the last BITS of which are a fraction.

    If all pixels of the sample come from at most one image's length beyond the image, the factors
    are split, so that every step fits into 32 bits, too. Otherwise 64 bits are needed, and places
    farther away are first brought that near.
    """
    SHIFT: tl.constexpr = 18 if BITS == 14 else 16
    PART: tl.constexpr = (1 << SHIFT) - 1
    to_x, to_y = tl.load(row + FACTORS), tl.load(row + FACTORS + 1)
    half: tl.constexpr = 1 << (31 - BITS)
    centre = ((side - 1).to(tl.int64) << 31) + tl.load(row + MOVE) + half
    reach = tl.abs(to_x) * (out_width - 1) + tl.abs(to_y) * (out_height - 1)
    least, most = (centre - reach) >> SHIFT, (centre + reach) >> SHIFT
    end = (side - 1).to(tl.int64) << (32 - SHIFT)
    if (
        (least >= -end)
        & (most <= tl.minimum(2 * end, 0x7FFFFFFF))
        & (out_width + out_height < 1 << (31 - SHIFT))
    ):
        parts = (to_x & PART).to(tl.int32) * across + (to_y & PART).to(tl.int32) * down
        parts = (parts + (centre & PART).to(tl.int32)) >> SHIFT
        whole = (to_x >> SHIFT).to(tl.int32) * across + (to_y >> SHIFT).to(tl.int32) * down
        q = (whole + (centre >> SHIFT).to(tl.int32) + parts) >> (32 - SHIFT - BITS)
    else:
        far = (to_x * across + to_y * down + centre) >> (32 - BITS)
        end = (side - 1).to(tl.int64) << BITS
        if BORDER == REFLECT:
            period = tl.maximum(2 * end, 1)
            far = far % period  # with the sign of far
            far = tl.where(far < 0, far + period, far)
            far = tl.minimum(far, period - far)
        elif BORDER == EDGE:
            far = tl.minimum(tl.maximum(far, 0), end)
        else:  # of what is farther away all taps are outside as well; the weights stay
            low: tl.constexpr = -3 << BITS
            outside = (far < low) | (far >= end + (2 << BITS))
            far = tl.where(outside, low + (far & ((1 << BITS) - 1)), far)
        q = far.to(tl.int32)
    return q


@triton.jit
def _weights(fraction, BYTES: tl.constexpr, INTERPOLATION: tl.constexpr):
    if INTERPOLATION == steps.CUBIC:
        t = fraction.to(tl.float64) * 2.0**-16
        s = 1 - t
        w0, w1 = -0.75 * t * s * s, (1.25 * t - 2.25) * t * t + 1
        w2, w3 = (1.25 * s - 2.25) * s * s + 1, -0.75 * s * t * t
        weights = (w0.to(tl.float32), w1.to(tl.float32), w2.to(tl.float32), w3.to(tl.float32))
    elif BYTES:
        weights = (fraction,)
    else:
        right = fraction.to(tl.float32) * 2.0**-16
        weights = (1 - right, right)
    return weights


# ---- Blend ----


@triton.jit
def _blended(
    plane,
    rows,
    columns,
    across,
    down,
    step_x,
    step_y,
    fill,
    BYTES: tl.constexpr,
    INTERPOLATION: tl.constexpr,
    BORDER: tl.constexpr,
    FULL_RANGE: tl.constexpr,
):
    """The place in a plane of each pixel, between its taps."""
    if INTERPOLATION == steps.NEAREST:
        value = _pixel(plane, rows[0], columns[0], fill, BORDER)
    elif INTERPOLATION == steps.LINEAR and BORDER == FILL:
        value = _linear(
            _pixel(plane, rows[0], columns[0], fill, BORDER),
            _pixel(plane, rows[0], columns[1], fill, BORDER),
            _pixel(plane, rows[1], columns[0], fill, BORDER),
            _pixel(plane, rows[1], columns[1], fill, BORDER),
            across, down, BYTES,
        )  # fmt: skip
    elif INTERPOLATION == steps.LINEAR:
        top = plane + (rows[0][0] + columns[0][0])
        bottom = top + step_y
        value = _linear(
            tl.load(top), tl.load(top + step_x), tl.load(bottom), tl.load(bottom + step_x),
            across, down, BYTES,
        )  # fmt: skip
    else:
        value = _product(down[0], _line(plane, rows[0], columns, across, fill, BORDER))
        for i in tl.static_range(1, 4):
            value += _product(down[i], _line(plane, rows[i], columns, across, fill, BORDER))
        if BYTES:
            value = byte_of(value, FULL_RANGE)
    return value


@triton.jit
def _pixel(plane, row, column, fill, BORDER: tl.constexpr):
    pointers = plane + (row[0] + column[0])
    if BORDER == FILL:
        pixel = tl.load(pointers, mask=row[1] & column[1], other=fill)
    else:
        pixel = tl.load(pointers)
    return pixel


@triton.jit
def _linear(top, top_right, bottom, bottom_right, across, down, BYTES: tl.constexpr):
    """Between four pixels. Of bytes, columns come first; of singles, lines."""
    if BYTES:
        left = _between(top, bottom, down[0])
        right = _between(top_right, bottom_right, down[0])
        value = (((left << 14) + (right - left) * across[0] + (1 << 20)) >> 21).to(tl.uint8)
    else:
        above = _product(across[0], top) + _product(across[1], top_right)
        below = _product(across[0], bottom) + _product(across[1], bottom_right)
        value = _product(down[0], above) + _product(down[1], below)
    return value


@triton.jit
def _between(top, bottom, fraction):
    top, bottom = top.to(tl.int32), bottom.to(tl.int32)
    return (top << 7) + (((bottom - top) * fraction + 64) >> 7)


@triton.jit
def _line(plane, row, columns, weights, fill, BORDER: tl.constexpr):
    """Between four pixels in a row."""
    value = _product(weights[0], _pixel(plane, row, columns[0], fill, BORDER))
    for i in tl.static_range(1, 4):
        value += _product(weights[i], _pixel(plane, row, columns[i], fill, BORDER))
    return value


@triton.jit
def _product(weight, value):
    """What has the weight 0 counts as +0, even NaN."""
    return tl.where(weight == 0, 0.0, weight * value.to(tl.float32))
