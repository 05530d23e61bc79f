"""Comparisons of results with earlier ones: which differences exceed chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from dpa.benchmark.bootstrap import checked_confidence, ratio_interval
from dpa.benchmark.results import BenchmarkResult, PerformanceMetrics, Record, json_text
from dpa.benchmark.tables import Table, rate
from dpa.checks import amount

Verdict: TypeAlias = Literal["slower", "faster", "same", "unclear", "uncompared"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A result compared with another one, its baseline.

    Attributes
    ----------
    result
        The result.
    baseline
        What it is compared with. None makes the verdict "uncompared" and the numbers NaN.
    ratio
        The median time of a sample over the baseline's; above 1 is slower.
    interval
        (low, high) of the ratio, by bootstrap.
    verdict
        "slower" or "faster" if the whole interval is beyond the threshold, "same" if all of it
        is within, otherwise "unclear".
    """

    result: BenchmarkResult
    baseline: BenchmarkResult | None
    ratio: float
    interval: tuple[float, float]
    verdict: Verdict

    @classmethod
    def of(
        cls,
        result: BenchmarkResult,
        baseline: BenchmarkResult | None,
        threshold: float,
        confidence: float,
    ) -> Self:
        """Compares a result with its baseline.

        Parameters
        ----------
        result
            The result.
        baseline
            What it is compared with. None makes the verdict "uncompared" and the numbers NaN.
        threshold
            The relative difference of times that matters: 0.1 is 10 %.
        confidence
            The confidence of the interval, between 0 and 1.

        Returns
        -------
        Comparison
            The ratio, its interval and the verdict.
        """
        if baseline is None:
            return cls(result, None, math.nan, (math.nan, math.nan), "uncompared")
        ratio = baseline.samples_per_second / result.samples_per_second
        low, high = ratio_interval(_each(result), _each(baseline), confidence)
        return cls(result, baseline, ratio, (low, high), _verdict(low, high, 1 + threshold))

    def to_dict(self) -> Record:
        """The names, the rates, the ratio and the verdict."""
        return {
            "name": self.result.name,
            "baseline": None if self.baseline is None else self.baseline.name,
            "samples_per_second": self.result.samples_per_second,
            "baseline_samples_per_second": (
                math.nan if self.baseline is None else self.baseline.samples_per_second
            ),
            "ratio": self.ratio,
            "interval": list(self.interval),
            "verdict": self.verdict,
        }


def _each(result: BenchmarkResult) -> list[float]:
    """The seconds of one sample in each measurement."""
    return [seconds / result.samples_per_call for seconds in result.times_seconds]


def _verdict(low: float, high: float, limit: float) -> Verdict:
    if low > limit:
        return "slower"
    if high < 1 / limit:
        return "faster"
    return "same" if low >= 1 / limit and high <= limit else "unclear"


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    """Comparisons of results with their baselines, as text, Markdown and JSON.

    Attributes
    ----------
    comparisons
        One for each result.
    threshold
        The relative difference of times that matters: 0.1 is 10 %.
    confidence
        The confidence of the intervals, between 0 and 1.
    notes
        Further remarks for the reader.
    cpu_time
        Whether all seconds are CPU time.
    """

    comparisons: tuple[Comparison, ...]
    threshold: float
    confidence: float
    notes: tuple[str, ...] = ()
    cpu_time: bool = False

    @classmethod
    def compare(
        cls,
        results: Iterable[BenchmarkResult],
        baseline: Iterable[BenchmarkResult],
        *,
        threshold: float = 0.1,
        confidence: float = 0.95,
        notes: Sequence[str] = (),
        cpu_time: bool = False,
    ) -> Self:
        """Compares results with the results of the same names in a baseline.

        Parameters
        ----------
        results
            The results to judge.
        baseline
            The results to compare them with.
        threshold
            The relative difference of times that matters: 0.1 is 10 %.
        confidence
            The confidence of the intervals, between 0 and 1.
        notes
            Further remarks for the reader.
        cpu_time
            Whether to compare the CPU time of all threads instead of wall-clock time. It is the
            better choice for work that computes, because other programs hardly change it.

        Returns
        -------
        ComparisonReport
            One comparison for each of `results`; a note names what only the baseline has.

        Raises
        ------
        MeasurementError
            cpu_time is asked for but was not measured; a ValueError.
        ValueError
            The threshold is below 0, or the confidence is not between 0 and 1.
        """
        if cpu_time:
            results = [result.by_cpu_time() for result in results]
            baseline = [result.by_cpu_time() for result in baseline]
        results, before = list(results), {result.name: result for result in baseline}
        lost = before.keys() - {result.name for result in results}
        pairs = [(result, before.get(result.name)) for result in results]
        gone = [f"not measured now: {name}" for name in sorted(lost)]
        report = cls.of_pairs(pairs, threshold, confidence, (*notes, *gone))
        return replace(report, cpu_time=cpu_time)

    @classmethod
    def of_pairs(
        cls,
        pairs: Iterable[tuple[BenchmarkResult, BenchmarkResult | None]],
        threshold: float,
        confidence: float,
        notes: Sequence[str] = (),
    ) -> Self:
        """Compares each result with the baseline that it is paired with, if any.

        Parameters
        ----------
        pairs
            (result, baseline) of each comparison.
        threshold
            The relative difference of times that matters: 0.1 is 10 %.
        confidence
            The confidence of the intervals, between 0 and 1.
        notes
            Further remarks for the reader.

        Returns
        -------
        ComparisonReport
            One comparison for each pair.

        Raises
        ------
        ValueError
            The threshold is below 0, or the confidence is not between 0 and 1.
        """
        amount("threshold", threshold)
        checked_confidence(confidence)
        compared = [Comparison.of(*pair, threshold, confidence) for pair in pairs]
        return cls(tuple(compared), threshold, confidence, tuple(notes))

    @property
    def regressions(self) -> tuple[Comparison, ...]:
        """The comparisons that are slower by more than the threshold, beyond chance."""
        return tuple(found for found in self.comparisons if found.verdict == "slower")

    # The original package's names: the first configuration, and the others compared with it.
    @property
    def baseline_config(self) -> str:
        """The name of the first baseline; "" if nothing is compared."""
        return next((before.name for _, before in self._compared()), "")

    @property
    def comparison_configs(self) -> list[str]:
        """The names of the results that have a baseline."""
        return [found.result.name for found, _ in self._compared()]

    @property
    def metrics_comparison(self) -> dict[str, PerformanceMetrics]:
        """The figures of the results that have a baseline, by name."""
        return {
            found.result.name: PerformanceMetrics(found.result, self.confidence)
            for found, _ in self._compared()
        }

    @property
    def performance_improvements(self) -> dict[str, float]:
        """How many percent more samples per second than the baseline, by name."""
        return {found.result.name: 100 * (1 / found.ratio - 1) for found, _ in self._compared()}

    @property
    def recommendations(self) -> list[str]:
        """A sentence for each result that has a baseline."""
        return [_ADVICE[found.verdict].format(found, before) for found, before in self._compared()]

    def _compared(self) -> list[tuple[Comparison, BenchmarkResult]]:
        return [(found, found.baseline) for found in self.comparisons if found.baseline]

    def to_text(self) -> str:
        """The report for a terminal."""
        return "\n".join([self._table().text(), *self._remarks()])

    __str__ = to_text

    def to_markdown(self) -> str:
        """The report as a heading, a table and the notes."""
        return "\n".join([self._table().markdown(), "", *(f"- {x}" for x in self._remarks())])

    def to_dict(self) -> Record:
        """The report as to_json writes it."""
        return {
            "threshold": self.threshold,
            "confidence": self.confidence,
            "cpu_time": self.cpu_time,
            "comparisons": [found.to_dict() for found in self.comparisons],
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """The report as a JSON object; NaN becomes null."""
        return json_text(self.to_dict())

    def _table(self) -> Table:
        head = ("what", "rate", "from", "to", "memory", "CPU", "before", "time", "interval", "")
        rows = [self._row(found) for found in self.comparisons]
        return Table("Comparison", head, rows).without_empty_columns()

    def _row(self, found: Comparison) -> list[str]:
        metrics = PerformanceMetrics(found.result, self.confidence)
        rates = [
            found.result.name,
            rate(metrics.throughput_samples_per_second),
            *(_known(x, rate(x)) for x in metrics.throughput_interval),
        ]
        usage = ["", ""]  # a comparison is of times, and has no room for more
        if not self._compares:
            usage = [
                _known(metrics.memory_usage_mb, f"{metrics.memory_usage_mb:.1f} MB"),
                _known(metrics.cpu_usage_percent, f"{metrics.cpu_usage_percent:.0f}%"),
            ]
        if found.baseline is None:
            return [*rates, *usage, "", "", "", ""]
        low, high = found.interval
        return [
            *rates,
            *usage,
            rate(found.baseline.samples_per_second),
            f"{found.ratio:.2f} x",
            _known(low, f"{low:.2f} - {high:.2f}"),
            found.verdict,
        ]

    @property
    def _compares(self) -> bool:
        return any(found.baseline is not None for found in self.comparisons)

    def _remarks(self) -> list[str]:
        second = "second of CPU time" if self.cpu_time else "second"
        confidence = f"{self.confidence:.0%} bootstrap"
        legend = [  # of each line: a column, and what explains it
            [
                ("rate", f"rate: samples a {second}, median"),
                ("from", f"from, to: of it, {confidence}"),
            ],
            [
                ("time", "time: of a sample, as a multiple of the one before"),
                ("interval", f"interval: {confidence}"),
            ],
            [("interval", f"slower, faster: the whole interval is beyond {self.threshold:.0%}")],
        ]
        head = self._table().head
        lines = ("; ".join(text for name, text in line if name in head) for line in legend)
        return [*filter(None, lines), *self.notes]


_ADVICE = {
    "slower": "{0.result.name} is slower: {0.ratio:.2f} times the time of {1.name} a sample",
    "faster": "{0.result.name} is faster: {0.ratio:.2f} times the time of {1.name} a sample",
    "same": "{0.result.name} is as fast as {1.name}: choose by something else",
    "unclear": "{0.result.name} and {1.name} differ less than the noise: measure more iterations",
}


def _known(value: float, text: str) -> str:
    return "" if math.isnan(value) else text
