"""Pictures of odd sizes: memory bounded for very thin ones, and close-ups found at every size."""

import subprocess
import sys

import cv2
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb.faces import locate, make_detector
from fastperturb.faces.pixels import fitting_scale

_MEMORY = """
import resource, sys
import numpy as np
import fastperturb as fp
from fastperturb.faces import YuNet, coarse_detector, locate, make_detector
name, shape = sys.argv[1], tuple(map(int, sys.argv[2].split("x")))
image = np.full(shape, 128, np.uint8)
unit = 1024 if sys.platform != "darwin" else 1024**2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if name == "view":
    fp.view(image, fp.Region(0, 0, shape[1], shape[0]), interpolation="lanczos")
else:
    coarse = coarse_detector(YuNet(), 8) if name == "coarse" else None
    locate(image, coarse if name in ("default", "coarse") else make_detector(name))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / unit)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
@pytest.mark.parametrize("shape", ["1x1000000x3", "1000000x1x3", "20x200000x3"])
@pytest.mark.parametrize("name", ["default", "yunet", "centerface", "haar", "dlib-hog", "coarse", "view"])
def test_thin_images_take_bounded_memory(name, shape):
    """The smallest of these files has a few hundred bytes; 1 x 1,000,000 took 5.9 GB when it was padded last."""
    if name not in ("default", "coarse", "view"):
        try:
            make_detector(name)
        except (fp.errors.MissingExtra, fp.errors.ModelError) as error:
            pytest.skip(str(error))
    command = [sys.executable, "-W", "ignore", "-c", _MEMORY, name, shape]
    taken = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert float(taken.stdout) < 500


@pytest.mark.parametrize(
    "shape", [(1, 10**6), (20, 2 * 10**5), (63, 10**5), (64, 10**5), (3000, 4000), (1, 1), (900, 1)]
)
@pytest.mark.parametrize("max_pixels", [4096, 300_000, 1_200_000, None])
@pytest.mark.parametrize("most", [1.0, 4.0])
def test_scales_count_the_padding(shape, max_pixels, most):
    for height, width in (shape, shape[::-1]):
        scale = fitting_scale(height, width, max_pixels, most)
        padded = max(64, height * scale) * max(64, width * scale)
        allowed = max(1_200_000, height * width) if max_pixels is None else max_pixels
        assert 0 < scale <= most
        assert padded <= allowed * (1 + 1e-9)


@pytest.mark.parametrize("side", [200, 256, 299, 300, 301, 340, 384, 448, 512, 513, 600, 800])
def test_a_close_up_that_reaches_beyond_the_frame(side):
    photograph = astronaut().read()
    closeup = photograph[85:154, 196:251]  # from the brows to the mouth
    scale = side / min(closeup.shape[:2])
    copy = cv2.resize(closeup, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    assert [face.score > 0.85 for face in locate(copy)] == [True]
