"""The service's page in a real browser: a JPEG is shown, saved as one, and brought back to its own blocks."""

# ruff: noqa: F401, F811 - fixtures are imported here, and asked for by name below

import cv2
import numpy as np
import pytest
from browser_cases import WITH_KEY, chromium, download, original, page, preview, service, text
from jpeg_cases import coefficients, turned

from fastperturb.files import read_metadata

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def photograph():
    """The photograph as a camera that was held on its side has it."""
    stored = np.ascontiguousarray(np.rot90(original()))
    data = cv2.imencode(".jpg", stored[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    return turned(data, 6)[:-2] + b"\xff\xfe\0\7words\xff\xd9what follows the end"


def test_a_jpeg_there_and_back(page, tmp_path, photograph):
    (tmp_path / "camera.jpg").write_bytes(photograph)
    preview(page, lambda: page.set_input_files("#file", tmp_path / "camera.jpg"))
    page.check("[name=key][value=own]")
    _, key = download(page, "#make-key")
    page.wait_for_function("() => !document.getElementById('save-image').disabled")
    name, hidden = download(page, "#save-image")
    assert name == "camera-protected.jpg"
    assert hidden.startswith(b"\xff\xd8")
    size = page.eval_on_selector("#original", "image => [image.naturalWidth, image.naturalHeight]")
    assert size == [512, 512]
    changed = (coefficients(hidden) != coefficients(photograph)).any(axis=(2, 3))
    assert 0.05 < changed.mean() < 0.9
    name, seal = download(page, "#save-seal")
    assert name == "camera-protected.jpg.seal"
    for file, content in (("hidden.jpg", hidden), ("hidden.jpg.seal", seal), ("own.key", key)):
        (tmp_path / file).write_bytes(content)
    page.goto(page.url.partition("#")[0] + "#restore")
    page.set_input_files("#restore-image", tmp_path / "hidden.jpg")
    page.set_input_files("#restore-seals", tmp_path / "hidden.jpg.seal")
    page.check("[name=restore-key][value=file]")
    page.set_input_files("#restore-key", tmp_path / "own.key")
    page.click("#restore-form [type=submit]")
    page.wait_for_selector("#restored:visible")
    name, back = download(page, "#save-restored")
    assert name == "camera.jpg"
    assert "It is camera.jpg of " in text(page, "#restore-status")
    assert read_metadata(back) == read_metadata(photograph)
    assert np.array_equal(coefficients(back), coefficients(photograph))
