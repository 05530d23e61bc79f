"""The goals that the project has set itself, beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from bench import api, files, images, kernels, peers, scaling, training
from bench.clock import NAME as CLOCK
from dpa._native import SAMPLERS
from dpa.benchmark import Measurements
from dpa.benchmark.tables import Table, duration, rate

Sections: TypeAlias = Mapping[str, Measurements]
#: The best and the median; KeyError where it was not measured.
Measured: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Goal:
    """`least` and `aim` in samples/s, seconds or as a ratio, as `show` prints them."""

    what: str
    least: float | None
    aim: float | None
    measured: Callable[[Sections], Measured]
    show: Callable[[float], str]
    less_is_better: bool = False
    kernel: str | None = None  # whose bound may be below the goal


def _rate(section: str, name: str, sections: Sections) -> Measured:
    result = sections[section][name]
    return result.best_samples_per_second, result.samples_per_second


def _seconds(section: str, name: str, sections: Sections) -> Measured:
    """Of one sample."""
    result = sections[section][name]
    count = result.samples_per_call
    return result.minimum_seconds / count, result.median_seconds / count


def _ratio(section: str, name: str, other: str, sections: Sections) -> Measured:
    return sections[section][name].rate_against(sections[section][other])


def _against_peers(sections: Sections) -> Measured:
    """dpa at depth 1 against the fastest peer whose values depend on the id only."""
    found = sections["peers"]
    others = [
        result
        for result in found.results
        if result.facts["order"] == peers.ID
        and result.times_seconds
        and result.facts["makes"] == peers.COLUMNS
        and peers.IN_CACHE not in result.name
        and not result.name.startswith("dpa")
    ]
    ours = found[peers.DPA_COLUMNS_1]
    ratios = [ours.rate_against(other) for other in others]
    return min(best for best, _ in ratios), min(median for _, median in ratios)


def _worst(section: str, name: str, sections: Sections) -> Measured:
    times = sections[section][name].times_seconds
    return min(times), max(times)


def _added(what: str, name: str, plain: str, most: float) -> Goal:
    """Of the section `training`: what a wrapped dataset costs more."""

    def measured(sections: Sections) -> Measured:
        section = sections["training"]
        return training.added(section[name], section[plain])

    return Goal(what, most, None, measured, duration, less_is_better=True)


def _peak(name: str, sections: Sections) -> Measured:
    """Of one run."""
    peak = sections["files"][name].facts["bytes"]
    if peak is None:  # the system does not tell
        raise KeyError(name)
    return peak, peak


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


def _percent(ratio: float) -> str:
    return f"{ratio:.0%}"


def _ratio_text(ratio: float) -> str:
    return f"{ratio:.2f}"


def _bulk(
    name: str, kernel: str, sampler: str, depth: int, least: float, aim: float | None
) -> Goal:
    case = kernels.case_name(kernel, sampler, depth)
    measured = partial(_rate, "kernels", case)
    hashing = kernel if sampler == SAMPLERS[0] else None
    return Goal(name, least, aim, measured, rate, kernel=hashing)


def _api(what: str, name: str, least: float, aim: float | None) -> Goal:
    return Goal(what, least, aim, partial(_rate, "api", name), rate)


def _file(name: str, least: float) -> Goal:
    return Goal(name, least, None, partial(_rate, "files", name), rate)


def _verified(suffix: str) -> Goal:
    measured = partial(_ratio, "files", f"{suffix}: verify", files.GENERATED)
    return Goal(f"{suffix}: verify, of the rate of generation", 1 / 3, None, measured, _percent)


def _memory(name: str, most: float) -> Goal:
    what = f"{files.STREAMED // 10**6} M samples streamed, {name}: memory"
    return Goal(what, most, None, partial(_peak, name), _megabytes, less_is_better=True)


def _share(what: str, name: str, least: float, aim: float) -> Goal:
    measured = partial(_ratio, "api", name, api.FULL_RATE)
    return Goal(what, least, aim, measured, _percent)


def _each(what: str, name: str, least: float, aim: float | None, section: str = "api") -> Goal:
    measured = partial(_seconds, section, name)
    return Goal(what, least, aim, measured, duration, less_is_better=True)


XOSHIRO, MT = SAMPLERS
ONE_ID, ONE_ID_MT = "params, xoshiro256++", "params, mt19937"
LIST = "list kept, generate_augmentation_chain"
GOALS = (
    _bulk("bulk, depth 10, xoshiro256++, shani", "shani", XOSHIRO, 10, 3.7e6, 5e6),
    _bulk("the same, avx512 forced", "avx512", XOSHIRO, 10, 2.9e6, 3.6e6),
    _bulk("the same, avx2 forced", "avx2", XOSHIRO, 10, 1.3e6, 1.7e6),
    _api("the same, active kernel, 1,000,000 into out=", api.FULL_RATE, 3.7e6, 5e6),
    _api("the same, fresh arrays", api.FRESH, 3.7e6, 5e6),
    _api("bulk, mt19937", "mt19937", 2.8e6, 3.5e6),
    _api("bulk, depth 1, 1,000,000 into out=", "depth 1", 15e6, 25e6),
    _api("the same, fresh arrays", "depth 1, fresh arrays", 15e6, 25e6),
    Goal("bulk, depth 1, against the best id-only peer", 1, None, _against_peers, _ratio_text),
    _share("bulk, n = 64, of the full rate", "range, n = 64", 0.6, 0.8),
    _share("bulk, n = 256, of the full rate", "range, n = 256", 0.8, 0.95),
    _share("shuffled id array against range", "shuffled array", 0.9, 1.0),
    Goal(
        "two threads against one",
        1.85,
        1.97,
        partial(_ratio, "scaling", "2 threads", scaling.ONE),
        _ratio_text,
    ),
    _api("dict stream", "stream, each dict dropped", 1.8e6, 2.4e6),
    _api("dict list kept", LIST, 0.9e6, 1.3e6),
    _each("one id to dict, xoshiro256++", ONE_ID, 1.5e-6, 1.1e-6),
    _each("one id to dict, mt19937", ONE_ID_MT, 4e-6, 3.4e-6),
    Goal(
        "Ctrl-C to KeyboardInterrupt, best and worst",
        None,
        0.1,
        partial(_worst, "api", "2 threads"),
        duration,
        less_is_better=True,
    ),
)
IMAGE_GOALS = tuple(
    Goal(what, least, None, partial(_ratio, "images", name, other), _ratio_text)
    for what, least, name, other in (
        ("an image without noise, against its OpenCV calls", 1 / 1.2, images.QUIET, images.CALLS),
        ("with noise, against NumPy's normals", 2, images.NOISY, images.NUMPY),
        ("64 tensors on the CPU, against Kornia", 1, images.TENSOR, images.KORNIA),
    )
)
FIRST_GOALS = (
    _bulk("bulk, depth 10, shani", "shani", XOSHIRO, 10, 1.1e6, None),
    _each("gen_augmentation_params", ONE_ID, 1.6e-6, None),
    _api("generate_augmentation_chain", LIST, 0.6e6, None),
    _each("import dpa, above numpy's", api.IMPORTED, 20e-3, None),
)
IN_TRAINING = (
    _added("AugmentedDataset, one by one", training.ALONE, training.ALONE_PLAIN, 3e-6),
    _added(
        "AugmentedDataset.collate, n = 64",
        training.batched("collate", 64),
        training.batched("collate, not wrapped", 64),
        0.5e-6,
    ),
)
FILE_GOALS = (
    _api("batches of a stream, one core", api.STREAMED, 3e6, None),
    _api("statistics of a batch", api.OF_A_BATCH, 10e6, None),
    _file("json: save a batch", 0.4e6),
    _file("json: load a batch", 0.25e6),
    *(
        _file(f"{suffix}: {way} a batch", 2e6)
        for suffix in ("npz", "parquet")
        for way in ("save", "load")
    ),
    _verified("npz"),
    _verified("parquet"),
    _memory(files.STATISTICS, 32e6),
    *(
        _memory(f"{suffix}: {way}", 64e6)
        for suffix in files.STREAMS
        for way in (files.WRITE, files.READ)
    ),
)


def tables(sections: Sections) -> list[Table]:
    """Each goal with the best and the median measured; the median decides."""
    head = ("what", "at least", "aim", "best", "median", "met?")
    return [
        Table(title, head, [_row(goal, sections) for goal in goals])
        for title, goals in (
            ("At the hardware's limit", GOALS),
            ("Streams and files", FILE_GOALS),
            ("Of the first version", FIRST_GOALS),
            ("Of images, as rates", IMAGE_GOALS),
            ("In the training loop", IN_TRAINING),
        )
    ]


def _row(goal: Goal, sections: Sections) -> list[str]:
    row = [goal.what, *(goal.show(x) if x is not None else "" for x in (goal.least, goal.aim))]
    try:
        best, median = goal.measured(sections)
    except KeyError:
        return [*row, "-", "-", "not measured"]
    return [*row, goal.show(best), goal.show(median), _verdict(goal, median, sections)]


def _met(goal: Goal, value: float, target: float | None) -> bool:
    if target is None:
        return False
    return value <= target if goal.less_is_better else value >= target


def _verdict(goal: Goal, median: float, sections: Sections) -> str:
    if _met(goal, median, goal.aim):
        return "yes, the aim"
    if _met(goal, median, goal.least):
        return "yes"
    bound = _bound_rate(goal.kernel, sections["kernels"]) if goal.kernel else None
    if bound is not None and goal.least is not None and bound < goal.least:
        return f"no, the bound here is {rate(bound)}"
    return "no"


def _bound_rate(kernel: str, section: Measurements) -> float | None:
    """Samples/s at depth 10 that this CPU could do with the kernel, where known."""
    cycles = kernels.bound_cycles(kernel, 10, section.machine["cpu_family"])
    if cycles is None:
        return None
    clocks = [result for result in section.results if result.name == CLOCK]
    if not clocks:
        return None
    return max(clock.best_samples_per_second for clock in clocks) / cycles
