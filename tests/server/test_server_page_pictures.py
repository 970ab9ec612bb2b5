"""The service's page in a real browser: several pictures, archives of them, zoom of all views, labels beside faces."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import csv
import io
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from browser_cases import (
    PHOTOGRAPH,
    box_of,
    chromium,
    drop,
    grey,
    measure,
    original,
    page,
    preview,
    rows_of_faces,
    service,
    settled,
    text,
    watched,
)
from server_cases import KEY, pixels_of

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode

pytestmark = pytest.mark.browser
NAMES = ("original", "surrogate", "camouflage", "windows")
SHOWN = """() => [...document.querySelectorAll("#pictures .stage")].map((stage) => {
  const [a, b] = [stage.getBoundingClientRect(), stage.firstElementChild.getBoundingClientRect()];
  return [b.width / a.width, (b.left - a.left) / a.width, (b.top - a.top) / a.height].map((share) => +share.toFixed(3));
})"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll(".box")].map((box) => box.getBoundingClientRect());
  return [...document.querySelectorAll(".tag")].filter((tag) => tag.offsetHeight).map((tag) => {
    const t = tag.getBoundingClientRect();
    const beside = (b) => t.left >= b.right - 3 || b.left + 3 >= t.right;
    const over = (b) => t.top >= b.bottom - 3 || b.top + 3 >= t.bottom;
    return boxes.filter((b) => !beside(b) && !over(b)).length;
  });
}"""


def choose(page, folder, files):
    """Writes pictures, and chooses them all at once."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    preview(page, lambda: page.set_input_files("#file", [folder / name for name in files]))


def states(page):
    return [item.inner_text() for item in page.locator("#queue .state").all()]


WATCH_LINKS = """() => {
  const click = window.pressed ? null : HTMLAnchorElement.prototype.click;
  window.pressed = [];
  if (click) HTMLAnchorElement.prototype.click = function () { pressed.push(performance.now()); click.call(this); };
}"""


def archives(page, act):
    """The downloads by name: of archives their files by name, else the bytes."""
    caught = []
    page.on("download", lambda item: caught.append(item))
    page.evaluate(WATCH_LINKS)
    act()
    page.wait_for_function("() => /^[0-9]+ protected/.test(document.getElementById('all-status').textContent)")
    page.wait_for_timeout(300)
    pressed = page.evaluate("pressed")
    assert all(later - one > 100 for one, later in pairwise(pressed)), "WebKit takes the last alone of links at once"
    found = {}
    for item in caught:
        data = item.path().read_bytes()
        found[item.suggested_filename] = data
        if not item.suggested_filename.endswith(".zip"):
            continue
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert archive.testzip() is None
        found[item.suggested_filename] = {name: archive.read(name) for name in archive.namelist()}
    return found


def test_several_pictures_stand_in_a_row_and_each_keeps_its_boxes(page, tmp_path):
    files = {"a.png": PHOTOGRAPH.read_bytes(), "row.png": rows_of_faces(), "none.png": grey(), "broken.png": b"no"}
    choose(page, tmp_path, files)
    page.wait_for_function("() => !document.getElementById('queue').textContent.includes('not looked at yet')")
    assert states(page) == ["1 face", "2 faces", "no face found", "This is not a picture that the service can read"]
    assert page.locator("#queue [aria-current]").inner_text().startswith("a.png")
    page.focus(".box")
    _, asked = preview(page, lambda: page.keyboard.press("ArrowRight"))
    moved = box_of(asked)
    _, asked = preview(page, lambda: page.click("#queue button >> text=row.png"))
    assert "region" not in asked
    assert measure(page, "surrogate", "Face found").startswith("yes, 2 of 2")
    page.click("#queue button >> text=none.png")
    assert text(page, "#error").startswith("No face was found")
    assert measure(page, "original", "Face found") == "\N{EN DASH}"
    page.click("#queue button >> text=broken.png")
    page.wait_for_function("() => document.getElementById('error').textContent.startsWith('This is not a picture')")
    _, asked = preview(page, lambda: page.click("#queue button >> text=a.png"))
    assert box_of(asked) == moved
    assert text(page, "#error") == ""
    _, asked = preview(page, lambda: page.click("[aria-label='Remove a.png']"))
    assert page.locator("#queue li").count() == 3
    assert page.locator("#queue [aria-current]").inner_text().startswith("row.png")


def test_all_pictures_come_in_archives_with_their_seals_apart(page, tmp_path):
    (tmp_path / "more").mkdir()
    choose(page, tmp_path, {"a.png": PHOTOGRAPH.read_bytes(), "none.png": grey()})
    (tmp_path / "more" / "A.PNG").write_bytes(rows_of_faces())
    preview(page, lambda: page.set_input_files("#file", tmp_path / "more" / "A.PNG"))
    found = archives(page, lambda: page.click("#save-all"))
    assert text(page, "#all-status").startswith(
        "2 protected: protected-pictures.zip, seals-to-keep.zip. Not protected: 1"
    )
    assert text(page, "#all-failed") == "none.png: No face was found. Put a box over each face by hand."
    assert set(found) == {"protected-pictures.zip", "seals-to-keep.zip"}
    pictures, seals = found["protected-pictures.zip"], found["seals-to-keep.zip"]
    assert list(pictures) == ["a-protected.png", "A-protected-2.png"]
    assert list(seals) == [f"{name}.seal" for name in pictures]
    for (name, data), clear in zip(pictures.items(), (original(), pixels_of(rows_of_faces())), strict=True):
        record = fp.Record.from_json(decode(data).texts[RECORD_TEXT]).with_beside(seals[f"{name}.seal"])
        np.testing.assert_array_equal(fp.restore(pixels_of(data), record, KEY), clear)
    preview(page, lambda: page.check("[name=purpose][value=archive]"))
    preview(page, lambda: page.check("#face-keys"))
    found = archives(page, lambda: page.click("#save-all"))
    assert set(found) == {"protected-pictures.zip", "face-keys.csv"}
    lines = list(csv.DictReader(io.StringIO(found["face-keys.csv"].decode())))
    assert [line["picture"] for line in lines] == ["a-protected.png", "A-protected-2.png", "A-protected-2.png"]
    for line in lines:
        opened = decode(found["protected-pictures.zip"][line["picture"]])
        record = fp.Record.from_json(opened.texts[RECORD_TEXT])
        key = fp.FaceKey.from_text(line["key"])
        region = record.regions[key.index].region
        assert [int(line[side]) for side in ("x", "y", "width", "height")] == [
            region.x,
            region.y,
            region.width,
            region.height,
        ]
        assert (fp.restore(opened.pixels, record, key) != opened.pixels).any()


def test_all_pictures_can_be_stopped(page, tmp_path):
    choose(page, tmp_path, {"a.png": PHOTOGRAPH.read_bytes(), "b.png": rows_of_faces()})
    page.route("**/v1/perturb?*", lambda route: None)
    page.click("#save-all")
    assert page.is_hidden("#save-all")
    page.click("#stop-all")
    assert text(page, "#all-status") == "Stopped; nothing was downloaded."
    assert page.is_enabled("#save-all")


def test_zoom_shows_the_same_place_of_all(page):
    preview(page, lambda: drop(page))
    frame = page.locator("figure[data-name=camouflage] .stage").bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 4, frame["y"] + frame["height"] / 2)
    page.mouse.wheel(0, -100)
    assert page.evaluate(SHOWN) == [[1, 0, 0]] * 4  # without Ctrl the wheel is the page's
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function("() => document.getElementById('zoom-level').textContent === '150 %'")
    places = page.evaluate(SHOWN)
    assert places == [places[0]] * 4
    assert places[0] == pytest.approx([1.5, -0.125, -0.25], abs=0.005)  # what was under the pointer still is
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 4 + 20, frame["y"] + frame["height"] / 2, steps=2)
    page.mouse.up()
    dragged = page.evaluate(SHOWN)
    assert dragged == [dragged[0]] * 4
    assert dragged[0][1] == pytest.approx(places[0][1] + 20 / frame["width"], abs=0.002)
    page.click("#zoom-in")
    page.focus("#zoom-in")
    before = page.evaluate(SHOWN)[0]
    page.keyboard.press("ArrowDown")
    assert page.evaluate(SHOWN)[3][2] == pytest.approx(before[2] - 0.125, abs=0.002)
    page.click("#zoom-face")
    box, stage = page.locator(".box").bounding_box(), page.locator("#stage").bounding_box()
    assert box["x"] >= stage["x"]
    assert box["x"] + box["width"] <= stage["x"] + stage["width"]
    assert box["height"] == pytest.approx(stage["height"] / 2, rel=0.05)
    page.click("#zoom-whole")
    assert page.evaluate(SHOWN) == [[1, 0, 0]] * 4


def test_labels_cover_no_face(page):
    preview(page, lambda: drop(page, "row.png", rows_of_faces(3)))
    assert page.evaluate(OVERLAPS) == [0, 0, 0]
    sides = page.eval_on_selector_all(".tag", "(tags) => tags.map((tag) => tag.dataset.side)")
    assert sides == ["below"] * 3
    page.click("#faces summary")
    for side, value in {"x": 0, "y": 0, "width": 600, "height": 230}.items():
        page.fill(f"#face-list input[data-index='1'][data-side={side}]", str(value))
        page.keyboard.press("Tab")
    settled(page)
    sides = page.eval_on_selector_all(".tag", "(tags) => tags.map((tag) => tag.dataset.side)")
    assert sides == ["none"] * 3  # every place would cover a face
    assert page.evaluate(OVERLAPS) == []
