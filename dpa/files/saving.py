"""Samples to files: lists of dicts, batches, streams, and what is generated for a file."""

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
from dpa.derivation.ids import Consecutive, Ids, Listed, consecutive_ids
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.compatibility import numbered, tried_ids
from dpa.files.formats import format_of
from dpa.files.loading import FileStream, row_bytes
from dpa.files.metadata import Metadata
from dpa.files.writing import write_chain
from dpa.host.memory import require_memory
from dpa.host.progress import progress_bar
from dpa.streams.progress import ProgressCallback, Report
from dpa.streams.streams import Stream

#: Samples that any machine holds: to look at its memory takes as long as a hundred of them.
_FEW = 100_000
#: What a file says of its samples, and the samples piece by piece.
_Source: TypeAlias = tuple[Metadata, Iterable[Columns]]


def generate_augmentation_chain(
    num_samples: int,
    config: AugmentationConfig | None = None,
    verbose: bool = False,
    save_path: FilePath | None = None,
    *,
    start_id: int = 0,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> list[dict[str, Any]]:
    """The parameters of consecutive samples as a list of dicts.

    The ids are start_id .. start_id + num_samples - 1. With `save_path` the chain is
    also written there, as save_augmentation_chain does; with `verbose` a summary is
    printed. Raises TypeError or ValueError for a bad argument, OSError where the file
    cannot be written (an earlier file then stays as it was).
    """
    derivation = derive(config, epoch, view, base_seed)
    ids = consecutive_ids(num_samples, start_id)
    if len(ids) > _FEW:
        require_memory(
            f"num_samples={len(ids)}",
            len(ids) * row_bytes(derivation.names),
            "stream_augmentation_chain makes them one by one",
        )
    results: list[dict[str, Any]] = []

    def kept() -> Iterator[AugmentationBatch]:
        for batch in derivation.blocks(ids):
            yield batch
            results.extend(batch.to_dicts())

    if save_path is None:
        for _ in kept():
            pass
    else:
        write_chain(save_path, Metadata.of(derivation, Consecutive(ids)), kept(), expected=len(ids))
    if verbose:
        _print_summary(results, derivation.names, ids, save_path)
    return results


def _print_summary(
    results: list[dict[str, Any]], names: Sequence[str], ids: range, save_path: FilePath | None
) -> None:
    for sample_id, sample in zip(ids[:10], results, strict=False):
        values = " ".join(f"{name}={sample[name]:.4f}" for name in names)
        print(f"sample {sample_id}: {values} hash={sample['hash'][:16]}")
    if len(ids) > 10:
        print(f"... and {len(ids) - 10} more")
    print(f"generated {len(ids)} samples" + (f", saved to {save_path}" if save_path else ""))


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
    """Writes samples to a file whose suffix names its format: .json, .jsonl, .npz or .parquet.

    `params_list`: dicts as generate_augmentation_chain returns, or an AugmentationBatch.
    A batch carries what made it; for dicts, say it: `config` (None is kept as unknown),
    `ids` (default 0 .. n-1) and the parts of the key. With a config the samples are
    made again, and one that differs is a ValueError naming its index and field; where
    `ids` are not given, those of a range or of a part of a chain are found by trying, at
    depth 10 up to 1.6 million. `include_stats` is there for compatibility: a file has
    its statistics in any case.

    The file appears whole or not at all: an earlier one stays until the new one is on
    the disk. Raises ValueError or TypeError for arguments that are wrong or contradict
    each other, OSError where the file cannot be written.
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
    """Writes samples as they come, in constant memory (npz: its columns).

    `param_generator`: one of the package's streams (that of a file, too), of which what is
    left is saved, or any iterable of dicts or of batches, not mixed. Batches and the
    package's streams carry what made them: batches must share config, key and dtype,
    and their ids must either go on where those of the last one ended or be listed from
    the first batch on. A file whose config is not known takes what is given, and is then
    checked like dicts; so is one of the original package. `progress_callback` is called
    with a StreamingProgress whenever `buffer_size` samples or fewer were written,
    `verbose` prints it, `progress` shows a bar on stderr (the extra `cli`). The other
    arguments are those of save_augmentation_chain, but of single dicts only the first
    one's id is found by trying: they must be consecutive, or `ids` given.
    Raises as that does; the earlier file then stays, and a stream that generates stands where
    it stood (any other iterable: where it was read to).
    """
    format_of(filepath)  # all that can be refused is refused before a sample is taken
    boolean("include_stats", include_stats)
    buffer_size = positive("buffer_size", buffer_size)
    given = _Given(config, epoch, view, base_seed, rank, world_size, _checked(ids))
    derive(config, epoch, view, base_seed, rank, None if rank is None else world_size)
    stream = param_generator
    if isinstance(stream, (str, bytes, range, Mapping)) or not isinstance(stream, Iterable):
        kind = type(stream).__name__
        raise TypeError(f"param_generator must be an iterable of dicts or of batches, got {kind}")
    begun = stream.delivered if isinstance(stream, Stream) else 0
    total = operator.length_hint(stream) or None  # for the bar; None is unknown
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
    """What the caller says of the samples; None says nothing."""

    config: Space | None
    epoch: int | None
    view: int | None
    base_seed: int | None
    rank: int | None
    world_size: int | None
    ids: Ids | None

    def said(self) -> dict[str, Any]:
        """By name, without the ids."""
        return {name: value for name, value in self._asdict().items() if name != "ids"}

    @property
    def key(self) -> Key:
        """Raises TypeError or ValueError."""
        return derive(None, *self[1:6]).key

    def require_base_seed(self, rank: object) -> None:
        """Raises ValueError where nothing says what the rank of the samples is part of.

        With a config the hashes would tell.
        """
        said = (self.rank, self.base_seed, self.config)
        if rank is not None and said == (None, None, None):
            raise ValueError(
                f"params are of rank {rank!r}, of an unknown base_seed: say config=, base_seed= "
                "or rank="
            )


# ---- Dicts ----


def _of_dicts(rows: Iterable[Mapping[str, Any]], given: _Given) -> _Source:
    """Dicts, with ids that are tried where none are given. Raises ValueError or TypeError."""
    items = iter(rows)
    head = list(islice(items, 1))
    if given.rank is None and head and isinstance(head[0], Mapping):
        found = head[0].get("rank")
        given.require_base_seed(found)
        given = given._replace(rank=found)
    space = None if given.config is None else checked_space(given.config)
    ids, tried = given.ids, None
    if ids is None and space is not None:  # of an iterator the first sample alone is at hand
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
    """What is left of a stream, from where it stands."""
    if given.world_size is None and stream.key.rank is not None:
        given = given._replace(world_size=stream.share.world_size)
    left = stream.remaining
    ids = left.ids(0, 0) if left.consecutive else Listed(np.empty(0, np.uint64))
    # A batch without samples tells what there is, also where nothing is left.
    nothing = stream.derivation.blank(ids)
    return _of_batches(chain([nothing], stream.batches()), given)


def _of_batches(batches: Iterable[AugmentationBatch], given: _Given) -> _Source:
    """Batches of one kind, at least one. Raises ValueError or TypeError."""
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
    """The samples in blocks; ValueError where ids do not follow those of the batch before."""
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
    """What is left of a file and what it says; what it does not know may be given."""
    own = stream.metadata
    known: dict[str, Any] = {"config": own.space, **own.key._asdict()}
    known["world_size"] = own.world_size
    for name, value in given.said().items():
        if value is None or value == known[name]:
            continue
        unsaid = name == "base_seed" and not stream.bound  # as in all files of the original
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
    """The same blocks; ValueError where their ids are not those that are given."""
    count = 0
    for block in blocks:
        if ids is not None and ids[count : count + len(block)] != block.ids:
            raise ValueError(f"ids must be the {owner}'s, got {ids!r} (from sample {count} on)")
        yield block
        count += len(block)
    if ids is not None and count < len(ids):
        raise ValueError(f"ids must be the {owner}'s, got {ids!r} for {count} samples")


def _verified(blocks: Iterable[Columns], derivation: Derivation | None) -> Iterator[Columns]:
    """The same blocks; ValueError where they are not what is known to have made them."""
    count = 0
    for block in blocks:
        if derivation is not None:
            derivation.require(block, count)
        yield block
        count += len(block)
