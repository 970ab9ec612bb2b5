"""Who may read an output that shows something of originals, or of copies of them: nobody who may not read these."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import os

import numpy as np
import pytest
from cli_cases import BOXES, astronaut, folder, here

from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes")
CLOSED = (0o600, 0o400, 0o640)


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path):
    return path.stat().st_mode & 0o777


def protected(folder, *options):
    assert run(["perturb", "in", "-o", "out", *BOXES, "-q", *options]) == 0
    assert {mode(path) for path in (folder.parent / "out").rglob("*.png")} == {0o644}


def test_a_sheet_with_originals_is_no_more_open_than_they_are(folder, here):
    protected(folder)
    sheet = ["sheet", "in", "out", "-o", "sheet.html", "--no-look", "-q"]
    assert run(sheet) == 0
    assert mode(here / "sheet.html") == 0o644
    (folder / "a.png").chmod(0o600)
    assert run(sheet) == 0
    assert mode(here / "sheet.html") == 0o644, "none of its pixels is shown"
    assert run([*sheet, "--before"]) == 0
    assert mode(here / "sheet.html") == 0o600
    (here / "out/b.png").unlink()  # and of a picture without a result, too
    (folder / "a.png").chmod(0o644)
    (folder / "b.pgm").chmod(0o640)
    assert run([*sheet, "--before"]) == 3
    assert mode(here / "sheet.html") == 0o640


def test_a_sheet_is_no_more_open_than_copies_in_the_clear_that_it_shows(folder, here):
    (folder / "a.png").chmod(0o600)
    (here / "boxes.json").write_text('{"a.png": []}')
    assert run(["perturb", "in/a.png", "-o", "out", *BOXES, "-q", "--on-no-face", "copy"]) == 0
    assert mode(here / "out/a.png") == 0o600
    assert run(["sheet", "in/a.png", "out", "-o", "sheet.html", "--no-look", "-q"]) == 3
    assert mode(here / "sheet.html") == 0o600


def test_maps_of_differences_are_no_more_open_than_either_picture(folder, here):
    protected(folder)
    for kind in (0o644, *CLOSED):
        (folder / "a.png").chmod(kind)
        assert run(["compare", "in/a.png", "out/a.png", "--map", "map.png", "--force"]) == 0
        assert mode(here / "map.png") == kind | 0o600


@pytest.mark.parametrize("method", ["ksame:2", "weighted"])
def test_what_was_learnt_is_no_more_open_than_what_it_was_learnt_from(folder, here, method):
    assert run(["train", "in", "-o", "open.npz", "--method", method, *BOXES[:2]]) == 0
    (folder / "sub/c.tiff").chmod(0o600)
    assert run(["train", "in", "-o", "closed.npz", "--method", method, *BOXES[:2]]) == 0
    assert (mode(here / "open.npz"), mode(here / "closed.npz")) == (0o644, 0o600)


def test_a_threshold_holds_faces_too(here):
    rng = np.random.default_rng(2)
    (here / "people").mkdir()
    for index in range(4):
        write_image(here / f"people/{index}.png", rng.integers(0, 256, (20, 16), np.uint8))
    job = ["threshold", "people", "-o", "faces.threshold", "--no-plot", "--force"]
    assert run(job) == 0
    assert mode(here / "faces.threshold") == 0o644
    (here / "people/2.png").chmod(0o600)
    assert run(job) == 0
    assert mode(here / "faces.threshold") == 0o600


def test_pictures_of_missed_faces_are_no_more_open_than_the_photographs(here, astronaut):
    write_image("in.png", np.ascontiguousarray(astronaut[:300, 80:380]))
    os.chmod("in.png", 0o600)  # noqa: PTH101
    job = ["score", "in.png", "--detectors", "yunet", "--resamples", "20", "--strength", "window=45", "--rule", "paper"]
    assert run([*job, "-o", "out", "--misses", "1"]) == 0
    pictures = list((here / "out/misses").rglob("*.png"))
    assert pictures
    assert {mode(path) for path in pictures} == {0o600}


def test_tracks_of_a_video_are_drawn_for_those_who_may_see_it(here):
    pytest.importorskip("av")
    from tiny_videos import write_clip

    face = read_image("face.png").pixels[0:160, 130:290]
    write_clip(here / "movie.mp4", width=160, height=160, frames=6, pictures=lambda _: face, audio=False)
    (here / "movie.mp4").chmod(0o600)
    assert run(["locate", "movie.mp4", "-o", "look"]) == 0
    assert mode(here / "look/movie.tracks-1.png") == 0o600
    tracks = ("--boxes", "look/movie.tracks.json")
    assert run(["perturb", "movie.mp4", "-o", "out", *tracks, "--protect", "black", "--one-time-key", "-q"]) == 0
    for options, kind in (([], 0o644), (["--before"], 0o600)):
        assert run(["sheet", "movie.mp4", "out", "-o", "sheet.html", *tracks, "-q", *options]) == 0
        assert mode(here / "sheet.html") == kind
