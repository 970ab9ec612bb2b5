"""What finished work is known by: the content of models and code, not paths, times or words."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from study_cases import FACE, make_study, tiny

from fastperturb.evaluation.model_files import identity
from fastperturb.evaluation.result_cache import PRESENTING, ResultCache, digest_code, meaning_of
from fastperturb.evaluation.study import Running, run_study
from fastperturb.evaluation.study.inputs import prepare
from fastperturb.evaluation.study.tasks import RecogniserFactory, Task, described, task_digest
from fastperturb.protections import KSame, parse_protection


class Modelled:
    """A detector, recogniser or judge with a model file, all it says of itself."""

    name, trained, metric = "modelled", False, "euclidean"

    def __init__(self, model):
        self.model = Path(model)

    def __repr__(self):
        return f"Modelled({str(self.model)!r}, threshold=0.5)"

    def detect(self, image):
        return [FACE]


@pytest.fixture
def models(tmp_path):
    """Two files of the same content in different places, of different age, and one of the same size with another."""
    for folder, content in (("here", b"weights"), ("there", b"weights"), ("other", b"WEIGHTS")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.onnx").write_bytes(content)
    os.utime(tmp_path / "there" / "model.onnx", (1, 1))
    return [Modelled(tmp_path / folder / "model.onnx") for folder in ("here", "there", "other")]


def test_a_model_is_known_by_its_content(models):
    here, there, other = models
    for known in (identity, described):
        assert known(here) == known(there) != known(other)
        assert not any("here" in str(fact) for fact in known(here))
    assert "threshold=0.5" in identity(here)[0]
    before = identity(here)
    here.model.write_bytes(b"WEIGHTS")
    os.utime(here.model, (5, 5))
    assert identity(here) != before  # though it was read before


def test_several_model_files_count(models):
    class Both:
        name = "both"

    one, two = Both(), Both()
    one.models = (models[0].model, models[1].model)
    two.models = (models[0].model, models[2].model)
    assert described(one) != described(two)


def test_a_folder_of_results_moves_to_another_machine(tmp_path, models):
    def study(one):
        base = make_study(detectors={"modelled": one}, locator=one)
        return replace(base, face_quality=None)

    here, there, other = models
    first = run_study(study(here), Running(tmp_path / "here"))
    assert first.times["tasks_done"] == first.times["tasks"]
    (tmp_path / "here" / "cache").rename(tmp_path / "there" / "cache")
    moved = run_study(study(there), Running(tmp_path / "there"))
    assert moved.times["tasks_done"] == 0
    assert moved.to_json() == first.to_json()
    changed = run_study(study(other), Running(tmp_path / "there"))
    assert changed.times["tasks_done"] == 5  # four protections, one of them through the view too


def digest(study, task):
    inputs = prepare(study.dataset, study.locator, {**study.settings, "version": ""}, ResultCache(None))
    return task_digest(study, inputs, task, {})


def test_recognisers_are_known_without_their_place():
    study = make_study()
    task = Task("attack", "clear", "eigenfaces")
    same = replace(
        study, recognisers={"eigenfaces": RecogniserFactory(print, study.recognisers["eigenfaces"].identity)}
    )
    other = replace(study, recognisers={"eigenfaces": RecogniserFactory(print, ("margin=1",))})
    assert digest(study, task) == digest(same, task) != digest(other, task)


def test_a_fitted_protection_is_known_by_what_it_learnt():
    def loaded(*people):
        protection = KSame(2)
        samples = [sample for sample in tiny().samples if sample.person in people]
        protection.fit((sample.read() for sample in samples), [[FACE] for _ in samples])
        return protection

    def digest_with(protection):
        study = make_study()
        study = replace(study, protections={**study.protections, protection.name: protection})
        return digest(study, Task("quality", protection.name, names=("p0/0.png",)))

    assert digest_with(loaded("p0", "p1")) == digest_with(loaded("p0", "p1"))
    assert len({digest_with(item) for item in (loaded("p0", "p1"), loaded("p2", "p3"), KSame(2))}) == 3
    assert len({digest_with(parse_protection(f"cae:code=8,epochs={epochs}")) for epochs in (1, 2)}) == 2


def test_code_is_known_by_what_it_does():
    source = '"""Words."""\n\ndef double(x):\n    """More words."""\n    return 2 * x  # a comment\n'
    assert meaning_of(source) == meaning_of("def double(x):\n\n    return (2 * x)\n")
    assert meaning_of(source) != meaning_of(source.replace("2 *", "3 *"))
    assert meaning_of('def f():\n    """Only words."""\n') == meaning_of('def f():\n    "Others."\n')
    assert len(digest_code()) == 40


def test_a_renamed_module_that_only_shows_numbers_is_noticed(monkeypatch):
    for name in ("fastperturb.evaluation.reports", "fastperturb.evaluation.studies.results"):
        monkeypatch.setattr("fastperturb.evaluation.result_cache.PRESENTING", (name,))
        with pytest.raises(LookupError, match=f"{name} must be a module of the package"):
            digest_code.__wrapped__()


def test_code_that_only_shows_numbers_does_not_count(monkeypatch):
    before = digest_code()
    monkeypatch.setattr("fastperturb.evaluation.result_cache.PRESENTING", PRESENTING[1:])
    assert digest_code.__wrapped__() != before


def test_other_code_does_the_work_again(tmp_path, monkeypatch):
    run_study(make_study(), Running(tmp_path))
    monkeypatch.setattr("fastperturb.evaluation.study.running.digest_code", lambda: "other")
    again = run_study(make_study(), Running(tmp_path))
    assert again.times["tasks_done"] == again.times["tasks"]


def test_finished_work_that_cannot_be_read_is_made_anew(tmp_path):
    for text in ("{", "[]", "[" * 100_000 + "]" * 100_000):
        (tmp_path / "a.json").write_text(text)
        assert ResultCache(tmp_path).find("a") is None
