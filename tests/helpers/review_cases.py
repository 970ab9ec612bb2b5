"""What tests of the review share: a folder of pictures, an application without a network, and the command itself."""

import asyncio
import contextlib
import json
import subprocess
import sys

import httpx
import numpy as np
import pytest

import fastperturb as fp
from fastperturb.cli.batch.paths import Inputs
from fastperturb.cli.batch.review_file import ReviewFile
from fastperturb.files import write_image
from fastperturb.server.review.app import build
from fastperturb.server.review.pictures import Pictures
from fastperturb.server.review.session import Review
from fastperturb.server.review.videos import Videos

TOKEN = "t" * 43
HOME = "http://127.0.0.1:8123"
FOUND = {
    "a.png": [(5, 6, 20, 22, 0.9), (30, 4, 12, 14, 0.4)],
    "b.png": [],
    "sub/c.png": [(8, 8, 16, 16, 0.65)],
}
"""Faces (x, y, width, height, score) that the tests' detector finds, by the picture's first grey level."""
LEVELS = {name: 40 * (index + 1) for index, name in enumerate(FOUND)}


def detect(pixels):
    """Knows the pictures by their first pixel."""
    name = next((name for name, level in LEVELS.items() if pixels.flat[0] == level), None)
    faces = [fp.Face(fp.Region(*box[:4]), box[4]) for box in FOUND.get(name, [])]
    return [face for face in faces if face.score >= 0.6], faces


def make_folder(path):
    rng = np.random.default_rng(3)
    for name, level in LEVELS.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (40, 50, 3), np.uint8)
        pixels[0, 0] = level
        write_image(path / name, pixels)
    (path / "broken.png").write_bytes((path / "a.png").read_bytes()[:100])
    return path


class Desk:
    """A review of a folder, its application and its file, as the command puts them together."""

    def __init__(self, folder, path, follow=None):
        self.path = path
        self.file = ReviewFile(path)
        self.items, self.clips = self.file.take(Inputs([folder], videos=follow is not None, tell_unread=True))
        self.review = Review(self.items, "photos", self.file.write, str(path), self.clips)
        self.pictures = Pictures(self.review, detect, 10_000)
        self.videos = Videos(self.review, follow, self.file.tracks.read, 10_000)
        self.app = build(self.review, self.pictures, TOKEN, 8123, self.videos)

    def look(self):
        for item in self.items:
            if item.state != "broken":
                self.pictures.look(item)
        for clip in self.clips:
            self.videos.look(clip)
        assert self.review.save()
        return self

    def number(self, name):
        return next(item.number for item in self.items if item.name == name)

    def send(self, method, path, headers=None, **rest):
        async def go():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
                return await client.request(method, path, headers=headers, **rest)

        headers = {"Authorization": f"Bearer {TOKEN}"} | (headers or {})
        return asyncio.run(go())

    def queue(self, since=-1):
        return self.send("GET", f"/api/review?since={since}").json()

    def item(self, name):
        return self.send("GET", f"/api/pictures/{self.number(name)}").json()

    def put(self, name, boxes, done=True, revision=None):
        if revision is None:
            revision = self.item(name)["revision"]
        body = {"revision": revision, "boxes": boxes, "done": done}
        return self.send("PUT", f"/api/pictures/{self.number(name)}", json=body)

    def entries(self):
        return {entry["file"]: entry for entry in map(json.loads, self.path.read_text().splitlines())}


@pytest.fixture
def photos(tmp_path):
    return make_folder(tmp_path / "photos")


@pytest.fixture
def desk(photos, tmp_path):
    """A review whose detector has looked at everything."""
    desk = Desk(photos, tmp_path / "boxes.jsonl").look()
    yield desk
    desk.file.close()


def box(x, y, width, height, kind="face"):
    return {"x": x, "y": y, "width": width, "height": height, "kind": kind}


@contextlib.contextmanager
def reviewing(*arguments):
    """The command in a process of its own; gives (process, address with the secret)."""
    command = [sys.executable, "-m", "fastperturb", "review", "--no-browser", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
