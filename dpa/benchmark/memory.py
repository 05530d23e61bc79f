"""How much memory a block or a call takes. 1 MB is 10^6 bytes."""

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
    """What measure_memory tells, in MB."""

    before_mb: float
    after_mb: float
    delta_mb: float
    peak_mb: float
    peak_of: Literal["block", "lifetime"]
    # The original's.
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
    """A dict that tells, once the block has ended, what memory the process took.

    In MB of resident memory: `before_mb`, `after_mb`, their difference `delta_mb`, and
    `peak_mb`, the most that the process had. `peak_of` tells since when: "block" on
    Linux, whose high-water mark can be set back, "lifetime" elsewhere. Beside them the
    original's figures: `rss` is the same resident memory, `vms` the process's address
    space, `system` the machine. Until the block ends what it will have changed is NaN.
    Blocks may be nested and may overlap in threads; the memory is the whole process's.

    >>> with measure_memory() as memory:
    ...     zeros = b"0" * 50_000_000
    >>> memory["delta_mb"] > 40
    True
    """
    before = _now()
    peak = _Peak()
    found: dict[str, Any] = {"peak_of": "block" if peak.of_block else "lifetime"}
    memory = cast("Memory", found)  # filled under names that are made here
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
    """All but the peak."""
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
    """The most MB that Python and NumPy allocate at a time during function().

    Resident memory would not tell: what an earlier call has freed stays with the
    process, and the next one takes it without any growth. A call takes several times as
    long as usual. Allocations of other threads are counted, too.
    """
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        result = function()
        _, peak = tracemalloc.get_traced_memory()
        del result  # a part of the peak
        return (peak - before) / MB
    finally:
        if not already:
            tracemalloc.stop()


class _Peak:
    """The high-water mark since it was made, whatever other blocks set back meanwhile."""

    _lock = threading.Lock()
    _open: ClassVar[set[_Peak]] = set()

    def __init__(self) -> None:
        self._seen = 0
        with self._lock:
            for peak in self._open:  # they lose the mark: what it is now is theirs
                peak._seen = max(peak._seen, _high_water())
            self.of_block = _set_back()
            self._open.add(self)

    def end(self) -> int:
        """Bytes."""
        with self._lock:
            self._open.remove(self)
            return max(self._seen, _high_water())


def _set_back() -> bool:
    """Lowers the process's high-water mark to what it has now, where the system can."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _high_water() -> int:
    """Bytes of resident memory at the mark."""
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
