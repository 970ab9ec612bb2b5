"""What was learnt, on files that are damaged or forged: the error that docstrings promise, and little memory."""

import numpy as np
import pytest
from bounds import bounded
from cli_cases import BOXES
from forged_arrays import forged_arrays
from test_protections_reach import FACE, picture

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.errors import ModelError
from fastperturb.protections import KSame, Template, Weighted
from fastperturb.strength import Threshold, fit_threshold


def learnt(kind, folder):
    if kind == "template":
        Template.default().to_file(folder / "good")
        return (folder / "good").read_bytes()
    if kind == "threshold":
        return fit_threshold([picture(seed=seed)[:12, :12] for seed in range(4)]).to_bytes()
    protection = Weighted() if kind == "weighted" else KSame(2)
    protection.fit([picture(seed=seed) for seed in range(3)], [[FACE]] * 3)
    return protection.to_bytes()


READS = {
    "template": (Template.from_file, ModelError, ["--protect", "surrogate:template={}"]),
    "threshold": (Threshold.load, ValueError, ["--threshold", "{}"]),
    "weighted": (Weighted.load, ModelError, ["--protect", "weighted:weights={}"]),
    "ksame": (lambda path: KSame.load(path, 2), ModelError, ["--protect", "ksame:2,faces={}"]),
}


@pytest.mark.parametrize("kind", READS)
def test_damaged_files_are_refused_as_promised(kind, tmp_path, monkeypatch, capsys):
    read, error, options = READS[kind]
    good, path = learnt(kind, tmp_path), tmp_path / "learnt.npz"
    path.write_bytes(good)
    read(path)
    monkeypatch.chdir(tmp_path)
    fp.Key.generate().to_file(tmp_path / "my.key")
    fp.files.write_image(tmp_path / "a.png", picture(channels=(3,)))
    (tmp_path / "boxes.json").write_text('{"a.png": [[20, 10, 80, 96]]}')
    for damage, content in forged_arrays(good).items():
        path.write_bytes(content)
        with bounded(2, 60), pytest.raises(error, match=r"learnt\.npz: "):
            read(path)
        if damage in ("method 9", "huge shape"):
            job = ["perturb", "a.png", "-o", "b.png", *BOXES, *(option.format(path) for option in options)]
            assert run(job) in (1, 2)
            assert "learnt.npz" in capsys.readouterr().err


def test_a_template_nested_without_end_is_refused(tmp_path):
    fp.files.write_image(tmp_path / "a.png", picture(channels=(3,)))
    (tmp_path / "a.json").write_text('{"landmarks": ' + "[" * 30_000 + "]" * 30_000 + "}")
    with pytest.raises(ModelError, match=r"a\.json is nested too deeply"):
        Template.from_file(tmp_path / "a.png")
    (tmp_path / "a.json").write_text(" " * 70_000)
    with pytest.raises(ModelError, match="may have up to 65536 bytes"):
        Template.from_file(tmp_path / "a.png")


def test_faces_of_another_type_are_refused(tmp_path):
    np.savez(tmp_path / "faces.npz", format="fastperturb-ksame 1", faces=np.zeros((4, 64, 64, 3), "U1"))
    with pytest.raises(ModelError, match="not a file of faces"):
        KSame.load(tmp_path / "faces.npz", 2)
