"""What all pictures share: formats, colours, text, and saving.

Figures are made without pyplot, so no global state changes. They are dark on white in every style
that the user may have set. Save them with save_picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine

from dpa.checks import file_path
from dpa.files.atomic import replacing

#: The formats that save_picture writes.
SUFFIXES = (".png", ".svg", ".pdf")

DPI = 100
# The colours also differ in lightness, for colour-blind readers and for grey paper.
INK = "#1a1a1a"
GREY = "#d9d9d9"
MIDDLE = "#808080"
DARK = "#0072b2"
LIGHT = "#a6d3ee"
ALARM = "#c04000"
#: The font that matplotlib includes. A dollar sign in a name must not start a formula.
TEXT: dict[str, Any] = {"color": INK, "fontfamily": "DejaVu Sans", "parse_math": False}


def picture_format(path: str | PathLike[str]) -> str:
    """The format for the suffix of `path`: "png", "svg" or "pdf". Raises ValueError for others."""
    name = file_path(path)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"path of a picture must end with {', '.join(SUFFIXES)}, got {name!r}")
    return suffix[1:]


def save_picture(figure: Figure, path: str | PathLike[str]) -> None:
    """Writes a figure as .png, .svg or .pdf; the file is replaced only once all is written.

    Raises ValueError for another suffix, and OSError.
    """
    form = picture_format(path)
    with replacing(path) as file:
        figure.savefig(
            file, format=form, dpi=figure.dpi, facecolor=figure.get_facecolor(), transparent=False
        )


def save_pages(figures: Iterable[Figure], path: str | PathLike[str]) -> list[str]:
    """Writes pages: a .pdf has all of them, otherwise the further ones are `path` with -2, -3.

    Returns the names of the files. Each is replaced only once all of it is written. Raises as
    save_picture does.
    """
    form, name = picture_format(path), Path(path)
    if form == "pdf":
        from matplotlib.backends.backend_pdf import PdfPages  # a tenth of all that is imported

        with replacing(path) as file, PdfPages(file) as pages:
            for figure in figures:
                pages.savefig(figure, dpi=figure.dpi, facecolor=figure.get_facecolor())
        return [str(path)]
    written = []
    for at, figure in enumerate(figures, 1):
        page = name if at == 1 else name.with_stem(f"{name.stem}-{at}")
        save_picture(figure, page)
        written.append(str(page))
    return written


def page(size: tuple[float, float]) -> Figure:
    """An empty figure of this size in inches; laid_out() finishes it."""
    figure = Figure(size, dpi=DPI, facecolor="white")
    figure.set_layout_engine("none")  # whatever the user's rcParams say
    FigureCanvasAgg(figure)  # measures text; other canvases make one of these for each measure
    return figure


def laid_out(figure: Figure, pad: float) -> Figure:
    """The figure with its panels in their places, `pad` inches around each.

    This is done once, here: a figure that keeps a layout engine is drawn twice by savefig, the
    first time only to place its panels.
    """
    ConstrainedLayoutEngine(w_pad=pad, h_pad=pad).execute(figure)
    return figure


def panel(axes: Axes) -> None:
    """Makes a panel dark on white, without grid and frame, in any style."""
    axes.set_facecolor("white")
    axes.grid(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(INK)
    axes.tick_params(colors=INK, labelsize=9)


def drawable(text: str, most: int) -> str:
    """The text cut to `most` characters, with a placeholder for characters that the font lacks."""
    font = get_font(findfont("DejaVu Sans"))
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"
    return "".join(c if font.get_char_index(ord(c)) else "\ufffd" for c in text)
