"""Whole numbers in the addresses of a review: what is none is a bad request, and no fault of the server."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import json

import pytest
from review_cases import Desk, photos

BAD = ("--5", "-", "", "5-", "+5", "1_0", "1e3", " 5", "\u0665", "9" * 13)


@pytest.mark.parametrize("number", BAD)
def test_what_is_no_whole_number_is_a_bad_request(photos, tmp_path, number):
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        image = f"/api/pictures/{desk.number('a.png')}/image"
        for place, query in (
            ("/api/review", {"since": number}),
            (image, {"side": number}),
            (image, {"part": f"0,0,9,{number}"}),
        ):
            answer = desk.send("GET", place, params=query)
            assert answer.status_code == 400, (place, query)
            assert "must be a whole number" in answer.text
        assert desk.send("GET", "/api/review", params={"since": "-1"}).status_code == 200
    finally:
        desk.file.close()


@pytest.mark.parametrize("number", ["9" * 13, "9" * 5000])
def test_numbers_of_many_digits_are_of_nothing(photos, tmp_path, number):
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        for place in (
            "pictures/{}",
            "pictures/{}/image",
            "videos/{}",
            "videos/{}/frames/0",
            "videos/0/frames/{}/image",
        ):
            assert desk.send("GET", "/api/" + place.format(number)).status_code == 404, place
        assert desk.send("PUT", f"/api/pictures/{number}", json={}).status_code == 404
        assert desk.send("GET", "/api/pictures/999999999999").status_code == 404
    finally:
        desk.file.close()


def test_a_body_that_gives_a_name_twice_changes_nothing(photos, tmp_path):
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        before = desk.item("a.png")
        body = json.dumps({"revision": before["revision"], "boxes": before["boxes"], "done": True})
        path, header = f"/api/pictures/{before['id']}", {"Content-Type": "application/json"}
        twice = body.replace('"boxes"', '"boxes": [], "boxes"')
        answer = desk.send("PUT", path, header, content=twice.encode())
        assert (answer.status_code, answer.json()["detail"]) == (400, "the body gives a name twice in one object")
        assert desk.item("a.png") == before
        assert desk.send("PUT", path, header, content=body.encode()).status_code == 200
    finally:
        desk.file.close()


def test_done_is_a_picture_of_which_all_entries_are(photos, tmp_path):
    entry = {"file": "a.png", "width": 50, "height": 40, "review": "open", "faces": [[5, 6, 20, 22]]}
    lines = [entry, entry | {"review": "done", "faces": []}]
    (tmp_path / "boxes.jsonl").write_text("\n".join(map(json.dumps, lines)))
    desk = Desk(photos, tmp_path / "boxes.jsonl")
    try:
        assert desk.items[desk.number("a.png")].state == "waiting"
    finally:
        desk.file.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a.png": [{"x": 1, "y": 2, "width": 3, "height": 2, "found_by": 5}]}', "found_by a list of names"),
        ('{"a.png": [{"x": 1, "y": 2, "width": 3, "height": 2, "found_by": true}]}', "found_by a list of names"),
        ('{"a.png": [{"x": 1, "y": 2, "width": 3, "height": 2, "found_by": [[1]]}]}', "found_by a list of names"),
        ('{"a.png": [{"x": 1, "y": 2, "width": 3, "height": 2, "shape": [1]}]}', "shape box or ellipse"),
        ('{"a.png": [[1, 2, 3, 4]], "a.png": []}', "'a.png' is given twice"),
    ],
)
def test_files_of_boxes_that_no_page_could_show_are_refused(photos, tmp_path, text, words):
    (tmp_path / "boxes.jsonl").write_text(text)
    with pytest.raises(ValueError, match=words):
        Desk(photos, tmp_path / "boxes.jsonl")
