"""Runs over pictures and conditions: what fails is counted, what is done is kept, and the tables say how."""

import csv
import io
import json

import numpy as np
import pytest

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    PAPER,
    Condition,
    Picture,
    Plan,
    Store,
    Truth,
    TruthBox,
    detection_table,
    draw_misses,
    look_at_clear,
    run_detection,
)

BOX = TruthBox(10, 10, 20, 24)


class Bright:
    """Finds the bright square, as long as it is whole: its rows and columns over 200."""

    def __init__(self, *, fails_on=None):
        self.fails_on, self.looks = fails_on, 0

    def __repr__(self):
        return "Bright()"

    def detect(self, image):
        self.looks += 1
        if self.fails_on is not None and image[0, 0, 0] == self.fails_on:
            raise RuntimeError("out of\nmemory")
        rows, columns = np.nonzero(image[..., 0] > 200)
        if len(rows) < 300:
            return []
        left, top = int(columns.min()), int(rows.min())
        region = fp.Region(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
        return [fp.Face(region, 0.9)]


def scene(number):
    image = np.random.default_rng(number).integers(0, 60, (50, 60, 3), np.uint8)
    image[10:34, 10:30] = 255
    image[10:34:2, 10:30] = 170
    image[0, 0] = number
    return image


def pictures(count=3):
    return [Picture(f"{n}.png", lambda n=n: scene(n)) for n in range(count)]


TRUTH = Truth({f"{n}.png": (BOX,) for n in range(3)}, "by hand")
CLEAR, HIDDEN = Condition(), Condition(fp.Strength(window=5))


def run(detector=None, *, conditions=(CLEAR, HIDDEN), truth=TRUTH, given=None, **more):
    class Whole(Bright):
        def detect(self, image):
            self.looks += 1
            found = image[10:34, 10:30, 0]
            return [fp.Face(fp.Region(10, 10, 20, 24), 0.9)] if (found[1::2] == 255).all() else []

    plan = Plan({"whole": detector or Whole()}, conditions)
    return run_detection(given or pictures(), truth, plan, **more)


def recall(result, condition):
    rows = detection_table(result, ALL_FACES, resamples=0).rows
    return next(row.scores.recall for row in rows if row.condition == condition)


def test_clear_protected_and_through_the_view():
    view = Condition(fp.Strength(window=5), "view", "mosaic")

    class Mean(Bright):
        def detect(self, image):
            flat = image[10:34, 10:30, 0].std() < 12
            return [fp.Face(fp.Region(10, 10, 20, 24))] if flat else []

    result = run(conditions=(CLEAR, HIDDEN))
    assert (recall(result, CLEAR), recall(result, HIDDEN)) == (1.0, 0.0)
    result = run(Mean(), conditions=(CLEAR, HIDDEN, view))
    assert (recall(result, CLEAR), recall(result, HIDDEN), recall(result, view)) == (0.0, 0.0, 1.0)


def test_a_region_with_fewer_pixels_than_asked_for_moves_all_it_has():
    many = Condition(fp.Strength(window=5, pixels=8000))
    shown = many.show(scene(0), (BOX,), 0)
    assert shown.record.moved == 480
    few = Condition(fp.Strength(window=5, pixels=100)).show(scene(0), (BOX,), 0)
    assert few.record.moved == 100
    again = Condition(fp.Strength(window=5, pixels=100)).show(scene(0), (BOX,), 0)
    assert np.array_equal(few.image, again.image)
    assert not np.array_equal(few.image, Condition(fp.Strength(window=5, pixels=100)).show(scene(0), (BOX,), 1).image)


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        (fp.Strength(), "default"),
        (fp.Strength(window="region", coverage=1.0), "one window"),
        (fp.Strength(cells=6, coverage=0.5), "cells 6, coverage 0.5"),
        (fp.Strength(window=12, pixels=8000), "window 12, 8000 pixels"),
        (fp.Strength(window=5, psnr=24), "window 5, psnr 24"),
    ],
)
def test_strengths_in_words(strength, words):
    assert Condition(strength).protection == words
    shown = Condition(strength).show(scene(0), (BOX, BOX._replace(x=35)), 0)
    assert shown.record.moved > 0


def test_a_detector_that_throws_on_one_image():
    result = run(Bright(fails_on=1), conditions=(CLEAR,))
    (images,) = result.results.values()
    assert [image.error for image in images] == [None, "RuntimeError: out of memory", None]
    (row,) = detection_table(result, ALL_FACES, resamples=0).rows
    assert (row.scores.images, row.scores.failed, row.scores.truths) == (2, 1, 2)


def test_a_detector_that_gives_nonsense():
    class Wrong:
        def detect(self, image):
            return [fp.Face(fp.Region(0, 0, 1, 1), 7.0)]

    (images,) = run(Wrong(), conditions=(CLEAR,)).results.values()
    assert {image.error for image in images} == {"ValueError: a face's score must be 0 to 1, got 7.0 at 0"}
    (row,) = detection_table(run(Wrong(), conditions=(CLEAR,)), ALL_FACES).rows
    assert (row.scores.failed, row.scores.recall, row.scores.precision) == (3, None, None)


def test_pictures_and_truth_that_do_not_meet():
    truth = Truth({"0.png": (BOX,), "1.png": (TruthBox(100, 0, 9, 9),), "9.png": ()}, "by hand")

    def broken():
        raise OSError("cut off")

    given = [*pictures(3), Picture("9.png", broken)]
    result = run(truth=truth, given=given)
    assert result.without_truth == ["2.png"]
    assert result.unreadable == {
        "1.png": "ValueError: a true face must touch the 60 x 50 image, got (100, 0, 9, 9)",
        "9.png": "OSError: cut off",
    }
    table = detection_table(result, ALL_FACES, resamples=0)
    assert {(row.scores.images, row.scores.failed) for row in table.rows} == {(1, 2)}
    text = table.to_markdown()
    assert "1 pictures without truth, in no score." in text
    assert "2 pictures that could not be read or whose truth does not fit, failed for all." in text
    result = run(truth=Truth({**TRUTH.boxes, "z.png": (BOX,)}, "by hand"))
    assert result.unused_truth == ["z.png"]
    assert "1 images that only the truth knows." in detection_table(result, ALL_FACES, resamples=0).caption()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([], TRUTH, Plan({"a": Bright()}, [CLEAR])), "pictures must name at least one, got none"),
        ((pictures(), TRUTH, Plan({}, [CLEAR])), "detectors must name at least one"),
        ((pictures(), TRUTH, Plan({"a": Bright()}, [])), "conditions must name at least one"),
        ((pictures(), Truth({"x": ()}, "by hand"), Plan({"a": Bright()}, [CLEAR])), r"by hand knows none of the 3 p"),
    ],
)
def test_nothing_to_do(arguments, text):
    with pytest.raises(ValueError, match=text):
        run_detection(*arguments)


def test_conditions_that_make_no_sense():
    with pytest.raises(ValueError, match="reading must be one of direct, view, reduced, got 'other'"):
        Condition(fp.Strength(), "other")
    with pytest.raises(ValueError, match="a clear image has no windows: reading must be 'direct', got 'view'"):
        Condition(None, "view")


def test_going_on(tmp_path):
    path = tmp_path / "found.jsonl"
    steps = []
    first = Bright()
    before = run(first, store=Store(path), progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 6) for n in range(1, 7)]
    second = Bright()
    after = run(second, store=Store(path))
    assert (first.looks, second.looks) == (6, 0)
    assert after.results == before.results
    text = path.read_text()
    path.write_text(text[:-9])  # a crash in the middle of the last line
    run(second, store=Store(path))
    assert second.looks == 1
    assert path.read_text() == text
    run_detection(pictures(), TRUTH, Plan({"whole": second}, [HIDDEN], seed=1), store=Store(path))
    assert second.looks == 1 + 3  # another key
    run(second, truth=Truth(dict.fromkeys(TRUTH.boxes, (BOX._replace(x=11),)), "moved"), store=Store(path))
    assert second.looks == 1 + 3 + 3  # the faces protected are others; the clear images are as they were


def test_a_failure_is_tried_again(tmp_path):
    path = tmp_path / "found.jsonl"
    run(Bright(fails_on=1), store=Store(path))
    better = Bright()
    (clear, _) = run(better, store=Store(path)).results.values()
    assert better.looks == 2
    assert all(image.error is None for image in clear)


def test_a_store_that_is_something_else(tmp_path):
    path = tmp_path / "found.jsonl"
    path.write_text("photographs\n")
    with pytest.raises(ValueError, match=r"found\.jsonl: line 1 is not a stored result"):
        Store(path)


def test_what_is_found_in_the_clear_images():
    found, failed = look_at_clear(pictures(), Plan({"a": Bright(), "b": Bright(fails_on=2)}, []))
    assert failed == {"2.png": "RuntimeError: out of memory"}
    assert found.keys() == {"a", "b"}
    assert found["a"].keys() == found["b"].keys() == {"0.png", "1.png"}


def test_tables():
    result = run()
    table = detection_table(result, PAPER, resamples=20)
    data = json.loads(table.to_json())
    assert data["about"]["rule"] == {"iou": 0.5, "score": 0.8, "main_face": True, "alpha": 1.0, "name": "paper"}
    assert data["about"]["truth"] == "by hand"
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert [(row["protection"], row["reading"], row["recall"]) for row in rows] == [
        ("clear", "direct", "1.0"),
        ("window 5", "direct", "0.0"),
    ]
    assert rows[1]["precision"] == ""  # undefined, not 0
    assert data["rows"][1]["precision"] is None
    assert (data["rows"][0]["recall_low"], data["rows"][0]["ap_11_point"]) == (1.0, 1.0)
    assert "| whole | window 5 | direct | 3 | 0 | 3 | - | 0.000 (0.00-0.00) |" in table.to_markdown()
    assert (
        'Rule "paper": the main face of each image, IoU from 0.5, score from 0.8 (AP: any), alpha 1.' in table.caption()
    )
    assert table.to_text().splitlines()[0].split()[:3] == ["detector", "protection", "reading"]


def test_pictures_of_misses():
    result = run()
    given = pictures()
    drawn = list(draw_misses(result, given, ALL_FACES, limit=2))
    assert [(miss.condition, miss.name) for miss in drawn] == [(HIDDEN, "0.png"), (HIDDEN, "1.png")]
    expected = HIDDEN.show(scene(0), (BOX,), 0).image
    assert (drawn[0].pixels[10, 10:30] == (255, 220, 0)).all()
    assert np.array_equal(drawn[0].pixels[12:32, 12:28], expected[12:32, 12:28])
    grey = [Picture(item.name, lambda read=item.read: read()[..., 0].astype(np.uint16) * 257) for item in given]
    assert next(draw_misses(result, grey, ALL_FACES)).pixels.shape == (50, 60, 3)
