"""Files of the original package: JSON without a format name, digest or checksum."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from dpa.checks import brief
from dpa.derivation.columns import Columns
from dpa.derivation.config import AugmentationConfig
from dpa.derivation.digest import SampleDigest
from dpa.derivation.keys import NO_KEY, Key
from dpa.files.formats.base import FormatReader, row_blocks
from dpa.files.metadata import Metadata

#: The start of a problem with a single figure.
FIGURE = "statistics say"
#: The tolerance of the original's mean and stdev, relative to the largest value.
_ROUNDING = 1e-9


class OriginalReader(FormatReader):
    """Reads a document of the original package, loaded whole."""

    def __init__(self, document: dict[str, Any], *, strict: bool) -> None:
        self.strict = strict
        self._rows = document["augmentations"]
        self._told = False
        fields: Any = document.get("metadata")
        super().__init__(_metadata(fields, self._rows))
        self.statistics = document.get("statistics")
        if isinstance(fields, dict) and "num_samples" in fields:
            self.trailer = {"num_samples": fields["num_samples"]}

    def _samples(self) -> Iterator[Columns]:
        rows = [self._known(row) for row in self._rows]
        return row_blocks(rows, self.metadata, self.metadata.key.rank)

    def _known(self, row: Any) -> Any:
        """The row without keys that our samples do not have; warns about the first such row."""
        known = {*self.metadata.names, "hash", "rank"}
        if not isinstance(row, dict) or row.keys() <= known:
            return row
        if not self._told:
            extra = ", ".join(sorted(repr(name) for name in row.keys() - known))
            warnings.warn(f"the samples have keys of their own, left out: {extra}", stacklevel=2)
            self._told = True
        return {name: value for name, value in row.items() if name in known}

    def _check(self, digest: SampleDigest) -> None:
        """Does nothing: there is no trailer to compare with."""


def _metadata(fields: Any, rows: list[Any]) -> Metadata:
    """The metadata of such a file: the sampler is mt19937, and the ids begin at 0."""
    config: Any = fields.get("config") if isinstance(fields, dict) else None
    rank = rows[0].get("rank") if rows and isinstance(rows[0], dict) else None
    key = NO_KEY if rank is None else Key.checked(rank=rank)
    try:
        found = AugmentationConfig.from_dict({**config, "sampler": "mt19937"})
    except (TypeError, ValueError):  # missing or unusable
        return Metadata(None, key)
    return Metadata(found, key)


def statistics_problems(stated: Any, trailer: Any, found: dict[str, Any]) -> list[str]:
    """How num_samples and statistics of such a file, if any, differ from those of its samples.

    The original's algorithm rounds differently. Figures with other names are ignored.
    """
    problems = []
    count = next(iter(found.values()))["count"]
    said = (trailer or {}).get("num_samples")
    if said is not None and repr(said) != repr(count):  # a streamed file has null
        problems.append(f"metadata say num_samples {brief(said)}, the content has {count}")
    for name, values in found.items() if stated else ():
        summary = stated.get(name) if isinstance(stated, dict) else None
        if not isinstance(summary, dict):
            problems.append(f"statistics of {name} must be an object, got {brief(summary)}")
            continue
        problems += [
            figure_problem(name, figure, summary[figure], value)
            for figure, value in values.items()
            if figure in summary and not _near(figure, summary[figure], values)
        ]
    return problems


def _near(figure: str, stated: Any, values: dict[str, Any]) -> bool:
    """Whether a figure of the original equals that of `values` up to rounding."""
    value = values[figure]
    if value is None:  # no samples, or beyond double precision
        return True
    margin = 0.0
    if figure in ("mean", "stdev"):
        margin = _ROUNDING * max(abs(values["min"]), abs(values["max"]))
    return type(stated) in (int, float) and value - margin <= stated <= value + margin


def figure_problem(name: str, figure: str, stated: Any, value: Any) -> str:
    """The message for a figure of the statistics that is wrong."""
    return f"{FIGURE} {figure} of {name} {brief(stated)}, the samples' is {value!r}"
