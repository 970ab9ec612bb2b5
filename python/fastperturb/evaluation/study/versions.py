"""Names the libraries that the numbers of a task depend on, so that others' versions make no work."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from ..recognition import make_recogniser
from ..versions import ANY_LIBRARY, list_libraries, read_versions
from .config import FILE
from .tasks import RecogniserFactory, Study, Task

_OF_KINDS = {"attack": ("scikit-learn",), "restorer": ("scikit-learn", "torch"), FILE: ("scikit-learn", "isal")}
_OF_RECOGNISERS = {"dlib-resnet": ("dlib",), "fisherfaces": ("scikit-learn",), "convolutional": ("torch",)}


def task_versions(study: Study, task: Task) -> dict[str, str]:
    """Versions of what a task computes with.

    The faces in clear images are told by their digests, whoever found them.
    """
    used = {*_OF_KINDS.get(task.kind, ())}
    shown = study.protections.values() if task.kind == "examples" else [study.protections.get(task.protection)]
    for protection in shown:
        used |= {*list_libraries(protection)} if protection is not None else set()
    if task.kind == "detection":
        used |= {*list_libraries(study.detectors[task.actor])}
    if task.kind in ("attack", "pairs"):
        used |= {*_libraries_of(study.recognisers[task.actor])}
    if task.kind == "restorer":
        used |= {name for factory in study.recognisers.values() for name in _libraries_of(factory)}
    if task.kind == "quality" and study.face_quality is not None:
        used |= {*list_libraries(study.face_quality)}
    return read_versions(used)


def study_versions(study: Study, tasks: Iterable[Task]) -> dict[str, str]:
    """Versions of what a whole study computes with, in a fixed order."""
    used = {*list_libraries(study.locator)}
    for task in tasks:
        used |= {*task_versions(study, task)}
    return read_versions(used)


def _libraries_of(factory: RecogniserFactory) -> tuple[str, ...]:
    """Libraries of a recogniser that is not made yet; of a foreign one any might be."""
    make = factory.make
    if not isinstance(make, partial) or make.func is not make_recogniser:
        return ANY_LIBRARY
    name = str(make.args[0]).partition("?")[0].partition("=")[0]
    return _OF_RECOGNISERS.get(name, ())
