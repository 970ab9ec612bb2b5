"""Where the faces are: each form of annotation read to known boxes, and what must be refused with its place."""

import json

import pytest

from fastperturb.evaluation import Truth, TruthBox, read_truth

WIDER = """0--Parade/0_Parade_1.jpg
2
10 20 30 40 0 0 0 0 0 0
50 60 7 8 2 0 0 1 2 1
1--Handshaking/none.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/last.jpg
1
1.5 2 3 4 0 0 0 0 0 0
"""
LFPW = """imageURL\tworker\tleft_eye_x\tleft_eye_y\tleft_eye_t\tchin_x\tchin_y\tchin_t\tleft_ear_top_x\tleft_ear_top_y
http://example.org/a/one.jpg?size=3\tA1\t10\t20\t0\t50\t120\t0\t900\t900
http://example.org/a/one.jpg?size=3\taverage\t12\t22\t0\t52\t122\t0\t900\t900
http://example.org/two.jpg\tA2\t0\t0\t0\t90\t100\t0\t900\t900
http://example.org/two.jpg\tA3\t10\t0\t0\t100\t100\t0\t900\t900
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_wider_face(tmp_path):
    truth = read_truth(write(tmp_path / "wider_face_val_bbx_gt.txt", WIDER))
    assert truth.source == "wider_face_val_bbx_gt.txt (wider)"
    assert truth.boxes == {
        "0--Parade/0_Parade_1.jpg": (TruthBox(10, 20, 30, 40), TruthBox(50, 60, 7, 8, ignored=True)),
        "1--Handshaking/none.jpg": (),
        "1--Handshaking/last.jpg": (TruthBox(1.5, 2, 3, 4),),
    }


def test_wider_face_without_the_line_of_zeros(tmp_path):
    text = "a.jpg\n0\nb.jpg\n1\n1 2 0 4 0 0 0 0 0 0\n"
    truth = read_truth(write(tmp_path / "gt.txt", text))
    assert truth.boxes == {"a.jpg": (), "b.jpg": (TruthBox(1, 2, 0, 4, ignored=True),)}  # no size: ignored


def test_lfpw_table(tmp_path):
    """Of the workers the average; where there is none, all together. Margins 10 % at the sides, 35 % on top."""
    truth = read_truth(write(tmp_path / "kbvt_lfpw_v1_test.csv", LFPW), "lfpw")
    (one,), (two,) = truth.boxes["one.jpg"], truth.boxes["two.jpg"]
    assert one[:4] == pytest.approx((12 - 4, 22 - 35, 48, 135))
    assert two[:4] == pytest.approx((0 - 10, 0 - 35, 120, 135))


def test_lfpw_points(tmp_path):
    text = "version: 1\nn_points: 3\n{\n11 21\n51 21\n31 101\n}\n"
    (tmp_path / "set").mkdir()
    write(tmp_path / "set" / "image_0001.pts", text)
    for path in (tmp_path, tmp_path / "set" / "image_0001.pts"):
        truth = read_truth(path)
        (name,) = truth.boxes
        assert truth.boxes[name][0][:4] == pytest.approx((10 - 4, 20 - 28, 48, 108))  # .pts counts from 1
    assert read_truth(tmp_path).find("set/image_0001.png") == "set/image_0001"


def test_landmarks_with_the_outline_of_the_jaw(tmp_path):
    points = "\n".join(f"{x} {y}" for x in range(1, 18) for y in (1, 26, 51, 101))
    truth = read_truth(write(tmp_path / "a.pts", f"n_points: 68\n{{\n{points}\n}}"))
    assert truth.boxes["a"][0][:4] == pytest.approx((0, -34, 16, 134))


def test_csv(tmp_path):
    text = "file,x,y,width,height,ignored\na.png,1,2,3,4,0\na.png,5,6,7.5,8,1\nb.png,,,,,\n"
    truth = read_truth(write(tmp_path / "t.csv", text))
    assert truth.boxes == {"a.png": (TruthBox(1, 2, 3, 4), TruthBox(5, 6, 7.5, 8, True)), "b.png": ()}


@pytest.mark.parametrize("form", ["lines", "list", "mapping"])
def test_json(tmp_path, form):
    faces = [{"x": 1, "y": 2, "width": 3, "height": 4, "score": 0.9}, [5, 6, 7, 8]]
    entries = [{"file": "a.png", "faces": faces}, {"file": "b.png", "faces": []}]
    text = {
        "lines": "\n".join(map(json.dumps, [*entries, {"summary": {}}])),
        "list": json.dumps(entries),
        "mapping": json.dumps({entry["file"]: entry["faces"] for entry in entries}),
    }[form]
    truth = read_truth(write(tmp_path / "t.jsonl", text))
    assert truth.boxes == {"a.png": (TruthBox(1, 2, 3, 4), TruthBox(5, 6, 7, 8)), "b.png": ()}


def test_names_with_folders_in_front():
    truth = Truth({"s1/a.png": (), "s2/a.png": (), "b.png": ()}, "test")
    assert truth.find("s1/a.png") == "s1/a.png"
    assert truth.find("data/s1/a.png") == "s1/a.png"
    assert truth.find("./data/b.png") == "b.png"
    assert truth.find("c.png") is None
    assert truth.find("xb.png") is None
    with pytest.raises(ValueError, match=r"a\.png could be s1/a\.png or s2/a\.png of test"):
        truth.find("a.png")


def test_an_entry_is_of_one_image():
    truth = Truth({"IMG_1.jpg": (), "a/IMG_2.jpg": (), "b/IMG_2.jpg": (), "c": ()}, "test")
    given = ["a/IMG_1.jpg", "a/IMG_2.jpg", "b/IMG_2.jpg", "c.jpg", "d.jpg"]
    assert truth.assign(given) == {name: name for name in given[1:3]} | {"a/IMG_1.jpg": "IMG_1.jpg", "c.jpg": "c"}
    for other, entry, first in (("b/IMG_1.jpg", "IMG_1.jpg", "a/IMG_1.jpg"), ("c.png", "c", "c.jpg")):
        with pytest.raises(ValueError, match=f"{entry} of test could be {first} or {other}: name its folder there"):
            truth.assign([*given, other])


def test_lfpw_images_of_one_name(tmp_path):
    text = LFPW.replace("org/two.jpg\tA3", "org/b/one.jpg\tA3")
    truth = read_truth(write(tmp_path / "t.csv", text), "lfpw")
    assert list(truth.boxes) == ["example.org/a/one.jpg", "two.jpg", "example.org/b/one.jpg"]
    assert truth.boxes["two.jpg"][0][:4] == pytest.approx((0 - 9, 0 - 35, 108, 135))
    assert truth.find("a/one.jpg") == "example.org/a/one.jpg"
    with pytest.raises(ValueError, match=r"one\.jpg could be example\.org/a/one\.jpg or example\.org/b/one\.jpg"):
        truth.find("one.jpg")


@pytest.mark.parametrize(
    ("name", "form", "text", "error"),
    [
        ("t.csv", None, "file,x,y,width,height\na,,5,10,10\n", "line 2: x, y, width, height and ignored must be num"),
        ("t.csv", None, "file,x,y,width,height\na,,,,10\n", "line 2: x, y, width, height and ignored must be num"),
        (
            "t.csv",
            None,
            "file,x,y,width,height\na,1,5,2,5,3,4\n",
            "line 2 must have at most the cells of the first line, 5",
        ),
        ("t.csv", None, "file,x,y,width,height\n,1,2,3,4\n", "line 2: file must be a text, got nothing"),
        ("t.json", None, '{"": []}', "an entry must name its image, got '' with 0 faces"),
        ("t.txt", None, "a.jpg\nmany\n", r"t\.txt: line 2 must be the number of faces of 'a\.jpg'"),
        ("t.txt", None, "a.jpg\n", "line 2 must be the number of faces"),
        ("t.txt", None, "a.jpg\n2\n1 2 3 4\n", r"'a\.jpg' must have 2 faces, the file ends after 1"),
        ("t.txt", None, "a.jpg\n1\n1 2 3\n", "line 3 must be x y width height and attributes, got '1 2 3'"),
        ("t.txt", None, "\n", "there is no image in it"),
        ("t.csv", None, "file,x,y\na,1,2\n", "it lacks width, height"),
        ("t.csv", None, "file,x,y,width,height\na,1,2,3,wide\n", "line 2: x, y, width, height and ignored must be num"),
        (
            "t.csv",
            None,
            "file,x,y,width,height\na,1,2,3,0\n",
            r"a box of 'a' must have a size, got \(1\.0, 2\.0, 3\.0, 0\.0",
        ),
        ("t.csv", None, "file,x,y,width,height\na,nan,2,3,4\n", "a box of 'a' must have a size"),
        ("t.json", None, "{]", "line 1 is not JSON"),
        ("t.json", None, '["a"]', 'an entry must be an object with "file" and "faces", got \'a\''),
        ("t.json", None, '{"a": [[1, 2, 3]]}', r"a box of 'a' must be \[x, y, width, height\] or an object"),
        ("t.json", None, '{"a": [{"x": 1}]}', "a box of 'a' must be"),
        ("t.json", None, '{"a": [[1, 2, 3, true]]}', "a box of 'a' must be"),
        ("t.txt", None, "a.jpg\n-1\nb.jpg\n0\n", r"line 2 must be the number of faces of 'a\.jpg'"),
        ("t.csv", None, "x,y,width,height,file\n1,2,30,40\n", r"t\.csv: line 2 lacks file"),
        ("t.csv", None, "file,x,y,width,height,x\na,1,2,3,4,5\n", "each column once, got 'x' twice"),
        ("t.json", None, '{"a": [[%s, 2, 3, 4]]}' % ("9" * 400), r"t\.json: a box of 'a' must have numbers of float64"),
        ("t.json", None, "[" * 100_000 + "]" * 100_000, r"t\.json: it is nested too deeply"),
        ("t.json", None, '{"a": [[1, 2, 3, 4]], "a": []}', "'a' is given twice in one object"),
        ("t.jsonl", None, '{"file": "a", "faces": [], "error": "x"}', 'must not have both "faces" and "error"'),
        ("t.csv", "lfpw", "file,x\n", "the first line must name the columns imageURL, worker and landmarks"),
        ("t.csv", "lfpw", LFPW.replace("122", "low"), "line 3 must give a number for each landmark"),
        ("t.pts", None, "11 21", r"t\.pts must hold points, x y, in curly brackets"),
        ("t.mat", None, "", r"form must be one of wider, lfpw, csv, json; t\.mat does not say which"),
    ],
)
def test_files_that_are_refused(tmp_path, name, form, text, error):
    with pytest.raises(ValueError, match=error):
        read_truth(write(tmp_path / name, text), form)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_truth(tmp_path / "none.csv")
