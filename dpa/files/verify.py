"""Verification of files, of folders of parts, and of runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dpa.checks import file_path
from dpa.derivation.ids import Ids
from dpa.errors import ChainFileError
from dpa.files.chains import FilePath, require_hour
from dpa.files.comparing import NOTHING, Given, verified
from dpa.files.folders import contradictions, is_folder, parts_in
from dpa.files.manifests import is_run
from dpa.files.metadata import Metadata
from dpa.files.reports import VerificationReport, joined
from dpa.files.runs import SavedRun, digest_of
from dpa.host.progress import Advance, counted, progress_bar
from dpa.host.threads import check_threads


def verify_augmentation_chain(
    path: FilePath,
    *,
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] | None = None,
    base_seed: int | None = None,
    rank: int | None = None,
    num_threads: int | None = None,
    unlimited: bool = False,
    progress: bool = False,
) -> VerificationReport:
    """Generates a file's samples again and compares hashes and values to the last bit.

    Statistics, digest and checksum are compared, too, but an edited sample is found even if
    they were computed again. Memory is constant for the formats that are read in constant
    memory.

    A file without a config is never ok: only its hashes can be verified, by trying depths 1 to
    20. For a file of the original package both samplers are tried, and its statistics may
    differ by rounding.

    A folder that Run.save wrote is verified by its manifest: each part's samples where they are
    stored, otherwise their digest. The chain files in any other folder are the parts of one
    chain, which must share config and key.

    Parameters
    ----------
    path
        A chain file, a recipe, a folder of them, or the folder of a run.
    ids
        The ids of a file of the original package, which does not say them; None is 0, 1, ...
        Other files refuse ids, base_seed and rank; a folder does not use them.
    base_seed
        The base_seed of a file of the original package, which does not say it; None is 0 where
        the samples have a rank.
    rank
        The rank of a file of the original package; None is the rank that its samples have, if
        any.
    num_threads
        The most threads to use; None is DPA_NUM_THREADS or, where that is not set, the cores
        that this process may use. The values do not depend on it.
    unlimited
        Whether to generate recipes that take one core over an hour: 10**10 samples at depth 10.
    progress
        Whether to show a bar on stderr, which needs the extra `cli`.

    Returns
    -------
    VerificationReport
        What differs, and what could not be verified.

    Raises
    ------
    ChainFileError
        The layout of the file is damaged; a ValueError.
    TypeError
        An argument has the wrong type.
    ValueError
        The suffix is unknown, another argument has a bad value, or a recipe is too large
        without `unlimited`.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from dpa import generate_augmentation_chain
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = generate_augmentation_chain(100, save_path=f"{folder}/chain.json")
    ...     report = verify_augmentation_chain(f"{folder}/chain.json")
    >>> report.ok, report.checked
    (True, 100)
    """
    check_threads(num_threads)
    given = Given(None if ids is None else Ids.checked(ids), base_seed, rank)
    file_path(path)
    folder = is_folder(path)
    if folder and given != NOTHING:
        raise ValueError("ids, base_seed and rank are for single files, not for a folder")
    with progress_bar(progress, None) as advance:
        if not folder:
            return verified(path, given, num_threads, unlimited, advance)[0]
        verify = _verified_run if is_run(path) else _verified_parts
        return verify(path, num_threads, unlimited, advance)


def _verified_parts(
    folder: FilePath, num_threads: int | None, unlimited: bool, advance: Advance
) -> VerificationReport:
    """Verifies the parts of one chain, and whether they belong together.

    Consecutive ids may not overlap; listed ones are not compared between files.
    """
    names = parts_in(folder)
    found: dict[str, VerificationReport] = {}
    metadata: dict[str, Metadata] = {}
    problems: list[str] = []
    for name in names:
        try:
            path = os.path.join(folder, name)
            found[name], metadata[name] = verified(path, NOTHING, num_threads, unlimited, advance)
        except ChainFileError as error:  # its text names the file
            problems.append(str(error))
    problems += _told(found)
    counts = {name: report.checked for name, report in found.items()}
    problems += contradictions(metadata, counts)
    return joined(folder, found.values(), problems, len(names))


def _verified_run(
    folder: FilePath, num_threads: int | None, unlimited: bool, advance: Advance
) -> VerificationReport:
    """Verifies each part of a run: the samples stored, or the digest where there are none."""
    saved = SavedRun.load(folder)
    run, names, problems = saved.run, list(saved.digests), []
    if saved.stored is None:
        size, derivation = len(run.ids) * len(names), next(run.parts()).derivation
        require_hour(folder, size, derivation, unlimited=unlimited)
    else:
        problems += [f"{name!r} is no part of the run" for name in saved.strangers()]
    found: dict[str, VerificationReport] = {}
    for part in run.parts():
        file, digest = saved.file(part), saved.digests[part.name]
        name = part.name if file is None else file.name
        if file is None:
            made = digest_of(counted(run.blocks(part, num_threads), advance), part)
            report = VerificationReport(name, made.count, 0, None, (), digest=made.hexdigest())
        else:
            try:
                report, metadata = verified(file, NOTHING, num_threads, unlimited, advance)
            except (ChainFileError, FileNotFoundError) as error:
                missing = isinstance(error, FileNotFoundError)
                problems.append(f"{name!r} is missing" if missing else str(error))
                continue
            if metadata != Metadata.of(part.derivation, run.ids):
                problems.append(f"{name!r} says that it has other samples than the run")
        found[name] = report
        if report.digest != digest:
            problems.append(f"{name!r} has the digest {report.digest}, the manifest {digest}")
    return joined(folder, found.values(), [*problems, *_told(found)], len(names), "parts")


def _told(found: Mapping[str, VerificationReport]) -> list[str]:
    """What reports of parts say, with their names."""
    problems = []
    for name, report in found.items():
        first = [] if report.first is None else [f"first: {report.first}"]
        problems += [f"{name!r}: {problem}" for problem in (*first, *report.problems)]
    return problems
