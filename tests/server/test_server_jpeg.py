"""JPEGs through the service: they come out as JPEGs with their record inside, and go back to their own coefficients."""

import json

import numpy as np
import pytest
from jpeg_cases import coefficients, jpeg, jpeg_440, picture, turned
from server_cases import KEY, Client, archived, encoded, pixels_of, problem, record_in
from server_vault import change, make_vault

import fastperturb as fp
from fastperturb import _core
from fastperturb.files import restore_jpeg

BOX = {"region": "60,50,40,48"}


@pytest.fixture(scope="module")
def client():
    return Client()


def restored(client, data, params=None, **parts):
    files = {"image": ("a.jpg", data), **parts}
    if "face-key" not in parts:
        files["key"] = ("key", KEY.to_text().encode())
    return client.post("/v1/restore", files=files, params=params)


@pytest.mark.parametrize(
    "data",
    [jpeg(), jpeg(grey=True, mode="progressive"), jpeg_440(), turned(jpeg(), 6)],
    ids=["420", "grey", "440", "6"],
)
def test_there_and_back(client, data):
    answer = client.post("/v1/perturb", data, BOX)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["fastperturb-sealed"] == "inside"
    hidden = answer.content
    assert record_in(hidden).layout is not None
    assert (coefficients(hidden) != coefficients(data)).any()
    back = restored(client, hidden)
    assert back.status_code == 200
    assert back.headers["content-type"] == "image/jpeg"
    assert np.array_equal(coefficients(back.content), coefficients(data))
    assert back.headers["fastperturb-origin"] == "key"
    assert np.array_equal(coefficients(restore_jpeg(hidden, KEY)), coefficients(data))
    as_png = restored(client, hidden, {"format": "png"})
    assert np.array_equal(pixels_of(as_png.content), pixels_of(data))


def test_regions_are_those_of_the_picture_as_it_is_seen(client):
    box = {"region": "20,30,40,48", "protect": "black"}
    told = []
    for data in (jpeg(picture(176, 208)), turned(jpeg(np.ascontiguousarray(np.rot90(picture(176, 208)))), 6)):
        answer = client.post("/v1/perturb", data, box, headers={"Accept": "application/json"})
        told.append([(r["x"], r["y"], r["width"], r["height"]) for r in answer.json()["regions"]])
    assert told[0] == told[1] == [(20, 30, 40, 48)]


def test_seals_beside_and_one_face(client):
    boxes = {"region": ["20,20,40,48", "120,100,40,48"], "seals": "beside", "face_keys": "true"}
    answer = client.post("/v1/perturb", jpeg(), boxes, headers={"Accept": "application/zip"})
    files = archived(answer)
    assert set(files) == {"image.jpg", "image.jpg.seal", "facts.json"}
    problem(restored(client, files["image.jpg"]), 422, "no-seals")
    seals = ("image.jpg.seal", files["image.jpg.seal"])
    assert np.array_equal(coefficients(restored(client, files["image.jpg"], seals=seals).content), coefficients(jpeg()))
    face = json.loads(files["facts.json"])["face_keys"][1].encode()
    one = restored(client, files["image.jpg"], seals=seals, **{"face-key": ("face-key", face)})
    expected = restored(client, files["image.jpg"], {"only": "1"}, seals=seals)
    assert np.array_equal(coefficients(one.content), coefficients(expected.content))
    assert (coefficients(one.content) != coefficients(jpeg())).any()


def test_formats_that_are_asked_for(client):
    assert client.post("/v1/perturb", jpeg(), BOX | {"format": "png"}).headers["content-type"] == "image/png"
    assert client.post("/v1/perturb", jpeg(), BOX | {"window": "8"}).headers["content-type"] == "image/png"
    for accept in ("image/jpeg", "image/*"):
        answer = client.post("/v1/perturb", jpeg(), BOX, headers={"Accept": accept})
        assert answer.headers["content-type"] == "image/jpeg"
    only_png = client.post("/v1/perturb", jpeg(), BOX, headers={"Accept": "image/png"})
    assert only_png.headers["content-type"] == "image/png"
    problem(
        client.post("/v1/perturb", encoded(picture()), BOX, headers={"Accept": "image/jpeg"}), 406, "not-acceptable"
    )
    forever = client.post("/v1/perturb", jpeg(), BOX | {"key_id": "one-time"})
    assert forever.headers["fastperturb-reversible"] == "false"
    assert b"fastperturb.record" not in forever.content


def test_what_cannot_be_kept_becomes_a_png_or_is_named(client):
    """A table that changes between scans: decoders show it, and its coefficients have no one meaning."""
    data = jpeg(mode="progressive")
    at = data.index(b"\xff\xdb")
    table = bytearray(data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")])
    table[5] ^= 2
    end = _core.JpegFrame(data).scan_data[1][1]
    odd = data[:end] + bytes(table) + data[end:]
    answer = client.post("/v1/perturb", odd, BOX)
    assert answer.headers["content-type"] == "image/png"
    named = problem(client.post("/v1/perturb", odd, BOX | {"format": "jpg"}), 415, "unsupported-media")
    assert "change between its scans" in named["detail"]


def test_a_changed_picture_is_refused(client):
    hidden = client.post("/v1/perturb", jpeg(), BOX).content
    record = record_in(hidden).to_json().encode()
    other = jpeg(picture(seed=3))
    problem(restored(client, other, record=("r.json", record)), 422, "tampered")
    problem(restored(client, jpeg(quality=50), record=("r.json", record)), 422, "tampered")
    problem(client.post("/v1/perturb", hidden, BOX), 409, "already-protected")


def test_records_change_inside_jpegs(client):
    hidden = client.post("/v1/perturb", jpeg(), BOX).content
    answer = change(make_vault(), "forget", "forget", image=("a.jpg", hidden))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert record_in(answer.content).entries[0].state == "erased"
    assert np.array_equal(coefficients(answer.content), coefficients(hidden))
    problem(restored(client, answer.content), 422, "erased")


def test_a_preview_of_a_jpeg(client):
    answer = client.post("/v1/preview", jpeg(), BOX, headers={"Accept": "application/json"})
    facts = answer.json()
    assert facts["format"] == "JPEG"
    assert facts["measures"]["psnr"] < 40
    assert fp.Record.from_json(json.dumps(facts["record"])).layout is not None
