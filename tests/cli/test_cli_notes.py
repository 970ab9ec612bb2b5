"""What of a file is lost for good is said: in the summary, and as notes in ``--json``; never without a word."""

import io
import json
import struct

import numpy as np
import pytest
from cli_cases import lines_of, tree
from file_cases import saved, segment
from jpeg_cases import jpeg, picture
from PIL import Image

from fastperturb.cli.app import run
from fastperturb.errors import ImageFileError
from fastperturb.files import read_metadata
from fastperturb.files.reading import decode, read_header

KEY = ("--key-file", "my.key")
BOXES = ("--boxes", "boxes.json", *KEY)
NOISE = np.random.default_rng(1).integers(0, 256, 17 * 2**20, np.uint8).tobytes()
SHOWN = Image.fromarray(picture())


def with_subdirectory():
    """A TIFF whose tag 330 leads to a second picture's directory."""
    data = saved(SHOWN, "TIFF", tiffinfo={330: 8})
    assert 330 in Image.open(io.BytesIO(data)).tag_v2
    return data


def many_segments():
    data = jpeg()
    pieces = [segment(0xED, NOISE[place : place + 65_000]) for place in range(0, len(NOISE), 65_000)]
    return data[:2] + b"".join(pieces) + data[2:]


FILES = {
    "sub.tif": (with_subdirectory, "sub-directories, which hold other pictures, are left out for good", {}),
    "trailer.jpg": (
        lambda: jpeg() + NOISE,
        f"what stands behind its picture, {len(NOISE)} bytes, cannot be sealed, for 16 MiB can: left out for good",
        {"bytes_behind_picture_lost": len(NOISE)},
    ),
    "segments.jpg": (many_segments, "bytes, cannot be sealed, for 16 MiB can: left out for good", {}),
}


@pytest.mark.parametrize("name", FILES)
def test_losses_are_said(here, name, capsys):
    make, note, facts = FILES[name]
    (here / "in").mkdir()
    (here / "in" / name).write_bytes(make())
    (here / "in" / "plain.jpg").write_bytes(jpeg())
    (here / "boxes.json").write_text(json.dumps({key: [[20, 30, 60, 70]] for key in (name, "plain.jpg")}))
    assert run(["perturb", "in", "-o", "out", *BOXES]) == 0
    err = capsys.readouterr().err
    assert "1 file: " in err
    assert note in err
    assert run(["perturb", f"in/{name}", "-o", "alone", *BOXES]) == 0
    assert note in capsys.readouterr().err
    assert run(["perturb", "in", "-o", "json", *BOXES, "--json"]) == 0
    results = {item["file"]: item for item in lines_of(capsys.readouterr().out)[:-1]}
    found = results[f"in/{name}"]
    assert any(note in item for item in found["notes"])
    assert {key: found[key] for key in facts} == facts
    assert "notes" not in results["in/plain.jpg"]
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert tree(here / "back") == sorted([name, "plain.jpg"])


def test_too_many_metadata_are_counted(here, capsys):
    data = many_segments()
    (here / "a.jpg").write_bytes(data)
    (here / "boxes.json").write_text(json.dumps({"a.jpg": [[20, 30, 60, 70]]}))
    assert run(["perturb", "a.jpg", "-o", "out", *BOXES, "--json"]) == 0
    assert lines_of(capsys.readouterr().out)[0]["bytes_of_metadata_lost"] == len(read_metadata(data).parts)
    assert run(["perturb", "a.jpg", "-o", "exact", *BOXES, "--exact-file"]) == 1
    assert "its exact bytes would need" in capsys.readouterr().err


def test_a_subdirectory_comes_back_with_the_very_file(here, capsys):
    (here / "sub.tif").write_bytes(with_subdirectory())
    (here / "boxes.json").write_text(json.dumps({"sub.tif": [[20, 30, 60, 70]]}))
    assert run(["perturb", "sub.tif", "-o", "out", *BOXES, "--exact-file"]) == 0
    assert "sub-directories, which hold other pictures, come back with the file" in capsys.readouterr().err
    assert run(["restore", "out", "-o", "back", *KEY]) == 0
    assert (here / "back" / "sub.tif").read_bytes() == with_subdirectory()


def test_pages_and_frames_are_refused():
    """Only the first would be protected."""
    pages = {"save_all": True, "append_images": [SHOWN.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]}
    for kind, words in (("TIFF", "several pages"), ("PNG", "animated"), ("WEBP", "animated")):
        with pytest.raises(ImageFileError, match=words):
            decode(saved(SHOWN, kind, **pages))


def test_the_metadata_of_a_bigtiff_are_lost_with_a_word():
    data = saved(SHOWN, "TIFF", big_tiff=True)
    assert struct.unpack("<H", data[2:4]) == (43,)
    assert "the metadata of a BigTIFF are left out for good" in read_header(data).notes
