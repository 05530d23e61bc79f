"""The part of the command verify that is about tables that others have written."""

from __future__ import annotations

import argparse
import json

from dpa.cli import options
from dpa.cli.arguments import chosen_config, refuse
from dpa.cli.output import DIFFERENT, shows_progress, write
from dpa.files.reports import VerificationReport


def add(command: argparse.ArgumentParser) -> None:
    """Registers the options."""
    group = command.add_argument_group("tables that an engine has written, Parquet files")
    group.add_argument("--table", metavar="FILE|DIR", help="compare its columns with its ids")
    group.add_argument("--id-column", metavar="NAME", help="the column with the ids")
    group.add_argument("--prefix", metavar="TEXT", help="what the parameters' columns begin with")
    options.flag(group, "--null-ids", help="rows without an id are allowed, without values")
    options.number(group, "--epoch", help="default: absent")
    options.number(group, "--view", help="default: absent")
    options.config(command)


def run(arguments: argparse.Namespace) -> int:
    """Prints the report of a table."""
    from dpa.files.tables import verify_table  # needs pyarrow

    if arguments.id_column is None:
        raise ValueError("--table needs --id-column, the column with the ids")
    if arguments.files:
        raise ValueError("a FILE is not allowed with --table")
    refuse(arguments, "ids ids_from string rank", "is not allowed with --table")
    report = verify_table(
        arguments.table,
        arguments.id_column,
        chosen_config(arguments),
        prefix=arguments.prefix or "",
        nulls="null" if arguments.null_ids else "raise",
        base_seed=arguments.base_seed,
        epoch=arguments.epoch,
        view=arguments.view,
        progress=shows_progress(arguments.quiet),
    )
    return tell(report, arguments)


def tell(report: VerificationReport, arguments: argparse.Namespace) -> int:
    """Prints what the arguments ask for of a report; returns the exit code."""
    if not (report.ok and arguments.quiet):
        write(json.dumps(report.to_dict()) if arguments.json else str(report))
    return 0 if report.ok else DIFFERENT


def refuse_options(arguments: argparse.Namespace) -> None:
    """Raises ValueError for options of tables without --table."""
    names = "id_column prefix null_ids epoch view preset config space depth sampler columns"
    refuse(arguments, names, "needs --table")
