"""Writes samples to files: lists of dicts, batches, streams, and generated samples."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.checks import boolean, positive
from dpa.derivation.columns import Columns
from dpa.derivation.config import AugmentationConfig, checked_space
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation, derive
from dpa.derivation.ids import Consecutive, Ids, Listed
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.compatibility import numbered, tried_ids
from dpa.files.formats import format_of
from dpa.files.loading import FileStream
from dpa.files.metadata import Metadata
from dpa.files.writing import write_chain
from dpa.host.progress import progress_bar
from dpa.streams.progress import ProgressCallback, Report
from dpa.streams.streams import Stream

#: The metadata of a file, and its samples in pieces.
_Source: TypeAlias = tuple[Metadata, Iterable[Columns]]


def save_augmentation_chain(
    params_list: Sequence[Mapping[str, Any]] | AugmentationBatch,
    filepath: FilePath,
    config: AugmentationConfig | None = None,
    include_stats: bool = True,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
) -> None:
    """Writes samples to a file; its suffix names the format: .json, .jsonl, .npz or .parquet.

    The file appears whole or not at all: an earlier file stays until the new one is on the
    disk.

    A batch states what generated it. For dicts the arguments state it. With a config the dicts
    are generated again and compared.

    Parameters
    ----------
    params_list
        A list of dicts as generate_augmentation_chain returns, or an AugmentationBatch.
    filepath
        The file; missing folders are made.
    config
        The config of dicts; None stores it as unknown.
    include_stats
        For compatibility: the file always has statistics.
    ids
        The ids of dicts. None is 0 to n - 1 or, with a config, the ids that fit the hashes,
        found by trying: at depth 10 up to 1.6 million.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    rank
        The rank in the key, 0 to 2**64 - 1; None is the rank that the dicts have, if any.
    world_size
        The number of ranks, which is stored; rank must be below it.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        Arguments are bad or contradict each other, or a dict differs from its generated sample;
        the message names its index and field.
    OSError
        The file cannot be written.
    """
    given = _Given(config, epoch, view, base_seed, rank, world_size, _checked(ids))
    boolean("include_stats", include_stats)
    if isinstance(params_list, AugmentationBatch):
        source = _of_batches([params_list], given)
    elif isinstance(params_list, (str, bytes, range, Mapping)) or not isinstance(
        params_list, Sequence
    ):
        kind = type(params_list).__name__
        raise TypeError(f"params_list must be a list of dicts or an AugmentationBatch, got {kind}")
    else:
        size = len(params_list)
        if given.ids is not None and len(given.ids) != size:
            raise ValueError(f"ids must be as many as params_list, {size}, got {len(given.ids)}")
        source = _of_dicts(params_list, given)
    write_chain(filepath, *source)


def save_augmentation_stream(
    param_generator: Iterable[Mapping[str, Any]] | Iterable[AugmentationBatch],
    filepath: FilePath,
    config: AugmentationConfig | None = None,
    include_stats: bool = True,
    buffer_size: int = 1000,
    verbose: bool = False,
    progress_callback: ProgressCallback | None = None,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    progress: bool = False,
) -> None:
    """Writes samples as they arrive, in constant memory (for .npz: the columns in memory).

    Batches and the package's streams state what generated them. Batches must share config, key
    and dtype, and their ids must either be consecutive throughout or be listed from the first
    batch on. A file's stream with an unknown config, or of the original package, takes the
    arguments, and is then compared like dicts.

    If an exception is raised, an earlier file stays as it was, and a generating stream goes
    back to its position before the call. Any other iterable stays where it was read to.

    Parameters
    ----------
    param_generator
        One of the package's streams, of which the remaining samples are saved, or an iterable
        of dicts or of batches, not mixed.
    filepath, config, include_stats
        As for save_augmentation_chain.
    buffer_size
        The most samples between two reports of the progress.
    verbose
        Whether to print each report.
    progress_callback
        Called with a StreamingProgress for each report.
    ids
        As for save_augmentation_chain, but only the first id of single dicts is found by
        trying: they must be consecutive, or `ids` given.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    rank, world_size
        As for save_augmentation_chain.
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        Arguments are bad or contradict each other or the samples, or a sample differs from its
        generated one.
    OSError
        The file cannot be written.
    """
    format_of(filepath)  # refuses everything it can before it takes a sample
    boolean("include_stats", include_stats)
    buffer_size = positive("buffer_size", buffer_size)
    given = _Given(config, epoch, view, base_seed, rank, world_size, _checked(ids))
    derive(config, epoch, view, base_seed, rank, None if rank is None else world_size)
    stream = param_generator
    if isinstance(stream, (str, bytes, range, Mapping)) or not isinstance(stream, Iterable):
        kind = type(stream).__name__
        raise TypeError(f"param_generator must be an iterable of dicts or of batches, got {kind}")
    begun = stream.delivered if isinstance(stream, Stream) else 0
    total = operator.length_hint(stream) or None  # None is unknown
    report = Report(progress_callback, verbose, total)
    expected: int | None = None
    if isinstance(stream, AugmentationBatch):
        source = _of_batches([stream], given)
    elif isinstance(stream, Stream):
        expected = total
        source = _of_stream(stream, given)
    elif isinstance(stream, FileStream):
        expected = total
        source = _of_file(stream, given)
    else:
        items = iter(stream)
        head = list(islice(items, 1))
        everything: Iterator[Any] = chain(head, items)
        batches = bool(head) and isinstance(head[0], AugmentationBatch)
        source = (_of_batches if batches else _of_dicts)(everything, given)
    metadata, blocks = source
    try:
        with progress_bar(progress, total) as advance:
            written = report.written(blocks, buffer_size)
            write_chain(filepath, metadata, written, advance, expected)
    except BaseException:
        if isinstance(stream, Stream):
            try:
                stream.seek(begun)
            except BaseException:  # another Ctrl-C must not leave it there
                stream.seek(begun)
                raise
        raise


def _checked(ids: Any) -> Ids | None:
    return None if ids is None else Ids.checked(ids)


class _Given(NamedTuple):
    """What the caller states about the samples; None states nothing."""

    config: Space | None
    epoch: int | None
    view: int | None
    base_seed: int | None
    rank: int | None
    world_size: int | None
    ids: Ids | None

    def said(self) -> dict[str, Any]:
        """The statements by name, without the ids."""
        return {name: value for name, value in self._asdict().items() if name != "ids"}

    @property
    def key(self) -> Key:
        """The key that the caller states. Raises TypeError or ValueError."""
        return derive(None, *self[1:6]).key

    def require_base_seed(self, rank: object) -> None:
        """Raises ValueError if the samples have a rank but nothing states its base_seed.

        With a config, the hashes decide.
        """
        said = (self.rank, self.base_seed, self.config)
        if rank is not None and said == (None, None, None):
            raise ValueError(
                f"params are of rank {rank!r}, of an unknown base_seed: say config=, base_seed= "
                "or rank="
            )


# ---- Dicts ----


def _of_dicts(rows: Iterable[Mapping[str, Any]], given: _Given) -> _Source:
    """The source of dicts; tries ids if none are given. Raises ValueError or TypeError."""
    items = iter(rows)
    head = list(islice(items, 1))
    if given.rank is None and head and isinstance(head[0], Mapping):
        found = head[0].get("rank")
        given.require_base_seed(found)
        given = given._replace(rank=found)
    space = None if given.config is None else checked_space(given.config)
    ids, tried = given.ids, None
    if ids is None and space is not None:  # an iterator gives only its first sample in advance
        listed = rows if isinstance(rows, Sequence) else head
        tried = tried_ids(listed, Derivation(space, given.key))
        ids = tried if listed is rows else None
    known = next((each for each in (ids, tried) if each is not None), Consecutive(range(0)))
    metadata = Metadata(space, given.key, given.world_size, known.start, known.kind)
    blocks = _dict_blocks(chain(head, items), metadata, ids)
    return metadata, _verified(blocks, metadata.derivation)


def _dict_blocks(
    rows: Iterator[Mapping[str, Any]], metadata: Metadata, ids: Ids | None
) -> Iterator[Columns]:
    first = 0
    while part := list(islice(rows, BLOCK)):
        stop = first + len(part)
        span = metadata.consecutive_ids(first, len(part)) if ids is None else ids[first:stop]
        assert span is not None  # without ids they are consecutive
        if len(span) < len(part):
            raise ValueError(f"ids must be as many as the samples, got {first + len(span)}")
        yield Columns.from_rows(part, metadata.names, span, first, metadata.key.rank)
        first = stop
    if ids is not None and first < len(ids):
        raise ValueError(f"ids must be as many as the samples, {first}, got {len(ids)}")


# ---- Batches and streams ----


def _of_stream(stream: Stream[Any], given: _Given) -> _Source:
    """The source of a stream's remaining samples."""
    if given.world_size is None and stream.key.rank is not None:
        given = given._replace(world_size=stream.shard.world_size)
    left = stream.remaining
    ids = left.ids(0, 0) if left.consecutive else Listed(np.empty(0, np.uint64))
    # An empty batch carries the metadata, even if no samples remain.
    nothing = stream.derivation.blank(ids)
    return _of_batches(chain([nothing], stream.batches()), given)


def _of_batches(batches: Iterable[AugmentationBatch], given: _Given) -> _Source:
    """The source of batches of one kind, at least one. Raises ValueError or TypeError."""
    items = iter(batches)
    first = next(items)
    own = {"config": first.config, **first.key._asdict()}
    for name, value in own.items():
        said = getattr(given, name)
        if said is not None and said != value:
            raise ValueError(f"{name} must be the batch's, {value}, got {said!r}")
    key = Key.checked(*first.key, given.world_size)
    ids = first.ids if given.ids is None else given.ids
    derivation = Derivation(first.derivation.space, key)
    metadata = Metadata.of(derivation, ids, given.world_size, first.dtype.name)
    blocks = _with_ids(_of_one_kind(first, items), given.ids, "batch")
    return metadata, _following(blocks, metadata)


def _of_one_kind(first: AugmentationBatch, others: Iterable[object]) -> Iterator[AugmentationBatch]:
    first.require_sound()
    yield first
    for at, batch in enumerate(others, 1):
        if not isinstance(batch, AugmentationBatch):
            raise TypeError(f"item {at} must be a batch like the first, got {batch!r}")
        batch.require_sound()
        first.require_same(batch, at)
        yield batch


def _following(batches: Iterable[Columns], metadata: Metadata) -> Iterator[Columns]:
    """The samples in blocks. Raises ValueError if a batch's ids do not follow the batch before."""
    count = 0
    for at, batch in enumerate(batches):
        expected = metadata.consecutive_ids(count, len(batch))
        if expected is not None and expected != batch.ids:
            raise ValueError(
                f"batch {at} must have the ids that follow, {expected!r}, got {batch.ids!r}; ids "
                "in another order must be listed from the first batch on"
            )
        if len(batch) and batch.ids.kind != metadata.id_type:
            raise ValueError(f"batches mix integer and string ids: {batch.ids!r} in number {at}")
        yield from batch.parts(BLOCK)
        count += len(batch)


# ---- Files ----


def _of_file(stream: FileStream, given: _Given) -> _Source:
    """The source of a file's remaining samples; arguments may state what the file does not."""
    own = stream.metadata
    known: dict[str, Any] = {"config": own.space, **own.key._asdict()}
    known["world_size"] = own.world_size
    for name, value in given.said().items():
        if value is None or value == known[name]:
            continue
        unsaid = name == "base_seed" and not stream.bound  # true of all files of the original
        if not unsaid and (known[name] is not None or own.space is not None):
            raise ValueError(f"{name} must be the file's, {known[name]}, got {value!r}")
        known[name] = value
    found = known.pop("config")
    space = None if found is None else checked_space(found)
    if not stream.bound:
        given.require_base_seed(own.key.rank if space is None else None)
    key, world_size = Key.checked(**known), known["world_size"]
    metadata = own.replace(space=space, key=key, world_size=world_size)
    if not stream.bound:
        if given.ids is not None:
            metadata = metadata.replace(start_id=given.ids.start, id_type=given.ids.kind)
        return metadata, _verified(numbered(stream.blocks(), given.ids), metadata.derivation)
    blocks = _verified(stream.blocks(), metadata.derivation if own.space is None else None)
    return metadata, _with_ids(blocks, given.ids, "file")


# ---- What blocks must be ----


def _with_ids(blocks: Iterable[Columns], ids: Ids | None, owner: str) -> Iterator[Columns]:
    """The same blocks. Raises ValueError if their ids differ from the given ones."""
    count = 0
    for block in blocks:
        if ids is not None and ids[count : count + len(block)] != block.ids:
            raise ValueError(f"ids must be the {owner}'s, got {ids!r} (from sample {count} on)")
        yield block
        count += len(block)
    if ids is not None and count < len(ids):
        raise ValueError(f"ids must be the {owner}'s, got {ids!r} for {count} samples")


def _verified(blocks: Iterable[Columns], derivation: Derivation | None) -> Iterator[Columns]:
    """The same blocks. Raises ValueError if they differ from what `derivation` generates."""
    count = 0
    for block in blocks:
        if derivation is not None:
            derivation.require(block, count)
        yield block
        count += len(block)
