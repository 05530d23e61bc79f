"""Frozen pixels in NumPy, to be read beside sections 22 to 35 of docs/spec.md.

The twin of the C kernels for images: a map of six integers, the warp by linear, nearest and
cubic interpolation, gamma, the mean, the tone, erasing, alpha, and the whole effect of a sample's
parameters. Coordinates are int64. Every operation on doubles and on float32 is rounded on its
own, in the order written; no function of math that rounds is used but sqrt. Logarithm and
exponential function are those of space_reference.py, the indices of noise those of reference.py.

    placed = turn_map(rotation, scale)                     # or general_map(size, out, ...)
    result = warp(image, placed, size=None, border="reflect")   # also warp_nearest, warp_cubic
    result = effect(image, {"rotation": 17.0, "gamma": 0.8, "erase.area": 0.1})

Images are HxW or HxWxC; `size` is (height, width) of the result, None for that of the image;
`border` is "reflect" (reflect-101), "edge" or a number.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import reference
from space_reference import E, L

Array = npt.NDArray[Any]
Border = str | float
Size = tuple[int, int]  # height, width

# ---- Map: from a pixel of the result to a point of the image ----

RADIANS = float.fromhex("0x1.1df46a2529d39p-6")  # pi / 180
# Both lists begin with the coefficient of the highest power.
SINE = [
    float.fromhex(c)
    for c in (
        "0x1.952c77030ad4ap-49",
        "-0x1.ae7f3e733b81fp-41",
        "0x1.6124613a86d09p-33",
        "-0x1.ae64567f544e4p-26",
        "0x1.71de3a556c734p-19",
        "-0x1.a01a01a01a01ap-13",
        "0x1.1111111111111p-7",
        "-0x1.5555555555555p-3",
    )
]
COSINE = [
    float.fromhex(c)
    for c in (
        "0x1.ae7f3e733b81fp-45",
        "-0x1.93974a8c07c9dp-37",
        "0x1.1eed8eff8d898p-29",
        "-0x1.27e4fb7789f5cp-22",
        "0x1.a01a01a01a01ap-16",
        "-0x1.6c16c16c16c17p-10",
        "0x1.5555555555555p-5",
        "-0x1.0000000000000p-1",
    )
]
LARGEST_SIDE = 32767
LEAST_SCALE, GREATEST_SCALE = 0.001, 1000.0
TOO_FAR = 1 << 61  # in the units of the map


class Map(NamedTuple):
    """Four factors in 2**-31 pixel, two offsets in 2**-32 pixel; fields as in dpa_map."""

    xx: int
    xy: int
    yx: int
    yy: int
    x: int
    y: int


IDENTITY = Map(1 << 31, 0, 0, 1 << 31, 0, 0)


def horner(coefficients: Sequence[float], x: float) -> float:
    """The polynomial whose coefficients begin with that of the highest power."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def cos_sin(degrees: float) -> tuple[float, float]:
    """Cosine and sine; the angle is first reduced, exactly, to at most 45 degrees."""
    rest, quarters = math.fmod(degrees, 360.0), 0
    while rest > 45.0:
        rest, quarters = rest - 90.0, quarters + 1
    while rest < -45.0:
        rest, quarters = rest + 90.0, quarters - 1
    x = rest * RADIANS
    z = x * x
    s = horner(SINE, z) * z * x + x
    c = horner(COSINE, z) * z + 1.0
    return [(c, s), (-s, c), (-c, -s), (s, -c)][quarters % 4]


def fixed(value: float, bits: int) -> int:
    """sign * floor(|value| * 2**bits + 0.5); the product is exact, the sum is a double."""
    scaled = value * 2.0**bits
    if not abs(scaled) < TOO_FAR:  # NaN, too
        raise ValueError("the map leads too far from the image")
    return int(scaled - 0.5) if scaled < 0 else int(scaled + 0.5)


def check_scale(scale: float) -> None:
    """Raises ValueError outside 0.001 to 1000."""
    if not LEAST_SCALE <= scale <= GREATEST_SCALE:
        raise ValueError(f"scale must be {LEAST_SCALE} to {GREATEST_SCALE:g}, got {scale}")


def turn_map(degrees: float, scale: float) -> Map:
    """Counter-clockwise rotation and zoom about the centre, for an image that keeps its size."""
    check_scale(scale)
    c, s = cos_sin(degrees)
    a, b = c / scale, s / scale
    return Map(fixed(a, 31), fixed(-b, 31), fixed(b, 31), fixed(a, 31), 0, 0)


def tangent(degrees: float) -> float:
    """Raises ValueError where the cosine is 0."""
    c, s = cos_sin(degrees)
    if c == 0.0:
        raise ValueError(f"a shear must not be a right angle, got {degrees}")
    return s / c


def general_map(
    size: Size,
    out: Size,
    *,
    rotation: float = 0.0,
    scale: float = 1.0,
    shear_x: float = 0.0,
    shear_y: float = 0.0,
    translate_x: float = 0.0,
    translate_y: float = 0.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    crop: tuple[float, float, float, float] | None = None,
) -> Map:
    """The picture's way in this order: crop resized to `out`, flips, turn, shear, translation.

    crop: area (part of the picture), width / height, and the place of the box in what is left
    (0, 0: top left, 1, 1: bottom right). Angles in degrees, translations in parts of `out`.
    """
    check_scale(scale)
    (h, w), (h2, w2) = size, out
    box_w, box_h, x, y = float(w), float(h), 0.5, 0.5
    if crop is not None:
        area, ratio, x, y = crop
        if not (0 < area < math.inf and 0 < ratio < math.inf):
            raise ValueError(f"area and ratio of a crop must be above 0, got {area} and {ratio}")
        box_w = min(float(w), math.sqrt(area * w * h * ratio))
        box_h = min(float(h), math.sqrt(area * w * h / ratio))
    centre_x = x * (w - box_w) + box_w / 2 - w / 2
    centre_y = y * (h - box_h) + box_h / 2 - h / 2
    step_x = box_w / w2 * (-1.0 if flip_horizontal else 1.0)
    step_y = box_h / h2 * (-1.0 if flip_vertical else 1.0)
    c, s = cos_sin(rotation)
    a, b = c / scale, s / scale
    kx, ky = tangent(shear_x), tangent(shear_y)
    d = 1.0 - kx * ky
    if d == 0.0:
        raise ValueError(f"shears make the picture a line, got {shear_x} and {shear_y}")
    e00, e01, e10, e11 = 1.0 / d, -kx / d, -ky / d, 1.0 / d  # inverse of the shear
    m00, m01 = step_x * (a * e00 - b * e10), step_x * (a * e01 - b * e11)
    m10, m11 = step_y * (b * e00 + a * e10), step_y * (b * e01 + a * e11)
    tx, ty = translate_x * w2, translate_y * h2
    ox = centre_x - (m00 * tx + m01 * ty)
    oy = centre_y - (m10 * tx + m11 * ty)
    factors = [fixed(value, 31) for value in (m00, m01, m10, m11)]
    return Map(*factors, fixed(ox, 32), fixed(oy, 32))


def check_places(size: Size, out: Size, map_: Sequence[int]) -> None:
    """Raises ValueError for a side out of range, or where a coordinate could reach 2**61."""
    if not all(1 <= side <= LARGEST_SIDE for side in (*size, *out)):
        raise ValueError(f"sides must be 1 to {LARGEST_SIDE}, got {size} and {out}")
    (h, w), (h2, w2), (xx, xy, yx, yy, x, y) = size, out, map_
    # No |u| and no |v| is larger than these.
    u = abs(xx) * (w2 - 1) + abs(xy) * (h2 - 1) + ((w - 1) << 31) + abs(x)
    v = abs(yx) * (w2 - 1) + abs(yy) * (h2 - 1) + ((h - 1) << 31) + abs(y)
    if max(u, v, *map(abs, map_)) >= TOO_FAR:
        raise ValueError("the map leads too far from the image")


def places(size: Size, out: Size, map_: Sequence[int]) -> tuple[Array, Array]:
    """(u, v) of each pixel of the result: int64, in 2**-32 pixel from the centre of pixel 0, 0."""
    check_places(size, out, map_)
    (h, w), (h2, w2), (xx, xy, yx, yy, x, y) = size, out, map_
    across = 2 * np.arange(w2, dtype=np.int64) - (w2 - 1)
    down = (2 * np.arange(h2, dtype=np.int64) - (h2 - 1))[:, None]
    u = xx * across + xy * down + (((w - 1) << 31) + x)
    v = yx * across + yy * down + (((h - 1) << 31) + y)
    return u, v


# ---- Border and taps ----


def fold(q: Array, last: int, border: str) -> Array:
    """Coordinates within 0 ... last, by reflect-101 (its period is 2 * last) or by the edge."""
    if border not in ("reflect", "edge"):
        raise ValueError(f"border must be 'reflect', 'edge' or a number, got {border!r}")
    if last == 0:
        return q * 0
    if border == "edge":
        return q.clip(0, last)
    r = q % (2 * last)
    return np.where(r > last, 2 * last - r, r)


def located(
    size: Size, out: Size, map_: Sequence[int], border: Border, bits: int
) -> tuple[Array, Array]:
    """Coordinates with that many fraction bits, folded unless the border is a number."""
    half = 1 << 31 - bits  # in the last place that falls away
    qx, qy = ((u + half) >> 32 - bits for u in places(size, out, map_))
    if isinstance(border, str):
        qx, qy = fold(qx, (size[1] - 1) << bits, border), fold(qy, (size[0] - 1) << bits, border)
    return qx, qy


def outside_value(dtype: np.dtype[Any], number: float, what: str = "border") -> Any:
    """The number as an element. Raises ValueError or OverflowError where it does not fit."""
    with np.errstate(over="ignore"):
        value = dtype.type(number)
    if not np.isfinite(value) or (dtype.kind != "f" and value != number):
        raise ValueError(f"{what} must be a value of {dtype}, got {number}")
    return value


def taken(image: Array, y: Array, x: Array, border: Border) -> Array:
    """The pixels in rows y and columns x; those that lie outside are the border's."""
    h, w = image.shape[:2]
    if isinstance(border, str):
        return image[fold(y, h - 1, border), fold(x, w - 1, border)]
    outside = (y < 0) | (y >= h) | (x < 0) | (x >= w)
    found = image[y.clip(0, h - 1), x.clip(0, w - 1)]
    outside = outside.reshape(outside.shape + (1,) * (image.ndim - 2))
    return np.where(outside, outside_value(image.dtype, border), found)


# ---- Interpolation ----


def linear_uint8(image: Array, out: Size, map_: Sequence[int], border: Border) -> Array:
    """Integers with 14 fraction bits, vertically first."""
    h, w = image.shape[:2]
    qx, qy = located((h, w), out, map_, border, 14)
    if isinstance(border, str):  # the last pixel comes as the tap after the last but one
        qx, qy = (np.minimum(q, max(((side - 1) << 14) - 1, 0)) for q, side in ((qx, w), (qy, h)))
    x0, y0, fx, fy = qx >> 14, qy >> 14, (qx & 16383)[..., None], (qy & 16383)[..., None]

    def column(x: Array) -> Array:
        top, bottom = (taken(image, y, x, border).astype(np.int64) for y in (y0, y0 + 1))
        return (top << 7) + (((bottom - top) * fy + 64) >> 7)

    left, right = column(x0), column(x0 + 1)
    return (((left << 14) + (right - left) * fx + (1 << 20)) >> 21).astype(np.uint8)


def weighted(values: Sequence[Array], weights: Sequence[Array]) -> Array:
    """The sum of products from left to right in float32; what has the weight 0 counts as +0."""
    products = [
        np.where(weight == 0, np.float32(0), value * weight)
        for value, weight in zip(values, weights, strict=True)
    ]
    total = products[0]
    for product in products[1:]:
        total = total + product
    return total


def linear_float32(image: Array, out: Size, map_: Sequence[int], border: Border) -> Array:
    """Weights of 16 fraction bits, exact in float32; rows first."""
    h, w = image.shape[:2]
    qx, qy = located((h, w), out, map_, border, 16)
    x0, y0 = qx >> 16, qy >> 16
    if isinstance(border, str):  # the last pixel comes as the tap after the last but one
        x0, y0 = np.minimum(x0, max(w - 2, 0)), np.minimum(y0, max(h - 2, 0))

    def weights(q: Array, whole: Array) -> list[Array]:
        fraction = (q - (whole << 16))[..., None]
        return [
            part.astype(np.float32) * np.float32(2.0**-16) for part in (65536 - fraction, fraction)
        ]

    across, down = weights(qx, x0), weights(qy, y0)
    rows = [
        weighted([taken(image, y, x, border) for x in (x0, x0 + 1)], across) for y in (y0, y0 + 1)
    ]
    return weighted(rows, down)


def cubic_weights(t: Array) -> list[Array]:
    """Keys' weights, a = -0.75, of the taps -1, 0, 1, 2 for fractions t in doubles.

    With t a multiple of 2**-16 every step is exact: all are multiples of 2**-50 below 2**2.
    """
    s = 1.0 - t
    return [
        -0.75 * t * s * s,
        (1.25 * t - 2.25) * t * t + 1.0,
        (1.25 * s - 2.25) * s * s + 1.0,
        -0.75 * s * t * t,
    ]


def cubic_float32(image: Array, out: Size, map_: Sequence[int], border: Border) -> Array:
    """4 x 4 taps around the coordinate with 16 fraction bits; rows first."""
    qx, qy = located(image.shape[:2], out, map_, border, 16)
    x0, y0 = qx >> 16, qy >> 16
    across, down = (
        [weight.astype(np.float32)[..., None] for weight in cubic_weights((q & 65535) * 2.0**-16)]
        for q in (qx, qy)
    )
    rows = [
        weighted([taken(image, y0 + j, x0 + i, border) for i in (-1, 0, 1, 2)], across)
        for j in (-1, 0, 1, 2)
    ]
    return weighted(rows, down)


def finished(values: Array, dtype: np.dtype[Any], most: float | None = None) -> Array:
    """float32 as the dtype of the image: integers to nearest, ties to even, and clipped.

    `most` is the largest integer, None for the dtype's.
    """
    if dtype.kind == "u":
        values = np.rint(values).clip(0, np.float32(most or np.iinfo(dtype).max))
    return values.astype(dtype)


def _warped(
    image: Array,
    map_: Sequence[int],
    size: Size | None,
    border: Border,
    interpolate: Callable[[Array, Size, Sequence[int], Border], Array],
) -> Array:
    """The identity is a copy, bit for bit: NaN, -0.0 and all."""
    if image.dtype.name not in ("uint8", "uint16", "float32", "float64"):
        raise TypeError(f"image must be uint8, uint16, float32 or float64, got {image.dtype}")
    h, w = image.shape[:2]
    out = size or (h, w)
    if tuple(map_) == IDENTITY and out == (h, w):
        return image.copy()
    if not isinstance(border, str):
        outside_value(image.dtype, border)
    pixels = image.reshape(h, w, -1)
    with np.errstate(invalid="ignore", over="ignore"):
        if interpolate is not linear_uint8:
            pixels = pixels.astype(np.float32)
        values = interpolate(pixels, out, map_, border)
    return finished(values, image.dtype).reshape(out + image.shape[2:])


def warp(
    image: Array, map_: Sequence[int], size: Size | None = None, border: Border = "reflect"
) -> Array:
    """Linear interpolation of uint8, uint16, float32 or float64."""
    linear = linear_uint8 if image.dtype == np.uint8 else linear_float32
    return _warped(image, map_, size, border, linear)


def warp_cubic(
    image: Array, map_: Sequence[int], size: Size | None = None, border: Border = "reflect"
) -> Array:
    """Cubic interpolation of uint8, uint16, float32 or float64."""
    return _warped(image, map_, size, border, cubic_float32)


def warp_nearest(
    image: Array, map_: Sequence[int], size: Size | None = None, border: Border = "reflect"
) -> Array:
    """Copies elements of any dtype: the pixel at floor(coordinate + 1/2)."""
    out = size or image.shape[:2]
    x, y = ((u + (1 << 31)) >> 32 for u in places(image.shape[:2], out, map_))
    return taken(image, y, x, border)


def warp_torch(images: Any, maps: Sequence[Sequence[int]], border: str = "reflect") -> Any:
    """warp of uint8 tensors NxCxHxW on any device, a map each, in integer operations alone.

    This short form keeps the size, takes no number as border, and needs sides of 2 or more.
    """
    import torch

    n, channels, h, w = images.shape
    if border not in ("reflect", "edge") or min(h, w) < 2:
        raise ValueError("border must be 'reflect' or 'edge', and sides 2 or more")
    device = images.device
    xx, xy, yx, yy, x, y = torch.tensor(maps, dtype=torch.int64, device=device).T[..., None, None]
    across = 2 * torch.arange(w, device=device) - (w - 1)
    down = (2 * torch.arange(h, device=device) - (h - 1))[:, None]

    def folded(u: Any, last: int) -> Any:
        q = (u + (1 << 17)) >> 18
        if border == "edge":
            return q.clamp(0, last - 1)
        q = q.remainder(2 * last)
        return torch.where(q > last, 2 * last - q, q).clamp(max=last - 1)

    qx = folded(xx * across + xy * down + (((w - 1) << 31) + x), (w - 1) << 14)
    qy = folded(yx * across + yy * down + (((h - 1) << 31) + y), (h - 1) << 14)
    fx, fy = ((q & 16383).int()[:, None] for q in (qx, qy))
    flat = images.reshape(n, channels, -1)
    first = ((qy >> 14) * w + (qx >> 14)).reshape(n, 1, -1).expand(-1, channels, -1)

    def tap(step: int) -> Any:
        return flat.gather(2, first + step).int().reshape(n, channels, h, w)

    def column(step: int) -> Any:
        top, bottom = tap(step), tap(step + w)
        return (top << 7) + (((bottom - top) * fy + 64) >> 7)

    left, right = column(0), column(1)
    return (((left << 14) + (right - left) * fx + (1 << 20)) >> 21).to(torch.uint8)


# ---- Gamma ----


LEAST_NORMAL = 2.0**-1022  # L takes nothing below


def full_range(dtype: np.dtype[Any], given: float | None = None) -> float:
    """F: the value of white. The largest value of integers and 1 of floats, or another number."""
    largest = float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0
    if given is None:
        return largest
    number = float(given)
    if dtype.kind == "u":
        if not (number.is_integer() and 1 <= number <= largest):
            raise ValueError(f"full_range must be a whole number, 1 to {largest:g}, got {given}")
    elif not 1e-30 <= number <= 1e30:
        raise ValueError(f"full_range must be 1e-30 to 1e30, got {given}")
    return number


def power(x: float, exponent: float) -> float:
    """x ** exponent for x > 0, by L and E of section 13."""
    return E(min(max(exponent * L(x), -700.0), 700.0))


def gamma(image: Array, exponent: float, full: float | None = None) -> Array:
    """F * (value / F) ** exponent, in doubles. With an exponent of 1 it is a copy."""
    if exponent == 1.0:
        return image.copy()
    most = full_range(image.dtype, full)

    def of_integer(value: int) -> int:
        if value == 0:
            return 0
        return min(round(power(min(float(value), most) / most, exponent) * most), int(most))

    def of_single(value: np.float32) -> np.float32:
        x = float(value) / most
        return np.float32(power(x, exponent) * most) if LEAST_NORMAL <= x < math.inf else value

    def of_each(values: Array, of_one: Callable[[Any], Any]) -> Array:
        kept, places = np.unique(values, return_inverse=True, equal_nan=False)
        found = np.array([of_one(value) for value in kept], values.dtype)
        return found[places].reshape(values.shape)

    if image.dtype.kind == "u":
        return of_each(image, lambda value: of_integer(int(value)))
    with np.errstate(over="ignore"):
        values = image.astype(np.float32)
        found = np.where(values == 0, values, of_each(values, of_single))  # -0.0 stays
    return found.astype(image.dtype)


# ---- Tone ----


class Tone(NamedTuple):
    """float32 numbers; the last two in the unit of the pixels' values."""

    gain: np.float32
    offset: np.float32
    stdev: np.float32


def mean(image: Array, full: float | None = None) -> float:
    """The mean of all elements: exact for integers, of finite floats in steps of 2**-24 of F.

    The sum is an integer, so it has no order. It and the count become doubles before they are
    divided.
    """
    if image.dtype.kind == "u":
        total, count = int(image.sum(dtype=np.int64)), image.size
        return float(total) / float(count) if count else 0.0
    most = full_range(image.dtype, full)
    with np.errstate(over="ignore"):
        values = image.astype(np.float32).astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size == 0:
            return 0.0
        steps = np.rint(values * 2.0**24 / most).clip(-(2.0**38), 2.0**38)
    total = int(steps.astype(np.int64).sum())  # modulo 2**64, as int64 wraps
    return float(total) / float(values.size) * most / 2.0**24


def mean_under_alpha(colours: Array, alpha: Array) -> float:
    """The mean of HxWxC colours, each weighted with the alpha of its pixel, HxW; all uint8."""
    weights = alpha.astype(np.int64)
    total, weight = int((colours * weights[..., None]).sum()), int(weights.sum())
    return float(total) / float(colours.shape[2] * weight) if weight else 0.0


def tone_of(
    brightness: float,
    contrast: float,
    noise: float,
    image: Array,
    full: float | None = None,
    alpha: Array | None = None,
) -> Tone:
    """The tone of a warped image: products of doubles, each then rounded to float32."""
    lift = brightness * (1.0 - contrast)
    offset = 0.0
    if lift:
        offset = lift * (mean(image, full) if alpha is None else mean_under_alpha(image, alpha))
    stdev = noise * full_range(image.dtype, full)
    with np.errstate(over="ignore"):
        found = Tone(np.float32(brightness * contrast), np.float32(offset), np.float32(stdev))
    if not np.isfinite(found).all():
        raise ValueError(f"brightness, contrast and noise make numbers too large: {found}")
    return found


LUMA = (0.299, 0.587, 0.114)


def saturation_matrix(saturation: float) -> Array:
    """3 x 3 float32: the identity with a saturation of 1, three equal rows with 0."""
    rest = 1.0 - saturation
    rows = [[rest * LUMA[j] + (saturation if i == j else 0.0) for j in range(3)] for i in range(3)]
    with np.errstate(over="ignore"):
        matrix = np.array(rows).astype(np.float32)
    if not np.isfinite(matrix).all():
        raise ValueError(f"saturation is too large, got {saturation}")
    return matrix


def saturated(values: Array, matrix: Array) -> Array:
    """The matrix times the three float32 channels of HxWx3, each step rounded to float32."""
    v0, v1, v2 = (values[..., channel] for channel in range(3))
    return np.stack([(m0 * v0 + m1 * v1) + m2 * v2 for m0, m1, m2 in matrix], axis=-1)


def tone(
    image: Array,
    gain: float,
    offset: float,
    stdev: float = 0.0,
    noise: Array | None = None,
    matrix: Array | None = None,
    full: float | None = None,
) -> Array:
    """matrix * (gain * value + offset) + stdev * noise, each step rounded to float32.

    `noise` has a float32 number for each element, in the order (y * width + x) * channels + c;
    None is the same as zeros. Without a matrix the saturation is not touched.
    """
    added = np.float32(stdev) * (np.float32(0) if noise is None else noise.reshape(image.shape))
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.float32(gain) * image.astype(np.float32) + np.float32(offset)
        values = (values if matrix is None else saturated(values, matrix)) + added
        return finished(values, image.dtype, full_range(image.dtype, full))


# ---- Erasing ----


def erase_box(size: Size, area: float, ratio: float, x: float, y: float) -> Sequence[int]:
    """(left, top, width, height) in pixels; a side may be 0."""
    h, w = size
    wide = min(float(w), math.sqrt(area * w * h * ratio))
    high = min(float(h), math.sqrt(area * w * h / ratio))
    columns, rows = math.floor(wide + 0.5), math.floor(high + 0.5)
    left, top = math.floor(x * (w - columns) + 0.5), math.floor(y * (h - rows) + 0.5)
    return left, top, columns, rows


def erased(
    image: Array,
    area: float,
    ratio: float = 1.0,
    x: float = 0.5,
    y: float = 0.5,
    fill: float = 0.0,
) -> Array:
    """A copy in which every channel of the box is `fill`; of float64 it is a float32 number."""
    held = np.dtype(np.float32) if image.dtype.kind == "f" else image.dtype
    value = outside_value(held, fill, "erase_fill")
    left, top, columns, rows = erase_box(image.shape[:2], area, ratio, x, y)
    result = image.copy()
    result[top : top + rows, left : left + columns] = value
    return result


# ---- Alpha ----


def with_alpha(
    image: Array,
    map_: Sequence[int],
    size: Size | None = None,
    border: Border = "reflect",
    interpolation: str = "linear",
) -> Array:
    """The warp of a uint8 image HxWxC whose last channel is alpha; outside is all 0."""
    h, w = image.shape[:2]
    if tuple(map_) == IDENTITY and (size or (h, w)) == (h, w):
        return image.copy()
    if not isinstance(border, str):
        outside_value(image.dtype, border)
        border = 0
    if interpolation == "nearest":
        return warp_nearest(image, map_, size, border)
    planes = image.astype(np.float32)
    planes[..., :-1] *= planes[..., -1:]
    warped = WARPS[interpolation](planes, map_, size, border)
    alpha = finished(warped[..., -1:], image.dtype)
    colours = warped[..., :-1] / np.where(alpha > 0, warped[..., -1:], np.float32(1))
    colours = np.where(alpha > 0, finished(colours, image.dtype), np.uint8(0))
    return np.concatenate([colours, alpha], axis=-1)


WARPS = {"linear": warp, "cubic": warp_cubic, "nearest": warp_nearest}

# ---- Effect: all that the names of a sample's parameters say ----


class Name(NamedTuple):
    """What an effect's name stands for when it is missing, and which values it may have."""

    neutral: float | bool | None  # None: there is no such step
    limits: str
    passes: Callable[[float], bool]


ANY = ("finite", lambda value: True)
SWITCH = ("True or False", lambda value: True)
SHEAR = ("-89.9 to 89.9", lambda value: -89.9 <= value <= 89.9)
SHIFT = ("-1000 to 1000", lambda value: -1000 <= value <= 1000)
RATIO = ("1e-6 to 1e6", lambda value: 1e-6 <= value <= 1e6)
PLACE = ("0 to 1", lambda value: 0 <= value <= 1)
LEAST = ("0 or more", lambda value: value >= 0)
SATURATION = ("0 to 1e6", lambda value: 0 <= value <= 1e6)
SCALE = ("0.001 to 1000", lambda value: LEAST_SCALE <= value <= GREATEST_SCALE)
#: In the order in which they act.
EFFECTS = {
    "crop.area": Name(None, "1e-9 to 1", lambda value: 1e-9 <= value <= 1),
    "crop.ratio": Name(None, *RATIO),
    "crop.x": Name(0.5, *PLACE),
    "crop.y": Name(0.5, *PLACE),
    "flip_horizontal": Name(False, *SWITCH),
    "flip_vertical": Name(False, *SWITCH),
    "rotation": Name(0.0, *ANY),
    "scale": Name(1.0, *SCALE),
    "shear_x": Name(0.0, *SHEAR),
    "shear_y": Name(0.0, *SHEAR),
    "translate_x": Name(0.0, *SHIFT),
    "translate_y": Name(0.0, *SHIFT),
    "gamma": Name(1.0, "0.01 to 100", lambda value: 0.01 <= value <= 100),
    "brightness": Name(1.0, *ANY),
    "contrast": Name(1.0, *ANY),
    "saturation": Name(1.0, *SATURATION),
    "grey": Name(False, *SWITCH),
    "noise": Name(0.0, *LEAST),
    "erase.area": Name(None, *PLACE),
    "erase.ratio": Name(1.0, *RATIO),
    "erase.x": Name(0.5, *PLACE),
    "erase.y": Name(0.5, *PLACE),
}


def settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every name of EFFECTS; other names are ignored. May raise Type-, ValueError."""
    found: dict[str, Any] = {}
    for name, (neutral, limits, passes) in EFFECTS.items():
        value = params.get(name, neutral)
        if name in params:
            switch = isinstance(neutral, bool)
            kinds = (bool, np.bool_) if switch else (int, float, np.integer, np.floating)
            if not isinstance(value, kinds) or (isinstance(value, bool) and not switch):
                raise TypeError(f"{name} must be {limits}, got {value!r}")
            value = bool(value) if switch else float(value)
            if not (math.isfinite(value) and passes(value)):
                raise ValueError(f"{name} must be {limits}, got {value}")
        found[name] = value
    return found


def placement(params: Mapping[str, Any], size: Size, out: Size) -> Map:
    """The one map of all names that say where pixels go."""
    how = settings(params)
    crop = None
    if how["crop.area"] is not None or how["crop.ratio"] is not None:
        h, w = size
        area = 1.0 if how["crop.area"] is None else how["crop.area"]
        ratio = w / h if how["crop.ratio"] is None else how["crop.ratio"]
        crop = (area, ratio, how["crop.x"], how["crop.y"])
    names = ("rotation", "scale", "shear_x", "shear_y", "translate_x", "translate_y")
    names += ("flip_horizontal", "flip_vertical")
    return general_map(size, out, crop=crop, **{name: how[name] for name in names})


@cache
def quantiles() -> Array:
    """The table of noise: 65,536 float32."""
    return np.array(reference.noise_table(), np.float32)


def normals(digest: bytes, count: int) -> Array:
    """The first numbers of a sample's noise (section 11)."""
    blocks = [reference.noise_block(digest, block) for block in range(-(-count // 8))]
    return quantiles()[np.ravel(blocks)[:count].astype(np.int64)]


def coloured(
    colours: Array,
    params: Mapping[str, Any],
    full: float | None = None,
    noise: Array | None = None,
    alpha: Array | None = None,
) -> Array:
    """Gamma, brightness, contrast, saturation and noise. What does nothing is not run."""
    how = settings(params)
    channels = 1 if colours.ndim == 2 else colours.shape[2]
    saturation = 0.0 if how["grey"] else how["saturation"]
    if saturation != 1.0 and channels not in (1, 3):
        raise ValueError(f"saturation needs one or three channels, got {channels}")
    colours = gamma(colours, how["gamma"], full)
    found = tone_of(how["brightness"], how["contrast"], how["noise"], colours, full, alpha)
    matrix = saturation_matrix(saturation) if saturation != 1.0 and channels == 3 else None
    if found.gain == 1 and found.offset == 0 and matrix is None and how["noise"] == 0:
        return colours
    if how["noise"] == 0:
        noise = None
    elif noise is None:
        noise = normals(bytes.fromhex(params["hash"]), colours.size)
    return tone(colours, *found, noise, matrix, full)


def erased_by(image: Array, params: Mapping[str, Any], fill: float) -> Array:
    """The box that the names with `erase` say, if there is erase.area."""
    area, ratio, x, y = (settings(params)[f"erase.{each}"] for each in ("area", "ratio", "x", "y"))
    return image if area is None else erased(image, area, ratio, x, y, fill)


def at_most_white(result: Array, given: float | None) -> Array:
    """Integers that cubic interpolation has put above the full range."""
    return np.minimum(result, result.dtype.type(full_range(result.dtype, given)))


def effect(
    image: Array,
    params: Mapping[str, Any],
    out_size: Size | None = None,
    border: Border = "reflect",
    interpolation: str = "linear",
    full_range: float | None = None,
    erase_fill: float = 0.0,
    noise: Array | None = None,
    alpha: bool = False,
) -> Array:
    """The image after all that `params` names, in the order of EFFECTS.

    With `alpha` the last channel is opacity: nothing but the warp changes it. `noise` is a
    float32 number for each element of the result, alpha aside; None takes them by
    params["hash"]. Masks need `placement` alone, and warp_nearest.
    """
    size = image.shape[:2]
    out = size if out_size is None else tuple(out_size)
    placed = placement(params, size, out)
    if not alpha:
        result = WARPS[interpolation](image, placed, out, border)
        copied = placed == IDENTITY and out == size
        if interpolation == "cubic" and image.dtype.kind == "u" and not copied:
            result = at_most_white(result, full_range)
        return erased_by(coloured(result, params, full_range, noise), params, erase_fill)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (2, 4):
        raise TypeError("an image with alpha must be uint8 and HxWx2 or HxWx4")
    result = with_alpha(image, placed, out, border, interpolation)
    opacity = result[..., -1]
    colours = coloured(result[..., :-1], params, full_range, noise, opacity)
    return np.dstack([erased_by(colours, params, erase_fill), opacity])


# ---- Pictures of the known answers: tests/vectors/pixels.json ----


def picture(h: int, w: int, c: int, dtype: str = "uint8") -> Array:
    """Element k is the top byte of k * 2654435761 mod 2**32.

    uint16 takes the top 16 bits; float32 and float64 the byte / 255, rounded to float32. HxW if
    c is 1.
    """
    mixed = np.arange(h * w * c, dtype=np.uint64) * 2654435761 % 2**32
    shape = (h, w) if c == 1 else (h, w, c)
    if dtype == "uint16":
        return (mixed >> 16).astype(np.uint16).reshape(shape)
    levels = (mixed >> 24).astype(np.uint8).reshape(shape)
    if dtype == "uint8":
        return levels
    return (levels.astype(np.float32) / np.float32(255)).astype(dtype)


def name(image: Array) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the elements' little-endian bytes."""
    little = np.ascontiguousarray(image.astype(image.dtype.newbyteorder("<")))
    return hashlib.sha256(little.tobytes()).hexdigest()[:16]
