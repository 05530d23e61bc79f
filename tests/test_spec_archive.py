"""dpa-spec-1.tar.gz, which a release brings: all that a reader in another language needs."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / ".ci" / "spec_archive.py"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="no .ci beside the tests")


def archive(folder: Path) -> Path:
    subprocess.run([sys.executable, SCRIPT, folder], check=True, capture_output=True, cwd=folder)
    return folder / "dpa-spec-1.tar.gz"


def test_it_holds_the_specification_and_all_vectors_that_it_names(tmp_path: Path) -> None:
    with tarfile.open(archive(tmp_path)) as tar:
        read = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        assert {(member.mtime, member.uid, member.mode) for member in tar} == {(0, 0, 0o644)}
    answers = ["effects.json", "known_answers.json", "noise.txt", "pixels.json", "space.json"]
    names = ["LICENSE", "docs/spec.md", *(f"tests/vectors/{name}" for name in answers)]
    assert read == {f"dpa-spec-1/{name}": (ROOT / name).read_bytes() for name in names}


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first, second = (archive(folder).read_bytes() for folder in folders)
    assert first == second
    assert first[4:8] == bytes(4)  # gzip's time
