"""Batches whose samples may have different keys: of another view, where a sample comes again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt

from dpa.derivation.columns import Column, Places
from dpa.derivation.derivation import AugmentationBatch, Derivation
from dpa.derivation.ids import Ids
from dpa.derivation.keys import NO_KEY, Key
from dpa.integrations.torch.epochs import Views


class DrawnBatch(AugmentationBatch):
    """An AugmentationBatch in which samples differ in their views: `keys` has that of each.

    It has no `key`, and its derivation is that of its first sample alone.
    """

    __slots__ = ("keys",)
    keys: tuple[Key, ...]
    _stated = NO_KEY

    def __init__(
        self,
        derivation: Derivation,
        ids: Ids,
        digests: npt.NDArray[np.uint8],
        columns: Mapping[str, Column],
        keys: tuple[Key, ...] = (),
    ) -> None:
        super().__init__(derivation, ids, digests, columns)
        self.keys = keys

    @property
    def key(self) -> NoReturn:
        """Raises ValueError, since `keys` has one for each sample."""
        raise ValueError("a DrawnBatch has a key for each sample: batch.keys")

    def part(self, part: slice) -> Self:
        """The samples of a slice, as views."""
        found = super().part(part)
        found.keys = self.keys[part]
        return found

    def take(self, places: Places) -> Self:
        """Copies of the samples at these indices."""
        found = super().take(places)
        found.keys = tuple([self.keys[at] for at in places])
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.derivation, self.ids, self.digests, self._columns, self.keys)
        return DrawnBatch, parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DrawnBatch):
            return NotImplemented
        return self.keys == other.keys and super().__eq__(other)


class Pairs(Sequence[Any]):
    """(sample, id) of a batch, each made when it is asked for: collate needs them apart."""

    __slots__ = ("ids", "keyed", "samples", "views")

    def __init__(
        self, samples: Sequence[Any], keyed: Sequence[Any], ids: Any, views: Views | list[Views]
    ) -> None:
        if len(samples) != len(keyed):
            raise ValueError(
                f"the dataset must give as many samples as indices, {len(keyed)}, "
                f"got {len(samples)}"
            )
        self.samples, self.keyed, self.ids, self.views = samples, keyed, ids, views

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(zip(self.samples[at], self.keyed[at], strict=True))
        return self.samples[at], self.keyed[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (list, Pairs)) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))


def batches_of(views: Views | list[Views], ids: Ids) -> list[AugmentationBatch]:
    """For each view a batch of all samples, which have the same views or each its own."""
    if isinstance(views, Views):
        return [derivation.batch(ids) for derivation in views.derivations]
    each = zip(*[of_one.derivations for of_one in views], strict=True)
    return [_drawn(derivations, ids) for derivations in each]


def _drawn(derivations: Sequence[Derivation], ids: Ids) -> DrawnBatch:
    """The samples of these ids, each by the derivation at its index."""
    places: dict[int, list[int]] = {}
    for at, derivation in enumerate(derivations):
        places.setdefault(id(derivation), []).append(at)
    blocks = [derivations[where[0]].batch(ids.take(where)) for where in places.values()]
    order = np.argsort(np.concatenate([*places.values()]))
    whole = AugmentationBatch.joined(blocks).take(order)
    keys = tuple([derivation.key for derivation in derivations])
    return DrawnBatch(derivations[0], whole.ids, whole.digests, whole.columns, keys)
