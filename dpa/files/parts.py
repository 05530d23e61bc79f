"""The samples of any path that holds some: a chain file, a folder of its parts, a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from dpa.derivation.columns import Columns
from dpa.errors import ChainFileError
from dpa.files.chains import FilePath
from dpa.files.folders import opened
from dpa.files.manifests import is_run
from dpa.files.metadata import Metadata
from dpa.files.runs import SavedRun


class Samples(NamedTuple):
    """How many samples there are, None if unknown, and each chain's metadata with its blocks."""

    size: int | None
    chains: Iterator[tuple[Metadata, Iterator[Columns]]]


@contextmanager
def samples_in(path: FilePath, *, unlimited: bool = False) -> Iterator[Samples]:
    """The samples of one chain, or of each epoch and view of a run.

    Raises ChainFileError for damage, here or while they are read, and OSError.
    """
    if is_run(path):
        saved = SavedRun.load(path)
        yield Samples(len(saved.run.ids) * len(saved.digests), _of_run(saved, unlimited))
        return
    with opened(path, unlimited=unlimited) as chain:
        yield Samples(chain.size, iter([(chain.metadata, chain.blocks())]))


def _of_run(saved: SavedRun, unlimited: bool) -> Iterator[tuple[Metadata, Iterator[Columns]]]:
    for part in saved.run.parts():
        with saved.opened(part, unlimited) as samples:
            yield Metadata.of(part.derivation, saved.run.ids), samples.blocks()
            if samples.problems:
                raise ChainFileError(f"{str(saved.file(part))!r}: {samples.problems[0]}")
