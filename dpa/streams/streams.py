"""Streams: iterators over samples, in constant memory, that can be resumed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from dpa._native import RowCursor, Rows
from dpa.checks import LIMIT, brief, integer, positive, raised_as, within
from dpa.derivation.config import space_of
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation, Derived, derive
from dpa.derivation.ids import MANY, consecutive_ids
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.errors import StreamingError
from dpa.streams.progress import SILENT, ProgressCallback, Report
from dpa.streams.spans import Shard, Spans

Item = TypeVar("Item")

_VERSION = 2
#: The chunk size that None stands for.
_CHUNK = 1000


class Stream(Derived, ABC, Generic[Item], Iterator[Item]):
    """An iterator that yields each sample of `shard.ids` once.

    state_dict() saves the position; load_state_dict() resumes there in an equal stream of any
    process; pickling does both. If next() raises an exception, such as KeyboardInterrupt, no
    sample is lost: the next call continues. close() ends the stream at its position. Only one
    thread at a time may take samples.
    """

    _closed = False
    _position: int

    def __init__(self, shard: Shard, derivation: Derivation, chunk_size: int) -> None:
        self.shard = shard
        self.derivation = derivation
        self.chunk_size = chunk_size
        self._ids = shard.ids
        self.seek(0)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any], chunk_size: int = 1000) -> Self:
        """A new stream at the position of this state. Raises TypeError or ValueError."""
        _check_state(state)
        space = space_of(state["space"])
        key = Key.checked(*(state[name] for name in Key._fields))
        try:
            rank, world_size, split = state["share"]
            shard = Shard.checked(Spans.from_json(state["job"]), rank, world_size, split)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the state's job and share must be valid: {error}") from error
        stream = cls(shard, Derivation(space, key), checked_chunk(chunk_size))
        stream.load_state_dict(state)
        return stream

    @property
    @abstractmethod
    def delivered(self) -> int:
        """The position, which is how many samples next() has returned so far."""

    def seek(self, position: int) -> None:
        """Makes sample number `position` the next one."""
        self._position = position

    @property
    def remaining(self) -> Spans:
        """The ids that are still to come."""
        return self._ids[self.delivered :]

    def _batch(self, first: int, size: int) -> AugmentationBatch:
        """Up to `size` samples, from number `first` on. Raises StopIteration at the end."""
        ids = self._ids.ids(first, first + size)
        if self._closed or len(ids) == 0:
            raise StopIteration
        return self.derivation.batch(ids)

    def batches(self) -> Iterator[AugmentationBatch]:
        """The remaining samples as columns; the position of the stream advances with them."""
        while not self._closed and self.delivered < len(self._ids):
            batch = self._batch(self.delivered, self.derivation.space.block_size(BLOCK))
            end = self.delivered + len(batch)
            self._position = end  # Ctrl-C acts where a call ends: not from here to the yield
            yield batch

    def close(self) -> None:
        """Ends the stream. state_dict() and `remaining` still describe the remaining samples."""
        self._closed = True
        self.seek(self.delivered)  # drops samples that were made but not delivered

    def __iter__(self) -> Self:
        return self

    def __length_hint__(self) -> int:
        return 0 if self._closed else len(self._ids) - self.delivered

    def _identity(self) -> dict[str, Any]:
        """Everything that two streams must share to yield the same samples."""
        job, *shard = self.shard
        return {
            "space": self.derivation.space.declaration(),
            **self.key._asdict(),
            "job": job.to_json(),
            "share": shard,
        }

    def state_dict(self) -> dict[str, Any]:
        """The position and the identity of the stream, as a dict that JSON can store.

        The state counts samples already delivered: save it together with the weights trained on
        them.
        """
        return {"version": _VERSION, **self._identity(), "delivered": self.delivered}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Resumes at the position of this state.

        The chunk sizes of the two streams may differ. Raises ValueError, naming the difference,
        for the state of a stream with another config, key, job or shard; the position then
        stays as it was.
        """
        _check_state(state)
        same = {"space": space_of(state["space"]) == self.derivation.space}  # 0 is not False
        for name, value in self._identity().items():
            if not same.get(name, state[name] == value):
                raise ValueError(
                    f"the state is another stream's: its {name} is {brief(state[name])}, "
                    f"this stream's {brief(value)}"
                )
        self.seek(within("delivered", state["delivered"], 0, len(self._ids)))

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.shard, self.derivation, self.chunk_size)
        return type(self), arguments, self.state_dict()

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.load_state_dict(state)


def _check_state(state: object) -> None:
    """Raises TypeError or ValueError if `state` is not the state of a stream."""
    if not isinstance(state, Mapping):
        raise TypeError(f"the state must be a dict, got {state!r}")
    if state.get("version") == 1:
        raise ValueError(
            "the state was written by an unreleased build of dpa, which this one does not read: "
            "begin the stream again"
        )
    for name in ("version", "space", *Key._fields, "job", "share", "delivered"):
        if name not in state:
            raise ValueError(f"the state lacks {name!r}")
    if state["version"] != _VERSION:
        raise ValueError(f"the state must be of version {_VERSION}, got {state['version']!r}")


class DictStream(RowCursor, Stream[dict[str, Any]]):
    """A stream of single samples as dicts, generated chunk_size at a time."""

    #: Called for each chunk. It is not pickled: a copy reports nothing.
    report = SILENT

    def _rows(self, position: int) -> Rows:
        size = self.derivation.space.block_size(self.chunk_size)
        batch = self._batch(position, size)
        self.report(position + len(batch), batch.ids)
        if self._closed:  # by the callback
            raise StopIteration
        return batch.rows(self.key.rank)


class BatchStream(Stream[AugmentationBatch]):
    """A stream of AugmentationBatch with chunk_size samples each; the last one may have fewer."""

    @property
    def delivered(self) -> int:
        """The position, which is how many samples next() has returned so far."""
        return self._position

    def __next__(self) -> AugmentationBatch:
        batch = self._batch(self._position, self.chunk_size)
        end = self._position + len(batch)
        # No call from here on: KeyboardInterrupt is raised only where a call ends.
        self._position = end
        return batch


def checked_range(start_id: object, end_id: object) -> range:
    """range(start_id, end_id). Raises TypeError or ValueError naming the argument."""
    start, end = integer("start_id", start_id), integer("end_id", end_id)
    if end < start:
        raise ValueError(f"end_id must not be below start_id {start}, got {brief(end)}")
    return consecutive_ids(end - start, start)


def checked_chunk(chunk_size: object) -> int:
    """The chunk size; None is 1,000. Raises TypeError or ValueError."""
    return _CHUNK if chunk_size is None else positive("chunk_size", chunk_size)


def _is_endless(num_samples: object) -> bool:
    return isinstance(num_samples, float) and num_samples == math.inf


def _checked_ids(num_samples: Any, start_id: Any) -> range:
    """The ids from start_id on; infinitely many are cut to the most that one stream can have."""
    if _is_endless(num_samples):
        num_samples = max(0, min(MANY, LIMIT - integer("start_id", start_id)))
    return consecutive_ids(num_samples, start_id)


@raised_as(StreamingError)
def stream_augmentation_chain(
    num_samples: float,
    config: Space | None = None,
    start_id: int = 0,
    chunk_size: int | None = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> DictStream:
    """The samples of consecutive ids one by one, in constant memory.

    Arguments are checked at the call, not at the first next().

    Parameters
    ----------
    num_samples
        How many samples: an int of 0 or more. float("inf") means all ids from start_id on, at
        most 2**48.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    start_id
        The first id.
    chunk_size
        Samples made at a time; None is 1,000. The samples do not depend on it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    verbose
        Whether to print the progress after each chunk.
    progress_callback
        Called with a StreamingProgress after each chunk is made, before its samples are
        delivered. If it closes or moves the stream, the chunk is dropped.

    Returns
    -------
    DictStream
        An iterator over dicts as gen_augmentation_params returns them. It has state_dict() and
        load_state_dict().

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.

    Examples
    --------
    >>> stream = stream_augmentation_chain(1_000_000)
    >>> next(stream)["hash"][:16], stream.delivered
    ('f186c633e8861c7e', 1)
    """
    ids = _checked_ids(num_samples, start_id)
    stream = DictStream(
        Shard(Spans([ids])), derive(config, epoch, view, base_seed), checked_chunk(chunk_size)
    )
    total = None if _is_endless(num_samples) else len(ids)
    stream.report = Report(progress_callback, verbose, total)
    return stream


@raised_as(StreamingError)
def stream_augmentation_range(
    start_id: int,
    end_id: int,
    config: Space | None = None,
    chunk_size: int | None = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> DictStream:
    """The samples of the ids start_id to end_id - 1 one by one, in constant memory.

    Parameters
    ----------
    start_id
        The first id.
    end_id
        One past the last id; not below start_id.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    chunk_size
        Samples made at a time; None is 1,000. The samples do not depend on it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    DictStream
        As stream_augmentation_chain returns it.

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.

    Examples
    --------
    >>> [sample["hash"][:8] for sample in stream_augmentation_range(42, 44)]
    ['3c8f5890', 'afa030f8']
    """
    return DictStream(
        Shard(Spans([checked_range(start_id, end_id)])),
        derive(config, epoch, view, base_seed),
        checked_chunk(chunk_size),
    )


@raised_as(StreamingError)
def stream_augmentation_batches(
    num_samples: float,
    config: Space | None = None,
    start_id: int = 0,
    batch_size: int = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> BatchStream:
    """The samples of consecutive ids as columns, in constant memory.

    Parameters
    ----------
    num_samples
        How many samples: an int of 0 or more. float("inf") means all ids from start_id on, at
        most 2**48.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    start_id
        The first id.
    batch_size
        Samples in a batch; the last batch may have fewer.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    BatchStream
        An iterator over AugmentationBatch. It has state_dict() and load_state_dict().

    Raises
    ------
    StreamingError
        An argument is bad; a ValueError and a TypeError.

    Examples
    --------
    >>> for batch in stream_augmentation_batches(2500):
    ...     print(len(batch))
    1000
    1000
    500
    """
    return BatchStream(
        Shard(Spans([_checked_ids(num_samples, start_id)])),
        derive(config, epoch, view, base_seed),
        positive("batch_size", batch_size),
    )
