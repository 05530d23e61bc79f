"""Which epoch a dataset is in: shared with its workers, and noticed where it comes too late."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils.data import get_worker_info

from dpa.checks import count_of
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.epochs import EpochPolicy, views_of
from dpa.derivation.space import Space

_SILENCE = 'if that is meant, epoch_policy="fixed" says so'
_ADVICE = (
    "call set_epoch before each pass; a loader that reads ahead, repeated samples and trainers "
    f"that count epochs need an EpochSampler (docs/training.md); {_SILENCE}"
)
_STREAM_ADVICE = f"call set_epoch before each pass; {_SILENCE}"
#: Where the shared numbers are; behind them, the samples that each worker made in this epoch.
_EPOCH, _USED, _CALLED, _WARNED, _MADE = range(5)
#: Workers with a number of their own; more of them share one, and may lose a few samples.
_SLOTS = 64


class Views(NamedTuple):
    """The derivations of a sample's views, and what their parameters say of the key."""

    epoch: int
    derivations: tuple[Derivation, ...]
    facts: tuple[dict[str, int | None], ...]

    def params(self, sample_id: int | str) -> list[dict[str, Any]]:
        """The parameters of one sample in each view."""
        if len(self.derivations) == 1:  # as most have; a comprehension takes its time
            return [self.derivations[0].params(sample_id)]
        return [derivation.params(sample_id) for derivation in self.derivations]


class Keys:
    """The keys that a policy, a number of views and a seed make of an epoch and an occurrence."""

    #: How many occurrences are kept: a sample that is drawn a million times has as many.
    KEPT = 256

    def __init__(
        self, config: Space, policy: EpochPolicy, views: int, base_seed: int | None
    ) -> None:
        self.fixed = policy.kind == "fixed"  # whether no epoch is in the key
        self._policy = policy
        self._config = config
        self._views = views
        self._base_seed = base_seed
        self._made: dict[tuple[int, int], Views] = {}

    def of(self, epoch: int, occurrence: int) -> Views:
        """Occurrence o of a dataset with k views has the views o * k to o * k + k - 1.

        With one view the first occurrence has none in its key.
        """
        found = self._made.get((epoch, occurrence))
        if found is None:
            if len(self._made) >= self.KEPT:
                self._made.clear()
            part, seed = self._policy.at(epoch), self._base_seed
            views = views_of(self._views, occurrence)
            found = self._made[epoch, occurrence] = Views(
                epoch,
                tuple(derive(self._config, part, view, seed) for view in views),
                tuple({"epoch": part, "view": view, "base_seed": seed} for view in views),
            )
        return found


class SharedEpoch:
    """The epoch of set_epoch, in memory that running workers see, and what is made in it."""

    def __init__(self, numbers: Any = None) -> None:
        numbers = torch.zeros(_MADE + _SLOTS, dtype=torch.int64) if numbers is None else numbers
        self._shared = numbers.share_memory_()
        self._looks = 0  # how many batches were looked at for repeated samples
        self._numbers = self._shared.numpy()  # the same memory, read in a sixth of the time

    def __reduce__(self) -> tuple[Any, ...]:
        return SharedEpoch, (self._shared,)  # in a worker it is shared already, in a copy it is not

    def copy(self) -> SharedEpoch:
        """The same epoch, not shared with this one."""
        return SharedEpoch(self._shared.clone())

    @property
    def value(self) -> int:
        """The epoch."""
        number: int = self._numbers.item(_EPOCH)
        return number

    def set(self, epoch: int, size: Callable[[], int | None], silent: bool) -> None:
        """Sets it, in all workers; warns, once, if more than `size` samples had the last one."""
        numbers = self._numbers
        last = self.value
        if not (silent or numbers[_WARNED]):
            found = ""
            if numbers[_CALLED] and not numbers[_USED] and epoch < last:
                found = (
                    f"epoch {last} was set, and then epoch {epoch} before any sample was made: "
                    "something else sets the epoch, too"
                )
            elif (made := self._made()) and made > (size() or made):
                made_of = count_of(size() or made, "sample")
                found = (
                    f"set_epoch({epoch}) comes too late: of {made_of}, {made} were made in "
                    f"epoch {last}"
                )
            elif made and epoch > 1 and not numbers[_CALLED]:  # what the Trainer does
                found = (
                    f"set_epoch({epoch}) is the first, and samples were made in epoch 0 before it: "
                    "if they were trained on, a run resumed within an epoch"
                )
            if found:
                self._warn(f"{found}; {_ADVICE}", stacklevel=4)
        if epoch != last:
            numbers[_USED] = 0
        numbers[_MADE:] = 0
        numbers[_CALLED] = 1
        numbers[_EPOCH] = epoch

    def resume(self, epoch: int) -> bool:
        """Sets the epoch of a state; False where set_epoch has said another one, which stays."""
        if not self._numbers[_CALLED] or self.value == epoch:
            self._numbers[_EPOCH] = epoch
            return True
        if self.value != epoch + 1 and not self._numbers[_WARNED]:
            self._warn(
                f"the state is of epoch {epoch}, but set_epoch({self.value}) was called: the next "
                f"pass is all of epoch {self.value}; call set_epoch({epoch}) to resume"
            )
        return False

    def use(self) -> None:
        """Notes that a sample was made in this epoch."""
        self._numbers[_USED] = 1

    def count(self, indices: Sequence[Any], size: Callable[[], int | None]) -> None:
        """Counts the samples of a batch; warns, once, if that is more than an epoch has.

        Looks for samples that come twice in a batch, too, in the first batches.
        """
        numbers = self._numbers
        worker = get_worker_info()
        slot, workers = (_MADE, 1) if worker is None else (_slot(), worker.num_workers)
        counted = numbers.item(slot) + len(indices)
        numbers[slot] = counted
        if numbers.item(_WARNED):
            return
        if (length := size()) is not None:
            # In workers of a loop that calls set_epoch, that call will say it, and better.
            late = length if worker is None or not numbers.item(_CALLED) else 2 * length
            if counted * workers > late and (made := self._made()) > late:
                self._warn(
                    f"a second pass has the same epoch, {self.value}: of "
                    f"{count_of(length, 'sample')}, {made} were made in it; {_ADVICE}"
                )
                return
        if self._looks < 64 and type(indices[0]) is int:
            self._looks += 1
            if len(set(indices)) < len(indices) and _in_a_loader():
                again = next(at for n, at in enumerate(indices) if at in indices[:n])
                self._warn(
                    f"sample {again} is in one batch more than once, as the same picture: an "
                    f"EpochSampler makes views of repeated samples; {_ADVICE}"
                )

    def begin_pass(self) -> None:
        """Warns, once, if this worker made a stream's samples in this epoch before."""
        numbers = self._numbers
        if numbers[_slot()] and not numbers[_WARNED]:
            self._warn(
                f"a second pass over a stream has the same epoch, {self.value}: {_STREAM_ADVICE}"
            )

    def end_pass(self, epoch: int) -> None:
        """Notes that this worker has made a stream's samples in this epoch."""
        if self.value == epoch:
            self._numbers[_slot()] = 1

    def _warn(self, message: str, stacklevel: int = 3) -> None:
        self._numbers[_WARNED] = 1
        warnings.warn(message, stacklevel=stacklevel)

    def _made(self) -> int:
        return int(self._numbers[_MADE:].sum())


def _slot() -> int:
    """Where this process counts: 0 where there are no workers."""
    worker = get_worker_info()
    return _MADE + (0 if worker is None else 1 + worker.id % (_SLOTS - 1))


def _in_a_loader() -> bool:
    """Whether the batch is a loader's, not one that was asked for by hand, to look at it."""
    frame = sys._getframe(3)  # of what called __getitems__
    name: str = frame.f_globals.get("__name__", "")
    return name.startswith("torch.utils.data")
