"""Modules import only from lower levels: the contract stands in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter", reason="import-linter is not installed")


def test_imports_go_only_to_a_lower_level():
    # A process of its own: import-linter keeps settings in globals and adds to sys.path.
    command = (
        "import sys; from importlinter import cli; "
        "sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
    )
    root = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", command], cwd=root, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
