"""Records with seals in files: in a chunk of their own or beside, lost, swapped, cut, twice, and out of a JPEG."""

import base64
import struct
import warnings

import numpy as np
import pytest
from file_cases import noise
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.files import FORMATS, png, read_image, read_record, write_image
from fastperturb.files.atomic import Pending
from fastperturb.files.writing import encode
from fastperturb.perturbation.format_v2 import SealOptions
from fastperturb.perturbation.sealing import Sealing, draw_and_seal
from fastperturb.protections import Mosaic, Surrogate, as_drawing

PLACES = [".png", ".webp", ".tiff"]
BESIDE = [".bmp", ".ppm", ".pnm"]
SMOOTH = np.tile(np.linspace(20, 230, 96).astype(np.uint8)[:, None, None], (1, 80, 3))


def sealed(image, key, box=(8, 6, 40, 44), drawing=None, **options):
    how = Sealing(surroundings=True, options=SealOptions(**options))
    return draw_and_seal(image, [box], key, drawing or as_drawing(Mosaic()), None, how)


def there_and_back(path, key):
    return fp.restore(read_image(path).pixels, read_record(path), key)


@pytest.mark.parametrize("suffix", [*PLACES, *BESIDE])
@pytest.mark.parametrize("beside", [False, True])
def test_seals_go_along_and_restore(tmp_path, key, suffix, beside):
    image = noise(60, 70, 3)
    hidden, record = sealed(image, key, beside=beside)
    path = tmp_path / f"photo{suffix}"
    write_image(path, hidden, record)
    there = {item.name for item in tmp_path.iterdir()}
    assert there == {path.name, *[path.name + ".json"] * (suffix in BESIDE), *[path.name + ".seal"] * beside}
    assert read_record(path).seals == record.seals
    assert np.array_equal(there_and_back(path, key), image)


@pytest.mark.parametrize("suffix", PLACES)
def test_the_record_is_in_the_file_as_its_own_bytes(tmp_path, key, suffix):
    hidden, record = sealed(noise(60, 70, 3), key)
    write_image(tmp_path / f"x{suffix}", hidden, record)
    data = (tmp_path / f"x{suffix}").read_bytes()
    assert record.to_bytes() in data
    assert b"fastperturb-record" not in data


@pytest.mark.parametrize("suffix", PLACES)
def test_records_beside_what_is_inside_are_not_read(tmp_path, key, suffix):
    hidden, record = sealed(noise(60, 70, 3), key)
    write_image(tmp_path / f"x{suffix}", hidden, record)
    (tmp_path / f"x{suffix}.json").write_text("not a record")
    assert read_record(tmp_path / f"x{suffix}") == record


def with_more(data, *bodies):
    """A PNG, WebP or TIFF with more records of version 2."""
    if data.startswith(png.SIGNATURE):
        return data[:-12] + b"".join(png.chunk(b"fpSL", body) for body in bodies) + data[-12:]
    assert data.startswith(b"RIFF")
    data += b"".join(struct.pack("<4sI", b"fpSL", len(body)) + body + bytes(len(body) % 2) for body in bodies)
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_two_records_in_one_file_are_an_error(tmp_path, key, suffix):
    image = noise(60, 70, 3)
    hidden, record = sealed(image, key)
    _, older = perturb_v1(image, [((5, 5, 30, 30), 4, 500)], key)
    path = tmp_path / f"x{suffix}"
    for inside in (record, older):  # two of version 2; one of each
        write_image(path, hidden, inside)
        path.write_bytes(with_more(path.read_bytes(), record.to_bytes()))
        for read in (read_record, read_image):
            with pytest.raises(fp.errors.ImageFileError, match="two texts by the keyword 'fastperturb-record'"):
                read(path)


def test_two_tags_of_a_tiff_are_an_error(tmp_path, key):
    hidden, record = sealed(noise(60, 70, 3), key)
    path = tmp_path / "x.tiff"
    write_image(path, hidden, record)
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<HH", 65_112, 7))
    data[place - 12 : place - 10] = struct.pack("<H", 65_112)
    path.write_bytes(data)
    with pytest.raises(fp.errors.ImageFileError, match="two tags 65112"):
        read_record(path)


@pytest.mark.parametrize("suffix", PLACES)
def test_a_cut_or_foreign_chunk_is_no_record(tmp_path, key, suffix):
    hidden, record = sealed(noise(60, 70, 3), key)
    for body in (record.to_bytes()[:-1], record.to_bytes() + b"\0", b"\xff" * 40):
        texts = {"fastperturb-record": wrapped(body)}
        (tmp_path / f"x{suffix}").write_bytes(encoded(hidden, suffix, texts))
        with pytest.raises(fp.errors.RecordError, match=r"a record .*must"):
            read_record(tmp_path / f"x{suffix}")


def wrapped(body):
    data = base64.b64encode(body).decode()
    return f'{{"format": "fastperturb-record", "version": 2, "data": "{data}"}}'


def encoded(image, suffix, texts):
    return b"".join(encode(image, FORMATS[suffix], texts=texts))


def test_seals_that_are_lost_swapped_or_cut(tmp_path, key):
    image, other = noise(60, 70, 3), noise(60, 70, 3, seed=1)
    for name, pixels in (("x.png", image), ("y.png", other)):
        write_image(tmp_path / name, *sealed(pixels, key, beside=True))
    path, seals = tmp_path / "x.png", tmp_path / "x.png.seal"
    whole = seals.read_bytes()
    for bad, message in (
        ((tmp_path / "y.png.seal").read_bytes(), "the seals are those of another picture"),
        (whole[:-1], f"must have {len(whole)} bytes, got {len(whole) - 1}"),
        (whole + b"\0", f"must have {len(whole)} bytes"),
        (b"", "the seals are those of another picture"),
    ):
        seals.write_bytes(bad)
        with pytest.raises(fp.errors.RecordError, match=rf"x\.png\.seal: .*{message}"):
            read_record(path)
    seals.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
    with pytest.raises(fp.Tampered, match="the seal of region 0 is damaged"):
        there_and_back(path, key)
    seals.unlink()
    assert read_record(path).missing == (0,)
    with pytest.raises(fp.errors.RecordError, match="the seal of region 0 is missing"):
        there_and_back(path, key)
    seals.mkdir()
    with pytest.raises(fp.errors.RecordError, match=r"x\.png\.seal"):
        read_record(path)


def test_a_jpeg_restores_sealed_pixels_exactly_and_windows_never_go_there(tmp_path, key):
    path = tmp_path / "x.jpg"
    hidden, record = sealed(SMOOTH, key)
    write_image(path, hidden, record)
    assert (tmp_path / "x.jpg.json").exists()
    pixels = read_image(path).pixels
    assert not np.array_equal(pixels, hidden)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        back = fp.restore(pixels, read_record(path), key, verify=False)
    assert "the originals come from seals and are exact" in str(said[0].message)
    assert np.array_equal(back[6:50, 8:48], SMOOTH[6:50, 8:48])
    with pytest.raises(fp.errors.LossyFormat):
        write_image(tmp_path / "y.jpg", *fp.perturb(SMOOTH, (8, 6, 40, 44), key))
    with pytest.raises(fp.errors.LossyFormat):  # drawn for good, and its record could not tell that it is whole
        write_image(tmp_path / "y.jpg", *fp.perturb(SMOOTH, (8, 6, 40, 44), key, as_drawing(Mosaic()), seal=False))
    assert not (tmp_path / "y.jpg").exists()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg"])
def test_all_files_are_written_or_none(tmp_path, key, suffix, monkeypatch):
    path = tmp_path / f"x{suffix}"
    write_image(path, *sealed(SMOOTH, key, beside=True))
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}
    assert len(before) == (2 if suffix == ".png" else 3)
    changed = sealed(SMOOTH[::-1], key, beside=True)
    publish, left = Pending.publish, 0

    def failing(self, overwrite):
        nonlocal left
        if left == 0:
            raise OSError(28, "No space left on device")
        left -= 1
        publish(self, overwrite)

    monkeypatch.setattr(Pending, "publish", failing)
    for count in range(len(before)):
        left = count
        with pytest.raises(OSError, match="No space left"):
            write_image(path, *changed)
        assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before
    left = len(before)
    write_image(path, *changed)
    assert len(list(tmp_path.iterdir())) == len(before)
    assert read_record(path) == changed[1]


def test_only_the_owner_reads_seals_beside(tmp_path, key):
    write_image(tmp_path / "x.png", *sealed(SMOOTH, key, beside=True))
    assert (tmp_path / "x.png.seal").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("suffix", PLACES)
@pytest.mark.parametrize("beside", [False, True])
def test_the_length_of_a_file_tells_one_of_nine_sizes(tmp_path, key, suffix, beside):
    rng = np.random.default_rng(0)
    drawing, lengths, steps = Surrogate(), set(), set()
    for _ in range(12):  # other heads, one background
        image = np.full((160, 140, 3), 90, np.uint8)
        face = np.clip(120 + rng.normal(0, rng.uniform(1, 8), (60, 50, 3)), 0, 255)
        image[50:110, 45:95] = face.astype(np.uint8)
        write_image(tmp_path / f"x{suffix}", *sealed(image, key, (45, 50, 50, 60), drawing, beside=beside))
        files = sum(item.stat().st_size for item in tmp_path.iterdir())
        lengths.add(files)
        steps.add(read_record(tmp_path / f"x{suffix}").entries[0].length)
    assert len(lengths) == len(steps) <= 4


def test_a_published_picture_holds_no_pixel_of_the_original(tmp_path, key):
    image = noise(160, 140, 3)
    hidden, record = sealed(image, key, (45, 50, 50, 60), Surrogate(tone="around"), beside=True)
    write_image(tmp_path / "x.png", hidden, record)
    data = (tmp_path / "x.png").read_bytes()
    record_here = read_record(tmp_path / "x.png").to_bytes()
    shown = read_image(tmp_path / "x.png").pixels.tobytes()
    for row in range(60, 100):
        for place in (data, record_here, shown):
            assert image[row, 60:80].tobytes() not in place
    assert not any(seal in data for seal in record.seals if seal)
