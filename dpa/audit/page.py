"""The tables of an audit's page: p-values, and what was seen beside what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from textwrap import wrap

from dpa.audit.check import Check
from dpa.checks import printable
from dpa.derivation.statistics import Summary
from dpa.host.screen import NAME, SCREEN, aligned, fits

_KINDS = ("chi-squared", "Kolmogorov-Smirnov", "neighbours")
#: Names whose pairs may fit on a screen; names, and values of one, that fit on a page.
_TABLED_PAIRS = 8
_TABLED = 64
_VALUES = 4
#: The columns that a line of values takes beside the longest name and a count.
_WRAPPED = SCREEN - NAME - 17


def p_values(names: Sequence[str], fixed: Sequence[str], checks: Sequence[Check]) -> Iterator[str]:
    """A line per parameter, and one with the correlations; a dash where there is no test.

    With many parameters the pairs would not fit on a screen; the report's `checks` has them.
    """
    found = {(check.kind, *check.parameters): check.p_value for check in checks}

    def cell(*key: str) -> str:
        no_test = "fixed" if {*key} & {*fixed} else "-"
        return f"{found[key]:.4g}" if key in found else no_test

    singles = [[name, *(cell(kind, name) for kind in _KINDS)] for name in names[:_TABLED]]
    yield from aligned([["p-values", *_KINDS], *singles], "<>>>")
    yield from _rest(names)
    if 1 < len(names) <= _TABLED_PAIRS:
        *others, _ = names
        pairs = [["correlation", *others]]
        for at, name in enumerate(names[1:], 1):
            known = [cell("correlation", other, name) for other in names[:at]]
            pairs.append([name, *known, *[""] * (len(others) - at)])
        lines = aligned(pairs, "<" + ">" * len(others))
        yield from ["", *lines] if fits(lines) else []


def expectations(expected: Summary, seen: Summary) -> Iterator[str]:
    """A line per parameter: mean and stdev, or shares, with those declared in brackets."""
    rows = [["seen", "values", "mean", "(declared)", "stdev", "(declared)"]]
    counted = []
    for name, declared in [*expected.items()][:_TABLED]:
        found = seen[name]
        count = f"{found['count']:,}"
        if "shares" in declared:
            first, *more = _shares(declared["shares"], found["shares"])
            counted += [(name, count, first), *(("", "", line) for line in more)]
        else:
            pairs = ((found[figure], declared[figure]) for figure in ("mean", "stdev"))
            figures = (text for x, y in pairs for text in (f"{x:.4g}", f"({y:.4g})"))
            rows.append([name, count, *figures])
    if rows[1:]:
        yield from aligned(rows, "<>>(>(")
    if rows[1:] and counted:
        yield ""
    if counted:
        yield from aligned([("seen", "values", "shares (declared)"), *counted], "<><")
    yield from _rest(tuple(expected))


def _shares(declared: Mapping[str, float], found: Mapping[str, float]) -> list[str]:
    """The shares of the first values, in lines that break between two of them."""
    told = [
        f"{printable(value)} {found[value]:.4g} ({share:.4g})"
        for value, share in islice(declared.items(), _VALUES)
    ]
    more = len(declared) - len(told)
    told += [f"{more:,} more"] if more else []
    unbroken = (each.replace(" ", "\0") for each in told)
    return [line.replace("\0", " ") for line in wrap(", ".join(unbroken), _WRAPPED)]


def _rest(names: Sequence[str]) -> Iterator[str]:
    if len(names) > _TABLED:
        yield f"... and {len(names) - _TABLED:,} more, which to_dict() has"
