"""Metadata of protected JPEGs: what stays behind, what goes on by choice, and what is sealed."""

from file_cases import SRGB, segment
from jpeg_cases import FACE, KEY, SURROGATE, exif, jpeg, picture, segments_of
from metadata_files import NAME, PEOPLE, PICTURE, camera_exif, traces, xmp_of

from fastperturb.files import perturb_jpeg, restore_jpeg
from fastperturb.files.metadata import read_metadata
from fastperturb.files.metadata_record import sealed_file
from fastperturb.files.reading import decode


def test_metadata_that_may_show_a_face_or_name_somebody_stay_behind():
    thumbnail = jpeg(picture(64, 64))
    mpf = segment(0xE2, b"MPF\0" + bytes(20))
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>Somebody</x>")
    jfxx = segment(0xE0, b"JFXX\0\x10" + thumbnail)
    c2pa = segment(0xEB, b"JP\0\1\0\0\0\1" + bytes.fromhex("00000030") + b"jumb" + thumbnail[:100])
    data = jpeg(icc_profile=SRGB)
    jfif, rest = data[:20], data[20:]
    jfif = jfif[:4] + b"\0\x13" + jfif[6:18] + b"\1\1abc"  # a thumbnail of one pixel
    full = jfif + jfxx + exif(6, thumbnail=thumbnail) + xmp + mpf + c2pa + segment(0xFE, b"by Somebody") + rest
    full += thumbnail
    assert decode(full).pixels.shape[:2] == (203, 181)
    hidden, _ = perturb_jpeg(full, FACE, KEY, SURROGATE)
    assert hidden.count(b"\xff\xd8\xff") == 1
    assert hidden.endswith(b"\xff\xd9")
    for word in (b"Somebody", b"MPF", b"JFXX", thumbnail[:60], b"abc"):
        assert word not in hidden
    kinds = [marker for marker, _ in segments_of(hidden)]
    assert kinds[:3] == [0xE0, 0xE1, 0xE2]
    assert set(kinds) <= {0xE0, 0xE1, 0xE2, 0xEB, 0xDB, 0xC0, 0xC4}
    assert decode(hidden).icc == decode(data).icc
    assert decode(hidden).pixels.shape[:2] == (203, 181)


def test_what_a_caller_keeps_and_what_is_sealed(tmp_path):
    data = jpeg(exif=b"Exif\0\0" + camera_exif(thumbnail=PICTURE), xmp=xmp_of(PEOPLE)) + b"behind"
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    hidden, record = perturb_jpeg(path, FACE, KEY, SURROGATE, keep="date,camera")
    kept = read_metadata(hidden).exif
    assert b"Acme One" in kept
    assert b"2024:05:06 07:08:09" in kept
    assert not traces(hidden)
    assert NAME.encode() not in hidden
    sealed = sealed_file(record, KEY)
    assert (sealed.name, sealed.format, sealed.trailer) == ("a.jpg", "JPEG", b"behind")
    assert sealed.changed == path.stat().st_mtime_ns
    back = restore_jpeg(hidden, KEY)
    assert read_metadata(back) == read_metadata(data)
    bare, without = perturb_jpeg(data, FACE, KEY, SURROGATE, keep="none", seal_metadata=False)
    assert sealed_file(without, KEY) is None
    assert not read_metadata(restore_jpeg(bare, KEY)).exif
