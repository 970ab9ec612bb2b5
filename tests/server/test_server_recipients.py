"""Public keys by HTTP: a service that only protects, recipients that a request names, keys in the wrong places."""

import base64
import json
import os

import numpy as np
import pytest
from server_cases import (
    BOX,
    KEY,
    OTHER_KEY,
    SMALL,
    SMALL_PNG,
    WINDOWS,
    Client,
    brought_back,
    problem,
    record_in,
    running,
    token_with,
)

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.server import KeyRing, Settings, Tokens, key_ring
from fastperturb.server.problems import TITLES

BACKUP = fp.Key(bytes(range(2, 34)))
PUBLIC = KEY.public().to_text()
FACE = fp.perturb(SMALL, [(5, 6, 20, 22)], KEY)[1].face_key(KEY, 0).to_text()
TO = Settings(to=(KEY.public(), BACKUP.public()))


@pytest.fixture(scope="module")
def client():
    return Client()


@pytest.fixture(scope="module")
def kiosk():
    return Client(TO)


def to(*keys):
    return [("to", key if isinstance(key, str) else key.to_text()) for key in keys]


@pytest.mark.parametrize(
    "options", [{}, {"protect": "windows"}, {"purpose": "publish"}, {"protect": "windows:cells=4"}]
)
def test_what_a_service_without_a_secret_protects_its_recipients_restore(kiosk, options):
    facts = kiosk.post("/v1/perturb", SMALL_PNG, BOX | options, headers={"Accept": "application/json"}).json()
    assert facts["recipients"] == [KEY.public().id, BACKUP.public().id]
    assert (facts["reversible"], facts["key_id"]) == (True, None)
    record = fp.Record.from_json(json.dumps(facts["record"]))
    if record.missing:
        record = record.with_beside(base64.b64decode(facts["seals"]))
    for key in (KEY, BACKUP):
        np.testing.assert_array_equal(brought_back(base64.b64decode(facts["image"]), key, record), SMALL)
    with pytest.raises(fp.WrongKey):
        brought_back(base64.b64decode(facts["image"]), OTHER_KEY, record)


def test_it_says_that_it_protects_only(kiosk):
    answer = kiosk.post("/v1/perturb", SMALL_PNG, BOX)
    assert answer.headers["fastperturb-reversible"] == "true"
    assert "fastperturb-key-id" not in answer.headers
    ids = [KEY.public().id, BACKUP.public().id]
    assert kiosk.get("/readyz").json() == {"status": "ready", "mode": "protects only", "recipients": ids}
    info = kiosk.get("/v1/info").json()
    assert (info["mode"], info["recipients"], info["restores"], info["reversible"]) == (
        "protects only",
        ids,
        False,
        True,
    )
    for name in ("restore", "rekey", "forget"):
        problem(kiosk.post(f"/v1/{name}", files={"image": answer.content, "key": KEY.to_text()}), 404, "not-found")
        assert f"/v1/{name}" not in kiosk.get("/openapi.json").json()["paths"]
    assert Client().get("/readyz").json() == {"status": "ready", "mode": "with keys"}


def test_its_recipients_are_its_operators(kiosk):
    for files in ([("key", OTHER_KEY.to_text())], to(OTHER_KEY.public())):
        answer = kiosk.post("/v1/perturb", params=BOX, files=[("image", SMALL_PNG), *files])
        problem(answer, 422, "bad-recipients")
    problem(kiosk.post("/v1/perturb", SMALL_PNG, BOX | {"key_id": KEY.id}), 422, "bad-recipients")
    for asked in ({"key_id": "one-time"}, {"seals": "none"}):
        gone = kiosk.post("/v1/perturb", SMALL_PNG, BOX | asked)
        assert gone.headers["fastperturb-reversible"] == "false"
    answer = kiosk.post("/v1/perturb", SMALL_PNG, BOX | {"reproducible": "true"})
    assert "reproducible needs secret keys" in problem(answer, 422, "bad-recipients")["detail"]


def test_a_secret_beside_recipients_is_refused_at_the_start(monkeypatch, capsys, tmp_path):
    with pytest.raises(ValueError, match="must hold no secret key"):
        Settings(to=(KEY.public(),), keys=KeyRing.of(KEY))
    line, _ = token_with("restore")
    with pytest.raises(ValueError, match="must hold no secret key"):
        Settings(to=(KEY.public(),), tokens=Tokens.from_text(line), allow_restore=True)
    with pytest.raises(ValueError, match="one of them twice"):
        Settings(to=(KEY.public(), KEY.public()))
    with pytest.raises(ValueError, match="origin must be 'key' or 'any'"):
        Settings(origin="all")
    monkeypatch.setenv("FASTPERTURB_KEYS", OTHER_KEY.to_text())
    monkeypatch.setenv("FASTPERTURB_TO", PUBLIC)
    assert run(["serve", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert "must hold no secret key" in said
    assert OTHER_KEY.to_text()[:20] not in said
    monkeypatch.delenv("FASTPERTURB_KEYS")
    for options in (["--to", "none"], ["--to", OTHER_KEY.to_text()], ["--max-images", "0"], ["--origin", "all"]):
        assert run(["serve", "--port", "0", *options]) == 2
        assert OTHER_KEY.to_text()[:20] not in capsys.readouterr().err


def test_recipients_are_read_from_texts_and_files(monkeypatch, tmp_path):
    KEY.public().to_file(tmp_path / "archive.pub")
    monkeypatch.delenv("FASTPERTURB_TO", raising=False)
    assert key_ring.recipients_from_environment() == ()
    monkeypatch.setenv("FASTPERTURB_TO", f"{tmp_path / 'archive.pub'},\n {BACKUP.public().to_text()}")
    assert key_ring.recipients_from_environment() == (KEY.public(), BACKUP.public())
    for text, reason in (
        (f"{PUBLIC} {OTHER_KEY.to_text()}", "recipient 2: a secret key"),
        (FACE, "recipient 1: a secret key"),
        (PUBLIC[:-5], "recipient 1: a public key's text must be"),
        (str(tmp_path / "none"), "recipient 1: No such file"),
    ):
        monkeypatch.setenv("FASTPERTURB_TO", text)
        with pytest.raises(ValueError, match=reason) as caught:
            key_ring.recipients_from_environment()
        for secret in (OTHER_KEY.to_text()[8:], FACE[8:]):
            assert secret not in str(caught.value)
    KEY.to_file(tmp_path / "secret.key")
    with pytest.raises(ValueError, match="not a public key's file") as caught:
        key_ring.read_recipients([tmp_path / "secret.key"], "--to")
    assert KEY.to_text()[8:20] not in str(caught.value)


def test_a_public_key_where_the_ring_needs_secrets(monkeypatch):
    monkeypatch.setenv("FASTPERTURB_KEYS", PUBLIC)
    with pytest.raises(ValueError, match="FASTPERTURB_KEYS, key 1: a key's text must start with"):
        KeyRing.from_environment()


def test_a_request_names_recipients_of_its_own(client):
    own = fp.Key.generate()
    answer = client.post("/v1/perturb", params=BOX, files=[("image", SMALL_PNG), *to(own.public(), BACKUP.public())])
    assert answer.headers["fastperturb-recipients"] == f"{own.public().id},{BACKUP.public().id}"
    for key in (own, BACKUP):
        np.testing.assert_array_equal(brought_back(answer.content, key), SMALL)
    assert not record_in(answer.content).opens_with(KEY)  # the service's own key is for who names nobody
    both = client.post(
        "/v1/perturb", params=BOX | {"key_id": KEY.id}, files=[("image", SMALL_PNG), *to(BACKUP.public())]
    )
    for key in (KEY, BACKUP):
        np.testing.assert_array_equal(brought_back(both.content, key), SMALL)
    mine = client.post(
        "/v1/perturb", params=BOX, files=[("image", SMALL_PNG), ("key", own.to_text()), *to(BACKUP.public())]
    )
    assert fp.examine(SMALL, record_in(mine.content), own).origin == "recipients"
    keyless = Client(Settings()).post("/v1/perturb", params=BOX, files=[("image", SMALL_PNG), *to(own.public())])
    np.testing.assert_array_equal(brought_back(keyless.content, own), SMALL)


def test_too_many_recipients_or_one_twice(client):
    def ask(keys, **options):
        return client.post("/v1/perturb", params=WINDOWS | options, files=[("image", SMALL_PNG), *to(*keys)])

    many = [fp.Key.generate().public() for _ in range(17)]
    assert "1 to 16 recipients, got 17" in problem(ask(many), 422, "bad-recipients")["detail"]
    assert ask(many[:16]).status_code == 200
    assert "got 17" in problem(ask(many[:16], key_id=KEY.id), 422, "bad-recipients")["detail"]
    assert "twice" in problem(ask([many[0], many[0]]), 422, "bad-recipients")["detail"]
    problem(ask(many[:1] * 33), 422, "bad-parts")
    problem(ask(many[:1], key_id="one-time"), 422, "bad-options")
    problem(ask(many[:1], reproducible="true"), 422, "bad-recipients")


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("key", FACE, "the part 'key' holds a face key"),
        ("key", PUBLIC, "the part 'key' holds a public key, which protects and cannot restore"),
        ("key", KEY.to_text()[:-3], "must be the text of a key file"),
        ("to", KEY.to_text(), "the part 'to' holds a secret key"),
        ("to", FACE, "the part 'to' holds a face key"),
        ("to", PUBLIC[:-3], "must be the text of a public key's file"),
        ("face-key", KEY.to_text(), "the part 'face-key' holds a secret key"),
        ("face-key", PUBLIC, "the part 'face-key' holds a public key"),
        ("face-key", FACE[:-1] + "!", "must be the whole text of a face key"),
        ("face-key", "\xff\xfe" * 20, "must be the whole text of a face key"),
    ],
    ids=range(10),  # some of the texts are random
)
def test_a_key_in_the_wrong_place_is_named_and_never_repeated(client, caplog, part, text, says):
    path = "/v1/restore" if part == "face-key" else "/v1/perturb"
    hidden = client.post("/v1/perturb", SMALL_PNG, BOX).content
    answer = client.post(path, files={"image": hidden if part == "face-key" else SMALL_PNG, part: text})
    document = problem(answer, 422, "bad-key")
    assert says in document["detail"]
    logged = " ".join(str(vars(entry)) for entry in caplog.records)
    assert text[8:30] not in answer.text + logged
    if part == "key":
        problem(client.post("/v1/restore", files={"image": hidden, part: text}), 422, "bad-key")


def test_an_old_cryptography_is_one_clear_error(client, monkeypatch):
    def missing(*_):
        raise fp.errors.MissingExtra("public keys need cryptography 48 or newer: pip install 'fastperturb[public]'")

    monkeypatch.setattr("fastperturb.public_key.PublicKey.encrypt", missing)
    answer = client.post("/v1/perturb", params=BOX, files=[("image", SMALL_PNG), *to(BACKUP.public())])
    assert "cryptography 48" in problem(answer, TITLES["not-supported"][0], "not-supported")["detail"]
    with pytest.raises(fp.errors.MissingExtra):
        Settings(to=(KEY.public(),))


def test_a_running_service_that_only_protects(tmp_path):
    """Of its own process: with a public key's file, its log says to whom; beside a secret it does not start."""
    import httpx

    KEY.public().to_file(tmp_path / "archive.pub")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERTURB_")}
    with running(environment=clean | {"FASTPERTURB_TO": str(tmp_path / "archive.pub")}) as (_, address, lines):
        answer = httpx.post(address + "/v1/perturb", params=BOX, content=SMALL_PNG)
        np.testing.assert_array_equal(brought_back(answer.content), SMALL)
        assert httpx.post(address + "/v1/restore", content=answer.content).status_code == 404
    entries = [json.loads(line) for line in lines]
    (listening,) = [entry for entry in entries if entry["event"] == "listening"]
    assert (listening["keys"], listening["recipients"], listening["restores"]) == (0, [KEY.public().id], False)
    assert not [entry for entry in entries if "no keys" in entry["event"]]
