"""Record version 1 is frozen: what it made once it makes for ever. tests/vectors/make.py says where they come from."""

import hashlib
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

import fastperturb as fp
from fastperturb import perturbation, seal

VECTORS = Path(__file__).parent / "vectors"
vector_image = runpy.run_path(str(VECTORS / "make.py"))["vector_image"]


def cases():
    vectors = json.loads((VECTORS / "version_1.json").read_text())
    assert len(vectors) >= 9
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def ingredients(vector):
    record = fp.Record.from_json(json.dumps(vector["record"]))
    image = vector_image(vector["record"]["shape"], record.dtype)
    assert sha256(image) == vector["image_sha256"]
    return image, record, fp.Key(bytes.fromhex(vector["key"]))


@pytest.mark.parametrize("vector", cases())
def test_perturb_makes_the_frozen_pixels_and_record(isa, vector, monkeypatch):
    image, record, key = ingredients(vector)
    monkeypatch.setattr(seal, "fresh_nonce", lambda: record.nonce)
    regions = [item.region for item in record.regions]
    strengths = [fp.Strength(window=item.window, pixels=item.pixels) for item in record.regions]
    hidden, made = fp.perturb(image, regions, key, strengths)
    assert sha256(hidden) == vector["hidden_sha256"]
    assert made == record


@pytest.mark.parametrize("vector", cases())
def test_restore_gives_the_image_back(isa, vector):
    image, record, key = ingredients(vector)
    hidden = image.copy()
    core = record.core_regions()
    subkey = seal.subkey(key, seal.header(record.nonce, record.shape, record.dtype, core))
    where = [(item.region, item.window, item.pixels) for item in record.regions]
    assert perturbation.permute(hidden, where, subkey) == [item.moved for item in record.regions]
    assert sha256(hidden) == vector["hidden_sha256"]
    assert sha256(fp.restore(hidden, record, key)) == vector["image_sha256"]


@pytest.mark.parametrize("vector", cases())
def test_reproducible_nonces_are_frozen(vector):
    image, record, key = ingredients(vector)
    nonce = seal.reproducible_nonce(key, image, record.core_regions())
    assert nonce.hex() == vector["reproducible_nonce"]
