"""show: prints samples' parameters, or what a file declares."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from dpa.checks import word
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_config,
    add_key,
    chosen_derivation,
    leave_to,
    read_space,
)
from dpa.cli.output import write
from dpa.cli.tables import declared_table
from dpa.derivation.ids import Consecutive, Ids
from dpa.derivation.keys import checked_rank
from dpa.derivation.space import Space
from dpa.derivation.statistics import Summary, theoretical_statistics
from dpa.files.chains import Chain, Recipe, open_chain
from dpa.files.formats import is_chain


def add(commands: Commands) -> None:
    """Registers the command."""
    command = commands.add_parser(
        "show", help="print samples' parameters as JSON, one a line, or what a file declares"
    )
    command.add_argument(
        "ids",
        nargs="+",
        metavar="ID|FILE",
        help=f"0 or more; text with --string; or the JSON of a space, or a chain file: {SUFFIXES}",
    )
    command.add_argument("--string", action="store_true", help="the ids are strings")
    command.add_argument(
        "--from", dest="source", metavar="FILE", help="as this chain file or recipe has them"
    )
    command.add_argument("--json", action="store_true", help="print JSON of a FILE, too")
    add_config(command)
    add_key(command)
    command.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> None:
    if not arguments.string and len(arguments.ids) == 1 and is_chain(arguments.ids[0]):
        _show_declared(arguments, Path(arguments.ids[0]))
        return
    ids = [_id(text, string=arguments.string) for text in arguments.ids]
    if arguments.source is None:
        if arguments.world_size is not None:
            checked_rank(arguments.rank, arguments.world_size)
        derivation = chosen_derivation(arguments, arguments.rank)
        rows = {sample_id: derivation.params(sample_id) for sample_id in ids}
    else:
        leave_to("--from", arguments)
        rows = _stored(arguments.source, ids)
    write("\n".join(json.dumps({"id": sample_id, **rows[sample_id]}) for sample_id in ids))


def _show_declared(arguments: argparse.Namespace, path: Path) -> None:
    """Prints what a file declares; its schedules in the epoch asked for, or that of its key."""
    if arguments.source is not None:
        raise ValueError("--from is not allowed with FILE")
    leave_to("FILE", arguments, allowed="epoch")
    space, epoch = read_space("FILE", path)
    epoch = epoch if arguments.epoch is None else word("epoch", arguments.epoch)
    expected = _expected(space, epoch)
    if arguments.json:
        found = {"names": space.names, "identity": space.identity, "space": space.declaration()}
        write(json.dumps({**found, "epoch": epoch, "expected": expected}))
    else:
        write(declared_table(space, epoch, expected))


def _expected(space: Space, epoch: int | None) -> Summary:
    """The statistics that a space declares; without an epoch, of what has no schedule."""
    expected = theoretical_statistics(space, 0 if epoch is None else epoch)
    known = [name for name, each in space.parameters if epoch is not None or not each.schedules]
    return {name: expected[name] for name in known}


def _id(text: str, *, string: bool) -> int | str:
    if string:
        return text
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"ID must be a non-negative integer, got {text!r}; for text: --string")
    return int(text)


def _stored(path: str, ids: Sequence[int | str]) -> dict[int | str, dict[str, Any]]:
    """The samples of a file with these ids; those of a recipe are made alone."""
    rows: dict[int | str, dict[str, Any]] = {}
    with open_chain(path) as chain:
        if isinstance(chain, Recipe):
            for _ in Chain.blocks(chain):  # checks the file; its samples stay ungenerated
                pass
            made, known = chain.metadata.derivation, chain.metadata.ids
            rows = {x: made.params(x) for x in ids if isinstance(x, int) and x in known}
        else:
            wanted = set(ids)
            for block in chain.blocks():
                for sample_id, at in _places(block.ids, wanted):
                    [rows[sample_id]] = block.part(slice(at, at + 1)).rows(chain.metadata.key.rank)
    for sample_id in ids:
        if sample_id not in rows:
            raise ValueError(f"{path!r} has no sample with the id {sample_id!r}")
    return rows


def _places(ids: Ids, wanted: Set[int | str]) -> list[tuple[int | str, int]]:
    """The wanted ids among `ids`, with their indices."""
    if isinstance(ids, Consecutive):  # the common case; makes no list
        found = ((x, ids.index(x)) for x in wanted if isinstance(x, int))
        return [(x, at) for x, at in found if at is not None]
    return [(x, at) for at, x in enumerate(ids) if x in wanted]
