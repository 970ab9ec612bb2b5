"""A study out of its configuration: data set, protections, detectors and recognisers by their texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...faces import Detector, list_detectors, make_detector
from ..datasets import open_dataset
from ..protections import Protection, parse_protection
from ..recognition import make_recogniser
from .cells import Study, Witness, described
from .config import StudyConfig

def build_study(config: StudyConfig) -> Study:
    """Makes everything that a configuration names.

    Raises:
        ValueError: a text that names nothing, or two that make the same.
        FileNotFoundError: no such data.
        MissingExtra, ModelError: a package or model file is missing or does not fit.
    """
    config = config.filled()
    recognisers: dict[str, Witness] = {}
    for text in config.recognisers:
        made = make_recogniser(text)
        if made.name in recognisers:
            raise ValueError(f"recognisers must be different, got {made.name} twice")
        recognisers[made.name] = Witness(partial(make_recogniser, text), (text, *described(made)))
    return Study(
        config=config,
        dataset=open_dataset(config.data, enlarge=config.enlarge),
        raw=open_dataset(config.data, enlarge=1),
        protections=_make_protections(config.protections),
        detectors=_make_detectors(config.detectors),
        recognisers=recognisers,
        locator=make_detector(config.locator),
    )


def _make_protections(texts: Sequence[str]) -> dict[str, Protection]:
    made: dict[str, Protection] = {}
    for text in texts:
        protection = parse_protection(text)
        if protection.name in made:
            raise ValueError(f"protections must be different, got {protection.name} twice, again by {text!r}")
        made[protection.name] = protection
    return made


def _make_detectors(texts: Sequence[str] | None) -> dict[str, Detector]:
    if texts is None:
        texts = [item.name for item in list_detectors() if item.missing is None and item.model != "needed"]
    plain = [text.partition("=")[0].partition("?")[0] for text in texts]
    return {
        name if plain.count(name) == 1 else text: make_detector(text)
        for name, text in zip(plain, texts, strict=True)
    }
