"""Counting detections: by hand on small cases, and average precision against pycocotools on random ones."""

import contextlib
import io

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    PAPER,
    DetectionRule,
    ImageFaces,
    TruthBox,
    consensus,
    match_faces,
    precision_recall_curve,
    score_detections,
)


def face(x, y, width=10, height=10, score=1.0):
    return fp.Face(fp.Region(x, y, width, height), score)


def true(x, y, width=10, height=10, ignored=False):
    return TruthBox(x, y, width, height, ignored)


def image(name, found, truth, **more):
    return ImageFaces(name, tuple(found), tuple(truth), **more)


def test_counts_by_hand():
    images = [
        image("a", [face(0, 0, score=0.9), face(50, 50, score=0.8)], [true(0, 1)]),  # a hit and a false one
        image("b", [face(0, 0, score=0.7)], [true(0, 0), true(30, 30)]),  # a hit and a miss
        image("c", [], []),
    ]
    scores = score_detections(images, resamples=0)
    assert (scores.images, scores.failed, scores.truths, scores.found, scores.hits) == (3, 0, 3, 3, 2)
    assert (scores.precision, scores.recall) == (2 / 3, 2 / 3)
    assert scores.f_score == pytest.approx(2 / 3)
    # Recall 1/3 at precision 1, then 2/3 at precision 2/3.
    assert scores.average_precision["all-point"] == pytest.approx(1 / 3 + (2 / 3) / 3)
    assert scores.average_precision["11-point"] == pytest.approx((4 * 1 + 3 * 2 / 3) / 11)
    assert scores.average_precision["101-point"] == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)
    curve = precision_recall_curve(images)
    assert curve.precision == pytest.approx([1, 1 / 2, 2 / 3])
    assert curve.recall == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    strict = score_detections(images, DetectionRule(score=0.8, alpha=2), resamples=0)
    assert (strict.precision, strict.recall) == (1 / 2, 1 / 3)
    assert strict.f_score == pytest.approx(5 * (1 / 2) * (1 / 3) / (4 * (1 / 2) + 1 / 3))
    assert strict.average_precision == scores.average_precision  # of all that was found, whatever the score


def test_each_truth_is_found_once_and_the_best_score_chooses():
    matches = match_faces([face(0, 0, score=0.5), face(1, 0, score=0.9)], [true(0, 0)], ALL_FACES)
    assert matches.faces.tolist() == [1, 0]
    assert matches.truths.tolist() == [0, -1]
    matches = match_faces([face(2, 0), face(0, 0, score=0.9)], [true(0, 0), true(4, 0)], DetectionRule(iou=0.3))
    assert sorted(matches.truths.tolist()) == [0, 1]
    assert matches.missed == ()


def test_the_overlap_needed():
    for shift, hit in ((3, True), (4, False)):  # 70 / 130 and 60 / 140
        scores = score_detections([image("a", [face(shift, 0)], [true(0, 0)])], resamples=0)
        assert scores.hits == hit
    exactly = [image("a", [face(0, 0, 10, 5)], [true(0, 0)])]
    assert score_detections(exactly, DetectionRule(iou=0.5), resamples=0).hits == 1


def test_ignored_faces_count_neither_way():
    truth = [true(0, 0, ignored=True), true(40, 0)]
    scores = score_detections([image("a", [face(0, 0), face(40, 0), face(0, 1)], truth)], resamples=0)
    assert (scores.truths, scores.found, scores.hits) == (1, 1, 1)
    # A truth that counts is taken first, though it overlaps less.
    both = [true(0, 0, ignored=True), true(2, 0)]
    assert score_detections([image("a", [face(0, 0)], both)], resamples=0).hits == 1


def test_the_papers_rule():
    assert (PAPER.iou, PAPER.score, PAPER.main_face, PAPER.alpha) == (0.5, 0.8, True, 1.0)
    main = true(0, 0, 20, 20)
    images = [
        image("main found", [face(50, 50, score=0.85), face(0, 0, 20, 20, 0.9)], [true(50, 50), main]),
        image("another found", [face(50, 50, score=0.9)], [true(50, 50), main]),
        image("low score", [face(0, 0, 20, 20, 0.79)], [main]),
        image("larger of equal scores", [face(50, 50, score=0.9), face(0, 0, 20, 20, 0.9)], [main]),
    ]
    scores = score_detections(images, PAPER, resamples=0)
    assert (scores.truths, scores.found, scores.hits) == (4, 3, 2)


def test_undefined_is_none_and_not_zero():
    nothing = score_detections([image("a", [], [])])
    assert (nothing.precision, nothing.recall, nothing.f_score) == (None, None, None)
    assert set(nothing.average_precision.values()) == {None}
    assert nothing.intervals == {}
    missed = score_detections([image("a", [], [true(0, 0)])], resamples=0)
    assert (missed.precision, missed.recall, missed.f_score) == (None, 0.0, 0.0)
    assert set(missed.average_precision.values()) == {0.0}
    wrong = score_detections([image("a", [face(0, 0)], [])], resamples=0)
    assert (wrong.precision, wrong.recall) == (0.0, None)
    with pytest.raises(ValueError, match="images must show at least one true face, got none"):
        precision_recall_curve([image("a", [face(0, 0)], [])])


def test_failures_are_left_out_and_counted():
    failed = ImageFaces("b", None, (true(0, 0),), "broken")
    scores = score_detections([image("a", [face(0, 0)], [true(0, 0)]), failed])
    assert (scores.images, scores.failed, scores.recall) == (1, 1, 1.0)
    alone = score_detections([failed])
    assert (alone.images, alone.failed, alone.recall, alone.intervals) == (0, 1, None, {})


def random_case(seed):
    rng = np.random.default_rng(seed)

    def box():
        return (*map(int, rng.integers(0, 80, 2)), *map(int, rng.integers(5, 40, 2)))

    images = []
    for number in range(rng.integers(1, 12)):
        truth = [TruthBox(*map(float, box())) for _ in range(rng.integers(0, 5))]
        found = []
        for x, y, width, height, _ in truth:
            for _ in range(rng.integers(0, 3)):
                a, b, c, d = map(int, rng.integers(-6, 7, 4))
                found.append(face(int(x) + a, int(y) + b, max(1, int(width) + c), max(1, int(height) + d), 0))
        found += [face(*box(), score=0) for _ in range(rng.integers(0, 3))]
        found = [fp.Face(item.region, float(rng.integers(0, 20)) / 20) for item in found]
        images.append(image(str(number), found, truth))
    return images


def coco_average_precision(images, iou, recalls):
    coco = pytest.importorskip("pycocotools.coco", reason="pip install pycocotools")
    cocoeval = pytest.importorskip("pycocotools.cocoeval", reason="pip install pycocotools")
    truth, found = [], []
    for number, item in enumerate(images, 1):
        for box in item.truth:
            entry = {"image_id": number, "category_id": 1, "bbox": list(box[:4]), "area": box.width * box.height}
            truth.append({**entry, "id": len(truth) + 1, "iscrowd": 0})
        for one in item.found:
            r = one.region
            found.append(
                {"image_id": number, "category_id": 1, "bbox": [r.x, r.y, r.width, r.height], "score": one.score}
            )
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        known.dataset = {"images": [{"id": n + 1} for n in range(len(images))], "categories": [{"id": 1}]}
        known.dataset["annotations"] = truth
        known.createIndex()
        judge = cocoeval.COCOeval(known, known.loadRes(found), "bbox")
        judge.params.iouThrs, judge.params.recThrs = np.array([iou]), recalls
        judge.params.areaRng, judge.params.areaRngLbl, judge.params.maxDets = [[0, 1e10]], ["all"], [1000]
        judge.evaluate()
        judge.accumulate()
    return float(judge.eval["precision"][0, :, 0, 0, 0].mean())


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
def test_average_precision_agrees_with_pycocotools(iou):
    """The recalls are a hair lower for it, because 35 * 0.01 is more than 0.35; all-point is its mean at k / n."""
    compared = 0
    for seed in range(60):
        images = random_case(seed)
        total = sum(len(item.truth) for item in images)
        if not total or not any(item.found for item in images):
            continue
        ours = score_detections(images, DetectionRule(iou=iou), resamples=0).average_precision
        recalls = {
            "101-point": np.linspace(0, 1, 101),
            "11-point": np.linspace(0, 1, 11),
            "all-point": np.arange(1, total + 1) / total,
        }
        for rule, steps in recalls.items():
            assert ours[rule] == pytest.approx(coco_average_precision(images, iou, steps - 1e-9), abs=1e-12)
        compared += 1
    assert compared > 50


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Recall of 200 images with chance 0.7 each: the 95 % interval holds 0.7 in about 95 of 100 sets."""
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(100):
        hits = rng.random(200) < 0.7
        images = [image(str(n), [face(0, 0)] if hit else [], [true(0, 0)]) for n, hit in enumerate(hits)]
        low, high = score_detections(images, resamples=300, seed=seed).intervals["recall"]
        held += low <= 0.7 <= high
        assert low < hits.mean() < high
    assert 88 <= held <= 100


def test_intervals_of_groups_are_wider_and_the_seed_repeats_them():
    """Ten people with twenty images each, of which all or none are found: there are only ten things to draw."""
    images = [
        image(f"{person}/{n}", [face(0, 0)] if person < 6 else [], [true(0, 0)], group=str(person))
        for person in range(10)
        for n in range(20)
    ]
    apart = [image(item.name, item.found, item.truth) for item in images]
    grouped, alone = (score_detections(items, resamples=500).intervals for items in (images, apart))
    for measure in ("recall", "f_score", "all-point"):
        widths = [high - low for low, high in (grouped[measure], alone[measure])]
        assert widths[0] > 3 * widths[1]
    assert score_detections(images, resamples=500).intervals == grouped
    noisy = random_case(3)
    first, same, other = (score_detections(noisy, resamples=50, seed=seed).intervals for seed in (0, 0, 1))
    assert first == same != other


def test_resampled_average_precision_is_that_of_the_images_drawn():
    images = random_case(3)
    scores = score_detections(images, resamples=400)
    low, high = scores.intervals["all-point"]
    assert 0 <= low < scores.average_precision["all-point"] < high <= 1
    twice = [*images, *(image(f"{item.name} again", item.found, item.truth) for item in images)]
    again = score_detections(twice, resamples=0)  # a set drawn twice is like the set, but for equal scores
    assert again.average_precision["all-point"] == pytest.approx(scores.average_precision["all-point"], abs=0.05)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: score_detections([]), "images must name at least one image, got none"),
        (lambda: score_detections([image("a", [], [])] * 2), "images must have different names, got 'a' twice"),
        (lambda: score_detections([image("a", [], [])], resamples=-1), "resamples must be 0 to 1000000, got -1"),
        (
            lambda: score_detections([image("a", [], [])], resamples=2**63),
            "must be 0 to 1000000, got 9223372036854775808",
        ),
        (lambda: DetectionRule(iou=0), "iou must be over 0 and up to 1, got 0"),
        (lambda: DetectionRule(score=1.2), r"score must be 0 to 1, got 1\.2"),
        (lambda: DetectionRule(alpha=0), "alpha must be over 0, got 0"),
        (lambda: consensus({}), "found must name at least one detector, got none"),
        (lambda: consensus({"a": {}}, votes=2), "votes must be 1 to 1, the number of detectors, got 2"),
        (lambda: consensus({"a": {}}, iou=0), "iou must be over 0 and up to 1, got 0"),
        (lambda: consensus({"a": {"x": []}, "b": {}}), "must have looked at the same images; b differs in x"),
    ],
)
def test_arguments_that_are_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_consensus():
    found = {
        "one": {"x": [face(0, 0, score=0.9), face(50, 50, score=0.8)], "y": []},
        "two": {"x": [face(2, 0, score=0.7), face(0, 2, score=0.6)], "y": [face(0, 0)]},
        "three": {"x": [face(1, 1, 12, 10, score=0.95)], "y": []},
    }
    truth = consensus(found)
    assert truth.boxes == {"x": (TruthBox(1, 0, 10, 10),), "y": ()}  # medians; two's second box is one voter's
    assert truth.source == "consensus of one, two, three on the clear images, 2 of 3 votes"
    assert len(consensus(found, votes=1).boxes["x"]) == 3
    assert consensus(found, votes=3).boxes["y"] == ()
