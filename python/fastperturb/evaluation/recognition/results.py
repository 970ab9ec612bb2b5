"""What comes out: estimates with intervals over people, identification, verification, and the result of an attack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured number and its 95 % interval over people: another draw of people would give another number.

    Attributes:
        value: as measured.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """To two digits: "0.92 (0.87 to 0.96)"."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Identification:
    """Closed-set identification: who among the enrolled is it?

    Attributes:
        rank1: share of the probes whose person is the nearest enrolled one.
        rank5: share whose person is among the five nearest.
        chance1: what guessing gives, 1 / people enrolled.
        chance5: the same for rank-5.
        probes: how many were looked up.
        people: how many people are enrolled.
    """

    rank1: Estimate
    rank5: Estimate
    chance1: float
    chance5: float
    probes: int
    people: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Are two images of one person?

    Attributes:
        eer: equal error: where as many pairs of one person are refused as pairs of two are accepted; chance 0.5.
        tar: share of the pairs of one person that are accepted (true acceptance), by the share of pairs of two people
            that is (false acceptance, the key: 0.01 and 0.001); chance is the key.
        genuine: pairs of one person.
        impostors: pairs of two people.
    """

    eer: Estimate
    tar: Mapping[float, Estimate]
    genuine: int
    impostors: int


@dataclass(frozen=True, slots=True)
class AttackResult:
    """What one attacker got out of one protection with one recogniser.

    Attributes:
        attacker: "naive", "cleaner", "parrot" or "linker".
        recogniser: its name.
        protection: its name.
        reading: what the attacker did to the images and with the embeddings, to print: "median 1/20", "view, LDA".
        identification: closed set; None for an attacker who has no gallery.
        verification: of all probes against all that is enrolled.
        tried: the attacker's rehearsal: rank-1 by what was tried on the enrolled images alone; it chose ``reading``.
        seed: of nonces and noise.
    """

    attacker: str
    recogniser: str
    protection: str
    reading: str
    identification: Identification | None
    verification: Verification
    tried: Mapping[str, float]
    seed: int
