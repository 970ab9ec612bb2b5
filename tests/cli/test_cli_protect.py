"""``perturb --protect``, ``--purpose`` and ``--seals``, and how what they sealed is restored and inspected."""

import shutil

import numpy as np
import pytest
from cli_cases import BOXES, WINDOWS, lines_of, protect, same, tree

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image
from fastperturb.protections import KSame, parse_protection

KEY = ("--key-file", "my.key")
MASTER = fp.Key(bytes(range(32)))
SEALED = [
    "surrogate",
    "surrogate:tone=coarse",
    "camouflage",
    "mosaic:5",
    "blur:cells=3",
    "black:shape=ellipse",
    "noise:0.2",
]


@pytest.mark.parametrize("method", SEALED)
def test_every_protection_is_sealed_and_comes_back(folder, here, capsys, method):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--protect", method, "--json"]) == 0
    *results, _ = lines_of(capsys.readouterr().out)
    facts = {(item["method"], item["reversible"], item["sealed"], item["regions"]) for item in results}
    assert facts == {(parse_protection(method).name, True, True, 1)}
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    for name in tree(folder):
        result = name if name.endswith("tiff") else name.rpartition(".")[0] + ".png"
        assert same(folder / name, here / "back" / name)
        assert not same(folder / name, here / "out" / result)
    assert run(["perturb", "in", "-o", "out", *BOXES, "--protect", method]) == 0
    assert "5 unchanged" in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "out", *BOXES, "--protect", "mosaic:7"]) == 1  # its name is part of the mark


def test_windows_take_settings_too(two):
    assert protect("x.png", "--protect", "windows:cells=5,grow=0.1") == 0
    assert protect("y.png", "--cells", "5", "--protect", "windows") == 0
    for name, sides in (("x.png", {(54, 64), (48, 60)}), ("y.png", {(44, 52), (40, 50)})):
        record = read_record(name)
        assert record.scene is not None
        assert {(item.region.width, item.region.height) for item in record.regions} == sides
        assert {item.window for item in record.regions} <= {8, 9, 10, 11}
        assert run(["restore", name, "-o", f"back {name}", *KEY]) == 0
        assert same(f"back {name}", "two.png")


def test_k_same_is_sealed_too(folder):
    faces = np.random.default_rng(0).integers(0, 256, (6, 24, 20, 3), np.uint8)
    ksame = KSame(2)
    ksame.fit(faces, [[fp.Face(fp.Region(0, 0, 20, 24))]] * 6)
    (folder.parent / "faces.npz").write_bytes(ksame.to_bytes())
    job = ["perturb", "in/a.png", "-o", "x.png", *BOXES, "--protect", "ksame:2,faces=faces.npz"]
    assert run(job) == 0
    assert run(["restore", "x.png", "-o", "y.png", *KEY]) == 0
    assert same("in/a.png", "y.png")


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "bmp", "pnm"])
@pytest.mark.parametrize("seals", ["inside", "beside"])
def test_formats_there_and_back(two, here, suffix, seals):
    assert protect(f"x.{suffix}", "--seals", seals) == 0
    expected = {
        f"x.{suffix}",
        *[f"x.{suffix}.json"] * (suffix in ("bmp", "pnm")),
        *[f"x.{suffix}.seal"] * (seals == "beside"),
    }
    assert {name for name in tree(here) if name.startswith("x.")} == expected
    assert run(["restore", f"x.{suffix}", "-o", "back.png", *KEY]) == 0
    assert same("back.png", "two.png")


def test_purposes(two, here, capsys):
    assert protect("publish.png", "--purpose", "publish") == 0
    assert protect("archive.png", "--purpose", "archive") == 0
    assert protect("paper.png", "--purpose", "paper") == 0
    assert (here / "publish.png.seal").exists()
    assert not (here / "archive.png.seal").exists()
    methods = {name: {item.method_name for item in read_record(f"{name}.png").regions} for name in ("publish", "paper")}
    assert methods == {"publish": {"surrogate"}, "paper": {"windows"}}
    states = {
        name: {entry.state for entry in read_record(f"{name}.png").entries} for name in ("publish", "archive", "paper")
    }
    assert states == {"publish": {"beside"}, "archive": {"here"}, "paper": {"none"}}
    assert same("publish.png", "archive.png")  # the surrogate is a function of what no region owns
    for name in ("publish", "archive", "paper"):
        assert read_record(f"{name}.png").scene is not None
        assert run(["restore", f"{name}.png", "-o", f"{name} back.png", *KEY]) == 0
        assert same(f"{name} back.png", "two.png")
    assert protect("drawn.png", "--purpose", "publish", "--protect", "mosaic:9") == 0
    assert read_record("drawn.png").entries[0].state == "beside"


def test_a_published_file_holds_no_pixel_and_no_seal(two, here):
    image = np.random.default_rng(5).integers(0, 256, two.shape, np.uint8)
    write_image("two.png", image)
    assert protect("x.png", "--purpose", "publish") == 0
    record, shown = read_record("x.png"), read_image("x.png").pixels.tobytes()
    data = (here / "x.png").read_bytes()
    for row in range(60, 90):
        for place in (data, record.to_bytes(), shown):
            assert image[row, 50:70].tobytes() not in place
    assert all(seal not in data for seal in record.seals if seal)


@pytest.mark.parametrize("method", ["surrogate:tone=around", "camouflage", "mosaic:5", "windows"])
def test_without_a_key_there_is_no_seal_and_no_record(two, here, capsys, method):
    job = ["perturb", "two.png", "-o", "x.png", "--boxes", "boxes.json", "--protect", method, "--json"]
    assert run([*job, "--one-time-key"]) == 0
    out, err = capsys.readouterr()
    result = lines_of(out)[0]
    assert not result["reversible"]
    assert not result["sealed"]
    if method != "windows":
        assert "replaces the faces for good: no seal is made" in err
    assert [name for name in tree(here) if name.startswith("x.")] == ["x.png"]
    with pytest.raises(fp.errors.RecordError, match="no record inside"):
        read_record("x.png")
    data = (here / "x.png").read_bytes()
    assert b"fpSL" not in data
    assert b"fastperturb-record" not in data
    assert not same("x.png", "two.png")


def test_a_jpeg_brings_the_faces_back_exactly(two, here, capsys):
    smooth = np.tile(np.linspace(30, 220, 150).astype(np.uint8)[:, None, None], (1, 200, 3))
    write_image("two.png", smooth)
    assert protect("x.jpg") == 0
    assert [name for name in tree(here) if name.startswith("x.")] == ["x.jpg", "x.jpg.json"]
    assert run(["restore", "x.jpg", "-o", "y.png", *KEY]) == 0
    said = capsys.readouterr().err
    assert "regions 0, 1 changed; surroundings changed; the faces come from their seals and are exact" in said
    back = read_image("y.png").pixels
    for item in read_record("x.jpg").regions:
        rows, columns = item.region.clipped(*smooth.shape[:2])
        height, width = item.region.height // 4, item.region.width // 4
        core = slice(rows.start + height, rows.stop - height), slice(columns.start + width, columns.stop - width)
        assert np.array_equal(back[core], smooth[core])
    assert run(["inspect", "x.jpg", *KEY]) == 0
    out = capsys.readouterr().out
    assert "JPEG changes pixels; the seals are whole" in out
    assert "key       restores it" in out
    assert protect("w.jpg", *WINDOWS) == 2


def test_seals_beside_that_are_lost_swapped_or_cut(two, here, capsys):
    for name in ("x.png", "y.png"):
        assert protect(name, "--seals", "beside") == 0
    restore = ["restore", "x.png", "-o", "back.png", *KEY]
    whole = (here / "x.png.seal").read_bytes()
    (here / "x.png.seal").unlink()
    assert run(restore) == 1
    assert "the faces cannot come back without x.png.seal, which is not there" in capsys.readouterr().err
    assert run(["inspect", "x.png", *KEY]) == 1
    out, err = capsys.readouterr()
    assert "sealed beside" in out
    assert "not at hand" in out
    assert "whole     record unchanged" in out
    assert "without x.png.seal" in err
    shutil.copy("y.png.seal", "x.png.seal")
    assert run(restore) == 1
    assert "x.png.seal: the seals are those of another picture" in capsys.readouterr().err
    (here / "x.png.seal").write_bytes(whole[:-1])
    assert run(restore) == 1
    assert "the file of seals must have" in capsys.readouterr().err
    rest = 4096 + 16  # name and time
    (here / "x.png.seal").write_bytes(whole[: -rest - 1] + bytes((whole[-rest - 1] ^ 1,)) + whole[-rest:])
    assert run(restore) == 1
    assert "the seal of region 1 is damaged" in capsys.readouterr().err
    (here / "x.png.seal").write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    assert run(restore) == 0
    assert "name, time and metadata do not come back: the sealed metadata are damaged" in capsys.readouterr().err
    assert same("back.png", "two.png")
    (here / "back.png").unlink()
    assert run([*restore, "--face", "0"]) == 0
    (here / "x.png.seal").write_bytes(whole)
    assert run([*restore, "--force"]) == 0
    assert same("back.png", "two.png")


def test_seals_of_a_picture_that_was_moved_away_are_never_overwritten_unasked(two, here, capsys):
    assert protect("x.png", "--purpose", "publish") == 0
    before = (here / "x.png.seal").read_bytes()
    (here / "x.png").rename("published.png")
    assert protect("x.png", "--purpose", "publish") == 1
    assert "x.png.seal: File exists" in capsys.readouterr().err
    assert (here / "x.png.seal").read_bytes() == before
    assert not (here / "x.png").exists()
    (here / "x.png.seal").rename("published.png.seal")
    assert run(["restore", "published.png", "-o", "back.png", *KEY]) == 0
    assert same("back.png", "two.png")


def test_one_face_of_two(two, here, capsys):
    assert protect("x.png") == 0
    hidden, record = read_image("x.png").pixels, read_record("x.png")
    first = record.regions[0].region.clipped(*two.shape[:2])
    for number in (0, 1):
        assert run(["restore", "x.png", "-o", f"{number}.png", *KEY, "--face", str(number)]) == 0
        expected = fp.restore(hidden, record, MASTER, only=[number])
        assert np.array_equal(read_image(f"{number}.png").pixels, expected)
    assert not same("0.png", "1.png")
    assert not np.array_equal(read_image("0.png").pixels[first], hidden[first])
    assert run(["restore", "x.png", "-o", "both.png", *KEY, "--face", "0", "--face", "1"]) == 0
    assert same("both.png", "two.png")
    assert run(["restore", "x.png", "-o", "none.png", *KEY, "--face", "2"]) == 1
    assert "from 0 to 1, got 2" in capsys.readouterr().err


def test_a_view_of_what_was_drawn_is_the_picture(two):
    assert protect("x.png") == 0
    assert run(["view", "x.png", "-o", "view.png"]) == 0
    assert same("x.png", "view.png")


def test_a_surrogate_covers_the_head_that_is_found(here, capsys):
    assert run(["perturb", "face.png", "-o", "x.png", *KEY, "--purpose", "publish"]) == 0
    assert "NAME.seal and the key bring them back" in capsys.readouterr().err
    clear, hidden = read_image("face.png").pixels, read_image("x.png").pixels
    (face,) = fp.locate(clear)
    x, y = face.region.x + face.region.width // 2, face.region.y + face.region.height // 2
    assert not np.array_equal(clear[y - 9 : y + 9, x - 9 : x + 9], hidden[y - 9 : y + 9, x - 9 : x + 9])
    assert len(fp.locate(hidden)) == 1
    assert run(["restore", "x.png", "-o", "y.png", *KEY]) == 0
    assert same("face.png", "y.png")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protect", "surrogate", "--cells", "4"], "--protect has its own strength"),
        (["--purpose", "publish", "--cells", "4"], "strength options and --features mean windows"),
        (["--purpose", "paper", "--protect", "black"], "--purpose paper means windows, got --protect black"),
        (["--protect", "windows", "--seals", "beside"], "--seals is for what is sealed"),
        (["--one-time-key", "--seals", "beside"], "--seals needs a key"),
        (["--shape", "ellipse"], "has an area of its own"),
        (["--protect", "windows:"], "a setting must follow the colon"),
    ],
)
def test_contradictions(two, here, capsys, options, message):
    given = BOXES[:2] if "--one-time-key" in options else BOXES
    assert run(["perturb", "two.png", "-o", "x.png", *given, *options]) == 2
    assert message in capsys.readouterr().err
    assert not (here / "x.png").exists()
