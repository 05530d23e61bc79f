"""The fused Triton kernel that kernels.py launches: place, blend, tone, noise and erasing.

Every product and sum is rounded on its own, so launches say enable_fp_fusion=False. Quotients are
of doubles alone: Triton's of singles are approximate.
"""

from __future__ import annotations

from dpa.checks import extra
from dpa.integrations.torch import steps
from dpa.integrations.torch.tone_kernels import (
    byte_of,
    mean_of,
    mixed,
    noisy,
    number_of,
    powered,
    step_of,
)

with extra("torch", "kernels need Triton, which PyTorch's builds for GPUs bring"):
    import triton
    import triton.language as tl

REFLECT, EDGE, FILL = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2)


@triton.jit(do_not_specialize=["height", "width", "out_height", "out_width"])
def augment(
    images_ptr,
    out_ptr,
    steps_ptr,
    table_ptr,
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
    erase_fill,
    FULL_RANGE: tl.constexpr,
    CHANNELS: tl.constexpr,
    INTERPOLATION: tl.constexpr,
    BORDER: tl.constexpr,
    OFFSET: tl.constexpr,
    HAS_GAMMA: tl.constexpr,
    HAS_MEAN: tl.constexpr,
    SUMMING: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """A program makes BLOCK pixels of a sample that follow each other, in all channels.

    Eight of them take whole blocks of noise. SUMMING: the program only adds up, in sums, what the
    mean is of, and how many values that are.
    """
    pixels = out_height * out_width
    blocks = tl.cdiv(pixels, BLOCK)
    sample = (tl.program_id(0) // blocks).to(tl.int64)
    block = tl.program_id(0) % blocks
    row = steps_ptr + sample * steps.STEPS
    lift = number_of(row, steps.LIFT)
    if SUMMING and lift == 0:
        return

    # Place: threads after the last pixel read what it reads.
    index = block * BLOCK + tl.arange(0, BLOCK)
    inside = index < pixels
    near = tl.minimum(index, pixels - 1)
    x, y = near % out_width, near // out_width
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

    # Blend and gamma
    flags = tl.load(row + steps.FLAGS)
    gamma = number_of(row, steps.GAMMA)
    own = y.to(OFFSET) * stride_y + x.to(OFFSET) * stride_x
    plane = images_ptr + sample * stride_n
    values = ()
    for _ in tl.static_range(CHANNELS):
        value = _blended(
            plane, rows, columns, weight_x, weight_y, fill, BYTES, INTERPOLATION, BORDER, FULL_RANGE
        )
        if (flags & steps.COPIES) != 0:
            value = tl.load(plane + own)
        if HAS_GAMMA and BYTES:
            value = tl.load(levels_ptr + sample * 256 + value.to(tl.int32))
        elif HAS_GAMMA and gamma != 1:
            value = powered(value, gamma, FULL_RANGE)
        values = values + (value,)
        plane += stride_c

    if SUMMING:
        total, number = tl.zeros([BLOCK], tl.int64), tl.zeros([BLOCK], tl.int32)
        for c in tl.static_range(CHANNELS):
            step, counts = step_of(values[c], FULL_RANGE)
            counts = counts & inside
            total += tl.where(counts, step, 0)
            number += counts.to(tl.int32)
        tl.atomic_add(sums_ptr + 2 * sample, tl.sum(total))
        tl.atomic_add(sums_ptr + 2 * sample + 1, tl.sum(number).to(tl.int64))
        return

    # Tone
    gain = number_of(row, steps.GAIN).to(tl.float32)
    offset = tl.full((), 0.0, tl.float32)
    if HAS_MEAN and lift != 0:
        offset = (lift * mean_of(sums_ptr + 2 * sample, BYTES, FULL_RANGE)).to(tl.float32)
    toned = ()
    for c in tl.static_range(CHANNELS):
        toned = toned + (gain * values[c].to(tl.float32) + offset,)
    if CHANNELS == 3 and (flags & steps.MIXES) != 0:
        toned = mixed(row, toned[0], toned[1], toned[2])
    if (flags & steps.NOISY) != 0:
        toned = noisy(row, toned, table_ptr, block, CHANNELS, BLOCK)

    # Erase and store
    top, left = tl.load(row + steps.BOX), tl.load(row + steps.BOX + 1)
    bottom, right = tl.load(row + steps.BOX + 2), tl.load(row + steps.BOX + 3)
    erased = (y >= top) & (y < bottom) & (x >= left) & (x < right)
    still = (gain == 1) & (offset == 0) & ((flags & (steps.MIXES | steps.NOISY)) == 0)
    target = out_ptr + sample * out_n
    for c in tl.static_range(CHANNELS):
        value = toned[c] + 0.0  # -0.0 becomes +0.0
        if BYTES:
            value = byte_of(value, FULL_RANGE)
        value = tl.where(still, values[c], value)
        value = tl.where(erased, tl.full([BLOCK], erase_fill, value.dtype), value)
        # By `index` Triton would make wide stores and, for them, exchange all taps among threads.
        tl.store(target + near.to(tl.int64) * out_p, value, mask=inside)
        target += out_c


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
    """Of an axis of the image: offsets of the taps and whether they are inside; the weights."""
    CUBIC: tl.constexpr = INTERPOLATION == steps.CUBIC
    LINEAR: tl.constexpr = INTERPOLATION == steps.LINEAR
    BITS: tl.constexpr = (14 if BYTES and LINEAR else 16) if LINEAR or CUBIC else 0
    TAPS: tl.constexpr = 4 if CUBIC else 2 if LINEAR else 1
    to_x, to_y = tl.load(row + FACTORS), tl.load(row + FACTORS + 1)
    centre = ((side - 1).to(tl.int64) << 31) + tl.load(row + MOVE)
    last = (side - 1).to(tl.int64) << BITS
    q = _rounded(to_x * across + to_y * down + centre, BITS)
    if BORDER == EDGE:
        q = tl.minimum(tl.maximum(q, 0), last)
    if BORDER == REFLECT:
        reach = tl.abs(to_x) * (out_width - 1) + tl.abs(to_y) * (out_height - 1)
        if (_rounded(centre - reach, BITS) >= -last) & (_rounded(centre + reach, BITS) <= 2 * last):
            q = last - tl.abs(last - tl.abs(q))  # for all pixels of the sample
        else:
            period = tl.maximum(2 * last, 1)
            q = q % period  # with the sign of q
            q = tl.where(q < 0, q + period, q)
            q = tl.minimum(q, period - q)
    FOLDED: tl.constexpr = LINEAR and BORDER != FILL
    if FOLDED and BYTES:
        q = tl.maximum(tl.minimum(q, last - 1), 0)
    first = q >> BITS
    if FOLDED:  # the last pixel is read as a neighbour of the one before it
        first = tl.maximum(tl.minimum(first, side - 2), 0)
    fraction = (q - (first << BITS)).to(tl.int32)
    if BORDER == FILL:  # all taps of what is farther away are outside as well
        first = tl.minimum(tl.maximum(first, -4), side + 4)
    first = first.to(tl.int32) - (1 if CUBIC else 0)
    taps = ()
    for i in tl.static_range(TAPS):
        tap = first + i
        near = tl.minimum(tl.maximum(tap, 0), side - 1)
        offset = near.to(OFFSET) * stride
        if FOLDED:  # saves registers
            offset = first.to(OFFSET) * stride + i * tl.where(side > 1, stride, 0)
        if CUBIC and BORDER == REFLECT:  # twice, for sides of two pixels
            near = tl.abs(side - 1 - tl.abs(side - 1 - tl.abs(tap)))
            offset = tl.minimum(near, side - 1).to(OFFSET) * stride
        taps = taps + ((offset, near == tap),)
    return taps, _weights(fraction, BYTES, INTERPOLATION)


@triton.jit
def _rounded(point, BITS: tl.constexpr):
    HALF: tl.constexpr = 1 << (31 - BITS)
    return (point + HALF) >> (32 - BITS)


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
def _pixel(plane, row, column, fill, BORDER: tl.constexpr):
    pointers = plane + (row[0] + column[0])
    if BORDER == FILL:
        pixel = tl.load(pointers, mask=row[1] & column[1], other=fill)
    else:
        pixel = tl.load(pointers)
    return pixel


@triton.jit
def _blended(
    plane,
    rows,
    columns,
    across,
    down,
    fill,
    BYTES: tl.constexpr,
    INTERPOLATION: tl.constexpr,
    BORDER: tl.constexpr,
    FULL_RANGE: tl.constexpr,
):
    if INTERPOLATION == steps.NEAREST:
        value = _pixel(plane, rows[0], columns[0], fill, BORDER)
    elif INTERPOLATION == steps.LINEAR and BYTES:
        left = _column(plane, rows, columns[0], down[0], fill, BORDER)
        right = _column(plane, rows, columns[1], down[0], fill, BORDER)
        value = (((left << 14) + (right - left) * across[0] + (1 << 20)) >> 21).to(tl.uint8)
    else:
        TAPS: tl.constexpr = 4 if INTERPOLATION == steps.CUBIC else 2
        value = _product(down[0], _line(plane, rows[0], columns, across, fill, BORDER, TAPS))
        for i in tl.static_range(1, TAPS):
            line = _line(plane, rows[i], columns, across, fill, BORDER, TAPS)
            value += _product(down[i], line)
        if BYTES:
            value = byte_of(value, FULL_RANGE)
    return value


@triton.jit
def _column(plane, rows, column, fraction, fill, BORDER: tl.constexpr):
    top = _pixel(plane, rows[0], column, fill, BORDER).to(tl.int32)
    bottom = _pixel(plane, rows[1], column, fill, BORDER).to(tl.int32)
    return (top << 7) + (((bottom - top) * fraction + 64) >> 7)


@triton.jit
def _line(plane, row, columns, weights, fill, BORDER: tl.constexpr, TAPS: tl.constexpr):
    value = _product(weights[0], _pixel(plane, row, columns[0], fill, BORDER))
    for i in tl.static_range(1, TAPS):
        value += _product(weights[i], _pixel(plane, row, columns[i], fill, BORDER))
    return value


@triton.jit
def _product(weight, value):
    """What has the weight 0 counts as +0, even NaN."""
    return tl.where(weight == 0, 0.0, weight * value.to(tl.float32))
