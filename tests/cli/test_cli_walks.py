"""What is found in folders: nothing that looks like a photograph is left out without a word."""

import json
import os
import subprocess
import sys
import threading

import pytest
from cli_cases import BOXES, lines_of, same, tree

from fastperturb.cli.app import run

PROGRAM = (sys.executable, "-m", "fastperturb")


def test_photographs_that_cannot_be_read_are_problems(folder, here, capsys, monkeypatch):
    monkeypatch.setattr("fastperturb.cli.batch.paths.can_read_videos", lambda: False)  # without the extra
    for name in ("p.heic", "q.GIF", "r.dng", "sub/s.avif", "sub/notes.txt", ".hidden.heic"):
        (folder / name).write_bytes(b"x")
    (folder / "t.png").symlink_to(here / "nowhere.png")
    (folder / "u.png").symlink_to(folder / "u.png")
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
    out, err = capsys.readouterr()
    *results, last = lines_of(out)
    failed = [item["file"] for item in results if item["status"] == "failed"]
    assert failed == [f"in/{name}" for name in ("p.heic", "q.GIF", "r.dng", "t.png", "u.png", "sub/s.avif")]
    assert "in/q.GIF: not supported: .GIF; PNG, JPEG, WebP, TIFF, BMP, PGM, PPM, HEIC and AVIF are" in err
    assert "in/t.png: a link that leads to no file" in err
    assert last["summary"]["counts"] == {"perturbed": 5, "failed": 6}
    assert last["summary"]["ignored"] == 2
    assert len(tree(here / "out")) == 5


def test_links_lead_out_of_no_folder_and_to_nothing_twice(folder, here, capsys):
    (here / "album").mkdir()
    (here / "album" / "f.png").write_bytes((folder / "a.png").read_bytes())
    outward = {"linked": here / "album", "sub/back": here / "album", "up": here, "sub/f.png": here / "album" / "f.png"}
    inward = {
        "self": folder,
        "sub/around": folder / "sub" / "deep",
        "again.png": folder / "a.png",
        "done": here / "out",
    }
    for name, target in {**outward, **inward}.items():
        (folder / name).symlink_to(target)
    names = [name for name in tree(folder) if "f.png" not in name]
    (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]] for name in names}))
    for _ in range(2):
        assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
        *results, last = lines_of(capsys.readouterr().out)
        failed = {item["file"]: item["message"] for item in results if item["status"] == "failed"}
        assert set(failed) == {f"in/{name}" for name in outward}
        assert all("a link that leads out of the folder" in message for message in failed.values())
        kept = {name if name.endswith("tiff") else f"{name.rpartition('.')[0]}.png" for name in names}
        assert tree(here / "out") == sorted(kept)
        assert last["summary"]["ignored"] == 3  # notes.txt aside: links to what is on its way already
    assert run(["perturb", "in/linked", "-o", "named", *BOXES[2:], "--one-time-key", "--on-no-face", "copy"]) in (0, 2)
    assert same("in/again.png", "in/a.png")


@pytest.mark.skipif(sys.platform != "linux", reason="links among folders")
def test_folders_that_link_to_each_other_are_walked_once(folder, here, capsys):
    places = [folder / name for name in "stuvwxyz"]
    for place in places:
        place.mkdir()
        (place / "p.png").write_bytes((folder / "a.png").read_bytes())
    for place in places:
        for other in places:
            (place / f"to-{other.name}").symlink_to(other)
    assert run(["perturb", "in", "-o", "out", "--one-time-key", "--on-no-face", "copy", "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[-1]["summary"]["files"] == 5 + len(places)


def test_what_starts_as_an_image_is_one_whatever_it_is_called(folder, here, capsys, monkeypatch):
    monkeypatch.setattr("fastperturb.cli.batch.paths.can_read_videos", lambda: False)  # without the extra
    photograph = (folder / "a.png").read_bytes()
    for name in ("IMG_0001", "photo.jif", "photo.pjp", "photo.dib", "photo.insp", "photo.thm", "photo.backup"):
        (folder / name).write_bytes(photograph)
    (folder / "phone.bin").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    (folder / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(40))
    (folder / "letter.txt").write_text("BMW and PNG are no images; P5 neither\n")
    (folder / "paper.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / ".hidden").write_bytes(photograph)
    assert run(["perturb", "in", "-o", "out", "--one-time-key", "--full-names", "--on-no-face", "copy", "--json"]) == 1
    *results, last = lines_of(capsys.readouterr().out)
    assert [item["file"] for item in results if item["status"] == "failed"] == ["in/phone.bin"]
    message = next(item["message"] for item in results if item["status"] == "failed")
    assert "damaged: its pictures" in message or "pillow_heif" in message
    assert last["summary"]["files"] == 5 + 7 + 1
    assert "IMG_0001.png" in tree(here / "out")


def test_what_cannot_be_read_takes_no_name_from_others(folder, here, capsys):
    (folder / "a.CR2").write_bytes(b"II*\0" + bytes(40))
    assert run(["perturb", "in", "-o", "out", *BOXES, "--json"]) == 1
    *results, _ = lines_of(capsys.readouterr().out)
    assert [item["file"] for item in results if item["status"] == "failed"] == ["in/a.CR2"]
    assert len(tree(here / "out")) == 5


@pytest.mark.skipif(os.name != "posix", reason="modes and pipes")
class TestModesAndPipes:
    def test_an_original_is_no_more_open_than_what_it_came_from(self, folder, here):
        picture = folder / "a.png"
        for mode in (0o600, 0o640, 0o644, 0o400):
            picture.chmod(mode)
            assert run(["perturb", "in/a.png", "-o", "hidden.png", *BOXES, "--force"]) == 0
            assert (here / "hidden.png").stat().st_mode & 0o777 == 0o644
            (here / "hidden.png").chmod(mode)
            assert run(["restore", "hidden.png", "-o", "back.png", "--key-file", "my.key", "--force"]) == 0
            assert (here / "back.png").stat().st_mode & 0o777 == mode
            copied = ["perturb", "in/a.png", "-o", "copy.png", "--one-time-key", "--on-no-face", "copy", "--force"]
            assert run(copied) == 0
            assert (here / "copy.png").stat().st_mode & 0o777 == mode
            for name in ("hidden.png", "back.png", "copy.png"):
                (here / name).unlink()

    @pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge", "long"])
    def test_what_stands_in_the_place_of_a_record_keeps_nobody_waiting(self, folder, here, kind):
        name = "x" * 247 + ".png" if kind == "long" else "a.png"
        (folder / "a.png").rename(folder / name)
        (here / "boxes.json").write_text(json.dumps({name: [[5, 6, 20, 22]]}))
        beside = folder / f"{name}.json"
        if kind == "pipe":
            os.mkfifo(beside)
        elif kind == "device":
            beside.symlink_to("/dev/zero")
        elif kind == "folder":
            beside.mkdir()
        elif kind == "huge":
            with beside.open("wb") as file:
                file.truncate(2**33)
        assert run(["perturb", f"in/{name}", "-o", "out", *BOXES]) == 0
        assert tree(here / "out") == [name]
        assert run(["restore", f"in/{name}", "-o", "back", "--key-file", "my.key"]) == 1

    def test_boxes_and_keys_are_regular_files(self, folder, here, capsys):
        os.mkfifo(here / "pipe")
        (here / "device").symlink_to("/dev/zero")
        for name in ("pipe", "device"):
            assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", name, "--key-file", "my.key"]) in (1, 2)
            assert "not a regular file" in capsys.readouterr().err
        assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "boxes.json", "--key-file", "device"]) in (1, 2)
        assert "neither a regular file nor a pipe" in capsys.readouterr().err
        feeder = threading.Thread(target=lambda: (here / "pipe").write_bytes((here / "my.key").read_bytes()))
        feeder.start()
        assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "boxes.json", "--key-file", "pipe"]) == 0
        feeder.join()


def test_what_was_ignored_is_told_of_a_single_file_too(folder, here, capsys, monkeypatch):
    monkeypatch.setattr("fastperturb.cli.batch.paths.can_read_videos", lambda: False)  # without the extra
    (here / "one").mkdir()
    (here / "one" / "a.png").write_bytes((folder / "a.png").read_bytes())
    (here / "one" / "film.mp4").write_bytes(b"")
    assert run(["perturb", "one", "-o", "out", *BOXES]) == 0
    assert "1 of 1 file in" in (err := capsys.readouterr().err)
    assert "; 1 other file ignored" in err


def test_a_folder_without_images_is_a_problem_and_no_file_failed(here, capsys):
    (here / "empty").mkdir()
    assert run(["perturb", "empty", "-o", "out", *BOXES[2:], "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == "fastperturb: no images found in empty\n"
    assert lines_of(out)[0]["summary"]["counts"] == {}


@pytest.mark.parametrize("name", ["photo.heic", "x.gif", "x.JXL", "x.jp2", "sub/x.nef"])
def test_names_of_formats_that_cannot_be_written_are_no_folders(folder, here, capsys, name):
    for inputs in ("in/a.png", "in"):
        assert run(["perturb", inputs, "-o", name, *BOXES]) == 2
    err = capsys.readouterr().err
    assert f"{os.path.splitext(name)[1]} cannot be written: .png, .webp, .tif, .tiff, .bmp" in err  # noqa: PTH122
    assert not (here / name).exists()
    (here / name).mkdir(parents=True)
    assert run(["perturb", "in/a.png", "-o", name, *BOXES]) == 0
    assert tree(here / name) == ["a.png"]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a.png": ' + "[" * 200_000])
def test_boxes_that_are_nested_too_deeply(folder, here, capsys, text):
    (here / "deep.json").write_text(text)
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "deep.json", "--key-file", "my.key"]) == 2
    assert "deep.json: it is nested too deeply" in capsys.readouterr().err


def test_boxes_that_are_no_text_are_named(folder, here, capsys):
    (here / "x.csv").write_bytes("file,x,y,width,height\né.png,1,2,3,4\n".encode("latin-1"))
    assert run(["perturb", "in/a.png", "-o", "x.png", "--boxes", "x.csv", "--key-file", "my.key"]) == 2
    assert "x.csv: 'utf-8' codec can't decode" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_names_that_an_encoding_does_not_have_are_escaped(folder, here):
    names = [os.fsdecode(b"latin-1 \xe9.png"), "写真.png", "two\nlines\x1b[31m.png"]
    for name in names:
        (here / name).write_bytes((folder / "a.png").read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    job = [*PROGRAM, "inspect", *names]
    done = subprocess.run(job, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert [line for line in done.stdout.splitlines() if line.endswith(".png")] == [
        "latin-1 \\udce9.png",
        "\\u5199\\u771f.png",
        "two\\nlines\\x1b[31m.png",
    ]


def test_no_message_holds_what_a_terminal_would_obey(folder, here, capsys):
    odd = "\x1b[31mk\ney"
    assert run(["keygen", "-o", odd]) == 0
    (here / odd).chmod(0o644)
    assert run(["perturb", "in/a.png", "-o", f"{odd}.png", "--boxes", "boxes.json", "--key-file", odd]) == 0
    assert run(["restore", f"{odd}.png", "-o", f"{odd}.bmp", "--key-file", odd]) == 0
    assert run(["demo", "-o", f"{odd} demo.png"]) == 0
    (here / "record").mkdir()
    (here / "record" / "a.png").write_bytes((folder / "a.png").read_bytes())
    record = {"format": "fastperturb-record", "version": 1, "\x1b[31m\n": 0}
    (here / "record" / "a.png.json").write_text(json.dumps(record))
    assert run(["inspect", "record/a.png", f"{odd}.png"]) == 1
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert all(line.startswith("fastperturb: ") for line in err.splitlines())
    assert err.count("record/a.png") == 2  # the file, and that of its record: none twice
