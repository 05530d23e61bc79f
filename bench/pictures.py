"""The pictures at the head of the report: dpa's rates beside those of its peers, as bars."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench import images, peers
from dpa.benchmark import BenchmarkResult, Measurements
from dpa.benchmark.tables import rate

if TYPE_CHECKING:  # tables alone need no matplotlib
    from matplotlib.figure import Figure


class Chart(NamedTuple):
    """Which results of a section are drawn."""

    name: str  # the file is benchmarks_NAME.png
    title: str
    section: str
    facts: Mapping[str, str]  # what a result's facts must be; "" stands for none
    ours: str  # how the names of dpa's rows begin, an expression
    without: str = "^$"  # what the names of rows that are left out have


CHARTS = (
    Chart(
        "dicts",
        "Five values for each id, as dicts: samples a second, one core",
        "peers",
        {"makes": peers.DICTS},
        "dpa",
    ),
    Chart(
        "columns",
        "Five values for each id, as columns: samples a second, one core",
        "peers",
        {"makes": peers.COLUMNS},
        "dpa",
    ),
    Chart(
        "arrays",
        "Arrays of 224 x 224 x 3 bytes: images a second, one thread",
        "images",
        {"group": images.ARRAYS},
        "apply_augmentation|standard_normals",
    ),
    Chart(
        "tensors",
        "Batches of 64 tensors of 3 x 224 x 224: images a second",
        "images",
        {"group": images.TENSORS},
        "apply_augmentation",
        without="^clone",
    ),
    Chart(
        "files",
        "Whole files of parameters: samples a second, one thread",
        "files",
        {"group": ""},
        "generate|(json|jsonl|npz|parquet):",
        without=": .* dicts",
    ),
    Chart(
        "clusters",
        "dpa's parameters made and written as Parquet, all cores: samples a second",
        "clusters",
        {"group": "write"},
        "(?!.*: a copy)",
    ),
)


def drawable(sections: Mapping[str, Measurements]) -> Iterator[tuple[Chart, list[BenchmarkResult]]]:
    """The charts whose results are there, with these, the fastest first."""
    for chart in CHARTS:
        results = [
            result
            for result in (sections[chart.section].results if chart.section in sections else ())
            if result.times_seconds
            and not re.search(chart.without, result.name)
            and all(result.facts.get(name, "") == value for name, value in chart.facts.items())
        ]
        if results:
            yield chart, sorted(results, key=lambda result: -result.samples_per_second)


def markdown(sections: Mapping[str, Measurements]) -> str:
    """The pictures as the page shows them."""
    return "\n\n".join(
        f"![{chart.title}](benchmarks_{chart.name}.png)" for chart, _ in drawable(sections)
    )


def save(sections: Mapping[str, Measurements], folder: Path) -> None:
    """Draws them beside the page."""
    from dpa.integrations.matplotlib import save_picture

    for chart, results in drawable(sections):
        save_picture(drawn(chart, results), folder / f"benchmarks_{chart.name}.png")


def named(result: BenchmarkResult) -> str:
    """The name, and whether its values depend on more than the id."""
    return result.name + (" (by order)" if result.facts.get("order") == peers.ORDER else "")


def drawn(chart: Chart, results: Sequence[BenchmarkResult]) -> Figure:
    """A bar for each result, dpa's dark, with its median rate."""
    from matplotlib.figure import Figure

    from dpa.pictures.figures import DARK, GREY, INK

    figure = Figure((6.4, 0.6 + 0.22 * len(results)), dpi=200, facecolor="white")
    figure.set_layout_engine("constrained", h_pad=0.08)
    axes = figure.subplots()
    rates = [result.samples_per_second for result in results]
    colours = [DARK if re.match(chart.ours, result.name) else GREY for result in results]
    bars = axes.barh(range(len(results)), rates, height=0.7, color=colours)
    axes.bar_label(bars, [rate(value) for value in rates], padding=4, fontsize=8, color=INK)
    axes.set_yticks(range(len(results)), [named(result) for result in results], parse_math=False)
    axes.invert_yaxis()
    axes.margins(x=0.15, y=0.01)  # room for the rate beside the longest bar
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=8, labelcolor=INK)
    figure.suptitle(chart.title, x=0.01, ha="left", fontsize=9, color=INK)
    return figure
