"""The digest of a set of samples (docs/spec.md, "Digest of a set of samples")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from dpa._native import leaf_sum
from dpa.checks import brief, not_negative
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import AugmentationBatch, derive
from dpa.derivation.ids import Ids
from dpa.derivation.keys import Key
from dpa.derivation.rows import is_hex_digest
from dpa.derivation.space import Space
from dpa.host.threads import check_threads

_MODULUS = 2**256
#: Samples generated at a time for their digest: enough work for several threads.
_BLOCK = 65_536


class SampleDigest:
    """The digest of a set of samples: a sum, so order does not count and parts add up.

    It is the sum of the samples' leaves modulo 2^256. A leaf is a hash of a sample's key, its
    hash, and its values, inactive ones too, in the order of their columns.

    Parameters
    ----------
    hexdigest
        The digest of samples that are in it already, 64 lowercase hex characters.
    count
        How many samples these are.

    Attributes
    ----------
    count
        How many samples are in it.

    Raises
    ------
    TypeError, ValueError
        An argument is bad.

    Examples
    --------
    >>> import dpa
    >>> parts = [dpa.generate_augmentation_batch(range(n, n + 50)).digest() for n in (50, 0)]
    >>> sum(parts, SampleDigest()) == dpa.expected_digest(range(100))
    True
    """

    __hash__ = None  # type: ignore[assignment]  # update() changes it

    def __init__(self, hexdigest: str = "0" * 64, count: int = 0) -> None:
        if not is_hex_digest(hexdigest):
            raise ValueError(
                f"hexdigest must be 64 lowercase hex characters, got {brief(hexdigest)}"
            )
        self._sum = int.from_bytes(bytes.fromhex(hexdigest), "little")
        self.count = not_negative("count", count)

    @overload
    def update(self, samples: AugmentationBatch) -> None: ...
    @overload
    def update(self, samples: Columns, key: Key) -> None: ...
    def update(self, samples: Columns, key: Key | None = None) -> None:
        """Adds samples: a batch, which knows its key, or columns with their key.

        Raises TypeError for anything else.
        """
        if key is None:
            if not isinstance(samples, AugmentationBatch):
                raise TypeError(f"samples must be an AugmentationBatch, got {brief(samples)}")
            key = samples.key
        ids, digests = samples.ids, np.ascontiguousarray(samples.digests)
        prefix, values = key.prefix + ids.quote, tuple(samples.exact().values())
        leaves = leaf_sum(prefix, ids.source, len(ids), digests, values)
        self._sum = (self._sum + leaves) % _MODULUS
        self.count += len(ids)

    def __add__(self, other: SampleDigest) -> SampleDigest:
        if not isinstance(other, SampleDigest):
            return NotImplemented
        total = SampleDigest(count=self.count + other.count)
        total._sum = (self._sum + other._sum) % _MODULUS
        return total

    def hexdigest(self) -> str:
        """64 hex characters of the sum's 32 bytes, little-endian."""
        return self._sum.to_bytes(32, "little").hex()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SampleDigest):
            return NotImplemented
        return (self._sum, self.count) == (other._sum, other.count)

    def __repr__(self) -> str:
        return f"SampleDigest({self.hexdigest()!r}, count={self.count})"


def expected_digest(
    ids: Sequence[int] | Sequence[str] | np.typing.NDArray[np.integer],
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
) -> SampleDigest:
    """The digest that the samples of these ids must have, however they are divided and ordered.

    The samples are generated some thousands at a time. The arguments are those of
    generate_augmentation_batch.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> from dpa import generate_augmentation_batch
    >>> expected_digest(range(1000)) == generate_augmentation_batch(range(1000)).digest()
    True
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    checked = Ids.checked(ids)
    check_threads(num_threads)
    total = SampleDigest()
    for batch in derivation.blocks(checked, _BLOCK, num_threads):
        total.update(batch)
    return total
