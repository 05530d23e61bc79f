"""All pictures and tables as one page of Markdown."""

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
    pictures,
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

Written by `python -m bench report`; do not edit. The pictures show median rates, of dpa in blue and
of its peers in grey; longer bars are faster. *By order* marks a peer whose values depend on what it
drew before, so an id gets other values in another order."""
TABLES = """\
The tables have more. *best* is the minimum time of the repeats and *median* their middle, after a
warm-up; rates are samples a second. The rows of one table are measured in turn (A B A B), and
ratios are medians over the turns: when the machine slows down for a while, both sides do. The twin
is `tests/reference.py`, the derivation in plain Python. [Kernels](kernels.md) says what
bounds each.

The machine:"""


def page(sections: Mapping[str, Measurements]) -> str:
    """The report: pictures, the machine, then every section that was measured."""
    first = next(iter(sections.values())).machine
    parts = [INTRODUCTION, pictures.markdown(sections), TABLES, machine_text(first)]
    for name, module in SECTIONS.items():
        if name not in sections:
            continue
        section = sections[name]
        load = "unknown" if section.load is None else f"{section.load:.1f}"
        took = f"took {section.seconds:.0f} s; load average before it: {load}"
        parts.append(f"## {module.TITLE}\n\n`{section.command}` {took}.")
        if section.machine != first:
            parts.append("Measured elsewhere:\n\n" + machine_text(section.machine))
        parts.append(section_text(name, section))
    return "\n\n".join(part for part in parts if part) + "\n"


def section_text(name: str, section: Measurements) -> str:
    """The tables of one section."""
    tables = SECTIONS[name].tables(section.results, section.machine)
    return "\n\n".join(table.markdown() for table in tables)


def machine_text(machine: Record) -> str:
    """What machine() has found, one line each."""
    return "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in machine.items())
