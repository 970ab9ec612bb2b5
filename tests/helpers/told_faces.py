"""Films whose faces are told, not drawn: a detector that says of every frame, and of each crop of it, what is there."""

import numpy as np

import fastperturb as fp
from fastperturb.video import detecting
from fastperturb.video.finding import find_tracks
from fastperturb.video.tracks import regions_by_frame

WIDE, HIGH, RATE = 600, 400, 30
MARK = (201, 7)
PARTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))  # of an upright face's landmarks


def face(x, y, width, height, score, tilted=False):
    """A face with its landmarks; those of a tilted one lie along 20 degrees."""
    down = 0.36 * width if tilted else 0.0
    points = [(x + across * width, y + deep * height + (across - 0.5) * down) for across, deep in PARTS]
    return fp.Face(fp.Region(x, y, width, height), score, tuple(points))


class ToldDetector:
    """Gives the faces of each whole frame, by the number that is written in it.

    Args:
        faces_of: the faces of a frame, by its number.
        crops: whether crops show the faces whose middles lie in them, too; else they show nothing.
    """

    def __init__(self, faces_of, crops=False):
        self.faces_of, self.crops = faces_of, crops
        self.given = {}  # what whole frames were said to show
        self.matrices = {}

    def detect(self, image, /):
        if image.shape[:2] == (HIGH, WIDE) and tuple(image[0, 0, 1:]) == MARK:
            number = int(image[0, 0, 0])
            self.given[number] = list(self.faces_of(number))
            return self.given[number]
        known = self.matrices.pop(id(image), None) if self.crops else None
        if known is None:
            return []
        matrix, corner = known[:, :2], known[:, 2]
        scale = float(np.sqrt(abs(np.linalg.det(matrix))))
        number = round(float(np.median(image[..., 2])))
        found = []
        for item in self.faces_of(number):
            region = item.region
            middle = np.array([region.x + region.width / 2, region.y + region.height / 2])
            x, y = np.linalg.solve(matrix, middle - corner)
            wide, high = round(region.width / scale), round(region.height / scale)
            if 0 <= x < image.shape[1] and 0 <= y < image.shape[0] and min(wide, high) >= 4:
                found.append(face(round(x - wide / 2), round(y - high / 2), wide, high, item.score))
        return found

    def watch(self, monkeypatch):
        """Lets the detector know which part of a frame each crop is."""
        crop = detecting.turned_crop

        def watched(*args):
            look = crop(*args)
            self.matrices[id(look.pixels)] = look.to_image
            return look

        monkeypatch.setattr(detecting, "turned_crop", watched)
        return self


def frames(count, shade_of=None):
    """Frames whose numbers are written in them, and which differ by enough for each one to be looked at."""
    for number in range(count):
        image = np.full((HIGH, WIDE, 3), 90, np.uint8)
        image[..., 0] = 90 + 36 * (number % 2) if shade_of is None else shade_of(number)
        image[..., 2] = number
        image[0, 0] = (number, *MARK)
        yield number, number / RATE, image


def covered(region, box):
    """Share of the ellipse in a box that a region's ellipse covers."""
    steps = (np.arange(40) + 0.5) / 40
    across, down = np.meshgrid(box.x + box.width * steps, box.y + box.height * steps)

    def inside(one):
        away = ((across - one.x - one.width / 2) / (one.width / 2)) ** 2
        return away + ((down - one.y - one.height / 2) / (one.height / 2)) ** 2 <= 1

    own = inside(box)
    return np.count_nonzero(own & inside(region)) / np.count_nonzero(own)


def least_covered(detector, count, shade_of=None, **options):
    """The tracks, and (cover, frame, face) of the face of a whole frame that its best region covers least."""
    tracks = find_tracks(frames(count, shade_of), detector, **options)
    given = getattr(detector, "detector", detector).given
    worst = (1.0, None, None)
    for number, items in enumerate(regions_by_frame(tracks, count)):
        for item in given.get(number, ()):
            best = max((covered(one.region, item.region) for one in items), default=0.0)
            worst = min(worst, (best, number, item), key=lambda found: found[0])
    return tracks, worst
