"""What a small file may cost: bounded processor time and memory, whatever it says and wherever it hides it."""

import bombs
import numpy as np
import pytest
from bounds import bounded
from raw_files import GREY_8

import fastperturb as fp
from fastperturb.errors import ImageFileError, RecordError
from fastperturb.files import header, reading


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_compressed_texts_of_a_png_are_not_inflated(kind):
    data = bombs.texts_of_a_png(100, kind)
    with bounded(0.5, 50):
        assert np.array_equal(reading.decode(data).pixels, GREY_8)


def test_chunks_without_number_are_refused_and_pixels_in_many_are_read():
    data = bombs.chunks_of_a_png()
    with bounded(0.5, 50), pytest.raises(ImageFileError, match="10000 chunks"):
        reading.decode(data)
    data = bombs.empty_pixels_of_a_png()
    with bounded(1.5, 50):
        assert np.array_equal(reading.decode(data).pixels, GREY_8)


def test_pixels_that_go_on_after_the_last_are_refused_where_strangers_send_them():
    data = bombs.pixels_without_end()
    with bounded(0.3, 30), pytest.raises(ImageFileError, match="far more compressed data than its pixels need"):
        reading.read_header(data).check_work()
    for interlaced in (bombs.grey_png(), bombs.texts_of_a_png(1)):
        reading.read_header(interlaced).check_work()


@pytest.mark.parametrize("compression", [1, 7, 8])
def test_strips_that_are_all_the_same_bytes(compression):
    data = bombs.aliased_strips(100_000, compression)
    with bounded(2, 100):
        assert reading.decode(data).pixels.shape == (100_000, 1)
    with bounded(0.5, 100), pytest.raises(ImageFileError, match="up to 500000 pieces"):
        reading.decode(bombs.aliased_strips(500_001, compression))


@pytest.mark.parametrize("compression", [1, 8])
def test_a_tile_counts_against_the_limit(compression):
    data = bombs.huge_tile(compression=compression)
    with bounded(0.2, 20), pytest.raises(ImageFileError, match=r"limit of 40000000|cut short"):
        reading.decode(data, max_pixels=40_000_000)
    small = bombs.huge_tile(1024)
    with pytest.raises(ImageFileError, match="limit of 1048575"):
        reading.decode(small, max_pixels=2**20 - 1)


@pytest.mark.parametrize("tag", [256, 258, 262, 274, 277, 284, 320, 338, 339, 34675, 65111])
def test_tags_of_millions_of_values(tag):
    data = bombs.large_tags(tag)
    with bounded(1, 150):
        try:
            reading.decode(data)
        except ImageFileError:
            return


def test_nested_lists_are_neither_texts_nor_records():
    with bounded(0.2, 50):
        texts = {}
        header.unpack_texts(bombs.NESTED, texts)
        assert not texts
        for text in (bombs.NESTED, bombs.NESTED.decode()):
            with pytest.raises(RecordError, match="JSON text with up to 2 '\\['"):
                fp.Record.from_json(text)
    data = bombs.nested_texts_of_a_webp()
    with bounded(0.5, 100):
        assert reading.decode(data).pixels.shape == (*GREY_8.shape, 3)


@pytest.mark.parametrize("sign", ["[", "{", ",", ":"])
def test_a_record_is_bounded_before_it_is_parsed(sign):
    with bounded(0.2, 50), pytest.raises(RecordError, match="a record must be JSON text"):
        fp.Record.from_json(sign * 2_000_000)


def test_how_many_regions_a_record_may_have_is_for_its_reader_to_say():
    text = bombs.record_of(30)
    assert len(fp.Record.from_json(text, max_regions=30).regions) == 30
    with pytest.raises(RecordError, match="1 to 29 regions, got 30"):
        fp.Record.from_json(text, max_regions=29)
    text = bombs.record_of(65_535)
    with bounded(0.2, 50), pytest.raises(RecordError, match="for 1000 regions"):
        fp.Record.from_json(text, max_regions=1000)
    whole = fp.Record.from_json(text)
    assert len(whole.regions) == 65_535
    with pytest.raises(RecordError, match="indent must leave the record within 16777216 bytes"):
        whole.to_json(indent=8)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_bytes_of_a_record_are_utf_8(encoding):
    with pytest.raises(RecordError, match="JSON text"):
        fp.Record.from_json(bombs.record_of(1).encode(encoding))
    assert fp.Record.from_json(bytearray(bombs.record_of(1).encode())).version == 1
