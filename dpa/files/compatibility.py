"""For compatibility with the original package, whose dicts and files do not say their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dpa.derivation.columns import Columns, is_hex_digest
from dpa.derivation.config import DEFAULT
from dpa.derivation.derivation import Derivation
from dpa.derivation.ids import Ids
from dpa.files.chains import LARGE_BLOCK

#: Links of chains that are tried at most: 1.6 million ids at depth 10, about a second.
_TRIED_LINKS = 2**24


def tried_ids(rows: Sequence[Any], derivation: Derivation) -> Ids | None:
    """The ids with the hashes of `rows`, found by trying 0, 1, 2, ...: a range, or any others.

    None where the first and the last row have those of their places, as increasing ids then all
    do, and where a row is of no id that was tried.
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
    """The ids of the digests, of as many of them as are found by trying 0, 1, 2, ..."""
    depth = derivation.space.depth
    hashes = DEFAULT.replace(augmentation_depth=depth)  # whose values cost the least
    heads = np.frombuffer(b"".join(digest[:8] for digest in wanted), np.uint64)
    found: dict[bytes, int] = {}
    tried = range(max(_TRIED_LINKS // depth, 2 * len(wanted)))
    for block in Derivation(hashes, derivation.key).blocks(tried, LARGE_BLOCK):
        similar = np.isin(block.digests[:, :8].copy().view(np.uint64)[:, 0], heads)
        for at in np.flatnonzero(similar):
            digest = block.digests[at].tobytes()
            if digest in wanted:
                found[digest] = block.ids[int(at)]  # type: ignore[assignment]  # integers
        if len(found) == len(wanted):
            break
    return found


def numbered(blocks: Iterable[Columns], ids: Ids | None) -> Iterator[Columns]:
    """The same samples with these ids, None leaves theirs. ValueError for another number of ids."""
    count = 0
    for block in blocks:
        own = block.ids if ids is None else ids[count : count + len(block)]
        count += len(block)
        if len(own) == len(block):
            yield Columns(own, block.digests, block.columns)
    if ids is not None and len(ids) != count:
        raise ValueError(f"ids must be as many as the samples, {count}, got {len(ids)}")
