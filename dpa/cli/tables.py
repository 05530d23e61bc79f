"""Tables of what parameters declare and of what samples have, for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from textwrap import wrap

from dpa.checks import count_of, printable
from dpa.derivation.distributions import Uniform
from dpa.derivation.space import Space
from dpa.derivation.statistics import Summary
from dpa.derivation.words import conditions_in_words, in_words
from dpa.host.screen import NAME, SCREEN, aligned, fits

_FIGURES = ("mean", "stdev", "min", "max")
#: Values of one parameter that are listed, in lines of their own and in one line.
_LISTED, _TOLD = 16, 4


def statistics_table(
    size: int, found: Summary, space: Space | None, expected: Summary | None
) -> str:
    """One line per number, one line per value of the others; what is declared is in brackets."""
    uniform = space is not None and all(isinstance(each, Uniform) for _, each in space.parameters)
    declared = "the uniform distribution" if uniform else "as declared"
    lines = [count_of(size, "sample") + (f" (in brackets: {declared})" if expected else "")]
    numbers = {name: values for name, values in found.items() if "shares" not in values}
    shares = {name: values for name, values in found.items() if "shares" in values}
    if numbers:
        lines += _number_lines(numbers, expected, size)
    if shares:
        rows = [("", "values", "share", ""), *_counts(shares, expected)]
        lines += aligned(rows, "<>>(")
    return "\n".join(lines)


def _number_lines(numbers: Summary, expected: Summary | None, size: int) -> list[str]:
    """A line per parameter; two where the theory does not fit beside the figures."""
    own = any(values["count"] != size for values in numbers.values())
    rows = [["", *_FIGURES, *(["values"] if own else [])]]
    theory = [[""] * len(rows[0])]
    for name, values in numbers.items():
        count = [f"{values['count']:,}"] if own else []
        rows.append([name, *(f"{values[figure]:.4g}" for figure in _FIGURES), *count])
        declared = (expected or {}).get(name, {})
        told = (f"({declared[figure]:.4g})" if declared else "" for figure in _FIGURES)
        theory.append(["", *told, *("" for _ in count)])
    beside = [
        [row[0], *(cell for pair in zip(row[1:], more[1:], strict=True) for cell in pair)]
        for row, more in zip(rows, theory, strict=True)
    ]
    lines = aligned(beside, "<" + ">(" * (len(rows[0]) - 1))
    if fits(lines):
        return lines
    below = [line for pair in zip(rows, theory, strict=True) for line in pair if any(line)]
    return aligned(below, "<" + ">" * (len(rows[0]) - 1))


def _counts(found: Summary, expected: Summary | None) -> Iterator[tuple[str, str, str, str]]:
    """A label, the count, the share and the share declared of each value."""
    for name, values in found.items():
        for value, count in islice(values["counts"].items(), _LISTED):
            theory = f"({expected[name]['shares'][value]:.4g})" if expected else ""
            label = f"{name}: {printable(value)}"
            yield label, f"{count:,}", f"{values['shares'][value]:.4g}", theory
        if len(values["counts"]) > _LISTED:
            yield f"{name}: {len(values['counts']) - _LISTED:,} more", "", "", ""


def declared_table(space: Space, epoch: int | None, expected: Summary) -> str:
    """One line per parameter: its distribution, and the mean and stdev or the shares of it.

    Several lines where one would not fit.
    """
    in_epoch = "" if epoch is None else f", epoch {epoch}"
    rows = []
    for name, each in space.parameters:
        words = [in_words(each), conditions_in_words(each.when)]
        rows.append((name, ", ".join(filter(None, words)), _expectation(expected.get(name))))
    lines = aligned(rows, "<<<")
    if not fits(lines):
        width = SCREEN - 2 - min(NAME, max(len(name) for name in space.names))
        lines = aligned([line for row in rows for line in _folded(row, width)], "<<")
    made = f"{space.sampler}, depth {space.depth}{in_epoch}"
    head = [f"{count_of(len(space), 'parameter')}, {made}", f"identity {space.identity}", ""]
    return "\n".join([*head, *lines])


def _folded(row: tuple[str, str, str], width: int) -> Iterator[tuple[str, str]]:
    """The lines of a parameter under each other: the name stands beside the first."""
    name, *parts = row
    for line in (line for part in parts for line in wrap(part, width)):
        yield name, line
        name = ""


def _expectation(expected: Mapping[str, object] | None) -> str:
    if expected is None:
        return "(say --epoch)"
    shares = expected.get("shares")
    if not isinstance(shares, Mapping):
        return f"mean {expected['mean']:.4g}, stdev {expected['stdev']:.4g}"
    told = [f"{printable(value)} {share:.4g}" for value, share in islice(shares.items(), _TOLD)]
    more = len(shares) - len(told)
    return ", ".join([*told, *([f"{more:,} more"] if more else [])])
