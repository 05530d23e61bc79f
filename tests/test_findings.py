"""Each script in findings/ has its row in the table there, and the form of CONTRIBUTING.md.

They run by hand: each needs a network and minutes.
"""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "findings").glob("*.sh"))

pytestmark = pytest.mark.skipif(not SCRIPTS, reason="no findings beside the tests")


def rows() -> list[list[str]]:
    lines = (ROOT / "findings" / "README.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_each_script_has_a_row_and_each_row_a_script() -> None:
    assert [row[0].strip("`") for row in rows()] == [script.stem for script in SCRIPTS]
    assert [row for row in rows() if len(row) != 5 or not all(row)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_form_of_a_script(script: Path) -> None:
    text = script.read_text()
    head = re.match(r"#!/bin/bash\n((?:# .*\n)+)set -euo pipefail\n", text)
    assert head is not None
    words = head[1].replace("\n# ", " ")
    assert re.search(r'Seen with [^:]*\d[^:]*: ".*"', words)
    assert os.access(script, os.X_OK)
    assert "folder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n" in text
    assert "assert " in text
    assert "import dpa" not in text
    # What it installs is pinned, and the row's versions are those of the script.
    installed = re.findall(r'(?:^|[ "])([a-z][\w-]*(?:\[[\w,]+\])?)==', text)
    assert len(installed) >= len(re.findall(r"/bin/pip", text))
    [versions] = [re.findall(r"\d+(?:\.\d+)+", row[1]) for row in rows() if script.stem in row[0]]
    assert versions
    assert [version for version in versions if version not in words] == []
    named = re.findall(
        r"[\w/]+\.(?:py|md)|(?:csrc|dpa|tests|integrations)/[\w/]+", words.partition("dpa: ")[2]
    )
    folders = (ROOT, ROOT / "dpa", ROOT / "tests")
    assert [path for path in named if not any((at / path).exists() for at in folders)] == []
    assert re.search(r"tests/test_\w+\.py|docs/\w+\.md", words)
