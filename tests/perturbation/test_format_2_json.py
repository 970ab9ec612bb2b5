"""The JSON wrapper of record version 2: three fields, read strictly, and told apart from version 1."""

import json

import pytest
from records_2 import make, region, textured

import fastperturb as fp
from fastperturb.errors import RecordError
from fastperturb.perturbation import record_v2_bytes as form


@pytest.fixture
def made(key):
    return make(textured((24, 26, 3), 5), [region(3, 4, 14, 18, "ellipse")], [key])


JSON_ERRORS = {
    "four fields": lambda d: {**d, "more": 1},
    "another name": lambda d: {"format": d["format"], "version": 2, "body": d["data"]},
    "another format": lambda d: {**d, "format": "fastperturb-recorc"},
    "version 3": lambda d: {**d, "version": 3},
    "version true": lambda d: {**d, "version": True},
    "version 2.0": lambda d: {**d, "version": 2.0},
    "data null": lambda d: {**d, "data": None},
    "data without padding": lambda d: {**d, "data": d["data"].rstrip("=") + "A"},
    "data with a space": lambda d: {**d, "data": d["data"][:8] + " " + d["data"][8:]},
    "data in the other alphabet": lambda d: {**d, "data": "-_" + d["data"][2:]},
    "data empty": lambda d: {**d, "data": ""},
}


@pytest.mark.parametrize("name", JSON_ERRORS)
def test_json_is_read_strictly(made, name):
    fields = json.loads(form.to_json(made.record))
    with pytest.raises(RecordError):
        fp.Record.from_json(json.dumps(JSON_ERRORS[name](fields)))


def test_json_may_be_ordered_and_escaped_as_its_writer_likes(made):
    fields = json.loads(form.to_json(made.record))
    assert list(fields) == ["format", "version", "data"]
    text = json.dumps(dict(reversed(fields.items())), indent=3)
    assert fp.Record.from_json(text) == made.record
    assert fp.Record.from_json(text.replace("/", "\\/").encode()) == made.record
    for broken in (text[:-1], text.replace('"version": 2', '"version": 02')):
        with pytest.raises(RecordError):
            fp.Record.from_json(broken)
    twice = text.replace('"version": 2', '"format": 2')
    with pytest.raises(RecordError):
        fp.Record.from_json(twice)
