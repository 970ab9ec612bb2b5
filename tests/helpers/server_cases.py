"""What tests of the service share: a client of the application, small images with own boxes, and a running server."""

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import threading
import time
import zipfile

import cv2
import httpx
import numpy as np

import fastperturb as fp
from fastperturb.files.reading import RECORD_TEXT, decode
from fastperturb.server import KeyRing, Settings, create_app
from fastperturb.server.tokens import new_token

KEY = fp.Key(bytes(range(32)))
OTHER_KEY = fp.Key(bytes(range(1, 33)))
BOX = {"region": "5,6,20,22"}
WINDOWS = BOX | {"protect": "windows"}
PNG = {"Content-Type": "image/png"}
WITH_KEYS = Settings(keys=KeyRing.of(KEY, OTHER_KEY))


def encoded(pixels, extension=".png"):
    """A file of an RGB or grey image."""
    order = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    return cv2.imencode(extension, order)[1].tobytes()


def pixels_of(data):
    return decode(data).pixels


def record_in(data):
    """The record inside an image's file."""
    return fp.Record.from_json(decode(data).texts[RECORD_TEXT])


def brought_back(data, key=KEY, record=None):
    """The pixels that a protected file gives back, without the service."""
    return fp.restore(pixels_of(data), record or record_in(data), key)


SMALL = np.random.default_rng(2).integers(0, 256, (40, 50, 3), np.uint8)
SMALL_PNG = encoded(SMALL)


class Client:
    """Sends requests to an application, without a network."""

    def __init__(self, settings=WITH_KEYS):
        self.app = create_app(settings)

    async def send(self, method, path, **rest):
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **rest)

    def get(self, path, **rest):
        return asyncio.run(self.send("GET", path, **rest))

    def post(self, path, data=None, params=None, **rest):
        return asyncio.run(self.send("POST", path, content=data, params=params, **rest))


def archived(answer):
    """The files of an archive by name."""
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def problem(answer, status, name):
    """Checks that an answer is a problem document, and gives it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"urn:fastperturb:problem:{name}"
    assert document["status"] == status
    assert document["title"]
    assert document["instance"].endswith(answer.headers["x-request-id"])
    return document


def token_with(*scopes, name="someone"):
    """A token, its line, and the header that carries it."""
    token, line = new_token(name, scopes)
    return line, {"Authorization": f"Bearer {token}"}


@contextlib.contextmanager
def running(*arguments, environment=None):
    """A server of its own process; gives (process, address, lines of its log so far)."""
    command = [sys.executable, "-m", "fastperturb", "serve", "--port", "0", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    lines = []

    def read():
        for line in process.stderr:
            lines.append(line)

    # The log is read all the time: a server whose pipe is full would stand still after some 150 requests.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while not any("startup complete" in line for line in lines):
            assert process.poll() is None or reader.is_alive(), f"the server ended: {lines}"
            time.sleep(0.02)
        ready = next(line for line in lines if '"listening"' in line)
        yield process, f"http://127.0.0.1:{json.loads(ready)['port']}", lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stderr.close()


def until(condition, seconds=10.0):
    """Waits for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)
