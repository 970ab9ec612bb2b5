"""Faces at any angle: found, covered whole, their margins along their own axes; which copies are looked at."""

import math
import pickle
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from photographs import astronaut

import fastperturb as fp
from fastperturb.faces import HEAD, AnyAngle, YuNet, grow_region, locate, make_detector, regions_from_landmarks
from fastperturb.faces.tilt import Box, covering_box, landmark_tilt, rotation, turned_copy, within_half_turn
from fastperturb.protections.area import Area
from fastperturb.protections.rounding import round_face, turn_of

FRONTAL = ((100.0, 100.0), (140.0, 100.0), (120.0, 122.0), (104.0, 142.0), (136.0, 142.0))


@dataclass
class Fixed:
    """A detector that gives the same for every image, or what a function makes of the image."""

    found: object = ()
    seen: list = field(default_factory=list)

    def detect(self, image):
        self.seen.append(image.shape[:2])
        return list(self.found(image) if callable(self.found) else self.found)


@pytest.fixture(scope="module")
def photograph():
    return astronaut().read()


@pytest.fixture(scope="module")
def upright(photograph):
    (face,) = YuNet().detect(photograph)
    return face


def turned(image, degrees):
    """The whole image turned clockwise, grey around it, and what takes points along."""
    height, width = image.shape[:2]
    matrix = rotation(degrees)
    wide, high = np.ceil(np.abs(matrix) @ [width, height] - 1e-6).astype(int).tolist()
    shift = np.array([wide, high]) / 2 - matrix @ [width / 2, height / 2]
    places = np.column_stack([matrix, shift + matrix @ [0.5, 0.5] - 0.5])
    picture = cv2.warpAffine(image, places, (wide, high), borderMode=cv2.BORDER_CONSTANT, borderValue=(127,) * 3)
    return picture, lambda points: np.asarray(points) @ matrix.T + shift


def oval(region):
    """Points within the ellipse in a region."""
    across, down = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
    inside = np.stack([across, down], axis=-1)[across**2 + down**2 <= 1]
    return (region.x + region.width / 2, region.y + region.height / 2) + inside * (region.width / 2, region.height / 2)


def corners(region):
    right, bottom = region.x + region.width, region.y + region.height
    return np.array([[region.x, region.y], [right, region.y], [right, bottom], [region.x, bottom]], float)


def share(points, region):
    """How many of the points lie in the region."""
    near, far = (region.x, region.y), (region.x + region.width, region.y + region.height)
    return ((points >= near) & (points <= far)).all(axis=1).mean()


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_a_turned_face_is_covered_whole(photograph, upright, degrees):
    picture, place = turned(photograph, degrees)
    face, *others = locate(picture)
    assert len(others) <= 1  # at two angles the upright look takes the shuttle for a face, at 0.8 and less
    assert share(place(oval(upright.region)), face.region) >= 0.98
    assert face.region.width * face.region.height < 3.2 * upright.region.width * upright.region.height
    assert abs(within_half_turn(face.turn - degrees)) <= 24
    head = locate(picture, grow=HEAD)[0]
    assert share(place(oval(grow_region(upright.region, HEAD))), head.region) >= 0.98
    assert head == fp.Face(grow_region(face.region, HEAD, turn=face.turn), face.score, face.landmarks, face.turn)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_without_turned_copies_it_is_half_covered_or_missed(photograph, upright, degrees):
    """What AnyAngle is for; should a detector ever see such faces whole, this may go."""
    picture, place = turned(photograph, degrees)
    faces = YuNet().detect(picture)
    assert not any(share(place(oval(upright.region)), face.region) >= 0.98 for face in faces)


def test_a_surely_upright_face_keeps_the_detectors_box(photograph, upright):
    (face,) = locate(photograph)
    assert face == upright
    assert face.turn == 0.0


def test_an_upright_and_a_lying_face_in_one_picture(photograph, upright):
    lying, place = turned(photograph, 90)
    picture = np.hstack([photograph, lying])
    faces = locate(picture, threshold=0.9)
    one, other = sorted(faces, key=lambda face: face.region.x)
    assert share(oval(upright.region), one.region) >= 0.98
    assert share(place(oval(upright.region)) + np.array([512, 0]), other.region) >= 0.98
    assert abs(other.turn - 90) < 20


def test_small_faces_of_a_photograph_that_lies_on_its_side(photograph):
    """Too small for the reduced turned copies; the quarter turn that shows most is looked at in full size."""
    small = cv2.resize(photograph, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    tiny = cv2.resize(photograph, None, fx=0.27, fy=0.27, interpolation=cv2.INTER_AREA)
    scene = np.full((1000, 1200, 3), 110, np.uint8)
    scene[100 : 100 + small.shape[0], 100 : 100 + small.shape[1]] = small
    scene[700 : 700 + tiny.shape[0], 900 : 900 + tiny.shape[1]] = tiny
    assert len(locate(scene)) == 2
    assert len(locate(np.ascontiguousarray(np.rot90(scene)))) == 2
    assert len(locate(np.ascontiguousarray(np.rot90(scene, 3)))) == 2


@pytest.mark.parametrize("name", ["dlib-hog", "centerface"])
def test_other_detectors(photograph, upright, name):
    try:
        detector = AnyAngle(make_detector(name))
    except (fp.errors.MissingExtra, fp.errors.ModelError) as error:
        pytest.skip(str(error))
    for degrees in (90, 180, 270):
        picture, place = turned(photograph, degrees)
        found = locate(picture, detector)
        assert max(share(place(oval(upright.region)), face.region) for face in found) > 0.9


def landmarks_in(region, tilt=0.0):
    """Five landmarks of a face in a region, turned about its centre."""
    unit = (np.array(FRONTAL) - (120, 122)) / 100
    middle = (region.x + region.width / 2, region.y + region.height / 2)
    points = (unit * region.width) @ rotation(tilt).T + middle
    return tuple(map(tuple, points.tolist()))


def sure(region, score=0.95):
    return fp.Face(region, score, landmarks_in(region))


def test_which_copies_are_looked_at():
    image = np.zeros((200, 300, 3), np.uint8)
    nothing = Fixed()
    assert AnyAngle(nothing).detect(image) == []
    quarters = [(200, 300), (300, 200), (200, 300), (300, 200)]
    assert nothing.seen[:4] == quarters
    assert len(nothing.seen) == 8
    small = Fixed(lambda shown: [sure(fp.Region(10, 10, 30, 40))] if shown.shape[:2] == (200, 300) else [])
    AnyAngle(small).detect(image)
    assert [shape for shape in small.seen if shape != (256, 256)] == quarters
    small.seen.clear()
    AnyAngle(small, diagonals=True).detect(image)
    assert len([shape for shape in small.seen if shape not in ((200, 300), (300, 200), (256, 256))]) == 4
    large = Fixed([sure(fp.Region(80, 40, 120, 140))])
    assert AnyAngle(large).detect(image) == large.found
    assert large.seen == [(200, 300)]
    unsure = Fixed([sure(fp.Region(80, 40, 100, 120), 0.9)])
    AnyAngle(unsure).detect(image)
    assert len(unsure.seen) > 4


def test_turned_copies_are_no_larger_than_max_pixels():
    nothing = Fixed()
    AnyAngle(nothing, max_pixels=10_000).detect(np.zeros((400, 900, 3), np.uint8))
    assert nothing.seen[0] == (400, 900)
    assert all(height * width <= 11_000 for height, width in nothing.seen[1:])


def test_what_no_crop_settles_gets_a_square():
    def detect(image):
        whole = image is clear
        return [fp.Face(fp.Region(200, 150, 60, 80), 0.7, landmarks_in(fp.Region(200, 150, 60, 80)))] if whole else []

    clear = np.zeros((400, 500), np.uint8)
    (face,) = AnyAngle(Fixed(detect)).detect(clear)
    assert face.region == fp.Region(170, 130, 120, 120)
    assert face.landmarks == ()
    with pytest.raises(ValueError, match="5 landmarks"):  # refused, rather than features where they may not be
        regions_from_landmarks(face)


def test_what_only_a_turned_copy_shows_must_be_clear_or_settled():
    for score, count in ((0.7, 0), (0.85, 2)):  # two quarter turns are 500 pixels high
        shown = Fixed(lambda image, s=score: [fp.Face(fp.Region(9, 9, 60, 80), s)] if len(image) == 500 else [])
        assert len(AnyAngle(shown).detect(np.zeros((400, 500), np.uint8))) == count


def test_many_unsure_faces_are_all_covered_at_bounded_cost():
    places = [fp.Region(40 * i, 40 * j, 20, 25) for i in range(20) for j in range(20)]
    crowd = Fixed(lambda image: [fp.Face(place, 0.7) for place in places] if image.shape == (900, 1000, 3) else [])
    faces = AnyAngle(crowd).detect(np.zeros((900, 1000, 3), np.uint8))
    assert len(faces) == 400
    for place in places:
        assert any(share(corners(place), face.region) == 1 for face in faces)
    assert len(crowd.seen) < 64 * 40


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 3), st.tuples(*[st.integers(0, 8)] * 4))
def test_margins_of_quarter_turns_are_exact(width, height, quarters, eighths):
    margins = tuple(part / 8 for part in eighths)
    box = fp.Region(0, 0, 8 * width, 8 * height)
    matrix = rotation(90 * quarters)

    def turn(region):
        points = corners(region) @ matrix.T
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return fp.Region(int(left), int(top), int(right - left), int(bottom - top))

    assert grow_region(turn(box), margins, turn=90.0 * quarters) == turn(grow_region(box, margins))


@given(st.floats(10, 500), st.floats(0.45, 2.2), st.floats(-180, 180), st.tuples(*[st.floats(0, 1)] * 4))
def test_margins_of_any_turn_hold_the_tilted_box_with_its_margins(width, aspect, degrees, margins):
    height = width * aspect
    region = covering_box(Box(0.0, 0.0, width, height, degrees), 0.0)
    left, top, right, bottom = margins
    x, y = (-width * (0.5 + left), width * (0.5 + right)), (-height * (0.5 + top), height * (0.5 + bottom))
    tilted = np.array([(a, b) for a in x for b in y]) @ rotation(degrees).T
    grown = grow_region(region, margins, turn=degrees)
    assert (tilted >= np.array([grown.x, grown.y]) - 1e-3).all()
    assert (tilted <= np.array([grown.x + grown.width, grown.y + grown.height]) + 1e-3).all()


def test_an_areas_margins_go_along_the_face():
    face = fp.Face(fp.Region(100, 100, 80, 60), turn=90.0)
    (region,) = Area(grow=(0.0, 0.5, 0.0, 0.0)).regions([face], (400, 400))
    assert region == fp.Region(100, 100, 120, 60)  # the top of the head points to the right
    with pytest.raises(ValueError, match="turn must be finite degrees, got nan"):
        grow_region(face.region, 0.1, turn=math.nan)


@pytest.mark.parametrize("degrees", [0, 30, 90, 137, -90, -179])
def test_the_tilt_of_landmarks(degrees):
    points = (np.array(FRONTAL) @ rotation(degrees).T).tolist()
    assert landmark_tilt(points) == pytest.approx(degrees)


def test_landmarks_without_a_tilt():
    assert landmark_tilt(()) is None
    assert landmark_tilt([(1.0, 1.0)] * 5) is None
    assert landmark_tilt([(math.nan, 1.0), *FRONTAL[1:]]) is None


@pytest.mark.parametrize("turn", [90, 180, -90, 45, 135])
def test_points_of_a_turned_copy_are_led_back(turn):
    image = np.zeros((60, 100, 3), np.uint8)
    image[10:14, 70:74] = 255
    look = turned_copy(image, turn, (1.0, 1.0))
    rows, columns = np.nonzero(look.pixels[..., 0] > 200)
    middle = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
    back = look.to_image[:, :2] @ middle + look.to_image[:, 2]
    assert back == pytest.approx((72, 12), abs=0.3)


def test_face_takes_its_turn_last():
    assert fp.Face(fp.Region(0, 0, 1, 1)).turn == 0.0
    assert fp.Face(fp.Region(0, 0, 1, 1), 0.5, (), 90.0).turn == 90.0


def test_arguments_that_are_refused():
    with pytest.raises(TypeError, match=r"detector must have a method detect\(image\), got 7"):
        AnyAngle(7)
    with pytest.raises(ValueError, match="max_pixels must be None or at least 4096, got 5"):
        AnyAngle(YuNet(), max_pixels=5)
    with pytest.raises(TypeError, match="image must be a NumPy array"):
        AnyAngle(YuNet()).detect([[0]])


def test_pickled(photograph, upright):
    copy = pickle.loads(pickle.dumps(AnyAngle(YuNet())))  # noqa: S301
    assert copy.detect(photograph) == [upright]


def test_a_rounded_region_lies_as_the_face_does():
    lying = fp.Face(fp.Region(100, 100, 80, 60), turn=88.0)
    assert turn_of(round_face(lying)) == 1
    assert turn_of(round_face(fp.Face(lying.region))) == 0


def test_never_less_than_the_detectors_own_box(photograph):
    for degrees in (30, 75, 200):
        picture, _ = turned(photograph, degrees)
        faces = locate(picture)
        for own in YuNet(threshold=0.8).detect(picture):
            assert any(share(corners(own.region), face.region) == 1 for face in faces)
