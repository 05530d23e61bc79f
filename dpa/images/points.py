"""Where points and boxes come to lie, by the map of the pixels in double precision."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.images.effects import Map

Floats: TypeAlias = npt.NDArray[np.float64]


def moved_points(points: Floats, map_: Map, size: tuple[int, int], out: tuple[int, int]) -> Floats:
    """Points (x, y) from the centre of the top left pixel, shape (n, 2).

    `size`, `out`: (height, width) of the image and of the result.
    """
    (height, width), (out_height, out_width) = size, out
    inverse = _Inverse.of(map_, ((width - 1) / 2, (height - 1) / 2))
    x, y = inverse.moved(points[:, 0], points[:, 1], ((out_width - 1) / 2, (out_height - 1) / 2))
    return np.column_stack([x, y])


def moved_boxes(
    boxes: Floats, map_: Map, size: tuple[int, int], out: tuple[int, int], ellipse: bool = False
) -> Floats:
    """The boxes around the moved corners of boxes (left, top, right, bottom), shape (n, 4).

    They count from the top left corner of the image. `ellipse`: around the moved ellipse that
    touches the box's sides from inside.
    """
    (height, width), (out_height, out_width) = size, out
    inverse, to = _Inverse.of(map_, (width / 2, height / 2)), (out_width / 2, out_height / 2)
    if ellipse:
        half_x, half_y = (boxes[:, 2] - boxes[:, 0]) / 2, (boxes[:, 3] - boxes[:, 1]) / 2
        x, y = inverse.moved(boxes[:, 0] + half_x, boxes[:, 1] + half_y, to)
        to_x = np.hypot(inverse.a * half_x, inverse.b * half_y)
        to_y = np.hypot(inverse.c * half_x, inverse.d * half_y)
        return np.column_stack([x - to_x, y - to_y, x + to_x, y + to_y])
    x, y = inverse.moved(boxes[:, [0, 2, 0, 2]], boxes[:, [1, 1, 3, 3]], to)
    return np.column_stack([x.min(1), y.min(1), x.max(1), y.max(1)])


class _Inverse(NamedTuple):
    """The inverse of a map: from points of the image to points of the result."""

    a: float
    b: float
    c: float
    d: float
    x: float
    y: float

    @classmethod
    def of(cls, map_: Map, center: tuple[float, float]) -> _Inverse:
        xx, xy, yx, yy, shift_x, shift_y = map_
        determinant = xx * yy - xy * yx  # of integers, so exact; each quotient is rounded once
        if determinant == 0:
            raise ValueError("the sample makes the picture a line or a point: no point has a place")
        turned = (yy << 31, -(xy << 31), -(yx << 31), xx << 31)
        offsets = center[0] + shift_x / 2**32, center[1] + shift_y / 2**32
        a, b, c, d = (number / determinant for number in turned)
        return cls(a, b, c, d, *offsets)

    def moved(self, x: Floats, y: Floats, to: tuple[float, float]) -> tuple[Floats, Floats]:
        to_x = to[0] - (self.a * self.x + self.b * self.y)
        to_y = to[1] - (self.c * self.x + self.d * self.y)
        return self.a * x + self.b * y + to_x, self.c * x + self.d * y + to_y
