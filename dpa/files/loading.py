"""Samples from files: as dicts, as columns, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Self

from dpa.checks import LIMIT
from dpa.derivation.columns import Columns
from dpa.derivation.config import AugmentationConfig
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation
from dpa.derivation.ids import Consecutive, Ids, Texts
from dpa.errors import ChainFileError
from dpa.files.chains import Chain, FilePath, open_chain
from dpa.files.metadata import Metadata
from dpa.host.memory import require_memory
from dpa.host.progress import progress_bar
from dpa.streams.cursor import RowCursor
from dpa.streams.progress import SILENT, ProgressCallback, Report
from dpa.streams.streams import checked_chunk


def load_augmentation_chain(filepath: FilePath) -> list[dict[str, Any]]:
    """The samples of a file as dicts, equal to those that were saved to the last bit.

    Reads the files of save_augmentation_chain and the JSON files of the original
    package; what a recipe stands for is generated. The whole file is checked:
    ChainFileError where it is damaged, truncated or no chain, naming the place;
    ValueError for an unknown suffix; OSError.
    """
    results: list[dict[str, Any]] = []
    with open_chain(filepath, unlimited=True) as chain:
        for block in _blocks(chain, row_bytes(chain.metadata.names)):
            results += block.rows(chain.metadata.key.rank)
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

    The arguments and the head of the file are checked at the call; ChainFileError for
    damage further on comes where it is met, for a wrong digest or checksum behind the
    last sample. `chunk_size`: how many become dicts at a time, at most; None is 1,000.
    `progress_callback` is called with a StreamingProgress for each chunk, `verbose`
    prints it, `progress` shows a bar on stderr (the extra `cli`). The file is closed at
    the end, by close(), and with the iterator.
    """
    size = checked_chunk(chunk_size)
    Report(progress_callback, verbose)  # refused before the file is opened
    chain = open_chain(filepath, unlimited=True)
    return FileStream(chain, size, progress, Report(progress_callback, verbose, chain.size))


class FileStream(RowCursor):
    """An iterator over the samples of an open file, which it closes; see the function.

    An exception in next(), KeyboardInterrupt say, loses no sample: the next call reads
    the file again up to there and goes on.
    """

    def __init__(
        self, chain: Chain, chunk_size: int, progress: bool, report: Report = SILENT
    ) -> None:
        self._chain = chain
        self._chunk_size = chunk_size
        self._report = report
        self._go_to(0)
        # What is behind the rows; None where that must be read from the start.
        self._parts: Iterator[Columns] | None = None
        self._closed = False
        self._damage = ""  # the text alone: an error keeps its frames, and these keep the stream
        self._open = ExitStack()
        self._open.enter_context(chain)
        self._advance = self._open.enter_context(progress_bar(progress, None))

    def __length_hint__(self) -> int:
        """How many samples are left; a recipe says it at its start, other files at their end."""
        size = self._chain.size
        return NotImplemented if size is None else size - self.delivered

    @property
    def metadata(self) -> Metadata:
        """What the file says of the samples that are left."""
        found = self._chain.metadata.stored
        if found.start_id is None:
            return found
        return found.replace(start_id=(found.start_id + self.delivered) % LIMIT)

    @property
    def bound(self) -> bool:
        """Whether a digest binds the samples to what the file says made them."""
        return self._chain.bound

    def _rows(self, position: int) -> list[dict[str, Any]]:
        self._check()
        if self._closed:
            raise StopIteration
        parts, self._parts = self._parts, None  # what is interrupted cannot go on
        if self._chain.in_another_process():
            parts = None
        if parts is None:
            parts = self._read(position, self._chunk_size)
        part = next(parts, None)
        if part is None:
            self.close()
            raise StopIteration
        rows = part.rows(self._chain.metadata.key.rank)
        self._advance(len(rows))
        self._report(position + len(rows), part.ids)
        self._parts = parts
        return rows

    def blocks(self) -> Iterator[Columns]:
        """What is left, as columns; the stream moves on with them."""
        self._check()
        if self._closed:
            return
        self._go_to(self.delivered)
        self._parts = None
        for part in self._read(self.delivered, BLOCK):
            self._go_to(self.delivered + len(part))
            self._advance(len(part))
            self._report(self.delivered, part.ids)
            yield part
        self.close()

    def _check(self) -> None:
        if self._damage:
            raise ChainFileError(self._damage)

    def _read(self, skipped: int, size: int) -> Iterator[Columns]:
        """What is left; a damaged file is closed, and told again at each further call."""
        try:
            yield from _parts(self._chain.blocks(), skipped, size)
        except ChainFileError as error:
            self.close()
            self._damage = str(error)
            raise

    def close(self) -> None:
        """Closes the file; no more samples come."""
        self._closed, self._damage = True, ""
        self._go_to(self.delivered)
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
    """The samples of a file as columns, with the ids, config and key that made them.

    Raises as load_augmentation_chain, and ChainFileError for a file without a config.
    """
    with open_chain(path, unlimited=True) as chain:
        metadata = chain.metadata
        derivation = Derivation(chain.space, metadata.key)
        batches = [derivation.blank(_no_ids(metadata), metadata.dtype)]
        sample_bytes = 2 * (32 + 8 * len(metadata.names))  # once more when they are joined
        for block in _blocks(chain, sample_bytes):
            columns = block.rounded(metadata.dtype)
            batches.append(AugmentationBatch(derivation, block.ids, block.digests, columns))
    return AugmentationBatch.concatenate(batches)


def row_bytes(names: Sequence[str]) -> int:
    """About the bytes of a sample as a dict in a list: of five parameters tracemalloc tells 528."""
    return 300 + 46 * len(names)


def _blocks(chain: Chain, sample_bytes: int) -> Iterator[Columns]:
    """All samples, to be kept; ValueError where a recipe stands for more than memory holds."""
    for at, block in enumerate(chain.blocks()):  # by the first one the file is found sound
        if at == 0 and chain.size is not None:
            require_memory(
                f"{str(chain.path)!r} with its {chain.size:,} samples",
                chain.size * sample_bytes,
                "load_augmentation_stream gives them one by one",
            )
        yield block


def _no_ids(metadata: Metadata) -> Ids:
    if metadata.id_type == "string":
        return Texts.encoded(())
    return Consecutive(range(metadata.start_id or 0)[:0])


def load_augmentation_config(path: FilePath) -> AugmentationConfig:
    """The config of a file's samples; the samples themselves are neither read nor checked.

    The configs of the original package's files have sampler="mt19937". Raises
    ChainFileError for a file that has no config, ValueError for an unknown suffix, OSError.
    """
    with open_chain(path) as chain:
        return chain.space  # type: ignore[return-value]  # of another space: that
