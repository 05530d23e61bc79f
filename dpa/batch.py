"""Batches of a stream: consecutive, dealt out in turn, sized by memory, or by what is fastest."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from itertools import islice
from sys import getsizeof
from typing import Any, Generic, Self, TypeAlias, TypeVar, overload

from dpa.checks import positive, real
from dpa.derivation.derivation import AugmentationBatch
from dpa.host import cgroup

MB = 1_000_000
#: Samples of a batch where batch_size is None, and MEMORY_OPTIMIZED's cap then.
DEFAULT_SIZE, DEFAULT_CAP = 32, 1024
#: ADAPTIVE's cap where max_batch_size is None, in multiples of the size that it starts from.
CLIMB = 64
#: Such sizes, squared or times CLIMB, are still machine integers.
MAX_SIZE = 2**31 - 1

Sample = TypeVar("Sample")
Batch = TypeVar("Batch")
#: Seconds since any fixed moment.
Clock: TypeAlias = Callable[[], float]


class MemoryLimitExceededError(MemoryError):
    """The next batch would take more memory than is allowed or available; it was not built."""


class BatchStrategy(StrEnum):
    """How a stream is cut into batches.

    SEQUENTIAL: consecutive groups of batch_size. ROUND_ROBIN: of a window of m samples,
    at most batch_size squared, sample j goes to batch j modulo ceil(m / batch_size).
    MEMORY_OPTIMIZED: as many as half of the memory holds, at most batch_size. ADAPTIVE:
    starts from batch_size and climbs to the size that the consumer is fastest with.
    """

    SEQUENTIAL = "sequential"
    ROUND_ROBIN = "round_robin"
    MEMORY_OPTIMIZED = "memory_optimized"
    ADAPTIVE = "adaptive"


def _checked_strategy(strategy: BatchStrategy | str) -> BatchStrategy:
    try:
        return BatchStrategy(strategy)
    except ValueError:
        known = ", ".join(BatchStrategy)
        raise ValueError(f"unknown strategy {strategy!r}; the strategies are {known}") from None


def _checked_size(name: str, value: object) -> int:
    size = positive(name, value)
    if size > MAX_SIZE:
        raise ValueError(f"{name} must be at most {MAX_SIZE}, got {size}")
    return size


def _checked_megabytes(value: Any) -> float:
    number = real("max_memory_mb", value)
    if not 1 / MB <= number <= 1e12:  # nor NaN
        raise ValueError(f"max_memory_mb must be 1e-6 (a byte) to 1e12, got {value!r}")
    return number


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How to make batches. Immutable.

    `strategy`: a BatchStrategy or its value, "round_robin" say. `batch_size`: the most
    samples in a batch; ADAPTIVE starts from it; None is 32, for MEMORY_OPTIMIZED 1,024.
    `min_batch_size`: the least that MEMORY_OPTIMIZED and ADAPTIVE choose (a stream's last
    batch is what is left). `max_memory_mb`: what MEMORY_OPTIMIZED fills half of, and the
    limit of process_with_memory_monitoring; 1 MB is 10**6 bytes. `adaptive_sizing`: False
    keeps ADAPTIVE at batch_size. `sample_size_bytes`: what a sample will occupy, its image
    say; None measures the parameters. `max_batch_size`: how far ADAPTIVE may climb, None
    is 64 times batch_size. Raises ValueError or TypeError naming the field.

    >>> BatchConfig("sequential", batch_size=8).strategy
    <BatchStrategy.SEQUENTIAL: 'sequential'>
    """

    strategy: BatchStrategy
    batch_size: int | None = None
    max_memory_mb: float = 1000
    min_batch_size: int = 1
    adaptive_sizing: bool = True
    _: KW_ONLY
    sample_size_bytes: int | None = None
    max_batch_size: int | None = None

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("strategy", _checked_strategy(self.strategy))
        for name in ("batch_size", "min_batch_size", "max_batch_size"):
            if getattr(self, name) is not None or name == "min_batch_size":
                put(name, _checked_size(name, getattr(self, name)))
        if self.sample_size_bytes is not None:
            put("sample_size_bytes", positive("sample_size_bytes", self.sample_size_bytes))
        put("max_memory_mb", _checked_megabytes(self.max_memory_mb))
        if not isinstance(self.adaptive_sizing, bool):
            raise TypeError(f"adaptive_sizing must be a bool, got {self.adaptive_sizing!r}")
        if self.size < self.min_batch_size:
            raise ValueError(
                f"batch_size must be at least min_batch_size {self.min_batch_size}, "
                f"got {self.size}{' (the default)' if self.batch_size is None else ''}"
            )
        if self.max_batch_size is not None:
            if self.strategy is not BatchStrategy.ADAPTIVE:
                raise ValueError(
                    f"max_batch_size is for {BatchStrategy.ADAPTIVE}, got {self.max_batch_size} "
                    f"for {self.strategy}"
                )
            if self.max_batch_size < self.size:
                raise ValueError(
                    f"max_batch_size must be at least batch_size {self.size}, "
                    f"got {self.max_batch_size}"
                )

    @property
    def size(self) -> int:
        """batch_size, or what None stands for."""
        if self.batch_size is not None:
            return self.batch_size
        return DEFAULT_CAP if self.strategy is BatchStrategy.MEMORY_OPTIMIZED else DEFAULT_SIZE

    @property
    def cap(self) -> int:
        """The most samples that a batch may have."""
        if self.strategy is BatchStrategy.ADAPTIVE and self.adaptive_sizing:
            return self.max_batch_size or CLIMB * self.size
        return self.size


# ---- Memory ----


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """What the process holds, and what it can still take, in bytes."""

    rss_bytes: int
    available_bytes: int


def read_memory() -> MemoryReading:
    """The memory of this process now; available is the least of the host's and the cgroup's."""
    import psutil  # 10 ms, so only when needed

    available = psutil.virtual_memory().available
    free = cgroup.free_memory()
    return MemoryReading(
        psutil.Process().memory_info().rss, available if free is None else min(available, free)
    )


class MemoryAwareBatcher:
    """How many samples fit: in half of the memory, and in what is left of it.

    `max_memory_mb` limits what the process holds (its RSS). `reader` gives a
    MemoryReading; a method given one as `reading` does not call it. Sizes are at least
    `min_batch_size`, and at most `max_batch_size`. Raises ValueError or TypeError.

    >>> batcher = MemoryAwareBatcher(100, reader=lambda: MemoryReading(40 * MB, 80 * MB))
    >>> batcher.monitor_memory_usage()["percent_used"]
    40.0
    >>> batcher.calculate_optimal_batch_size(sample_size_bytes=150_000)
    266
    """

    def __init__(
        self,
        max_memory_mb: float = 1000,
        min_batch_size: int = 1,
        max_batch_size: int = DEFAULT_CAP,
        *,
        reader: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        self.max_memory_mb = _checked_megabytes(max_memory_mb)
        self.min_batch_size = positive("min_batch_size", min_batch_size)
        self.max_batch_size = positive("max_batch_size", max_batch_size)
        if self.max_batch_size < self.min_batch_size:
            raise ValueError(
                f"max_batch_size must be at least min_batch_size {self.min_batch_size}, "
                f"got {self.max_batch_size}"
            )
        self._limit = int(self.max_memory_mb * MB)
        self._reader = reader
        self._peak = 0

    def read(self) -> MemoryReading:
        """A reading, which counts for peak_rss_mb."""
        reading = self._reader()
        self._peak = max(self._peak, reading.rss_bytes)
        return reading

    @property
    def peak_rss_mb(self) -> float:
        """The highest RSS read so far, NaN before the first reading."""
        return self._peak / MB if self._peak else math.nan

    def monitor_memory_usage(self) -> dict[str, float]:
        """rss_mb, limit_mb, available_mb, and percent_used, which is RSS of the limit."""
        reading = self.read()
        return {
            "rss_mb": reading.rss_bytes / MB,
            "limit_mb": self._limit / MB,
            "available_mb": reading.available_bytes / MB,
            "percent_used": 100 * reading.rss_bytes / self._limit,
        }

    def calculate_optimal_batch_size(
        self, sample_size_bytes: int, reading: MemoryReading | None = None
    ) -> int:
        """The samples that fill half of the limit or, if less, of the available memory."""
        size = positive("sample_size_bytes", sample_size_bytes)
        reading = reading or self.read()
        fitting = min(self._limit, reading.available_bytes) // (2 * size)
        return max(self.min_batch_size, min(self.max_batch_size, fitting))

    def adjust_batch_size(
        self,
        batch_size: int,
        sample_size_bytes: int,
        smallest: int | None = None,
        reading: MemoryReading | None = None,
    ) -> int:
        """`batch_size`, cut to what the limit leaves beside RSS and to what is available.

        MemoryLimitExceededError where not even `smallest` samples (None: min_batch_size)
        fit.
        """
        batch_size = positive("batch_size", batch_size)
        size = positive("sample_size_bytes", sample_size_bytes)
        least = self.min_batch_size if smallest is None else positive("smallest", smallest)
        least = min(least, batch_size)
        reading = reading or self.read()
        fitting = min(self._limit - reading.rss_bytes, reading.available_bytes) // size
        if fitting < least:
            raise MemoryLimitExceededError(
                f"{least} samples of {size} bytes ({least * size / MB:.1f} MB) do not fit: the "
                f"process holds {reading.rss_bytes / MB:.1f} MB of max_memory_mb="
                f"{self.max_memory_mb}, and {reading.available_bytes / MB:.1f} MB are available"
            )
        return min(batch_size, fitting)


# ---- The fastest size ----


class _Climber:
    """Searches the batch size at which the consumer takes the least time per sample.

    A size is tried on three batches; their median counts, so neither a first call that
    compiles nor an interruption decides. The start is doubled as long as that helps, and
    halved down to the floor, which costs few samples. From the best of these it goes on by
    smaller and smaller factors, up and down. A size is tried once, so the search ends, and
    the best is kept. What is better again behind a worse size may be missed.
    """

    TRIES = 3
    #: Less is no gain. Where doubling a size of cost a / n + b gains no 2 %, it is at most 1.042 b.
    GAIN = 0.02
    FINEST = 1.04  # 2 ** (1/16) is tried, 2 ** (1/32) is not

    def __init__(self, start: int, floor: int, cap: int) -> None:
        self.size = start
        self._floor, self._cap = floor, cap
        self._halves = [start >> shift for shift in range(1, start.bit_length())]
        self._best = start
        self._factor = 2.0
        self._costs: dict[int, float] = {}
        self._times: list[float] = []

    def observe(self, size: int, seconds: float) -> None:
        """The consumer took `seconds` for a batch of `size`; another size than asked: ignored."""
        if size != self.size or size in self._costs:
            return
        self._times.append(seconds)
        if len(self._times) == self.TRIES:
            self._costs[size] = statistics.median(self._times) / size
            self._times = []
            if self._costs[size] < self._costs[self._best] * (1 - self.GAIN):
                self._best = size
            self.size = self._next()

    def _next(self) -> int:
        """The next size to try, or the best where the search has ended."""
        while self._factor > self.FINEST:
            best, factor = self._best, self._factor
            down = self._halves if factor == 2 else [round(best / factor)]
            for size in (round(best * factor), *down):
                size = max(self._floor, min(self._cap, size))
                if size not in self._costs:
                    return size
            self._factor = math.sqrt(factor)
        return self._best


# ---- Buffers: samples that were taken from the stream and are in no batch yet ----


class _Rows:
    """Single samples; batches are lists."""

    def __init__(self, stream: Iterator[Any], items: list[Any]) -> None:
        self.stream = stream
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def fill(self, size: int) -> int:
        """Takes from the stream until `size` samples are held, or all; how many they are.

        What was taken before an exception of the stream is kept.
        """
        self.items.extend(islice(self.stream, size - len(self.items)))
        return len(self.items)

    def cut(self, size: int) -> tuple[Any, list[Any]]:
        """The batch of up to `size` samples, and the items behind it."""
        return self.items, []  # fill takes no more than asked

    def sample_bytes(self) -> int:
        """What the first sample occupies."""
        first = self.items[0]
        values = first.values() if isinstance(first, Mapping) else ()
        return getsizeof(first) + sum(map(getsizeof, values))


class _Columns(_Rows):
    """Batches of any sizes; only the last one may hold more than the next batch needs."""

    def __len__(self) -> int:
        return sum(map(len, self.items))

    def fill(self, size: int) -> int:
        held, items = len(self), self.items
        while held < size:
            before = len(items)
            items.extend(islice(self.stream, 1))
            if len(items) == before:
                break
            if not isinstance(items[-1], AugmentationBatch):
                odd = items.pop()
                raise TypeError(f"stream must go on as it began, with batches, but gave {odd!r}")
            held += len(items[-1])
        return held

    def cut(self, size: int) -> tuple[AugmentationBatch, list[Any]]:
        parts, rest, surplus = self.items, [], len(self) - size
        if surplus > 0:
            last, at = parts[-1], len(parts[-1]) - surplus
            parts, rest = [*parts[:-1], last[:at]], [last[at:]]
        return parts[0] if len(parts) == 1 else AugmentationBatch.concatenate(parts), rest

    def sample_bytes(self) -> int:
        first: AugmentationBatch = next(filter(len, self.items))
        return (
            first.digests.nbytes + sum(column.nbytes for column in first.columns.values())
        ) // len(first)


# ---- The loop ----


class BatchIterator(Generic[Batch], Iterator[Batch]):
    """The batches of a stream; made by BatchProcessor.

    No more is taken from the stream than the batch (ROUND_ROBIN: the window) that is
    asked for needs. An exception in next(), KeyboardInterrupt too, loses nothing: what was
    taken is held here and begins the next batch.
    """

    def __init__(self, processor: BatchProcessor, stream: Iterator[Any], monitored: bool) -> None:
        self._processor = processor
        self._monitored = monitored
        self._buffer = _Rows(stream, [])
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

    def _build(self) -> bool:
        """Makes the next batch, or batches, ready; False at the end of the stream."""
        if not self._opened:
            self._open()
        self._size = self._size or self._next_size()
        if not (self._size and self._buffer.fill(self._size)):
            return False
        window, rest = self._buffer.cut(self._size)
        ready = [window]
        if self._processor.config.strategy is BatchStrategy.ROUND_ROBIN:
            count = -(-len(window) // self._processor.config.size)
            ready = [window[first::count] for first in range(count)]
        self._ready, self._buffer.items, self._size = ready, rest, 0
        return True

    def _open(self) -> None:
        """The first item tells what kind of stream it is."""
        buffer = self._buffer
        if buffer.fill(1) and isinstance(buffer.items[0], AugmentationBatch):
            self._buffer = _Columns(buffer.stream, buffer.items)
        self._opened = True

    def _next_size(self) -> int:
        """How many samples to take for the next batch or window; 0 at the end of the stream."""
        config, climber = self._processor.config, self._processor._climber
        by_memory = config.strategy is BatchStrategy.MEMORY_OPTIMIZED
        size = climber.size if climber is not None else config.size
        if config.strategy is BatchStrategy.ROUND_ROBIN:
            size *= size
        if not (by_memory or self._monitored):
            return size
        if not self._buffer.fill(1):
            return 0
        sample = config.sample_size_bytes or self._buffer.sample_bytes()
        memory = self._processor.memory
        reading = memory.read()
        if by_memory:
            size = memory.calculate_optimal_batch_size(sample, reading)
        if self._monitored:
            smallest = config.min_batch_size if by_memory or climber is not None else size
            size = memory.adjust_batch_size(size, sample, smallest, reading)
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


class BatchProcessor:
    """Makes batches of streams by one strategy.

    `config`: None is BatchConfig(strategy); one with another strategy is a ValueError.
    `clock` (seconds) and `reader` (a MemoryReading) are for tests and other measures.
    `processor.memory` is its MemoryAwareBatcher. Several streams may be processed one
    after the other: the metrics go on, and ADAPTIVE goes on with what it learned.

    >>> import dpa
    >>> processor = BatchProcessor(BatchStrategy.SEQUENTIAL, BatchConfig("sequential", 400))
    >>> [len(batch) for batch in processor.process_stream(dpa.stream_augmentation_chain(1000))]
    [400, 400, 200]
    >>> processor.metrics.samples
    1000
    """

    def __init__(
        self,
        strategy: BatchStrategy | str,
        config: BatchConfig | None = None,
        *,
        clock: Clock = time.perf_counter,
        reader: Callable[[], MemoryReading] = read_memory,
    ) -> None:
        strategy = _checked_strategy(strategy)
        config = BatchConfig(strategy) if config is None else config
        if not isinstance(config, BatchConfig):
            raise TypeError(f"config must be a BatchConfig, got {config!r}")
        if config.strategy is not strategy:
            raise ValueError(f"strategy is {strategy}, that of config {config.strategy}")
        self.config = config
        self.memory = MemoryAwareBatcher(
            config.max_memory_mb, config.min_batch_size, config.cap, reader=reader
        )
        self._memory_batcher = self.memory  # the name of earlier versions
        self._clock = clock
        self._climber = None
        if strategy is BatchStrategy.ADAPTIVE and config.adaptive_sizing:
            self._climber = _Climber(config.size, config.min_batch_size, config.cap)
        self._batches = self._samples = 0
        self._seconds = 0.0

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
        self, stream: AugmentationBatch | Iterable[AugmentationBatch]
    ) -> BatchIterator[AugmentationBatch]: ...
    @overload
    def process_stream(self, stream: Iterable[Sample]) -> BatchIterator[list[Sample]]: ...
    def process_stream(self, stream: Iterable[Any]) -> BatchIterator[Any]:
        """The batches of `stream`, an iterable whose first item tells its kind.

        Of AugmentationBatch, whatever their sizes: AugmentationBatch. Of anything else,
        dicts say: lists. Raises TypeError for what cannot be iterated.
        """
        return BatchIterator(self, _samples_of(stream), monitored=False)

    @overload
    def process_with_memory_monitoring(  # type: ignore[overload-overlap]
        self, stream: AugmentationBatch | Iterable[AugmentationBatch]
    ) -> BatchIterator[AugmentationBatch]: ...
    @overload
    def process_with_memory_monitoring(
        self, stream: Iterable[Sample]
    ) -> BatchIterator[list[Sample]]: ...
    def process_with_memory_monitoring(self, stream: Iterable[Any]) -> BatchIterator[Any]:
        """The same under the limit: what a batch will take must fit beside RSS.

        MEMORY_OPTIMIZED and ADAPTIVE make smaller batches, down to min_batch_size. Where
        those do not fit, nor batch_size (ROUND_ROBIN: a whole window) of the others, next()
        raises MemoryLimitExceededError before the batch is built; it may be called again.
        """
        return BatchIterator(self, _samples_of(stream), monitored=True)


def _samples_of(stream: Iterable[Any]) -> Iterator[Any]:
    if isinstance(stream, AugmentationBatch):
        return iter([stream])
    if isinstance(stream, Mapping) or not isinstance(stream, Iterable):
        raise TypeError(f"stream must be an iterable of samples, got {stream!r}")
    return iter(stream)
