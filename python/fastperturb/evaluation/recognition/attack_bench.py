"""The bench on which attackers with one recogniser are run against any number of protections, and scored."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...protections import Protection
from .attackers import ATTACKERS, DRAWS, EVERY_ATTACKER, Attacker, AttackOutcome, AttackRun
from .gallery import ClearGallery, GallerySplit, people_of
from .recogniser import Recogniser
from .restorer import Restorer
from .results import AttackResult
from .scores import identify, verify_all


class AttackBench:
    """Runs attackers with one recogniser on any number of protections; clear images are embedded once.

    Args:
        recogniser: is fitted here on the clear training, unless it comes trained; do not fit it elsewhere meanwhile.
        gallery_split: who is enrolled and looked up.
    """

    def __init__(self, recogniser: Recogniser, gallery_split: GallerySplit) -> None:
        self.recogniser, self.gallery_split = recogniser, gallery_split
        if recogniser.trained:
            recogniser.fit(gallery_split.training)
        self._clear = ClearGallery(recogniser, gallery_split.gallery)

    def run(
        self,
        protection: Protection,
        attackers: Sequence[Attacker] = ATTACKERS,
        *,
        seed: int = 0,
        draws: int = DRAWS,
        networks: Restorer | None = None,
    ) -> list[AttackResult]:
        """Runs attackers on a protection.

        Args:
            protection: hides the faces, all that an image has.
            attackers: which, in what order.
            draws: nonces with which a parrot enrols every image, where they make a difference.
            networks: of the restorer for this protection and seed, if they were fitted before.
            seed: of nonces, noise, choices and intervals; the same gives the same results.

        Returns:
            A result for each attacker.

        Raises:
            ValueError: no such attacker, or the protection does not fit the faces.
        """
        for name in attackers:
            if name not in EVERY_ATTACKER:
                raise ValueError(f"attackers must be among {', '.join(EVERY_ATTACKER)}, got {name!r}")
        attack_run = AttackRun(self._clear, self.gallery_split, protection, seed, draws)
        played = {"restorer": partial(attack_run.restorer, networks)}
        outcomes = ((name, played.get(name, getattr(attack_run, name))()) for name in attackers)
        return [self._scored(name, outcome, protection.name, seed) for name, outcome in outcomes]

    def _scored(self, attacker: str, outcome: AttackOutcome, protection: str, seed: int) -> AttackResult:
        probes = people_of(self.gallery_split.probes)
        distances, people = outcome.comparison
        return AttackResult(
            attacker=attacker,
            recogniser=self.recogniser.name,
            protection=protection,
            reading=outcome.reading,
            identification=identify(distances, probes, people, seed),
            verification=verify_all(distances, probes, people, seed),
            tried=outcome.tried,
            seed=seed,
        )


def attack(
    attacker: Attacker, recogniser: Recogniser, gallery_split: GallerySplit, protection: Protection, *, seed: int = 0
) -> AttackResult:
    """Runs one attacker on one protection; for more of them :class:`AttackBench` shares the work.

    Raises:
        ValueError: as for :meth:`AttackBench.run`.
    """
    return AttackBench(recogniser, gallery_split).run(protection, (attacker,), seed=seed)[0]
