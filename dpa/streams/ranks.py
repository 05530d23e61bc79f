"""Samples of distributed jobs: each rank's shard and its values (docs/distributed.md)."""

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

#: Ranks that are listed one by one.
_MOST_RANKS = 2**20


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
    """The parameters of one sample on one rank: every rank draws different ones.

    Parameters
    ----------
    sample_id
        The sample's id: a non-negative integer of any size, or a str.
    rank
        This process's rank, 0 to world_size - 1. None, with world_size None, takes both from
        torch.distributed or from the variables of torchrun, Open MPI or Slurm. It may be given
        without world_size.
    world_size
        The number of ranks; None as for rank.
    config
        Ranges, chain depth and sampler; None is the default config, the preset "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None is 0.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    dict
        As gen_augmentation_params returns it, with `rank`.

    Raises
    ------
    SeedGenerationError
        An argument is bad; a ValueError and a TypeError.
    InvalidRankError
        The rank or the world_size is bad or unknown; a ValueError and a TypeError.

    Examples
    --------
    >>> gen_distributed_augmentation_params(42, 1, base_seed=7)["hash"][:16]
    'e6f9e119b71ed361'
    """
    if rank is None or world_size is not None:
        rank, world_size = place(rank, world_size)
    return derive(config, epoch, view, base_seed, rank, world_size).params(sample_id)


class RankAwareSeedGenerator:
    """Hashes of samples on the ranks of one job.

    Raises SeedGenerationError for a bad argument and InvalidRankError for a bad rank.

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
        """The final hash of a sample's chain on one rank.

        Parameters
        ----------
        sample_id
            The sample's id: a non-negative integer of any size, or a str.
        rank
            0 to world_size - 1.
        augmentation_depth
            Links of the hash chain, 1 to 10,000.

        Returns
        -------
        str
            64 hex characters.

        Raises
        ------
        SeedGenerationError
            An argument is bad; a ValueError and a TypeError.
        InvalidRankError
            The rank is not below world_size; a ValueError and a TypeError.
        """
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
    """A rank's shard of the samples 0 to num_samples - 1 one by one, in constant memory.

    Arguments are checked at the call, not at the first next().

    Parameters
    ----------
    num_samples
        The samples of the whole job; 0 or more.
    rank
        This process's rank, 0 to world_size - 1. None, with world_size None, takes both from
        torch.distributed or from the variables of torchrun, Open MPI or Slurm.
    world_size
        The number of ranks; None as for rank.
    config
        Ranges, chain depth and sampler; None is the default config, the preset "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out, or is 0 if rank_aware.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    chunk_size
        Samples made at a time; None is 1,000. The samples do not depend on it.
    verbose
        Whether to print the progress after each chunk.
    inclusive_range
        For compatibility; must be True.
    rank_aware
        True: every rank draws different values, and the dicts have `rank`. False: the values
        are those of stream_augmentation_chain, whatever the number of ranks (an elastic job).
    split
        How the job's ids are split: "contiguous", "interleaved" (rank::world_size), "padded"
        (the default of torch's DistributedSampler with shuffle=False: shards that are one short
        repeat first ids) or "drop_last" (as its drop_last=True). None gives every rank all
        samples.

    Returns
    -------
    DictStream
        As stream_augmentation_chain returns it.

    Raises
    ------
    DistributedError
        An argument is bad; a ValueError and a TypeError. RangeSplittingError, for num_samples,
        is a subclass.
    InvalidRankError
        The rank or the world_size is bad or unknown; a DistributedError.

    Examples
    --------
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
    """The samples start_id to end_id - 1 one by one, in constant memory, as this rank draws them.

    Parameters
    ----------
    start_id
        The first id.
    end_id
        One past the last id; not below start_id.
    rank
        This process's rank, 0 to world_size - 1. None, with world_size None, takes both from
        torch.distributed or from the variables of torchrun, Open MPI or Slurm.
    world_size
        The number of ranks; None as for rank.
    config
        Ranges, chain depth and sampler; None is the default config, the preset "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out, or is 0 if rank_aware.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    chunk_size
        Samples made at a time; None is 1,000. The samples do not depend on it.
    verbose
        Whether to print the progress after each chunk.
    rank_aware
        True: every rank draws different values, and the dicts have `rank`. False: the values
        are those of stream_augmentation_chain, whatever the number of ranks (an elastic job).
    split
        None: the range is the rank's own, for example
        DistributedRangeSplitter.get_rank_range(rank), and all of it is generated. Otherwise the
        range is the whole job's, and the rank gets its shard as in
        stream_distributed_augmentation_chain.

    Returns
    -------
    DictStream
        As stream_augmentation_chain returns it.

    Raises
    ------
    DistributedError
        An argument is bad; a ValueError and a TypeError. RangeSplittingError, for a bad range,
        is a subclass.
    InvalidRankError
        The rank or the world_size is bad or unknown; a DistributedError.

    Examples
    --------
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
    """A rank's shard of consecutive ids as columns, in constant memory.

    Parameters
    ----------
    num_samples
        The samples of the whole job; 0 or more.
    rank
        This process's rank, 0 to world_size - 1. None, with world_size None, takes both from
        torch.distributed or from the variables of torchrun, Open MPI or Slurm.
    world_size
        The number of ranks; None as for rank.
    config
        Ranges, chain depth and sampler; None is the default config, the preset "moderate".
    start_id
        The first id of the whole job.
    batch_size
        Samples in a batch; the last batch may have fewer.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out, or is 0 if rank_aware.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    rank_aware
        True: every rank draws different values, and the dicts have `rank`. False: the values
        are those of stream_augmentation_chain, whatever the number of ranks (an elastic job).
    split
        As for stream_distributed_augmentation_chain.

    Returns
    -------
    BatchStream
        As stream_augmentation_batches returns it.

    Raises
    ------
    DistributedError
        An argument is bad; a ValueError and a TypeError. RangeSplittingError, for a bad range,
        is a subclass.
    InvalidRankError
        The rank or the world_size is bad or unknown; a DistributedError.

    Examples
    --------
    >>> [len(batch) for batch in stream_distributed_augmentation_batches(10, 0, 4, batch_size=2)]
    [2, 1]
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


# ---- Splitting ----


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
        """The ids of a rank's shard, as uint64.

        `split` is "contiguous", "interleaved", "padded" or "drop_last", as for
        stream_distributed_augmentation_chain.
        """
        job = Spans([consecutive_ids(self.total_samples, 0)])
        share = Share.checked(job, rank, self.world_size, split)
        return np.concatenate([listed(ids) for ids in share.ids.ranges])

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
        streams.sort(key=lambda stream: stream.share.rank)
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
    """Everything that the ranks of a job share."""
    share = stream.share._replace(rank=0)
    return {"config": stream.config, "key": stream.key, "share of rank 0": share}


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
        share = Share(self._job, *place(rank, world_size))
        return DictStream(share, self.derivation, checked_chunk(chunk_size))

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
        share = Share(self._job, *place(rank, world_size))
        return BatchStream(share, self.derivation, positive("batch_size", batch_size))

    def split(self, world_size: int) -> list[DictStream]:
        """The stream() of each new rank, in order."""
        size = positive("world_size", world_size)
        return [self.stream(rank, size) for rank in _listable(size)]
