"""Who may do what with which key: tokens, scopes, the key ring and its rotation, addresses, and the command."""

import asyncio
import os

import numpy as np
import pytest
from server_cases import BOX, KEY, OTHER_KEY, SMALL, SMALL_PNG, Client, pixels_of, problem, token_with

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.server import KeyRing, Settings, Tokens, create_app
from fastperturb.server.settings import Limits, check_address, local_names
from fastperturb.server.tokens import new_token

PERTURB, PERTURB_HEADER = token_with("perturb", name="web")
RESTORE, RESTORE_HEADER = token_with("restore", name="vault")
NUMBERS, NUMBERS_HEADER = token_with("metrics", name="prometheus")
TOKENS = Tokens.from_text(f"# ours\n\n{PERTURB}\n{RESTORE}\n{NUMBERS}\n")


@pytest.fixture(scope="module")
def guarded():
    return Client(Settings(keys=KeyRing.of(KEY), tokens=TOKENS, allow_restore=True))


@pytest.mark.parametrize("name", ["perturb", "preview", "view", "locate", "compare", "restore"])
def test_everything_needs_a_token(guarded, name):
    files = {"before": SMALL_PNG, "after": SMALL_PNG} if name == "compare" else {"image": SMALL_PNG}
    for headers in ({}, {"Authorization": "Bearer fptok1_" + "A" * 43}, {"Authorization": "Basic eDp5"}):
        answer = guarded.post(f"/v1/{name}", files=files, headers=headers)
        problem(answer, 401, "unauthorised")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = guarded.post(f"/v1/{name}", files=files, headers=NUMBERS_HEADER)
    problem(answer, 403, "forbidden")
    assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_restoring_needs_its_own_scope(guarded):
    hidden = guarded.post("/v1/perturb", SMALL_PNG, BOX, headers=PERTURB_HEADER).content
    problem(guarded.post("/v1/perturb", SMALL_PNG, BOX, headers=RESTORE_HEADER), 403, "forbidden")
    problem(guarded.post("/v1/restore", hidden, headers=PERTURB_HEADER), 403, "forbidden")
    problem(guarded.post("/v1/restore", files={"image": hidden}, headers=PERTURB_HEADER), 403, "forbidden")
    for body in ({"data": hidden}, {"files": {"image": hidden}}):
        back = guarded.post("/v1/restore", headers=RESTORE_HEADER, **body)
        assert np.array_equal(pixels_of(back.content), SMALL)
    own = {"image": hidden, "key": KEY.to_text()}
    assert guarded.post("/v1/restore", files=own, headers=PERTURB_HEADER).status_code == 200
    problem(guarded.post("/v1/restore", files=own), 401, "unauthorised")


def test_restoring_is_off_unless_it_is_allowed():
    client = Client(Settings(keys=KeyRing.of(KEY), tokens=TOKENS))
    hidden = client.post("/v1/perturb", SMALL_PNG, BOX, headers=PERTURB_HEADER).content
    problem(client.post("/v1/restore", hidden, headers=RESTORE_HEADER), 403, "restore-off")
    problem(client.post("/v1/restore", files={"image": hidden}, headers=RESTORE_HEADER), 403, "restore-off")
    with pytest.raises(ValueError, match="a token with the scope 'restore'"):
        Settings(allow_restore=True)
    with pytest.raises(ValueError, match="a token with the scope 'restore'"):
        Settings(allow_restore=True, no_auth=True, tokens=Tokens.from_text(PERTURB))


def test_behind_a_gateway_only_restoring_asks_for_a_token():
    client = Client(Settings(keys=KeyRing.of(KEY), tokens=TOKENS, no_auth=True, allow_restore=True))
    hidden = client.post("/v1/perturb", SMALL_PNG, BOX).content
    problem(client.post("/v1/restore", hidden), 401, "unauthorised")
    assert client.post("/v1/restore", hidden, headers=RESTORE_HEADER).status_code == 200


def test_open_addresses_and_guarded_numbers(guarded):
    for path in ("/healthz", "/readyz", "/v1/info", "/openapi.json"):
        assert guarded.get(path).status_code == 200
    problem(guarded.get("/metrics"), 401, "unauthorised")
    problem(guarded.get("/metrics", headers=PERTURB_HEADER), 403, "forbidden")
    assert "fastperturb_keys 1.0" in guarded.get("/metrics", headers=NUMBERS_HEADER).text
    assert guarded.get("/v1/info").json()["needs_token"] is True


def test_other_names_and_other_sites():
    client = Client(Settings(host_names=("localhost", "[::1]")))
    problem(client.get("/v1/info", headers={"Host": "evil.example:80"}), 421, "misdirected")
    for name in ("localhost:8000", "LOCALHOST", "[::1]:8000", "[::1]"):
        assert client.get("/v1/info", headers={"Host": name}).status_code == 200
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    problem(client.post("/v1/locate", SMALL_PNG, headers={"Sec-Fetch-Site": "cross-site"}), 403, "cross-site")
    assert client.post("/v1/locate", SMALL_PNG, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_nobody_is_sent_to_another_address(guarded):
    """A redirect would name http:// behind a gateway that ends TLS, and callers send body and token after it."""
    for path in ("/v1/perturb/", "/v1/locate/", "/healthz/", "/static/"):
        for answer in (guarded.post(path, SMALL_PNG, headers=PERTURB_HEADER), guarded.get(path)):
            problem(answer, 404, "not-found")
            assert "location" not in answer.headers


def test_addresses_that_others_can_reach():
    for host in ("0.0.0.0", "::", "192.168.1.4", "example.org"):  # noqa: S104
        with pytest.raises(ValueError, match="give tokens"):
            check_address(host, Settings())
        check_address(host, Settings(no_auth=True))
        check_address(host, Settings(tokens=TOKENS))
        assert local_names(host) == ()
    for host in ("localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"):
        check_address(host, Settings())
        assert "localhost" in local_names(host)
    assert {"127.8.9.1", "[::1]"} <= {*local_names("127.8.9.1"), *local_names("::1")}  # by the address itself too


def test_tokens_are_read_strictly_and_never_shown():
    token, line = new_token("me", ["perturb"])
    for text, reason in (
        ("", "at least one line"),
        (token, "line 1 must be"),
        (f"\n{line} more", "line 2 must be"),
        (line.replace("perturb", "all"), "scopes must be of"),
    ):
        with pytest.raises(ValueError, match=reason) as caught:
            Tokens.from_text(text)
        assert token not in str(caught.value)
    assert token not in repr(Tokens.from_text(line)) + line
    assert Tokens.from_text(line).holder(token).name == "me"
    assert Tokens.from_text(line).holder(token[:-1]) is None
    assert Tokens.from_text(line).holder("ü") is None


def test_a_token_file_that_cannot_be_is_named(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("nonsense")
    with pytest.raises(ValueError, match=r"tokens: line 1 must be 'sha256:HASH") as caught:
        Tokens.from_file(path)
    assert str(caught.value).startswith(str(path))


def test_a_token_file_is_reloaded_and_nothing_is_valid_while_it_cannot_be_read(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(PERTURB)
    client = Client(Settings(tokens=Tokens.from_file(path)))
    service = client.app.state.service

    def status(header):
        return client.post("/v1/locate", SMALL_PNG, headers=header).status_code

    assert status(PERTURB_HEADER) == 200
    line, header = token_with("perturb")
    path.write_text(line)
    service.reload()
    assert (status(PERTURB_HEADER), status(header)) == (401, 200)
    path.write_text("nonsense")
    service.reload()
    assert status(header) == 401
    assert client.get("/readyz").status_code == 503
    path.write_text(line)
    service.reload()
    assert status(header) == 200


def test_rotating_and_erasing_keys(tmp_path, caplog):
    KEY.to_file(tmp_path / "2026-01.key")
    line, header = token_with("perturb", "restore")
    client = Client(Settings(keys=KeyRing.from_folder(tmp_path), tokens=Tokens.from_text(line), allow_restore=True))
    service = client.app.state.service

    def protect():
        return client.post("/v1/perturb", SMALL_PNG, BOX, headers=header)

    first = protect()
    assert first.headers["fastperturb-key-id"] == KEY.id
    OTHER_KEY.to_file(tmp_path / "2026-02.key")
    service.reload()
    document = problem(protect(), 503, "no-current-key")  # two keys, and nothing says which: no one-time key instead
    assert KEY.id not in str(document)
    assert problem(client.get("/readyz"), 503, "not-ready")["detail"] == "no current key"
    (tmp_path / "current").write_text(KEY.id + "\n")  # as docs/server.md has it: before the second key is there
    service.reload()
    assert protect().headers["fastperturb-key-id"] == KEY.id
    (tmp_path / "current").write_text(OTHER_KEY.id + "\n")
    service.reload()
    assert protect().headers["fastperturb-key-id"] == OTHER_KEY.id
    assert client.get("/readyz").status_code == 200
    back = client.post("/v1/restore", first.content, headers=header)
    assert np.array_equal(pixels_of(back.content), SMALL)
    (tmp_path / "2026-01.key").unlink()
    service.reload()
    problem(client.post("/v1/restore", first.content, headers=header), 404, "unknown-key")
    (tmp_path / "broken.key").write_text("fpkey1_SECRET")
    service.reload()
    assert protect().status_code == 200
    assert any("broken.key: not a key file" in str(getattr(entry, "fields", "")) for entry in caplog.records)
    assert "SECRET" not in caplog.text


def test_reloading_goes_on_after_it_failed(tmp_path, monkeypatch, caplog):
    KEY.to_file(tmp_path / "a.key")
    settings = Settings(keys=KeyRing.from_folder(tmp_path), reload_seconds=0.01)
    app = create_app(settings)
    reload, failures = app.state.service.reload, [MemoryError("a key's content"), RuntimeError("of it")]

    def failing(service):
        if failures:
            raise failures.pop()
        reload()

    monkeypatch.setattr(type(app.state.service), "reload", failing)

    async def live():
        async with app.router.lifespan_context(app):
            (tmp_path / "a.key").unlink()
            for _ in range(1000):
                await asyncio.sleep(0.01)
                if not len(settings.keys):
                    return

    asyncio.run(live())
    assert not failures
    assert len(settings.keys) == 0
    assert caplog.text.count("reloading failed") == 2
    assert "content" not in caplog.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_among_the_keys_is_not_waited_for(tmp_path):
    KEY.to_file(tmp_path / "a.key")
    os.mkfifo(tmp_path / "b.key")
    ring = KeyRing.from_folder(tmp_path)
    assert ring.current == KEY
    assert "b.key: not a regular file" in ring.problems


def test_key_rings(tmp_path, monkeypatch):
    assert not KeyRing.empty().configured
    monkeypatch.delenv("FASTPERTURB_KEYS", raising=False)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    assert not KeyRing.from_environment().configured
    monkeypatch.setenv("FASTPERTURB_KEY", KEY.to_text())
    assert KeyRing.from_environment().current == KEY
    monkeypatch.setenv("FASTPERTURB_KEYS", f"{OTHER_KEY.to_text()},\n{KEY.to_text()}")
    ring = KeyRing.from_environment()
    assert (ring.current, ring.get(KEY.id), len(ring), ring.reload()) == (OTHER_KEY, KEY, 2, False)
    assert repr(ring) == f"KeyRing({sorted([KEY.id, OTHER_KEY.id])}, current={OTHER_KEY.id!r})"
    monkeypatch.setenv("FASTPERTURB_KEYS", f"{KEY.to_text()} {OTHER_KEY.to_text()[:-1]}")
    with pytest.raises(ValueError, match="FASTPERTURB_KEYS, key 2") as caught:
        KeyRing.from_environment()
    assert OTHER_KEY.to_text()[8:20] not in str(caught.value)
    with pytest.raises(FileNotFoundError):
        KeyRing.from_folder(tmp_path / "none")
    empty = KeyRing.from_folder(tmp_path)
    assert empty.configured
    assert empty.current is None
    (tmp_path / "current").write_text(KEY.id)
    KEY.to_file(tmp_path / ".hidden.key")
    assert empty.reload()
    assert (len(empty), empty.current) == (0, None)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_key_that_others_can_read_is_reported(tmp_path):
    KEY.to_file(tmp_path / "a.key")
    assert KeyRing.from_folder(tmp_path).problems == ()
    (tmp_path / "a.key").chmod(0o644)
    (line,) = KeyRing.from_folder(tmp_path).problems
    assert "a.key: others can read" in line


def test_limits_are_checked():
    for wrong in ({"body_bytes": 0}, {"seconds": float("nan")}, {"pixels": -1}, {"workers": 0}, {"queue": -1}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"{name} must be"):
            Limits(**wrong)


def test_the_commands_refuse_what_is_not_safe(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("FASTPERTURB_KEYS", "FASTPERTURB_KEY", "FASTPERTURB_TOKENS"):
        monkeypatch.delenv(name, raising=False)
    assert run(["serve", "--host", "0.0.0.0"]) == 2  # noqa: S104
    assert "give tokens" in capsys.readouterr().err
    assert run(["serve", "--allow-restore"]) == 2
    assert run(["serve", "--keys", "none"]) == 2
    assert run(["serve", "--tokens", "none"]) == 2
    assert "none: No such file" in capsys.readouterr().err
    assert run(["token", "a b"]) == 2
    assert run(["token", "web", "--scope", "perturb", "--scope", "metrics", "--tokens", "tokens"]) == 0
    token = capsys.readouterr().out.strip()
    holder = Tokens.from_file("tokens").holder(token)
    assert (holder.name, holder.scopes) == ("web", {"perturb", "metrics"})
    assert token not in (tmp_path / "tokens").read_text()


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fastapi", None)
    with pytest.raises(fp.errors.MissingExtra, match=r"fastperturb\[server\]"):
        Client()
