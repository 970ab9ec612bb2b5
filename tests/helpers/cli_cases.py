"""What tests of the command line share: a folder of pictures, a key, own boxes, and how to look at results."""

import json
from pathlib import Path

import numpy as np
import pytest
import skimage.data

import fastperturb as fp
from fastperturb.cli.app import run
from fastperturb.files import read_image, write_image


@pytest.fixture(scope="module")
def astronaut():
    return np.ascontiguousarray(skimage.data.astronaut()[..., :3])


@pytest.fixture
def here(tmp_path, monkeypatch, astronaut):
    """A folder with a key, a photograph of a face, and own boxes for small pictures; the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASTPERTURB_KEY", raising=False)
    fp.Key(bytes(range(32))).to_file("my.key")
    write_image("face.png", astronaut)
    return tmp_path


@pytest.fixture
def folder(here):
    """Five small pictures in three folders, with a box each in boxes.json."""
    rng = np.random.default_rng(0)
    boxes = {}
    for name in ("a.png", "b.pgm", "sub/c.tiff", "sub/deep/d.bmp", "sub/deep/e.png"):
        path = here / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, rng.integers(0, 256, (40, 50) if name == "b.pgm" else (40, 50, 3), np.uint8))
        boxes[name] = [[5, 6, 20, 22]]
    (here / "boxes.json").write_text(json.dumps(boxes))
    return here / "in"


BOXES = ("--boxes", "boxes.json", "--key-file", "my.key")
WINDOWS = ("--protect", "windows")
"""For what is about the permutation, which is not what the command line does by default."""


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def tree(path):
    return sorted(str(item.relative_to(path)) for item in Path(path).rglob("*") if item.is_file())


def same(one, other):
    return np.array_equal(read_image(one).pixels, read_image(other).pixels)


@pytest.fixture
def two(here):
    """two.png with boxes of two faces that overlap, and its pixels."""
    rows, columns = np.mgrid[:150, :200]
    image = np.stack([(rows + columns) % 256, (2 * rows) % 256, (columns * 3 // 2) % 256], 2).astype(np.uint8)
    write_image("two.png", image)
    (here / "boxes.json").write_text(json.dumps({"two.png": [[40, 50, 40, 50], [110, 40, 44, 52]]}))
    return image


def protect(name, *options):
    """The exit code of protecting two.png."""
    return run(["perturb", "two.png", "-o", name, *BOXES, "--quiet", *options])
