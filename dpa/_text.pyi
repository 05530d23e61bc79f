from typing import Any, Self

from typing_extensions import disjoint_base

@disjoint_base
class LineForm:
    def __new__(
        cls,
        fields: list[tuple[bytes, str, tuple[int, ...], tuple[bytes, ...]]],
        separator: bytes,
    ) -> Self: ...
    def write(self, columns: list[Any], first: int, count: int, text: Any) -> tuple[int, int]: ...
    def read(self, text: Any, size: int, columns: list[Any], count: int) -> tuple[int, int]: ...

def replace_line_feeds(text: Any, size: int, new: bytes) -> int: ...
