"""How spaces and batches are shown: in one line of text, and as HTML tables in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from dpa.checks import brief, count_of
from dpa.derivation.ids import Consecutive, Ids

if TYPE_CHECKING:
    from dpa.derivation.derivation import AugmentationBatch
    from dpa.derivation.space import Space

#: The most parameters of a text; rows and columns of a table; samples at either end of a batch.
_LISTED, _ROWS, _COLUMNS, _ENDS = 8, 60, 20, 5


def space_text(space: Space) -> str:
    """The expression that makes the space; of many parameters the first ones."""
    shown = [f"{name!r}: {each!r}" for name, each in space.parameters[:_LISTED]]
    shown += _more(len(space), _LISTED)
    chain = {"depth": (space.depth, 10), "sampler": (space.sampler, "xoshiro256++")}
    said = (f", {name}={x!r}" for name, (x, default) in chain.items() if x != default)
    return f"Space({{{', '.join(shown)}}}{''.join(said)})"


def batch_text(batch: AugmentationBatch) -> str:
    """How many samples of which parameters, their ids and their key."""
    names = [*batch.names[:_LISTED], *_more(len(batch.names), _LISTED)]
    key = [f"{name} {x}" for name, x in batch._stated._asdict().items() if x is not None]
    parts = [", ".join(names), ids_text(batch.ids), *key]
    size = count_of(len(batch), "sample")
    return f"{type(batch).__name__} of {size}: {'; '.join(filter(None, parts))}"


def ids_text(ids: Ids) -> str:
    """The first ids and how they go on; nothing for none."""
    if isinstance(ids, Consecutive) and len(ids) > 1:
        return f"ids {ids[0]} to {ids[-1]}"
    if not len(ids):
        return ""
    first = ", ".join(map(brief, ids[:3]))
    return f"ids {first}, ..." if len(ids) > 3 else f"ids {first}"


def space_table(space: Space) -> str:
    """A row per parameter: its name, its distribution, and what it depends on."""
    rows = []
    for name, each in space.parameters[:_ROWS]:
        when = " and ".join(f"{gate} is {brief(value)}" for gate, value in each.when.items())
        rows.append((name, repr(each.with_when({})), when))
    rows += [(more, "", "") for more in _more(len(space), _ROWS)]
    title = f"{type(space).__name__}: {space.sampler}, depth {space.depth}"
    return _table(title, ("parameter", "distribution", "when"), rows)


def batch_table(batch: AugmentationBatch) -> str:
    """The first and the last samples; a cell is empty where a parameter is not active."""
    names = batch.names[:_COLUMNS]
    more = _more(len(batch.names), _COLUMNS)
    head = ["id", *names, *more]
    ends = [batch] if len(batch) <= 2 * _ENDS else [batch[:_ENDS], batch[-_ENDS:]]
    parts = [
        [
            [brief(sample_id), *(_cell(sample, name) for name in names), *(" " for _ in more)]
            for sample_id, sample in zip(part.ids, part, strict=True)
        ]
        for part in ends
    ]
    rows = parts[0] if len(parts) == 1 else [*parts[0], ["..."] * len(head), *parts[1]]
    return _table(batch_text(batch), head, rows)


def _more(count: int, shown: int) -> list[str]:
    """One text for all that are not shown, or none."""
    return [f"... {count - shown:,} more"] if count > shown else []


def _cell(sample: Mapping[str, Any], name: str) -> str:
    if name not in sample:
        return ""
    value = sample[name]
    return f"{value:.4g}" if isinstance(value, float) else brief(value)


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    lines = ["<table>", f"<caption>{escape(title)}</caption>", row(head, "th")]
    return "\n".join([*lines, *(row(cells, "td") for cells in rows), "</table>"])
