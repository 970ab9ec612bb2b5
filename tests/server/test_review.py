"""The review over HTTP: its queue, its pictures, changes, what is saved, two windows, who is let in."""

import json

import cv2
import numpy as np
import pytest
from review_cases import HOME, TOKEN, Desk, box, desk, photos

import fastperturb as fp
from fastperturb.files import read_image, write_image
from fastperturb.server.review.items import Item, as_box

__all__ = ["desk", "photos"]


def kinds(item):
    return [(entry["kind"], entry["x"], entry["y"]) for entry in item["boxes"]]


def test_unsure_pictures_come_first_and_broken_ones_last(desk):
    data = desk.queue()
    names = [item["name"] for item in sorted(data["items"], key=lambda item: item["order"])]
    assert names == ["b.png", "a.png", "sub/c.png", "broken.png"]
    reasons = {item["name"]: item["reason"] for item in data["items"]}
    assert reasons["b.png"] == "no face found"
    assert reasons["a.png"] == "1 more, perhaps"
    assert reasons["sub/c.png"] == "lowest score 0.65"
    assert "damaged" in reasons["broken.png"]
    assert (data["total"], data["done"], data["broken"], data["waiting"]) == (4, 0, 1, 0)


def test_what_only_a_second_look_finds_is_perhaps_a_face_whatever_its_score():
    item = Item(0, "x", None)
    one, again, other = (fp.Face(fp.Region(x, 0, 20, 20), score) for x, score in ((0, 0.65), (1, 0.9), (60, 0.8)))
    item.take_found([one], [again, other])
    item.state = "open"
    assert kinds(item.details()) == [("face", 0, 0), ("perhaps", 60, 0)]
    assert item.reason == "1 more, perhaps"


def test_less_sure_finds_are_perhaps_faces(desk):
    assert kinds(desk.item("a.png")) == [("face", 5, 6), ("perhaps", 30, 4)]


def test_detectors_that_disagree_are_a_reason():
    item = Item(0, "x", None)
    face = as_box(fp.Face(fp.Region(1, 2, 3, 4), 0.99))
    item.faces = [face | {"found_by": ["yunet", "centerface"]}, face | {"found_by": ["yunet"]}]
    item.state = "open"
    assert item.reason == "the detectors disagree"
    assert item.doubt == 0.9
    item.faces[1]["found_by"].append("centerface")
    assert item.doubt == pytest.approx(0.01)


def test_a_change_is_saved_at_once_and_keeps_what_was_known(desk):
    answer = desk.put("a.png", [box(5, 6, 20, 22), box(1, 1, 4, 5), box(30, 4, 12, 14, "spared")])
    assert answer.status_code == 200, answer.text
    assert answer.json()["saving"]["state"] == "saved"
    entry = desk.entries()["a.png"]
    assert entry["review"] == "done"
    assert entry["faces"] == [
        {"x": 5, "y": 6, "width": 20, "height": 22, "score": 0.9},
        {"x": 1, "y": 1, "width": 4, "height": 5, "by": "hand"},
    ]
    assert entry["spared"] == [{"x": 30, "y": 4, "width": 12, "height": 14, "score": 0.4}]
    assert (entry["width"], entry["height"]) == (50, 40)


def test_a_review_goes_on_where_it_was(desk, photos):
    desk.put("a.png", [box(6, 7, 20, 22)])
    desk.put("sub/c.png", [box(8, 8, 16, 16, "spared")], done=False)
    desk.file.close()
    again = Desk(photos, desk.path)
    try:
        assert {item["name"]: item["state"] for item in again.queue()["items"]}["a.png"] == "done"
        again.look()
        assert kinds(again.item("a.png")) == [("face", 6, 7)]
        assert again.item("sub/c.png")["state"] == "open"
        assert kinds(again.item("sub/c.png")) == [("spared", 8, 8)], "what is spared is not found again"
        assert again.entries() == desk.entries()
    finally:
        again.file.close()


def test_a_picture_that_changed_is_asked_again(desk, photos):
    for name in ("a.png", "sub/c.png"):
        desk.put(name, [box(30, 20, 10, 10)])
    desk.file.close()
    pixels = read_image(photos / "a.png").pixels
    write_image(photos / "a.png", 255 - pixels[:30])
    (photos / "sub/c.png").touch()  # another time, the same content
    again = Desk(photos, desk.path).look()
    try:
        items = {item["name"]: item for item in again.queue()["items"]}
        assert items["a.png"]["stale"]
        assert items["a.png"]["state"] == "open"
        assert "changed after" in items["a.png"]["reason"]
        assert items["a.png"]["order"][0] < items["b.png"]["order"][0]
        assert items["sub/c.png"]["state"] == "done"
        assert kinds(again.item("a.png")) == [("face", 30, 20)], "its boxes are still there to be looked at"
        item = again.put("a.png", [box(30, 20, 10, 8)]).json()["item"]
        assert (item["stale"], item["height"]) == (False, 30)
    finally:
        again.file.close()


def test_two_windows_do_not_write_over_each_other(desk):
    old = desk.item("a.png")["revision"]
    assert desk.put("a.png", [box(1, 2, 9, 9)], revision=old).status_code == 200
    late = desk.put("a.png", [], revision=old)
    assert late.status_code == 409
    assert late.json()["type"].endswith("changed-meanwhile")
    assert kinds(late.json()["item"]) == [("face", 1, 2)]
    assert len(desk.entries()["a.png"]["faces"]) == 1


def test_only_changes_are_told(desk):
    revision = desk.queue()["revision"]
    assert desk.queue(revision)["items"] == []
    desk.put("b.png", [])
    assert [item["name"] for item in desk.queue(revision)["items"]] == ["b.png"]


def test_a_file_that_another_program_wrote_is_not_lost(desk):
    desk.path.write_text(json.dumps({"file": "mine.png", "faces": []}) + "\n")
    answer = desk.put("a.png", [box(1, 2, 9, 9)]).json()
    assert answer["saving"]["state"] == "failed"
    assert answer["saving"]["conflict"]
    assert list(desk.entries()) == ["mine.png"]
    assert desk.send("POST", "/api/save", json={}).json()["saving"]["state"] == "failed"
    assert desk.send("POST", "/api/save", json={"overwrite": True}).json()["saving"]["state"] == "saved"
    assert desk.entries()["a.png"]["review"] == "done"


def test_what_cannot_be_saved_stays_in_memory_and_is_told(desk, monkeypatch):
    def full(*_args, **_rest):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("fastperturb.cli.batch.review_file.write_atomically", full)
        answer = desk.put("a.png", [box(1, 2, 9, 9)]).json()
        assert "No space left on device" in answer["saving"]["message"]
        assert kinds(desk.item("a.png")) == [("face", 1, 2)]
    assert desk.send("POST", "/api/save", json={}).json()["saving"]["state"] == "saved"
    assert desk.entries()["a.png"]["faces"][0]["x"] == 1


@pytest.mark.parametrize(
    "boxes",
    [
        None,
        [{}],
        [box(1, 2, 0, 4)],
        [box(1.5, 2, 3, 4)],
        [box(True, 2, 3, 4)],
        [box(50, 2, 3, 4)],
        [box(-3, 2, 3, 4)],
        [box(1, 2, 2**40, 4)],
        [box(1, 2, 3, 4, "cat")],
        [box(1, 2, 3, 4, [])],
        [box(1, 2, 3, 4, {})],
        [box(1, 2, 3, 4)] * 10_001,
    ],
)
def test_boxes_that_make_no_sense_are_refused_and_change_nothing(desk, boxes):
    before = desk.item("a.png")
    answer = desk.put("a.png", boxes)
    assert answer.status_code == 400, answer.text
    assert desk.item("a.png") == before


def test_five_thousand_faces_are_kept(desk):
    boxes = [box(x % 45, x % 35, 2, 2) for x in range(5000)]
    assert desk.put("a.png", boxes).status_code == 200
    assert len(desk.entries()["a.png"]["faces"]) == 5000


def test_broken_pictures_and_unknown_ones_cannot_be_changed(desk):
    assert desk.put("broken.png", []).status_code == 400
    body = {"revision": 0, "boxes": [], "done": True}
    assert desk.send("PUT", "/api/pictures/99", json=body).status_code == 404
    assert desk.send("PUT", "/api/pictures/0", content=b"[" * 100_000).status_code == 400
    nested = desk.send("PUT", "/api/pictures/0", content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert nested.status_code == 400
    large = desk.send("PUT", "/api/pictures/0", content=b" " * 2**23, headers={"Content-Type": "application/json"})
    assert large.status_code == 413


def shown(answer):
    assert answer.headers["content-type"] == "image/jpeg"
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)


def test_pictures_are_shown_reduced_upright_and_in_parts(photos, tmp_path):
    rows = np.zeros((60, 120, 3), np.uint8)
    rows[:, :60] = (250, 0, 0)
    turned = photos / "turned.jpg"
    data = cv2.imencode(".jpg", rows[..., ::-1])[1].tobytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"  # turn clockwise to see it
    turned.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    rgba = np.full((70, 90, 4), 65_535, np.uint16)
    rgba[..., 3] = 0
    write_image(photos / "clear.png", rgba)
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        item = desk.item("turned.jpg")
        assert (item["width"], item["height"]) == (60, 120)
        place = f"/api/pictures/{desk.number('turned.jpg')}/image"
        whole = shown(desk.send("GET", f"{place}?side=64"))
        assert whole.shape == (64, 32, 3)
        assert whole[5, 16, 2] > 200 > 50 > whole[60, 16, 2]
        part = shown(desk.send("GET", f"{place}?side=64&part=10,20,30,20"))
        assert part.shape == (20, 30, 3)
        clear = shown(desk.send("GET", f"/api/pictures/{desk.number('clear.png')}/image?side=64"))
        assert abs(int(clear.mean()) - 128) < 3, "16 bits, transparent: grey"
        for bad in ("side=10", "side=99999", "side=x", "part=1,2,3", "part=1,2,3,0", "part=900,2,3,4"):
            assert desk.send("GET", f"{place}?{bad}").status_code == 400, bad
        assert desk.send("GET", f"/api/pictures/{desk.number('broken.png')}/image").status_code == 422
    finally:
        desk.file.close()


def test_too_large_pictures_are_named_and_not_decoded(photos, tmp_path):
    write_image(photos / "large.png", np.zeros((101, 101), np.uint8))
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    try:
        assert "101 x 101 pixels are more than the limit" in desk.item("large.png")["problem"]
        assert desk.send("GET", f"/api/pictures/{desk.number('large.png')}/image").status_code == 422
    finally:
        desk.file.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer " + "x" * 43}, 401),
        ({"Authorization": "Basic " + TOKEN}, 401),
        ({"Host": "evil.example:8123"}, 421),
        ({"Host": "127.0.0.1:9999"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": HOME, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Host": "localhost:8123"}, 200),
    ],
)
def test_who_is_let_in(desk, headers, status):
    assert desk.send("GET", "/api/review", headers=headers).status_code == status
    image = desk.send("GET", f"/api/pictures/{desk.number('a.png')}/image", headers=headers)
    assert image.status_code == status
    change = desk.send("POST", "/api/save", headers=headers, json={})
    assert change.status_code == status


def test_forms_of_other_pages_change_nothing(desk):
    answer = desk.send("POST", "/api/save", headers={"Content-Type": "text/plain"}, content=b'{"overwrite": true}')
    assert answer.status_code == 400


def test_the_page_loads_nothing_from_elsewhere_and_holds_no_secret(desk):
    page = desk.send("GET", "/", headers={"Authorization": ""})
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"
    assert TOKEN not in page.text
    assert "//" not in page.text.replace("<!doctype", "")
    for name in (
        "review.js",
        "editor.js",
        "lens.js",
        "line.js",
        "film.js",
        "tracks.js",
        "talk.js",
        "review.css",
        "style.css",
        "geometry.js",
    ):
        answer = desk.send("GET", f"/static/{name}", headers={"Authorization": ""})
        assert answer.status_code == 200, name
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert desk.send("GET", "/static/main.js").status_code == 404
    assert desk.send("GET", "/static/../app.py").status_code == 404
    assert desk.send("DELETE", "/api/review").status_code == 405


def test_nothing_is_written_beside_the_photographs(desk, photos):
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    desk.put("a.png", [box(1, 2, 9, 9)])
    desk.put("b.png", [])
    assert desk.review.save()
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before
