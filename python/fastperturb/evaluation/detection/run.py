"""Detectors over pictures and conditions: failures kept and counted, results stored as they come, to go on later."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import Detector, Face, Region, __version__, locate
from ..model_files import identity
from .annotations import Truth, TruthBox
from .conditions import Condition, box_region
from .matching import ImageFaces

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to look at.

    Attributes:
        name: as the truth names it.
        read: gives the array; called when it is the picture's turn.
        group: as in :class:`ImageFaces`.
    """

    name: str
    read: Callable[[], Any]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be looked at, by whom.

    Attributes:
        detectors: by the name to print.
        conditions: rows of the table.
        seed: of the key.
    """

    detectors: Mapping[str, Detector]
    conditions: Sequence[Condition]
    seed: int = 0


@dataclass(slots=True)
class DetectionRun:
    """What came out, and what could not be counted.

    Attributes:
        plan: what was to be done.
        truth: against which.
        results: the pictures with truth, for each condition and detector.
        without_truth: pictures that the truth does not know; they are in no score.
        unused_truth: images that the truth knows and nobody gave.
        unreadable: pictures that could not be read, or whose truth does not fit, and why; failed for all detectors.
    """

    plan: Plan
    truth: Truth
    results: dict[tuple[Condition, str], list[ImageFaces]] = field(default_factory=dict)
    without_truth: list[str] = field(default_factory=list)
    unused_truth: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


class Store:
    """Results on disk, one JSON object a line; a line that was cut off by a crash is made anew.

    Args:
        path: of the file, made if it is not there; None keeps nothing.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it is something else.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._known: dict[str, list[list[float]]] = {}
        if self._path is not None and self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            for number, line in enumerate(lines, 1):
                try:
                    entry = json.loads(line)
                    self._known[entry["id"]] = entry["faces"]
                except (ValueError, KeyError, TypeError):
                    if number < len(lines) or line.endswith("\n"):
                        raise ValueError(f"{self._path}: line {number} is not a stored result") from None
            if lines and not lines[-1].endswith("\n"):
                self._path.write_text("".join(lines[:-1]), encoding="utf-8")

    def find(self, name: str) -> tuple[Face, ...] | None:
        """What was found before; None if nobody looked."""
        faces = self._known.get(name)
        if faces is None:
            return None
        return tuple(Face(Region(int(x), int(y), int(w), int(h)), score) for x, y, w, h, score in faces)

    def keep(self, name: str, found: Sequence[Face]) -> None:
        """Remembers what was found."""
        boxes = [(f.region.x, f.region.y, f.region.width, f.region.height, float(f.score)) for f in found]
        self._known[name] = [list(box) for box in boxes]
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"id": name, "faces": boxes}) + "\n")


def run_detection(
    pictures: Sequence[Picture],
    truth: Truth,
    plan: Plan,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
) -> DetectionRun:
    """Looks at every picture, under every condition, with every detector.

    What fails on a picture (reading it, protecting it, detecting) is written down with it and does not stop the rest.

    Args:
        pictures: what to look at; names must differ.
        truth: where the faces are; all of them are protected, ignored ones too.
        plan: detectors and conditions.
        store: earlier results, used where picture, faces, condition, seed, version and detector are the same (its name,
            what ``repr`` says of it, and what is in its model file).
        progress: called with (done, all) after each look.

    Raises:
        ValueError: no pictures, detectors or conditions, or none of the pictures has truth.
    """
    for name, items in (("pictures", pictures), ("detectors", plan.detectors), ("conditions", plan.conditions)):
        if not items:
            raise ValueError(f"{name} must name at least one, got none")
    store = Store() if store is None else store
    run = DetectionRun(plan, truth)
    run.results = {(condition, name): [] for condition in plan.conditions for name in plan.detectors}
    known: list[tuple[Picture, tuple[TruthBox, ...]]] = []
    used: set[str] = set()
    for picture in pictures:
        entry = truth.find(picture.name)
        if entry is None:
            run.without_truth.append(picture.name)
        else:
            known.append((picture, truth.boxes[entry]))
            used.add(entry)
    if not known:
        raise ValueError(f"{truth.source} knows none of the {len(pictures)} pictures, such as {pictures[0].name}")
    run.unused_truth = sorted(truth.boxes.keys() - used)
    done, total = 0, len(known) * len(run.results)
    for picture, boxes in known:
        looks = _Looks(picture, boxes, plan, store)
        if looks.error is not None:
            run.unreadable[picture.name] = looks.error
        for condition, name in run.results:
            run.results[condition, name].append(looks.look(condition, name))
            done += 1
            if progress is not None:
                progress(done, total)
    return run


class _Looks:
    """The looks at one picture."""

    def __init__(self, picture: Picture, truth: tuple[TruthBox, ...], plan: Plan, store: Store) -> None:
        self.picture, self.truth, self.plan, self.store = picture, truth, plan, store
        self.error: str | None = None
        self._shown: dict[Condition, Any] = {}
        try:
            self.image = picture.read()
            _check_inside(truth, self.image)
        except Exception as error:  # whatever a picture has, the others go on
            self.image, self.error = None, _words(error)
        else:
            pixels = hashlib.sha256(self.image.tobytes())
            pixels.update(repr((self.image.shape, str(self.image.dtype))).encode())
            self._pixels = pixels.hexdigest()

    def look(self, condition: Condition, name: str) -> ImageFaces:
        faces, error = None, self.error
        if error is None:
            try:
                faces = self._found(condition, name)
            except Exception as problem:  # a detector may throw whatever it likes
                error = _words(problem)
        return ImageFaces(self.picture.name, faces, self.truth, error, self.picture.group)

    def _found(self, condition: Condition, name: str) -> tuple[Face, ...]:
        detector = self.plan.detectors[name]
        made_by = () if condition.strength is None else (self.plan.seed, self.truth)
        work = json.dumps([__version__, self._pixels, repr(condition), made_by, name, identity(detector)])
        digest = hashlib.sha256(work.encode()).hexdigest()
        found = self.store.find(digest)
        if found is None:
            shown = condition.show(self.image, self.truth, self.plan.seed)
            found = tuple(locate(shown.image, shown.reader(detector)))
            self.store.keep(digest, found)
        return found


def look_at_clear(
    pictures: Sequence[Picture], plan: Plan, *, store: Store | None = None, progress: Progress | None = None
) -> tuple[dict[str, dict[str, tuple[Face, ...]]], dict[str, str]]:
    """What each detector of a plan finds in the clear pictures, for :func:`consensus`.

    Returns:
        Faces by detector and picture, without the pictures on which one of them failed; and these, with the reason.
    """
    truth = Truth({picture.name: () for picture in pictures}, "nothing")
    run = run_detection(pictures, truth, Plan(plan.detectors, [Condition()]), store=store, progress=progress)
    failed = {i.name: i.error or "" for images in run.results.values() for i in images if i.found is None}
    found = {
        name: {image.name: image.found or () for image in images if image.name not in failed}
        for (_, name), images in run.results.items()
    }
    return found, failed


def _check_inside(truth: Sequence[TruthBox], image: Any) -> None:
    height, width = image.shape[:2]
    for box in truth:
        region = box_region(box)
        inside = region.x < width and region.y < height and region.x + region.width > 0 and region.y + region.height > 0
        if not inside and not box.ignored:
            raise ValueError(f"a true face must touch the {width} x {height} image, got {tuple(box[:4])}")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
