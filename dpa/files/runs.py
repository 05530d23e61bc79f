"""A run: which parameters each sample gets in each epoch and view of a training, and its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from dpa.checks import LIMIT, brief, count_of, file_path, integer, positive, word
from dpa.derivation.columns import Columns
from dpa.derivation.config import checked_space, space_of
from dpa.derivation.derivation import AugmentationBatch, Derivation, derive
from dpa.derivation.digest import SampleDigest
from dpa.derivation.epochs import EpochPolicy, PolicyLike, views_of
from dpa.derivation.frozen import Frozen
from dpa.derivation.ids import Consecutive, Ids, IdsLike, consecutive_ids
from dpa.derivation.keys import Key, single_id
from dpa.derivation.rows import is_hex_digest
from dpa.derivation.space import Space
from dpa.files.atomic import replacing_folder
from dpa.files.chains import Chain, FilePath, open_chain, require_hour, sample_blocks
from dpa.files.folders import parts_in
from dpa.files.manifests import (
    IDS,
    MANIFEST,
    check_format,
    is_run,
    of_file,
    read_ids,
    read_manifest,
    write_ids,
    write_manifest,
)
from dpa.files.metadata import Metadata
from dpa.files.writing import write_chain
from dpa.host.progress import counted

#: The most epochs, views and occurrences, multiplied.
MOST_PARTS = 100_000


class Part(NamedTuple):
    """What a run's samples get in some epochs: the same key, but for the id."""

    name: str
    derivation: Derivation


class Run(Frozen):
    """What each sample of a training gets in each epoch and view. Immutable.

    `augmented.save(folder, epochs=...)` of a dataset in dpa.integrations.torch makes one; with
    the same arguments it is made anywhere. A run is a recipe: it holds no samples.

    Parameters
    ----------
    ids
        The ids of the data set's samples: a range, a 1-D integer array, a sequence of int or a
        sequence of str.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    epochs
        The epochs of the training: n for 0 to n - 1, or a range with the step 1.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch_policy
        The epoch in the key during epoch e: "fixed" has none, "each" has e, ("every", k) has e
        // k, ("cycle", k) has e % k.
    views
        The versions of a sample: k > 1 are the views 0 to k - 1 of the key; 1 has none.
    occurrences
        How often an epoch has a sample at most. Occurrence o has the views o * k to o * k + k -
        1; with k = 1, occurrence 0 has none.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> run = Run(["a.png", "b.png"], epochs=3, base_seed=7)
    >>> params = run.params("a.png", epoch=2)
    >>> from dpa import gen_augmentation_params
    >>> params == gen_augmentation_params("a.png", base_seed=7, epoch=2)
    True
    """

    __slots__ = (
        *("_digits", "_known"),
        *("base_seed", "config", "epoch_policy", "epochs", "ids", "occurrences", "views"),
    )

    ids: Ids
    config: Space
    epochs: range
    base_seed: int | None
    epoch_policy: EpochPolicy
    views: int
    occurrences: int
    _digits: int  # of the greatest epoch in a key
    _known: frozenset[int | str] | None
    __hash__ = None  # type: ignore[assignment]  # ids are arrays

    def __init__(
        self,
        ids: IdsLike | Ids,
        config: Space | None = None,
        *,
        epochs: int | range,
        base_seed: int | None = None,
        epoch_policy: PolicyLike | EpochPolicy = "each",
        views: int = 1,
        occurrences: int = 1,
    ) -> None:
        self._set(ids=Ids.checked(ids), config=checked_space(config), _known=None)
        self._set(epochs=_checked_epochs(epochs))
        self._set(base_seed=Key.checked(base_seed=base_seed).base_seed)
        self._set(epoch_policy=EpochPolicy.checked(epoch_policy))
        self._set(views=positive("views", views), occurrences=positive("occurrences", occurrences))
        parts = len(self.epochs) * self.views * self.occurrences
        if parts > MOST_PARTS:
            raise ValueError(
                f"epochs, views and occurrences must make at most {MOST_PARTS:,}, got {parts:,}"
            )
        last = self.epoch_policy.distinct(self.epochs)[-1]
        self._set(_digits=len(str(last)))  # names sort as epochs do
        self.derivation(self.epochs[0])  # raises where a schedule needs an epoch

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Run, **self._fields()), ()

    def __repr__(self) -> str:
        return (
            f"<Run of {count_of(len(self.ids), 'sample')}, epochs {self.epochs.start} to "
            f"{self.epochs.stop - 1}, {count_of(self.views, 'view')}>"
        )

    def derivation(self, epoch: int, view: int = 0, occurrence: int = 0) -> Derivation:
        """What the samples are made by in an epoch, for one of `views` and of `occurrences`.

        Raises TypeError, or ValueError where the run does not have them.
        """
        number = word("epoch", epoch)
        if number not in self.epochs:
            first, last = self.epochs[0], self.epochs[-1]
            raise ValueError(f"epoch must be one of the run's, {first} to {last}, got {number}")
        at = _below("occurrence", occurrence, self.occurrences) * self.views
        at += _below("view", view, self.views)
        return self.part(self.epoch_policy.at(number), self.key_views[at]).derivation

    @property
    def facts(self) -> dict[str, Any]:
        """What a run has beside config and ids, to be told."""
        return {
            "epochs": f"{self.epochs.start} to {self.epochs.stop - 1}",
            "epoch_policy": self.epoch_policy.given,
            "base_seed": self.base_seed,
            "views": self.views,
            "occurrences": self.occurrences,
        }

    @property
    def key_views(self) -> tuple[int | None, ...]:
        """The views in the keys of a sample in one epoch; None is absent."""
        each = (views_of(self.views, occurrence) for occurrence in range(self.occurrences))
        return tuple(chain.from_iterable(each))

    def params(
        self, sample_id: int | str, epoch: int, view: int = 0, occurrence: int = 0
    ) -> dict[str, Any]:
        """One sample as gen_augmentation_params returns it.

        Raises TypeError, or ValueError where the run does not have that sample.
        """
        derivation = self.derivation(epoch, view, occurrence)
        self.require_id(sample_id)
        return derivation.params(sample_id)

    def require_id(self, sample_id: int | str) -> None:
        """Raises TypeError or ValueError unless it is the id of one of the samples."""
        number = single_id(sample_id)  # bytes if it is text
        if isinstance(self.ids, Consecutive):  # of which no list is made
            found = isinstance(number, int) and self.ids.index(number) is not None
        else:
            known = self._known or frozenset(self.ids)
            self._set(_known=known)
            found = sample_id in known
        if not found:
            raise ValueError(f"the run has no sample with the id {brief(sample_id)}")

    def batch(self, epoch: int, view: int = 0, occurrence: int = 0) -> AugmentationBatch:
        """All samples in an epoch, in the order of `ids`. Raises as derivation() does."""
        return self.derivation(epoch, view, occurrence).batch(self.ids)

    def parts(self) -> Iterator[Part]:
        """The distinct keys of all epochs and views, in order; the name is that of a file."""
        for epoch in self.epoch_policy.distinct(self.epochs):
            for view in self.key_views:
                yield self.part(epoch, view)

    def part(self, epoch: int | None, view: int | None) -> Part:
        """The part with this epoch and view in the key."""
        name = "fixed" if epoch is None else f"epoch-{epoch:0{self._digits}}"
        name += "" if view is None else f"-view-{view}"
        return Part(name, derive(self.config, epoch, view, self.base_seed))

    def blocks(self, part: Part, num_threads: int | None = None) -> Iterator[Columns]:
        """The samples of a part, some thousands at a time."""
        return sample_blocks(part.derivation, self.ids, num_threads)

    def save(
        self,
        folder: FilePath,
        stored: str | None = None,
        *,
        advance: Callable[[int], object] = int,
    ) -> None:
        """Writes a folder that `load`, `dpa verify` and `dpa show --run` read.

        Its manifest, run.json, has what makes the samples, and a digest of the samples of each
        key, for which they are made once, in constant memory. Ids that are not consecutive are
        in ids.json. The folder appears whole or not at all. One that holds this very run stays
        as it is, so a training that starts again may call this again.

        Parameters
        ----------
        folder
            A new or an empty folder; missing parents are made.
        stored
            "parquet", "npz", "jsonl" or "json" writes the samples, too: a chain file for each
            key. None writes none.
        advance
            Called with the number of samples of each block.

        Raises
        ------
        TypeError
            An argument has the wrong type.
        ValueError
            `stored` is unknown, or the folder has something else.
        OSError
            The folder cannot be written.
        """
        check_format(stored)
        if is_run(folder):
            saved = SavedRun.load(folder)
            if saved.run == self and saved.stored == stored:
                return
            raise ValueError(f"{str(folder)!r} holds another run: choose another folder")
        with replacing_folder(folder) as path:
            if self.ids.start is None:
                write_ids(path, self.ids)
            digests = {}
            for part in self.parts():
                blocks = counted(self.blocks(part), advance)
                if stored is None:
                    digest = digest_of(blocks, part)
                else:
                    metadata = Metadata.of(part.derivation, self.ids)
                    file = path / f"{part.name}.{stored}"
                    digest = write_chain(file, metadata, blocks, len(self.ids))
                digests[part.name] = digest.hexdigest()
            write_manifest(path, {**self._declaration(), "stored": stored, "digests": digests})

    def _declaration(self) -> dict[str, Any]:
        """The fields of the manifest that say what makes the samples."""
        policy = self.epoch_policy.given
        return {
            "space": self.config.declaration(),
            "base_seed": self.base_seed,
            "epochs": [self.epochs.start, self.epochs.stop],
            "epoch_policy": policy if isinstance(policy, str) else list(policy),
            "views": self.views,
            "occurrences": self.occurrences,
            "num_samples": len(self.ids),
            "start_id": self.ids.start,
        }

    @staticmethod
    def load(folder: FilePath) -> Run:
        """The run that save() wrote. Raises ChainFileError for damage, and OSError."""
        return SavedRun.load(folder).run


class Made(NamedTuple):
    """The samples of a part that no file has, as a Chain has them."""

    run: Run
    part: Part
    problems: Sequence[str] = ()

    def blocks(self) -> Iterator[Columns]:
        """The samples, some thousands at a time."""
        return self.run.blocks(self.part)


class SavedRun(NamedTuple):
    """A run's folder: the run, the format of its files or None, and the digests of its parts."""

    path: Path
    run: Run
    stored: str | None
    digests: dict[str, str]

    @classmethod
    def load(cls, folder: FilePath) -> SavedRun:
        """Reads the manifest and the ids. Raises ChainFileError for damage, and OSError."""
        path = Path(file_path(folder))
        fields = read_manifest(path)
        digests = fields["digests"]
        listed = read_ids(path, fields["num_samples"]) if fields["start_id"] is None else None
        with of_file(path / MANIFEST):
            run = _run_of(fields, listed)
            wanted = [part.name for part in run.parts()]
            if not isinstance(digests, dict) or list(digests) != wanted:
                raise ValueError(f"digests must be those of {brief(wanted)}")
            for name, digest in digests.items():
                if not is_hex_digest(digest):
                    raise ValueError(f"the digest of {name} must be hex, got {brief(digest)}")
        return cls(path, run, fields["stored"], digests)

    def file(self, part: Part) -> Path | None:
        """The file with the samples of a part; None where they are not stored."""
        return None if self.stored is None else self.path / f"{part.name}.{self.stored}"

    @contextmanager
    def opened(self, part: Part, unlimited: bool) -> Iterator[Chain | Made]:
        """The samples of a part: those of its file, or made again."""
        file = self.file(part)
        if file is not None:
            with open_chain(file, lenient=True) as chain:
                yield chain
            return
        require_hour(self.path, len(self.run.ids), part.derivation, unlimited=unlimited)
        yield Made(self.run, part)

    def strangers(self) -> list[str]:
        """The names of chain files in the folder that are no part of the run."""
        own = {MANIFEST, IDS, *(f"{name}.{self.stored}" for name in self.digests)}
        return sorted(name for name in {*parts_in(self.path)} - own)


def _below(name: str, value: object, many: int) -> int:
    number = integer(name, value)
    if not 0 <= number < many:
        raise ValueError(f"{name} must be below the run's {many}, got {brief(value)}")
    return number


def _checked_epochs(epochs: object) -> range:
    if not isinstance(epochs, range):
        epochs = range(positive("epochs", epochs))
    if not epochs or epochs.step != 1 or epochs.start < 0 or epochs.stop > LIMIT:
        raise ValueError(f"epochs must be n or range(first, stop) with some, got {brief(epochs)}")
    return epochs


def digest_of(blocks: Iterable[Columns], part: Part) -> SampleDigest:
    """The digest of a part's samples."""
    digest = SampleDigest()
    for block in blocks:
        digest.update(block, part.derivation.key)
    return digest


def _run_of(fields: dict[str, Any], listed: Ids | None) -> Run:
    """The run that a manifest declares. Raises TypeError or ValueError."""
    epochs = fields["epochs"]
    if not isinstance(epochs, list) or len(epochs) != 2:
        raise ValueError(f"epochs must be the first and the stop, got {brief(epochs)}")
    first, stop = (integer("epochs", each) for each in epochs)
    if listed is None:
        listed = Ids.checked(consecutive_ids(fields["num_samples"], fields["start_id"]))
    names = ("base_seed", "epoch_policy", "views", "occurrences")
    others = {name: fields[name] for name in names}
    return Run(listed, space_of(fields["space"]), epochs=range(first, stop), **others)
