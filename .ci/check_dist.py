"""Check that DIST has a complete sdist and a wheel with what runs, no more: check_dist.py DIST."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

# The folder may belong to another user where CI runs in a container.
GIT = ["git", "-c", "safe.directory=*", "ls-files"]
UNSHIPPED = re.compile(r"\.ci/|\.github/|\.git|\.pre-commit")
EXTENSION = re.compile(r"dpa/_native\.\S+\.(so|pyd)")


def main() -> None:
    dist = Path(sys.argv[1])
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    files = subprocess.run(GIT, capture_output=True, text=True, check=True).stdout.split()
    tracked = {name for name in files if not UNSHIPPED.match(name)}
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        installed = {name for name in archive.namelist() if ".dist-info/" not in name}
    extensions = {name for name in installed if EXTENSION.fullmatch(name)}
    package = {name for name in tracked if re.match(r"dpa/(.*\.pyi?|py\.typed)$", name)}

    faults = [
        *(f"{sdist.name} lacks {name}" for name in sorted(tracked - names)),
        *(f"{sdist.name} holds {name}" for name in names if re.search(r"_native\.c$|\.so$", name)),
        *(f"{wheel.name} lacks {name}" for name in sorted(package - installed)),
        *(f"{wheel.name} holds {name}" for name in sorted(installed - package - extensions)),
        *([] if len(extensions) == 1 else [f"{wheel.name} has the extensions {extensions}"]),
    ]
    for fault in faults:
        print(fault)
    size = wheel.stat().st_size / 1000
    print(f"{sdist.name}: {len(names)} files; {wheel.name}: {len(installed)} files, {size:.0f} kB")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
