"""Gamma, tone and noise in Triton: place_kernel.py calls gamma, kernels.py launches the rest."""

from __future__ import annotations

import triton
import triton.language as tl

from dpa.integrations.torch import powers, steps

#: Pixels that follow each other: in all channels they take whole blocks of noise.
RUN = tl.constexpr(8)
_LOG_EVEN, _LOG_ODD, _EXP = map(tl.constexpr, (powers.LOG_EVEN, powers.LOG_ODD, powers.EXP))


@triton.jit
def number_of(row, column: tl.constexpr):
    """A double of a row of steps."""
    return tl.load(row + column).to(tl.float64, bitcast=True)


@triton.jit
def byte_of(value, FULL_RANGE: tl.constexpr):
    """To the nearest integer, ties to even: from 2**23 on, singles have no fraction."""
    value = tl.minimum(tl.maximum(value, 0.0), FULL_RANGE)
    return ((value + 2.0**23).to(tl.int32, bitcast=True) & 0xFF).to(tl.uint8)


# ---- Gamma ----


@triton.jit
def make_levels(steps_ptr, levels_ptr, FULL_RANGE: tl.constexpr):
    """What each level of bytes becomes, for each sample."""
    sample = tl.program_id(0).to(tl.int64)
    gamma = number_of(steps_ptr + sample * steps.STEPS, steps.GAMMA)
    level = tl.arange(0, 256)
    parts = tl.minimum(tl.maximum(level, 1).to(tl.float64), FULL_RANGE) / FULL_RANGE
    made = tl.minimum(_power(parts, gamma) * FULL_RANGE, FULL_RANGE)
    made = tl.where(level == 0, 0, ((made + 2.0**52) - 2.0**52).to(tl.int32))
    if gamma == 1:
        made = level
    tl.store(levels_ptr + sample * 256 + level, made.to(tl.uint8))


@triton.jit
def powered(value, gamma, FULL_RANGE: tl.constexpr):
    """Singles to the power of gamma, as parts of the full range."""
    part = value.to(tl.float64) / FULL_RANGE
    normal = (part >= 2.0**-1022) & (part < float("inf"))
    made = _power(tl.where(normal, part, 1.0), gamma) * FULL_RANGE
    return tl.where(normal, made.to(tl.float32), value)


@triton.jit
def _power(x, gamma):
    """x ** gamma of normal positive doubles (docs/spec.md, "Functions" and "Gamma")."""
    return _exponential(tl.minimum(tl.maximum(gamma * _logarithm(x), -700.0), 700.0))


@triton.jit
def _polynomial(x, COEFFICIENTS: tl.constexpr, COUNT: tl.constexpr):
    value = x * COEFFICIENTS[0] + COEFFICIENTS[1]
    for i in tl.static_range(2, COUNT):
        value = value * x + COEFFICIENTS[i]
    return value


@triton.jit
def _logarithm(x):
    shifted = x.to(tl.int64, bitcast=True) + (powers.ONE - powers.LEAST_FRACTION)
    k = ((shifted >> 52) - 1023).to(tl.float64)
    fraction = (shifted & ((1 << 52) - 1)) + powers.LEAST_FRACTION
    f = fraction.to(tl.float64, bitcast=True) - 1
    s = f / (2 + f)
    z = s * s
    w = z * z
    even = w * _polynomial(w, _LOG_EVEN, 3)
    odd = z * _polynomial(w, _LOG_ODD, 4)
    h = 0.5 * f * f
    low = k * powers.LN2_LOW
    return k * powers.LN2_HIGH - ((h - (s * (h + (even + odd)) + low)) - f)


@triton.jit
def _exponential(x):
    shifted = x * powers.PER_LN2 + 1.5 * 2.0**52  # ends in the bits of the nearest integer
    k = shifted - 1.5 * 2.0**52
    high, low = x - k * powers.LN2_HIGH, k * powers.LN2_LOW
    r = high - low
    t = r * r
    c = r - t * _polynomial(t, _EXP, 5)
    whole = ((shifted.to(tl.int64, bitcast=True) << 52) + powers.ONE).to(tl.float64, bitcast=True)
    return (1 - ((low - (r * c) / (2 - c)) - high)) * whole


# ---- Tone ----


@triton.jit(do_not_specialize=["out_width"])
def tone(
    out_ptr,
    steps_ptr,
    table_ptr,
    sums_ptr,
    out_n,
    out_c,
    out_p,
    pixels,
    out_width,
    erase_fill,
    FULL_RANGE: tl.constexpr,
    CHANNELS: tl.constexpr,
    HAS_MEAN: tl.constexpr,
    RUNS: tl.constexpr,
):
    """A program does RUNS runs of pixels, in place, in all channels: tone, noise and erasing."""
    BYTES: tl.constexpr = out_ptr.dtype.element_ty == tl.uint8
    blocks = tl.cdiv(tl.cdiv(pixels, RUN), RUNS)
    sample = (tl.program_id(0) // blocks).to(tl.int64)
    row = steps_ptr + sample * steps.STEPS
    flags = tl.load(row + steps.FLAGS)
    gain = number_of(row, steps.GAIN).to(tl.float32)
    offset = tl.full((), 0.0, tl.float32)
    if HAS_MEAN:
        lift = number_of(row, steps.LIFT)
        if lift != 0:
            mean = mean_of(sums_ptr + 2 * sample, pixels, CHANNELS, BYTES, FULL_RANGE)
            offset = (lift * mean).to(tl.float32)
    top, left = tl.load(row + steps.BOX).to(tl.int32), tl.load(row + steps.BOX + 1).to(tl.int32)
    bottom = tl.load(row + steps.BOX + 2).to(tl.int32)
    right = tl.load(row + steps.BOX + 3).to(tl.int32)
    still = (gain == 1) & (offset == 0) & ((flags & (steps.MIXES | steps.NOISY)) == 0)
    if still & (bottom <= top):
        return

    run = tl.program_id(0) % blocks * RUNS + tl.arange(0, RUNS)
    index = run[:, None] * RUN + tl.arange(0, RUN)[None, :]
    inside = index < pixels
    erased = index < 0
    if bottom > top:
        y = index // out_width
        x = index - y * out_width
        erased = (y >= top) & (y < bottom) & (x >= left) & (x < right)
    target = out_ptr + sample * out_n + index.to(tl.int64) * out_p
    fill = tl.full((), erase_fill, out_ptr.dtype.element_ty)
    if still:
        for c in tl.static_range(CHANNELS):
            tl.store(target + c * out_c, fill, mask=inside & erased)
        return

    values = ()
    for c in tl.static_range(CHANNELS):
        value = tl.load(target + c * out_c, mask=inside, other=0)
        values = values + (gain * value.to(tl.float32) + offset,)
    if CHANNELS == 3 and (flags & steps.MIXES) != 0:
        values = mixed(row, values[0], values[1], values[2])
    if (flags & steps.NOISY) != 0:
        values = noisy(row, values, run, table_ptr, CHANNELS)
    for c in tl.static_range(CHANNELS):
        value = values[c] + 0.0  # -0.0 becomes +0.0
        if BYTES:
            value = byte_of(value, FULL_RANGE)
        tl.store(target + c * out_c, tl.where(erased, fill, value), mask=inside)


@triton.jit
def step_of(value, FULL_RANGE: tl.constexpr):
    """What a value adds to the sum of which the mean is made, and whether it counts."""
    counts = tl.abs(value.to(tl.float32)) < float("inf")
    if value.dtype == tl.uint8:
        step = value.to(tl.int64)
    else:
        single = tl.where(counts, value, 0.0)
        step = single.to(tl.float64) * 2.0**24 / FULL_RANGE
        step = tl.minimum(tl.maximum(step, -(2.0**38)), 2.0**38)
        step = ((step + 1.5 * 2.0**52) - 1.5 * 2.0**52).to(tl.int64)
    return step, counts


@triton.jit
def mean_of(sums, pixels, CHANNELS: tl.constexpr, BYTES: tl.constexpr, FULL_RANGE: tl.constexpr):
    """The mean of a sample, from the sum in sums, and of singles the number of those that count."""
    total = tl.load(sums)
    number = tl.full((), pixels, tl.int64) * CHANNELS if BYTES else tl.load(sums + 1)
    mean = total.to(tl.float64) / tl.maximum(number, 1).to(tl.float64)
    if not BYTES:
        mean = mean * FULL_RANGE / 2.0**24
    return mean


@triton.jit
def mixed(row, red, green, blue):
    """The channels multiplied by the matrix of a row of steps."""
    rows = ()
    for i in tl.static_range(3):
        of_red = number_of(row, steps.MATRIX + 3 * i).to(tl.float32)
        of_green = number_of(row, steps.MATRIX + 3 * i + 1).to(tl.float32)
        of_blue = number_of(row, steps.MATRIX + 3 * i + 2).to(tl.float32)
        rows = rows + ((of_red * red + of_green * green) + of_blue * blue,)
    return rows


# ---- Noise ----


@triton.jit
def noisy(row, values, run, table, CHANNELS: tl.constexpr):
    """Adds noise to the values of runs, of each channel a matrix."""
    stdev = number_of(row, steps.STDEV).to(tl.float32)
    words = _words(row, run, CHANNELS)
    made = ()
    for c in tl.static_range(CHANNELS):
        made = made + (values[c] + stdev * _normals(words, table, c, CHANNELS),)
    return made


@triton.jit
def _words(row, run, CHANNELS: tl.constexpr):
    """The words of noise of runs, four for each channel: two numbers each."""
    k0, k1 = tl.load(row + steps.WORDS), tl.load(row + steps.WORDS + 1)
    c2, c3 = tl.load(row + steps.WORDS + 2), tl.load(row + steps.WORDS + 3)
    words = ()
    for i in tl.static_range(CHANNELS):
        block = run * CHANNELS + i
        words = words + tl.philox(k1 << 32 | k0, block, 0, c2.to(tl.uint32), c3.to(tl.uint32))
    return words


@triton.jit
def _normals(words, table, channel: tl.constexpr, CHANNELS: tl.constexpr):
    """Of the runs' pixels in a channel, as a matrix. The table's lower half mirrors the upper."""
    odd: tl.constexpr = channel + CHANNELS
    numbers = tl.join(
        _numbers(words, channel, 2 * CHANNELS), _numbers(words, odd, 2 * CHANNELS)
    ).reshape(words[0].shape[0], RUN)
    mirrors = (numbers >> 15) - 1  # all ones in the lower half
    upper = tl.load(table + 32768 + ((numbers ^ mirrors) & 0x7FFF))
    return (upper.to(tl.int32, bitcast=True) ^ (mirrors << 31)).to(tl.float32, bitcast=True)


@triton.jit
def _numbers(words, first: tl.constexpr, step: tl.constexpr):
    """Four numbers of each run: the last two dimensions are of two."""
    return tl.join(
        tl.join(_number(words, first), _number(words, first + 2 * step)),
        tl.join(_number(words, first + step), _number(words, first + 3 * step)),
    )


@triton.jit
def _number(words, index: tl.constexpr):
    word = words[index // 2]
    return ((word >> 16) if index % 2 else (word & 0xFFFF)).to(tl.int32)
