"""What a file says of its samples: all that regenerates them."""

from __future__ import annotations

from dataclasses import dataclass

from dpa.config import AugmentationConfig
from dpa.keys import NO_KEY, Key


@dataclass(frozen=True, slots=True)
class Metadata:
    """Config (None: unknown), key parts, and the first of consecutive ids (None: ids are listed)."""

    config: AugmentationConfig | None
    key: Key = NO_KEY
    world_size: int | None = None
    start_id: int | None = 0
