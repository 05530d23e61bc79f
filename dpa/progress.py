"""A progress bar, where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(wanted: bool, total: int | None) -> Iterator[Callable[[int], object]]:
    """A function to tell how many more samples are done; a bar on stderr where `wanted`.

    `total`: None is unknown. Raises ImportError where a bar is wanted and tqdm is missing.
    """
    if not wanted:
        yield lambda count: None
        return
    try:
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        raise ImportError(
            "progress=True needs tqdm: pip install 'dpa-augment[cli]'", name=error.name
        ) from error
    with tqdm(total=total, unit=" samples", unit_scale=True) as bar:
        yield bar.update
