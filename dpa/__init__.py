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

__version__ = "0.1.0"

__all__ = [
    "PRESETS",
    "AugmentationBatch",
    "AugmentationConfig",
    "active_kernel",
    "gen_augmentation_params",
    "gen_augmentation_seed",
    "generate_augmentation_batch",
    "generate_augmentation_chain",
    "generate_uniforms",
    "get_preset",
    "kernels",
]
