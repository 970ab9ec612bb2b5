"""``fastperturb evaluate`` as its users meet it, on crops of one photograph that stand for people."""

import json
import re

import numpy as np
import pytest
from cli_cases import astronaut, here  # noqa: F401

from fastperturb.cli.app import run
from fastperturb.files import write_image

BASE = ["evaluate", "folder:people", "-o", "out", "--detectors", "yunet", "--recognisers", "eigenfaces", "-j", "1"]
SMALL = [*BASE, "--protection", "permutation:cells=4", "--attackers", "naive", "--resamples", "20", "--enrolled", "1"]


@pytest.fixture
def people(here, astronaut):  # noqa: F811
    """Two people, two pictures each: the face as it is, and mirrored with less light; and one of nobody."""
    for person, change in (("ann", lambda face: face), ("bob", lambda face: face[:, ::-1] // 2 + 20)):
        for number, place in enumerate((80, 92)):
            crop = np.ascontiguousarray(change(astronaut[:260, place : place + 280]))
            (here / "people" / person).mkdir(parents=True, exist_ok=True)
            write_image(here / "people" / person / f"{number}.png", crop)
    (here / "people" / "sky").mkdir()
    write_image(here / "people" / "sky" / "1.png", np.full((80, 60, 3), 90, np.uint8))
    return here


def test_a_study_from_the_command_line(people, capsys):
    assert run(SMALL) == 0
    captured = capsys.readouterr()
    assert captured.out.endswith("out/report.html\n")
    assert "unknown recogniser, still detectable: " in captured.out
    assert "no face found in 1 images, which are in no number, such as sky/1.png" in captured.err
    assert {"cache", "report.html", "results.csv", "results.json"} <= {path.name for path in (people / "out").iterdir()}
    content = json.loads((people / "out" / "results.json").read_text())
    assert (content["about"]["with_face"], content["about"]["people"]) == (4, 2)
    recall = {
        (row["protection"], row["reading"]): row["value"] for row in content["rows"] if row["measure"] == "recall"
    }
    assert recall["clear", "direct"] == 1
    assert recall["black", "direct"] == 0
    html = (people / "out" / "report.html").read_text()
    assert not re.search(r"https?:", html)
    first = (people / "out" / "results.json").read_bytes()
    assert run([*SMALL, "--json", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["advice"][0]["aim"] == "unknown recogniser, still detectable"
    assert captured.err == ""
    assert (people / "out" / "results.json").read_bytes() == first
    assert "0 of " in (people / "out" / "report.html").read_text()  # nothing was done anew


def test_a_file_of_settings_and_flags_over_it(people):
    (people / "study.toml").write_text(
        'data = "folder:people"\nprotections = ["mosaic:16"]\ndetectors = ["yunet"]\nrecognisers = ["eigenfaces"]\n'
        'attackers = ["linker"]\nenrolled = 1\nresamples = 0\nseed = 5\n[few]\nyunet = 1\n'
    )
    assert run(["evaluate", "--config", "study.toml", "-o", "out", "-j", "1", "--seed", "6", "--quiet"]) == 0
    about = json.loads((people / "out" / "results.json").read_text())["about"]
    assert about["config"]["seed"] == 6
    assert about["config"]["protections"] == ["clear", "mosaic:16", "black"]
    assert about["config"]["detector_limits"] == {"dlib-mmod": 40, "yunet": 1}


def test_a_picture_that_cannot_be_read_is_told_and_fails_the_run(people, capsys):
    (people / "people" / "ann" / "2.png").write_bytes(b"no picture")
    assert run([*SMALL, "--quiet"]) == 1
    assert "reading: failed 1 times" in capsys.readouterr().err
    assert "1 measurement failed" in (people / "out" / "report.html").read_text()


def test_a_single_image_is_looked_at_and_fails_nothing(here, astronaut):  # noqa: F811
    (here / "one").mkdir()
    write_image(here / "one" / "1.png", np.ascontiguousarray(astronaut[:260, 80:360]))
    assert run(["evaluate", "flat:one", *SMALL[2:], "--quiet"]) == 0
    about = json.loads((here / "out" / "results.json").read_text())["about"]
    assert list(about["absent"]) == ["threshold"]


def test_people_too_few_to_be_divided_are_told(people, capsys):
    assert run([*SMALL, "--split", "person", "--quiet"]) == 1
    assert "split by person: at least two people with two images must be left to look up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evaluate", "-o", "out"], "DATA must be named, or a file by --config"),
        (["evaluate", "folder:nowhere", "-o", "out"], "no such folder"),
        (["evaluate", "folder:people"], "Missing option '--output'"),
        ([*SMALL, "--few", "nosuch=3"], "detector_limits must name detectors that take part, yunet, got nosuch"),
        ([*SMALL, "--detector-limit", "yunet"], "--detector-limit must be like dlib-mmod=40, got 'yunet'"),
        ([*SMALL, "--protection", "smear"], "a protection must be one of"),
        (
            [*SMALL, "--attackers", "spy"],
            "attackers must be of naive, cleaner, parrot, linker, restorer, file, got spy",
        ),
        (["evaluate", "folder:people", "-o", "out", "--resamples", "1000001"], "Invalid value for '--resamples'"),
        ([*SMALL, "--config", "bad.toml"], "unknown key colour"),
    ],
)
def test_wrong_usage(people, capsys, arguments, words):
    (people / "bad.toml").write_text("colour = 1\n")
    assert run(arguments) == 2
    assert words in capsys.readouterr().err
    assert not (people / "out").exists()


def test_help_names_its_sections(capsys):
    assert run(["evaluate", "--help"]) == 0
    text = capsys.readouterr().out
    for section in ("What to evaluate", "By whom", "How to count", "Running and reporting"):
        assert section in text
