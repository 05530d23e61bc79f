"""Tables of samples that others have written, compared with what their ids give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from dpa.arrow.parameters import Parameters
from dpa.arrow.tables import require_columns
from dpa.checks import extra, file_path
from dpa.derivation.digest import SampleDigest
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.reports import VerificationReport, joined
from dpa.host.progress import Advance, counted, progress_bar

with extra("arrow", "tables need pyarrow"):
    import pyarrow as pa
    import pyarrow.parquet as pq

#: Samples read at a time.
_BLOCK = 65_536


def verify_table(
    path: FilePath,
    id_column: str,
    config: Space | None = None,
    *,
    prefix: str = "",
    nulls: str = "raise",
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    num_threads: int | None = None,
    progress: bool = False,
) -> VerificationReport:
    """Compares the samples in Parquet files, whoever wrote them, with those that their ids give.

    Hashes and values are compared to the last bit, in constant memory. The files need no
    metadata: hashes may be any binary, ids decimals, strings dictionaries.

    Parameters
    ----------
    path
        A .parquet file, or a folder of them and of such folders; names that begin with "." or
        "_" are left out.
    id_column
        The column with the ids.
    config
        What was drawn: an AugmentationConfig or a Space; None is the default config, "moderate".
    prefix
        What the names of the parameters' columns begin with.
    nulls
        "raise" refuses ids that are null; with "null" such rows must have no values.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    num_threads
        The most threads to use; None is the rule of generate_augmentation_batch.
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

    Returns
    -------
    VerificationReport
        How many rows differ, for each file the first of them or why it holds no such table, and
        the digest of all samples; None where hashes are missing or values differ.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value, or there are no .parquet files.
    OSError
        A file cannot be read.
    """
    made = Parameters(
        config,
        base_seed=base_seed,
        epoch=epoch,
        view=view,
        nulls=nulls,
        num_threads=num_threads,
    )
    made.names(prefix)  # raises for a bad one
    folder = Path(file_path(path))
    names = list(_files(folder))
    if not names:
        raise ValueError(f"{str(path)!r} has no .parquet files")
    reports: list[VerificationReport] = []
    problems: list[str] = []
    with progress_bar(progress, None) as advance:
        for name in names:
            shown = repr(str(name.relative_to(folder) if name != folder else name))
            with name.open("rb") as file:
                try:
                    report = _compared(file, shown, made, id_column, prefix, advance)
                except (ValueError, TypeError, pa.ArrowException, OSError) as error:
                    if isinstance(error, OSError) and error.errno is not None:
                        raise  # the system's; pyarrow's for damaged data have no number
                    problems.append(f"{shown}: {error}")
                    continue
            reports.append(report)
            problems += report.problems
    return joined(path, reports, problems, len(names))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.iterdir()):
        if inner.name[0] not in "._" and (inner.is_dir() or inner.suffix == ".parquet"):
            yield from _files(inner)


def _compared(
    file: BinaryIO, shown: str, made: Parameters, id_column: str, prefix: str, advance: Advance
) -> VerificationReport:
    """The report of one file."""
    wanted = {id_column, *made.names(prefix)}
    rows = wrong = 0
    first, total = "", SampleDigest()
    with pq.ParquetFile(file, pre_buffer=False) as table:  # else it keeps what it has read
        names = table.schema_arrow.names
        require_columns(names, [id_column, *(prefix + name for name in made.space.names)])
        hashed = prefix + "hash" in names
        present = [column for column in names if column in wanted]
        size = made.space.block_size(_BLOCK)
        batches = table.iter_batches(size, columns=present, use_threads=False)
        for batch in counted(batches, advance):
            differing, told = made.compare(batch, id_column, prefix, rows)
            if differing and not wrong:
                first = _in_words(told(differing[0]))
            rows, wrong = rows + len(batch), wrong + len(differing)
            if hashed and not wrong:
                total += made.digest(batch, id_column, prefix)
    problems = (f"{shown}: {wrong:,} of {rows:,} differ, the first in {first}",) if wrong else ()
    digest = total.hexdigest() if hashed and not wrong else None
    return VerificationReport(shown, rows, wrong, None, problems, digest=digest)


def _in_words(row: dict[str, Any]) -> str:
    return (
        f"row {row['index']} (id {row['id']}): {row['field']} is {row['stored']}, "
        f"must be {row['expected']}"
    )
