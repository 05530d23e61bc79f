"""Samples on their way into a file or out of one, and the digest over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dpa._native import Request
from dpa.columns import joined_ids
from dpa.config import DEFAULT
from dpa.files.metadata import Metadata
from dpa.keys import Ids, key_source, sample_ids
from dpa.statistics import column

#: Samples that are read, written or checked at a time.
BLOCK = 4096


class TrailerError(ValueError):
    """A file that can be read, but is not what its trailer says: `problems` are how."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(problems[0])
        self.problems = tuple(problems)


class Samples(Protocol):
    """n samples as columns; an AugmentationBatch is one, too."""

    @property
    def ids(self) -> Ids:
        """What keys and ids made them."""

    @property
    def digests(self) -> npt.NDArray[np.uint8]:
        """Their hashes, (n, 32)."""

    @property
    def columns(self) -> Mapping[str, npt.NDArray[np.floating]]:
        """Their values by name, each (n,)."""


@dataclass(frozen=True, slots=True)
class Block:
    """Samples without a config: what a file holds, config known or not."""

    ids: Ids
    digests: npt.NDArray[np.uint8]  # (n, 32)
    columns: dict[str, npt.NDArray[np.float64]]  # each (n,)

    @classmethod
    def from_rows(
        cls,
        rows: Sequence[Mapping[str, Any]],
        names: Sequence[str],
        ids: Ids | None,
        first: int,
        rank: int | None = None,
    ) -> Block:
        """Dicts as columns; `first` is the number of rows[0] among the samples.

        `ids`: None where each row has its own. `rank`: what each row says it is, None
        where they say nothing. Raises ValueError or TypeError that names the sample.
        """
        fields = {*names, "hash"}
        fields |= {"id"} if ids is None else set()
        fields |= {"rank"} if rank is not None else set()
        for at, row in enumerate(rows, first):
            _check_fields(row, fields, rank, at)
        columns = {name: column(rows, name, first) for name in names}
        require_finite(columns, first)
        if ids is None:
            ids = sample_ids([row["id"] for row in rows])
        return cls(ids, _digests(rows, first), columns)

    @classmethod
    def concatenate(cls, blocks: Sequence[Block]) -> Block:
        """The samples of all blocks, at least one, in order."""
        if len(blocks) == 1:
            return blocks[0]
        columns = {
            name: np.concatenate([block.columns[name] for block in blocks])
            for name in blocks[0].columns
        }
        digests = np.concatenate([block.digests for block in blocks])
        return cls(joined_ids([block.ids for block in blocks]), digests, columns)

    def part(self, part: slice) -> Block:
        """Some consecutive samples, as views."""
        columns = {name: column[part] for name, column in self.columns.items()}
        return Block(self.ids[part], self.digests[part], columns)

    def differing(self, other: Block, *, values: bool = True) -> dict[str, npt.NDArray[np.bool_]]:
        """For each field, hash first, whether its bits differ: (n,)."""
        fields = {"hash": (self.digests != other.digests).any(axis=1)}
        if values:
            for name, column in self.columns.items():
                fields[name] = column.view(np.uint64) != other.columns[name].view(np.uint64)
        return fields

    def field(self, name: str, at: int) -> float | str:
        """One sample's value, or its hash as 64 hex characters."""
        return bytes(self.digests[at]).hex() if name == "hash" else float(self.columns[name][at])


def _check_fields(row: Mapping[str, Any], fields: set[str], rank: int | None, at: int) -> None:
    if not isinstance(row, Mapping):
        raise TypeError(f"sample {at} must be a dict, got {row!r}")
    if row.keys() != fields:
        missing, unknown = sorted(fields - row.keys()), sorted(row.keys() - fields, key=str)
        raise ValueError(f"sample {at}: missing fields {missing}, unknown fields {unknown}")
    if rank is not None and row["rank"] != rank:
        raise ValueError(f"sample {at} has rank {row['rank']!r} among samples of rank {rank}")


def _digests(rows: Sequence[Mapping[str, Any]], first: int) -> npt.NDArray[np.uint8]:
    digests = bytearray()
    for at, row in enumerate(rows, first):
        text = row["hash"]
        if not isinstance(text, str) or len(text) != 64 or text.strip("0123456789abcdef"):
            raise ValueError(f"hash of sample {at} must be 64 lowercase hex digits, got {text!r}")
        digests += bytes.fromhex(text)
    return np.frombuffer(digests, np.uint8).reshape(-1, 32)


def require_finite(columns: Mapping[str, npt.NDArray[np.floating]], first: int) -> None:
    """Raises ValueError naming a sample, counted from `first`, that is NaN or infinite."""
    for name, values in columns.items():
        if not np.isfinite(values).all():
            at = int(np.argmin(np.isfinite(values)))
            raise ValueError(f"{name} of sample {first + at} must be finite, got {values[at]}")


def require_single(columns: Mapping[str, npt.NDArray[np.float64]], first: int) -> None:
    """Raises ValueError naming a sample, counted from `first`, that float32 does not hold."""
    for name, values in columns.items():
        with np.errstate(over="ignore"):
            same = values == values.astype(np.float32)
        if not same.all():
            at = int(np.argmin(same))
            raise ValueError(
                f"dtype is 'float32', but {name} of sample {first + at} is {float(values[at])!r}"
            )


def stored(samples: Samples, metadata: Metadata) -> Block:
    """A copy of the samples as files hold them: the caller may fill its arrays anew."""
    listed = metadata.start_id is None and metadata.id_type == "integer"
    return Block(
        np.array(samples.ids, np.uint64) if listed else samples.ids,
        np.array(samples.digests),
        {name: np.array(samples.columns[name], np.float64) for name in metadata.names},
    )


class Digest:
    """The sum of all samples' leaves modulo 2^256: it does not depend on their order."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self._sum = 0

    def append(self, samples: Samples) -> None:
        """Adds the leaves of some more samples."""
        digests = np.ascontiguousarray(samples.digests)
        columns = samples.columns
        values = tuple(
            np.ascontiguousarray(columns[name], np.float64) for name in self.metadata.names
        )
        prefix, source = key_source(self.metadata.key, samples.ids)
        # Of the plan, only the names of the columns count here.
        request = Request(
            DEFAULT.plan, prefix, source, len(digests), digests, values, writable=False
        )
        self._sum = (self._sum + request.leaf_sum()) % 2**256

    def add(self, hexdigest: str) -> None:
        """Adds the digest of other samples. Raises ValueError or TypeError."""
        self._sum = (self._sum + int.from_bytes(bytes.fromhex(hexdigest), "little")) % 2**256

    def hexdigest(self) -> str:
        """64 hex characters of the sum's 32 bytes, little-endian."""
        return self._sum.to_bytes(32, "little").hex()
