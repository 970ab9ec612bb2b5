"""The attacker's ladder: naive, cleaner, parrot and linker, each with one recogniser against one protection.

Newton, Sweeney, Malin 2005 ("Preserving privacy by de-identifying face images") named the first and the third. What an
attacker chooses is chosen by a rehearsal on the enrolled images, which the attacker has and can protect alike; the
probes are looked up once, with what was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from .attempt import Attempt, Hiding, Outcome
from .clear_gallery import ClearGallery
from .gallery import Lineup, people_of
from .recogniser import Recogniser
from .results import AttackResult
from .scores import identify, verify_all

Attacker: TypeAlias = Literal["naive", "cleaner", "parrot", "linker"]
ATTACKERS: tuple[Attacker, ...] = get_args(Attacker)


class AttackBench:
    """A recogniser and a lineup, to hold against any number of protections; what is clear is embedded once.

    Args:
        recogniser: is fitted here on the clear training, unless it comes trained; do not fit it elsewhere meanwhile.
        lineup: who is enrolled and looked up.
    """

    def __init__(self, recogniser: Recogniser, lineup: Lineup) -> None:
        self.recogniser, self.lineup = recogniser, lineup
        if recogniser.trained:
            recogniser.fit(lineup.training)
        self._clear = ClearGallery(recogniser, lineup.gallery)

    def run(
        self, protection: Hiding, attackers: Sequence[Attacker] = ATTACKERS, *, seed: int = 0
    ) -> list[AttackResult]:
        """Lets attackers loose on a protection.

        Args:
            protection: hides the faces, all that an image has.
            attackers: which, in what order.
            seed: of nonces, noise, choices and intervals; the same gives the same results.

        Returns:
            A result for each attacker.

        Raises:
            ValueError: no such attacker, or the protection does not fit the faces.
        """
        for name in attackers:
            if name not in ATTACKERS:
                raise ValueError(f"attackers must be among {', '.join(ATTACKERS)}, got {name!r}")
        attempt = Attempt(self._clear, self.lineup, protection, seed)
        return [self._scored(name, getattr(attempt, name)(), protection.name, seed) for name in attackers]

    def _scored(self, attacker: str, outcome: Outcome, protection: str, seed: int) -> AttackResult:
        probes = people_of(self.lineup.probes)
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
    attacker: Attacker, recogniser: Recogniser, lineup: Lineup, protection: Hiding, *, seed: int = 0
) -> AttackResult:
    """One attacker, once; for several, or several protections, :class:`AttackBench` does what is common only once.

    Raises:
        ValueError: as for :meth:`AttackBench.run`.
    """
    return AttackBench(recogniser, lineup).run(protection, (attacker,), seed=seed)[0]
