"""The C tests of csrc, built and run from here so that one command runs everything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMPILER = os.environ.get("CC", "cc").split()[0]


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"no C compiler called {COMPILER}")
@pytest.mark.skipif(not (ROOT / "csrc").is_dir(), reason="no csrc beside the tests")
def test_c_programs_pass(tmp_path: Path) -> None:
    # A folder of its own: a build that someone runs by hand at the same time is not disturbed.
    command = ["make", "-C", str(ROOT / "tests" / "c"), "check", f"BUILD={tmp_path}"]
    if "CC" in os.environ:
        command.append(f"CC={os.environ['CC']}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
