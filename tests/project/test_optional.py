"""Packages that are not there: the error names the extra and the reason."""

import sys

import pytest

import fastperturb as fp
from fastperturb._optional import import_extra, import_opencv


def test_import_extra_gives_the_module():
    assert import_extra("importlib.metadata", "cli") is sys.modules["importlib.metadata"]
    assert import_opencv() is sys.modules["cv2"]


def test_a_hidden_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(
        fp.errors.MissingExtra, match=r"rich cannot be imported .*pip install 'fastperturb\[cli\]'"
    ) as caught:
        import_extra("rich", "cli")
    assert caught.value.name == "rich"
    assert isinstance(caught.value, ImportError)


def test_a_broken_package_says_why(monkeypatch, tmp_path):
    (tmp_path / "broken_one.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(fp.errors.MissingExtra, match=r"broken_one cannot be imported \(libGL\.so\.1: cannot open"):
        import_extra("broken_one", "demo")
