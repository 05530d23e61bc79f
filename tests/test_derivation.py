"""dpa against its plain-Python twin and the published answers, to the last bit."""

import json
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import dpa
from dpa import _columns
from dpa.derivation.digest import SampleDigest

VECTORS = Path(__file__).resolve().parent / "vectors"
KNOWN = json.loads((VECTORS / "known_answers.json").read_text(encoding="utf-8"))["vectors"]
SAMPLERS = ("xoshiro256++", "mt19937")
LARGEST = 2**64 - 1


def bits(values: dict[str, Any]) -> dict[str, str]:
    """Floats as hex text: == holds for 0.0 and -0.0, and not for NaN."""
    return {k: v.hex() if isinstance(v, float) else v for k, v in values.items()}


def expected(
    sample_id: int | str, config: dpa.AugmentationConfig, parts: dict[str, int | None]
) -> dict[str, str]:
    """What the twin says about one sample."""
    key = reference.key_text(sample_id, **parts)
    h = reference.chain_hash(key, config.augmentation_depth)
    return bits(reference.params(h, config.bounds, config.sampler))


def rows(batch: dpa.AugmentationBatch) -> list[dict[str, str]]:
    """The samples of a batch, read from its arrays."""
    columns = [batch[name].tolist() for name in reference.NAMES]
    hashes = [bytes(digest).hex() for digest in batch.digests]
    return [
        bits({**dict(zip(reference.NAMES, values, strict=True)), "hash": h})
        for *values, h in zip(*columns, hashes, strict=True)
    ]


# ---- Published and frozen answers ----


def test_known_answers_are_what_the_twin_gives() -> None:
    done = subprocess.run(
        [sys.executable, str(VECTORS / "regenerate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_known_answers(kernel: str, sampler: str) -> None:
    for vector in KNOWN:
        sample_id = int(vector["id"]) if vector["id_type"] == "int" else vector["id"]
        names = ("epoch", "view", "base_seed", "rank", "world_size")
        parts = {name: int(vector[name]) for name in names if name in vector}
        config = dpa.get_preset(
            vector["preset"], augmentation_depth=vector["depth"], sampler=sampler
        )
        answer = dict(zip(reference.NAMES, vector[sampler], strict=True))
        answer["hash"] = vector["hash"]
        found = dpa.gen_augmentation_params(sample_id, config, **parts)
        assert found.pop("rank", None) == parts.get("rank"), vector
        assert bits(found) == bits(answer), vector
        if isinstance(sample_id, str) or sample_id <= LARGEST:
            batch = dpa.generate_augmentation_batch([sample_id], config, **parts)
            assert rows(batch) == [bits(answer)], vector


DOCUMENTED = [
    ({}, 10, "xoshiro256++", 0.8235536351270127, 1.1727205600644448, "3c8f589003fff376"),
    ({}, 10, "mt19937", -14.343283834559362, 0.9726009373537083, "3c8f589003fff376"),
    (
        {"base_seed": 7, "rank": 1},
        *(10, "mt19937", -21.737278280166187, 0.7232623355595921, "e6f9e119b71ed361"),
    ),
    (
        {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1},
        *(10, "xoshiro256++", 26.514459312210995, 1.1487823423360135, "13ac292001648d3f"),
    ),
    ({}, 100, "xoshiro256++", -19.582661590328797, 0.844594255924924, "9aa1bd70f9009861"),
]


@pytest.mark.parametrize(
    ("parts", "depth", "sampler", "rotation", "contrast", "start"),
    DOCUMENTED,
    ids=["id", "mt19937", "original-rank", "all-parts", "depth-100"],
)
def test_documented_table_for_42(
    parts: dict[str, int], depth: int, sampler: str, rotation: float, contrast: float, start: str
) -> None:
    config = dpa.get_preset("moderate", augmentation_depth=depth, sampler=sampler)
    found = dpa.gen_augmentation_params(42, config, **parts)
    assert (found["rotation"], found["contrast"]) == (rotation, contrast)
    assert found["hash"].startswith(start)
    assert dpa.gen_augmentation_seed(42, depth, **parts) == found["hash"]


def test_documented_table_for_a_file_name() -> None:
    found = dpa.gen_augmentation_params("n01440764_10026.JPEG")
    assert (found["rotation"], found["contrast"]) == (0.5853118765959096, 1.1754490772300825)
    assert found["hash"].startswith("305cb059c1634533")


def test_seeds_of_32_bits_collide_in_mt19937_alone() -> None:
    old = dpa.get_preset("moderate", sampler="mt19937")
    a, b = (dpa.gen_augmentation_params(i, old) for i in (54018, 70819))
    assert a.pop("hash") != b.pop("hash")
    assert a == b
    new_a, new_b = (dpa.gen_augmentation_params(i) for i in (54018, 70819))
    assert all(new_a[name] != new_b[name] for name in reference.NAMES)


def test_presets_are_the_documented_ones() -> None:
    for name, bounds in reference.PRESETS.items():
        assert dpa.PRESETS[name].bounds == tuple(bounds)
        assert dpa.PRESETS[name].augmentation_depth == 10


# ---- Properties ----

POWERS = [10**n for n in range(1, 20)] + [2**n for n in (31, 32, 53, 63)]
EDGES = st.sampled_from(sorted({0, LARGEST} | {p + d for p in POWERS for d in (-1, 0, 1)}))
WORDS = st.one_of(st.integers(0, 200), EDGES, st.integers(0, LARGEST))
AWKWARD = [
    "",
    "\0",
    "a\0",
    '"',
    '"a"',
    "42",
    "7:1:42",
    "3@",
    " ",
    "\n",
    "é",
    "e\u0301",
    "😀",
    "🏳️‍🌈",
]
TEXTS = st.one_of(st.sampled_from(AWKWARD), st.text(), st.text(min_size=40, max_size=150))
ANY_ID = st.one_of(WORDS, st.integers(2**64, 10**60), TEXTS)
PARTS = st.fixed_dictionaries(
    {name: st.none() | WORDS for name in ("epoch", "view", "base_seed", "rank")}
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def bounds(draw: st.DrawFn) -> tuple[float, float]:
    """Any pair that a config takes, equal bounds and subnormal ones among them."""
    low, high = sorted((draw(FINITE), draw(FINITE)))
    return (low, high) if math.isfinite(high - low) else (low / 2, high / 2)


@st.composite
def configs(draw: st.DrawFn) -> dpa.AugmentationConfig:
    ranges = draw(st.one_of(st.sampled_from(list(reference.PRESETS.values())), _ranges()))
    depth = draw(st.one_of(st.just(10), st.integers(1, 40)))
    return dpa.AugmentationConfig(*ranges, depth, sampler=draw(st.sampled_from(SAMPLERS)))


def _ranges() -> st.SearchStrategy[tuple[tuple[float, float], ...]]:
    return st.tuples(*[bounds()] * 5)


@given(ANY_ID, configs(), PARTS)
def test_one_sample(
    kernel: str,
    sample_id: int | str,
    config: dpa.AugmentationConfig,
    parts: dict[str, int | None],
) -> None:
    found = dpa.gen_augmentation_params(sample_id, config, **parts)
    assert found.pop("rank", None) == parts["rank"]
    answer = expected(sample_id, config, parts)
    assert bits(found) == answer
    depth = config.augmentation_depth
    assert dpa.gen_augmentation_seed(sample_id, depth, **parts) == answer["hash"]


def stepped(start: int, step: int, count: int, backwards: bool) -> range:
    """Up to `count` ids from start on, as many as lie below 2^64, perhaps in reverse."""
    ids = range(start, start + min(count, (LARGEST - start) // step + 1) * step, step)
    return ids[::-1] if backwards else ids


STEPS = st.one_of(st.just(1), st.integers(2, 100), st.integers(2, 2**63))
MANY_IDS = st.one_of(
    st.lists(WORDS, max_size=70),
    st.lists(WORDS, max_size=70).map(lambda ids: np.array(ids, np.uint64)),
    st.lists(st.integers(0, 2**63 - 1), max_size=20).map(lambda ids: np.array(ids, np.int64)),
    st.lists(st.integers(0, 2**15 - 1), max_size=20).map(lambda ids: np.array(ids, ">i2")[::-1]),
    st.lists(TEXTS, max_size=30),
    st.builds(stepped, WORDS, STEPS, st.integers(0, 70), st.booleans()),
)


@given(MANY_IDS, configs(), PARTS)
def test_many_samples(
    kernel: str, ids: Any, config: dpa.AugmentationConfig, parts: dict[str, int | None]
) -> None:
    batch = dpa.generate_augmentation_batch(ids, config, **parts)
    plain = [i if isinstance(i, str) else int(i) for i in ids]
    assert list(batch.sample_ids) == plain
    assert rows(batch) == [expected(i, config, parts) for i in plain]
    singles = dpa.generate_augmentation_batch(ids, config, **parts, dtype=np.float32)
    for name in reference.NAMES:
        with np.errstate(over="ignore"):  # beyond float32 both are infinite
            assert np.array_equal(singles[name], batch[name].astype(np.float32))


@given(
    st.lists(WORDS, max_size=20) | st.lists(TEXTS, min_size=1, max_size=20),
    st.integers(0, 12),
    st.integers(0, 400),  # one refill of the Mersenne Twister lies within
    configs(),
    PARTS,
)
def test_uniforms(
    kernel: str,
    ids: list[int] | list[str],
    count: int,
    skip: int,
    config: dpa.AugmentationConfig,
    parts: dict[str, int | None],
) -> None:
    found = dpa.generate_uniforms(ids, count, skip, config, **parts)
    assert found.shape == (len(ids), count)
    for row, sample_id in zip(found.tolist(), ids, strict=True):
        key = reference.key_text(sample_id, **parts)
        h = reference.chain_hash(key, config.augmentation_depth)
        draws = reference.uniforms(h, config.sampler)
        assert row == [next(draws) for _ in range(skip + count)][skip:]


@pytest.mark.parametrize(
    "ids",
    [
        range(0, 30, 3),
        range(30, 0, -7),
        range(LARGEST, LARGEST - 200, -50),
        range(5, LARGEST, 2**62),
        range(2**63 + 9, 8, -(2**63)),
        np.arange(9, -1, -1, dtype=np.int8),
        np.arange(5, dtype=">u4"),
        np.arange(30, dtype=np.int64)[::-4],
        [np.int64(3), 4, np.uint8(5)],
        (2**64 - 1, 0, 2**63, 2**63),
        np.array(["a", "bc"]),
        np.array([3, 2**64 - 1], dtype=object),
    ],
    ids=str,
)
def test_forms_of_ids(ids: Any) -> None:
    batch = dpa.generate_augmentation_batch(ids)
    plain = [str(i) if isinstance(i, str) else int(i) for i in ids]
    assert list(batch.sample_ids) == plain
    assert rows(batch) == [expected(i, dpa.AugmentationConfig(), {}) for i in plain]


# Few values and the grammar's own characters, so that keys have every chance to meet.
NEAR = st.integers(0, 12)
NEAR_IDS = st.one_of(NEAR, st.text(alphabet='01.@:"', max_size=6))
NEAR_PARTS = st.fixed_dictionaries(
    {name: st.none() | NEAR for name in ("epoch", "view", "base_seed", "rank")}
)


@given(NEAR_IDS, NEAR_PARTS)
def test_a_key_can_be_read_back(sample_id: int | str, parts: dict[str, int | None]) -> None:
    """So no two samples share one: the text gives its parts away."""
    key = reference.key_text(sample_id, **parts)
    found = re.fullmatch(
        r"(?:(\d+)?(?:\.(\d+))?@)?(?:(\d+):(\d+)?:)?(?:(\d+)|\"(.*))", key, flags=re.DOTALL
    )
    assert found is not None
    *numbers, digits, text = found.groups()
    if parts["rank"] is not None and parts["base_seed"] is None:
        parts = parts | {"base_seed": 0}
    names = ("epoch", "view", "base_seed", "rank")
    assert [None if n is None else int(n) for n in numbers] == [parts[name] for name in names]
    assert (int(digits) if text is None else text) == sample_id


# ---- Depths, threads, big numbers ----


# 94, 95: fib beyond 64 bits; 256, 257: the expanded table's end; 265 to 267: the first link of
# two constant blocks; 10,000: the longest chain.
@pytest.mark.parametrize("depth", [93, 94, 95, 96, 255, 256, 257, 265, 266, 267, 1000, 10_000])
def test_depths(kernel: str, depth: int) -> None:
    count = 2 if depth == 10_000 else 15
    config = dpa.AugmentationConfig(augmentation_depth=depth)
    batch = dpa.generate_augmentation_batch(range(count), config, num_threads=1)
    answers = [expected(i, config, {}) for i in range(count)]
    assert rows(batch) == answers
    assert dpa.gen_augmentation_seed(1, depth) == answers[1]["hash"]


# Digits around the padding's edges, and the most that Python turns into text by default.
@pytest.mark.parametrize("digits", [20, 40, 53, 54, 55, 56, 62, 63, 64, 118, 119, 120, 4300])
def test_integers_of_any_size_one_at_a_time(kernel: str, digits: int) -> None:
    big = 10**digits - 1
    found = dpa.gen_augmentation_params(big, epoch=3)
    assert bits(found) == expected(big, dpa.AugmentationConfig(), {"epoch": 3})


def test_a_rank_alone_sets_base_seed_to_0() -> None:
    assert dpa.gen_augmentation_seed(42, rank=1) == reference.chain_hash("0:1:42", 10)
    assert dpa.gen_augmentation_seed(42, rank=1, world_size=2) == reference.chain_hash("0:1:42", 10)
    assert dpa.gen_augmentation_seed(42, base_seed=7) == reference.chain_hash("7::42", 10)


def test_world_size_is_no_part_of_the_key() -> None:
    seeds = {dpa.gen_augmentation_seed(42, rank=1, world_size=w) for w in (2, 3, 1000)}
    assert len(seeds) == 1


@pytest.mark.parametrize("start", [0, 95, LARGEST - 299])
def test_chain_is_its_samples(kernel: str, start: int) -> None:
    chain = dpa.generate_augmentation_chain(300, start_id=start, epoch=1)
    config = dpa.AugmentationConfig()
    assert [bits(d) for d in chain] == [
        expected(i, config, {"epoch": 1}) for i in range(start, start + 300)
    ]


@pytest.mark.parametrize(
    "ids", [range(20_000), [f"image{i}.png" for i in range(20_000)]], ids=["range", "names"]
)
def test_threads_change_nothing(ids: Any) -> None:
    one = dpa.generate_augmentation_batch(ids, num_threads=1)
    for threads in (2, 3, 8):
        assert dpa.generate_augmentation_batch(ids, num_threads=threads) == one
    assert rows(one[19_990:]) == [expected(i, dpa.AugmentationConfig(), {}) for i in ids[19_990:]]


def test_right_under_8_threads(kernel: str) -> None:
    config = dpa.get_preset("mild", sampler="mt19937")
    answers = [expected(i, config, {}) for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        tasks = [
            pool.submit(lambda: [bits(dpa.gen_augmentation_params(i, config)) for i in range(200)])
            for _ in range(8)
        ]
        assert all(task.result() == answers for task in tasks)


# ---- The twin's other halves ----


@given(st.lists(WORDS, max_size=20) | st.lists(TEXTS, min_size=1, max_size=20), PARTS)
def test_digest_of_a_set(kernel: str, ids: list[Any], parts: dict[str, int | None]) -> None:
    batch = dpa.generate_augmentation_batch(ids, **parts)
    digest = SampleDigest()
    for part in batch.parts(3):
        digest.update(part)
    samples = [
        (reference.key_text(i, **parts), d["hash"], [d[name] for name in reference.NAMES])
        for i, d in zip(ids, batch, strict=True)
    ]
    found = int.from_bytes(bytes.fromhex(digest.hexdigest()), "little")
    assert (found, digest.count) == (reference.digest(reversed(samples)), len(ids))


@given(st.integers(1, 9000), st.sampled_from([0.1, 60.0, 1e150]), st.integers(0, 2**32))
def test_block_moments(size: int, scale: float, seed: int) -> None:
    values = (np.random.default_rng(seed).random(size) - 0.5) * scale
    block = reference.STATISTICS_BLOCK
    parts = [values[at : at + block].tolist() for at in range(0, size, block)]
    assert _columns.moments(values) == [reference.block_moments(part) for part in parts]
