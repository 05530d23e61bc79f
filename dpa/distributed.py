"""Samples of distributed jobs: each rank's shard and its values (docs/distributed.md)."""

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
