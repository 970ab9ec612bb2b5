"""Regions of a track hold still: one size and turn, a centre on the grid that moves seldom, every head covered."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_video import covers

import fastperturb as fp
from fastperturb.protections.rounding import FACE_MARGINS, HEAD_MARGINS, class_size, round_face, turn_of
from fastperturb.video.holding import hold_still


def box_paths(draw, count):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.floats(8, 300))
    growth = draw(st.floats(-0.01, 0.01))
    speed = draw(st.floats(0, 0.3)) * size
    angle = draw(st.floats(0, 7))
    step = np.arange(count)[:, None]
    middle = rng.uniform(-200, 900, 2) + step * speed * [np.cos(angle), np.sin(angle)] + rng.normal(0, 0.05 * size)
    middle = middle + rng.normal(0, 0.03 * size, (count, 2))
    sides = size * np.exp(growth * step) * [1.0, 1.3] * np.exp(rng.normal(0, 0.03, (count, 2)))
    return np.concatenate([middle - sides / 2, sides], axis=1)


@st.composite
def paths(draw):
    count = draw(st.integers(1, 60))
    return box_paths(draw, count), np.full(count, float(draw(st.sampled_from([0, 90, 180, -90]))))


def head_of(box, turn, margins):
    """The box with its margins along the face's own axes, by hand."""
    left, top, right, bottom = (part / 100 for part in margins)
    x, y, width, height = box
    around = {
        0: (left, top, right, bottom), 90: (bottom, left, top, right),
        180: (right, bottom, left, top), -90: (top, right, bottom, left),
    }[turn]  # fmt: skip
    return (
        x - around[0] * width,
        y - around[1] * height,
        width * (1 + around[0] + around[2]),
        height * (1 + around[1] + around[3]),
    )


@given(paths(), st.sampled_from(["head", "face"]))
@settings(max_examples=60)
def test_every_head_is_covered_by_one_size_on_the_grid(path, area):
    boxes, turns = path
    held = hold_still(boxes, turns, area)
    margins = HEAD_MARGINS if area == "head" else FACE_MARGINS
    for number, box in enumerate(boxes):
        region = held.region(number)
        assert (region.width, region.height, region.shape) == (held.width, held.height, "ellipse")
        assert covers(region, head_of(box, int(turns[0]), margins)) >= 0.955  # points of another lattice
    assert turn_of(held.region(0)) == round(turns[0] / 90) % 4
    width = min(held.width, held.height) // 2 * 2
    step = width // 8
    # In the upright face's axes the centre lies on the grid; the odd side of a half turn lies beyond it.
    away = np.diff(held.corners, axis=0)
    assert (away % step == 0).all()


@given(st.integers(-50, 500), st.integers(-50, 500), st.integers(5, 300), st.integers(5, 300))
@settings(max_examples=60)
def test_one_frame_gets_the_region_of_a_still(x, y, width, height):
    held = hold_still(np.array([[x, y, width, height]], np.float64), np.zeros(1), "head")
    assert held.region(0) == round_face(fp.Region(x, y, width, height))


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_one_turned_frame_gets_the_region_of_a_still(turn):
    held = hold_still(np.array([[40.0, 50, 60, 70]]), np.array([float(turn)]), "head")
    assert held.region(0) == round_face(fp.Face(fp.Region(40, 50, 60, 70), turn=turn))


def test_a_face_that_trembles_stands_still():
    rng = np.random.default_rng(3)
    boxes = np.array([200.0, 150, 90, 110]) + rng.normal(0, 2.5, (300, 4))
    held = hold_still(boxes, np.zeros(300), "head")
    assert held.moves == 0


def test_a_face_that_moves_steps_once_for_each_step():
    boxes = np.array([[100.0 + 2 * i, 150, 90, 110] for i in range(200)])
    held = hold_still(boxes, np.zeros(200), "head")
    step = held.width // 8
    jumps = np.diff(held.corners[:, 0])
    assert set(jumps.tolist()) == {0, step}
    assert held.moves == pytest.approx(400 / step, abs=2)


def test_a_short_excursion_is_covered_too():
    boxes = np.tile([200.0, 150, 90, 110], (60, 1))
    boxes[30:32, 0] += 60
    held = hold_still(boxes, np.zeros(60), "head")
    assert min(covers(held.region(i), head_of(boxes[i], 0, HEAD_MARGINS)) for i in range(60)) >= 0.955


def test_the_size_is_one_of_the_classes():
    held = hold_still(np.array([[0.0, 0, 50, 60], [0, 0, 80, 96]]), np.zeros(2), "head")
    assert (held.width, held.height) in {class_size(number) for number in range(30)}


def test_the_turn_is_that_of_most_frames():
    boxes = np.tile([200.0, 150, 90, 90], (9, 1))
    held = hold_still(boxes, np.array([0.0, 0, 90, 90, 90, 100, 80, 0, 0]), "head")
    assert turn_of(held.region(0)) == 1


def test_a_face_larger_than_any_region_is_refused():
    with pytest.raises(ValueError, match="must be smaller than the largest region"):
        hold_still(np.array([[0.0, 0, 60_000, 60_000]]), np.zeros(1), "head")
