"""Record version 2 is frozen: tests/vectors/make_version_2.py says where the vectors come from."""

import base64
import hashlib

import numpy as np
import pytest
import reference_v2
from core_calls import permute_in_place
from strategies import as_dicts
from vectors_2 import content

import fastperturb as fp
from fastperturb import _core
from fastperturb.errors import FastperturbError
from fastperturb.face_key import FaceKey
from fastperturb.perturbation import format_v2, format_v2_open
from fastperturb.perturbation import record_v2_bytes as form
from fastperturb.perturbation import record_v2_reading as reading
from fastperturb.perturbation.seal_coding import Surroundings

VECTORS, REFUSED = content()["vectors"], content()["refused"]
each_vector = pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in VECTORS])


def owner_of(vector):
    return reference_v2.owners(*vector["image"].shape[:2], as_dicts(read(vector).core_regions()))


def read(vector):
    record = reading.from_bytes(vector["record"])
    return record.with_beside(vector["beside"]) if vector["beside"] else record


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def opened_as(vector, key):
    """What the package learns, in the form of the vectors."""
    record, owner, shown = read(vector), owner_of(vector), vector["shown"]
    opened = format_v2_open.Opened(record, key)
    result = []
    record.check_lengths([int((owner == i).sum()) for i in range(len(record.regions))])
    numbers = [key.index] if isinstance(key, FaceKey) else range(len(record.regions))
    for index in numbers:
        owned = owner == index
        item = {"shown": opened.is_shown(index, shown, owned), "permutation_key": opened.permutation_key(index).hex()}
        item["pixels"] = None
        if record.entries[index].length:
            out = shown.copy()
            opened.read_seal(index, int(owned.sum())).put(out, owned)
            assert (out[~owned] == shown[~owned]).all()
            item["pixels"] = sha256(out[owned].tobytes())
        result.append({**item, "face_key": opened.face_key(index).to_text()})
    return opened, result


@each_vector
def test_images_and_records_are_the_frozen_ones(vector):
    assert sha256(vector["image"].tobytes()) == vector["image_sha256"]
    assert sha256(vector["shown"].tobytes()) == vector["shown_sha256"]
    record = read(vector)
    assert form.to_bytes(record) == vector["record"]
    assert record.beside_bytes() == vector["beside"]
    assert fp.Record.from_json(form.to_json(record)) == record


@each_vector
def test_every_key_opens_the_frozen_record(vector):
    for key, origin in zip(vector["keys"], vector.get("origins", vector["keys"]), strict=True):
        opened, regions = opened_as(vector, fp.Key(key))
        rest = opened.read_rest()
        labels = (owner_of(vector) + 1).astype(np.uint16)
        scene = opened.is_scene(Surroundings(vector["shown"], 0, 0, labels))
        expected = vector["opened"]
        assert (opened.whole, regions, scene) == (True, expected["regions"], expected["scene"])
        assert opened.origin == origin or "origins" not in vector
        assert (rest.hex() if rest is not None else None) == expected["rest"]


@each_vector
def test_all_regions_come_back_to_the_frozen_image(vector):
    """By seals and by windows, with the core's own ownership."""
    record, key = read(vector), fp.Key(vector["keys"][0])
    opened, out, shape = format_v2_open.Opened(record, key), vector["shown"].copy(), vector["image"].shape[:2]
    core = record.core_regions()
    x, y, labels = _core.owner_labels(*shape, core, 2)
    box = out[y : y + labels.shape[0], x : x + labels.shape[1]]
    assert _core.owned_pixels(*shape, core, 2) == vector["owned"]
    for index, entry in enumerate(record.entries):
        if entry.length:
            opened.read_seal(index, vector["owned"][index]).put(box, labels == index + 1)
    permutation_keys = [opened.permutation_key(index) for index in range(len(core))]
    permute_in_place([(out, core, permutation_keys)], inverse=True)
    assert sha256(out.tobytes()) == vector["opened"]["restored"]
    assert opened.is_scene(Surroundings(vector["shown"], x, y, labels)) == vector["opened"]["scene"]
    lost = [not entry.length and not item.window for entry, item in zip(record.entries, record.regions, strict=True)]
    if (not any(lost) and vector["opened"]["scene"] is not False) or vector["name"] == "windows, moved":
        assert vector["opened"]["restored"] == vector["image_sha256"]


@each_vector
def test_every_face_key_opens_its_face_and_no_other(vector):
    for index, expected in enumerate(vector["opened"]["regions"]):
        key = FaceKey.from_text(expected["face_key"])
        opened, regions = opened_as(vector, key)
        assert (opened.whole, regions) == (None, [expected])
        for other in set(range(len(vector["owned"]))) - {index}:
            with pytest.raises(fp.WrongKey, match=f"opens region {index}, got region {other}"):
                opened.face(other)


@pytest.mark.parametrize("item", [pytest.param(r, id=r["name"]) for r in REFUSED])
def test_what_is_not_a_whole_record_is_refused(item):
    vector = {**item["of"], **{part: item[part] for part in ("record", "beside", "keys", "shown")}}
    if item["when"] == "bytes":
        with pytest.raises(fp.errors.RecordError):
            reading.from_bytes(item["record"])
    elif item["when"] == "image":
        with pytest.raises((FastperturbError, ValueError), match="image"):
            fp.restore(item["shown"], reading.from_bytes(item["record"]), fp.Key(item["keys"][0]))
        return
    elif item["when"] == "owned":
        record = reading.from_bytes(item["record"])
        with pytest.raises(fp.errors.RecordError):
            fp.restore(np.zeros(record.shape, record.dtype), record, fp.Key(item["keys"][0]), verify=False)
        return
    elif item["when"] == "face":
        with pytest.raises((FastperturbError, ValueError)):
            opened_as(vector, FaceKey.from_text(item["face_key"]))
        return
    with pytest.raises((FastperturbError, ValueError)):
        use_all(vector)


@pytest.mark.parametrize("item", [pytest.param(r, id=r["name"]) for r in content()["taken"]])
def test_what_is_taken_as_it_stands(item):
    if item["taken"] and not item["name"].startswith("JSON"):
        assert form.to_bytes(reading.from_bytes(item["bytes"])) == item["bytes"]
    elif item["taken"]:
        assert isinstance(fp.Record.from_json(item["bytes"]), fp.Record)
    else:
        with pytest.raises(fp.errors.RecordError):
            fp.Record.from_json(item["bytes"])


def use_all(vector):
    """Opens everything, as a flow does that takes nothing for whole that is not."""
    opened, _ = opened_as(vector, fp.Key(vector["keys"][0]))
    opened.read_rest()
    labels = (owner_of(vector) + 1).astype(np.uint16)
    if not opened.is_scene(Surroundings(vector["shown"], 0, 0, labels)):
        raise fp.Tampered


def test_the_reproducible_record_is_the_frozen_one():
    vector = next(v for v in VECTORS if v["options"])
    frozen, owner = read(vector), owner_of(vector)
    key = fp.Key(vector["keys"][0])
    draft = format_v2.Draft(vector["image"], frozen.regions, (key, vector["options"].encode()))
    pixels = [format_v2.RegionPixels(vector["image"], vector["shown"], owner == 0)]
    scene = Surroundings(vector["shown"], 0, 0, (owner + 1).astype(np.uint16))
    record = format_v2.seal_record(draft, pixels, [key], scene=scene)
    assert form.to_bytes(record) == vector["record"]


def test_what_a_reproducible_record_derives_is_frozen_whatever_the_compressor():
    vector = next(v for v in VECTORS if v.get("reproducible"))
    frozen, owner = read(vector), owner_of(vector)
    key = fp.Key(vector["keys"][0])
    draft = format_v2.Draft(vector["image"], frozen.regions, (key, vector["reproducible"].encode()))
    pixels = [format_v2.RegionPixels(vector["image"], vector["shown"], owner == i) for i in range(len(frozen.regions))]
    scene = Surroundings(vector["shown"], 0, 0, (owner + 1).astype(np.uint16))
    options = format_v2.SealOptions(rest=bytes.fromhex(vector["opened"]["rest"]))
    record = format_v2.seal_record(draft, pixels, [key], scene=scene, options=options)
    assert (record.nonce, record.commitment, record.scene) == (frozen.nonce, frozen.commitment, frozen.scene)
    assert [entry.iv for entry in record.entries] == [entry.iv for entry in frozen.entries]
    assert [entry.tag for entry in record.entries] == [entry.tag for entry in frozen.entries]
    assert record.rest == frozen.rest


def test_vectors_are_enough_to_tell_the_sizes_of_steps_apart():
    """Some seal is padded to an eighth that is no whole number, another one to the least step."""
    sizes = [
        pixels * v["image"][0, 0].nbytes
        for v in VECTORS
        for pixels, entry in zip(v["owned"], read(v).entries, strict=True)
        if entry.length
    ]
    assert any(size % 8 and size > 2048 for size in sizes)
    assert any(size < 2000 for size in sizes)
    assert base64.b64encode(VECTORS[0]["record"]).decode() in form.to_json(read(VECTORS[0]))
