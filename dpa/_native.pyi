from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

MAX_DEPTH: int
SAMPLERS: tuple[str, ...]

_Ids: TypeAlias = int | npt.NDArray[np.uint64] | tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]

def compiled_kernels() -> tuple[str, ...]: ...
def kernels() -> tuple[str, ...]: ...
def choose_kernel(name: str | None) -> None: ...
def active_kernel() -> str: ...
def cpu_features() -> tuple[str, ...]: ...

@disjoint_base
class Plan:
    names: tuple[str, ...]
    def __new__(
        cls,
        depth: int,
        sampler: str,
        columns: tuple[dict[str, Any], ...] = (),
        *,
        uniforms: int = 0,
        skip: int = 0,
    ) -> Self: ...

@disjoint_base
class Request:
    def __new__(
        cls,
        plan: Plan,
        prefix: bytes,
        ids: _Ids,
        size: int,
        digests: npt.NDArray[np.uint8] | None,
        values: npt.NDArray[Any] | tuple[npt.NDArray[Any], ...],
    ) -> Self: ...
    def fill(self, first: int, count: int) -> None: ...

def leaf_sum(
    prefix: bytes,
    ids: _Ids,
    size: int,
    digests: npt.NDArray[np.uint8],
    values: tuple[npt.NDArray[Any], ...],
) -> int: ...
def params(
    plan: Plan, prefix: bytes, sample_id: int | bytes, rank: int | None = None
) -> dict[str, Any]: ...
def seed_hash(plan: Plan, prefix: bytes, sample_id: int | bytes) -> str: ...
def half_sine(x: float) -> float: ...
def normal_quantile(u: float) -> float: ...
