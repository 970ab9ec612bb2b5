"""``fastperturb compare``: files and folders, table and JSON, regions, the map; what it refuses."""

import json
import math

import numpy as np
import pytest
from cli_cases import BOXES, WINDOWS, lines_of

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image
from fastperturb.metrics import measures as metrics

pytestmark = pytest.mark.usefixtures("here")


def pixels(path):
    return read_image(path).pixels


def test_two_files(folder, capsys):
    a = pixels("in/a.png")
    write_image("b.png", a ^ 3)
    assert run(["compare", "in/a.png", "b.png"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["PSNR", "dB", "SSIM", "MSE", "file"]
    values = [metrics.psnr(a, a ^ 3), metrics.ssim(a, a ^ 3), metrics.mse(a, a ^ 3)]
    assert [float(word) for word in line.split()[:3]] == pytest.approx(values, abs=1e-4)
    assert line.split()[3] == "in/a.png"


def test_folders_after_perturb(folder, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, *WINDOWS, "-q"]) == 0
    capsys.readouterr()
    assert run(["compare", "in", "out", "--json"]) == 0
    *files, last = lines_of(capsys.readouterr().out)
    assert last["summary"]["counts"] == {"compared": 5}
    assert {file["file"]: file["with"] for file in files}["in/b.pgm"] == "out/b.png"
    for file in files:
        a, b = pixels(file["file"]), pixels(file["with"])
        assert (file["psnr"], file["ssim"], file["mse"]) == (metrics.psnr(a, b), metrics.ssim(a, b), metrics.mse(a, b))
        assert file["equal"] is False
    assert run(["compare", "in", "out"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 7
    assert table[-1].endswith("mean of 5")
    assert float(table[-1].split()[1]) == pytest.approx(np.mean([file["ssim"] for file in files]), abs=1e-6)


def test_inside_the_record_or_boxes(folder, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, *WINDOWS, "-q"]) == 0
    capsys.readouterr()
    a, b = pixels("in/a.png"), pixels("out/a.png")
    expected = metrics.mse(a, b, region=fp.Region(5, 6, 20, 22))
    assert expected > metrics.mse(a, b)
    for option in (["--inside"], ["--boxes", "boxes.json"]):
        assert run(["compare", "in", "out", "--json", *option]) == 0
        assert lines_of(capsys.readouterr().out)[0]["mse"] == expected
    assert run(["compare", "in/a.png", "in/a.png", "--inside"]) == 1
    assert "in/a.png: neither file has a record" in capsys.readouterr().err
    assert run(["compare", "in", "in", "--inside", "--boxes", "boxes.json"]) == 2
    assert "--boxes is instead of --inside" in capsys.readouterr().err


def test_equal_files_have_no_finite_psnr(folder, capsys):
    assert run(["compare", "in", "in", "--json"]) == 0
    text = capsys.readouterr().out
    for file in lines_of(text)[:-1]:
        assert (file["psnr"], file["ssim"], file["mse"], file["equal"]) == (None, 1.0, 0.0, True)
    json.loads(text.splitlines()[0], parse_constant=pytest.fail)
    assert run(["compare", "in", "in"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[:3] == ["inf", "1.000000", "0.0000"]


def test_the_map_is_a_picture_of_ssim(folder, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, *WINDOWS, "-q"]) == 0
    assert run(["compare", "in", "out", "--map", "maps"]) == 0
    found = pixels("maps/sub/deep/e.png.png")
    a, b = pixels("in/sub/deep/e.png"), pixels("out/sub/deep/e.png")
    expected = np.clip(metrics.ssim_map(a, b).mean(axis=2), 0, 1) * 255
    assert np.abs(found - expected).max() <= 0.5 + 1e-4
    assert found[:, 40:].min() == 255
    assert run(["compare", "in/a.png", "out/a.png", "--map", "one.png"]) == 0
    assert pixels("one.png").shape == (40, 50)


def test_what_cannot_be_compared(folder, capsys):
    write_image("small.png", np.zeros((20, 20, 3), np.uint8))
    assert run(["compare", "in/a.png", "small.png"]) == 1
    assert "in/a.png: b must have the shape of a, (40, 50, 3), got (20, 20, 3)" in capsys.readouterr().err
    (folder.parent / "other").mkdir()
    assert run(["compare", "in/a.png", "other"]) == 1
    assert "in/a.png: other has no file for it" in capsys.readouterr().err
    write_image("other/a.bmp", pixels("in/a.png"))
    write_image("other/a.tiff", pixels("in/a.png"))
    assert run(["compare", "in/a.png", "other"]) == 1
    assert "other has more than one file for it: a.bmp, a.tiff" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["in"], "compare takes two files or two folders, got 1"),
        (["in", "in", "in"], "compare takes two files or two folders, got 3"),
        (["in", "in/a.png"], "in is a folder and in/a.png is a file"),
        (["in", "in", "--boxes", "none.json"], "the boxes cannot be read: none.json: No such file or directory"),
    ],
)
def test_wrong_usage(folder, capsys, names, text):
    assert run(["compare", *names]) == 2
    assert text in capsys.readouterr().err


def test_a_name_that_kept_its_old_extension(here, capsys):
    image = np.random.default_rng(0).integers(0, 256, (30, 30, 3), np.uint8)
    for name in ("one/x.png", "two/x.png.png"):
        (here / name).parent.mkdir()
        write_image(name, image)
    assert run(["compare", "one", "two"]) == 0
    assert math.isinf(float(capsys.readouterr().out.splitlines()[1].split()[0]))


def test_a_map_in_a_format_that_cannot_be_written_is_no_folder(folder, here, capsys):
    assert run(["compare", "in/a.png", "in/a.png", "--map", "x.gif"]) == 2
    assert ".gif cannot be written" in capsys.readouterr().err
    assert not (here / "x.gif").exists()


def test_a_map_replaces_nothing_without_force_and_never_a_picture_that_is_compared(folder, here, capsys):
    write_image("other.png", pixels("in/a.png") ^ 3)
    (here / "link.png").symlink_to("other.png")
    (here / "hard.png").hardlink_to("other.png")
    before = {name: (here / name).read_bytes() for name in ("in/a.png", "other.png", "face.png")}
    for name in ("in/a.png", "other.png", "link.png", "hard.png"):
        for options in ([], ["--force"]):
            assert run(["compare", "in/a.png", "other.png", "--map", name, *options]) == 1
            assert "the map would be the input itself" in capsys.readouterr().err
    assert run(["compare", "in/a.png", "other.png", "--map", "face.png"]) == 1
    assert "face.png: it exists; --force writes it anew" in capsys.readouterr().err
    assert {name: (here / name).read_bytes() for name in before} == before
    assert run(["compare", "in/a.png", "other.png", "--map", "face.png", "--force"]) == 0
    assert pixels("face.png").shape == (40, 50)


def test_maps_go_into_no_folder_that_is_compared(folder, here, capsys):
    write_image("in/a.png.png", pixels("in/a.png"))
    (here / "two").mkdir()
    write_image("two/a.png", pixels("in/a.png"))
    for name in ("in", "two"):
        assert run(["compare", "in", "two", "--map", name, "--force"]) == 2
        assert f"is the input folder {name}; choose another" in capsys.readouterr().err
    assert run(["compare", "two", "in", "--map", "maps"]) == 0
    assert run(["compare", "two", "in", "--map", "maps"]) == 1
    assert run(["compare", "two", "in", "--map", "maps", "--force"]) == 0
