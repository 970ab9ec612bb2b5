"""Record version 1 is frozen: what it made once it makes for ever. tests/vectors/make.py says where they come from."""

import dataclasses
import hashlib
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import reference
import reference_gmac
from core_calls import permute_in_place
from version_1 import perturb_v1, reproducible_nonce

import fastperturb as fp
from fastperturb.errors import RecordError
from fastperturb.perturbation import format_v1, formats

VECTORS = Path(__file__).parents[1] / "vectors"
vector_image = runpy.run_path(str(VECTORS / "make.py"))["vector_image"]


def cases():
    vectors = json.loads((VECTORS / "version_1.json").read_text())
    assert len(vectors) >= 9
    vectors += json.loads((VECTORS / "version_1_more.json").read_text())["vectors"]
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def ingredients(vector):
    record = fp.Record.from_json(json.dumps(vector["record"]))
    image = vector_image(vector["record"]["shape"], record.dtype)
    assert sha256(image) == vector["image_sha256"]
    return image, record, fp.Key(bytes.fromhex(vector["key"]))


@pytest.mark.parametrize("vector", cases())
def test_the_frozen_pixels_and_record_are_made_again(isa, vector):
    image, record, key = ingredients(vector)
    regions = [(item.region, item.window, item.pixels) for item in record.regions]
    hidden, made = perturb_v1(image, regions, key, record.nonce)
    assert sha256(hidden) == vector["hidden_sha256"]
    assert made == record


@pytest.mark.parametrize("vector", cases())
def test_restore_gives_the_image_back(isa, vector):
    image, record, key = ingredients(vector)
    hidden = image.copy()
    core = record.core_regions()
    subkey = format_v1.Binding(key, record.nonce, record.shape, record.dtype, core).subkey
    assert permute_in_place([(hidden, core, subkey)]) == [[item.moved for item in record.regions]]
    assert sha256(hidden) == vector["hidden_sha256"]
    assert sha256(fp.restore(hidden, record, key)) == vector["image_sha256"]


@dataclasses.dataclass(frozen=True)
class FutureRecord:
    """A record of a version that there is not yet: the image is kept as a number."""

    number: int
    version: int = 99
    regions: tuple = ()


def test_records_of_version_1_restore_beside_a_later_version(monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", dict(formats.FORMATS))
    monkeypatch.setattr("fastperturb.perturbation.formats.READERS", readers := dict(formats.READERS))
    monkeypatch.setattr("fastperturb.record.READERS", readers)
    text = '{"format": "fastperturb-record", "version": 99, "number": 7}'
    with pytest.raises(RecordError, match="version must be 1 or 2, got 99; a newer release may know it"):
        fp.Record.from_json(text)
    formats.add_format(SimpleNamespace(VERSION=99, read_fields=lambda data, most: FutureRecord(data["number"])))
    assert fp.Record.from_json(text).number == 7
    for case in cases():
        image, record, key = ingredients(case.values[0])
        hidden, _ = perturb_v1(image, [(i.region, i.window, i.pixels) for i in record.regions], key, record.nonce)
        assert sha256(fp.restore(hidden, fp.Record.from_json(record.to_json()), key)) == sha256(image)


@pytest.mark.parametrize("vector", cases())
def test_reproducible_nonces_are_frozen(vector):
    image, record, key = ingredients(vector)
    nonce = reproducible_nonce(key, image, record.core_regions())
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
    regions = [(0, 0, 900, 700), (100, 50, 33, 21), (-5, -7, 80, 20)]
    hidden, record = perturb_v1(image, [(box, 9, 600) for box in regions], key)
    as_read = json.loads(record.to_json())["regions"]
    head = reference.header(record.nonce, image, as_read)
    moved = [item.moved for item in record.regions]
    assert record.tag == reference.tag(bytes(range(1, 33)), head, moved, hidden, as_read)
