from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

_Map: TypeAlias = tuple[int, int, int, int, int, int]

MAX_SIDE: int
INTERPOLATIONS: tuple[str, ...]

def choose_loops(kernel: str | None) -> None: ...
def level() -> str: ...
def turn_map(rotation: float, scale: float) -> _Map: ...
def place_map(
    size: tuple[int, int],
    out: tuple[int, int],
    rotation: float = 0.0,
    scale: float = 1.0,
    shear_x: float = 0.0,
    shear_y: float = 0.0,
    translate_x: float = 0.0,
    translate_y: float = 0.0,
    flip_horizontal: bool = False,
    flip_vertical: bool = False,
    crop: tuple[float, float, float, float] | None = None,
) -> _Map: ...
def warp(
    image: npt.NDArray[Any],
    result: npt.NDArray[Any],
    numbers: _Map,
    interpolation: int,
    border: str | None,
    fill: bytes | None = None,
    planes: bool = False,
) -> None: ...
def noise(
    digest: bytes, start: int, table: npt.NDArray[np.float32], out: npt.NDArray[np.float32]
) -> None: ...
def apply_tone(
    pixels: npt.NDArray[Any],
    gain: float,
    offset: float,
    stdev: float = 0.0,
    digest: bytes | None = None,
    table: npt.NDArray[np.float32] | None = None,
    planes: int = 1,
    most: int = 0,
    matrix: npt.NDArray[np.float32] | None = None,
) -> None: ...
def apply_gamma(
    pixels: npt.NDArray[Any],
    gamma: float,
    full_range: float,
    scratch: npt.NDArray[np.uint16] | None = None,
) -> None: ...
def mean(pixels: npt.NDArray[Any], full_range: float) -> float: ...
