"""The parameters of a batch as a table of numbers, without a dict for each sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dpa._pixels import EFFECT
from dpa.derivation.columns import Column, Columns
from dpa.images.effects import LIMITS, SWITCHES, Effect, is_known

_AT = {name: at for at, name in enumerate(LIMITS)}
_NOISE = _AT["noise"]
_NEUTRAL = np.array(Effect()[:EFFECT], np.float64)


class EffectTable(NamedTuple):
    """What is done to each of n samples."""

    rows: npt.NDArray[np.float64]  # shape (n, EFFECT): the numbers of an Effect, in its order
    digests: npt.NDArray[np.uint8] | None  # shape (n, 32); None without noise

    @classmethod
    def checked(cls, batch: Iterable[Mapping[str, Any]], *, strict: bool = False) -> EffectTable:
        """The effects of an AugmentationBatch or a sequence of dicts.

        Each sample's are those of Effect.checked, which says what is ignored, and what is raised.
        """
        if isinstance(batch, Columns):
            table = _of_columns(batch, strict)
            if table is not None:
                return table
        if isinstance(batch, Mapping) or not isinstance(batch, Iterable):
            found = "one dict" if isinstance(batch, Mapping) else repr(batch)
            raise TypeError(f"batch must be an AugmentationBatch or a list of dicts, got {found}")
        effects = []
        for at, params in enumerate(batch):
            try:
                effects.append(Effect.checked(params, strict=strict))
            except (TypeError, ValueError) as error:
                raise type(error)(f"{error}{_place(at)}") from None
        return cls.of(effects)

    @classmethod
    def of(cls, effects: list[Effect]) -> EffectTable:
        """The table of checked effects."""
        rows = np.array([effect[:EFFECT] for effect in effects], np.float64).reshape(-1, EFFECT)
        digests = None
        if rows[:, _NOISE].any():
            text = b"".join(effect.digest or bytes(32) for effect in effects)
            digests = np.frombuffer(text, np.uint8).reshape(-1, 32)
        return cls(rows, digests)

    def is_relative(self) -> bool:
        """Whether any sample has noise or gamma, which are relative to the full range."""
        return self.digests is not None or bool((self.column("gamma") != 1).any())

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """The numbers of one effect, shape (n,)."""
        return self.rows[:, _AT[name]]

    def effect(self, at: int) -> Effect:
        """The effect of one sample."""
        digest = None if self.digests is None else self.digests[at].tobytes()
        return Effect._make([*self.rows[at].tolist(), digest, _place(at)])


def _place(at: int) -> str:
    return f" (sample {at} of the batch)"


def _of_columns(batch: Columns, strict: bool) -> EffectTable | None:
    """None where the samples must be looked at one by one to say what is wrong."""
    rows = np.empty((len(batch), EFFECT))
    rows[:] = _NEUTRAL
    for name, column in batch.columns.items():
        if name not in LIMITS:
            if strict and not is_known(name, column[:1]):
                return None
            continue
        values, active = _numbers(batch, name, column), batch.active(name)
        if values is None or not _fit(name, values[active]):
            return None
        np.copyto(rows[:, _AT[name]], values, where=active)
    noisy = rows[:, _NOISE].any()
    return EffectTable(rows, np.ascontiguousarray(batch.digests) if noisy else None)


def _numbers(batch: Columns, name: str, column: Column) -> npt.NDArray[np.float64] | None:
    """A column's values as doubles; None where these are no single numbers."""
    labels = batch.space[name].choices
    if name not in SWITCHES and (column.dtype == np.bool_ or bool in map(type, labels or ())):
        return None
    if labels is not None and all(isinstance(label, (int, float)) for label in labels):
        column = np.array(labels, np.float64)[column.view(np.uint32)]
    elif labels is not None or column.ndim > 1:
        return None
    return column.astype(np.float64)


def _fit(name: str, values: npt.NDArray[np.float64]) -> bool:
    """Whether all lie within the limits, which no NaN does."""
    least, most = LIMITS[name]
    within = ((values >= least) & (values <= most)).all()
    return bool(within and (name not in SWITCHES or np.isin(values, (0, 1)).all()))
