"""No picture in metadata goes on in the clear, wherever it hides and whatever is kept; nor do names unasked for.

Each file of :data:`EVERY_PLACE` hides one; what is written must hold no run of it. The sealed bytes must, or nothing
would come back.
"""

import numpy as np
import pytest
from metadata_files import EVERY_PLACE, NAME, PEOPLE, PICTURE, camera_exif, traces, webp_of, xmp_of

from fastperturb.files.metadata import choose, read_metadata, to_seal
from fastperturb.files.metadata_choice import CHOICES, parse_keep
from fastperturb.files.metadata_jpeg import join_jpeg, kept_segments, left_out
from fastperturb.files.metadata_sealed import pack_sealed, unpack_sealed
from fastperturb.files.reading import decode
from fastperturb.files.writing import encode

EVERYTHING = frozenset(CHOICES)
IDS = [f"{kind}, {name}" for kind, name, _ in EVERY_PLACE]
NOT_SEALED = {("TIFF", "between"), ("TIFF", "preview"), ("TIFF", "trailer")}
"""Where bytes that no tag names are left out for good."""


def test_the_files_hide_what_they_say():
    assert len(EVERY_PLACE) > 120
    for kind, name, data in EVERY_PLACE:
        assert traces(data), (kind, name)


@pytest.mark.parametrize(("kind", "name", "data"), EVERY_PLACE, ids=IDS)
def test_no_picture_goes_on(kind, name, data):
    picture, metadata = decode(data), read_metadata(data)
    for target in ("PNG", "WebP", "TIFF", "JPEG"):
        out = b"".join(encode(picture.pixels, target, icc=picture.icc, blocks=choose(metadata, EVERYTHING)))
        assert not traces(out), target
        again = decode(out)
        assert target == "JPEG" or np.array_equal(again.pixels, picture.pixels)


@pytest.mark.parametrize("data", [data for kind, _, data in EVERY_PLACE if kind == "JPEG"])
def test_no_picture_goes_on_where_coefficients_stay(data):
    out = join_jpeg(data, kept_segments(data, EVERYTHING))
    assert not traces(out)
    assert np.array_equal(decode(out).pixels, decode(data).pixels)


@pytest.mark.parametrize(("kind", "name", "data"), EVERY_PLACE, ids=IDS)
def test_what_was_left_out_is_sealed(kind, name, data):
    sealed = pack_sealed(to_seal(read_metadata(data), name="photo.jpg", changed=5))
    assert bool(traces(sealed)) == ((kind, name) not in NOT_SEALED)
    assert unpack_sealed(sealed).name == "photo.jpg"
    if kind == "JPEG":
        assert traces(left_out(data))


@pytest.mark.parametrize("keep", ["none", "icc", "all", "all,credit", "all,names"])
def test_names_go_on_only_if_they_are_asked_for(keep):
    data = webp_of((b"EXIF", camera_exif()), (b"XMP ", xmp_of(PEOPLE)))
    blocks = choose(read_metadata(data), parse_keep(keep))
    held = NAME.encode() in blocks.exif + blocks.xmp
    assert held == ("credit" in keep or "names" in keep)
    if keep == "all,credit":
        assert b"PersonInImage" not in blocks.xmp
    if keep == "all,names":
        assert b"PersonInImage" in blocks.xmp
        assert b"creator" not in blocks.xmp
    assert b"RegionInfo" not in blocks.xmp
    assert b"mwg-rs" not in blocks.xmp


def test_serial_numbers_never_go_on():
    blocks = choose(read_metadata(webp_of((b"EXIF", camera_exif()))), EVERYTHING)
    assert b"Acme One" in blocks.exif
    assert b"4711" not in blocks.exif


def test_the_length_of_what_is_sealed_hides_that_of_a_thumbnail():
    lengths = set()
    for size in range(9_000, 24_000, 250):
        data = webp_of((b"EXIF", camera_exif(thumbnail=PICTURE + bytes(size))))
        lengths.add(len(pack_sealed(to_seal(read_metadata(data)))))
    assert len(lengths) == 5
    assert all((length + 8) % 4096 == 0 for length in lengths)
