"""Figures and tables as text: Markdown that also reads well on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpa.checks import printable


@dataclass(frozen=True)
class Table:
    """A heading, the names of the columns, and rows of as many texts; the first is left-aligned."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def without_empty_columns(self) -> Table:
        """The same without columns that have no text in any row."""
        kept = [at for at in range(len(self.head)) if at == 0 or any(row[at] for row in self.rows)]
        rows = [[row[at] for at in kept] for row in self.rows]
        return Table(self.title, tuple(self.head[at] for at in kept), rows, self.note)

    def text(self) -> str:
        """The columns, aligned for a terminal."""
        lines = [[*map(printable, cells)] for cells in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(_aligned(cells, widths)).rstrip() for cells in lines)

    def markdown(self) -> str:
        """The heading, the note, and lines of equal width."""
        lines = [[_in_markdown(cell) for cell in cells] for cells in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        parts = [f"### {self.title}", "", *([self.note, ""] if self.note else [])]
        parts += [_line(cells, widths) for cells in (lines[0], ruler, *lines[1:])]
        return "\n".join(parts)


def _in_markdown(cell: str) -> str:
    """A cell that stays one: names come from files, too."""
    return printable(cell).replace("|", "\\|")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(_aligned(cells, widths))} |"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(cells, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


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
