"""The review's page with a video where answers are slow: a key acts on the face that was chosen when it was pressed."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import re

import pytest

pytest.importorskip("av")

from browser_cases import chromium
from test_review_page_races import Held
from test_review_page_videos import answered, drawn, folder, go, reviewed, saved

pytestmark = pytest.mark.browser
BOXES = re.compile(r"/api/videos/\d+/frames/\d+$")
CHANGES = re.compile(r"/api/videos/\d+$")


def all_saved(page):
    page.wait_for_function("() => document.getElementById('saving').textContent === 'Saved'")
    drawn(page)


def posted(page):
    return page.expect_response(lambda answer: answer.request.method == "POST")


def test_keys_pressed_before_the_frame_is_shown_anew_act_on_the_face_added_meanwhile(folder, chromium):
    with reviewed(chromium) as page:
        held = Held(page, BOXES)
        with posted(page):
            page.keyboard.press("]")
        held.until_one_waits()
        page.keyboard.press("n")
        assert page.inner_text("#chosen") == "New face"
        held.let_go()
        drawn(page)
        page.keyboard.press("s")
        all_saved(page)
        assert page.locator("#stage .tag").all_inner_texts() == ["0", "1"]
        assert [track.spared for track in saved()] == [False, True]
        assert page.inner_text("#verdict") == "1 face will be hidden, 1 face left as it is."


def test_a_face_that_is_left_before_it_is_saved_is_left(folder, chromium):
    with reviewed(chromium) as page:
        held = Held(page, CHANGES, "POST")
        page.keyboard.press("n")
        page.keyboard.press("s")
        held.until_one_waits()
        held.let_go()
        page.wait_for_selector("#tracks li[data-spared=true]")
        all_saved(page)
        assert [track.spared for track in saved()] == [False, True]
        assert page.inner_text("#verdict") == "1 face will be hidden, 1 face left as it is."


def test_the_last_frame_of_a_face_that_is_not_saved_yet_is_its_own(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 20)
        was = saved()[0]
        held = Held(page, CHANGES, "POST")
        page.keyboard.press("n")
        page.keyboard.press("]")
        held.until_one_waits()
        held.waiting.pop().continue_()
        page.wait_for_function("() => document.querySelectorAll('#tracks li').length === 2")
        held.until_one_waits()
        assert page.inner_text("#saving") == "Not saved yet"
        held.let_go()
        all_saved(page)
        assert [track.last for track in saved()] == [was.last, 19]
        assert page.inner_text("#chosen").startswith("Face 1: ")


def test_a_face_added_while_a_frame_comes_is_not_taken_away_by_it(folder, chromium):
    with reviewed(chromium) as page:
        held = Held(page, BOXES)
        page.keyboard.press(".")
        held.until_one_waits()
        (route,) = held.waiting
        late = route.fetch()
        with posted(page):
            page.keyboard.press("n")
        page.wait_for_function("() => document.querySelectorAll('#tracks li').length === 2")
        assert page.locator("#stage .tag").all_inner_texts() == ["0", "1"]
        assert page.evaluate("document.activeElement.ariaLabel").startswith("Face 1, ")
        held.waiting.clear()
        held.open = True
        route.fulfill(response=late)
        drawn(page)
        assert page.locator("#stage .box").count() == 2
        with posted(page):
            page.keyboard.press("ArrowRight")
        all_saved(page)
        assert len(saved()) == 2


def test_letters_act_while_the_slider_is_what_is_pressed(folder, chromium):
    with reviewed(chromium) as page:
        page.focus("#frame")
        page.keyboard.press("End")
        page.wait_for_function("() => document.getElementById('frame-text').textContent.startsWith('Frame 60 of 60, ')")
        drawn(page)
        answered(page, lambda: page.keyboard.press("s"))
        assert [track.spared for track in saved()] == [True]


def test_the_chosen_face_stays_chosen_where_its_box_has_another_number(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 4)
        answered(page, lambda: page.keyboard.press("n"))
        assert page.evaluate("document.activeElement.dataset.index") == "0"
        for number in (5, 6):
            page.keyboard.press(".")
            page.wait_for_function("(n) => frame.value === n", arg=str(number - 1))
            drawn(page)
        assert page.locator("#stage .box").count() == 2
        answered(page, lambda: page.keyboard.press("s"))
        assert [track.spared for track in saved()] == [False, True]


def test_the_face_chosen_in_the_list_is_what_keys_act_on(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 10)
        answered(page, lambda: page.keyboard.press("n"))
        held = Held(page, BOXES)
        page.locator("#tracks li").nth(0).locator("button:has-text('middle')").click()
        held.until_one_waits()
        assert page.inner_text("#chosen").startswith("Face 0: ")
        page.keyboard.press("s")
        held.let_go()
        all_saved(page)
        assert [track.spared for track in saved()] == [True, False]


def test_a_button_pressed_twice_does_what_it_says(folder, chromium):
    with reviewed(chromium) as page:
        held = Held(page, CHANGES, "POST")
        button = page.locator("#tracks button:has-text('Leave this face')")
        button.click()
        held.until_one_waits()
        button.click()
        held.let_go()
        page.wait_for_selector("#tracks li[data-spared=true]")
        all_saved(page)
        assert [track.spared for track in saved()] == [True]


def test_a_button_that_is_pressed_while_an_answer_about_another_face_comes_acts(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 10)
        answered(page, lambda: page.keyboard.press("n"))
        held = Held(page, CHANGES, "POST")
        buttons = page.locator("#tracks button:has-text('Leave this face')")
        buttons.nth(0).click()
        held.until_one_waits()
        buttons.nth(1).hover()
        page.mouse.down()
        held.let_go()
        page.wait_for_selector("#tracks li[data-spared=true]")
        drawn(page)
        page.mouse.up()
        page.wait_for_selector("#tracks li[data-spared=true] ~ li[data-spared=true]")
        all_saved(page)
        assert [track.spared for track in saved()] == [True, True]


def test_a_letter_pressed_twice_hides_the_face_again(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 60)
        assert page.locator("#stage .box").count() == 0
        held = Held(page, CHANGES, "POST")
        page.keyboard.press("s")
        held.until_one_waits()
        page.keyboard.press("s")
        with posted(page), posted(page):
            held.let_go()
        all_saved(page)
        assert [track.spared for track in saved()] == [False]


def test_a_face_that_could_not_be_sent_is_sent_with_the_next_frame(folder, chromium):
    with reviewed(chromium) as page:
        page.route(CHANGES, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
        page.keyboard.press("n")
        page.wait_for_selector("#error:has-text('The review has ended')")
        with page.expect_response("**/api/review?*"):
            pass
        assert page.inner_text("#saving") == "Not saved yet"
        page.unroute(CHANGES)
        with posted(page):
            page.keyboard.press(".")
        all_saved(page)
        assert len(saved()) == 2
        assert page.locator("#stage .box").count() == 2
