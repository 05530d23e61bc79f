"""The CPU's clock, measured by instructions whose latency is known."""

from __future__ import annotations

import ctypes
import mmap
import platform
import re
from pathlib import Path

from dpa.benchmark import BenchmarkResult, Case

NAME = "clock"
#: A 64-bit multiplication waits 3 cycles for the one before on every x86 CPU since 2008.
LATENCY_CYCLES = 3
CHAIN, LOOPS = 1000, 1000


def clock_case() -> Case | None:
    """Something to measure whose samples are cycles; None where it is not known how.

    /proc/cpuinfo would not do: in a virtual machine it tells the nominal clock.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not hasattr(mmap, "PROT_EXEC"):
        return None
    body = bytes.fromhex("480fafc0") * CHAIN + bytes.fromhex("48ffcf")  # imul rax, rax; dec rdi
    back = (-len(body) - 6).to_bytes(4, "little", signed=True)
    code = body + bytes.fromhex("0f85") + back + bytes.fromhex("c3")  # jnz body; ret
    protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    try:
        page = mmap.mmap(-1, len(code), prot=protection)
    except OSError:  # the system forbids memory that is writable and executable
        return None
    page.write(code)
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    chain = ctypes.CFUNCTYPE(None, ctypes.c_uint64)(start)

    def spin(_: mmap.mmap = page) -> None:  # the page lives as long as the function
        chain(LOOPS)

    facts = {"source": "measured: dependent multiplications, 3 cycles each"}
    return Case(NAME, spin, LATENCY_CYCLES * CHAIN * LOOPS, facts=facts)


def given_clock(ghz: float | None, iterations: int) -> BenchmarkResult | None:
    """The clock by --ghz, else by /proc/cpuinfo, as if measured; None where neither tells."""
    source = "given by --ghz"
    if ghz is None:
        source = "told by /proc/cpuinfo"
        try:
            text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        except OSError:
            return None
        found = re.search(r"^cpu MHz\s*: ([\d.]+)$", text, re.MULTILINE)
        if found is None:
            return None
        ghz = float(found[1]) / 1000
    return BenchmarkResult(NAME, (1e-9 / ghz,) * iterations, facts={"source": source})
