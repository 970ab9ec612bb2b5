"""Records of a JPEG's coefficients are frozen: tests/vectors/make_version_2_jpeg.py made the vectors."""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import reference_jpeg
from jpeg_cases import coefficients, jpeg, picture

import fastperturb as fp
from fastperturb.files import perturb_jpeg, restore_jpeg
from fastperturb.files.reading import read_header

CONTENT = json.loads((Path(__file__).parents[1] / "vectors" / "version_2_jpeg.json").read_text(encoding="ascii"))
SECRET = bytes.fromhex(CONTENT["key"])
each = pytest.mark.parametrize("vector", [pytest.param(item, id=item["name"]) for item in CONTENT["vectors"]])


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@each
def test_the_package_restores_them(vector):
    data, key = base64.b64decode(vector["file"]), fp.Key(SECRET)
    record = fp.Record.from_json(read_header(data).texts["fastperturb-record"])
    assert sha256(record.to_bytes()) == vector["record_sha256"]
    back = coefficients(restore_jpeg(data, key))
    assert sha256(back.astype("<i2").tobytes()) == vector["original_sha256"]


@each
def test_the_reference_restores_them(vector):
    data = base64.b64decode(vector["file"])
    assert sha256(reference_jpeg.boxes_in(data)) == vector["record_sha256"]
    back = reference_jpeg.restore(data, SECRET)
    assert sha256(back.astype("<i2").tobytes()) == vector["original_sha256"]


def test_the_reference_restores_what_the_package_protects_now():
    data = jpeg(picture(50, 66))
    faces = [fp.Region(4, 6, 20, 22), fp.Region(34, 20, 22, 26)]
    hidden, _ = perturb_jpeg(data, faces, fp.Key(SECRET), fp.Surrogate(), seal_metadata=False)
    found = reference_jpeg.read_jpeg(data)
    assert np.array_equal(found["mcus"], coefficients(data).reshape(found["mcus"].shape))
    assert np.array_equal(reference_jpeg.restore(hidden, SECRET), found["mcus"])
