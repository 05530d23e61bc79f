"""The C tests of csrc, built and run from here so that one command runs everything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILER = os.environ.get("CC", "cc").split()[0]

pytestmark = [
    pytest.mark.skipif(shutil.which("make") is None, reason="no make"),
    pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"no C compiler called {COMPILER}"),
    pytest.mark.skipif(not (ROOT / "csrc").is_dir(), reason="no csrc beside the tests"),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own: a build that someone runs by hand at the same time is not disturbed."""
    return tmp_path_factory.mktemp("csrc")


def make(target: str, build: Path) -> None:
    command = ["make", "-C", str(ROOT / "tests" / "c"), target, f"BUILD={build}"]
    if "CC" in os.environ:
        command.append(f"CC={os.environ['CC']}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_c_programs_pass(build: Path) -> None:
    make("check", build)


@pytest.mark.skipif(shutil.which("nm") is None, reason="no nm to list symbols")
def test_every_symbol_is_prefixed(build: Path) -> None:
    """Whoever links csrc into a program of their own gets no name that could meet one of theirs."""
    make("build", build)
    sources = {path.stem for path in (ROOT / "csrc").rglob("*.c")}
    objects = [path for path in build.glob("*/*.o") if path.stem in sources]
    assert {path.stem for path in objects} == sources
    # -P: a line per symbol, its name first; Apple's names begin with an underscore.
    listed = subprocess.check_output(["nm", "-gP", *objects], text=True).splitlines()
    lines = [line.split() for line in listed if len(line.split()) > 1]
    defined = {name.lstrip("_") for name, kind, *_ in lines if kind not in "Uw"}
    assert "dpa_generate" in defined
    assert sorted(name for name in defined if not name.startswith("dpa_")) == []
