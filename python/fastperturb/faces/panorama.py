"""Faces in panoramas: equirectangular pictures, twice as wide as high, looked at through views without distortion.

Longitude runs along x, latitude along y; the left and the right border are one line, the upper and the lower a
point each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .._optional import import_opencv
from ..checks import Image, whole_within
from ..region import Face, Point, Region
from .boxes import HEAD, are_doubles, covering_region, four_margins, united
from .looks import check_detects
from .pixels import check_visible, rgb8_copy
from .tilt import within_half_turn

_HALF = math.radians(50)  # of a view's field
_VIEWS = (
    *((yaw, 0) for yaw in range(0, 360, 60)),
    *((yaw, pitch) for pitch in (-55, 55) for yaw in range(0, 360, 90)),
    (0, -90),
    (0, 90),
)
"""(yaw, pitch) of the views in degrees, pitch upwards: 100 degrees wide, they overlap by 40 and more."""
_ALONG_EDGE = 16
_LEAST = 256  # of a view's side
_CUT = 2  # pixels from a view's border within which a box is cut off; a neighbouring view has it whole
_OVERLAP = 0.3  # intersection over union above which two boxes show one face
_LEVEL = 8  # degrees up to which a view's upright is the panorama's
_MOST_IN_ROW = 64  # boxes of a face over a pole
_AROUND = 0.25  # of a side beyond it, so that the ellipse in the larger box holds the box: 2 / 1.5 ** 2 is under 1


class _Detects(Protocol):
    def detect(self, image: Image, /) -> list[Face]: ...


class Panorama:
    """A detector of faces in equirectangular panorama pictures, by another one.

    The picture is looked at as it is; then through 16 square views of 100 degrees: six around the horizon, four each
    at 55 degrees above and below, and the poles. What several of them take for one face is given once, in a region
    that covers all of their boxes. A face across the seam is given at either border, each time the whole of it, so that
    margins, ellipses and rounded regions go on across the seam; one whose head may reach across it is, too, in a box
    that holds the outermost column there. A face over a pole is given as a row of boxes, without landmarks, that cover
    all columns up to the pole, as do the ellipses in them; their tops are turned from the pole. A face near a pole may
    lie any way in its view: let the detector look at all angles (:class:`AnyAngle`, or
    :func:`fastperturb.faces.finder`).

    Args:
        detector: what looks.
        max_side: of a view, in pixels. At the default a face should be 1.2 degrees wide or more; memory grows with
            the square.
        others: whether pictures that are not twice as wide as high are left to the detector as they are.

    Raises:
        TypeError: ``detector`` has no ``detect``.
        ValueError: ``max_side`` is not a whole number from 256 to 8192.
    """

    def __init__(self, detector: _Detects, *, max_side: int = 2048, others: bool = False) -> None:
        check_detects(detector)
        max_side = whole_within("max_side", max_side, f"be a whole number from {_LEAST} to 8192", _LEAST, 8192)
        self.detector = detector
        self.max_side = max_side
        self.others = others

    def __repr__(self) -> str:
        return f"Panorama({self.detector!r}, max_side={self.max_side}, others={self.others})"

    def detect(self, image: Image, /) -> list[Face]:
        """The faces of a panorama, as :func:`fastperturb.locate` takes it; best score first.

        Raises:
            TypeError: another type or dtype.
            ValueError: another shape, float values that are NaN or outside 0 to 1, or a picture that is not twice as
                wide as high, unless ``others``.
        """
        check_visible(image)
        height, width = image.shape[:2]
        if abs(width - 2 * height) > max(2, 0.01 * width):
            if self.others:
                return self.detector.detect(image)
            raise ValueError(f"a panorama must be twice as wide as high, got {width} x {height}")
        plain = self.detector.detect(image)
        found: list[Face] = []
        focal = self.max_side / (2 * math.tan(_HALF))
        across = min(width, round(2 * math.pi * focal))
        side = max(_LEAST, min(self.max_side, round(across / math.pi * math.tan(_HALF))))
        copy = rgb8_copy(image, max(1, round(across * height / width)), across)
        for yaw, pitch in _VIEWS:
            view = _View(math.radians(yaw), math.radians(pitch), side)
            found += view.faces(self.detector.detect(view.pixels(copy)), width, height)
        return [place for face in _once(plain, found, width) for place in _placed(face, width, height)]


class _View:
    """A square view of a panorama, without distortion: the sphere's points on a plane."""

    def __init__(self, yaw: float, pitch: float, side: int) -> None:
        self.side = side
        self.focal = side / 2 / math.tan(_HALF)
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        around = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])  # x to the right, y down, z ahead
        self.turn = around @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])

    def pixels(self, copy: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What the view shows of a panorama."""
        cv2 = import_opencv()
        places = np.arange(self.side) + 0.5
        points = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
        x, y = self.on_sphere(points, copy.shape[1], copy.shape[0])
        maps = [(part - 0.5).reshape(self.side, self.side).astype(np.float32) for part in (x, y)]
        maps[1] = np.clip(maps[1], 0, copy.shape[0] - 1)
        return np.asarray(cv2.remap(copy, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.uint8)

    def on_sphere(self, points: NDArray[Any], width: int, height: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Points of the view as x, 0 to ``width``, and y, 0 to ``height``, of a panorama."""
        rays = np.column_stack([(points - self.side / 2) / self.focal, np.ones(len(points))]) @ self.turn.T
        longitude = np.arctan2(rays[:, 0], rays[:, 2])
        latitude = np.arctan2(rays[:, 1], np.hypot(rays[:, 0], rays[:, 2]))
        return (longitude / (2 * math.pi) + 0.5) * width, (latitude / math.pi + 0.5) * height

    def faces(self, seen: Sequence[Face], width: int, height: int) -> Iterator[Face]:
        """Faces of the view in a panorama; their x may reach beyond its borders."""
        for face in seen:
            r = face.region
            if min(r.x, r.y) < _CUT or max(r.x + r.width, r.y + r.height) > self.side - _CUT:
                continue
            middle = np.array([[r.x + r.width / 2, r.y + r.height / 2]])
            centre = float(self.on_sphere(middle, width, height)[0][0])
            x, y = self.on_sphere(_outline(r), width, height)
            x = centre + (x - centre + width / 2) % width - width / 2
            box = [float(x.min()), float(y.min()), float(x.max()), float(y.max())]
            for down, at in ((-1.0, 0.0), (1.0, float(height))):
                if self._holds(r, down):
                    box = [0.0, min(box[1], at), float(width), max(box[3], at)]
            points = self._points(face.landmarks, centre, width, height)
            region = covering_region(box[0], box[1], box[2] - box[0], box[3] - box[1], r.shape)
            yield replace(face, region=region, landmarks=points, turn=self._turn_of(face, width, height))

    def _turn_of(self, face: Face, width: int, height: int) -> float:
        """A face's turn in the panorama, by where a step up along the face leads there."""
        r, turn = face.region, math.radians(face.turn)
        half = np.array([math.sin(turn), -math.cos(turn)]) / 2
        middle = np.array([r.x + r.width / 2, r.y + r.height / 2])
        x, y = self.on_sphere(np.stack([middle - half, middle + half]), width, height)
        across = (float(x[1] - x[0]) + width / 2) % width - width / 2
        turned = math.degrees(math.atan2(across, -float(y[1] - y[0])))
        return face.turn if abs(within_half_turn(turned - face.turn)) <= _LEVEL else within_half_turn(turned)

    def _points(self, landmarks: Sequence[Point], centre: float, width: int, height: int) -> tuple[Point, ...]:
        if not landmarks:
            return ()
        x, y = self.on_sphere(np.array(landmarks), width, height)
        x = centre + (x - centre + width / 2) % width - width / 2
        return tuple(zip(x.tolist(), y.tolist(), strict=True))

    def _holds(self, region: Region, down: float) -> bool:
        """Whether a region of the view holds the lower (1) or the upper pole (-1)."""
        x, y, z = (self.turn.T @ np.array([0.0, down, 0.0])).tolist()
        if z <= 1e-9:
            return False
        x, y = x / z * self.focal + self.side / 2, y / z * self.focal + self.side / 2
        inside = region.x <= x <= region.x + region.width and region.y <= y <= region.y + region.height
        return bool(inside)


def _outline(region: Region) -> NDArray[np.float64]:
    """Points on the border of a region: on a sphere its sides are curves."""
    share = np.linspace(0, 1, _ALONG_EDGE)
    none, whole = np.zeros_like(share), np.ones_like(share)
    sides = [(share, none), (share, whole), (none, share), (whole, share)]
    points = np.concatenate([np.stack(side, axis=1) for side in sides])
    return np.asarray(points * [region.width, region.height] + [region.x, region.y], np.float64)


def _once(plain: Sequence[Face], seen: Sequence[Face], width: int) -> list[Face]:
    """The faces of the picture and of all views, each once, in regions that cover all that was taken for them.

    What the picture as it is shows at the seam may be a part of a face, and comes after what a view has whole.
    """
    faces = [*plain, *seen]
    boxes = np.array([[f.region.x, f.region.y, f.region.width, f.region.height] for f in faces], float).reshape(-1, 4)
    ends = boxes[: len(plain), 0], width - boxes[: len(plain), 0] - boxes[: len(plain), 2]
    is_last = np.zeros(len(faces), np.bool_)
    is_last[: len(plain)] = np.minimum(*ends) < _CUT
    order = np.lexsort((-np.array([face.score for face in faces]), is_last))
    found = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        by = _shifts(boxes[best], boxes[rest], width)
        same = are_doubles(boxes[best], boxes[rest] + by[:, np.newaxis] * [1, 0, 0, 0], _OVERLAP)
        others = [_moved(faces[i], shift) for i, shift in zip(rest[same], by[same], strict=True)]
        found.append(_one([faces[best], *others], width))
        order = rest[~same]
    return sorted(found, key=lambda face: -face.score)


def _shifts(best: NDArray[Any], others: NDArray[Any], width: int) -> NDArray[Any]:
    """What to add to the x of boxes, (count, 4), so that they lie beside another one, whichever way round is nearer."""
    apart = best[0] + best[2] / 2 - others[:, 0] - others[:, 2] / 2
    whole = (others[:, 2] >= width) | (best[2] >= width)  # around a pole there is no seam
    return np.asarray(np.where(whole, apart, np.round(apart / width) * width), np.float64)


def _one(faces: Sequence[Face], width: int) -> Face:
    """The first of the faces that show one, with a region that covers them all."""
    first, whole = faces[0], united([face.region for face in faces])
    if any(face.region.width >= width for face in faces):
        whole = replace(whole, x=0, width=width)
    region = first.region if whole == replace(first.region, shape="box") else whole
    return replace(first, region=region, score=max(face.score for face in faces))


def _moved(face: Face, by: float) -> Face:
    by = round(by)
    points = tuple((x + by, y) for x, y in face.landmarks)
    return replace(face, region=replace(face.region, x=face.region.x + by), landmarks=points)


def _placed(face: Face, width: int, height: int) -> list[Face]:
    """A face wherever it, or its head, shows in the picture: across the seam it does at both borders."""
    if face.region.width >= width:
        return _row(face, width, height)
    reach = math.ceil(max(four_margins(HEAD)) * max(face.region.width, face.region.height))
    face, found = _moved(face, -(face.region.x // width) * width), []
    for by in (0, -width, width):
        moved = _moved(face, by)
        left, right = moved.region.x, moved.region.x + moved.region.width
        if left < width + reach and right > -reach:
            left, right = min(left, width - 1), max(right, 1)
            found.append(replace(moved, region=replace(moved.region, x=left, width=right - left)))
    return found


def _row(face: Face, width: int, height: int) -> list[Face]:
    """A face around a pole, in boxes of a face's aspect side by side: what lies beyond the pole costs nothing."""
    strip = face.region
    count = min(_MOST_IN_ROW, max(1, math.ceil(width / strip.height)))
    across, down = width / count, max(strip.height, width / count)
    is_upper, is_lower = strip.y <= 0, strip.y + strip.height >= height
    share = 0.5 if is_upper == is_lower else float(is_upper)  # of what is beyond the strip, above it
    top = strip.y - share * (down - strip.height)
    box = (top - _AROUND * down, across * (1 + 2 * _AROUND), down * (1 + 2 * _AROUND))
    regions = [covering_region((i - _AROUND) * across, *box) for i in range(count)]
    turn = 180.0 if is_upper and not is_lower else 0.0
    return [replace(face, region=region, landmarks=(), turn=turn) for region in regions]
