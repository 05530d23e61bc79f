"""The derivation in plain Python, to be read beside docs/spec.md and checked by hand.

This is the oracle of the tests and is never shipped: hashlib, random and integers,
nothing of dpa, nothing clever. Where it and dpa differ, one of them has a bug.
"""

import hashlib
import math
import random
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice

Bounds = Sequence[tuple[float, float]]
Moments = tuple[int, float, float, float, float]  # count, mean, squared deviations, min, max

NAMES = ("rotation", "brightness", "noise", "scale", "contrast")
PRESETS: dict[str, Bounds] = {
    "mild": ((-15, 15), (0.9, 1.1), (0, 0.05), (0.9, 1.1), (0.85, 1.15)),
    "moderate": ((-30, 30), (0.8, 1.2), (0, 0.1), (0.8, 1.2), (0.7, 1.3)),
    "aggressive": ((-45, 45), (0.7, 1.3), (0, 0.15), (0.7, 1.3), (0.6, 1.4)),
}
STATISTICS_BLOCK = 4096


def key_text(
    sample_id: int | str,
    *,
    epoch: int | None = None,
    view: int | None = None,
    base_seed: int | None = None,
    rank: int | None = None,
) -> str:
    """The key of one sample; string ids have an opening quote and no closing one."""
    if rank is not None and base_seed is None:
        base_seed = 0
    key = ""
    if epoch is not None or view is not None:
        key += "" if epoch is None else str(epoch)
        key += "" if view is None else "." + str(view)
        key += "@"
    if base_seed is not None:
        key += str(base_seed) + ":" + ("" if rank is None else str(rank)) + ":"
    return key + ('"' + sample_id if isinstance(sample_id, str) else str(sample_id))


def fibonacci() -> Iterator[int]:
    """0, 1, 1, 2, 3, 5, ... without end."""
    current, following = 0, 1
    while True:
        yield current
        current, following = following, current + following


def sha256_hex(text: str) -> str:
    """64 lowercase hex characters of the hash of the text's UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def chain_hash(key: str, depth: int) -> str:
    """The hash of a sample: that of its key, taken through depth links."""
    h = sha256_hex(key)
    for number in islice(fibonacci(), depth):
        h = sha256_hex(h + str(number))
    return h


def rotl(x: int, n: int) -> int:
    """x rotated left by n bits of 64."""
    return (x << n | x >> (64 - n)) % 2**64


def xoshiro256pp(state: Sequence[int]) -> Iterator[int]:
    """The 64-bit outputs of xoshiro256++ 1.0 from four words of state."""
    s0, s1, s2, s3 = state
    while True:
        yield (rotl((s0 + s3) % 2**64, 23) + s0) % 2**64
        t = s1 << 17 & (2**64 - 1)
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = rotl(s3, 45)


def uniforms(h: str, sampler: str) -> Iterator[float]:
    """Draws 0, 1, 2, ... of the sample whose hash is h."""
    if sampler == "mt19937":
        generator = random.Random(int(h, 16) % 2**32)
        while True:
            yield generator.random()
    assert sampler == "xoshiro256++"
    for word in xoshiro256pp([int(h[at : at + 16], 16) for at in (0, 16, 32, 48)]):
        yield (word >> 11) * 2**-53


def params(h: str, bounds: Bounds, sampler: str) -> dict[str, float | str]:
    """The five values of the sample whose hash is h, and the hash."""
    values: dict[str, float | str] = {}
    for name, (low, high), u in zip(NAMES, bounds, uniforms(h, sampler), strict=False):
        values[name] = float(low) + (float(high) - float(low)) * u
    values["hash"] = h
    return values


def noise_table() -> list[float]:
    """Quantiles of the standard normal at (k + 0.5) / 65536, each rounded to a float32.

    Newton's method from the middle outwards, on erf and in the tail on erfc: as accurate as they.
    """
    x, lower = 0.0, []
    for k in range(32767, -1, -1):
        p = (k + 0.5) / 65536
        for _ in range(6):
            half = x / math.sqrt(2)
            excess = math.erf(half) / 2 + (0.5 - p) if p > 0.25 else math.erfc(-half) / 2 - p
            x -= excess * math.sqrt(2 * math.pi) * math.exp(half * half)
        lower.append(struct.unpack("f", struct.pack("f", x))[0])
    return lower[::-1] + [-x for x in lower]


def philox4x32(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 of Salmon et al. 2011: four 32-bit outputs."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = q >> 32 ^ c1 ^ k0, q % 2**32, p >> 32 ^ c3 ^ k1, p % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def noise_block(digest: bytes, block: int) -> list[int]:
    """Where in the table elements 8 * block ... 8 * block + 7 of a sample's noise are."""
    k0, k1, c2, c3 = struct.unpack(">4I", hashlib.sha256(digest + b"noise").digest()[:16])
    outputs = philox4x32((block % 2**32, block >> 32, c2, c3), (k0, k1))
    return [index for output in outputs for index in (output & 0xFFFF, output >> 16)]


def noise_indices(h: str, start: int = 0) -> Iterator[int]:
    """The same of elements start, start + 1, ... of the sample whose hash is h."""
    indices = (index for b in count(start // 8) for index in noise_block(bytes.fromhex(h), b))
    return islice(indices, start % 8, None)


def leaf(key: str, h: str, values: Sequence[float]) -> int:
    """What one sample adds to the digest of a set of samples."""
    text = key.encode("utf-8")
    message = struct.pack("<I", len(text)) + text + bytes.fromhex(h)
    message += struct.pack(f"<{len(values)}d", *values)
    return int.from_bytes(hashlib.sha256(message).digest(), "little")


def digest(samples: Iterable[tuple[str, str, Sequence[float]]]) -> int:
    """The digest of (key, hash, values) samples: the same in every order."""
    return sum(leaf(key, h, values) for key, h, values in samples) % 2**256


def add_up(values: Sequence[float]) -> float:
    """The sum in the one order that csrc/summary/moments.c keeps: eight parts, then a tree."""
    p = [0.0] * 8
    for i, value in enumerate(values):
        p[i % 8] += value
    return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]))


def block_moments(values: Sequence[float]) -> Moments:
    """The moments of the values of 1 to 4,096 samples."""
    mean = add_up(values) / len(values)
    squares = add_up([(value - mean) * (value - mean) for value in values])
    return len(values), mean, squares, min(values), max(values)


def merge(a: Moments, b: Moments) -> Moments:
    """Chan's formula: the moments of the values of a followed by those of b."""
    (na, mean_a, squares_a, min_a, max_a), (nb, mean_b, squares_b, min_b, max_b) = a, b
    n = na + nb
    delta = mean_b - mean_a
    mean = mean_a + delta * nb / n
    squares = squares_a + squares_b + delta * delta * na * nb / n
    return n, mean, squares, min(min_a, min_b), max(max_a, max_b)


def statistics(values: Sequence[float]) -> dict[str, float]:
    """Mean, stdev (n-1), min, max and count of one column."""
    starts = range(0, len(values), STATISTICS_BLOCK)
    return statistics_of_blocks(values[at : at + STATISTICS_BLOCK] for at in starts)


def statistics_of_blocks(blocks: Iterable[Sequence[float]]) -> dict[str, float]:
    """The statistics of all blocks' values in order; empty blocks are skipped."""
    total: Moments | None = None
    for block in blocks:
        if block:
            total = block_moments(block) if total is None else merge(total, block_moments(block))
    if total is None:
        return {"mean": math.nan, "stdev": math.nan, "min": math.nan, "max": math.nan, "count": 0}
    n, mean, squares, low, high = total
    stdev = math.sqrt(squares / (n - 1)) if n > 1 else 0.0
    return {"mean": mean, "stdev": stdev, "min": low, "max": high, "count": n}
