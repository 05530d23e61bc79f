"""Contact sheets: original images beside their augmented versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.figure import Figure

from dpa.checks import brief, count_of
from dpa.derivation.config import DEFAULT, PRESETS
from dpa.derivation.derivation import Derivation, derive
from dpa.derivation.ids import Ids, IdsLike
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.derivation.words import given_in_words
from dpa.files.metadata import Metadata
from dpa.files.runs import Run
from dpa.images.effects import check_applicable
from dpa.pictures.figures import drawable
from dpa.pictures.sheets import Apply, Samples, heading_of, sample_pages

#: The tiles of one sheet, and of all pages.
_MAX_TILES, _MOST_TILES = 400, 4000


def plot_preview(
    images: Mapping[str, Any],
    ids: IdsLike = range(16),
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    apply: Apply | None = None,
) -> Figure:
    """A contact sheet: each image, and its augmented version for each id.

    Parameters
    ----------
    images
        Images by name: PIL images, or arrays HxW, HxWx3 or HxWx4 as apply_augmentation takes
        them. PIL images are first reduced to at most 256 pixels a side, because noise is per
        pixel and training reduces its images, too.
    ids
        A range, a 1-D integer array, a sequence of int or a sequence of str. Images and ids
        make at most 400 tiles; preview_pages takes more.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    rank
        The rank in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. With a rank, a
        base_seed of None is 0.
    world_size
        The number of ranks; only checks that rank is below it.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    apply
        apply(image, params) returns what your network is given: a PIL image, an array or a
        tensor CxHxW. It gets images as they are, not reduced, and params have `id`, `epoch`,
        `view` and `base_seed`, too. Numbers outside 0 to 1 are drawn from the least to the
        greatest. None is apply_augmentation.

    Returns
    -------
    matplotlib.figure.Figure
        A figure for save_picture.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    InvalidRankError
        The rank is not below world_size, or world_size is given without a rank. A ValueError
        and a TypeError.
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    [figure] = _of_ids(images, ids, derivation, apply, _MAX_TILES, paged=False)
    return figure


def preview_pages(
    images: Mapping[str, Any],
    ids: IdsLike = range(16),
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    apply: Apply | None = None,
) -> Iterator[Figure]:
    """The contact sheet of plot_preview on as many pages as it takes, for save_pages.

    Arguments and errors are those of plot_preview, but there may be 4,000 tiles.
    """
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    return _of_ids(images, ids, derivation, apply, _MOST_TILES)


def preset_pages(
    images: Mapping[str, Any],
    ids: IdsLike = range(1),
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
    apply: Apply | None = None,
) -> Iterator[Figure]:
    """The presets side by side: a column for each, a row for each image and id.

    The same id has the same random numbers in each of them. Arguments and errors are those of
    plot_preview, but there may be 4,000 tiles; the pages are for save_pages.
    """
    key, checked = Key.checked(epoch, view, base_seed, rank, world_size), Ids.checked(ids)
    _check(images, len(checked), DEFAULT, apply, tiles=len(checked) * (1 + len(PRESETS)))
    made = {name: derive(config, *key) for name, config in PRESETS.items()}
    rows, samples = {}, {}
    for name, image in images.items():
        for each in checked:
            row = f"{name}, id {each}"
            rows[row] = image
            samples[row] = [(x, _whole(made[x].params(each), each, key)) for x in made]
    words = given_in_words(key._asdict())
    heading = ", ".join(["presets side by side", *words])
    return sample_pages(rows, samples, heading, apply, stacked=True)


def run_pages(
    images: Mapping[Any, Any],
    run: Run,
    epochs: range | None = None,
    *,
    apply: Apply | None = None,
) -> Iterator[Figure]:
    """Contact sheets as a training has its images: a row for each, a column for each epoch.

    Parameters
    ----------
    images
        Images as for plot_preview, each by its id in the run.
    run
        What each sample gets: a Run.
    epochs
        Those of the run to draw; None: its first six. Each of its views has a column.
    apply
        As for plot_preview.

    Returns
    -------
    iterator of matplotlib.figure.Figure
        Pages for save_pages.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value, or the run has no such sample or epoch.
    """
    drawn = run.epochs[:6] if epochs is None else epochs
    if not isinstance(drawn, range):
        raise TypeError(f"epochs must be a range or None, got {brief(epochs)}")
    count = len(drawn) * run.views
    _check(images, count, run.config, apply)
    columns = []
    for epoch in drawn:
        for view in range(run.views):
            title = f"epoch {epoch}" + (f", view {view}" if run.views > 1 else "")
            columns.append((title, run.derivation(epoch, view)))
    samples = {}
    for name in images:
        run.require_id(name)
        samples[name] = [
            (title, _whole(made.params(name), name, made.key)) for title, made in columns
        ]
    words = {"base_seed": run.base_seed, "epoch_policy": run.epoch_policy.given}
    return sample_pages(images, samples, heading_of(run.config, words), apply)


def stored_pages(
    images: Mapping[str, Any], samples: Mapping[str, Samples], metadata: Metadata
) -> Iterator[Figure]:
    """Pages of samples that a file has: titles and parameters by the names of their images."""
    space = metadata.space or DEFAULT
    _check(images, max(map(len, samples.values()), default=0), space, None)
    return sample_pages(images, samples, heading_of(space, metadata.key._asdict()))


def _of_ids(
    images: Mapping[str, Any],
    ids: IdsLike,
    derivation: Derivation,
    apply: Apply | None,
    most: int,
    *,
    paged: bool = True,
) -> Iterator[Figure]:
    """Pages with the same samples for each image."""
    checked = Ids.checked(ids)
    _check(images, len(checked), derivation.space, apply, most=most)
    batch = derivation.batch(checked)
    samples = [
        (f"id {drawable(str(each), 28)}", _whole(params, each, derivation.key))
        for each, params in zip(batch.ids, batch, strict=True)
    ]
    heading = heading_of(derivation.space, derivation.key._asdict())
    return sample_pages(images, dict.fromkeys(images, samples), heading, apply, paged=paged)


def _whole(params: dict[str, Any], sample_id: int | str, key: Key) -> dict[str, Any]:
    """The parameters with their id and key, as functions of data sets get them."""
    facts = {"epoch": key.epoch, "view": key.view, "base_seed": key.base_seed}
    return {**params, "id": sample_id, **facts}


def _check(
    images: object,
    ids: int,
    space: Space,
    apply: Apply | None,
    *,
    tiles: int | None = None,
    most: int = _MOST_TILES,
) -> None:
    """Raises TypeError or ValueError; `tiles`: how many an image has, by default one more."""
    tiles = 1 + ids if tiles is None else tiles
    if not isinstance(images, Mapping):
        raise TypeError(f"images must be a mapping of names to images, got {images!r}")
    if not 2 <= len(images) * tiles <= most or ids == 0:
        raise ValueError(
            f"images and ids must make 2 to {most:,} tiles, got "
            f"{count_of(len(images), 'image')} and {count_of(ids, 'id')}"
        )
    if apply is None:
        check_applicable(space)
    elif not callable(apply):
        raise TypeError(f"apply must be callable or None, got {brief(apply)}")
