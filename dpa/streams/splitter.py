"""Dividing samples among ranks, and what remains of a job for other ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import not_negative, positive, raised_as, within
from dpa.derivation.derivation import Derivation, Derived
from dpa.derivation.ids import consecutive_ids, listed
from dpa.derivation.keys import checked_rank
from dpa.errors import RangeSplittingError
from dpa.streams.launcher import place
from dpa.streams.spans import Shard, Spans, contiguous
from dpa.streams.streams import BatchStream, DictStream, checked_chunk

#: Ranks that are listed one by one.
_MOST_RANKS = 2**20


@dataclass(frozen=True, slots=True)
class RankRange:
    """A rank's samples, start_id to end_id - 1.

    Attributes
    ----------
    start_id
        The first id.
    end_id
        One past the last id.
    rank
        The rank that the samples belong to.
    total_samples
        The samples of all ranks together.
    """

    start_id: int
    end_id: int
    rank: int
    total_samples: int


class DistributedRangeSplitter:
    """Splits the samples 0 to total_samples - 1 into a shard for each rank.

    The ranges of get_rank_range are contiguous. If the split is uneven, the first ranks take
    one more each. If there are more ranks than samples, the last ones have none. Raises
    RangeSplittingError for a bad argument and InvalidRankError for a bad rank.

    >>> DistributedRangeSplitter(23, 4).get_all_ranges()
    [(0, 6), (6, 12), (12, 18), (18, 23)]
    """

    @raised_as(RangeSplittingError)
    def __init__(self, total_samples: int, world_size: int) -> None:
        self.total_samples = not_negative("total_samples", total_samples)
        self.world_size = positive("world_size", world_size)

    def get_rank_range(self, rank: int) -> tuple[int, int]:
        """(start, end) of a rank, whose samples are start to end - 1."""
        rank, world_size = checked_rank(rank, self.world_size)
        part = contiguous(self.total_samples, rank, world_size)
        return part.start, part.stop

    def get_all_ranges(self) -> list[tuple[int, int]]:
        """get_rank_range of each rank, in order."""
        return [self.get_rank_range(rank) for rank in _listable(self.world_size)]

    def get_all_rank_ranges(self) -> list[RankRange]:
        """The range of each rank, in order, as RankRange."""
        ranges = enumerate(self.get_all_ranges())
        return [RankRange(*ids, rank, self.total_samples) for rank, ids in ranges]

    def validate_ranges(self) -> bool:
        """Whether each sample is in exactly one range."""
        ranges = self.get_all_ranges()
        follow = all(before[1] == after[0] for before, after in pairwise(ranges))
        return follow and ranges[0][0] == 0 and ranges[-1][1] == self.total_samples

    @raised_as(RangeSplittingError)
    def get_rank_for_sample(self, sample_id: int) -> int:
        """The rank whose range has the sample, found in constant time."""
        limits = f"at least 0 and below {self.total_samples}"
        number = within("sample_id", sample_id, 0, self.total_samples - 1, limits)
        each, left = divmod(self.total_samples, self.world_size)
        longer = left * (each + 1)
        return number // (each + 1) if number < longer else left + (number - longer) // each

    @raised_as(RangeSplittingError)
    def get_rank_ids(self, rank: int, split: str = "interleaved") -> npt.NDArray[np.uint64]:
        """The ids of a rank's shard, as uint64.

        `split` is "contiguous", "interleaved", "padded" or "drop_last", as for
        stream_distributed_augmentation_chain.
        """
        job = Spans([consecutive_ids(self.total_samples, 0)])
        shard = Shard.checked(job, rank, self.world_size, split)
        return np.concatenate([listed(ids) for ids in shard.ids.ranges])

    @staticmethod
    def remaining(states: Iterable[Mapping[str, Any]]) -> RemainingSamples:
        """The remaining samples of an elastic job (rank_aware=False) that was stopped.

        `states`: the state_dict() of each rank's stream, in any order. The stream of a single
        process is a job of one rank. Raises ValueError if a rank's state is missing or
        repeated, if the states belong to different jobs, and for a rank-aware job: its samples
        depend on the rank, so it must resume with as many ranks.
        """
        if isinstance(states, Mapping) or not isinstance(states, Iterable):
            raise TypeError(f"states must be a list of state_dict()s, got {states!r}")
        streams = [DictStream.from_state_dict(state) for state in states]
        if not streams:
            raise ValueError("states must have the state of each rank, got none")
        streams.sort(key=lambda stream: stream.shard.rank)
        _check_same_job(streams)
        left = Spans(ids for stream in streams for ids in stream.remaining.ranges)
        return RemainingSamples(left, streams[0].derivation)


def _listable(world_size: int) -> range:
    """All ranks. ValueError for more than any job has: a list of them would take for ever."""
    if world_size > _MOST_RANKS:
        raise ValueError(f"world_size must be at most {_MOST_RANKS} here, got {world_size}")
    return range(world_size)


def _check_same_job(streams: Sequence[DictStream]) -> None:
    """Raises ValueError unless the streams are the ranks of one elastic job, each once."""
    for stream in streams:
        if stream.key.rank is not None:
            raise ValueError(
                f"the state of rank {stream.key.rank} is of a rank-aware job, whose samples depend "
                "on the rank: it can only go on with as many ranks, each by load_state_dict()"
            )
        if stream.shard.split is None and stream.shard.world_size > 1:
            raise ValueError(
                f"the state of rank {stream.shard.rank} is of a range of its own (split=None): "
                "it goes on by load_state_dict(), and split= shares a range out"
            )
        for name, value in _job(stream).items():
            expected = _job(streams[0])[name]
            if value != expected:
                raise ValueError(
                    f"states must be of one job, got {expected} and {value} (their {name})"
                )
    counts = Counter(stream.shard.rank for stream in streams)
    world_size = streams[0].shard.world_size
    for rank in range(world_size):
        if counts[rank] != 1:
            raise ValueError(
                f"states must have rank {rank} of {world_size} once, got {counts[rank]} of it"
            )


def _job(stream: DictStream) -> dict[str, Any]:
    """Everything that the ranks of a job share."""
    shard = stream.shard._replace(rank=0)
    return {"config": stream.config, "key": stream.key, "share of rank 0": shard}


class RemainingSamples(Derived):
    """The remaining samples of a stopped job, for any number of new ranks; len() counts them.

    The new streams have state_dict(), so they can be stopped and split again.
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
        """A new rank's shard one by one, in constant memory.

        Parameters
        ----------
        rank
            This process's rank, 0 to world_size - 1. None, with world_size None, takes both
            from torch.distributed or from the variables of torchrun, Open MPI or Slurm.
        world_size
            The number of ranks; None as for rank.
        chunk_size
            Samples made at a time; None is 1,000. The samples do not depend on it.

        Returns
        -------
        DictStream
            As stream_augmentation_chain returns it.

        Raises
        ------
        InvalidRankError
            The rank or the world_size is bad or unknown; a ValueError and a TypeError.
        TypeError, ValueError
            The chunk_size has the wrong type, or is below 1.
        """
        shard = Shard(self._job, *place(rank, world_size))
        return DictStream(shard, self.derivation, checked_chunk(chunk_size))

    def batches(
        self, rank: int | None = None, world_size: int | None = None, *, batch_size: int = 1000
    ) -> BatchStream:
        """A new rank's shard as columns, in constant memory.

        Parameters
        ----------
        rank
            This process's rank, 0 to world_size - 1. None, with world_size None, takes both
            from torch.distributed or from the variables of torchrun, Open MPI or Slurm.
        world_size
            The number of ranks; None as for rank.
        batch_size
            Samples in a batch; the last batch may have fewer.

        Returns
        -------
        BatchStream
            As stream_augmentation_batches returns it.

        Raises
        ------
        InvalidRankError
            The rank or the world_size is bad or unknown; a ValueError and a TypeError.
        TypeError, ValueError
            The batch_size has the wrong type, or is below 1.
        """
        shard = Shard(self._job, *place(rank, world_size))
        return BatchStream(shard, self.derivation, positive("batch_size", batch_size))

    def split(self, world_size: int) -> list[DictStream]:
        """The stream() of each new rank, in order."""
        size = positive("world_size", world_size)
        return [self.stream(rank, size) for rank in _listable(size)]
