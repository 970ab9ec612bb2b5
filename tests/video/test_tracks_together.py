"""Faces beside, before and behind each other in films: what one look at a frame shows lies in regions of that frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told_faces import ToldDetector, face, least_covered

from fastperturb.faces import AnyAngle

PAIRS = {
    "small beside large": ((200, 100, 150, 200, 0.95), (365, 190, 12, 20, 0.93)),
    "narrow, side by side": ((200, 100, 45, 100, 0.95), (247, 100, 45, 100, 0.94)),
    "overlapping": ((200, 100, 75, 100, 0.95), (249, 100, 75, 100, 0.94)),
    "small before large": ((200, 100, 150, 200, 0.90), (250, 180, 30, 40, 0.95)),
    "small in large": ((200, 100, 150, 200, 0.95), (250, 180, 30, 40, 0.90)),
}


@pytest.mark.parametrize("crops", [False, True])
@pytest.mark.parametrize("tilted", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_two_faces_that_one_look_shows_are_two_tracks(name, tilted, crops, monkeypatch):
    detector = ToldDetector(lambda _: [face(*one, tilted) for one in PAIRS[name]], crops).watch(monkeypatch)
    tracks, (least, *_) = least_covered(detector, 12)
    assert least >= 0.97
    assert [(track.first, track.last) for track in tracks] == [(0, 11)] * 2


@pytest.mark.parametrize("name", PAIRS)
def test_two_faces_are_hidden_where_they_are_looked_for_at_all_angles(name):
    _, (least, *_) = least_covered(AnyAngle(ToldDetector(lambda _: [face(*one) for one in PAIRS[name]])), 30)
    assert least >= 0.97


@pytest.mark.parametrize("crops", [False, True])
@pytest.mark.parametrize("speed", [0, 3])
@pytest.mark.parametrize("when", [lambda i: i >= 9, lambda i: i % 3 == 0, lambda i: i < 9, lambda i: i == 7])
def test_a_face_that_appears_beside_another_is_hidden_from_then_on(when, speed, crops, monkeypatch):
    def faces(number):
        beside = [face(247 + speed * number, 100, 45, 100, 0.9)] if when(number) else []
        return [face(200 + speed * number, 100, 45, 100, 0.95), *beside]

    tracks, (least, *_) = least_covered(ToldDetector(faces, crops).watch(monkeypatch), 30)
    assert least >= 0.97
    assert len(tracks) == 2


@pytest.mark.parametrize("crops", [False, True])
@pytest.mark.parametrize("wide", [45, 75])
def test_people_who_walk_past_each_other_are_hidden_all_the_way(wide, crops, monkeypatch):
    def faces(number):
        return [face(150 + 5 * number, 100, wide, 100, 0.95), face(350 - 5 * number, 104, wide, 100, 0.9)]

    tracks, (least, *_) = least_covered(ToldDetector(faces, crops).watch(monkeypatch), 41)
    assert least >= 0.97
    assert len(tracks) == 2


PEOPLE = st.tuples(
    st.integers(20, 400),
    st.integers(20, 250),
    st.integers(12, 150),
    st.integers(12, 150),
    st.integers(85, 100),  # the score, in hundredths
    st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
    st.integers(1, 2**12 - 1),  # frames in which it is shown
    st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(
    people=st.lists(PEOPLE, min_size=1, max_size=4),
    angles=st.booleans(),
    crops=st.booleans(),
    dark=st.lists(st.integers(0, 11), max_size=2),
)
def test_what_looks_show_is_hidden_in_that_frame(people, angles, crops, dark):
    """Nearly all of each face that a look at a whole frame gives lies in one region of that frame.

    Frames get another shade where a scene ends. Left out are scores that make no track (docs/tracks.md): one look of
    less than 0.85.
    """

    def faces(number):
        return [
            face(x + across * number, y + down * number, wide, high, score / 100, tilted)
            for x, y, wide, high, score, (across, down), shown, tilted in people
            if shown >> number & 1
        ]

    def shade(number):
        return 90 + 36 * (number % 2) + 100 * (sum(number >= cut for cut in dark) % 2)

    detector = ToldDetector(faces, crops)
    with pytest.MonkeyPatch.context() as patch:
        detector.watch(patch)
        _, worst = least_covered(AnyAngle(detector) if angles else detector, 12, shade_of=shade)
    assert worst[0] >= 0.9, worst
