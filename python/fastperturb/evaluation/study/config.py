"""The configuration of a study, out of a TOML file or flags; it is checked before anything runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..._optional import import_extra
from ...bounded_files import read_regular_text
from ...checks import is_finite
from ..bootstrap import MOST_RESAMPLES
from ..recognition import ATTACKERS, EVERY_ATTACKER
from .rows import BLACK, CLEAR

Profile: TypeAlias = Literal["quick", "full"]
Division: TypeAlias = Literal["image", "person"]

_MAX_BYTES = 2**24
_RENAMED = {"looks": "detector_images", "few": "detector_limits"}  # keys of older files, still read

_FULL_FACES = ("dlib-resnet", "eigenfaces", "fisherfaces", "convolutional")
_FACELESS = ("levels", "colours", "surroundings")
"""Recognisers that look at no face, and beat many that do."""
FILE = "file"
"""The attacker who looks at what a file shows besides pixels."""
STUDY_ATTACKERS = (*EVERY_ATTACKER, FILE)
_QUICK = (
    "surrogate:tone=around",
    "camouflage",
    *(f"permutation:cells={cells}" for cells in (12, 8, 5, 3)),
    *(f"mosaic:cells={cells}" for cells in (8, 5)),
    "mosaic:16",
    "blur:8",
    "noise:0.1",
)
_FULL = (
    "surrogate",
    "surrogate:tone=around",
    "surrogate:area=face",
    "camouflage",
    "camouflage:area=face",
    *(f"permutation:cells={cells}" for cells in (12, 10, 8, 6, 5, 4, 3)),
    *(f"permutation:window={window}" for window in (8, 12, 16, 24, "region")),
    *(f"permutation:cells={cells},grow=head,shape=ellipse" for cells in (12, 8, 6, 4)),
    "permutation:window=region,grow=head,shape=ellipse",
    "black:grow=head,shape=ellipse",
    "permutation:cells=8,shape=ellipse",
    "permutation:window=12,pixels=8000",
    "permutation:window=16,coverage=0.5",
    *(f"features:cells={cells}" for cells in (2, 1)),
    *(f"mosaic:cells={cells}" for cells in (8, 6, 5, 4)),
    *(f"mosaic:{size}" for size in (16, 24)),
    *(f"blur:{sigma}" for sigma in (4, 8, 16)),
    *(f"noise:{variance}" for variance in (0.05, 0.1, 0.2)),
    "parts:cells=8",
    *(f"weighted:{coverage}" for coverage in (0.75, 0.5)),
    "cae:code=32",
    "ksame:10",
)


@dataclass(frozen=True, slots=True)
class Aims:
    """The limits of the recommendation, for "hidden" and for "found".

    Attributes:
        rank1: a person is hidden where with each recogniser the upper end of every attacker's rank-1 interval is at
            most this, or value and upper end are at most what these attackers get with it out of black boxes.
        recall: a face is still found where the lower end of a detector's recall interval is at least this.

    Raises:
        ValueError: not from 0 to 1.
    """

    rank1: float = 0.1
    recall: float = 0.9

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
                raise ValueError(f"aims.{item.name} must be 0 to 1, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyConfig:
    """The settings that decide the numbers of a study.

    Attributes:
        data: as for ``open_dataset``: "att", "folder:PATH", "flat:PATH", "lfw:PATH" or a path.
        profile: "quick" or "full": what stands in for what is not named below.
        enlarge: factor for the images; None for the data set's own (2 for AT&T).
        people: use the first so many people, drawn by the seed; None for all.
        split: "image": protections that learn are fitted on the enrolled images of the people who are measured;
            "person": on one half of the people, and only the other half is measured, by image again.
        protections: specifications as for ``parse_protection``; "clear" and "black" are always among them.
        detectors: specifications as for ``make_detector``; None for all that are there and bring their model.
        locator: the detector whose faces in the clear images are protected, and are the truth.
        detector_images: how many images each detector looks at, drawn by the seed; None for all probes.
        detector_limits: the same for single detectors, by their name, for slow ones.
        recognisers: names or "onnx:PATH..." as for ``make_recogniser``.
        attackers: of naive, cleaner, parrot, linker, restorer (which needs torch), file.
        face_quality: path of a user's FaceQnet (ONNX); None for the stand-in.
        enrolled: clear images of each person that the attacker has.
        seed: of splits, samples, nonces, noise and resampling.
        resamples: bootstrap draws, up to 1,000,000, for the intervals of quality and detection; those of attacks always
            have 500.
        aims: for the recommendation.

    Raises:
        TypeError, ValueError: a value of the wrong kind or out of range; the message names the key.
    """

    data: str = "att"
    profile: Profile = "full"
    enlarge: float | None = None
    people: int | None = None
    split: Division = "image"
    protections: tuple[str, ...] = ()
    detectors: tuple[str, ...] | None = None
    locator: str = "yunet"
    detector_images: int | None = None
    detector_limits: Mapping[str, int] = field(default_factory=dict)
    recognisers: tuple[str, ...] = ()
    attackers: tuple[str, ...] = ()
    face_quality: str | None = None
    enrolled: int = 5
    seed: int = 0
    resamples: int = 500
    aims: Aims = Aims()

    def __post_init__(self) -> None:
        if self.profile not in ("quick", "full"):
            raise ValueError(f"profile must be 'quick' or 'full', got {self.profile!r}")
        if self.split not in ("image", "person"):
            raise ValueError(f"split must be 'image' or 'person', got {self.split!r}")
        for name in ("data", "locator"):
            _check_text(name, getattr(self, name))
        for name in ("protections", "detectors", "recognisers", "attackers"):
            value = getattr(self, name)
            if value is not None or name != "detectors":
                _check_texts(name, value)
        for name, least in (("people", 2), ("detector_images", 1), ("enrolled", 1), ("seed", 0), ("resamples", 0)):
            value = getattr(self, name)
            if value is not None or name in ("enrolled", "seed", "resamples"):
                _check_whole(name, value, least)
        if self.resamples > MOST_RESAMPLES:
            raise ValueError(f"resamples must be at most {MOST_RESAMPLES}, got {self.resamples}")
        if not isinstance(self.detector_limits, Mapping):
            raise TypeError(
                f"detector_limits must give a number of images for each detector's name, got {self.detector_limits!r}"
            )
        for name, count in self.detector_limits.items():
            _check_whole(f"detector_limits.{name}", count, 1)
        if self.enlarge is not None:
            _check_factor("enlarge", self.enlarge)
        if self.face_quality is not None:
            _check_text("face_quality", self.face_quality)
        unknown = sorted(set(self.attackers) - set(STUDY_ATTACKERS))
        if unknown:
            raise ValueError(f"attackers must be of {', '.join(STUDY_ATTACKERS)}, got {', '.join(unknown)}")

    def filled(self) -> StudyConfig:
        """The configuration with what the profile says in the place of what is not named."""
        quick = self.profile == "quick"
        named = dict.fromkeys(self.protections or (_QUICK if quick else _FULL))
        faces = ("dlib-resnet", "fisherfaces") if quick else _FULL_FACES
        usual = (*faces, *(_FACELESS[1:] if quick else _FACELESS))
        return replace(
            self,
            protections=(CLEAR, *(item for item in named if item not in (CLEAR, BLACK)), BLACK),
            recognisers=self.recognisers or usual,
            attackers=self.attackers or ((*ATTACKERS, FILE) if quick else STUDY_ATTACKERS),
            detector_images=80 if quick and self.detector_images is None else self.detector_images,
            detector_limits={"dlib-mmod": 10 if quick else 40, **self.detector_limits},
        )


def read_config(path: str | os.PathLike[str]) -> StudyConfig:
    """Reads a TOML file whose keys are the attributes of :class:`StudyConfig`; detector_limits and aims are tables.

    Raises:
        OSError: it cannot be read.
        TypeError, ValueError: it is no TOML, or a key is unknown or out of range; the message names file and key.
        MissingExtra: Python 3.10 without ``tomli``.
    """
    path = Path(path)
    toml = import_extra("tomllib" if sys.version_info >= (3, 11) else "tomli", "evaluate")
    try:
        return make_config(toml.loads(read_regular_text(path, _MAX_BYTES)))
    except TypeError as error:
        raise TypeError(f"{path}: {error}") from None
    except ValueError as error:  # TOML's own errors too
        raise ValueError(f"{path}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path}: it is nested too deeply") from None


def make_config(values: Mapping[str, Any]) -> StudyConfig:
    """A configuration out of keys and values, as a TOML file has them.

    Raises:
        TypeError, ValueError: as for :class:`StudyConfig`; unknown keys.
    """
    given: dict[str, Any] = {}
    for key, value in values.items():
        name = _RENAMED.get(key, key)
        if name in given:
            raise ValueError(f"{name} must be given once, got {key} too")
        given[name] = tuple(value) if isinstance(value, list) else value
    _check_keys("", given, StudyConfig)
    if "aims" in given and not isinstance(given["aims"], Aims):
        if not isinstance(given["aims"], Mapping):
            raise TypeError(f"aims must be a table, got {given['aims']!r}")
        _check_keys("aims.", given["aims"], Aims)
        given["aims"] = Aims(**given["aims"])
    return StudyConfig(**given)


def _check_keys(prefix: str, values: Mapping[str, Any], kind: type[Any]) -> None:
    known = [item.name for item in fields(kind)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"unknown key {prefix}{unknown[0]}; there are {', '.join(known)}")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text, got {value!r}")


def _check_texts(name: str, value: object) -> None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
        raise TypeError(f"{name} must be a list of texts, got {value!r}")
    if len(set(value)) < len(value):
        raise ValueError(f"{name} must be different, got {', '.join(map(str, value))}")


def _check_factor(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (is_finite(value) and value > 0):
        raise ValueError(f"{name} must be a number over 0, got {value!r:.60}")


def _check_whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
