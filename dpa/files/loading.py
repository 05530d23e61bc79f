"""Loads samples from files: as dicts, as columns, or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Self

from dpa._native import RowCursor, Rows
from dpa.checks import LIMIT
from dpa.derivation.columns import Columns
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation
from dpa.derivation.ids import Consecutive, Ids, Texts
from dpa.errors import ChainFileError
from dpa.files.chains import Chain, FilePath, open_chain
from dpa.files.metadata import Metadata
from dpa.host.progress import progress_bar
from dpa.streams.progress import SILENT, ProgressCallback, Report
from dpa.streams.streams import checked_chunk


def load_augmentation_chain(filepath: FilePath) -> list[dict[str, Any]]:
    """The samples of a file as dicts, equal to the saved ones to the last bit.

    Reads the files of save_augmentation_chain and the JSON files of the original package, and
    generates the samples of a recipe. The whole file is checked. Raises ChainFileError, naming
    the place, if it is damaged, truncated or not a chain file; ValueError for an unknown suffix
    or too little memory; OSError.
    """
    results: list[dict[str, Any]] = []
    with open_chain(filepath, unlimited=True) as chain:
        for block in _blocks(chain, chain.metadata.assumed_space.row_bytes):
            results += block.rows(chain.metadata.key.rank).tolist()
    return results


def load_augmentation_stream(
    filepath: FilePath,
    chunk_size: int | None = 1000,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
    *,
    progress: bool = False,
) -> FileStream:
    """The samples of a file one by one, in constant memory.

    The arguments and the head of the file are checked at the call. Damage further on is found
    when it is reached; a wrong digest or checksum, after the last sample. The file is closed at
    its end, by close(), and with the iterator.

    Parameters
    ----------
    filepath
        A chain file, a recipe, or a JSON file of the original package.
    chunk_size
        The most samples that become dicts at a time; None is 1,000. The samples do not depend
        on it.
    verbose
        Whether to print the progress after each chunk.
    progress_callback
        Called with a StreamingProgress after each chunk.
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

    Returns
    -------
    FileStream
        An iterator over dicts, and a context manager that closes the file.

    Raises
    ------
    ChainFileError
        The file is damaged, truncated or not a chain file; a ValueError. next() raises it, too.
    TypeError
        An argument has the wrong type.
    ValueError
        The suffix is unknown, or another argument has a bad value.
    OSError
        The file cannot be read.
    """
    size = checked_chunk(chunk_size)
    Report(progress_callback, verbose)  # checks these before the file is opened
    chain = open_chain(filepath, unlimited=True)
    return FileStream(chain, size, progress, Report(progress_callback, verbose, chain.size))


class FileStream(RowCursor):
    """An iterator over the samples of an open file, made by load_augmentation_stream.

    If next() raises an exception, such as KeyboardInterrupt, no sample is lost: the next call
    reads the file again up to its position and continues.
    """

    def __init__(
        self, chain: Chain, chunk_size: int, progress: bool, report: Report = SILENT
    ) -> None:
        self._chain = chain
        self._chunk_size = chunk_size
        self._report = report
        # The position behind the rows, and what follows there; None where that must be read again.
        self._parts: tuple[int, Iterator[Columns]] | None = None
        self._closed = False
        self._damage = ""  # only the text: an exception would keep this stream alive
        self._open = ExitStack()
        with self._open:  # closes the file where the bar cannot be shown
            self._open.enter_context(chain)
            self._advance = self._open.enter_context(progress_bar(progress, None))
            self._open = self._open.pop_all()

    def __length_hint__(self) -> int:
        """How many samples remain; only a recipe says that at its start."""
        size = self._chain.size
        return NotImplemented if size is None else size - self.delivered

    @property
    def metadata(self) -> Metadata:
        """What the file states about the remaining samples."""
        found = self._chain.metadata.stored
        if found.start_id is None:
            return found
        return found.replace(start_id=(found.start_id + self.delivered) % LIMIT)

    @property
    def bound(self) -> bool:
        """Whether a digest covers the samples together with their ids and their key."""
        return self._chain.bound

    def _rows(self, position: int) -> Rows:
        self._check()
        if self._closed:
            raise StopIteration
        kept, self._parts = self._parts, None  # an interrupted generator cannot continue
        if kept is None or kept[0] != position or self._chain.in_another_process():
            parts = _parts(self._chain.blocks(), position, self._chunk_size)
        else:
            parts = kept[1]
        part = self._next(parts)
        if part is None:
            self.close()
            raise StopIteration
        rows = part.rows(self._chain.metadata.key.rank)
        self._advance(len(part))
        self._report(position + len(part), part.ids)
        self._parts = position + len(part), parts
        return rows

    def blocks(self) -> Iterator[Columns]:
        """The remaining samples as columns; the position of the stream advances with them."""
        self._check()
        if self._closed:
            return
        self._position = self.delivered
        self._parts = None
        parts = _parts(self._chain.blocks(), self.delivered, BLOCK)
        while (part := self._next(parts)) is not None:
            end = self.delivered + len(part)
            self._advance(len(part))
            self._report(end, part.ids)
            self._position = end  # Ctrl-C acts where a call ends: not from here to the yield
            yield part
        self.close()

    def _check(self) -> None:
        if self._damage:
            raise ChainFileError(self._damage)

    def _next(self, parts: Iterator[Columns]) -> Columns | None:
        """The next part. A damaged file is closed, and each further call raises again."""
        try:
            return next(parts, None)
        except ChainFileError as error:
            self.close()
            self._damage = str(error)
            raise

    def close(self) -> None:
        """Closes the file and ends the stream."""
        self._closed, self._damage = True, ""
        self._position = self.delivered  # drops the rows at hand
        self._parts = None
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _parts(blocks: Iterable[Columns], skipped: int, size: int) -> Iterator[Columns]:
    """The samples from number `skipped` on, at most `size` at a time."""
    for block in blocks:
        yield from block.part(slice(skipped, None)).parts(size)
        skipped = max(0, skipped - len(block))


def load_augmentation_batch(path: FilePath) -> AugmentationBatch:
    """The samples of a file as columns, with their ids, config and key.

    Raises as load_augmentation_chain does, and ChainFileError for a file without a config.
    """
    with open_chain(path, unlimited=True) as chain:
        metadata = chain.metadata
        derivation = Derivation(chain.space, metadata.key)
        sample_bytes = 2 * metadata.assumed_space.sample_bytes  # twice, because they are joined
        batches = [
            AugmentationBatch(derivation, block.ids, block.digests, block.rounded(metadata.dtype))
            for block in _blocks(chain, sample_bytes)
        ]
    return AugmentationBatch.joined(
        batches or [derivation.blank(_no_ids(metadata), metadata.dtype)]
    )


def _blocks(chain: Chain, sample_bytes: int) -> Iterator[Columns]:
    """All samples, to be kept. Raises ValueError if a recipe's samples exceed the memory."""
    for at, block in enumerate(chain.blocks()):  # the first block shows that the file is sound
        if at == 0:
            chain.require_memory(sample_bytes, "load_augmentation_stream gives them one by one")
        yield block


def _no_ids(metadata: Metadata) -> Ids:
    if metadata.id_type == "string":
        return Texts.encoded(())
    return Consecutive(range(metadata.start_id or 0)[:0])


def load_augmentation_config(path: FilePath) -> Any:
    """The AugmentationConfig or the Space of a file's samples, which are not read or checked.

    The configs of the original package's files have sampler="mt19937". Raises ChainFileError
    for a file without a config, ValueError for an unknown suffix, and OSError.
    """
    with open_chain(path) as chain:
        return chain.space
