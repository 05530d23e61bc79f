"""The cases that measure dpa; their rates count samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from operator import length_hint
from typing import Any

from dpa.batch import BatchConfig, BatchProcessor, BatchStrategy
from dpa.benchmark.errors import InvalidBenchmarkConfigError
from dpa.benchmark.timing import Case
from dpa.checks import positive, raised_as
from dpa.derivation.config import checked_space
from dpa.derivation.generate import gen_augmentation_params, generate_augmentation_batch
from dpa.derivation.space import Space
from dpa.files.generating import generate_augmentation_chain
from dpa.streams.ranks import stream_distributed_augmentation_chain
from dpa.streams.streams import checked_chunk, stream_augmentation_chain


def exhaust(items: Iterable[object]) -> None:
    """Takes all items and drops each immediately."""
    deque(items, maxlen=0)


def generation(num_samples: int, config: Space | None = None) -> Case:
    """generate_augmentation_chain: a list of dicts."""
    size, config = _checked(num_samples, config)
    return _case("list of dicts", lambda: generate_augmentation_chain(size, config), size, config)


def columns(num_samples: int, config: Space | None = None) -> Case:
    """generate_augmentation_batch with the default number of threads."""
    size, config = _checked(num_samples, config)
    return _case("columns", lambda: generate_augmentation_batch(range(size), config), size, config)


def single_ids(num_samples: int, config: Space | None = None) -> Case:
    """gen_augmentation_params, one id at a time."""
    size, config = _checked(num_samples, config)

    def run() -> None:
        exhaust(gen_augmentation_params(seed_id, config) for seed_id in range(size))

    return _case("one id at a time", run, size, config)


def streaming(num_samples: int, chunk_size: int = 1000, config: Space | None = None) -> Case:
    """stream_augmentation_chain: dicts, each dropped when the next one is taken."""
    size, config = _checked(num_samples, config)
    with raised_as(InvalidBenchmarkConfigError):
        checked_chunk(chunk_size)
    stream = partial(stream_augmentation_chain, size, config, chunk_size=chunk_size)
    return _case("stream of dicts", lambda: exhaust(stream()), size, config)


def batch_processing(
    num_samples: int,
    batch_config: BatchConfig | None = None,
    config: Space | None = None,
    process_batch: Callable[[Any], object] | None = None,
) -> Case:
    """A BatchProcessor over stream_augmentation_chain, with `process_batch` called on each batch.

    All runs share one processor, so ADAPTIVE keeps what it has learned.
    """
    size, config = _checked(num_samples, config)
    batch_config = BatchConfig(BatchStrategy.SEQUENTIAL) if batch_config is None else batch_config
    if not isinstance(batch_config, BatchConfig):
        raise InvalidBenchmarkConfigError(
            f"batch_config must be a BatchConfig, got {batch_config!r}"
        )
    if not (process_batch is None or callable(process_batch)):
        raise InvalidBenchmarkConfigError(
            f"process_batch must be a function, got {process_batch!r}"
        )
    processor = BatchProcessor(batch_config.strategy, batch_config)

    def run() -> None:
        batches = processor.process_stream(stream_augmentation_chain(size, config))
        exhaust(batches if process_batch is None else map(process_batch, batches))

    return _case("batches", run, size, config)


def distributed(
    num_samples: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: Space | None = None,
) -> Case:
    """stream_distributed_augmentation_chain: the dicts of one rank; only its shard counts."""
    size, config = _checked(num_samples, config)
    stream = partial(stream_distributed_augmentation_chain, size, rank, world_size, config)
    share = length_hint(stream())  # also checks the rank now
    return _case("stream of one rank", lambda: exhaust(stream()), share, config)


#: The cases by the original package's name and by ours.
TYPES: Mapping[str, Callable[..., Case]] = {
    "generation": generation,
    "streaming": streaming,
    "batch": batch_processing,
    "batch_processing": batch_processing,
    "columns": columns,
    "single_ids": single_ids,
    "distributed": distributed,
}


def described(description: Mapping[str, Any], num_samples: int) -> Case:
    """The case that a dict describes: `name`, `type` (a key of TYPES), and arguments."""
    if not isinstance(description, Mapping) or not {"name", "type"} <= description.keys():
        raise InvalidBenchmarkConfigError(
            f"configs must be dicts with a name and a type, got {description!r}"
        )
    arguments = {"num_samples": num_samples, **description}
    name, kind = arguments.pop("name"), arguments.pop("type")
    if kind not in [*TYPES]:  # it may be unhashable
        raise InvalidBenchmarkConfigError(f"type must be one of {', '.join(TYPES)}, got {kind!r}")
    with raised_as(InvalidBenchmarkConfigError):  # an argument that this type has not
        return replace(TYPES[kind](**arguments), name=name)


@raised_as(InvalidBenchmarkConfigError)
def _checked(num_samples: int, config: Space | None) -> tuple[int, Space]:
    return positive("num_samples", num_samples), checked_space(config)


def _case(name: str, run: Callable[[], object], samples: int, config: Space) -> Case:
    return Case(name, run, samples, facts={"config": config.to_dict()})
