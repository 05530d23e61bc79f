"""Functions of the original package, kept for compatibility only.

New code uses `list(islice(stream, n))`, `dpa.batch.BatchProcessor` and `print` instead. `dpa` has
all of these names, too, and imports them on first use.
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
from dpa.checks import count_of, not_negative, raised_as
from dpa.derivation.space import Space
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
    """The items as a list, at most the first `max_items`; never reads further."""
    if max_items is not None:
        with raised_as(StreamingError):
            max_items = not_negative("max_items", max_items)
    return list(islice(param_generator, max_items))


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
    config: Space | None = None,
    start_id: int = 0,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """The samples of stream_augmentation_chain, in batches.

    Parameters
    ----------
    num_samples, start_id, verbose, progress_callback
        As for stream_augmentation_chain.
    batch_config
        How to make the batches; None is 32 consecutive samples each.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".

    Returns
    -------
    BatchIterator
        An iterator over lists of dicts.

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.

    Examples
    --------
    >>> [len(batch) for batch in stream_augmentation_chain_batched(70)]
    [32, 32, 6]
    """
    stream = stream_augmentation_chain(
        num_samples, config, start_id, verbose=verbose, progress_callback=progress_callback
    )
    return _processor(batch_config).process_stream(stream)


def stream_augmentation_chain_with_memory_limit(
    num_samples: float,
    max_memory_mb: float = 1000,
    config: Space | None = None,
    start_id: int = 0,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """The samples of stream_augmentation_chain, in batches that MEMORY_OPTIMIZED sizes.

    Parameters
    ----------
    num_samples, start_id, verbose, progress_callback
        As for stream_augmentation_chain.
    max_memory_mb
        Megabytes (10**6 bytes) of which a batch fills at most half.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".

    Returns
    -------
    BatchIterator
        An iterator over lists of dicts.

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.
    InvalidBatchConfigError
        max_memory_mb is bad; a ValueError and a TypeError.
    """
    limit = BatchConfig(BatchStrategy.MEMORY_OPTIMIZED, max_memory_mb=max_memory_mb)
    return stream_augmentation_chain_batched(
        num_samples, limit, config, start_id, verbose, progress_callback
    )


def stream_augmentation_range_batched(
    start_id: int,
    end_id: int,
    batch_config: BatchConfig | None = None,
    config: Space | None = None,
) -> BatchIterator[list[dict[str, Any]]]:
    """The samples of stream_augmentation_range, in batches.

    Parameters
    ----------
    start_id
        The first id.
    end_id
        One past the last id; not below start_id.
    batch_config
        How to make the batches; None is 32 consecutive samples each.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".

    Returns
    -------
    BatchIterator
        An iterator over lists of dicts.

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.
    """
    stream = stream_augmentation_range(start_id, end_id, config)
    return _processor(batch_config).process_stream(stream)


def convert_stream_to_batches(
    param_generator: Iterable[Any],
    batch_strategy: BatchStrategy | str = BatchStrategy.SEQUENTIAL,
    batch_size: int | None = 32,
    max_memory_mb: float = 1000,
) -> BatchIterator[list[Any]]:
    """Makes batches of any iterable.

    Parameters
    ----------
    param_generator
        The samples: dicts, AugmentationBatch, or any other items.
    batch_strategy, batch_size, max_memory_mb
        As for BatchConfig.

    Returns
    -------
    BatchIterator
        An iterator over lists, or over AugmentationBatch if the items are batches.

    Raises
    ------
    InvalidBatchConfigError
        A setting is bad; a ValueError and a TypeError.
    InvalidStreamError
        param_generator is not an iterable of samples; a TypeError.
    """
    config = BatchConfig(batch_strategy, batch_size, max_memory_mb)  # type: ignore[arg-type]  # BatchConfig takes a str
    return _processor(config).process_stream(param_generator)


def process_augmentation_batches(
    param_generator: Iterable[Any],
    batch_config: BatchConfig | None = None,
    processor_func: Callable[[Any], Any] | None = None,
    verbose: bool = False,
) -> list[Any]:
    """Calls a function with each batch of a stream, and keeps all results in memory.

    Parameters
    ----------
    param_generator
        The samples: dicts, AugmentationBatch, or any other items.
    batch_config
        How to make the batches; None is 32 consecutive samples each.
    processor_func
        Called with each batch; None returns the batches themselves.
    verbose
        Whether to print a line for each batch.

    Returns
    -------
    list
        What processor_func returned for each batch, in order.

    Raises
    ------
    InvalidStreamError
        param_generator is not an iterable of samples; a TypeError.
    """
    results = []
    for number, batch in enumerate(_processor(batch_config).process_stream(param_generator), 1):
        results.append(batch if processor_func is None else processor_func(batch))
        if verbose:
            print(f"batch {number}: {count_of(len(batch), 'sample')}")
    return results


def get_batch_metrics(
    param_generator: Iterable[Any], batch_config: BatchConfig | None = None
) -> BatchMetrics:
    """Makes batches of the whole stream, drops them, and returns the metrics."""
    processor = _processor(batch_config)
    for _ in processor.process_stream(param_generator):
        pass
    return processor.metrics


# ---- Progress ----


def create_simple_progress_callback(verbose: bool = True) -> ProgressCallback:
    """A progress_callback that prints the progress, or does nothing if not `verbose`."""
    return print if verbose else lambda progress: None


def format_progress_info(progress: StreamingProgress) -> str:
    """One line about the progress of a stream."""
    return str(progress)
