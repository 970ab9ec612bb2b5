"""The review's page in a real browser: boxes by mouse, keyboard and touch, saving, two windows, phone."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import contextlib
import json
import os
import signal
from pathlib import Path

import pytest
from browser_cases import chromium, clean_page
from photographs import astronaut
from review_cases import reviewing

from fastperturb.files import read_image, write_image

pytestmark = pytest.mark.browser
GREY = 128


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The astronaut, a picture without a face, and a broken one; the working directory is beside them."""
    monkeypatch.chdir(tmp_path)
    photos = tmp_path / "photos"
    photos.mkdir()
    pixels = read_image(astronaut().path).pixels[..., :3]
    write_image(photos / "astronaut.png", pixels[:300, 50:400].copy())
    flat = pixels[:240, :320].copy()
    flat[:] = GREY
    write_image(photos / "flat.png", flat)
    (photos / "broken.png").write_bytes((photos / "flat.png").read_bytes()[:60])
    return tmp_path


@contextlib.contextmanager
def opened(chromium, address, **options):
    """The page, when both pictures were looked at."""
    with clean_page(chromium, address, **options) as page:
        page.wait_for_function("() => document.getElementById('progress-text').textContent.includes('of 2')")
        page.wait_for_function("() => !document.getElementById('progress-text').textContent.includes('not looked at')")
        yield page


@contextlib.contextmanager
def reviewed(chromium, *arguments, **options):
    with reviewing("photos", "--turned", "no", *arguments) as (process, address):
        with opened(chromium, address, **options) as page:
            yield page
        if os.name != "nt" and process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def entries():
    return {entry["file"]: entry for entry in map(json.loads, Path("photos.boxes.jsonl").read_text().splitlines())}


def choose(page, name):
    page.click(f"#pictures button:has-text('{name}')")
    page.wait_for_function("(name) => document.getElementById('name').textContent === name", arg=name)
    page.wait_for_selector("#whole[src^='blob:']")


def saved(page):
    page.wait_for_function("() => document.getElementById('saving').textContent === 'Saved'")


def verdict(page):
    return page.inner_text("#verdict")


def test_the_unsure_picture_is_shown_first_and_the_broken_one_named(folder, chromium):
    with reviewed(chromium) as page:
        page.wait_for_selector("#pictures li >> nth=2")
        names = page.eval_on_selector_all("#pictures .name", "all => all.map((item) => item.textContent)")
        assert names == ["flat.png", "astronaut.png", "broken.png"]
        assert "1 cannot be read" in page.inner_text("#progress-text")
        assert "damaged" in page.inner_text("#pictures li[data-state=broken] .why")
        assert page.url.endswith("/"), "the secret is not in the address any more"
        page.reload()
        page.wait_for_selector("#pictures li >> nth=2")


def test_the_picture_that_was_asked_for_last_is_shown_whichever_comes_last(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "astronaut.png")
        held = []
        page.route("**/api/pictures/*", lambda route: route.continue_() if held else held.append(route))
        page.click("#pictures button:has-text('flat.png')")
        page.wait_for_timeout(50)
        page.click("#pictures button:has-text('broken.png')")
        page.wait_for_function("() => document.getElementById('name').textContent === 'broken.png'")
        with page.expect_response("**/api/pictures/*"):
            held[0].continue_()
        page.wait_for_timeout(200)
        assert page.inner_text("#name") == "broken.png"
        assert "Cannot be read" in verdict(page)


def test_boxes_are_drawn_moved_resized_spared_and_removed_by_mouse(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        frame = page.locator("#stage").bounding_box()
        scale = frame["width"] / 320
        at = lambda x, y: (frame["x"] + x * scale, frame["y"] + y * scale)  # noqa: E731
        page.mouse.move(*at(40, 50))
        page.mouse.down()
        page.mouse.move(*at(100, 120), steps=4)
        page.mouse.up()
        saved(page)
        assert entries()["flat.png"]["faces"] == [{"x": 40, "y": 50, "width": 60, "height": 70, "by": "hand"}]
        page.mouse.move(*at(70, 80))
        page.mouse.down()
        page.mouse.move(*at(90, 70), steps=4)
        page.mouse.up()
        page.mouse.move(*at(120, 110))  # its corner
        page.mouse.down()
        page.mouse.move(*at(130, 130), steps=4)
        page.mouse.up()
        saved(page)
        (box,) = entries()["flat.png"]["faces"]
        assert (box["x"], box["y"], box["width"], box["height"]) == (60, 40, 70, 90)
        page.click("#spare")
        assert verdict(page) == "Nothing will be hidden, 1 face left as it is."
        page.click("#remove")
        page.click("#undo")
        saved(page)
        assert len(entries()["flat.png"]["spared"]) == 1
        assert entries()["flat.png"]["review"] == "open"


def test_all_of_it_by_keyboard(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "astronaut.png")
        page.wait_for_selector(".box")
        page.wait_for_function("() => document.activeElement.id === 'viewport'")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "box"
        before = page.evaluate("document.activeElement.ariaLabel")
        assert "to hide, score 0.9" in before
        page.keyboard.press("Control+ArrowRight")
        page.keyboard.press("Shift+Control+ArrowDown")
        page.keyboard.press("n")
        page.keyboard.press("s")
        assert verdict(page) == "1 face will be hidden, 1 face left as it is."
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('name').textContent === 'flat.png'")
        first = entries()["astronaut.png"]
        assert first["review"] == "done"
        left, top, width, height = (first["faces"][0][side] for side in ("x", "y", "width", "height"))
        assert f"left {left - 1}, top {top}, {width} by {height - 1} pixels" in before
        page.wait_for_function("() => document.activeElement.id === 'viewport'")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('progress-text').textContent.startsWith('2 of 2')")
        assert entries()["flat.png"] | {"faces": [], "review": "done"} == entries()["flat.png"]
        page.keyboard.press("PageDown")
        page.wait_for_function("() => document.getElementById('name').textContent === 'astronaut.png'")


def test_keys_of_one_letter_can_be_switched_off(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        page.click("#keys summary")
        page.uncheck("#letters")
        page.focus("#viewport")
        page.keyboard.press("n")
        assert verdict(page) == "Nothing will be hidden."


def test_zoom_by_wheel_and_key_shows_the_same_point_and_labels_cover_no_face(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "astronaut.png")
        box = page.locator("#stage .box").bounding_box()
        tag = page.locator("#stage .box .tag").bounding_box()
        assert tag["y"] >= box["y"] + box["height"] or tag["y"] + tag["height"] <= box["y"]
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*middle)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Control")
        page.wait_for_function("(old) => document.querySelector('#stage .box').clientWidth > old + 2", arg=box["width"])
        now = page.locator("#stage .box").bounding_box()
        assert now["x"] + now["width"] / 2 == pytest.approx(middle[0], abs=3)
        assert now["y"] + now["height"] / 2 == pytest.approx(middle[1], abs=3)
        page.keyboard.press("0")
        page.wait_for_function(
            "() => { const v = document.getElementById('viewport'); return v.scrollWidth <= v.clientWidth }"
        )
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.className") == "box"


def test_a_second_window_is_told_and_loses_nothing_of_the_first(folder, chromium):
    with (
        reviewing("photos", "--turned", "no") as (_process, address),
        opened(chromium, address) as one,
        opened(chromium, address) as two,
    ):
        choose(one, "flat.png")
        choose(two, "flat.png")
        one.focus("#viewport")
        one.keyboard.press("n")
        saved(one)
        two.focus("#viewport")
        two.keyboard.press("n")
        two.keyboard.press("n")
        two.wait_for_selector("#error:has-text('Another window changed this picture')")
        assert len(entries()["flat.png"]["faces"]) == 1
        two.click("#error button")
        assert verdict(two) == "1 face will be hidden."


def test_what_cannot_be_saved_is_said_and_saved_later(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        Path("photos.boxes.jsonl").write_text('{"file": "mine.png", "faces": []}\n')
        page.focus("#viewport")
        page.keyboard.press("n")
        page.wait_for_selector("#error:has-text('was changed by another program')")
        assert page.inner_text("#saving") == "Not saved"
        page.click("#error button:has-text('Write mine over it')")
        saved(page)
        assert len(entries()["flat.png"]["faces"]) == 1


def test_a_phone_has_everything_within_its_width_and_a_finger_draws(folder, chromium):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with reviewed(chromium, **phone) as page:
        choose(page, "flat.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for button in page.query_selector_all(".bar button:visible"):
            place = button.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= 390
            assert place["height"] >= 36
        page.tap("#add")
        frame = page.locator("#stage").bounding_box()
        touch = page.context.new_cdp_session(page)
        points = [(frame["x"] + 40 + 10 * step, frame["y"] + 30 + 10 * step) for step in range(8)]
        kinds = ["touchStart"] + ["touchMove"] * 6
        for kind, (x, y) in zip(kinds, points, strict=False):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_function("() => document.querySelectorAll('#stage .box').length === 1")
        saved(page)


def test_without_the_secret_nothing_is_shown(folder, chromium):
    with reviewing("photos", "--turned", "no") as (_process, address):
        context = chromium.new_context()
        page = context.new_page()
        page.goto(address.partition("#")[0])
        page.wait_for_selector("#error:has-text('open the address that the command printed')")
        assert page.query_selector_all("#pictures li") == []
        context.close()
