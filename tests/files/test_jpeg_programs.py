"""Protected JPEGs in other programs: ExifTool finds nothing wrong and nothing that was left out, others open them."""

import io
import json
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from jpeg_cases import decoded, exif, jpeg, picture
from metadata_files import PICTURE
from PIL import Image

import fastperturb as fp
from fastperturb.files import perturb_jpeg

KEY = fp.Key(bytes(range(32)))
FACES = [fp.Region(20, 20, 40, 48), fp.Region(120, 90, 40, 48)]
MODES = ("baseline", "progressive")


def protected(mode, **options):
    data = jpeg(picture(), mode=mode)
    return perturb_jpeg(data[:2] + exif(1, thumbnail=PICTURE) + data[2:], FACES, KEY, fp.Surrogate(), **options)[0]


def program(name):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("keep", ["none", "icc", "all"])
def test_exiftool_finds_nothing_wrong(tmp_path, mode, keep):
    (tmp_path / "a.jpg").write_bytes(protected(mode, keep=keep))
    command = [
        program("exiftool"),
        "-json",
        "-G1",
        "-a",
        "-validate",
        "-warning",
        "-error",
        "-all",
        str(tmp_path / "a.jpg"),
    ]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    assert tags["ExifTool:Validate"] == "OK"
    assert not [name for name in tags if "Thumbnail" in name or "Warning" in name or "Error" in name]
    assert tags["File:MIMEType"] == "image/jpeg"
    assert any(name.startswith("JUMBF") for name in tags)


@pytest.mark.parametrize("mode", MODES)
def test_pillow_opencv_and_jpegtran_open_them(tmp_path, mode):
    data = protected(mode)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == (203, 181)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (181, 203, 3)
    (tmp_path / "a.jpg").write_bytes(data)
    done = subprocess.run([program("jpegtran"), str(tmp_path / "a.jpg")], capture_output=True, check=True)
    assert done.stderr == b""  # no word of damage
    assert np.array_equal(decoded(done.stdout), decoded(data))
