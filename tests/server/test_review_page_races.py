"""The review's page where answers are slow or come in another order: nothing is lost, or goes into another picture."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import re
from pathlib import Path

import pytest
from browser_cases import chromium
from test_review_page import choose, entries, folder, reviewed, saved, verdict

pytestmark = pytest.mark.browser
ONE = re.compile(r"/api/pictures/\d+$")


class Held:
    """Requests of one address that wait until they are let go."""

    def __init__(self, page, address, method="GET"):
        self.page, self.method, self.waiting, self.open = page, method, [], False
        page.route(address, self.take)

    def take(self, route):
        if self.open or route.request.method != self.method:
            route.continue_()
        else:
            self.waiting.append(route)

    def until_one_waits(self):
        for _ in range(400):
            if self.waiting:
                return
            self.page.wait_for_timeout(25)
        raise AssertionError("nothing was asked for")

    def let_go(self):
        self.open = True
        for route in self.waiting:
            route.continue_()


def named(page, name):
    page.wait_for_function("(name) => document.getElementById('name').textContent === name", arg=name)


def test_a_box_drawn_while_the_next_picture_comes_belongs_to_the_one_that_is_seen(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        held = Held(page, ONE)
        page.click("#pictures button:has-text('astronaut.png')")
        held.until_one_waits()
        page.focus("#viewport")
        page.keyboard.press("n")
        assert page.inner_text("#name") == "flat.png"
        held.let_go()
        named(page, "astronaut.png")
        saved(page)
        assert len(entries()["flat.png"]["faces"]) == 1
        assert [face.get("by") for face in entries()["astronaut.png"]["faces"]] == [None]
        assert page.locator("#stage .box").count() == 1
        assert verdict(page) == "1 face will be hidden."


def test_enter_before_the_next_picture_is_there_does_not_call_it_reviewed(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        held = Held(page, ONE)
        page.focus("#viewport")
        page.keyboard.press("Enter")
        held.until_one_waits()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        held.let_go()
        named(page, "astronaut.png")
        saved(page)
        assert {name: entry["review"] for name, entry in entries().items() if "review" in entry} == {
            "flat.png": "done",
            "astronaut.png": "open",
        }


def test_no_button_gets_its_text_anew_while_it_is_pressed(folder, chromium):
    """WebKit forgets a press on a button whose text is set before it is let go."""
    with reviewed(chromium) as page:
        choose(page, "astronaut.png")
        page.wait_for_selector("#stage .box")
        page.focus("#stage .box")
        words = "[...document.querySelectorAll('#spare, #pictures .name, #pictures .why')].map((one) => one.firstChild)"
        before = page.evaluate_handle(words)
        page.locator("#spare").hover()
        page.mouse.down()
        page.wait_for_timeout(50)
        with page.expect_response("**/api/review?*"):
            pass
        page.wait_for_timeout(50)
        assert before.evaluate(f"(before) => {words}.every((node, index) => node && node === before[index])")
        page.mouse.up()
        saved(page)
        assert page.inner_text("#spare") == "Hide this face"


def test_saved_is_said_only_when_all_is(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        held = Held(page, ONE, "PUT")
        page.focus("#viewport")
        page.keyboard.press("n")
        held.until_one_waits()
        with page.expect_response("**/api/review?*"):
            pass
        page.wait_for_timeout(50)
        assert page.inner_text("#saving") == "Not saved yet"
        held.let_go()
        saved(page)
        assert len(entries()["flat.png"]["faces"]) == 1


def test_an_answer_that_comes_late_does_not_bring_back_what_was(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        late = Held(page, "**/api/review?*")
        late.until_one_waits()
        (route,) = late.waiting
        answer = route.fetch()
        assert answer.json()["done"] == 0
        page.focus("#viewport")
        page.keyboard.press("Enter")
        named(page, "astronaut.png")
        saved(page)
        assert page.inner_text("#progress-text").startswith("1 of 2")
        late.waiting.clear()
        route.fulfill(response=answer)
        page.wait_for_timeout(200)
        assert page.inner_text("#progress-text").startswith("1 of 2")
        late.open = True


def test_the_buttons_of_a_complaint_stay_while_it_lasts(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        Path("photos.boxes.jsonl").write_text('{"file": "mine.png", "faces": []}\n')
        page.focus("#viewport")
        page.keyboard.press("n")
        button = page.wait_for_selector("#error button:has-text('Write mine over it')")
        for _ in range(2):
            with page.expect_response("**/api/review?*"):
                pass
        page.wait_for_timeout(50)
        assert button.evaluate("(button) => button.isConnected")
        button.click()
        saved(page)
        assert len(entries()["flat.png"]["faces"]) == 1


def test_a_row_stays_under_the_finger_until_it_is_let_go(folder, chromium):
    with reviewed(chromium) as page:
        page.select_option("#filter", "open")
        choose(page, "flat.png")
        row = page.locator("#pictures li").first
        held = Held(page, ONE, "PUT")
        page.focus("#viewport")
        page.keyboard.press("Enter")
        held.until_one_waits()
        place = row.bounding_box()
        page.mouse.move(place["x"] + 20, place["y"] + 20)
        page.mouse.down()
        with page.expect_response(ONE):
            held.let_go()
        page.wait_for_timeout(100)
        assert page.locator("#pictures li").count() == 2
        page.mouse.up()
        page.wait_for_function("() => document.querySelectorAll('#pictures li').length === 1")


def test_what_is_being_drawn_is_not_taken_away_by_a_picture_that_comes_meanwhile(folder, chromium):
    with reviewed(chromium) as page:
        choose(page, "flat.png")
        held = Held(page, ONE)
        page.click("#pictures button:has-text('flat.png')")
        held.until_one_waits()
        frame = page.locator("#stage").bounding_box()
        page.mouse.move(frame["x"] + 40, frame["y"] + 50)
        page.mouse.down()
        page.mouse.move(frame["x"] + 140, frame["y"] + 150, steps=4)
        with page.expect_response(ONE):
            held.let_go()
        page.wait_for_timeout(100)
        assert page.locator("#stage .box").count() == 1
        page.mouse.up()
        saved(page)
        assert len(entries()["flat.png"]["faces"]) == 1
        assert verdict(page) == "1 face will be hidden."
