"""verify, diff and stats: commands about the content of files."""

from __future__ import annotations

import argparse
import json

from dpa.cli import verify_table
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_ids,
    add_unlimited,
    given_ids,
    whole_number,
)
from dpa.cli.output import DIFFERENT, failed, write
from dpa.cli.tables import statistics_table
from dpa.derivation.statistics import Statistics, theoretical_statistics, without_nan
from dpa.files.chains import open_chain
from dpa.files.diff import diff_chains
from dpa.files.verify import verify_augmentation_chain


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser("verify", help="generate files' samples again and compare them")
    command.add_argument(
        "files",
        nargs="*",
        metavar="FILE|DIR",
        help=f"{SUFFIXES}, recipes too; a run's folder; in other folders files are the parts of "
        "one chain",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="print only what is not ok")
    add_unlimited(command)
    group = command.add_argument_group("what files of the original package do not say")
    add_ids(group, "default: 0, 1, ...")
    group.add_argument("--base-seed", type=whole_number, metavar="N", help="default: 0")
    group.add_argument("--rank", type=whole_number, metavar="K", help="default: the samples'")
    verify_table.add(command)
    command.set_defaults(run=_verify)

    command = commands.add_parser("diff", help="compare the samples of two files or runs")
    command.add_argument(
        "first", metavar="FILE|DIR", help=f"{SUFFIXES}; a run's folder, or one of parts of a chain"
    )
    command.add_argument("second", metavar="FILE|DIR", help="of the same or another format")
    add_unlimited(command)
    command.set_defaults(run=_diff)

    command = commands.add_parser("stats", help="print the statistics of a file's samples")
    command.add_argument("file", metavar="FILE", help=SUFFIXES)
    add_unlimited(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_stats)


def _verify(arguments: argparse.Namespace) -> int:
    """Continues after a file that cannot be read; the worst exit code counts."""
    if arguments.table is not None:
        return verify_table.run(arguments)
    verify_table.refuse(arguments)
    if not arguments.files:
        raise ValueError("the following arguments are required: FILE|DIR, or --table FILE|DIR")
    code, ids = 0, given_ids(arguments)
    for path in arguments.files:
        try:
            report = verify_augmentation_chain(
                path,
                ids=ids,
                base_seed=arguments.base_seed,
                rank=arguments.rank,
                unlimited=arguments.unlimited,
            )
        except (ValueError, OSError, ImportError) as error:
            code = failed(error)
            continue
        if not report.ok:
            code = max(code, DIFFERENT)
        if not (report.ok and arguments.quiet):
            write(str(report))
    return code


def _diff(arguments: argparse.Namespace) -> int:
    diff = diff_chains(arguments.first, arguments.second, unlimited=arguments.unlimited)
    write(str(diff))
    return DIFFERENT if diff else 0


def _stats(arguments: argparse.Namespace) -> None:
    size = 0
    with open_chain(arguments.file, unlimited=arguments.unlimited) as chain:
        space, epoch = chain.metadata.space, chain.metadata.key.epoch
        statistics = Statistics(chain.metadata.names, space)
        for block in chain.blocks():
            statistics.update(block.columns)
            size += len(block)
    found = statistics.result()
    expected = None if space is None else theoretical_statistics(space, epoch)
    if arguments.json:
        write(json.dumps({"statistics": without_nan(found), "theoretical": expected}))
    else:
        write(statistics_table(size, found, space, expected))
