"""Sealed files of somebody who has the public key and means harm: what they say of themselves is not believed."""

import io

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from tiny_videos import KEY, write_clip

from fastperturb.cli.app import run
from fastperturb.video import restore_video
from fastperturb.video.sealed_file import ORIGINAL, Unsealed, seal


def sealed(path, content, kind=ORIGINAL, suffix=".mp4"):
    """Writes a sealed file as anybody can."""
    with path.open("wb") as file:
        seal(io.BytesIO(content), file, KEY.public(), Unsealed(kind, suffix, len(content)))


@pytest.mark.parametrize("suffix", [".desktop", ".html", ".exe", ".py", ".js", ".bat", ".MP4", ".mp4x", "mp4", "."])
def test_an_extension_that_is_no_videos_is_not_taken(tmp_path, suffix):
    clip = write_clip(tmp_path / "film.mp4")
    sealed(tmp_path / "film.mp4.age", b"[Desktop Entry]", suffix=suffix)
    (tmp_path / "back").mkdir()
    found = restore_video(clip, tmp_path / "back" / "film.mp4", KEY)
    assert found.path == tmp_path / "back" / "film.mp4"
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["film.mp4"]


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".avi", ".ts", ".y4m", ".ogg", ".hevc"])
def test_extensions_of_videos_come_back(tmp_path, suffix):
    clip = write_clip(tmp_path / "film.mp4")
    sealed(tmp_path / "film.mp4.age", b"film", suffix=suffix)
    assert restore_video(clip, tmp_path / "again.mp4", KEY).path == tmp_path / f"again{suffix}"


def test_the_command_line_does_not_take_it_either(here):
    (here / "in").mkdir()
    write_clip(here / "in" / "film.mp4")
    sealed(here / "in" / "film.mp4.age", b"[Desktop Entry]", suffix=".desktop")
    assert run(["restore", "in", "-o", "back", "--key-file", "my.key"]) == 0
    assert [path.name for path in (here / "back").iterdir()] == ["film.mp4"]
