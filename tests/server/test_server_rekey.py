"""Records that change by HTTP: rekey for the ring's current key, forget for good; pixels and seals stay as they are."""

import numpy as np
import pytest
from server_cases import KEY, Client, archived, brought_back, pixels_of, problem, record_in
from server_vault import (
    HEADERS,
    NEWER_KEY,
    NOISE,
    NOISE_PNG,
    TOKENS,
    beside,
    change,
    inside,
    keyed,
    make_vault,
    protected,
    restore,
)
from version_1 import perturb_v1

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT
from fastperturb.files.writing import encode
from fastperturb.server import KeyRing, Settings


@pytest.fixture(scope="module")
def client():
    return keyed()


@pytest.fixture(scope="module")
def vault():
    return make_vault()


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


@pytest.mark.parametrize("name", ["webp", "tiff"])
def test_records_change_in_every_format_that_holds_them(vault, client, name):
    hidden = protected(client, format=name)
    new = change(vault, "rekey", "rekey", image=hidden)
    assert new.headers["content-type"] == f"image/{name}"
    np.testing.assert_array_equal(brought_back(new.content, NEWER_KEY), NOISE)
    gone = change(vault, "forget", "forget", image=hidden)
    np.testing.assert_array_equal(pixels_of(gone.content), pixels_of(hidden))
    assert not record_in(gone.content).sealed


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


def test_records_of_version_1_still_restore_and_cannot_change(vault):
    hidden, record = perturb_v1(NOISE, [((10, 20, 24, 30), 6, 700)], KEY)
    file = b"".join(encode(hidden, "PNG", texts={RECORD_TEXT: record.to_json()}))
    back = restore(vault, file, HEADERS["restore"])
    np.testing.assert_array_equal(pixels_of(back.content), NOISE)
    assert back.headers["fastperturb-origin"] == "key"
    pixels = hidden.copy()
    pixels[25, 15] ^= 1
    changed = b"".join(encode(pixels, "PNG", texts={RECORD_TEXT: record.to_json()}))
    problem(restore(vault, changed, HEADERS["restore"]), 422, "tampered")
    for name in ("rekey", "forget"):
        document = problem(change(vault, name, name, image=file), 422, "bad-record")
        assert "version 1 cannot be changed" in document["detail"]
