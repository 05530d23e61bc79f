"""Sections of the report as one JSON file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dpa.benchmark import Measurements, Record

FOLDER = Path(__file__).parent / "results"


def default_path(machine: Record) -> Path:
    """bench/results/<machine>.json."""
    family = f"family {machine['cpu_family']}" if machine["cpu_family"] is not None else ""
    text = f"{machine['cpu']} {family} {machine['cores']} cores".lower()
    return FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', text)}.json"


def save(sections: dict[str, Measurements], path: Path) -> None:
    """Writes the sections; those of other names in the file stay."""
    kept = load(path) if path.exists() else {}
    parts = [
        f"{json.dumps(name)}: {section.to_json()}" for name, section in {**kept, **sections}.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def load(path: Path) -> dict[str, Measurements]:
    """What save has written."""
    sections = json.loads(path.read_text(encoding="utf-8"))
    return {name: Measurements.from_record(section) for name, section in sections.items()}
