"""Restoring by HTTP: face keys, single regions, verdicts, origins, and seals."""

import base64
import json
import zlib

import numpy as np
import pytest
from bounds import bounded
from server_cases import KEY, OTHER_KEY, Client, encoded, pixels_of, problem, record_in
from server_vault import (
    BOXES,
    HEADERS,
    NEWER_KEY,
    NOISE,
    NOISE_PNG,
    TOKENS,
    beside,
    inside,
    keyed,
    make_vault,
    protected,
    restore,
)

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode
from fastperturb.files.writing import encode
from fastperturb.perturbation.record_v2_parts import seal_step
from fastperturb.server import KeyRing, Settings


@pytest.fixture(scope="module")
def client():
    return keyed()


@pytest.fixture(scope="module")
def vault():
    return make_vault()


@pytest.mark.parametrize("protect", ["surrogate", "windows"])
def test_a_person_gets_her_face_back_and_the_rest_stays(client, protect):
    hidden = protected(client, protect=protect)
    record = record_in(hidden)
    text = KEY.face_key(record, 1).to_text()
    answer = restore(client, hidden, **{"face-key": f" {text}\n"})
    assert answer.status_code == 200, answer.text
    shown = pixels_of(answer.content)
    np.testing.assert_array_equal(shown, fp.restore(pixels_of(hidden), record, KEY, only=[1]))
    np.testing.assert_array_equal(shown[inside(record, 0)], pixels_of(hidden)[inside(record, 0)])
    assert answer.headers["fastperturb-restored"] == "1"
    assert answer.headers["fastperturb-origin"] == "unknown"
    assert answer.headers["fastperturb-record-state"] == "unknown"
    assert answer.headers["fastperturb-regions-state"] == "whole"
    told = restore(client, hidden, {"Accept": "application/json"}, **{"face-key": text}).json()
    assert told["verdicts"] == {"record": "unknown", "regions": ["unknown", "whole"], "surroundings": "unknown"}
    assert told["restored"] == [1]
    problem(restore(client, hidden, options={"origin": "key"}, **{"face-key": text}), 422, "unknown-origin")
    problem(restore(client, hidden, options={"only": 0}, **{"face-key": text}), 422, "wrong-key")


def test_face_keys_of_another_record_region_or_picture(client):
    hidden, other = protected(client), protected(client)
    key = KEY.face_key(record_in(other), 0)
    assert (
        "another picture" in problem(restore(client, hidden, **{"face-key": key.to_text()}), 422, "wrong-key")["detail"]
    )
    right = KEY.face_key(record_in(hidden), 0)
    forged = fp.FaceKey(right.record_id, 1, right.secret())
    problem(restore(client, hidden, **{"face-key": forged.to_text()}), 422, "tampered")
    both = restore(client, hidden, **{"face-key": right.to_text(), "key": KEY.to_text()})
    problem(both, 422, "bad-parts")


def test_a_person_needs_no_more_than_a_token_that_protects(vault):
    hidden = vault.post("/v1/perturb", NOISE_PNG, BOXES, headers=HEADERS["perturb"]).content
    text = NEWER_KEY.face_key(record_in(hidden), 0).to_text()
    for scope in ("perturb", "restore"):
        assert restore(vault, hidden, HEADERS[scope], **{"face-key": text}).status_code == 200
    problem(restore(vault, hidden, **{"face-key": text}), 401, "unauthorised")
    problem(restore(vault, hidden, HEADERS["rekey"], **{"face-key": text}), 403, "forbidden")


def test_some_regions_only(client):
    hidden = protected(client)
    record = record_in(hidden)
    for only in ([0], [1], [1, 0]):
        answer = restore(client, hidden, options={"only": only}, key=KEY.to_text())
        expected = fp.restore(pixels_of(hidden), record, KEY, only=only)
        np.testing.assert_array_equal(pixels_of(answer.content), expected)
        assert decode(answer.content).texts == {}
    for wrong in (2, -1):
        problem(restore(client, hidden, options={"only": wrong}, key=KEY.to_text()), 422, "bad-options")


def changed(hidden, place):
    pixels, record = pixels_of(hidden).copy(), record_in(hidden)
    pixels[place] ^= 1
    return b"".join(encode(pixels, "PNG", texts={RECORD_TEXT: record.to_json()}))


def test_three_verdicts_and_who_made_it(client):
    hidden = protected(client)
    region = record_in(hidden).regions[0].region
    middle = (region.y + region.height // 2, region.x + region.width // 2)
    for image, regions, surroundings in (
        (hidden, "whole", "whole"),
        (changed(hidden, middle), "changed 0", "whole"),
        (changed(hidden, (0, 0)), "whole", "changed"),
    ):
        answer = restore(client, image, key=KEY.to_text())
        assert answer.headers["fastperturb-origin"] == "key"
        assert answer.headers["fastperturb-record-state"] == "whole"
        assert answer.headers["fastperturb-regions-state"] == regions
        assert answer.headers["fastperturb-surroundings-state"] == surroundings
        assert answer.headers["fastperturb-restored"] == "0 1"
        shown = pixels_of(answer.content)
        np.testing.assert_array_equal(shown[region.clipped(90, 120)], NOISE[region.clipped(90, 120)])
    windows = protected(client, protect="windows")
    moved = record_in(windows).regions[0].region
    problem(restore(client, changed(windows, (moved.y, moved.x)), key=KEY.to_text()), 422, "tampered")


def test_records_that_anyone_could_have_made_are_refused_unless_they_are_asked_for(client):
    hidden, record = fp.perturb(NOISE, [(10, 20, 24, 30)], KEY.public(), fp.Surrogate())
    file = b"".join(encode(hidden, "PNG", texts={RECORD_TEXT: record.to_json()}))
    document = problem(restore(client, file, key=KEY.to_text()), 422, "unknown-origin")
    assert "origin=any" in document["detail"]
    answer = restore(client, file, options={"origin": "any"}, key=KEY.to_text())
    assert answer.headers["fastperturb-origin"] == "anyone"
    np.testing.assert_array_equal(pixels_of(answer.content), NOISE)
    ring = KeyRing.of(OTHER_KEY, KEY)
    trusting = Client(Settings(keys=ring, tokens=TOKENS, allow_restore=True, origin="any"))
    back = restore(trusting, file, HEADERS["restore"])
    np.testing.assert_array_equal(pixels_of(back.content), NOISE)
    problem(restore(trusting, file, HEADERS["restore"], {"origin": "key"}), 422, "unknown-origin")
    nobody = fp.perturb(NOISE, [(10, 20, 24, 30)], fp.Key.generate().public(), fp.Surrogate())[1]
    problem(restore(trusting, NOISE_PNG, HEADERS["restore"], record=nobody.to_json()), 404, "unknown-key")
    problem(restore(client, NOISE_PNG, key=KEY.to_text(), record=nobody.to_json()), 422, "wrong-key")
    shared = fp.perturb(NOISE, [(10, 20, 24, 30)], [KEY, OTHER_KEY.public()], fp.Surrogate())
    file = b"".join(encode(shared[0], "PNG", texts={RECORD_TEXT: shared[1].to_json()}))
    assert restore(client, file, key=KEY.to_text()).headers["fastperturb-origin"] == "recipients"


def test_seals_of_another_picture_and_none_at_all(client):
    (image, seals), (_, other) = beside(client), beside(client)
    problem(restore(client, image, key=KEY.to_text()), 422, "no-seals")
    assert (
        "another picture" in problem(restore(client, image, key=KEY.to_text(), seals=other), 422, "bad-seals")["detail"]
    )
    problem(restore(client, image, key=KEY.to_text(), seals=seals[:-1]), 422, "bad-seals")
    damaged = seals[:-1] + bytes([seals[-1] ^ 1])
    problem(restore(client, image, key=KEY.to_text(), seals=damaged), 422, "tampered")
    windows = protected(client, protect="windows")
    problem(restore(client, windows, key=KEY.to_text(), seals=seals), 422, "bad-seals")
    back = restore(client, image, key=KEY.to_text(), seals=seals)
    np.testing.assert_array_equal(pixels_of(back.content), NOISE)


def test_a_record_that_is_changed_by_a_byte_is_refused(client):
    hidden = protected(client)
    text = json.loads(record_in(hidden).to_json())
    data = bytearray(base64.b64decode(text["data"]))
    rng = np.random.default_rng(7)
    for place in rng.integers(0, len(data), 60):
        torn = data.copy()
        torn[place] ^= 1
        record = json.dumps(text | {"data": base64.b64encode(torn).decode()})
        answer = restore(client, encoded(pixels_of(hidden)), key=KEY.to_text(), record=record)
        assert answer.status_code in (413, 422), place
        assert answer.headers["content-type"] == "application/problem+json"


def bomb(size):
    """Deflated zeros of so many MiB."""
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join([*(coder.compress(bytes(2**20)) for _ in range(size)), coder.flush()])


def test_what_strangers_seal_costs_little(client, monkeypatch):
    """Anyone who has the public key may have put anything into a seal; the service opens it with the ring's key."""
    swollen = bomb(60)
    content = b"\x01" + len(swollen).to_bytes(8, "little") + swollen
    raw = 200 * 200 * 3
    monkeypatch.setattr(
        "fastperturb.perturbation.seal_coding.encode",
        lambda *_, **__: content + bytes(-len(content) % seal_step(raw)),
    )
    image = np.random.default_rng(3).integers(0, 256, (240, 260, 3), np.uint8)
    hidden, record = fp.perturb(image, (20, 20, 200, 200), KEY.public(), fp.Mosaic(cells=4))
    monkeypatch.undo()
    file = b"".join(encode(hidden, "PNG", texts={RECORD_TEXT: record.to_json()}))
    with bounded(0.5, 60):
        answer = restore(client, file, options={"origin": "any"}, key=KEY.to_text())
    assert "bytes of pixels" in problem(answer, 422, "bad-record")["detail"]


def test_no_key_is_in_the_log_or_an_answer(client, caplog):
    hidden = protected(client)
    record = record_in(hidden)
    face = KEY.face_key(record, 0).to_text()
    public = OTHER_KEY.public().to_text()
    with caplog.at_level("DEBUG"):
        answers = [
            restore(client, hidden, key=KEY.to_text()),
            restore(client, hidden, key=OTHER_KEY.to_text()),
            restore(client, hidden, **{"face-key": face}),
            restore(client, hidden, **{"face-key": face[:-1]}),
            restore(client, hidden, options={"only": KEY.to_text()}, key=face),
            client.post("/v1/perturb", files={"image": NOISE_PNG, "to": public, "key": KEY.to_text()}, params=BOXES),
            client.post("/v1/perturb", NOISE_PNG, BOXES | {"protect": KEY.to_text()}),
            client.post("/v1/perturb", NOISE_PNG, BOXES | {"face_keys": "true"}),
        ]
    assert [answer.status_code for answer in answers] == [200, 422, 200, 422, 422, 200, 422, 200]
    logged = " ".join(str(vars(entry)) for entry in caplog.records if entry.name == "fastperturb.server")
    assert logged.count("'event'") + logged.count("'request'") >= len(answers)
    for secret in (KEY.to_text(), OTHER_KEY.to_text(), face):
        for text in (logged, *(answer.text for answer in answers), *(str(answer.headers) for answer in answers)):
            assert secret[8:24] not in text
