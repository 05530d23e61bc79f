"""Effects on tensors by Triton: the bits of arrays (docs/spec.md, from "Map" on)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from dpa._pixels import STEPS
from dpa.checks import extra
from dpa.images.forms import Sampling
from dpa.integrations.torch.steps import (
    BOX,
    CUBIC,
    FLAGS,
    GAIN,
    GAMMA,
    LIFT,
    MIXES,
    NEAREST,
    NOISY,
    room_for,
)

with extra("torch", "kernels need Triton, which PyTorch's builds for GPUs bring"):
    import triton
    import triton.language as tl

    from dpa.integrations.torch.place_kernel import (
        EDGE,
        FILL,
        REFLECT,
        TILE_HEIGHT,
        TILE_WIDTH,
        place,
    )
    from dpa.integrations.torch.tone_kernels import RUN, make_levels, tone

if tuple(map(int, triton.__version__.split(".")[:2])) < (3, 5):
    raise ImportError(f"kernels need Triton 3.5 (PyTorch 2.9) or newer, got {triton.__version__}")

#: More channels are left to operations.py.
MAX_CHANNELS = 4
#: Runs of pixels that a program of tone does: one a thread.
RUNS = 128
_BORDERS = {"reflect": REFLECT.value, "edge": EDGE.value, None: FILL.value}


def augmented(
    images: torch.Tensor,
    steps: torch.Tensor,
    table: torch.Tensor,
    out_size: tuple[int, int],
    sampling: Sampling,
    full_range: float,
    erase_fill: float,
    needs_mean: bool = True,
    needs_gamma: bool = True,
    needs_tone: bool = True,
) -> torch.Tensor:
    """The same as operations.augmented, without a gradient, of up to MAX_CHANNELS channels.

    `needs_mean`, `needs_gamma`, `needs_tone`: False where needs_of(steps) says so.
    """
    samples, channels, height, width = images.shape
    out = room_for(images, out_size)
    if not samples:
        return out
    levels, sums = images, steps  # not read
    tiles = triton.cdiv(out_size[0], TILE_HEIGHT.value) * triton.cdiv(out_size[1], TILE_WIDTH.value)
    pixels, strides = math.prod(out_size), (out.stride(0), out.stride(1), out.stride(3))
    options = launch_options(sampling.interpolation)
    with torch.cuda.device_of(images):  # Triton launches on the current one
        if needs_gamma and images.dtype == torch.uint8:
            levels = images.new_empty((samples, 256))
            make_levels[(samples,)](steps, levels, float(full_range), **options)
        if needs_mean:
            sums = steps.new_zeros((samples, 2))
        place[(samples * tiles,)](
            *(images, out, steps, levels, sums, *images.stride(), *strides),
            *(height, width, *out_size, sampling.fill, float(full_range)),
            *(channels, sampling.interpolation, _BORDERS[sampling.border]),
            *(_offset_type(images), min(height, width) == 1, needs_gamma, needs_mean),
            **options,
        )
        if needs_tone:
            tone[(samples * triton.cdiv(pixels, RUNS * RUN.value),)](
                *(out, steps, table, sums, *strides, pixels, out_size[1], erase_fill),
                *(float(full_range), channels, needs_mean, RUNS),
                **launch_options(NEAREST),
            )
    return out


def needs_of(steps: npt.NDArray[np.int64]) -> dict[str, bool]:
    """What any sample needs, as arguments of augmented."""
    numbers = steps.view(np.float64)
    lifts = numbers[:, LIFT] != 0
    tones = lifts | (numbers[:, GAIN] != 1) | (steps[:, FLAGS] & (MIXES | NOISY) != 0)
    return {
        "needs_mean": bool(lifts.any()),
        "needs_gamma": bool((numbers[:, GAMMA] != 1).any()),
        "needs_tone": bool((tones | (steps[:, BOX + 2] > 0)).any()),
    }


def try_out(device: str) -> None:
    """Raises what a first launch raises: Triton needs a C compiler, which may be missing."""
    rows = torch.zeros((1, STEPS), dtype=torch.int64, device=device)
    images = torch.zeros((1, 1, 1, 1), device=device)
    sampling = Sampling.checked("nearest", "edge")
    augmented(images, rows, images, (1, 1), sampling, 1.0, 0.0, needs_mean=False, needs_gamma=False)


def launch_options(interpolation: int) -> dict[str, int]:
    """Four pixels a thread; of sixteen taps each, only two fit into its registers."""
    warps = 8 if interpolation == CUBIC else 4
    return {"num_warps": warps, "enable_fp_fusion": False}


def _offset_type(images: torch.Tensor) -> tl.dtype:
    """Of offsets within a sample; those of 32 bits take half the registers."""
    sides = zip(images.shape[1:], images.stride()[1:], strict=True)
    last = sum((side - 1) * stride for side, stride in sides)
    return tl.int32 if last < 2**31 else tl.int64
