"""The attackers on made-up people: who recognises what, by which reading, and that nobody peeps at the probes."""

import numpy as np
import pytest
from people import make_people, make_split

from fastperturb.evaluation.recognition import (
    ATTACKERS,
    FILTERS,
    AttackBench,
    Eigenfaces,
    Fisherfaces,
    GallerySplit,
    LocalHistograms,
    attack,
)
from fastperturb.evaluation.recognition.matching_heads import (
    Enrolment,
    compare_nearest,
    cross_validate_head,
    list_heads,
)
from fastperturb.protections import parse_protection


@pytest.fixture(scope="module")
def bench():
    return AttackBench(Eigenfaces(), make_split())


def rank1(results):
    return {result.attacker: result.identification.rank1.value for result in results}


def test_clear_images_are_recognised(bench):
    results = bench.run(parse_protection("clear"))
    assert [result.attacker for result in results] == list(ATTACKERS)
    assert all(value >= 0.9 for value in rank1(results).values())
    assert {result.protection for result in results} == {"clear"}
    assert {result.recogniser for result in results} == {"eigenfaces"}


@pytest.mark.parametrize("make", [Eigenfaces, Fisherfaces, LocalHistograms])
def test_a_black_box_leaves_chance_to_all_who_see_nothing_else(make):
    results = AttackBench(make(), make_split()).run(parse_protection("black"), ("naive", "parrot", "linker"))
    for result in results:
        assert result.identification.rank1.value == pytest.approx(result.identification.chance1, abs=0.01)
        assert result.verification.eer.value == pytest.approx(0.5)


def test_histograms_survive_a_permutation_of_the_whole_face():
    bench = AttackBench(LocalHistograms(grid=1, bins=32), make_split())
    (linked,) = bench.run(parse_protection("permutation:window=region"), ("linker",))
    eigen = AttackBench(Eigenfaces(), make_split()).run(parse_protection("permutation:window=region"), ("linker",))
    assert linked.identification.rank1.value > 2 * eigen[0].identification.rank1.value


def test_cleaners_undo_noise():
    split = make_split()
    results = rank1(AttackBench(LocalHistograms(), split).run(parse_protection("noise:0.05"), ("naive", "cleaner")))
    assert results["cleaner"] > results["naive"]


def test_what_is_tried_and_how_it_is_named(bench):
    naive, cleaner, parrot, linker = bench.run(parse_protection("permutation:window=6"))
    assert naive.reading == linker.reading == "direct"
    assert set(cleaner.tried) == {f"{name}{too}" for name in [*FILTERS, "view"] for too in ("", ", gallery too")}
    assert set(parrot.tried) == {"direct, nearest", "view, nearest"}
    for result in (cleaner, parrot):
        assert result.tried[result.reading] == max(result.tried.values())
    mosaic = bench.run(parse_protection("mosaic:6"), ("cleaner", "parrot"))
    assert not any("view" in name for result in mosaic for name in result.tried)


def test_the_heads_of_a_recogniser_that_comes_trained():
    (parrot,) = AttackBench(LocalHistograms(), make_split()).run(parse_protection("permutation:window=8"), ("parrot",))
    assert {name.split(", ")[1] for name in parrot.tried} == {"nearest", "LDA", "SVM"}


def test_the_same_seed_gives_the_same_and_another_bench_too(bench):
    protection = parse_protection("permutation:window=8")
    first = bench.run(protection, seed=4)
    assert AttackBench(Eigenfaces(), make_split()).run(protection, seed=4) == first
    assert attack("parrot", Eigenfaces(), make_split(), protection, seed=4) == first[2]


class Spy:
    """A protection that writes down whose images it was given, with which seed."""

    name = "spy"

    def __init__(self):
        self.seen = []

    def protect(self, image, faces, *, seed):
        self.seen.append((image.tobytes(), seed))
        return image

    def view(self, protected, faces):
        return protected

    def regions(self, faces, shape):
        return [face.region for face in faces]


def test_nonces_never_repeat_and_probes_are_looked_up_last():
    split = make_split(make_people(4, 4), enrolled=2)
    bench = AttackBench(LocalHistograms(), split)
    probes = {subject.clear().tobytes() for subject in split.probes}
    for attacker in ("cleaner", "parrot"):
        spy = Spy()
        bench.run(spy, (attacker,))
        of_probe = [image in probes for image, _ in spy.seen]
        assert of_probe == sorted(of_probe)
        assert sum(of_probe) == len(probes)
        seeds = {image in probes: set() for image, _ in spy.seen}
        for image, seed in spy.seen:
            seeds[image in probes].add(seed)
        assert seeds[True].isdisjoint(seeds[False])


def test_cross_validation_does_not_enrol_the_image_it_looks_up():
    """Embeddings that say nothing but which image it is: looked up with another nonce, they must not be found."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 16))
    people = [f"p{number}" for number in range(20) for _ in range(3)]
    enrolled = Enrolment(np.concatenate([points, points + 1e-3]), people * 2, "euclidean")
    assert cross_validate_head(compare_nearest, enrolled, 0, draws=2) < 0.2
    alone = Enrolment(points[:4], list("abcd"), "euclidean")
    assert cross_validate_head(compare_nearest, alone, 0) == 0.0


def test_heads_separate_what_is_separable():
    rng = np.random.default_rng(3)
    people = [f"p{number}" for number in range(6) for _ in range(8)]
    centres = np.repeat(rng.normal(size=(6, 4)), 8, axis=0)
    noise = rng.normal(size=(48, 4)) * (0.1, 0.1, 0.1, 30)  # a direction that says nothing, and loudly
    enrolled = Enrolment(centres + noise, people, "euclidean")
    scores = {name: cross_validate_head(head, enrolled, 0) for name, head in list_heads(people).items()}
    assert scores["nearest"] < 0.7
    assert scores["LDA"] > 0.95
    assert scores["SVM"] > 0.4
    mild = Enrolment(centres + noise * (1, 1, 1, 1 / 300), people, "euclidean")
    assert all(cross_validate_head(head, mild, 0) == 1.0 for head in list_heads(people).values())
    assert list(list_heads(["a", "b", "a", "b"])) == ["nearest"]
    assert list(list_heads([f"{number // 3}" for number in range(603)])) == ["nearest", "LDA"]


def test_heads_for_two_people_and_for_points_that_are_all_alike():
    people = list("aaabbb")
    points = np.array([[0.0, 0], [0, 1], [0, 2], [5, 0], [5, 1], [5, 2]])
    for head in list_heads(people).values():
        found = head(Enrolment(points, people, "euclidean"), Enrolment(points, people, "euclidean"), points)
        assert [found.people[row.argmin()] for row in found.distances] == people
        flat = Enrolment(np.ones((6, 2)), people, "euclidean")
        assert np.ptp(head(flat, flat, np.ones((3, 2))).distances) == 0


def test_a_split_by_person():
    every = make_split(make_people(12, 5), enrolled=2)
    seen = {f"p{number}" for number in range(6)}
    training = [subject for subject in (*every.gallery, *every.probes) if subject.person in seen]
    split = GallerySplit(
        [subject for subject in every.gallery if subject.person not in seen],
        [subject for subject in every.probes if subject.person not in seen],
        training,
    )
    for recogniser in (Fisherfaces(), LocalHistograms()):
        for result in AttackBench(recogniser, split).run(parse_protection("permutation:window=4")):
            assert result.identification.people == 6
            assert result.identification.rank1.value >= 0.7


def test_one_image_enrolled_leaves_no_cross_validation():
    bench = AttackBench(LocalHistograms(), make_split(enrolled=1))
    cleaner, parrot = bench.run(parse_protection("permutation:window=6"), ("cleaner", "parrot"))
    assert cleaner.tried == {}
    assert cleaner.reading == "view, gallery too"
    assert set(parrot.tried.values()) == {0.0}
    assert parrot.reading == "direct, nearest"


def test_bad_lineups_and_attackers(bench):
    split = make_split()
    with pytest.raises(ValueError, match="gallery must hold at least one subject, got none"):
        GallerySplit([], split.probes)
    with pytest.raises(ValueError, match="probes must be of people in the gallery, got p7/3 of p7"):
        GallerySplit([subject for subject in split.gallery if subject.person != "p7"], split.probes)
    with pytest.raises(ValueError, match="images that the attacker does not have, got p0/0"):
        GallerySplit(split.gallery, split.gallery)
    with pytest.raises(ValueError, match="attackers must be among naive, cleaner, parrot, linker, restorer, got 'owl'"):
        bench.run(parse_protection("clear"), ("owl",))
