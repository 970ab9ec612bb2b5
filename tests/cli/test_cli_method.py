"""``perturb --method`` and ``train``: other protections on files, what they refuse, and what they say."""

import json
import sys

import numpy as np
import pytest
from cli_cases import lines_of, same, tree

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image
from fastperturb.protections import parse_protection

OWN = ("--boxes", "boxes.json")
FOR_GOOD = (*OWN, "--irreversible")


@pytest.mark.parametrize("method", ["mosaic:5", "black", "blur:cells=3", "noise:0.2"])
def test_a_folder_is_hidden_for_good(folder, capsys, method):
    assert run(["perturb", "in", "-o", "out", *FOR_GOOD, "--method", method, "--json"]) == 0
    out, err = capsys.readouterr()
    *results, last = lines_of(out)
    name = parse_protection(method).name
    assert {(item["method"], item["reversible"], item["regions"]) for item in results} == {(name, False, 1)}
    assert all("moved" not in item for item in results)
    assert last["summary"]["counts"] == {"perturbed": 5}
    assert f"{name} replaces the faces for good: no seal is made" in err
    face = [fp.Face(fp.Region(5, 6, 20, 22))]
    for source, target in zip(tree(folder), tree(folder.parent / "out"), strict=True):
        clear, hidden = read_image(folder / source).pixels, read_image(folder.parent / "out" / target)
        assert not any("record" in key for key in hidden.texts)
        if not method.startswith("noise"):
            assert np.array_equal(hidden.pixels, parse_protection(method).protect(clear, face, seed=0))
    assert run(["restore", "out", "-o", "back", "--key-file", "my.key"]) == 1
    assert "no record" in capsys.readouterr().err


def test_what_is_done_is_not_done_again_and_another_method_is_another_result(folder, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *FOR_GOOD, "--json", "--method"]
    assert run([*job, "noise:0.1"]) == 0
    assert run([*job, "noise:0.1"]) == 0
    assert lines_of(capsys.readouterr().out)[2]["status"] == "unchanged"
    assert run([*job, "noise:0.2"]) == 1
    assert "is not the result of this input and these options" in capsys.readouterr().err


@pytest.mark.parametrize("method", ["permutation:cells=3,shape=ellipse", "parts:cells=6", "features"])
def test_reversible_methods_keep_records_and_are_restored(here, capsys, method):
    job = ["perturb", "face.png", "-o", "hidden.png", "--key-file", "my.key", "--method", method, "--json"]
    assert run(job) == 0
    result = lines_of(capsys.readouterr().out)[0]
    assert result["reversible"]
    assert result["method"] == parse_protection(method).name
    assert result["moved"] > 1000
    assert not same("face.png", "hidden.png")
    assert run(["restore", "hidden.png", "-o", "back.png", "--key-file", "my.key"]) == 0
    assert same("face.png", "back.png")


def test_no_method_is_the_surrogate_and_a_strength_means_windows(folder, capsys):
    job = ["perturb", "in/a.png", *OWN, "--key-file", "my.key", "--json", "-o"]
    assert run([*job, "out"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["method"] == "surrogate, head, tone around"
    for name, options in (("a", ("--cells", "4")), ("b", ("--psnr", "20")), ("c", ("--protect", "windows"))):
        assert run([*job, name, *options]) == 0
        assert lines_of(capsys.readouterr().out)[0]["method"] == "permutation"


def test_other_options_behave(here, capsys):
    job = ["perturb", "face.png", "-o", "hidden.jpg", "--method", "black", "--grow", "head", "--shape", "ellipse"]
    assert run([*job, "--one-time-key", "--quiet"]) == 0  # JPEG, for nothing is to be restored
    assert capsys.readouterr().err == ""
    clear, hidden = (read_image(name).pixels.astype(int) for name in ("face.png", "hidden.jpg"))
    (face,) = fp.locate(clear.astype(np.uint8), grow=(0.3, 0.45, 0.3, 0.15), shape="ellipse")
    expected = parse_protection("black").protect(clear.astype(np.uint8), [face], seed=0)
    assert np.abs(hidden - expected).mean() < 3
    job = ["perturb", "face.png", "-o", "features.png", "--method", "black", "--features", "--irreversible", "--json"]
    assert run(job) == 0
    assert lines_of(capsys.readouterr().out)[0]["regions"] == 4


def test_a_key_in_the_environment_seals_and_an_unset_one_is_an_error(folder, monkeypatch, capsys):
    job = ["perturb", "in/a.png", "-o", "out", *OWN, "--method", "black", "--json"]
    assert run(job) == 2
    assert "a key is needed" in capsys.readouterr().err
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.generate().to_text())
    assert run(job) == 0
    assert lines_of(capsys.readouterr().out)[0]["reversible"]
    assert run(["restore", "out/a.png", "-o", "back.png"]) == 0
    assert same("in/a.png", "back.png")
    assert run([*job, "--irreversible", "--force"]) == 0
    assert not lines_of(capsys.readouterr().out)[0]["reversible"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["mosiac"], "a protection must be one of windows, clear"),
        (["Mosaic:6"], "got 'Mosaic:6'; did you mean mosaic?"),
        (["Windows"], "; did you mean windows?"),
        (["clear"], "clear hides nothing"),
        (["mosaic:1"], "window must be at least 4, got 1"),
        (["cae"], "needs a file of what it has learnt: 'fastperturb train' writes one"),
        (["cae:none.onnx"], "none.onnx: the model cannot be read"),
        (["black", "--reproducible", "--irreversible"], "black has no key: no --reproducible"),
        (["black", "--cells", "4"], "--protect has its own strength"),
        (["permutation", "--psnr", "24"], "--protect has its own strength"),
    ],
)
def test_refused(folder, capsys, options, message):
    assert run(["perturb", "in", "-o", "out", *OWN, "--method", *options]) == 2
    assert message in capsys.readouterr().err
    assert not (folder.parent / "out").exists()


def test_what_cannot_be_hidden_is_not_written(folder, capsys):
    (folder.parent / "boxes.json").write_text(json.dumps({"a.png": [[500, 6, 20, 22]], "b.pgm": [[5, 6, 20, 22]]}))
    for method in ("black", "parts"):
        job = ["perturb", "in/a.png", "in/b.pgm", "-o", "out", *FOR_GOOD, "--method", method]
        assert run(job) == 1
        assert "regions[0] must touch the image" in capsys.readouterr().err
        assert tree(folder.parent / "out") == (["b.png"] if method == "black" else [])
        (folder.parent / "out" / "b.png").unlink(missing_ok=True)


@pytest.mark.parametrize(("method", "use"), [("ksame:2", "ksame:2,faces={}"), ("weighted", "weighted:0.5,weights={}")])
def test_train_and_use(folder, capsys, method, use):
    assert run(["train", "in", "-o", "learnt.npz", "--method", method, *OWN, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["pictures"], facts["faces"], facts["without"]) == (5, 5, 0)
    job = ["perturb", "in", *FOR_GOOD, "--method", use.format("learnt.npz")]
    assert run([*job, "-o", "out"]) == 0
    assert run([*job, "-o", "out"]) == 0
    assert run(["train", "in", "-o", "learnt.npz", "--method", method, *OWN]) == 1
    assert "learnt.npz exists; --force replaces it" in capsys.readouterr().err
    (folder / "a.png").unlink()
    assert run(["train", "in", "-o", "learnt.npz", "--method", method, *OWN, "--force"]) == 0
    assert "learnt from 4 faces of 4 pictures: learnt.npz" in capsys.readouterr().err
    assert run([*job, "-o", "out"]) == 1  # the same text, but it has learnt something else
    assert "--force writes it anew" in capsys.readouterr().err


def test_train_an_autoencoder(folder, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    assert run(["train", "in", "-o", "small.onnx", "--method", "cae:code=3,epochs=2", *OWN]) == 0
    assert run(["perturb", "in", "-o", "out", *FOR_GOOD, "--method", "cae:small.onnx", "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["method"] == "autoencoder, 3 numbers, small.onnx"


def test_train_refuses(folder, here, monkeypatch, capsys):
    assert run(["train", "in", "-o", "x.npz", "--method", "mosaic:8"]) == 2
    assert "must be one that learns: cae, ksame or weighted" in capsys.readouterr().err
    write_image("in/grey.png", np.full((60, 60), 90, np.uint8))
    (here / "empty").mkdir()
    assert run(["train", "empty", "-o", "x.npz", "--method", "ksame"]) == 1
    assert "must show at least one face" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["train", "in", "-o", "x.onnx", *OWN]) == 1
    assert "fastperturb[train]" in capsys.readouterr().err
    (here / "in" / "a.png").write_bytes(b"no image")
    assert run(["train", "in", "-o", "x.npz", "--method", "ksame", *OWN]) == 1
    assert "a.png" in capsys.readouterr().err
    assert not (here / "x.npz").exists()
