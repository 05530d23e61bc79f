"""Sections of measurements as JSON, one result a line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dpa.benchmark import BenchmarkResult, Record

FOLDER = Path(__file__).parent / "results"
FACTS = ("command", "seconds", "load", "machine")


@dataclass(frozen=True)
class Section:
    """What one of bench's commands measured, where, when how much else ran, and the command."""

    command: str
    seconds: float  # that it took
    load: float | None  # average of the minute before it, where the system tells
    machine: Record
    results: Sequence[BenchmarkResult]

    def __getitem__(self, name: str) -> BenchmarkResult:
        """The result of that name; KeyError."""
        for result in self.results:
            if result.name == name and result.times_seconds:
                return result
        raise KeyError(name)


def default_path(machine: Record) -> Path:
    """bench/results/<machine>.json."""
    family = f"family {machine['cpu_family']}" if machine["cpu_family"] is not None else ""
    text = f"{machine['cpu']} {family} {machine['cores']} cores".lower()
    return FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', text)}.json"


def save(sections: dict[str, Section], path: Path) -> None:
    """Writes the sections; those of other names in the file stay."""
    kept = load(path) if path.exists() else {}
    parts = [
        f"{json.dumps(name)}: {_text(section)}" for name, section in {**kept, **sections}.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _text(section: Section) -> str:
    results = ",\n  ".join(json.dumps(result.to_dict()) for result in section.results)
    facts = {name: getattr(section, name) for name in FACTS}
    head = ",\n ".join(f"{json.dumps(name)}: {json.dumps(fact)}" for name, fact in facts.items())
    return f'{{{head},\n "results": [\n  {results}\n ]}}'


def load(path: Path) -> dict[str, Section]:
    """What save has written."""
    return {
        name: Section(
            **{fact: section[fact] for fact in FACTS},
            results=[BenchmarkResult.from_dict(record) for record in section["results"]],
        )
        for name, section in json.loads(path.read_text(encoding="utf-8")).items()
    }
