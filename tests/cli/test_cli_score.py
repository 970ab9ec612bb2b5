"""``fastperturb score`` and ``detectors`` as their users meet them."""

import json

import numpy as np
import pytest
from cli_cases import astronaut, here  # noqa: F401

from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image

BASE = ["score", "in", "--detectors", "yunet", "--resamples", "20"]


@pytest.fixture
def data(here, astronaut):  # noqa: F811
    """Two photographs of one face, one of nobody."""
    for name, pixels in {
        "a.png": astronaut[:300, 80:380],
        "sub/b.png": np.ascontiguousarray(astronaut[:260, 100:360, 0]),
        "nobody.png": np.full((64, 80, 3), 90, np.uint8),
    }.items():
        path = here / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, np.ascontiguousarray(pixels))
    return here


def rows(capsys):
    return {(r["protection"], r["reading"]): r for r in json.loads(capsys.readouterr().out)["rows"]}


def test_before_and_after(data, capsys):
    assert run([*BASE, "--strength", "window=9+45", "--json"]) == 0
    table = rows(capsys)
    assert table["clear", "direct"]["recall"] == table["window 9", "view"]["recall"] == 1
    assert table["window 45", "direct"]["recall"] == 0
    assert table["window 45", "direct"]["precision"] is None
    assert table["clear", "direct"]["truths"] == 2


def test_results_misses_and_going_on(data, capsys):
    job = [*BASE, "--strength", "window=45", "-o", "out", "--rule", "paper", "--misses", "1"]
    assert run(job) == 0
    first = capsys.readouterr().out
    assert 'Rule "paper"' in first
    assert {path.name for path in (data / "out").iterdir()} == {
        *("scores.csv", "scores.json", "scores.md", "cache", "misses")
    }
    (picture,) = (data / "out" / "misses" / "yunet_window_45_direct").iterdir()
    assert read_image(picture).pixels.shape == (300, 300, 3)
    found = {path.name: path.read_text() for path in (data / "out" / "cache").iterdir()}
    assert len(found) == 3
    assert run(job) == 0
    assert capsys.readouterr().out == first
    assert {path.name: path.read_text() for path in (data / "out" / "cache").iterdir()} == found


def test_own_truth(data, capsys):
    (data / "truth.json").write_text('{"a.png": [[98, 62, 91, 115]], "lost.png": []}')
    assert run([*BASE, "--truth", "truth.json", "--reading", "direct"]) == 0
    captured = capsys.readouterr()
    assert "truth.json (json)" in captured.out
    assert "2 images without truth are in no score, such as nobody.png" in captured.err
    assert "truth of 1 images that were not given, such as lost.png" in captured.err


def test_a_picture_that_cannot_be_read(data, capsys):
    (data / "in" / "broken.png").write_bytes(b"no picture")
    (data / "truth.json").write_text('{"a.png": [[98, 62, 91, 115]], "broken.png": []}')
    assert run([*BASE, "--truth", "truth.json", "--json"]) == 1
    captured = capsys.readouterr()
    assert "broken.png" in captured.err
    assert {row["failed"] for row in json.loads(captured.out)["rows"]} == {1}
    assert run(BASE) == 1  # without consensus on that picture
    assert "broken.png: no consensus, a detector failed" in capsys.readouterr().err


def test_a_sample_is_drawn_by_its_seed(data, capsys):
    names = set()
    for seed in range(8):
        assert run([*BASE, "--sample", "1", "--seed", str(seed), "--json"]) == 0
        names.add(rows(capsys)["clear", "direct"]["truths"])
        assert run([*BASE, "--sample", "1", "--seed", str(seed), "--json"]) == 0
        assert rows(capsys)["clear", "direct"]["truths"] in names
    assert names == {0, 1}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--strength", "size=3"], "--strength must be 'default' or like window=8+12,pixels=8000"),
        (["--strength", "window=1"], "window must be at least 4, got 1"),
        (["--detectors", "mtcnn"], "a detector must be one of yunet, centerface"),
        (["--detectors", "yunet,yunet"], "--detectors must name different detectors"),
        (["--reading", "sideways"], "reading must be one of direct, view, reduced, got 'sideways'"),
        (["--truth-form", "csv"], "--truth-form says what the file of --truth is"),
        (["--resamples", "9223372036854775808"], "Invalid value for '--resamples'"),
        (["--iou", "2"], r"iou must be over 0 and up to 1, got 2"),
        (["--misses", "3"], "--misses are written into a folder: -o FOLDER"),
        (["--votes", "2"], "votes must be 1 to 1, the number of detectors, got 2"),
    ],
)
def test_wrong_usage(data, capsys, options, text):
    assert run([*BASE, *options]) in (1, 2)
    assert text in capsys.readouterr().err


def test_the_list_of_detectors(capsys):
    assert run(["detectors"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("yunet        ready ")
    assert "faster-rcnn" in text
    assert run(["detectors", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [line["name"] for line in lines]
    assert names == ["yunet", "centerface", "haar", "dlib-hog", "dlib-mmod", "yolo", "scrfd", "faster-rcnn"]
