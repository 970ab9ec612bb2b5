"""What one request may cost the service, and what it gives back: bodies, records, regions, results, memory."""

import gc
import socket
import tracemalloc
import zlib

import bombs
import numpy as np
import pytest
from bounds import bounded
from raw_files import grey_png, grey_tags, tiff_of
from server_cases import BOX, KEY, PNG, SMALL_PNG, Client, encoded, pixels_of, problem, running

from fastperturb.server import KeyRing, Limits, Settings
from fastperturb.server.image_work import MAX_RECORD_REGIONS

NOISE = np.random.default_rng(5).integers(0, 256, (300, 400, 3), np.uint8)
LIMITS = Limits(body_bytes=100_000, pixels=200_000, workers=1)


def multipart(boundary=b"XX", **parts):
    body = b""
    for name, data in parts.items():
        head = b'Content-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n'
        body += b"--" + boundary + b"\r\n" + head + data + b"\r\n"
    return body + b"--" + boundary + b"--\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=XX"}


@pytest.fixture(scope="module")
def client():
    return Client(Settings(keys=KeyRing.of(KEY), limits=LIMITS))


@pytest.mark.parametrize("quality", [30, 60])
def test_what_perturb_writes_can_be_restored_viewed_and_compared(client, quality):
    import cv2

    smooth = cv2.resize(NOISE[:30, :40], (400, 300), interpolation=cv2.INTER_CUBIC)
    jpeg = cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    assert len(jpeg) < LIMITS.body_bytes
    hidden = client.post("/v1/perturb", jpeg, {"region": "0,0,400,300", "window": "region"})
    assert len(hidden.content) > 2 * LIMITS.body_bytes
    back = client.post("/v1/restore", files={"image": hidden.content, "key": KEY.to_text()})
    assert np.array_equal(pixels_of(back.content), pixels_of(jpeg))
    assert client.post("/v1/view", hidden.content).status_code == 200
    assert client.post("/v1/locate", hidden.content).status_code == 200
    both = {"before": jpeg, "after": hidden.content}
    assert client.post("/v1/compare", files=both).json()["psnr"] > 5
    problem(client.post("/v1/perturb", hidden.content, BOX), 413, "body-too-large")
    assert client.get("/v1/info").json()["limits"]["result_bytes"] == LIMITS.most_result_bytes == 1_600_000


def test_what_could_not_be_restored_is_not_written():
    limits = Limits(body_bytes=500_000, pixels=200_000, result_bytes=1)
    strict = Client(Settings(keys=KeyRing.of(KEY), limits=limits))
    flat = encoded(np.zeros_like(NOISE))
    assert strict.post("/v1/perturb", flat, BOX).status_code == 200
    tight = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(body_bytes=380_000, pixels=200_000, result_bytes=1)))
    found = tight.post("/v1/perturb", encoded(NOISE), {"region": "0,0,400,300"})
    assert found.status_code == 200 or problem(found, 422, "result-too-large")
    deep = np.random.default_rng(1).integers(0, 65_536, (200, 250, 3), np.uint16)
    small = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(body_bytes=290_000, pixels=60_000)))
    few = zlib.compress(deep.tobytes())
    assert len(few) > 290_000
    assert small.post("/v1/perturb", encoded(deep[:100, :100]), BOX).status_code == 200


def test_larger_bodies_wait_for_a_place_of_their_own(client):
    pool = client.app.state.service.pool
    body = {"image": encoded(NOISE), "key": KEY.to_text()}
    assert problem(client.post("/v1/restore", files=body), 422, "no-record")
    pool.large = pool.workers
    try:
        answer = client.post("/v1/restore", files=body)
        assert problem(answer, 429, "too-busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert client.post("/v1/locate", SMALL_PNG).status_code == 200
    finally:
        pool.large = 0
    problem(client.post("/v1/restore", files=body), 422, "no-record")
    assert (pool.large, pool.admitted) == (0, 0)


def test_records_are_bounded_before_they_are_parsed():
    roomy = Client(Settings(keys=KeyRing.of(KEY)))
    nested = multipart(image=SMALL_PNG, record=bombs.NESTED)
    with bounded(0.4, 120):
        problem(roomy.post("/v1/view", nested, headers=FORM), 422, "bad-record")
    many = multipart(image=SMALL_PNG, record=bombs.record_of(MAX_RECORD_REGIONS + 1).encode())
    for path in ("view", "restore"):
        parts = (
            many
            if path == "view"
            else multipart(
                image=SMALL_PNG, record=bombs.record_of(MAX_RECORD_REGIONS + 1).encode(), key=KEY.to_text().encode()
            )
        )
        assert "1000 regions" in problem(roomy.post(f"/v1/{path}", parts, headers=FORM), 422, "bad-record")["detail"]


def test_regions_may_cover_an_image_twice_and_not_without_end(client):
    wide = encoded(np.zeros((400, 400), np.uint8))
    whole = "0,0,400,400"
    over = [("region", whole)] * 9 + [("window", "4")]
    for path in ("perturb", "view", "locate", "preview"):
        options = over[:9] if path == "locate" else over
        assert "more than twice" in problem(client.post(f"/v1/{path}", wide, options), 422, "bad-options")["detail"]
    assert client.post("/v1/view", wide, [("region", whole)] * 2).status_code == 200
    record = bombs.record_of(300, 400).replace("[400, 400, 3]", "[400, 400]").encode()
    answer = client.post("/v1/view", multipart(image=wide, record=record), headers=FORM)
    assert "more than 8 times" in problem(answer, 422, "bad-record")["detail"]


def test_bombs_of_text_pixels_and_tiles(client):
    with bounded(1, 100):
        assert client.post("/v1/perturb", grey_png(*[(b"zTXt", b"k\0\0" + bombs.TEXT)] * 9), BOX).status_code == 200
    endless = bombs.pixels_without_end()
    with bounded(0.5, 50):
        answer = client.post("/v1/locate", endless)
    assert "compressed data" in problem(answer, 422, "damaged-image")["detail"]
    problem(client.post("/v1/locate", bombs.huge_tile()), 413, "too-many-pixels")
    problem(client.post("/v1/locate", tiff_of(grey_tags(600, t259=(3, [34712])), bytes(600))), 415, "unsupported-media")
    problem(client.post("/v1/locate", b"II+\0\x08\0\0\0" + b"\xff" * 8), 422, "damaged-image")


TEXT = KEY.to_text().encode()
REFUSED = {
    "too large": ("/v1/perturb", lambda big: big + bytes(300_000), {}, 413),
    "no image": ("/v1/locate", lambda big: big, {}, 415),
    "damaged": ("/v1/locate", lambda big: SMALL_PNG[:-20] + big, {}, 422),
    "parts": ("/v1/locate", lambda big: multipart(image=SMALL_PNG, other=big), FORM, 422),
    "no end": ("/v1/locate", lambda big: multipart(image=big)[:-9], FORM, 422),
    "record": ("/v1/view", lambda big: multipart(image=SMALL_PNG, record=big), FORM, 422),
    "key": ("/v1/restore", lambda big: multipart(image=SMALL_PNG, key=big), FORM, 422),
    "no record": (
        "/v1/restore",
        lambda big: multipart(image=SMALL_PNG, key=KEY.to_text().encode(), record=b"{}" + big),
        FORM,
        422,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_bodies_are_let_go_of_at_once(name):
    path, make, headers, status = REFUSED[name]
    client = Client(Settings(keys=KeyRing.of(KEY), limits=Limits(body_bytes=2_200_000)))
    body = make(bytes(2_000_000) if name != "too large" else bytes(2_150_000))
    assert client.post(path, body, headers=headers).status_code == status
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = 0
        for count in range(7):
            assert client.post(path, body, headers=headers).status_code == status
            if count == 1:  # a worker may hold on to what it did last
                before = tracemalloc.get_traced_memory()[0]
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert kept < 2_500_000, f"{kept} bytes of five bodies are still there, which are more than the last"


@pytest.mark.parametrize("before", [b"", b"This is a preamble.\r\n", b"--X\r\n\r\n", b"\r\n" * 30])
@pytest.mark.parametrize("after", [b"", b"That was all.\r\n", b"\r\n" * 30, b"--XX\r\nmore", b"x" * 70_000])
def test_preamble_and_epilogue_are_ignored(client, before, after):
    body = before + multipart(image=SMALL_PNG) + after
    assert client.post("/v1/locate", body, headers=FORM).status_code == 200
    unended = before + multipart(image=SMALL_PNG).replace(b"--XX--", b"--XX")
    problem(client.post("/v1/locate", unended, headers=FORM), 422, "bad-parts")


def test_two_ways_to_say_where_a_body_ends_are_refused(client):
    both = {**PNG, "Content-Length": str(len(SMALL_PNG)), "Transfer-Encoding": "chunked"}
    answer = client.post("/v1/locate", SMALL_PNG, headers=both)
    assert "not both" in problem(answer, 400, "bad-request")["detail"]
    assert answer.headers["connection"] == "close"


def test_smuggled_requests_get_no_answer():
    with running() as (_, address, _lines):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            hidden = b"GET /v1/info HTTP/1.1\r\nHost: localhost\r\n\r\n"
            head = b"POST /v1/locate HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
            head += b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(hidden))
            connection.sendall(head + hidden)
            answers = b""
            while piece := connection.recv(65_536):
                answers += piece
    assert answers.startswith(b"HTTP/1.1 400")
    assert answers.count(b"HTTP/1.1 ") == 1


def test_a_key_folder_and_a_token_file_hold_regular_files(tmp_path):
    from fastperturb.server import Tokens

    KEY.to_file(tmp_path / "a.key")
    (tmp_path / "device.key").symlink_to("/dev/zero")
    (tmp_path / "current").symlink_to("/dev/zero")
    with bounded(1, 30):
        ring = KeyRing.from_folder(tmp_path)
        assert ring.get(KEY.id) == KEY
        assert "device.key: not a regular file" in ring.problems
        assert "current: not a regular file" in ring.problems
        with pytest.raises(OSError, match="not a regular file"):
            Tokens.from_file("/dev/zero")
