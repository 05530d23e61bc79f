"""The grammar of keys; a sample's key is what its chain hashes first (docs/spec.md, "Key").

key := [ [epoch] [ "." view ] "@" ] [ base_seed ":" [rank] ":" ] id
"""

from __future__ import annotations

from typing import NamedTuple

from dpa.checks import integer, word
from dpa.errors import InvalidRankError, raising


@raising(InvalidRankError)
def checked_rank(rank: object, world_size: object) -> tuple[int, int]:
    """Both as int. Raises InvalidRankError unless 0 <= rank < world_size."""
    size = integer("world_size", world_size)
    if size < 1:
        raise ValueError(f"world_size must be at least 1, got {size}")
    if rank is None:
        raise ValueError(f"world_size={size} needs a rank")
    number = word("rank", rank)
    if number >= size:
        raise ValueError(f"rank must be below world_size {size}, got {number}")
    return number, size


class Key(NamedTuple):
    """The parts of a key other than the id. None means absent, which is not the same as 0."""

    epoch: int | None = None
    view: int | None = None
    base_seed: int | None = None
    rank: int | None = None

    @classmethod
    def checked(
        cls,
        epoch: int | None = None,
        view: int | None = None,
        base_seed: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> Key:
        """The key of validated parts. A rank without a base_seed sets base_seed to 0."""
        if world_size is not None:
            rank, _ = checked_rank(rank, world_size)
        rank = _part("rank", rank)
        base_seed = _part("base_seed", base_seed)
        if rank is not None and base_seed is None:
            base_seed = 0
        return cls(_part("epoch", epoch), _part("view", view), base_seed, rank)

    @property
    def prefix(self) -> bytes:
        """The bytes of the key that precede the id."""
        prefix = ""
        if self.epoch is not None or self.view is not None:
            epoch = "" if self.epoch is None else self.epoch
            view = "" if self.view is None else f".{self.view}"
            prefix = f"{epoch}{view}@"
        if self.base_seed is not None:
            rank = "" if self.rank is None else self.rank
            prefix += f"{self.base_seed}:{rank}:"
        return prefix.encode()


def _part(name: str, value: object) -> int | None:
    return None if value is None else word(name, value)


NO_KEY = Key()
