"""Split by person: protections learn from people who are not measured, and from nobody else."""

from dataclasses import replace

import pytest
from study_cases import make_study, tiny

from fastperturb.evaluation.datasets import DataSet, Pair, Sample
from fastperturb.evaluation.report import render_report
from fastperturb.evaluation.study import Running, make_config, run_study
from fastperturb.evaluation.study.inputs import prepare
from fastperturb.evaluation.study.result_cache import CellStore
from fastperturb.evaluation.study.tasks import cell_digest, list_cells, usable_pairs
from fastperturb.protections import KSame


def by_person(study):
    return replace(study, config=replace(study.config, split="person"))


def material_of(study):
    return prepare(study.dataset, study.locator, {**study.settings, "version": ""}, CellStore(None))


def people_of(material, names):
    return {material.samples[name].person for name in names}


def test_people_are_divided_first_and_their_images_after():
    study = by_person(make_study())
    material = material_of(study)
    learnt, measured = people_of(material, material.training), people_of(material, material.probes)
    assert len(learnt) == len(measured) == 2
    assert not learnt & measured
    assert people_of(material, material.gallery) == measured
    assert (len(material.training), len(material.gallery), len(material.probes)) == (8, 4, 4)
    assert not set(material.gallery) & set(material.probes)
    for cell in list_cells(study, material):
        if cell.kind not in ("sweep", "threshold"):  # which no model takes part in
            assert people_of(material, cell.names) <= measured, cell


def test_by_image_all_people_are_measured():
    material = material_of(make_study())
    assert material.training == material.gallery
    assert len(people_of(material, material.probes)) == 4


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
    material = material_of(study)
    assert sorted(seen) == sorted(material.samples[name].read().tobytes() for name in material.training)
    assert {row.count for row in results.rows.all if row.measure == "recall"} == {4}
    assert results.rows.find("k-same, k 2", "chance1", "naive/eigenfaces").value == 0.5
    assert results.about["split"] == "by person"
    page = render_report(results)
    assert "8 images of one half of the people" in page
    assert "more images, each the only one" not in page


def test_the_split_is_part_of_what_work_is_known_by():
    one, other = make_study(), by_person(make_study())
    material = material_of(one)
    for cell in list_cells(one, material):
        assert cell_digest(one, material, cell, {}) != cell_digest(other, material, cell, {}), cell


def test_pairs_of_people_who_were_learnt_from_are_left_out():
    same = [Pair(f"p{who}/0.png", f"p{who}/1.png", True) for who in range(4)]
    others = [Pair(f"p{one}/0.png", f"p{two}/2.png", False) for one in range(4) for two in range(one)]
    study = by_person(make_study(dataset=DataSet("patterns", tiny().samples, (*same, *others))))
    material = material_of(study)
    pairs = usable_pairs(study, material)
    measured = people_of(material, material.probes)
    assert len(pairs) == 2 + 1
    assert all(people_of(material, (pair.first, pair.second)) <= measured for pair in pairs)


def test_people_who_cannot_be_divided_are_told():
    nobody = DataSet("nobody", tuple(Sample(item.name, None, item.read) for item in tiny().samples))
    with pytest.raises(ValueError, match="split by person: nobody must have at least two people, got 0"):
        material_of(by_person(make_study(dataset=nobody)))
    with pytest.raises(ValueError, match="at least two people with two images must be left to look up, got 1"):
        material_of(by_person(make_study(dataset=tiny(2))))
    with pytest.raises(ValueError, match="split must be 'image' or 'person', got 'persons'"):
        make_config({"split": "persons"})
