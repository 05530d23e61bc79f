"""The fastest that NumPy alone can do for ids: SplitMix64 in arrays that are reused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.peers import BOUNDS, SEED, splitmix64

GOLDEN, FIRST, SECOND = (
    np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


class SplitMix64:
    """The values of `bench.peers.numpy_hash`, without a new array for each step."""

    def __init__(self, ids: npt.NDArray[np.uint64]) -> None:
        self.ids = ids
        self.state, self.word, self.shifted = (np.empty_like(ids) for _ in range(3))
        self.columns = {name: np.empty(len(ids)) for name, _ in BOUNDS}
        self.seed = splitmix64(np.array([SEED], np.uint64))

    def fill(self) -> None:
        """One pass over the ids; the values are in `columns`."""
        np.multiply(self.ids, GOLDEN, out=self.state)
        np.add(self.state, self.seed, out=self.state)
        self._mix()
        self.state, self.word = self.word, self.state
        for name, (low, high) in BOUNDS:
            column = self.columns[name]
            np.add(self.state, GOLDEN, out=self.state)
            self._mix()
            np.right_shift(self.word, np.uint64(11), out=self.word)
            np.multiply(self.word, 2.0**-53 * (high - low), out=column)
            np.add(column, low, out=column)

    def _mix(self) -> None:
        """The hash of state into word."""
        word, shifted = self.word, self.shifted
        np.right_shift(self.state, np.uint64(30), out=shifted)
        np.bitwise_xor(self.state, shifted, out=word)
        np.multiply(word, FIRST, out=word)
        np.right_shift(word, np.uint64(27), out=shifted)
        np.bitwise_xor(word, shifted, out=word)
        np.multiply(word, SECOND, out=word)
        np.right_shift(word, np.uint64(31), out=shifted)
        np.bitwise_xor(word, shifted, out=word)
