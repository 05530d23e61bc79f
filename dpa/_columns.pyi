from typing import Any

import numpy as np
import numpy.typing as npt

MOMENTS_BLOCK: int

def unpack(ids: tuple[object, ...], array: npt.NDArray[np.uint64]) -> int: ...
def encode_texts(ids: tuple[object, ...], offsets: npt.NDArray[np.int64]) -> bytes: ...
def decode_texts(
    utf8: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> tuple[str, ...]: ...
def dicts(
    names: tuple[str, ...],
    values: tuple[npt.NDArray[np.float64] | list[Any], ...],
    digests: npt.NDArray[np.uint8],
    size: int,
    rank: int | None = None,
    masks: tuple[npt.NDArray[np.bool_] | None, ...] | None = None,
) -> list[dict[str, Any]]: ...
def shortest(values: npt.NDArray[np.float64]) -> list[str]: ...
def moments(
    values: npt.NDArray[np.float64], block_size: int = ...
) -> list[tuple[int, float, float, float, float]]: ...
