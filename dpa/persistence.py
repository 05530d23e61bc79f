"""Chains to files and back."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa import files
from dpa._native import dicts
from dpa.columns import AugmentationBatch
from dpa.config import PARAMETERS, AugmentationConfig, checked_config
from dpa.errors import ChainFileError
from dpa.files import BLOCK, Block, Metadata, Samples
from dpa.generate import fill_batch
from dpa.keys import Ids, Key, positive, sample_ids
from dpa.progress import progress_bar
from dpa.recipes import ChainReader, FilePath
from dpa.streaming import Stream


def save_augmentation_chain(
    params: Sequence[Mapping[str, Any]] | AugmentationBatch,
    path: FilePath,
    config: AugmentationConfig | None = None,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
) -> None:
    """Writes samples to a file whose suffix names its format: .json, .jsonl, .npz or .parquet.

    `params`: dicts as generate_augmentation_chain returns, or an AugmentationBatch. A
    batch carries what made it; for dicts, say it: `config` (None is kept as unknown),
    `ids` (default 0 .. n-1) and the parts of the key. With a config the samples are
    made again, and one that differs is a ValueError naming its index and field.

    The file appears whole or not at all: an earlier one stays until the new one is on
    the disk. Raises ValueError or TypeError for arguments that are wrong or contradict
    each other, OSError where the file cannot be written.
    """
    given: dict[str, Any] = {"epoch": epoch, "view": view, "base_seed": base_seed, "rank": rank}
    if isinstance(params, AugmentationBatch):
        listed = None if ids is None else sample_ids(ids)
        source = _of_batches([params], config, given, listed, world_size)
    elif isinstance(params, (str, bytes, Mapping)) or not isinstance(params, Sequence):
        kind = type(params).__name__
        raise TypeError(f"params must be a list of dicts or an AugmentationBatch, got {kind}")
    else:
        listed = sample_ids(range(len(params)) if ids is None else ids)
        if len(listed) != len(params):
            raise ValueError(f"ids must be as many as params, {len(params)}, got {len(listed)}")
        source = _of_dicts(params, config, given, listed, world_size)
    _write(path, source)


def save_augmentation_stream(
    stream: Iterable[Mapping[str, Any]] | Iterable[AugmentationBatch],
    path: FilePath,
    config: AugmentationConfig | None = None,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    progress: bool = False,
) -> None:
    """Writes samples as they come, in constant memory (npz: its columns).

    `stream`: one of the package's streams (that of a file, too), of which what is left
    is saved, or any iterable of dicts or of batches, not mixed. Batches and the
    package's streams carry what made them: batches must share config, key and dtype,
    and their ids must either go on where those of the last one ended or be listed from
    the first batch on. A file whose config is not known takes what is given, and is then
    checked like dicts; so is one of the original package. The other arguments are those
    of save_augmentation_chain; `progress` shows a bar on stderr (the extra `cli`).
    Raises as that does; the earlier file then stays, and a stream that generates stands where
    it stood (any other iterable: where it was read to).
    """
    given: dict[str, Any] = {"epoch": epoch, "view": view, "base_seed": base_seed, "rank": rank}
    files.check_path(path)  # all that can be refused is refused before a sample is taken
    Key.checked(**given, world_size=None if rank is None else world_size)
    checked_config(config)
    listed = None if ids is None else sample_ids(ids)
    total: int | None = None  # for the bar; None is unknown
    expected: int | None = None
    if isinstance(stream, AugmentationBatch):
        stream = [stream]
    begun = stream.delivered if isinstance(stream, Stream) else 0
    if isinstance(stream, Stream):
        total = expected = operator.length_hint(stream)
        if world_size is None and stream.key.rank is not None:
            world_size = stream.share.world_size
        batches = chain([_nothing(stream)], stream.batches())
        source = _of_batches(batches, config, given, listed, world_size)
    elif isinstance(stream, FileStream):
        total = expected = operator.length_hint(stream) or None
        source = _of_file(stream, config, given, listed, world_size)
    elif isinstance(stream, (str, bytes, Mapping)) or not isinstance(stream, Iterable):
        kind = type(stream).__name__
        raise TypeError(f"stream must be an iterable of dicts or of batches, got {kind}")
    else:
        items = iter(stream)
        head = list(islice(items, 1))
        everything: Iterator[Any] = chain(head, items)
        if head and isinstance(head[0], AugmentationBatch):
            source = _of_batches(everything, config, given, listed, world_size)
        else:
            total = operator.length_hint(stream) or None
            source = _of_dicts(everything, config, given, listed, world_size)
    try:
        with progress_bar(progress, total) as advance:
            _write(path, source, advance, expected)
    except BaseException:
        if isinstance(stream, Stream):
            stream.go_to(begun)
        raise


#: What a file says of its samples, and the samples piece by piece.
_Source: TypeAlias = tuple[Metadata, Iterable[Samples]]


def _write(
    path: FilePath,
    source: _Source,
    advance: Callable[[int], object] = int,
    expected: int | None = None,
) -> None:
    metadata, blocks = source
    with files.create(path, metadata, expected) as writer:
        for block in blocks:
            writer.append(block)
            advance(len(block.ids))


def _nothing(stream: Stream[Any]) -> AugmentationBatch:
    """A batch without samples that tells where the stream stands and what it is of."""
    left = stream.left
    ids = left.ids(0, 0) if left.consecutive else np.empty(0, np.uint64)
    digests, values = np.empty((0, 32), np.uint8), np.empty((len(PARAMETERS), 0))
    return AugmentationBatch(stream.config, stream.key, ids, digests, values)


def _of_dicts(
    rows: Iterable[Mapping[str, Any]],
    config: AugmentationConfig | None,
    given: dict[str, Any],
    ids: Ids | None,
    world_size: int | None,
) -> _Source:
    """Dicts, with the ids 0, 1, ... where None are given. Raises ValueError or TypeError."""
    items = iter(rows)
    head = list(islice(items, 1))
    if given["rank"] is None and head and isinstance(head[0], Mapping):
        found = head[0].get("rank")
        _require_base_seed(found, given, config)
        given["rank"] = found
    key = Key.checked(**given, world_size=world_size)
    if config is not None:
        checked_config(config)
    metadata = _metadata(config, key, range(0) if ids is None else ids, world_size)
    return metadata, _dict_blocks(chain(head, items), metadata, ids)


def _require_base_seed(
    rank: object, given: dict[str, Any], config: AugmentationConfig | None
) -> None:
    """Raises ValueError where nothing but the samples themselves says what their rank is part of.

    With a config the hashes would tell.
    """
    if rank is not None and given["rank"] is given["base_seed"] is config is None:
        raise ValueError(
            f"params are of rank {rank!r}, of an unknown base_seed: say config=, base_seed= "
            "or rank="
        )


def _dict_blocks(
    rows: Iterator[Mapping[str, Any]], metadata: Metadata, ids: Ids | None
) -> Iterator[Block]:
    first = 0
    while part := list(islice(rows, BLOCK)):
        span = range(first, first + len(part)) if ids is None else ids[first : first + len(part)]
        if len(span) < len(part):
            raise ValueError(f"ids must be as many as the samples, got {first + len(span)}")
        block = Block.from_rows(part, metadata.names, span, first, metadata.key.rank)
        if metadata.config is not None:
            _check_samples(block, metadata.config, metadata.key, first)
        yield block
        first += len(part)
    if ids is not None and first < len(ids):
        raise ValueError(f"ids must be as many as the samples, {first}, got {len(ids)}")


def _of_batches(
    batches: Iterable[AugmentationBatch],
    config: AugmentationConfig | None,
    given: dict[str, Any],
    ids: Ids | None,
    world_size: int | None,
) -> _Source:
    """Batches of one kind, at least one. Raises ValueError or TypeError."""
    items = iter(batches)
    first = next(items)
    own = {"config": first.config, **first.key._asdict()}
    for name, value in {"config": config, **given}.items():
        if value is not None and value != own[name]:
            raise ValueError(f"{name} must be the batch's, {own[name]}, got {value!r}")
    key = Key.checked(**first.key._asdict(), world_size=world_size)
    kind = first.ids if ids is None else ids
    metadata = _metadata(first.config, key, kind, world_size, first.values[0].dtype.name)
    return metadata, _batch_blocks(chain([first], items), metadata, ids)


def _batch_blocks(
    batches: Iterable[AugmentationBatch], metadata: Metadata, ids: Ids | None
) -> Iterator[Samples]:
    count = 0
    for at, batch in enumerate(batches):
        _check_kind(batch, at, metadata)
        if ids is not None and not _same_ids(ids[count : count + len(batch)], batch.ids):
            raise ValueError(f"ids must be the batch's, got {ids!r} (batch {at})")
        _check_ids(batch.ids, at, count, metadata)
        for first in range(0, len(batch), BLOCK):
            yield batch[first : first + BLOCK]
        count += len(batch)
    if ids is not None and count < len(ids):
        raise ValueError(f"ids must be the batch's, got {ids!r} for {count} samples")


def _of_file(
    stream: FileStream,
    config: AugmentationConfig | None,
    given: dict[str, Any],
    ids: Ids | None,
    world_size: int | None,
) -> _Source:
    """What is left of a file and what it says; what it does not know may be given."""
    own = stream.metadata
    said: dict[str, Any] = {
        "config": own.config,
        **own.key._asdict(),
        "world_size": own.world_size,
    }
    for name, value in {"config": config, **given, "world_size": world_size}.items():
        if value is None or value == said[name]:
            continue
        if said[name] is not None or own.config is not None:
            raise ValueError(f"{name} must be the file's, {said[name]}, got {value!r}")
        said[name] = value
    found = said.pop("config")
    if found is not None:
        checked_config(found)
    if stream.original:
        _require_base_seed(own.key.rank, given, found)
    key, world_size = Key.checked(**said), said["world_size"]
    metadata = replace(own, config=found, key=key, world_size=world_size)
    checked = stream.original or own.config is None
    return metadata, _file_blocks(stream.blocks(), metadata, ids, checked=checked)


def _file_blocks(
    blocks: Iterable[Block], metadata: Metadata, ids: Ids | None, *, checked: bool
) -> Iterator[Block]:
    count = 0
    for block in blocks:
        if ids is not None and not _same_ids(ids[count : count + len(block.ids)], block.ids):
            raise ValueError(f"ids must be the file's, got {ids!r} (from sample {count} on)")
        if checked and metadata.config is not None:
            _check_samples(block, metadata.config, metadata.key, count)
        yield block
        count += len(block.ids)
    if ids is not None and count < len(ids):
        raise ValueError(f"ids must be the file's, got {ids!r} for {count} samples")


def _check_ids(ids: Ids, at: int, first: int, metadata: Metadata) -> None:
    """Raises ValueError where batch `at`, from sample `first` on, has ids of another kind."""
    expected = metadata.consecutive_ids(first, len(ids))
    if expected is not None and not _same_ids(expected, ids):
        raise ValueError(
            f"batch {at} must have the ids that follow, {expected!r}, got {ids!r}; ids in "
            "another order must be listed from the first batch on"
        )
    if len(ids) and isinstance(ids, tuple) != (metadata.id_type == "string"):
        raise ValueError(f"batches mix integer and string ids: {ids!r} in number {at}")


def _check_kind(batch: object, at: int, metadata: Metadata) -> None:
    """Raises ValueError or TypeError for a batch that is not as the first one."""
    if not isinstance(batch, AugmentationBatch):
        raise TypeError(f"item {at} must be a batch like the first, got {batch!r}")
    own = {"config": batch.config, "key": batch.key, "dtype": batch.values[0].dtype.name}
    for name, value in own.items():
        if value != getattr(metadata, name):
            raise ValueError(
                f"batches differ in their {name}: {getattr(metadata, name)} in the first, "
                f"{value} in number {at}"
            )


def _metadata(
    config: AugmentationConfig | None,
    key: Key,
    ids: Ids,
    world_size: int | None,
    dtype: str = "float64",
) -> Metadata:
    start_id = ids.start % 2**64 if isinstance(ids, range) else None  # none may end at 2**64
    id_type = "string" if isinstance(ids, tuple) else "integer"
    return Metadata(config, key, world_size, start_id, id_type, dtype)


def _same_ids(a: Ids, b: Ids) -> bool:
    if isinstance(a, range) and isinstance(b, range):
        return a == b
    return len(a) == len(b) and all(map(operator.eq, a, b))


def _check_samples(block: Block, config: AugmentationConfig, key: Key, first: int) -> None:
    digests = np.empty_like(block.digests)
    values = np.empty((len(block.columns), len(digests)))
    fill_batch(config, key, block.ids, digests, values)
    made = Block(block.ids, digests, dict(zip(block.columns, values, strict=True)))
    differing = block.differing(made)
    wrong = np.flatnonzero(np.logical_or.reduce(list(differing.values())))
    if wrong.size:
        at = int(wrong[0])
        name = next(name for name, differs in differing.items() if differs[at])
        raise ValueError(
            f"params[{first + at}] has the {name} {block.field(name, at)}, but id "
            f"{block.ids[at]!r} with this config and {key} has {made.field(name, at)}"
        )


def load_augmentation_chain(path: FilePath) -> list[dict[str, Any]]:
    """The samples of a file as dicts, equal to those that were saved to the last bit.

    Reads the files of save_augmentation_chain and the JSON files of the original
    package; what a recipe stands for is generated. The whole file is checked:
    ChainFileError where it is damaged, truncated or no chain, naming the place;
    ValueError for an unknown suffix; OSError.
    """
    results: list[dict[str, Any]] = []
    with ChainReader(path) as reader:
        names, rank = reader.metadata.names, reader.metadata.key.rank
        for block in reader.blocks():
            values = tuple(block.columns[name] for name in names)
            results += dicts(names, values, block.digests, len(block.digests), rank)
    return results


def load_augmentation_stream(
    path: FilePath, chunk_size: int = 1000, progress: bool = False
) -> FileStream:
    """The samples of a file one by one, in constant memory.

    The arguments and the head of the file are checked at the call; ChainFileError for
    damage further on comes where it is met, for a wrong digest or checksum behind the
    last sample. `chunk_size`: how many become dicts at a time, at most. `progress` shows
    a bar on stderr (the extra `cli`). The file is closed at the end, by close(), and
    with the iterator.
    """
    size = positive("chunk_size", chunk_size)
    return FileStream(ChainReader(path), size, progress)


class FileStream(Iterator[dict[str, Any]]):
    """An iterator over the samples of an open file, which it closes; see the function.

    An exception in next(), KeyboardInterrupt say, loses no sample: the next call reads
    the file again up to there and goes on.
    """

    def __init__(self, reader: files.Reader, chunk_size: int, progress: bool) -> None:
        self._reader = reader
        self._chunk_size = chunk_size
        # The rows at hand, and the number of the sample behind them: always set together.
        self._at: tuple[Iterator[dict[str, Any]], int] = (iter(()), 0)
        # What is behind the rows; None where that must be read from the start.
        self._parts: Iterator[Block] | None = None
        self._closed = False
        self._damage = ""  # the text alone: an error keeps its frames, and these keep the stream
        self._open = ExitStack()
        self._open.enter_context(reader)
        self._advance = self._open.enter_context(progress_bar(progress, None))

    @property
    def delivered(self) -> int:
        """How many samples next() has given so far."""
        rows, end = self._at
        return end - operator.length_hint(rows)

    def __length_hint__(self) -> int:
        """How many samples are left; a recipe says it at its start, other files at their end."""
        size = self._reader.metadata.num_samples
        return NotImplemented if size is None else size - self.delivered

    @property
    def metadata(self) -> Metadata:
        """What the file says of the samples that are left."""
        found = replace(self._reader.metadata, num_samples=None)
        if found.start_id is None:
            return found
        return replace(found, start_id=(found.start_id + self.delivered) % 2**64)

    @property
    def original(self) -> bool:
        """Whether the original package wrote the file."""
        return self._reader.original

    def __next__(self) -> dict[str, Any]:
        rows, end = self._at
        for row in rows:  # the fastest way to take one
            return row
        self._check()
        if self._closed:
            raise StopIteration
        parts, self._parts = self._parts, None  # what is interrupted cannot go on
        if parts is None:
            parts = self._read(end, self._chunk_size)
        part = next(parts, None)
        if part is None:
            self.close()
            raise StopIteration
        metadata, size = self._reader.metadata, len(part.ids)
        values = tuple(part.columns[name] for name in metadata.names)
        rows = iter(dicts(metadata.names, values, part.digests, size, metadata.key.rank))
        self._at = rows, end + size
        self._parts = parts
        self._advance(size)
        return next(rows)

    def blocks(self) -> Iterator[Block]:
        """What is left, as columns; the stream moves on with them."""
        self._check()
        if self._closed:
            return
        self._at, self._parts = (iter(()), self.delivered), None
        for part in self._read(self.delivered, BLOCK):
            self._at = iter(()), self.delivered + len(part.ids)
            self._advance(len(part.ids))
            yield part
        self.close()

    def _check(self) -> None:
        if self._damage:
            raise ChainFileError(self._damage)

    def _read(self, skipped: int, size: int) -> Iterator[Block]:
        """What is left; a damaged file is closed, and told again at each further call."""
        try:
            yield from _parts(self._reader.blocks(), skipped, size)
        except ChainFileError as error:
            self.close()
            self._damage = str(error)
            raise

    def close(self) -> None:
        """Closes the file; no more samples come."""
        self._closed, self._damage = True, ""
        self._at, self._parts = (iter(()), self.delivered), None
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def _parts(blocks: Iterable[Block], skipped: int, size: int) -> Iterator[Block]:
    """The samples from number `skipped` on, at most `size` at a time."""
    for block in blocks:
        for first in range(skipped, len(block.ids), size):
            yield block.part(slice(first, first + size))
        skipped = max(0, skipped - len(block.ids))


def load_augmentation_batch(path: FilePath) -> AugmentationBatch:
    """The samples of a file as columns, with the ids, config and key that made them.

    Raises as load_augmentation_chain, and ChainFileError for a file without a config.
    """
    with ChainReader(path) as reader:
        metadata = reader.metadata
        config = _config(reader)
        ids: Ids = () if metadata.id_type == "string" else range(metadata.start_id or 0)[:0]
        values = np.empty((len(metadata.names), 0), metadata.dtype)
        batches = [
            AugmentationBatch(config, metadata.key, ids, np.empty((0, 32), np.uint8), values)
        ]
        for block in reader.blocks():
            columns = tuple(block.columns[name].astype(metadata.dtype) for name in metadata.names)
            batches.append(
                AugmentationBatch(config, metadata.key, block.ids, block.digests, columns)
            )
    return AugmentationBatch.concatenate(batches)


def load_augmentation_config(path: FilePath) -> AugmentationConfig:
    """The config of a file's samples; the samples themselves are neither read nor checked.

    The configs of the original package's files have sampler="mt19937". Raises
    ChainFileError for a file that has no config, ValueError for an unknown suffix, OSError.
    """
    with ChainReader(path) as reader:
        return _config(reader)


def _config(reader: files.Reader) -> AugmentationConfig:
    if reader.metadata.config is None:
        raise ChainFileError(f"{str(reader.path)!r}: its config is not known")
    return reader.metadata.config
