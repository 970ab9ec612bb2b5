"""Split by person: protections learn from people who are not measured, and from nobody else."""

from dataclasses import replace

import pytest
from study_cases import make_study, pattern, tiny

from fastperturb.evaluation.datasets import DataSet, Pair, Sample
from fastperturb.evaluation.report import render_report
from fastperturb.evaluation.result_cache import ResultCache
from fastperturb.evaluation.study import Running, make_config, run_study
from fastperturb.evaluation.study.inputs import prepare
from fastperturb.evaluation.study.tasks import count_lost_pairs, list_tasks, task_digest, usable_pairs
from fastperturb.protections import KSame


def by_person(study):
    return replace(study, config=replace(study.config, split="person"))


def inputs_of(study):
    return prepare(study.dataset, study.locator, {**study.settings, "version": ""}, ResultCache(None))


def people_of(inputs, names):
    return {inputs.samples[name].person for name in names}


def test_people_are_divided_first_and_their_images_after():
    study = by_person(make_study())
    inputs = inputs_of(study)
    learnt, measured = people_of(inputs, inputs.training), people_of(inputs, inputs.probes)
    assert len(learnt) == len(measured) == 2
    assert not learnt & measured
    assert people_of(inputs, inputs.gallery) == measured
    assert (len(inputs.training), len(inputs.gallery), len(inputs.probes)) == (8, 4, 4)
    assert not set(inputs.gallery) & set(inputs.probes)
    for task in list_tasks(study, inputs):
        if task.kind not in ("sweep", "threshold"):  # which no model takes part in
            assert people_of(inputs, task.names) <= measured, task


def test_by_image_all_people_are_measured():
    inputs = inputs_of(make_study())
    assert inputs.training == inputs.gallery
    assert len(people_of(inputs, inputs.probes)) == 4


def test_a_study_by_person(tmp_path, monkeypatch):
    seen = []
    real = KSame.fit

    def watched(self, images, faces):
        images = list(images)
        seen.extend(image.tobytes() for image in images)
        real(self, images, faces)

    monkeypatch.setattr(KSame, "fit", watched)
    study = by_person(make_study(("ksame:2",)))
    results = run_study(study, Running(tmp_path))
    assert not results.failures
    inputs = inputs_of(study)
    assert sorted(seen) == sorted(inputs.samples[name].read().tobytes() for name in inputs.training)
    assert {row.count for row in results.rows.all if row.measure == "recall"} == {4}
    assert results.rows.find("k-same, k 2", "chance1", "naive/eigenfaces").value == 0.5
    assert results.about["split"] == "by person"
    page = render_report(results)
    assert "8 images of one half of the people" in page
    assert "more images, each the only one" not in page


def test_the_split_is_part_of_what_work_is_known_by():
    one, other = make_study(), by_person(make_study())
    inputs = inputs_of(one)
    for task in list_tasks(one, inputs):
        assert task_digest(one, inputs, task, {}) != task_digest(other, inputs, task, {}), task


def test_pairs_of_people_who_were_learnt_from_are_left_out():
    same = [Pair(f"p{who}/0.png", f"p{who}/1.png", True) for who in range(4)]
    others = [Pair(f"p{one}/0.png", f"p{two}/2.png", False) for one in range(4) for two in range(one)]
    study = by_person(make_study(dataset=DataSet("patterns", tiny().samples, (*same, *others))))
    inputs = inputs_of(study)
    pairs = usable_pairs(study, inputs)
    measured = people_of(inputs, inputs.probes)
    assert len(pairs) == 2 + 1
    assert all(people_of(inputs, (pair.first, pair.second)) <= measured for pair in pairs)


def test_pairs_of_people_who_are_not_measured_are_not_lost():
    def broken():
        raise OSError("cut off")

    bad = [Sample(f"p{who}/x.png", f"p{who}", broken) for who in range(4)]
    bad += [Sample(f"p{who}/y.png", f"p{who}", lambda: pattern(0, 0) * 0) for who in range(4)]
    pairs = [Pair(f"p{who}/0.png", f"p{who}/{name}.png", True) for who in range(4) for name in ("1", "x", "y", "none")]
    pairs += [Pair(f"p{one}/0.png", f"p{two}/2.png", False) for one in range(4) for two in range(one)]
    every = make_study(dataset=DataSet("patterns", (*tiny().samples, *bad), tuple(pairs)))
    assert count_lost_pairs(every, inputs_of(every)) == 4 * 3
    few = replace(every, config=replace(every.config, people=3))
    assert len(usable_pairs(few, inputs_of(few))) == 3 + 3
    assert count_lost_pairs(few, inputs_of(few)) == 3 * 3
    halved = by_person(every)
    assert len(usable_pairs(halved, inputs_of(halved))) == 2 + 1
    assert count_lost_pairs(halved, inputs_of(halved)) == 2 * 3
    row = run_study(replace(few, recognisers=make_study(recognisers=("histograms",)).recognisers)).rows
    assert row.find("clear", "pairs_eer", "naive/histograms").failed == 3 * 3


def test_people_who_cannot_be_divided_are_told():
    nobody = DataSet("nobody", tuple(Sample(item.name, None, item.read) for item in tiny().samples))
    with pytest.raises(ValueError, match="split by person: nobody must have at least two people, got 0"):
        inputs_of(by_person(make_study(dataset=nobody)))
    with pytest.raises(ValueError, match="at least two people with two images must be left to look up, got 1"):
        inputs_of(by_person(make_study(dataset=tiny(2))))
    with pytest.raises(ValueError, match="split must be 'image' or 'person', got 'persons'"):
        make_config({"split": "persons"})
