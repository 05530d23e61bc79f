"""Writes samples to files: lists of dicts, batches, streams, and generated samples."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import boolean, positive
from dpa.derivation.derivation import AugmentationBatch, derive
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.formats import format_of
from dpa.files.loading import FileStream
from dpa.files.metadata import Metadata
from dpa.files.sources import Given, of_batches, of_dicts, of_file, of_stream
from dpa.files.writing import write_chain
from dpa.host.progress import counted, progress_bar
from dpa.streams.progress import ProgressCallback, Report
from dpa.streams.streams import Stream


def save_augmentation_chain(
    params_list: Sequence[Mapping[str, Any]] | AugmentationBatch,
    filepath: FilePath,
    config: Space | None = None,
    include_stats: bool = True,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    rank: int | None = None,
    world_size: int | None = None,
    list_ids: bool = False,
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
    list_ids
        Whether each sample has its id in the file, consecutive ones too: for engines that join,
        filter or divide a .parquet file by its ids.

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
    given = Given(config, epoch, view, base_seed, rank, world_size, _checked(ids))
    boolean("include_stats", include_stats)
    if isinstance(params_list, AugmentationBatch):
        metadata, blocks = of_batches([params_list], given)
    elif isinstance(params_list, (str, bytes, range, Mapping)) or not isinstance(
        params_list, Sequence
    ):
        kind = type(params_list).__name__
        raise TypeError(f"params_list must be a list of dicts or an AugmentationBatch, got {kind}")
    else:
        size = len(params_list)
        if given.ids is not None and len(given.ids) != size:
            raise ValueError(f"ids must be as many as params_list, {size}, got {len(given.ids)}")
        metadata, blocks = of_dicts(params_list, given)
    write_chain(filepath, _listing(metadata, list_ids), blocks)


def save_augmentation_stream(
    param_generator: Iterable[Mapping[str, Any]] | Iterable[AugmentationBatch],
    filepath: FilePath,
    config: Space | None = None,
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
    list_ids: bool = False,
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
    list_ids
        As for save_augmentation_chain.

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
    boolean("list_ids", list_ids)
    buffer_size = positive("buffer_size", buffer_size)
    given = Given(config, epoch, view, base_seed, rank, world_size, _checked(ids))
    derive(config, epoch, view, base_seed, rank, None if rank is None else world_size)
    stream = param_generator
    if isinstance(stream, (str, bytes, range, Mapping)) or not isinstance(stream, Iterable):
        kind = type(stream).__name__
        raise TypeError(f"param_generator must be an iterable of dicts or of batches, got {kind}")
    begun = stream.delivered if isinstance(stream, Stream) else 0
    total = operator.length_hint(stream) or None  # None is unknown
    report = Report(progress_callback, verbose, total)
    if isinstance(stream, AugmentationBatch):
        metadata, blocks = of_batches([stream], given)
    elif isinstance(stream, Stream):
        metadata, blocks = of_stream(stream, given)
    elif isinstance(stream, FileStream):
        metadata, blocks = of_file(stream, given)
    else:
        items = iter(stream)
        head = list(islice(items, 1))
        everything: Iterator[Any] = chain(head, items)
        batches = bool(head) and isinstance(head[0], AugmentationBatch)
        metadata, blocks = (of_batches if batches else of_dicts)(everything, given)
    metadata = _listing(metadata, list_ids)
    try:
        with progress_bar(progress, total) as advance:
            written = report.written(blocks, buffer_size)
            expected = total if isinstance(stream, (Stream, FileStream)) else None
            write_chain(filepath, metadata, counted(written, advance), expected)
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


def _listing(metadata: Metadata, list_ids: bool) -> Metadata:
    """The metadata of a file that lists its samples' ids, if asked for."""
    return metadata.replace(start_id=None) if boolean("list_ids", list_ids) else metadata
