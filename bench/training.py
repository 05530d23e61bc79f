"""What AugmentedDataset adds to the dataset that it wraps, when nothing is applied."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

import dpa
from bench.api import exhaust
from bench.effort import Effort
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table, duration

TITLE = "Datasets of PyTorch"
ALONE, ALONE_PLAIN = "dataset[i]", "dataset[i], not wrapped"
SAMPLER, SAMPLER_PLAIN = "an index of a sampler", "an index of a sampler, not wrapped"
BATCHES = (64, 256)
NOTE = (
    "A list of (number, label), shuffled ids with epoch and base_seed, in one process. The"
    " transform returns the image; collate needs none and gives the parameters as columns. The"
    " parameters alone are generate_augmentation_batch."
    " *added*: the median of the differences to the row that is not wrapped, measured in turn."
)


def batched(what: str, size: int) -> str:
    return f"{what}, n = {size}"


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    if find_spec("torch"):
        yield from effort.measure(_cases(effort))


def _cases(effort: Effort) -> list[Case]:
    from torch.utils.data import SequentialSampler, default_collate

    from dpa.integrations.torch import AugmentedDataset, Draw, EpochSampler

    size = effort.samples(10_000)
    samples = [(float(at), at) for at in range(size)]
    dataset = AugmentedDataset(samples, transform=lambda image, params: image, base_seed=7)
    untouched = AugmentedDataset(samples, transform=False, base_seed=7)
    warnings.filterwarnings("ignore", "a second pass has the same epoch")  # here all have
    dataset.set_epoch(3)
    untouched.set_epoch(3)
    order = np.random.default_rng(0).permutation(size).tolist()

    def case(name: str, function: Callable[[], Any], count: int, plain: str) -> Case:
        return Case(name, function, count, facts={"plain": plain})

    def one_by_one(whole: Any) -> None:
        exhaust(map(whole.__getitem__, order))

    cases = [
        case(ALONE_PLAIN, partial(one_by_one, samples), size, ""),
        case(ALONE, partial(one_by_one, dataset), size, ALONE_PLAIN),
        case(SAMPLER_PLAIN, partial(exhaust, SequentialSampler(samples)), size, ""),
        case(
            SAMPLER, partial(exhaust, EpochSampler(SequentialSampler(samples))), size, SAMPLER_PLAIN
        ),
    ]
    for n in BATCHES:
        ids = order[:n]  # fewer in a quick run
        draws = [Draw(3, 0, at) for at in ids]
        items, plain = batched("items", n), batched("items, not wrapped", n)
        collated, alike = batched("collate", n), batched("collate, not wrapped", n)

        def listed(ids: list[int] = ids) -> list[Any]:
            return [samples[at] for at in ids]

        cases += [
            case(batched("parameters alone", n), partial(_parameters, ids), len(ids), ""),
            case(plain, listed, len(ids), ""),
            case(items, partial(dataset.__getitems__, ids), len(ids), plain),
            case(alike, lambda listed=listed: default_collate(listed()), len(ids), ""),
            case(
                collated,
                lambda ids=ids: untouched.collate(untouched.__getitems__(ids)),
                len(ids),
                alike,
            ),
            case(
                batched("collate, by EpochSampler", n),
                lambda draws=draws: untouched.collate(untouched.__getitems__(draws)),
                len(ids),
                alike,
            ),
        ]
    return cases


def _parameters(ids: list[int]) -> None:
    dpa.generate_augmentation_batch(ids, base_seed=7, epoch=3)


def added(result: BenchmarkResult, plain: BenchmarkResult) -> float:
    """Seconds a sample more than `plain` takes: the median of the pairs."""
    pairs = zip(result.times_seconds, plain.times_seconds, strict=True)
    median = float(np.median([ours - theirs for ours, theirs in pairs]))
    return median / result.samples_per_call


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    named = {result.name: result for result in results}
    rows = []
    for result in results:
        each = duration(result.median_seconds / result.samples_per_call)
        plain = named.get(result.facts["plain"])
        rows.append([result.name, each, duration(added(result, plain)) if plain else ""])
    note = NOTE if rows else "PyTorch is not installed."
    return [Table("Without a transform's work", ("what", "each", "added"), rows, note)]
