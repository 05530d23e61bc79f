from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Map: TypeAlias = tuple[int, int, int, int, int, int]

MAX_SIDE: int
INTERPOLATIONS: tuple[str, ...]
EFFECT: int
STEPS: int
NOISY: int
MIXES: int
COPIES: int
COLUMNS: dict[str, int]

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

@disjoint_base
class Frame:
    def __init__(
        self,
        size: tuple[int, int],
        out: tuple[int, int],
        channels: int,
        planes: int,
        kind: str,
        interpolation: int,
        border: str | None,
        fill: bytes,
        erased: bytes,
        full_range: float,
    ) -> None: ...
    def prepare_one(
        self, effect: tuple[Any, ...], digest: bytes | None, steps: npt.NDArray[np.int64]
    ) -> str | None: ...
    def prepare(
        self,
        effects: npt.NDArray[np.float64],
        digests: npt.NDArray[np.uint8] | None,
        steps: npt.NDArray[np.int64],
    ) -> tuple[int, str] | None: ...
    def augment(
        self,
        images: npt.NDArray[Any],
        results: npt.NDArray[Any],
        steps: npt.NDArray[np.int64],
        make_table: Callable[[], npt.NDArray[np.float32]],
    ) -> tuple[int, str] | None: ...
    def tone(
        self,
        result: npt.NDArray[Any],
        steps: npt.NDArray[np.int64],
        make_table: Callable[[], npt.NDArray[np.float32]],
        alpha: npt.NDArray[np.uint8] | None = None,
    ) -> tuple[bool, bool]: ...
