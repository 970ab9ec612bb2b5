"""Shared fixtures; run the whole suite for one instruction set with FASTPERTURB_ISA=name."""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import settings

import fastperturb as fp
from fastperturb import _core

# The fixtures of the command line's tests, where the extra is installed: emulated processors have the core alone.
pytest_plugins = ["cli_cases"] if find_spec("click") else []

settings.register_profile("default", deadline=None, max_examples=100)
settings.register_profile("thorough", deadline=None, max_examples=1000)
# A core that checks itself is slow.
settings.register_profile("sanitize", deadline=None, max_examples=20, derandomize=True, database=None)
# A change is judged by the same examples as the one before it; others are drawn by whoever runs the tests by hand.
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, database=None)
settings.load_profile("default")


@pytest.fixture
def key():
    return fp.Key(bytes(range(32)))


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture(params=_core.available_isas())
def isa(request):
    """Runs the test once per instruction set that this machine has."""
    before = _core.isa()
    _core.use_isa(request.param)
    yield request.param
    _core.use_isa(before)
