"""How long to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dpa.benchmark import BenchmarkResult, Case, benchmark_cases


@dataclass(frozen=True)
class Effort:
    """Repeats, seconds each of them takes at least, and the size of the work."""

    iterations: int
    minimum_seconds: float
    scale: float
    ghz: float | None = None  # the clock, where the user knows it

    def samples(self, count: int) -> int:
        """That many of a full measurement, fewer of a quick one."""
        return max(96, int(count * self.scale))

    def measure(self, cases: Sequence[Case]) -> list[BenchmarkResult]:
        """The cases in turn, after two warm-up calls of each."""
        return benchmark_cases(
            cases,
            iterations=self.iterations,
            warmup_iterations=2 if self.minimum_seconds else 1,
            minimum_seconds=self.minimum_seconds,
        )


FULL = Effort(iterations=9, minimum_seconds=0.02, scale=1)
QUICK = Effort(iterations=2, minimum_seconds=0, scale=0.001)
