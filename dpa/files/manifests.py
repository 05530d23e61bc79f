"""The JSON files in a run's folder: its manifest, and ids that are not consecutive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dpa.checks import brief, count_of, file_path
from dpa.derivation.config import ALGORITHM
from dpa.derivation.documents import parse
from dpa.derivation.ids import Ids
from dpa.derivation.space import require_names
from dpa.errors import ChainFileError
from dpa.files.atomic import replacing
from dpa.files.chains import FilePath
from dpa.files.formats import SUFFIXES
from dpa.files.formats.base import checksum
from dpa.files.metadata import require_kind

_KIND: dict[str, Any] = {"format": "dpa-run", "version": 1, "algorithm": ALGORITHM}
#: The names of files in a run's folder.
MANIFEST, IDS = "run.json", "ids.json"
_FIELDS = (
    *(*_KIND, "space", "base_seed", "epochs", "epoch_policy", "views", "occurrences"),
    *("num_samples", "start_id", "stored", "digests", "checksum"),
)


def is_run(path: FilePath) -> bool:
    """Whether a path is a folder with a run's manifest."""
    return (Path(file_path(path)) / MANIFEST).is_file()


def check_format(stored: object) -> None:
    """Raises ValueError unless it is None or the name of a format of chain files."""
    names = [suffix[1:] for suffix in SUFFIXES]
    if stored is not None and stored not in names:
        raise ValueError(f"stored must be None or one of {', '.join(names)}, got {brief(stored)}")


def write_manifest(folder: Path, fields: dict[str, Any]) -> None:
    """Writes run.json of the fields that follow `algorithm`."""
    found = {**_KIND, **fields}
    text = json.dumps({**found, "checksum": checksum(found)}, indent=1)
    with replacing(folder / MANIFEST) as file:
        file.write(text.encode() + b"\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The fields of run.json, of which names and checksum are right. Raises ChainFileError."""
    path = folder / MANIFEST
    text = path.read_bytes()
    with of_file(path):
        fields = parse(text)
        if not isinstance(fields, dict):
            raise TypeError(f"it must be an object, got {brief(fields)}")
        require_kind(fields, _KIND)
        require_names("the manifest", fields, _FIELDS)
        if fields.pop("checksum") != checksum(fields):
            raise ValueError("its checksum is not that of its content: it was changed or damaged")
        check_format(fields["stored"])
    return fields


def write_ids(folder: Path, ids: Ids) -> None:
    """Writes ids.json: a list, with an id a line."""
    with replacing(folder / IDS) as file:
        file.write(b"[\n" + ",\n".join(map(json.dumps, ids)).encode() + b"\n]\n")


def read_ids(folder: Path, size: int) -> Ids:
    """The ids of ids.json. Raises ChainFileError."""
    path = folder / IDS
    text = path.read_bytes()
    with of_file(path):
        ids = Ids.checked(parse(text))
        if len(ids) != size:
            raise ValueError(f"it has {count_of(len(ids), 'id')}, the manifest says {brief(size)}")
    return ids


@contextmanager
def of_file(path: Path) -> Iterator[None]:
    """Turns ValueError and TypeError into a ChainFileError that names the file."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise ChainFileError(f"{str(path)!r}: {error}") from error
