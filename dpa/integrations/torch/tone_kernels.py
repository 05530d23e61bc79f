"""Gamma, tone and noise in Triton: what fused_kernel.py does to blended pixels."""

from __future__ import annotations

from dpa.checks import extra
from dpa.integrations.torch import powers, steps

with extra("torch", "kernels need Triton, which PyTorch's builds for GPUs bring"):
    import triton
    import triton.language as tl

_LOG_EVEN, _LOG_ODD, _EXP = map(tl.constexpr, (powers.LOG_EVEN, powers.LOG_ODD, powers.EXP))


@triton.jit
def number_of(row, column: tl.constexpr):
    """A double of a row of steps."""
    return tl.load(row + column).to(tl.float64, bitcast=True)


@triton.jit
def byte_of(value, FULL_RANGE: tl.constexpr):
    """To the nearest integer, ties to even: from 2**23 on, singles have no fraction."""
    value = tl.minimum(tl.maximum(value, 0.0), FULL_RANGE)
    return ((value + 2.0**23) - 2.0**23).to(tl.uint8)


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
def mean_of(sums, BYTES: tl.constexpr, FULL_RANGE: tl.constexpr):
    """Of what step_of has made, the sum and the number of which are in sums."""
    total, number = tl.load(sums), tl.load(sums + 1)
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
def noisy(row, values, table, block, CHANNELS: tl.constexpr, BLOCK: tl.constexpr):
    """Adds noise to the values of the program's pixels, of each channel a tensor."""
    stdev = number_of(row, steps.STDEV).to(tl.float32)
    numbers = _numbers(row, block * (BLOCK * CHANNELS // 8), BLOCK * CHANNELS)
    made = ()
    for c in tl.static_range(CHANNELS):
        own = tl.gather(numbers, tl.arange(0, BLOCK) * CHANNELS + c, 0)
        made = made + (values[c] + stdev * tl.load(table + own),)
    return made


@triton.jit
def _numbers(row, first, COUNT: tl.constexpr):
    """COUNT or more of the noise's indices of the table, from Philox block `first` on."""
    SIZE: tl.constexpr = triton.next_power_of_2(COUNT)
    k0, k1 = tl.load(row + steps.WORDS), tl.load(row + steps.WORDS + 1)
    c2, c3 = tl.load(row + steps.WORDS + 2), tl.load(row + steps.WORDS + 3)
    blocks = first + tl.arange(0, SIZE // 8)
    x0, x1, x2, x3 = tl.philox(k1 << 32 | k0, blocks, 0, c2.to(tl.uint32), c3.to(tl.uint32))
    words = tl.join(tl.join(x0, x2), tl.join(x1, x3))  # side by side: x0, x1, x2, x3
    return tl.join(words & 0xFFFF, words >> 16).reshape(SIZE)
