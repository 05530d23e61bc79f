"""audit: tests whether seeds, values and neighbours are as random as they should be."""

from __future__ import annotations

import argparse
import json

from dpa.cli import options
from dpa.cli.arguments import chosen_config, key_parts
from dpa.cli.output import DIFFERENT, shows_progress, write


def add(commands: options.Commands) -> None:
    """Registers the command."""
    command = commands.add_parser(
        "audit", needs="-n N", examples=["dpa audit -n 100000 --preset mild --epoch 3"]
    )
    options.num_samples(command, "100 to 2**32", required=True)
    options.start_id(command, default=0)
    options.config(command)
    options.key(command)
    options.quiet(command)
    options.flag(command, "--json", help="print JSON")
    command.set_defaults(run=_audit)


def _audit(arguments: argparse.Namespace) -> int:
    from dpa.audit import audit_augmentation  # imports scipy, an extra

    report = audit_augmentation(
        arguments.num_samples,
        chosen_config(arguments),
        start_id=arguments.start_id,
        **key_parts(arguments),
        progress=shows_progress(arguments.quiet),
    )
    write(json.dumps(report.to_dict()) if arguments.json else str(report))
    return 0 if report.ok else DIFFERENT
