"""A server of its own process: many callers, a full queue, bodies cut off on the wire, a graceful stop, the log."""

import concurrent.futures
import json
import os
import signal
import socket
import sys
import time

import httpx
import numpy as np
import pytest
from server_cases import BOX, KEY, OTHER_KEY, SMALL, SMALL_PNG, brought_back, encoded, running, token_with, until

import fastperturb as fp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("FASTPERTURB_")}
WITH_KEY = CLEAN | {"FASTPERTURB_KEYS": KEY.to_text()}


def test_many_callers_at_once_get_each_their_own():
    rng = np.random.default_rng(3)
    images = [rng.integers(0, 256, (60, 70, 3), np.uint8) for _ in range(60)]
    with running(environment=WITH_KEY) as (_, address, _lines), httpx.Client(base_url=address) as client:

        def once(image):
            answer = client.post("/v1/perturb", params=BOX, content=encoded(image))
            while answer.status_code == 429:
                time.sleep(0.05)
                answer = client.post("/v1/perturb", params=BOX, content=encoded(image))
            return np.array_equal(brought_back(answer.content), image)

        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            assert all(pool.map(once, images))


def test_a_full_queue_refuses_and_recovers():
    large = encoded(np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8))
    options = ("--workers", 1, "--queue", 1)
    with running(*options, environment=WITH_KEY) as (_, address, _lines), httpx.Client(timeout=60) as client:

        def once(_):
            return client.post(address + "/v1/preview", params=BOX, content=large)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(once, range(8)))
            refused = [item for item in answers if item.status_code == 429]
        assert {item.status_code for item in answers} == {200, 429}
        assert all(int(item.headers["retry-after"]) >= 1 for item in refused)
        assert all(item.json()["type"].endswith("too-busy") for item in refused)
        assert client.get(address + "/healthz").status_code == 200
        assert client.post(address + "/v1/perturb", params=BOX, content=SMALL_PNG).status_code == 200


def test_bodies_are_cut_off_on_the_wire():
    with running("--max-megabytes", 0.25, environment=WITH_KEY) as (_, address, _lines):
        host, port = address.removeprefix("http://").split(":")
        for head in ("Content-Length: 99999999999", "Transfer-Encoding: chunked"):
            with socket.create_connection((host, int(port)), 20) as wire:
                wire.sendall(f"POST /v1/perturb HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
                sent = 0
                try:
                    while sent < 2**26:
                        sent += wire.send(b"10000\r\n" + bytes(2**16) + b"\r\n")
                except OSError:
                    pass
                assert sent < 2**25
        with socket.create_connection((host, int(port)), 20) as wire:  # what is sent whole gets its answer
            body = bytes(400_000)
            head = f"POST /v1/perturb HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            wire.sendall(head.encode() + body)
            assert wire.recv(100).startswith(b"HTTP/1.1 413 ")
        assert httpx.get(address + "/healthz").status_code == 200


def test_work_for_a_client_that_went_away_is_dropped():
    large = encoded(np.random.default_rng(0).integers(0, 256, (1200, 1600, 3), np.uint8))
    with running("--workers", 1, environment=WITH_KEY) as (_, address, lines):
        host, port = address.removeprefix("http://").split(":")
        head = f"POST /v1/preview?region=5,6,20,22 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(large)}\r\n\r\n"
        for _ in range(4):
            with socket.create_connection((host, int(port))) as wire:
                wire.sendall(head.encode() + large)
        began = time.monotonic()
        answer = httpx.post(address + "/v1/perturb", params=BOX, content=SMALL_PNG, timeout=60)
        assert answer.status_code == 200
        assert time.monotonic() - began < 30
    gone = [json.loads(line) for line in lines if '"status": 499' in line]
    assert len(gone) >= 3


def test_sigterm_finishes_what_is_running_and_refuses_what_is_new():
    large = encoded(np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8))
    with running("--workers", 1, environment=WITH_KEY) as (process, address, _lines):
        with concurrent.futures.ThreadPoolExecutor(3) as pool, httpx.Client(timeout=60) as client:
            jobs = [pool.submit(client.post, address + "/v1/preview", params=BOX, content=large) for _ in range(3)]
            until(lambda: "fastperturb_admitted 3.0" in httpx.get(address + "/metrics").text)
            process.send_signal(signal.SIGTERM)
            until(lambda: _refused(address))
            assert [job.result().status_code for job in jobs] == [200, 200, 200]
        assert process.wait(30) in (0, -signal.SIGTERM)


def _refused(address):
    try:
        return httpx.post(address + "/v1/locate", content=SMALL_PNG, timeout=5).status_code == 503
    except httpx.TransportError:
        return True


def test_draining_tells_load_balancers_first():
    with running("--drain-seconds", 3, environment=WITH_KEY) as (process, address, _lines):
        assert httpx.get(address + "/readyz").status_code == 200
        process.send_signal(signal.SIGTERM)
        until(lambda: httpx.get(address + "/readyz").status_code == 503)
        answer = httpx.post(address + "/v1/locate", content=SMALL_PNG)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("stopping")
        assert "retry-after" in answer.headers
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_a_hangup_reloads_keys(tmp_path):
    KEY.to_file(tmp_path / "a.key")
    options = ("--keys", tmp_path, "--reload-seconds", 3600)
    with running(*options, environment=CLEAN) as (process, address, _lines):

        def key_id():
            return httpx.post(address + "/v1/perturb", params=BOX, content=SMALL_PNG).headers["fastperturb-key-id"]

        assert key_id() == KEY.id
        OTHER_KEY.to_file(tmp_path / "b.key")
        (tmp_path / "current").write_text(OTHER_KEY.id)
        process.send_signal(signal.SIGHUP)
        until(lambda: key_id() == OTHER_KEY.id)


def test_the_log_is_json_and_holds_no_secret(tmp_path):
    line, header = token_with("perturb", "restore", name="web")
    (tmp_path / "tokens").write_text(line)
    token = header["Authorization"].removeprefix("Bearer ")
    own = fp.Key.generate().to_text()
    options = ("--tokens", tmp_path / "tokens", "--allow-restore")
    with running(*options, environment=WITH_KEY) as (process, address, lines):
        with httpx.Client(base_url=address, headers=header) as client:
            hidden = client.post("/v1/perturb", params=BOX, content=SMALL_PNG)
            client.post("/v1/restore", content=hidden.content)
            client.post("/v1/perturb", params=BOX, files={"image": SMALL_PNG, "key": own})
            client.post("/v1/perturb", params={"key": own, token: own}, files={"image": SMALL_PNG, own: own})
            client.get(f"/v1/{own}", headers={"X-Request-Id": own + "!"})
            client.post("/v1/perturb", content=b"fpkey1_nonsense", headers={"Authorization": f"Bearer {own}"})
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    entries = [json.loads(entry) for entry in lines]
    text = "".join(lines)
    for secret in (own, token, KEY.to_text(), token[:20], own[:20], "nonsense", SMALL.tobytes()[:12].hex()):
        assert secret not in text
    requests = [entry for entry in entries if entry["event"] == "request"]
    assert [entry["status"] for entry in requests] == [200, 200, 200, 422, 404, 401]
    assert "stopped" in [entry["event"] for entry in entries]
    assert requests[0]["caller"] == "web"
    assert {"request_id", "method", "route", "seconds", "waited", "bytes_in", "bytes_out", "pixels"} <= set(requests[0])
    assert requests[4]["route"] == "unmatched"
