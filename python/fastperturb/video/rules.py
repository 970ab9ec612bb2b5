"""How faces are looked for in videos, and how often that was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """How faces are looked for and followed.

    Attributes:
        every: frames after which one is looked at though nothing changed; 1 looks at every frame.
        thorough: frames after which one is looked at in full size, and at all angles, if anything changed since. So
            many frames are kept.
        threshold: score that a quarter of the looks at a face must reach, unless one of them reaches 0.85.
        weak: score down to which a face continues a track.
        gap: seconds for which a face that is not seen is waited for, and between two sightings filled.
        linger: seconds that a track begins early and ends late; never across a cut.

    Raises:
        ValueError: a value out of range.
    """

    every: int = 5
    thorough: int = 24
    threshold: float = 0.6
    weak: float = 0.3
    gap: float = 2.0
    linger: float = 0.5

    def __post_init__(self) -> None:
        for name, least, most in (("every", 1, 1000), ("thorough", 1, 250)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number from {least} to {most}, got {value!r}")
        for name, high in (("threshold", 1.0), ("weak", 1.0), ("gap", 60.0), ("linger", 60.0)):
            value = getattr(self, name)
            if not 0 <= value <= high:
                raise ValueError(f"{name} must be 0 to {high}, got {value!r}")


@dataclass(slots=True)
class Effort:
    """How often was looked, for those who want to know where the time goes.

    Attributes:
        frames: of the video.
        quick: looks at a reduced copy of a frame.
        thorough: looks at a whole frame.
        near: looks around one face.
        cuts: scenes but the first.
    """

    frames: int = 0
    quick: int = 0
    thorough: int = 0
    near: int = 0
    cuts: int = 0
