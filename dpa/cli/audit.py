"""audit: tests whether seeds, values and neighbours are as random as they should be."""

from __future__ import annotations

import argparse
import json

from dpa.cli.arguments import Commands, add_config, add_key, add_quiet, chosen_config, whole_number
from dpa.cli.output import DIFFERENT, shows_progress, write


def add(commands: Commands) -> None:
    """Registers the command."""
    command = commands.add_parser(
        "audit", needs="-n N", examples=["dpa audit -n 100000 --preset mild --epoch 3"]
    )
    command.add_argument(
        "-n",
        "--num-samples",
        type=whole_number,
        required=True,
        metavar="N",
        help="100 to 2**32",
    )
    command.add_argument(
        "--start-id", type=whole_number, default=0, metavar="ID", help="the first id, default: 0"
    )
    add_config(command)
    add_key(command)
    add_quiet(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_audit)


def _audit(arguments: argparse.Namespace) -> int:
    from dpa.audit import audit_augmentation  # imports scipy, an extra

    report = audit_augmentation(
        arguments.num_samples,
        chosen_config(arguments),
        start_id=arguments.start_id,
        rank=arguments.rank,
        world_size=arguments.world_size,
        base_seed=arguments.base_seed,
        epoch=arguments.epoch,
        view=arguments.view,
        progress=shows_progress(arguments.quiet),
    )
    write(json.dumps(report.to_dict()) if arguments.json else str(report))
    return 0 if report.ok else DIFFERENT
