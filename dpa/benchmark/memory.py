"""The memory that a block or a call takes. 1 MB is 10^6 bytes."""

from __future__ import annotations

import math
import re
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, TypedDict, cast

from dpa.host.memory import MB

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class Memory(TypedDict):
    """The result of measure_memory, in MB."""

    before_mb: float
    after_mb: float
    delta_mb: float
    peak_mb: float
    peak_of: Literal["block", "lifetime"]
    # The original package's figures.
    initial_rss_mb: float
    final_rss_mb: float
    delta_rss_mb: float
    initial_vms_mb: float
    final_vms_mb: float
    delta_vms_mb: float
    initial_system_used_mb: float
    final_system_used_mb: float
    delta_system_mb: float
    initial_system_available_mb: float
    final_system_available_mb: float


@contextmanager
def measure_memory() -> Iterator[Memory]:
    """A block whose memory is measured; yields a dict that is complete when the block ends.

    The figures are MB of resident memory: `before_mb`, `after_mb`, their difference `delta_mb`,
    and `peak_mb`, the highest. `peak_of` says since when: "block" on Linux, where the
    high-water mark can be reset, and "lifetime" elsewhere. The dict also has the original
    package's figures: `rss` is the same resident memory, `vms` the address space of the
    process, `system` the machine. Figures that are known only at the end are NaN until then.
    Blocks may be nested and may overlap in threads; the memory is that of the whole process.

    >>> with measure_memory() as memory:
    ...     zeros = b"0" * 50_000_000
    >>> memory["delta_mb"] > 40
    True
    """
    before = _now()
    peak = _Peak()
    found: dict[str, Any] = {"peak_of": "block" if peak.of_block else "lifetime"}
    memory = cast("Memory", found)  # filled by computed names
    found.update(_figures(before, dict.fromkeys(before, math.nan)), peak_mb=math.nan)
    try:
        yield memory
    finally:
        found["peak_mb"] = peak.end() / MB
        found.update(_figures(before, _now()))


def _now() -> dict[str, float]:
    import psutil

    process, system = psutil.Process().memory_info(), psutil.virtual_memory()
    return {
        "rss_mb": process.rss / MB,
        "vms_mb": process.vms / MB,
        "system_used_mb": system.used / MB,
        "system_available_mb": system.available / MB,
    }


def _figures(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """All figures except the peak."""
    delta = {name: after[name] - before[name] for name in before}
    return {
        **{f"initial_{name}": value for name, value in before.items()},
        **{f"final_{name}": value for name, value in after.items()},
        "delta_rss_mb": delta["rss_mb"],
        "delta_vms_mb": delta["vms_mb"],
        "delta_system_mb": delta["system_used_mb"],
        "before_mb": before["rss_mb"],
        "after_mb": after["rss_mb"],
        "delta_mb": delta["rss_mb"],
    }


def allocated(function: Callable[[], object]) -> float:
    """The peak of what Python and NumPy allocate during function(), in MB.

    Resident memory would not show it: the process keeps memory that an earlier call has freed,
    and the next call uses it without growth. The call takes several times as long as usual.
    Allocations of other threads count, too.
    """
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = function()
        _, peak = tracemalloc.get_traced_memory()
        del result  # kept until here: it is part of the peak
        return (peak - before) / MB
    finally:
        if not already:
            tracemalloc.stop()


class _Peak:
    """The high-water mark since this object was made, even if other blocks reset the mark."""

    _lock = threading.Lock()
    _open: ClassVar[set[_Peak]] = set()

    def __init__(self) -> None:
        self._seen = 0
        with self._lock:
            for peak in self._open:  # the mark is about to be reset: keep it for them
                peak._seen = max(peak._seen, _high_water())
            self.of_block = _set_back()
            self._open.add(self)

    def end(self) -> int:
        """The peak in bytes."""
        with self._lock:
            self._open.remove(self)
            return max(self._seen, _high_water())


def _set_back() -> bool:
    """Resets the process's high-water mark to the memory of now; False if the system cannot."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _high_water() -> int:
    """The high-water mark of resident memory, in bytes."""
    try:
        found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
