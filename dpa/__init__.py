"""Deterministic Procedural Augmentation: parameters that depend on the sample alone."""

from dpa._native import active_kernel, kernels
from dpa.columns import AugmentationBatch
from dpa.config import PRESETS, AugmentationConfig, get_preset
from dpa.generate import (
    gen_augmentation_params,
    gen_augmentation_seed,
    generate_augmentation_batch,
    generate_augmentation_chain,
    generate_uniforms,
)
from dpa.persistence import (
    load_augmentation_batch,
    load_augmentation_chain,
    load_augmentation_config,
    load_augmentation_stream,
    save_augmentation_chain,
    save_augmentation_stream,
)
from dpa.recipes import save_augmentation_recipe
from dpa.statistics import compute_statistics, compute_streaming_statistics
from dpa.streaming import (
    stream_augmentation_batches,
    stream_augmentation_chain,
    stream_augmentation_range,
)
from dpa.verify import verify_augmentation_chain

__version__ = "0.1.0"

__all__ = [
    "PRESETS",
    "AugmentationBatch",
    "AugmentationConfig",
    "active_kernel",
    "compute_statistics",
    "compute_streaming_statistics",
    "gen_augmentation_params",
    "gen_augmentation_seed",
    "generate_augmentation_batch",
    "generate_augmentation_chain",
    "generate_uniforms",
    "get_preset",
    "kernels",
    "load_augmentation_batch",
    "load_augmentation_chain",
    "load_augmentation_config",
    "load_augmentation_stream",
    "save_augmentation_chain",
    "save_augmentation_recipe",
    "save_augmentation_stream",
    "stream_augmentation_batches",
    "stream_augmentation_chain",
    "stream_augmentation_range",
    "verify_augmentation_chain",
]
