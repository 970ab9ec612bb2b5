"""The tasks of a study: small enough to share out and to keep, with the same result in every process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ...faces import Detector
from ...protections import FittedProtection, Protection
from ..datasets import DataSet, Pair
from ..detection.tasks import readings_of
from ..model_files import file_content, identity, model_files, protection_identity
from ..recognition import ATTACKERS, Attacker, Recogniser
from ..result_cache import digest_of
from .config import FILE, StudyConfig
from .inputs import StudyInputs, choose
from .rows import CLEAR

# Rough seconds an image and actor, to begin with what takes longest.
_COSTS = {
    "pairs": 0.02,
    "attack": 0.02,
    "restorer": 0.1,
    "file": 0.01,
    "detection": 0.02,
    "quality": 0.005,
    "examples": 0.3,
    "sweep": 12.0,
    "threshold": 4.0,
}
_SLOW = 10.0  # times longer: the detectors that ``detector_limits`` is for


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work.

    Attributes:
        kind: "quality", "detection", "attack", "restorer", "file", "pairs", "examples", "sweep" or "threshold".
        protection: name of one; "" where none is meant.
        actor: a detector or recogniser by name.
        reading: "direct" or "view", for detectors.
        names: samples to look at.
    """

    kind: str
    protection: str = ""
    actor: str = ""
    reading: str = "direct"
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """What a progress bar says."""
        return ", ".join(part for part in (self.kind, self.actor, self.protection) if part)


@dataclass(frozen=True, slots=True)
class RecogniserFactory:
    """A recogniser to be made, anew in each process: one that was fitted or is in use may not be picklable.

    Attributes:
        make: makes it; can be pickled.
        identity: what tells it from others, see :func:`described`.
        fitted: whether it is fitted on the data set itself; others come trained.
        faceless: whether it looks at no face; nobody sells such a one.
    """

    make: Callable[[], Recogniser]
    identity: tuple[str | int, ...]
    fitted: bool = False
    faceless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The data set, protections, detectors and recognisers of a study; it can be pickled.

    Attributes:
        config: with nothing left to the profile.
        dataset: where the images come from.
        raw: the same images without enlarging, for the n sweep and the threshold.
        protections: by name, "clear" first.
        detectors: by name.
        recognisers: by name.
        locator: finds the faces of the clear images.
        face_quality: scores faces; None for no scores.
        absent: what does not take part though the profile or the configuration has it, and the reason.
    """

    config: StudyConfig
    dataset: DataSet
    raw: DataSet
    protections: dict[str, Protection]
    detectors: dict[str, Detector]
    recognisers: dict[str, RecogniserFactory]
    locator: Detector
    face_quality: Any = None
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that reading the inputs depends on."""
        return {name: getattr(self.config, name) for name in ("people", "enrolled", "seed", "split")}


def list_tasks(study: Study, inputs: StudyInputs) -> list[Task]:
    """All tasks of a study, those that take longest first."""
    config = study.config
    looked = tuple(choose(inputs.probes, config.detector_images, config.seed, "looks"))
    tasks = [Task("sweep", names=tuple(inputs.samples)), Task("examples", names=example_names(inputs))]
    if len(inputs.samples) > 1:  # it compares them
        tasks.append(Task("threshold", names=tuple(inputs.samples)))
    pairs = usable_pairs(study, inputs)
    paired = tuple(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    for name, protection in study.protections.items():
        tasks.append(Task("quality", name, names=looked))
        for detector in study.detectors:
            limited = tuple(choose(looked, config.detector_limits.get(detector), config.seed, "looks"))
            for reading in readings_of(protection):
                tasks.append(Task("detection", name, detector, reading, limited))
        if inputs.gallery:
            both = (*inputs.gallery, *inputs.probes)
            if with_recogniser(study):
                tasks += [Task("attack", name, recogniser, names=both) for recogniser in study.recognisers]
            tasks += [Task(kind, name, names=both) for kind in _alone(study, name)]
        if paired:
            tasks += [Task("pairs", name, recogniser, names=paired) for recogniser in study.recognisers]
    return sorted(tasks, key=lambda task: -expected_cost(study, task))


def with_recogniser(study: Study) -> tuple[Attacker, ...]:
    """The attackers of a study that are run with each recogniser, a task each, in the study's order."""
    named = {str(name): name for name in ATTACKERS}
    return tuple(named[name] for name in study.config.attackers if name in named)


def _alone(study: Study, protection: str) -> list[str]:
    """The attackers that are a task of their own: they fit for all recognisers once, or need none."""
    wanted = [name for name in ("restorer", FILE) if name in study.config.attackers]
    return [name for name in wanted if name == FILE or protection != CLEAR]  # there is nothing to restore


def leave_out(study: Study, inputs: StudyInputs) -> Study:
    """The study without what needs more images than there are; it is listed in ``absent``, and is no failure."""
    count, absent = len(inputs.samples), dict[str, str]()
    if count < 2:
        absent["threshold"] = f"it compares images, of which {count} shows a face"
    if not inputs.training:
        learning = [item for item in study.protections.values() if isinstance(item, FittedProtection)]
        absent |= {item.name: "no image is left to fit it on" for item in learning if not item.fitted}
    kept = {name: item for name, item in study.protections.items() if name not in absent}
    return replace(study, protections=kept, absent={**study.absent, **absent})


def expected_cost(study: Study, task: Task) -> float:
    """An estimate in seconds."""
    slow = _SLOW if task.kind == "detection" and task.actor in study.config.detector_limits else 1.0
    fixed = task.kind in ("sweep", "threshold")
    return _COSTS[task.kind] * slow * (1 if fixed else len(task.names))


def usable_pairs(study: Study, inputs: StudyInputs) -> list[Pair]:
    """Pairs of the data set's own list whose images both show a face; none without pairs of one person and of two.

    Split by person, those of people on whom models are fitted are left out.
    """
    usable = set(inputs.samples) - (set(inputs.training) if study.config.split == "person" else set())
    pairs = [pair for pair in study.dataset.pairs if {pair.first, pair.second} <= usable]
    return pairs if len({pair.same for pair in pairs}) == 2 else []


def count_lost_pairs(study: Study, inputs: StudyInputs) -> int:
    """How many pairs of the people who are measured are not usable: of an image without a face, unreadable or missing.

    Pairs of people who were not chosen, or on whom models are fitted, are none of the study's.
    """
    person = {sample.name: sample.person for sample in study.dataset.samples}
    looked = {*inputs.samples, *inputs.faceless, *(failure.image for failure in inputs.failures)}
    learnt = {person[name] for name in inputs.training} if study.config.split == "person" else set()
    measured = {person[name] for name in looked if name in person} - learnt
    own = [
        pair
        for pair in study.dataset.pairs
        if all(name not in person or person[name] in measured for name in (pair.first, pair.second))
    ]
    return len(own) - len(usable_pairs(study, inputs))


def example_names(inputs: StudyInputs) -> tuple[str, ...]:
    """Two samples of different people, if there are two."""
    chosen: dict[str, str] = {}
    for name in inputs.probes:
        chosen.setdefault(inputs.samples[name].person or name, name)
    return tuple(chosen.values())[:2]


def task_digest(study: Study, inputs: StudyInputs, task: Task, versions: dict[str, str]) -> str:
    """The digest of all that decides the result of a task."""
    work: list[Any] = [versions, task.kind, task.actor, task.reading, inputs.digest(task.names)]
    work += [study.config.seed, study.config.resamples, study.config.split]
    if task.protection:
        work.append(_identity(task.protection, study, inputs))
    if task.kind == "examples":
        work.append([_identity(name, study, inputs) for name in study.protections])
    if task.kind == "detection":
        work.append(identity(study.detectors[task.actor]))
    if task.kind == "attack":
        work += [task.actor, study.recognisers[task.actor].identity, with_recogniser(study)]
    if task.kind == "restorer":
        work += [[name, item.identity] for name, item in study.recognisers.items()]
    if task.kind in ("attack", "restorer", FILE):
        work.append(inputs.digest(inputs.gallery))
    if task.kind == "pairs":
        work += [study.recognisers[task.actor].identity, study.config.attackers]
        work += [[pair.first, pair.second] for pair in usable_pairs(study, inputs)]
        work.append(count_lost_pairs(study, inputs))
    if task.kind == "quality":
        work.append(described(study.face_quality))
    if task.kind in ("sweep", "threshold"):
        work += [study.raw.name, study.config.profile, "drawn"]  # the profile says how many frames are swept
    return digest_of(work)


def _identity(name: str, study: Study, inputs: StudyInputs) -> list[Any]:
    """A protection is what its settings are, and what it learnt or is to learn from."""
    protection = study.protections[name]
    known = [name, *protection_identity(protection)]
    if isinstance(protection, FittedProtection) and not protection.fitted:
        return [*known, inputs.digest(inputs.training)]
    return known


def described(thing: object) -> tuple[str | int, ...]:
    """What tells a recogniser or a judge of faces from another: class, name, and what is in its model files."""
    content = [fact for path in model_files(thing) for fact in file_content(path)]
    return type(thing).__name__, str(getattr(thing, "name", "")), *content
