"""Samples of distributed jobs: each rank's shard and its values (docs/distributed.md)."""

from dpa.errors import (
    DistributedError,
    InvalidRankError,
    RangeSplittingError,
    SeedGenerationError,
)
from dpa.streams.ranks import (
    RankAwareSeedGenerator,
    gen_distributed_augmentation_params,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
    stream_distributed_augmentation_range,
)
from dpa.streams.splitter import DistributedRangeSplitter, RankRange, RemainingSamples

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
