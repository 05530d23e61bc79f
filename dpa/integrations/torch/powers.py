"""Gamma of tensors: powers that have the same bits on every device (docs/spec.md, "Gamma")."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import torch

LN2_HIGH, LN2_LOW, PER_LN2 = map(
    float.fromhex, ("0x1.62e42fee00000p-1", "0x1.a39ef35793c76p-33", "0x1.71547652b82fep+0")
)
#: Coefficients of polynomials, from that of the highest power on.
LOG_EVEN, LOG_ODD, EXP = (
    tuple(map(float.fromhex, words.split()))
    for words in (
        "0x1.39a09d078c69fp-3 0x1.c71c51d8e78afp-3 0x1.999999997fa04p-2",
        "0x1.2f112df3e5244p-3 0x1.7466496cb03dep-3 0x1.2492494229359p-2 0x1.5555555555593p-1",
        """0x1.6376972bea4d0p-25 -0x1.bbd41c5d26bf1p-20 0x1.1566aaf25de2cp-14
        -0x1.6c16c16bebd93p-9 0x1.555555555553ep-3""",
    )
)
#: Bits of doubles: of sqrt(1/2), from where on the logarithm takes its fraction, and of 1.
LEAST_FRACTION, ONE = 0x3FE6A09E00000000, 0x3FF0000000000000


def divisor(number: float, device: torch.device) -> torch.Tensor:
    """A double to divide by: on CUDA, PyTorch multiplies by the reciprocal of a Python number.

    That rounds twice; for powers of two it is exact.
    """
    return torch.full((), number, dtype=torch.float64, device=device)


def powered(pixels: torch.Tensor, gamma: torch.Tensor, full_range: float) -> torch.Tensor:
    """Images NxCxHxW, uint8 or float32, to the powers gamma, of shape (N, 1, 1, 1)."""
    if not bool((gamma != 1).any()):  # most often; it saves some forty operations on doubles
        return pixels
    if pixels.is_floating_point():
        made: torch.Tensor = _Power.apply(pixels, gamma, full_range)
        return made
    levels = _levels(gamma.view(-1, 1), full_range)
    return levels.gather(1, pixels.flatten(1).long()).view(pixels.shape)


def _levels(gamma: torch.Tensor, full_range: float) -> torch.Tensor:
    """What each of 256 levels becomes; gamma is Nx1, the result uint8, Nx256."""
    levels = torch.arange(256, dtype=torch.float64, device=gamma.device)
    parts = levels.clamp(1, full_range) / divisor(full_range, gamma.device)
    made = (_power(parts, gamma) * full_range).round().clamp(max=full_range)
    return torch.where((levels == 0) | (gamma == 1), levels, made).to(torch.uint8)


class _Power(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """full_range * (pixels / full_range) ** gamma, where that is defined."""

    @staticmethod
    def forward(
        ctx: Any, pixels: torch.Tensor, gamma: torch.Tensor, full_range: float
    ) -> torch.Tensor:
        parts = pixels.double() / divisor(full_range, pixels.device)
        normal = (parts >= sys.float_info.min) & (parts < math.inf) & (gamma != 1)
        made = _power(parts.where(normal, 1.0), gamma) * full_range
        powered = torch.where(normal, made.float(), pixels)
        ctx.save_for_backward(pixels, gamma, normal, powered)
        return powered

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        pixels, gamma, normal, powered = ctx.saved_tensors
        return gradient * (gamma.float() * powered / pixels).where(normal, 1.0), None, None


def _power(x: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """x ** gamma of normal positive doubles (docs/spec.md, "Functions" and "Gamma")."""
    return _exponential((gamma * _logarithm(x)).clamp(-700, 700))


def _polynomial(coefficients: Sequence[float], x: torch.Tensor) -> torch.Tensor:
    value = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        value = value * x + coefficient
    return value


def _logarithm(x: torch.Tensor) -> torch.Tensor:
    shifted = x.view(torch.int64) + (ONE - LEAST_FRACTION)
    k = ((shifted >> 52) - 1023).double()
    f = ((shifted & (1 << 52) - 1) + LEAST_FRACTION).view(torch.float64) - 1
    s = f / (2 + f)
    z = s * s
    w = z * z
    even, odd = w * _polynomial(LOG_EVEN, w), z * _polynomial(LOG_ODD, w)
    h = 0.5 * f * f
    return k * LN2_HIGH - ((h - (s * (h + (even + odd)) + k * LN2_LOW)) - f)


def _exponential(x: torch.Tensor) -> torch.Tensor:
    k = (x * PER_LN2).round()
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * _polynomial(EXP, t)
    whole = ((k.long() << 52) + ONE).view(torch.float64)  # 2 ** k
    return (1 - ((low - (r * c) / (2 - c)) - high)) * whole
