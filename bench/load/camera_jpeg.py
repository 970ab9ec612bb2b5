"""A camera's JPEG of 24 megapixels through service and page, there and back: ``python bench/load/camera_jpeg.py``.

The file is scikit-image's astronaut enlarged, with noise as a sensor has it, EXIF with a place and a thumbnail, an MPF
index and a second picture behind the end. It goes by HTTP (with and without `exact_file`) and by hand of a browser
(playwright with Chromium), and comes back: coefficients, metadata, name and time, or the very bytes, are compared. Then
ExifTool, Pillow, OpenCV and Chromium open the protected file. Needs the extras server and cli; ExifTool, Pillow and
playwright where they are there.
"""

import io
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import skimage.data

from fastperturb.files import read_metadata
from fastperturb.files.reading import decode

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
from file_cases import segment
from jpeg_cases import coefficients
from metadata_files import camera_exif
from server_cases import KEY, running

import fastperturb as fp

NAME, TIME = "DSC 0042.JPG", 1_700_000_000_000
LIMITS = ("--max-megabytes", 40, "--timeout", 300, "--upload-timeout", 120)


def camera_file():
    """A JPEG of 6000 x 4000 pixels."""
    rng = np.random.default_rng(0)
    face = cv2.resize(skimage.data.astronaut()[..., ::-1], (4000, 4000), interpolation=cv2.INTER_CUBIC)
    scene = cv2.copyMakeBorder(face, 0, 0, 1000, 1000, cv2.BORDER_REFLECT_101)
    scene = np.clip(scene + rng.normal(0, 4.0, scene.shape).astype(np.float32), 0, 255).astype(np.uint8)
    data = cv2.imencode(".jpg", scene, [cv2.IMWRITE_JPEG_QUALITY, 93, cv2.IMWRITE_JPEG_RST_INTERVAL, 375])[1].tobytes()
    small = cv2.imencode(".jpg", cv2.resize(scene, (240, 160)))[1].tobytes()
    second = cv2.imencode(".jpg", cv2.resize(scene, (1620, 1080)))[1].tobytes()
    entries = struct.pack("<IIIHH", 0x030000, len(data), 0, 0, 0) + struct.pack(
        "<IIIHH", 0x010001, len(second), 0, 0, 0
    )
    tags = [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack("<I", 2)), (0xB002, 7, 32, struct.pack("<I", 50))]
    table = struct.pack("<H", 3) + b"".join(struct.pack("<HHI", *tag[:3]) + tag[3] for tag in tags) + bytes(4)
    index = segment(0xE2, b"MPF\0II*\0" + struct.pack("<I", 8) + table + entries)
    exif = segment(0xE1, b"Exif\0\0" + camera_exif(thumbnail=small))
    return data[:2] + exif + index + data[2:] + second, second, small


def protect(address, data, **params):
    """What the service answers, and how long it took."""
    start = time.perf_counter()
    answer = httpx.post(
        f"{address}/v1/perturb", files={"image": (NAME, data)}, params={"changed": TIME, **params}, timeout=120
    )
    answer.raise_for_status()
    return answer.content, time.perf_counter() - start


def restore(address, data):
    """The original that the service gives back for its key."""
    files = {"image": ("x.jpg", data), "key": ("key", KEY.to_text().encode())}
    start = time.perf_counter()
    answer = httpx.post(f"{address}/v1/restore", files=files, timeout=300)
    answer.raise_for_status()
    return answer, time.perf_counter() - start


def by_http(address, data, hiding):
    """There and back by HTTP; gives the protected file."""
    hidden, there = protect(address, data)
    assert not any(piece[200:400] in hidden for piece in hiding)
    answer, back = restore(address, hidden)
    assert np.array_equal(coefficients(answer.content), coefficients(data))
    assert read_metadata(answer.content) == read_metadata(data)
    assert answer.headers["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert "DSC%200042.JPG" in answer.headers["content-disposition"]
    print(
        f"HTTP: {len(data)} bytes in, {len(hidden)} out ({len(hidden) / len(data):.3f}); "
        f"{there:.1f} s there, {back:.1f} s back"
    )
    exact, there = protect(address, data, exact_file="true")
    answer, back = restore(address, exact)
    assert answer.content == data
    print(f"HTTP, exact_file: {len(exact)} bytes out; {there:.1f} s there, {back:.1f} s back; the very bytes")
    return hidden


def by_page(address, folder):
    """There and back by the page in Chromium; gives the protected file, and what came back."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(address)
        start = time.perf_counter()
        page.set_input_files("#file", folder / NAME)
        page.wait_for_function(
            "() => !document.getElementById('save-image').disabled && !document.querySelector('figure.stale')"
            " && document.getElementById('pictures').ariaBusy === 'false'"
        )
        shown = time.perf_counter() - start
        for button, name in (("#save-image", "hidden.jpg"), ("#save-seal", "hidden.jpg.seal")):
            with page.expect_download() as caught:
                page.click(button)
            caught.value.save_as(folder / name)
        KEY.to_file(folder / "own.key")
        page.goto(f"{address}/#restore")
        page.set_input_files("#restore-image", folder / "hidden.jpg")
        page.set_input_files("#restore-seals", folder / "hidden.jpg.seal")
        page.check("[name=restore-key][value=file]")
        page.set_input_files("#restore-key", folder / "own.key")
        start = time.perf_counter()
        page.click("#restore-form [type=submit]")
        page.wait_for_selector("#restored:visible")
        back = time.perf_counter() - start
        with page.expect_download() as caught:
            page.click("#save-restored")
        assert caught.value.suggested_filename == NAME
        caught.value.save_as(folder / "back.jpg")
        said = page.inner_text("#restore-status")
        page.goto(f"file://{folder / 'hidden.jpg'}")
        sides = page.evaluate("() => [document.images[0].naturalWidth, document.images[0].naturalHeight]")
        browser.close()
    print(f"page: {shown:.1f} s until three protections are shown, {back:.1f} s back; it says: {said}")
    print(f"Chromium {sides[0]} x {sides[1]}")
    return (folder / "hidden.jpg").read_bytes(), (folder / "back.jpg").read_bytes()


def opened(hidden, folder):
    """What other programs say of the protected file."""
    from PIL import Image

    with Image.open(io.BytesIO(hidden)) as image:
        image.load()
        sides = f"{image.size[0]} x {image.size[1]}"
        print(f"Pillow {Image.__version__}: {image.format} {sides}, EXIF tags {len(image.getexif())}")
    pixels = cv2.imdecode(np.frombuffer(hidden, np.uint8), cv2.IMREAD_COLOR)
    print(f"OpenCV {cv2.__version__}: {pixels.shape[1]} x {pixels.shape[0]}")
    (folder / "opened.jpg").write_bytes(hidden)
    program = shutil.which("exiftool")
    if program is None:
        return

    def told(*how):
        command = [program, "-json", "-a", "-G1", *how, str(folder / "opened.jpg")]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]  # noqa: S603

    tags, said = told(), told("-validate", "-warning", "-error")
    hiding = [name for name in tags if any(word in name for word in ("GPS", "Thumbnail", "MPF", "Preview", "MPImage"))]
    print(f"ExifTool {tags['ExifTool:ExifToolVersion']}: {said}")
    print(
        f"ExifTool: {len(tags)} tags, of places and pictures {hiding}; {sorted({name.split(':')[0] for name in tags})}"
    )


def main():
    """Runs all of it once; the times are of one run."""
    data, *hiding = camera_file()
    print(f"a JPEG of 6000 x 4000, {len(data)} bytes, {len(fp.locate(decode(data).pixels))} face")
    with (
        tempfile.TemporaryDirectory() as name,
        running(*LIMITS, environment={"FASTPERTURB_KEYS": KEY.to_text(), "PATH": "/usr/bin"}) as (_, address, _),
    ):
        folder = Path(name)
        hidden = by_http(address, data, hiding)
        (folder / NAME).write_bytes(data)
        by_hand, back = by_page(address, folder)
        assert not any(piece[200:400] in by_hand for piece in hiding)
        assert np.array_equal(coefficients(back), coefficients(data))
        assert read_metadata(back) == read_metadata(data)
        opened(hidden, folder)


if __name__ == "__main__":
    main()
