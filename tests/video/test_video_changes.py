"""Videos whose pixel format changes on the way: faces are hidden in the samples of each frame as it is."""

import numpy as np
import pytest

pytest.importorskip("av")

import av
from tiny_videos import moving_box, picture, read_rgb, write_clip

import fastperturb as fp
from fastperturb.errors import VideoFileError
from fastperturb.protections import Black, Blur, Mosaic
from fastperturb.video import Coding, VideoOptions, perturb_video
from fastperturb.video.canvas import Canvas, Spot
from fastperturb.video.painters import SurrogatePainter
from fastperturb.video.reading import open_video
from fastperturb.video.writing import Target, VideoWriter

TRACK = moving_box(12, size=(32, 40), start=(20, 6), step=0)
PAIRS = [
    ("yuv420p", "yuv444p"),
    ("yuv444p", "yuv420p"),
    ("yuv420p", "yuv420p10le"),
    ("yuv420p10le", "yuv420p"),
    ("yuv420p", "yuv422p"),
]


def joined(tmp_path, *formats):
    """One stream of H.264 after the other, six frames each, of one picture."""
    data = b""
    for pixels in formats:
        clip = write_clip(
            tmp_path / "part.h264", frames=6, audio=False, pixels=pixels, pictures=lambda _index: picture(0, 96, 64)
        )
        data += clip.read_bytes()
    (tmp_path / "in.h264").write_bytes(data)
    with av.open(str(tmp_path / "in.h264")) as container:
        assert [frame.format.name for frame in container.decode(video=0)][::6] == list(formats)
    return tmp_path / "in.h264"


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    "shown", [fp.Surrogate(), fp.Surrogate(tone="around"), Black(), Mosaic(cells=6), Blur(cells=4)]
)
def test_a_face_looks_alike_after_the_format_changed(tmp_path, pair, shown):
    clip = joined(tmp_path, *pair)
    assert perturb_video(clip, tmp_path / "out.mp4", None, shown, tracks=[TRACK]).covered == 12
    frames = read_rgb(tmp_path / "out.mp4")
    regions = [TRACK.region(index) for index in range(12)]
    faces = [
        frame[r.y + 8 : r.y + 32, r.x + 8 : r.x + 24].astype(float) for frame, r in zip(frames, regions, strict=True)
    ]
    for face in faces[1:]:
        assert np.abs(face - faces[0]).mean() < 6


def test_nothing_is_lost_without_a_word_where_nothing_may_be(tmp_path):
    clip = joined(tmp_path, "yuv444p", "yuv420p")
    options = VideoOptions(coding=Coding(lossless=True))
    words = "the pixel format changes from yuv444p to yuv420p at frame 6, which no output can hold without loss"
    for shown in (Black(), fp.Strength(window=8)):
        key = fp.Key.generate() if isinstance(shown, fp.Strength) else None
        with pytest.raises(VideoFileError, match=words):
            perturb_video(clip, tmp_path / "out.mkv", key, shown, tracks=[TRACK], options=options)
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.parametrize("formats", [("yuv420p", "yuva420p"), ("yuva420p", "yuv420p", "yuva420p")])
def test_alpha_is_looked_for_in_each_frame(tmp_path, formats):
    clip = write_clip(tmp_path / "in.mp4", audio=False)
    frames = []
    for pixels in formats:
        frame = av.VideoFrame(96, 64, pixels)
        for number, plane in enumerate(frame.planes):
            clear = number == 3 and pixels == formats[-1] and bool(frames)
            plane.update(bytes(plane.buffer_size) if clear else b"\xff" * plane.buffer_size)
        frames.append(frame)
    target = Target(tmp_path / "out.mp4", ".mp4", Coding(), {})
    with open_video(clip) as source:
        writer = VideoWriter(target, source, frames[0], [])
        found = []
        for index, frame in enumerate(frames):
            writer.write(frame, 512 * index)
            found.append(writer.opaque)
        writer.close()
    assert found == [False] * (len(frames) - 1) + [True]


def test_a_template_is_drawn_anew_when_the_picture_turns():
    painter = SurrogatePainter(fp.Surrogate())
    shown = []
    for quarters in (0, 2):
        frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 110, np.uint8), format="rgb24")
        canvas = Canvas.of(frame.reformat(format="yuv444p"), quarters)
        painter.paint(canvas, [Spot(0, fp.Region(20, 10, 32, 40, "ellipse"))])
        shown.append(np.rot90(canvas.planes[0], quarters).copy())
    assert np.array_equal(*shown)


@pytest.mark.parametrize("codec", ["libvpx-vp9", "libvpx"])
@pytest.mark.parametrize("name", ["out.webm", "out.mp4"])
def test_alpha_that_the_decoder_leaves_out_is_said(tmp_path, codec, name):
    for pixels in ("yuva420p", "yuv420p"):
        options = {"auto-alt-ref": "0", "crf": "10"}
        clip = write_clip(tmp_path / f"{pixels}.webm", codec=codec, pixels=pixels, audio=False, options=options)
        with av.open(str(clip)) as container:
            assert next(container.decode(video=0)).format.name == "yuv420p"
        report = perturb_video(clip, tmp_path / name, None, Black(), tracks=[TRACK], overwrite=True)
        said = f"{report.codec} has no alpha channel: what was seen through shows its colour"
        assert report.notes.count(said) == (pixels == "yuva420p")
