"""Runs over images and protections: what fails is counted, what is done is kept, and the tables say how."""

import csv
import importlib
import io
import json

import cv2
import numpy as np
import pytest

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    PAPER,
    DetectionStudy,
    DetectionTask,
    Truth,
    TruthBox,
    describe_strength,
    detection_table,
    draw_missed_faces,
    look_at_clear,
    run_detection,
)
from fastperturb.evaluation.datasets import Sample
from fastperturb.evaluation.detection.tasks import faces_of
from fastperturb.evaluation.result_cache import ResultCache
from fastperturb.protections import Clear, Mosaic, Permutation, WindowSize

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


def samples(count=3):
    return [Sample(f"{n}.png", None, lambda n=n: scene(n)) for n in range(count)]


TRUTH = Truth({f"{n}.png": (BOX,) for n in range(3)}, "by hand")
WINDOWS = Permutation(fp.Strength(window=5))
PROTECTIONS = {"clear": Clear(), "window 5": WINDOWS}
CLEAR, HIDDEN = ("clear", "direct"), ("window 5", "direct")


def run(detector=None, *, protections=PROTECTIONS, readings=("direct",), truth=TRUTH, given=None, seed=0, **more):
    class Whole(Bright):
        def detect(self, image):
            self.looks += 1
            found = image[10:34, 10:30, 0]
            return [fp.Face(fp.Region(10, 10, 20, 24), 0.9)] if (found[1::2] == 255).all() else []

    study = DetectionStudy({"whole": detector or Whole()}, protections, readings, seed)
    return run_detection(given or samples(), truth, study, **more)


def only_clear():
    return {"clear": Clear()}


def recall(result, row):
    rows = detection_table(result, ALL_FACES, resamples=0).rows
    return next(each.scores.recall for each in rows if (each.task.protection, each.task.reading) == row)


def test_clear_protected_and_through_the_view():
    protections = {"clear": Clear(), "window 5": Permutation(fp.Strength(window=5), interpolation="mosaic")}

    class Mean(Bright):
        def detect(self, image):
            flat = image[10:34, 10:30, 0].std() < 12
            return [fp.Face(fp.Region(10, 10, 20, 24))] if flat else []

    result = run()
    assert (recall(result, CLEAR), recall(result, HIDDEN)) == (1.0, 0.0)
    result = run(Mean(), protections=protections, readings=("direct", "view"))
    assert (recall(result, CLEAR), recall(result, HIDDEN), recall(result, ("window 5", "view"))) == (0.0, 0.0, 1.0)


def test_a_region_with_fewer_pixels_than_asked_for_moves_all_it_has():
    many, few = (Permutation(fp.Strength(window=5, pixels=count)) for count in (8000, 100))
    key, faces = fp.Key.generate(), faces_of([BOX])
    assert many.perturb(scene(0), faces, key)[1].moved == 480
    assert few.perturb(scene(0), faces, key)[1].moved == 100
    shown, again, other = (few.protect(scene(0), faces, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(shown, again)
    assert not np.array_equal(shown, other)


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
    assert describe_strength(strength) == words
    faces = faces_of([BOX, BOX._replace(x=35)])
    assert Permutation(strength).perturb(scene(0), faces, fp.Key.generate())[1].moved > 0


def test_a_detector_that_throws_on_one_image():
    result = run(Bright(fails_on=1), protections=only_clear())
    (images,) = result.results.values()
    assert [image.error for image in images] == [None, "RuntimeError: out of memory", None]
    (row,) = detection_table(result, ALL_FACES, resamples=0).rows
    assert (row.scores.images, row.scores.failed, row.scores.truths) == (2, 1, 2)


def test_a_detector_that_gives_nonsense():
    class Wrong:
        def detect(self, image):
            return [fp.Face(fp.Region(0, 0, 1, 1), 7.0)]

    (images,) = run(Wrong(), protections=only_clear()).results.values()
    assert {image.error for image in images} == {"ValueError: a face's score must be 0 to 1, got 7.0 at 0"}
    (row,) = detection_table(run(Wrong(), protections=only_clear()), ALL_FACES).rows
    assert (row.scores.failed, row.scores.recall, row.scores.precision) == (3, None, None)


def test_pictures_and_truth_that_do_not_meet():
    truth = Truth({"0.png": (BOX,), "1.png": (TruthBox(100, 0, 9, 9),), "9.png": ()}, "by hand")

    def broken():
        raise OSError("cut off")

    given = [*samples(3), Sample("9.png", None, broken)]
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
        (([], TRUTH), "samples must name at least one, got none"),
        ((samples(), Truth({"x": ()}, "by hand")), r"by hand knows none of the 3 images, such as 0\.png"),
    ],
)
def test_nothing_to_do(arguments, text):
    with pytest.raises(ValueError, match=text):
        run_detection(*arguments, DetectionStudy({"a": Bright()}, only_clear()))


def test_studies_that_make_no_sense():
    with pytest.raises(ValueError, match="reading must be one of direct, view, reduced, got 'other'"):
        DetectionStudy({"a": Bright()}, PROTECTIONS, ["other"])
    with pytest.raises(ValueError, match="detectors must name at least one, got none"):
        DetectionStudy({}, PROTECTIONS)
    with pytest.raises(ValueError, match="protections must name at least one"):
        DetectionStudy({"a": Bright()}, {})


def test_only_what_has_windows_is_read_by_them():
    protections = {**PROTECTIONS, "mosaic": Mosaic(WindowSize(window=5))}
    tasks = DetectionStudy({"a": Bright()}, protections, ("view", "reduced", "direct")).tasks()
    assert [(task.protection, task.reading) for task in tasks] == [
        ("clear", "direct"),
        *(("window 5", reading) for reading in ("view", "reduced", "direct")),
        ("mosaic", "direct"),
    ]


def test_a_reduced_copy_is_as_coarse_as_the_windows():
    seen = []

    class Watching(Bright):
        def detect(self, image):
            seen.append(image)
            return []

    run(Watching(), protections={"window 5": WINDOWS}, readings=("direct", "reduced"), given=samples(1))
    direct, reduced = seen
    height, width = direct.shape[:2]
    coarse = cv2.resize(direct, (width // 5, height // 5), interpolation=cv2.INTER_AREA)
    assert np.array_equal(reduced, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("fastperturb.evaluation", ("Condition", "Miss", "Picture", "Plan", "Store", "draw_misses")),
        ("fastperturb.evaluation.recognition", ("Hiding", "Lineup")),
        ("fastperturb.evaluation.study", ("Cell",)),
    ],
)
def test_older_names_are_told_the_new_ones(module, names):
    for name in names:
        with pytest.raises(ImportError, match=rf"{module}\.{name} is now \w+"):
            getattr(importlib.import_module(module), name)


def test_going_on(tmp_path):
    cache = ResultCache(tmp_path / "cache")
    steps = []
    first = Bright()
    before = run(first, cache=cache, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 6) for n in range(1, 7)]
    second = Bright()
    after = run(second, cache=cache)
    assert (first.looks, second.looks) == (6, 0)
    assert after.results == before.results
    files = sorted((tmp_path / "cache").iterdir())
    assert len(files) == 3  # one an image
    content = files[0].read_text()
    files[0].write_text(content[:-9])  # not what was written
    run(second, cache=cache)
    assert second.looks == 2
    assert json.loads(files[0].read_text()) == json.loads(content)
    run(second, protections={"window 5": WINDOWS}, seed=1, cache=cache)
    assert second.looks == 2 + 3  # another key
    run(second, truth=Truth(dict.fromkeys(TRUTH.boxes, (BOX._replace(x=11),)), "moved"), cache=cache)
    assert second.looks == 2 + 3 + 3  # the faces protected are others; the clear images are as they were
    run(second, protections={"window 5": Permutation(fp.Strength(window=5), interpolation="cubic")}, cache=cache)
    assert second.looks == 2 + 3 + 3 + 3


def test_a_run_that_was_ended_goes_on_at_the_next_look(tmp_path):
    class Ended(Exception):
        pass

    def end(done, total):
        if done == 3:  # in the middle of the second image
            raise Ended

    first, second = Bright(), Bright()
    with pytest.raises(Ended):
        run(first, cache=ResultCache(tmp_path), progress=end)
    run(second, cache=ResultCache(tmp_path))
    assert (first.looks, second.looks) == (3, 3)


def test_other_code_looks_again(tmp_path, monkeypatch):
    run(cache=ResultCache(tmp_path))
    monkeypatch.setattr("fastperturb.evaluation.detection.run.digest_code", lambda: "other")
    again = Bright()
    run(again, cache=ResultCache(tmp_path))
    assert again.looks == 6


def test_images_without_a_face_are_looked_at_once(tmp_path):
    detector = Bright()
    run(detector, truth=Truth(dict.fromkeys(TRUTH.boxes, ()), "by hand"), cache=ResultCache(tmp_path))
    assert detector.looks == 3  # protected they are as they were


def test_a_failure_is_tried_again(tmp_path):
    run(Bright(fails_on=1), cache=ResultCache(tmp_path))
    better = Bright()
    (clear, _) = run(better, cache=ResultCache(tmp_path)).results.values()
    assert better.looks == 2
    assert all(image.error is None for image in clear)


def test_what_is_found_in_the_clear_images():
    found, failed = look_at_clear(samples(), {"a": Bright(), "b": Bright(fails_on=2)})
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
    given = samples()
    drawn = list(draw_missed_faces(result, given, ALL_FACES, limit=2))
    hidden = DetectionTask("whole", "window 5")
    assert [(missed.task, missed.name) for missed in drawn] == [(hidden, "0.png"), (hidden, "1.png")]
    expected = WINDOWS.protect(scene(0), faces_of([BOX]), seed=0)
    assert (drawn[0].pixels[10, 10:30] == (255, 220, 0)).all()
    assert np.array_equal(drawn[0].pixels[12:32, 12:28], expected[12:32, 12:28])
    grey = [Sample(item.name, None, lambda read=item.read: read()[..., 0].astype(np.uint16) * 257) for item in given]
    assert next(draw_missed_faces(result, grey, ALL_FACES)).pixels.shape == (50, 60, 3)
