"""Samples of distributed jobs: each rank's shard and its values (docs/distributed.md)."""

from __future__ import annotations

from typing import Any

from dpa.checks import boolean, integer, positive, raised_as
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.generate import gen_augmentation_seed
from dpa.derivation.ids import consecutive_ids
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.errors import DistributedError, RangeSplittingError, SeedGenerationError
from dpa.streams.launcher import place
from dpa.streams.progress import Report
from dpa.streams.spans import Shard, Spans
from dpa.streams.streams import BatchStream, DictStream, checked_chunk, checked_range


@raised_as(SeedGenerationError)
def gen_distributed_augmentation_params(
    sample_id: int | str,
    rank: int | None = None,
    config: Space | None = None,
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
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
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
    config: Space | None = None,
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
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
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
    shard = _shard(_consecutive(num_samples, 0), rank, world_size, split)
    derivation = _derivation(shard, rank_aware, config, epoch, view, base_seed)
    return _stream(shard, derivation, chunk_size, verbose)


@raised_as(DistributedError)
def stream_distributed_augmentation_range(
    start_id: int,
    end_id: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: Space | None = None,
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
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
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
    >>> from dpa.distributed import DistributedRangeSplitter
    >>> ranges = DistributedRangeSplitter(100, 4).get_all_ranges()
    >>> [len(list(stream_distributed_augmentation_range(*ids, 0, 4))) for ids in ranges]
    [25, 25, 25, 25]
    """
    shard = _shard(_range(start_id, end_id), rank, world_size, split)
    derivation = _derivation(shard, rank_aware, config, epoch, view, base_seed)
    return _stream(shard, derivation, chunk_size, verbose)


@raised_as(DistributedError)
def stream_distributed_augmentation_batches(
    num_samples: int,
    rank: int | None = None,
    world_size: int | None = None,
    config: Space | None = None,
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
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
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
    shard = _shard(_consecutive(num_samples, start_id), rank, world_size, split)
    derivation = _derivation(shard, rank_aware, config, epoch, view, base_seed)
    return BatchStream(shard, derivation, positive("batch_size", batch_size))


def _shard(ids: range, rank: int | None, world_size: int | None, split: str | None) -> Shard:
    return Shard.checked(Spans([ids]), *place(rank, world_size), split)


def _stream(
    shard: Shard, derivation: Derivation, chunk_size: int | None, verbose: bool
) -> DictStream:
    stream = DictStream(shard, derivation, checked_chunk(chunk_size))
    stream.report = Report(None, verbose, len(shard.ids))
    return stream


def _derivation(
    shard: Shard,
    rank_aware: bool,
    config: Space | None,
    epoch: int | None,
    view: int | None,
    base_seed: int | None,
) -> Derivation:
    rank = shard.rank if boolean("rank_aware", rank_aware) else None
    return derive(config, epoch, view, base_seed, rank)
