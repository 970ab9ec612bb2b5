"""Faces beside and before each other: what a detector tells apart, AnyAngle gives apart, and never loses."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastperturb import Face, Region
from fastperturb.faces import AnyAngle
from fastperturb.faces.boxes import part_within


def face(x, y, width, height, score):
    """An upright face with its landmarks."""
    parts = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return Face(
        Region(x, y, width, height), score, tuple((x + across * width, y + down * height) for across, down in parts)
    )


class Shows:
    """A detector that gives some faces for the picture itself, and others for what else it is shown."""

    def __init__(self, itself, elsewhere=None):
        self.itself = itself
        self.elsewhere = elsewhere or (lambda _: [])

    def detect(self, image):
        own = image.shape[:2] == (400, 600) and image[0, 0, 0] == 7
        return list(self.itself if own else self.elsewhere(image))


def picture():
    image = np.zeros((400, 600, 3), np.uint8)
    image[0, 0] = 7
    return image


FACES = st.builds(
    face,
    st.integers(-40, 590),
    st.integers(-40, 390),
    st.integers(8, 300),
    st.integers(8, 300),
    st.integers(60, 100).map(lambda percent: percent / 100),
)
PAIRS = {
    "small beside large": (face(200, 100, 150, 200, 0.95), face(365, 190, 12, 20, 0.93)),
    "narrow, side by side": (face(200, 100, 45, 100, 0.95), face(247, 100, 45, 100, 0.94)),
    "overlapping": (face(200, 100, 75, 100, 0.95), face(249, 100, 75, 100, 0.94)),
    "small before large": (face(200, 100, 150, 200, 0.90), face(250, 180, 30, 40, 0.95)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_faces_that_one_look_tells_apart_are_two(name):
    pair = PAIRS[name]
    found = AnyAngle(Shows(pair)).detect(picture())
    assert len(found) == 2
    for own in pair:
        assert sum(part_within(own.region, given.region) == 1 for given in found) >= 1


@settings(deadline=None)
@given(
    st.lists(FACES, max_size=6), st.lists(FACES, max_size=3), st.lists(FACES, max_size=2), st.sampled_from([0, 0.05])
)
@example([face(200, 100, 60, 80, 0.9)], [face(0, 0, 8, 8, 0.95)], [], 0)
def test_what_the_picture_itself_shows_lies_in_some_region(itself, turned, crops, margin):
    shown = Shows(itself, lambda image: crops if image.shape[:2] == (256, 256) else turned)
    found = AnyAngle(shown, margin=margin).detect(picture())
    for own in itself:
        assert any(part_within(own.region, given.region) == 1 for given in found)


def test_a_lower_score_keeps_its_place_beside_a_neighbour_that_crops_show_better():
    """Crops around the second face show the first, half a side away, with the higher score."""
    first, second = face(200, 100, 90, 120, 0.95), face(260, 100, 90, 120, 0.7)
    across = round(128 - 60 * 256 / 360 - 32)
    shown = []

    def crop(image):
        shown.append(image.shape[:2])
        return [face(across, 86, 64, 85, 0.99)] if shown.count((256, 256)) == 1 and shown[-1] == (256, 256) else []

    found = AnyAngle(Shows([first, second], crop)).detect(picture())
    assert len(found) == 2
    assert found[0] == first
    assert part_within(second.region, found[1].region) == 1
    assert found[1].landmarks == ()  # no crop shows where they are


def test_lying_faces_that_a_turned_copy_tells_apart_are_two():
    """Narrow ones, beside each other in the copy turned by 90 degrees."""
    pair = [face(180, 200, 45, 100, 0.9), face(227, 200, 45, 100, 0.85)]
    seen = []

    def quarter(image):
        seen.append(image.shape[:2])
        return pair if seen.count((600, 400)) == 1 and image.shape[:2] == (600, 400) else []

    assert len(AnyAngle(Shows([], quarter)).detect(picture())) == 2


def test_one_face_that_two_looks_show_apart_is_one():
    """The copy turned by 180 degrees shows a face lower than it is, the picture itself a part of it above."""
    seen = []

    def elsewhere(image):
        seen.append(image.shape[:2])
        crops = seen.count((256, 256))
        if seen[-1] == (256, 256):  # the first is around the turned copy's box, the second around the part
            return [face(96, 109, 64, 85, 0.9) if crops == 1 else face(73, 83, 110, 146, 0.9)]
        return [face(310, 114, 90, 120, 0.85)] if seen[-1] == (400, 600) else []

    (found,) = AnyAngle(Shows([face(215, 135, 60, 70, 0.8)], elsewhere)).detect(picture())
    assert part_within(Region(201, 134, 88, 118), found.region) == 1
