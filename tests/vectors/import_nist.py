"""Rewrite NIST's SHA-256 response files as the plain files that the C tests read.

    pip download --no-deps cryptography_vectors && unzip cryptography_vectors-*.whl
    python tests/vectors/import_nist.py cryptography_vectors/hashes/SHA2

The published digests are kept as they are, nothing is computed.
"""

import re
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def messages(path: Path) -> list[tuple[bytes, bytes]]:
    """The (message, digest) pairs of a response file; Len counts bits."""
    pattern = re.compile(r"Len = (\d+)\s+Msg = ([0-9a-f]+)\s+MD = ([0-9a-f]{64})")
    found = pattern.findall(path.read_text())
    return [(bytes.fromhex(m)[: int(bits) // 8], bytes.fromhex(md)) for bits, m, md in found]


def write_short(pairs: list[tuple[bytes, bytes]]) -> None:
    """A line for each: the message in hex, or - for the empty one, and the digest."""
    lines = [f"{message.hex() or '-'} {digest.hex()}\n" for message, digest in pairs]
    (HERE / "sha256_short.txt").write_text("".join(lines), newline="\n")


def write_long(pairs: list[tuple[bytes, bytes]]) -> None:
    """For each: the message's size as a 32-bit big-endian integer, message, digest."""
    records = [struct.pack(">I", len(message)) + message + digest for message, digest in pairs]
    (HERE / "sha256_long.bin").write_bytes(b"".join(records))


def write_monte_carlo(path: Path) -> None:
    """The seed, then the digests of the 100 rounds, one a line."""
    text = path.read_text()
    lines = re.findall(r"(?:Seed|MD) = ([0-9a-f]{64})", text)
    (HERE / "sha256_monte_carlo.txt").write_text("\n".join(lines) + "\n", newline="\n")


def main(folder: Path) -> None:
    """Import the three response files."""
    write_short(messages(folder / "SHA256ShortMsg.rsp"))
    write_long(messages(folder / "SHA256LongMsg.rsp"))
    write_monte_carlo(folder / "SHA256Monte.rsp")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
