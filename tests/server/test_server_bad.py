"""Bodies that are wrong, and images that are broken, lie or are bombs: each gets a problem document, none a 500."""

import asyncio
import struct
import zlib

import httpx
import numpy as np
import pytest
from damage import broken, mend_crcs
from file_cases import jpeg_of_scans
from server_cases import BOX, KEY, PNG, SMALL, SMALL_PNG, WINDOWS, Client, encoded, pixels_of, problem, record_in

from fastperturb.files import png
from fastperturb.server import KeyRing, Limits, Settings

LIMITS = Limits(body_bytes=200_000, pixels=1_000_000)


@pytest.fixture(scope="module")
def client():
    return Client(Settings(keys=KeyRing.of(KEY), limits=LIMITS))


def png_that_says(width, height, rows=1):
    """A PNG whose header says one thing and whose pixels are fewer."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes((3 * min(width, 50) + 1) * rows))
    return png.SIGNATURE + png.chunk(b"IHDR", head) + png.chunk(b"IDAT", body) + png.chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        png_that_says(50_000, 50_000),
        png_that_says(2**31 - 1, 2**31 - 1),
        png_that_says(1001, 1000),
        b"BM" + struct.pack("<IHHIIiiHHIIIIII", 0, 0, 0, 54, 40, 60_000, 60_000, 1, 8, 1, 0, 0, 0, 0, 0) + b"\0\1",
        b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x22\0\x02\x11\1\x03\x11\1\xff\xda\0\2\xff\xd9",
        b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8L" + struct.pack("<I", 18) + b"\x2f\xff\xff\xff\x0f" + bytes(13),
    ],
)
def test_bombs_are_refused_by_their_header(client, data):
    for path in ("perturb", "view", "locate", "restore"):
        answer = client.post(f"/v1/{path}", files={"image": data, **({"key": KEY.to_text()} if path[0] == "r" else {})})
        assert "more than the limit of 1000000" in problem(answer, 413, "too-many-pixels")["detail"]


def test_bombs_of_many_scans_or_segments(client):
    assert client.post("/v1/locate", jpeg_of_scans(100)).status_code == 200
    many = b"\xff\xd8" + b"\xff\xfe\0\2" * 5001 + jpeg_of_scans(1)[2:]
    for data in (jpeg_of_scans(101), many):
        for path in ("locate", "perturb", "view"):
            assert "has more" in problem(client.post(f"/v1/{path}", data), 422, "damaged-image")["detail"]


def test_headers_that_lie(client):
    problem(client.post("/v1/perturb", png_that_says(50, 40), BOX), 422, "damaged-image")
    truthful = png_that_says(50, 40, rows=40)
    assert client.post("/v1/perturb", truthful, BOX).status_code == 200
    as_jpeg = client.post("/v1/perturb", SMALL_PNG, BOX, headers={"Content-Type": "image/jpeg"})
    assert as_jpeg.status_code == 200  # the content decides
    gap = truthful.replace(b"IEND", b"IEMD")
    problem(client.post("/v1/perturb", gap, BOX), 422, "damaged-image")
    bomb = b"".join(png.with_chunks([SMALL_PNG], bytes(2**24 + 1), {}))  # a profile that inflates beyond its limit
    assert len(bomb) < 40_000
    answer = client.post("/v1/perturb", bomb, BOX)
    assert answer.status_code == 200
    assert b"iCCP" not in answer.content


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"GIF89a" + bytes(30),
        b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20),
        b"\xff\x0a" + bytes(30),
        b"%PDF-1.7 " + bytes(30),
        b"hello",
        b"\0",
        bytes(1000),
    ],
)
def test_what_is_not_an_image_of_these_kinds(client, data):
    for path in ("perturb", "view", "locate"):
        problem(client.post(f"/v1/{path}", data, headers=PNG), 415, "unsupported-media")


def test_wrong_bodies(client):
    def ask(data, kind, **headers):
        return client.post("/v1/perturb", data, BOX, headers={"Content-Type": kind, **headers})

    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"):
        problem(ask(SMALL_PNG, kind), 415, "unsupported-media")
    problem(ask(zlib.compress(SMALL_PNG), "image/png", **{"Content-Encoding": "deflate"}), 415, "unsupported-media")
    problem(ask(b"", "image/png"), 422, "bad-parts")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 71):
        problem(ask(b"--x--", kind), 422, "bad-parts")
    form = "multipart/form-data; boundary=x"
    part = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
    assert ask(part + SMALL_PNG + b"\r\n--x--\r\n", form).status_code == 200
    for data in (
        b"",
        b"--x--",
        b"no form",
        part + SMALL_PNG,
        part + SMALL_PNG + b"\r\n--x\r\n",
        part + b"\r\n--x--\r\n",
        part + SMALL_PNG + b"\r\n" + 2 * (part.replace(b"image", b"key") + b"x\r\n") + b"--x--\r\n",
        101 * (part + b"x\r\n") + b"--x--\r\n",
        part.replace(b"image", b"picture") + SMALL_PNG + b"\r\n--x--\r\n",
        part.replace(b"form-data; ", b"attachment; ") + SMALL_PNG + b"\r\n--x--\r\n",
        part.replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 5000 + b"\r\n\r\n") + SMALL_PNG + b"\r\n--x--\r\n",
        part + SMALL_PNG + b"\r\n" + part.replace(b"image", b"cells") + b"8\r\n--x--\r\n",
    ):
        problem(ask(data, form), 422, "bad-parts")
    raw = client.post("/v1/compare", SMALL_PNG, headers=PNG)
    assert "multipart/form-data" in problem(raw, 415, "unsupported-media")["detail"]
    problem(client.post("/v1/compare", files={"before": SMALL_PNG}), 422, "bad-parts")


def test_too_large_a_body_is_cut_off(client):
    problem(client.post("/v1/perturb", bytes(200_001)), 413, "body-too-large")
    sent = []

    async def endless():
        while True:
            sent.append(1)
            yield bytes(2**16)

    problem(client.post("/v1/perturb", endless()), 413, "body-too-large")
    assert len(sent) * 2**16 < 2_000_000


def test_too_slow_a_body_is_cut_off():
    client = Client(Settings(limits=Limits(upload_seconds=0.2)))

    async def slow():
        yield b"\x89PNG"
        await asyncio.sleep(1.5)
        yield b"more"

    problem(client.post("/v1/perturb", slow()), 408, "upload-timeout")
    assert client.app.state.service.pool.admitted == 0


def test_too_slow_a_job_is_given_up():
    client = Client(Settings(limits=Limits(seconds=0.001)))
    large = encoded(np.zeros((1500, 1500, 3), np.uint8))
    problem(client.post("/v1/preview", large, BOX), 503, "timeout")
    pool = client.app.state.service.pool
    pool.close()
    assert (pool.admitted, pool.running) == (0, 0)


def test_what_goes_wrong_inside_is_told_without_its_content(client, monkeypatch, caplog):
    def fail(*_, **__):
        raise KeyError("fpkey1_this_is_secret")

    monkeypatch.setattr("fastperturb.server.protect_work.perturb", fail)
    answer = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    problem(answer, 500, "internal")
    logged = " ".join(str(vars(entry)) for entry in caplog.records)
    assert "KeyError" in logged
    assert "secret" not in logged + answer.text

    def starve(*_, **__):
        raise MemoryError

    monkeypatch.setattr("fastperturb.server.protect_work.perturb", starve)
    problem(client.post("/v1/perturb", SMALL_PNG, WINDOWS), 503, "out-of-memory")


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".tiff", ".bmp", ".ppm"])
def test_broken_images(client, extension):
    """Hundreds of broken images of each kind: protected or refused, never a failure, and all the work is over."""
    rng = np.random.default_rng(5)
    data = encoded(SMALL, extension)
    seen = {}

    async def all_of_them():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url="http://localhost") as http:
            for number in range(300):
                body = broken(data, rng)
                if extension == ".png" and number % 2:
                    body = mend_crcs(body)
                answer = await http.post("/v1/perturb", params=WINDOWS, content=body)
                seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
                if answer.status_code == 200:
                    assert pixels_of(answer.content).shape == record_in(answer.content).shape
                else:
                    assert answer.headers["content-type"] == "application/problem+json"

    asyncio.run(all_of_them())
    assert set(seen) <= {200, 413, 415, 422}
    assert sum(seen.values()) - seen.get(200, 0) > 50
    assert client.app.state.service.pool.admitted == 0


def test_broken_bodies_of_many_parts(client):
    rng = np.random.default_rng(6)
    hidden = client.post("/v1/perturb", SMALL_PNG, WINDOWS)
    files = {"image": hidden.content, "record": hidden.headers["fastperturb-record"], "key": KEY.to_text()}
    request = httpx.Request("POST", "http://localhost/", files=files)
    data, headers = request.read(), {"Content-Type": request.headers["content-type"]}
    seen = set()

    async def all_of_them():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url="http://localhost") as http:
            assert (await http.post("/v1/restore", content=data, headers=headers)).status_code == 200
            for _ in range(300):
                answer = await http.post("/v1/restore", content=broken(data, rng), headers=headers)
                seen.add(answer.status_code)
                if answer.status_code == 200:  # damage outside what counts: the original all the same
                    assert np.array_equal(pixels_of(answer.content), SMALL)

    asyncio.run(all_of_them())
    assert seen <= {200, 403, 413, 415, 422}
    assert 422 in seen
