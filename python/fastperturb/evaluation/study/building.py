"""Builds a study from its configuration: data set, protections, detectors and recognisers by their texts.

What is named must be there; what a profile adds may be missing, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..._optional import import_extra
from ...errors import MissingExtra
from ...faces import Detector, list_detectors, make_detector
from ...faces.registry import make_detectors
from ...protections import Autoencoder, Protection, parse_protection
from ..datasets import open_dataset
from ..quality import FaceQnet, StandInFaceQuality
from ..recognition import make_recogniser
from ..recognition.registry import recogniser_settings
from .config import StudyConfig
from .tasks import RecogniserFactory, Study, described


def build_study(config: StudyConfig) -> Study:
    """Makes everything that a configuration names.

    Raises:
        ValueError: a text that names nothing, two that make the same, or ``detector_limits`` for one that does not take
            part.
        FileNotFoundError: no such data.
        MissingExtra, ModelError: a package or model file is missing or does not fit.
    """
    absent: dict[str, str] = {}
    filled = _with_attackers(config, absent)
    protections = _make_all("protections", filled.protections, _protection, None if config.protections else absent)
    recognisers = _make_all("recognisers", filled.recognisers, _recogniser, None if config.recognisers else absent)
    detectors = _make_detectors(config.detectors, absent)
    _check_limits(config.detector_limits, detectors, absent)
    config = filled
    return Study(
        config=config,
        dataset=open_dataset(config.data, enlarge=config.enlarge),
        raw=open_dataset(config.data, enlarge=1),
        protections=protections,
        detectors=detectors,
        recognisers=recognisers,
        locator=make_detector(config.locator),
        face_quality=StandInFaceQuality() if config.face_quality is None else FaceQnet(config.face_quality),
        absent=absent,
    )


def _with_attackers(config: StudyConfig, absent: dict[str, str]) -> StudyConfig:
    """The filled configuration, without a restorer that the profile adds and that lacks torch."""
    filled = config.filled()
    if "restorer" not in filled.attackers:
        return filled
    try:
        import_extra("torch", "train")
    except MissingExtra as error:
        if config.attackers:
            raise
        absent["restorer"] = str(error)
        return replace(filled, attackers=tuple(name for name in filled.attackers if name != "restorer"))
    return filled


def _make_all(
    what: str, texts: Iterable[str], make: Callable[[str], tuple[str, Any]], absent: dict[str, str] | None
) -> dict[str, Any]:
    """Things by name; what lacks a package is noted in ``absent``, unless that is None."""
    made: dict[str, Any] = {}
    for text in texts:
        try:
            name, thing = make(text)
        except MissingExtra as error:
            if absent is None:
                raise
            absent[text] = str(error)
            continue
        if name in made:
            raise ValueError(f"{what} must be different, got {name} twice, again by {text!r}")
        made[name] = thing
    return made


def _protection(text: str) -> tuple[str, Protection]:
    protection = parse_protection(text)
    if isinstance(protection, Autoencoder) and not protection.fitted:
        import_extra("torch", "train")  # now, not after the first hour
    return protection.name, protection


def _recogniser(text: str) -> tuple[str, RecogniserFactory]:
    recogniser = make_recogniser(text)
    known = (*recogniser_settings(text), *described(recogniser))
    faceless = hasattr(recogniser, "sees_inside")
    return recogniser.name, RecogniserFactory(partial(make_recogniser, text), known, recogniser.trained, faceless)


def _check_limits(limits: Iterable[str], detectors: Iterable[str], absent: Iterable[str]) -> None:
    """Raises for a name that is neither a detector nor one that the profile adds and that is missing."""
    known = list(detectors)
    unknown = [name for name in limits if name not in known and name not in absent]
    if unknown:
        raise ValueError(f"detector_limits must name detectors that take part, {', '.join(known)}, got {unknown[0]}")


def _make_detectors(texts: Sequence[str] | None, absent: dict[str, str]) -> dict[str, Detector]:
    if texts is None:
        infos = [item for item in list_detectors() if item.model != "needed"]
        absent |= {item.name: item.missing for item in infos if item.missing is not None}
        texts = [item.name for item in infos if item.missing is None]
    return make_detectors(texts)
