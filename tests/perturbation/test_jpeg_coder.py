"""The coefficients of JPEGs in the core: read and written without a change; hostile files are refused."""

import io

import numpy as np
import pytest
from file_cases import segment
from jpeg_cases import EVERY, coefficients, decoded, jpeg, jpeg_440, picture, segments_of, with_coefficients
from PIL import Image

from fastperturb import _core

ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else -(i // 8)))
SIZES = [(1, 1), (1, 300), (8, 8), (9, 17), (16, 16), (33, 15), (64, 130)]


@pytest.mark.parametrize("name", EVERY)
def test_the_same_coefficients_give_the_same_bytes(name):
    data = EVERY[name]
    frame = _core.JpegFrame(data)
    assert frame.replay(data, frame.decode(data)) == data


@pytest.mark.parametrize("name", EVERY)
def test_written_with_tables_of_its_own_nothing_is_lost_and_the_file_is_not_longer(name):
    data = EVERY[name]
    found = coefficients(data)
    other = with_coefficients(data, found)
    assert np.array_equal(coefficients(other), found)
    assert np.array_equal(decoded(other), decoded(data))
    assert len(other) <= len(data)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("progressive", [False, True])
def test_any_size(size, progressive):
    mode = "progressive" if progressive else "restarts"
    for sampling in ("4:4:4", "4:2:0"):
        data = jpeg(picture(*size), sampling=sampling, mode=mode)
        frame = _core.JpegFrame(data)
        found = frame.decode(data)
        assert frame.replay(data, found) == data
        assert np.array_equal(coefficients(with_coefficients(data, found)), found)


@pytest.mark.parametrize("name", ["4:2:0, baseline", "4:4:4, progressive", "grey, baseline", "4:4:0"])
def test_any_coefficients_can_be_written(name):
    """Every bit of them is in some scan; blocks beyond the picture have a DC at most."""
    data = EVERY[name]
    frame, rng = _core.JpegFrame(data), np.random.default_rng(1)
    made = rng.integers(-900, 900, frame.decode(data).shape).astype(np.int16)
    made[rng.random(made.shape) < 0.7] = 0
    read = coefficients(with_coefficients(data, made))
    differ = (read != made).any(axis=(2, 3))
    rows, columns = frame.height // frame.mcu[1], frame.width // frame.mcu[0]
    assert not differ[:rows, :columns].any()
    assert np.array_equal(coefficients(with_coefficients(data, read)), read)


def test_whole_mcus_as_a_strip_and_back():
    for name in ("4:2:0, baseline", "grey, progressive", "4:4:4, restarts"):
        frame = _core.JpegFrame(EVERY[name])
        rng = np.random.default_rng(2)
        found = coefficients(EVERY[name]).reshape(-1, *coefficients(EVERY[name]).shape[2:])
        extreme = rng.integers(-32767, 32768, (5, *found.shape[1:])).astype(np.int16)
        for mcus in (found, found[:1], np.zeros_like(found[:3]), extreme):
            body = frame.pack(mcus)
            assert np.array_equal(frame.unpack(body, len(mcus)), mcus)
            for wrong in (body[:-1], body + b"\0", body[:10]):
                with pytest.raises(_core.JpegError, match="damaged"):
                    frame.unpack(wrong, len(mcus))


def test_large_pictures_and_seals_are_written_by_two_walks():
    """Over 2^24 coefficients, so that what is kept of them takes no more than 64 MiB."""
    pixels = np.zeros((4104, 4104), np.uint8)
    pixels[::97, ::89] = 255
    data = jpeg(pixels)
    frame, found = _core.JpegFrame(data), coefficients(data)
    assert found.size > 2**24
    other = with_coefficients(data, found)
    assert np.array_equal(coefficients(other), found)
    assert len(other) <= len(data)
    mcus = found.reshape(-1, *found.shape[2:])
    body = frame.pack(mcus)
    assert np.array_equal(frame.unpack(body, len(mcus)), mcus)
    small = mcus[: len(mcus) // 2]
    twice = np.concatenate([small, small])
    assert abs(len(frame.pack(twice)) - 2 * len(frame.pack(small))) < 500  # one way to code, whichever was taken


def reference(frame, samples, colours):
    """The forward transform by the book, in floating point."""
    samples = samples.astype(np.float64).reshape(*samples.shape[:2], -1)
    if colours:
        samples = samples @ np.array(
            [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
        ).T + [0, 128, 128]
    x = np.arange(8)
    basis = np.cos((2 * x + 1) * x[:, np.newaxis] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    width, height = frame.mcu
    blocks = []
    for place, (_, across, down, _) in enumerate(frame.components):
        wide, high = width // 8 // across, height // 8 // down
        plane = samples[..., place]
        plane = plane.reshape(plane.shape[0] // high, high, plane.shape[1] // wide, wide).mean(axis=(1, 3)) - 128
        table = np.array(frame.quantiser(place))
        for v in range(down):
            for h in range(across):
                block = plane[8 * v : 8 * v + 8, 8 * h : 8 * h + 8]
                blocks.append((basis @ block @ basis.T).reshape(64)[ZIGZAG] / table)
    return np.array(blocks)


@pytest.mark.parametrize("name", ["4:2:0, baseline", "4:4:4, baseline", "4:2:2, baseline", "4:4:0", "grey, baseline"])
@pytest.mark.parametrize("colours", [True, False])
def test_the_forward_transform_is_that_of_the_standard(name, colours):
    frame = _core.JpegFrame(EVERY[name])
    width, height = frame.mcu
    grey = len(frame.components) == 1
    samples = np.random.default_rng(3).integers(0, 256, (height, width) if grey else (height, width, 3), np.uint8)
    found = frame.forward(samples, 0, 0, colours and not grey)[0, 0]
    exact = reference(frame, samples, colours and not grey)
    assert np.abs(found - exact).max() <= 0.51


def test_the_forward_transform_gives_back_what_is_shown():
    """Through any decoder: no more is lost than quantising loses."""
    data = jpeg(sampling="4:4:4", quality=98)
    frame = _core.JpegFrame(data)
    pixels = picture(184, 208, seed=5)
    shown = decoded(with_coefficients(data, frame.forward(pixels, 0, 0, True)))
    assert np.abs(shown - pixels[:181, :203]).mean() <= 1.5


def test_blocks_beyond_the_picture_hold_what_the_file_can():
    for data in (jpeg(), jpeg(mode="progressive"), jpeg_440(progressive=1)):
        frame = _core.JpegFrame(data)
        rows, columns = frame.decode(data).shape[:2]
        samples = np.random.default_rng(4).integers(0, 256, (rows * frame.mcu[1], columns * frame.mcu[0], 3), np.uint8)
        made = frame.forward(samples, 0, 0, True)
        assert np.array_equal(coefficients(with_coefficients(data, made)), made)


def test_damaged_data_are_refused_and_never_guessed():
    data = jpeg()
    start = _core.JpegFrame(data).scan_data[0][0]
    for cut in (3, 100, start - 1, start + 50, len(data) - 3):
        with pytest.raises(_core.JpegError, match="damaged"):
            coefficients(data[:cut])
    short = data[: start + 400] + b"\xff\xd9"
    with pytest.raises(_core.JpegError, match="cut short"):
        coefficients(short)
    with pytest.raises(_core.JpegError, match="restart marker is missing"):
        coefficients(jpeg(mode="restarts").replace(b"\xff\xd1", b"\xff\xd3", 1))
    for extra in (1, 3, 9):
        with pytest.raises(_core.JpegError, match=r"belong to nothing stand before a restart marker|marker is missing"):
            coefficients(jpeg(mode="restarts").replace(b"\xff\xd1", bytes(extra) + b"\xff\xd1", 1))


@pytest.mark.parametrize("name", ["4:2:0, baseline", "4:2:0, progressive with restarts", "grey, optimised"])
def test_flipped_bytes_crash_nothing(name):
    data, rng = EVERY[name], np.random.default_rng(6)
    outcomes = set()
    for _ in range(400):
        changed = bytearray(data)
        for place in rng.integers(2, len(data), 3):
            changed[place] = rng.integers(0, 256)
        try:
            frame = _core.JpegFrame(bytes(changed))
            if frame.width * frame.height > 10**6:
                continue
            frame.encode(frame.decode(bytes(changed)))
            outcomes.add("read")
        except _core.JpegError as error:
            outcomes.add(str(error).partition(": ")[0])
    assert outcomes >= {"read", "damaged"}
    assert outcomes <= {"read", "damaged", "not supported"}


def frame_changed(data, change):
    """A JPEG whose frame header is another one."""
    parts = [data[:2]]
    for marker, body in segments_of(data):
        if marker in (0xC0, 0xC2):
            marker, body = change(marker, bytearray(body))
        parts.append(segment(marker, bytes(body)))
    return b"".join(parts) + data[data.index(b"\xff\xda") :]


def set_byte(place, value, other=9, second=1):
    def change(marker, body):
        body[other] = second if other != 9 else body[other]
        body[place] = value
        return marker, body

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_byte(0, 12), "another depth than 8 bits"),
        (lambda _, body: (0xC9, body), "arithmetic coding"),
        (lambda _, body: (0xC3, body), "lossless or hierarchical"),
        (set_byte(7, 0x31, 10, 0x21), "do not divide each other"),
        (set_byte(7, 0x51), "no such sampling factor"),
        (set_byte(8, 9), "no such sampling factor or table"),
        (set_byte(8, 2), "no quantisation table"),
        (set_byte(6, 2), "two components have one name"),
        (lambda marker, body: (marker, body[:1] + b"\0\0" + body[3:]), "height after the pixels"),
        (lambda marker, body: (marker, body[:5] + b"\4" + body[6:] + b"\4\x11\0"), "as CMYK"),
    ],
)
def test_what_cannot_be_kept_is_named(change, message):
    with pytest.raises(_core.JpegError, match=message):
        _core.JpegFrame(frame_changed(jpeg(), change))


def test_cmyk_is_named():
    buffer = io.BytesIO()
    Image.fromarray(picture()).convert("CMYK").save(buffer, "JPEG")
    with pytest.raises(_core.JpegError, match=r"not supported: .*CMYK"):
        _core.JpegFrame(buffer.getvalue())


def test_a_progressive_file_without_its_last_scans_is_refused():
    data = jpeg(mode="progressive")
    last = _core.JpegFrame(data).scan_data[-1][0]
    cut = data[: data.rindex(b"\xff\xda", 0, last)] + b"\xff\xd9"
    with pytest.raises(_core.JpegError, match="last scans are missing"):
        _core.JpegFrame(cut)
    twice = data[:-2] + data[data.index(b"\xff\xc4") :]
    with pytest.raises(_core.JpegError, match="overlap or leave bits out"):
        _core.JpegFrame(twice)


def test_wrong_arrays_are_refused():
    frame = _core.JpegFrame(jpeg())
    with pytest.raises(ValueError, match="all of the frame's"):
        frame.encode(np.zeros((1, 1, 6, 64), np.int16))
    with pytest.raises(ValueError, match="whole MCUs"):
        frame.forward(np.zeros((15, 16, 3), np.uint8), 0, 0, True)
    with pytest.raises(ValueError, match="lie in the frame"):
        frame.forward(np.zeros((16, 16, 3), np.uint8), 12, 0, True)
    with pytest.raises(ValueError, match="those of the frame"):
        frame.decode(jpeg()[:-1])
