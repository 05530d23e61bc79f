"""The machine and the software of a measurement."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

import numpy as np

import dpa
from dpa import _native
from dpa.benchmark.results import Record
from dpa.derivation.config import ALGORITHM
from dpa.host.threads import allowed_cores, thread_count


def machine() -> Record:
    """The machine and its software: CPU, system, compiler, versions, kernel, cores, threads."""
    cpu, family = _cpu()
    return {
        "cpu": cpu,
        "cpu_family": family,
        "architecture": platform.machine(),
        "cores": allowed_cores(),
        "threads": thread_count(),
        "system": platform.platform(),
        "compiler": _compiler(),
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "python_compiler": platform.python_compiler(),
        "numpy": np.__version__,
        "dpa": dpa.__version__,
        "algorithm": ALGORITHM,
        "kernel": _native.active_kernel(),
    }


def _cpu() -> tuple[str, int | None]:
    """The CPU's model name and, on Linux, its family."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine(), None
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    family = re.search(r"^cpu family\s*: (\d+)$", text, re.MULTILINE)
    return name[1] if name else platform.machine(), int(family[1]) if family else None


def _compiler() -> str:
    """The compiler of the kernels, found by the note that gcc and clang leave in the file."""
    compiled = Path(_native.__file__).read_bytes()
    found = re.search(rb"GCC: \([^\0)]*\) [\w.]+|[\w ]*clang version [\w.]+", compiled)
    return found[0].decode("ascii") if found else "unknown"
