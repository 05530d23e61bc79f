"""Declared parameters against the five of AugmentationConfig, one core."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

import dpa
from bench.effort import Effort
from bench.peers import SEED, jax_fold_in
from bench.tables import rate_table
from dpa._native import choose_kernel
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table
from dpa.derivation.space import Space
from dpa.space import Bernoulli, Beta, Choice, Integers, LogUniform, Normal, Uniform

TITLE = "Declared parameters"
CONFIG, FIVE, TEN = "the five of a config", "five uniforms", "ten mixed names"
#: Samples of one call: they stay in the cache.
SAMPLES = 96 * 200
KERNELS = ("shani", "avx512")


def five(depth: int = 10) -> Space:
    """As many uniforms as a config has."""
    return Space({f"p{at}": Uniform(-1, at) for at in range(5)}, depth=depth)


def ten(depth: int = 10) -> Space:
    """A mixture as policies have it: ten names, eleven words."""
    members = {
        **{f"crop.{name}": Uniform(0, 1) for name in ("area", "x", "y")},
        "blur.sigma": LogUniform(0.1, 2),
        "flip": Bernoulli(0.5),
        "blur": Bernoulli(0.2),
        "op": Choice([f"op{at}" for at in range(14)]),
        "magnitude": Integers(0, 9),
        "hue": Normal(0, 0.1),
        "mix": Beta(0.4, 0.4),
    }
    return Space(members, depth=depth)


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    """Groups of one kernel and depth, then small calls and peers by the kernel of this CPU."""
    chosen = os.environ.get("DPA_KERNEL") or None
    try:
        for kernel in [name for name in KERNELS if name in dpa.kernels()]:
            for depth in (10, 1):
                choose_kernel(kernel)
                yield from effort.measure(_columns(depth, f"{kernel}, depth {depth}", effort))
    finally:
        choose_kernel(chosen)
    yield from effort.measure(_calls(effort))
    yield from effort.measure(_peers(effort))


def _columns(depth: int, group: str, effort: Effort) -> list[Case]:
    count = effort.samples(SAMPLES)
    spaces = {
        CONFIG: dpa.AugmentationConfig(augmentation_depth=depth),
        FIVE: five(depth),
        TEN: ten(depth),
    }
    return [
        Case(name, _into_arrays(space, count), count, facts={"group": group, "against": CONFIG})
        for name, space in spaces.items()
    ]


def _into_arrays(space: Space, count: int) -> partial[dpa.AugmentationBatch]:
    out = dpa.AugmentationBatch.empty(count, space)
    return partial(dpa.generate_augmentation_batch, range(count), space, num_threads=1, out=out)


def _calls(effort: Effort) -> list[Case]:
    count, some = effort.samples(SAMPLES), np.arange(256)
    facts = {"group": "Calls, ten mixed names, depth 10", "against": "out="}
    space, few = ten(), effort.samples(2000)
    batch = partial(dpa.generate_augmentation_batch, some, space, num_threads=1)
    return [
        Case("out=", _into_arrays(space, count), count, facts=facts),
        Case("an array of 256 ids", batch, len(some), facts=facts),
        Case("one id to dict", partial(_singles, space, few), few, facts=facts),
        Case("one id to dict, of a config", partial(_singles, None, few), few, facts=facts),
    ]


def _singles(space: Space | None, count: int) -> None:
    for sample_id in range(count):
        dpa.gen_augmentation_params(sample_id, space)


def _peers(effort: Effort) -> list[Case]:
    count, many = effort.samples(2000), effort.samples(SAMPLES)
    facts = {"group": "Five uniforms, depth 1, beside others", "against": FIVE}
    cases = [
        Case(FIVE, _into_arrays(five(1), many), many, facts=facts),
        Case("numpy default_rng([seed, id])", partial(_generators, count), count, facts=facts),
    ]
    try:
        function, size = jax_fold_in(effort)
    except ImportError:
        return cases
    return [*cases, Case("jax, jit of vmap of fold_in, float32", function, size, facts=facts)]


def _generators(count: int) -> None:
    low, high = np.full(5, -1.0), np.arange(5.0)
    for sample_id in range(count):
        np.random.default_rng([SEED, sample_id]).uniform(low, high)


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    groups = list(dict.fromkeys(result.facts["group"] for result in results))
    return [
        rate_table(group, [x for x in results if x.facts["group"] == group], "1 thread.")
        for group in groups
    ]
