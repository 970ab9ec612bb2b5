"""Targets and thresholds on the command line: solved for each picture, refused where they cannot be."""

import json
import math

import numpy as np
import pytest
from cli_cases import BOXES, lines_of

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image

SMALL = ("perturb", "in/a.png", "-o", "out.png", *BOXES)


def moved_by(one, other):
    return float(((read_image(one).pixels.astype(float) - read_image(other).pixels) ** 2).sum())


@pytest.fixture
def people(here):
    """Four people, five grey pictures each of 20 x 16, a folder for each."""
    rng = np.random.default_rng(4)
    for name in "abcd":
        (here / "people" / name).mkdir(parents=True)
        face = rng.normal(128, 30, (20, 16))
        for number in range(5):
            picture = np.clip(face + rng.normal(0, 20, face.shape), 0, 255).astype(np.uint8)
            write_image(here / "people" / name / f"{number}.png", picture)
    return here / "people"


@pytest.mark.parametrize(
    ("options", "squared_error"),
    [
        (["--psnr", "20"], 255**2 * 40 * 50 * 3 / 100),
        (["--distance", "2000"], 4e6),
        (["--mse", "300"], 300 * 40 * 50 * 3),
    ],
)
def test_targets(folder, options, squared_error):
    assert run([*SMALL, *options]) == 0
    assert abs(10 * math.log10(moved_by("in/a.png", "out.png") / squared_error)) <= 0.05
    assert run(["restore", "out.png", "-o", "back.png", "--key-file", "my.key"]) == 0
    assert moved_by("in/a.png", "back.png") == 0


def test_what_cannot_be_reached_fails_and_says_what_can(folder, capsys):
    assert run([*SMALL, "--psnr", "3"]) == 1
    assert "in/a.png: psnr must be at least" in capsys.readouterr().err
    assert run([*SMALL, "--psnr", "20", "--pixels", "9"]) == 2
    assert "give one of pixels, coverage, psnr, distance, mse" in capsys.readouterr().err


def test_a_result_of_another_target_is_not_taken_for_done(folder, capsys):
    assert run([*SMALL, "--psnr", "20"]) == run([*SMALL, "--psnr", "20"]) == 0
    assert run([*SMALL, "--psnr", "21"]) == 1
    assert "these options" in capsys.readouterr().err


def test_a_threshold_is_fitted_drawn_and_used(people, folder, capsys):
    pytest.importorskip("matplotlib")
    assert run(["threshold", "people", "-o", "faces.threshold", "--components", "6"]) == 0
    fitted = fp.strength.Threshold.load("faces.threshold")
    assert capsys.readouterr().out == f"{fitted}\n"
    assert fitted.labelled
    assert (len(fitted.components), fitted.mean.shape) == (6, (20, 16))
    assert read_image("faces.png").pixels.shape[2] in (3, 4)
    assert run([*SMALL, "--threshold", "faces.threshold", "--window", "region"]) == 0
    wanted = fitted.theta**2 * (20 * 22 * 3) / (20 * 16)
    assert abs(10 * math.log10(moved_by("in/a.png", "out.png") / wanted)) <= 0.05
    assert read_record("out.png").regions[0].window == 22
    assert run([*SMALL, "--threshold", "faces.threshold", "--window", "region"]) == 0  # unchanged
    assert run([*SMALL, "--threshold", "faces.threshold"]) == 1  # other options


def test_the_result_as_json_and_from_a_flat_folder(people, capsys):
    assert run(["threshold", "people/a", "-o", "a.threshold", "--no-plot", "--json"]) == 0
    (facts,) = lines_of(capsys.readouterr().out)
    assert facts["labelled"] is False
    assert facts["shape"] == [20, 16]
    assert facts["theta"] == fp.strength.Threshold.load("a.threshold").theta
    assert not (people.parent / "a.png").exists()


def test_pictures_can_be_made_alike(people, here, capsys):
    write_image(people / "a" / "other.png", np.zeros((30, 30, 3), np.uint8))
    assert run(["threshold", "people", "-o", "t.threshold", "--no-plot"]) == 1
    assert "--size and --grey make pictures alike" in capsys.readouterr().err
    assert not (here / "t.threshold").exists()
    assert run(["threshold", "people", "-o", "t.threshold", "--no-plot", "--size", "8x10", "--grey"]) == 0
    assert fp.strength.Threshold.load("t.threshold").mean.shape == (10, 8)


def test_nothing_is_overwritten_unless_asked(people, here, capsys):
    (here / "t.threshold").write_text("mine")
    assert run(["threshold", "people", "-o", "t.threshold", "--no-plot"]) == 1
    assert "t.threshold exists; --force replaces it" in capsys.readouterr().err
    assert (here / "t.threshold").read_text() == "mine"
    assert run(["threshold", "people", "-o", "t.threshold", "--no-plot", "--force"]) == 0
    assert fp.strength.Threshold.load("t.threshold").labelled


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["threshold", "nowhere", "-o", "t"], 2, "nowhere"),
        (["threshold", "people", "-o", "t", "--size", "big"], 2, "--size must be like 92x112, got 'big'"),
        (["threshold", "people", "-o", "t", "--components", "20"], 1, "components must be 1 to 19"),
        (["threshold", "empty", "-o", "t"], 1, "no images found in empty"),
        (["threshold", "mixed", "-o", "t"], 1, "it must be one or the other"),
        (["threshold", "broken", "-o", "t"], 1, "broken/x.png"),
        (["threshold", "people", "-o", "t.png"], 2, "the threshold file cannot be the picture too"),
        ([*SMALL, "--threshold", "boxes.json"], 2, "boxes.json: not a threshold file"),
        ([*SMALL, "--threshold", "boxes.json", "--mse", "3"], 2, "--threshold is instead of --pixels"),
    ],
)
def test_wrong_usage(people, folder, here, capsys, arguments, code, message):
    pytest.importorskip("matplotlib")
    for name in ("empty", "mixed/sub", "broken"):
        (here / name).mkdir(parents=True)
    for place in ("mixed/x.png", "mixed/sub/y.png"):
        write_image(here / place, np.zeros((9, 9), np.uint8))
    (here / "broken" / "x.png").write_bytes(b"no picture")
    assert run(arguments) == code
    out, err = capsys.readouterr()
    assert message in err
    assert out == ""
    assert len(err.splitlines()) == 1
    assert not (here / "t").exists()
    assert json.loads((here / "boxes.json").read_text())
