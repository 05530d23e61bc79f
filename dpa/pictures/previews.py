"""Contact sheets: original images beside their augmented versions."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dpa.checks import extra
from dpa.derivation.derivation import AugmentationBatch, derive
from dpa.derivation.ids import Ids
from dpa.derivation.space import Space
from dpa.images.effects import LIMITS, check_applicable
from dpa.integrations.image import apply_augmentation
from dpa.pictures.figures import DPI, GREY, TEXT, drawable

with extra("viz", "pictures need matplotlib"):
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox, TransformedBbox
    from PIL import Image, ImageOps

#: In inches; a tile has 256 pixels. A caption has room for a title and three lines.
_TILE, _GAP, _CAPTION = 2.56, 0.24, 0.84
_LINE = 10.5 / 72
_MAX_TILES = 400
#: How captions write effects; the others have three decimals.
_FORMATS = {"rotation": "+.1f", "shear_x": "+.1f", "shear_y": "+.1f", "noise": ".4f"}
_DEGREES = ("rotation", "shear_x", "shear_y")


def plot_preview(
    images: Mapping[str, Any],
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] = range(16),
    config: Space | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
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
        make at most 400 tiles.
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
    if not isinstance(images, Mapping):
        raise TypeError(f"images must be a mapping of names to images, got {images!r}")
    checked = Ids.checked(ids)
    if not 2 <= len(images) * (1 + len(checked)) <= _MAX_TILES or len(checked) == 0:
        raise ValueError(
            f"images and ids must make 2 to {_MAX_TILES} tiles, "
            f"got {len(images)} images and {len(checked)} ids"
        )
    derivation = derive(config, epoch, view, base_seed, rank, world_size)
    check_applicable(derivation.space)
    batch = derivation.batch(checked)
    return _sheet({name: _reduced(name, image) for name, image in images.items()}, batch)


def _reduced(name: str, image: Any) -> Any:
    """A PIL image turned upright, with 8 bits, and reduced; an array is returned as it is."""
    if isinstance(image, np.ndarray):
        if image.size == 0 or image.shape[2:] not in ((), (3,), (4,)) or image.ndim == 1:
            raise ValueError(f"image {name!r} must be HxW, HxWx3 or HxWx4, not {image.shape}")
        return image
    if not isinstance(image, Image.Image):
        raise TypeError(f"image {name!r} must be a NumPy array or a PIL image, got {image!r}")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # up to 16 bits; convert() would lose the upper ones
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    elif image.mode in ("1", "L", "F"):
        image = image.convert("L")
    else:
        transparent = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    image.thumbnail((256, 256))
    return image


def _sheet(images: Mapping[str, Any], batch: AugmentationBatch) -> Figure:
    """Places the tiles so that a pixel of an image is a pixel of the sheet."""
    count = 1 + len(batch)
    rows = max(1, round(0.8 * math.sqrt(count))) if len(images) == 1 else -(-count // 8)
    columns = -(-count // rows)
    width = _GAP + columns * (_TILE + _GAP)
    title = textwrap.wrap(_made(batch), round(width * 12))
    top = 0.3 + 0.2 * len(title)
    tiles = [_TILE * min(1.0, size[0] / size[1]) for size in map(np.shape, images.values())]
    room = _CAPTION + _LINE * max(0, *(len(_effects(row)) - 3 for row in batch))
    height = top + rows * sum(tile + room for tile in tiles)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    figure.text(_GAP / width, 1 - 0.12 / height, "\n".join(title), va="top", fontsize=10, **TEXT)
    for tile, (name, image) in zip(tiles, images.items(), strict=True):
        for at, (shown, caption) in enumerate(_tiles(name, image, batch)):
            left = _GAP + at % columns * (_TILE + _GAP)
            bottom = height - top - at // columns * (tile + room) - tile
            box = (left / width, bottom / height, _TILE / width, tile / height)
            _tile(figure, box, shown, caption)
        top += rows * (tile + room)
    return figure


def _tiles(name: str, image: Any, batch: AugmentationBatch) -> Iterator[tuple[Any, str]]:
    """The images and their captions; the first line of a caption is its title."""
    height, width = np.shape(image)[:2]
    yield image, f"{drawable(name, 30)}\noriginal\nhere {width} x {height} pixels"
    for id_, row in zip(batch.sample_ids, batch, strict=True):
        caption = "\n".join([f"id {drawable(str(id_), 28)}", *_effects(row)])
        yield apply_augmentation(image, row), caption


def _effects(row: Mapping[str, Any]) -> list[str]:
    """What is done to a sample, two parameters a line."""
    words = []
    for name in LIMITS:
        value = row.get(name)
        if isinstance(value, bool):
            words.append(f"{name} {value}")
        elif value is not None:
            unit = "°" if name in _DEGREES else ""
            words.append(f"{name} {value:{_FORMATS.get(name, '.3f')}}{unit}")
    return ["   ".join(words[at : at + 2]) for at in range(0, len(words), 2)]


def _tile(figure: Figure, box: tuple[float, float, float, float], image: Any, caption: str) -> None:
    """Draws an image at the bottom left of `box` (fractions of the figure), its caption below."""
    axes = figure.add_axes(box)
    pixels = np.asarray(image)
    full_range = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
    axes.imshow(np.clip(pixels / full_range, 0, 1), cmap="gray", vmin=0, vmax=1)
    axes.grid(False)
    axes.set(xticks=[], yticks=[], anchor="SW")
    axes.spines[:].set(color=GREY, linewidth=0.6)
    left, bottom, width, _ = box
    title, _, rest = caption.partition("\n")
    room = Bbox([[left, 0], [left + width * (1 + 0.8 * _GAP / _TILE), 1]])
    style = {"va": "top", "fontsize": 8.5, **TEXT}
    style |= {"clip_on": True, "clip_box": TransformedBbox(room, figure.transFigure)}
    line = _LINE / figure.get_figheight()
    figure.text(left, bottom - 0.4 * line, title, fontweight="bold", **style)
    figure.text(left, bottom - 1.45 * line, rest, **style)


def _made(batch: AugmentationBatch) -> str:
    """A line of text about the config and the key."""
    config = batch.config
    words = [f"{name} {low:g} to {high:g}" for name, (low, high) in config.ranges.items()]
    words += [config.sampler, f"depth {config.depth}"]
    key = batch.key._asdict().items()
    return ", ".join(words + [f"{name} {value}" for name, value in key if value is not None])
