"""The pages of contact sheets: where tiles stand, and what is in them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox, TransformedBbox
from PIL import Image, ImageOps

from dpa.checks import brief
from dpa.derivation.config import PRESETS, AugmentationConfig
from dpa.derivation.members import RESERVED
from dpa.derivation.space import Space
from dpa.derivation.words import given_in_words
from dpa.images.effects import LIMITS
from dpa.integrations.image import apply_augmentation
from dpa.pictures.figures import DPI, GREY, TEXT, drawable

#: apply(image, params): an image, an array or a tensor CxHxW.
Apply: TypeAlias = Callable[[Any, dict[str, Any]], Any]
#: What is drawn of one image: a title and the parameters of each tile.
Samples: TypeAlias = Sequence[tuple[str, dict[str, Any]]]

#: In inches; a tile has 256 pixels. A caption has room for a title and three lines.
_TILE, _GAP, _CAPTION = 2.56, 0.24, 0.84
_LINE = 10.5 / 72
#: Tiles side by side, where a sheet has several images or pages.
_ACROSS = 8
#: The height of a page in inches, if it has several rows.
_PAGE = 36.0
#: How captions write effects; the others have three decimals.
_FORMATS = {"rotation": "+.1f", "shear_x": "+.1f", "shear_y": "+.1f", "noise": ".4f"}
_DEGREES = ("rotation", "shear_x", "shear_y")


class _Row(NamedTuple):
    """An image, as it is given and as it is shown, and what is made of it."""

    name: str
    given: Any
    shown: Any
    samples: Samples

    @property
    def tile(self) -> float:
        """The height of its tiles in inches."""
        height, width = np.shape(self.shown)[:2]
        return float(_TILE * min(1.0, height / width))


class _Line(NamedTuple):
    """Tiles side by side: the column of each, its row and its place in that row."""

    tiles: list[tuple[int, _Row, int]]
    height: float


def sample_pages(
    images: Mapping[Any, Any],
    samples: Mapping[Any, Samples],
    heading: str,
    apply: Apply | None = None,
    *,
    paged: bool = True,
    stacked: bool = False,
) -> Iterator[Figure]:
    """The pages of a contact sheet.

    `paged`: whether a long one becomes several. `stacked`: whether each image begins a line of
    its own, even if there is room beside the last one.
    """
    rows = [
        _Row(str(name), image, _reduced(name, image), samples[name])
        for name, image in images.items()
    ]
    across = 1 if stacked else _ACROSS
    lines, columns = _lines(rows, paged, across, own=apply is not None)
    pages: list[list[_Line]] = [[]]
    for line in lines:
        if paged and pages[-1] and sum(x.height for x in pages[-1]) + line.height > _PAGE:
            pages.append([])
        pages[-1].append(line)
    for at, page in enumerate(pages, 1):
        which = f", page {at} of {len(pages)}" if len(pages) > 1 else ""
        yield _page(page, columns, heading + which, apply)


def _lines(rows: Sequence[_Row], paged: bool, across: int, *, own: bool) -> tuple[list[_Line], int]:
    """All tiles in lines, and the number of columns; `across`: up to which images share a line."""
    count = 1 + len(rows[0].samples)
    deep = -(-count // _ACROSS)  # lines of one image
    if len(rows) == 1:
        flat = round(0.8 * math.sqrt(count))  # 1 for two tiles, the fewest
        deep = max(deep, flat) if paged else flat
    wide = -(-count // deep)
    beside = min(len(rows), max(1, across // wide)) if deep == 1 else 1
    words = max(len(_effects(params, own=own)) for row in rows for _, params in row.samples)
    room = _CAPTION + _LINE * max(0, words - 3)
    lines = []
    for first in range(0, len(rows), beside):
        group = rows[first : first + beside]
        for start in range(0, count, wide):
            places = range(start, min(start + wide, count))
            tiles = [
                (at * wide + place - start, row, place)
                for at, row in enumerate(group)
                for place in places
            ]
            lines.append(_Line(tiles, max(row.tile for row in group) + room))
    return lines, wide * beside


def _page(lines: Sequence[_Line], columns: int, heading: str, apply: Apply | None) -> Figure:
    """Places the tiles so that a pixel of an image is a pixel of the sheet."""
    width = _GAP + columns * (_TILE + _GAP)
    title = textwrap.wrap(heading, round(width * 12))
    top = 0.3 + 0.2 * len(title)
    height = top + sum(line.height for line in lines)
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    figure.text(_GAP / width, 1 - 0.12 / height, "\n".join(title), va="top", fontsize=10, **TEXT)
    for line in lines:
        highest = max(row.tile for _, row, _ in line.tiles)
        for column, row, place in line.tiles:
            left = _GAP + column * (_TILE + _GAP)
            bottom = height - top - highest
            box = (left / width, bottom / height, _TILE / width, row.tile / height)
            _tile(figure, box, *_shown(row, place, apply))
        top += line.height
    return figure


def _shown(row: _Row, place: int, apply: Apply | None) -> tuple[Any, str]:
    """The pixels of a tile and its caption, of which the first line is the title."""
    if place == 0:
        height, width = np.shape(row.shown)[:2]
        words = f"{drawable(row.name, 30)}\noriginal\nhere {width} x {height} pixels"
        return row.shown, words
    title, params = row.samples[place - 1]
    if apply is None:
        return apply_augmentation(row.shown, params), "\n".join([title, *_effects(params)])
    pixels, note = _drawable_pixels(apply(row.given, params))
    return pixels, "\n".join([title + note, *_effects(params, own=True)])


def _drawable_pixels(made: Any) -> tuple[Any, str]:
    """What a function of the caller's made, as imshow takes it; and a note where it was stretched.

    Raises TypeError or ValueError.
    """
    if callable(getattr(made, "detach", None)):  # a tensor
        made = made.detach().cpu()
        made = made.permute(*range(1, made.ndim), 0) if made.ndim == 3 else made
        made = (made.float() if made.is_floating_point() else made).numpy()
    pixels = np.asarray(made)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    known = pixels.ndim > 1 and pixels.shape[2:] in ((), (3,), (4,)) and pixels.size
    if not known or pixels.dtype.kind not in "uif":
        raise ValueError(
            "apply must return a PIL image, an array HxW, HxWx1, HxWx3 or HxWx4 or a tensor CxHxW, "
            f"got {type(made).__name__} of {pixels.dtype}, shape {pixels.shape}"
        )
    if pixels.dtype.kind != "f":
        return pixels, ""
    low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
    if low >= 0 and high <= 1:
        return pixels, ""
    return (pixels - low) / ((high - low) or 1), f" ({low:.3g} to {high:.3g})"


def _reduced(name: object, image: Any) -> Any:
    """A PIL image turned upright, with 8 bits, and reduced; an array is returned as it is."""
    if isinstance(image, np.ndarray):
        if image.size == 0 or image.ndim < 2 or image.shape[2:] not in ((), (3,), (4,)):
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


def _effects(row: Mapping[str, Any], *, own: bool = False) -> list[str]:
    """What is done to a sample, two parameters a line; `own`: those that are no effects, too."""
    words = []
    others = [name for name in row if name not in LIMITS and name not in RESERVED] if own else []
    for name in (*LIMITS, *others):
        value = row.get(name)
        if isinstance(value, float):
            unit = "°" if name in _DEGREES else ""
            words.append(f"{name} {value:{_FORMATS.get(name, '.3f')}}{unit}")
        elif value is not None:
            words.append(drawable(f"{name} {brief(value)}", 20))
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


def heading_of(config: Space, words: Mapping[str, Any]) -> str:
    """A line of text: what was chosen, where it is not None, then what that stands for."""
    plain = isinstance(config, AugmentationConfig)
    preset = [name for name, x in PRESETS.items() if plain and x.ranges == config.ranges]
    chosen = [*preset, *given_in_words(words)]
    found = [f"{name} {low:g} to {high:g}" for name, (low, high) in config.ranges.items()]
    found += [config.sampler, f"depth {config.depth}"]
    return (f"{', '.join(chosen)}: " if chosen else "") + ", ".join(found)
