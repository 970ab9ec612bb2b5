"""The review's page with a video, in a real browser: tracks by mouse and keyboard, frames, two windows, phone."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from browser_cases import chromium, clean_page
from photographs import astronaut
from review_cases import reviewing
from tiny_videos import write_clip

from fastperturb.cli.app import run
from fastperturb.files import read_image
from fastperturb.video.track_file import VideoTracks

pytestmark = pytest.mark.browser
FRAMES = 60


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A clip in which the astronaut passes in frames 5 to 44; the working directory is beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    pixels = read_image(astronaut().path).pixels[:200, 130:290, :3]

    def moving(index):
        picture = np.full((240, 320, 3), 128, np.uint8)
        if 5 <= index < 45:
            picture[20:220, 2 * index : 2 * index + 160] = pixels
        return picture

    write_clip(tmp_path / "photos/clip.mp4", frames=FRAMES, width=320, height=240, pictures=moving, audio=False)
    return tmp_path


@contextlib.contextmanager
def opened(chromium, address, **options):
    """The page, when it shows a track."""
    with clean_page(
        chromium, address, **({"viewport": {"width": 1280, "height": 1000}, "seconds": 30} | options)
    ) as page:
        page.wait_for_selector("#tracks li")
        page.wait_for_selector("#stage .box")
        yield page


@contextlib.contextmanager
def reviewed(chromium, **options):
    with reviewing("photos", "--turned", "no") as (_process, address), opened(chromium, address, **options) as page:
        yield page


def saved():
    return VideoTracks.read(Path("photos.tracks/clip.mp4.tracks.json")).tracks


def drawn(page):
    """Waits until the frame that was asked for last is shown."""
    page.wait_for_selector("#stage[aria-busy=false]")


def answered(page, act):
    """The server's answer to the change that ``act`` makes."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as caught:
        act()
    assert caught.value.status == 200
    page.wait_for_function("() => document.getElementById('saving').textContent === 'Saved'")
    drawn(page)


def at_frame(page, number):
    page.wait_for_function(
        "(text) => document.getElementById('frame-text').textContent.startsWith(text)", arg=f"Frame {number} of 60, "
    )
    drawn(page)


def go(page, number):
    page.evaluate("(n) => { frame.value = n; frame.dispatchEvent(new Event('input')) }", number - 1)
    at_frame(page, number)


def test_a_track_is_shown_with_four_frames_and_spared_and_deleted_by_mouse(folder, chromium):
    with reviewed(chromium) as page:
        assert page.inner_text("#verdict") == "1 face will be hidden."
        assert "frames 6 to 45; seen in" in page.inner_text("#tracks")
        page.locator("#tracks li").scroll_into_view_if_needed()
        page.wait_for_function(
            "() => [...document.querySelectorAll('#tracks img')].filter((i) => i.naturalWidth).length === 4"
        )
        page.click("#tracks button:has-text('last')")
        at_frame(page, 45)
        answered(page, lambda: page.click("#tracks button:has-text('Leave this face')"))
        assert [track.spared for track in saved()] == [True]
        page.wait_for_selector("#stage .box[data-kind=spared]")
        answered(page, lambda: page.click("#tracks button:has-text('Delete track')"))
        assert saved() == ()
        assert page.inner_text("#verdict") == "Nothing will be hidden."
        answered(page, lambda: page.click("#undo"))
        assert len(saved()) == 1
        page.wait_for_selector("#stage .box")


def test_a_track_is_made_longer_moved_and_another_drawn_by_mouse(folder, chromium):
    with reviewed(chromium) as page:
        go(page, 60)
        assert page.locator("#stage .box").count() == 0
        answered(page, lambda: page.click("#ends"))
        assert (saved()[0].first, saved()[0].last) == (5, 59)
        page.wait_for_selector("#stage .box")
        frame = page.locator("#stage").bounding_box()
        scale = frame["width"] / 320
        box = page.locator("#stage .box").bounding_box()
        before = saved()[0].boxes[-1].tolist()
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 20 + 40 * scale, box["y"] + 20, steps=4)
        answered(page, page.mouse.up)
        assert saved()[0].boxes[-1][0] == pytest.approx(before[0] + 40, abs=2)
        assert saved()[0].boxes[52][0] < saved()[0].boxes[54][0], "frames between move along"
        go(page, 2)
        page.mouse.move(frame["x"] + 200 * scale, frame["y"] + 20 * scale)
        page.mouse.down()
        page.mouse.move(frame["x"] + 240 * scale, frame["y"] + 70 * scale, steps=4)
        answered(page, page.mouse.up)
        drawn = saved()[1]
        assert (drawn.first, drawn.last) == (0, 13)
        assert drawn.boxes[0].tolist() == pytest.approx([200, 20, 40, 50], abs=1)
        assert page.inner_text("#verdict") == "2 faces will be hidden."
        assert "drawn in 1" in page.inner_text("#tracks")


def test_all_of_it_by_keyboard_and_perturb_takes_it(folder, chromium, capsys):
    with reviewed(chromium) as page:
        page.wait_for_function("() => document.activeElement.id === 'viewport'")
        start = int(page.input_value("#frame"))
        page.keyboard.press(".")
        at_frame(page, start + 2)
        page.keyboard.press(">")
        at_frame(page, start + 12)
        page.keyboard.press(",")
        at_frame(page, start + 11)
        answered(page, lambda: page.keyboard.press("]"))
        assert saved()[0].last == start + 10
        answered(page, lambda: page.keyboard.press("n"))
        assert len(saved()) == 2
        answered(page, lambda: page.keyboard.press("s"))
        assert [track.spared for track in saved()] == [False, True]
        answered(page, lambda: page.keyboard.press("Delete"))
        assert len(saved()) == 1
        answered(page, lambda: page.keyboard.press("Control+z"))
        assert len(saved()) == 2
        page.focus("#viewport")
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.getElementById('progress-text').textContent.startsWith('1 of 1')")
    entry = json.loads(Path("photos.boxes.jsonl").read_text())
    assert entry["review"] == "done"
    tracks = "photos.tracks/clip.mp4.tracks.json"
    for boxes, where in (("photos.boxes.jsonl", "photos"), (tracks, "photos/clip.mp4")):
        capsys.readouterr()
        command = ["perturb", where, "-o", f"out-{Path(boxes).suffix}", "--boxes", boxes, "--protect", "black"]
        assert run([*command, "--one-time-key", "--json"]) == 0
        line = json.loads(capsys.readouterr().out.splitlines()[0])
        assert (line["tracks"], line["covered"]) == (1, saved()[0].last - 4)


def test_a_second_window_is_told_and_a_review_goes_on_where_it_was(folder, chromium):
    with (
        reviewing("photos", "--turned", "no") as (_process, address),
        opened(chromium, address) as one,
        opened(chromium, address) as two,
    ):
        answered(one, lambda: one.click("#tracks button:has-text('Leave this face')"))
        two.click("#tracks button:has-text('Delete track')")
        two.wait_for_selector("#error:has-text('Another window changed this video')")
        assert [track.spared for track in saved()] == [True]
        two.click("#error button")
        two.wait_for_selector("#tracks li[data-spared=true]")
        two.wait_for_selector("#stage .box[data-kind=spared]")
        assert two.inner_text("#error") == ""
        assert two.inner_text("#verdict") == "Nothing will be hidden, 1 face left as it is."
        go(two, 10)
        answered(two, lambda: two.click("#tracks button:has-text('Hide this face')"))
        assert [track.spared for track in saved()] == [False]
        answered(two, lambda: two.click("#tracks button:has-text('Leave this face')"))
    with reviewed(chromium) as page:
        assert page.inner_text("#verdict") == "Nothing will be hidden, 1 face left as it is."


def test_a_phone_has_everything_of_a_video_within_its_width(folder, chromium):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with reviewed(chromium, **phone) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for button in page.query_selector_all("#film button:visible, #tracks .row button:visible, #frame"):
            place = button.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= 390
            assert place["height"] >= 32
        page.tap("#film [data-step='1']")
        answered(page, lambda: page.tap("#tracks button:has-text('Leave this face')"))
        assert [track.spared for track in saved()] == [True]
