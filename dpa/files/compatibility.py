"""Finds the ids of the original package's samples, whose dicts and files do not state them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dpa.derivation.columns import Columns
from dpa.derivation.config import DEFAULT
from dpa.derivation.derivation import Derivation
from dpa.derivation.ids import Ids
from dpa.derivation.rows import is_hex_digest
from dpa.files.chains import LARGE_BLOCK

#: The most links of chains to try: 1.6 million ids at depth 10, about a second.
_TRIED_LINKS = 2**24


def tried_ids(rows: Sequence[Any], derivation: Derivation) -> Ids | None:
    """The ids with the hashes of `rows`, found by trying 0, 1, 2, ...; a range if they are one.

    None if the first and the last row have the ids of their positions (then all increasing ids
    do), and if some row has no id among those tried.
    """
    hashes = [row.get("hash") if isinstance(row, Mapping) else None for row in rows]
    if not hashes or not all(map(is_hex_digest, hashes)):
        return None
    last = len(hashes) - 1
    if all(hashes[at] == derivation.params(at)["hash"] for at in (0, last)):
        return None
    wanted = [bytes.fromhex(str(text)) for text in hashes]
    found = found_ids(set(wanted), derivation)
    if len(found) < len(set(wanted)):
        return None
    ids = [found[digest] for digest in wanted]
    span = range(ids[0], ids[0] + len(ids))
    return Ids.checked(span if ids == [*span] else ids)


def found_ids(wanted: set[bytes], derivation: Derivation) -> dict[bytes, int]:
    """The ids with these digests, as many as trying 0, 1, 2, ... finds."""
    depth = derivation.space.depth
    hashes = DEFAULT.replace(augmentation_depth=depth)  # only the hashes matter here
    heads = np.frombuffer(b"".join(digest[:8] for digest in wanted), np.uint64)
    found: dict[bytes, int] = {}
    tried = range(max(_TRIED_LINKS // depth, 2 * len(wanted)))
    for block in Derivation(hashes, derivation.key).blocks(tried, LARGE_BLOCK):
        similar = np.isin(block.digests[:, :8].copy().view(np.uint64)[:, 0], heads, kind="sort")
        for at in np.flatnonzero(similar):
            digest = block.digests[at].tobytes()
            if digest in wanted:
                found[digest] = block.ids[int(at)]  # type: ignore[assignment]  # integers
        if len(found) == len(wanted):
            break
    return found


def numbered(blocks: Iterable[Columns], ids: Ids | None) -> Iterator[Columns]:
    """The same samples with these ids; None leaves theirs. Raises ValueError on a mismatch."""
    if ids is None:
        yield from blocks
        return
    count = 0
    for block in blocks:
        own = ids[count : count + len(block)]
        count += len(block)
        if len(own) == len(block):
            yield Columns(own, block.digests, block.columns, block.space)
    if len(ids) != count:
        raise ValueError(f"ids must be as many as the samples, {count}, got {len(ids)}")
