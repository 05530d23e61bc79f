from typing import Any

import numpy as np
import numpy.typing as npt

def noise(digest: bytes, table: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None: ...
def apply_tone(
    pixels: npt.NDArray[Any],
    gain: float,
    offset: float,
    stdev: float = 0.0,
    digest: bytes | None = None,
    table: npt.NDArray[np.float32] | None = None,
) -> None: ...
