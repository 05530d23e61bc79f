"""Measurements as JSON, one result per line, kept as the baseline of later comparisons."""

from __future__ import annotations

import json
import os
import reprlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dpa.benchmark.environment import machine
from dpa.benchmark.results import BenchmarkResult, Record
from dpa.benchmark.timing import measure_time
from dpa.derivation.documents import parse, refuse_constant

_FACTS = ("command", "seconds", "load", "machine")


@dataclass(frozen=True, slots=True)
class Measurements:
    """The results of one command, and the circumstances.

    Parameters
    ----------
    command
        The command line.
    seconds
        How long it took.
    load
        The load average of the minute before it; None if the system does not tell.
    machine
        The record of machine().
    results
        One for each case.
    """

    command: str
    seconds: float
    load: float | None
    machine: Record
    results: Sequence[BenchmarkResult]

    @classmethod
    def taken(cls, command: str, measure: Callable[[], Iterable[BenchmarkResult]]) -> Self:
        """Calls `measure()` and records its results, here and now."""
        found = machine()
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        with measure_time() as timer:
            results = list(measure())
        return cls(command, timer["elapsed_seconds"], load, found, results)

    def __getitem__(self, name: str) -> BenchmarkResult:
        """The result with that name. Raises KeyError if it was not measured."""
        for result in self.results:
            if result.name == name and result.times_seconds:
                return result
        raise KeyError(name)

    def has_cpu_times(self) -> bool:
        """Whether all results have CPU times above 0, so that these can be compared."""
        return all(min(result.cpu_seconds, default=0) > 0 for result in self.results)

    def differences(self, other: Measurements) -> list[str]:
        """The differences of machine, versions and settings from `other`, one line each."""
        names = {**self.machine, **other.machine}
        pairs = [(name, self.machine.get(name), other.machine.get(name)) for name in names]
        return [
            f"{name}: {theirs} there, {ours} here" for name, ours, theirs in pairs if ours != theirs
        ]

    def to_json(self, **more: object) -> str:
        """JSON with one result per line; `more` are extra members, which from_record ignores."""
        results = ",\n  ".join(json.dumps(result.to_dict()) for result in self.results)
        facts = {name: getattr(self, name) for name in _FACTS} | more
        head = ",\n ".join(
            f"{json.dumps(name)}: {json.dumps(fact)}" for name, fact in facts.items()
        )
        return f'{{{head},\n "results": [\n  {results}\n ]}}'

    @classmethod
    def from_record(cls, record: Record) -> Self:
        """The measurements in parsed JSON. Raises KeyError, TypeError or ValueError."""
        if not isinstance(record, dict):
            raise TypeError(f"the record must be an object, got {reprlib.repr(record)}")
        for name, kind in (("machine", dict), ("results", list)):
            if not isinstance(record[name], kind):
                found = reprlib.repr(record[name])
                raise TypeError(f"{name} must be a {kind.__name__}, got {found}")
        results = [BenchmarkResult.from_dict(result) for result in record["results"]]
        return cls(**{name: record[name] for name in _FACTS}, results=results)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """The measurements in a file of to_json. Raises OSError, or ValueError for others."""
        try:
            return cls.from_record(parse(Path(path).read_bytes(), refuse_constant))
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else error
            raise ValueError(f"{os.fspath(path)!r} holds no measurements: {problem}") from error
