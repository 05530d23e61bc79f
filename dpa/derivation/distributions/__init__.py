"""What may be declared of a parameter: a kind of distribution, with a shape and conditions."""

from dpa.derivation.distributions.base import Distribution, Value
from dpa.derivation.distributions.continuous import (
    Beta,
    LogUniform,
    Normal,
    TruncatedNormal,
    Uniform,
)
from dpa.derivation.distributions.discrete import Bernoulli, Choice, Integers, Seed, Subset

__all__ = [
    "Bernoulli",
    "Beta",
    "Choice",
    "Distribution",
    "Integers",
    "LogUniform",
    "Normal",
    "Seed",
    "Subset",
    "TruncatedNormal",
    "Uniform",
    "Value",
]
