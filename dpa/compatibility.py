"""For compatibility alone: functions of the original package that wrap one idea of ours.

New code takes `list(islice(stream, n))`, `dpa.batch.BatchProcessor` and `print`. All of them
are in `dpa`, too, and imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from dpa.batch import (
    BatchConfig,
    BatchIterator,
    BatchMetrics,
    BatchProcessor,
    BatchStrategy,
    InvalidBatchConfigError,
)
from dpa.checks import not_negative, raised_as
from dpa.derivation.config import AugmentationConfig
from dpa.errors import StreamingError
from dpa.streams.progress import ProgressCallback, StreamingProgress
from dpa.streams.streams import stream_augmentation_chain, stream_augmentation_range

__all__ = [
    "convert_stream_to_batches",
    "create_simple_progress_callback",
    "format_progress_info",
    "generator_to_list",
    "get_batch_metrics",
    "list_to_generator",
    "process_augmentation_batches",
    "stream_augmentation_chain_batched",
    "stream_augmentation_chain_with_memory_limit",
    "stream_augmentation_range_batched",
]


def generator_to_list(param_generator: Iterable[Any], max_items: int | None = None) -> list[Any]:
    """The items as a list, the first `max_items` of them; no more are taken from the generator."""
    return list(islice(param_generator, _checked_most(max_items)))


@raised_as(StreamingError)
def _checked_most(max_items: int | None) -> int | None:
    return None if max_items is None else not_negative("max_items", max_items)


def list_to_generator(params_list: Iterable[Any]) -> Iterator[Any]:
    """A generator over the items of a list."""
    return (params for params in params_list)


# ---- Batches ----


def _processor(config: BatchConfig | None) -> BatchProcessor:
    if config is None:
        return BatchProcessor(BatchStrategy.SEQUENTIAL)
    if not isinstance(config, BatchConfig):
        raise InvalidBatchConfigError(f"batch_config must be a BatchConfig, got {config!r}")
    return BatchProcessor(config.strategy, config)


def stream_augmentation_chain_batched(
    num_samples: float,
    batch_config: BatchConfig | None = None,
    config: AugmentationConfig | None = None,
    start_id: int = 0,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """Batches of stream_augmentation_chain; without `batch_config` 32 samples each."""
    stream = stream_augmentation_chain(
        num_samples, config, start_id, verbose=verbose, progress_callback=progress_callback
    )
    return _processor(batch_config).process_stream(stream)


def stream_augmentation_chain_with_memory_limit(
    num_samples: float,
    max_memory_mb: float = 1000,
    config: AugmentationConfig | None = None,
    start_id: int = 0,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """Batches of stream_augmentation_chain that MEMORY_OPTIMIZED sizes by `max_memory_mb`."""
    limit = BatchConfig(BatchStrategy.MEMORY_OPTIMIZED, max_memory_mb=max_memory_mb)
    return stream_augmentation_chain_batched(
        num_samples, limit, config, start_id, verbose, progress_callback
    )


def stream_augmentation_range_batched(
    start_id: int,
    end_id: int,
    batch_config: BatchConfig | None = None,
    config: AugmentationConfig | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """Batches of stream_augmentation_range; without `batch_config` 32 samples each."""
    stream = stream_augmentation_range(start_id, end_id, config)
    return _processor(batch_config).process_stream(stream)


def convert_stream_to_batches(
    param_generator: Iterable[Any],
    batch_strategy: BatchStrategy | str = BatchStrategy.SEQUENTIAL,
    batch_size: int | None = 32,
    max_memory_mb: float = 1000,
) -> BatchIterator[list[Any]]:
    """The batches that such a BatchConfig makes of a stream."""
    config = BatchConfig(batch_strategy, batch_size, max_memory_mb)  # type: ignore[arg-type]  # its value will do
    return _processor(config).process_stream(param_generator)


def process_augmentation_batches(
    param_generator: Iterable[Any],
    batch_config: BatchConfig | None = None,
    processor_func: Callable[[Any], Any] | None = None,
    verbose: bool = False,
) -> list[Any]:
    """What `processor_func` returns for each batch, in order; without it the batches.

    All are held in memory. `verbose` prints a line a batch.
    """
    results = []
    for number, batch in enumerate(_processor(batch_config).process_stream(param_generator), 1):
        results.append(batch if processor_func is None else processor_func(batch))
        if verbose:
            print(f"batch {number}: {len(batch)} samples")
    return results


def get_batch_metrics(
    param_generator: Iterable[Any], batch_config: BatchConfig | None = None
) -> BatchMetrics:
    """The metrics of a BatchProcessor that has made batches of the whole stream."""
    processor = _processor(batch_config)
    for _ in processor.process_stream(param_generator):
        pass
    return processor.metrics


# ---- Progress ----


def create_simple_progress_callback(verbose: bool = True) -> ProgressCallback:
    """A progress_callback that prints, or without `verbose` does nothing."""
    return print if verbose else lambda progress: None


def format_progress_info(progress: StreamingProgress) -> str:
    """A line that says how far a stream is."""
    return str(progress)
