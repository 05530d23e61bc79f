"""What a verification found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dpa.checks import count_of, printable
from dpa.derivation.digest import SampleDigest
from dpa.files.chains import FilePath

#: Problems that have a verdict of their own.
REORDERED = "the order changed: the digest is right, the statistics are those of another order"
UNVERIFIABLE = "not verifiable:"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a sample that differs from what the metadata give.

    Attributes
    ----------
    index
        The position of the sample in the file, from 0.
    id
        The sample's id.
    field
        The name of the parameter, or "hash".
    stored
        What the file has: a float, or a str for "hash".
    expected
        What the metadata give, of the same type.
    """

    index: int
    id: int | str
    field: str
    stored: float | str
    expected: float | str

    def __str__(self) -> str:
        return (
            f"sample {self.index} (id {self.id!r}): {self.field} is {self.stored!r}, "
            f"must be {self.expected!r}"
        )


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What verify_augmentation_chain found; str() of it has a few lines, bool() is `ok`.

    Attributes
    ----------
    path
        The file or the folder.
    checked
        How many samples were generated again.
    different
        How many of them are not as stored.
    first
        The first difference, or None.
    problems
        Everything else that is wrong or cannot be verified.
    files
        How many files were verified; 1 unless `path` is a folder.
    digest
        The digest of all samples as stored; None if it is unknown.
    counted
        What `files` counts: "files", or the "parts" of a run, one for each epoch and view in
        the keys.
    """

    path: str
    checked: int
    different: int
    first: Difference | None
    problems: tuple[str, ...]
    files: int = 1
    digest: str | None = None
    counted: str = "files"

    @property
    def ok(self) -> bool:
        """Whether no sample differs and there is no problem."""
        return self.different == 0 and not self.problems

    def __bool__(self) -> bool:
        return self.ok

    def to_dict(self) -> dict[str, Any]:
        """The attributes and `ok`, ready for JSON."""
        return {**asdict(self), "problems": [*self.problems], "ok": self.ok}

    def __str__(self) -> str:
        single = self.files == 1 and self.counted == "files"
        if self.ok:
            found = count_of(self.checked, "sample")
            if not single:
                parts = count_of(self.files, self.counted.removesuffix("s"))
                found += f" in {parts}, digest {self.digest}"
            return f"{printable(self.path)}: ok, {found}"
        unknown = any(UNVERIFIABLE in problem for problem in self.problems)
        verdict = "NOT VERIFIABLE" if unknown and not self.different else "NOT OK"
        if not self.different and all(x.endswith(REORDERED) for x in self.problems):
            verdict = "ORDER CHANGED"
        if self.different or self.checked:
            verdict += f", {self.different:,} of {count_of(self.checked, 'sample')} differ"
        lines = [f"{printable(self.path)}: {verdict}"]
        if self.first is not None and single:  # of a folder, the problems tell
            lines.append(f"  first: {self.first}")
        return "\n".join([*lines, *(f"  {problem}" for problem in self.problems)])


def joined(
    path: FilePath,
    reports: Collection[VerificationReport],
    problems: Sequence[str],
    parts: int,
    counted: str = "files",
) -> VerificationReport:
    """The report of a folder with so many parts, of those that could be read."""
    total = SampleDigest()  # of digests that are known
    for report in reports:
        if report.digest is not None:
            total += SampleDigest(report.digest, report.checked)
    complete = len(reports) == parts and all(report.digest for report in reports)
    return VerificationReport(
        str(path),
        sum(report.checked for report in reports),
        sum(report.different for report in reports),
        next((report.first for report in reports if report.first is not None), None),
        tuple(problems),
        parts,
        total.hexdigest() if complete else None,
        counted,
    )
