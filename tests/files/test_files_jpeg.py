"""JPEG files of many scans and segments: what encoders write is read, bombs are refused before any is decoded."""

import io
import struct

import cv2
import numpy as np
import pytest
from file_cases import RGB, jpeg_of_scans, opened, saved, segment, table_profile
from PIL import Image

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import jpeg, read_image, read_record, reading
from fastperturb.files.icc import colours_alone

SMOOTH = cv2.GaussianBlur(RGB, (0, 0), 4)
PLAIN = saved(Image.fromarray(SMOOTH), "JPEG", quality=95)
START, SCAN, END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


def with_segments(*segments):
    return PLAIN[:2] + b"".join(segments) + PLAIN[2:]


def with_restarts(data, interval=1):
    """A JPEG that says it has restart markers."""
    return START + segment(0xDD, struct.pack(">H", interval)) + data[2:]


BOMBS = {
    "scans": jpeg_of_scans(101),
    "segments before the pixels": with_segments(segment(0xFE, b"") * 5001),
    "segments between scans": jpeg_of_scans(1)[:-2] + segment(0xFE, b"") * 5001 + END,
    "markers without a length": START + b"\xff\xd0" * 5001 + PLAIN[2:],
    "behind an end inside a comment": jpeg_of_scans(2)[:-2] + segment(0xFE, END) + jpeg_of_scans(101)[200:],
    # decoders that look for the next restart leave out ff02 alone, not the 50 kB that would be its length
    "behind noise with a length": with_restarts(jpeg_of_scans(1)[:-2] + b"\xff\x02\xc0\0" + jpeg_of_scans(999)[200:]),
}


@pytest.fixture
def no_decoder(monkeypatch):
    def decode(*_):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(cv2, "imdecode", decode)


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_are_decoded(tmp_path, no_decoder, name):
    path = tmp_path / "bomb.jpg"
    path.write_bytes(BOMBS[name])
    for read in (read_image, read_record):
        with pytest.raises(
            fp.errors.ImageFileError, match=r"bomb\.jpg: damaged: a JPEG may have up to 100 scans and 5000"
        ):
            read(path)


def test_the_command_line_refuses_bombs_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bomb.jpg").write_bytes(jpeg_of_scans(101, side=2000))
    (tmp_path / "in" / "good.jpg").write_bytes(PLAIN)
    (tmp_path / "boxes.json").write_text('{"bomb.jpg": [[5, 6, 20, 22]], "good.jpg": [[5, 6, 20, 22]]}')
    assert run(["perturb", "in", "-o", "out", "--boxes", "boxes.json", "--one-time-key"]) == 1
    assert "bomb.jpg: damaged: a JPEG may have up to 100 scans" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.jpg"]


def test_as_many_scans_as_are_allowed_are_read():
    assert reading.decode(jpeg_of_scans(jpeg.MAX_SCANS)).pixels.shape == (400, 400)


def test_progressive_files_of_encoders_are_read():
    for options in ({"quality": 95}, {"quality": 30, "restart_marker_blocks": 1}):
        data = saved(Image.fromarray(SMOOTH), "JPEG", progressive=True, **options)
        assert 10 <= data.count(SCAN) <= 14
        with Image.open(io.BytesIO(data)) as theirs:
            difference = np.abs(reading.decode(data).pixels.astype(int) - np.array(theirs))
        assert difference.max() <= 8


def test_restart_markers_are_no_segments():
    large = np.tile(SMOOTH, (30, 30, 1))
    data = saved(Image.fromarray(large), "JPEG", restart_marker_blocks=1)
    assert sum(data.count(bytes((0xFF, 0xD0 + i))) for i in range(8)) > jpeg.MAX_SEGMENTS
    assert reading.decode(data).pixels.shape == large.shape


def test_profiles_exif_and_xmp_of_many_segments_are_read(tmp_path):
    profile = colours_alone(table_profile(140), "RGB ")  # 16 MB, the most that is read
    parts = jpeg.with_segments(memoryview(PLAIN), profile, {})
    exif = segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0) + bytes(65_000))
    xmp = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_000)) * 300
    data = b"".join(map(bytes, parts))
    picture = opened(tmp_path, data[:2] + exif + xmp + data[2:])
    assert 250 < data.count(b"ICC_PROFILE\0") < 256
    assert picture.icc == profile
    assert np.array_equal(picture.pixels, np.rot90(reading.decode(PLAIN).pixels, -1))


def test_fill_bytes_and_an_end_inside_a_later_segment(tmp_path):
    place = PLAIN.index(b"\xff\xdb")
    assert np.array_equal(
        opened(tmp_path, PLAIN[:place] + b"\xff" * 100_000 + PLAIN[place:]).pixels, reading.decode(PLAIN).pixels
    )
    cut = jpeg_of_scans(2)[:-2] + segment(0xFE, END)
    with pytest.raises(fp.errors.ImageFileError, match="end marker is missing"):
        reading.decode(cut)
