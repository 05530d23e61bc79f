"""The loop: batches of a stream, one after the other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeAlias, TypeVar, overload

from dpa.aliases import Alias
from dpa.batch.buffers import ColumnBuffer, RowBuffer
from dpa.batch.climber import Climber
from dpa.batch.config import BatchConfig, BatchStrategy, checked_strategy
from dpa.batch.errors import InvalidBatchConfigError, InvalidStreamError
from dpa.batch.memory import MemoryAwareBatcher, MemoryReading, read_memory
from dpa.checks import raised_as
from dpa.derivation.derivation import AugmentationBatch

Sample = TypeVar("Sample")
Batch = TypeVar("Batch")
#: Seconds since any fixed moment.
Clock: TypeAlias = Callable[[], float]


class BatchIterator(Generic[Batch], Iterator[Batch]):
    """The batches of a stream; made by BatchProcessor.

    Never reads ahead of the batch (ROUND_ROBIN: the window). An exception in next(),
    KeyboardInterrupt too, loses nothing: what was taken is held here and begins the next batch.
    """

    def __init__(self, processor: BatchProcessor, stream: Iterator[Any], monitored: bool) -> None:
        self._processor = processor
        self._monitored = monitored
        self._dealt = processor.strategy is BatchStrategy.ROUND_ROBIN
        self._buffer = RowBuffer(stream, [])
        self._opened = False
        self._size = 0  # of the batch that is being built
        self._ready: list[Any] = []
        self._given = 0  # samples in the batch that the consumer has
        self._since: float | None = None  # when it got that

    @property
    def buffered(self) -> int:
        """How many samples were taken from the stream and are in no batch given so far."""
        return len(self._buffer) + sum(map(len, self._ready))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        processor = self._processor
        now = processor._clock()
        since = now if self._since is None else self._since
        if self._given and processor._climber is not None:
            processor._climber.observe(self._given, now - since)
            self._given = 0
        if not self._ready and not self._build():
            processor._seconds += now - since
            self._since = None
            raise StopIteration
        batch: Batch = self._ready[0]
        size, now = len(batch), processor._clock()  # type: ignore[arg-type]  # lists and batches
        # From here on nothing is called, so no KeyboardInterrupt comes between.
        del self._ready[0]
        self._given, self._since = size, now
        processor._batches += 1
        processor._samples += size
        processor._seconds += now - since
        return batch

    def close(self) -> None:
        """Ends the batches: next() raises StopIteration. The stream is not closed.

        What is buffered is dropped.
        """
        if self._since is not None:
            self._processor._seconds += self._processor._clock() - self._since
        self._buffer, self._ready = RowBuffer(iter(()), []), []
        self._given, self._since = 0, None

    def _build(self) -> bool:
        """Makes the next batch, or batches, ready; False at the end of the stream."""
        if not self._opened:
            self._open()
        self._size = self._size or self._next_size()
        taken = self._window(self._size)
        if not (self._size and self._buffer.fill(taken)):
            return False
        window, rest = self._buffer.cut(taken)
        ready = [window]
        if self._dealt:
            count = -(-len(window) // self._size)
            ready = [window[first::count] for first in range(count)]
        self._ready, self._buffer.items, self._size = ready, rest, 0
        return True

    def _open(self) -> None:
        """The first item tells what kind of stream it is."""
        buffer = self._buffer
        if buffer.fill(1) and isinstance(buffer.items[0], AugmentationBatch):
            self._buffer = ColumnBuffer(buffer.stream, buffer.items)
        self._opened = True

    def _window(self, size: int) -> int:
        """How many samples are taken from the stream for batches of `size`."""
        return size * size if self._dealt else size

    def _next_size(self) -> int:
        """The size of the next batch; 0 at the end of the stream."""
        config, climber = self._processor.config, self._processor._climber
        by_memory = config.strategy is BatchStrategy.MEMORY_OPTIMIZED
        size = climber.size if climber is not None else config.size
        if not (by_memory or self._monitored):
            return size
        if not self._buffer.fill(1):
            return 0
        sample = config.sample_size_bytes or self._buffer.sample_bytes()
        memory = self._processor.memory
        reading = memory.read()
        if by_memory:
            size = memory.calculate_optimal_batch_size(sample, reading)
        if not self._monitored:
            return size
        size = memory.within_limit(size, sample)
        if by_memory or climber is not None:
            return memory.adjust_batch_size(size, sample_size_bytes=sample, reading=reading)
        # The others have sizes that do not depend on the machine: all of it must fit.
        window = self._window(size)
        memory.adjust_batch_size(window, sample_size_bytes=sample, smallest=window, reading=reading)
        return size


@dataclass(frozen=True, slots=True)
class BatchMetrics:
    """What a processor did so far, in all its streams; NaN is what was not measured.

    `seconds`: from the request for a stream's first batch to its end, making batches and
    consuming them. `peak_rss_mb`: the highest RSS read, by MEMORY_OPTIMIZED, monitoring or
    `processor.memory`.
    """

    batches: int
    samples: int
    average_batch_size: float
    peak_rss_mb: float
    seconds: float
    samples_per_second: float

    # The original's names.
    total_batches = Alias[int]("batches")
    total_samples = Alias[int]("samples")
    avg_batch_size = Alias[float]("average_batch_size")
    memory_usage_mb = Alias[float]("peak_rss_mb")
    processing_time_seconds = Alias[float]("seconds")
    throughput_samples_per_second = Alias[float]("samples_per_second")


class BatchProcessor:
    """Makes batches of streams by one strategy.

    Several streams may be processed one after the other: the metrics go on, and ADAPTIVE goes
    on with what it learned. `processor.memory` is its MemoryAwareBatcher.

    Parameters
    ----------
    strategy
        A BatchStrategy or its value.
    config
        None is BatchConfig(strategy). One with another strategy is refused.
    clock
        Tells seconds, for tests and other measures.
    reader
        Gives a MemoryReading, likewise.

    Raises
    ------
    InvalidBatchConfigError
        A ValueError and TypeError, which names the argument.

    Examples
    --------
    >>> import dpa
    >>> processor = BatchProcessor(BatchStrategy.SEQUENTIAL, BatchConfig("sequential", 400))
    >>> [len(batch) for batch in processor.process_stream(dpa.stream_augmentation_chain(1000))]
    [400, 400, 200]
    >>> processor.metrics.samples
    1000
    """

    @raised_as(InvalidBatchConfigError)
    def __init__(
        self,
        strategy: BatchStrategy | str,
        config: BatchConfig | None = None,
        *,
        clock: Clock = time.perf_counter,
        reader: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        strategy = checked_strategy(strategy)
        config = BatchConfig(strategy) if config is None else config
        if not isinstance(config, BatchConfig):
            raise TypeError(f"config must be a BatchConfig, got {config!r}")
        if config.strategy is not strategy:
            raise ValueError(f"strategy is {strategy}, that of config {config.strategy}")
        self.config = config
        self.memory = MemoryAwareBatcher(
            config.max_memory_mb, config.min_batch_size, max_batch_size=config.cap, reader=reader
        )
        self._memory_batcher = self.memory  # the original's name
        self._clock = clock
        self._climber = None
        if strategy is BatchStrategy.ADAPTIVE and config.adaptive_sizing:
            self._climber = Climber(config.size, config.min_batch_size, config.cap)
        self._batches = self._samples = 0
        self._seconds = 0.0

    @property
    def strategy(self) -> BatchStrategy:
        """That of the config."""
        return self.config.strategy

    @property
    def metrics(self) -> BatchMetrics:
        """Counts and times so far."""
        batches, samples, seconds = self._batches, self._samples, self._seconds
        return BatchMetrics(
            batches,
            samples,
            samples / batches if batches else math.nan,
            self.memory.peak_rss_mb,
            seconds,
            samples / seconds if seconds > 0 else math.nan,
        )

    # A batch is an iterable of dicts as well as columns; the first signature is meant.
    @overload
    def process_stream(  # type: ignore[overload-overlap]
        self, param_generator: AugmentationBatch | Iterable[AugmentationBatch]
    ) -> BatchIterator[AugmentationBatch]: ...
    @overload
    def process_stream(self, param_generator: Iterable[Sample]) -> BatchIterator[list[Sample]]: ...
    def process_stream(self, param_generator: Iterable[Any]) -> BatchIterator[Any]:
        """The batches of a stream, an iterable whose first item tells its kind.

        Of AugmentationBatch, whatever their sizes: AugmentationBatch. Of anything else,
        dicts say: lists. Raises InvalidStreamError, a TypeError, for what cannot be iterated.
        """
        return BatchIterator(self, _samples_of(param_generator), monitored=False)

    @overload
    def process_with_memory_monitoring(  # type: ignore[overload-overlap]
        self, param_generator: AugmentationBatch | Iterable[AugmentationBatch]
    ) -> BatchIterator[AugmentationBatch]: ...
    @overload
    def process_with_memory_monitoring(
        self, param_generator: Iterable[Sample]
    ) -> BatchIterator[list[Sample]]: ...
    def process_with_memory_monitoring(self, param_generator: Iterable[Any]) -> BatchIterator[Any]:
        """The same, of batches that max_memory_mb and the available memory hold.

        Every strategy makes smaller batches where a batch is estimated to take more than
        max_memory_mb, down to min_batch_size. Where the machine or its cgroup has less left,
        MEMORY_OPTIMIZED and ADAPTIVE go down to min_batch_size, too. Where that does not fit,
        nor a batch (ROUND_ROBIN: a whole window) of the others, next() raises
        MemoryLimitExceededError before the batch is built; it may be called again.
        """
        return BatchIterator(self, _samples_of(param_generator), monitored=True)


def _samples_of(stream: Iterable[Any]) -> Iterator[Any]:
    if isinstance(stream, AugmentationBatch):
        return iter([stream])
    if isinstance(stream, Mapping) or not isinstance(stream, Iterable):
        raise InvalidStreamError(f"stream must be an iterable of samples, got {stream!r}")
    return iter(stream)
