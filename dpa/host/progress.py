"""An optional progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from dpa.checks import extra

#: Takes how many further samples are done.
Advance: TypeAlias = Callable[[int], object]
_S = TypeVar("_S", bound=Sized)


@contextmanager
def progress_bar(wanted: bool, total: int | None) -> Iterator[Advance]:
    """Where to report samples that are done; shows a bar on stderr if `wanted`.

    `total`: None is unknown. Raises ImportError if a bar is wanted and tqdm is missing.
    """
    if not wanted:
        yield lambda count: None
        return
    with extra("cli", "progress=True needs tqdm"):
        from tqdm import tqdm
    with tqdm(total=total, unit=" samples", unit_scale=True) as bar:
        yield bar.update


def counted(blocks: Iterable[_S], advance: Advance) -> Iterator[_S]:
    """The same blocks; each is reported when the next one is asked for."""
    for block in blocks:
        yield block
        advance(len(block))
