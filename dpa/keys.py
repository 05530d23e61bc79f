"""The key grammar: what a sample's chain hashes first (docs/spec.md, "Key").

key := [ [epoch] [ "." view ] "@" ] [ base_seed ":" [rank] ":" ] id
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa._native import Text, unpack

#: Sample ids in the forms that the C side takes.
Ids: TypeAlias = range | npt.NDArray[np.uint64] | tuple[str, ...]

_LIMIT = 2**64
MANY = 2**48  # no machine holds so many samples' columns; len() stops at 2**63


def integer(name: str, value: object) -> int:
    """`value` as an int, from any integer type but bool."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        return operator.index(value)  # type: ignore[arg-type]  # the TypeError is the check
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None


def positive(name: str, value: object, least: int = 1) -> int:
    """`value` as an int of at least `least`."""
    number = integer(name, value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


def _part(name: str, value: object) -> int | None:
    if value is None:
        return None
    number = integer(name, value)
    if not 0 <= number < _LIMIT:
        raise ValueError(f"{name} must be 0 to 2**64 - 1, got {number}")
    return number


def checked_rank(rank: object, world_size: object) -> tuple[int, int]:
    """Both as int. Raises TypeError or ValueError unless 0 <= rank < world_size."""
    size, number = integer("world_size", world_size), _part("rank", rank)
    if size < 1:
        raise ValueError(f"world_size must be at least 1, got {size}")
    if number is None:
        raise ValueError(f"world_size={size} needs a rank")
    if number >= size:
        raise ValueError(f"rank must be below world_size {size}, got {number}")
    return number, size


class Key(NamedTuple):
    """What a key holds beside the id; None is absent, which is not 0."""

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
        """The parts, validated. A rank without a base_seed sets base_seed to 0."""
        if epoch is view is base_seed is rank is world_size is None:
            return NO_KEY
        rank = _part("rank", rank)
        if world_size is not None:
            rank, _ = checked_rank(rank, world_size)
        base_seed = _part("base_seed", base_seed)
        if rank is not None and base_seed is None:
            base_seed = 0
        return cls(_part("epoch", epoch), _part("view", view), base_seed, rank)

    @property
    def prefix(self) -> bytes:
        """The bytes before the id."""
        if self is NO_KEY:
            return b""
        prefix = ""
        if self.epoch is not None or self.view is not None:
            epoch = "" if self.epoch is None else self.epoch
            view = "" if self.view is None else f".{self.view}"
            prefix = f"{epoch}{view}@"
        if self.base_seed is not None:
            rank = "" if self.rank is None else self.rank
            prefix += f"{self.base_seed}:{rank}:"
        return prefix.encode()


NO_KEY = Key()


def single_id(seed_id: int | str) -> int | bytes:
    """One id for the C side: an int below 2**64, or the bytes that end its key."""
    if type(seed_id) is int and 0 <= seed_id < _LIMIT:
        return seed_id
    if isinstance(seed_id, str):
        try:
            return b'"' + seed_id.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"sample id {seed_id!r} has a lone surrogate: {error}") from None
    try:
        number = integer("sample id", seed_id)
    except TypeError:
        raise TypeError(f"sample id must be an integer or a str, got {seed_id!r}") from None
    if number < 0:
        raise ValueError(f"sample id must not be negative, got {number}")
    if number < _LIMIT:
        return number
    try:
        return str(number).encode()
    except ValueError as error:  # more digits than Python turns into text
        raise ValueError(f"sample id is too large: {error}") from None


def sample_ids(ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer]) -> Ids:
    """Many ids, validated: a range, a uint64 array of our own, or a tuple of str."""
    if isinstance(ids, range):
        return _from_range(ids)
    if isinstance(ids, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"ids must be a sequence of ids, got one id: {ids!r}")
    if np.ma.is_masked(ids):
        raise ValueError(f"ids must not be masked, got {ids!r}")
    if hasattr(ids, "__array__") and np.ndim(ids) > 0:
        array = np.asarray(ids)
        if array.ndim != 1:
            raise ValueError(f"ids must have one dimension, got shape {array.shape}")
        if array.dtype.kind in "iu":
            return _from_array(array)
        if array.dtype.kind not in "OUT":
            raise TypeError(f"ids must be integers or strings, got dtype {array.dtype}")
        ids = array.tolist()
    if isinstance(ids, Sequence):
        return _from_sequence(tuple(ids))
    if hasattr(ids, "__index__"):
        raise TypeError(f"ids must be a sequence of ids, got {ids!r}; for the first n: range(n)")
    raise TypeError(f"ids must be a range, an array or a sequence, got {type(ids).__name__}")


def _from_range(ids: range) -> Ids:
    if not ids:
        return range(0)
    if (ids[-1] - ids[0]) // ids.step >= MANY:
        raise ValueError(f"ids must be fewer than 2**48, got {ids!r}")
    for end in (ids[0], ids[-1]):
        if not 0 <= end < _LIMIT:
            raise ValueError(f"ids must be 0 to 2**64 - 1, got {end} in {ids!r}")
    return ids if ids.step == 1 else frozen(listed(ids))


def listed(ids: range) -> npt.NDArray[np.uint64]:
    """The ids as an array."""
    steps = np.arange(len(ids), dtype=np.uint64)
    return steps * np.uint64(ids.step % _LIMIT) + np.uint64(ids.start % _LIMIT)  # modulo 2**64


def _from_array(ids: npt.NDArray[np.integer]) -> Ids:
    if ids.dtype.kind == "i" and ids.size > 0 and ids.min() < 0:
        at = int(np.argmax(ids < 0))
        raise ValueError(f"ids must not be negative, got {ids[at]} at index {at}")
    return frozen(np.array(ids, dtype=np.uint64))


def frozen(ids: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """An array of our own that nobody changes: a batch tells by its ids what made it."""
    ids.flags.writeable = False
    return ids


def _from_sequence(ids: tuple[object, ...]) -> Ids:
    if ids and isinstance(ids[0], str):
        for at, text in enumerate(ids):
            if not isinstance(text, str):
                raise TypeError(f"ids must not mix str with {type(text).__name__} (index {at})")
        return ids  # type: ignore[return-value]  # every item was just checked
    array = np.empty(len(ids), dtype=np.uint64)
    for at in range(unpack(ids, array), len(ids)):
        array[at] = _listed_integer(ids[at], at)
    return frozen(array)


def _listed_integer(value: object, at: int) -> int:
    if isinstance(value, str):
        raise TypeError(f"ids must not mix int with str (index {at})")
    number = integer(f"ids[{at}]", value)
    if not 0 <= number < _LIMIT:
        raise ValueError(f"ids[{at}] must be 0 to 2**64 - 1, got {number}")
    return number


def key_source(key: Key, ids: Ids) -> tuple[bytes, int | Text | npt.NDArray[np.uint64]]:
    """What keys and ids are to the C side: the shared prefix, and what follows it."""
    if isinstance(ids, range):
        return key.prefix, ids.start
    if isinstance(ids, np.ndarray):
        return key.prefix, ids
    try:
        return key.prefix + b'"', Text(ids)
    except UnicodeEncodeError as error:
        raise ValueError(f"sample id {error.object!r} has a lone surrogate: {error}") from None
