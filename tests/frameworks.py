"""What tests need beyond the group `test`: they are skipped where it is not installed."""

import importlib
import os
from types import ModuleType

import pytest


def require(name: str, group: str | None = None) -> ModuleType:
    """The module; where it is absent the caller is skipped, or fails if DPA_NO_SKIPS names it.

    `group`: the target of make that installs it, where this has another name.
    """
    if name in os.environ.get("DPA_NO_SKIPS", "").split():
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed (make {group or name})")
