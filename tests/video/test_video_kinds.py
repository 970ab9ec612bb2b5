"""What kinds of files can hold: times of frames, palettes of GIF, pixels that are not square."""

from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

import av
from made_up_video import SquareDetector, background, covers, drawn, red
from tiny_videos import moving_box, read_rgb, seconds_of, write_clip

from fastperturb.protections import Black
from fastperturb.video import Coding, VideoOptions, follow_faces, perturb_video
from fastperturb.video.contact_sheet import PICTURE, contact_sheets
from fastperturb.video.palettes import Palettes
from fastperturb.video.protecting import ReducedFrames
from fastperturb.video.reading import open_video

BOX = [moving_box(12)]
VARIABLE = [0, 10, 35, 36, 90, 120, 121, 200, 240, 300, 301, 360]  # of 1/600 s: not whole milliseconds


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_variable_times_stay_exact_where_the_kind_can_hold_them(tmp_path, kind):
    clip = write_clip(tmp_path / "in.mp4", times=VARIABLE)
    for coding in (Coding(), Coding(codec="h264", lossless=True)):
        out = tmp_path / f"out-{coding.lossless}.{kind}"
        assert perturb_video(clip, out, None, tracks=BOX, options=VideoOptions(coding=coding)).notes == []
        assert [seconds * 600 for seconds in seconds_of(out)] == VARIABLE


@pytest.mark.parametrize("kind", ["mkv", "webm"])
def test_matroska_rounds_to_milliseconds_and_says_so(tmp_path, kind):
    clip = write_clip(tmp_path / "in.mp4", times=VARIABLE, audio=False)
    report = perturb_video(clip, tmp_path / f"out.{kind}", None, tracks=BOX)
    assert report.notes == [f".{kind} counts milliseconds, to which times are rounded; .mp4 and .mov keep them"]
    away = [abs(a - b) for a, b in zip(seconds_of(clip), seconds_of(tmp_path / f"out.{kind}"), strict=True)]
    assert 0 < max(away) <= Fraction(1, 2000)
    again = perturb_video(tmp_path / f"out.{kind}", tmp_path / f"again.{kind}", None, tracks=BOX)
    assert again.notes == []
    assert seconds_of(tmp_path / f"again.{kind}") == seconds_of(tmp_path / f"out.{kind}")


def test_a_gif_holds_no_turn_and_says_so(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", audio=False, rotation=90)
    assert perturb_video(clip, tmp_path / "out.mkv", None, tracks=BOX).notes == []
    report = perturb_video(clip, tmp_path / "out.gif", None, tracks=BOX)
    assert report.notes == [".gif holds no turn: it shows the frames as they are stored, not upright"]


def spectrum(index):
    """200 colours of which the next frame has none."""
    shown = np.zeros((64, 96, 3), np.uint8)
    shown[..., 0] = 60 + index
    shown[..., 1] = np.arange(96)[None] * 2
    shown[..., 2] = (np.arange(64)[:, None] // 32) * 90
    return shown


def test_every_frame_of_a_gif_has_a_palette_of_its_own(tmp_path):
    clip = write_clip(tmp_path / "film.mkv", codec="ffv1", options={}, pixels="bgr0", audio=False, pictures=spectrum)
    perturb_video(clip, tmp_path / "in.gif", None, tracks=[], allow_no_face=True)
    for before, after in zip(read_rgb(clip), read_rgb(tmp_path / "in.gif"), strict=True):
        assert np.abs(before.astype(int) - after).max() <= 40  # dithered: the mean is that of the colours
        assert np.abs(before.mean((0, 1)) - after.mean((0, 1))).max() < 1
    perturb_video(tmp_path / "in.gif", tmp_path / "out.gif", None, Black(), tracks=BOX)
    assert seconds_of(tmp_path / "out.gif") == seconds_of(tmp_path / "in.gif")
    shown = [read_rgb(tmp_path / name) for name in ("in.gif", "out.gif")]
    for index, (before, after) in enumerate(zip(*shown, strict=True)):
        region = BOX[0].region(index)
        assert after[region.y + 8 : region.y + 24, region.x + 8 : region.x + 16].max() == 0
        away = np.abs(before.astype(int) - after)
        away[region.y : region.y + region.height, region.x : region.x + region.width] = 0
        assert away.max() <= 2, index  # a black region more may cost a colour


def test_holes_of_a_gif_stay_and_a_region_over_them_is_opaque(tmp_path):
    palettes = Palettes(dithered=False)
    with av.open(str(tmp_path / "in.gif"), "w") as out:
        stream = out.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "pal8"
        for index in range(12):
            shown = np.full((64, 96, 4), (200, 30 + index, 40, 255), np.uint8)
            shown[30:, :, 3] = 0
            frame = av.VideoFrame.from_ndarray(shown, format="rgba")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            ready = palettes.apply(frame)
            ready.pts = index
            out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
    perturb_video(tmp_path / "in.gif", tmp_path / "out.gif", None, Black(), tracks=BOX)
    with av.open(str(tmp_path / "out.gif")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            shown, region = frame.to_ndarray(format="rgba"), BOX[0].region(index)
            alpha = shown[..., 3]
            assert alpha[:6].min() == 255
            assert alpha[40:, region.x + region.width + 1 :].max() == 0
            assert alpha[region.y + 8 : region.y + 29, region.x + 8 : region.x + 16].min() == 255


def test_alpha_that_is_lost_is_told(tmp_path):
    for name, words in {
        "seen": ["h264 has no alpha channel: what was seen through shows its colour"],
        "full": [],
    }.items():
        with av.open(str(tmp_path / f"{name}.mkv"), "w") as out:
            stream = out.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuva420p"
            for index in range(12):
                shown = np.full((64, 96, 4), (200, 30 + index, 40, 255), np.uint8)
                shown[50:, :, 3] = 255 if name == "full" or index < 5 else 0
                frame = av.VideoFrame.from_ndarray(shown, format="rgba").reformat(format="yuva420p")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        assert perturb_video(tmp_path / f"{name}.mkv", tmp_path / f"{name}.mp4", None, tracks=BOX).notes == words
        exact = VideoOptions(coding=Coding(lossless=True))
        out = tmp_path / f"{name}-out.mkv"
        assert perturb_video(tmp_path / f"{name}.mkv", out, None, tracks=BOX, options=exact).notes == []


class ExactDetector(SquareDetector):
    """Finds squares alone, not narrow or flat ones."""

    def detect(self, image, /):
        faces = super().detect(image)
        return [face for face in faces if 0.8 <= face.region.width / face.region.height <= 1.25]


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(1, 2)])
@pytest.mark.parametrize("turn", [0, 90])
def test_faces_have_their_shape_where_pixels_are_not_square(tmp_path, aspect, turn):
    """A square as it is shown is found, and covered where it is stored; the contact sheet shows a square."""
    width, height = (320, 480) if aspect > 1 else (480, 320)
    side = (30, 60) if aspect > 1 else (60, 30)
    place = lambda i: (80 + 3 * i, 60 + 2 * i, *side)  # noqa: E731
    ground = background(width, height)

    def wide(stream):
        stream.codec_context.sample_aspect_ratio = aspect

    clip = write_clip(
        tmp_path / "in.mp4",
        width=width,
        height=height,
        rotation=turn,
        audio=False,
        setup=wide,
        pictures=lambda i: drawn([(*place(i), red())], ground),
    )
    tracks, passed = follow_faces(clip, ExactDetector())
    assert passed.size == ((height, width) if turn else (width, height))
    (track,) = tracks
    for index in range(12):
        x, y, across, down = place(index)
        if turn:  # as it is shown: a quarter turn anticlockwise
            x, y, across, down = y, width - x - across, down, across
        assert covers(track.region(index), (x, y, across, down)) >= 0.97
        assert np.abs(track.boxes[index] - (x, y, across, down)).max() < 4
    with open_video(clip) as source:
        frames = ReducedFrames(source, 640, None)
        (sheet,) = contact_sheets(tracks, frames.some({5}), scale=frames.scale, stretched=frames.stretched)
    middle = sheet[6 : 6 + PICTURE, 12 + PICTURE : 12 + 2 * PICTURE].astype(int)
    is_red = (middle[..., 0] > 180) & (middle[..., 2] < 100) & (middle[..., 1] < 190)
    rows, columns = (np.flatnonzero(is_red.sum(axis) > 15) for axis in (1, 0))
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 0.15 * np.ptp(rows)
    report = perturb_video(clip, tmp_path / "out.mp4", None, Black(), detector=ExactDetector())
    assert report.covered == 12
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == aspect
    for shown in read_rgb(tmp_path / "out.mp4"):
        assert not ((shown[..., 0] > 180) & (shown[..., 2] < 90)).any()
