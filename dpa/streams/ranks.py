"""Ranks: which samples are whose, and what a sample has on each (docs/distributed.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import boolean, integer, not_negative, positive, raised_as
from dpa.derivation.config import AugmentationConfig
from dpa.derivation.derivation import Derivation, Derived, derive
from dpa.derivation.generate import gen_augmentation_seed
from dpa.derivation.ids import consecutive_ids, listed
from dpa.derivation.keys import Key, checked_rank
from dpa.errors import (
    DistributedError,
    RangeSplittingError,
    SeedGenerationError,
)
from dpa.streams.launcher import place
from dpa.streams.progress import Report
from dpa.streams.spans import Share, Spans, contiguous
from dpa.streams.streams import BatchStream, DictStream, checked_chunk, checked_range


@raised_as(SeedGenerationError)
def gen_distributed_augmentation_params(
    sample_id: int | str,
    rank: int | None = None,
    config: AugmentationConfig | None = None,
    base_seed: int | None = None,
    world_size: int | None = None,
    *,
    epoch: int | None = None,
    view: int | None = None,
) -> dict[str, Any]:
    """The parameters of one sample as this rank has them: each rank has others.

    The key has base_seed (0 for None), rank and id; the dict has `rank`, too. Without
    rank and world_size: those of the running job. Raises SeedGenerationError for a bad
    argument, InvalidRankError for a bad rank.

    >>> gen_distributed_augmentation_params(42, 1, base_seed=7)["hash"][:16]
    'e6f9e119b71ed361'
    """
    if rank is None or world_size is not None:
        rank, world_size = place(rank, world_size)
    return derive(config, epoch, view, base_seed, rank, world_size).params(sample_id)


class RankAwareSeedGenerator:
    """Hashes of samples as the ranks of one job have them.

    Raises SeedGenerationError for a bad argument, InvalidRankError for a bad rank.

    >>> RankAwareSeedGenerator(base_seed=7, world_size=4).generate_seed(42, rank=1)[:16]
    'e6f9e119b71ed361'
    """

    @raised_as(SeedGenerationError)
    def __init__(self, base_seed: int = 0, world_size: int = 1) -> None:
        key = Key.checked(base_seed=base_seed, rank=0, world_size=world_size)
        self.base_seed = key.base_seed
        self.world_size = integer("world_size", world_size)

    @raised_as(SeedGenerationError)
    def generate_seed(self, sample_id: int | str, rank: int, augmentation_depth: int = 10) -> str:
        """The final hash of the sample's chain on this rank, 64 hex characters."""
        return gen_augmentation_seed(
            sample_id,
            augmentation_depth,
            rank=rank,
            world_size=self.world_size,
            base_seed=self.base_seed,
        )


# ---- Streams ----

# Bad ends of a range raise the class of the ranks' ranges, not the streams'.
_consecutive = raised_as(RangeSplittingError)(consecutive_ids)
_range = raised_as(RangeSplittingError)(checked_range)


@raised_as(DistributedError)
def stream_distributed_augmentation_chain(
    num_samples: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: AugmentationConfig | None = None,
    base_seed: int | None = None,
    chunk_size: int | None = 1000,
    verbose: bool = False,
    inclusive_range: bool = True,
    *,
    epoch: int | None = None,
    view: int | None = None,
    rank_aware: bool = True,
    split: str | None = "contiguous",
) -> DictStream:
    """The rank's share of the samples 0 .. num_samples - 1 one by one.

    `rank_aware`: each rank draws differently, and the dicts have `rank`; False: the
    samples are those of stream_augmentation_chain, whatever the number of ranks.
    `split`: "contiguous", or as torch's DistributedSampler(shuffle=False) has it,
    "interleaved" (rank::world_size), "padded" (its default) or "drop_last"; None: each
    rank has all samples. `verbose` prints how far it is, a line a chunk. `inclusive_range`
    is there for compatibility and must be True. Without rank and world_size: those of the
    running job. Arguments are checked at the call. Raises DistributedError, which is a
    ValueError and a TypeError, for a bad one, InvalidRankError for a bad rank.

    >>> stream = stream_distributed_augmentation_chain(10, 1, 4, rank_aware=False)
    >>> next(stream) == derive().params(3)
    True
    """
    if not boolean("inclusive_range", inclusive_range):
        raise ValueError(
            "inclusive_range must be True: each rank has its whole share; others are by split="
        )
    share = _share(_consecutive(num_samples, 0), rank, world_size, split)
    derivation = _derivation(share, rank_aware, config, epoch, view, base_seed)
    return _stream(share, derivation, chunk_size, verbose)


@raised_as(DistributedError)
def stream_distributed_augmentation_range(
    start_id: int,
    end_id: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: AugmentationConfig | None = None,
    base_seed: int | None = None,
    chunk_size: int | None = 1000,
    verbose: bool = False,
    *,
    epoch: int | None = None,
    view: int | None = None,
    rank_aware: bool = True,
    split: str | None = None,
) -> DictStream:
    """The samples start_id .. end_id - 1 one by one, as this rank has them.

    The range is the rank's own, DistributedRangeSplitter.get_rank_range(rank) say, and
    all of it comes. With `split` it is the whole job's, and the rank's share of it comes.
    Other arguments as for stream_distributed_augmentation_chain; end_id < start_id is a
    RangeSplittingError.

    >>> ranges = DistributedRangeSplitter(100, 4).get_all_ranges()
    >>> [len(list(stream_distributed_augmentation_range(*ids, 0, 4))) for ids in ranges]
    [25, 25, 25, 25]
    """
    share = _share(_range(start_id, end_id), rank, world_size, split)
    derivation = _derivation(share, rank_aware, config, epoch, view, base_seed)
    return _stream(share, derivation, chunk_size, verbose)


@raised_as(DistributedError)
def stream_distributed_augmentation_batches(
    num_samples: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: AugmentationConfig | None = None,
    *,
    start_id: int = 0,
    batch_size: int = 1000,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank_aware: bool = True,
    split: str | None = "contiguous",
) -> BatchStream:
    """The rank's share as columns, `batch_size` samples at a time (the last: what is left).

    Other arguments as for stream_distributed_augmentation_chain.
    """
    share = _share(_consecutive(num_samples, start_id), rank, world_size, split)
    derivation = _derivation(share, rank_aware, config, epoch, view, base_seed)
    return BatchStream(share, derivation, positive("batch_size", batch_size))


def _share(ids: range, rank: int | None, world_size: int | None, split: str | None) -> Share:
    return Share.checked(Spans([ids]), *place(rank, world_size), split)


def _stream(
    share: Share, derivation: Derivation, chunk_size: int | None, verbose: bool
) -> DictStream:
    stream = DictStream(share, derivation, checked_chunk(chunk_size))
    stream.report = Report(None, verbose, len(share.ids))
    return stream


def _derivation(
    share: Share,
    rank_aware: bool,
    config: AugmentationConfig | None,
    epoch: int | None,
    view: int | None,
    base_seed: int | None,
) -> Derivation:
    rank = share.rank if boolean("rank_aware", rank_aware) else None
    return derive(config, epoch, view, base_seed, rank)


# ---- Sharing out ----


@dataclass(frozen=True, slots=True)
class RankRange:
    """A rank's samples, start_id .. end_id - 1, of the total_samples of all ranks."""

    start_id: int
    end_id: int
    rank: int
    total_samples: int


class DistributedRangeSplitter:
    """Shares the samples 0 .. total_samples - 1 out among the ranks, in consecutive ranges.

    The first ranks take one more each of what is left over. There may be more ranks
    than samples: the last ones then have none. Raises RangeSplittingError for a bad
    argument, InvalidRankError for a bad rank.

    >>> DistributedRangeSplitter(23, 4).get_all_ranges()
    [(0, 6), (6, 12), (12, 18), (18, 23)]
    """

    @raised_as(RangeSplittingError)
    def __init__(self, total_samples: int, world_size: int) -> None:
        self.total_samples = not_negative("total_samples", total_samples)
        self.world_size = positive("world_size", world_size)

    def get_rank_range(self, rank: int) -> tuple[int, int]:
        """(start, end): the rank's samples are start .. end - 1."""
        rank, world_size = checked_rank(rank, self.world_size)
        part = contiguous(self.total_samples, rank, world_size)
        return part.start, part.stop

    def get_all_ranges(self) -> list[tuple[int, int]]:
        """get_rank_range of each rank."""
        return [self.get_rank_range(rank) for rank in range(self.world_size)]

    def get_all_rank_ranges(self) -> list[RankRange]:
        """The same with their ranks."""
        ranges = enumerate(self.get_all_ranges())
        return [RankRange(*ids, rank, self.total_samples) for rank, ids in ranges]

    def validate_ranges(self) -> bool:
        """Whether each sample is in exactly one range."""
        ranges = self.get_all_ranges()
        follow = all(before[1] == after[0] for before, after in pairwise(ranges))
        return follow and ranges[0][0] == 0 and ranges[-1][1] == self.total_samples

    @raised_as(RangeSplittingError)
    def get_rank_for_sample(self, sample_id: int) -> int:
        """The rank whose range the sample is in, in constant time."""
        number = integer("sample_id", sample_id)
        if not 0 <= number < self.total_samples:
            raise ValueError(
                f"sample_id must be at least 0 and below {self.total_samples}, got {number}"
            )
        each, left = divmod(self.total_samples, self.world_size)
        longer = left * (each + 1)
        return number // (each + 1) if number < longer else left + (number - longer) // each

    @raised_as(RangeSplittingError)
    def get_rank_ids(self, rank: int, split: str = "interleaved") -> npt.NDArray[np.uint64]:
        """The rank's samples, uint64, by any split that the streams know.

        "interleaved": rank, rank + world_size, ...; "padded" and "drop_last": those, with
        first samples repeated or last ones left out so that all ranks have equally many,
        as torch's DistributedSampler(shuffle=False) does; "contiguous".
        """
        job = Spans([consecutive_ids(self.total_samples, 0)])
        share = Share.checked(job, rank, self.world_size, split)
        return np.concatenate([listed(ids) for ids in share.ids.ranges])

    @staticmethod
    def remaining(states: Iterable[Mapping[str, Any]]) -> RemainingSamples:
        """What is left of an elastic job (rank_aware=False) that was stopped.

        `states`: state_dict() of each rank's stream, in any order; the stream of a
        single process is a job of one rank. Raises ValueError where a rank's state is
        missing or there twice, where states are of different jobs, and for a rank-aware
        job: its samples depend on who makes them, so it has to go on with as many ranks.
        """
        if isinstance(states, Mapping) or not isinstance(states, Iterable):
            raise TypeError(f"states must be a list of state_dict()s, got {states!r}")
        streams = [DictStream.from_state_dict(state) for state in states]
        if not streams:
            raise ValueError("states must have the state of each rank, got none")
        streams.sort(key=lambda stream: stream.share.rank)
        _check_same_job(streams)
        left = Spans(ids for stream in streams for ids in stream.remaining.ranges)
        return RemainingSamples(left, streams[0].derivation)


def _check_same_job(streams: Sequence[DictStream]) -> None:
    """Raises ValueError unless they are the ranks of one elastic job, each once."""
    for stream in streams:
        if stream.key.rank is not None:
            raise ValueError(
                f"the state of rank {stream.key.rank} is of a rank-aware job, whose samples depend "
                "on the rank: it can only go on with as many ranks, each by load_state_dict()"
            )
        if stream.share.split is None and stream.share.world_size > 1:
            raise ValueError(
                f"the state of rank {stream.share.rank} is of a range of its own (split=None): "
                "it goes on by load_state_dict(), and split= shares a range out"
            )
        for name, value in _job(stream).items():
            expected = _job(streams[0])[name]
            if value != expected:
                raise ValueError(
                    f"states must be of one job, got {expected} and {value} (their {name})"
                )
    counts = Counter(stream.share.rank for stream in streams)
    world_size = streams[0].share.world_size
    for rank in range(world_size):
        if counts[rank] != 1:
            raise ValueError(
                f"states must have rank {rank} of {world_size} once, got {counts[rank]} of it"
            )


def _job(stream: DictStream) -> dict[str, Any]:
    """What the ranks of a job share."""
    share = stream.share._replace(rank=0)
    return {"config": stream.config, "key": stream.key, "share of rank 0": share}


class RemainingSamples(Derived):
    """What is left of a stopped job, for any number of new ranks; len() is how many.

    Their streams have state_dict(), so that they can be stopped and shared out again.
    """

    def __init__(self, job: Spans, derivation: Derivation) -> None:
        self.derivation = derivation
        self._job = job

    def __len__(self) -> int:
        return len(self._job)

    def stream(
        self,
        rank: int | None = None,
        world_size: int | None = None,
        *,
        chunk_size: int | None = 1000,
    ) -> DictStream:
        """A new rank's share one by one; without arguments that of the running job."""
        share = Share(self._job, *place(rank, world_size))
        return DictStream(share, self.derivation, checked_chunk(chunk_size))

    def batches(
        self, rank: int | None = None, world_size: int | None = None, *, batch_size: int = 1000
    ) -> BatchStream:
        """A new rank's share as columns."""
        share = Share(self._job, *place(rank, world_size))
        return BatchStream(share, self.derivation, positive("batch_size", batch_size))

    def split(self, world_size: int) -> list[DictStream]:
        """The stream() of each new rank."""
        size = positive("world_size", world_size)
        return [self.stream(rank, size) for rank in range(size)]
