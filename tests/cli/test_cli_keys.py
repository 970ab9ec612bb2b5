"""The command line's keys: public ones, those of one face, other keys for files, and faces that are forgotten."""

import hashlib
import json
import stat
from pathlib import Path

import numpy as np
import pytest
from cli_cases import here, lines_of, same  # noqa: F401

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, read_record, write_image

pytest.importorskip("cryptography.hazmat.primitives.hpke")

FORMATS = ("png", "webp", "tiff", "bmp")


@pytest.fixture
def pictures(here):  # noqa: F811
    """Two pictures with two boxes each, a key pair of another, and no secret at hand but my.key."""
    rng = np.random.default_rng(1)
    (here / "in").mkdir()
    for name in ("a.png", "b.png"):
        write_image(here / "in" / name, rng.integers(0, 256, (60, 70, 3), np.uint8))
    (here / "boxes.json").write_text(json.dumps({n: [[5, 6, 20, 22], [40, 20, 20, 30]] for n in ("a.png", "b.png")}))
    assert run(["keygen", "-o", "far.key", "--public", "far.pub"]) == 0
    return here


def protect(*more, code=0):
    assert run(["perturb", "in", "-o", "out", "--boxes", "boxes.json", "--protect", "mosaic:8", *more]) == code


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_keygen_writes_both_halves(pictures, capsys):
    assert fp.PublicKey.from_file("far.pub") == fp.Key.from_file("far.key").public()
    assert stat.S_IMODE(Path("far.key").stat().st_mode) == 0o600
    assert run(["keygen", "--from", "my.key", "--public", "my.pub"]) == 0
    assert fp.PublicKey.from_file("my.pub") == fp.Key.from_file("my.key").public()
    capsys.readouterr()
    assert run(["keygen", "-o", "new.key", "--public", "far.pub"]) == 1
    assert "far.pub exists; a key file is never overwritten" in capsys.readouterr().err
    assert not Path("new.key").exists()
    for wrong in (["keygen"], ["keygen", "-o", "x.key", "--from", "my.key"], ["keygen", "--from", "my.key"]):
        assert run(wrong) == 2
    assert not Path("x.key").exists()


@pytest.mark.parametrize("form", FORMATS)
def test_whoever_protects_cannot_restore(pictures, capsys, form):
    protect("--to", "far.pub", "--format", form)
    assert run(["restore", "out", "-o", "mine", "--key-file", "my.key"]) == 1
    assert "made for none of the keys at hand" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", "--key-file", "far.key", "--json", "--format", "png"]) == 0
    outcomes = lines_of(capsys.readouterr().out)
    assert [item["origin"] for item in outcomes[:-1]] == ["anyone", "anyone"]
    assert same("in/a.png", "back/a.png")
    assert run(["restore", "out", "-o", "strict", "--key-file", "far.key", "--origin", "key"]) == 1
    assert "--origin key asks for one that a secret key made" in capsys.readouterr().err
    assert not Path("strict/a.png").exists()


def test_the_environments_key_does_not_slip_in(pictures, monkeypatch):
    monkeypatch.setenv("FASTPERTURB_KEY", fp.Key.from_file("my.key").to_text())
    protect("--to", "far.pub")
    record = read_record("out/a.png")
    assert [item.kind for item in record.stanzas] == [2]
    monkeypatch.delenv("FASTPERTURB_KEY")
    protect("--to", "far.pub", "--key-file", "my.key", "--force")
    assert [item.kind for item in read_record("out/a.png").stanzas] == [1, 2]
    assert fp.examine(read_image("out/a.png").pixels, read_record("out/a.png"), fp.Key.from_file("my.key")).whole


def test_a_second_run_to_a_public_key_does_nothing(pictures, capsys):
    protect("--to", "far.pub")
    before = digest("out/a.png")
    capsys.readouterr()
    protect("--to", "far.pub")
    assert "2 unchanged" in capsys.readouterr().err
    assert digest("out/a.png") == before
    mark = read_image("out/a.png").texts["fastperturb-job"]
    assert mark == read_image("out/b.png").texts["fastperturb-job"]
    assert fp.PublicKey.from_file("far.pub").id not in Path("out/a.png").read_bytes().decode("latin-1")


@pytest.mark.parametrize("form", FORMATS)
def test_a_person_gets_one_face_back(pictures, capsys, form):
    protect("--key-file", "my.key", "--format", form)
    name = f"out/a.{form}"
    assert run(["facekey", name, "--face", "1", "-o", "her.face", "--key-file", "my.key"]) == 0
    assert stat.S_IMODE(Path("her.face").stat().st_mode) == 0o600
    assert run(["restore", name, "-o", "hers.png", "--face-key", "her.face"]) == 0
    hidden, record = read_image(name).pixels, read_record(name)
    expected = fp.restore(hidden, record, fp.Key.from_file("my.key"), only=[1])
    assert np.array_equal(read_image("hers.png").pixels, expected)
    assert not np.array_equal(expected, hidden)
    capsys.readouterr()
    for call, said in (
        (["restore", f"out/b.{form}", "-o", "b.png", "--face-key", "her.face"], "the face key is of another picture"),
        (["facekey", name, "--face", "2", "-o", "x.face", "--key-file", "my.key"], "from 0 to 1, got 2"),
        (["facekey", name, "--face", "1", "-o", "her.face", "--key-file", "my.key"], "never overwritten"),
        (["facekey", name, "--face", "1", "-o", "x.face", "--key-file", "far.key"], "none of the keys at hand"),
        (["facekey", "in/a.png", "--face", "1", "-o", "x.face", "--key-file", "my.key"], "no record inside"),
        (["restore", name, "-o", "b.png", "--face-key", "her.face", "--face", "0"], "opens face 1, got --face 0"),
        (["restore", name, "-o", "b.png", "--face-key", "her.face", "--key-file", "my.key"], "instead of --key-file"),
        (["restore", name, "-o", "b.png", "--face-key", "her.face", "--origin", "key"], "a face key cannot tell"),
    ):
        assert run(call) in (1, 2)
        assert said in capsys.readouterr().err
    assert not Path("b.png").exists()
    assert not Path("x.face").exists()


def test_kinds_of_keys_are_told_apart(pictures, capsys):
    protect("--key-file", "my.key")
    assert run(["facekey", "out/a.png", "--face", "0", "-o", "her.face", "--key-file", "my.key"]) == 0
    for call, said in (
        (
            ["perturb", "in", "-o", "x", "--to", "my.key"],
            "what came is a secret key",
        ),
        (["perturb", "in", "-o", "x", "--key-file", "far.pub"], "what came is a public key"),
        (["perturb", "in", "-o", "x", "--key-file", "her.face"], "what came is the key of one face"),
        (["restore", "out", "-o", "x", "--key-file", "far.pub"], "what came is a public key"),
        (["restore", "out", "-o", "x", "--face-key", "my.key"], "what came is a secret key"),
        (["perturb", "in", "-o", "x", "--to", "none.pub"], "the public key cannot be read: none.pub"),
        (["perturb", "in", "-o", "x", "--one-time-key", "--to", "far.pub"], "--one-time-key is instead of --to"),
        (["perturb", "in", "-o", "x", "--reproducible", "--to", "far.pub"], "--reproducible needs secret keys"),
        (["perturb", "in", "-o", "x", *["--to", "far.pub"] * 2], "each recipient once"),
    ):
        capsys.readouterr()
        assert run(call) == 2
        err = capsys.readouterr().err
        assert said in err
        assert fp.Key.from_file("my.key").to_text()[7:] not in err
    assert not Path("x").exists()


def test_seventeen_recipients(pictures, capsys):
    names = []
    for number in range(17):
        fp.Key.generate().public().to_file(f"{number}.pub")
        names += ["--to", f"{number}.pub"]
    assert run(["perturb", "in", "-o", "x", *names]) == 2
    assert "1 to 16 recipients, got 17" in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("seals", ["inside", "beside"])
def test_rekeying_changes_who_opens_and_nothing_else(pictures, capsys, form, seals):
    protect("--key-file", "my.key", "--format", form, "--seals", seals)
    name = f"out/a.{form}"
    before, record = read_image(name), read_record(name)
    seal = digest(f"{name}.seal") if seals == "beside" else None
    mode = stat.S_IMODE(Path(name).stat().st_mode)
    assert run(["rekey", "out", "--key-file", "my.key", "--to", "far.pub"]) == 0
    after, changed = read_image(name), read_record(name)
    assert np.array_equal(after.pixels, before.pixels)
    assert {k: v for k, v in after.texts.items() if "record" not in k} == {
        k: v for k, v in before.texts.items() if "record" not in k
    }
    assert changed.seals == record.seals
    assert changed.entries == record.entries
    assert stat.S_IMODE(Path(name).stat().st_mode) == mode
    assert seal is None or digest(f"{name}.seal") == seal
    assert run(["restore", "out", "-o", "back", "--key-file", "far.key", "--format", "png"]) == 0
    assert same("in/b.png", "back/b.png")
    capsys.readouterr()
    assert run(["rekey", "out", "--key-file", "my.key", "--new-key-file", "my.key"]) == 1
    assert "none of the keys at hand" in capsys.readouterr().err
    assert run(["rekey", "out", "--key-file", "my.key"]) == 2
    assert "who opens the files from now on must be named" in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("seals", ["inside", "beside"])
def test_a_forgotten_face_is_nowhere_in_the_files(pictures, capsys, form, seals):
    protect("--key-file", "my.key", "--format", form, "--seals", seals)
    name = f"out/a.{form}"
    seal = read_record(name).seals[1]
    everything = b"".join(path.read_bytes() for path in Path("out").iterdir())
    assert form == "bmp" or seal[:64] in everything
    assert run(["forget", name, "--face", "1", "--key-file", "far.key"]) == 1
    assert "none of the keys at hand" in capsys.readouterr().err
    assert run(["forget", name, "--face", "1", "--key-file", "my.key"]) == 0
    everything = b"".join(path.read_bytes() for path in Path("out").iterdir())
    assert seal[:64] not in everything
    capsys.readouterr()
    assert run(["restore", name, "-o", "back.png", "--key-file", "my.key"]) == 1
    assert "the seal of region 1 was erased" in capsys.readouterr().err
    assert run(["restore", name, "-o", "one.png", "--face", "0", "--key-file", "my.key"]) == 0
    assert run(["forget", "out", "--all", "--key-file", "my.key"]) == 0
    assert not list(Path("out").glob("*.seal"))
    capsys.readouterr()
    assert run(["forget", "out", "--all", "--key-file", "my.key"]) == 0
    assert "2 unchanged" in capsys.readouterr().err
    for call, said in (
        (["forget", "out", "--key-file", "my.key"], "one of --face N, --all and --metadata is needed"),
        (["forget", name, "--face", "7", "--key-file", "my.key"], "it has no face 7: its faces are 0 to 1"),
        (["forget", "in/a.png", "--all", "--key-file", "my.key"], "no record inside"),
    ):
        assert run(call) in (1, 2)
        assert said in capsys.readouterr().err


def test_a_full_disk_leaves_old_files(pictures, monkeypatch, capsys):
    protect("--key-file", "my.key", "--seals", "beside")
    before = {path: path.read_bytes() for path in Path("out").iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fastperturb.files.replacing.write_together", full)
    assert run(["forget", "out", "--all", "--key-file", "my.key"]) == 1
    assert run(["rekey", "out", "--key-file", "my.key", "--to", "far.pub"]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before


def test_a_link_is_not_taken_for_the_file(pictures, capsys):
    protect("--key-file", "my.key")
    Path("link.png").symlink_to(Path("out/a.png").resolve())
    before = Path("out/a.png").read_bytes()
    for call in (["forget", "link.png", "--all"], ["rekey", "link.png", "--to", "far.pub"]):
        assert run([*call, "--key-file", "my.key"]) == 1
        assert "it is a link" in capsys.readouterr().err
    assert Path("link.png").is_symlink()
    assert Path("out/a.png").read_bytes() == before
