"""The study's runner: what it measures, counts, keeps, goes on with, and that a seed decides it all."""

import json
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pytest
from study_cases import Fickle, Fixed, Hopeless, make_study, pattern, tiny

from fastperturb.evaluation.datasets import DataSet, Pair, Sample
from fastperturb.evaluation.report import render_report
from fastperturb.evaluation.study import Running, Stopped, run_study
from fastperturb.evaluation.study.running import _finished
from fastperturb.evaluation.study.tasks import RecogniserFactory, Task

NAMES = ["clear", "permutation, 4 cells", "mosaic, 8 px", "black"]


def values(results, measure, actor=""):
    return {row.protection: row.value for row in results.rows.all if row.measure == measure and row.actor == actor}


@pytest.fixture(scope="module")
def results():
    return run_study(make_study())


def test_every_protection_is_measured(results):
    assert list(dict.fromkeys(row.protection for row in results.rows.all)) == NAMES
    assert not results.failures
    for measure, actor in (
        ("psnr_face", ""),
        ("face_quality", "contrast"),
        ("recall", "fixed"),
        ("ap_101_point", "blind"),
        ("f_score_paper", "fixed"),
        ("rank1", "naive/eigenfaces"),
        ("tar_0.001", "linker/eigenfaces"),
        ("chance1", "naive/eigenfaces"),
    ):
        assert list(values(results, measure, actor)) == NAMES, measure
    readings = {(r.protection, r.reading) for r in results.rows.all if r.measure == "recall" and r.actor == "fixed"}
    assert readings == {*((name, "direct") for name in NAMES), (NAMES[1], "view")}


def test_the_numbers_are_those_of_the_images(results):
    assert values(results, "recall", "fixed") == {"clear": 1, NAMES[1]: 1, NAMES[2]: 1, "black": 0}
    assert set(values(results, "recall", "blind").values()) == {0}
    naive = values(results, "rank1", "naive/eigenfaces")
    assert naive["clear"] == 1
    assert naive["black"] == values(results, "chance1", "naive/eigenfaces")["black"] == 0.25
    assert values(results, "psnr_face")["clear"] is None  # equal images: infinite
    assert values(results, "ssim")["clear"] == 1
    assert values(results, "psnr_face")["black"] < values(results, "psnr_face")[NAMES[2]]
    assert {row.count for row in results.rows.all if row.measure == "recall"} == {8}  # probes: 2 of each person
    row = results.rows.find("clear", "recall", "fixed")
    assert (row.low, row.high) == (1 - 3 / 8, 1)  # the rule of three


def test_only_recognisers_that_come_trained_are_on_a_shelf(results):
    first = run_study(make_study(recognisers=("eigenfaces", "histograms"))).advice[0]
    assert first.aim.startswith("recogniser off the shelf")
    assert first.others[0].attacker == "naive/histograms 4 x 4, direct"
    assert results.advice[0].aim.startswith("unknown recogniser")  # eigenfaces alone are on none


def test_the_drawings_are_there(results):
    assert len(results.drawings["sweep"]["curves"]) == 35
    drawn = results.drawings["sweep"]["drawn"]
    assert [item["name"].partition(",")[0] for item in drawn] == ["surrogate", "camouflage"]
    for item in drawn:
        assert item["images"] == results.drawings["sweep"]["curves"][0]["images"]
        assert item["psnr"][1] <= item["psnr"][0] <= item["psnr"][2] < 40
        assert item["ssim"][0] < 1
    assert results.drawings["threshold"]["labelled"]
    assert {name: list(shown) for name, shown in results.drawings["examples"]["pictures"].items()} == {
        "clear": ["direct"],
        NAMES[1]: ["direct", "view"],
        NAMES[2]: ["direct"],
        "black": ["direct"],
    }


def test_a_taste_leaves_nothing_to_the_full_profile_that_it_did_with_fewer_images(tmp_path, monkeypatch):
    monkeypatch.setattr("fastperturb.evaluation.study.examples._SWEPT", {"quick": 3, "full": 5})
    study = make_study()
    quick = run_study(replace(study, config=replace(study.config, profile="quick")), Running(tmp_path))
    full = run_study(study, Running(tmp_path))
    assert {point["images"] for point in quick.drawings["sweep"]["curves"]} == {3}
    assert {point["images"] for point in full.drawings["sweep"]["curves"]} == {5}


def test_a_run_goes_on_where_it_was(tmp_path, results):
    first = run_study(make_study(), Running(tmp_path))
    again = run_study(make_study(), Running(tmp_path))
    assert first.times["tasks_done"] == first.times["tasks"]
    assert again.times["tasks_done"] == 0
    assert results.to_json() == first.to_json() == again.to_json()
    assert results.to_csv() == again.to_csv()
    more = run_study(make_study(("permutation:cells=4", "mosaic:8", "blur:4")), Running(tmp_path))
    assert more.times["tasks_done"] == 5  # quality, two detectors, a recogniser, examples
    (tmp_path / "cache" / sorted(path.name for path in (tmp_path / "cache").iterdir())[0]).write_text("{")
    assert run_study(make_study(), Running(tmp_path)).to_json() == first.to_json()


def test_an_image_that_changed_is_worked_on_anew(tmp_path):
    run_study(make_study(), Running(tmp_path))
    samples = [*tiny().samples]
    place = next(i for i, sample in enumerate(samples) if sample.name == "p0/0.png")
    samples[place] = Sample(samples[place].name, "p0", lambda: 255 - pattern(0, 0))
    other = run_study(make_study(dataset=DataSet("patterns", tuple(samples))), Running(tmp_path))
    assert other.times["tasks_done"] >= 5


def test_two_processes_give_the_same_bits(results):
    progress = []
    parallel = run_study(make_study(), Running(jobs=2, progress=lambda *args: progress.append(args)))
    assert parallel.to_json() == results.to_json()
    assert progress[-1][1] == pytest.approx(progress[-1][2])


def test_another_seed_gives_other_numbers(results):
    study = make_study()
    other = run_study(replace(study, config=replace(study.config, seed=1)))
    assert values(other, "psnr_face") != values(results, "psnr_face")


def test_stopping_keeps_what_is_finished(tmp_path):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 16 + 6  # samples, then tasks

    with pytest.raises(Stopped):
        run_study(make_study(), Running(tmp_path, stop=stop))
    rest = run_study(make_study(), Running(tmp_path))
    assert 0 < rest.times["tasks_done"] < rest.times["tasks"]
    assert not list((tmp_path / "cache").glob(".*"))


def test_processes_that_the_signal_ended_too_are_a_stop():
    gone = Future()
    gone.set_exception(BrokenProcessPool("gone"))
    asked = iter([False, True])
    with pytest.raises(Stopped):
        list(_finished({gone: Task("sweep")}, Running(stop=lambda: next(asked))))
    with pytest.raises(OSError, match="ended by itself"):
        list(_finished({gone: Task("sweep")}, Running()))


def test_failures_are_counted_and_named():
    results = run_study(make_study(detectors={"fickle": Fickle()}))
    odd = {sample.name for sample in tiny().samples if sample.read()[0, 0] % 2}
    failed = {failure.image for failure in results.failures if failure.protection == "clear"}
    assert failed
    assert failed <= odd
    row = results.rows.find("clear", "recall", "fickle")
    assert (row.failed, row.count) == (len(failed), 8 - len(failed))
    assert {failure.reason for failure in results.failures} == {"RuntimeError: not this one"}


def test_a_task_that_fails_is_told_and_tried_again(tmp_path):
    study = make_study(recognisers=("eigenfaces",))
    study = replace(study, recognisers={"hopeless": RecogniserFactory(Hopeless, ("hopeless",))})
    for _ in range(2):
        results = run_study(study, Running(tmp_path))
        assert [failure.protection for failure in results.failures] == NAMES
        assert results.failures[0].reason == "RuntimeError: cannot embed"
        assert not results.rows.actors("rank1")
    assert results.times["tasks_done"] == len(NAMES)


def test_images_without_faces_and_unreadable_ones_are_told():
    def unreadable():
        raise OSError("broken")

    more = (Sample("x/1.png", "x", lambda: pattern(0, 0) * 0), Sample("x/2.png", "x", unreadable))
    results = run_study(make_study(dataset=DataSet("patterns", (*tiny().samples, *more))))
    assert results.about["faceless"] == ["x/1.png"]
    assert results.about["unreadable"] == ["x/2.png"]
    assert (results.about["images"], results.about["with_face"]) == (18, 16)
    assert results.failures[0].reason == "OSError: broken"


def test_nobody_named_means_no_recognition():
    nobody = DataSet("nobody", tuple(Sample(item.name, None, item.read) for item in tiny().samples))
    results = run_study(make_study(dataset=nobody, raw=nobody))
    assert results.rows.actors("recall") == ["fixed", "blind"]
    assert results.rows.actors("rank1") == []
    assert results.advice == ()
    assert not results.drawings["threshold"]["labelled"]


def test_one_person_is_nobody_to_tell_from_others():
    results = run_study(make_study(dataset=tiny(1), raw=tiny(1)))
    assert not results.failures
    assert results.rows.actors("recall") == ["fixed", "blind"]
    assert results.rows.actors("rank1") == []
    assert results.about["split"].startswith("none")


def test_one_image_in_all_is_no_failure():
    study = make_study(("mosaic:8", "ksame:2"), dataset=tiny(1, 1), raw=tiny(1, 1))
    results = run_study(study)
    assert not results.failures
    assert results.about["absent"] == {
        "threshold": "it compares images, of which 1 shows a face",
        "k-same, k 2": "no image is left to fit it on",
    }
    assert "threshold" not in results.drawings
    assert values(results, "recall", "fixed") == {"clear": 1, "mosaic, 8 px": 1, "black": 0}
    page = render_report(results)
    assert "threshold (it compares images, of which 1 shows a face)" in page
    assert 'id="threshold"' not in page


def test_the_pairs_of_a_data_set_are_verified():
    samples = tiny().samples
    same = [Pair(f"p{who}/0.png", f"p{who}/1.png", True) for who in range(4)]
    other = [Pair(f"p{who}/0.png", f"p{(who + 1) % 4}/2.png", False) for who in range(4)]
    faceless = Sample("x/1.png", "x", lambda: pattern(0, 0) * 0)
    pairs = (*same, *other, Pair("p0/0.png", "x/1.png", False))
    data = DataSet("patterns", (*samples, faceless), pairs)
    results = run_study(make_study(dataset=data, recognisers=("eigenfaces", "histograms")))
    assert not results.failures
    actors = results.rows.actors("pairs_eer")
    assert actors == ["naive/histograms", "linker/histograms"]  # eigenfaces would have seen the pairs
    rows = {row.protection: row for row in results.rows.all if row.measure == "pairs_eer" and row.actor == actors[0]}
    assert list(rows) == NAMES
    assert (rows["clear"].value, rows["clear"].count, rows["clear"].failed) == (0, 4, 1)
    assert rows["clear"].how == "4 pairs of one person, 4 of two"
    linked = results.rows.find("black", "pairs_eer", actors[1])
    assert linked.value == 0.5  # two black boxes are alike, whoever is below
    assert 'id="pairs"' in render_report(results)
    without = run_study(make_study(dataset=DataSet("patterns", samples, tuple(same)), recognisers=("histograms",)))
    assert without.rows.actors("pairs_eer") == []  # one kind alone cannot be scored


def test_no_face_anywhere():
    with pytest.raises(ValueError, match="patterns: a face is found in none of 16 images, 0 failed"):
        run_study(make_study(locator=Fixed(1e9)))


def test_files(tmp_path, results):
    paths = results.write(tmp_path / "out")
    assert {"results.csv", "results.json"} <= {path.name for path in paths}
    content = json.loads((tmp_path / "out" / "results.json").read_text())
    assert len(content["rows"]) == len(results.rows.all)
    lines = (tmp_path / "out" / "results.csv").read_text().splitlines()
    assert len(lines) == len(results.rows.all) + 1
    assert lines[0].startswith("protection,family,strength,label,reversible,measure,actor,reading,value,low,high")
