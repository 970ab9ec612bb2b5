"""The results of attacks: identification and verification, with intervals over people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..bootstrap import Estimate


@dataclass(frozen=True, slots=True)
class Identification:
    """Scores of closed-set identification: which of the enrolled people is it?

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
    """Scores of verification: do two images show one person?

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
    """The result of one attacker with one recogniser on one protection.

    Attributes:
        attacker: "naive", "cleaner", "parrot" or "linker".
        recogniser: its name.
        protection: its name.
        reading: what the attacker did to the images and with the embeddings, to print: "median 1/20", "view, LDA".
        identification: closed set; None for an attacker who has no gallery.
        verification: of all probes against all that is enrolled.
        tried: rank-1 in cross-validation on the enrolled images, by what was tried; the best became ``reading``.
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
