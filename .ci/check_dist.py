"""Check that DIST has a complete sdist and a wheel with what runs, no more: check_dist.py DIST."""

import re
import sys
import tarfile
import zipfile
from pathlib import Path

FOLDERS = ("bench", "csrc", "docs", "dpa", "examples", "findings", "tests")
MADE = re.compile(r"/[._]\w*cache|\.(pyc|so|pyd)$|dpa/_\w+\.c$")
EXTENSIONS = ("_native", "_columns", "_text", "_pixels")
EXTENSION = re.compile(rf"dpa/({'|'.join(EXTENSIONS)})\.\S+\.(so|pyd)")


def main() -> None:
    dist = Path(sys.argv[1])
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    paths = [*Path().glob("[A-Z]*"), Path("pyproject.toml"), Path("setup.py")]
    paths += [path for folder in FOLDERS for path in Path(folder).rglob("*")]
    written = {path.as_posix() for path in paths if path.is_file()}
    written = {name for name in written if not MADE.search(name)}
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
    installed = {name for name in files if ".dist-info/" not in name}
    extensions = {name for name in installed if EXTENSION.fullmatch(name)}
    package = {name for name in written if re.match(r"dpa/(.*\.pyi?|py\.typed)$", name)}

    faults = [
        *(f"{sdist.name} lacks {name}" for name in sorted(written - names)),
        *(f"{sdist.name} holds {name}" for name in names if re.search(r"dpa/_\w+\.c$|\.so$", name)),
        *(f"{wheel.name} lacks {name}" for name in sorted(package - installed)),
        *(f"{wheel.name} holds {name}" for name in sorted(installed - package - extensions)),
        *(
            []
            if len(extensions) == len(EXTENSIONS)
            else [f"{wheel.name} has the extensions {extensions}"]
        ),
    ]
    for fault in faults:
        print(fault)
    size = wheel.stat().st_size / 1000
    print(f"{sdist.name}: {len(names)} files; {wheel.name}: {len(installed)} files, {size:.0f} kB")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
