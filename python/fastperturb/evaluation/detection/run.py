"""Runs detectors over images and protections; counts failures, and keeps what was found in a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ... import Detector, Face
from ...protections import Clear
from ..datasets import Sample
from ..model_files import identity, protection_identity
from ..result_cache import ResultCache, digest_code, digest_of, error_text, pack_faces, pixel_digest, unpack_faces
from ..versions import list_libraries, read_versions
from .annotations import Truth, TruthBox
from .matching import ImageFaces
from .tasks import (
    CLEAR,
    DetectionStudy,
    DetectionTask,
    box_region,
    faces_of,
    found_faces,
    look,
    reader_for,
    show_protected,
)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class DetectionRun:
    """The faces that were found, and the images that could not be counted.

    Attributes:
        study: who looked at what.
        truth: where the faces are.
        results: what was found in the images with truth, for each task.
        without_truth: images that the truth does not know; they are in no score.
        unused_truth: images that the truth knows and nobody gave.
        unreadable: images that could not be read, or whose truth does not fit, and why; failed for all detectors.
    """

    study: DetectionStudy
    truth: Truth
    results: dict[DetectionTask, list[ImageFaces]] = field(default_factory=dict)
    without_truth: list[str] = field(default_factory=list)
    unused_truth: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def run_detection(
    samples: Sequence[Sample],
    truth: Truth,
    study: DetectionStudy,
    *,
    cache: ResultCache | None = None,
    progress: Progress | None = None,
) -> DetectionRun:
    """Does every task of a study on every image.

    What fails on an image (reading it, protecting it, detecting) is written down with it and does not stop the rest.

    Args:
        samples: what to look at; names must differ. Images of one person are drawn together for intervals.
        truth: where the faces are; all of them are protected, ignored ones too.
        study: detectors and protections.
        cache: earlier results, used where image, faces, protection, reading, seed, versions, code and detector are the
            same (its name, what ``repr`` says of it, and what is in its model file). What failed is tried again.
        progress: called with (done, all) after each look.

    Raises:
        ValueError: no samples, none of them has truth, or what the truth says of one image fits several.
    """
    if not samples:
        raise ValueError("samples must name at least one, got none")
    run = DetectionRun(study, truth, {task: [] for task in study.tasks()})
    known: list[tuple[Sample, tuple[TruthBox, ...]]] = []
    entries = truth.assign(sample.name for sample in samples)
    for sample in samples:
        if sample.name in entries:
            known.append((sample, truth.boxes[entries[sample.name]]))
        else:
            run.without_truth.append(sample.name)
    if not known:
        raise ValueError(f"{truth.source} knows none of the {len(samples)} images, such as {samples[0].name}")
    run.unused_truth = sorted(truth.boxes.keys() - set(entries.values()))
    done, total = 0, len(known) * len(run.results)
    for sample, boxes in known:
        image = _Image(sample, boxes, study, cache)
        if image.error is not None:
            run.unreadable[sample.name] = image.error
        for task, found in run.results.items():
            found.append(image.do(task))
            done += 1
            if progress is not None:
                progress(done, total)
    return run


class _Image:
    """Does the tasks of a study on one image; all that is found in it is one file of the cache."""

    def __init__(
        self, sample: Sample, truth: tuple[TruthBox, ...], study: DetectionStudy, cache: ResultCache | None
    ) -> None:
        self.sample, self.truth, self.study, self.cache = sample, truth, study, cache
        self.error: str | None = None
        self._shown: tuple[tuple[str, str], Any] | None = None
        self._found: dict[str, Any] = {}
        try:
            self.pixels = sample.read()
            _check_inside(truth, self.pixels)
        except Exception as error:  # whatever an image has, the others go on
            self.error = error_text(error)
        else:
            self.faces = faces_of(truth)
            if cache is not None:
                self._digest = digest_of(["detection", read_versions(), digest_code(), pixel_digest(self.pixels)])
                self._found = cache.find(self._digest) or {}

    def do(self, task: DetectionTask) -> ImageFaces:
        group = self.sample.person or ""
        if self.error is not None:
            return ImageFaces(self.sample.name, None, self.truth, self.error, group)
        return found_faces(self.sample.name, self.truth, group, lambda: self._find(task))

    def _find(self, task: DetectionTask) -> tuple[Face, ...]:
        if self.cache is None:
            return self._look(task)
        digest = self._task_digest(task)
        if digest not in self._found:
            self._found[digest] = pack_faces(self._look(task))
            self.cache.keep(self._digest, self._found)
        return unpack_faces(self._found[digest])

    def _look(self, task: DetectionTask) -> tuple[Face, ...]:
        protection, key = self.study.protections[task.protection], (task.protection, task.reading)
        if self._shown is None or self._shown[0] != key:
            shown = show_protected(protection, self.pixels, self.faces, task.reading, self.study.seed)
            self._shown = key, shown
        detector = self.study.detectors[task.detector]
        return look(reader_for(detector, protection, self.pixels, self.faces, task.reading), self._shown[1])

    def _task_digest(self, task: DetectionTask) -> str:
        detector, protection = self.study.detectors[task.detector], self.study.protections[task.protection]
        work: list[Any] = [task.detector, identity(detector)]
        libraries = {*list_libraries(detector)}
        if protection.regions(self.faces, self.pixels.shape):  # else the image is as it was
            work += [task.reading, self.study.seed, self.truth, *protection_identity(protection)]
            libraries |= {*list_libraries(protection)}
        return digest_of([*work, read_versions(libraries)])


def look_at_clear(
    samples: Sequence[Sample],
    detectors: Mapping[str, Detector],
    *,
    cache: ResultCache | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, dict[str, tuple[Face, ...]]], dict[str, str]]:
    """What each detector finds in the clear images, for :func:`consensus`.

    Args:
        samples: what to look at; names must differ.
        detectors: by name.
        cache: as for :func:`run_detection`.
        progress: as for :func:`run_detection`.

    Returns:
        Faces by detector and image, without the images on which one of them failed; and these, with the reason.
    """
    truth = Truth({sample.name: () for sample in samples}, "nothing")
    run = run_detection(samples, truth, DetectionStudy(detectors, {CLEAR: Clear()}), cache=cache, progress=progress)
    failed = {i.name: i.error or "" for images in run.results.values() for i in images if i.found is None}
    found = {
        task.detector: {image.name: image.found or () for image in images if image.name not in failed}
        for task, images in run.results.items()
    }
    return found, failed


def _check_inside(truth: Sequence[TruthBox], image: Any) -> None:
    height, width = image.shape[:2]
    for box in truth:
        region = box_region(box)
        inside = region.x < width and region.y < height and region.x + region.width > 0 and region.y + region.height > 0
        if not inside and not box.ignored:
            raise ValueError(f"a true face must touch the {width} x {height} image, got {tuple(box[:4])}")
