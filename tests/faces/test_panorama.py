"""Panoramas: faces at the horizon, across the seam, high up and over the pole are covered where they are."""

import math
from unittest.mock import patch

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from photographs import astronaut

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.faces import HEAD, AnyAngle, Panorama, YuNet, grow_region
from fastperturb.protections import Surrogate, parse_protection

WIDTH, HEIGHT = 1200, 600


def panorama(yaw, pitch, field=30.0):
    """The astronaut's head hung on a sphere, so many degrees wide, and a mask of her face."""
    photograph = astronaut().read()[20:220, 124:324]
    inside = np.zeros(photograph.shape[:2], np.uint8)
    cv2.ellipse(inside, (100, 98), (42, 54), 0, 0, 360, 255, -1)
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH - 0.5, (np.arange(HEIGHT) + 0.5) / HEIGHT - 0.5)
    longitude, latitude = x * 2 * math.pi, y * math.pi
    ray = np.stack(
        [np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)], axis=-1
    )
    yaw, pitch = math.radians(yaw), math.radians(pitch)
    back = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    tilt = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    ray = ray @ (tilt @ back).T
    scale = 100 / math.tan(math.radians(field / 2))
    ahead = ray[..., 2] > 0.1
    depth = np.where(ahead, ray[..., 2], 1.0)
    places = [np.where(ahead, ray[..., k] / depth * scale + 99.5, -9.0).astype(np.float32) for k in (0, 1)]
    image = cv2.remap(photograph, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(127,) * 3)
    mask = cv2.remap(inside, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return image, mask > 127


def covered(mask, faces):
    left = mask.copy()
    for face in faces:
        left[face.region.clipped(*mask.shape)] = False
    return 1 - left.sum() / mask.sum()


@pytest.mark.parametrize(("yaw", "pitch"), [(178, -10), (40, 55), (250, -65)])
def test_faces_everywhere(yaw, pitch):
    image, mask = panorama(yaw, pitch)
    faces = fp.locate(image, Panorama(AnyAngle(YuNet())))
    assert covered(mask, faces) >= 0.98
    area = sum(face.region.width * face.region.height for face in faces)
    assert area <= 8 * mask.sum() * len({face.landmarks for face in faces})


def test_across_the_seam_it_is_two():
    image, _ = panorama(180, 0)
    faces = Panorama(YuNet()).detect(image)
    assert len(faces) == 2
    right, left = sorted(faces, key=lambda face: -face.region.x)
    assert left.region.x < 0 < left.region.x + left.region.width
    assert left.region == Region(right.region.x - WIDTH, right.region.y, right.region.width, right.region.height)
    assert left.landmarks == tuple((x - WIDTH, y) for x, y in right.landmarks)
    assert left.score == right.score


def test_over_the_pole_it_is_a_row():
    image, _ = panorama(0, 90)
    faces = Panorama(AnyAngle(YuNet())).detect(image)
    shown = np.zeros((HEIGHT, WIDTH), bool)
    for face in faces:
        shown[face.region.clipped(HEIGHT, WIDTH)] = True
    assert shown[:30].all()
    assert not shown[150:].any()
    assert all(0.5 < f.region.width / f.region.height < 2 for f in faces)


class Says:
    """A detector that finds in each look, by its number, what it is told: 0 is the picture, 4 what lies at the seam."""

    def __init__(self, faces):
        self.faces = faces
        self.count = -1

    def detect(self, image, /):
        self.count += 1
        return self.faces.get(self.count, [])


SMALL = (256, 512)


def said(faces, **options):
    """What ``locate`` gives of a small panorama; views have 256 pixels a side, and nobody looks at them."""
    with patch("fastperturb.faces.panorama._View.pixels", return_value=np.zeros((256, 256, 3), np.uint8)):
        return fp.locate(np.zeros((*SMALL, 3), np.uint8), Panorama(Says(faces), max_side=256), **options)


def owned(regions):
    """The pixels of a small panorama that some region holds, the ellipse in it if it is one."""
    found = np.zeros(SMALL, bool)
    for r in regions:
        rows, columns = r.clipped(*SMALL)
        y = (np.arange(rows.start, rows.stop) + 0.5 - r.y) * 2 / r.height - 1
        x = (np.arange(columns.start, columns.stop) + 0.5 - r.x) * 2 / r.width - 1
        found[rows, columns] |= (r.shape == "box") | (y[:, None] ** 2 + x**2 <= 1)
    return found


def at_the_seam(box):
    """Left, top, right and bottom, x from the seam on, of a box of the view backwards; by its corners and middles."""
    focal = 128 / math.tan(math.radians(50))
    across = np.linspace(box.x, box.x + box.width, 9) - 128
    down = np.linspace(box.y, box.y + box.height, 9)[:, None] - 128
    x = np.arctan2(across, focal) / (2 * math.pi) * SMALL[1]
    y = (np.arctan2(down, np.hypot(across, focal)) / math.pi + 0.5) * SMALL[0]
    return x.min(), y.min(), x.max(), y.max()


def holds_box(faces, left, top, right, bottom):
    """Whether the pixels of the panorama from ``left`` of the seam to ``right`` of it are in the faces' boxes."""
    rolled = np.roll(owned(face.region for face in faces), 256, axis=1)
    return rolled[math.floor(top) : math.ceil(bottom), math.floor(left) + 256 : math.ceil(right) + 256].all()


SCORES = st.floats(0.6, 1).map(lambda score: round(score, 2))


@settings(max_examples=40, deadline=None)
@given(
    st.builds(Region, st.integers(60, 140), st.integers(60, 150), st.integers(12, 70), st.integers(12, 80)),
    SCORES,
    st.tuples(SCORES, SCORES),
    st.tuples(st.booleans(), st.booleans()),
    st.integers(-3, 3),
)
@example(Region(98, 100, 60, 70), 0.9, (0.95, 0.95), (True, False), 0)
@example(Region(98, 100, 60, 70), 0.9, (0.95, 0.95), (True, True), 0)
def test_parts_at_the_seam_displace_no_whole_face(box, score, scores, are_there, off):
    """Halves were found in the picture as it is with better scores; the other side of the face stayed clear."""
    left, top, right, bottom = at_the_seam(box)
    y, high = math.floor(top) + off, math.ceil(bottom - top)
    halves = []
    if left < -1:
        wide = math.ceil(-left)
        halves.append(Face(Region(SMALL[1] - wide, y, wide, high), scores[0]))
    if right > 1:
        halves.append(Face(Region(0, y, math.ceil(right), high), scores[1]))
    halves = [half for half, is_there in zip(halves, are_there, strict=False) if is_there]
    faces = said({0: halves, 4: [Face(box, score)]})
    assert holds_box(faces, left, top, right, bottom)
    shown = owned(face.region for face in faces)
    assert all(shown[half.region.clipped(*SMALL)].all() for half in halves)
    assert max(face.score for face in faces) == max([score, *(half.score for half in halves)])


def test_a_whole_face_stands_for_both_of_its_halves():
    halves = [Face(Region(497, 112, 15, 35), 0.95), Face(Region(0, 112, 15, 35), 0.93)]
    faces = said({0: halves, 4: [Face(Region(108, 105, 40, 46), 0.7, turn=3.0)]})
    assert [(face.score, face.turn) for face in faces] == [(0.95, 3.0)] * 2
    assert faces[0].region.x - faces[1].region.x == 512


def test_what_any_look_takes_for_a_face_is_covered():
    small, large = Face(Region(200, 100, 30, 36), 0.9), Face(Region(204, 96, 44, 50), 0.7)
    faces = said({0: [small, large]})
    assert [face.region for face in faces] == [Region(200, 96, 48, 50)]
    kept = Face(Region(200, 100, 30, 36, "ellipse"), 0.9)
    assert said({0: [kept, kept]}) == [kept]


@pytest.mark.parametrize("box", [Region(108, 105, 40, 46), Region(92, 105, 40, 46), Region(124, 105, 40, 46)])
@pytest.mark.parametrize("shape", [None, "ellipse"])
def test_ellipses_and_rounded_regions_go_on_across_the_seam(box, shape):
    """The two parts had an ellipse each, which left the middle of the face clear."""
    left, top, right, bottom = at_the_seam(box)
    middle, down = (left + right) / 2, (top + bottom) / 2
    y, x = np.mgrid[: SMALL[0], :512] + 0.5
    face = ((x - 256 - middle) * 2 / (right - left)) ** 2 + ((y - down) * 2 / (bottom - top)) ** 2 <= 0.97
    faces = said({4: [Face(box)]}, shape=shape)
    areas = [[face.region for face in faces], parse_protection("black:shape=ellipse").regions(faces, SMALL)]
    areas += [Surrogate(area=area).regions_for(faces, SMALL) for area in ("head", "face")]
    for regions in areas:
        assert np.roll(owned(regions), 256, axis=1)[face].all()


def test_a_head_goes_on_across_the_seam():
    """The margin of a face beside the seam ended there: its hair on the other side stayed clear."""
    faces = said({0: [Face(Region(470, 100, 40, 50))]}, grow=HEAD)
    head = grow_region(Region(470, 100, 40, 50), HEAD)
    rolled = np.roll(owned(face.region for face in faces), 256, axis=1)
    assert rolled[head.y : head.y + head.height, head.x - 256 : head.x - 256 + head.width].all()
    assert len(said({0: [Face(Region(440, 100, 40, 50))]})) == 1
    without = said({0: [Face(Region(470, 100, 40, 50))]})
    assert {face.region for face in without} == {Region(470, 100, 40, 50), Region(-42, 100, 43, 50)}


@pytest.mark.parametrize("look", [15, 16])
@pytest.mark.parametrize("half", [4, 20, 60])
def test_a_row_over_a_pole_covers_it_whatever_is_drawn(look, half):
    """A rounded region around the strip covered all of the picture, and was drawn in its whole size."""
    box = Region(128 - half, 127 - half, 2 * half, 2 * half + 2)
    faces = said({look: [Face(box, landmarks=((120.0, 125.0),) * 5)]})
    angle = math.atan(half * math.tan(math.radians(50)) / 128)
    rows = math.floor(math.sqrt(1.9) * angle / math.pi * SMALL[0])
    strip = slice(0, rows) if look == 16 else slice(SMALL[0] - rows, None)
    areas = [[face.region for face in faces], parse_protection("black:shape=ellipse").regions(faces, SMALL)]
    areas += [parse_protection(f"surrogate:area={area}").regions(faces, SMALL) for area in ("head", "face")]
    areas += [[face.region for face in said({look: [Face(box)]}, grow=HEAD, shape="ellipse")]]
    for regions in areas:
        shown = owned(regions)
        assert shown[strip].all()
        assert all(region.height < 7 * max(rows, 8) for region in regions)
    assert len(faces) <= 64
    assert {(face.landmarks, face.turn) for face in faces} == {((), 180.0 if look == 16 else 0.0)}


def test_turns_are_those_in_the_panorama():
    """All were 0, so that margins of the head went beyond the wrong sides of a face that lies."""
    lying = Face(Region(103, 108, 50, 40), turn=90.0)
    (face,) = said({1: [lying]})
    assert face.turn == 90.0
    assert said({1: [lying]}, grow=HEAD)[0].region == grow_region(face.region, HEAD, turn=90.0)
    assert said({1: [Face(Region(108, 103, 40, 50))]})[0].turn == 0.0
    beyond = said({11: [Face(Region(118, 12, 20, 24))]})  # the view at 55 degrees sees beyond the pole, too
    assert [face.turn for face in beyond] == pytest.approx([180.0] * 2)
    (aside,) = said({11: [Face(Region(30, 60, 20, 24))]})
    assert -90 < aside.turn < -20


class Remembers:
    def __init__(self):
        self.shapes = []

    def detect(self, image, /):
        self.shapes.append(image.shape[:2])
        return [Face(Region(5, 5, 10, 10))] if len(self.shapes) == 1 else []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_views_are_bounded(dtype):
    detector = Remembers()
    image = np.zeros((3000, 6000), dtype)
    assert Panorama(detector, max_side=512).detect(image) == [Face(Region(5, 5, 10, 10))]
    assert detector.shapes == [(3000, 6000), *[(512, 512)] * 16]


def test_arguments():
    with pytest.raises(ValueError, match="a panorama must be twice as wide as high, got 600 x 400"):
        Panorama(YuNet()).detect(np.zeros((400, 600, 3), np.uint8))
    other = astronaut().read()
    assert Panorama(YuNet(), others=True).detect(other) == YuNet().detect(other)
    for side in (100, 1e3, True, 9000):
        with pytest.raises(ValueError, match="max_side must be a whole number from 256 to 8192"):
            Panorama(YuNet(), max_side=side)
    with pytest.raises(TypeError, match=r"detector must have a method detect\(image\)"):
        Panorama(None)
