"""What is done to tensors: a row of numbers for each sample (dpa_steps of csrc/dpa_image.h).

A row is STEPS words of 64 bits, int64 or the bits of doubles; the names below are columns.
"""

from __future__ import annotations

import torch

from dpa._pixels import COLUMNS, COPIES, INTERPOLATIONS, MIXES, NOISY, STEPS

__all__ = ["COPIES", "MIXES", "NOISY", "STEPS"]  # which the kernels take from here

MAP, GAMMA, GAIN, LIFT, STDEV, MATRIX, FLAGS, BOX, WORDS = map(
    COLUMNS.__getitem__,
    ("map", "gamma", "gain", "lift", "stdev", "matrix", "flags", "box", "key"),
)
LINEAR, NEAREST, CUBIC = map(INTERPOLATIONS.index, ("linear", "nearest", "cubic"))


class Steps:
    """The rows of N samples; a column has the shape (N, 1, 1, 1)."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._rows = rows[..., None, None, None]

    def integer(self, column: int) -> torch.Tensor:
        """As int64."""
        return self._rows[:, column]

    def double(self, column: int) -> torch.Tensor:
        """As float64."""
        return self.integer(column).view(torch.float64)

    def single(self, column: int) -> torch.Tensor:
        """As float32."""
        return self.double(column).float()

    def has(self, flag: int) -> torch.Tensor:
        """Whether it is set."""
        return (self.integer(FLAGS) & flag) != 0


def is_channels_last(images: torch.Tensor) -> bool:
    """Whether the channels of a pixel lie closer together than pixels, in crops and slices, too."""
    _, channel, row, pixel = images.stride()
    last: bool = images.shape[1] > 1 and 0 < channel < pixel <= row
    return last


def memory_format(images: torch.Tensor) -> torch.memory_format:
    """That of a result."""
    return torch.channels_last if is_channels_last(images) else torch.contiguous_format


def room_for(images: torch.Tensor, out_size: tuple[int, int]) -> torch.Tensor:
    """An uninitialised result of that (height, width), on the device of the images."""
    return torch.empty(
        (*images.shape[:2], *out_size),
        dtype=images.dtype,
        device=images.device,
        memory_format=memory_format(images),
    )
