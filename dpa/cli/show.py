"""show: prints samples' parameters, or what a file declares."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from dpa.checks import word
from dpa.cli import options
from dpa.cli.arguments import (
    chosen_config,
    chosen_epochs,
    key_parts,
    lacking,
    leave_to,
    read_ids,
    read_space,
)
from dpa.cli.options import SUFFIXES, chain_path
from dpa.cli.output import write
from dpa.cli.stored import rows_of
from dpa.cli.tables import declared_table
from dpa.derivation.derivation import derive
from dpa.derivation.space import Space
from dpa.derivation.statistics import Summary, theoretical_statistics
from dpa.files.chains import open_chain
from dpa.files.formats import is_chain
from dpa.files.manifests import is_run
from dpa.files.runs import Run


def add(commands: options.Commands) -> None:
    """Registers the command."""
    command = commands.add_parser(
        "show",
        needs="(ID ... | --ids-from FILE | FILE)",
        examples=[
            "dpa show 42 43 --preset mild --epoch 3",
            "dpa show --string cat.jpg dog.jpg",
            "dpa show 17 --from epoch3.json",
            "dpa show space.json",
        ],
    )
    command.add_argument(
        "ids",
        nargs="*",
        metavar="ID|FILE",
        help="0 or more; text with --string; or the JSON of a space, a chain file, "
        f"{SUFFIXES}, or a run's folder",
    )
    options.ids_from(command)
    options.flag(command, "--string", help="the ids are strings")
    command.add_argument(
        "--from",
        dest="source",
        type=chain_path,
        metavar="FILE|DIR",
        help="as this chain file, recipe or run has them; - is stdin, as .jsonl",
    )
    command.add_argument(
        "--run", dest="folder", metavar="DIR", help="as this run has them, in each epoch and view"
    )
    options.epochs(command, "with --run: only these; A:B is A to B - 1")
    options.flag(command, "--json", help="print JSON of a FILE, too")
    options.config(command)
    options.key(command)
    command.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> None:
    one = arguments.ids[0] if len(arguments.ids) == 1 and not arguments.string else ""
    sought = (arguments.source, arguments.folder) != (None, None)  # then it is an id, like 1.npz
    if one and not sought and (is_chain(one) or is_run(one)):
        _show_declared(arguments, Path(one))
        return
    if None not in (arguments.source, arguments.folder):
        raise ValueError("--from is not allowed with --run")
    if arguments.source is not None and is_run(arguments.source):
        arguments.folder, arguments.source = arguments.source, None
    if arguments.folder is not None:
        _show_of_run(arguments)
        return
    if arguments.epochs is not None:
        raise ValueError("--epochs needs --run; for one epoch: --epoch")
    if arguments.source is None:
        ids = _ids(arguments)
        derivation = derive(chosen_config(arguments), **key_parts(arguments))
        rows = [(sample_id, derivation.params(sample_id)) for sample_id in ids]
    else:
        leave_to("--from", arguments)
        with open_chain(arguments.source) as chain:
            ids = _ids(arguments, chain.metadata.id_type, repr(str(arguments.source)))
            found = rows_of(chain, ids)
        rows = [(sample_id, found[sample_id]) for sample_id in ids]
    write("\n".join(json.dumps({"id": sample_id, **row}) for sample_id, row in rows))


def _show_declared(arguments: argparse.Namespace, path: Path) -> None:
    """Prints what a file declares; its schedules in the epoch asked for, or that of its key."""
    leave_to("FILE", arguments, allowed="epoch")
    run = Run.load(path) if is_run(path) else None
    space, stated = read_space("FILE", path) if run is None else (run.config, {})
    facts = {} if run is None else {"num_samples": len(run.ids), **run.facts}
    epoch = stated.get("epoch") if arguments.epoch is None else word("epoch", arguments.epoch)
    expected = _expected(space, epoch)
    if arguments.json:
        found = {"names": space.names, "identity": space.identity, "space": space.declaration()}
        found |= {} if run is None else {"run": facts}
        write(json.dumps({**found, "epoch": epoch, "expected": expected}))
    else:
        if run is not None:
            write(", ".join(f"{name} {value}" for name, value in facts.items()))
        write(declared_table(space, epoch, expected))


def _expected(space: Space, epoch: int | None) -> Summary:
    """The statistics that a space declares; without an epoch, of what has no schedule."""
    expected = theoretical_statistics(space, 0 if epoch is None else epoch)
    known = [name for name, each in space.parameters if epoch is not None or not each.schedules]
    return {name: expected[name] for name in known}


def _show_of_run(arguments: argparse.Namespace) -> None:
    """Prints samples in the epochs and views of a run; each line says which."""
    leave_to("--run", arguments)
    run = Run.load(arguments.folder)
    ids = _ids(arguments, run.ids.kind, repr(arguments.folder))
    for sample_id in ids:
        run.require_id(sample_id)
    epochs = chosen_epochs(arguments) or run.epochs
    keys = [
        (epoch, run.derivation(epoch, view, occurrence))
        for epoch in epochs
        for occurrence in range(run.occurrences)
        for view in range(run.views)
    ]
    for sample_id in ids:
        for epoch, derivation in keys:
            view = derivation.key.view
            found = {"id": sample_id, "epoch": epoch, **({} if view is None else {"view": view})}
            write(json.dumps({**found, **derivation.params(sample_id)}))


def _ids(arguments: argparse.Namespace, kind: str = "integer", source: str = "") -> list[int | str]:
    """The ids that the arguments name; `source`: what they are sought in, which has this `kind`.

    Raises ValueError or OSError.
    """
    if source and kind == "integer" and (arguments.string or arguments.ids_from is not None):
        option = "--string" if arguments.string else "--ids-from"
        raise ValueError(f"{option} is for text, but the ids in {source} are integers")
    if arguments.ids_from is None:
        if not arguments.ids:
            raise lacking("show", "ID (or FILE, --ids-from FILE)")
        string = arguments.string or kind == "string"
        hint = f"as in {source}" if source else "for text: --string"
        return [_id(text, hint, string=string) for text in arguments.ids]
    if arguments.ids:
        raise ValueError("--ids-from is not allowed with ID")
    return [*read_ids(arguments.ids_from)]


def _id(text: str, hint: str, *, string: bool) -> int | str:
    if string:
        return text
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"ID must be a non-negative integer, got {text!r}; {hint}")
    return int(text)
