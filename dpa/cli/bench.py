"""bench: measures how fast dpa is here, and compares that with earlier measurements."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dpa.checks import amount, count_of
from dpa.cli import options
from dpa.cli.arguments import chosen_config
from dpa.cli.output import DIFFERENT, write
from dpa.derivation.space import Space
from dpa.host.memory import require_memory

if TYPE_CHECKING:
    from dpa.benchmark import Case, Measurements


#: Bytes of a sample as a dict in a list, and of each value; tracemalloc measures a peak of 528
#: for five.
_DICT_BYTES, _VALUE_BYTES = 310, 46


def add(commands: options.Commands) -> None:
    """Registers the command."""
    command = commands.add_parser(
        "bench", examples=["dpa bench --json > before.json", "dpa bench --compare before.json"]
    )
    options.num_samples(command, "of each measurement; default: 10000", default=10_000)
    options.number(command, "--iterations", default=30, help="measurements of each; default: 30")
    options.config(command)
    command.add_argument(
        "--compare",
        metavar="BASELINE",
        help="a file of what dpa bench --json printed; the exit code is 1 if something is slower",
    )
    command.add_argument(
        "--threshold",
        type=float,
        metavar="SHARE",
        default=0.1,
        help="slower is what takes longer by more than this, beyond chance; default: 0.1",
    )
    options.flag(command, "--json", help="print JSON, which --compare takes")
    command.add_argument("--plot", metavar="FILE", help=".png, .svg or .pdf; needs the extra viz")
    command.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from dpa.benchmark import BenchmarkConfig, BenchmarkRunner, ComparisonReport, Measurements
    from dpa.benchmark.results import finite

    if arguments.plot:  # a missing extra fails before the work
        from dpa.pictures.benchmarks import plot_comparison
        from dpa.pictures.figures import picture_format, save_picture

        picture_format(arguments.plot)
    amount("threshold", arguments.threshold)
    size = arguments.num_samples
    drawn = chosen_config(arguments)
    values = sum(math.prod(each.item_shape) for _, each in drawn.parameters)
    needed = (_DICT_BYTES + _VALUE_BYTES * values) * size
    require_memory(f"-n {size}", needed, "a rate can be told of fewer samples")
    config = BenchmarkConfig(arguments.iterations, minimum_seconds=0.01)
    cases = _cases(size, drawn)
    before = _baseline(arguments.compare, cases) if arguments.compare else None
    command = f"dpa bench -n {size} --iterations {arguments.iterations}"
    found = Measurements.taken(command, lambda: BenchmarkRunner(config).measure(cases))
    report = ComparisonReport.compare(
        found.results,
        before.results if before else (),
        threshold=arguments.threshold,
        confidence=config.confidence,
        notes=found.differences(before) if before else (),
        # Other programs hardly change CPU time, but a coarse clock may measure 0.
        cpu_time=before is not None and found.has_cpu_times() and before.has_cpu_times(),
    )
    if arguments.json:
        write(found.to_json(**({"comparison": finite(report.to_dict())} if before else {})))
    else:
        write(str(report))
    if arguments.plot:
        save_picture(plot_comparison(report), arguments.plot)
    return DIFFERENT if report.regressions else 0


def _cases(size: int, config: Space) -> list[Case]:
    from dpa.batch import BatchConfig, BatchStrategy
    from dpa.benchmark import cases

    return [
        cases.single_ids(size, config),
        cases.columns(size, config),
        cases.generation(size, config),
        cases.streaming(size, config=config),
        cases.batch_processing(size, BatchConfig(BatchStrategy.SEQUENTIAL), config),
        cases.distributed(size, 0, 1, config),
    ]


def _baseline(path: str, cases: Sequence[Case]) -> Measurements:
    """The measurements of a file. Raises OSError, or ValueError if they cannot be compared."""
    from dpa.benchmark import Measurements

    try:
        before = Measurements.from_file(path)
    except ValueError as error:
        raise ValueError(f"--compare {error}; make some: dpa bench --json > FILE") from error
    _check_same_work(cases, before, path)
    return before


def _check_same_work(cases: Sequence[Case], before: Measurements, path: str) -> None:
    """Raises ValueError if the times cannot be compared."""
    known = {result.name: result for result in before.results}
    pairs = [(case, known[case.name]) for case in cases if case.name in known]
    if not pairs:
        raise ValueError(f"--compare {path!r}: it has nothing of what is measured here")
    for case, other in pairs:
        work = other.samples_per_call, other.facts.get("config")
        if work != (case.samples_per_call, case.facts["config"]):
            config = json.dumps(work[1])[:300]  # a space may have thousands of parameters
            raise ValueError(
                f"--compare {path!r}: that was {count_of(work[0], 'sample')} of {config}; "
                "say the same -n and config here"
            )
