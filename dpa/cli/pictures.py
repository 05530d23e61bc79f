"""preview and plot: pictures of what parameters do, and of how they are distributed."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dpa.cli.arguments import Commands, add_config, add_key, chosen_config
from dpa.cli.output import terminable
from dpa.config import PRESETS

if TYPE_CHECKING:
    from PIL import Image

_WRITTEN = ".png, .svg or .pdf; an existing file is replaced"


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser("preview", help="draw images as samples' parameters make them")
    command.add_argument("images", metavar="IMAGE|DIR", help="an image, or a folder of images")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_WRITTEN)
    command.add_argument("--ids", metavar="A:B|A,B,...", help="default: 0:16, of a folder 0:4")
    command.add_argument(
        "--num-images", type=int, default=8, metavar="N", help="the folder's first N, default: 8"
    )
    add_config(command)
    add_key(command)
    command.set_defaults(run=_preview)

    command = commands.add_parser("plot", help="draw how the parameters of a file are distributed")
    command.add_argument("file", metavar="FILE")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_WRITTEN)
    either = command.add_mutually_exclusive_group()
    either.add_argument("--preset", choices=PRESETS, help="compare with this, not the file's own")
    either.add_argument("--config", metavar="FILE", help="JSON of config fields, or a chain file")
    command.set_defaults(run=_plot, depth=None, sampler=None)


def _preview(arguments: argparse.Namespace) -> None:
    from dpa.integrations import matplotlib as pictures  # an extra; it takes a second

    pictures.picture_format(arguments.output)
    source = Path(arguments.images)
    ids = _ids(arguments.ids or ("0:4" if source.is_dir() else "0:16"))
    figure = pictures.plot_preview(
        _images(source, arguments.num_images),
        ids,
        chosen_config(arguments),
        rank=arguments.rank,
        world_size=arguments.world_size,
        base_seed=arguments.base_seed,
        epoch=arguments.epoch,
        view=arguments.view,
    )
    with terminable():
        pictures.save_picture(figure, arguments.output)
    _tell_written(arguments)


def _ids(text: str) -> range | list[int]:
    if match := re.fullmatch(r"([0-9]+):([0-9]+)", text):
        return range(int(match[1]), int(match[2]))
    if re.fullmatch(r"[0-9]+(,[0-9]+)*", text):
        return [int(number) for number in text.split(",")]
    raise ValueError(f"--ids must be like 0:16 or 3,5,42, got {text!r}")


def _images(source: Path, most: int) -> dict[str, Image.Image]:
    """The image, or a folder's first ones, by name."""
    from PIL import Image

    if not source.is_dir():
        return {source.name: _read(source)}
    suffixes = {x for x, form in Image.registered_extensions().items() if form in Image.OPEN}
    paths = sorted(path for path in source.iterdir() if path.suffix.lower() in suffixes)
    if not paths:
        raise ValueError(f"no images in {str(source)!r}")
    if most < 1:
        raise ValueError(f"--num-images must be at least 1, got {most}")
    return {path.name: _read(path) for path in paths[:most]}


def _read(path: Path) -> Image.Image:
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
        return image
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as an image: {error}") from error


def _plot(arguments: argparse.Namespace) -> None:
    from dpa.integrations import matplotlib as pictures

    pictures.picture_format(arguments.output)
    given = arguments.preset is not None or arguments.config is not None
    figure = pictures.plot_chain(arguments.file, chosen_config(arguments) if given else None)
    with terminable():
        pictures.save_picture(figure, arguments.output)
    _tell_written(arguments)


def _tell_written(arguments: argparse.Namespace) -> None:
    print(f"wrote {arguments.output}", file=sys.stderr)
