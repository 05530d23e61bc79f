"""The function that every engine calls: ids as Arrow arrays in, parameters as Arrow arrays out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from dpa.arrow.arrays import plain_array, plain_hash_array
from dpa.arrow.ids import as_plain, counted_from, ids_of, present_ids
from dpa.arrow.schema import fields
from dpa.arrow.tables import batches_of, column_of, read_table
from dpa.checks import boolean, brief, extra
from dpa.derivation.columns import Columns, Mask
from dpa.derivation.config import ALGORITHM
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.digest import SampleDigest
from dpa.derivation.frozen import Frozen
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.host.threads import check_threads

with extra("arrow", "dpa.arrow needs pyarrow"):
    import pyarrow as pa

#: Samples made at a time for a table's columns.
_BLOCK = 2**18
#: The most hashes of one array, whose offsets are 32 bits wide.
_MOST = 2**26 - 1

#: What `differing` returns.
DIFFERENCES = pa.schema(
    [
        ("index", pa.int64()),
        *((name, pa.string()) for name in ("id", "field", "stored", "expected")),
    ]
)


class Parameters(Frozen):
    """The parameters of samples for Arrow arrays and tables of their ids. Immutable, picklable.

    Ids may be integers of any width, decimals without fractions, strings of any kind, or
    dictionaries of these. Columns hold all values, active or not, as the space types them: double,
    int64, uint64, bool, string, lists of these, and `hash` as binary of 32 bytes.

    Parameters
    ----------
    space
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    hash
        Whether the hashes are among the columns.
    nulls
        "raise" refuses ids that are null; "null" gives nulls for them.
    num_threads
        The most threads of a call; None is the rule of generate_augmentation_batch.

    Attributes
    ----------
    derivation
        What makes the samples.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = Parameters(epoch=3).add(pa.table({"file": ["a.png", "b.png"]}), "file")
    >>> table.column_names
    ['file', 'rotation', 'brightness', 'noise', 'scale', 'contrast', 'hash']
    """

    __slots__ = ("derivation", "hashes", "nulls", "num_threads")

    derivation: Derivation
    hashes: bool
    nulls: str
    num_threads: int | None

    def __init__(
        self,
        space: Space | None = None,
        *,
        base_seed: int | None = None,
        epoch: int | None = None,
        view: int | None = None,
        hash: bool = True,  # noqa: A002 (the name of the column)
        nulls: str = "raise",
        num_threads: int | None = 1,
    ) -> None:
        if nulls not in ("raise", "null"):
            raise ValueError(f"nulls must be 'raise' or 'null', got {brief(nulls)}")
        check_threads(num_threads)
        self._set(derivation=derive(space, epoch, view, base_seed), nulls=nulls)
        self._set(hashes=boolean("hash", hash), num_threads=num_threads)

    def __reduce__(self) -> tuple[Any, ...]:
        # Some cache results by this pickle and never look at code: it says all that decides them.
        space, key = self.derivation.space, self.derivation.key
        says = (ALGORITHM, space.identity, sys.modules["dpa"].__version__)
        return _restored, (says, space, key[:3], self.hashes, self.nulls, self.num_threads)

    # ---- Types ----

    @property
    def space(self) -> Space:
        """What is drawn."""
        return self.derivation.space

    @property
    def fields(self) -> list[pa.Field]:
        """The names and types of the columns."""
        return fields(self.space, hashes=self.hashes)

    @property
    def type(self) -> pa.StructType:
        """The type of struct()."""
        return pa.struct(self.fields)

    # ---- Generating ----

    def struct(self, ids: pa.Array | pa.ChunkedArray) -> pa.StructArray:
        """The parameters of each id as one array of structs, at most 2**26 - 1 of them.

        Raises TypeError or ValueError for arrays that hold no ids, or nulls unless allowed.
        """
        return self._structs(ids, 0)

    def _structs(self, ids: pa.Array | pa.ChunkedArray, before: int) -> pa.StructArray:
        found, present = self._ids(ids, before)
        if len(ids) > _MOST:
            raise ValueError(f"ids must be at most {_MOST:,} at a time, got {len(ids):,}")
        batch = self.derivation.batch(found, self.num_threads)
        columns = batch.columns
        arrays = [plain_array(columns[name], each) for name, each in self.space.parameters]
        if self.hashes:
            arrays.append(plain_hash_array(batch.digests))
        made = pa.StructArray.from_arrays(arrays, fields=self.fields)
        if present is None:
            return made
        places = pa.array(np.cumsum(present) - 1, mask=~present)
        return made.take(places)

    def _ids(self, ids: Any, before: int) -> tuple[Ids, Mask | None]:
        """The ids and which rows have one. `before`: how many rows stand before these."""
        if not isinstance(ids, (pa.Array, pa.ChunkedArray)):
            raise TypeError(f"ids must be an array of Arrow, got {brief(ids)}")
        with counted_from(before):
            return present_ids(ids) if self.nulls == "null" else (ids_of(ids), None)

    def add(
        self, table: pa.Table | pa.RecordBatch, id_column: str, prefix: str = ""
    ) -> pa.Table | pa.RecordBatch:
        """The table with the parameters of its ids as further columns: `prefix` and the name.

        Raises TypeError or ValueError: as struct(), or for a column that is missing or there.
        """
        if not isinstance(table, (pa.Table, pa.RecordBatch)):
            raise TypeError(f"table must be a Table or a RecordBatch, got {type(table).__name__}")
        ids = column_of(table, id_column)
        names = self.names(prefix, table.schema.names)
        if isinstance(table, pa.RecordBatch):
            columns = self.struct(ids).flatten()
        else:
            size = self.space.block_size(_BLOCK)
            parts = [
                self._structs(ids[first : first + size], first).flatten()
                for first in range(0, len(ids), size)
            ]
            columns = [
                pa.chunked_array([part[at] for part in parts], field.type)
                for at, field in enumerate(self.fields)
            ]
        types = [field.with_name(name) for name, field in zip(names, self.fields, strict=True)]
        return type(table).from_arrays(
            [*table.columns, *columns],
            schema=pa.schema([*table.schema, *types], metadata=table.schema.metadata),
        )

    def names(self, prefix: str = "", there: Iterable[str] = ()) -> list[str]:
        """The names of the columns that add() adds.

        Raises ValueError if one of them is among the columns that are `there`.
        """
        if not isinstance(prefix, str):
            raise TypeError(f"prefix must be a str, got {brief(prefix)}")
        names = [prefix + field.name for field in self.fields]
        if taken := set(names).intersection(there):
            raise ValueError(f"the table has a column {min(taken)!r} already: say prefix=")
        return names

    # ---- Checking ----

    def digest(self, table: Any, id_column: str, prefix: str = "") -> SampleDigest:
        """The digest of the samples in a table, as their values are there.

        `table`: a table, a batch, or whatever has an Arrow stream, which is read in constant
        memory. It must have the hashes. With nulls="null" rows without an id do not count.
        Raises ValueError or TypeError: as struct(), or naming a column with a value that no
        sample has.
        """
        total, before = SampleDigest(), 0
        for batch in self._blocks(table):
            ids, present = self._ids(column_of(batch, id_column), before)
            columns, digests, sound = read_table(batch, self.space, prefix, present)
            if digests is None:
                raise ValueError(f"no column {prefix + 'hash'!r}, which a digest is made of")
            for name, mask in sound.items():
                if not mask.all():
                    at = _index(int(np.argmin(mask)), present)
                    value = column_of(batch, prefix + name)[at].as_py()
                    raise ValueError(
                        f"{prefix + name} of row {before + at} must be of "
                        f"{'32 bytes' if name == 'hash' else self.space[name]}, got {brief(value)}"
                    )
            total.update(Columns(ids, digests, columns, self.space), self.derivation.key)
            before += len(batch)
        return total

    def differing(self, table: Any, id_column: str, prefix: str = "") -> pa.Table:
        """The samples of a table that are not what their ids give, to the last bit.

        One row a sample: its `index` in the table, its `id`, the first `field` that differs (hash
        first), and what is `stored` and `expected`, as text. Hashes are compared where the table
        has them. With nulls="null" rows without an id must have nulls. Arguments and errors are
        those of digest().
        """
        found: list[dict[str, Any]] = []
        before = 0
        for batch in self._blocks(table):
            rows, told = self.compare(batch, id_column, prefix, before)
            found += map(told, rows)
            before += len(batch)
        return pa.Table.from_pylist(found, DIFFERENCES)

    def compare(
        self, batch: pa.RecordBatch, id_column: str, prefix: str = "", before: int = 0
    ) -> tuple[list[int], Callable[[int], dict[str, Any]]]:
        """The rows of a batch that differ, ascending, and what differing() says of such a row.

        `before`: how many rows of the table stand before the batch.
        """
        ids, present = self._ids(column_of(batch, id_column), before)
        columns, digests, sound = read_table(batch, self.space, prefix, present)
        wanted = self.derivation.batch(ids, self.num_threads)
        stored = Columns(ids, wanted.digests if digests is None else digests, columns, self.space)
        differences = stored.differing(wanted)
        fields = {name: differences.fields[name] | ~mask for name, mask in sound.items()}
        if present is not None:
            for name, mask in fields.items():  # without an id any value differs
                values = as_plain(column_of(batch, prefix + name)).is_valid()
                fields[name] = values.to_numpy(zero_copy_only=False).copy()
                fields[name][present] = mask

        def told(at: int) -> dict[str, Any]:
            name = next(name for name, mask in fields.items() if mask[at])
            value = _shown(column_of(batch, prefix + name)[at].as_py())
            sample_id = expected = "None"
            if present is None or present[at]:
                place = at if present is None else int(np.count_nonzero(present[:at]))
                sample_id = repr(ids[place])
                expected = wanted.field(name, place)
                expected = expected if name == "hash" else repr(expected)
            row = (before + at, sample_id, name, value, expected)
            return dict(zip(DIFFERENCES.names, row, strict=True))

        return np.flatnonzero(np.logical_or.reduce(list(fields.values()))).tolist(), told

    def _blocks(self, table: Any) -> Iterator[pa.RecordBatch]:
        size = self.space.block_size(_BLOCK)
        for batch in batches_of(table):
            for first in range(0, len(batch), size):
                yield batch[first : first + size]


def _index(at: int, present: Mask | None) -> int:
    """The row of a batch of which `at` is the row among those with an id."""
    return at if present is None else int(np.flatnonzero(present)[at])


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else repr(value)


def _restored(
    says: tuple[str, str, str],
    space: Space,
    key: tuple[int | None, int | None, int | None],
    hashes: bool,
    nulls: str,
    num_threads: int | None,
) -> Parameters:
    """What a pickle holds. Raises ValueError for one of another algorithm."""
    if says[0] != ALGORITHM:
        raise ValueError(f"the pickle is of dpa {says[2]} with {says[0]!r}, here is {ALGORITHM!r}")
    epoch, view, base_seed = key
    options: dict[str, Any] = {"hash": hashes, "nulls": nulls, "num_threads": num_threads}
    return Parameters(space, epoch=epoch, view=view, base_seed=base_seed, **options)
