"""Keys, regions, strengths and records: what they accept, what they refuse and how they say it."""

import copy
import json
import os
import pickle
import stat
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.region import as_regions


def test_a_key_shows_nothing_of_itself(key):
    secret = bytes(range(32))
    for shown in (repr(key), str(key), f"{key}", repr([key])):
        assert shown.strip("[]") == f"Key(id='{key.id}')"
        assert secret.hex() not in shown
    assert not hasattr(key, "__dict__")


def test_keys_are_random_equal_and_unchangeable(key):
    assert fp.Key.generate() != fp.Key.generate()
    assert key == fp.Key(bytes(range(32)))
    assert key != bytes(range(32))
    assert len({key, fp.Key(bytes(range(32)))}) == 1
    with pytest.raises(AttributeError, match="cannot be changed"):
        key.id = "0" * 16
    assert pickle.loads(pickle.dumps(key)) == key  # noqa: S301
    assert copy.deepcopy(key) == key


def test_a_key_survives_text_file_and_environment(key, tmp_path, monkeypatch):
    assert fp.Key.from_text(f"  {key.to_text()}\n") == key
    key.to_file(tmp_path / "face.key")
    assert fp.Key.from_file(tmp_path / "face.key") == key
    monkeypatch.setenv("FASTPERTURB_KEY", key.to_text())
    assert fp.Key.from_environment() == key
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "face.key").stat().st_mode) == 0o600


def test_a_key_file_is_never_overwritten(key, tmp_path):
    key.to_file(tmp_path / "face.key")
    with pytest.raises(FileExistsError):
        fp.Key.generate().to_file(tmp_path / "face.key")
    assert fp.Key.from_file(tmp_path / "face.key") == key


@pytest.mark.parametrize("bad", [5, "secret", None, [1] * 32, np.zeros(32, np.float32).tolist()])
def test_a_key_is_made_of_bytes(bad):
    with pytest.raises(TypeError, match="secret must be 32 random bytes, got"):
        fp.Key(bad)


@pytest.mark.parametrize(("bad", "message"), [(b"short", "32 bytes, got 5"), (bytes(32), "32 equal bytes")])
def test_a_key_is_32_random_bytes(bad, message):
    with pytest.raises(ValueError, match=message):
        fp.Key(bad)


def damaged_texts(key):
    text = key.to_text()
    yield from ("", "hello", text[:-1], text + "A", text[:20] + "*" + text[21:], text.replace("fpkey1_", "fpkey2_"))
    yield text[:-1] + chr(ord(text[-1]) + 1)  # the unused low bits of the last digit


def test_a_damaged_key_text_is_refused_and_not_repeated(key, tmp_path, monkeypatch):
    for text in damaged_texts(key):
        with pytest.raises(ValueError, match="a key's text must") as caught:
            fp.Key.from_text(text)
        assert len(text) < 8 or text not in str(caught.value)
    (tmp_path / "noise").write_bytes(os.urandom(100) + b"\xff")
    with pytest.raises(ValueError, match="noise: not a key file: it is not text"):
        fp.Key.from_file(tmp_path / "noise")
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    with pytest.raises(KeyError, match="FASTPERTURB_KEY is not set"):
        fp.Key.from_environment()


def test_the_key_id_and_the_subkeys_are_unrelated(key):
    assert key.id == "22a54183373631ab"
    assert key.derive(b"a", b"x") != key.derive(b"b", b"x")
    assert key.derive(b"a", b"x")[:8].hex() != key.id


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 0, 0, 5), ValueError, "at least one pixel, got 0 x 5"),
        ((0, 0, 5, -1), ValueError, "at least one pixel, got 5 x -1"),
        ((0.5, 0, 5, 5), TypeError, "x must be a whole number of pixels, got 0.5"),
        ((0, True, 5, 5), TypeError, "y must be a whole number of pixels, got True"),
        ((2**31, 0, 5, 5), ValueError, "x must be within 2\\*\\*31 - 1 pixels"),
        ((0, 0, 5, 5, "circle"), ValueError, "shape must be 'box' or 'ellipse', got 'circle'"),
        ((0, 0, 70000, 5, "ellipse"), ValueError, "ellipse sides must be at most 65535, got 70000 x 5"),
    ],
)
def test_bad_regions(arguments, error, message):
    with pytest.raises(error, match=message):
        fp.Region(*arguments)


def test_regions_can_be_said_in_many_ways():
    region = fp.Region(1, 2, 3, 4)
    assert as_regions(region) == as_regions((1, 2, 3, 4)) == as_regions([(1, 2, 3, 4)]) == (region,)
    assert (
        as_regions(fp.Face(region))
        == as_regions([fp.Face(region)])
        == as_regions(np.array([[1, 2, 3, 4]]))
        == (region,)
    )
    assert as_regions([region, (5, 6, 7, 8)]) == (region, fp.Region(5, 6, 7, 8))
    assert type(as_regions(np.array([[1, 2, 3, 4]]))[0].x) is int
    assert as_regions([]) == ()
    with pytest.raises(TypeError, match=r"regions\[1\] must be a Region, a Face or \(x, y, width, height\), got 'no'"):
        as_regions([region, "no"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"window": 1}, ValueError, "window must be at least 4, got 1"),
        ({"window": 2.5}, TypeError, "window must be a whole number, got 2.5"),
        ({"window": "all"}, ValueError, "window must be a whole number of pixels or 'region', got 'all'"),
        ({"window": 4, "cells": 8}, ValueError, "window or cells, not both"),
        ({"cells": 0}, ValueError, "cells must be at least 1, got 0"),
        ({"pixels": 1}, ValueError, "pixels must be at least 2, got 1"),
        ({"pixels": True}, TypeError, "pixels must be a whole number, got True"),
        ({"pixels": 9, "coverage": 0.5}, ValueError, "give one of pixels, coverage, psnr, distance, mse"),
        ({"coverage": 0.0}, ValueError, "coverage must be over 0 and up to 1, got 0.0"),
        ({"coverage": 1.01}, ValueError, "coverage must be over 0 and up to 1, got 1.01"),
        ({"coverage": float("nan")}, ValueError, "coverage must be over 0 and up to 1, got nan"),
        ({"coverage": "all"}, TypeError, "coverage must be a number"),
    ],
)
def test_bad_strengths(arguments, error, message):
    with pytest.raises(error, match=message):
        fp.Strength(**arguments)


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 30))
def test_cells_lie_across_the_shorter_side(width, height, cells):
    window = fp.Strength(cells=cells).window_for(fp.Region(0, 0, width, height))
    across = -(-min(width, height) // window)
    assert window == 4 or across <= cells
    assert window == 4 or (window - 1) * cells < min(width, height)


def test_a_strength_counts_pixels():
    assert fp.Strength().pixels_for(101) == 101
    assert fp.Strength(coverage=0.5).pixels_for(101) == 51
    assert fp.Strength(pixels=7).pixels_for(101) == 7
    with pytest.raises(ValueError, match="pixels must be at most the 6 that the region has, got 7"):
        fp.Strength(pixels=7).pixels_for(6)


@pytest.fixture
def record(image, key):
    return perturb_v1(image, [((5, 6, 30, 40), 4, 1000), (fp.Region(-3, 20, 20, 20, "ellipse"), 3, 200)], key)[1]


def test_records_survive_json(record):
    assert fp.Record.from_json(record.to_json()) == record
    assert fp.Record.from_json(record.to_json(indent=2).encode()) == record


def edits():
    """Ways to spoil the JSON of a record, with what the error says."""
    far = 2**31
    yield {"version": 2}, "record lacks data and has unknown key_id"
    yield {"version": 3}, "version must be 1 or 2, got 3; a newer release may know it"
    yield {"version": True}, "version must be 1 or 2, got True"
    yield {"version": None}, "version must be 1 or 2, got None"
    yield {"format": "other"}, '"format": "fastperturb-record"'
    yield {"key_id": "XY"}, "key_id must be 16 lower-case hexadecimal digits, got 'XY'"
    yield {"nonce": "00"}, "nonce must be 48 lower-case"
    yield {"tag": "A" * 32}, "tag must be 32 lower-case"
    yield {"tag": 7}, "tag must be 32 lower-case hexadecimal digits, got 7"
    yield {"shape": [1]}, "shape must have 2 or 3 numbers, got 1"
    yield {"shape": "big"}, "shape must be a list, got str"
    yield {"shape": [60, 80, 5]}, r"shape\[2\] must be a whole number from 1 to 4, got 5"
    yield {"shape": [60.0, 80, 3]}, r"shape\[0\] must be a whole number from 1 to 2147483647, got 60.0"
    yield {"dtype": "float64"}, "dtype must be one of uint8, uint16, float32, got 'float64'"
    yield {"regions": []}, "regions must name 1 to 65535 regions, got 0"
    yield {"regions": [5]}, r"regions\[0\] must be an object, got int"
    yield {"regions": [{"x": 1}]}, r"regions\[0\] lacks y, width, height, shape, window, pixels, moved"
    yield {"note": "hello"}, "record has unknown note"
    region = {"x": 0, "y": 0, "width": 9, "height": 9, "shape": "box", "window": 3, "pixels": 9, "moved": 9}
    for field, value in [
        *(("x", far), ("y", 0.5), ("width", 0), ("height", -1), ("shape", "star"), ("shape", [])),
        *(("window", 1), ("window", "3"), ("pixels", -1), ("pixels", True), ("moved", 10), ("moved", -1)),
    ]:
        yield {"regions": [{**region, field: value}]}, r"regions\[0\]"


@pytest.mark.parametrize(("change", "message"), list(edits()))
def test_what_is_not_a_record_is_refused(record, change, message):
    data = {**json.loads(record.to_json()), **change}
    with pytest.raises(fp.errors.RecordError, match=message):
        fp.Record.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"a":1,"a":2}', "[" * 100_000, '{"format": NaN}', b"\xff\xfe\x00"]
)
def test_what_is_not_json_is_refused(text):
    with pytest.raises(fp.errors.RecordError, match="a record must be"):
        fp.Record.from_json(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_a_record_or_an_error(data):
    with pytest.raises(fp.errors.RecordError):
        fp.Record.from_json(json.dumps(data))
