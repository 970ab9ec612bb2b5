"""What the command line finds and prints: locate, own boxes, regions, views, inspect, the demonstration."""

import json

import numpy as np
import pytest
from cli_cases import BOXES, WINDOWS, lines_of, same

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image


def test_locate_prints_what_perturb_takes(here, capsys):
    assert run(["locate", "face.png"]) == 0
    (line,) = lines_of(capsys.readouterr().out)
    (face,) = line["faces"]
    assert (line["file"], line["width"], line["height"]) == ("face.png", 512, 512)
    assert 0.8 < face["score"] <= 1
    assert len(face["landmarks"]) == 5
    (here / "faces.jsonl").write_text(json.dumps(line))
    assert (
        run(["perturb", "face.png", "-o", "x.png", "--boxes", "faces.jsonl", "--reproducible", "--key-file", "my.key"])
        == 0
    )
    assert run(["perturb", "face.png", "-o", "y.png", "--reproducible", "--key-file", "my.key"]) == 0
    assert same("x.png", "y.png")


def test_locate_draws(here, capsys):
    assert run(["locate", "face.png", "-o", "drawn.png", "--json"]) == 0
    found, last = lines_of(capsys.readouterr().out)
    assert found["status"] == "located"
    assert last["summary"]["counts"] == {"located": 1}
    face = found["faces"][0]
    changed = (read_image("drawn.png").pixels != read_image("face.png").pixels).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert abs(columns.min() - face["x"]) <= 5
    assert abs(rows.max() - (face["y"] + face["height"])) <= 5
    assert run(["locate", "face.png", "-o", "drawn.png"]) == 0  # faces are printed again
    assert len(lines_of(capsys.readouterr().out)) == 1
    write_image("grey.png", np.full((30, 40), 1000, np.uint16))
    (here / "b.csv").write_text("file,x,y,width,height,shape\ngrey.png,5,5,20,20,ellipse\n")
    assert run(["locate", "grey.png", "-o", "grey drawn.png", "--boxes", "b.csv"]) == 0
    assert read_image("grey drawn.png").pixels.dtype == np.uint16
    assert json.loads(capsys.readouterr().out)["faces"] == [
        {"x": 5, "y": 5, "width": 20, "height": 20, "shape": "ellipse"}
    ]


REGIONS = (["--grow", "head"], ["--grow", ".1,.2,.1,0"], ["--shape", "ellipse"], ["--features"])


@pytest.mark.parametrize("options", REGIONS, ids=" ".join)
def test_regions_of_faces(here, capsys, options):
    assert run(["locate", "face.png"]) == run(["locate", "face.png", *options]) == 0
    plain, other = (line["faces"] for line in lines_of(capsys.readouterr().out))
    if options == ["--features"]:
        assert len(other) == 4
    elif options[0] == "--shape":
        assert other == [{**plain[0], "shape": "ellipse"}]
    else:
        assert other[0]["y"] < plain[0]["y"]
        assert other[0]["width"] > plain[0]["width"]
    assert run(["perturb", "face.png", "-o", "x.png", "--key-file", "my.key", *WINDOWS, *options]) == 0
    assert run(["restore", "x.png", "-o", "y.png", "--key-file", "my.key"]) == 0
    assert same("y.png", "face.png")


@pytest.mark.parametrize(("options", "cells"), [([], 2), (["--cells", "5"], 5), (["--window", "7"], None)])
def test_features_have_windows_of_their_own_size(here, options, cells):
    assert run(["perturb", "face.png", "-o", "x.png", "--key-file", "my.key", "--features", *options]) == 0
    for item in read_record("x.png").regions:
        shorter = min(item.region.width, item.region.height)
        assert item.window == (7 if cells is None else -(-shorter // cells))
    assert run(["view", "x.png", "-o", "one.png"]) == run(["view", "face.png", "-o", "two.png", "--features", *options])
    assert same("one.png", "two.png")  # a view takes the same windows


def test_detection_options(here, capsys):
    assert run(["locate", "face.png", "--min-score", "0.99"]) == 0  # no face is an answer too
    assert json.loads(capsys.readouterr().out)["faces"] == []
    assert run(["locate", "face.png", "--min-score", "0.99", "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["status"] == "without face"
    (here / "model.onnx").write_text("no model")
    assert run(["locate", "face.png", "--detector-model", "model.onnx"]) in (1, 2)
    assert "model.onnx" in capsys.readouterr().err
    assert run(["locate", "face.png", "--features", "--grow", "1"]) == 2
    for grow in ("x", "1,2", "-1", "inf", "1,2,3,nan"):
        assert run(["locate", "face.png", f"--grow={grow}"]) == 2
        assert f"four of them (left,top,right,bottom) or 'head', got '{grow}'" in capsys.readouterr().err


ELLIPSE = '{"x": 1, "y": 2, "width": 9, "height": 8, "shape": "ellipse"}'
FORMS = {
    "boxes.json": f'{{"a.png": [[5, 6, 20, 22], {ELLIPSE}]}}',
    "boxes.jsonl": f'{{"file": "a.png", "faces": [{{"x": 5, "y": 6, "width": 20, "height": 22}}, {ELLIPSE}]}}\n\n'
    '{"file": "b.png", "error": "x"}\n{"summary": {}}\n',
    "list.json": f'[{{"file": "in/a.png", "faces": [[5, 6, 20, 22], {ELLIPSE}]}}]',
    "boxes.csv": "file,x,y,width,height,shape\r\na.png,5,6,20,22,\r\n./a.png,1,2,9,8,ellipse\r\n",
    "few.csv": "height,width,y,x,file\n22,20,6,5,./in/a.png\n",
}


def test_tables_of_boxes_end_their_lines_as_they_like_and_must_be_tables(folder, here, capsys):
    (here / "old.csv").write_bytes(b"file,x,y,width,height\ra.png,5,6,20,22\r")
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "old.csv", "--key-file", "my.key", *WINDOWS]) == 0
    assert [item.region for item in read_record("x.png").regions] == [fp.Region(5, 6, 20, 22)]
    (here / "long.csv").write_text("file,x,y,width,height\n" + "a" * 200_000 + ",5,6,20,22\n")
    assert run(["perturb", "in/a.png", "-o", "y.png", "--boxes", "long.csv", "--key-file", "my.key"]) == 2
    assert "a table of boxes must be CSV: field larger than field limit" in capsys.readouterr().err


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_boxes(folder, here, name):
    (here / name).write_text(FORMS[name])
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", name, "--key-file", "my.key", *WINDOWS]) == 0
    regions = [item.region for item in read_record("x.png").regions]
    expected = [fp.Region(1, 2, 9, 8, "ellipse"), fp.Region(5, 6, 20, 22)]  # as records have them, row by row
    assert regions == expected[1 if name == "few.csv" else 0 :]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "nonsense", "line 1 is not JSON"),
        ("x.json", '{"a.png": [[1, 2, 3]]}', "must be [x, y, width, height]"),
        ("x.json", '{"a.png": [[1, 2, 3, 0]]}', "at least one pixel"),
        ("x.json", '{"a.png": [[1, 2, 3, 4.5]]}', "whole number"),
        ("x.json", '{"a.png": [{"x": 1}]}', "lacks y, width, height"),
        ("x.json", '{"a.png": 3}', "must be a list"),
        ("x.json", "[1]", 'an object with "file"'),
        ("x.csv", "file,x,y\n", "lacks width, height"),
        ("x.csv", "file,x,y,width,height\na.png,1,2,three,4\n", "line 2: x, y, width and height"),
        ("x.json", '{"a.png": [[100, 100, 5, 5]]}', "a.png: "),
    ],
)
def test_boxes_that_cannot_be(folder, here, capsys, name, text, message):
    (here / name).write_text(text)
    assert run(["perturb", "in/a.png", "-o", "out.png", "--boxes", name, "--key-file", "my.key"]) in (1, 2)
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (here / "out.png").exists()


def test_printed_lines_come_in_order(folder, capsys):
    for command in ("locate", "inspect"):
        boxes = ["--boxes", "boxes.json"] if command == "locate" else []
        assert run([command, "in", *boxes, "--jobs", "5"]) == 0
        files = [line.split('"')[3] if command == "locate" else line for line in capsys.readouterr().out.splitlines()]
        expected = [f"in/{name}" for name in ("a.png", "b.pgm", "sub/c.tiff", "sub/deep/d.bmp", "sub/deep/e.png")]
        assert [name for name in files if name.startswith("in/")] == expected


def test_inspect(folder, here, capsys):
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES, *WINDOWS]) == 0
    assert run(["inspect", "x.png", "in/b.pgm", "--key-file", "my.key"]) == 0
    out = capsys.readouterr().out
    assert "PNG, 50 x 40, RGB, 8 bit" in out
    assert "region 0  box 20 x 22 at 5,6, windows of 4, 440 pixels moved" in out
    assert "restores it" in out
    assert "PGM, 50 x 40, grey, 8 bit\n  record    none" in out
    assert run(["inspect", "x.png", "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["record"]["shape"] == [40, 50, 3]
    fp.Key.generate().to_file("other.key")
    assert run(["inspect", "x.png", "--key-file", "other.key"]) == 1
    assert "does not restore it" in capsys.readouterr().out
    (here / "in" / "a.png.json").write_text("{}")
    assert run(["inspect", "in/a.png"]) == 1


def test_the_demo_is_a_photograph_with_a_face(here, capsys):
    assert run(["demo"]) == 0
    assert run(["demo"]) == 1
    err = capsys.readouterr().err
    assert "astronaut.png exists" in err
    assert "--force replaces it" in err
    assert run(["demo", "--force"]) == 0
    assert run(["locate", "astronaut.png"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 1


@pytest.mark.parametrize("interpolation", ["mosaic", "linear", "cubic", "lanczos"])
def test_views_of_pictures_with_and_without_record(folder, interpolation):
    assert run(["perturb", "in/a.png", "-o", "x.png", *BOXES, *WINDOWS]) == 0
    assert run(["view", "x.png", "-o", "one.png", "--interpolation", interpolation]) == 0
    options = ["--boxes", "boxes.json", "--interpolation", interpolation]
    assert run(["view", "in/a.png", "-o", "two.png", *options]) == 0
    expected = fp.view(read_image("in/a.png").pixels, (5, 6, 20, 22), interpolation=interpolation)
    assert np.array_equal(read_image("one.png").pixels, expected)
    assert np.array_equal(read_image("two.png").pixels, expected)
