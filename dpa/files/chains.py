"""Open chain files of three kinds: with stored samples, recipes, and the original package's."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, BinaryIO, Self, TypeAlias

import numpy as np

from dpa._native import active_kernel
from dpa.checks import brief, count_of
from dpa.derivation.columns import Columns
from dpa.derivation.config import DEFAULT
from dpa.derivation.derivation import BLOCK, Derivation
from dpa.derivation.digest import SampleDigest
from dpa.derivation.documents import canonical
from dpa.derivation.ids import Consecutive, Ids
from dpa.derivation.keys import NO_KEY, Key
from dpa.derivation.space import Space
from dpa.errors import ChainFileError
from dpa.files.formats import format_module, format_of
from dpa.files.formats.base import FormatReader, TrailerError
from dpa.files.metadata import Metadata, RecipeMetadata
from dpa.files.original import OriginalReader, figure_problem, statistics_problems
from dpa.files.standard_input import STDIN
from dpa.host.memory import require_memory

FilePath: TypeAlias = str | os.PathLike[str]

#: Samples generated at a time: 5 MB, enough work for several threads.
LARGE_BLOCK = 16 * BLOCK
#: The most samples, at depth 10, of a recipe that is generated without unlimited=True. Verifying
#: so many takes one core of a Zen 5 about 75 minutes.
MOST_GENERATED = 10**10
#: The depths to try if a file has no config.
_TRIED_DEPTHS = (10, *(depth for depth in range(1, 21) if depth != 10))


class Chain(ABC):
    """An open chain file: its metadata, and its samples by blocks().

    Raises ChainFileError for a damaged file, and OSError. If `lenient`, a trailer that
    contradicts the rest is not an error but is listed in `problems` after blocks(), and values
    need not fit the stated dtype.
    """

    #: Whether a digest covers the samples together with their ids and their key.
    bound = True
    #: Whether blocks() generates the samples instead of reading them.
    generated = False

    def __init__(
        self,
        path: FilePath,
        file: BinaryIO,
        reader: FormatReader,
        *,
        lenient: bool,
        num_threads: int | None,
        unlimited: bool,
    ) -> None:
        self.path = path
        self.problems: list[str] = []
        self._file = file
        self._reader = reader
        self._lenient = lenient
        self._num_threads = num_threads
        self._unlimited = unlimited
        self._begun = False
        self._opened_by = os.getpid()
        self._full_path = os.path.abspath(path)

    @property
    def metadata(self) -> Metadata:
        """What the file states about its samples."""
        return self._reader.metadata

    @property
    def space(self) -> Space:
        """The space of the samples. Raises ChainFileError if it is unknown."""
        if self.metadata.space is None:
            raise ChainFileError(f"{str(self.path)!r}: its config is not known")
        return self.metadata.space

    @property
    def size(self) -> int | None:
        """How many samples there are; None if the file does not say it at its start."""
        return None

    @property
    def trailer(self) -> Any:
        """num_samples, digest and checksum; known after blocks()."""
        return self._reader.trailer

    @property
    def statistics(self) -> Any:
        """The statistics that the file states; known after blocks()."""
        return self._reader.statistics

    def blocks(self) -> Iterator[Columns]:
        """The samples in order, some thousands at a time; each call starts at the first sample."""
        if self.in_another_process():
            self._reopen()
        elif self._begun:
            if self.path is STDIN:
                raise _named(self.path, ValueError("it can be read only once: write it to a file"))
            self._file.seek(0)
            self._reader = _read(self.path, self._file)
        self._begun, self.problems, count = True, [], 0
        try:
            for block in self._reader.blocks():
                if self.metadata.dtype == "float32" and not self._lenient:
                    _require_single(block, count)
                count += len(block)
                yield block
        except TrailerError as error:
            self._contradicted(error)
        except (ValueError, TypeError) as error:
            raise _named(self.path, error) from error

    def require_memory(self, sample_bytes: int, instead: str) -> None:
        """Raises ValueError where a recipe's samples, all kept, take more memory than there is."""
        if self.size is not None:
            what = f"{str(self.path)!r} with its {count_of(self.size, 'sample')}"
            require_memory(what, self.size * sample_bytes, instead)

    def in_another_process(self) -> bool:
        """Whether the process has forked: a child shares the file position with its parent."""
        return self._opened_by != os.getpid()

    def _reopen(self) -> None:
        """Opens the file again, with its own file position."""
        before = os.fstat(self._file.fileno())
        file = open(self._full_path, "rb")  # noqa: SIM115 (closed by __exit__)
        now = os.fstat(file.fileno())
        if (before.st_dev, before.st_ino) != (now.st_dev, now.st_ino):
            file.close()
            raise ChainFileError(f"{str(self.path)!r}: it was replaced since it was opened")
        self._file, self._opened_by = file, os.getpid()
        self._reader = _read(self.path, file)

    def _contradicted(self, error: TrailerError) -> None:
        if not self._lenient:
            raise _named(self.path, error) from error
        self.problems += error.problems

    @abstractmethod
    def candidates(self) -> list[Derivation]:
        """What may have generated the samples; of an unknown space only the depth counts."""

    def statistics_problems(self, found: dict[str, Any]) -> list[str]:
        """How the stated statistics differ from `found`, the samples'; call after blocks()."""
        stated = self._reader.statistics
        if not isinstance(stated, dict) or stated.keys() != found.keys():
            return [f"statistics must be those of {', '.join(found)}, got {brief(stated)}"]
        pairs = ((name, stated[name], summary) for name, summary in found.items())
        return [problem for pair in pairs if (problem := _summary_problem(*pair)) is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


class StoredChain(Chain):
    """A file of this package that stores samples."""

    def candidates(self) -> list[Derivation]:
        """The derivation of the metadata; for an unknown space, one for each depth."""
        derivation = self.metadata.derivation
        return _of_any_depth(self.metadata.key) if derivation is None else [derivation]


class OriginalChain(Chain):
    """A file of the original package; it has no digest."""

    bound = False

    def candidates(self) -> list[Derivation]:
        """Both samplers, each with and without the rank, because some original files ignored it."""
        space, keys = self.metadata.space, [self.metadata.key, NO_KEY]
        if space is None:
            return [made for key in keys for made in _of_any_depth(key)]
        spaces = [space.replace(sampler=s) for s in ("mt19937", "xoshiro256++")]  # type: ignore[attr-defined]  # a config
        return [Derivation(each, key) for each in spaces for key in keys]

    def statistics_problems(self, found: dict[str, Any]) -> list[str]:
        """As for Chain, but statistics may differ by rounding or be absent."""
        problems = statistics_problems(self._reader.statistics, self.trailer, found)
        strict = [] if self._reader.strict else ["it has NaN or Infinity, which is no JSON"]
        return [*problems, *strict]


class Recipe(Chain):
    """A file that stands for samples, which are generated and compared with its digest."""

    generated = True

    @property
    def metadata(self) -> RecipeMetadata:
        """What the file states about its samples."""
        metadata = self._reader.metadata
        assert isinstance(metadata, RecipeMetadata)
        return metadata

    @property
    def size(self) -> int:
        """How many samples the recipe stands for."""
        return self.metadata.num_samples

    def blocks(self) -> Iterator[Columns]:
        """The samples in order, some thousands at a time; each call starts at the first sample."""
        yield from super().blocks()
        if self.problems:
            return
        derivation = self.metadata.derivation
        require_hour(self.path, self.size, derivation, unlimited=self._unlimited)
        digest = SampleDigest()
        for block in recipe_blocks(self.metadata, self._num_threads):
            digest.update(block, self.metadata.key)
            yield block
        stated, found = self.trailer["digest"], digest.hexdigest()
        if stated != found:
            problem = f"trailer says digest {stated!r}, the samples generated have {found!r}"
            self._contradicted(TrailerError([problem]))

    def candidates(self) -> list[Derivation]:
        """An empty list: the samples are generated, so there are no stored ones to compare."""
        return []

    def statistics_problems(self, found: dict[str, Any]) -> list[str]:
        """As for Chain; a merged recipe has no statistics, and a damaged one no samples."""
        if self._reader.statistics is None or self.problems:
            return []
        return super().statistics_problems(found)


def open_chain(
    path: FilePath,
    *,
    lenient: bool = False,
    num_threads: int | None = None,
    unlimited: bool = False,
) -> Chain:
    """Opens a chain file of any kind. Raises ChainFileError, OSError, or ValueError for a path.

    `unlimited` allows recipes that take one core over an hour to generate.
    """
    format_of(path)
    active_kernel()  # raises for a bad DPA_KERNEL, which is not the file's fault
    file = STDIN.open() if path is STDIN else open(path, "rb")  # noqa: SIM115 (closed by __exit__)
    try:  # the format's extra may be missing; a missing file is reported first
        reader = _read(path, file)
    except BaseException:
        file.close()
        raise
    kind: type[Chain] = StoredChain
    if isinstance(reader, OriginalReader):
        kind = OriginalChain
    elif isinstance(reader.metadata, RecipeMetadata):
        kind = Recipe
    return kind(path, file, reader, lenient=lenient, num_threads=num_threads, unlimited=unlimited)


def require_hour(path: FilePath, size: int, derivation: Derivation, *, unlimited: bool) -> None:
    """Raises ValueError where so many samples take one core over an hour, unless `unlimited`."""
    # A link takes two blocks of SHA-256; the hour is that of a chain of ten.
    hours = size / MOST_GENERATED * derivation.space.sample_blocks / 21
    if hours > 1 and not unlimited:
        raise ValueError(
            f"{str(path)!r} stands for {size:,} samples, which take {hours:,.0f} hours of one core "
            "to generate: say unlimited=True (--unlimited) if that is meant"
        )


def recipe_blocks(metadata: RecipeMetadata, num_threads: int | None = None) -> Iterator[Columns]:
    """The samples that a recipe stands for, some thousands at a time."""
    return sample_blocks(metadata.derivation, Consecutive(metadata.ids), num_threads)


def sample_blocks(
    derivation: Derivation, ids: Ids, num_threads: int | None = None
) -> Iterator[Columns]:
    """The samples of these ids, some thousands at a time."""
    size = derivation.space.block_size(LARGE_BLOCK)
    for first in range(0, len(ids), size):
        yield from derivation.batch(ids[first : first + size], num_threads).parts(BLOCK)


def _read(path: FilePath, file: BinaryIO) -> FormatReader:
    try:
        reader: FormatReader = format_module(path).read(file)
    except (ValueError, TypeError) as error:
        raise _named(path, error) from error
    return reader


def _named(path: FilePath, error: Exception) -> ChainFileError:
    hint = " (standard input is read as .jsonl)" if path is STDIN else ""
    return ChainFileError(f"{str(path)!r}: {error}{hint}")


def _of_any_depth(key: Key) -> list[Derivation]:
    return [Derivation(DEFAULT.replace(augmentation_depth=d), key) for d in _TRIED_DEPTHS]


def _require_single(samples: Columns, first: int) -> None:
    """Raises ValueError naming a sample, counted from `first`, that float32 cannot represent."""
    for name, values in samples.columns.items():
        if values.dtype.kind != "f":
            continue
        with np.errstate(all="ignore"):
            same = (values == values.astype(np.float32)).reshape(len(values), -1).all(axis=1)
        if not same.all():
            at = int(np.argmin(same))
            value = values[at].tolist()
            raise ValueError(f"dtype is 'float32', but {name} of sample {first + at} is {value!r}")


def _summary_problem(name: str, stated: Any, found: dict[str, Any]) -> str | None:
    """How one parameter's statistics differ."""
    if not isinstance(stated, dict) or stated.keys() != found.keys():
        return f"statistics of {name} must be {', '.join(found)}, got {brief(stated)}"
    for figure, value in found.items():
        if not _same(stated[figure], value):
            return figure_problem(name, figure, stated[figure], value)
    return None


def _same(stated: Any, found: Any) -> bool:
    """Whether two figures have the same text, which tells -0.0 from 0.0 and 1 from 1.0."""
    if found and type(found) in (int, float) and type(stated) is type(found):
        return bool(stated == found)  # texts take longer
    return canonical(stated) == canonical(found)
