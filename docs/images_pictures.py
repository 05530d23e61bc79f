"""Draws the sheets of images.md with the package itself: python docs/images_pictures.py."""

import contextlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

import dpa
from dpa.integrations.image import (
    apply_augmentation,
    apply_augmentation_batch,
    augment_boxes,
    augment_keypoints,
    augment_mask,
)
from dpa.integrations.matplotlib import save_picture

DOCS = Path(__file__).parent.absolute()
DPI = 100
GAP, LINE = 8, 17  # in pixels; LINE is the height of a caption's line
Pixels = npt.NDArray[Any]

# The card, and what its labels mark: the letter and the disc as left, top, right, bottom, the
# letter's corners and the disc's centre.
WIDTH, HEIGHT = 140, 105
LETTER, DISC = (16, 14, 56, 76), (75, 12, 125, 62)
BOXES = [LETTER, DISC]
POINTS = [(16, 14), (55, 14), (16, 75), (99.5, 36.5)]


class Tile(NamedTuple):
    """A picture of a sheet, its caption, and what is drawn over it."""

    caption: str
    pixels: Pixels
    boxes: Pixels = np.empty((0, 4))  # from the top left corner
    ellipses: Pixels = np.empty((0, 4))  # boxes around them, dashed
    points: Pixels = np.empty((0, 2))  # from the centre of the top left pixel
    outline: Pixels = np.empty((0, 2))  # the corners of what was the picture


def sheet(tiles: Sequence[Tile], columns: int, zoom: int = 1) -> Figure:
    """The tiles row after row; each pixel of one is zoom x zoom pixels of the sheet."""
    rows = [tiles[at : at + columns] for at in range(0, len(tiles), columns)]
    step = max(tile.pixels.shape[1] for tile in tiles) * zoom + GAP
    heights = [max(tile.pixels.shape[0] for tile in row) * zoom for row in rows]
    captions = [max(tile.caption.count("\n") + 1 for tile in row) * LINE for row in rows]
    whole = np.array([columns * step - GAP, sum(heights) + sum(captions) + GAP * len(rows)])
    figure = Figure(figsize=whole / DPI, dpi=DPI, facecolor="white")
    text = {"va": "baseline", "fontsize": 8, "fontfamily": "DejaVu Sans", "color": "#1a1a1a"}
    top = 0
    for row, height, caption in zip(rows, heights, captions, strict=True):
        for at, tile in enumerate(row):
            left, (tall, wide) = at * step, np.array(tile.pixels.shape[:2]) * zoom
            box = np.array([left, whole[1] - top - tall, wide, tall])
            draw(figure.add_axes(box / np.tile(whole, 2)), tile)
            for line, words in enumerate(tile.caption.split("\n"), 1):
                x, y = np.array([left + 2, whole[1] - top - height - line * LINE + 4]) / whole
                figure.text(x, y, words, parse_math=False, **text)
        top += height + caption + GAP
    return figure


def draw(axes: Axes, tile: Tile) -> None:
    """A tile with its marks, on axes of a whole number of pixels for each of its own."""
    height, width = tile.pixels.shape[:2]
    grey = {"cmap": "gray", "vmin": 0, "vmax": 255}
    axes.imshow(tile.pixels, interpolation="nearest", aspect="auto", **grey)
    axes.set_axis_off()
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    for each in tile.boxes:
        axes.plot(*around(each), color="#00e5ff", linewidth=1.4)
    for each in tile.ellipses:
        axes.plot(*around(each), color="#fff000", linewidth=1.4, linestyle=(0, (4, 2)))
    if len(tile.points):
        style = {"color": "white", "markeredgecolor": "black", "markersize": 5}
        axes.plot(*tile.points.T, "o", **style)
    if len(tile.outline):
        axes.plot(*np.vstack([tile.outline, tile.outline[:1]]).T, color="white", linewidth=1)


def around(box: Pixels) -> tuple[list[float], list[float]]:
    """The line around a box; imshow counts from the centre of the first pixel."""
    left, top, right, bottom = box - 0.5
    return [left, right, right, left, left], [top, top, bottom, bottom, top]


# ---- What is augmented ----

Shape = tuple[str, Sequence[Any], Any]  # kind, coordinates, colour
LETTER_F: list[Sequence[int]] = [(16, 14, 28, 76), (16, 14, 56, 26), (16, 39, 48, 50)]
PATCHES = ("#c62828", "#2e7d32", "#1e4fbf", "#f2c200", "#7f7f7f", "#000000", "#ffffff")


def drawn(image: Image.Image, shapes: Sequence[Shape]) -> Image.Image:
    """The shapes over an image that is four times as large as their coordinates count."""
    draw = ImageDraw.Draw(image)
    for kind, numbers, colour in shapes:
        larger = [4 * number for number in numbers]
        if kind == "polygon":
            draw.polygon(larger, colour)
        else:  # Pillow's right and bottom are inside
            left, top, right, bottom = larger
            getattr(draw, kind)((left, top, right - 1, bottom - 1), colour)
    return image


def card() -> Pixels:
    """A picture that no flip and no turn leaves as it is."""
    part = np.linspace(0, 1, WIDTH // 5).repeat(4 * 5)[:, None]  # steps: small files
    row = (1 - part) * (36, 62, 112) + part * (196, 214, 236)
    shapes: list[Shape] = [("rectangle", bar, "#f7f3e8") for bar in LETTER_F]
    shapes += [("ellipse", DISC, "#e8742c"), ("ellipse", (83, 20, 95, 32), "#ffd9a8")]
    shapes += [("polygon", (70, 78, 88, 56, 106, 78), "#2f8f5b")]
    for at, colour in enumerate(PATCHES):
        shapes.append(("rectangle", (8 + 18 * at, 84, 24 + 18 * at, 98), colour))
    large = np.repeat(row[None].round().astype(np.uint8), 4 * HEIGHT, 0)
    return np.asarray(drawn(Image.fromarray(large), shapes).reduce(4))


def card_mask() -> Pixels:
    """The labels of the card: 1 is the letter, 2 the disc."""
    shapes: list[Shape] = [*(("rectangle", bar, 1) for bar in LETTER_F), ("ellipse", DISC, 2)]
    large = drawn(Image.new("L", (4 * WIDTH, 4 * HEIGHT)), shapes)
    return np.asarray(large)[2::4, 2::4]


def coloured(mask: Pixels) -> Pixels:
    """A mask's labels as colours; 255 is what lies outside."""
    colours = np.zeros((256, 3), np.uint8)
    colours[[0, 1, 2, 255]] = [(28, 28, 40), (0, 150, 170), (232, 116, 44), (225, 225, 225)]
    found: Pixels = colours[mask]
    return found


def sticker() -> Image.Image:
    """A star, cut out with a hard edge; what cannot be seen of the image is bright green."""
    turns = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    reach = np.where(np.arange(10) % 2, 7, 18)
    star = np.column_stack([20 + reach * np.sin(turns), 20 - reach * np.cos(turns)])
    large = drawn(Image.new("L", (160, 160)), [("polygon", star.ravel().tolist(), 255)])
    seen = np.asarray(large)[2::4, 2::4]
    colours = np.where(seen[..., None] > 0, (214, 40, 57), (60, 230, 60))
    return Image.fromarray(np.dstack([colours, seen]).astype(np.uint8))


def over_squares(image: Image.Image) -> Pixels:
    """An image with alpha over grey squares."""
    rows, columns = np.indices((image.height, image.width)) // 5
    squares = np.where((rows + columns) % 2, 255, 214).astype(np.uint8)
    below = Image.fromarray(squares).convert("RGBA")
    return np.asarray(Image.alpha_composite(below, image).convert("RGB"))


def rings() -> Pixels:
    """Circles of 16 greys, finer and finer outwards: at the sides two pixels a period."""
    y, x = np.indices((240, 240)) - 119.5
    wave = np.cos(np.pi * (x * x + y * y) / 240)
    return (17 * (7.5 + 7.5 * wave).round()).astype(np.uint8)


# ---- Sheets ----

HASH = dpa.gen_augmentation_params(42)["hash"]


def said(params: dict[str, Any]) -> str:
    """The caption of what parameters do."""
    return ", ".join(f"{name} {value}" for name, value in params.items()) or "as it is"


def of_effects(effects: Sequence[dict[str, Any]], **arguments: Any) -> Figure:
    """The card after each of them."""
    tiles = []
    for params in effects:
        made = apply_augmentation(card(), params | {"hash": HASH}, **arguments)
        if "noise" in params:  # few colours: noise makes large files
            made = np.asarray(Image.fromarray(made).quantize(28, kmeans=5).convert("RGB"))
        tiles.append(Tile(said(params).replace(", ", "\n"), made))
    return sheet(tiles, 5)


def placement() -> Figure:
    """Each parameter that places pixels."""
    return of_effects(
        [
            {},
            {"rotation": 20},
            {"scale": 1.5},
            {"scale": 0.6},
            {"translate_x": 0.25},
            {"translate_y": 0.25},
            {"shear_x": 20},
            {"shear_y": 20},
            {"flip_horizontal": True},
            {"flip_vertical": True},
            {"crop.area": 0.4},
            {"crop.area": 0.4, "crop.x": 0},
            {"crop.area": 0.4, "crop.y": 1},
            {"crop.area": 0.4, "crop.ratio": 0.6},
            {"crop.area": 0.4, "flip_horizontal": True, "rotation": 20},
        ],
        border=170,
    )


def colour() -> Figure:
    """Each parameter that changes values, and erased boxes."""
    return of_effects(
        [
            {},
            {"gamma": 0.5},
            {"gamma": 2},
            {"brightness": 0.6},
            {"brightness": 1.4},
            {"contrast": 0.4},
            {"contrast": 1.6},
            {"saturation": 0.4},
            {"saturation": 2},
            {"grey": True},
            {"noise": 0.1},
            {"erase.area": 0.2},
            {"erase.area": 0.2, "erase.ratio": 3},
            {"erase.area": 0.2, "erase.x": 1, "erase.y": 0},
            {"gamma": 0.6, "contrast": 1.4, "saturation": 1.5},
        ],
    )


def borders() -> Figure:
    """What lies outside the picture; a line shows where the picture ends."""
    image, params, to = card(), {"rotation": 15, "scale": 0.5}, {"out_size": (132, 176)}
    right, bottom = WIDTH - 0.5, HEIGHT - 0.5
    ends = [(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)]
    line = augment_keypoints(ends, params, image.shape[:2], **to)
    tiles = []
    for border in ("reflect", "edge", 0, 170):
        moved = apply_augmentation(image, params, border=border, **to)
        tiles.append(Tile(f"border={border!r}", moved, outline=line))
    return sheet(tiles, 4)


def interpolations() -> Figure:
    """A part of the card, enlarged and turned."""
    params = {"crop.area": 0.03, "crop.x": 0.66, "crop.y": 0.6, "rotation": 10}
    tiles = []
    for way in ("nearest", "linear", "cubic"):
        moved = apply_augmentation(card(), params, interpolation=way, out_size=(180, 240))
        tiles.append(Tile(f"interpolation={way!r}", moved))
    return sheet(tiles, 3)


def labels() -> Figure:
    """Boxes and keypoints over their image, its mask beside it."""
    image, mask = card(), card_mask()
    size = image.shape[:2]
    turned = {"rotation": 25, "scale": 0.8}
    cropped = {"crop.area": 0.5, "crop.ratio": 1.0, "crop.x": 0.1, "flip_horizontal": True}
    tiles = []
    for params, out in (({}, size), (turned, size), (cropped, (HEIGHT, HEIGHT))):
        to = {"out_size": out}
        wanted = "" if out == size else f", out_size={out}"
        tiles += [
            Tile(
                said(params).replace(", flip", ",\nflip") + wanted,
                apply_augmentation(image, params, border=170, **to),
                augment_boxes(BOXES, params, size, **to),
                augment_boxes(BOXES[1:], params, size, around="ellipse", **to),
                augment_keypoints(POINTS, params, size, **to),
            ),
            Tile("its mask, border=255", coloured(augment_mask(mask, params, border=255, **to))),
        ]
    return sheet(tiles, 2, zoom=2)


def alpha() -> Figure:
    """A turned sticker, and one with less contrast: with alpha, and with four equal channels."""
    image, turn, pale = sticker(), {"rotation": 20}, {"contrast": 0.3}
    pixels = np.asarray(image)

    def as_array(params: dict[str, Any]) -> Image.Image:
        return Image.fromarray(apply_augmentation(pixels, params, border=0))

    return sheet(
        [
            Tile("the image, mode RGBA", over_squares(image)),
            Tile("rotation 20", over_squares(apply_augmentation(image, turn, border=0))),
            Tile("contrast 0.3", over_squares(apply_augmentation(image, pale))),
            Tile("the same without its alpha", pixels[..., :3]),
            Tile("rotation 20 of the array", over_squares(as_array(turn))),
            Tile("contrast 0.3 of the array", over_squares(as_array(pale))),
        ],
        3,
        zoom=6,
    )


def aliasing() -> Figure:
    """A fine pattern made smaller: as the package does it, and averaged before."""
    image, size = rings(), (96, 96)
    small = apply_augmentation(image, {}, out_size=size)
    averaged = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))
    return sheet(
        [
            Tile("240 x 240", image),
            Tile("out_size=(96, 96), drawn twice as large", small.repeat(2, 0).repeat(2, 1)),
            Tile("resized by Pillow, drawn as large", averaged.repeat(2, 0).repeat(2, 1)),
        ],
        3,
    )


def declared() -> Figure:
    """The first samples of the space that the page declares."""
    text = (DOCS / "images.md").read_text("utf-8")
    first = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]
    variables: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(first, "images.md", "exec"), variables)
    batch = dpa.generate_augmentation_batch(range(10), variables["space"], epoch=1)
    made = apply_augmentation_batch([card()] * 10, batch, out_size=(96, 96))
    return sheet([Tile(f"id {at}", pixels) for at, pixels in enumerate(made)], 5)


SHEETS = (declared, placement, colour, borders, interpolations, labels, alpha, aliasing)

if __name__ == "__main__":
    for each in SHEETS:
        path = DOCS / f"images_{each.__name__}.png"
        save_picture(each(), path)
        with Image.open(path) as picture:
            opaque = picture.convert("RGB")
        if each not in (declared, colour):  # whose colours are the point
            opaque = opaque.quantize(256, kmeans=5, dither=Image.Dither.NONE)
        opaque.save(path, optimize=True)
