"""The digest of a set of samples (docs/spec.md, "Digest of a set of samples")."""

from __future__ import annotations

import numpy as np

from dpa._native import leaf_sum
from dpa.derivation.columns import Columns
from dpa.derivation.keys import Key


class SampleDigest:
    """The sum of the samples' leaves modulo 2^256, which does not depend on their order.

    A leaf is a hash of a sample's key, its hash, and its values, inactive ones too, in the order
    of their columns.
    """

    def __init__(self, key: Key) -> None:
        self._prefix = key.prefix
        self._sum = 0
        #: How many samples were added.
        self.count = 0

    def update(self, samples: Columns) -> None:
        """Adds the leaves of more samples."""
        ids, digests = samples.ids, np.ascontiguousarray(samples.digests)
        prefix, values = self._prefix + ids.quote, tuple(samples.exact().values())
        self._sum = (self._sum + leaf_sum(prefix, ids.source, len(ids), digests, values)) % 2**256
        self.count += len(ids)

    def add(self, hexdigest: str, count: int) -> None:
        """Adds the digest of `count` other samples, 64 hex characters."""
        self._sum = (self._sum + int.from_bytes(bytes.fromhex(hexdigest), "little")) % 2**256
        self.count += count

    def hexdigest(self) -> str:
        """64 hex characters of the sum's 32 bytes, little-endian."""
        return self._sum.to_bytes(32, "little").hex()
