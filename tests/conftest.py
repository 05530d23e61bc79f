"""Fixtures and hypothesis profiles of all tests."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import dpa
from dpa import _native

# A kernel stays the same for all examples of a test, so a fixture may choose it.
_ALLOWED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
settings.register_profile(
    "short",
    max_examples=200,
    derandomize=True,  # everyone runs the same examples
    deadline=None,  # no test asserts on the clock
    suppress_health_check=_ALLOWED,
)
settings.register_profile("long", max_examples=2000, deadline=None, suppress_health_check=_ALLOWED)
settings.load_profile(os.environ.get("DPA_HYPOTHESIS_PROFILE", "short"))


@pytest.fixture
def default_kernel() -> Iterator[None]:
    """Afterwards the kernel is again the one that the environment asks for."""
    yield
    _native.choose_kernel(os.environ.get("DPA_KERNEL") or None)


@pytest.fixture(params=dpa.kernels())
def kernel(request: pytest.FixtureRequest, default_kernel: None) -> str:
    """Each kernel that this CPU can run, forced for the length of the test."""
    name: str = request.param
    _native.choose_kernel(name)
    return name
