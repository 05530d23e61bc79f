"""Streams that augment by the ids which their samples carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from torch.utils.data import IterableDataset

from dpa.checks import integer
from dpa.integrations.torch.datasets import Augmented
from dpa.integrations.torch.epochs import Views
from dpa.integrations.torch.samplers import Draw


class AugmentedIterableDataset(Augmented, IterableDataset):  # type: ignore[misc]
    """An iterable dataset whose samples are augmented by the ids that they carry.

    A pass keeps the epoch in which it began. Attributes of the dataset, such as `state_dict`,
    are attributes of this one, and set_epoch reaches it in running workers, too.

    Parameters
    ----------
    dataset
        An iterable dataset.
    config, transform, targets, sample_transform, base_seed, epoch_policy, views, return_params
        As for AugmentedDataset.
    id_fn
        id_fn(sample) returns the id, an int of 0 to 2**64 - 1 or a str, or a Draw, whose index
        is the id, where the stream knows an epoch or repeats samples. It is required: a
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

    def __new__(cls, dataset: Any = None, *args: Any, **kwargs: Any) -> Self:
        """One with state_dict where the dataset has it."""
        if cls is AugmentedIterableDataset and hasattr(dataset, "load_state_dict"):
            cls = _ResumableStream
        made: Self = super().__new__(cls)
        return made

    def _check(self, dataset: Any, id_fn: object) -> None:
        if not hasattr(dataset, "__iter__"):
            raise TypeError(f"dataset must be iterable, got {dataset!r}")
        if id_fn is None:
            raise TypeError("an iterable dataset needs id_fn(sample) -> int or str, got None")

    def __iter__(self) -> Iterator[Any]:
        views = self._now()
        if not self._keys.fixed:
            self._shared.begin_pass()
        return self._items(views)

    def _items(self, views: Views) -> Iterator[Any]:
        for sample in self.dataset:
            sample_id = self.id_fn(sample)
            if self._pairs_ids:
                yield sample, sample_id
            elif type(sample_id) is Draw:
                epoch, occurrence, drawn = sample_id
                own = self._of(epoch, occurrence)
                yield self._item(sample, drawn, own.params(drawn), own)
            else:
                yield self._item(sample, sample_id, views.params(sample_id), views)
        self._shared.end_pass(views.epoch)


class _ResumableStream(AugmentedIterableDataset):
    """With methods of its own: StatefulDataLoader does not see forwarded ones."""

    _rest: Mapping[str, Any] | None = None  # a state whose pass has not begun

    def state_dict(self) -> dict[str, Any]:
        """The epoch and the state of the wrapped dataset."""
        if self._rest is not None and self._rest["epoch"] == self.epoch:
            return dict(self._rest)
        return {"epoch": self.epoch, "dataset": self.dataset.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Sets the epoch, and makes its next pass over the wrapped dataset the rest of one.

        Where set_epoch has said another epoch, it stays, and its pass is a whole one:
        StatefulDataLoader loads a state when a pass begins, and the state of an epoch that has
        ended is still of that epoch.
        """
        epoch = integer("epoch in state", state["epoch"])
        if self._shared.resume(epoch):
            self._tell(epoch)
            self._rest = {"epoch": epoch, "dataset": state["dataset"]}

    def _items(self, views: Views) -> Iterator[Any]:
        rest, self._rest = self._rest, None
        if rest is not None and rest["epoch"] == views.epoch:
            self.dataset.load_state_dict(rest["dataset"])
        yield from super()._items(views)
