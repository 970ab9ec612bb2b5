"""Sealed metadata are frozen: tests/vectors/make_metadata.py made the vectors, and a reference reads them, too."""

import base64
import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import reference_jpeg
import reference_metadata as form
import reference_recipients
import reference_record
import reference_seal
import reference_seal_keys as keys
from jpeg_cases import coefficients
from reference_record import Refused

import fastperturb as fp
from fastperturb.errors import RecordError, Tampered
from fastperturb.files import pack_sealed, restore_jpeg, unpack_sealed
from fastperturb.files.exact_file import bring_back_whole_file
from fastperturb.files.metadata_record import sealed_file
from fastperturb.files.metadata_sealed import SealedFile
from fastperturb.files.reading import RECORD_TEXT, read_header
from fastperturb.perturbation.record_v2_reading import from_bytes

FOLDER = Path(__file__).parents[1] / "vectors"
CONTENT = json.loads((FOLDER / "metadata.json").read_text(encoding="ascii"))
SECRET = bytes.fromhex(CONTENT["key"])
FIELDS = {1: "name", 2: "format", 3: "changed", 4: "parts", 5: "trailer", 6: "exact"}


def named(group):
    return pytest.mark.parametrize("vector", CONTENT[group], ids=[item["name"] for item in CONTENT[group]])


def decoded(text):
    return zlib.decompress(base64.b64decode(text, validate=True))


def items_of(vector):
    return {kind: decoded(text) for kind, text in vector["items"]}


def expected(vector):
    """What the package makes of the items."""
    found = dict(items_of(vector))
    values = {1: lambda b: b.decode(), 2: lambda b: b.decode(), 3: lambda b: struct.unpack("<q", b)[0]}
    return SealedFile(**{FIELDS[kind]: values.get(kind, bytes)(data) for kind, data in found.items()})


@named("taken")
def test_what_is_taken(vector):
    data = decoded(vector["bytes"])
    assert form.read(data) == items_of(vector)
    assert unpack_sealed(data) == expected(vector)
    assert pack_sealed(expected(vector)) == data
    assert (len(data) + 8) % 4096 == 0


@named("refused")
def test_what_is_refused(vector):
    data = decoded(vector["bytes"])
    with pytest.raises(Refused):
        form.read(data)
    with pytest.raises(RecordError):
        unpack_sealed(data)


@named("exact")
def test_the_very_file(vector):
    pixels = np.frombuffer(decoded(vector["pixels"]), vector["dtype"]).reshape(vector["shape"])
    item = decoded(vector["item"])
    if vector["file"] is None:
        with pytest.raises(Refused):
            form.exact_file(item, pixels)
        with pytest.raises((RecordError, Tampered)):
            bring_back_whole_file(item, pixels)
    else:
        assert form.exact_file(item, pixels) == decoded(vector["file"])
        assert bring_back_whole_file(item, pixels) == decoded(vector["file"])


@named("records")
def test_what_records_hold(vector):
    data = decoded(vector["held"])
    if data.startswith(b"\xff\xd8"):
        rest, record = reference_jpeg.metadata(data, SECRET), fp.Record.from_json(read_header(data).texts[RECORD_TEXT])
        original = restore_jpeg(data, fp.Key(SECRET))
        expected_blocks = coefficients(original).reshape(-1, *coefficients(original).shape[2:])
        assert np.array_equal(reference_jpeg.restore(data, SECRET), expected_blocks)
        assert original.startswith(b"\xff\xd8" + items_of(vector)[4])
        assert original.endswith(b"\xff\xd9" + items_of(vector)[5])
    else:
        parsed = reference_record.parse(data)
        secret, _ = reference_recipients.unwrap(parsed, SECRET)
        key = keys.rest_key(secret, parsed["commit"], parsed["rest"]["salt"])
        rest = reference_seal.unpack_rest(keys.stream_open(key, parsed["seals"][-1]))
        record = from_bytes(data)
    assert form.read(rest) == items_of(vector)
    assert sealed_file(record, fp.Key(SECRET)) == expected(vector)


def test_the_script_writes_what_is_frozen():
    sys.path.insert(0, str(FOLDER))
    try:
        import make_metadata
    finally:
        sys.path.remove(str(FOLDER))
    assert [item["name"] for item in CONTENT["taken"]] == list(make_metadata.TAKEN)
    assert [decoded(item["bytes"]) for item in CONTENT["refused"]] == [data for _, data in make_metadata.refused()]
    heads = [item[:33] for _, _, item, _ in make_metadata.exact()]  # behind them, a stream as that zlib writes it
    assert [decoded(item["item"])[:33] for item in CONTENT["exact"]] == heads
