"""Two writers of one picture and its seals at once: whoever loses leaves the winner's files alone."""

import pytest

from fastperturb.files import atomic
from fastperturb.files.writing import write_file


def written(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def between_seals_and_picture(monkeypatch, act):
    """Does something when the first writer has named its seals and not yet its picture."""
    publish, waiting = atomic.Pending.publish, [act]

    def published(file, overwrite):
        if waiting and file._path.suffix == ".png":
            waiting.pop()()
        publish(file, overwrite)

    monkeypatch.setattr(atomic.Pending, "publish", published)


def test_a_second_writer_finds_the_seals_and_touches_nothing(tmp_path, monkeypatch):
    picture = tmp_path / "a.png"

    def second():
        with pytest.raises(FileExistsError):
            write_file(picture, [b"second"], None, overwrite=False, seals=b"its seals")

    between_seals_and_picture(monkeypatch, second)
    write_file(picture, [b"first"], None, overwrite=False, seals=b"seals")
    assert written(tmp_path) == {"a.png": b"first", "a.png.seal": b"seals"}


def test_one_that_looked_before_the_seals_were_there_does_not_take_them_away(tmp_path, monkeypatch):
    """It is refused by the seals' name itself, not by a look before."""
    picture, prepared, seals = tmp_path / "a.png", atomic.Pending.__init__, tmp_path / "a.png.seal"

    def prepare(*arguments, **others):
        seals.write_bytes(b"of the first")
        prepared(*arguments, **others)

    monkeypatch.setattr(atomic.Pending, "__init__", prepare)
    with pytest.raises(FileExistsError):
        write_file(picture, [b"second"], None, overwrite=False, seals=b"its seals")
    assert written(tmp_path) == {"a.png.seal": b"of the first"}


def test_one_that_loses_to_a_replacing_writer_leaves_its_seals(tmp_path, monkeypatch):
    picture = tmp_path / "a.png"
    between_seals_and_picture(
        monkeypatch, lambda: write_file(picture, [b"second"], None, overwrite=True, seals=b"its seals")
    )
    with pytest.raises(FileExistsError):
        write_file(picture, [b"first"], None, overwrite=False, seals=b"seals")
    assert written(tmp_path) == {"a.png": b"second", "a.png.seal": b"its seals"}


def test_two_that_replace_leave_a_picture_and_its_own_seals(tmp_path, monkeypatch):
    picture = tmp_path / "a.png"
    write_file(picture, [b"old"], None, overwrite=False, seals=b"old seals")
    between_seals_and_picture(
        monkeypatch, lambda: write_file(picture, [b"second"], None, overwrite=True, seals=b"its seals")
    )
    write_file(picture, [b"first"], None, overwrite=True, seals=b"seals")
    assert written(tmp_path) == {"a.png": b"first", "a.png.seal": b"seals"}


def test_one_that_is_replaced_all_the_time_says_so(tmp_path, monkeypatch):
    picture, publish = tmp_path / "a.png", atomic.Pending.publish

    def published(file, overwrite):
        if file._path == picture:
            (tmp_path / "other").write_bytes(b"another's")
            (tmp_path / "other").replace(tmp_path / "a.png.seal")
        publish(file, overwrite)

    monkeypatch.setattr(atomic.Pending, "publish", published)
    with pytest.raises(OSError, match="others replace it, or what lies beside it"):
        write_file(picture, [b"first"], None, overwrite=True, seals=b"seals")
    assert set(written(tmp_path)) == {"a.png", "a.png.seal"}
