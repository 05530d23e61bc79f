"""The loop that makes batches of a stream."""

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
#: A function that returns seconds since some fixed moment.
Clock: TypeAlias = Callable[[], float]


class BatchIterator(Generic[Batch], Iterator[Batch]):
    """The batches of a stream, made by a BatchProcessor.

    Never reads ahead of the batch (for ROUND_ROBIN: of the window). If next() raises an
    exception, such as KeyboardInterrupt, nothing is lost: samples already read are buffered
    here and begin the next batch.
    """

    def __init__(self, processor: BatchProcessor, stream: Iterator[Any], monitored: bool) -> None:
        self._processor = processor
        self._monitored = monitored
        self._dealt = processor.strategy is BatchStrategy.ROUND_ROBIN
        self._buffer = RowBuffer(stream, [])
        self._opened = False
        self._size = 0  # of the batch under construction
        self._ready: list[Any] = []
        self._given = 0  # samples in the batch that the consumer holds
        self._since: float | None = None  # when the consumer received it

    @property
    def buffered(self) -> int:
        """How many samples were read from the stream and are not in a returned batch."""
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
        # No call from here on: KeyboardInterrupt is raised only where a call ends.
        del self._ready[0]
        self._given, self._since = size, now
        processor._batches += 1
        processor._samples += size
        processor._seconds += now - since
        return batch

    def close(self) -> None:
        """Ends the batches and drops buffered samples: next() raises StopIteration.

        The stream itself is not closed.
        """
        if self._since is not None:
            self._processor._seconds += self._processor._clock() - self._since
        self._buffer, self._ready = RowBuffer(iter(()), []), []
        self._given, self._since = 0, None

    def _build(self) -> bool:
        """Prepares the next batch or batches; False at the end of the stream."""
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
        """Finds out from the first item which kind of stream this is."""
        buffer = self._buffer
        if buffer.fill(1) and isinstance(buffer.items[0], AugmentationBatch):
            self._buffer = ColumnBuffer(buffer.stream, buffer.items)
        self._opened = True

    def _window(self, size: int) -> int:
        """How many samples are read from the stream for batches of `size`."""
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
        # The sizes of the other strategies must not depend on the machine: the window must fit.
        window = self._window(size)
        memory.adjust_batch_size(window, sample_size_bytes=sample, smallest=window, reading=reading)
        return size


@dataclass(frozen=True, slots=True)
class BatchMetrics:
    """Counts and times of a processor so far, over all its streams; NaN means not measured.

    Attributes
    ----------
    batches
        How many batches the consumer received.
    samples
        How many samples these had.
    average_batch_size
        Samples per batch.
    peak_rss_mb
        The highest resident memory read, in MB. MEMORY_OPTIMIZED, monitoring and
        `processor.memory` read it.
    seconds
        From the request for a stream's first batch to its end: making batches and consuming
        them.
    samples_per_second
        samples / seconds.
    """

    batches: int
    samples: int
    average_batch_size: float
    peak_rss_mb: float
    seconds: float
    samples_per_second: float

    # The original package's names.
    total_batches = Alias[int]("batches")
    total_samples = Alias[int]("samples")
    avg_batch_size = Alias[float]("average_batch_size")
    memory_usage_mb = Alias[float]("peak_rss_mb")
    processing_time_seconds = Alias[float]("seconds")
    throughput_samples_per_second = Alias[float]("samples_per_second")


class BatchProcessor:
    """Makes batches of streams by one strategy.

    It may process several streams in turn. The metrics continue, and ADAPTIVE keeps what it has
    learned. `processor.memory` is its MemoryAwareBatcher.

    Parameters
    ----------
    strategy
        A BatchStrategy or its value.
    config
        A BatchConfig of the same strategy; None is BatchConfig(strategy).
    clock
        Returns seconds; replaceable for tests and other measures of time.
    reader
        Returns a MemoryReading; replaceable likewise.

    Raises
    ------
    InvalidBatchConfigError
        An argument is bad; a ValueError and a TypeError. The message names it.

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
        self._memory_batcher = self.memory  # the original package's name
        self._clock = clock
        self._climber = None
        if strategy is BatchStrategy.ADAPTIVE and config.adaptive_sizing:
            self._climber = Climber(config.size, config.min_batch_size, config.cap)
        self._batches = self._samples = 0
        self._seconds = 0.0

    @property
    def strategy(self) -> BatchStrategy:
        """The strategy of the config."""
        return self.config.strategy

    @property
    def metrics(self) -> BatchMetrics:
        """The counts and times so far."""
        batches, samples, seconds = self._batches, self._samples, self._seconds
        return BatchMetrics(
            batches,
            samples,
            samples / batches if batches else math.nan,
            self.memory.peak_rss_mb,
            seconds,
            samples / seconds if seconds > 0 else math.nan,
        )

    # A batch is also an iterable of dicts, so the overloads overlap; the first one is meant.
    @overload
    def process_stream(  # type: ignore[overload-overlap]
        self, param_generator: AugmentationBatch | Iterable[AugmentationBatch]
    ) -> BatchIterator[AugmentationBatch]: ...
    @overload
    def process_stream(self, param_generator: Iterable[Sample]) -> BatchIterator[list[Sample]]: ...
    def process_stream(self, param_generator: Iterable[Any]) -> BatchIterator[Any]:
        """The batches of a stream; its first item decides their kind.

        Items of AugmentationBatch, of any sizes, give AugmentationBatch. All other items, such
        as dicts, give lists. Raises InvalidStreamError, a TypeError, if `param_generator` is
        not an iterable of samples.
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
        """The batches of a stream, limited by max_memory_mb and by the available memory.

        Every strategy reduces a batch whose estimate exceeds max_memory_mb, down to
        min_batch_size. If the machine or its cgroup has less memory left, MEMORY_OPTIMIZED and
        ADAPTIVE reduce it further, also down to min_batch_size. If that does not fit, or for
        the other strategies the batch (ROUND_ROBIN: the whole window), next() raises
        MemoryLimitExceededError before the batch is built. It may be called again. Raises as
        process_stream does.
        """
        return BatchIterator(self, _samples_of(param_generator), monitored=True)


def _samples_of(stream: Iterable[Any]) -> Iterator[Any]:
    if isinstance(stream, AugmentationBatch):
        return iter([stream])
    if isinstance(stream, Mapping) or not isinstance(stream, Iterable):
        raise InvalidStreamError(f"stream must be an iterable of samples, got {stream!r}")
    return iter(stream)
