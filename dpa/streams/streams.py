"""Streams: samples one after the other, in constant memory, that can be resumed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Self, TypeVar

from dpa.checks import LIMIT, integer, positive, raised_as
from dpa.derivation.config import AugmentationConfig, space_of
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation, Derived, derive
from dpa.derivation.ids import MANY, consecutive_ids
from dpa.derivation.keys import Key
from dpa.errors import StreamingError
from dpa.streams.cursor import RowCursor
from dpa.streams.progress import SILENT, ProgressCallback, Report
from dpa.streams.spans import Share, Spans

Item = TypeVar("Item")

_VERSION = 2
#: Samples made at a time where chunk_size is None.
_CHUNK = 1000


class Stream(Derived, ABC, Generic[Item], Iterator[Item]):
    """An iterator over the samples of `share.ids`: each once, then it ends.

    state_dict() tells where it stands, load_state_dict() goes on from there in an equal
    stream of any process; pickling does both. An exception in next(), KeyboardInterrupt
    say, loses no sample: the next call goes on. close() ends it where it stands. One
    thread at a time may take from a stream.
    """

    _closed = False

    def __init__(self, share: Share, derivation: Derivation, chunk_size: int) -> None:
        self.share = share
        self.derivation = derivation
        self.chunk_size = chunk_size
        self._ids = share.ids
        self.seek(0)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any], chunk_size: int = 1000) -> Self:
        """A stream that stands where the one with this state stood; raises like that."""
        _check_state(state)
        space = space_of(state["space"])
        key = Key.checked(*(state[name] for name in Key._fields))
        try:
            rank, world_size, split = state["share"]
            share = Share.checked(Spans.from_json(state["job"]), rank, world_size, split)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the state's job and share must be valid: {error}") from error
        stream = cls(share, Derivation(space, key), checked_chunk(chunk_size))
        stream.load_state_dict(state)
        return stream

    @property
    @abstractmethod
    def delivered(self) -> int:
        """How many samples next() has given so far."""

    @abstractmethod
    def seek(self, position: int) -> None:
        """Makes sample number `position` the next one."""

    @property
    def remaining(self) -> Spans:
        """The ids that are still to come."""
        return self._ids[self.delivered :]

    def _batch(self, first: int, size: int) -> AugmentationBatch:
        """Up to `size` samples from number `first` on. StopIteration where none is left."""
        ids = self._ids.ids(first, first + size)
        if self._closed or len(ids) == 0:
            raise StopIteration
        return self.derivation.batch(ids)

    def batches(self) -> Iterator[AugmentationBatch]:
        """What is left, as columns; the stream moves on with them."""
        while not self._closed and self.delivered < len(self._ids):
            batch = self._batch(self.delivered, BLOCK)
            self.seek(self.delivered + len(batch))
            yield batch

    def close(self) -> None:
        """No more samples come. state_dict() and `remaining` still tell what is left."""
        self._closed = True
        self.seek(self.delivered)  # drops what was made and not handed out

    def __iter__(self) -> Self:
        return self

    def __length_hint__(self) -> int:
        return 0 if self._closed else len(self._ids) - self.delivered

    def _identity(self) -> dict[str, Any]:
        """What two streams must share to give the same samples."""
        job, *share = self.share
        return {
            "space": self.derivation.space.declaration(),
            **self.key._asdict(),
            "job": job.to_json(),
            "share": share,
        }

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands and which stream it is, as JSON can hold it."""
        return {"version": _VERSION, **self._identity(), "delivered": self.delivered}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where the stream with this state stood.

        Chunk sizes may differ. Raises ValueError naming what differs for the state of a
        stream with another config, key, job or share; this stream then stays where it was.
        """
        _check_state(state)
        for name, value in self._identity().items():
            if state[name] != value:
                raise ValueError(
                    f"the state is another stream's: its {name} is {state[name]!r}, "
                    f"this stream's {value!r}"
                )
        position = integer("delivered", state["delivered"])
        if not 0 <= position <= len(self._ids):
            raise ValueError(f"delivered must be 0 to {len(self._ids)}, got {position}")
        self.seek(position)

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.share, self.derivation, self.chunk_size)
        return type(self), arguments, self.state_dict()

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.load_state_dict(state)


def _check_state(state: object) -> None:
    """Raises TypeError or ValueError for what is no stream's state."""
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
    """A stream of single samples as dicts, made chunk_size at a time."""

    #: Called for each chunk; a copy made by pickling tells nobody.
    report = SILENT

    def seek(self, position: int) -> None:
        """Makes sample number `position` the next one."""
        self._go_to(position)

    def _rows(self, position: int) -> list[dict[str, Any]]:
        batch = self._batch(position, self.chunk_size)
        self.report(position + len(batch), batch.ids)
        return batch.to_dicts()


class BatchStream(Stream[AugmentationBatch]):
    """A stream of AugmentationBatch, chunk_size samples each, the last one what is left."""

    def seek(self, position: int) -> None:
        """Makes sample number `position` the next one."""
        self._position = position

    @property
    def delivered(self) -> int:
        """How many samples next() has given so far."""
        return self._position

    def __next__(self) -> AugmentationBatch:
        batch = self._batch(self._position, self.chunk_size)
        end = self._position + len(batch)
        # From here on nothing is called, so no KeyboardInterrupt comes between.
        self._position = end
        return batch


def checked_range(start_id: object, end_id: object) -> range:
    """range(start_id, end_id). Raises TypeError or ValueError naming the argument."""
    start, end = integer("start_id", start_id), integer("end_id", end_id)
    if end < start:
        raise ValueError(f"end_id must not be below start_id {start}, got {end}")
    return consecutive_ids(end - start, start)


def checked_chunk(chunk_size: object) -> int:
    """The chunk size, 1,000 for None. Raises TypeError or ValueError."""
    return _CHUNK if chunk_size is None else positive("chunk_size", chunk_size)


def _is_endless(num_samples: object) -> bool:
    return isinstance(num_samples, float) and num_samples == math.inf


def _checked_ids(num_samples: Any, start_id: Any) -> range:
    """The ids from start_id on; of infinitely many as many as one stream can have."""
    if _is_endless(num_samples):
        num_samples = max(0, min(MANY, LIMIT - integer("start_id", start_id)))
    return consecutive_ids(num_samples, start_id)


@raised_as(StreamingError)
def stream_augmentation_chain(
    num_samples: float,
    config: AugmentationConfig | None = None,
    start_id: int = 0,
    chunk_size: int | None = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
) -> DictStream:
    """The samples of generate_augmentation_chain one by one, in constant memory.

    `num_samples`: an integer, or float("inf"), which is 2**48 samples or all ids up to the
    last one. `chunk_size`: how many are made at a time; it changes no sample, None is
    1,000. `progress_callback` is called with a StreamingProgress for each chunk that was
    made; `verbose` prints it. Arguments are checked at the call. Raises StreamingError,
    which is a ValueError and a TypeError, for a bad one.

    >>> stream = stream_augmentation_chain(1_000_000)
    >>> next(stream)["hash"][:16], stream.delivered
    ('f186c633e8861c7e', 1)
    """
    ids = _checked_ids(num_samples, start_id)
    stream = DictStream(
        Share(Spans([ids])), derive(config, epoch, view, base_seed), checked_chunk(chunk_size)
    )
    total = None if _is_endless(num_samples) else len(ids)
    stream.report = Report(progress_callback, verbose, total)
    return stream


@raised_as(StreamingError)
def stream_augmentation_range(
    start_id: int,
    end_id: int,
    config: AugmentationConfig | None = None,
    chunk_size: int | None = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> DictStream:
    """The samples of the ids start_id .. end_id - 1 one by one.

    Arguments as for stream_augmentation_chain; end_id < start_id is a StreamingError.
    """
    return DictStream(
        Share(Spans([checked_range(start_id, end_id)])),
        derive(config, epoch, view, base_seed),
        checked_chunk(chunk_size),
    )


@raised_as(StreamingError)
def stream_augmentation_batches(
    num_samples: float,
    config: AugmentationConfig | None = None,
    start_id: int = 0,
    batch_size: int = 1000,
    *,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> BatchStream:
    """The same samples as columns, `batch_size` at a time (the last batch: what is left).

    >>> for batch in stream_augmentation_batches(2500):
    ...     print(len(batch))
    1000
    1000
    500
    """
    return BatchStream(
        Share(Spans([_checked_ids(num_samples, start_id)])),
        derive(config, epoch, view, base_seed),
        positive("batch_size", batch_size),
    )
