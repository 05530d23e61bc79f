"""ADAPTIVE's search for the batch size at which the consumer is fastest."""

from __future__ import annotations

import math
import statistics


class Climber:
    """Searches the batch size at which the consumer takes the least time per sample.

    Each size is tried on three batches and their median counts, so that one slow call (a
    compilation, an interruption) does not decide. The search doubles the first size as long as
    that helps, and halves it down to the floor, which costs few samples. From the best size so
    far it continues with smaller and smaller factors, up and down. Each size is tried once, so
    the search ends; the best size is kept. This is hill climbing: it can stop at a local
    optimum.
    """

    TRIES = 3
    #: The least gain that counts. If the cost at size n is a / n + b and doubling n gains less than
    #: 2 %, the cost is at most 1.042 b.
    GAIN = 0.02
    FINEST = 1.04  # 2 ** (1/16) is tried, 2 ** (1/32) is not

    def __init__(self, start: int, floor: int, cap: int) -> None:
        self.size = start
        self._floor, self._cap = floor, cap
        self._halves = [start >> shift for shift in range(1, start.bit_length())]
        self._best = start
        self._factor = 2.0
        self._costs: dict[int, float] = {}
        self._times: list[float] = []

    def observe(self, size: int, seconds: float) -> None:
        """Records the consumer's `seconds` for a batch; ignored unless `size` is on trial."""
        if size != self.size or size in self._costs:
            return
        self._times.append(seconds)
        if len(self._times) == self.TRIES:
            self._costs[size] = statistics.median(self._times) / size
            self._times = []
            if self._costs[size] < self._costs[self._best] * (1 - self.GAIN):
                self._best = size
            self.size = self._next()

    def _next(self) -> int:
        """The next size to try, or the best one if the search has ended."""
        while self._factor > self.FINEST:
            best, factor = self._best, self._factor
            down = self._halves if factor == 2 else [round(best / factor)]
            for size in (round(best * factor), *down):
                size = max(self._floor, min(self._cap, size))
                if size not in self._costs:
                    return size
            self._factor = math.sqrt(factor)
        return self._best
