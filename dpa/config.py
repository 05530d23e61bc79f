"""Ranges of the five parameters, and the presets; implemented in dpa.derivation.config."""

from dpa.derivation.config import (
    ALGORITHM,
    DEFAULT,
    PARAMETERS,
    PRESETS,
    AugmentationConfig,
    get_preset,
)

__all__ = ["ALGORITHM", "DEFAULT", "PARAMETERS", "PRESETS", "AugmentationConfig", "get_preset"]
