"""Tables on a screen of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: The columns of the screen, and those of them that names may always take.
SCREEN, NAME = 80, 24


def aligned(rows: Iterable[Sequence[str]], sides: str) -> list[str]:
    """The rows of a table as lines; the first cell is a name.

    `sides`: "<" or ">" for each column, which has two blanks before it, or "(", which is "<" with
    one blank. A name that leaves no room for the rest has a line of its own.
    """
    table = [*rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)][1:]
    forms = zip(widths, sides[1:], strict=True)
    gaps = [0 if width == 0 else 1 if side == "(" else 2 for width, side in forms]
    room = max(NAME, SCREEN - sum(widths) - sum(gaps))
    first = max((len(row[0]) for row in table if len(row[0]) <= room), default=0)
    lines = []
    for name, *cells in table:
        if len(name) > room:
            lines.append(name)
            name = ""
        line = name.ljust(first)
        for cell, width, gap, side in zip(cells, widths, gaps, sides[1:], strict=True):
            line += " " * gap + (cell.rjust(width) if side == ">" else cell.ljust(width))
        lines.append(line.rstrip())
    return lines


def fits(lines: Iterable[str]) -> bool:
    """Whether each line fits on the screen."""
    return max(map(len, lines), default=0) <= SCREEN
