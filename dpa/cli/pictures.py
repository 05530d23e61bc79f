"""preview and plot: pictures of augmented images, and of the distribution of parameters."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from dpa.checks import printable
from dpa.cli import options
from dpa.cli.arguments import (
    chosen_config,
    chosen_epochs,
    given_ids,
    is_chain,
    key_parts,
    leave_to,
    read_space,
    refuse,
)
from dpa.cli.options import HOLDS_SAMPLES, chain_path
from dpa.cli.output import one_line, shows_progress, tell, terminable
from dpa.cli.stored import ids_in, rows_of
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.files.chains import Chain, open_chain
from dpa.files.manifests import is_run
from dpa.files.runs import Run
from dpa.images.effects import no_effects

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

    from dpa.pictures.sheets import Samples

#: The most parameters that a note names.
_TOLD = 8
_WRITTEN = ".png, .svg or .pdf; an existing file is replaced"


def add(commands: options.Commands) -> None:
    """Registers the commands."""
    command = commands.add_parser(
        "preview",
        needs="IMAGE|DIR ... -o FILE",
        examples=[
            "dpa preview cat.jpg -o sheet.png --preset mild",
            "dpa preview photos/ --by-name --epochs 0:4 -o sheet.pdf",
        ],
    )
    command.add_argument("images", nargs="+", metavar="IMAGE|DIR", help="images, folders of images")
    command.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help=f"{_WRITTEN}. Further pages are in the same .pdf, or in FILE with -2, -3, ...",
    )
    options.ids(command, "default: 0:16, of several images 0:4")
    text = "of a folder and its subfolders: the first of each, then the second; default: 8"
    options.number(command, "--num-images", default=8, help=text)
    options.flag(
        command,
        "--presets",
        help="a column for each preset, a row for each image and id; ids by default 0:4, of "
        "several images 0:1",
    )
    group = command.add_argument_group("as in training")
    text = "an image's id is its path in the folder; a column for each epoch and view"
    options.flag(group, "--by-name", help=text)
    options.epochs(group, "with --by-name; A to B - 1; default: the first six")
    options.number(group, "--views", metavar="K", help="with --by-name; default: 1")
    group.add_argument(
        "--from",
        dest="source",
        metavar="FILE|DIR",
        help="as a chain file, a recipe or a run has the samples; of text ids, those that are "
        "images' paths",
    )
    options.config(command)
    options.key(command)
    command.set_defaults(run=_preview)

    command = commands.add_parser(
        "plot",
        needs="FILE|DIR -o FILE",
        examples=["dpa plot epoch3.json -o epoch3.png", "dpa plot run/ -o run.pdf"],
    )
    command.add_argument(
        "file",
        type=chain_path,
        metavar="FILE|DIR",
        help=f"{HOLDS_SAMPLES}; or the JSON of a space",
    )
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=_WRITTEN)
    options.sources(command, "compare with this, not the file's own")
    options.unlimited(command)
    options.quiet(command)
    options.number(command, "--epoch", help="of a space: the epoch of its schedules")
    command.set_defaults(run=_plot, depth=None, sampler=None, columns=None)


def _preview(arguments: argparse.Namespace) -> None:
    from dpa.pictures.figures import picture_format, save_pages  # an extra, and a second

    picture_format(arguments.output)
    pages = _pages(arguments)
    with terminable():
        for name in save_pages(pages, arguments.output):
            tell(f"wrote {printable(name)}")


def _pages(arguments: argparse.Namespace) -> Iterable[Figure]:
    """What the arguments ask to draw."""
    from dpa.pictures.previews import preset_pages, preview_pages, stored_pages

    source: str | None = arguments.source
    if source is not None:
        leave_to("--from", arguments)
    if arguments.presets:
        others = "source by_name preset config space depth sampler columns"
        refuse(arguments, others, "is not allowed with --presets")
    if arguments.views is not None and (source is not None or not arguments.by_name):
        raise ValueError("--views is for --by-name without --from; for one view: --view")
    if arguments.by_name if source is None else is_run(source):
        return _of_training(arguments)
    if arguments.epochs is not None:
        raise ValueError("--epochs is for --by-name or --from a run; for one epoch: --epoch")
    ids = given_ids(arguments)
    if source is not None:
        with open_chain(source) as stored:
            return stored_pages(*_stored(arguments, stored, ids), stored.metadata)
    images = _images(arguments)
    if arguments.presets:
        few = range(4 if _single(arguments) else 1)
        return preset_pages(images, few if ids is None else ids, **key_parts(arguments))
    few = range(16 if _single(arguments) else 4)
    config = _config(arguments)
    return preview_pages(images, few if ids is None else ids, config, **key_parts(arguments))


def _config(arguments: argparse.Namespace) -> Space:
    """The config or the space; says which parameters a picture does not show."""
    config = chosen_config(arguments)
    unseen = no_effects(config)
    if 0 < len(unseen) < len(config):  # where none is an effect, that is an error
        more = [f"{len(unseen) - _TOLD:,} more"] if len(unseen) > _TOLD else []
        listed = ", ".join([*unseen[:_TOLD], *more])
        tell(f"dpa: note: no effects on images, not drawn: {listed}")
    return config


def _of_training(arguments: argparse.Namespace) -> Iterable[Figure]:
    """A column for each epoch and view: of a run, or of one that has these images."""
    from dpa.pictures.previews import run_pages

    names = "ids ids_from string epoch view rank world_size"
    refuse(arguments, names, "is not allowed with --by-name or a run")
    epochs = chosen_epochs(arguments)
    if arguments.source is not None:
        run = Run.load(arguments.source)
        return run_pages(_images(arguments, run.ids), run, epochs)
    images = _images(arguments)
    run = Run(
        list(images),
        _config(arguments),
        epochs=epochs or 6,
        base_seed=arguments.base_seed,
        views=1 if arguments.views is None else arguments.views,
    )
    return run_pages(images, run, run.epochs)


def _stored(
    arguments: argparse.Namespace, stored: Chain, ids: Sequence[int | str] | None
) -> tuple[dict[str, Image.Image], dict[str, Samples]]:
    """The images, and the samples of --from for each: that of its name, or those of the ids."""
    known = ids_in(stored)
    if ids is None and known.kind == "string":
        images = _images(arguments, known)
        rows = rows_of(stored, list(images))
        epoch = stored.metadata.key.epoch
        title = "as stored" if epoch is None else f"epoch {epoch}"
        return images, {name: [(title, rows[name])] for name in images}
    if arguments.by_name:
        raise ValueError(f"--by-name needs text ids, without --ids; {arguments.source!r} has not")
    images = _images(arguments)
    ids = known[: 16 if _single(arguments) else 4].tolist() if ids is None else list(ids)
    rows = rows_of(stored, ids)
    samples = [(f"id {each}", rows[each]) for each in ids]
    return images, dict.fromkeys(images, samples)


def _single(arguments: argparse.Namespace) -> bool:
    return len(arguments.images) == 1 and not Path(arguments.images[0]).is_dir()


def _images(arguments: argparse.Namespace, known: Ids | None = None) -> dict[str, Image.Image]:
    """The images that the arguments name, and of folders some; `known`: the names to choose from.

    An image of a folder is called by its path in it, another one by the name of its file.
    """
    if arguments.num_images < 1:
        raise ValueError(f"--num-images must be at least 1, got {arguments.num_images}")
    chosen = None if known is None else frozenset(known)
    images: dict[str, Image.Image] = {}
    for given in map(Path, arguments.images):
        found = _of_folder(given, arguments.num_images, chosen) if given.is_dir() else None
        for name, image in (found or {given.name: _read(given)}).items():
            if name in images:
                raise ValueError(f"two images are called {name!r}: give the folder above both")
            if chosen is not None and name not in chosen:
                raise ValueError(f"{name!r} is no sample of {arguments.source!r}")
            images[name] = image
    return images


def _of_folder(
    folder: Path, most: int, chosen: frozenset[int | str] | None
) -> dict[str, Image.Image]:
    """The first readable images of a folder, by their paths in it. Raises ValueError for none."""
    images: dict[str, Image.Image] = {}
    for path in _spread(folder):
        name = path.relative_to(folder).as_posix()
        if chosen is not None and name not in chosen:
            continue
        try:
            images[name] = _read(path)
        except (OSError, ValueError) as error:
            _tell_left_out(error)
        if len(images) == most:
            break
    if not images:
        which = "" if chosen is None else " and whose path in it is the id of a sample"
        raise ValueError(f"no image that can be read in {str(folder)!r}{which}")
    return images


def _spread(folder: Path) -> Iterator[Path]:
    """Files with an image's suffix: the first of each folder, then the second of each ..."""
    rest = []
    for paths in _by_folder(folder):  # one by one: walking all may take long
        yield paths[0]
        rest.append(paths[1:])
    yield from filter(None, chain.from_iterable(zip_longest(*rest)))


def _by_folder(folder: Path) -> Iterator[list[Path]]:
    """The files with an image's suffix, by name: a folder's own, then those of each subfolder."""
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
        paths = [Path(parent, name) for name in sorted(names) if name[0] != "."]
        if found := [path for path in paths if path.suffix.lower() in suffixes]:
            yield found


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
    if path.is_dir() or path.suffix.lower() != ".json" or is_chain(path):
        if arguments.epoch is not None:
            raise ValueError("--epoch is not allowed with a chain file, whose key has it")
        given = (arguments.preset, arguments.config, arguments.space) != (None, None, None)
        config = chosen_config(arguments) if given else None
        figure = plot_chain(
            arguments.file,
            config,
            unlimited=arguments.unlimited,
            progress=shows_progress(arguments.quiet),
        )
    else:
        leave_to("the JSON of a space", arguments, allowed="epoch")
        figure = plot_space(read_space("FILE", path)[0], arguments.epoch)
    with terminable():
        save_picture(figure, arguments.output)
    tell(f"wrote {printable(arguments.output)}")


def _tell_left_out(error: OSError | ValueError) -> None:
    tell(f"dpa: left out: {one_line(error)}")
