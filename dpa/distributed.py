"""Ranks: which samples are whose, and what a sample has on each (docs/distributed.md)."""

from dpa.errors import (
    DistributedError,
    InvalidRankError,
    RangeSplittingError,
    SeedGenerationError,
)
from dpa.streams.ranks import (
    DistributedRangeSplitter,
    RankAwareSeedGenerator,
    RankRange,
    RemainingSamples,
    gen_distributed_augmentation_params,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
    stream_distributed_augmentation_range,
)

__all__ = [
    "DistributedError",
    "DistributedRangeSplitter",
    "InvalidRankError",
    "RangeSplittingError",
    "RankAwareSeedGenerator",
    "RankRange",
    "RemainingSamples",
    "SeedGenerationError",
    "gen_distributed_augmentation_params",
    "stream_distributed_augmentation_batches",
    "stream_distributed_augmentation_chain",
    "stream_distributed_augmentation_range",
]
