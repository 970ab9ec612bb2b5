"""Videos that are not as they should be: clear words, nothing lost, nothing half written."""

import random

import numpy as np
import pytest

pytest.importorskip("av")

import av
from bounds import bounded
from tiny_videos import (
    BOX,
    KEY,
    Boxes,
    moving_box,
    protected,
    read_frames,
    read_packets,
    read_rgb,
    seconds_of,
    write_clip,
)

import fastperturb as fp
from fastperturb.errors import NoFaceFound, VideoFileError
from fastperturb.protections import Black
from fastperturb.video import Coding, VideoOptions, perturb_video, restore_video
from fastperturb.video.planes import layout_of, unit_area

LOSSLESS = VideoOptions(coding=Coding(lossless=True))


def write_sound_alone(path):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read as a video"),
        (b"hello" * 200, "cannot be read as a video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n", "cannot be read as a video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "cannot be read as a video"),
        (None, "no video stream: there are no moving pictures"),
    ],
)
def test_what_is_no_video_is_refused_and_leads_nowhere(tmp_path, content, words):
    path = tmp_path / "in.mp4"
    if content is None:
        write_sound_alone(path)
    else:
        path.write_bytes(content)
    with pytest.raises(VideoFileError, match=words):
        perturb_video(path, tmp_path / "out.mp4", KEY, tracks=BOX)
    assert list(tmp_path.iterdir()) == [path]


def test_folders_and_missing_files_are_no_videos(tmp_path):
    with pytest.raises(VideoFileError, match="not a file"):
        perturb_video(tmp_path, tmp_path / "out.mp4", KEY, tracks=BOX)
    with pytest.raises(FileNotFoundError):
        perturb_video(tmp_path / "in.mp4", tmp_path / "out.mp4", KEY, tracks=BOX)


def test_a_video_without_a_frame_is_refused(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", frames=3)
    with av.open(str(clip)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(clip.read_bytes())
    for position, size in places:
        data[position : position + size] = bytes(size)
    clip.write_bytes(bytes(data))
    with pytest.raises(VideoFileError, match="no frame of it can be decoded"):
        perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=BOX)
    assert list(tmp_path.iterdir()) == [clip]


@pytest.mark.parametrize(("changes", "kind"), [({"audio": False}, ".mp4"), ({"audio": False}, ".h264"), ({}, ".ts")])
def test_no_sound_and_no_times_are_no_problem(tmp_path, changes, kind):
    clip = write_clip(tmp_path / f"in{kind}", **changes)
    report = protected(clip, tmp_path)
    assert report.frames == 12
    if kind == ".h264":
        assert report.notes == ["12 frames had no time of their own"]
        steps = np.diff([float(seconds) for seconds in seconds_of(tmp_path / "out.mp4")])
        assert np.allclose(steps, 1 / 25)
    else:
        assert report.notes == []


def test_b_frames_keep_their_order(tmp_path):
    times = [0, 24, 50, 72, 100, 120, 150, 170, 190, 210, 240, 260]
    options = {"crf": "12", "bf": "3", "b-adapt": "0"}
    clip = write_clip(tmp_path / "in.mp4", times=times, options=options)
    with av.open(str(clip)) as container:
        assert {frame.pict_type for frame in container.decode(video=0)} > {1, 3}  # I and B
    protected(clip, tmp_path)
    assert seconds_of(tmp_path / "out.mp4") == seconds_of(clip)
    for before, after in zip(read_rgb(clip), read_rgb(tmp_path / "out.mp4"), strict=True):
        assert np.abs(before[45:].astype(int) - after[45:]).mean() < 11


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p"])
def test_odd_sides(tmp_path, pixels):
    clip = write_clip(tmp_path / "in.mkv", codec="ffv1", options={}, width=97, height=65, pixels=pixels)
    report = protected(clip, tmp_path)
    assert report.notes == ["h264 has even sides: a row or column was repeated"]
    assert read_rgb(tmp_path / "out.mp4")[0].shape == (66, 98, 3)
    assert protected(clip, tmp_path, "out.mkv", options=LOSSLESS).notes == []
    assert read_rgb(tmp_path / "out.mkv")[0].shape == (65, 97, 3)
    if pixels != "yuv444p":
        with pytest.raises(VideoFileError, match="windows need sides that"):
            perturb_video(clip, tmp_path / "x.mkv", KEY, fp.Strength(), tracks=BOX, options=LOSSLESS)


def test_a_file_that_was_cut_gives_what_it_has(tmp_path):
    whole = write_clip(tmp_path / "whole.mkv", frames=60)
    data = whole.read_bytes()
    clip = tmp_path / "in.mkv"
    clip.write_bytes(data[: len(data) // 2])
    report = protected(clip, tmp_path)
    assert 10 < report.frames < 50
    assert report.notes[0].startswith("the file says that it lasts 2.")
    movie = write_clip(tmp_path / "in.mp4")
    movie.write_bytes(movie.read_bytes()[:3000])
    with pytest.raises(VideoFileError, match="cannot be read as a video"):
        perturb_video(movie, tmp_path / "x.mp4", KEY, tracks=BOX)


def test_damaged_packets_are_told_and_the_original_is_kept(tmp_path):
    clip = write_clip(tmp_path / "in.mp4", frames=40, options={"crf": "12", "g": "10"})
    with av.open(str(clip)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(clip.read_bytes())
    for position, size in (places[5], places[6], places[20]):
        for at in range(position + 4, position + size):
            data[at] = (data[at] * 7 + 13) & 255
    clip.write_bytes(bytes(data))
    report = protected(clip, tmp_path, tracks=[moving_box(40, step=1)])
    assert 20 <= report.frames < 40
    assert "damaged packet" in report.notes[0]
    assert report.covered == report.frames
    assert read_packets(tmp_path / "out.mp4", "audio") == read_packets(clip, "audio")


def test_random_damage_never_leaves_half_a_result(tmp_path):
    """Either an error and nothing, or a whole result of which every frame is covered."""
    clean = write_clip(tmp_path / "clean.mkv", frames=12).read_bytes()
    chance = random.Random(0)
    made = 0
    for number in range(25):
        data = bytearray(clean)
        for _ in range(chance.choice((1, 5, 40))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        clip = tmp_path / "in.mkv"
        clip.write_bytes(bytes(data))
        out = tmp_path / f"out{number}.mp4"
        try:
            report = perturb_video(clip, out, None, Black(), tracks=[moving_box(40, step=0)])
        except (VideoFileError, NoFaceFound):
            assert not out.exists()
            continue
        made += 1
        assert report.covered == report.frames == len(read_frames(out))
    assert made > 10
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_edit_lists_hide_what_they_hide(tmp_path):
    """What an edit list cuts off at the start is not in the result's pictures; times are those that are seen."""
    clip = write_clip(
        tmp_path / "in.mp4", times=[24 * i for i in range(20)], audio=False, options={"crf": "12", "bf": "0"}
    )
    data = bytearray(clip.read_bytes())
    at = data.index(b"elst")
    entry = at + 12
    assert int.from_bytes(data[at + 8 : at + 12], "big") == 1
    with av.open(str(clip)) as container:
        scale = container.streams.video[0].time_base.denominator
    shift = 5 * 24 * scale // 600
    data[entry + 4 : entry + 8] = shift.to_bytes(4, "big")
    clip.write_bytes(bytes(data))
    seen = len(read_frames(clip))
    assert seen < 20
    report = protected(clip, tmp_path, tracks=[moving_box(20, step=1)])
    assert report.frames == seen == len(read_frames(tmp_path / "out.mp4"))
    assert seconds_of(tmp_path / "out.mp4") == seconds_of(clip)


def test_a_size_that_changes_is_told(tmp_path):
    one = write_clip(tmp_path / "one.h264", audio=False, options={"crf": "12", "x264-params": "repeat-headers=1"})
    two = write_clip(tmp_path / "two.h264", audio=False, width=64, height=48)
    (tmp_path / "in.h264").write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(VideoFileError, match="the size changes from 96 x 64 to 64 x 48 at frame 12"):
        perturb_video(tmp_path / "in.h264", tmp_path / "out.mp4", KEY, tracks=[moving_box(24, step=1)])
    assert not (tmp_path / "out.mp4").exists()


def test_a_face_in_one_frame_alone_is_covered(tmp_path):
    clip = write_clip(tmp_path / "in.mp4")
    track = Boxes({7: fp.Region(30, 12, 24, 32, "ellipse")})
    report = protected(clip, tmp_path, tracks=[track], protection=Black())
    assert report.covered == 1
    before, after = read_rgb(clip), read_rgb(tmp_path / "out.mp4")
    assert after[7][20:36, 36:48].max() < 30
    for index in (0, 6, 8, 11):
        assert np.abs(before[index].astype(int) - after[index]).mean() < 9


def test_no_face_writes_nothing(tmp_path):
    clip = write_clip(tmp_path / "in.mp4")
    with pytest.raises(NoFaceFound, match="no face was found in any frame"):
        perturb_video(clip, tmp_path / "out.mp4", KEY)
    with pytest.raises(NoFaceFound, match="is spared"):
        perturb_video(clip, tmp_path / "out.mp4", KEY, tracks=[Boxes({0: fp.Region(1, 1, 9, 9)}, spared=True)])
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def damage_a_time(clip):
    """Moves the second packet of a Matroska file's sound by half a minute, behind those that follow."""
    with av.open(str(clip)) as container:
        sound = container.streams.audio[0]
        second = [bytes(packet) for packet in container.demux(sound) if packet.size][1]
        track = 0x80 | sound.index + 1
    data = bytearray(clip.read_bytes())
    block = data.index(second) - 4  # of a SimpleBlock: its track, two bytes of time, flags
    assert data[block] == track
    data[block + 1 : block + 3] = (30_000).to_bytes(2, "big")
    clip.write_bytes(bytes(data))


def test_sound_whose_times_go_back_is_told(tmp_path):
    """A damaged time lies after those that follow: what the output cannot hold is left out, and counted."""
    clip = write_clip(tmp_path / "in.mkv", frames=20)
    damage_a_time(clip)
    report = protected(clip, tmp_path, tracks=[moving_box(20)])
    (lost,) = [int(note.split()[0]) for note in report.notes if "of copied streams had damaged times" in note]
    assert lost > 1
    kept = read_packets(tmp_path / "out.mp4", "audio")
    assert len(kept) + lost == len(read_packets(clip, "audio"))
    assert report.frames == report.covered == 20


def test_a_protected_video_whose_sound_was_changed_is_not_restored(tmp_path):
    """What is brought back has all that was written, or is not written."""
    clip, hidden = write_clip(tmp_path / "in.mkv", frames=20), tmp_path / "hidden.mkv"
    perturb_video(clip, hidden, KEY, fp.Strength(window=8), tracks=[moving_box(20)], options=LOSSLESS)
    damage_a_time(hidden)
    with pytest.raises(fp.Tampered, match="packets of copied streams have times that nobody wrote"):
        restore_video(hidden, tmp_path / "back.mkv", KEY)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden.mkv", "in.mkv"]


@pytest.mark.parametrize("shape", ["box", "ellipse"])
def test_boxes_far_larger_than_the_frame_cost_no_more(shape):
    layout = layout_of("yuv420p")
    with bounded(1, 20):
        far = unit_area(fp.Region(-9_000, -9_000, 18_011, 18_011, shape), layout, 96, 64)
        assert far.mask_for((2, 2), layout, (32, 48)).all()
    corner = unit_area(fp.Region(-18_001, -18_001, 18_011, 18_011, shape), layout, 96, 64)
    mask = corner.mask_for((1, 1), layout, (64, 96))
    assert mask.all() == (shape == "box")
    assert mask.shape == (10, 10)
