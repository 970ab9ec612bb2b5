"""Sealed files of somebody who has the public key and means harm: what they say of themselves is not believed."""

import io
import json

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

from tiny_videos import BOX, KEY, read_frames, write_clip

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.errors import RecordError
from fastperturb.video import Coding, VideoOptions, perturb_video, restore_video
from fastperturb.video.restoring import sealed_content
from fastperturb.video.sealed_file import ORIGINAL, WINDOWS, Unsealed, seal, unseal
from fastperturb.video.windows import WindowsRecord


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


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """A permuted video and what its record says."""
    folder = tmp_path_factory.mktemp("windows")
    clip = write_clip(folder / "in.mp4")
    options = VideoOptions(coding=Coding(lossless=True), seal="beside")
    perturb_video(clip, folder / "out.mkv", KEY, fp.Strength(cells=4), tracks=BOX, options=options)
    with sealed_content(folder / "out.mkv") as file:
        found = unseal(file, data := io.BytesIO(), KEY)
    return folder / "out.mkv", json.loads(data.getvalue()[: found.length])


def spots(*values):
    return {"frames": [[list(values)]] * 12}


HOSTILE = {
    "long secret": {"secret": "00" * 100},
    "short secret": {"secret": "00" * 16},
    "no secret": {"secret": ""},
    "negative window": {"windows": [[0, -5]]},
    "small window": {"windows": [[0, 3]]},
    "negative track": {"windows": [[-1, 8]], **spots(-1, 5, 5, 3, 3, 1)},
    "track without windows": spots(7, 5, 5, 3, 3, 1),
    "two windows for a track": {"windows": [[0, 8], [0, 9]]},
    "negative side": spots(0, 5, 5, -3, -3, 1),
    "no side": spots(0, 5, 5, 0, 3, 0),
    "huge ellipse": spots(0, -5, -5, 70_000, 70_000, 1),
    "huge box": spots(0, -5, -5, 2**31 - 1, 2**31 - 1, 0),
    "outside": spots(0, 500, 5, 3, 3, 0),
    "left of it": spots(0, -5, 5, 3, 3, 0),
    "another shape": spots(0, 5, 5, 3, 3, 2),
    "true": spots(0, 5, 5, 3, 3, True),
    "five numbers": spots(0, 5, 5, 3, 3),
    "huge coverage": {"coverage": 10**400},
    "coverage as words": {"coverage": "1"},
    "no number": {"coverage": float("nan")},
    "no pixels": {"size": [0, 64]},
    "negative size": {"size": [-96, 64]},
    "unknown pixels": {"pixels": "\x1b[2J"},
    "a list of pixels": {"pixels": ["yuv420p"]},
    "frames without checks": {"checks": ""},
    "a number for frames": {"frames": 12},
    "a number for windows": {"windows": 3},
    "no spots": {"frames": [None] * 12},
}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in HOSTILE.items()])
def test_records_out_of_range_are_refused_by_name(tmp_path, windows, change):
    path, record = windows
    sealed(path.with_name("out.mkv.age"), json.dumps(record | change).encode(), WINDOWS)
    with pytest.raises(RecordError, match="what restores this video cannot be read"):
        restore_video(path, tmp_path / "back.mkv", KEY)
    assert list(tmp_path.iterdir()) == []


def test_the_record_itself_is_read(tmp_path, windows):
    path, record = windows
    data = json.dumps(record).encode()
    assert json.loads(WindowsRecord.from_bytes(data).to_bytes()) == record
    sealed(path.with_name("out.mkv.age"), data, WINDOWS)
    assert len(read_frames(restore_video(path, tmp_path / "back.mkv", KEY).path)) == 12
