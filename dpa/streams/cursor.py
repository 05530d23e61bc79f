"""The row cursor: single samples out of blocks, none lost where a call is interrupted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any


class RowCursor(ABC, Iterator[dict[str, Any]]):
    """An iterator over samples as dicts, which come in some at a time.

    A row counts as handed out when next() returns it. Between taking a row and returning it
    nothing is called, since the interpreter raises KeyboardInterrupt where a call ends.
    """

    def _go_to(self, position: int) -> None:
        """Makes sample number `position` the next one."""
        # The rows at hand, and the number of the sample behind them: always set together.
        self._at: tuple[Iterator[dict[str, Any]], int] = (iter(()), position)

    @property
    def delivered(self) -> int:
        """How many samples next() has given so far."""
        rows, end = self._at
        return end - length_hint(rows)

    @abstractmethod
    def _rows(self, position: int) -> Sequence[dict[str, Any]]:
        """Some samples from number `position` on. Raises StopIteration where none is left."""

    def __next__(self) -> dict[str, Any]:
        while True:
            rows, end = self._at
            for row in rows:  # the fastest way to take one
                return row
            found = self._rows(end)
            self._at = iter(found), end + len(found)
