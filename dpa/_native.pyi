from collections.abc import Callable, Iterator
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
class Form:
    def __new__(cls, columns: tuple[tuple[Any, ...], ...]) -> Self: ...

@disjoint_base
class Plan:
    def __new__(
        cls,
        depth: int,
        sampler: str,
        form: Form | None = None,
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
def half_sine(x: float) -> float: ...
def normal_quantile(u: float) -> float: ...

@disjoint_base
class KeyedPlan:
    @property
    def plan(self) -> Plan: ...
    @property
    def prefix(self) -> bytes: ...
    def __init__(
        self,
        plan: Plan,
        prefix: bytes,
        rank: int | None,
        ending: Callable[[int | str], int | bytes],
    ) -> None: ...
    def params(self, sample_id: int | str) -> dict[str, Any]: ...
    def hash(self, sample_id: int | str) -> str: ...

@disjoint_base
class Rows(Iterator[dict[str, Any]]):
    def __new__(
        cls,
        form: Form,
        values: npt.NDArray[Any] | tuple[npt.NDArray[Any], ...],
        digests: npt.NDArray[np.uint8],
        size: int,
        rank: int | None = None,
    ) -> Self: ...
    def __next__(self) -> dict[str, Any]: ...
    def __length_hint__(self) -> int: ...
    def tolist(self) -> list[dict[str, Any]]: ...

@disjoint_base
class RowCursor(Iterator[dict[str, Any]]):
    _position: int
    @property
    def delivered(self) -> int: ...
    def _rows(self, position: int) -> Rows: ...
    def __next__(self) -> dict[str, Any]: ...
