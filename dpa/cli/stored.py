"""Samples of chain files by their ids, for the commands that take --from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dpa.checks import LIMIT
from dpa.derivation.ids import Consecutive, Ids
from dpa.derivation.lookup import Index
from dpa.files.chains import Chain, Recipe


def ids_in(chain: Chain) -> Ids:
    """All ids of a file; those of a recipe without its samples."""
    if isinstance(chain, Recipe):
        return Consecutive(chain.metadata.ids)
    return Ids.concatenate(block.ids for block in chain.blocks())


def rows_of(chain: Chain, ids: Sequence[int | str]) -> dict[int | str, dict[str, Any]]:
    """The samples with these ids; those of a recipe are made alone. Raises ValueError."""
    rows: dict[int | str, dict[str, Any]] = {}
    if isinstance(chain, Recipe):
        for _ in Chain.blocks(chain):  # checks the file; its samples stay ungenerated
            pass
        made, known = chain.metadata.derivation, chain.metadata.ids
        rows = {x: made.params(x) for x in ids if isinstance(x, int) and x in known}
    else:
        wanted = Index(Ids.checked([x for x in ids if isinstance(x, str) or x < LIMIT]))
        for block in chain.blocks():
            for at in np.flatnonzero(wanted.places(block.ids) >= 0).tolist():
                [row] = block.part(slice(at, at + 1)).rows(chain.metadata.key.rank)
                rows[block.ids[at]] = row
    for sample_id in ids:
        if sample_id not in rows:
            raise ValueError(f"{str(chain.path)!r} has no sample with the id {sample_id!r}")
    return rows
