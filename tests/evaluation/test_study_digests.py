"""What finished work is known by: the content of models and code, not paths, times or words."""

import copy
import importlib.metadata
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from study_cases import FACE, Fixed, make_study, tiny

from fastperturb.evaluation import versions
from fastperturb.evaluation.model_files import identity, protection_identity
from fastperturb.evaluation.recognition import make_recogniser
from fastperturb.evaluation.result_cache import PRESENTING, ResultCache, digest_code, meaning_of
from fastperturb.evaluation.study import Running, run_study
from fastperturb.evaluation.study.inputs import prepare
from fastperturb.evaluation.study.tasks import RecogniserFactory, Task, described, task_digest
from fastperturb.evaluation.study.versions import study_versions, task_versions
from fastperturb.faces import Panorama, Union, YuNet, make_detector
from fastperturb.protections import Area, Camouflage, KSame, Permutation, Weighted, parse_protection


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


def test_the_models_of_detectors_inside_others_count(models):
    for around in (Panorama, lambda one: Union({"one": one}), lambda one: Panorama(Union({"one": one}))):
        here, there, other = (identity(around(one)) for one in models)
        assert here == there != other


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Permutation(), Permutation(interpolation="cubic")),
        (parse_protection("mosaic:16,grow=0.1"), parse_protection("mosaic:16,grow=0.1000001")),
        (parse_protection("permutation:coverage=0.5"), parse_protection("permutation:coverage=0.50000001")),
        (Weighted(0.5), Weighted(0.50000001)),
        (KSame(2, Area(grow=0.1)), KSame(2, Area(grow=0.1000001))),
    ],
)
def test_protections_are_known_by_more_than_their_names(one, other):
    assert (one.name, one.order) == (other.name, other.order)
    known = []
    for protection in (one, other, copy.deepcopy(one)):
        study = make_study()
        study = replace(study, protections={**study.protections, "this": protection})
        known.append([digest(study, Task(kind, "this", names=("p0/0.png",))) for kind in ("quality", "file")])
        known[-1].append(protection_identity(protection))
    assert known[0] == known[2]
    assert all(a != b for a, b in zip(known[0], known[1], strict=True))


def test_a_protection_is_known_again_in_another_process():
    class Own:
        """Of a user: what it says of itself is its place in memory."""

        name = family = label = "own"
        order, reversible = 1.0, False

        def __init__(self, window, picture):
            self.window, self.picture = window, picture

    def known(window=3, value=0):
        return protection_identity(Own(window, np.full((40, 40), value)))

    assert known() == known()
    assert " at 0x" not in str(known())
    assert known() != known(window=4)
    assert known() != known(value=1)
    ground = type("Ground", (), {"face_ellipse": None, "render_luminance": print, "render_colours": print})()
    assert " at 0x" not in str(protection_identity(Camouflage(ground)))


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


def test_another_opencv_finds_the_faces_again(tmp_path, monkeypatch):
    looks = []

    @dataclass(frozen=True)
    class Counting(Fixed):
        def detect(self, image):
            looks.append(1)
            return super().detect(image)

    first = run_study(make_study(locator=Counting()), Running(tmp_path))
    count = len(looks)
    assert count == len(tiny().samples)
    run_study(make_study(locator=Counting()), Running(tmp_path))
    assert len(looks) == count
    monkeypatch.setattr(cv2, "__version__", "9.9")
    again = run_study(make_study(locator=Counting()), Running(tmp_path))
    assert len(looks) == 2 * count
    assert again.times["tasks_done"] == first.times["tasks"]
    assert again.about["versions"]["opencv"] == "9.9"


def with_recognisers(*names):
    made = {name: RecogniserFactory(partial(make_recogniser, name), (name,)) for name in names}
    return replace(make_study(detectors={"yunet": YuNet()}, face_quality=None), recognisers=made)


def test_a_task_depends_on_the_libraries_that_it_computes_with(monkeypatch):
    monkeypatch.setattr(versions, "_installed", lambda library: "9.9")

    def used(kind, actor="", protection="mosaic, 8 px"):
        names = set(task_versions(study, Task(kind, protection, actor)))
        return names - {"fastperturb", "python", "numpy", "opencv", "onnxruntime"}

    study = with_recognisers("dlib-resnet", "eigenfaces", "convolutional?margin=0.5")
    learning = parse_protection("cae:code=8")
    study = replace(study, protections={**study.protections, "learns": learning})
    assert used("detection", "yunet") == used("quality") == used("sweep", protection="") == set()
    assert used("detection", "yunet", "learns") == used("examples", protection="") == {"torch"}
    assert used("attack", "eigenfaces") == {"scikit-learn"}
    assert used("attack", "dlib-resnet") == {"scikit-learn", "dlib"}
    assert used("attack", "convolutional?margin=0.5") == {"scikit-learn", "torch"}
    assert used("restorer") == {"scikit-learn", "torch", "dlib"}
    assert used("file") == {"scikit-learn", "isal"}
    study = replace(study, recognisers={"mine": RecogniserFactory(print, ("mine",))}, detectors={"mine": Fixed()})
    assert used("attack", "mine") == used("detection", "mine") == {"scikit-learn", "torch", "dlib"}


def test_another_library_does_the_tasks_again_that_use_it(tmp_path, monkeypatch):
    def study():
        return with_recognisers("eigenfaces")

    first = run_study(study(), Running(tmp_path))
    assert first.about["versions"]["scikit-learn"] == importlib.metadata.version("scikit-learn")
    read = versions._installed
    monkeypatch.setattr(versions, "_installed", lambda library: "9.9" if library == "scikit-learn" else read(library))
    again = run_study(study(), Running(tmp_path))
    assert again.times["tasks_done"] == len(study().protections)  # the attacks, whose heads it fits
    assert again.about["versions"]["scikit-learn"] == "9.9"


def test_the_locator_has_libraries_too():
    others = {"dlib", "scikit-learn", "torch", "isal"}
    for locator, used in ((YuNet(), set()), (Union({"a": YuNet(), "b": make_detector("dlib-hog")}), {"dlib"})):
        assert set(study_versions(make_study(locator=locator), [])) & others == used


def test_finished_work_that_cannot_be_read_is_made_anew(tmp_path):
    for text in ("{", "[]", "[" * 100_000 + "]" * 100_000):
        (tmp_path / "a.json").write_text(text)
        assert ResultCache(tmp_path).find("a") is None
