"""Videos by other codecs: what each can, and what it cannot is said."""

import pytest

pytest.importorskip("av")

from tiny_videos import BOX, moving_box, protected, seconds_of, write_clip

from fastperturb.errors import VideoFileError
from fastperturb.video import Coding, VideoOptions, perturb_video


def test_codecs_that_cannot_do_it_say_so(tmp_path):
    avi = write_clip(tmp_path / "in.avi", codec="mpeg4", options={})
    with pytest.raises(VideoFileError, match="mpeg4, the input's codec, cannot be written here"):
        perturb_video(avi, tmp_path / "out.mp4", None, tracks=BOX, options=VideoOptions(coding=Coding(codec="input")))
    grey = write_clip(tmp_path / "in.mkv", codec="ffv1", options={}, pixels="gray")
    with pytest.raises(VideoFileError, match="h264 cannot hold gray without loss; ffv1 can"):
        perturb_video(
            grey, tmp_path / "o.mkv", None, tracks=BOX, options=VideoOptions(coding=Coding(codec="h264", lossless=True))
        )
    deep = write_clip(tmp_path / "deep.mkv", codec="ffv1", options={}, pixels="yuv420p10le")
    with pytest.raises(VideoFileError, match="vp9 is written with 8 bits, and the video has 10"):
        perturb_video(deep, tmp_path / "o.webm", None, tracks=BOX, options=VideoOptions(coding=Coding(codec="vp9")))


@pytest.mark.parametrize("codec", ["hevc", "av1", "vp9", "ffv1", "input"])
def test_other_codecs(tmp_path, codec):
    clip = write_clip(tmp_path / "in.mp4", times=[0, 10, 30, 90, 100])
    report = protected(
        clip, tmp_path, "out.mkv", tracks=[moving_box(5)], options=VideoOptions(coding=Coding(codec=codec))
    )
    assert report.codec == ("h264" if codec == "input" else codec)
    assert [round((s - seconds_of(tmp_path / "out.mkv")[0]) * 600) for s in seconds_of(tmp_path / "out.mkv")] == [
        0,
        10,
        30,
        90,
        100,
    ]
