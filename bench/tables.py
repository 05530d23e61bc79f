"""Tables of results as Markdown that also reads well on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpa.benchmark import BenchmarkResult


@dataclass(frozen=True)
class Table:
    """A heading, the names of the columns, and rows of as many texts; the first is left-aligned."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """The heading, the note, and lines of equal width."""
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        parts = [f"### {self.title}", "", *([self.note, ""] if self.note else [])]
        parts += [_line(cells, widths) for cells in (self.head, ruler, *self.rows)]
        return "\n".join(parts)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    aligned = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(aligned)} |"


def rate(per_second: float) -> str:
    """6.45 M/s."""
    for size, letter in ((1e6, " M/s"), (1e3, " k/s")):
        if per_second >= size:
            return _three_digits(per_second / size) + letter
    return _three_digits(per_second) + " /s"


def duration(seconds: float) -> str:
    """1.12 us."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-9)} ns"


def times(ratio: float) -> str:
    """1.97 x."""
    return _three_digits(ratio) + " x"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def rate_table(title: str, results: Sequence[BenchmarkResult], note: str = "") -> Table:
    """Rates of results; `against` among a result's facts names the one to compare it with."""
    named = {result.name: result for result in results}
    twin = next((result for result in results if result.facts.get("twin")), None)
    head = ["what", "best", "median", "each", "share", "of"]
    rows = []
    for result in results:
        other = named.get(result.facts.get("against", ""))
        row = [
            result.name,
            rate(result.best_samples_per_second),
            rate(result.samples_per_second),
            duration(result.median_seconds / result.samples_per_call),
            f"{result.rate_against(other)[1]:.2f}" if other else "",
            other.name if other else "",
        ]
        rows.append(row + ([times(result.rate_against(twin)[1])] if twin else []))
    table = Table(title, (*head, *(["the twin"] if twin else [])), rows, note)
    return table if any(row[5] for row in rows) else _without(table, ("share", "of"))


def _without(table: Table, names: Sequence[str]) -> Table:
    kept = [at for at, name in enumerate(table.head) if name not in names]
    rows = [[row[at] for at in kept] for row in table.rows]
    return Table(table.title, tuple(table.head[at] for at in kept), rows, table.note)


def duration_table(title: str, results: Sequence[BenchmarkResult], note: str = "") -> Table:
    """Times of results that make nothing to count."""
    rows = [
        [result.name, *map(duration, (min(t), result.median_seconds, max(t)))]
        for result in results
        for t in [result.times_seconds]
    ]
    return Table(title, ("what", "best", "median", "worst"), rows, note)
