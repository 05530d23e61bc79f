"""preview and plot: pictures of augmented images, and of the distribution of parameters."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dpa.checks import printable
from dpa.cli.arguments import (
    SUFFIXES,
    Commands,
    add_config,
    add_ids,
    add_key,
    add_sources,
    add_unlimited,
    chosen_config,
    given_ids,
    is_chain,
    leave_to,
    read_space,
    whole_number,
)
from dpa.cli.output import one_line, tell, terminable

if TYPE_CHECKING:
    from PIL import Image

_WRITTEN = ".png, .svg or .pdf; an existing file is replaced"


def add(commands: Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser("preview", help="draw images as samples' parameters make them")
    command.add_argument("images", metavar="IMAGE|DIR", help="an image, or a folder of images")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_WRITTEN)
    add_ids(command, "default: 0:16, of a folder 0:4")
    command.add_argument(
        "--num-images",
        type=whole_number,
        default=8,
        metavar="N",
        help="the first N of a folder and its subfolders, default: 8",
    )
    add_config(command)
    add_key(command)
    command.set_defaults(run=_preview)

    command = commands.add_parser("plot", help="draw how the parameters of a file are distributed")
    command.add_argument("file", metavar="FILE", help=f"{SUFFIXES}, or the JSON of a space")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_WRITTEN)
    add_sources(command, "compare with this, not the file's own")
    add_unlimited(command)
    command.add_argument(
        "--epoch", type=whole_number, metavar="N", help="of a space: the epoch of its schedules"
    )
    command.set_defaults(run=_plot, depth=None, sampler=None, columns=None)


def _preview(arguments: argparse.Namespace) -> None:
    from dpa.pictures.figures import picture_format, save_picture  # an extra, and a second
    from dpa.pictures.previews import plot_preview

    picture_format(arguments.output)
    source = Path(arguments.images)
    ids = given_ids(arguments)
    if ids is None:
        ids = range(4 if source.is_dir() else 16)
    figure = plot_preview(
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
        save_picture(figure, arguments.output)
    tell(f"wrote {printable(arguments.output)}")


def _images(source: Path, most: int) -> dict[str, Image.Image]:
    """The image, or the first readable images of a folder, by name."""
    if not source.is_dir():
        return {source.name: _read(source)}
    if most < 1:
        raise ValueError(f"--num-images must be at least 1, got {most}")
    images: dict[str, Image.Image] = {}
    for path in _paths(source):
        try:
            images[path.relative_to(source).as_posix()] = _read(path)
        except (OSError, ValueError) as error:
            _tell_left_out(error)
        if len(images) == most:
            break
    if not images:
        raise ValueError(f"no image that can be read in {str(source)!r}")
    return images


def _paths(folder: Path) -> Iterator[Path]:
    """The files with an image's suffix: a folder's own by name, then its subfolders'."""
    from PIL import Image

    suffixes = {x for x, form in Image.registered_extensions().items() if form in Image.OPEN}
    seen: set[str] = set()
    # Folders of classes are often links to other places; a link may also lead back to a parent.
    for parent, folders, names in os.walk(folder, onerror=_tell_left_out, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        paths = (Path(parent, name) for name in sorted(names))
        yield from (path for path in paths if path.suffix.lower() in suffixes)


def _read(path: Path) -> Image.Image:
    from PIL import Image

    try:
        with path.open("rb") as file, Image.open(file) as image:
            image.load()
        return image
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as an image: {error}") from error


def _plot(arguments: argparse.Namespace) -> None:
    from dpa.pictures.chains import plot_chain
    from dpa.pictures.figures import picture_format, save_picture
    from dpa.pictures.spaces import plot_space

    picture_format(arguments.output)
    path = Path(arguments.file)
    if path.suffix.lower() != ".json" or is_chain(path):
        if arguments.epoch is not None:
            raise ValueError("--epoch is not allowed with a chain file, whose key has it")
        given = (arguments.preset, arguments.config, arguments.space) != (None, None, None)
        config = chosen_config(arguments) if given else None
        figure = plot_chain(arguments.file, config, unlimited=arguments.unlimited)
    else:
        leave_to("the JSON of a space", arguments, allowed="epoch")
        figure = plot_space(read_space("FILE", path)[0], arguments.epoch)
    with terminable():
        save_picture(figure, arguments.output)
    tell(f"wrote {printable(arguments.output)}")


def _tell_left_out(error: OSError | ValueError) -> None:
    tell(f"dpa: left out: {one_line(error)}")
