"""The progress of a stream, as `progress_callback` receives it and `verbose=True` prints it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from dpa.checks import count_of
from dpa.derivation.columns import Columns
from dpa.derivation.ids import Ids


@dataclass(frozen=True, slots=True)
class StreamingProgress:
    """The progress of a stream.

    Parameters
    ----------
    samples_processed
        How many samples were generated, read or written so far.
    current_sample_id
        The id of the last one.
    estimated_total
        How many samples there will be; None if that is unknown.
    start_time
        Seconds since the epoch, from time.time().
    """

    samples_processed: int = 0
    current_sample_id: int | str = 0
    estimated_total: int | None = None
    start_time: float = 0.0

    def progress_percentage(self) -> float | None:
        """The progress in percent, 0 to 100; None if the total is unknown."""
        if self.estimated_total is None:
            return None
        return (
            100 * self.samples_processed / self.estimated_total if self.estimated_total else 100.0
        )

    def elapsed_time(self) -> float:
        """Seconds since the start."""
        return time.time() - self.start_time

    def estimated_time_remaining(self) -> float | None:
        """The seconds remaining at the speed so far; None if that cannot be estimated."""
        if self.estimated_total is None or self.samples_processed == 0:
            return None
        left = max(0, self.estimated_total - self.samples_processed)
        return self.elapsed_time() * left / self.samples_processed

    def __str__(self) -> str:
        left = self.estimated_time_remaining()
        if left is None:
            return count_of(self.samples_processed, "sample")
        return (
            f"{self.samples_processed:,} of {count_of(self.estimated_total or 0, 'sample')} "
            f"({self.progress_percentage():.1f} %), {left:.1f} s left"
        )


ProgressCallback: TypeAlias = Callable[[StreamingProgress], object]


class Report:
    """Passes the progress to a callback, prints it if `verbose`, or does nothing."""

    def __init__(
        self, callback: ProgressCallback | None, verbose: bool, total: int | None = None
    ) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"progress_callback must be callable, got {callback!r}")
        self._told = [f for f in (callback, print if verbose else None) if f is not None]
        self._total = total
        self._start = time.time()

    def __call__(self, done: int, ids: Ids) -> None:
        """Reports that `done` samples are processed; `ids` are those of the last ones."""
        for tell in self._told if len(ids) else ():
            tell(StreamingProgress(done, ids[-1], self._total, self._start))

    def written(self, blocks: Iterable[Columns], size: int) -> Iterable[Columns]:
        """The same samples, at most `size` at a time; reports each part once it is written."""
        return self._written(blocks, size) if self._told else blocks

    def _written(self, blocks: Iterable[Columns], size: int) -> Iterator[Columns]:
        done = 0
        for block in blocks:
            for part in block.parts(size):
                yield part
                done += len(part)
                self(done, part.ids)


#: A report without listeners.
SILENT = Report(None, False)
