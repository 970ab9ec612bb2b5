"""Runs over images and protections: what fails is counted, what is done is kept, and the tables say how."""

import importlib

import cv2
import numpy as np
import pytest
from detection_cases import (
    BOX,
    CLEAR,
    HIDDEN,
    PROTECTIONS,
    TRUTH,
    WINDOWS,
    Bright,
    only_clear,
    recall,
    run,
    samples,
    scene,
)

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    DetectionStudy,
    Truth,
    TruthBox,
    describe_strength,
    detection_table,
    run_detection,
)
from fastperturb.evaluation.datasets import Sample
from fastperturb.evaluation.detection.tasks import faces_of
from fastperturb.protections import Clear, Mosaic, Permutation, WindowSize


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


def test_what_the_truth_says_of_one_image_serves_no_other():
    given = [Sample(f"{folder}/0.png", None, samples(1)[0].read) for folder in "ab"]
    with pytest.raises(ValueError, match=r"0\.png of by hand could be a/0\.png or b/0\.png"):
        run(given=given)
