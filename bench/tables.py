"""The tables of the report: rates, and times."""

from __future__ import annotations

from collections.abc import Sequence

from dpa.benchmark import BenchmarkResult
from dpa.benchmark.tables import Table, duration, rate, times


def rate_table(title: str, results: Sequence[BenchmarkResult], note: str = "") -> Table:
    """Rates of results; `against` among a result's facts names the one to compare it with."""
    named = {result.name: result for result in results}
    twin = next((result for result in results if result.facts.get("twin")), None)
    head = ["what", "best", "median", "each", "share", "of"]
    rows = []
    for result in results:
        other = named.get(result.facts.get("against", ""))
        row = [
            result.name,
            rate(result.best_samples_per_second),
            rate(result.samples_per_second),
            duration(result.median_seconds / result.samples_per_call),
            f"{result.rate_against(other)[1]:.2f}" if other else "",
            other.name if other else "",
        ]
        rows.append(row + ([times(result.rate_against(twin)[1])] if twin else []))
    table = Table(title, (*head, *(["the twin"] if twin else [])), rows, note)
    return table.without_empty_columns()


def duration_table(title: str, results: Sequence[BenchmarkResult], note: str = "") -> Table:
    """Times of results that make nothing to count."""
    rows = [
        [result.name, *map(duration, (min(t), result.median_seconds, max(t)))]
        for result in results
        for t in [result.times_seconds]
    ]
    return Table(title, ("what", "best", "median", "worst"), rows, note)
