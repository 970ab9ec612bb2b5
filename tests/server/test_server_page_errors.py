"""The service's page in a real browser: no face, what cannot be taken, a busy service and one that is not there."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import numpy as np
import pytest
from browser_cases import (
    PHOTOGRAPH,
    box_of,
    chromium,
    drop,
    grey,
    measure,
    page,
    preview,
    service,
    settled,
    text,
)

pytestmark = pytest.mark.browser


def test_no_face_is_said_and_a_box_can_be_added(page):
    drop(page, "grey.png", grey())
    page.wait_for_selector("#error strong")
    assert text(page, "#error").startswith("No face was found. Nothing is protected yet.")
    assert page.is_disabled("#save-image")
    answer, asked = preview(page, lambda: page.click("#error button"))
    assert len(answer["facts"]["regions"]) == len(box_of(asked)) == 1
    assert text(page, "#error") == ""
    assert measure(page, "windows", "PSNR") == "∞"
    assert measure(page, "surrogate", "Face found").startswith("yes")


def test_what_cannot_be_taken_is_explained(page):
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    noise = np.random.default_rng(0).bytes(1_100_000)
    drop(page, "large.png", noise)
    assert text(page, "#error") == "This file is too large. large.png has 1.0 MB; the service takes up to 1.0 MB."
    assert sent == []
    for data, words in (
        (grey(1001, 1000), "This picture has too many pixels"),
        (b"not a picture", "This is not a picture that the service can read"),
        (PHOTOGRAPH.read_bytes()[:20_000], "The image is damaged"),
    ):
        drop(page, "other.png", data)
        page.wait_for_function("(words) => document.getElementById('error').textContent.startsWith(words)", arg=words)
        assert page.is_hidden("#work")
    preview(page, lambda: drop(page))
    assert text(page, "#error") == ""
    assert page.is_hidden("#queue")  # what could not be read is gone


def test_a_busy_service_is_asked_again_and_an_absent_one_reported(page):
    preview(page, lambda: drop(page))
    page.click("#windows-settings summary")
    busy = {"status": 429, "headers": {"Retry-After": "1"}, "body": "a gateway's own words"}
    page.route("**/v1/preview*", lambda route: route.fulfill(**busy), times=1)
    page.fill("#window-dial input[type=number]", "5")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('busy; trying again in 1 s')")
    settled(page)
    page.context.set_offline(True)
    page.fill("#window-dial input[type=number]", "6")
    page.wait_for_selector("#error strong")
    assert text(page, "#error").startswith("The service cannot be reached. This device is offline.")
    _, asked = preview(page, lambda: page.context.set_offline(False), "windows")
    assert asked["cells"] == ["6"]
    assert text(page, "#error") == ""
