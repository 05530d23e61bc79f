"""All tables as one page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from bench import (
    api,
    clusters,
    commands,
    files,
    gpu,
    images,
    kernels,
    peers,
    scaling,
    space,
    training,
)
from dpa.benchmark import Measurements, Record

SECTIONS: Mapping[str, ModuleType] = {
    "kernels": kernels,
    "api": api,
    "space": space,
    "files": files,
    "commands": commands,
    "scaling": scaling,
    "clusters": clusters,
    "peers": peers,
    "images": images,
    "gpu": gpu,
    "training": training,
}
INTRODUCTION = """\
# Benchmarks

Written by `python -m bench report`; do not edit. *best* is the minimum time of the repeats and
*median* their middle, after a warm-up; rates are samples a second. Rows of one table are measured
in turn (A B A B), and ratios are medians over the turns, so drift of the machine hits both sides.
The twin is `tests/reference.py`, the derivation in plain Python."""


def page(sections: Mapping[str, Measurements]) -> str:
    """The report: the machine, then every section that was measured."""
    first = next(iter(sections.values())).machine
    parts = [INTRODUCTION, machine_text(first)]
    for name, section in sections.items():
        load = "unknown" if section.load is None else f"{section.load:.1f}"
        took = f"took {section.seconds:.0f} s; load average before it: {load}"
        parts.append(f"## {SECTIONS[name].TITLE}\n\n`{section.command}` {took}.")
        if section.machine != first:
            parts.append("Measured elsewhere:\n\n" + machine_text(section.machine))
        parts.append(section_text(name, section))
    return "\n\n".join(parts) + "\n"


def section_text(name: str, section: Measurements) -> str:
    """The tables of one section."""
    tables = SECTIONS[name].tables(section.results, section.machine)
    return "\n\n".join(table.markdown() for table in tables)


def machine_text(machine: Record) -> str:
    """What machine() has found, one line each."""
    return "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in machine.items())
