"""What samples a file is written from: dicts, batches, streams or another file; each is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dpa.checks import brief, count_of
from dpa.derivation.columns import Columns
from dpa.derivation.config import PARAMETERS, checked_space
from dpa.derivation.derivation import BLOCK, AugmentationBatch, Derivation, derive
from dpa.derivation.ids import Consecutive, Ids, Listed
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.files.compatibility import numbered, tried_ids
from dpa.files.loading import FileStream
from dpa.files.metadata import Metadata
from dpa.streams.streams import Stream

#: The metadata of a file, and its samples in pieces.
Source: TypeAlias = tuple[Metadata, Iterable[Columns]]


class Given(NamedTuple):
    """What the caller states about the samples; None states nothing."""

    config: Space | None
    epoch: int | None
    view: int | None
    base_seed: int | None
    rank: int | None
    world_size: int | None
    ids: Ids | None

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


def of_dicts(rows: Iterable[Mapping[str, Any]], given: Given) -> Source:
    """The source of dicts; tries ids if none are given. Raises ValueError or TypeError."""
    items = iter(rows)
    head = list(islice(items, 1))
    row = head[0] if head and isinstance(head[0], Mapping) else {}
    if given.rank is None:
        given.require_base_seed(row.get("rank"))
        given = given._replace(rank=row.get("rank"))
    space = None if given.config is None else checked_space(given.config)
    if space is None and row and not row.keys() & {*PARAMETERS}:
        raise ValueError("params have none of the five parameters: say config=, their Space")
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
    first, space, rank = 0, metadata.assumed_space, metadata.key.rank
    derivation = metadata.derivation if any(space.conditions.values()) else None
    while part := list(islice(rows, BLOCK)):
        stop = first + len(part)
        span = metadata.consecutive_ids(first, len(part)) if ids is None else ids[first:stop]
        assert span is not None  # without ids they are consecutive
        if len(span) < len(part):
            raise ValueError(f"ids must be as many as the samples, got {first + len(span)}")
        if derivation is not None:
            part = _completed(part, derivation.batch(span), first)
        yield Columns.from_rows(part, space, span, first, rank)
        first = stop
    if ids is not None and first < len(ids):
        raise ValueError(f"ids must be as many as the samples, {first}, got {len(ids)}")


def _completed(rows: list[Any], made: AugmentationBatch, first: int) -> list[Any]:
    """Dicts with the inactive parameters that they lack and that files store."""
    inactive = {name: ~made.active(name) for name in made.names}
    for at, row in enumerate(rows):
        names = [name for name, mask in inactive.items() if mask[at]]
        if not names or not isinstance(row, Mapping):
            continue
        if row.get("hash") != (made_hash := made.field("hash", at)):
            raise ValueError(
                f"params[{first + at}] has the hash {brief(row.get('hash'))}, but id "
                f"{made.ids[at]!r} with this config and {made.key} has {made_hash}: say ids=, "
                "epoch=, base_seed=, view= and rank= as when it was made"
            )
        for name in names:
            if name in row:
                raise ValueError(
                    f"params[{first + at}] has {name!r}, which is inactive for id {made.ids[at]!r}"
                )
        rows[at] = {**row, **{name: made.field(name, at) for name in names}}
    return rows


# ---- Batches and streams ----


def of_stream(stream: Stream[Any], given: Given) -> Source:
    """The source of a stream's remaining samples."""
    if given.world_size is None and stream.key.rank is not None:
        given = given._replace(world_size=stream.shard.world_size)
    left = stream.remaining
    ids = left.ids(0, 0) if left.consecutive else Listed(np.empty(0, np.uint64))
    # An empty batch carries the metadata, even if no samples remain.
    nothing = stream.derivation.blank(ids)
    return of_batches(chain([nothing], stream.batches()), given)


def of_batches(batches: Iterable[AugmentationBatch], given: Given) -> Source:
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


def of_file(stream: FileStream, given: Given) -> Source:
    """The source of a file's remaining samples; arguments may state what the file does not."""
    own = stream.metadata
    known = {"config": own.space, **own.key._asdict(), "world_size": own.world_size}
    for name, stated in known.items():
        said = getattr(given, name)
        if said is None or said == stated:
            continue
        unstated = name == "base_seed" and not stream.bound  # true of all files of the original
        if not unstated and (stated is not None or own.space is not None):
            raise ValueError(f"{name} must be the file's, {stated}, got {said!r}")
        known[name] = said
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
        raise ValueError(f"ids must be the {owner}'s, got {ids!r} for {count_of(count, 'sample')}")


def _verified(blocks: Iterable[Columns], derivation: Derivation | None) -> Iterator[Columns]:
    """The same blocks. Raises ValueError if they differ from what `derivation` generates."""
    count = 0
    for block in blocks:
        if derivation is not None:
            derivation.require(block, count)
        yield block
        count += len(block)
