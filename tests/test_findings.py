"""Each script in findings/ has its row in the table there, and the form of CONTRIBUTING.md.

They run by hand: each needs a network and minutes.
"""

import os
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "findings").glob("*.sh"))

pytestmark = pytest.mark.skipif(not (ROOT / "csrc").is_dir(), reason="no sources beside the tests")


def rows() -> list[tuple[str, str]]:
    """The script and the versions of each row, which has four cells."""
    row = re.compile(r"\| \[(.+?)\]\(\.\./findings/(\w+)\.sh\)(?: \| [^|]+){3} \|")
    lines = (ROOT / "findings" / "README.md").read_text().splitlines()
    found = [(line, row.fullmatch(line)) for line in lines if line.startswith("| [")]
    assert [line for line, match in found if match is None] == []
    return [(match[2], match[1]) for _, match in found if match is not None]


def test_each_script_has_a_row_and_each_row_a_script() -> None:
    assert [name for name, _ in rows()] == [script.stem for script in SCRIPTS]


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
    commands = re.findall(r"bin/pip\b.* install ((?:.*\\\n)*.*)", text)
    packages = [word for line in commands for word in shlex.split(line) if word[0] not in "-\n"]
    assert [package for package in packages if "==" not in package] == []
    versions = re.findall(r"\d+(?:\.\d+)+", dict(rows())[script.stem])
    assert versions
    assert [version for version in versions if version not in words] == []
    named = re.findall(
        r"[\w/]+\.(?:py|md)|(?:csrc|dpa|tests|integrations)/[\w/]+", words.partition("dpa: ")[2]
    )
    folders = (ROOT, ROOT / "dpa", ROOT / "tests")
    assert [path for path in named if not any((at / path).exists() for at in folders)] == []
    assert re.search(r"tests/test_\w+\.py|docs/\w+\.md", words)
