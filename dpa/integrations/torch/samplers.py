"""A sampler whose indices carry their epoch, so that no worker has to be told of it."""

from __future__ import annotations

import copy
import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple, Self

import torch
from torch.utils.data import Sampler
from torch.utils.data.distributed import DistributedSampler

from dpa.checks import brief, not_negative, word
from dpa.derivation.derivation import derive
from dpa.derivation.distributions import Seed
from dpa.derivation.space import Space

#: From which the order of an epoch is seeded.
_ORDER = Space(order=Seed())
_STATE = ("seed", "epoch", "position")


class Draw(NamedTuple):
    """An index, the epoch that it is drawn in, and how often it was drawn in it before."""

    epoch: int
    occurrence: int
    index: Any


@dataclass(slots=True)
class _Progress:
    """How far one iteration over the sampler is."""

    epoch: int = 0
    given: int = 0
    state: str = "waiting"  # then "running", then "ended", or "left" by a break


class _Pass(chain[Any]):
    """One iteration, which begins when its first index is asked for, or when it gets a state.

    It is a chain, because a __next__ of its own would take as long as all the rest.
    """

    def __new__(cls, sampler: EpochSampler) -> Self:
        """An iteration of a sampler."""
        progress = _Progress()
        made = super().__new__(cls, sampler._yielded(progress))
        made._sampler, made._progress = sampler, progress
        return made

    _sampler: EpochSampler
    _progress: _Progress

    def state_dict(self) -> dict[str, int]:
        """For StatefulDataLoader: `seed`, `epoch` and `position` of this iteration."""
        found = self._sampler.state_dict()
        if self._progress.state != "waiting":
            found |= {"epoch": self._progress.epoch, "position": self._progress.given}
        return found

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Makes this iteration the rest of an epoch; the sampler goes on with the next."""
        self._sampler.load_state_dict(state)
        self._sampler._begin(self._progress)


class EpochSampler(Sampler):  # type: ignore[misc]  # torch may be missing
    """Wraps a sampler: its indices carry the epoch and the occurrence to an AugmentedDataset.

    Each iteration is the next epoch, from 0. What a sample becomes is then decided when its index
    is drawn: it does not matter which worker makes it, when, or how far ahead of training, and an
    index that comes again in its epoch is another view. Yields a `Draw` for each index, or a list
    of them for each batch of a batch sampler.

    The order is a function of `seed` and the epoch: a sampler with `set_epoch` is told the epoch,
    one with a `generator` gets one that is seeded anew. So `state_dict` is three numbers.

    Occurrences are counted in the order of all ranks together: what a DistributedSampler pads its
    shards with is an occurrence, too.

    Parameters
    ----------
    sampler
        A sampler of indices, or a batch sampler, with the same order for the same epoch.
    seed
        Of the orders, 0 to 2**64 - 1. None: that of the sampler's generator if it has one, or
        else 0. A sampler with `set_epoch` has its own.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> from torch.utils.data import SequentialSampler
    >>> sampler = EpochSampler(SequentialSampler("ab"))
    >>> list(sampler)
    [Draw(epoch=0, occurrence=0, index=0), Draw(epoch=0, occurrence=0, index=1)]
    >>> sampler.state_dict()
    {'seed': 0, 'epoch': 1, 'position': 0}
    >>> sampler.load_state_dict({"epoch": 3, "position": 1})
    >>> list(sampler)
    [Draw(epoch=3, occurrence=0, index=1)]
    """

    def __init__(self, sampler: Iterable[Any], *, seed: int | None = None) -> None:
        if isinstance(sampler, EpochSampler) or not hasattr(sampler, "__iter__"):
            raise TypeError(f"sampler must be a sampler without epochs, got {brief(sampler)}")
        self.sampler = sampler
        for each in islice(self._within(), 1, None):
            if getattr(each, "num_replicas", 1) > 1:
                name = type(each).__name__
                raise ValueError(
                    f"sampler has a {name} within, whose shards hide the order of all ranks: "
                    f"wrap that one, BatchSampler(EpochSampler({name}(...)), ...)"
                )
        found = [each.generator for each in self._within() if hasattr(each, "generator")]
        if seed is None:
            given = next((each for each in found if each is not None), None)
            seed = 0 if given is None else given.initial_seed() % 2**64
        self._seed = word("seed", seed)
        self._next = (0, 0)  # epoch and position, where no pass has begun
        self._last: _Progress | None = None
        self._announced = -1  # the last epoch that set_epoch named
        self._loaded = False

    def __len__(self) -> int:
        return len(self.sampler)  # type: ignore[arg-type]  # the TypeError is the answer

    def __getattr__(self, name: str) -> Any:
        """`batch_size` and other attributes of the sampler within."""
        if name.startswith("_") or name in ("sampler", "generator", "rank", "num_replicas"):
            raise AttributeError(name)
        return getattr(self.sampler, name)

    @property
    def epoch(self) -> int:
        """The epoch of the pass that has begun, or of the next one where the last has ended."""
        return self._position()[0]

    def _position(self) -> tuple[int, int]:
        last = self._last
        if last is None:
            return self._next
        return (last.epoch + 1, 0) if last.state == "ended" else (last.epoch, last.given)

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch of the next iteration; nothing needs to call it.

        For trainers, which call it by themselves. A pass of that epoch that a loader has begun
        already, reading ahead, is that pass. After load_state_dict a lower epoch is
        ignored: accelerate, for one, counts from 0 again. `epoch` is 0 to 2**64 - 1. Raises
        TypeError or ValueError.
        """
        number = word("epoch", epoch)
        last = self._last
        if self._loaded and number <= self.epoch:
            return
        if last is not None and number == self._announced + 1 and number <= last.epoch:
            ahead = ("running", "ended") if number else ("running",)
            if last.state in ahead:
                self._announced = number
                return
        if last is None and number < self._announced:
            warnings.warn(
                f"epoch {self._announced} was set, and then epoch {number} before any index was "
                "drawn: if a trainer counts epochs itself (accelerate does), resume by "
                f"load_state_dict({{'epoch': {self._announced}}}), which it cannot undo",
                stacklevel=2,
            )
        self._announced = number
        self._next, self._last = (number, 0), None

    def state_dict(self) -> dict[str, int]:
        """Where the sampler is: `seed`, `epoch`, and `position`, what the pass has yielded.

        Loaders with workers draw ahead of training. StatefulDataLoader knows how far and keeps
        the right state; with others save the epoch and the number of samples trained yourself.
        """
        epoch, position = self._position()
        return {"seed": self._seed, "epoch": epoch, "position": position}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Makes the next iteration the rest of an epoch.

        `state`: from state_dict, or a dict with `epoch`, and `position` and `seed` if you like.
        `position` counts what this sampler yields, in this rank: indices, or batches of a batch
        sampler. Raises TypeError or ValueError.
        """
        if not isinstance(state, Mapping) or not {"epoch"} <= set(state) <= set(_STATE):
            raise ValueError(
                f"state must be a dict with epoch, position and seed, got {brief(state)}"
            )
        seed = word("seed", state.get("seed", self._seed))
        found = word("epoch", state["epoch"]), not_negative("position", state.get("position", 0))
        self._seed, self._next, self._last, self._loaded = seed, found, None, True

    def __iter__(self) -> Iterator[Any]:
        """The next epoch, or the rest of one. It begins when the first index is asked for."""
        return _Pass(self)

    def _begin(self, now: _Progress) -> None:
        """Makes an iteration the latest one."""
        last = self._last
        now.epoch, now.given = self._next if last is None else (last.epoch + 1, 0)
        now.state = "running"
        self._last = now

    def _yielded(self, now: _Progress) -> Iterator[Any]:
        if now.state == "waiting":
            self._begin(now)
        try:
            draws = self._draws(now.epoch)
            batches = sum(type(draw) is list for draw in islice(draws, now.given))
            if 0 < batches < now.given:  # of indices, a position may be beyond a smaller last batch
                raise ValueError(
                    f"position must be at most {batches}, the batches of epoch {now.epoch} in this "
                    f"rank, got {now.given}: it counts batches where a batch sampler is wrapped"
                )
            for draw in draws:
                now.given += 1
                yield draw
            now.state = "ended"
        finally:
            if now.state == "running":
                now.state = "left"

    def _draws(self, epoch: int) -> Iterator[Any]:
        """All draws of this rank in an epoch."""
        told = False
        for each in self._within():  # which get the order of the epoch
            if callable(getattr(each, "set_epoch", None)):
                each.set_epoch(epoch)
                told = True
            elif hasattr(each, "generator"):
                seed = derive(_ORDER, epoch, base_seed=self._seed).params(0)["order"]
                # A new one: another pass that has not ended goes on with its own.
                each.generator = torch.Generator().manual_seed(seed)
                told = True
        sampler: Any = self.sampler
        ranks, rank = getattr(sampler, "num_replicas", 1), getattr(sampler, "rank", 0)
        order = sampler if ranks == 1 else _all_ranks(sampler)
        draws = _counted(epoch, order if told else _without_chance(order))
        return draws if ranks == 1 else islice(draws, rank, None, ranks)

    def _within(self) -> Iterator[Any]:
        """The sampler, the one inside a batch sampler, and so on."""
        each: Any = self.sampler
        while each is not None:
            yield each
            each = getattr(each, "sampler", None)


def _without_chance(order: Iterable[Any]) -> Iterator[Any]:
    """The same order; warns if it comes from PyTorch's global generator."""
    state, rest = torch.get_rng_state(), iter(order)
    first = list(islice(rest, 1))
    if not torch.equal(state, torch.get_rng_state()):
        warnings.warn(
            f"{type(order).__name__} draws from the global generator, so a resumed run has another "
            "order: give it set_epoch, or draw from its attribute `generator`, a torch.Generator",
            stacklevel=2,
        )
    return chain(first, rest)


def _all_ranks(sampler: Any) -> Iterator[Any]:
    """The order of all ranks together."""
    everything = copy.copy(sampler)
    if type(sampler).__iter__ is DistributedSampler.__iter__:  # at once, not rank by rank
        everything.rank, everything.num_replicas = 0, 1
        everything.num_samples = sampler.total_size
        return iter(everything)
    shards = []
    for rank in range(sampler.num_replicas):
        everything.rank = rank
        shards.append(list(everything))
    return chain.from_iterable(zip(*shards, strict=True))


def _counted(epoch: int, order: Iterable[Any]) -> Iterator[Any]:
    """A draw for each index, and a list of them for each batch."""
    seen: dict[Any, int] = {}
    new = tuple.__new__  # of Draw, in half the time
    for index in order:
        if type(index) is not int:
            if isinstance(index, (list, tuple)):
                yield [_drawn(epoch, each, seen) for each in index]
            else:
                yield _drawn(epoch, index, seen)
            continue
        occurrence = seen.get(index, 0)
        seen[index] = occurrence + 1
        yield new(Draw, (epoch, occurrence, index))


def _drawn(epoch: int, index: Any, seen: dict[Any, int]) -> Draw:
    if hasattr(index, "__index__"):  # a tensor: equal ones are not the same key
        index = operator.index(index)
    occurrence = seen.get(index, 0)
    seen[index] = occurrence + 1
    return Draw(epoch, occurrence, index)
