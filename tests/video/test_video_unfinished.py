"""Videos that cannot be written to their end, or must not be begun: nothing half written, nothing replaced."""

import resource
import signal
import sys

import numpy as np
import pytest

pytest.importorskip("av")

from tiny_videos import (
    BOX,
    KEY,
    moving_box,
    picture,
    read_rgb,
    write_clip,
)

import fastperturb as fp
from fastperturb.errors import NoFaceFound, VideoFileError
from fastperturb.protections import KSame, Mosaic
from fastperturb.protections.area import Area
from fastperturb.video import Coding, VideoOptions, perturb_video, restore_video
from fastperturb.video.track_file import VideoTracks

LOSSLESS = VideoOptions(coding=Coding(lossless=True))


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files")
@pytest.mark.parametrize(("limit", "key"), [(4_000, None), (20_000, KEY)])
def test_a_full_disk_leaves_nothing(tmp_path, limit, key):
    """At first the video does not fit, then the sealed original."""
    clip = write_clip(tmp_path / "in.mp4", frames=40)
    assert clip.stat().st_size > 25_000
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, kept[1]))
    small = VideoOptions(coding=Coding(quality=51), audio=False) if key else None
    try:
        with pytest.raises(OSError, match="File too large"):
            perturb_video(clip, tmp_path / "out.mp4", key, tracks=[moving_box(40, step=1)], options=small)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, before)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize("when", ["looking for faces", "writing", "sealing"])
def test_a_stop_at_any_time_leaves_nothing(tmp_path, when):
    class Stop(Exception):
        pass

    def progress(what, done, total):
        if what == when and (done > 3 or what == "sealing"):
            raise Stop

    clip = write_clip(tmp_path / "in.mp4")
    with pytest.raises(Stop):
        perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=BOX, progress=progress)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_what_is_there_is_not_replaced_unasked(tmp_path):
    clip = write_clip(tmp_path / "in.mp4")
    (tmp_path / "out.mp4").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=BOX)
    assert (tmp_path / "out.mp4").read_bytes() == b"mine"
    perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=BOX, overwrite=True)
    (tmp_path / "back.mp4").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        restore_video(tmp_path / "out.mp4", tmp_path / "back.mp4", KEY)
    assert (tmp_path / "back.mp4").read_bytes() == b"mine"
    restore_video(tmp_path / "out.mp4", tmp_path / "back.mp4", KEY, overwrite=True)
    assert (tmp_path / "back.mp4").read_bytes() == clip.read_bytes()


def test_what_cannot_be_done_is_said_before_the_work(tmp_path):
    clip = write_clip(tmp_path / "in.mp4")
    grown = Mosaic(cells=4, area=Area(grow=0.2))
    cases = [
        (VideoFileError, "videos are written as", "out.xyz", None, {}),
        (VideoFileError, "hold no sealed file", "out.mp4", None, {"options": VideoOptions(seal="inside")}),
        (ValueError, "out of a lossless video alone", "out.mp4", fp.Strength(), {}),
        (ValueError, "no pixels, psnr", "out.mkv", fp.Strength(psnr=20.0), {"options": LOSSLESS}),
        (ValueError, "videos can show surrogate", "out.mp4", KSame(3), {}),
        (ValueError, "grow is not for videos", "out.mp4", grown, {}),
        (TypeError, "key must be a Key", "out.mp4", None, {"key": "secret"}),
    ]
    for kind, words, name, protection, changes in cases:
        with pytest.raises(kind, match=words):
            perturb_video(clip, tmp_path / name, changes.pop("key", KEY), protection, tracks=BOX, **changes)
    other = VideoTracks(5, 4, np.array([0.0, 1.0]), ())
    with pytest.raises(VideoFileError, match="those of a video of 5 x 4 with 2 frames"):
        perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=other)
    seconds = np.arange(12) / 25
    for other, words in (
        (VideoTracks(96, 64, seconds, ()), "no face"),
        (VideoTracks(96, 64, np.arange(12) / 30, ()), "with other times"),
        (VideoTracks(96, 64, seconds, (), 64 * "0"), "those of another video"),
    ):
        with pytest.raises((VideoFileError, NoFaceFound), match=words):
            perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=other)
    for bad in ({"codec": "xyz"}, {"lossless": True, "codec": "av1"}, {"quality": 64}, {"quality": 1.5}):
        with pytest.raises(ValueError, match=r"must be|needs"):
            Coding(**bad)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_pictures_of_the_windows_are_their_own(tmp_path):
    """A record that somebody else wrote restores nothing wrong."""
    still = write_clip(tmp_path / "in.mkv", codec="ffv1", options={}, pictures=lambda index: picture(0, 96, 64))
    perturb_video(still, tmp_path / "out.mkv", KEY, fp.Strength(), tracks=BOX, options=LOSSLESS)
    assert restore_video(tmp_path / "out.mkv", tmp_path / "back.mkv", KEY).exact == "frames"
    assert all(np.array_equal(a, b) for a, b in zip(read_rgb(still), read_rgb(tmp_path / "back.mkv"), strict=True))
