"""Sample ids: checked once at the border, and held in the forms that the C code takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, TypeAlias, overload

import numpy as np

from dpa._columns import decode_texts, encode_texts, first_above, unpack
from dpa.checks import LIMIT, brief, not_negative, word
from dpa.derivation.keys import lone_surrogate

#: The type of the argument `ids` of public functions.
IdsLike: TypeAlias = "Sequence[int] | Sequence[str] | np.typing.NDArray[np.integer]"
#: The ids as Request takes them: the first of consecutive ids, an array, or UTF-8 with offsets.
Source: TypeAlias = (
    "int | np.typing.NDArray[np.uint64] | "
    "tuple[np.typing.NDArray[np.uint8], np.typing.NDArray[np.int64]]"
)

_UINT64 = np.dtype(np.uint64)
#: The most ids of one call. No machine holds the columns of so many samples; len() ends at 2**63.
MANY = 2**48


class Ids(ABC):
    """The ids of a block of samples: consecutive integers, listed integers, or strings.

    Immutable. `ids[i]` is an int or a str; `ids[a:b]` and `ids.take(places)` are Ids. Two Ids
    are equal if they name the same samples; empty Ids of any kind are equal.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # arrays are compared, not hashed

    #: "integer" or "string": the `id_type` of metadata.
    kind: ClassVar[str] = "integer"
    #: The bytes of a key between its prefix and its id.
    quote: ClassVar[bytes] = b""

    @property
    @abstractmethod
    def source(self) -> Source:
        """The ids in the form that the C code takes."""

    @property
    @abstractmethod
    def public(self) -> np.typing.NDArray[np.uint64] | tuple[str, ...]:
        """The ids as users see them: uint64, shape (n,), or a tuple of str."""

    @property
    def start(self) -> int | None:
        """The first of consecutive ids; None if the ids are listed."""
        return None

    def take(self, places: Sequence[int] | np.typing.NDArray[np.integer]) -> Ids:
        """The ids at these indices."""
        return Listed(np.asarray(self.public)[places])

    @abstractmethod
    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, item: int) -> int | str: ...
    @overload
    def __getitem__(self, item: slice) -> Ids: ...
    @abstractmethod
    def __getitem__(self, item: int | slice) -> int | str | Ids: ...

    def tolist(self) -> list[Any]:
        """A list of int or of str."""
        found = self.public
        return list(found) if isinstance(found, tuple) else found.tolist()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ids):
            return NotImplemented
        if len(self) != len(other):
            return False
        return len(self) == 0 or (self.kind == other.kind and self._same(other))

    def _same(self, other: Any) -> bool:
        return np.array_equal(self.public, other.public)

    def __repr__(self) -> str:
        return brief(self[:7].tolist())

    @staticmethod
    def checked(ids: Any) -> Ids:
        """The ids of a range, a 1-D array of integers or text, a sequence of int or of str, or Ids.

        Raises TypeError or ValueError.
        """
        if type(ids) is np.ndarray and ids.ndim == 1 and ids.dtype.kind in "iu":
            return Listed.of_array(ids)  # found at once: a small call takes a microsecond
        if isinstance(ids, range):
            return _of_range(ids)
        if isinstance(ids, Ids):
            return ids
        if isinstance(ids, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"ids must be a sequence of ids, got one id: {brief(ids)}")
        if hasattr(ids, "__array__") and np.ndim(ids) > 0:
            if np.ma.is_masked(ids):
                raise ValueError(f"ids must not be masked, got {brief(ids)}")
            array = np.asarray(ids)
            if array.ndim != 1:
                raise ValueError(f"ids must have one dimension, got shape {array.shape}")
            if array.dtype.kind in "iu" or array.size == 0:  # an empty array may have any dtype
                return Listed.of_array(array if array.size else np.empty(0, np.uint64))
            if array.dtype.kind not in "OUT":
                nulls = array.dtype.kind == "f" and bool(np.isnan(array).any())
                hint = f" with nulls (NaN) among them: {_REMEDY}" if nulls else ""
                raise TypeError(f"ids must be integers or strings, got dtype {array.dtype}{hint}")
            ids = array.tolist()
        if isinstance(ids, Sequence):
            return _of_sequence(tuple(ids))
        if hasattr(ids, "__index__"):
            raise TypeError(
                f"ids must be a sequence of ids, got {ids!r}; for the first n: range(n)"
            )
        raise TypeError(f"ids must be a range, an array or a sequence, got {type(ids).__name__}")

    @staticmethod
    def concatenate(parts: Iterable[Ids]) -> Ids:
        """The ids of all parts, in order. Raises ValueError if strings and integers are mixed."""
        given = list(parts)
        parts = [part for part in given if len(part)] or given[:1]
        if not parts:
            return Consecutive(range(0))
        if len({part.kind for part in parts}) > 1:
            raise ValueError("batches of string ids and of integer ids cannot be concatenated")
        if len(parts) == 1:  # they are immutable
            return parts[0]
        return type(parts[0])._joined(parts)

    @classmethod
    def _joined(cls, parts: Sequence[Any]) -> Ids:
        """Joins parts of one kind, at least one."""
        return Listed(np.concatenate([part.public for part in parts]))


class Consecutive(Ids):
    """Integers that ascend by one; only the range is stored."""

    __slots__ = ("_range",)

    def __init__(self, ids: range) -> None:
        self._range = ids if ids.start < LIMIT else range(0)  # an empty range may start at 2**64

    def __reduce__(self) -> tuple[Any, ...]:
        return Consecutive, (self._range,)

    @property
    def source(self) -> int:
        return self._range.start

    @property
    def start(self) -> int:
        return self._range.start

    @property
    def public(self) -> np.typing.NDArray[np.uint64]:
        return listed(self._range)

    def __len__(self) -> int:
        return len(self._range)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, slice):
            part = self._range[item]
            return Consecutive(part) if part.step == 1 else Listed(listed(part))
        return self._range[item]

    def index(self, sample_id: int) -> int | None:
        """The index of an id; None if it is not among them."""
        return self._range.index(sample_id) if sample_id in self._range else None

    def _same(self, other: Any) -> bool:
        if isinstance(other, Consecutive):
            return self._range == other._range
        return super()._same(other)

    def __repr__(self) -> str:
        return repr(self._range)

    @classmethod
    def _joined(cls, parts: Sequence[Any]) -> Ids:
        if all(isinstance(part, Consecutive) for part in parts):
            ranges = [part._range for part in parts]
            if all(a.stop == b.start for a, b in pairwise(ranges)):
                return Consecutive(range(ranges[0].start, ranges[-1].stop))
        return super()._joined(parts)


class Listed(Ids):
    """Integers in a private, read-only array, which is contiguous."""

    __slots__ = ("_array",)

    def __init__(self, array: np.typing.NDArray[np.uint64]) -> None:
        self._array = array

    @classmethod
    def of_array(cls, ids: np.typing.NDArray[np.integer], *, copy: bool = True) -> Listed:
        """The ids of an array of integers. Raises ValueError for negative ones.

        `copy`: False for memory that nobody writes to.
        """
        # Buffers from a network may not be aligned.
        array = ids.astype(_UINT64) if copy else np.require(ids, _UINT64, ["C", "A"])
        if ids.dtype.kind == "i" and (at := first_above(array, 2**63 - 1)) < len(array):
            raise ValueError(f"ids must not be negative, got {ids[at]} at index {at}")
        return cls(array)

    def __reduce__(self) -> tuple[Any, ...]:
        return Listed, (self._array,)

    @property
    def source(self) -> np.typing.NDArray[np.uint64]:
        return self._array

    @property
    def public(self) -> np.typing.NDArray[np.uint64]:
        self._array.setflags(write=False)  # the ids say what generated a batch
        return self._array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, slice):
            return Listed(np.ascontiguousarray(self._array[item]))
        return int(self._array[item])


class Texts(Ids):
    """Strings as one buffer of UTF-8 with offsets: Arrow's large_string."""

    __slots__ = ("_public", "offsets", "utf8")
    kind = "string"
    quote = b'"'

    def __init__(
        self, utf8: np.typing.NDArray[np.uint8], offsets: np.typing.NDArray[np.int64]
    ) -> None:
        self._public: tuple[str, ...] | None = None
        self.utf8 = utf8
        self.offsets = offsets  # n + 1 of them; the first need not be 0

    @classmethod
    def encoded(cls, texts: tuple[Any, ...]) -> Texts:
        """The ids of str objects or subclasses of str. Raises TypeError or ValueError."""
        offsets = np.empty(len(texts) + 1, np.int64)
        try:
            utf8 = encode_texts(texts, offsets)
        except TypeError:
            for at, value in enumerate(texts):
                _refuse_null(value, at)
            raise
        except UnicodeEncodeError as error:
            raise lone_surrogate(error) from None
        return cls(np.frombuffer(utf8, np.uint8), offsets)

    @classmethod
    def of_buffers(
        cls, utf8: np.typing.NDArray[np.uint8], offsets: np.typing.NDArray[np.int64]
    ) -> Texts:
        """The ids in foreign buffers. Raises ValueError unless each is valid UTF-8."""
        if len(offsets) == 0 or offsets[0] < 0 or offsets[-1] > len(utf8):
            raise ValueError("offsets of ids must lie within their text")
        if (offsets[1:] < offsets[:-1]).any():
            raise ValueError("offsets of ids must ascend")
        utf8[offsets[0] : offsets[-1]].tobytes().decode()
        starts = offsets[offsets < offsets[-1]]
        if ((utf8[starts] & 0xC0) == 0x80).any():
            raise ValueError("offsets of ids must not cut a character")
        return cls(utf8, offsets)

    def __reduce__(self) -> tuple[Any, ...]:
        return Texts, (self.bytes, self.offsets - self.offsets[0])

    @property
    def source(self) -> tuple[np.typing.NDArray[np.uint8], np.typing.NDArray[np.int64]]:
        return self.utf8, self.offsets

    @property
    def bytes(self) -> np.typing.NDArray[np.uint8]:
        """The UTF-8 of these ids only."""
        return self.utf8[self.offsets[0] : self.offsets[-1]]

    @property
    def public(self) -> tuple[str, ...]:
        if self._public is None:  # decoded once: some ask for one id after the other
            self._public = decode_texts(self.utf8, self.offsets)
        return self._public

    def take(self, places: Sequence[int] | np.typing.NDArray[np.integer]) -> Ids:
        at = np.asarray(places, np.intp)
        starts, sizes = self.offsets[at], self.offsets[at + 1] - self.offsets[at]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        source = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
        return Texts(self.utf8[source], offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, item: Any) -> Any:
        if not isinstance(item, slice):
            at = range(len(self))[item]
            return self.utf8[self.offsets[at] : self.offsets[at + 1]].tobytes().decode()
        start, stop, step = item.indices(len(self))
        if step != 1:
            return self.take(np.arange(start, stop, step))
        return Texts(self.utf8, self.offsets[start : max(start, stop) + 1])

    def _same(self, other: Any) -> bool:
        sizes = np.array_equal(self.offsets - self.offsets[0], other.offsets - other.offsets[0])
        return sizes and np.array_equal(self.bytes, other.bytes)

    @classmethod
    def _joined(cls, parts: Sequence[Any]) -> Ids:
        sizes = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        return Texts(np.concatenate([part.bytes for part in parts]), offsets)


_REMEDY = "leave out or fill the rows without an id"


def _refuse_null(value: object, at: int) -> None:
    """Raises TypeError for None, NaN, and the nulls of pandas and pyarrow."""
    is_nan = isinstance(value, float) and value != value
    if value is None or is_nan or type(value).__name__ in ("NAType", "NaTType", "NullScalar"):
        raise TypeError(f"ids must not be null, got {brief(value)} at index {at}: {_REMEDY}")


def listed(ids: range) -> np.typing.NDArray[np.uint64]:
    """The ids of a range as a uint64 array."""
    steps = np.arange(len(ids), dtype=np.uint64)
    return steps * np.uint64(ids.step % LIMIT) + np.uint64(ids.start % LIMIT)  # modulo 2**64


def _of_range(ids: range) -> Ids:
    if not ids:
        return Consecutive(range(0))
    if (ids[-1] - ids[0]) // ids.step >= MANY:
        raise ValueError(f"ids must be fewer than 2**48, got {ids!r}")
    for end in (ids[0], ids[-1]):
        if not 0 <= end < LIMIT:
            raise ValueError(f"ids must be 0 to 2**64 - 1, got {brief(end)} in {ids!r}")
    return Consecutive(ids) if ids.step == 1 else Listed(listed(ids))


def _of_sequence(ids: tuple[object, ...]) -> Ids:
    if ids and isinstance(ids[0], str):
        return Texts.encoded(ids)
    array = np.empty(len(ids), dtype=np.uint64)
    for at in range(unpack(ids, array), len(ids)):  # from the first that is no plain int
        _refuse_null(ids[at], at)
        if isinstance(ids[at], str):
            raise TypeError(f"ids must not mix int with str (index {at})")
        array[at] = word(f"ids[{at}]", ids[at])
    return Listed(array)


def consecutive_ids(num_samples: int, start_id: int) -> range:
    """range(start_id, start_id + num_samples), checked. Raises TypeError or ValueError."""
    size, start = not_negative("num_samples", num_samples), not_negative("start_id", start_id)
    if start + size > LIMIT:
        raise ValueError(f"the last id must be below 2**64, got {brief(start + size - 1)}")
    if size > MANY:
        raise ValueError(f"num_samples must be at most 2**48, got {brief(size)}")
    return range(start, start + size) if start < LIMIT else range(0)
