"""Buffers: samples that were read from the stream and are not in a batch yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from sys import getsizeof
from typing import Any

from dpa.batch.errors import InvalidStreamError
from dpa.derivation.derivation import AugmentationBatch


class RowBuffer:
    """A buffer of single samples; its batches are lists."""

    def __init__(self, stream: Iterator[Any], items: list[Any]) -> None:
        self.stream = stream
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def fill(self, size: int) -> int:
        """Reads the stream until `size` samples are held, or to its end; returns how many are held.

        If the stream raises an exception, the samples read before it are kept.
        """
        self.items.extend(islice(self.stream, size - len(self.items)))
        return len(self.items)

    def cut(self, size: int) -> tuple[Any, list[Any]]:
        """The batch of up to `size` samples, and the items behind it."""
        return self.items, []  # fill never reads further than that

    def sample_bytes(self) -> int:
        """The size of the first sample in bytes."""
        first = self.items[0]
        values = first.values() if isinstance(first, Mapping) else ()
        return getsizeof(first) + sum(map(getsizeof, values))


class ColumnBuffer(RowBuffer):
    """A buffer of batches of any sizes; only the last one may exceed the next batch."""

    def __len__(self) -> int:
        return sum(map(len, self.items))

    def fill(self, size: int) -> int:
        """Reads arriving batches until they hold `size` samples; returns how many are held."""
        held, items = len(self), self.items
        while held < size:
            before = len(items)
            items.extend(islice(self.stream, 1))
            if len(items) == before:
                break
            if not isinstance(items[-1], AugmentationBatch):
                odd = items.pop()
                raise InvalidStreamError(
                    f"stream must go on as it began, with batches, but gave {odd!r}"
                )
            held += len(items[-1])
        return held

    def cut(self, size: int) -> tuple[AugmentationBatch, list[Any]]:
        """The batch of up to `size` samples, a view if one item has them all, and the rest."""
        parts, rest, surplus = self.items, [], len(self) - size
        if surplus > 0:
            last, at = parts[-1], len(parts[-1]) - surplus
            parts, rest = [*parts[:-1], last[:at]], [last[at:]]
        return parts[0] if len(parts) == 1 else AugmentationBatch.concatenate(parts), rest

    def sample_bytes(self) -> int:
        """The size of a sample of the first batch in bytes."""
        first: AugmentationBatch = next(filter(len, self.items))
        return (
            first.digests.nbytes + sum(column.nbytes for column in first.columns.values())
        ) // len(first)
