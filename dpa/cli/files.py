"""verify, diff and stats: commands about the content of files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from dpa.cli import verify_table
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_ids,
    add_unlimited,
    chain_path,
    given_ids,
    lacking,
    whole_number,
)
from dpa.cli.output import DIFFERENT, failed, write
from dpa.cli.tables import statistics_table
from dpa.derivation.statistics import Statistics, theoretical_statistics, without_nan
from dpa.files.chains import FilePath, open_chain
from dpa.files.diff import diff_chains
from dpa.files.standard_input import STDIN
from dpa.files.verify import verify_augmentation_chain


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser(
        "verify",
        needs="(FILE|DIR ... | --table FILE|DIR --id-column NAME)",
        examples=["dpa verify epoch3.json run/", "dpa generate -n 1000 -o - | dpa verify -"],
    )
    command.add_argument(
        "files",
        nargs="*",
        type=chain_path,
        metavar="FILE|DIR",
        help=f"{SUFFIXES}, recipes too; - is stdin, as .jsonl; a run's folder; in other folders "
        "files are the parts of one chain",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="print only what is not ok")
    command.add_argument("--json", action="store_true", help="print JSON, a line for each")
    add_unlimited(command)
    group = command.add_argument_group("what files of the original package do not say")
    add_ids(group, "default: 0, 1, ...")
    group.add_argument("--base-seed", type=whole_number, metavar="N", help="default: 0")
    group.add_argument("--rank", type=whole_number, metavar="K", help="default: the samples'")
    verify_table.add(command)
    command.set_defaults(run=_verify)

    command = commands.add_parser(
        "diff", needs="FILE|DIR FILE|DIR", examples=["dpa diff epoch3.json epoch3.npz"]
    )
    command.add_argument(
        "first",
        type=chain_path,
        metavar="FILE|DIR",
        help=f"{SUFFIXES}; - is stdin, as .jsonl; a run's folder, or one of parts of a chain",
    )
    command.add_argument(
        "second", type=chain_path, metavar="FILE|DIR", help="of the same or another format"
    )
    add_unlimited(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_diff)

    command = commands.add_parser("stats", needs="FILE", examples=["dpa stats epoch3.json"])
    command.add_argument(
        "file", type=chain_path, metavar="FILE", help=f"{SUFFIXES}; - is stdin, as .jsonl"
    )
    add_unlimited(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_stats)


def _verify(arguments: argparse.Namespace) -> int:
    """Continues after a file that cannot be read; the worst exit code counts."""
    if arguments.table is not None:
        return verify_table.run(arguments)
    verify_table.refuse(arguments)
    if not arguments.files:
        raise lacking("verify", "FILE|DIR (or --table FILE|DIR)")
    _require_one_stdin(arguments.files)
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
        verify_table.tell(report, arguments)
    return code


def _require_one_stdin(paths: Sequence[FilePath]) -> None:
    if paths.count(STDIN) > 1:
        raise ValueError("- is standard input, which can be read only once")


def _diff(arguments: argparse.Namespace) -> int:
    _require_one_stdin([arguments.first, arguments.second])
    diff = diff_chains(arguments.first, arguments.second, unlimited=arguments.unlimited)
    write(json.dumps(diff.to_dict()) if arguments.json else str(diff))
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
