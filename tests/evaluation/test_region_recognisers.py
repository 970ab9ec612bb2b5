"""Who looks at values inside, or at pixels outside: against computations written beside them, and on made-up people."""

from dataclasses import replace

import numpy as np
import pytest
from people import BOX, FACE, draw_image, make_people, make_split

import fastperturb as fp
from fastperturb.evaluation.datasets import DataSet, Sample
from fastperturb.evaluation.recognition import AttackBench, GallerySplit, make_recogniser, make_subjects
from fastperturb.evaluation.recognition.matching_heads import measure_distances
from fastperturb.evaluation.recognition.region_recognisers import SIDE, masked_distances
from fastperturb.protections import Black, Camouflage, Permutation, Surrogate, parse_protection

WHOLE = Permutation(fp.Strength(window="region"))
LIGHTS = np.linspace(0.5, 1.5, 12)


def lit(person, number):
    """The person's pattern in the person's own light, so that values tell."""
    face = np.clip(draw_image(person, number) * LIGHTS[person], 0, 255)
    return np.random.default_rng([3, person, number]).permutation(face.ravel()).reshape(face.shape).astype(np.uint8)


def people_in_their_light():
    samples = tuple(
        Sample(f"p{person}/{number}", f"p{person}", lambda person=person, number=number: lit(person, number))
        for person in range(12)
        for number in range(6)
    )
    return make_split(DataSet("people in their own light", samples))


def rank1(recogniser, protection, split, attackers=("naive", "linker")):
    results = AttackBench(make_recogniser(recogniser), split).run(protection, attackers)
    return {item.attacker: item.identification.rank1.value for item in results}


def test_levels_are_what_ten_lines_find():
    """Sorted grey levels of one permuted window, nearest neighbour: the same rank-1 as a loop over sorted lists."""
    split = people_in_their_light()
    found = rank1("levels", WHOLE, split)

    def sorted_levels(subject):
        shown = WHOLE.protect(subject.clear(), (FACE,), seed=len(subject.name))
        values = sorted(int(v) for v in shown[BOX.y : BOX.y + BOX.height, BOX.x : BOX.x + BOX.width].ravel())
        places = [(i + 0.5) / 64 * (len(values) - 1) for i in range(64)]
        low = [int(place) for place in places]
        return [values[i] + (place - i) * (values[i + 1] - values[i]) for i, place in zip(low, places, strict=True)]

    known = [sorted_levels(subject) for subject in split.gallery]
    hits = []
    for probe in split.probes:
        levels = sorted_levels(probe)
        away = [sum((a - b) ** 2 for a, b in zip(levels, other, strict=True)) for other in known]
        hits.append(split.gallery[away.index(min(away))].person == probe.person)
    assert found["naive"] == found["linker"] == pytest.approx(np.mean(hits))
    assert np.mean(hits) > 0.5


@pytest.mark.parametrize("name", ["levels", "colours"])
def test_every_permutation_keeps_values_and_a_surrogate_does_not(name):
    split = people_in_their_light()
    for protection in (WHOLE, Permutation(fp.Strength(window=8)), Camouflage(area="face")):
        assert min(rank1(name, protection, split).values()) > 0.5
    chance = dict.fromkeys(("naive", "linker"), 1 / 12)
    assert rank1(name, Surrogate(), split) == pytest.approx(chance, abs=0.02)
    assert rank1(name, Black(), split)["linker"] == pytest.approx(1 / 12, abs=0.01)


def test_a_parrot_fits_heads_to_values():
    split = make_split(make_people(4, 6))
    assert rank1("levels", WHOLE, split, ("parrot",))["parrot"] >= 0.5


def test_channels_are_told_apart():
    """Two people whose grey levels are alike and whose colours are not."""

    def colour(person, number):
        pixels = np.full((72, 64, 3), 100, np.uint8)
        pixels[..., person] = 200
        noise = np.random.default_rng([person, number]).integers(0, 9, pixels.shape)
        return (pixels + noise).astype(np.uint8)

    samples = [
        Sample(f"p{person}/{number}", f"p{person}", lambda person=person, number=number: colour(person, number))
        for person in (0, 2)
        for number in range(4)
    ]
    subjects = make_subjects(samples, {sample.name: [FACE] for sample in samples})
    split = GallerySplit(subjects[::2], subjects[1::2])
    for name in ("levels", "colours"):
        assert rank1(name, WHOLE, split, ("linker",)) == {"linker": 1.0}


def test_surroundings_are_compared_where_both_show_them():
    split = make_split()
    for sample in (*split.gallery, *split.probes):
        assert sample.covers is None

    def corner(image, subject):
        image = image.copy()
        image[:9] = 20 * int(subject.person[1:])
        return image

    marked = GallerySplit(*([one.altered(corner) for one in side] for side in (split.gallery, split.probes)))
    read = [make_subjects([Sample(s.name, s.person, s.shown)], {s.name: [FACE]})[0] for s in marked.gallery]
    probes = [make_subjects([Sample(s.name, s.person, s.shown)], {s.name: [FACE]})[0] for s in marked.probes]
    told = rank1("surroundings", Black(), GallerySplit(read, probes), ("naive", "cleaner", "linker", "parrot"))
    assert min(told.values()) == 1.0  # a black box hides the pattern, and not the strip above it
    everything = parse_protection("black:grow=0.9")
    told = rank1("surroundings", everything, GallerySplit(read, probes), ("naive", "linker"))
    assert max(told.values()) <= 2 / 8  # nothing is left outside: chance, by lot


def test_masked_distances():
    rng = np.random.default_rng(1)
    rows, columns = (
        np.concatenate([rng.integers(0, 256, (n, 7)).astype(float), rng.integers(0, 2, (n, 7))], axis=1) for n in (3, 4)
    )
    rows[0, 7:] = 0
    away = measure_distances(rows, columns, "masked")
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            both = (row[7:] * column[7:]).astype(bool)
            expected = np.abs(row[:7] - column[:7])[both].mean() if both.any() else 255.0
            assert away[i, j] == pytest.approx(expected)
    np.testing.assert_array_equal(masked_distances(rows, rows).diagonal()[1:], 0)
    with pytest.raises(ValueError, match="'euclidean', 'cosine' or 'masked'"):
        measure_distances(rows, columns, "manhattan")


def test_frames_of_any_shape_and_regions_at_the_rim():
    for shape in ((40, 300), (300, 40, 3), (200, 200)):
        image = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
        face = fp.Face(fp.Region(-5, -6, 30, 30))
        (subject,) = make_subjects([Sample("a", "p", lambda image=image: image)], {"a": [face]})
        frame = make_recogniser("surroundings").embed([subject])
        assert frame.shape == (1, 2 * SIDE * SIDE)
        assert frame[0, SIDE * SIDE :].min() == 1
        assert make_recogniser("levels").embed([subject]).shape == (1, 192)
        assert make_recogniser("colours").embed([subject]).shape == (1, 512)
        assert np.square(make_recogniser("colours").embed([subject])).sum() == pytest.approx(1)


def test_a_region_that_is_nowhere_is_named():
    (subject,) = make_subjects(make_people(1, 1).samples, {"p0/0": [fp.Face(fp.Region(500, 500, 9, 9))]})
    for name in ("levels", "colours"):
        with pytest.raises(ValueError, match=r"touch"):
            make_recogniser(name).embed([subject])


def test_parts_of_a_face_of_which_some_own_nothing():
    split = make_split()
    for name in ("levels", "colours", "surroundings"):
        assert 0 <= rank1(name, parse_protection("permutation:cells=4"), split, ("linker",))["linker"] <= 1
    (subject,) = make_subjects(make_people(1, 1).samples, {"p0/0": [FACE]})
    covered = replace(subject, covers=lambda faces, shape: [BOX, BOX])  # the second owns no pixel
    for name in ("levels", "colours"):
        np.testing.assert_array_equal(make_recogniser(name).embed([covered]), make_recogniser(name).embed([subject]))
