"""PNG by ISA-L and by OpenCV: the same pixels back, in any reader; a whole file from either."""

import io
import sys

import cv2
import numpy as np
import pytest
from file_cases import noise
from PIL import Image

from fastperturb.files import png, png_pixels, read_image, write_image
from fastperturb.files.writing import encode

SHAPES = [(1, 1), (1, 9), (9, 1), (40, 30), (1, 1, 3), (33, 17, 3), (1, 5, 4), (33, 17, 4)]
MANY_BANDS = (600, 700, 3)


@pytest.fixture(params=["isal", "opencv"])
def encoder(request, monkeypatch):
    """With ISA-L's Python module, and as if it were not installed."""
    if request.param == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)
    return request.param


def decoded(data):
    """Pixels by OpenCV's decoder, RGB or RGBA."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    order = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    return image if image.ndim == 2 else cv2.cvtColor(image, order[image.shape[2]])


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pixels_come_back(shape, dtype):
    image = noise(*shape, dtype=dtype)
    back = decoded(b"".join(encode(image, "PNG")))
    assert back.dtype == dtype
    assert np.array_equal(back, image)


@pytest.mark.usefixtures("encoder")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_images_of_several_bands_and_strided_ones_come_back(dtype):
    image = noise(*MANY_BANDS, dtype=dtype)
    for given in (image, image[::-1, ::2], image[:, ::-1, ::-1], np.asfortranarray(image)):
        assert np.array_equal(decoded(b"".join(encode(given, "PNG"))), given)


@pytest.mark.usefixtures("encoder")
def test_smooth_pictures_and_flat_ones_come_back_and_become_small():
    rows, columns = np.mgrid[:400, :500]
    ramp = np.stack([rows % 256, columns % 256, (rows + columns) // 4], axis=2).astype(np.uint8)
    for image in (ramp, np.full((400, 500), 255, np.uint8), np.zeros((400, 500, 4), np.uint8)):
        data = b"".join(encode(image, "PNG"))
        assert np.array_equal(decoded(data), image)
        assert len(data) < image.nbytes / 4


@pytest.mark.usefixtures("encoder")
def test_pillow_reads_it_and_every_chunk_is_right():
    image = noise(*MANY_BANDS)
    data = b"".join(encode(image, "PNG", texts={"a": "b"}))
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.text == {"a": "b"}
        assert np.array_equal(np.asarray(opened), image)
    kinds = [(kind, len(body)) for kind, body in png.chunks(data)]  # checks the CRCs
    assert [kind for kind, _ in kinds[:2]] == [b"IHDR", b"tEXt"]
    assert b"IDAT" in {kind for kind, _ in kinds}
    assert all(size for _, size in kinds)


def test_the_compressor_is_the_one_that_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal", None)
    assert png_pixels.import_isal() is None


@pytest.mark.usefixtures("encoder")
def test_a_file_is_written_and_read(tmp_path):
    image = noise(70, 90, 3, dtype=np.uint16)
    write_image(tmp_path / "a.png", image)
    assert np.array_equal(read_image(tmp_path / "a.png").pixels, image)
