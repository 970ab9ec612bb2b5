"""Own boxes that are refused, for some of their faces would stay in the clear; and what the messages say."""

import json

import pytest
from cli_cases import folder, here  # noqa: F401

from fastperturb.cli.app import run

HEAD = "file,x,y,width,height\n"
BOX = '{"x": 5, "y": 6, "width": 20, "height": 22'
LOST = {
    "a row with an empty x": ("b.csv", f"{HEAD}a.png,5,6,20,22\na.png,,6,20,22\n", "line 3: x, y, width and height"),
    "a row with one number": ("b.csv", f"{HEAD}a.png,5,6,20,22\na.png,,,,22\n", "line 3: x, y, width and height"),
    "a short row": ("b.csv", "x,y,width,height,file\n5,6,20,22\n", "line 2 lacks file"),
    "a name twice": ("b.json", '{"file":"a.png","faces":[[5,6,20,22]],"faces":[]}', "'faces' is given twice"),
    "a file twice": ("b.json", '{"a.png":[[5,6,20,22]],"a.png":[]}', "'a.png' is given twice"),
    "a side twice": ("b.json", f'{{"a.png":[{BOX}, "x": 9}}]}}', "'x' is given twice"),
    "an error too": ("b.json", '{"file":"a.png","faces":[[5,6,20,22]],"error":"x"}', 'both "faces" and "error"'),
    "tracks too": ("b.json", '{"file":"a.png","faces":[[5,6,20,22]],"tracks":"t.json"}', "faces or tracks, got both"),
    "other tracks": (
        "b.jsonl",
        '{"file":"a.png","tracks":"t.json"}\n{"file":"./a.png","tracks":"u.json"}\n',
        "must have faces, or tracks in one file",
    ),
    "tracks elsewhere": (
        "b.jsonl",
        '{"file":"a.png","faces":[[5,6,20,22]]}\n{"file":"a.png","tracks":"u.json"}\n',
        "must have faces, or tracks in one file",
    ),
    "finders that are no names": ("b.json", f'{{"a.png":[{BOX}, "found_by": 5}}]}}', "must be a list of names, got 5"),
}


@pytest.mark.parametrize("case", LOST)
def test_boxes_of_which_some_would_be_lost_are_refused(folder, here, capsys, case):  # noqa: F811
    name, text, message = LOST[case]
    (here / name).write_text(text)
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", name, "--one-time-key"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert name in line
    assert message in line
    assert not (here / "x.png").exists()


def test_reviews_of_one_picture_in_several_entries_must_all_be_done(folder, here, capsys):  # noqa: F811
    entries = [
        {"file": "a.png", "faces": [[5, 6, 20, 22]], "review": "open"},
        {"file": "a.png", "faces": [], "review": "done", "bytes": (here / "in/a.png").stat().st_size},
    ]
    entries[1]["mtime_ns"] = (here / "in/a.png").stat().st_mtime_ns
    (here / "b.json").write_text(json.dumps(entries))
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "b.json", "--one-time-key"]) == 1
    assert "its boxes are not reviewed yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--5,1,1,1", "--ignore must be X,Y,WIDTH,HEIGHT or a file of boxes, got '--5,1,1,1'"),
        ("1,1,0,1", "--ignore 1,1,0,1: a region must have at least one pixel"),
        ("9" * 5000 + ",1,1,1", "--ignore 9999"),
    ],
)
def test_what_is_to_be_ignored_is_named(folder, here, capsys, text, message):  # noqa: F811
    assert run(["perturb", "in/a.png", "-o", "x.png", "--ignore", text, "--one-time-key"]) == 2
    assert message in capsys.readouterr().err
