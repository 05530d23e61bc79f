"""How the parameters of many samples are distributed, and the tests of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from dpa.audit.check import Check, pearson
from dpa.audit.tally import Tally
from dpa.derivation.columns import Column
from dpa.derivation.space import Space

#: Parameters whose pairs are tested, the first that vary: the work grows with the square.
MOST_PAIRED = 64

#: Samples that are added at a time: their scores stay in the cache, and BLAS multiplies so few
#: numbers itself. Threads of its own would wait for each other ten times as long as they work.
_PART = 8192


class Distribution:
    """How the parameters of a space are distributed; samples arrive in pieces of any size.

    It holds only counts and sums, 1.5 MB a parameter. A conditional parameter counts where it is
    active, a pair of parameters where both are.

    Attributes
    ----------
    size
        How many samples were added.
    names, tallies
        The parameters that vary, and what was counted of each; fixed ones are left out.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.size = 0
        every = {name: Tally(declared) for name, declared in space.parameters}
        self.tallies = {name: tally for name, tally in every.items() if not tally.fixed}
        self.names = tuple(self.tallies)
        self._paired = self.names[:MOST_PAIRED]
        # Of each pair (a, b) the samples that have both: their number, the sums of the scores of
        # a and of their squares, and the sums of products.
        square = (len(self._paired), len(self._paired))
        self._both, self._sums, self._squares, self._products = np.zeros((4, *square))

    def update(self, columns: Mapping[str, Column]) -> None:
        """Adds samples: an array (n, ...) for each name, as batches have them."""
        size = len(next(iter(columns.values())))
        for start in range(0, size, _PART):
            part = slice(start, start + _PART)
            self._add({name: column[part] for name, column in columns.items()})

    def _add(self, columns: Mapping[str, Column]) -> None:
        size = len(next(iter(columns.values())))
        self.size += size
        scores = np.zeros((len(self._paired), size))
        active = np.ones_like(scores) if any(self.space.conditions.values()) else None
        for at, (name, tally) in enumerate(self.tallies.items()):
            mask = self.space.mask(name, columns)
            found = tally.update(columns[name], mask)
            if at < len(scores):
                scores[at] = found
                if active is not None and mask is not None:
                    active[at] = mask
        products = scores @ scores.T
        self._products += products
        if active is None:
            self._both += size
            self._sums += scores.sum(axis=1)[:, None]
            self._squares += np.diag(products)[:, None]
        else:
            self._both += active @ active.T
            self._sums += scores @ active.T
            self._squares += scores**2 @ active.T

    def checks(self) -> Iterator[Check]:
        """All tests for which there are enough samples.

        Kolmogorov-Smirnov needs 1, correlations need 3, neighbours need 4, chi-squared needs
        64; parameters with few values need more.
        """
        single = [check for name, tally in self.tallies.items() for check in tally.checks(name)]
        yield from sorted(single, key=lambda check: check.kind != "chi-squared")
        yield from self._correlations()
        for name, tally in self.tallies.items():
            yield from tally.neighbours(name)

    def _correlations(self) -> Iterator[Check]:
        for (i, a), (j, b) in combinations(enumerate(self._paired), 2):
            size = int(self._both[i, j])
            if self._decides(a, b) or self._decides(b, a):
                continue  # where both are active, one has a single value
            if size >= self.tallies[a].least_paired(self.tallies[b]):
                sums = self._sums[i, j], self._sums[j, i]
                squares = self._squares[i, j], self._squares[j, i]
                yield Check(
                    "correlation", (a, b), *pearson(size, sums, squares, self._products[i, j])
                )

    def _decides(self, gate: str, name: str) -> bool:
        """Whether the value of `gate` decides if a sample has `name`."""
        return self.space.names.index(gate) in dict(self.space.conditions[name])
