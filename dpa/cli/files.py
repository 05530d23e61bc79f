"""verify, diff and stats: commands about the content of files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from dpa.cli import options, verify_table
from dpa.cli.arguments import given_ids, lacking
from dpa.cli.options import HOLDS_SAMPLES, SUFFIXES, chain_path
from dpa.cli.output import DIFFERENT, USAGE_ERROR, failed, progress, shows_progress, write
from dpa.cli.tables import statistics_table
from dpa.derivation.statistics import Statistics, theoretical_statistics, without_nan
from dpa.files.chains import FilePath
from dpa.files.diff import diff_chains
from dpa.files.parts import samples_in
from dpa.files.standard_input import STDIN
from dpa.files.verify import verify_augmentation_chain
from dpa.host.progress import counted


def add(commands: options.Commands) -> None:
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
    options.quiet(command, "print only what is not ok; no progress")
    options.flag(command, "--json", help="print JSON, a line for each")
    options.unlimited(command)
    group = command.add_argument_group("what files of the original package do not say")
    options.ids(group, "default: 0, 1, ...")
    options.number(group, "--base-seed", help="default: 0")
    options.number(group, "--rank", metavar="K", help="default: the samples'")
    verify_table.add(command)
    command.set_defaults(run=_verify)

    command = commands.add_parser(
        "diff", needs="FILE|DIR FILE|DIR", examples=["dpa diff epoch3.json epoch3.npz"]
    )
    command.add_argument("first", type=chain_path, metavar="FILE|DIR", help=HOLDS_SAMPLES)
    command.add_argument(
        "second", type=chain_path, metavar="FILE|DIR", help="of the same or another format"
    )
    _add_reading(command)
    command.set_defaults(run=_diff)

    command = commands.add_parser(
        "stats", needs="FILE|DIR", examples=["dpa stats epoch3.json", "dpa stats run/"]
    )
    command.add_argument("file", type=chain_path, metavar="FILE|DIR", help=HOLDS_SAMPLES)
    _add_reading(command)
    command.set_defaults(run=_stats)


def _add_reading(command: argparse.ArgumentParser) -> None:
    options.unlimited(command)
    options.quiet(command)
    options.flag(command, "--json", help="print JSON")


def _verify(arguments: argparse.Namespace) -> int:
    """Continues after a file that cannot be read; the worst exit code counts."""
    if arguments.table is not None:
        return verify_table.run(arguments)
    verify_table.refuse_options(arguments)
    if not arguments.files:
        raise lacking("verify", "FILE|DIR (or --table FILE|DIR)")
    _require_one_stdin(arguments.files)
    code, ids = 0, given_ids(arguments)
    told: set[str] = set()
    for path in arguments.files:
        try:
            report = verify_augmentation_chain(
                path,
                ids=ids,
                base_seed=arguments.base_seed,
                rank=arguments.rank,
                unlimited=arguments.unlimited,
                progress=shows_progress(arguments.quiet),
            )
        except (ValueError, OSError, ImportError) as error:
            code = USAGE_ERROR
            if str(error) not in told:  # of a missing extra it is the same for each file
                failed(error)
            told.add(str(error))
            continue
        code = max(code, verify_table.tell(report, arguments))
    return code


def _require_one_stdin(paths: Sequence[FilePath]) -> None:
    if paths.count(STDIN) > 1:
        raise ValueError("- is standard input, which can be read only once")


def _diff(arguments: argparse.Namespace) -> int:
    _require_one_stdin([arguments.first, arguments.second])
    diff = diff_chains(
        arguments.first,
        arguments.second,
        unlimited=arguments.unlimited,
        progress=shows_progress(arguments.quiet),
    )
    write(json.dumps(diff.to_dict()) if arguments.json else str(diff))
    return DIFFERENT if diff else 0


def _stats(arguments: argparse.Namespace) -> None:
    size, epochs, statistics = 0, set(), None
    with (
        samples_in(arguments.file, unlimited=arguments.unlimited) as samples,
        progress(samples.size, arguments.quiet) as advance,
    ):
        for metadata, blocks in samples.chains:
            statistics = statistics or Statistics(metadata.names, metadata.space)
            epochs.add(metadata.key.epoch)
            for block in counted(blocks, advance):
                statistics.update(block.columns)
                size += len(block)
    assert statistics is not None
    space, found, expected = metadata.space, statistics.result(), None
    if space is not None and (len(epochs) == 1 or not space.scheduled):
        expected = theoretical_statistics(space, epochs.pop())
    if arguments.json:
        write(json.dumps({"statistics": without_nan(found), "theoretical": expected}))
    else:
        write(statistics_table(size, found, space, expected))
