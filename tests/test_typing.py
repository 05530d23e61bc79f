"""mypy --strict and pyright accept each call in typing/good.py and refuse each in typing/bad.py."""

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import frameworks
import pytest

CALLS = Path(__file__).parent / "typing"
NAMES = ("good", "bad")
Faults = dict[tuple[str, int], str]


def report(*command: str) -> str:
    """What a type checker prints about the two files."""
    command = (sys.executable, "-m", *command, *(str(CALLS / f"{name}.py") for name in NAMES))
    # In the root: dpa/ if it is there, else the installed package.
    root = CALLS.parents[1]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def mypy() -> Faults:
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--cache-dir=/dev/null"]
    printed = report("mypy", *options, "--output=json")
    found = map(json.loads, printed.splitlines())
    return {(Path(one["file"]).stem, one["line"]): one["message"] for one in found}


def pyright() -> Faults:
    printed = report("pyright", "--outputjson", f"--pythonpath={sys.executable}")
    found = json.loads(printed)["generalDiagnostics"]
    return {
        (Path(one["file"]).stem, one["range"]["start"]["line"] + 1): one["message"] for one in found
    }


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_calls(checker: Callable[[], Faults]) -> None:
    frameworks.require(checker.__name__, "types")
    lines = {
        (name, number): line
        for name in NAMES
        for number, line in enumerate((CALLS / f"{name}.py").read_text().splitlines(), 1)
    }
    expected = {at for at, line in lines.items() if "# fault" in line}
    assert {name for name, _ in expected} == {"bad"}
    found = checker()
    assert {at: found[at] for at in found.keys() - expected} == {}
    assert {at: lines[at] for at in expected - found.keys()} == {}


def test_good_calls_run() -> None:
    runpy.run_path(str(CALLS / "good.py"))
