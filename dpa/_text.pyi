from typing import Any, Self

from typing_extensions import disjoint_base

@disjoint_base
class LineForm:
    def __new__(
        cls,
        fields: list[tuple[bytes, str, tuple[int, ...], tuple[bytes, ...]]],
        separator: bytes,
        longest: int,
    ) -> Self: ...
    def write(self, columns: list[Any], first: int, count: int) -> tuple[int, bytearray]: ...
    def read(self, text: bytes, size: int, columns: list[Any], count: int) -> tuple[int, int]: ...
