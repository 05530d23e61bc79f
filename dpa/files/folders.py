"""Folders of chain files that are the parts of one chain."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Self

from dpa.derivation.columns import Columns
from dpa.files.chains import Chain, FilePath, open_chain
from dpa.files.formats import is_chain
from dpa.files.metadata import Metadata
from dpa.files.standard_input import STDIN


def parts_in(folder: FilePath) -> list[str]:
    """The names of the chain files in a folder. Raises ValueError if there are none, OSError."""
    found = (path.name for path in Path(folder).iterdir())
    names = sorted(name for name in found if name[0] not in "._" and is_chain(name))
    if not names:
        raise ValueError(f"{str(folder)!r} has no chain files")
    return names


def contradictions(metadata: Mapping[str, Metadata], counts: Mapping[str, int]) -> Iterator[str]:
    """Why files, with their numbers of samples, are not the parts of one chain."""
    for name, found in metadata.items():
        first, expected = next(iter(metadata.items()))
        for field, value in found.shared().items():
            if value != expected.shared()[field]:
                yield f"{first!r} and {name!r} differ in their {field}"
    spans = [
        (found.key, found.start_id, found.start_id + counts[name], name)
        for name, found in metadata.items()
        if found.start_id is not None and counts[name]
    ]
    spans.sort(key=lambda span: (str(span[0]), span[1]))
    for (key, _, stop, before), (other, start, _, name) in pairwise(spans):
        if key == other and start < stop:
            yield f"{before!r} and {name!r} overlap from id {start} on"


def is_folder(path: FilePath) -> bool:
    """Whether it is a folder. Raises OSError if nothing is there and no suffix says a file."""
    if path is not STDIN and not is_chain(os.fspath(path)) and not Path(path).suffix:
        Path(path).stat()
    return os.path.isdir(path)  # noqa: PTH112 (a Path of "" is the current folder)


def opened(path: FilePath, *, lenient: bool = False, unlimited: bool = False) -> Chain | Parts:
    """A chain file or the folder of a chain's parts, opened."""
    if is_folder(path):
        return Parts(path, lenient=lenient, unlimited=unlimited)
    return open_chain(path, lenient=lenient, unlimited=unlimited)


class Parts:
    """The samples of the chain files in a folder, one file after the other, by their first ids.

    Has what diff_chains asks of a Chain.
    """

    def __init__(self, folder: FilePath, *, lenient: bool, unlimited: bool) -> None:
        self.path = folder
        self._stack = ExitStack()
        self._chains: list[Chain] = []
        with self._stack:
            for name in parts_in(folder):
                path = Path(folder, name)
                chain = open_chain(path, lenient=lenient, unlimited=unlimited)
                self._chains.append(self._stack.enter_context(chain))
            found = {Path(chain.path).name: chain.metadata for chain in self._chains}
            for problem in contradictions(found, dict.fromkeys(found, 0)):
                raise ValueError(f"{str(folder)!r} has parts of several chains: {problem}")
            self._chains.sort(key=lambda chain: chain.metadata.start_id or 0)
            self._stack = self._stack.pop_all()

    @property
    def metadata(self) -> Metadata:
        """That of the first part."""
        return self._chains[0].metadata

    @property
    def size(self) -> int | None:
        """How many samples all parts have; None if one does not say."""
        sizes = [chain.size for chain in self._chains if chain.size is not None]
        return sum(sizes) if len(sizes) == len(self._chains) else None

    @property
    def problems(self) -> list[str]:
        """What is wrong with the parts; known after blocks()."""
        return [
            f"{Path(chain.path).name!r}: {problem}"
            for chain in self._chains
            for problem in chain.problems
        ]

    def blocks(self) -> Iterator[Columns]:
        """The samples, some thousands at a time."""
        for chain in self._chains:
            yield from chain.blocks()

    def require_memory(self, sample_bytes: int, instead: str) -> None:
        """Raises ValueError where a part's samples, all kept, take more memory than there is."""
        for chain in self._chains:
            chain.require_memory(sample_bytes, instead)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
