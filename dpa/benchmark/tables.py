"""Figures and tables as plain text and as Markdown that is readable on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpa.checks import printable


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and rows of texts; the first column is left-aligned."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def without_empty_columns(self) -> Table:
        """The table without columns that are empty in every row; the first one always stays."""
        kept = [at for at in range(len(self.head)) if at == 0 or any(row[at] for row in self.rows)]
        rows = [[row[at] for at in kept] for row in self.rows]
        return Table(self.title, tuple(self.head[at] for at in kept), rows, self.note)

    def text(self) -> str:
        """The table aligned for a terminal."""
        lines = [[*map(printable, cells)] for cells in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(_aligned(cells, widths)).rstrip() for cells in lines)

    def markdown(self) -> str:
        """The title, the note, and a Markdown table with lines of equal width."""
        every = (self.head, *self.rows)  # names may come from files
        lines = [[printable(cell).replace("|", "\\|") for cell in cells] for cells in every]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        parts = [f"### {self.title}", "", *([self.note, ""] if self.note else [])]
        rows = [_aligned(cells, widths) for cells in (lines[0], ruler, *lines[1:])]
        parts += [f"| {' | '.join(cells)} |" for cells in rows]
        return "\n".join(parts)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(cells, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def rate(per_second: float) -> str:
    """A rate with three digits, such as "6.45 M/s"."""
    for size, letter in ((1e6, " M/s"), (1e3, " k/s")):
        if per_second >= size:
            return _three_digits(per_second / size) + letter
    return _three_digits(per_second) + " /s"


def duration(seconds: float) -> str:
    """A time with three digits, such as "1.12 us"."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-9)} ns"


def times(ratio: float) -> str:
    """A ratio with three digits, such as "1.97 x"."""
    return _three_digits(ratio) + " x"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
