"""The row cursor: single samples from blocks; an interrupted call loses none of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any


class RowCursor(ABC, Iterator[dict[str, Any]]):
    """An iterator over samples as dicts, which are fetched in blocks.

    A row counts as delivered when next() returns it. No function is called between taking a row
    and returning it, because the interpreter raises KeyboardInterrupt when a call ends.
    """

    def _seek(self, position: int) -> None:
        """Makes sample number `position` the next one."""
        # The rows at hand, and the position behind the last of them. Both are set in one step.
        self._at: tuple[Iterator[dict[str, Any]], int] = (iter(()), position)

    @property
    def delivered(self) -> int:
        """How many samples next() has returned so far."""
        rows, end = self._at
        return end - length_hint(rows)

    @abstractmethod
    def _rows(self, position: int) -> Sequence[dict[str, Any]]:
        """Some samples, from number `position` on. Raises StopIteration at the end."""

    def __next__(self) -> dict[str, Any]:
        while True:
            rows, end = self._at
            for row in rows:  # the fastest way to take one row
                return row
            found = self._rows(end)
            self._at = iter(found), end + len(found)
