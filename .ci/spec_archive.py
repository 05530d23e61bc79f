"""Write dpa-spec-1.tar.gz: docs/spec.md and the vectors that it names: spec_archive.py FOLDER.

The same content makes the same bytes (with the same zlib), whoever runs it, when and where.
"""

import gzip
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "dpa-spec-1"


def members() -> list[str]:
    """The archive's files, by the paths that the specification uses."""
    spec = (ROOT / "docs" / "spec.md").read_text("utf-8")
    return ["LICENSE", "docs/spec.md", *sorted(set(re.findall(r"tests/vectors/[\w.]+\w", spec)))]


def main() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in members():
            content = (ROOT / path).read_bytes()
            member = tarfile.TarInfo(f"{NAME}/{path}")  # owner 0, time 0, mode 644
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    target = Path(sys.argv[1]) / f"{NAME}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    print(hashlib.sha256(target.read_bytes()).hexdigest(), target)


if __name__ == "__main__":
    main()
