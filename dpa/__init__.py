"""Deterministic Procedural Augmentation: parameters that depend on the sample alone."""

from dpa._native import active_kernel, kernels
from dpa.derivation.config import PARAMETERS, PRESETS, AugmentationConfig, get_preset
from dpa.derivation.derivation import AugmentationBatch
from dpa.derivation.generate import (
    gen_augmentation_params,
    gen_augmentation_seed,
    generate_augmentation_batch,
    generate_uniforms,
)
from dpa.derivation.statistics import (
    Statistics,
    compute_statistics,
    compute_streaming_statistics,
    theoretical_statistics,
)
from dpa.errors import ChainFileError
from dpa.files.loading import (
    load_augmentation_batch,
    load_augmentation_chain,
    load_augmentation_config,
    load_augmentation_stream,
)
from dpa.files.recipes import save_augmentation_recipe
from dpa.files.saving import (
    generate_augmentation_chain,
    save_augmentation_chain,
    save_augmentation_stream,
)
from dpa.files.verify import verify_augmentation_chain
from dpa.streams.streams import (
    stream_augmentation_batches,
    stream_augmentation_chain,
    stream_augmentation_range,
)

__version__ = "0.1.0"

__all__ = [
    "PARAMETERS",
    "PRESETS",
    "AugmentationBatch",
    "AugmentationConfig",
    "ChainFileError",
    "Statistics",
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
    "theoretical_statistics",
    "verify_augmentation_chain",
]
