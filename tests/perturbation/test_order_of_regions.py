"""The order in which a caller lists regions decides nothing: views, forecasts and owners are those of ``perturb``."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastperturb as fp
from fastperturb.protections import Mosaic, Parts, Permutation
from fastperturb.protections.area import owned_parts

KEY = fp.Key(bytes(range(32)))
SHAPE = (60, 80, 3)
LANDMARKS = ((30.0, 25.0), (42.0, 25.0), (36.0, 32.0), (31.0, 38.0), (41.0, 38.0))
SIDE_BY_SIDE = [fp.Region(21, 10, 20, 20), fp.Region(10, 10, 20, 20)]


def picture(seed=1):
    return np.random.default_rng(seed).integers(0, 256, SHAPE, np.uint8)


@st.composite
def tied_faces(draw):
    """Two to four regions of one size and shape near each other, or of other sizes at one corner, in any order."""
    side, place = st.tuples(st.integers(12, 24), st.integers(12, 24)), st.tuples(st.integers(0, 40), st.integers(0, 24))
    shape = st.sampled_from(["box", "ellipse"])
    if draw(st.booleans()):
        size, form = draw(side), draw(shape)
        places = draw(st.lists(place, min_size=2, max_size=4, unique=True))
        return [fp.Region(x, y, *size, form) for x, y in places]
    x, y = draw(place)
    sizes = draw(st.lists(st.tuples(side, shape), min_size=2, max_size=4, unique=True))
    return [fp.Region(x, y, *size, form) for size, form in sizes]


@st.composite
def orders(draw):
    """Overlapping faces, one strength or one for each, and all of it in an order that someone else might have."""
    where = draw(tied_faces())
    one = st.builds(fp.Strength, window=st.integers(4, 9), coverage=st.sampled_from([0.5, 1.0]))
    strengths = draw(st.lists(one, min_size=len(where), max_size=len(where)) | one)
    return where, strengths, draw(st.permutations(range(len(where))))


def reordered(strengths, order):
    return strengths if isinstance(strengths, fp.Strength) else [strengths[i] for i in order]


@settings(max_examples=150)
@given(orders(), st.sampled_from(["mosaic", "linear", "cubic", "lanczos"]))
def test_view_and_forecast_are_those_of_perturb(case, kind):
    where, strengths, order = case
    image = picture()
    try:
        hidden, record = fp.perturb(image, where, KEY, strengths)
    except ValueError as error:  # half of the two pixels that a region owns, say
        with pytest.raises(ValueError, match=re.escape(str(error))):
            fp.forecast(image, where, strengths)
        return
    view = fp.view(image, record, interpolation=kind)
    assert (fp.view(hidden, where, strengths, interpolation=kind) == view).all()
    others, theirs = [where[i] for i in order], reordered(strengths, order)
    assert (fp.view(hidden, others, theirs, interpolation=kind) == view).all()
    forecast = fp.forecast(image, others, theirs)
    assert [item.region for item in forecast.regions] == others
    moved = {item.region: (item.window, item.pixels) for item in record.regions}
    assert {item.region: (item.window, item.pixels) for item in forecast.regions} == moved
    given = {item.region: item for item in fp.forecast(image, where, strengths).regions}
    assert all(given[item.region] == item for item in forecast.regions)


@settings(max_examples=100)
@given(tied_faces(), st.data())
def test_a_protection_has_the_owners_of_a_perturbation_in_the_order_of_its_faces(where, data):
    image, others = picture(), data.draw(st.permutations(where))
    _, record = fp.perturb(image, where, KEY)
    owned = {item.region: item.pixels for item in record.regions}
    parts = list(owned_parts(others, SHAPE))
    assert [region for region, _, _ in parts] == others
    assert {region: int(mask.sum()) for region, _, mask in parts} == owned


@pytest.mark.parametrize("where", list(itertools.permutations([*SIDE_BY_SIDE, fp.Region(10, 21, 20, 20)])))
@pytest.mark.parametrize("protection", [Permutation(fp.Strength(window=6)), Parts(), Parts(features=3)])
def test_views_of_protections_are_the_same_before_and_after(where, protection):
    image = picture()
    moved = [tuple((x + place.x - 26, y + place.y - 14) for x, y in LANDMARKS) for place in where]
    faces = [fp.Face(place, landmarks=points) for place, points in zip(where, moved, strict=True)]
    hidden = protection.protect(image, faces, seed=1)
    assert (hidden != image).any()
    assert (protection.view(hidden, faces) == protection.view(image, faces)).all()


def test_a_mosaic_does_not_depend_on_the_order():
    image, mosaic = picture(), Mosaic(window=20)
    one, other = ([fp.Face(place) for place in where] for where in (SIDE_BY_SIDE, SIDE_BY_SIDE[::-1]))
    assert (mosaic.protect(image, one, seed=1) == mosaic.protect(image, other, seed=1)).all()


def test_a_mosaic_is_the_view_and_each_region_of_a_perturbation_is_drawn_on_its_own():
    image, mosaic, where = picture(), Mosaic(cells=4), sorted(SIDE_BY_SIDE, key=lambda region: region.x)
    view = fp.view(image, where, fp.Strength(cells=4), interpolation="mosaic")
    assert (mosaic.protect(image, [fp.Face(place) for place in where], seed=0) == view).all()
    drawn, _ = fp.perturb(image, where, KEY, mosaic)
    for region, part, mask in owned_parts(where, SHAPE):
        alone = fp.view(image, region, fp.Strength(cells=4), interpolation="mosaic")
        assert (drawn[part][mask] == alone[part][mask]).all()


def test_errors_count_regions_as_the_caller_does():
    image, where = picture(), [fp.Region(20, 20, 9, 9), fp.Region(10, 10, 5, 5), fp.Region(-9, 0, 5, 5)]
    for call in (fp.view, fp.forecast):
        with pytest.raises(ValueError, match=r"regions\[2\] must touch the image"):
            call(image, where)
    with pytest.raises(ValueError, match=r"regions\[1\]: pixels must be at most the 25"):
        fp.forecast(image, where[:2], fp.Strength(pixels=30))
    with pytest.raises(fp.NoFaceFound):
        fp.forecast(image, [], [])
