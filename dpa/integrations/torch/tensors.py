"""Parameters applied to a batch of images on any device, in one pass (docs/images.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from dpa.effects import Effect
from dpa.noise import standard_normals_batch

try:
    import torch
    from torch.nn import functional
except ModuleNotFoundError as error:
    raise ImportError(
        "dpa.integrations.torch needs PyTorch: pip install 'dpa-augment[torch]'", name=error.name
    ) from error
