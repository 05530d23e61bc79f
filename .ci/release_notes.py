"""Print what CHANGELOG.md says of this version: release_notes.py [TAG].

With a TAG, fail unless it is this version's and the changelog gives a date for it.
"""

import re
import sys
from pathlib import Path

HEADING = re.compile(r"^## (\S+) \((.+)\)$", re.MULTILINE)


def main() -> None:
    [version] = re.findall(r'__version__ = "(.+)"', Path("dpa/__init__.py").read_text())
    _, *parts = HEADING.split(Path("CHANGELOG.md").read_text())
    sections = dict(zip(parts[::3], zip(parts[1::3], parts[2::3], strict=True), strict=True))
    if version not in sections:
        sys.exit(f"CHANGELOG.md lacks a heading '## {version} (DATE)'")
    date, text = sections[version]
    if sys.argv[1:] not in ([], [f"v{version}"]):
        sys.exit(f"the tag is {sys.argv[1]}, the version {version}")
    if sys.argv[1:] and not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        sys.exit(f"CHANGELOG.md has no date for {version}: {date}")
    print(text.strip())


if __name__ == "__main__":
    main()
