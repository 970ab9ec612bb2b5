"""The service's page in a real browser: how hard to look for faces is chosen there, and counts for all pictures."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import cv2
import numpy as np
import pytest
from browser_cases import (
    PHOTOGRAPH,
    WITH_KEY,
    chromium,
    original,
    page,
    preview,
    query,
    service,
    settled,
    text,
    watched,
)
from server_cases import encoded, running

pytestmark = pytest.mark.browser


def with_small_face():
    """A face of about 11 pixels in a picture of 640 x 600, which a fast look misses."""
    picture = np.full((600, 640, 3), 120, np.uint8)
    picture[300:330, 560:586] = cv2.resize(original()[0:230, 120:320], (26, 30), interpolation=cv2.INTER_AREA)
    return encoded(picture)


def test_a_careful_look_finds_more_in_all_pictures_but_those_with_boxes_by_hand(page, tmp_path):
    page.set_default_timeout(60_000)
    for name, data in {
        "a.png": PHOTOGRAPH.read_bytes(),
        "b.png": PHOTOGRAPH.read_bytes(),
        "small.png": with_small_face(),
    }.items():
        (tmp_path / name).write_bytes(data)
    _, asked = preview(
        page, lambda: page.set_input_files("#file", [tmp_path / f"{n}.png" for n in ("a", "b", "small")])
    )
    assert asked["find"] == ["fast"]
    page.wait_for_function("() => !document.getElementById('queue').textContent.includes('not looked at yet')")
    assert "no face found" in text(page, "#queue li:has-text('small.png') .state")
    page.focus(".box")
    preview(page, lambda: page.keyboard.press("ArrowRight"))
    moved = text(page, "#faces summary")
    _, asked = preview(page, lambda: page.check("#find-choice [value=careful]"))
    assert asked["find"] == ["careful"]
    assert len(asked["region"]) == 1, "the box that was moved by hand stays"
    assert text(page, "#faces summary") == moved
    page.wait_for_function("() => !document.getElementById('queue').textContent.includes('not looked at yet')")
    assert "face" in text(page, "#queue li:has-text('small.png') .state")
    assert "no face" not in text(page, "#queue li:has-text('small.png') .state")
    _, asked = preview(page, lambda: page.click("#queue button >> text=small.png"))
    assert "region" not in asked
    assert asked["find"] == ["careful"]


def test_the_page_offers_what_the_operator_allows(chromium, tmp_path):
    (tmp_path / "small.png").write_bytes(with_small_face())
    served = running("--find", "careful", "--most-find", "careful", environment=WITH_KEY)
    with served as (_, address, _lines), watched(chromium, address) as page:
        page.set_default_timeout(60_000)
        _, asked = preview(page, lambda: page.set_input_files("#file", tmp_path / "small.png"))
        assert asked["find"] == ["careful"]
        offered = page.locator("#find-choice label:visible input")
        assert [item.get_attribute("value") for item in offered.all()] == ["fast", "careful"]
        assert page.is_checked("#find-choice [value=careful]")
    served = running("--most-find", "fast", environment=WITH_KEY)
    with served as (_, address, _lines), watched(chromium, address) as page:
        preview(page, lambda: page.set_input_files("#file", PHOTOGRAPH))
        assert page.is_hidden("#find-choice")
