"""Datasets that augment by the sample's id: the same bits in any worker, rank, order or restart."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import repeat
from typing import Any, Literal

from torch.utils.data import Dataset, IterableDataset, default_collate

from dpa.checks import brief, integer, positive
from dpa.derivation.config import checked_space
from dpa.derivation.epochs import EpochPolicy, PolicyLike
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.runs import Run
from dpa.images.effects import check_applicable
from dpa.integrations.image import apply_augmentation
from dpa.integrations.samples import Targets, Transform, refuse_pair, whole_transform
from dpa.integrations.torch.batches import Pairs, batches_of
from dpa.integrations.torch.epochs import Keys, SharedEpoch, Views
from dpa.integrations.torch.samplers import Draw

#: What stays as it was made: workers have copies, which no assignment reaches.
_SETTINGS = frozenset(
    (
        *("base_seed", "config", "dataset", "epoch_policy", "id_fn", "return_params"),
        *("sample_transform", "transform", "views"),
    )
)


class Augmented(ABC):
    """The common part of both datasets: settings, epoch, keys and items."""

    def __init__(
        self,
        dataset: Any,
        config: Space | None = None,
        transform: Transform | Literal[False] | None = None,
        *,
        targets: Targets | None = None,
        sample_transform: Transform | None = None,
        base_seed: int | None = None,
        epoch_policy: PolicyLike = "each",
        views: int = 1,
        id_fn: Callable[[Any], int | str | Draw] | None = None,
        return_params: bool = False,
    ) -> None:
        self._check(dataset, id_fn)
        if not (id_fn is None or callable(id_fn)):
            raise TypeError(f"id_fn must be callable or None, got {id_fn!r}")
        self.dataset = dataset
        self.config = checked_space(config)
        self.sample_transform = sample_transform
        self._whole = whole_transform(transform, targets, sample_transform)
        if transform is None and sample_transform is None:
            try:
                check_applicable(self.config)
            except ValueError as error:
                hint = "say transform= to apply parameters of your own"
                raise ValueError(f"{error}; {hint}") from None
            transform = apply_augmentation
        self.transform = None if transform is False else transform
        self._make: Any = self._whole or self.transform
        self.views = positive("views", views)
        self.id_fn: Any = id_fn
        self.return_params = return_params
        self._pairs_ids = transform is False and not return_params
        self.base_seed = base_seed
        self.epoch_policy = epoch_policy
        self._keys = Keys(self.config, EpochPolicy.checked(epoch_policy), self.views, base_seed)
        if self._keys.fixed and self.config.scheduled:
            raise ValueError(
                'epoch_policy "fixed" has no epoch, on which the space depends: '
                f"{brief(', '.join(self.config.scheduled))}"
            )
        self._shared = SharedEpoch()
        self._looked = False
        self._told = 0  # the epoch that the wrapped dataset was told
        self._views_now = self._keys.of(0, 0)

    @abstractmethod
    def _check(self, dataset: Any, id_fn: object) -> None:
        """Raises TypeError if the dataset is of the other kind."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuses settings: AttributeError."""
        if name in _SETTINGS and "_shared" in self.__dict__:
            raise AttributeError(
                f"{name} cannot be set: workers that are running have copies; make another "
                f"{type(self).__name__}"
            )
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """What the wrapped dataset has: `classes`, `state_dict` and so on."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        dataset = self.__dict__["dataset"]
        found = getattr(dataset, name)
        if getattr(found, "__self__", None) is None:  # no method
            return found

        @wraps(found)
        def forwarded(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            if isinstance(result, type(dataset)):
                raise TypeError(
                    f"{name} of the wrapped dataset makes a dataset that is not augmented: call it "
                    f"there, and wrap the result: {type(self).__name__}(dataset.{name}(...), ...)"
                )
            return result

        return forwarded

    def __copy__(self) -> Any:
        """A copy with its own epoch."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__, _shared=self._shared.copy())
        return copied

    def __len__(self) -> int:
        return len(self.dataset)

    def _size(self) -> int | None:
        """How many samples an epoch has; None if that is not known."""
        try:
            return len(self)
        except (TypeError, NotImplementedError):  # what PyTorch's own streams raise
            return None

    @property
    def epoch(self) -> int:
        """The last argument of set_epoch; 0 at the start."""
        return self._shared.value

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch, also in running workers and in the wrapped dataset; before each pass.

        Draws of an EpochSampler carry theirs, whatever is set. `epoch` is 0 to 2**63 - 1. Raises
        TypeError or ValueError. Warns, once, where it comes too late: more samples were made in
        the last epoch than it has, or another epoch was set and not used.
        """
        number = integer("epoch", epoch)
        if not 0 <= number < 2**63:
            raise ValueError(f"epoch must be 0 to 2**63 - 1, got {number}")
        self._shared.set(number, self._size, self._keys.fixed)
        self._tell(number)

    def _tell(self, epoch: int) -> None:
        """Hands the epoch to the wrapped dataset, in each process once."""
        self._told = epoch
        tell = getattr(self.dataset, "set_epoch", None)
        if callable(tell):
            tell(epoch)

    def collate(self, items: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
        """A batch and its parameters, generated in one call: the collate_fn for transform=False.

        Returns default_collate of the samples, and an AugmentationBatch in the same order; with
        views > 1, a list of one batch per view. Where an EpochSampler draws a sample twice in a
        batch, the AugmentationBatch is a DrawnBatch. Raises ValueError unless transform=False
        and return_params=False.
        """
        if not self._pairs_ids:
            raise ValueError("collate is for transform=False and return_params=False")
        if type(items) is Pairs:
            samples, ids, views = items.samples, items.ids, items.views
        else:
            samples, keyed = zip(*items, strict=True)
            ids, views = self._drawn(keyed) if type(keyed[0]) is Draw else (keyed, self._now())
        return default_collate(samples), self._of_views(batches_of(views, Ids.checked(ids)))

    def _now(self) -> Views:
        """The views in the epoch of set_epoch."""
        epoch, views = self._shared.value, self._views_now
        if epoch != views.epoch:
            self._shared.use()
            views = self._views_now = self._keys.of(epoch, 0)
        if epoch != self._told:  # in a worker that was running when it was set, or after draws
            self._tell(epoch)
        return views

    def _of(self, epoch: int, occurrence: int) -> Views:
        """The views of a draw."""
        if epoch != self._told:
            self._tell(epoch)
        return self._keys.of(epoch, occurrence)

    def _drawn(self, draws: Sequence[Draw]) -> tuple[list[Any], Views | list[Views]]:
        """The indices of draws, and the views of all of them, or of each where they differ."""
        epochs, occurrences, indices = zip(*draws, strict=True)
        epoch, occurrence, size = epochs[0], occurrences[0], len(indices)
        if epochs.count(epoch) == size == occurrences.count(occurrence):
            return list(indices), self._of(epoch, occurrence)
        return list(indices), [self._of(*key) for key in zip(epochs, occurrences, strict=True)]

    def _item(
        self, sample: Any, sample_id: int | str, params: Sequence[dict[str, Any]], views: Views
    ) -> Any:
        """The item of a sample, given the parameters of its views."""
        make = self._make
        if make is None:
            return (sample, self._of_views(params)) if self.return_params else sample
        rest: Any = None
        if self._whole is None and isinstance(sample, (tuple, list)):
            if not self._looked:  # at the first sample: others are of its form
                self._looked = True
                refuse_pair(sample)
            rest = sample[1:]
            sample = sample[0]
        if self.return_params:  # without what default_collate cannot take, None above all
            whole, params = self._of_views(params), [each.copy() for each in params]
        for each, facts in zip(params, views.facts):  # noqa: B905 (as many)
            each["id"] = sample_id
            each.update(facts)
        if len(params) == 1:
            made = make(sample, params[0])
        else:
            made = [make(sample, each) for each in params]
        if rest is not None:
            made = (made, *rest)
        return (made, whole) if self.return_params else made

    def _of_views(self, values: Sequence[Any]) -> Any:
        """A list with one value per view, or the only value."""
        return list(values) if self.views > 1 else values[0]


class AugmentedDataset(Augmented, Dataset):  # type: ignore[misc]  # torch may be missing
    """A map-style dataset whose samples are augmented by their ids.

    The transform replaces the first element of a sample that is a tuple or list, or else the
    sample itself, by transform(image, params). Indices are those of the dataset, or the draws of
    an EpochSampler, which carry their epoch; for others set_epoch says it. Attributes of the
    dataset, such as `classes`, are attributes of this one.

    Parameters
    ----------
    dataset
        A map-style dataset.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    transform
        transform(image, params) returns the augmented image. None is
        dpa.integrations.image.apply_augmentation. False applies nothing, and items are (sample,
        id), which `collate` turns into batches. `params` has `id`, `epoch`, `view` and
        `base_seed` as well, as the key has them; None: not in it.
    targets
        What the parts of a sample are, which then move together: ("image", "mask"), or
        {"picture": "image", "objects": {"bbox": "boxes"}}; see
        dpa.integrations.samples.augment_sample. `transform` is then None, or a
        functools.partial of apply_augmentation with its options.
    sample_transform
        sample_transform(sample, params) returns the whole augmented sample; instead of
        `transform` and `targets`.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch_policy
        The epoch in the key during epoch e: "fixed" has none, "each" has e, ("every", k) has e
        // k, ("cycle", k) has e % k.
    views
        k > 1 replaces the image by a list of k versions, views 0 to k - 1 of the key, and
        params by a list of k dicts; with targets or sample_transform the item is a list of k
        samples. Where an EpochSampler draws an index again, occurrence o has the views o * k to
        o * k + k - 1, and with one view 1, 2, ...
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

    def save(
        self,
        folder: FilePath,
        *,
        epochs: int | range,
        stored: str | None = None,
        occurrences: int = 1,
    ) -> None:
        """Records what each sample gets in each epoch and view: the folder of a dpa.Run.

        Parameters
        ----------
        folder
            A new or an empty folder, or that of the very same run, which stays as it is.
        epochs
            The epochs of the training: n for 0 to n - 1, or a range with the step 1.
        stored
            "parquet", "npz", "jsonl" or "json" writes the parameters, too; None writes what
            makes them, and their digests.
        occurrences
            How often an epoch has a sample at most, where an EpochSampler draws it again.

        Raises
        ------
        TypeError
            An argument has the wrong type.
        ValueError
            An argument has a bad value, or the folder has something else.
        OSError
            The folder cannot be written.
        """
        places = range(len(self))
        run = Run(
            places if self.id_fn is None else [self.id_fn(at) for at in places],
            self.config,
            epochs=epochs,
            base_seed=self.base_seed,
            epoch_policy=self.epoch_policy,
            views=self.views,
            occurrences=occurrences,
        )
        run.save(folder, stored)

    def __getitem__(self, index: Any) -> Any:
        """The item of an index, or of a Draw."""
        if drawn := type(index) is Draw:
            epoch, occurrence, index = index
            views = self._of(epoch, occurrence)
        else:
            views = self._now()
        sample = self.dataset[index]
        sample_id = index if self.id_fn is None else self.id_fn(index)
        if self._pairs_ids:
            return sample, Draw(epoch, occurrence, sample_id) if drawn else sample_id
        return self._item(sample, sample_id, views.params(sample_id), views)

    def __getitems__(self, indices: Sequence[Any]) -> Sequence[Any]:
        """The items of a batch, with parameters generated in one call; used by DataLoader."""
        if not indices:
            return []
        draws = indices
        if drawn := type(indices[0]) is Draw:
            indices, views = self._drawn(indices)
            if not isinstance(views, Views) and len({each.epoch for each in views}) > 1:
                return [self[draw] for draw in draws]  # each tells the wrapped dataset its epoch
        else:
            views = self._now()
            if not self._keys.fixed:
                self._shared.count(indices, self._size)
        dataset = self.dataset
        whole = getattr(dataset, "__getitems__", None)
        samples = whole(indices) if callable(whole) else [dataset[at] for at in indices]
        ids: Any = indices if self.id_fn is None else [self.id_fn(at) for at in indices]
        if self._pairs_ids:
            if drawn and self.id_fn is not None:
                draws = [draw._replace(index=at) for draw, at in zip(draws, ids, strict=True)]
            return Pairs(samples, draws if drawn else ids, ids, views)
        rows = [batch.to_dicts() for batch in batches_of(views, Ids.checked(ids))]
        each = repeat(views, len(indices)) if isinstance(views, Views) else views
        items = zip(samples, ids, zip(*rows, strict=True), each, strict=True)
        return [self._item(*item) for item in items]
