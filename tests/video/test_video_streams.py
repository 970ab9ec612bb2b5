"""What else is in a video: kept as it came, or left out by name."""

import re
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

import av
from tiny_videos import moving_box, picture, read_frames, read_packets, read_rgb, seconds_of, write_clip
from turned_videos import turn_in_stream

import fastperturb as fp
from fastperturb.errors import VideoFileError
from fastperturb.protections import Black, Blur
from fastperturb.video import Coding, VideoOptions, perturb_video, restore_video

BOX = [moving_box(12)]
MILLI = Fraction(1, 1000)


def first_frame(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(video=0))
        colours = (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc)
        sides = {item.type.name: bytes(item) for item in frame.side_data if item.type.name != "SEI_UNREGISTERED"}
        return colours, frame.rotation, stream.sample_aspect_ratio, frame.interlaced_frame, frame.format.name, sides


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A Matroska video with everything in it: the default video is its second one."""
    path = tmp_path_factory.mktemp("many") / "many.mkv"
    with av.open(str(path), "w") as out:
        videos = [out.add_stream("libx264", rate=25) for _ in range(2)]
        for number, stream in enumerate(videos):
            stream.width, stream.height, stream.pix_fmt, stream.disposition = 96, 64, "yuv420p", number
        words = out.add_mux_stream("subrip")
        words.metadata["language"] = "deu"
        out.metadata.update({"title": "Anna at home", "location": "+48.1+11.5/"})
        out.add_attachment("anna.bin", "application/octet-stream", b"picture of Anna's face")
        marks = [("One", 0, 200), ("Two", 200, 480)]
        out.set_chapters(
            [
                {"id": i + 1, "start": start, "end": end, "time_base": MILLI, "metadata": {"title": title}}
                for i, (title, start, end) in enumerate(marks)
            ]
        )
        for index in range(12):
            for number, stream in enumerate(videos):
                frame = av.VideoFrame.from_ndarray(picture(index + 50 * number, 96, 64), format="rgb24")
                frame = frame.reformat(format="yuv420p")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                out.mux(stream.encode(frame))
        for stream in videos:
            out.mux(stream.encode(None))
        packet = av.Packet("Grüße".encode())
        packet.stream, packet.pts, packet.dts, packet.duration, packet.time_base = words, 100, 100, 200, MILLI
        out.mux(packet)
    return path


def test_what_is_not_sound_or_words_is_left_out_by_name(tmp_path, many):
    report = perturb_video(many, tmp_path / "out.mkv", None, tracks=BOX)
    assert report.left_out == ["stream 0, video (h264)", "stream 3, attached file (anna.bin)"]
    data = (tmp_path / "out.mkv").read_bytes()
    for secret in (b"Anna", b"+48.1"):
        assert secret in many.read_bytes()
        assert secret not in data
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [(item.type, item.language) for item in container.streams][1] == ("subtitle", "deu")
        chapters = [(item["start"], item["end"], item["metadata"]["title"]) for item in container.chapters()]
        scale = container.chapters()[0]["time_base"] / MILLI
    assert [(start * scale, end * scale, title) for start, end, title in chapters] == [
        (0, 200, "One"),
        (200, 480, "Two"),
    ]
    assert read_packets(tmp_path / "out.mkv", "subtitles") == ["Grüße".encode()]
    with av.open(str(many)) as container:
        default = [np.asarray(frame.to_ndarray(format="rgb24"), int) for frame in container.decode(video=1)]
    shown = read_rgb(tmp_path / "out.mkv")  # the default video, not the first
    assert np.abs(default[0][40:] - shown[0][40:]).mean() < 8


def test_streams_are_kept_in_the_clear_by_number_alone(tmp_path, many):
    report = perturb_video(many, tmp_path / "out.mkv", None, tracks=BOX, options=VideoOptions(keep=(0, 3)))
    assert report.left_out == []
    assert report.notes == ["stream 0, video (h264) is copied in the clear"]
    with pytest.raises(VideoFileError, match="no stream 9 to keep, streams are 0 to 3"):
        perturb_video(many, tmp_path / "x.mkv", None, tracks=BOX, options=VideoOptions(keep=(9,)))


def test_a_format_that_cannot_hold_a_stream_says_which(tmp_path, many):
    with pytest.raises(VideoFileError, match=r"mp4 cannot hold stream 2, subtitles \(subrip\); .mkv can"):
        perturb_video(many, tmp_path / "out.mp4", None, tracks=BOX)
    assert list(tmp_path.iterdir()) == []


def test_cover_art_is_no_video_and_does_not_travel(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    cover = av.VideoFrame.from_ndarray(picture(3, 32, 32), format="rgb24")
    with av.open(str(clip)) as source, av.open(str(tmp_path / "in.mp4"), "w") as out:
        art = out.add_stream("png", rate=1)
        art.width, art.height, art.pix_fmt, art.disposition = 32, 32, "rgb24", 1024
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        (image,) = [*art.encode(cover), *art.encode(None)]
        out.mux(image)
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    report = perturb_video(tmp_path / "in.mp4", tmp_path / "out.mp4", None, tracks=BOX)
    assert [line.split(", ")[1] for line in report.left_out] == ["cover picture (png)"]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    assert b"\x89PNG" not in (tmp_path / "out.mp4").read_bytes()
    assert seconds_of(tmp_path / "out.mp4") == seconds_of(clip)


def test_sound_is_kept_at_any_place_or_left_out(tmp_path):
    first = write_clip(tmp_path / "in.mp4", audio_first=True)
    assert perturb_video(first, tmp_path / "out.mp4", None, tracks=BOX).left_out == []
    assert read_packets(tmp_path / "out.mp4", "audio") == read_packets(first, "audio")
    report = perturb_video(first, tmp_path / "mute.mp4", None, tracks=BOX, options=VideoOptions(audio=False))
    assert report.left_out == ["stream 0, sound (aac)"]
    with av.open(str(tmp_path / "mute.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_turned_video_is_covered_where_it_is_seen(tmp_path, turn):
    clip = write_clip(tmp_path / "in.mp4", rotation=turn, audio=False)
    size = (64, 96) if abs(turn) == 90 else (96, 64)  # upright
    track = moving_box(12, size=(20, 26), start=(6, 20), step=1)
    perturb_video(clip, tmp_path / "out.mp4", None, Black(), tracks=[track])
    assert first_frame(tmp_path / "out.mp4")[1] == first_frame(clip)[1]
    assert first_frame(clip)[1] % 360 == turn % 360
    assert is_covered(tmp_path / "out.mp4", track, size)


def is_covered(path, track, size):
    """Whether each frame of a video, upright, is black where a track is, and not below that."""
    for index, shown in enumerate(read_rgb(path)):
        assert shown.shape[1::-1] == size
        region = track.region(index)
        assert shown[region.y + 6 : region.y + 20, region.x + 6 : region.x + 14].max() < 40, index
        assert shown[region.y + 30 :].mean() > 80
    return True


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_a_turn_that_the_first_frame_alone_says_is_that_of_all(tmp_path, turn, name):
    """As where it stands in the stream of H.264, and not in the file around it."""
    clip = write_clip(tmp_path / "clip.mp4", audio=False)
    assert turn_in_stream(clip, tmp_path / "in.mp4", turn) == [turn] + 11 * [0]
    track = moving_box(12, size=(20, 26), start=(6, 20), step=1)
    report = perturb_video(tmp_path / "in.mp4", tmp_path / name, None, Black(), tracks=[track])
    assert report.notes == []
    with av.open(str(tmp_path / name)) as container:
        assert [round(frame.rotation) % 360 for frame in container.decode(video=0)] == 12 * [turn]
    assert is_covered(tmp_path / name, track, (64, 96) if turn != 180 else (96, 64))


def test_windows_of_a_turn_in_the_stream_come_back(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", audio=False)
    turn_in_stream(clip, tmp_path / "in.mp4", 90)
    exact, key = VideoOptions(coding=Coding(lossless=True)), fp.Key(bytes(range(32)))
    track = moving_box(12, size=(20, 26), start=(6, 20), step=1)
    perturb_video(tmp_path / "in.mp4", tmp_path / "out.mkv", key, fp.Strength(cells=4), tracks=[track], options=exact)
    restore_video(tmp_path / "out.mkv", tmp_path / "back.mkv", key)
    before, hidden, after = (read_frames(tmp_path / name) for name in ("in.mp4", "out.mkv", "back.mkv"))
    for index, ((_, _, one), (_, _, moved), (_, _, two)) in enumerate(zip(before, hidden, after, strict=True)):
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
        changed = np.rot90(one[0] != moved[0])
        region = track.region(index)
        assert changed[region.y : region.y + 26, region.x : region.x + 20].mean() > 0.5
        changed[region.y - 2 : region.y + 28, region.x - 2 : region.x + 22] = False
        assert not changed.any()


def test_another_turn_later_is_told_and_nothing_is_turned_by_it(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", audio=False, rotation=90)
    upright = write_clip(tmp_path / "upright.mp4", audio=False)
    assert turn_in_stream(upright, tmp_path / "in.mp4", 90, after=4).count(90) == 1
    track = moving_box(12, size=(20, 26), start=(6, 20), step=1)
    report = perturb_video(tmp_path / "in.mp4", tmp_path / "out.mp4", None, Black(), tracks=[track])
    (note,) = report.notes
    assert re.fullmatch(r"frame \d+ says another turn than the first frame, and all are shown as that one is", note)
    assert is_covered(tmp_path / "out.mp4", track, (96, 64))
    assert perturb_video(clip, tmp_path / "same.mp4", None, Black(), tracks=[track]).notes == []


def test_hdr_stays_hdr(tmp_path):
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    how = f"log-level=none:hdr10=1:repeat-headers=1:master-display={display}:max-cll=1000,400"

    def hdr(stream):
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1

    clip = write_clip(
        tmp_path / "in.mp4", codec="libx265", pixels="yuv420p10le", setup=hdr, options={"x265-params": how}
    )
    report = perturb_video(clip, tmp_path / "out.mp4", None, tracks=BOX)
    assert report.codec == "hevc"
    before, after = first_frame(clip), first_frame(tmp_path / "out.mp4")
    assert before == after
    assert set(after[5]) == {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"}


def test_shape_of_pixels_fields_and_ranges_stay(tmp_path):
    def wide(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    def full(stream):
        stream.codec_context.color_range = 2

    def tagged(stream):
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1

    fields = {"crf": "12", "flags": "+ildct+ilme"}
    for name, changes in {
        "wide": {"setup": wide},
        "full": {"setup": full, "pixels": "yuvj420p"},
        "tagged": {"setup": tagged},
        "fields": {"options": fields},
    }.items():
        clip = write_clip(tmp_path / f"{name}.mp4", audio=False, **changes)
        perturb_video(clip, tmp_path / f"{name}-out.mp4", None, tracks=BOX)
        assert first_frame(tmp_path / f"{name}-out.mp4") == first_frame(clip), name
    assert first_frame(tmp_path / "fields-out.mp4")[3]
    assert first_frame(tmp_path / "wide-out.mp4")[2] == Fraction(4, 3)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le", "yuva420p", "bgr0", "gray", "yuv444p"])
def test_lossless_leaves_every_sample_outside_as_it_is(tmp_path, pixels):
    clip = write_clip(tmp_path / "in.mkv", codec="ffv1", options={}, pixels=pixels, width=97, height=65, audio=False)
    region = fp.Region(20, 11, 31, 41)
    track = moving_box(12, size=(31, 41), start=(20, 11), step=0, shape="box")
    lossless = VideoOptions(coding=Coding(lossless=True))
    perturb_video(clip, tmp_path / "out.mkv", None, fp.Surrogate(), tracks=[track], options=lossless)
    before, after = read_frames(clip), read_frames(tmp_path / "out.mkv")
    for (_, kind, one), (_, other_kind, two) in zip(before, after, strict=True):
        assert kind == other_kind == pixels
        for number, (a, b) in enumerate(zip(one, two, strict=True)):
            wide = (2 if "10le" in kind else 1) * (4 if kind == "bgr0" else 1)
            across = 2 if number in (1, 2) and ("420" in kind or "422" in kind) else 1
            down = 2 if number in (1, 2) and "420" in kind else 1
            changed = a != b
            top, left = region.y // 2 * 2 // down, region.x // 2 * 2 // across * wide
            bottom, right = (
                (region.y + region.height + 1) // down + 1,
                ((region.x + region.width + 1) // across + 1) * wide,
            )
            outside = changed.copy()
            outside[top:bottom, left:right] = False
            assert not outside.any()
            if number == 0:
                assert changed.mean() > 0.1


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv444p10le"])
def test_blur_is_gaussian(tmp_path, pixels):
    """Against the blur of whole planes, within two levels of 256 and what rounding adds."""
    import cv2

    clip = write_clip(tmp_path / "in.mkv", codec="ffv1", options={}, pixels=pixels, width=256, height=192, frames=2)
    region = fp.Region(60, 40, 100, 130, "ellipse")
    track = moving_box(2, size=(100, 130), start=(60, 40), step=0)
    for cells in (2.0, 5.0, 20.0):
        out = tmp_path / f"out{cells}.mkv"
        options = VideoOptions(coding=Coding(lossless=True))
        perturb_video(clip, out, None, Blur(cells=cells), tracks=[track], options=options)
        dtype, unit = (np.uint16, 4) if "10" in pixels else (np.uint8, 1)
        for before, after in zip(read_frames(clip)[0][2], read_frames(out)[0][2], strict=True):
            whole, shown = before.view(dtype).astype(np.float32), after.view(dtype).astype(np.float32)
            blurred = cv2.GaussianBlur(whole, (0, 0), 100 / (2 * cells), borderType=cv2.BORDER_REFLECT_101)
            middle = np.s_[region.y + 45 : region.y + 85, region.x + 30 : region.x + 70]
            assert np.abs(blurred[middle] - shown[middle]).max() < 3.5 * unit
            assert np.abs(whole[middle] - shown[middle]).mean() > 3 * unit
