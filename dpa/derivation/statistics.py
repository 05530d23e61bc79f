"""Mean, stdev, min, max and count of columns; no bit depends on how the samples are split."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from dpa._columns import MOMENTS_BLOCK, moments
from dpa.derivation.columns import Column, Mask
from dpa.derivation.config import PARAMETERS, checked_space
from dpa.derivation.distributions import Value
from dpa.derivation.rows import column_of, names_of
from dpa.derivation.space import Space
from dpa.host.memory import require_memory

#: count, mean, squared deviations from it, min, max
Moments: TypeAlias = tuple[int, float, float, float, float]
#: Of each column mean, stdev, min, max (float) and count (int); of booleans and choices count,
#: counts and shares, the last two by value as text.
Summary: TypeAlias = dict[str, dict[str, Any]]

#: Files store the counts of at most so many choices.
_MOST_STORED = 256
#: Samples that are converted to float64 at a time.
_PIECE = 64 * MOMENTS_BLOCK

_NONE: Moments = (0, math.nan, math.nan, math.nan, math.nan)


@runtime_checkable
class Columnar(Protocol):
    """Anything with its samples as arrays (n,) by name, such as an AugmentationBatch."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The arrays by name, each of shape (n, ...)."""


class _Numbers:
    """The moments of a column's active values."""

    def __init__(self) -> None:
        self._total = _NONE
        self._open: list[npt.NDArray[np.float64]] = []  # the active values of the open block
        self._filled = 0  # its samples, the inactive ones too

    def add(self, column: Column, mask: Mask | None) -> None:
        """Adds samples: to the open block, or whole blocks at once."""
        values, done = np.asarray(column, np.float64).reshape(len(column), -1), 0
        while done < len(values):
            room, left = MOMENTS_BLOCK - self._filled, len(values) - done
            whole = mask is None and room == MOMENTS_BLOCK <= left
            taken = left // room * room if whole else min(room, left)
            part = slice(done, done + taken)
            if whole:
                blocks = moments(values[part].ravel(), MOMENTS_BLOCK * values.shape[1])
                self._total = _merged(self._total, blocks)
            else:  # copies: the caller may reuse its arrays
                active = np.array(values[part]) if mask is None else values[part][mask[part]]
                self._open.append(active.ravel())
                if taken == room:
                    self._total, self._open = self._moments(), []
            done += taken
            self._filled = (self._filled + taken) % MOMENTS_BLOCK

    def _moments(self) -> Moments:
        """The moments so far, those of the open block too."""
        if not self._open:
            return self._total
        values = np.concatenate(self._open)
        return _merged(self._total, moments(values, max(len(values), 1)))

    def __add__(self, other: _Numbers) -> _Numbers:
        both, theirs = _Numbers(), other._moments()
        both._total = _merged(self._moments(), [theirs]) if theirs[0] else self._moments()
        return both

    def result(self) -> dict[str, Any]:
        """mean, stdev, min, max and count."""
        count, mean, squares, low, high = self._moments()
        stdev = 0.0 if count == 1 else math.sqrt(squares / (count - 1))  # count 0: NaN
        return {"mean": mean, "stdev": stdev, "min": low, "max": high, "count": count}


class _Counts:
    """How often a column's active values are each of a few."""

    def __init__(self, labels: Sequence[Value]) -> None:
        self._labels = labels
        self._counts = np.zeros(len(labels), np.int64)

    def add(self, column: Column, mask: Mask | None) -> None:
        """Adds samples; counts need no blocks."""
        codes, known = column if mask is None else column[mask], len(self._labels)
        if codes.dtype != np.bool_ and codes.size and codes.view(np.uint32).max() >= known:
            raise ValueError(f"codes must be 0 to {known - 1}, got {codes.max()}")
        self._counts += np.bincount(codes.reshape(-1), minlength=known)

    def __add__(self, other: _Counts) -> _Counts:
        both = _Counts(self._labels)
        both._counts = self._counts + other._counts
        return both

    def result(self) -> dict[str, Any]:
        """count, and by value as text the counts and the shares."""
        names, counts = [value_text(each) for each in self._labels], self._counts.tolist()
        count = sum(counts)
        shares = [each / count if count else math.nan for each in counts]
        return {
            "count": count,
            "counts": dict(zip(names, counts, strict=True)),
            "shares": dict(zip(names, shares, strict=True)),
        }


class Statistics:
    """Statistics of named columns that arrive in pieces of any size; inactive values are left out.

    Samples are grouped into blocks of 4,096, counted from the first sample. The active values of
    each block are summed in a fixed order, and the blocks are merged in order. So the sizes of
    the pieces change no bit of the result. `space`: what declares the columns; None for real
    numbers that all samples have.
    """

    def __init__(self, names: Sequence[str], space: Space | None = None) -> None:
        if space is not None and space.block_size(MOMENTS_BLOCK) < MOMENTS_BLOCK:
            size = MOMENTS_BLOCK * space.sample_bytes
            require_memory("a block of statistics", size, "smaller shapes need less")
        self._names = tuple(names)
        self._space = space
        labels = (None if space is None else space[name].labels for name in self._names)
        self._each: list[_Numbers | _Counts] = [
            _Numbers() if known is None else _Counts(known) for known in labels
        ]

    def update(self, columns: Mapping[str, Column]) -> None:
        """Adds samples: an array of shape (n, ...) for each name."""
        for name, each in zip(self._names, self._each, strict=True):
            mask = None if self._space is None else self._space.mask(name, columns)
            for start in range(0, len(columns[name]), _PIECE):
                part = slice(start, start + _PIECE)
                each.add(columns[name][part], None if mask is None else mask[part])

    def __add__(self, other: Statistics) -> Statistics:
        """The statistics of both sides' samples together.

        They equal those of one pass over all samples to about 1e-15, not to the last bit.
        Raises ValueError if the columns differ.
        """
        if not isinstance(other, Statistics):
            return NotImplemented
        if (self._names, self._space) != (other._names, other._space):
            raise ValueError(f"statistics of {self._names} and of {other._names} do not add up")
        total = Statistics(self._names, self._space)
        total._each = [a + b for a, b in zip(self._each, other._each, strict=True)]  # type: ignore[operator]
        return total

    def result(self) -> Summary:
        """The statistics so far; more samples may be added afterwards."""
        return {name: each.result() for name, each in zip(self._names, self._each, strict=True)}


def value_text(value: Value) -> str:
    """A choice as text: a string as it is, others as JSON writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _merged(total: Moments, blocks: Sequence[Moments]) -> Moments:
    """Merges by Chan's formula, block by block."""
    for block in blocks:
        (na, mean_a, squares_a, min_a, max_a), (nb, mean_b, squares_b, min_b, max_b) = total, block
        if na == 0:
            total = block
            continue
        n = na + nb
        delta = mean_b - mean_a
        mean = mean_a + delta * nb / n
        squares = squares_a + squares_b + delta * delta * na * nb / n
        total = (n, mean, squares, min(min_a, min_b), max(max_a, max_b))
    return total


def without_nan(summary: Summary) -> Summary:
    """The summary as files store it: with None in place of NaN and infinity.

    Of more than 256 choices it has the count alone.
    """
    return {name: _stored(values) for name, values in summary.items()}


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if not isinstance(value, dict):
            found[key] = value if math.isfinite(value) else None
        elif len(value) <= _MOST_STORED:
            found[key] = _stored(value)
    return found


def compute_statistics(
    params_list: Sequence[Mapping[str, Any]] | Columnar,
    names: Sequence[str] | None = None,
    *,
    config: Space | None = None,
) -> Summary:
    """Mean, stdev (n-1), min, max and count of each parameter; of booleans and choices counts.

    `params_list`: a list of dicts as generate_augmentation_chain returns, or an
    AugmentationBatch. `names`: the parameters of dicts, all of them real numbers; None takes the
    five where the first dict has one of them, else those of the first dict. `config`: the Space
    of dicts with other parameters; a dict may lack the inactive ones.

    The result is a dict of figures for each parameter: mean, stdev, min, max and count of its
    active values; or count, counts and shares where they are booleans or choices. The stdev of
    one sample is 0.0; without samples, count is 0 and the other figures are NaN. Raises
    ValueError if a sample lacks a parameter, TypeError if it is not a dict or a value is not a
    number; the message names the sample.

    >>> compute_statistics([])["scale"]["count"]
    0
    """
    if isinstance(getattr(params_list, "columns", None), Mapping):
        return _of_pieces(params_list, [params_list])
    if isinstance(params_list, (str, bytes, Mapping)) or not isinstance(params_list, Sequence):
        raise TypeError(
            "params_list must be a list of dicts or an AugmentationBatch, "
            f"got {type(params_list).__name__}"
        )
    return _of_rows(params_list, names, config)


def compute_streaming_statistics(
    param_generator: Iterable[Mapping[str, Any]] | Iterable[Columnar],
    names: Sequence[str] | None = None,
    *,
    config: Space | None = None,
) -> Summary:
    """The statistics of samples that arrive one by one, in constant memory.

    `param_generator`: an iterable of dicts or of batches, not mixed; it is consumed. `names` and
    `config` are as for compute_statistics, whose result for the same samples is equal to the last
    bit. Raises as that does.
    """
    items = iter(param_generator)
    head = list(islice(items, 1))
    everything: Iterable[Any] = chain(head, items)
    if head and isinstance(head[0], Columnar):
        return _of_pieces(head[0], everything)
    return _of_rows(everything, names, config)


def _of_pieces(first: Any, pieces: Iterable[Any]) -> Summary:
    """The statistics of pieces, `first` among them, which are all of its kind."""
    space = getattr(first, "space", None)
    statistics = Statistics(tuple(first.columns), space)
    for at, piece in enumerate(pieces):
        if not hasattr(piece, "columns"):  # isinstance would take microseconds
            raise TypeError(f"item {at} must be a batch like the first, got {piece!r}")
        if getattr(piece, "space", None) != space:
            raise ValueError(f"item {at} is of another Space than the first")
        statistics.update(piece.columns)
    return statistics.result()


def _of_rows(
    rows: Iterable[Any], names: Sequence[str] | None, space: Space | None = None
) -> Summary:
    """The statistics of dicts, of the parameters `names`.

    Without names: if the first dict has any of the five parameters, all dicts must have all
    five; otherwise they must have the parameters of the first dict.
    """
    items, first = iter(rows), 0
    head = list(islice(items, 1))
    if space is not None:
        if names is not None:
            raise ValueError(f"names must be None with a config, got {names!r}")
        names = checked_space(space).names
    else:
        own = names_of(head[0]) if head else ()
        names = names or (own if own and not set(own) & set(PARAMETERS) else PARAMETERS)
    statistics, items = Statistics(names, space), chain(head, items)
    while part := list(islice(items, MOMENTS_BLOCK)):
        if space is not None:
            statistics.update(_typed(part, first, space))
        else:
            try:
                statistics.update({name: column_of(part, name, first) for name in names})
            except TypeError as error:
                raise TypeError(f"{error}; of a Space's dicts say config=, the Space") from None
        first += len(part)
    return statistics.result()


def _typed(rows: Sequence[Any], first: int, space: Space) -> dict[str, Column]:
    """The columns of dicts, with zeros for the inactive values that dicts lack."""
    columns: dict[str, Column] = {}
    for at, row in enumerate(rows, first):
        names_of(row, at)  # raises for anything but a dict
    # A gate has fewer conditions than what hangs on it, so it comes first.
    for name in sorted(space.names, key=lambda each: len(space.conditions[each])):
        mask = space.mask(name, columns)
        if mask is None:
            columns[name] = column_of(rows, name, first, space[name])
            continue
        columns[name] = np.zeros((len(rows), *space[name].item_shape), space[name].dtype)
        for at, active in enumerate(mask.tolist()):
            if active != (name in rows[at]):
                has = "lacks" if active else "has"
                is_active = "active" if active else "inactive"
                raise ValueError(f"sample {first + at} {has} {name!r}, which is {is_active} in it")
            if active:
                columns[name][at] = column_of(rows[at : at + 1], name, first + at, space[name])[0]
    return columns


def theoretical_statistics(config: Space, epoch: int | None = None) -> Summary:
    """The distributions that `config` declares, by parameter.

    Of numbers mean, stdev, min and max; of booleans and choices the shares of their values.
    `epoch`: that of the key, where a number changes with it; ValueError without.
    """
    found: Summary = {}
    for name, each in checked_space(config).at(epoch).parameters:
        if each.labels is None:
            (mean, stdev), (low, high) = each.moments, each.support
            found[name] = {"mean": mean, "stdev": stdev, "min": low, "max": high}
        else:
            shares = each.shares or {}
            found[name] = {"shares": {value_text(value): p for value, p in shares.items()}}
    return found
