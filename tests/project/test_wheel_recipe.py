"""What cibuildwheel is told, as far as it can be checked without it."""

import re
from pathlib import Path

import pytest

tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
ROOT = Path(__file__).parents[2]
RECIPE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["cibuildwheel"]
TABLES = [RECIPE, *(table for table in RECIPE.values() if isinstance(table, dict))]


def test_environments_have_no_pipe_outside_quotes():
    """cibuildwheel evaluates $(...) itself, knows no pipes and stops at one; a shell that it calls may have them."""
    values = [value for table in TABLES for value in table.get("environment", {}).values()]
    assert any("$(" in value for value in values)
    assert not [value for value in values if "|" in re.sub(r"'[^']*'", "", value)]


def test_every_file_that_is_named_is_there():
    commands = " ".join(RECIPE["test-command"])
    named = re.findall(r"\{project\}/(\S+)", commands)
    assert named
    assert all((ROOT / name).is_file() for name in named)


def test_every_version_of_the_classifiers_is_built():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = re.findall(r":: (3\.\d+)'", str(project["classifiers"]))
    assert RECIPE["build"] == [f"cp{version.replace('.', '')}-*" for version in stated]
