"""What tensors' pixels are made by: a row of numbers for each sample.

A row is 28 words of 64 bits, int64 or the bits of doubles:

====== ========= ==========================================================================
column name      what
====== ========= ==========================================================================
0-5    MAP       the map: xx, xy, yx, yy, x, y
6      GAMMA     a double; 1 for none
7      GAIN      a double that is a single
8      LIFT      a double; where it is 0 the mean does not count
9      STDEV     a double that is a single: noise * full range
10-18  MATRIX    3 x 3 of saturation, doubles that are singles
19     FLAGS     NOISY: there is noise; MIXED: a matrix; COPIED: the map moves nothing
20-23  BOX       what is erased: top, left, bottom, right
24-27  WORDS     of the noise: k0, k1, c2, c3
====== ========= ==========================================================================
"""

from __future__ import annotations

from dpa._pixels import INTERPOLATIONS
from dpa.checks import extra

with extra("torch", "dpa.integrations.torch needs PyTorch"):
    import torch

COLUMNS = 28
MAP, GAMMA, GAIN, LIFT, STDEV, MATRIX, FLAGS, BOX, WORDS = 0, 6, 7, 8, 9, 10, 19, 20, 24
NOISY, MIXED, COPIED = 1, 2, 4
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


def memory_format(images: torch.Tensor) -> torch.memory_format:
    """That of a result: channels_last where the images are and are not contiguous as well."""
    last = images.is_contiguous(memory_format=torch.channels_last) and not images.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format
