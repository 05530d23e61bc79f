from typing import Any, Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

MAX_DEPTH: int
MOMENTS_BLOCK: int
SAMPLERS: tuple[str, ...]

_Columns = npt.NDArray[Any] | tuple[npt.NDArray[Any], ...]

def compiled_kernels() -> tuple[str, ...]: ...
def kernels() -> tuple[str, ...]: ...
def choose_kernel(name: str | None) -> None: ...
def active_kernel() -> str: ...
def cpu_features() -> tuple[str, ...]: ...
def unpack(ids: tuple[object, ...], array: npt.NDArray[np.uint64]) -> int: ...
def encode_texts(ids: tuple[object, ...], offsets: npt.NDArray[np.int64]) -> bytes: ...
def decode_texts(
    utf8: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> tuple[str, ...]: ...

@disjoint_base
class Plan:
    names: tuple[str, ...]
    def __new__(
        cls,
        depth: int,
        sampler: str,
        names: tuple[str, ...],
        bounds: tuple[tuple[float, float], ...],
        skip: int = 0,
    ) -> Self: ...

@disjoint_base
class Request:
    def __new__(
        cls,
        plan: Plan,
        prefix: bytes,
        ids: int | npt.NDArray[np.uint64] | tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]],
        size: int,
        digests: npt.NDArray[np.uint8] | None,
        values: _Columns,
        *,
        writable: bool = True,
        interleaved: bool = False,
    ) -> Self: ...
    def fill(self, first: int, count: int) -> None: ...
    def leaf_sum(self) -> int: ...

def params(
    plan: Plan, prefix: bytes, seed_id: int | bytes, rank: int | None = None
) -> dict[str, Any]: ...
def seed_hash(plan: Plan, prefix: bytes, seed_id: int | bytes) -> str: ...
def dicts(
    names: tuple[str, ...],
    values: _Columns,
    digests: npt.NDArray[np.uint8],
    size: int,
    rank: int | None = None,
) -> list[dict[str, Any]]: ...
def shortest(values: npt.NDArray[np.float64]) -> list[str]: ...
def moments(
    values: npt.NDArray[np.float64],
) -> list[tuple[int, float, float, float, float]]: ...
def noise(digest: bytes, table: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None: ...
def apply_tone(
    pixels: npt.NDArray[Any],
    gain: float,
    offset: float,
    stdev: float = 0.0,
    digest: bytes | None = None,
    table: npt.NDArray[np.float32] | None = None,
) -> None: ...
