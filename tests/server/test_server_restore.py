"""Restoring by HTTP: face keys, single regions, verdicts, origins, seals; rekey and forget."""

import base64
import json

import numpy as np
import pytest
from server_cases import (
    KEY,
    OTHER_KEY,
    Client,
    archived,
    brought_back,
    encoded,
    pixels_of,
    problem,
    record_in,
    token_with,
)

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode
from fastperturb.files.writing import encode
from fastperturb.server import KeyRing, Settings, Tokens

NOISE = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
NOISE_PNG = encoded(NOISE)
BOXES = {"region": ["10,20,24,30", "70,30,22,28"]}
NEWER_KEY = fp.Key(bytes(range(5, 37)))
LINES, HEADERS = {}, {}
for scope in ("perturb", "restore", "rekey", "forget"):
    LINES[scope], HEADERS[scope] = token_with(scope, name=scope)
LINES["both"], HEADERS["both"] = token_with("rekey", "restore", name="both")
TOKENS = Tokens.from_text("\n".join(LINES.values()))


@pytest.fixture(scope="module")
def client():
    return Client(Settings(keys=KeyRing.of(KEY, OTHER_KEY)))


@pytest.fixture(scope="module")
def vault():
    """A service with the keys of three years, the newest first."""
    ring = KeyRing.of(NEWER_KEY, OTHER_KEY, KEY)
    return Client(Settings(keys=ring, tokens=TOKENS, allow_restore=True))


def protected(client, **options):
    answer = client.post("/v1/perturb", NOISE_PNG, BOXES | options)
    assert answer.status_code == 200, answer.text
    return answer.content


def beside(client, data=NOISE_PNG):
    facts = client.post("/v1/perturb", data, BOXES | {"seals": "beside"}, headers={"Accept": "application/json"}).json()
    return base64.b64decode(facts["image"]), base64.b64decode(facts["seals"])


def restore(client, image, headers=None, options=None, **parts):
    return client.post("/v1/restore", files={"image": image, **parts}, params=options, headers=headers)


def inside(record, index):
    region = record.regions[index].region
    mask = np.zeros(NOISE.shape[:2], bool)
    mask[region.clipped(*NOISE.shape[:2])] = True
    return mask


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


def change(client, name, scope, options=None, **parts):
    return client.post(f"/v1/{name}", files=parts, params=options, headers=scope and HEADERS[scope])


@pytest.mark.parametrize("protect", ["surrogate", "windows"])
def test_rekey_gives_a_record_to_the_current_key_and_touches_nothing_else(vault, client, protect):
    hidden = protected(client, protect=protect)
    old = record_in(hidden)
    answer = change(vault, "rekey", "rekey", image=hidden)
    assert answer.headers["content-type"] == "image/png"
    new = record_in(answer.content)
    np.testing.assert_array_equal(pixels_of(answer.content), pixels_of(hidden))
    assert (new.seals, new.entries, new.nonce) == (old.seals, old.entries, old.nonce)
    assert new.opens_with(NEWER_KEY)
    assert not new.opens_with(KEY)
    np.testing.assert_array_equal(brought_back(answer.content, NEWER_KEY), NOISE)
    alone = change(vault, "rekey", "rekey", record=old.to_json())
    assert alone.headers["content-type"] == "application/json"
    np.testing.assert_array_equal(fp.restore(pixels_of(hidden), fp.Record.from_json(alone.text), NEWER_KEY), NOISE)
    back = restore(vault, hidden, HEADERS["restore"])  # the oldest key of the ring still restores what it protected
    np.testing.assert_array_equal(pixels_of(back.content), NOISE)
    text = KEY.face_key(old, 1).to_text()  # and a person's key is not changed by it
    assert restore(vault, answer.content, HEADERS["perturb"], **{"face-key": text}).status_code == 200


def test_rekey_keeps_who_made_a_record(vault):
    hidden, record = fp.perturb(NOISE, [(10, 20, 24, 30)], KEY.public(), fp.Surrogate())
    new = fp.Record.from_json(change(vault, "rekey", "rekey", record=record.to_json()).text)
    assert fp.examine(hidden, new, NEWER_KEY).origin == "anyone"


def test_rekey_lets_others_in_only_for_those_who_may_restore(vault, client):
    hidden, public = protected(client), fp.Key.generate()
    parts = {"image": hidden, "to": public.public().to_text()}
    problem(change(vault, "rekey", "rekey", **parts), 403, "forbidden")
    answer = change(vault, "rekey", "both", **parts)
    for key in (NEWER_KEY, public):
        np.testing.assert_array_equal(brought_back(answer.content, key), NOISE)
    closed = Client(Settings(keys=KeyRing.of(NEWER_KEY, KEY), tokens=TOKENS))
    problem(change(closed, "rekey", "both", **parts), 403, "restore-off")
    assert change(closed, "rekey", "rekey", image=hidden).status_code == 200


@pytest.mark.parametrize("name", ["rekey", "forget"])
def test_records_are_changed_for_tokens_that_may(vault, client, name):
    hidden = protected(client)
    problem(change(vault, name, None, image=hidden), 401, "unauthorised")
    for scope in set(HEADERS) - {name, "both"}:
        problem(change(vault, name, scope, image=hidden), 403, "forbidden")
    problem(change(client, name, name, image=hidden), 401, "unauthorised")  # without tokens nobody may
    problem(change(vault, name, name), 422, "bad-parts")
    problem(change(vault, name, name, image=NOISE_PNG), 422, "no-record")
    problem(change(vault, name, name, record=b"{}"), 422, "bad-record")
    stranger = fp.perturb(NOISE, [(10, 20, 24, 30)], fp.Key.generate(), fp.Surrogate())[1].to_json()
    problem(change(vault, name, name, record=stranger), 404, "unknown-key")
    mine = fp.perturb(NOISE, [(10, 20, 24, 30)], KEY, fp.Surrogate())[1]
    torn = mine.with_mac(bytes(32)).to_json()
    assert "nothing was changed" in problem(change(vault, name, name, record=torn), 422, "tampered")["detail"]
    raw = vault.post(f"/v1/{name}", hidden, headers=HEADERS[name])
    assert raw.headers["content-type"] == "image/png"


def test_forget_erases_the_seals_that_are_named(vault, client):
    hidden = protected(client)
    answer = change(vault, "forget", "forget", {"regions": 1}, image=hidden)
    record = record_in(answer.content)
    np.testing.assert_array_equal(pixels_of(answer.content), pixels_of(hidden))
    assert [item.state for item in record.entries] == ["here", "erased"]
    assert len(answer.content) < len(hidden)
    one = restore(client, answer.content, options={"only": 0}, key=KEY.to_text())
    np.testing.assert_array_equal(pixels_of(one.content)[inside(record, 0)], NOISE[inside(record, 0)])
    for options in ({}, {"only": 1}):
        problem(restore(client, answer.content, options=options, key=KEY.to_text()), 422, "erased")
    gone = change(vault, "forget", "forget", image=hidden)
    assert {item.state for item in record_in(gone.content).entries} == {"erased"}
    problem(change(vault, "forget", "forget", image=gone.content), 422, "erased")
    problem(change(vault, "forget", "forget", {"regions": 5}, image=hidden), 422, "bad-options")
    windows = protected(client, protect="windows")
    for options in ({}, {"regions": 0}):
        problem(change(vault, "forget", "forget", options, image=windows), 422, "erased")


def test_forget_writes_seals_beside_anew(vault, client):
    image, seals = beside(client)
    problem(change(vault, "forget", "forget", {"regions": 0}, image=image), 422, "no-seals")
    answer = change(vault, "forget", "forget", {"regions": 0}, image=image, seals=seals)
    files = archived(answer)
    assert set(files) == {"image.png", "image.seal", "facts.json"}
    assert 32 < len(files["image.seal"]) < len(seals)
    back = restore(client, files["image.png"], options={"only": 1}, key=KEY.to_text(), seals=files["image.seal"])
    record = record_in(files["image.png"])
    np.testing.assert_array_equal(pixels_of(back.content)[inside(record, 1)], NOISE[inside(record, 1)])
    problem(restore(client, files["image.png"], key=KEY.to_text(), seals=seals), 422, "bad-seals")
    rekeyed = change(vault, "rekey", "rekey", image=image)  # needs no seals, and leaves them as they are
    back = restore(vault, rekeyed.content, HEADERS["restore"], seals=seals)
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
