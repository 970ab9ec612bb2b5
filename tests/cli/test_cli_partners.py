"""Which file ``sheet`` and ``compare`` take for whose result: never one that is, or can be, of another picture."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_cases import here, lines_of
from jpeg_cases import jpeg, picture, turned

from fastperturb.cli.app import run
from fastperturb.files import write_image

RUN = ("--boxes", "boxes.json", "--key-file", "my.key", "-q")


def put(*names, seed=0):
    rng = np.random.default_rng(seed)
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        write_image(name, rng.integers(0, 256, (40, 50, 3), np.uint8), allow_lossy=True)


@pytest.fixture
def pair(here):
    """A picture without boxes and one with, of one name but for the ending; and what perturb made of them."""
    put("in/a.jpg", "in/a.png")
    (here / "boxes.json").write_text('{"a.jpg": [], "a.png": [[5, 6, 20, 22]]}')
    assert run(["perturb", "in", "-o", "out", *RUN, "--sheet", "run.html"]) == 3
    assert [path.name for path in Path("out").iterdir()] == ["a.png"]
    return here


def rows(page):
    """The figures of a sheet by the picture's name."""
    parts = page.read_text().split("<figure>")[1:]
    return {part.split("<b>")[1].split("</b>")[0]: part for part in parts}


def test_a_result_of_another_picture_is_not_shown_for_one_that_has_none(pair, capsys):
    for named in ("in", "in/a.jpg"):
        assert run(["sheet", named, "out", "-o", "sheet.html", "--no-look"]) == 3
        assert "a.jpg: MISSED: there is no result" in capsys.readouterr().err
        assert "MISSED" in rows(pair / "sheet.html")["a.jpg"]
    assert "MISSED" in rows(pair / "run.html")["a.jpg"]
    assert "1 region hidden" in rows(pair / "run.html")["a.png"]
    assert run(["sheet", "in/a.png", "out", "-o", "sheet.html", "--no-look"]) == 0


def test_no_other_picture_is_compared_with_one_that_has_no_partner(pair, capsys):
    assert run(["compare", "in", "out", "--json"]) == 1
    files = [line for line in lines_of(capsys.readouterr().out) if "file" in line]
    assert {file["file"]: file.get("with") for file in files} == {"in/a.jpg": None, "in/a.png": "out/a.png"}
    assert run(["compare", "in/a.jpg", "out"]) == 1
    assert "in/a.jpg: out has no file for it" in capsys.readouterr().err


def test_what_can_be_of_two_pictures_is_of_neither(here, capsys):
    put("in/a.jpg", "in/a.webp", "out/a.png")
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--no-look"]) == 3
    errors = capsys.readouterr().err
    assert "a.jpg: MISSED: no result is its own; a.png can be of a.webp too" in errors
    assert "a.webp: MISSED: no result is its own; a.png can be of a.jpg too" in errors
    assert run(["compare", "in", "out"]) == 1
    assert "out has a.png, which can be of a.webp too" in capsys.readouterr().err
    put("out/a.webp")  # now that one has its own
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--no-look"]) == 3
    assert "a.jpg: MISSED" not in capsys.readouterr().err


def test_names_that_keep_the_old_ending_go_before_others(here, capsys):
    put("in/a.jpg", "out/a.jpg.png", "out/a.png")
    assert run(["sheet", "in", "out", "-o", "sheet.html", "--no-look"]) == 3
    assert "; LOOK: a.png can be its result too, and is not shown" in capsys.readouterr().err
    assert run(["compare", "in", "out"]) == 1
    assert "out has more than one file for it: a.jpg.png, a.png" in capsys.readouterr().err
    put("in/a.jpg.png")
    Path("out/a.png").unlink()
    assert run(["sheet", "in/a.jpg", "out", "-o", "sheet.html", "--no-look"]) == 3
    assert "a.jpg: MISSED: there is no result" in capsys.readouterr().err


def test_a_run_knows_where_its_results_are(here, capsys):
    """Another file that could be one by its name, and is newer, is none of this run."""
    put("in/a.jpg")
    (here / "boxes.json").write_text('{"a.jpg": [[5, 6, 20, 22]]}')
    assert run(["perturb", "in", "-o", "out", "--protect", "black", *RUN]) == 0
    (result,) = (path for path in (here / "out").iterdir() if path.suffix != ".json")
    put("out/a.webp", seed=5)
    options = ["--protect", "black", *RUN, "--sheet", "run.html"]
    assert run(["perturb", "in", "-o", "out", *options]) == 0
    assert hashlib.sha256(result.read_bytes()).hexdigest()[:16] in rows(here / "run.html")["a.jpg"]


def test_pictures_that_were_refused_for_their_names_have_no_result(here):
    put("in/a.jpg", "in/a.png", "out/a.png")
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in ("a.jpg", "a.png")}))
    assert run(["perturb", "in", "-o", "out", "--format", "png", *RUN, "--sheet", "run.html"]) == 1
    for figure in rows(here / "run.html").values():
        assert "would both be written to" in figure


@pytest.mark.parametrize("orientation", [1, 6])
def test_sizes_count_with_a_record_too_and_as_the_picture_is_seen(here, capsys, orientation):
    Path("in").mkdir()
    (here / "in/a.jpg").write_bytes(turned(jpeg(picture(96, 128)), orientation))
    (here / "boxes.json").write_text('{"a.jpg": [[24, 24, 40, 40]]}')
    for kind in ("same", "png"):
        assert run(["perturb", "in", "-o", kind, "--format", kind, *RUN]) == 0
        assert run(["sheet", "in", kind, "-o", "sheet.html", "--no-look", "-q"]) == 0
    (here / "in/a.jpg").write_bytes(turned(jpeg(picture(96, 128)), 7 - orientation))
    for kind in ("same", "png"):
        assert run(["sheet", "in", kind, "-o", "sheet.html", "--no-look", "-q"]) == 3
        assert "a.jpg: the result is of another size" in capsys.readouterr().err


def test_a_video_of_another_kind_is_not_taken_for_a_result(here, capsys):
    pytest.importorskip("av")
    from tiny_videos import write_clip

    Path("in").mkdir()
    Path("out").mkdir()
    write_clip(here / "in/a.mp4", frames=4, audio=False)
    shutil.copy("in/a.mp4", "in/a.mkv")
    shutil.copy("in/a.mp4", "out/a.mp4")
    assert run(["sheet", "in", "out", "-o", "sheet.html"]) == 3
    assert "a.mkv: MISSED: there is no result" in capsys.readouterr().err
    Path("in/a.mp4").unlink()
    assert run(["sheet", "in", "out", "-o", "sheet.html"]) == 0
