"""What images of one form become: how they are read, and what is done to each (docs/spec.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from dpa._pixels import COLUMNS, INTERPOLATIONS, MAX_SIDE, STEPS, Frame
from dpa.checks import brief, finite, integer
from dpa.images.effects import Effect
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
#: The borders that are not a number.
_BORDERS = ("reflect", "edge")


class Sampling(NamedTuple):
    """How to read between the pixels and beyond the border."""

    interpolation: int  # an index of INTERPOLATIONS
    border: str | None  # None: there is `fill`
    fill: float

    @classmethod
    def checked(cls, interpolation: str, border: str | float) -> Sampling:
        """The sampling for the arguments of apply_augmentation. Raises ValueError."""
        if not isinstance(interpolation, str) or interpolation not in INTERPOLATIONS:
            known = ", ".join(INTERPOLATIONS)
            raise ValueError(f"interpolation must be one of {known}, got {interpolation!r}")
        return cls(INTERPOLATIONS.index(interpolation), *checked_border(border))


def checked_border(border: str | float) -> tuple[str | None, float]:
    """The border, or None and the number to fill with. Raises ValueError."""
    if isinstance(border, str) and border in _BORDERS:
        return border, 0.0
    try:
        return None, finite("border", border)
    except (TypeError, ValueError):
        known = ", ".join(_BORDERS)
        raise ValueError(
            f"border must be one of {known} or a finite number, got {brief(border)}"
        ) from None


class Rendering(NamedTuple):
    """The options of apply_augmentation: how results are made, whatever the parameters."""

    sampling: Sampling
    out_size: tuple[int, int] | None = None  # None: that of the image
    full_range: float | None = None  # None: that of the dtype
    erase_fill: float = 0.0

    @classmethod
    def checked(
        cls,
        out_size: tuple[int, int] | None = None,
        border: str | float = "reflect",
        interpolation: str = "linear",
        full_range: float | None = None,
        erase_fill: float = 0,
    ) -> Rendering:
        """The arguments of apply_augmentation. Raises TypeError or ValueError."""
        sampling = Sampling.checked(interpolation, border)
        white = None if full_range is None else finite("full_range", full_range)
        return cls(sampling, checked_out_size(out_size), white, finite("erase_fill", erase_fill))

    def range_of(self, dtype: np.dtype[Any]) -> float:
        """The full range of images of that dtype. Raises TypeError or ValueError."""
        usual = FULL_RANGES.get(dtype)
        if usual is None:
            raise TypeError(_bad_dtype(dtype))
        if self.full_range is None:
            return usual
        found = self.full_range
        if dtype.kind == "u" and not (1 <= found <= usual and found.is_integer()):
            raise ValueError(
                f"full_range must be a whole number of 1 to {usual} for {dtype}, got {found}"
            )
        if not 1e-30 <= found <= 1e30:
            raise ValueError(f"full_range must be 1e-30 to 1e30, got {found}")
        return found


def checked_size(name: str, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width). Raises TypeError or ValueError."""
    sides = tuple(size) if isinstance(size, Iterable) else ()
    if len(sides) != 2:
        raise ValueError(f"{name} must be (height, width), as image.shape[:2] is, got {size!r}")
    height, width = (integer(name, side) for side in sides)
    if not 1 <= min(height, width) <= max(height, width) <= MAX_SIDE:
        raise ValueError(f"{name} must be (height, width) of 1 to {MAX_SIDE}, got {size}")
    return height, width


def require_sides(name: str, height: int, width: int) -> None:
    """Raises ValueError for sides that the map of an image cannot have."""
    if max(height, width) > MAX_SIDE:
        raise ValueError(
            f"{name} must have sides of 1 to {MAX_SIDE} pixels, got {height} x {width}"
        )


def checked_out_size(size: tuple[int, int] | None) -> tuple[int, int] | None:
    """(height, width), or None for that of the image. Raises TypeError or ValueError."""
    return None if size is None else checked_size("out_size", size)


class Form(NamedTuple):
    """Images of one shape and dtype, and what they become."""

    frame: Frame
    rendering: Rendering
    size: tuple[int, int]
    out: tuple[int, int]
    channels: int
    full_range: float

    @classmethod
    def checked(
        cls,
        size: tuple[int, int],
        channels: int,
        dtype: np.dtype[Any],
        rendering: Rendering,
        *,
        planes: bool = False,
    ) -> Form:
        """The form of images of `size`, (height, width); `planes`: CxHxW, not HxWxC.

        float64 has that of float32. Raises TypeError or ValueError.
        """
        full_range, (interpolation, border, fill) = rendering.range_of(dtype), rendering.sampling
        single = np.dtype(np.float32) if dtype == np.float64 else dtype
        filled = checked_fill("border", single, fill)
        erased = checked_fill("erase_fill", single, rendering.erase_fill)
        out = rendering.out_size or size
        kinds = (1, channels) if planes else (channels, 1)
        frame = Frame(
            *(size, out, *kinds, single.char, interpolation, border),
            *(filled.tobytes(), erased.tobytes(), full_range),
        )
        return cls(frame, rendering, size, out, channels, full_range)

    def steps(self, table: EffectTable) -> Steps:
        """What is done to each image. Raises ValueError."""
        steps = np.empty((len(table.rows), STEPS), np.int64)
        refused = self.frame.prepare(table.rows, table.digests, steps)
        if refused is not None:
            at, what = refused
            self._refuse(what, table.effect(at))
        return steps

    def steps_of(self, effect: Effect) -> Steps:
        """What is done to one image, as a table of one row. Raises ValueError."""
        steps = np.empty((1, STEPS), np.int64)
        refused = self.frame.prepare_one(effect, effect.digest, steps)
        if refused is not None:
            self._refuse(refused, effect)
        return steps

    def _refuse(self, what: str, effect: Effect) -> NoReturn:
        if what == "map":
            effect.placed(self.size, self.out)  # which raises, and says why
        if what == "colours":
            needed = f"saturation and grey need 1 or 3 channels, got {self.channels}"
            raise ValueError(f"{needed}{effect.place}")
        raise too_large(effect)

    def augment(
        self,
        images: npt.NDArray[Any],
        results: npt.NDArray[Any],
        steps: Steps,
        effect_at: Callable[[int], Effect],
    ) -> None:
        """Fills results by the steps of images, all C-contiguous.

        `effect_at`: what made a row of steps. Raises ValueError.
        """
        refused = self.frame.augment(images, results, steps, noise_table)
        if refused is not None:
            at, what = refused
            self._refuse(what, effect_at(at))

    def tone(
        self,
        pixels: npt.NDArray[Any],
        steps: Steps,
        effect: Effect,
        alpha: npt.NDArray[np.uint8] | None = None,
    ) -> bool:
        """Gamma and tones of one C-contiguous result, in place. False if there is nothing to do.

        `alpha`: how much each pixel counts in the mean. Raises ValueError.
        """
        fits, changed = self.frame.tone(pixels, steps, noise_table, alpha)
        if not fits:
            raise too_large(effect)
        return changed


def too_large(effect: Effect) -> ValueError:
    """The error where no float32 holds a sample's tone."""
    return ValueError(
        "brightness, contrast and noise must make numbers that float32 holds, got the brightness "
        f"{effect.brightness}, the contrast {effect.contrast} and the noise {effect.noise}"
        f"{effect.place}"
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
