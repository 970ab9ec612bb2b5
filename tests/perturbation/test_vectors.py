"""Record version 1 is frozen: what it made once it makes for ever. tests/vectors/make.py says where they come from."""

import hashlib
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
import reference
import reference_gmac

import fastperturb as fp
from fastperturb.perturbation import format_v1
from fastperturb.perturbation import single as perturbation

VECTORS = Path(__file__).parents[1] / "vectors"
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
    monkeypatch.setattr(format_v1, "fresh_nonce", lambda: record.nonce)
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
    subkey = format_v1.bind_record(key, record, core).subkey
    where = [(item.region, item.window, item.pixels) for item in record.regions]
    assert perturbation.permute(hidden, where, subkey) == [item.moved for item in record.regions]
    assert sha256(hidden) == vector["hidden_sha256"]
    assert sha256(fp.restore(hidden, record, key)) == vector["image_sha256"]


@pytest.mark.parametrize("vector", cases())
def test_reproducible_nonces_are_frozen(vector):
    image, record, key = ingredients(vector)
    nonce = format_v1.reproducible_nonce(key, image, record.core_regions())
    assert nonce.hex() == vector["reproducible_nonce"]


def test_the_reference_makes_the_published_tags():
    """FIPS 197, appendix C.3; test case 13 of the GCM specification; the first of NIST's vectors without plaintext."""
    block = reference_gmac.aes256(bytes(range(32)), bytes.fromhex("00112233445566778899aabbccddeeff"))
    assert block.hex() == "8ea2b7ca516745bfeafc49904b496089"
    assert reference_gmac.gmac(bytes(32), bytes(12), b"").hex() == "530f8afbc74536b9a963b4f1c4cb738b"
    key = bytes.fromhex("78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223")
    iv, data = bytes.fromhex("d79cf22d504cc793c3fb6c8a"), bytes.fromhex("b96baa8c1c75a671bfb2d08d06be5f36")
    assert reference_gmac.gmac(key, iv, data).hex() == "3e5d486aa2e30b22e040b85723a06e76"


def test_a_tag_of_many_blocks_is_the_tag_of_all_bytes():
    """Regions over the size that is authenticated at once, of several boxes, against the reference."""
    key = fp.Key(bytes(range(1, 33)))
    image = vector_image([700, 900, 3], "uint8")
    regions = [(0, 0, 900, 700), (100, 50, 33, 21), (-5, -7, 30, 20)]
    hidden, record = fp.perturb(image, regions, key)
    as_read = json.loads(record.to_json())["regions"]
    head = reference.header(record.nonce, image, as_read)
    moved = [item.moved for item in record.regions]
    assert record.tag == reference.tag(bytes(range(1, 33)), head, moved, hidden, as_read)
