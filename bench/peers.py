"""What users have instead, each as its users would write it: five values in ranges for each id.

A peer is a function that imports what it needs, prepares, and returns the function to
time and how many samples a call of that makes.
"""

from __future__ import annotations

import hashlib
import os
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

import dpa
from bench.effort import Effort
from bench.twin import twin_params
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table, duration, rate, times
from dpa.config import DEFAULT, PARAMETERS

TITLE = "What users have instead"
ID, ORDER = "depends on id only", "depends on order"
SEED = 42
BOUNDS = tuple(zip(PARAMETERS, DEFAULT.bounds, strict=True))
LOW, HIGH = (np.array(ends) for ends in zip(*DEFAULT.bounds, strict=True))

Params: TypeAlias = dict[str, Any]
Work: TypeAlias = tuple[Callable[[], object], int]


class Peer(NamedTuple):
    """One way to get parameters."""

    name: str
    makes: str  # dicts or columns
    order: str  # what its values depend on
    prepare: Callable[[Effort], Work]
    package: str = ""  # that has to be installed


# ---- One id after the other, into dicts ----


def each(params: Callable[[int], Params], effort: Effort, count: int = 2_000) -> Work:
    ids = range(effort.samples(count))
    return lambda: [params(sample_id) for sample_id in ids], len(ids)


def python_random(sample_id: int) -> Params:
    rng = random.Random(sample_id)
    return {name: rng.uniform(low, high) for name, (low, high) in BOUNDS}


def blake2b(sample_id: int) -> Params:
    key = sample_id.to_bytes(8, "little")
    words = struct.unpack("<5Q", hashlib.blake2b(key, digest_size=40, key=b"seed 42").digest())
    return {
        name: low + (high - low) * ((word >> 11) * 2**-53)
        for (name, (low, high)), word in zip(BOUNDS, words, strict=True)
    }


def default_rng(sample_id: int) -> Params:
    values = np.random.default_rng([SEED, sample_id]).uniform(LOW, HIGH)
    return dict(zip(PARAMETERS, values.tolist(), strict=True))


def philox(sample_id: int) -> Params:
    generator = np.random.Generator(np.random.Philox(key=SEED, counter=[0, 0, 0, sample_id]))
    return dict(zip(PARAMETERS, generator.uniform(LOW, HIGH).tolist(), strict=True))


def torch_generator(effort: Effort) -> Work:
    import torch

    generator = torch.Generator()
    low, high = torch.tensor(LOW), torch.tensor(HIGH)

    def params(sample_id: int) -> Params:
        generator.manual_seed(sample_id)
        values = low + (high - low) * torch.rand(5, generator=generator, dtype=torch.float64)
        return dict(zip(PARAMETERS, values.tolist(), strict=True))

    return each(params, effort)


def grain_random_map(effort: Effort) -> Work:
    import grain

    def draw(_: int, rng: np.random.Generator) -> Params:
        return dict(zip(PARAMETERS, rng.uniform(LOW, HIGH).tolist(), strict=True))

    data = grain.MapDataset.source(range(10_000)).seed(SEED).random_map(draw)
    return each(data.__getitem__, effort)


def albumentations_compose(effort: Effort) -> Work:
    import albumentations as A  # noqa: N812 (its users' habit)

    pipeline = A.Compose(
        [
            A.Rotate(limit=(-30, 30), p=1),
            A.RandomBrightnessContrast((-0.2, 0.2), (-0.3, 0.3), p=1),
            A.GaussNoise(std_range=(0, 0.1), p=1),
            A.RandomScale(scale_limit=(-0.2, 0.2), p=1),
        ],
        seed=SEED,
    )
    image = np.zeros((8, 8, 3), np.uint8)
    return each(lambda _: pipeline(image=image), effort, 500)


def dpa_dicts(depth: int, effort: Effort) -> Work:
    config = DEFAULT.replace(augmentation_depth=depth)
    return each(lambda sample_id: dpa.gen_augmentation_params(sample_id, config), effort)


def dpa_list(depth: int, effort: Effort) -> Work:
    count, config = effort.samples(100_000), DEFAULT.replace(augmentation_depth=depth)
    return partial(dpa.generate_augmentation_chain, count, config), count


# ---- Many ids at once, into columns ----


def splitmix64(x: Any) -> Any:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def numpy_hash(ids: npt.NDArray[np.uint64]) -> dict[str, npt.NDArray[Any]]:
    golden = np.uint64(0x9E3779B97F4A7C15)
    state = splitmix64(splitmix64(np.array([SEED], np.uint64)) + ids * golden)
    columns = {}
    for name, (low, high) in BOUNDS:
        state = state + golden
        word = splitmix64(state)
        columns[name] = low + (high - low) * ((word >> np.uint64(11)) * 2.0**-53)
    return columns


def numpy_hash_columns(block: int, effort: Effort) -> Work:
    ids = np.arange(effort.samples(block), dtype=np.uint64)
    return partial(numpy_hash, ids), len(ids)


def numpy_stream(effort: Effort) -> Work:
    count, rng = effort.samples(1_000_000), np.random.default_rng(SEED)

    def columns() -> dict[str, npt.NDArray[np.float64]]:
        return {name: rng.uniform(low, high, count) for name, (low, high) in BOUNDS}

    return columns, count


def jax_fold_in(effort: Effort) -> Work:
    import jax
    import jax.numpy as jnp

    low, high, key = jnp.array(LOW, jnp.float32), jnp.array(HIGH, jnp.float32), jax.random.key(SEED)

    @jax.jit
    def columns(ids: Any) -> Any:
        keys = jax.vmap(partial(jax.random.fold_in, key))(ids)
        return low + (high - low) * jax.vmap(lambda k: jax.random.uniform(k, (5,)))(keys)

    ids = jnp.arange(effort.samples(1_000_000), dtype=jnp.uint32)
    return lambda: columns(ids).block_until_ready(), len(ids)


def kornia_parameters(effort: Effort) -> Work:
    import torch
    from kornia import augmentation as K  # noqa: N812 (its users' habit)

    torch.manual_seed(SEED)
    steps = [
        K.RandomAffine(degrees=30.0, scale=(0.8, 1.2), p=1.0),
        K.ColorJiggle(brightness=(0.8, 1.2), contrast=(0.7, 1.3), p=1.0),
        K.RandomGaussianNoise(std=0.1, p=1.0),
    ]
    shape = torch.Size([256, 3, 8, 8])
    return lambda: [step.forward_parameters(shape) for step in steps], 256


def dpa_columns(depth: int, count: int, effort: Effort) -> Work:
    ids, config = range(effort.samples(count)), DEFAULT.replace(augmentation_depth=depth)
    out = dpa.AugmentationBatch.empty(len(ids)) if count < 1_000_000 else None
    generate = partial(dpa.generate_augmentation_batch, ids, config, num_threads=1, out=out)
    return generate, len(ids)


DICTS, COLUMNS = "dicts", "columns"
DPA_DICTS, DPA_DICTS_1 = "dpa, one id, depth 10", "dpa, one id, depth 1"
DPA_COLUMNS, DPA_COLUMNS_1 = "dpa, depth 10", "dpa, depth 1"
IN_CACHE = ", 20,000 at a time in the cache"
PEERS = (
    Peer(DPA_DICTS, DICTS, ID, partial(dpa_dicts, 10)),
    Peer(DPA_DICTS_1, DICTS, ID, partial(dpa_dicts, 1)),
    Peer("dpa, list of dicts, depth 10", DICTS, ID, partial(dpa_list, 10)),
    Peer("dpa, list of dicts, depth 1", DICTS, ID, partial(dpa_list, 1)),
    Peer("hashlib.blake2b, keyed", DICTS, ID, partial(each, blake2b)),
    Peer("random.Random(id)", DICTS, ID, partial(each, python_random)),
    Peer("numpy Philox(key, counter=id)", DICTS, ID, partial(each, philox)),
    Peer("numpy default_rng([seed, id])", DICTS, ID, partial(each, default_rng)),
    Peer("the twin, plain Python", DICTS, ID, partial(each, twin_params, count=500)),
    Peer("torch Generator.manual_seed(id)", DICTS, ID, torch_generator, "torch"),
    Peer("Grain random_map, id = position", DICTS, ID, grain_random_map, "grain"),
    Peer("Albumentations, on 8 x 8 pixels", DICTS, ORDER, albumentations_compose, "albumentations"),
    Peer(DPA_COLUMNS, COLUMNS, ID, partial(dpa_columns, 10, 1_000_000)),
    Peer(DPA_COLUMNS_1, COLUMNS, ID, partial(dpa_columns, 1, 1_000_000)),
    Peer(DPA_COLUMNS + IN_CACHE, COLUMNS, ID, partial(dpa_columns, 10, 20_000)),
    Peer(DPA_COLUMNS_1 + IN_CACHE, COLUMNS, ID, partial(dpa_columns, 1, 20_000)),
    Peer("numpy, splitmix64 by hand", COLUMNS, ID, partial(numpy_hash_columns, 1_000_000)),
    Peer("numpy, splitmix64 by hand" + IN_CACHE, COLUMNS, ID, partial(numpy_hash_columns, 20_000)),
    Peer("jax, jit of vmap of fold_in, float32", COLUMNS, ID, jax_fold_in, "jax"),
    Peer("numpy Generator.uniform, one stream", COLUMNS, ORDER, numpy_stream),
    Peer("Kornia forward_parameters, 256 a batch", COLUMNS, ORDER, kornia_parameters, "kornia"),
)


# ---- Measuring ----


@contextmanager
def one_core() -> Iterator[None]:
    """Threads that a library starts meanwhile share one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    """Those that are installed; a result without times is a peer that is not."""
    with one_core():
        for makes in (DICTS, COLUMNS):
            cases, missing = [], []
            for peer in PEERS:
                if peer.makes != makes:
                    continue
                facts = {"makes": makes, "order": peer.order}
                try:
                    function, count = peer.prepare(effort)
                except ImportError:
                    missing.append(BenchmarkResult(peer.name, (), facts=facts))
                else:
                    if peer.package:
                        facts["version"] = f"{peer.package} {version(peer.package)}"
                    cases.append(Case(peer.name, function, count, facts=facts))
            yield from effort.measure(cases)
            yield from missing


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    note = (
        "Five values in ranges for each id, one core; the last columns: dpa's rate over this one."
        " The others mix an id once; dpa hashes twice at depth 1, 21 times at depth 10, and"
        " hands out the SHA-256 digest too."
    )
    return [
        _table(f"Into {makes}", [r for r in results if r.facts["makes"] == makes], note)
        for makes in (DICTS, COLUMNS)
    ]


def _table(title: str, group: Sequence[BenchmarkResult], note: str) -> Table:
    head = ("what", "values", "best", "median", "each", "dpa, depth 10", "dpa, depth 1")
    named = {result.name: result for result in group}
    deep = named[DPA_DICTS if DPA_DICTS in named else DPA_COLUMNS]
    shallow = named[DPA_DICTS_1 if DPA_DICTS_1 in named else DPA_COLUMNS_1]
    measured = [result for result in group if result.times_seconds]
    rows = [
        [
            ", ".join([result.name, *([found] if (found := result.facts.get("version")) else [])]),
            result.facts["order"],
            rate(result.best_samples_per_second),
            rate(result.samples_per_second),
            duration(result.median_seconds / result.samples_per_call),
            times(deep.rate_against(result)[1]),
            times(shallow.rate_against(result)[1]),
        ]
        for result in sorted(measured, key=lambda result: -result.samples_per_second)
    ]
    missing = [result for result in group if not result.times_seconds]
    rows += [[m.name, m.facts["order"], "not installed", "", "", "", ""] for m in missing]
    return Table(title, head, rows, note)
