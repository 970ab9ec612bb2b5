"""Contact sheets: what they show, what they keep to themselves, and what they send a person to look at."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import base64
import re
import shutil

import cv2
import numpy as np
import pytest
from cli_cases import astronaut, here, lines_of
from review_cases import Desk, box, photos

from fastperturb.cli.app import run
from fastperturb.cli.batch.small_copies import changed_areas
from fastperturb.files import read_image, write_image

RUN = ("--boxes", "boxes.json", "--key-file", "my.key", "-q")


@pytest.fixture
def done(here, astronaut):
    """Three photographs of the astronaut: protected, protected at a wrong place, and without a result."""
    folder = here / "in" / "sub"
    folder.mkdir(parents=True)
    for name in ("right.png", "sub/wrong.png", "lost.png"):
        write_image(here / "in" / name, astronaut[:300, 50:400])
    (here / "boxes.json").write_text('{"right.png": [[110, 60, 130, 140]], "sub/wrong.png": [[5, 200, 60, 60]]}')
    assert run(["perturb", "in", "-o", "out", *RUN]) == 3
    return here


def pictures_in(page):
    data = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR) for text in data]


def figures(page):
    found = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    return {re.search(r"<b>([^<]+)</b>", figure)[1]: figure for figure in found}


def test_a_sheet_shows_regions_results_and_what_to_look_at(done, capsys):
    assert run(["sheet", "in", "out", "-o", "sheet.html"]) == 3
    errors = capsys.readouterr().err
    assert "lost.png: MISSED: there is no result" in errors
    assert "wrong.png: 1 region hidden; LOOK: 1 face found outside of all regions" in errors
    page = (done / "sheet.html").read_text()
    shown = figures(page)
    assert list(shown) == ["lost.png", "sub/wrong.png", "right.png"]
    assert "1 region hidden" in shown["right.png"]
    assert "surrogate, sealed inside" in shown["right.png"]
    assert 'class="out"' in shown["sub/wrong.png"]
    assert 'class="out"' not in shown["right.png"]
    assert "3: 2 with a result, 2 to look at" in page
    assert "2; 2 surrogate, sealed inside" in page


def test_no_pixel_of_an_original_is_in_a_sheet_unless_it_is_asked_for(done):
    original = cv2.imread("in/right.png")
    after = cv2.imread("out/right.png")
    for options, count, note in (
        ((), 2, "The results are shown"),
        (("--before",), 5, "This sheet shows the originals"),
    ):
        assert run(["sheet", "in", "out", "-o", "sheet.html", "-q", *options]) == 3
        page = (done / "sheet.html").read_text()
        images = pictures_in(page)
        assert len(images) == count
        assert note in page
        face = (slice(90, 150), slice(130, 190))

        def near(image, other, face=face):
            large = cv2.resize(image, (350, 300))
            return np.abs(large[face].astype(int) - other[face]).mean() < 8

        assert any(near(image, after) for image in images)
        assert sum(near(image, original) for image in images) == (4 if options else 1)  # "wrong" shows it in its result


def test_a_sheet_loads_nothing_and_escapes_names(done):
    name = '<img src=x onerror="alert(1)">&.png'
    shutil.copy("in/right.png", f"in/{name}")
    assert run(["sheet", "in", "out", "-o", "sheet.html", "-q", "--no-look"]) == 3
    page = (done / "sheet.html").read_text()
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;.png" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert set(re.findall(r'(?:src|href)="([a-z]+:)', page)) == {"data:"}
    assert str(done) not in page, "where it lies on this machine is nobody's business"


def test_perturb_makes_a_sheet_of_its_run_and_of_what_was_done_before(done, capsys):
    assert run(["perturb", "in", "-o", "out", *RUN, "--sheet", "run.html"]) == 3
    assert list(figures((done / "run.html").read_text())) == ["lost.png", "sub/wrong.png", "right.png"]
    assert capsys.readouterr().err.count("lost.png") == 1
    assert run(["perturb", "in/right.png", "-o", "one.png", *RUN, "--sheet", "one.html"]) == 0
    assert list(figures((done / "one.html").read_text())) == ["right.png"]


def test_only_sheets_are_replaced(done, capsys):
    (done / "notes.html").write_text("<p>mine</p>")
    assert run(["sheet", "in", "out", "-o", "notes.html", "-q", "--no-look"]) == 1
    assert "something else than a contact sheet" in capsys.readouterr().err
    assert (done / "notes.html").read_text() == "<p>mine</p>"


def test_what_has_no_record_is_compared(here, photos):
    desk = Desk(photos, here / "boxes.jsonl").look()
    desk.put("a.png", [box(5, 6, 20, 22), box(30, 4, 12, 14, "spared")])
    desk.put("b.png", [])
    desk.put("sub/c.png", [box(8, 8, 16, 16)])
    desk.file.close()
    (photos / "broken.png").unlink()
    options = ["--boxes", "boxes.jsonl", "--one-time-key", "-q"]
    assert run(["perturb", "photos", "-o", "out", "--protect", "black", "--on-no-face", "copy", *options]) == 0
    (here / "out/sub/c.png").write_bytes((photos / "sub/c.png").read_bytes())  # somebody put the original there
    assert run(["sheet", "photos", "out", "-o", "sheet.html", "--boxes", "boxes.jsonl", "-q", "--no-look"]) == 3
    shown = figures((here / "sheet.html").read_text())
    assert "1 region changed, for good" in shown["a.png"]
    assert "12 x 14 at 30,4: left on purpose" in shown["a.png"]
    assert "COPIED in the clear" in shown["b.png"]
    assert "NOTHING CHANGED" in shown["sub/c.png"]


def test_results_of_other_pictures_and_broken_ones_are_named(done):
    write_image("out/right.png", np.zeros((20, 30, 3), np.uint8))
    (done / "out/sub/wrong.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run(["sheet", "in", "out", "-o", "sheet.html", "-q"]) == 3
    shown = figures((done / "sheet.html").read_text())
    assert "of another size" in shown["right.png"]
    assert "the result cannot be read" in shown["sub/wrong.png"]


def test_changed_areas_are_found_and_noise_is_not():
    rng = np.random.default_rng(1)
    before = rng.integers(60, 200, (300, 400, 3), np.uint8)
    after = np.clip(before.astype(int) + rng.integers(-6, 7, before.shape), 0, 255).astype(np.uint8)
    assert changed_areas(before, after) == []
    after[100:160, 200:280] = 0
    (area,) = changed_areas(before, after)
    assert area.x <= 200
    assert area.y <= 100
    assert area.x + area.width >= 280
    assert area.y + area.height >= 160
    assert area.width < 110
    assert changed_areas(np.dstack((before[..., 0],) * 3), before[..., 0]) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in"], "ORIGINALS PROTECTED"),
        (["in", "in/right.png"], "the protected pictures of a folder are a folder"),
    ],
)
def test_wrong_usage(done, capsys, arguments, words):
    assert run(["sheet", *arguments, "-o", "s.html"]) == 2
    assert words in capsys.readouterr().err
