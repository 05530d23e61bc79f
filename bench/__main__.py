"""python -m bench [SECTION | all | report] [--quick] [--json FILE]; sections: bench.report."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import pictures, records
from bench.effort import FULL, QUICK, Effort
from bench.report import SECTIONS, machine_text, page, section_text
from dpa.benchmark import Measurements, machine

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    effort = dataclasses.replace(QUICK if options.quick else FULL, ghz=options.ghz)
    report = options.what in ("all", "report")
    if options.load:
        sections = records.load(options.load)
    else:
        sections = {
            name: _measure(name, effort, options.quick)
            for name in (SECTIONS if report else [options.what])
        }
        sections = {name: section for name, section in sections.items() if section.results}
        if not sections:
            sys.exit(f"nothing of {options.what} can be measured here")
    if options.json or (options.what == "report" and not options.load):
        records.save(sections, options.json or records.default_path(machine()))
    if options.what == "report":
        options.output.write_text(page(sections), encoding="utf-8")
        pictures.save(sections, options.output.parent)
        print(f"wrote {options.output} and its pictures", file=sys.stderr)
    elif report:
        print(page(sections), end="")
    else:
        print(machine_text(sections[options.what].machine), end="\n\n")
        print(section_text(options.what, sections[options.what]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast dpa is.")
    parser.add_argument(
        "what",
        nargs="?",
        choices=[*SECTIONS, "all", "report"],
        default="all",
        help="a section; all of them (the default); or all, kept as a page and JSON records",
    )
    parser.add_argument("--quick", action="store_true", help="does it run? no figures to quote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the records to FILE")
    parser.add_argument("--load", type=Path, metavar="FILE", help="measure nothing, read FILE")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", default=PAGE, help=f"default: {PAGE}"
    )
    parser.add_argument(
        "--ghz", type=float, metavar="N", help="the clock, if it cannot be measured"
    )
    return parser


def _measure(name: str, effort: Effort, quick: bool) -> Measurements:
    ghz = [] if effort.ghz is None else ["--ghz", str(effort.ghz)]
    command = ["python", "-m", "bench", name, *(["--quick"] if quick else []), *ghz]
    print(f"measuring {name} ...", end=" ", flush=True, file=sys.stderr)
    section = Measurements.taken(shlex.join(command), lambda: SECTIONS[name].run(effort))
    print(f"{section.seconds:.0f} s", file=sys.stderr)
    return section


if __name__ == "__main__":
    main()
