"""A progress bar, where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dpa.checks import extra


@contextmanager
def progress_bar(wanted: bool, total: int | None) -> Iterator[Callable[[int], object]]:
    """A function to tell how many more samples are done; a bar on stderr where `wanted`.

    `total`: None is unknown. Raises ImportError where a bar is wanted and tqdm is missing.
    """
    if not wanted:
        yield lambda count: None
        return
    with extra("cli", "progress=True needs tqdm"):
        from tqdm import tqdm
    with tqdm(total=total, unit=" samples", unit_scale=True) as bar:
        yield bar.update
