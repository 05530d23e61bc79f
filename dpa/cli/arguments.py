"""What the arguments of several commands say: ids, config and the parts of the key."""

from __future__ import annotations

import argparse
import re
import reprlib
from pathlib import Path
from typing import Any

from dpa.cli.output import tell
from dpa.derivation.config import AugmentationConfig, get_preset, space_of
from dpa.derivation.documents import parse
from dpa.derivation.space import Space
from dpa.files.chains import open_chain
from dpa.files.manifests import is_run
from dpa.files.runs import Run
from dpa.files.standard_input import STDIN


def lacking(command: str, *missing: str) -> ValueError:
    """The error that names all arguments that a command needs and has not got."""
    listed = ", ".join(missing)
    return ValueError(f"the following arguments are required: {listed}; see dpa {command} --help")


def read_ids(name: str) -> list[str]:
    """The lines of --ids-from, without their ends. Raises ValueError or OSError."""
    data = STDIN.open().read() if name == "-" else Path(name).read_bytes()
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"--ids-from {name!r} is no UTF-8: {error}") from None
    if not lines[-1]:
        lines.pop()
    ids = [line.removesuffix("\r") for line in lines]
    if not ids or "" in ids:
        where = f"line {ids.index('') + 1} is empty" if ids else "it is empty"
        raise ValueError(f"--ids-from {name!r} must have an id on each line; {where}")
    return ids


def given_ids(arguments: argparse.Namespace) -> range | list[int] | list[str] | None:
    """The ids of --ids or --ids-from; None without them. Raises ValueError or OSError."""
    text: str | None = arguments.ids
    if arguments.ids_from is not None:
        if text is not None or arguments.string:
            raise ValueError("--ids-from is not allowed with --ids and --string")
        return read_ids(arguments.ids_from)
    if text is None:
        if arguments.string:
            raise ValueError("--string needs --ids")
        return None
    if arguments.string:
        names = text.split(",")
        if "" in names:
            raise ValueError(f"--ids must be ids with commas between them, got {text!r}")
        return names
    if re.fullmatch(r"[0-9]{1,20}:[0-9]{1,20}", text):
        return span("--ids", text)
    if re.fullmatch(r"[0-9]{1,20}(,[0-9]{1,20})*", text):
        return [int(number) for number in text.split(",")]
    raise ValueError(f"--ids must be like 0:16 or 3,5,42, got {text!r}; for text: --string")


def span(option: str, text: str) -> range:
    """The integers A to B - 1 of A:B. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,20}):([0-9]{1,20})", text)
    if not match:
        raise ValueError(f"{option} must be like 0:16, got {text!r}")
    found = range(int(match[1]), int(match[2]))
    if not found:
        raise ValueError(f"{option} A:B is A to B - 1, so A must be below B, got {text!r}")
    return found


def chosen_epochs(arguments: argparse.Namespace) -> range | None:
    """The epochs of --epochs; None without it. Raises ValueError."""
    return None if arguments.epochs is None else span("--epochs", arguments.epochs)


def chosen_config(arguments: argparse.Namespace) -> Space:
    """The config or the space of the arguments. Raises ValueError or OSError."""
    config: Space = get_preset(arguments.preset or "moderate")
    if arguments.space is not None:
        config = _of_file(arguments, "--space", arguments.space)
    elif arguments.config is not None:
        config = _of_file(arguments, "--config", arguments.config)
    changes = {"augmentation_depth": arguments.depth, "sampler": arguments.sampler}
    changes = {name: value for name, value in changes.items() if value is not None}
    if isinstance(config, AugmentationConfig) and arguments.space is None:
        config = config.replace(**changes)
    elif changes:
        given = "--sampler" if arguments.depth is None else "--depth"
        raise ValueError(f"{given} is not allowed with a space, which has its own")
    return config if arguments.columns is None else config.only(arguments.columns.split(","))


def _of_file(arguments: argparse.Namespace, option: str, file: str) -> Space:
    """The config of a file; tells what else the file states and the arguments do not."""
    config, stated = read_space(option, Path(file))
    given = vars(arguments)
    unused = ", ".join(f"{name} {x}" for name, x in stated.items() if given.get(name) is None)
    if unused and not given.get("quiet"):
        instead = "; --from takes its samples" if "source" in given else ""
        note = f"only its config is used, not its {unused}{instead}"
        tell(f"dpa: note: {option} {file!r}: {note}")
    return config


def read_space(option: str, path: Path) -> tuple[Space, dict[str, Any]]:
    """The space of a file or a run, and what else this states: parts of the key, or epochs.

    The option --config takes the fields of a config in place of a space. Raises OSError, or
    ValueError that names the option and the file.
    """
    stated: dict[str, Any] = {}
    if is_run(path):
        run = Run.load(path)
        space, stated = run.config, {"base_seed": run.base_seed, "epochs": run.facts["epochs"]}
    elif is_chain(path):
        try:
            with open_chain(path) as chain:
                space, stated = chain.space, chain.metadata.key._asdict()
        except ValueError as error:  # its message names the file
            raise ValueError(f"{option}: {error}") from error
    else:
        of_fields, hint = (_config_of, _CONFIG_HINT) if option == "--config" else (space_of, "")
        try:
            space = of_fields(parse(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{option} {str(path)!r}: {error}{hint}") from error
    return space, {name: x for name, x in stated.items() if x is not None}


_CONFIG_HINT = '; a config is like {"rotation_range": [-15, 15], "augmentation_depth": 10}'


def _config_of(fields: object) -> Space:
    if not isinstance(fields, dict):
        raise TypeError(f"it must be an object, got {reprlib.repr(fields)}")
    if "space" in fields:
        raise ValueError("it is a space: say --space")
    return AugmentationConfig.from_dict(fields)


_CHAIN = re.compile(rb'"augmentations"\s*:\s*\[|"format"\s*:\s*"dpa-chain"')


def is_chain(path: Path) -> bool:
    """Whether it is a chain file or a recipe, not the JSON of a config or a space."""
    with path.open("rb") as file:
        start = file.read(65536)  # enough to recognise a chain file
    return path.suffix.lower() != ".json" or _CHAIN.search(start) is not None


def refuse(arguments: argparse.Namespace, names: str, why: str) -> None:
    """Raises ValueError for the first of the named arguments that is given."""
    for name in names.split():
        value = getattr(arguments, name, None)
        if value is not None and value is not False:  # 0 counts as given
            option = "from" if name == "source" else name.replace("_", "-")
            raise ValueError(f"--{option} {why}")


def leave_to(option: str, arguments: argparse.Namespace, allowed: str = "") -> None:
    """Raises ValueError if an argument but `allowed` states what the file of `option` states."""
    names = "start_id preset config space depth sampler columns"
    names += " base_seed epoch view rank world_size elastic"
    others = " ".join(name for name in names.split() if name != allowed)
    refuse(arguments, others, f"is not allowed with {option}")


def key_parts(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parts of the key and world_size, as functions take them."""
    names = ("rank", "world_size", "base_seed", "epoch", "view")
    return {name: getattr(arguments, name) for name in names}
