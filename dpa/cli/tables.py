"""Tables of what parameters declare and of what samples have, for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from dpa.checks import printable
from dpa.derivation.distributions import Uniform
from dpa.derivation.space import Space
from dpa.derivation.statistics import Summary
from dpa.pictures.words import conditions_in_words, counted, in_words

_FIGURES = ("mean", "stdev", "min", "max")
#: Values of one parameter that are listed, in lines of their own and in one line.
_LISTED, _TOLD = 16, 4


def statistics_table(
    size: int, found: Summary, space: Space | None, expected: Summary | None
) -> str:
    """One line per number, one line per value of the others; what is declared is in brackets."""
    declared = "the uniform distribution" if _uniform(space) else "as declared"
    width = max(12, *map(len, found))
    lines = [f"{size:,} samples" + (f" (in brackets: {declared})" if expected else "")]
    numbers = {name: values for name, values in found.items() if "shares" not in values}
    shares = {name: values for name, values in found.items() if "shares" in values}
    own = any(values["count"] != size for values in numbers.values())
    theories = [f"({x:.6g}) " for name in numbers for x in (expected or {}).get(name, {}).values()]
    room = max(11, *map(len, theories)) if theories else 11
    if numbers:
        head = "".join(f"{name:>12}{'':{room + 1}}" for name in _FIGURES)
        lines.append((f"{'':{width}}" + head + (f"{'values':>12}" if own else "")).rstrip())
    for name, values in numbers.items():
        line = f"{name:{width}}"
        for figure in _FIGURES:
            theory = f"({expected[name][figure]:.6g})" if expected else ""
            line += f"{values[figure]:12.6g} {theory:{room}}"
        lines.append((line + (f"{values['count']:12,}" if own else "")).rstrip())
    if shares:
        rows = list(_counts(shares, expected))
        width = max(width, *(len(label) for label, *_ in rows))
        lines.append(f"{'':{width}}{'values':>12}{'share':>12}")
        lines += [
            f"{label:{width}}{count:>12}{share:>12} {theory}".rstrip()
            for label, count, share, theory in rows
        ]
    return "\n".join(lines)


def _uniform(space: Space | None) -> bool:
    return space is not None and all(isinstance(each, Uniform) for _, each in space.parameters)


def _counts(found: Summary, expected: Summary | None) -> Iterator[tuple[str, str, str, str]]:
    """A label, the count, the share and the share declared of each value."""
    for name, values in found.items():
        for value, count in islice(values["counts"].items(), _LISTED):
            theory = f"({expected[name]['shares'][value]:.6g})" if expected else ""
            label = f"{name}: {printable(value)}"
            yield label, f"{count:,}", f"{values['shares'][value]:.6g}", theory
        if len(values["counts"]) > _LISTED:
            yield f"{name}: {len(values['counts']) - _LISTED:,} more", "", "", ""


def declared_table(space: Space, epoch: int | None, expected: Summary) -> str:
    """One line per parameter: its distribution, and the mean and stdev or the shares of it."""
    in_epoch = "" if epoch is None else f", epoch {epoch}"
    rows = []
    for name, each in space.parameters:
        words = [in_words(each), conditions_in_words(each.when)]
        rows.append((name, ", ".join(filter(None, words)), _expectation(expected.get(name))))
    widths = [max(len(row[at]) for row in rows) for at in range(2)]
    made = f"{space.sampler}, depth {space.depth}{in_epoch}"
    lines = [f"{counted(space)}, {made}", f"identity {space.identity}", ""]
    return "\n".join(lines + ["  ".join([*map(str.ljust, row, widths), row[2]]) for row in rows])


def _expectation(expected: Mapping[str, object] | None) -> str:
    if expected is None:
        return "(say --epoch)"
    shares = expected.get("shares")
    if not isinstance(shares, Mapping):
        return f"mean {expected['mean']:.6g}, stdev {expected['stdev']:.6g}"
    told = [f"{printable(value)} {share:.4g}" for value, share in islice(shares.items(), _TOLD)]
    more = len(shares) - len(told)
    return ", ".join([*told, *([f"{more:,} more"] if more else [])])
