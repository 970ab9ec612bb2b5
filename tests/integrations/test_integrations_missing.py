"""Frameworks that are not there: each file of the integrations names the extra that brings its own."""

import importlib
import sys

import pytest

import fastperturb as fp


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("albumentations", "albumentations"),
        ("torchvision", "torch"),
        ("sklearn", "sklearn.base"),
    ],
)
def test_the_extra_is_named(monkeypatch, name, hidden):
    module = f"fastperturb.integrations.{name}"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, hidden, None)
    with pytest.raises(
        fp.errors.MissingExtra, match=rf"{hidden} cannot be imported .*pip install 'fastperturb\[{name}\]'"
    ):
        importlib.import_module(module)


def test_the_program_says_which(monkeypatch, here, capsys):
    from fastperturb.integrations.ray.__main__ import main

    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([".", "out", "--key-file", "my.key"]) == 2
    assert "pip install 'fastperturb[ray]'" in capsys.readouterr().err


def test_data_frames_need_their_package(monkeypatch, here):
    from fastperturb.integrations.dask import KeyPlace, RowJob, perturb_dataframe
    from fastperturb.integrations.rows import PerturbImages

    job = RowJob(key=KeyPlace(str(here / "my.key")))
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"pip install 'fastperturb\[ray\]'"):
        PerturbImages(job)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"pip install 'fastperturb\[dask\]'"):
        perturb_dataframe(None, job)
