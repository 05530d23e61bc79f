"""How two chain files differ: in which samples, which fields, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from dpa.checks import count_of
from dpa.derivation.columns import Column, Columns
from dpa.derivation.distributions import Distribution
from dpa.files.chains import FilePath
from dpa.files.folders import opened
from dpa.files.manifests import is_run
from dpa.files.metadata import Metadata
from dpa.files.pairs import OrderError, Pair, Pairing, by_id, in_order
from dpa.files.runs import SavedRun
from dpa.files.standard_input import STDIN
from dpa.host.progress import Advance, counted, progress_bar

#: The most samples to name one by one.
_NAMED = 5


class ChainDiff:
    """What diff_chains found; str() of it has some lines, bool() is whether anything differs.

    Attributes
    ----------
    common
        How many samples both files have.
    different
        How many of them differ in any bit.
    fields
        For each field that differs: in how many samples, and by how much at most (0.0 for
        hashes, booleans and choices).
    only
        How many samples only the first file has, and only the second.
    notes
        Everything else that differs.
    """

    def __init__(
        self, paths: tuple[FilePath, FilePath], declared: Mapping[str, Distribution]
    ) -> None:
        self.paths = paths
        self._declared = declared  # what both files have
        self.common = 0
        self.different = 0
        self.fields: dict[str, tuple[int, float]] = {}
        self._where = ""  # in a run: the epoch and the version of what is compared
        self.only = [0, 0]
        self.notes: list[str] = []
        self._first: list[str] = []
        self._first_only: tuple[list[str], list[str]] = ([], [])

    def at(self, where: str) -> None:
        """Says what the following samples are of, for their names."""
        self._where = where

    def update(self, pair: Pair) -> None:
        """Counts more samples."""
        a, b = pair
        if a is not None and b is not None:
            self._compare(a, b)
            return
        block, at = (b, 1) if a is None else (a, 0)
        if block is not None:
            self.only[at] += len(block)
            names = self._first_only[at]
            more = block.ids[: _NAMED - len(names)]
            names += [f"{each!r}{self._where}" for each in more]

    def _compare(self, a: Columns, b: Columns) -> None:
        found = a.differing(b, names=self._declared)
        for name, differs in found.fields.items():
            if differs.any():
                count, far = self.fields.get(name, (0, 0.0))
                if self._has_distance(name):
                    far = max(far, _distance(a.columns[name], b.columns[name]))
                self.fields[name] = (count + int(np.count_nonzero(differs)), far)
        for at in found.wrong[: _NAMED - len(self._first)].tolist():
            self._first.append(f"{a.ids[at]!r}{self._where} ({', '.join(found.names(at))})")
        self.common += len(a)
        self.different += found.wrong.size

    def _has_distance(self, name: str) -> bool:
        return name != "hash" and self._declared[name].labels is None

    def __bool__(self) -> bool:
        return bool(self.different or any(self.only) or self.notes)

    def to_dict(self) -> dict[str, Any]:
        """What was found, ready for JSON.

        `largest`: by how much a field differs at most; None for hashes, booleans and choices, and
        where the difference overflows. `ids`: the first samples that differ, each with its fields.
        """
        fields = {}
        for name, (count, far) in self.fields.items():
            measured = self._has_distance(name) and isfinite(far)
            fields[name] = {"count": count, "largest": far if measured else None}
        return {
            "paths": [*map(str, self.paths)],
            "equal": not self,
            "common": self.common,
            "different": self.different,
            "only": [*self.only],
            "fields": fields,
            "ids": [*self._first],
            "notes": [*self.notes],
        }

    def __str__(self) -> str:
        lines = list(self.notes)
        lines.append(f"{self.different:,} of {count_of(self.common, 'common sample')} differ")
        for name, (count, far) in self.fields.items():
            how = f", by up to {far!r}" if self._has_distance(name) else ""
            lines.append(f"  {name}: in {count:,} of them{how}")
        lines += ["  ids: " + _listed(self._first, self.different)] if self._first else []
        for path, count, names in zip(self.paths, self.only, self._first_only, strict=True):
            if count:
                lines.append(f"{count:,} only in {str(path)!r}: {_listed(names, count)}")
        return "\n".join(lines)


def _distance(a: Column, b: Column) -> float:
    with np.errstate(all="ignore"):  # the difference may overflow
        return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())


def _listed(names: list[str], count: int) -> str:
    return ", ".join(names) + (" ..." if count > len(names) else "")


def diff_chains(
    first: FilePath, second: FilePath, *, unlimited: bool = False, progress: bool = False
) -> ChainDiff:
    """Compares the samples of two files, folders or runs that have the same ids, bit for bit.

    Memory is constant if both files have their samples in one order; otherwise `second` is loaded.
    Repeated ids are paired in order. A trailer that contradicts its file is only noted. A folder
    that Run.save wrote is compared with another one, epoch by epoch and view by view; the chain
    files in any other folder are the parts of one chain.

    Parameters
    ----------
    first
        A chain file or a recipe, of any format, or a folder.
    second
        What to compare it with, of the same or another format.
    unlimited
        Whether to generate recipes that take one core over an hour: 10**10 samples at depth 10.
    progress
        Whether to show a bar on stderr, of the samples of both; it needs the extra `cli`.

    Returns
    -------
    ChainDiff
        False if nothing differs.

    Raises
    ------
    ChainFileError
        A file is damaged; a ValueError.
    ValueError
        A suffix is unknown, the files have other parameters, a recipe is too large without
        `unlimited`, or only one of both is a run.
    OSError
        A file cannot be read.
    """
    runs = [is_run(path) for path in (first, second)]
    if any(runs) and not all(runs):
        other = second if runs[0] else first
        if other != STDIN:
            Path(other).stat()  # where there is nothing, that is the error
        raise ValueError(
            f"{str(first)!r} and {str(second)!r} must both be runs or both be none: a run has "
            "several epochs"
        )
    diff = _diff_runs if all(runs) else _diff
    with progress_bar(progress, None) as advance:
        try:
            return diff(first, second, in_order, unlimited, advance)
        except OrderError:
            if STDIN not in (first, second):
                return diff(first, second, by_id, unlimited, advance)
    raise ValueError(
        "'-' has its samples in another order, so both are read twice: write it to a file"
    )


def _diff(
    first: FilePath, second: FilePath, pairs: Pairing, unlimited: bool, advance: Advance
) -> ChainDiff:
    with (
        opened(first, lenient=True, unlimited=unlimited) as a,
        opened(second, lenient=True, unlimited=unlimited) as b,
    ):
        diff = ChainDiff((first, second), _comparable(a.metadata, b.metadata))
        if pairs is by_id:
            size = 300 + b.metadata.assumed_space.sample_bytes
            b.require_memory(size, "ids in another order are compared in memory")
        diff.notes += _metadata_notes(a.metadata, b.metadata)
        for pair in pairs(counted(a.blocks(), advance), counted(b.blocks(), advance)):
            diff.update(pair)
        for reader in (a, b):
            diff.notes += [f"{str(reader.path)!r}: {problem}" for problem in reader.problems]
    return diff


def _diff_runs(
    first: FilePath, second: FilePath, pairs: Pairing, unlimited: bool, advance: Advance
) -> ChainDiff:
    """Compares the epochs and versions that both runs have, each pair of keys once."""
    a, b = saved = SavedRun.load(first), SavedRun.load(second)
    mine, theirs = (Metadata.of(next(s.run.parts()).derivation, s.run.ids) for s in saved)
    diff = ChainDiff((first, second), _comparable(mine, theirs))
    diff.notes += _space_notes(mine, theirs) + _different(a.run.facts, b.run.facts)
    compared: set[tuple[str, str]] = set()
    for epoch in _common_epochs(a, b):
        for at in range(min(len(s.run.key_views) for s in saved)):
            x, y = (s.run.part(s.run.epoch_policy.at(epoch), s.run.key_views[at]) for s in saved)
            if (x.name, y.name) not in compared:
                compared.add((x.name, y.name))
                diff.at(f" in epoch {epoch}" + (f", view {at}" if len(a.run.key_views) > 1 else ""))
                with a.opened(x, unlimited) as ours, b.opened(y, unlimited) as others:
                    both = (counted(samples.blocks(), advance) for samples in (ours, others))
                    for pair in pairs(*both):
                        diff.update(pair)
                    diff.notes += [*ours.problems, *others.problems]
    return diff


def _common_epochs(a: SavedRun, b: SavedRun) -> range:
    mine, theirs = a.run.epochs, b.run.epochs
    common = range(max(mine.start, theirs.start), min(mine.stop, theirs.stop))
    if not common:
        raise ValueError(f"the runs must have epochs in common, got {mine!r} and {theirs!r}")
    return common


def _comparable(a: Metadata, b: Metadata) -> dict[str, Distribution]:
    """The parameters that both files have, as values of one type. ValueError if there are none."""
    mine, theirs = (dict(each.assumed_space.parameters) for each in (a, b))
    found = {
        name: each
        for name, each in mine.items()
        if name in theirs and _form(each) == _form(theirs[name])
    }
    if not found:
        raise ValueError(
            "the files must have parameters in common, "
            f"got {', '.join(a.names)} and {', '.join(b.names)}"
        )
    return found


def _form(each: Distribution) -> tuple[object, ...]:
    return each.dtype, each.item_shape, each.choices


def _metadata_notes(a: Metadata, b: Metadata) -> list[str]:
    """The differences of what generated the samples; the ids show which samples they are."""
    made = ({**m.key._asdict(), "world_size": m.world_size, "dtype": m.dtype} for m in (a, b))
    return _space_notes(a, b) + _different(*made)


def _space_notes(a: Metadata, b: Metadata) -> list[str]:
    notes: list[str] = []
    if a.space is None or b.space is None:
        notes += [] if a.space is b.space else ["the config of one file is unknown"]
    else:
        mine, theirs = (dict(s.parameters) for s in (a.space, b.space))
        notes += _different(mine, theirs, "nothing")
        chains = ({"depth": s.depth, "sampler": s.sampler} for s in (a.space, b.space))
        notes += _different(*chains)
    return notes


def _different(a: Mapping[str, Any], b: Mapping[str, Any], absent: object = None) -> list[str]:
    """What differs by name, as text."""
    values = [(name, a.get(name, absent), b.get(name, absent)) for name in {**a, **b}]
    return [f"{name}: {x} and {y}" for name, x, y in values if x != y]
