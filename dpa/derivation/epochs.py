"""Which epoch is in the key while a training is in one."""

from __future__ import annotations

from typing import NamedTuple, Self, TypeAlias

from dpa.checks import brief, integer

#: "fixed", "each", ("every", k) or ("cycle", k).
PolicyLike: TypeAlias = str | tuple[str, int]


class EpochPolicy(NamedTuple):
    """The epoch in the key as a function of the training's; "each" is ("every", 1)."""

    kind: str
    period: int

    @classmethod
    def checked(cls, policy: object) -> Self:
        """The policy that "fixed", "each", ("every", k) or ("cycle", k) describes.

        Raises TypeError or ValueError.
        """
        if isinstance(policy, cls):
            return policy
        if policy == "fixed":
            return cls("fixed", 1)
        if policy == "each":
            return cls("every", 1)
        if isinstance(policy, (tuple, list)) and len(policy) == 2 and policy[0] in _PERIODIC:
            period = integer("k in epoch_policy", policy[1])
            if period >= 1:
                return cls(policy[0], period)
        raise ValueError(
            'epoch_policy must be "fixed", "each", ("every", k) or ("cycle", k) with k of at least '
            f"1, got {brief(policy)}"
        )

    def at(self, epoch: int) -> int | None:
        """The epoch in the key during this epoch of the training; None is absent."""
        if self.kind == "fixed":
            return None
        return epoch // self.period if self.kind == "every" else epoch % self.period

    def distinct(self, epochs: range) -> tuple[int | None, ...]:
        """The epochs in the keys of a range of the training's, each once, in order."""
        if self.kind == "fixed":
            return (None,)
        if self.kind == "every":
            return tuple(range(epochs[0] // self.period, epochs[-1] // self.period + 1))
        return tuple(sorted(epoch % self.period for epoch in epochs[: self.period]))

    @property
    def given(self) -> PolicyLike:
        """The argument that makes this policy."""
        if self.kind == "fixed":
            return "fixed"
        return "each" if self == ("every", 1) else (self.kind, self.period)


_PERIODIC = ("every", "cycle")


def views_of(views: int, occurrence: int = 0) -> tuple[int | None, ...]:
    """The views in the keys of one occurrence of a sample that has this many versions.

    Occurrence o has the views o * views to (o + 1) * views - 1. With one version the first
    occurrence has none.
    """
    if views == 1 and occurrence == 0:
        return (None,)
    return tuple(range(occurrence * views, (occurrence + 1) * views))
