"""Regions that cover boxes, grown regions, suppression of doubles, and the regions of a face's features."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import fastperturb as fp
from fastperturb.faces import HEAD, grow_region, regions_from_landmarks
from fastperturb.faces.boxes import covering_region, suppress, touches

# A face looking at us, 40 pixels between its eyes: right eye, left eye, nose tip, right and left mouth corner.
FRONTAL = ((100.0, 100.0), (140.0, 100.0), (120.0, 122.0), (104.0, 142.0), (136.0, 142.0))

coordinates = st.floats(-1e4, 1e4)
lengths = st.floats(1e-3, 1e4)


def corners(region):
    return region.x, region.y, region.x + region.width, region.y + region.height


def with_landmarks(points):
    return fp.Face(fp.Region(0, 0, 1, 1), 1.0, tuple(points))


@given(coordinates, coordinates, lengths, lengths)
def test_covering_region_is_the_smallest_that_covers(x, y, width, height):
    left, top, right, bottom = corners(covering_region(x, y, width, height))
    assert left <= x < left + 1
    assert top <= y < top + 1
    assert x + width <= right < max(x + width + 1, left + 2)
    assert y + height <= bottom < max(y + height + 1, top + 2)


def test_grow_region():
    box = fp.Region(10, 20, 100, 200, "ellipse")
    assert grow_region(box, 0) == box
    assert grow_region(box, 0.1) == fp.Region(0, 0, 120, 240, "ellipse")
    assert grow_region(box, (0.1, 0.2, 0.3, 0.05), "box") == fp.Region(0, -20, 140, 250)
    assert grow_region(fp.Region(0, 0, 10, 10), np.float32(0.01)) == fp.Region(-1, -1, 12, 12)
    assert grow_region(fp.Region(-7, 3, 1000, 1000), 0.07) == fp.Region(-77, -67, 1140, 1140)
    assert HEAD[1] > HEAD[3]  # hair is above
    with pytest.raises(ValueError, match="got inf"):
        grow_region(box, math.inf)
    with pytest.raises(TypeError, match="got None"):
        grow_region(box, None)


def test_touches():
    assert touches(fp.Region(-9, -9, 10, 10), (5, 5))
    assert not touches(fp.Region(-9, -9, 9, 10), (5, 5))
    assert not touches(fp.Region(-9, -9, 10, 9), (5, 5))
    assert touches(fp.Region(7, 4, 1, 1), (5, 8, 3))
    assert not touches(fp.Region(8, 4, 1, 1), (5, 8, 3))
    assert not touches(fp.Region(7, 5, 1, 1), (5, 8, 3))


def suppress_slowly(boxes, scores, overlap):
    def same(a, b):
        width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
        height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
        shared = max(0, width) * max(0, height)
        union = a[2] * a[3] + b[2] * b[3] - shared
        return shared / union > overlap or shared / (a[2] * a[3]) > 0.8

    kept = []
    for index in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        if not any(same(boxes[index], boxes[other]) for other in kept):
            kept.append(index)
    return kept


@given(st.integers(0, 30), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.3, 0.7]))
def test_suppress(count, seed, overlap):
    rng = np.random.default_rng(seed)
    boxes = np.hstack([rng.uniform(0, 50, (count, 2)), rng.uniform(1, 40, (count, 2))])
    scores = rng.choice([0.5, 0.6, 0.7, 0.8, 0.9], count)
    assert suppress(boxes, scores, overlap) == suppress_slowly(boxes, scores, overlap)


def test_features_of_a_frontal_face():
    right_eye, left_eye, nose, mouth = (corners(region) for region in regions_from_landmarks(with_landmarks(FRONTAL)))
    for (left, top, right, bottom), (x, y) in zip((right_eye, left_eye, nose), FRONTAL, strict=False):
        assert left < x - 10
        assert x + 10 < right
        assert top < y < bottom
    assert right_eye[1] < 100 - 18  # the brow lies about half the distance of the eyes above them
    assert mouth[0] < 104
    assert mouth[2] > 136
    assert mouth[1] < 142 < mouth[3]
    assert max(right_eye[3], left_eye[3]) > nose[1]  # no gap at the root of the nose
    assert nose[3] > mouth[1]


@given(st.lists(st.tuples(coordinates, coordinates), min_size=5, max_size=5), st.integers(-500, 500))
def test_features_of_a_turned_face_are_turned_features(points, shift):
    eyes, mouth = np.mean(points[:2], axis=0), np.mean(points[3:], axis=0)
    across, down = np.subtract(points[1], points[0]), mouth - eyes
    assume(math.hypot(across[0] + down[1], across[1] - down[0]) > 1)
    regions = regions_from_landmarks(with_landmarks(points))
    turned = regions_from_landmarks(with_landmarks([(-y, x + shift) for x, y in points]))
    for region, other in zip(regions, turned, strict=True):
        left, top, right, bottom = corners(region)
        assert corners(other) == pytest.approx((-bottom, left + shift, -top, right + shift), abs=1)


def test_features_of_a_tilted_face_stay_of_a_size():
    upright = regions_from_landmarks(with_landmarks(FRONTAL))
    for degrees in (10, 20, 30):
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        tilted = regions_from_landmarks(with_landmarks((c * x - s * y, s * x + c * y) for x, y in FRONTAL))
        for region, other in zip(upright, tilted, strict=True):
            assert other.width * other.height < 2.2 * region.width * region.height


def test_features_of_a_face_in_profile_keep_their_height():
    profile = [(120 + (x - 120) * 0.2, y) for x, y in FRONTAL]
    for region, other in zip(
        regions_from_landmarks(with_landmarks(FRONTAL)), regions_from_landmarks(with_landmarks(profile)), strict=True
    ):
        assert other.height == pytest.approx(region.height, abs=2)


def test_features_of_several_faces_in_order_and_shape():
    moved = [(x + 500, y) for x, y in FRONTAL]
    both = regions_from_landmarks([with_landmarks(FRONTAL), with_landmarks(moved)], shape="ellipse")
    assert len(both) == 8
    assert [region.x + 500 for region in both[:4]] == [region.x for region in both[4:]]
    assert {region.shape for region in both} == {"ellipse"}
    assert regions_from_landmarks([]) == ()


def test_features_outside_the_image_are_left_out_when_its_shape_is_known():
    face = with_landmarks(FRONTAL)
    assert len(regions_from_landmarks(face)) == 4
    assert len(regions_from_landmarks(face, image_shape=(300, 300, 3))) == 4
    kept = regions_from_landmarks(face, image_shape=(300, 110))
    assert kept == tuple(region for region in regions_from_landmarks(face) if region.x < 110)
    assert len(kept) == 3


@pytest.mark.parametrize(
    ("points", "text"),
    [
        ((), "5 landmarks .*got 0: detect with YuNet"),
        (FRONTAL[:4], "got 4"),
        ([(1.0, 1.0)] * 5, "must be finite and apart"),
        ([(math.nan, 1.0), *FRONTAL[1:]], "must be finite and apart"),
    ],
)
def test_landmarks_that_are_refused(points, text):
    with pytest.raises(ValueError, match=text):
        regions_from_landmarks(with_landmarks(points))
