"""Headers of copied streams: what a decoder needs of them, and none of the texts and pictures that they may hold."""

import struct
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

import av
from tiny_videos import BOX, KEY, picture, read_packets, write_clip

from fastperturb.errors import VideoFileError
from fastperturb.protections import Black
from fastperturb.video import VideoOptions, perturb_video
from fastperturb.video.headers import bare_header

COMMENTS = [
    b"TITLE=Anna at home",
    b"LOCATION=+48.1+11.5/",
    b"DATE=2024-05-01",
    b"METADATA_BLOCK_PICTURE=" + b"Anna" * 300,
]
ASS = b"""\xef\xbb\xbf[Script Info]
; Script of Anna
Title: Anna at home
Original Script: Anna
ScriptType: v4.00+
PlayResX: 640
WrapStyle: Anna's way of doing it, at length

[Aegisub Project Garbage]
Video File: /home/anna.smith/birthday.mp4

[V4+ Styles]
Format: Name, Fontname, Fontsize
; of Anna
Style: Default,Arial,20

[Fonts]
fontname: anna.ttf
!!Anna!

[Events]
Format: Layer, Start, End, Style, Name, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,Anna
"""
WEB_VTT = b"""WEBVTT - Anna at home

NOTE Anna wrote this

REGION
id:one

STYLE
::cue { color: red /* Anna's */ }
"""
VOB_SUB = b"""# VobSub index file of Anna
size: 720x576
palette: 000000, 0000ff, 00ff00
id: en, index: 0
alt: Anna
"""


def laced(parts):
    sizes = b"".join(b"\xff" * (len(part) // 255) + bytes([len(part) % 255]) for part in parts[:2])
    return b"\x02" + sizes + b"".join(parts)


def unlaced(header):
    sizes, at = [], 1
    for _ in range(2):
        size = 0
        while header[at] == 255:
            size, at = size + 255, at + 1
        sizes.append(size + header[at])
        at += 1
    return header[at : at + sizes[0]], header[at + sizes[0] : at + sum(sizes)], header[at + sum(sizes) :]


def comment_header(mark, end, comments=COMMENTS):
    texts = b"".join(struct.pack("<I", len(text)) + text for text in comments)
    return mark + struct.pack("<I", 4) + b"Anna" + struct.pack("<I", len(comments)) + texts + end


def with_header(source, target, index, change):
    """The same file, with the header of a stream changed."""
    with av.open(str(source)) as container, av.open(str(target), "w") as out:
        copies = [out.add_stream_from_template(stream) for stream in container.streams]
        context = copies[index].codec_context
        context.extradata = change(bytes(context.extradata or b""))
        for packet in container.demux():
            if packet.size:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return target


def header_of(path, index=1):
    with av.open(str(path)) as container:
        return bytes(container.streams[index].codec_context.extradata or b"")


def with_words(tmp_path, codec):
    """A Matroska video with one cue."""
    clip = write_clip(tmp_path / "clip.mkv", audio=False)
    with av.open(str(clip)) as source, av.open(str(tmp_path / "words.mkv"), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        words = out.add_mux_stream(codec)
        for packet in source.demux():
            if packet.size:
                packet.stream = copy
                out.mux(packet)
        packet = av.Packet(b"Hello")
        packet.stream, packet.pts, packet.dts, packet.duration = words, 100, 100, 200
        packet.time_base = Fraction(1, 1000)
        out.mux(packet)
    return tmp_path / "words.mkv"


@pytest.fixture(scope="module")
def vorbis(tmp_path_factory):
    """A video whose sound has comments and a picture in its header."""
    folder = tmp_path_factory.mktemp("vorbis")
    with av.open(str(folder / "plain.mkv"), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = out.add_stream("vorbis", rate=44100, options={"strict": "-2"})
        sound.layout = "stereo"
        for index in range(12):
            frame = av.VideoFrame.from_ndarray(picture(index, 96, 64), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for index in range(20):
            wave = np.random.default_rng(index).normal(0, 0.1, (2, 1024)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 44100, 1024 * index, Fraction(1, 44100)
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))

    def commented(header):
        first, _, last = unlaced(header)
        return laced([first, comment_header(b"\x03vorbis", b"\x01"), last])

    return with_header(folder / "plain.mkv", folder / "anna.mkv", 1, commented)


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4", "out.webm"])
def test_comments_and_cover_pictures_of_vorbis_do_not_travel(tmp_path, vorbis, name):
    assert b"Anna at home" in vorbis.read_bytes()
    options = VideoOptions(seal="beside")
    perturb_video(vorbis, tmp_path / name, KEY, Black(), tracks=BOX, options=options)
    data = (tmp_path / name).read_bytes()
    for secret in (b"Anna", b"+48.1", b"2024-05-01", b"METADATA_BLOCK_PICTURE"):
        assert secret in vorbis.read_bytes()
        assert secret not in data
    assert read_packets(tmp_path / name, "audio") == read_packets(vorbis, "audio")
    for part, other in zip(unlaced(header_of(tmp_path / name))[::2], unlaced(header_of(vorbis))[::2], strict=True):
        assert part == other
    with av.open(str(tmp_path / name)) as one, av.open(str(vorbis)) as two:
        for ours, theirs in zip(one.decode(audio=0), two.decode(audio=0), strict=True):
            assert np.array_equal(ours.to_ndarray(), theirs.to_ndarray())


@pytest.mark.parametrize(
    ("codec", "header", "kept"),
    [
        ("ass", ASS, [b"ScriptType: v4.00+", b"PlayResX: 640", b"Style: Default,Arial,20", b"Format: Layer, Start"]),
        ("webvtt", WEB_VTT, [b"WEBVTT\n", b"REGION\nid:one", b"::cue { color: red "]),
        ("dvd_subtitle", VOB_SUB, [b"size: 720x576\n", b"palette: 000000, 0000ff, 00ff00\n"]),
        ("subrip", b"Anna at home", []),
    ],
)
def test_texts_in_headers_of_subtitles_do_not_travel(tmp_path, codec, header, kept):
    clip = with_header(with_words(tmp_path, codec), tmp_path / "in.mkv", 1, lambda _: header)
    assert header_of(clip) == header
    report = perturb_video(clip, tmp_path / "out.mkv", None, Black(), tracks=BOX)
    assert report.left_out == []
    data = (tmp_path / "out.mkv").read_bytes()
    assert b"Anna" not in data
    assert b"anna" not in data
    found = header_of(tmp_path / "out.mkv")
    assert [line for line in kept if line not in found] == []
    assert bare_header(codec, found) == found
    assert read_packets(tmp_path / "out.mkv", "subtitles") == [b"Hello"]


def test_texts_of_kept_streams_do_not_travel(tmp_path):
    clip = write_clip(tmp_path / "clip.mkv", audio=False)
    with av.open(str(clip)) as source, av.open(str(tmp_path / "in.mkv"), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        out.add_attachment("font.ttf", "font/ttf", b"letters").metadata["title"] = "Anna at home"
        for packet in source.demux():
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    assert b"Anna at home" in (tmp_path / "in.mkv").read_bytes()
    perturb_video(tmp_path / "in.mkv", tmp_path / "out.mkv", None, Black(), tracks=BOX, options=VideoOptions(keep=(1,)))
    assert b"Anna at home" not in (tmp_path / "out.mkv").read_bytes()
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [(item.name, bytes(item.data)) for item in container.streams if item.type == "attachment"] == [
            ("font.ttf", b"letters")
        ]


@pytest.mark.parametrize("codec", ["vorbis", "theora"])
@pytest.mark.parametrize("how", ["laced", "with lengths"])
def test_headers_of_xiph_keep_their_first_and_third_part(codec, how):
    first, mark, end, size = {
        "vorbis": (b"\x01vorbis", b"\x03vorbis", b"\x01", 30),
        "theora": (b"\x80theora", b"\x81theora", b"", 42),
    }[codec]
    parts = [first.ljust(size, b"x"), comment_header(mark, end), b"codebooks" * 100]
    lengths = b"".join(struct.pack(">H", len(part)) + part for part in parts)
    header = laced(parts) if how == "laced" else lengths
    found = bare_header(codec, header)
    assert unlaced(found) == (parts[0], mark + bytes(8) + end, parts[2])
    assert bare_header(codec, found) == found
    for broken in (b"Anna", header[:20], b"\x02" + header[1:40], laced([b"Anna", b"Anna", b"Anna"])):
        with pytest.raises(ValueError, match="its"):
            bare_header(codec, broken)


def test_other_headers_end_where_their_codec_ends():
    flac = bytes(range(34))
    for header in (flac, flac + b"Anna", b"fLaC\0\0\0\x22" + flac + b"Anna"):
        assert bare_header("flac", header) == flac
    stereo, surround = b"OpusHead" + bytes(11), b"OpusHead\x01\x06" + bytes(8) + b"\x01\x04\x02" + bytes(range(6))
    assert bare_header("opus", stereo + b"Anna") == stereo
    assert bare_header("opus", surround + b"Anna") == surround
    speex = b"Speex   " + b"Anna's own build".ljust(20, b"\0") + bytes(range(52))
    assert bare_header("speex", speex + b"Anna") == speex[:8] + bytes(20) + speex[28:]
    assert bare_header("aac", b"\x12\x10") == b"\x12\x10"
    assert bare_header("vorbis", b"") == b""


def test_a_header_that_nobody_can_read_is_not_copied(tmp_path, vorbis):
    header, data = header_of(vorbis), vorbis.read_bytes()
    clip = tmp_path / "in.mkv"
    clip.write_bytes(data.replace(header, header[:1] + b"\xff" * 40 + header[41:]))
    with pytest.raises(VideoFileError, match=r"stream 1, sound \(vorbis\) cannot be copied: its three headers"):
        perturb_video(clip, tmp_path / "out.mkv", None, Black(), tracks=BOX)
    assert not (tmp_path / "out.mkv").exists()
