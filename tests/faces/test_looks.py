"""Tiles and mirrored rims: what is looked at, what is put together, and that large pictures take bounded memory."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.faces import Thorough, YuNet, finder

pytestmark = pytest.mark.filterwarnings("error")


class SeesRed:
    """Finds red squares of 8 to ``most`` pixels, as a detector finds faces, and remembers what it was shown."""

    def __init__(self, most=200):
        self.shapes = []
        self.most = most

    def detect(self, image, /):
        self.shapes.append(image.shape[:2])
        red = ((image[..., 0] > 200) & (image[..., 1] < 60)).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(red)
        boxes = [tuple(map(int, row[:4])) for row in stats[1:]]
        return [
            Face(Region(*box), 0.9, ((float(box[0]), float(box[1])),))
            for box in boxes
            if 8 <= max(box[2:]) <= self.most
        ]


def red_squares(shape, squares):
    image = np.full((*shape, 3), 90, np.uint8)
    for x, y, side in squares:
        image[y : y + side, x : x + side] = (255, 0, 0)
    return image


def test_tiles_find_what_the_whole_does_not_show():
    """1,500 x 2,000 with a detector that sees squares of 8 to 200 pixels in tiles of 512 x 512."""
    squares = [(3, 5, 10), (505, 700, 12), (760, 300, 90), (1200, 900, 190), (1985, 1485, 15), (100, 600, 390)]
    image = red_squares((1500, 2000), squares)
    detector = SeesRed()
    found = Thorough(detector, pixels=512**2, rims=0).detect(image)
    near = sorted((f.region.x, f.region.y, f.region.width) for f in found)
    for x, y, side in squares:
        assert any(abs(a - x) <= 8 and abs(b - y) <= 8 and abs(c - side) <= 16 for a, b, c in near), (x, y, side)
    assert len(found) == len(squares)
    assert all(height * width <= 512**2 for height, width in detector.shapes[1:])
    face = min(found, key=lambda face: face.region.width)
    assert face.landmarks == ((face.region.x, face.region.y),)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_enlarged_tiles_find_the_smallest(dtype):
    image = red_squares((1000, 1200), [(200, 100, 5)])
    image = image if dtype == np.uint8 else image.astype(dtype) * (257 if dtype == np.uint16 else np.float32(1 / 255))
    assert Thorough(SeesRed(), rims=0).detect(image) == []
    (face,) = Thorough(SeesRed(), enlarge=2, rims=0).detect(image.astype(dtype))
    assert abs(face.region.x - 200) <= 1
    assert 5 <= face.region.width <= 7


def test_small_images_are_enlarged_to_a_tile():
    detector = SeesRed()
    (face,) = Thorough(detector, rims=0).detect(red_squares((300, 400), [(200, 100, 5)]))
    assert 5 <= face.region.width <= 7
    assert detector.shapes == [(300, 400), (600, 800)]


def test_no_tiles_where_the_image_is_one():
    detector = SeesRed()
    Thorough(detector, rims=0).detect(np.zeros((900, 1200, 3), np.uint8))
    assert detector.shapes == [(900, 1200)]


@pytest.mark.parametrize("cut", [0.5, 0.65])
def test_a_face_cut_by_the_border_is_found_by_its_reflection(cut):
    photograph = astronaut().read()
    left = 178 + round(91 * cut)  # the face is 91 pixels wide
    part = np.ascontiguousarray(photograph[:, left:])
    (face, *_) = fp.locate(part, Thorough(YuNet()))
    assert face.region.x < 0
    assert abs(face.region.y + face.region.height / 2 - 120) < 15
    plain = fp.locate(part, YuNet())
    assert not plain or cut == 0.5  # two thirds cut off, the detector alone finds nothing


def test_what_lies_beyond_the_border_alone_is_no_face():
    image = red_squares((200, 300), [(20, 60, 30), (275, 90, 30)])
    found = sorted((f.region.x, f.region.width) for f in Thorough(SeesRed()).detect(image))
    assert found[0] == (20, 30)
    assert len(found) == 2
    assert found[1][0] == 275


def test_arguments():
    for settings, text in (
        ({"pixels": 1000}, "max_pixels must be None or at least"),
        ({"pixels": 10_000}, "pixels must be at least 262144, got 10000"),
        ({"pixels": None}, "pixels must be at least 262144, got None"),
        ({"enlarge": 0.5}, "enlarge must be 1 to 4, got 0.5"),
        ({"rims": 0.6}, "rims must be 0 to 0.5, got 0.6"),
    ):
        with pytest.raises(ValueError, match=text):
            Thorough(SeesRed(), **settings)
    with pytest.raises(TypeError, match=r"detector must have a method detect\(image\), got None"):
        Thorough(None)
    with pytest.raises(ValueError, match="find must be one of fast, careful, everything, got 'hard'"):
        finder("hard")
    with pytest.raises(ValueError, match="turned must be"):
        finder("fast", turned="yes")


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_memory_of_a_large_picture_is_bounded():
    """120 megapixels of grey, 120 MB: the tiles may take no more than the picture again."""
    code = """if True:
        import resource
        import numpy as np
        from fastperturb.faces import Thorough
        class Blind:
            def detect(self, image, /):
                assert image.size <= 120_000_000
                return []
        image = np.zeros((10_000, 12_000), np.uint8)
        image[::7, ::5] = 200
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        Thorough(Blind()).detect(image)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) * 1024 < 300e6


def test_one_look_does_for_small_pictures():
    """``itself=False`` looks at the enlarged picture instead of it; ``fill`` says how large that is."""
    image = np.zeros((300, 400, 3), np.uint8)
    for settings, shapes in (
        ({}, [(300, 400), (600, 800)]),
        ({"itself": False}, [(600, 800)]),
        ({"itself": False, "fill": 270_000}, [(450, 600)]),
        ({"itself": False, "fill": 0}, [(300, 400)]),
    ):
        detector = SeesRed()
        Thorough(detector, rims=0, **settings).detect(image)
        assert [shape[:2] for shape in detector.shapes] == shapes, settings
    with pytest.raises(ValueError, match="fill must be None or 0 to pixels"):
        Thorough(SeesRed(), fill=2_000_000)


@pytest.mark.parametrize(("height", "width"), [(195, 1510), (1510, 195), (150, 1990), (280, 1031)])
def test_long_pictures_are_looked_at_themselves_too(height, width):
    """Their tiles are squares, which cut faces as large as the picture is high; one look would do for others."""
    side = round(0.8 * min(height, width))
    for place in range(0, max(height, width) - side, max(height, width) // 25):
        x, y = (place, 5) if width > height else (5, place)
        found = Thorough(SeesRed(most=300), itself=False, rims=0).detect(red_squares((height, width), [(x, y, side)]))
        assert any(face.region.width >= side and face.region.height >= side for face in found), place
