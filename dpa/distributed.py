"""Ranks: which samples are whose, and what a sample has on each (docs/distributed.md)."""

from dpa.streams.ranks import (
    DistributedRangeSplitter,
    RankAwareSeedGenerator,
    RemainingSamples,
    gen_distributed_augmentation_params,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
    stream_distributed_augmentation_range,
)

__all__ = [
    "DistributedRangeSplitter",
    "RankAwareSeedGenerator",
    "RemainingSamples",
    "gen_distributed_augmentation_params",
    "stream_distributed_augmentation_batches",
    "stream_distributed_augmentation_chain",
    "stream_distributed_augmentation_range",
]
