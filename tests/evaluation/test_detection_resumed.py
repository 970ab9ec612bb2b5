"""Runs of detection that go on: what is kept, what is tried again, and the tables and pictures that come out."""

import csv
import io
import json

import numpy as np
import pytest
from detection_cases import BOX, TRUTH, WINDOWS, Bright, run, samples, scene

import fastperturb as fp
from fastperturb.evaluation import (
    ALL_FACES,
    PAPER,
    DetectionTask,
    Truth,
    detection_table,
    draw_missed_faces,
    look_at_clear,
)
from fastperturb.evaluation.datasets import Sample
from fastperturb.evaluation.detection.tasks import faces_of
from fastperturb.evaluation.result_cache import ResultCache
from fastperturb.protections import Permutation, parse_protection


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
    for grow in (0.1, 0.1000001):  # of one name
        run(second, protections={"mosaic": parse_protection(f"mosaic:5,grow={grow}")}, cache=cache)
    assert second.looks == 2 + 3 + 3 + 3 + 3 + 3


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


@pytest.mark.parametrize("library", ["numpy", "cv2"])
def test_other_versions_of_libraries_look_again(tmp_path, monkeypatch, library):
    run(cache=ResultCache(tmp_path))
    monkeypatch.setattr(f"{library}.__version__", "9.9")
    again = Bright()
    run(again, cache=ResultCache(tmp_path))
    assert again.looks == 6


def test_a_library_counts_where_it_is_used(tmp_path, monkeypatch):
    from fastperturb.evaluation.versions import list_libraries
    from fastperturb.faces import Panorama, Union, YuNet

    run(cache=ResultCache(tmp_path))
    monkeypatch.setattr("fastperturb.evaluation.versions._installed", lambda library: f"another {library}")
    again = Bright()  # it could compute with any
    run(again, cache=ResultCache(tmp_path))
    assert again.looks == 6
    assert list_libraries(Bright()) == ("dlib", "scikit-learn", "torch")
    assert list_libraries(YuNet()) == list_libraries(Panorama(YuNet())) == ()
    assert list_libraries(Union({"a": YuNet(), "b": Bright()})) == list_libraries(Bright())
    assert list_libraries(WINDOWS) == ()
    assert list_libraries(parse_protection("cae:code=8")) == ("torch",)


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
