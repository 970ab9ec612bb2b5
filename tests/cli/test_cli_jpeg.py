"""JPEGs in the command line: they stay JPEGs, come back as they were, and what cannot be is said."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_cases import lines_of, tree
from file_cases import segment
from jpeg_cases import coefficients, decoded, jpeg, jpeg_440, picture, segments_of, turned, with_coefficients

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image

KEY = ("--key-file", "my.key")
BOXES = ("--boxes", "boxes.json", *KEY)
FILES = {
    "a.jpg": jpeg(),
    "b.JPEG": jpeg(mode="progressive", grey=True),
    "sub/c.jpe": jpeg_440(),
    "sub/turned.jpg": turned(jpeg(), 6),
}


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """Four JPEGs and a PNG, with a box each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    fp.Key(bytes(range(32))).to_file("my.key")
    for name, data in FILES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    write_image("in/d.png", picture())
    names = [*FILES, "d.png"]
    Path("boxes.json").write_text(json.dumps({name: [[50, 40, 50, 60]] for name in names}))
    return tmp_path


def test_a_folder_there_and_back(photographs, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert tree(Path("out")) == ["a.jpg", "b.JPEG", "d.png", "sub/c.jpe", "sub/turned.jpg"]
    assert "5 perturbed; " in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    assert "5 unchanged" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert tree(Path("back")) == tree(Path("out"))
    for name in FILES:
        assert np.array_equal(coefficients(Path("back", name).read_bytes()), coefficients(FILES[name]))
        assert (coefficients(Path("out", name).read_bytes()) != coefficients(FILES[name])).any()
    assert read_image("back/sub/turned.jpg").pixels.shape == (203, 181, 3)
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert "5 unchanged" in capsys.readouterr().err


def test_the_very_bytes_come_back(photographs, capsys):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--exact-file"]) == 0
    assert run(["restore", "out", "-o", "back", *KEY, "--json"]) == 0
    *results, _ = lines_of(capsys.readouterr().out)
    assert [item.get("exact_file") for item in results] == [True] * 5
    assert Path("back/d.png").read_bytes() == Path("in/d.png").read_bytes()
    assert Path("back/a.jpg").read_bytes() == FILES["a.jpg"]
    assert Path("back/sub/turned.jpg").read_bytes() == FILES["sub/turned.jpg"]
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert "5 unchanged" in capsys.readouterr().err
    Path("back/a.jpg").write_bytes(jpeg(quality=50))
    assert run(["restore", "out", "-o", "back", *KEY]) == 1
    assert "a.jpg exists, and is not the result" in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "x", "--boxes", "boxes.json", "--exact-file", "--one-time-key"]) == 2


def test_bytes_are_told_and_a_dry_run_writes_nothing(photographs, capsys):
    for more in (["--dry-run"], []):
        assert run(["perturb", "in", "-o", "out", *BOXES, "--json", "--seals", "beside", *more]) == 0
        out, err = capsys.readouterr()
        *results, last = lines_of(out)
        assert Path("out").exists() == (not more)
        assert ("a dry run: nothing was written" in err) == bool(more)
        told = {item["file"]: (item["bytes_in"], item["bytes_out"], item["bytes_beside"]) for item in results}
        assert told["in/a.jpg"][0] == len(FILES["a.jpg"])
        summary = last["summary"]
        for place, name in enumerate(("bytes_in", "bytes_out", "bytes_beside")):
            assert summary[name] == sum(item[place] for item in told.values())
        if not more:
            for item in results:
                path = Path(item["output"])
                assert item["bytes_out"] == path.stat().st_size
                assert item["bytes_beside"] == Path(f"{path}.seal").stat().st_size
    assert run(["perturb", "in", "-o", "again", *BOXES]) == 0
    assert " kB in, " in (err := capsys.readouterr().err)
    assert " times as much" in err


def test_windows_make_pngs(photographs):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--protect", "windows"]) == 0
    assert tree(Path("out")) == ["a.png", "b.png", "d.png", "sub/c.png", "sub/turned.png"]
    assert run(["perturb", "in/a.jpg", "-o", "x.jpg", *BOXES, "--protect", "windows"]) == 2


def test_formats_that_are_asked_for(photographs):
    assert run(["perturb", "in", "-o", "out", *BOXES, "--format", "png"]) == 0
    assert {Path(name).suffix for name in tree(Path("out"))} == {".png"}
    assert run(["perturb", "in/a.jpg", "-o", "x.jpg", *BOXES]) == 0
    assert read_record("x.jpg").layout is not None
    assert run(["restore", "x.jpg", "-o", "y.png", *KEY]) == 0
    assert np.array_equal(read_image("y.png").pixels, read_image("in/a.jpg").pixels)
    assert run(["perturb", "in/a.jpg", "-o", "x.png", *BOXES]) == 0
    assert read_record("x.png").layout is None


def test_what_is_no_jpeg_or_cannot_be_kept_becomes_a_png(photographs, capsys):
    write_image("in/really.png", picture())
    Path("in/really.png").rename("in/really.jpg")
    data = bytearray(jpeg(sampling="4:4:4"))
    at = data.index(b"\xff\xc0") + 4
    data[at + 7], data[at + 10] = 0x31, 0x21
    Path("in/odd.jpg").write_bytes(data)
    names = {"really.jpg": [[50, 40, 50, 60]], "odd.jpg": [[10, 10, 30, 30]]}
    Path("boxes.json").write_text(json.dumps(names))
    assert run(["perturb", "in/really.jpg", "in/odd.jpg", "-o", "out", *BOXES, "--json"]) in (0, 1)
    outcomes = {item["file"]: item for item in lines_of(capsys.readouterr().out)[:-1]}
    assert outcomes["in/really.jpg"]["instead_of"] == "JPEG"
    assert outcomes["in/really.jpg"]["output"] == str(Path("out/really.png"))
    odd = outcomes["in/odd.jpg"]
    assert odd["status"] == "failed" or "do not divide each other" in odd["not_as_jpeg"]


def test_without_a_key_nothing_comes_back(photographs):
    assert run(["perturb", "in", "-o", "out", "--boxes", "boxes.json", "--one-time-key"]) == 0
    data = Path("out/a.jpg").read_bytes()
    assert b"fastperturb.record" not in data
    assert (coefficients(data) != coefficients(FILES["a.jpg"])).any()
    assert run(["restore", "out/a.jpg", "-o", "back.jpg", *KEY]) == 1


def test_pictures_without_a_face_are_copied_block_by_block(photographs):
    Path("boxes.json").write_text("{}")
    assert run(["perturb", "in", "-o", "out", *BOXES, "--on-no-face", "copy"]) == 0
    for name in ("a.jpg", "b.JPEG"):
        assert np.array_equal(coefficients(Path("out", name).read_bytes()), coefficients(FILES[name]))
    assert run(["restore", "out/a.jpg", "-o", "back.jpg", *KEY, "--on-no-record", "copy"]) == 0
    assert np.array_equal(coefficients(Path("back.jpg").read_bytes()), coefficients(FILES["a.jpg"]))


def test_a_missing_seal_is_named(photographs, capsys):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES, "--purpose", "publish"]) == 0
    Path("a.jpg.seal").rename("elsewhere")
    assert run(["restore", "a.jpg", "-o", "back.jpg", *KEY]) == 1
    assert "the face cannot come back without a.jpg.seal, which is not there" in capsys.readouterr().err
    Path("elsewhere").rename("a.jpg.seal")
    assert run(["restore", "a.jpg", "-o", "back.jpg", *KEY]) == 0


def test_a_stripped_record_is_named(photographs, capsys):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES]) == 0
    data = Path("a.jpg").read_bytes()
    parts = [segment(marker, body) for marker, body in segments_of(data) if marker != 0xEB]
    stripped = data[:2] + b"".join(parts) + data[2 + sum(4 + len(body) for _, body in segments_of(data)) :]
    Path("stripped.jpg").write_bytes(stripped)
    assert np.array_equal(decoded(stripped), decoded(data))
    assert run(["restore", "stripped.jpg", "-o", "back.jpg", *KEY]) == 1
    assert "no record inside, and no stripped.jpg.json beside it" in capsys.readouterr().err


def test_records_beside(photographs, capsys):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES, "--record-beside"]) == 0
    assert b"fastperturb.record" not in Path("a.jpg").read_bytes()
    assert Path("a.jpg.json").exists()
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES, "--record-beside"]) == 0
    assert "unchanged" in capsys.readouterr().err
    assert run(["restore", "a.jpg", "-o", "back.jpg", *KEY]) == 0
    assert np.array_equal(coefficients(Path("back.jpg").read_bytes()), coefficients(FILES["a.jpg"]))


@pytest.mark.parametrize("place", ["inside", "beside"])
def test_records_change_where_they_lie(photographs, capsys, place):
    """Among the boxes of others, which stay as they are."""
    Path("boxes.json").write_text(json.dumps({"a.jpg": [[20, 20, 40, 50], [120, 90, 40, 50]]}))
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES, "--seals", place]) == 0
    other = segment(0xEB, b"JP\0\x09\0\0\0\1\0\0\0\x10jumb" + b"\0\0\0\x08free")
    data = Path("a.jpg").read_bytes()
    at = data.index(b"\xff\xdb")
    Path("a.jpg").write_bytes(data[:at] + other + data[at:])
    assert run(["keygen", "-o", "new.key"]) == 0
    assert run(["rekey", "a.jpg", *KEY, "--new-key-file", "new.key"]) == 0
    assert other in Path("a.jpg").read_bytes()
    assert run(["forget", "a.jpg", "--face", "1", "--key-file", "new.key"]) == 0
    assert [entry.state == "erased" for entry in read_record("a.jpg").entries] == [False, True]
    capsys.readouterr()
    assert run(["inspect", "a.jpg", "--key-file", "new.key", "--json"]) == 1
    facts = lines_of(capsys.readouterr().out)[0]
    assert facts["record"]["of"] == "coefficients"
    assert facts["verdicts"] == {"record": True, "regions": [True, True], "surroundings": True}
    assert run(["restore", "a.jpg", "-o", "back.jpg", "--key-file", "new.key", "--face", "0"]) == 0
    assert run(["facekey", "a.jpg", "--face", "0", "--key-file", "new.key", "-o", "one.face"]) == 0
    assert run(["restore", "a.jpg", "-o", "again.jpg", "--face-key", "one.face"]) == 0
    assert np.array_equal(*(coefficients(Path(name).read_bytes()) for name in ("back.jpg", "again.jpg")))
    shown, back = (coefficients(Path(name).read_bytes()) for name in ("a.jpg", "back.jpg"))
    assert (shown != back).any()
    assert (back != coefficients(FILES["a.jpg"])).any()


def test_changes_since_are_told(photographs, capsys):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES]) == 0
    data = Path("a.jpg").read_bytes()
    mcus = coefficients(data)
    mcus[0, 0, 0, 0] += 3
    Path("scene.jpg").write_bytes(with_coefficients(data, mcus))
    assert run(["restore", "scene.jpg", "-o", "back.jpg", *KEY]) == 0
    assert "surroundings changed; the blocks of the faces are the original ones" in capsys.readouterr().err
    mcus[5, 5, 0, 0] += 3
    Path("face.jpg").write_bytes(with_coefficients(data, mcus))
    assert run(["restore", "face.jpg", "-o", "back2.jpg", *KEY]) == 1
    assert "; --no-verify puts the sealed ones there" in capsys.readouterr().err
    assert run(["restore", "face.jpg", "-o", "back2.jpg", *KEY, "--no-verify"]) == 0
    assert np.array_equal(coefficients(Path("back2.jpg").read_bytes()), coefficients(Path("back.jpg").read_bytes()))
    write_image("pixels.jpg", read_image("a.jpg").pixels)
    Path("pixels.jpg.json").write_text(read_record("a.jpg").to_json())
    assert run(["restore", "pixels.jpg", "-o", "back3.jpg", *KEY]) == 1
    assert "encoded anew since, with other tables" in capsys.readouterr().err


def test_a_file_whose_surroundings_changed_does_not_come_back_by_its_bytes(photographs, capsys):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES, "--exact-file"]) == 0
    data = Path("a.jpg").read_bytes()
    mcus = coefficients(data)
    mcus[0, 0, 0, 0] += 3
    Path("scene.jpg").write_bytes(with_coefficients(data, mcus))
    assert run(["restore", "scene.jpg", "-o", "back.jpg", *KEY]) == 0
    assert "the file does not come back as it was" in capsys.readouterr().err


def test_view_and_compare_take_them(photographs):
    assert run(["perturb", "in/a.jpg", "-o", "a.jpg", *BOXES]) == 0
    assert run(["view", "a.jpg", "-o", "seen.png"]) == 0
    assert np.array_equal(read_image("seen.png").pixels, read_image("a.jpg").pixels)
    assert run(["compare", "in/a.jpg", "a.jpg"]) == 0
