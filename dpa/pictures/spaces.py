"""A picture of what a space declares: a panel for each parameter, without samples."""

from __future__ import annotations

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from dpa.checks import brief, count_of, word
from dpa.derivation.distributions import Distribution
from dpa.derivation.schedules import Cosine, Linear
from dpa.derivation.space import Space
from dpa.derivation.words import conditions_in_words, in_words
from dpa.pictures.figures import DARK, INK, LIGHT, TEXT, drawable, laid_out, page, panel
from dpa.pictures.shapes import bar_names, bar_values, bars, below, edges, heights, scale

#: The most panels of a picture.
_MOST = 100
#: In inches.
_WIDTH, _HEIGHT = 2.9, 2.3
_BINS = 96
#: Bars are as thick as if there were at least so many.
_BARS = 5
#: Characters of a line over a panel.
_LINE = 39
#: Densities above this, relative to an even spread, are cut off: a beta may be infinite.
_HIGHEST = 6.0


def plot_space(space: Space, epoch: int | None = None) -> Figure:
    """A picture of the distributions that a space declares.

    Each parameter has a panel: the density of numbers, or a bar for each of few values; the
    distribution in words; on what it depends. Numbers that change with the epoch are drawn as
    curves beside it.

    Parameters
    ----------
    space
        A space or a config; its first 100 parameters are drawn.
    epoch
        The epoch whose distributions are drawn. None draws a parameter that has schedules in
        the middle of these.

    Returns
    -------
    matplotlib.figure.Figure
        A figure for save_picture.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        The epoch is not 0 to 2**64 - 1.
    """
    if not isinstance(space, Space):
        raise TypeError(f"space must be a Space, got {brief(space)}")
    epoch = None if epoch is None else word("epoch", epoch)
    drawn = space.parameters[:_MOST]
    columns = min(len(drawn), 3 if len(drawn) in (5, 6, 9) else 4)
    rows = -(-len(drawn) // columns)
    size = max(_WIDTH * columns, 5.5), 0.4 + _HEIGHT * rows
    figure = page(size)
    words = [count_of(len(space), "parameter"), space.sampler, f"depth {space.depth}"]
    words += [] if epoch is None else [f"epoch {epoch}"]
    words += [] if len(drawn) == len(space.names) else [f"the first {len(drawn)} are drawn"]
    figure.suptitle(", ".join(words), x=0.01, ha="left", fontsize=9, **TEXT)
    grid = figure.add_gridspec(rows, columns)
    for row in range(rows):
        part = drawn[row * columns : (row + 1) * columns]
        shown = [_Shown(name, declared, epoch) for name, declared in part]
        lines = max(len(each.lines) for each in shown)
        for column, each in enumerate(shown):
            each.draw(figure, grid[row, column], lines)
    return laid_out(figure, pad=0.12)


class _Shown:
    """A parameter in the epoch in which it is drawn, and the lines of text under its name."""

    def __init__(self, name: str, declared: Distribution, epoch: int | None) -> None:
        turns = [turn for schedule in declared.schedules for turn in schedule.turns]
        self._name, self._declared, self._last = name, declared, max(turns, default=0)
        self._epoch = (min(turns) + max(turns)) // 2 if turns and epoch is None else epoch
        self._distribution = declared.at(self._epoch)
        words = in_words(self._distribution)
        words += f", in epoch {self._epoch}" if turns and epoch is None else ""
        conditions = drawable(conditions_in_words(declared.when), _LINE)
        self.lines = [*textwrap.wrap(words, _LINE), *([conditions] if conditions else [])]

    def draw(self, figure: Figure, place: SubplotSpec, lines: int) -> None:
        """Draws the distribution under `lines` lines of text, and schedules on its right."""
        if self._declared.schedules:
            parts = place.subgridspec(1, 2, width_ratios=(3, 2))
            self._curves(figure.add_subplot(parts[1]))
            place = parts[0]
        axes = figure.add_subplot(place)
        panel(axes)
        axes.tick_params(labelsize=8)
        _draw(axes, self._distribution)
        text = "\n".join(self.lines + [" "] * (lines - len(self.lines)))
        axes.set_title(text, loc="left", fontsize=8, pad=5, **TEXT)
        axes.annotate(
            drawable(self._name, _LINE - 9),
            (0, 1),
            xytext=(0, 6 + 11 * lines),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=10,
            fontweight="bold",
            annotation_clip=False,
            **TEXT,
        )

    def _curves(self, axes: Axes) -> None:
        """The numbers that change with the epoch; a dot where the distribution is drawn."""
        assert self._epoch is not None
        panel(axes)
        axes.tick_params(labelsize=7)
        right = max(self._last * 1.15, 1.0)
        dot = min(self._epoch, right)  # values stay what they are after the last turn
        epochs = [math.floor(x) for x in np.linspace(0, right, 200)]
        changing = {name: getattr(self._declared, name) for name in self._declared.FIELDS}
        changing = {name: x for name, x in changing.items() if isinstance(x, (Linear, Cosine))}
        for schedule in changing.values():
            axes.plot(epochs, [schedule.at(each) for each in epochs], color=DARK, linewidth=1.2)
            axes.plot([dot], [schedule.at(self._epoch)], "o", color=INK, markersize=4)
        axes.set_xlabel(f"{', '.join(changing)}\nby epoch", fontsize=7.5, color=INK)
        axes.set_xlim(0, right)
        axes.margins(y=0.15)
        axes.locator_params(nbins=3)


def _draw(axes: Axes, declared: Distribution) -> None:
    """The density of numbers, or a bar for each value."""
    values = bar_values(declared)
    if values is not None:
        shares = [*(declared.shares or {}).values()]
        bars(axes, bar_names(values, 12), shares, color=LIGHT, edgecolor=DARK, linewidth=0.8)
        axes.set_ylim(max(len(values), _BARS) - 0.4, -0.6)
        axes.set(xlim=(0, 1.3 * max(shares)), xticks=[])
        axes.spines["bottom"].set_visible(False)
        axes.spines["left"].set_bounds(-0.5, len(values) - 0.5)
        style = {"va": "center", "fontsize": min(8.0, 90 / len(values)), **TEXT}
        for at, share in enumerate(shares):
            axes.text(share + 0.03 * max(shares), at, f"{share:.3g}", **style)
        return
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    ends = edges(declared, _BINS)
    if len(ends) < 2:
        axes.set_xticks([])
        axes.text(0.5, 0.5, f"always {ends[0]:g}", ha="center", fontsize=9, **TEXT)
        return
    densities = heights(declared, ends, np.diff(below(declared, ends)))
    axes.stairs(densities, ends, fill=True, color=LIGHT)
    axes.stairs(densities, ends, color=DARK, linewidth=1)
    axes.set_ylim(0, min(max(1.15, 1.05 * float(densities.max())), _HIGHEST))
    scale(axes, declared, ends)
    axes.xaxis.get_offset_text().set_fontsize(8)
