"""Datasets that augment by the sample's id: the same bits in any worker, rank, order or restart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from dpa.checks import brief, extra, integer
from dpa.derivation.config import checked_space
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.images.effects import check_applicable

with extra("torch", "dpa.integrations.torch needs PyTorch"):
    import torch
    from torch.utils.data import Dataset, IterableDataset, default_collate

#: transform(image, params) -> image.
Transform: TypeAlias = Callable[[Any, dict[str, Any]], Any]
#: "fixed", "each", ("every", k) or ("cycle", k).
EpochPolicy: TypeAlias = str | tuple[str, int]


class _Views(NamedTuple):
    """The derivations of the views in one epoch."""

    epoch: int
    derivations: tuple[Derivation, ...]


class _Augmented(ABC):
    """The common part of both datasets: settings, epoch, keys and items."""

    def __init__(
        self,
        dataset: Any,
        config: Space | None = None,
        transform: Transform | Literal[False] | None = None,
        *,
        base_seed: int | None = None,
        epoch_policy: EpochPolicy = "each",
        views: int = 1,
        id_fn: Callable[[Any], int | str] | None = None,
        return_params: bool = False,
    ) -> None:
        self._check(dataset, id_fn)
        if transform is None:
            from dpa.integrations.image import apply_augmentation

            try:
                check_applicable(checked_space(config))
            except ValueError as error:
                hint = "say transform= to apply parameters of your own"
                raise ValueError(f"{error}; {hint}") from None
            transform = apply_augmentation
        if not (transform is False or callable(transform)):
            raise TypeError(f"transform must be callable, False or None, got {transform!r}")
        if not (id_fn is None or callable(id_fn)):
            raise TypeError(f"id_fn must be callable or None, got {id_fn!r}")
        self.dataset = dataset
        self.config = checked_space(config)
        self.transform = None if transform is False else transform
        self.views = integer("views", views)
        if self.views < 1:
            raise ValueError(f"views must be at least 1, got {views}")
        self.id_fn: Any = id_fn
        self.return_params = return_params
        self._pairs_ids = transform is False and not return_params
        self._base_seed = base_seed
        self._policy = _checked_policy(epoch_policy)
        if self._policy[0] == "fixed" and self.config.scheduled:
            raise ValueError(
                'epoch_policy "fixed" has no epoch, on which the space depends: '
                f"{brief(', '.join(self.config.scheduled))}"
            )
        self._share(torch.zeros((), dtype=torch.int64))
        self._made = self._views_in(0)

    @abstractmethod
    def _check(self, dataset: Any, id_fn: object) -> None:
        """Raises TypeError if the dataset is of the other kind."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._share(self._shared)  # in a worker it is shared already, in a copy it is not

    def __copy__(self) -> Any:
        """A copy with its own epoch."""
        copied = object.__new__(type(self))
        copied.__setstate__({**self.__dict__, "_shared": self._shared.clone()})
        return copied

    def _share(self, epoch: Any) -> None:
        """Puts the epoch into shared memory, so that set_epoch reaches workers already running."""
        self._shared = epoch.share_memory_()
        self._epoch = self._shared.numpy()  # the same memory, read in a sixth of the time

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def epoch(self) -> int:
        """The last argument of set_epoch; 0 at the start."""
        return int(self._epoch.item())

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, also in running workers; call it before each pass.

        `epoch` is 0 to 2**63 - 1. Raises TypeError or ValueError.
        """
        number = integer("epoch", epoch)
        if not 0 <= number < 2**63:
            raise ValueError(f"epoch must be 0 to 2**63 - 1, got {number}")
        self._epoch.fill(number)

    def collate(self, items: Sequence[tuple[Any, int | str]]) -> tuple[Any, Any]:
        """A batch and its parameters, generated in one call: the collate_fn for transform=False.

        Returns default_collate of the samples, and an AugmentationBatch in the same order; with
        views > 1, a list of one batch per view. Raises ValueError unless transform=False and
        return_params=False.
        """
        if not self._pairs_ids:
            raise ValueError("collate is for transform=False and return_params=False")
        samples, ids = zip(*items, strict=True)
        checked = Ids.checked(ids)
        batches = [view.batch(checked) for view in self._now().derivations]
        return default_collate(samples), self._of_views(batches)

    def _now(self) -> _Views:
        """The views in the current epoch."""
        made, epoch = self._made, self._epoch.item()
        if made.epoch != epoch:
            made = self._made = self._views_in(epoch)
        return made

    def _views_in(self, epoch: int) -> _Views:
        kind, period = self._policy
        part = {"fixed": None, "every": epoch // period, "cycle": epoch % period}[kind]
        views = [None] if self.views == 1 else range(self.views)
        return _Views(
            epoch, tuple(derive(self.config, part, view, self._base_seed) for view in views)
        )

    def _item(self, sample: Any, sample_id: int | str, views: _Views) -> Any:
        """The item of one sample, with its parameters generated singly."""
        if self._pairs_ids:
            return sample, sample_id
        return self._augmented(sample, [view.params(sample_id) for view in views.derivations])

    def _augmented(self, sample: Any, params: Sequence[dict[str, Any]]) -> Any:
        """The item of a sample, given the parameters of its views."""
        transform = self.transform
        if transform is not None:
            parts = sample if isinstance(sample, (tuple, list)) else (sample,)
            image = self._of_views([transform(parts[0], view) for view in params])
            sample = (image, *parts[1:]) if parts is sample else image
        return (sample, self._of_views(params)) if self.return_params else sample

    def _of_views(self, values: Sequence[Any]) -> Any:
        """A list with one value per view, or the only value."""
        return list(values) if self.views > 1 else values[0]


def _checked_policy(policy: EpochPolicy) -> tuple[str, int]:
    """The policy as a kind and its k; "each" is ("every", 1)."""
    if policy == "fixed":
        return "fixed", 1
    if policy == "each":
        return "every", 1
    if isinstance(policy, (tuple, list)) and len(policy) == 2 and policy[0] in ("every", "cycle"):
        period = integer("k in epoch_policy", policy[1])
        if period >= 1:
            return policy[0], period
    raise ValueError(
        'epoch_policy must be "fixed", "each", ("every", k) or ("cycle", k) with k of at least 1, '
        f"got {policy!r}"
    )


class AugmentedDataset(_Augmented, Dataset):  # type: ignore[misc]  # torch may be missing
    """A map-style dataset whose samples are augmented by their ids.

    The transform replaces the first element of a sample that is a tuple or list, or else the
    sample itself, by transform(image, params).

    Parameters
    ----------
    dataset
        A map-style dataset.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    transform
        transform(image, params) returns the augmented image. None is
        dpa.integrations.image.apply_augmentation. False applies nothing, and items are (sample,
        id), which `collate` turns into batches.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch_policy
        The epoch in the key during epoch e: "fixed" has none, "each" has e, ("every", k) has e
        // k, ("cycle", k) has e % k.
    views
        k > 1 replaces the image by a list of k versions, views 0 to k - 1 of the key, and
        params by a list of k dicts.
    id_fn
        id_fn(index) returns the id, an int of 0 to 2**64 - 1 or a str, one type for all
        samples; None uses the index.
    return_params
        Whether items are (item, params).

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> scaled = AugmentedDataset([3.0, 4.0], transform=lambda image, params: params["scale"])
    >>> scaled[1]
    1.0079741918104415
    >>> scaled.set_epoch(1)
    >>> scaled[1]
    0.913093462989273
    """

    def _check(self, dataset: Any, id_fn: object) -> None:
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                f"dataset must be map-style, got {dataset!r}; "
                "what can only be iterated takes an AugmentedIterableDataset"
            )

    def __getitem__(self, index: Any) -> Any:
        sample = self.dataset[index]
        sample_id = index if self.id_fn is None else self.id_fn(index)
        return self._item(sample, sample_id, self._now())

    def __getitems__(self, indices: Sequence[Any]) -> list[Any]:
        """The items of a batch, with parameters generated in one call; used by DataLoader."""
        whole = getattr(self.dataset, "__getitems__", None)
        samples = whole(indices) if callable(whole) else [self.dataset[at] for at in indices]
        ids: Any = indices if self.id_fn is None else [self.id_fn(at) for at in indices]
        if self._pairs_ids:
            return list(zip(samples, ids, strict=True))
        checked = Ids.checked(ids)
        views = [view.batch(checked).to_dicts() for view in self._now().derivations]
        return [self._augmented(first, rest) for first, *rest in zip(samples, *views, strict=True)]


class AugmentedIterableDataset(_Augmented, IterableDataset):  # type: ignore[misc]
    """An iterable dataset whose samples are augmented by the ids that they carry.

    A pass keeps the epoch in which it began.

    Parameters
    ----------
    dataset
        An iterable dataset.
    config, transform, base_seed, epoch_policy, views, return_params
        As for AugmentedDataset.
    id_fn
        id_fn(sample) returns the id, an int of 0 to 2**64 - 1 or a str. It is required: a
        position in the stream is not an id, because every worker has its own stream.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> class Numbers(IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 4])
    >>> scaled = AugmentedIterableDataset(
    ...     Numbers(),
    ...     transform=lambda image, params: params["scale"],
    ...     id_fn=lambda sample: sample - 3,
    ... )
    >>> list(scaled)[1]
    1.0079741918104415
    """

    def _check(self, dataset: Any, id_fn: object) -> None:
        if not hasattr(dataset, "__iter__"):
            raise TypeError(f"dataset must be iterable, got {dataset!r}")
        if id_fn is None:
            raise TypeError("an iterable dataset needs id_fn(sample) -> int or str, got None")

    def __iter__(self) -> Iterator[Any]:
        views = self._now()
        return (self._item(sample, self.id_fn(sample), views) for sample in self.dataset)
