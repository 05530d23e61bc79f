"""The plain-Python twin of the tests: it stands in for the original package, which is not here."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from dpa.config import DEFAULT

_PATH = Path(__file__).parents[1] / "tests" / "reference.py"
_spec = importlib.util.spec_from_file_location("reference", _PATH)
assert _spec is not None
assert _spec.loader is not None
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)


def twin_params(sample_id: int | str, sampler: str = DEFAULT.sampler, depth: int = 10) -> Any:
    """What gen_augmentation_params returns."""
    h = _reference.chain_hash(_reference.key_text(sample_id), depth)
    return _reference.params(h, DEFAULT.bounds, sampler)


def twin_chain(num_samples: int) -> list[Any]:
    """What generate_augmentation_chain returns."""
    return [twin_params(sample_id) for sample_id in range(num_samples)]
