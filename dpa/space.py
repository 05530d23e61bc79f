"""Declared parameters: distributions by name, groups, gates and schedules (docs/space.md)."""

from dpa.derivation.distributions import (
    Bernoulli,
    Beta,
    Choice,
    Integers,
    LogUniform,
    Normal,
    Seed,
    Subset,
    TruncatedNormal,
    Uniform,
)
from dpa.derivation.members import group, one_of, sometimes
from dpa.derivation.schedules import Cosine, Linear
from dpa.derivation.space import Space

__all__ = [
    "Bernoulli",
    "Beta",
    "Choice",
    "Cosine",
    "Integers",
    "Linear",
    "LogUniform",
    "Normal",
    "Seed",
    "Space",
    "Subset",
    "TruncatedNormal",
    "Uniform",
    "group",
    "one_of",
    "sometimes",
]
