"""Restorer and file attacker inside a study: their rows, their failures by name, and what the report makes of them."""

from dataclasses import replace

import pytest
from study_cases import make_study, tiny

import fastperturb.evaluation.recognition.restoration as restoration
from fastperturb.evaluation.recognition import attack_files
from fastperturb.evaluation.report import render_report, tables
from fastperturb.evaluation.report.plain_words import in_plain_words, list_purposes
from fastperturb.evaluation.study import Row, Rows, StudyConfig, build_study, run_study
from fastperturb.evaluation.study.measuring import Tools
from fastperturb.protections import parse_protection


def with_attackers(*names, **changes):
    study = make_study(**changes)
    return replace(study, config=replace(study.config, attackers=names))


@pytest.fixture(scope="module")
def results():
    return run_study(with_attackers("naive", "file", recognisers=("histograms",)))


def test_the_file_attacker_is_measured_for_every_protection(results):
    assert not results.failures
    rows = [row for row in results.rows.all if row.actor == "file/no pixel"]
    names = list(dict.fromkeys(row.protection for row in results.rows.all))
    for measure in ("rank1", "rank5", "chance1", "rank1_five"):
        assert [row.protection for row in rows if row.measure == measure] == names, measure
    assert {row.count for row in rows if row.measure == "rank1_five"} == {4}  # people, not pictures
    assert {row.count for row in rows if row.measure == "rank1"} == {8}


def test_its_numbers_are_those_of_the_attack_alone(results):
    study = with_attackers("file")
    found = results.rows.find("mosaic, 8 px", "rank1", "file/no pixel")
    from fastperturb.evaluation.result_cache import ResultCache
    from fastperturb.evaluation.study.inputs import prepare

    inputs = prepare(study.dataset, study.locator, {**study.settings, "version": ""}, ResultCache(None))
    alone = attack_files(Tools(study, inputs).gallery_split, parse_protection("mosaic:8"), study.config.seed)
    assert (found.value, found.low, found.high) == (alone.one.rank1.value, alone.one.rank1.low, alone.one.rank1.high)
    assert found.reading == alone.reading


def test_who_looks_at_no_face_does_not_stand_on_a_shelf(results):
    first = results.advice[0]
    assert first.aim.startswith("recogniser off the shelf")
    for choice in (*first.others, *([first.chosen] if first.chosen else [])):
        assert [standing.recogniser for standing in choice.standings] == ["histograms 4 x 4"]
    trained = next(item for item in results.advice if item.aim == "attacker trains on protected images")
    choice = trained.chosen or trained.others[0]
    assert [standing.recogniser for standing in choice.standings] == ["histograms 4 x 4", "no pixel"]


def test_levels_are_no_recogniser_off_the_shelf(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"")
    config = StudyConfig(data=f"folder:{tmp_path}", recognisers=("levels", "eigenfaces"), detectors=("yunet",))
    made = build_study(config).recognisers
    assert [(item.fitted, item.faceless) for item in made.values()] == [(False, True), (True, False)]


def test_the_restorer_is_a_task_for_all_recognisers_that_look_at_faces(monkeypatch):
    pytest.importorskip("torch", reason="the extra train is not installed")
    monkeypatch.setattr(restoration, "_STEPS", 5)
    study = with_attackers("restorer", protections=("mosaic:8",), recognisers=("eigenfaces", "levels"))
    results = run_study(study)
    assert not results.failures
    read, restored, gained = (
        results.rows.find("mosaic, 8 px", f"psnr_{what}", "restorer") for what in ("read", "restored", "gained")
    )
    assert gained.value == pytest.approx(restored.value - read.value)
    assert read.value == pytest.approx(results.rows.find("mosaic, 8 px", "psnr_face").value, abs=0.2)
    assert results.rows.actors("rank1") == ["restorer/eigenfaces"]
    assert results.rows.find("clear", "rank1") is None  # there is nothing to restore
    html = render_report(results)
    assert "Restored" in html
    assert "fitted on protected and clear images of half" in html


def test_too_few_people_for_a_restorer_are_a_failure_by_name():
    pytest.importorskip("torch", reason="the extra train is not installed")
    study = with_attackers("naive", "restorer", protections=("mosaic:8",), recognisers=("histograms",))
    results = run_study(replace(study, dataset=tiny(people=3), raw=tiny(people=3)))
    failed = [failure for failure in results.failures if failure.kind == "restorer"]
    assert {failure.protection for failure in failed} == {"mosaic, 8 px", "black"}
    assert all("at least 4 people, got 3" in failure.reason for failure in failed)
    assert not [row for row in results.rows.all if row.actor.startswith("restorer")]  # no zeros in their place
    assert results.rows.find("mosaic, 8 px", "rank1", "naive/histograms 4 x 4").value is not None


KNOWN = ("mosaic, 8 px", "mosaic", 1.0, "8 px", True)


def row(measure, actor, value, reading="direct", count=10):
    return Row(*KNOWN, measure, actor, reading, value, value - 0.1, value + 0.1, count, 0, "")


def test_the_tables_of_restorer_and_files():
    rows = Rows(
        [
            row("psnr_read", "restorer", 14.0),
            row("psnr_restored", "restorer", 17.25),
            row("psnr_gained", "restorer", 3.25),
            row("rank1", "restorer/net", 0.25, "network"),
            row("rank1", "restorer/eigenfaces", 0.5, "network, gallery too"),
            row("rank1", "file/no pixel", 0.2, "region, LDA"),
            row("rank1_five", "file/no pixel", 0.4, "region, LDA"),
        ]
    )
    ((name, cells),) = tables.restoration_table(rows).rows
    assert name == "mosaic, 8 px"
    assert [cell.text for cell in cells] == ["14.0", "17.2", "3.2", "0.50", "eigenfaces"]
    ((name, cells),) = tables.file_table(rows).rows
    assert [cell.text for cell in cells] == ["0.20", "0.40", "region, LDA"]
    assert tables.restoration_table(Rows([])) is None
    assert tables.file_table(Rows([])) is None


def test_purposes_are_the_advice_in_counts_of_pictures(results):
    purposes = list_purposes(results.rows, results.advice)
    assert len(purposes) == len(results.advice)
    assert purposes[0].purpose.startswith("hide people from a face recognition program as it is sold")
    for item, advice in zip(purposes, results.advice, strict=True):
        choice = advice.chosen or advice.others[0]
        assert item.protection == choice.protection
        assert item.best == round(choice.rank1[0] * 8)
        assert item.fulfils == (advice.chosen is not None)
    html = render_report(results)
    assert f"{purposes[0].best} of 8" in html
    assert all(item.purpose in html for item in purposes)


def test_everybody_knows_a_mosaic_and_every_attacker_has_words(results):
    plain = in_plain_words(results.rows, results.advice, "histograms 4 x 4")
    assert "mosaic, 8 px" in [item.protection for item in plain]
    assert {item.by for item in plain} <= {
        "histograms 4 x 4, a recogniser, as it is",
        "looks at place and sizes alone, at no pixel",
    }


def test_wide_tables_are_divided_between_groups():
    cells = tuple(tables.TableCell(str(number)) for number in range(9))
    wide = tables.Table("rank1", (("a", 4), ("b", 3), ("c", 2)), tuple("abcdefghi"), (("row", cells),))
    first, second = tables.split_wide(wide, 6)
    assert (first.groups, first.heads) == ((("a", 4),), tuple("abcd"))
    assert (second.groups, second.heads) == ((("b", 3), ("c", 2)), tuple("efghi"))
    assert [cell.text for part in (first, second) for cell in part.rows[0][1]] == [str(number) for number in range(9)]
    assert tables.split_wide(wide, 100) == [wide]
    assert tables.split_wide(None) == []
