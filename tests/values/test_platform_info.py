"""info(): what is in use, and how the environment chooses it."""

import os
import subprocess
import sys

import pytest

import fastperturb as fp
from fastperturb import _core
from fastperturb.platform_info import info

SHOW = "from fastperturb.platform_info import info; print(info().instruction_set)"


def run_with(name):
    return subprocess.run(
        [sys.executable, "-c", SHOW], env=os.environ | {"FASTPERTURB_ISA": name}, capture_output=True, text=True
    )


def test_info_is_what_the_core_says(isa):
    found = info()
    assert (found.version, found.instruction_set) == (fp.__version__, isa)
    assert list(found.instruction_sets) == _core.available_isas()
    assert found.instruction_sets[-1] == "baseline"
    assert found.threads >= 1


@pytest.mark.parametrize("name", _core.available_isas())
def test_the_environment_chooses(name):
    assert run_with(name).stdout.strip() == name


def test_a_wrong_name_lists_the_right_ones():
    result = run_with("mmx")
    assert result.returncode != 0
    listed = ", ".join(_core.available_isas())
    assert f"FASTPERTURB_ISA: instruction set must be one of {listed} on this processor, got 'mmx'" in result.stderr
