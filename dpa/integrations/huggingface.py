"""Hugging Face datasets: parameters as columns, and images augmented when they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dpa.derivation.config import checked_space
from dpa.derivation.derivation import AugmentationBatch, derive
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.images.effects import check_applicable
from dpa.integrations.samples import (
    Targets,
    Transform,
    augment_sample,
    refuse_columns,
    whole_transform,
)


@dataclass(frozen=True)
class _Generator:
    """Maps ids to parameters. Equal generators pickle alike, so the cache of Dataset.map works."""

    config: Space | None = None
    id_column: str | None = None
    base_seed: int | None = None
    epoch: int | None = None
    view: int | None = None

    def __post_init__(self) -> None:
        derive(self.config, self.epoch, self.view, self.base_seed)

    def batch(self, ids: Sequence[int] | Sequence[str]) -> AugmentationBatch:
        """The parameters of each id."""
        derivation = derive(self.config, self.epoch, self.view, self.base_seed)
        return derivation.batch(Ids.checked(ids))


@dataclass(frozen=True)
class ParameterColumns(_Generator):
    """For `Dataset.map(..., batched=True, with_indices=True)`: adds the parameters and `hash`.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    id_column
        The column with the ids, integers or strings; None uses the rows' indices. A column is
        the better choice, because its ids stay with their rows when the dataset is shuffled,
        filtered or sharded.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """

    def __call__(
        self, rows: Mapping[str, Sequence[Any]], indices: Sequence[int] | None = None
    ) -> dict[str, list[Any]]:
        """The new columns of a batch of rows, None where a parameter is not active."""
        if not isinstance(indices, Sequence):
            raise TypeError("ParameterColumns is for map(..., batched=True, with_indices=True)")
        batch = self.batch(
            indices if self.id_column is None else _column(rows, self.id_column, "ids")
        )
        found: dict[str, list[Any]] = {}
        for name in batch.names:
            pairs = zip(batch.objects(name), batch.active(name).tolist(), strict=True)
            found[name] = [value if active else None for value, active in pairs]
        found["hash"] = batch.hashes()
        return found


@dataclass(frozen=True)
class ImageTransform(_Generator):
    """For `Dataset.set_transform`: augments the images of a column when they are read.

    For another epoch set another transform; AugmentedDataset has set_epoch instead.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    id_column
        The column with the ids, integers or strings. It is required, because a transform does
        not know its rows' indices.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    image_column
        The column with the images.
    apply
        apply(image, params) returns the augmented image; None is
        dpa.integrations.image.apply_augmentation, whose options
        functools.partial(apply_augmentation, out_size=(224, 224)) sets. `params` has the
        sample's id, epoch, view and base_seed, too.
    targets
        The columns that change, with their kinds: {"image": "image", "mask": "mask",
        "objects": {"bbox": "boxes"}}, for example; see dpa.integrations.samples.augment_sample.
        None: image_column alone; no other column may have images then.
    sample_transform
        sample_transform(row, params) returns the whole row, a dict; instead of `apply` and
        `targets`.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it. Also if id_column is None.
    """

    image_column: str = "image"
    apply: Transform | None = None
    targets: Targets | None = None
    sample_transform: Transform | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.id_column is None:
            raise ValueError("ImageTransform needs id_column, the column with ids, got None")
        whole = whole_transform(self.apply, self._targets, self.sample_transform)
        if getattr(whole, "func", None) is augment_sample:
            check_applicable(checked_space(self.config))

    @property
    def _targets(self) -> Targets | None:
        """The kinds of the columns that change; None where a function makes whole rows."""
        if self.targets is None and self.sample_transform is None:
            return {self.image_column: "image"}
        return self.targets

    def __call__(self, rows: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """The rows with augmented images, and what follows them."""
        whole: Any = whole_transform(self.apply, self._targets, self.sample_transform)
        ids = _column(rows, self.id_column, "ids")
        alone = self.targets is None and self.sample_transform is None
        if alone and len(_column(rows, self.image_column, "images")):
            first = {name: column[0] for name, column in rows.items()}  # others are of its form
            refuse_columns(first, self.image_column)
        key = {"epoch": self.epoch, "view": self.view, "base_seed": self.base_seed}
        made = []
        for at, params in enumerate(self.batch(ids)):
            row = {name: column[at] for name, column in rows.items()}
            made.append(whole(row, {**params, "id": ids[at], **key}))
        return {name: [row[name] for row in made] for name in made[0]} if made else dict(rows)


def _column(rows: Mapping[str, Sequence[Any]], name: str | None, what: str) -> Sequence[Any]:
    if name is None or name not in rows:
        raise ValueError(f"no column {name!r} with {what}; there are {', '.join(rows)}")
    return rows[name]
