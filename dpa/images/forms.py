"""What images of one form become: how they are read, and what is done to each (docs/spec.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa._pixels import COLUMNS, INTERPOLATIONS, STEPS, Frame
from dpa.checks import finite
from dpa.images.effects import Effect, checked_border, checked_interpolation
from dpa.images.noise import noise_table
from dpa.images.table import EffectTable

#: What is done to n images, int64 (n, STEPS), as csrc/dpa_image.h has it.
Steps: TypeAlias = npt.NDArray[np.int64]
#: The words of a row that hold the box which is erased: top, left, bottom, right.
ERASED = slice(COLUMNS["box"], COLUMNS["box"] + 4)
#: The largest value of integers, 1 of floats.
FULL_RANGES = {
    np.dtype(np.uint8): 255,
    np.dtype(np.uint16): 65535,
    np.dtype(np.float32): 1,
    np.dtype(np.float64): 1,
}
#: From here on a number rounds to no finite float32.
TOO_LARGE = float.fromhex("0x1.ffffffp127")
_INTERPOLATIONS = {name: at for at, name in enumerate(INTERPOLATIONS)}
#: The borders that are not a number.
BORDERS = {"reflect": "reflect", "edge": "edge"}


class Sampling(NamedTuple):
    """How to read between the pixels and beyond the border."""

    interpolation: int  # an index of INTERPOLATIONS
    border: str | None  # None: there is `fill`
    fill: float

    @classmethod
    def checked(cls, interpolation: str, border: str | float) -> Sampling:
        """The sampling for the arguments of apply_augmentation. Raises ValueError."""
        at = checked_interpolation(interpolation, _INTERPOLATIONS)
        return cls(at, *checked_border(border, BORDERS, None))


class Tones(NamedTuple):
    """What the values of pixels are relative to, and what a box of erased ones becomes."""

    full_range: float | None = None  # None: that of the dtype
    erase_fill: float = 0.0

    def range_of(self, dtype: np.dtype[Any]) -> float:
        """The full range of images of that dtype. Raises TypeError or ValueError."""
        usual = FULL_RANGES.get(dtype)
        if usual is None:
            raise TypeError(_bad_dtype(dtype))
        if self.full_range is None:
            return usual
        found = finite("full_range", self.full_range)
        if dtype.kind == "u" and not (1 <= found <= usual and found.is_integer()):
            raise ValueError(
                f"full_range must be a whole number of 1 to {usual} for {dtype}, got {found}"
            )
        if not 1e-30 <= found <= 1e30:
            raise ValueError(f"full_range must be 1e-30 to 1e30, got {found}")
        return found


USUAL = Tones()


class Form(NamedTuple):
    """Images of one shape and dtype, and what they become."""

    frame: Frame
    size: tuple[int, int]
    out: tuple[int, int]
    channels: int

    @classmethod
    def checked(
        cls,
        size: tuple[int, int],
        channels: int,
        dtype: np.dtype[Any],
        sampling: Sampling,
        tones: Tones = USUAL,
        out_size: tuple[int, int] | None = None,
        *,
        planes: bool = False,
    ) -> Form:
        """The form of images of `size`, (height, width); `planes`: CxHxW, not HxWxC.

        float64 has that of float32. Raises TypeError or ValueError.
        """
        full_range, (interpolation, border, fill) = tones.range_of(dtype), sampling
        single = np.dtype(np.float32) if dtype == np.float64 else dtype
        filled = checked_fill("border", single, fill if border is None else 0.0)
        erased = checked_fill("erase_fill", single, tones.erase_fill)
        out = out_size or size
        kinds = (1, channels) if planes else (channels, 1)
        frame = Frame(
            *(size, out, *kinds, single.char, interpolation, border),
            *(filled.tobytes(), erased.tobytes(), full_range),
        )
        return cls(frame, size, out, channels)

    def steps(self, table: EffectTable) -> Steps:
        """What is done to each image. Raises ValueError."""
        steps = np.empty((len(table.rows), STEPS), np.int64)
        refused = self.frame.prepare(table.rows, table.digests, steps)
        if refused is not None:
            at, what = refused
            self._refuse(what, *table.sample(at))
        return steps

    def steps_of(self, effect: Effect) -> Steps:
        """What is done to one image, as a table of one row. Raises ValueError."""
        steps = np.empty((1, STEPS), np.int64)
        refused = self.frame.prepare_one(effect, effect.digest, steps)
        if refused is not None:
            self._refuse(refused, effect)
        return steps

    def _refuse(self, what: str, effect: Effect, which: str = "") -> NoReturn:
        if what == "map":
            try:
                effect.placed(self.size, self.out)
            except ValueError as error:
                raise ValueError(f"{error}{which}") from None
        if what == "colours":
            needed = f"saturation and grey need 1 or 3 channels, got {self.channels}"
            raise ValueError(f"{needed}{which}")
        raise ValueError(f"{too_large(effect)}{which}")

    def augment(
        self,
        images: npt.NDArray[Any],
        results: npt.NDArray[Any],
        steps: Steps,
        sample_at: Callable[[int], tuple[Effect, str]],
    ) -> None:
        """Fills results by the steps of images, all C-contiguous.

        `sample_at`: what made a row of steps, and the end of a message about it. Raises ValueError.
        """
        refused = self.frame.augment(images, results, steps, noise_table)
        if refused is not None:
            at, what = refused
            self._refuse(what, *sample_at(at))

    def tone(
        self,
        pixels: npt.NDArray[Any],
        steps: Steps,
        effect: Effect,
        alpha: npt.NDArray[np.uint8] | None = None,
        which: str = "",
    ) -> bool:
        """Gamma and tones of one C-contiguous result, in place. False if there is nothing to do.

        `alpha`: how much each pixel counts in the mean. `which`: the end of a message. Raises
        ValueError.
        """
        fits, changed = self.frame.tone(pixels, steps, noise_table, alpha)
        if not fits:
            raise ValueError(f"{too_large(effect)}{which}")
        return changed


def too_large(effect: Effect) -> str:
    """What to say where no float32 holds a sample's tone."""
    return (
        "brightness, contrast and noise must make numbers that float32 holds, got the brightness "
        f"{effect.brightness}, the contrast {effect.contrast} and the noise {effect.noise}"
    )


def _bad_dtype(dtype: np.dtype[Any]) -> str:
    known = ", ".join(map(str, FULL_RANGES))
    advice = ""
    native = dtype.newbyteorder("=")
    if native in FULL_RANGES:
        advice = f": image.astype(np.{native}) keeps its values"
    elif native == np.float16:
        advice = ": image.astype(np.float32) keeps its values"
    elif native == np.int16:
        advice = ": (image.astype(np.int32) + 32768).astype(np.uint16) keeps its values"
    elif dtype.kind in "iu":
        advice = ": image.astype(np.float32) with full_range= keeps integers to 2**24"
    elif dtype.kind == "b":
        advice = ": augment_mask is for labels"
    return f"image must have one of the dtypes {known}, got {dtype}{advice}"


def checked_fill(name: str, dtype: np.dtype[Any], fill: float) -> npt.NDArray[Any]:
    """The number as an element."""
    if dtype.kind == "f":
        if abs(fill) >= TOO_LARGE:
            raise ValueError(f"{name} must be a number that float32 holds, got {fill}")
    elif not (0 <= fill <= FULL_RANGES[dtype] and fill.is_integer()):
        raise ValueError(
            f"{name} must be a whole number of 0 to {FULL_RANGES[dtype]} for {dtype}, got {fill}"
        )
    return np.array(fill, dtype)
