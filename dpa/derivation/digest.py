"""The digest of a set of samples (docs/spec.md, "Digest of a set of samples")."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dpa._native import SAMPLERS, Plan, Request
from dpa.derivation.columns import Columns
from dpa.derivation.keys import Key


class SampleDigest:
    """The sum of the samples' leaves modulo 2^256, which does not depend on their order.

    A leaf is a hash of a sample's key, its hash, and its values of the parameters `names`, in
    order.
    """

    def __init__(self, key: Key, names: Sequence[str]) -> None:
        self._prefix = key.prefix
        # The digest uses only the names of the plan.
        self._plan = Plan(1, SAMPLERS[0], tuple(names), ((0.0, 1.0),) * len(names))
        self._sum = 0
        #: How many samples were added.
        self.count = 0

    def update(self, samples: Columns) -> None:
        """Adds the leaves of more samples."""
        ids, digests = samples.ids, np.ascontiguousarray(samples.digests)
        prefix = self._prefix + ids.quote
        request = Request(
            self._plan, prefix, ids.source, len(ids), digests, samples.doubles(), writable=False
        )
        self._sum = (self._sum + request.leaf_sum()) % 2**256
        self.count += len(ids)

    def add(self, hexdigest: str, count: int) -> None:
        """Adds the digest of `count` other samples, 64 hex characters."""
        self._sum = (self._sum + int.from_bytes(bytes.fromhex(hexdigest), "little")) % 2**256
        self.count += count

    def hexdigest(self) -> str:
        """64 hex characters of the sum's 32 bytes, little-endian."""
        return self._sum.to_bytes(32, "little").hex()
