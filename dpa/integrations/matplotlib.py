"""Pictures of parameters, with the extra `viz`: contact sheets of images, plots of chain files.

Figures without pyplot: nothing global is set, and whatever style the user has set, they are
dark on white. Save them with save_picture.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa.audit import Check, Distribution, threshold
from dpa.columns import AugmentationBatch
from dpa.config import PARAMETERS, PRESETS, AugmentationConfig, checked_config
from dpa.files import Block
from dpa.files.atomic import replacing
from dpa.generate import generate_augmentation_batch
from dpa.integrations.image import apply_augmentation
from dpa.recipes import ChainReader, FilePath

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.font_manager import findfont, get_font
    from PIL import Image, ImageOps
except ModuleNotFoundError as error:
    raise ImportError(
        f"pictures need {error.name}: pip install 'dpa-augment[viz]'", name=error.name
    ) from error

#: The formats that save_picture writes.
SUFFIXES = (".png", ".svg", ".pdf")

# Colours that differ in lightness too, for readers who see none, and on paper.
_INK = "#1a1a1a"
_GREY = "#d9d9d9"
_DARK = "#0072b2"
_LIGHT = "#a6d3ee"
_ALARM = "#c04000"


def picture_format(path: str | PathLike[str]) -> str:
    """The format that the suffix of `path` names. ValueError for any other suffix."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(
            f"path of a picture must end with {', '.join(SUFFIXES)}, got {os.fspath(path)!r}"
        )
    return suffix[1:]


def save_picture(figure: Figure, path: str | PathLike[str]) -> None:
    """Writes a figure as .png, .svg or .pdf; an earlier file is replaced once all is written.

    Raises ValueError for another suffix, OSError.
    """
    form = picture_format(path)
    with replacing(path) as file:
        figure.savefig(
            file, format=form, dpi=figure.dpi, facecolor=figure.get_facecolor(), transparent=False
        )


# ---- Plots of chain files ----

_Checks: TypeAlias = dict[tuple[str, ...], Check]

_UNITS = {**dict(zip(PARAMETERS, PARAMETERS, strict=True)), "rotation": "rotation (degrees)"}
#: Samples that are drawn as dots; bins of a histogram, and samples that each should have.
_DOTS = 1000
_BINS = 32
_BIN_SAMPLES = 8


def plot_chain(path: FilePath, config: AugmentationConfig | None = None) -> Figure:
    """A page about a chain file: histograms, the presets side by side, pairs of parameters.

    Reads it in constant memory; a recipe, too. Its samples are held against the config
    of the file, or against `config`. Raises as loading does, and ValueError where there
    are no samples or no config.
    """
    config = None if config is None else checked_config(config)
    with ChainReader(path) as reader:
        config = reader.metadata.config if config is None else config
        if config is None:
            raise ValueError(f"{str(path)!r} does not say its config: one must be given")
        distribution = Distribution(dict(zip(PARAMETERS, config.bounds, strict=True)))
        dots: list[Block] = []
        for block in reader.blocks():
            if distribution.size < _DOTS:
                dots.append(block.part(slice(_DOTS - distribution.size)))
            distribution.append(block.columns)
    if distribution.size == 0:
        raise ValueError(f"{str(path)!r} has no samples to plot")
    return _page(Path(path).name, config, distribution, Block.concatenate(dots).columns)


def _page(
    name: str,
    config: AugmentationConfig,
    distribution: Distribution,
    dots: Mapping[str, npt.NDArray[np.float64]],
) -> Figure:
    checks = {(check.kind, *check.parameters): check for check in distribution.checks()}
    figure = Figure(figsize=(14, 14), dpi=100, facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    made = f"{config.sampler}, depth {config.augmentation_depth}"
    title = f"{_drawable(name, 60)}: {distribution.size:,} samples, {made}"
    figure.suptitle(title, fontsize=15, **_TEXT)
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(3.3, 2.3, 8.4))
    _histograms(top, distribution, checks)
    _presets(middle, config)
    _pairs(bottom, distribution, dots, checks)
    bottom.text(0.53, 0.9, _summary(checks), va="top", fontsize=11, linespacing=1.6, **_TEXT)
    return figure


def _heading(part: SubFigure, text: str) -> None:
    part.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold", **_TEXT)


def _panel(axes: Axes) -> None:
    """Dark on white, without grid and frame, in any style."""
    axes.set_facecolor("white")
    axes.grid(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(_INK)
    axes.tick_params(colors=_INK, labelsize=9)


def _title(axes: Axes, text: str, fault: str = "") -> None:
    """What the tests say of a panel; a fault is in words, too, not in colour alone."""
    color = _ALARM if fault else _INK
    weight = "bold" if fault else "normal"
    axes.set_title(text + fault, fontsize=9.5, fontweight=weight, color=color)


def _found(checks: _Checks, *keys: tuple[str, ...]) -> bool:
    """Whether one of these checks tells what chance does not explain."""
    limit = threshold(len(checks))
    return any(checks[key].p_value < limit for key in keys if key in checks)


def _histograms(part: SubFigure, distribution: Distribution, checks: _Checks) -> None:
    """Bars relative to what is expected of a bin, so that 1 is the uniform distribution."""
    bins = distribution.bins(_BIN_SAMPLES, _BINS)
    expected = distribution.size / bins
    spread = 1.96 * math.sqrt((1 - 1 / bins) / expected)
    text = f"Samples in {bins} bins, relative to the configured uniform distribution (dashed; "
    _heading(part, text + "grey: where 95 % of the bins should be)")
    for axes, name in zip(part.subplots(1, len(PARAMETERS)), PARAMETERS, strict=True):
        _panel(axes)
        axes.set_xlabel(_UNITS[name], fontsize=10, color=_INK)
        if name not in distribution.names:
            axes.set(xticks=[], yticks=[])
            _title(axes, "fixed")
            continue
        low, high = distribution.bounds[name]
        edges = np.linspace(low, high, bins + 1)
        heights = distribution.counts(name, bins) / expected
        axes.stairs(heights, edges, fill=True, color=_LIGHT)
        axes.axhspan(1 - spread, 1 + spread, color=_INK, alpha=0.15, linewidth=0)
        axes.stairs(heights, edges, color=_DARK, linewidth=1)
        axes.axhline(1, color=_INK, linestyle="--", linewidth=1)
        axes.set(xlim=(low, high), ylim=(0, max(1.6, 1.05 * float(heights.max()))))
        keys = [(kind, name) for kind in ("chi-squared", "Kolmogorov-Smirnov")]
        lines = [f"{key[0]} {_p_value(checks.get(key))}" for key in keys]
        _title(axes, "\n".join(lines), "\nNOT UNIFORM" if _found(checks, *keys) else "")


def _p_value(check: Check | None) -> str:
    return "of too few samples" if check is None else f"p = {check.p_value:.3g}"


def _presets(part: SubFigure, config: AugmentationConfig) -> None:
    """The ranges of the presets and of the file, one above the other."""
    _heading(part, "Ranges of the presets, and of this file")
    rows = [*PRESETS.items(), ("this file", config)]
    for at, axes in enumerate(part.subplots(1, len(PARAMETERS), sharey=True)):
        _panel(axes)
        axes.set_xlabel(_UNITS[PARAMETERS[at]], fontsize=10, color=_INK)
        for y, (name, row) in enumerate(rows):
            low, high = row.bounds[at]
            color = _GREY if name in PRESETS else _LIGHT
            axes.barh(y, high - low, left=low, height=0.75, color=color, edgecolor=_INK)
            text = f"{low:g} to {high:g}"
            plate = {"facecolor": "white", "linewidth": 0, "pad": 1.5}
            place = {"ha": "center", "va": "center", "fontsize": 9, "bbox": plate}
            axes.text((low + high) / 2, y, text, **place, **_TEXT)
        axes.use_sticky_edges = False
        axes.margins(x=0.08)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()  # of all of them


def _pairs(
    part: SubFigure,
    distribution: Distribution,
    dots: Mapping[str, npt.NDArray[np.float64]],
    checks: _Checks,
) -> None:
    """Each parameter against each earlier one."""
    shown = len(dots[PARAMETERS[0]])
    _heading(part, f"Pairs: correlation of all samples (dots: the first {shown:,})")
    size = 1.6 if shown > 200 else 3
    for (y, x), axes in np.ndenumerate(part.subplots(4, 4, sharex="col", sharey="row")):
        if x > y:
            axes.remove()
            continue
        _panel(axes)
        a, b = PARAMETERS[x], PARAMETERS[y + 1]
        axes.plot(dots[a], dots[b], "o", markersize=size, color=_DARK, mew=0, rasterized=True)
        key = "correlation", a, b
        if key in checks:
            text = f"r = {checks[key].statistic:+.4f}, {_p_value(checks[key])}"
            _title(axes, text, ": CORRELATED" if _found(checks, key) else "")
        else:
            fixed = {a, b} - {*distribution.names}
            _title(axes, "fixed" if fixed else "too few samples")
        if y == 3:
            axes.set_xlabel(_UNITS[a], fontsize=10, color=_INK)
        if x == 0:
            axes.set_ylabel(_UNITS[b], fontsize=10, color=_INK)


def _summary(checks: _Checks) -> str:
    """How many faults there are, and the tests that have no panel."""
    found = sum(_found(checks, key) for key in checks)
    limit = f"{threshold(len(checks)):.2g}"
    lines = [
        f"{len(checks)} tests. P-values that chance does not explain (below {limit}): {found}",
        "",
        "Correlation with the next sample:",
    ]
    for (kind, *names), check in checks.items():
        if kind == "neighbours":
            fault = ": CORRELATED" if _found(checks, (kind, *names)) else ""
            lines.append(f"    {names[0]}: r = {check.statistic:+.4f}, {_p_value(check)}{fault}")
    return "\n".join(lines)


# ---- Sheets of images ----

#: Inches; a tile has 256 pixels.
_TILE, _GAP, _CAPTION = 2.56, 0.24, 0.72
_DPI = 100
_MAX_TILES = 400


def plot_preview(
    images: Mapping[str, Any],
    ids: Sequence[int] | Sequence[str] | npt.NDArray[np.integer] = range(16),
    config: AugmentationConfig | None = None,
    *,
    rank: int | None = None,
    world_size: int | None = None,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> Figure:
    """A contact sheet: each image as it is, then as each id's parameters make it.

    `images`: by name, PIL images, or arrays HxW, HxWx3 or HxWx4 that apply_augmentation
    takes. PIL images are first reduced to at most 256 pixels a side, as training does
    before it augments: the noise is that of pixels. At most 400 tiles. Raises TypeError
    or ValueError for a bad argument.
    """
    batch = generate_augmentation_batch(
        ids,
        config,
        rank=rank,
        world_size=world_size,
        base_seed=base_seed,
        epoch=epoch,
        view=view,
    )
    tiles = len(images) * (1 + len(batch))
    if not (len(images) and len(batch)) or tiles > _MAX_TILES:
        raise ValueError(
            f"images and ids must make 2 to {_MAX_TILES} tiles, "
            f"got {len(images)} images and {len(batch)} ids"
        )
    small = {name: _reduced(image) for name, image in images.items()}
    return _sheet(small, batch)


def _reduced(image: Any) -> Any:
    """A PIL image upright, of 8 bits, and small; an array as it is."""
    if not isinstance(image, Image.Image):
        return image
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).clip(0, 65535) / 257).astype(np.uint8))
    elif image.mode in ("1", "F"):
        image = image.convert("L")
    elif image.mode != "L":
        transparent = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    image.thumbnail((256, 256))
    return image


def _sheet(images: Mapping[str, Any], batch: AugmentationBatch) -> Figure:
    """Tiles at fixed places: a pixel of the image is one of the sheet."""
    count = 1 + len(batch)
    rows = max(1, round(0.8 * math.sqrt(count))) if len(images) == 1 else -(-count // 8)
    columns = -(-count // rows)
    sizes = [np.shape(image)[:2] for image in images.values()]
    tile = _TILE * min(1.0, max(height / width for height, width in sizes))
    width = _GAP + columns * (_TILE + _GAP)
    title = textwrap.wrap(_made(batch), round(width * 12))
    head = 0.3 + 0.2 * len(title)
    step = tile + _CAPTION
    height = head + len(images) * rows * step
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    figure.text(_GAP / width, 1 - 0.12 / height, "\n".join(title), va="top", fontsize=10, **_TEXT)
    for at, (name, image) in enumerate(images.items()):
        for number, (shown, caption) in enumerate(_tiles(name, image, batch)):
            row, column = divmod(number, columns)
            left = _GAP + column * (_TILE + _GAP)
            bottom = height - head - (at * rows + row) * step - tile
            box = (left / width, bottom / height, _TILE / width, tile / height)
            _tile(figure.add_axes(box), shown, caption)
    return figure


def _tiles(name: str, image: Any, batch: AugmentationBatch) -> Iterator[tuple[Any, list[str]]]:
    """An image and its caption, whose first line is the title."""
    height, width = np.shape(image)[:2]
    yield image, [_drawable(name, 32), "original", f"{width} x {height} pixels"]
    for id_, row in zip(batch.sample_ids, batch, strict=True):
        yield (
            apply_augmentation(image, row),
            [
                f"id {_drawable(str(id_), 29)}",
                f"rotation {row['rotation']:+.1f}°   scale {row['scale']:.3f}",
                f"brightness {row['brightness']:.3f}   contrast {row['contrast']:.3f}",
                f"noise {row['noise']:.4f}",
            ],
        )


def _tile(axes: Axes, image: Any, caption: list[str]) -> None:
    pixels = np.asarray(image)
    full_range = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
    axes.imshow(np.clip(pixels / full_range, 0, 1), cmap="gray", vmin=0, vmax=1)
    axes.grid(False)
    axes.set(xticks=[], yticks=[], anchor="S")
    axes.spines[:].set(color=_GREY, linewidth=0.6)
    for y, line in enumerate(caption):
        where = {"xy": (0, 0), "xycoords": "axes fraction", "textcoords": "offset points"}
        weight = "normal" if y else "bold"
        axes.annotate(line, xytext=(0, -4 - 10.5 * y), **where, va="top", fontsize=8.5, fontweight=weight, **_TEXT)


def _made(batch: AugmentationBatch) -> str:
    """What made the samples, in words."""
    config = batch.config
    ranges = zip(PARAMETERS, config.bounds, strict=True)
    words = [f"{name} {low:g} to {high:g}" for name, (low, high) in ranges]
    words += [config.sampler, f"depth {config.augmentation_depth}"]
    key = batch.key._asdict().items()
    return ", ".join(words + [f"{name} {value}" for name, value in key if value is not None])


# ---- Text ----

#: The font that matplotlib brings. Names may have dollar signs, which mean no formulas here.
_TEXT: dict[str, Any] = {"color": _INK, "fontfamily": "DejaVu Sans", "parse_math": False}


def _drawable(text: str, most: int) -> str:
    """At most so many characters, each one that the font has."""
    font = get_font(findfont("DejaVu Sans"))
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"
    return "".join(c if font.get_char_index(ord(c)) else "\ufffd" for c in text)
