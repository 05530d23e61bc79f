"""Bar charts of benchmarks."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dpa.benchmark.comparison import Comparison, ComparisonReport
from dpa.benchmark.results import PerformanceMetrics
from dpa.benchmark.tables import rate
from dpa.pictures.figures import ALARM, DARK, INK, LIGHT, laid_out, page


def plot_comparison(report: ComparisonReport) -> Figure:
    """A bar chart of samples per second with their intervals; a baseline lies below its result.

    A regression is marked by bold text as well as by colour.
    """
    found = report.comparisons
    compared = any(one.baseline is not None for one in found)
    figure = page((9, 1.3 + 0.62 * len(found)))
    axes = figure.subplots()
    for at, one in enumerate(found):
        _bars(axes, at, one, report.confidence)
    names = [one.result.name for one in found]
    axes.set_yticks(range(len(found)), names, parse_math=False)
    axes.invert_yaxis()
    axes.margins(x=0.3)  # room for the text beside the longest bar
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda x, _: rate(x) if x else "0")
    axes.set_facecolor("white")
    axes.grid(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(INK)
    axes.tick_params(colors=INK, labelsize=10)
    axes.tick_params(axis="y", length=0)
    second = "second of CPU time" if report.cpu_time else "second"
    title = f"Samples a {second} (median, {report.confidence:.0%} interval)"
    if compared:
        title += "; hatched: what it is compared with"
    axes.set_title(title, loc="left", fontsize=11, color=INK)
    return laid_out(figure, pad=0.1)


def _bars(axes: Axes, at: int, found: Comparison, confidence: float) -> None:
    now = PerformanceMetrics(found.result, confidence)
    before = found.baseline and PerformanceMetrics(found.baseline, confidence)
    end = _bar(axes, at - 0.17 if before else at, now, color=DARK)
    text = rate(now.throughput_samples_per_second)
    if before:
        look = {"color": LIGHT, "hatch": "///", "edgecolor": "white"}
        end = max(end, _bar(axes, at + 0.19, before, **look))
        text += f", {found.ratio:.2f} x the time: {found.verdict}"
    slower = found.verdict == "slower"
    axes.annotate(
        text,
        (end, at),
        xytext=(6, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        color=ALARM if slower else INK,
        fontweight="bold" if slower else "normal",
    )


def _bar(axes: Axes, at: float, metrics: PerformanceMetrics, **look: Any) -> float:
    """Draws a bar with its whisker; returns where they end on the right."""
    value = metrics.throughput_samples_per_second
    low, high = metrics.throughput_interval
    axes.barh(at, value, height=0.34, **look)
    if math.isnan(low):
        return value
    axes.errorbar(value, at, xerr=[[value - low], [high - value]], color=INK, capsize=3)
    return max(value, high)
