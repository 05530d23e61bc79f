"""The tables of an audit's page: p-values, and what was seen beside what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from dpa.audit.check import Check
from dpa.checks import printable
from dpa.derivation.statistics import Summary

_KINDS = ("chi-squared", "Kolmogorov-Smirnov", "neighbours")
_TITLES = ("chi-squared", "Kolm.-Smirn.", "neighbours")
#: Names whose pairs fit on a page; names, and values of one, that do.
_TABLED_PAIRS = 8
_TABLED = 64
_VALUES = 4


def p_values(names: Sequence[str], fixed: Sequence[str], checks: Sequence[Check]) -> Iterator[str]:
    """One line per parameter, with the p-values of its pairs; a dash where there is no test.

    With many parameters the pairs would not fit on a page; the report's `checks` has them.
    """
    found = {(check.kind, *check.parameters): check.p_value for check in checks}
    others = names[:-1] if len(names) <= _TABLED_PAIRS else ()
    titles = [*_TITLES, *(f"~ {name}" for name in others)]
    widths = [max(13, len(title) + 1) for title in titles]
    first = _width(names)
    yield f"{'p-values':{first}}" + _aligned(titles, widths)
    for at, name in enumerate(names[:_TABLED]):
        keys: list[tuple[str, ...]] = [(kind, name) for kind in _KINDS]
        keys += [("correlation", other, name) for other in others[:at]]
        cells = [
            f"{found[key]:.4g}" if key in found else "fixed" if {*key} & {*fixed} else "-"
            for key in keys
        ]
        yield f"{name:{first}}" + _aligned(cells, widths[: len(cells)])
    yield from _rest(names)


def expectations(expected: Summary, seen: Summary) -> Iterator[str]:
    """One line per parameter: mean and stdev, or shares, with those declared in brackets."""
    names = tuple(expected)
    first = _width(names)
    titles = ("values", "mean", "(declared)", "stdev", "(declared)")
    yield f"{'seen':{first}}" + _aligned(titles, [13, 13, 14, 13, 14])
    for name in names[:_TABLED]:
        declared, found = expected[name], seen[name]
        line = f"{name:{first}}{found['count']:13,}"
        if "shares" not in declared:
            for figure in ("mean", "stdev"):
                line += f"{found[figure]:13.6g}{f' ({declared[figure]:.6g})':>14}"
        else:
            shares = [
                f"{printable(value)} {found['shares'][value]:.4g} ({share:.4g})"
                for value, share in islice(declared["shares"].items(), _VALUES)
            ]
            more = len(declared["shares"]) - len(shares)
            line += "  " + ", ".join([*shares, *([f"{more:,} more"] if more else [])])
        yield line
    yield from _rest(names)


def _rest(names: Sequence[str]) -> Iterator[str]:
    if len(names) > _TABLED:
        yield f"... and {len(names) - _TABLED:,} more, which to_dict() has"


def _width(names: Sequence[str]) -> int:
    return max(12, *map(len, names[:_TABLED]))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
