"""The review's page with 5,000 faces in one picture, in a real browser: shown, spared, added to, saved."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import json
from pathlib import Path

import numpy as np
import pytest
from browser_cases import chromium
from review_cases import reviewing
from test_review_page import entries, saved, verdict

from fastperturb.files import write_image

pytestmark = pytest.mark.browser
MANY = 5_000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A crowd of which a file tells where the faces are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    write_image(tmp_path / "photos/crowd.png", np.full((1000, 2000, 3), 128, np.uint8))
    places = [{"x": 20 * (i % 100), "y": 20 * (i // 100), "width": 12, "height": 14, "score": 0.9} for i in range(MANY)]
    (tmp_path / "photos.boxes.jsonl").write_text(json.dumps({"file": "crowd.png", "faces": places}) + "\n")
    return tmp_path


def test_five_thousand_boxes_are_shown_and_changed(folder, chromium):
    with reviewing("photos", "--turned", "no") as (_process, address):
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(60_000)
        page = context.new_page()
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.wait_for_function("(count) => document.querySelectorAll('#stage .box').length === count", arg=MANY)
        assert verdict(page) == "5000 faces will be hidden."
        assert page.locator("#stage .tag:visible").count() == 0, "numbers would cover faces"
        page.locator("#stage .box").nth(4321).focus()
        page.keyboard.press("s")
        assert verdict(page) == "4999 faces will be hidden, 1 face left as it is."
        page.keyboard.press("Control+ArrowRight")
        page.focus("#viewport")
        page.keyboard.press("n")
        saved(page)
        entry = entries()["crowd.png"]
        assert (len(entry["faces"]), len(entry["spared"])) == (MANY, 1)
        assert (entry["spared"][0]["x"], entry["spared"][0]["y"]) == (20 * 21 + 1, 20 * 43)
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        assert verdict(page) == "5000 faces will be hidden."
        saved(page)
        assert len(entries()["crowd.png"]["faces"]) == MANY
        assert wrong == []
        context.close()
