"""Where points and boxes come to lie, by the map of the pixels in double precision."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.images.effects import Map

Floats: TypeAlias = npt.NDArray[np.float64]


def moved_points(points: Floats, map_: Map, size: tuple[int, int], out: tuple[int, int]) -> Floats:
    """Points (x, y) from the centre of the top left pixel, shape (n, 2).

    `size`, `out`: (height, width) of the image and of the result.
    """
    (height, width), (out_height, out_width) = size, out
    center, to = ((width - 1) / 2, (height - 1) / 2), ((out_width - 1) / 2, (out_height - 1) / 2)
    moved = np.empty_like(points)
    moved[:, 0], moved[:, 1] = _moved(points[:, 0], points[:, 1], map_, center, to)
    return moved


def moved_boxes(boxes: Floats, map_: Map, size: tuple[int, int], out: tuple[int, int]) -> Floats:
    """The boxes around the moved corners of boxes (left, top, right, bottom), shape (n, 4).

    They count from the top left corner of the image.
    """
    (height, width), (out_height, out_width) = size, out
    center, to = (width / 2, height / 2), (out_width / 2, out_height / 2)
    corners = boxes[:, [0, 2, 0, 2]], boxes[:, [1, 1, 3, 3]]
    x, y = _moved(*corners, map_, center, to)
    moved = np.empty_like(boxes)
    moved[:, 0], moved[:, 1], moved[:, 2], moved[:, 3] = x.min(1), y.min(1), x.max(1), y.max(1)
    return moved


def _moved(
    x: Floats, y: Floats, map_: Map, center: tuple[float, float], to: tuple[float, float]
) -> tuple[Floats, Floats]:
    """The inverse of the map, which leads from the centre `to` of the result to `center`."""
    xx, xy, yx, yy, shift_x, shift_y = map_
    determinant = xx * yy - xy * yx  # of integers, so exact; each quotient is rounded once
    a, b = (yy << 31) / determinant, -(xy << 31) / determinant
    c, d = -(yx << 31) / determinant, (xx << 31) / determinant
    from_x, from_y = center[0] + shift_x / 2**32, center[1] + shift_y / 2**32
    to_x = to[0] - (a * from_x + b * from_y)
    to_y = to[1] - (c * from_x + d * from_y)
    return a * x + b * y + to_x, c * x + d * y + to_y
