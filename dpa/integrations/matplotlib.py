"""Pictures with the extra `viz`: contact sheets of images, plots of chain files, benchmarks.

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
from dpa.benchmark import Comparison, ComparisonReport, PerformanceMetrics
from dpa.benchmark.tables import rate
from dpa.columns import AugmentationBatch
from dpa.config import PARAMETERS, PRESETS, AugmentationConfig, checked_config
from dpa.files import Block
from dpa.files.atomic import replacing
from dpa.generate import generate_augmentation_batch
from dpa.integrations.image import apply_augmentation
from dpa.keys import sample_ids
from dpa.recipes import ChainReader, FilePath

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.transforms import Bbox, TransformedBbox
    from PIL import Image, ImageOps
except ModuleNotFoundError as error:
    raise ImportError(
        "pictures need matplotlib: pip install 'dpa-augment[viz]'", name=error.name
    ) from error

#: The formats that save_picture writes.
SUFFIXES = (".png", ".svg", ".pdf")

_DPI = 100
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
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(14, 14), dpi=_DPI, facecolor="white", layout=layout)
    made = f"{config.sampler}, depth {config.augmentation_depth}"
    title = f"{_drawable(name, 60)}: {distribution.size:,} samples, {made}"
    figure.suptitle(title, fontsize=15, **_TEXT)
    grid = figure.add_gridspec(3, 1, height_ratios=(3.3, 2.3, 8.4))
    top, middle, bottom = (figure.add_subfigure(grid[row]) for row in range(3))
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
            _title(axes, f"fixed at {distribution.bounds[name][0]:g}")
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
    return "p: too few samples" if check is None else f"p = {check.p_value:.3g}"


def _presets(part: SubFigure, config: AugmentationConfig) -> None:
    """The ranges of the presets and of the config, one above the other."""
    _heading(part, "Ranges of the presets, and of this config")
    rows = [*PRESETS.items(), ("this config", config)]
    for at, axes in enumerate(part.subplots(1, len(PARAMETERS), sharey=True)):
        _panel(axes)
        axes.set_xlabel(_UNITS[PARAMETERS[at]], fontsize=10, color=_INK)
        for y, (name, row) in enumerate(rows):
            low, high = row.bounds[at]
            color = _GREY if name in PRESETS else _LIGHT
            axes.barh(y + 0.2, high - low, left=low, height=0.35, color=color, edgecolor=_INK)
            place = {"ha": "center", "va": "center", "fontsize": 9}
            axes.text((low + high) / 2, y - 0.22, f"{low:g} to {high:g}", **place, **_TEXT)
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

#: Inches: a tile has 256 pixels.
_TILE, _GAP, _CAPTION = 2.56, 0.24, 0.84
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
    if not isinstance(images, Mapping):
        raise TypeError(f"images must be a mapping of names to images, got {images!r}")
    checked = sample_ids(ids)
    if not 2 <= len(images) * (1 + len(checked)) <= _MAX_TILES or len(checked) == 0:
        raise ValueError(
            f"images and ids must make 2 to {_MAX_TILES} tiles, "
            f"got {len(images)} images and {len(checked)} ids"
        )
    batch = generate_augmentation_batch(
        checked,
        config,
        rank=rank,
        world_size=world_size,
        base_seed=base_seed,
        epoch=epoch,
        view=view,
    )
    return _sheet({name: _reduced(name, image) for name, image in images.items()}, batch)


def _reduced(name: str, image: Any) -> Any:
    """A PIL image upright, of 8 bits, and small; an array as it is."""
    if isinstance(image, np.ndarray):
        if image.size == 0 or image.shape[2:] not in ((), (3,), (4,)) or image.ndim == 1:
            raise ValueError(f"image {name!r} must be HxW, HxWx3 or HxWx4, not {image.shape}")
        return image
    if not isinstance(image, Image.Image):
        raise TypeError(f"image {name!r} must be a NumPy array or a PIL image, got {image!r}")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # up to 16 bits, of which convert() would cut off the upper
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    elif image.mode in ("1", "L", "F"):
        image = image.convert("L")
    else:
        transparent = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "RGB")
    image.thumbnail((256, 256))
    return image


def _sheet(images: Mapping[str, Any], batch: AugmentationBatch) -> Figure:
    """Tiles at fixed places: a pixel of the image is one of the sheet."""
    count = 1 + len(batch)
    rows = max(1, round(0.8 * math.sqrt(count))) if len(images) == 1 else -(-count // 8)
    columns = -(-count // rows)
    width = _GAP + columns * (_TILE + _GAP)
    title = textwrap.wrap(_made(batch), round(width * 12))
    top = 0.3 + 0.2 * len(title)
    tiles = [_TILE * min(1.0, size[0] / size[1]) for size in map(np.shape, images.values())]
    height = top + rows * sum(tile + _CAPTION for tile in tiles)
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    figure.text(_GAP / width, 1 - 0.12 / height, "\n".join(title), va="top", fontsize=10, **_TEXT)
    for tile, (name, image) in zip(tiles, images.items(), strict=True):
        for at, (shown, caption) in enumerate(_tiles(name, image, batch)):
            left = _GAP + at % columns * (_TILE + _GAP)
            bottom = height - top - at // columns * (tile + _CAPTION) - tile
            box = (left / width, bottom / height, _TILE / width, tile / height)
            _tile(figure, box, shown, caption)
        top += rows * (tile + _CAPTION)
    return figure


def _tiles(name: str, image: Any, batch: AugmentationBatch) -> Iterator[tuple[Any, str]]:
    """Images and their captions, of which the first line is a title."""
    height, width = np.shape(image)[:2]
    yield image, f"{_drawable(name, 30)}\noriginal\nhere {width} x {height} pixels"
    for id_, row in zip(batch.sample_ids, batch, strict=True):
        caption = (
            f"id {_drawable(str(id_), 28)}\n"
            f"rotation {row['rotation']:+.1f}°   scale {row['scale']:.3f}\n"
            f"brightness {row['brightness']:.3f}   contrast {row['contrast']:.3f}\n"
            f"noise {row['noise']:.4f}"
        )
        yield apply_augmentation(image, row), caption


def _tile(figure: Figure, box: tuple[float, float, float, float], image: Any, caption: str) -> None:
    """An image at the bottom left of `box`, in parts of the figure, and its caption below."""
    axes = figure.add_axes(box)
    pixels = np.asarray(image)
    full_range = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
    axes.imshow(np.clip(pixels / full_range, 0, 1), cmap="gray", vmin=0, vmax=1)
    axes.grid(False)
    axes.set(xticks=[], yticks=[], anchor="SW")
    axes.spines[:].set(color=_GREY, linewidth=0.6)
    left, bottom, width, _ = box
    title, _, rest = caption.partition("\n")
    room = Bbox([[left, 0], [left + width * (1 + 0.8 * _GAP / _TILE), 1]])
    style = {"va": "top", "fontsize": 8.5, **_TEXT}
    style |= {"clip_on": True, "clip_box": TransformedBbox(room, figure.transFigure)}
    line = 10.5 / 72 / figure.get_figheight()
    figure.text(left, bottom - 0.4 * line, title, fontweight="bold", **style)
    figure.text(left, bottom - 1.45 * line, rest, **style)


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


# ---- Benchmarks ----


def plot_comparison(report: ComparisonReport) -> Figure:
    """Bars of samples a second with their intervals; what was before lies under what is now.

    A regression is in bold words as well as in colour.
    """
    found = report.comparisons
    compared = any(one.baseline is not None for one in found)
    figure = Figure((9, 1.3 + 0.62 * len(found)), dpi=100, facecolor="white")
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    axes = figure.subplots()
    for at, one in enumerate(found):
        _bars(axes, at, one, report.confidence)
    axes.set_yticks(range(len(found)), [one.result.name for one in found])
    axes.invert_yaxis()
    axes.margins(x=0.3)  # the words beside the longest bar
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda x, _: rate(x) if x else "0")
    axes.set_facecolor("white")
    axes.grid(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_INK)
    axes.tick_params(colors=_INK, labelsize=10)
    axes.tick_params(axis="y", length=0)
    second = "second of CPU time" if report.cpu_time else "second"
    title = f"Samples a {second} (median, {report.confidence:.0%} interval)"
    if compared:
        title += "; hatched: what it is compared with"
    axes.set_title(title, loc="left", fontsize=11, color=_INK)
    return figure


def _bars(axes: Axes, at: int, found: Comparison, confidence: float) -> None:
    now = PerformanceMetrics(found.result, confidence)
    before = found.baseline and PerformanceMetrics(found.baseline, confidence)
    _bar(axes, at - 0.17 if before else at, now, color=_DARK)
    ends = [_end(now)]
    text = rate(now.throughput_samples_per_second)
    if before:
        _bar(axes, at + 0.19, before, color=_LIGHT, hatch="///", edgecolor="white")
        ends.append(_end(before))
        text += f", {found.ratio:.2f} x the time: {found.verdict}"
    slower = found.verdict == "slower"
    axes.annotate(
        text,
        (max(ends), at),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color=_ALARM if slower else _INK,
        fontweight="bold" if slower else "normal",
    )


def _bar(axes: Axes, at: float, metrics: PerformanceMetrics, **look: Any) -> None:
    value = metrics.throughput_samples_per_second
    low, high = metrics.throughput_interval
    axes.barh(at, value, height=0.34, **look)
    if not math.isnan(low):
        axes.errorbar(value, at, xerr=[[value - low], [high - value]], color=_INK, capsize=3)


def _end(metrics: PerformanceMetrics) -> float:
    """Where the bar and its whisker end."""
    value, (_, high) = metrics.throughput_samples_per_second, metrics.throughput_interval
    return value if math.isnan(high) else max(value, high)
