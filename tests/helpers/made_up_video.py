"""Made-up videos: red squares for faces before a pattern, and a detector that finds them.

The green of a square says its score, so that weak faces can be drawn; other squares are none to the detector.
"""

import cv2
import numpy as np

import fastperturb as fp

RATE = 30
FREE = (40, 60, 200)  # a square that the detector does not see


class SquareDetector:
    """Finds red squares of ``least`` pixels and more; counts how often it looked."""

    def __init__(self, least=6):
        self.least = least
        self.looks = 0

    def detect(self, image, /):
        self.looks += 1
        red = (image[..., 0] > 200) & (image[..., 2] < 90)
        _, _, stats, _ = cv2.connectedComponentsWithStats(red.astype(np.uint8), connectivity=4)
        faces = []
        for x, y, width, height, area in stats[1:].tolist():
            if min(width, height) < self.least or area < 0.5 * width * height:
                continue
            green = float(np.median(image[y : y + height, x : x + width, 1][red[y : y + height, x : x + width]]))
            faces.append(fp.Face(fp.Region(x, y, width, height), min(1.0, green / 180)))
        return faces


def red(score=0.95):
    """The colour of a face of this score."""
    return (235, round(180 * score), 30)


def background(width=640, height=360, seed=0):
    """A smooth pattern without red."""
    small = np.random.default_rng(seed).integers(60, 170, (6, 10, 3), np.uint8)
    small[..., 0] = small[..., 1]
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def drawn(boxes, ground=None):
    """A frame: boxes (x, y, width, height, colour) before a ground."""
    image = (background() if ground is None else ground).copy()
    for x, y, width, height, colour in boxes:
        left, top, right, bottom = round(x), round(y), round(x + width), round(y + height)
        image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = colour
    return image


def video(count, boxes_of, ground_of=None):
    """Frames as find_tracks takes them; ``boxes_of(i)`` are drawn."""
    for i in range(count):
        yield i, i / RATE, drawn(boxes_of(i), None if ground_of is None else ground_of(i))


def covers(region, box):
    """Share of the ellipse in a box that lies in a region's ellipse, by points."""
    x, y, width, height = box
    steps = (np.arange(40) + 0.5) / 40
    across, down = np.meshgrid(x + width * steps, y + height * steps)
    inside = ((across - x - width / 2) / (width / 2)) ** 2 + ((down - y - height / 2) / (height / 2)) ** 2 <= 1
    if region is None:
        return 0.0
    away = ((across - region.x - region.width / 2) / (region.width / 2)) ** 2
    away += ((down - region.y - region.height / 2) / (region.height / 2)) ** 2
    return np.count_nonzero(inside & (away <= 1)) / np.count_nonzero(inside)
