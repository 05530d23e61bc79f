"""The grammar of keys; a sample's key is what its chain hashes first (docs/spec.md, "Key").

key := [ [epoch] [ "." view ] "@" ] [ base_seed ":" [rank] ":" ] id
"""

from __future__ import annotations

from typing import NamedTuple

from dpa.checks import LIMIT, brief, integer, positive, raised_as, word
from dpa.errors import InvalidRankError


@raised_as(InvalidRankError)
def checked_rank(rank: object, world_size: object) -> tuple[int, int]:
    """Both as int. Raises InvalidRankError unless 0 <= rank < world_size."""
    size = positive("world_size", world_size)
    if rank is None:
        raise ValueError(f"world_size={size} needs a rank")
    number = word("rank", rank)
    if number >= size:
        raise ValueError(f"rank must be below world_size {size}, got {brief(number)}")
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


def lone_surrogate(error: UnicodeEncodeError) -> ValueError:
    """The error for a str that has no UTF-8."""
    return ValueError(f"sample id {brief(error.object)} has a lone surrogate: {error}")


def single_id(sample_id: int | str) -> int | bytes:
    """One id for the C side: an int below 2**64, or the bytes that end its key."""
    if isinstance(sample_id, str):
        try:
            return b'"' + str.encode(sample_id)
        except UnicodeEncodeError as error:
            raise lone_surrogate(error) from None
    try:
        number = integer("sample id", sample_id)
    except TypeError:
        raise TypeError(f"sample id must be an integer or a str, got {brief(sample_id)}") from None
    if number < 0:
        raise ValueError(f"sample id must not be negative, got {brief(number)}")
    if number < LIMIT:
        return number
    try:
        return str(number).encode()
    except ValueError as error:  # more digits than Python turns into text
        raise ValueError(f"sample id is too large: {error}") from None
