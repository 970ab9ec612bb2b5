"""Streams that were kept by number: they come back with the frames of windows, or it is said which do not."""

import shutil
from fractions import Fraction

import pytest

pytest.importorskip("av")
pytest.importorskip("pyrage")

import av
from cli_cases import lines_of
from tiny_videos import BOX, KEY, picture, read_frames, read_packets, write_clip

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.errors import VideoFileError
from fastperturb.protections import Black
from fastperturb.video import Coding, VideoOptions, perturb_video, restore_video
from fastperturb.video.describing import describe_video

MILLI = Fraction(1, 1000)
WINDOWS = fp.Strength(cells=4)


def lossless(*keep):
    return VideoOptions(coding=Coding(lossless=True), keep=keep)


def kinds_of(path):
    with av.open(str(path)) as container:
        return [stream.type for stream in container.streams]


def packets_of(path, index):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams[index]) if packet.size]


def two_videos(path, defaults, file=False):
    """A video with another one in it, and perhaps an attached file."""
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("libx264", rate=25) for _ in range(2)]
        for stream, default in zip(streams, defaults, strict=True):
            stream.width, stream.height, stream.pix_fmt, stream.disposition = 96, 64, "yuv420p", default
        if file:
            out.add_attachment("letters.ttf", "font/ttf", b"letters")
        for index in range(12):
            for number, stream in enumerate(streams):
                frame = av.VideoFrame.from_ndarray(picture(index + 50 * number, 96, 64), format="rgb24")
                frame = frame.reformat(format="yuv420p")
                frame.pts, frame.time_base = index, Fraction(1, 25)
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def with_places(path):
    """A video with timed places, as cameras write them."""
    clip = write_clip(path.with_name("clip.mp4"))
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        copies = [out.add_stream_from_template(stream) for stream in source.streams]
        places = out.add_data_stream("bin_data")
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
        packet = av.Packet(b"+48.1+11.5/")
        packet.stream, packet.pts, packet.dts, packet.duration, packet.time_base = places, 0, 0, 100, MILLI
        out.mux(packet)
    return path


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
@pytest.mark.parametrize("defaults", [(1, 0), (1, 1), (0, 0), (0, 1)])
def test_another_video_that_was_kept_comes_back(tmp_path, defaults, kind):
    clip = two_videos(tmp_path / "in.mkv", defaults)
    main = 1 if defaults == (0, 1) else 0
    hidden = tmp_path / f"out.{kind}"
    perturb_video(clip, hidden, KEY, WINDOWS, tracks=BOX, options=lossless(1 - main))
    found = restore_video(hidden, tmp_path / f"back.{kind}", KEY)
    assert (found.exact, found.left_out) == ("frames", ())
    assert kinds_of(found.path) == ["video", "video"]
    with av.open(str(clip)) as one, av.open(str(found.path)) as two:
        for before, after in zip(one.decode(video=main), two.decode(video=0), strict=True):
            assert (before.to_ndarray() == after.to_ndarray()).all()
    assert len(packets_of(found.path, 1)) == 12


def test_an_attached_file_that_was_kept_comes_back_without_the_sealed_one(tmp_path):
    clip = two_videos(tmp_path / "in.mkv", (1, 0), file=True)
    perturb_video(clip, tmp_path / "out.mkv", KEY, WINDOWS, tracks=BOX, options=lossless(1, 2))
    found = restore_video(tmp_path / "out.mkv", tmp_path / "back.mkv", KEY)
    assert found.left_out == ()
    with av.open(str(found.path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "video", "attachment"]
        assert (container.streams[2].name, bytes(container.streams[2].data)) == ("letters.ttf", b"letters")


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_timed_places_can_be_kept_and_come_back(tmp_path, kind):
    clip = with_places(tmp_path / "in.mp4")
    assert perturb_video(clip, tmp_path / "out.mp4", None, Black(), tracks=BOX).left_out == [
        "stream 2, data (bin_data)"
    ]
    assert b"+48.1" not in (tmp_path / "out.mp4").read_bytes()
    hidden = tmp_path / f"hidden.{kind}"
    assert perturb_video(clip, hidden, KEY, WINDOWS, tracks=BOX, options=lossless(2)).left_out == []
    found = restore_video(hidden, tmp_path / f"back.{kind}", KEY)
    assert found.left_out == ()
    assert packets_of(found.path, 2) == [b"+48.1+11.5/"]
    with pytest.raises(VideoFileError, match=r"matroska cannot hold stream 2, data \(bin_data\); .mp4 and .mov can"):
        perturb_video(clip, tmp_path / "x.mkv", None, Black(), tracks=BOX, options=VideoOptions(keep=(2,)))


def with_chapters(clip, path):
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        mark = {"id": 1, "start": 0, "end": 200, "time_base": MILLI, "metadata": {"title": "One"}}
        out.set_chapters([mark, mark | {"id": 2, "start": 200, "end": 400, "metadata": {"title": "Two"}}])
        copies = [out.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


def test_chapters_are_copied_and_nothing_else_is_said(tmp_path):
    clip = with_chapters(with_places(tmp_path / "places.mp4"), tmp_path / "in.mp4")
    assert kinds_of(clip) == ["video", "audio", "data", "data"]
    left = ["stream 2, data (bin_data)"]
    assert describe_video(clip).left_out == left
    for name, more in (("out.mp4", []), ("out.mkv", []), ("out.gif", ["chapters (.gif holds none)"])):
        options = VideoOptions(audio=name != "out.gif")
        report = perturb_video(clip, tmp_path / name, None, Black(), tracks=BOX, options=options)
        assert [line for line in report.left_out if "sound" not in line] == left + more
        with av.open(str(tmp_path / name)) as container:
            titles = [item["metadata"]["title"] for item in container.chapters()]
            assert titles == ([] if more else ["One", "Two"])


def test_chapters_come_back_once(tmp_path):
    """In MP4 they are a stream of data too."""
    clip = write_clip(tmp_path / "clip.mp4")
    with_chapters(clip, tmp_path / "in.mp4")
    perturb_video(tmp_path / "in.mp4", tmp_path / "out.mp4", KEY, WINDOWS, tracks=BOX, options=lossless())
    found = restore_video(tmp_path / "out.mp4", tmp_path / "back.mp4", KEY)
    assert found.left_out == ()
    assert kinds_of(found.path) == kinds_of(tmp_path / "in.mp4") == ["video", "audio", "data"]
    with av.open(str(found.path)) as container:
        assert [item["metadata"]["title"] for item in container.chapters()] == ["One", "Two"]
    assert read_packets(found.path, "audio") == read_packets(clip, "audio")


def test_what_cannot_come_back_is_said(here, capsys):
    """A name that says nothing of the kind becomes Matroska, which has no place for data."""
    perturb_video(with_places(here / "in.mp4"), here / "out.mp4", KEY, WINDOWS, tracks=BOX, options=lossless(2))
    shutil.move(here / "out.mp4", here / "out.3gp")
    shutil.move(here / "out.mp4.age", here / "out.3gp.age")
    found = restore_video(here / "out.3gp", here / "back", KEY)
    assert (found.path.name, found.left_out) == ("back.mkv", ("stream 2, data (bin_data)",))
    assert len(read_frames(found.path)) == 12
    assert run(["restore", "out.3gp", "-o", "again", "--key-file", "my.key", "--json"]) == 0
    result = lines_of(capsys.readouterr().out)[0]
    assert (result["left_out"], result["message"]) == (
        ["stream 2, data (bin_data)"],
        "restored; anyone who has the public key can have sealed it; left out: stream 2, data (bin_data)",
    )
