"""The service's page in a real browser: four pictures, settings, boxes, keyboard, phone."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

from collections import deque

import pytest
from browser_cases import (
    PHOTOGRAPH,
    box_of,
    chooser_by,
    chromium,
    download,
    drop,
    measure,
    number,
    original,
    page,
    preview,
    query,
    service,
    settled,
    text,
    watched,
)
from server_cases import pixels_of

import fastperturb as fp

pytestmark = pytest.mark.browser
OUTLINE = """() => {
  const at = document.activeElement;
  return getComputedStyle(at.matches(".hidden") ? at.nextElementSibling : at).outlineStyle;
}"""


@pytest.mark.parametrize("name", ["surrogate", "camouflage", "windows"])
def test_a_dropped_picture_is_shown_and_measured(page, name):
    answer, asked = preview(page, lambda: drop(page), name)
    assert "region" not in asked  # the service finds the faces itself, with their turns
    shown = pixels_of(answer["image"])
    assert number(measure(page, name, "PSNR")) == round(fp.psnr(original(), shown), 2)
    assert number(measure(page, name, "SSIM")) == round(fp.ssim(original(), shown), 4)
    assert measure(page, "original", "Face found").startswith("yes (0.9")
    titles = {"after": "Face found"} | ({"view_after": "Found in the view"} if name == "windows" else {})
    for kind, title in titles.items():  # of windows the draw decides
        faces = [face["score"] for face in answer["facts"]["measures"]["faces"][kind]]
        assert measure(page, name, title) == (f"yes ({max(faces):.2f})" if faces else "no")
    if name == "windows":
        assert number(measure(page, name, "Moved pixels")) == answer["facts"]["moved"] > 5_000
    for figure in ("original", name):
        image = page.locator(f"figure[data-name={figure}] img")
        assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 512


def test_the_surrogate_is_the_default_and_words_follow_what_is_set(page):
    _, asked = preview(page, lambda: drop(page))
    assert asked["protect"] == ["surrogate:tone=around,area=head"]
    assert page.is_checked("[name=use][value=surrogate]")
    words = page.inner_text("#answers")
    for figure in (
        "59\xa0% (49 to 68\xa0%)",
        "93\xa0% (86 to 97\xa0%)",
        "97\xa0% (94 to 99\xa0%)",
        "96\xa0% (93 to 99\xa0%)",
    ):
        assert figure in words
    assert "hair, clothes and background still name people" in " ".join(page.inner_text(".recognise").split())
    _, asked = preview(page, lambda: page.check("[name=area][value=face]"))
    assert asked["protect"] == ["surrogate:tone=around,area=face"]
    assert "90\xa0% (83 to 95\xa0%)" in page.inner_text("#answers")
    assert "was not" not in page.inner_text("#answers")
    page.click("#windows-settings summary")
    preview(page, lambda: page.check("[name=grow][value='0.2']"), "windows")
    assert "what is set here was not" in page.inner_text("#answers")


def test_the_numbers_follow_the_settings(page):
    preview(page, lambda: drop(page), "windows")
    page.check("[name=use][value=windows]")
    page.click("#windows-settings summary")
    moved = lambda: number(measure(page, "windows", "Moved pixels"))  # noqa: E731
    psnr = lambda: number(measure(page, "windows", "PSNR"))  # noqa: E731
    all_moved = moved()
    page.focus("#window-dial input[type=range]")
    _, asked = preview(page, lambda: page.keyboard.press("ArrowLeft"), "windows")
    assert asked["cells"] == ["7"]
    _, asked = preview(page, lambda: page.check("#window-dial [value=window]"), "windows")
    assert asked["window"] == ["12"]
    assert "cells" not in asked
    _, asked = preview(page, lambda: page.check("#amount-dial [value=psnr]"), "windows")
    assert psnr() == pytest.approx(float(asked["psnr"][0]), abs=0.5)
    page.fill("#window-dial input[type=number]", "4")
    page.wait_for_selector("#status.bad")
    assert text(page, "#status").startswith("psnr must be at least")
    assert text(page, "#error") == ""
    assert page.is_disabled("#save-image")
    page.fill("#window-dial input[type=number]", "12")
    preview(page, lambda: page.fill("#amount-dial input[type=number]", "33"), "windows")
    assert psnr() == pytest.approx(33.0, abs=0.5)
    assert moved() < all_moved
    _, asked = preview(page, lambda: page.check("#amount-dial [value=coverage]"), "windows")
    assert asked["coverage"] == ["0.5"]
    assert moved() == pytest.approx(all_moved / 2, abs=1)
    answer, asked = preview(page, lambda: page.check("[name=shape][value=ellipse]"), "windows")
    assert asked["shape"] == ["ellipse"]
    before = answer["facts"]["regions"][0]
    answer, asked = preview(page, lambda: page.check("[name=grow][value=head]"), "windows")
    after = answer["facts"]["regions"][0]
    assert after["shape"] == "ellipse"
    assert after["height"] > before["height"]
    page.fill("#amount-dial input[type=number]", "400")  # no share: it is not taken over
    assert page.get_attribute("#amount-dial input[type=number]", "aria-invalid") == "true"


def test_the_newest_answer_wins(page):
    preview(page, lambda: drop(page))
    page.check("[name=use][value=windows]")
    page.click("#windows-settings summary")
    held, broken = deque(), []
    page.on("requestfailed", lambda request: broken.append(query(request.url)["cells"][0]))
    page.route("**/v1/preview?*cells=9*", lambda route: held.append(route))
    page.fill("#window-dial input[type=number]", "9")
    page.wait_for_timeout(500)
    assert len(held) == 1
    assert page.is_disabled("#save-image")  # nothing that is not of these settings can be saved
    answer, asked = preview(page, lambda: page.fill("#window-dial input[type=number]", "3"), "windows")
    assert asked["cells"] == ["3"]
    assert broken == ["9"]
    assert download(page, "#save-image")[1] == answer["image"]
    sent = []
    page.on("request", lambda request: "/v1/preview" in request.url and sent.append(request.url))
    page.focus("#window-dial input[type=range]")
    preview(page, lambda: [page.keyboard.press("ArrowRight") for _ in range(20)], "windows")
    assert len(sent) < 5
    assert all("windows" in url for url in sent)  # nobody asks for what did not change
    assert query(sent[-1])["cells"] == ["23"]


def test_the_mouse_draws_moves_resizes_and_removes_boxes(page):
    preview(page, lambda: drop(page))
    frame = page.locator("#stage").bounding_box()
    scale = 512 / frame["width"]

    def drag(*points):
        for index, (x, y) in enumerate(points):
            page.mouse.move(frame["x"] + x / scale, frame["y"] + y / scale, steps=4)
            if index == 0:
                page.mouse.down()
        page.mouse.up()

    _, asked = preview(page, lambda: drag((300, 330), (400, 450)))
    assert box_of(asked)[1] == pytest.approx((300, 330, 100, 120), abs=3)
    _, asked = preview(page, lambda: drag((350, 390), (380, 370)))
    assert box_of(asked)[1] == pytest.approx((330, 310, 100, 120), abs=4)
    _, asked = preview(page, lambda: drag((430, 430), (900, 460)))
    assert box_of(asked)[1] == pytest.approx((330, 310, 182, 150), abs=4)
    page.click("#faces summary")
    _, asked = preview(page, lambda: page.click("#face-list [data-remove='0']"))
    assert len(box_of(asked)) == 1
    assert text(page, "#uncovered").startswith("Under no box, and so still visible: 1 face")
    page.fill("#face-list [data-side=x]", "5")
    _, asked = preview(page, lambda: page.keyboard.press("Tab"), "windows")
    assert box_of(asked)[0][0] == 5
    assert page.locator(".box").count() == 1
    page.uncheck("#show-boxes")
    assert page.locator(".box:visible, .found:visible").count() == 0
    _, asked = preview(page, lambda: page.click("#find-again"))
    assert len(box_of(asked)) == 2


def test_the_keyboard_is_enough(page):
    def tab_to(selector, most=60):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                assert page.evaluate(OUTLINE) == "solid"  # one can see where one is
                return
        raise AssertionError(f"Tab does not reach {selector}")

    tab_to("#file")
    chooser = chooser_by(page, "Enter")
    preview(page, lambda: chooser.set_files(PHOTOGRAPH))
    tab_to(".box")
    _, asked = preview(page, lambda: page.keyboard.press("ArrowRight"))
    x, y, width, height = box_of(asked)[0]
    _, asked = preview(page, lambda: page.keyboard.press("Shift+ArrowDown"))
    assert box_of(asked)[0] == (x, y, width, height + 5)
    _, asked = preview(page, lambda: page.keyboard.press("Control+ArrowUp"))
    assert box_of(asked)[0] == (x, y - 1, width, height + 5)
    page.keyboard.press("Delete")
    assert text(page, "#status") == "There is no box: nothing would be protected."
    assert page.evaluate("document.activeElement.id") == "add-face"
    _, asked = preview(page, lambda: page.keyboard.press("Enter"))
    assert box_of(asked) == [(192, 192, 128, 128)]
    assert page.evaluate("document.activeElement.className").startswith("box")
    tab_to("[name=use]")
    page.keyboard.press("ArrowRight")
    assert text(page, "#chosen") == "Camouflage"
    tab_to("#zoom-in")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    assert text(page, "#zoom-level") == "150 %"
    tab_to("#windows-settings summary")
    page.keyboard.press("Enter")
    tab_to("#window-dial input[type=range]")
    slider, pictures = page.locator(":focus").bounding_box(), page.locator("#pictures").bounding_box()
    assert pictures["y"] + pictures["height"] <= slider["y"] <= 900  # not under what stays at the top
    _, asked = preview(page, lambda: page.keyboard.press("ArrowUp"), "windows")
    assert asked["cells"] == ["9"]
    tab_to("#save-image")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_on_a_phone(chromium, service):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with watched(chromium, service, **phone) as page:

        def fits():
            return page.evaluate("document.documentElement.scrollWidth <= 360 && innerWidth === 360")

        assert fits()
        preview(page, lambda: page.set_input_files("#file", [PHOTOGRAPH, PHOTOGRAPH]))
        page.click("#faces summary")
        page.click("#windows-settings summary")
        page.check("#face-keys")
        page.check("#amount-dial [value=coverage]")
        settled(page)
        assert fits()
        for name in ("camouflage", "windows", "surrogate", "original"):
            page.tap(f".picker [data-show={name}]")
            page.wait_for_selector(f"figure[data-name={name}] img", state="visible")
            assert page.locator("#pictures figure:visible").count() == 1
            stage = page.locator(f"figure[data-name={name}] .stage").bounding_box()
            below = page.locator(f"figure[data-name={name}] .measures").bounding_box()
            assert stage["y"] + stage["height"] <= below["y"]
        box = page.locator(".box").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = page.context.new_cdp_session(page)

        def swipe():
            for kind, shift in (("touchStart", 0), ("touchMove", 20), ("touchMove", 40), ("touchEnd", None)):
                points = [] if shift is None else [{"x": x + shift, "y": y}]
                fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        left = int(page.input_value("#face-list [data-side=x]"))
        _, moved = preview(page, swipe)
        assert box_of(moved)[0][0] > left + 40
        small = page.evaluate(
            "[...document.querySelectorAll('button, label.button, input[type=number], nav a, .choices label')]"
            ".filter((item) => item.offsetHeight && item.offsetHeight < 40).map((item) => item.textContent)"
        )
        assert small == []
        page.tap("nav a[href='#restore']")
        page.wait_for_selector("#restore-form", state="visible")
        assert fits()
