"""Measures quality, detection and attacks, a task at a time; numbers are plain values that JSON can hold.

An image that fails is left out of the number, counted beside it, and named with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from ... import Face
from ...protections import Protection
from ..bootstrap import mean_over_people
from ..detection.annotations import TruthBox
from ..detection.matching import ALL_FACES, PAPER, DetectionRule
from ..detection.scores import PRECISION_RULES, DetectionScores, score_detections
from ..detection.tasks import found_faces, look, readings_of, show_protected
from ..quality import measure_quality as compare_images
from ..recognition import AttackBench, GallerySplit, PairBench, make_subjects
from ..result_cache import error_text
from .inputs import StudyInputs
from .tasks import Study, Task, usable_pairs

# A number as a task gives it: measure, actor, reading, value, low, high, count, failed, how.
Number = tuple[str, str, str, float | None, float | None, float | None, int, int, str]


class Tools:
    """The recognisers and embeddings of one process, each made once.

    Args:
        study: what is to be done.
        inputs: what was found in the clear images.
    """

    def __init__(self, study: Study, inputs: StudyInputs) -> None:
        self.study, self.inputs = study, inputs
        self._benches: dict[str, AttackBench] = {}
        self._pair_benches: dict[str, PairBench | None] = {}
        self._split: GallerySplit | None = None

    @property
    def gallery_split(self) -> GallerySplit:
        """Who is enrolled and looked up."""
        if self._split is None:
            parts = (self.inputs.gallery, self.inputs.probes)
            samples = ([self.inputs.samples[name] for name in names] for names in parts)
            self._split = GallerySplit(*(make_subjects(part, self.inputs.faces) for part in samples))
        return self._split

    def bench(self, recogniser: str) -> AttackBench:
        """A recogniser with the clear gallery embedded."""
        if recogniser not in self._benches:
            made = self.study.recognisers[recogniser].make()
            self._benches[recogniser] = AttackBench(made, self.gallery_split)
        return self._benches[recogniser]

    def pair_bench(self, recogniser: str) -> PairBench | None:
        """A recogniser with the clear images of the data set's pairs embedded; None for one that is fitted."""
        if recogniser not in self._pair_benches:
            made = self.study.recognisers[recogniser].make()
            pairs = [(pair.first, pair.second) for pair in usable_pairs(self.study, self.inputs)]
            samples = [self.inputs.samples[name] for name in dict.fromkeys(name for pair in pairs for name in pair)]
            subjects = {subject.name: subject for subject in make_subjects(samples, self.inputs.faces)}
            given = [(subjects[first], subjects[second]) for first, second in pairs]
            self._pair_benches[recogniser] = None if made.trained else PairBench(made, given)
        return self._pair_benches[recogniser]

    def shown(self, task: Task, failures: list[tuple[str, str]]) -> Iterator[tuple[str, Any, Any, tuple[Face, ...]]]:
        """(name, clear image, as it is read under the task's protection and reading, faces) of each sample."""
        protection = self.study.protections[task.protection]
        for name in task.names:
            faces = self.inputs.faces[name]
            try:
                image = self.inputs.samples[name].read()
                changed = show_protected(protection, image, faces, task.reading, self.study.config.seed)
            except Exception as error:  # counted, named, and the others go on
                failures.append((name, error_text(error)))
            else:
                yield name, image, changed, faces


def measure_quality(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """PSNR and SSIM in the frame and inside the protected regions, direct and through the view; face quality."""
    study, failures = tools.study, list[tuple[str, str]]()
    protection = study.protections[task.protection]
    numbers: list[Number] = []
    for reading in readings_of(protection):
        values: dict[str, list[float]] = {}
        names: list[str] = []
        lost: list[tuple[str, str]] = []
        for name, image, changed, faces in tools.shown(Task("quality", task.protection, "", reading, task.names), lost):
            try:
                found = _compare(protection, image, changed, faces, study.face_quality)
            except Exception as error:
                lost.append((name, error_text(error)))
                continue
            names.append(name)
            for measure, value in found.items():
                values.setdefault(measure, []).append(value)
        people = tools.inputs.people(names)
        for measure, each in values.items():
            mean, low, high, count = mean_over_people(
                each, people, resamples=study.config.resamples, seed=study.config.seed
            )
            actor = study.face_quality.name if measure == "face_quality" else ""
            how = "mean over images" + (", equal ones left out" if count < len(each) else "")
            numbers.append((measure, actor, reading, mean, low, high, count, len(lost), how))
        failures += lost
    return numbers, failures


def _compare(protection: Protection, image: Any, changed: Any, faces: Sequence[Face], judge: Any) -> dict[str, float]:
    regions = protection.regions(faces, image.shape) or [face.region for face in faces]
    found = asdict(compare_images(image, changed, regions))
    if judge is not None:
        found["face_quality"] = float(judge.score(changed, faces[0]))
    return found


def measure_detection(tools: Tools, task: Task) -> tuple[list[Number], list[tuple[str, str]]]:
    """One detector: precision, recall, F and average precisions for all faces, and F by the paper's rule."""
    study, failures = tools.study, list[tuple[str, str]]()
    detector = study.detectors[task.actor]
    images = []
    for name, _, changed, faces in tools.shown(task, failures):
        truth = [TruthBox(f.region.x, f.region.y, f.region.width, f.region.height) for f in faces]
        group = tools.inputs.samples[name].person or ""
        images.append(found_faces(name, truth, group, partial(look, detector, changed)))
    failures += [(image.name, image.error) for image in images if image.error is not None]
    if not any(image.found is not None for image in images):
        return [], failures
    given = {"resamples": study.config.resamples, "seed": study.config.seed}
    every, main = (score_detections(images, rule, **given) for rule in (ALL_FACES, PAPER))
    lost = len(failures)
    numbers = [
        _scored(every, measure, name, task, lost)
        for measure, name in (("precision", ""), ("recall", ""), ("f_score", ""), *((r, "ap") for r in PRECISION_RULES))
    ]
    return [*numbers, _scored(main, "f_score", "paper", task, lost)], failures


def _scored(scores: DetectionScores, measure: str, prefix: str, task: Task, failed: int) -> Number:
    value = scores.average_precision[measure] if prefix == "ap" else getattr(scores, measure)  # type: ignore[index]
    low, high = scores.intervals.get(measure, (None, None)) if value is not None else (None, None)
    if low is not None and high is not None:  # the rule of three, as for attacks: see docs/evaluate.md
        low = min(low, max(0.0, 1 - 3 / scores.images)) if value == 1 else low
        high = max(high, min(1.0, 3 / scores.images)) if value == 0 else high
    name = f"ap_{measure.replace('-', '_')}" if prefix == "ap" else f"{measure}_{prefix}" if prefix else measure
    return name, task.actor, task.reading, value, low, high, scores.images, failed, _rule_words(scores.rule)


def _rule_words(rule: DetectionRule) -> str:
    who = "main face of each image" if rule.main_face else "all faces"
    score = "any score" if rule.score is None else f"score from {rule.score:g}"
    return f"{who}, IoU from {rule.iou:g}, {score}"
