"""An optional progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dpa.checks import extra


@contextmanager
def progress_bar(wanted: bool, total: int | None) -> Iterator[Callable[[int], object]]:
    """A function that takes the number of further samples done; shows a bar on stderr if `wanted`.

    `total`: None is unknown. Raises ImportError if a bar is wanted and tqdm is missing.
    """
    if not wanted:
        yield lambda count: None
        return
    with extra("cli", "progress=True needs tqdm"):
        from tqdm import tqdm
    with tqdm(total=total, unit=" samples", unit_scale=True) as bar:
        yield bar.update
