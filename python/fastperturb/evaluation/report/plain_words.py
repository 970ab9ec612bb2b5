"""What a reader should know in a minute: numbers of pictures, not rates, for a few protections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..study import Rows
from ..study.recommendation import Advice, Choice, found_best, strongest
from ..study.rows import BLACK, CLEAR, Row

MOST = 3
_USUAL = "mosaic"  # the family that readers know from newspapers
_FOUND = "; detectors must still find the faces"
_PURPOSES = {
    "recogniser off the shelf that does not adapt, still detectable": "hide people from a face recognition program as "
    f"it is sold{_FOUND}",
    "unknown recogniser, still detectable": f"hide people from somebody who tries several programs and filters{_FOUND}",
    "attacker trains on protected images, still detectable": "hide people from somebody who trains on protected "
    f"pictures{_FOUND}",
    "attacker trains on protected images": "hide people from somebody who trains on protected pictures; faces need not "
    "be found",
    "reversible, hide everything": "the same, and a key brings the original back",
}
_RECOGNISERS = {
    "pixels outside": "looks at what surrounds the face alone",
    "levels inside": "looks at how light and dark the region is alone",
    "colours inside": "looks at the colours of the region alone",
    "no pixel": "looks at place and sizes alone, at no pixel",
}
_ATTACKERS = {
    "naive": "as it is",
    "cleaner": "after a filter",
    "parrot": "after training on protected pictures",
    "linker": "comparing protected pictures with protected ones",
    "restorer": "after a network guessed the clear face",
    "file": "",
}


class Plain(NamedTuple):
    """One protection in plain words.

    Attributes:
        protection: its name.
        pictures: how many were looked up.
        standard: how many of them the first recogniser names, which knows clear faces and does not adapt.
        best: how many the strongest attacker names.
        by: who that is, in words.
        found: the share of faces that the detector finds whose recall has the largest lower end; None if none looked.
        detector: which.
        more: whether an attacker failed, so that more may be named.
    """

    protection: str
    pictures: int
    standard: int
    best: int
    by: str
    found: float | None
    detector: str
    more: bool = False


def in_plain_words(rows: Rows, advice: Sequence[Advice], recogniser: str) -> list[Plain]:
    """Clear pictures, up to three protections that were chosen or come nearest, a mosaic, and black boxes.

    Args:
        rows: of a study.
        advice: what was chosen for its aims, in order.
        recogniser: the first of the study; it stands for a program that anybody can have.
    """
    names = [item.chosen or item.others[0] for item in advice if item.chosen or item.others]
    chosen = list(dict.fromkeys(choice.protection for choice in names))[:MOST]
    usual = next((row.protection for row in rows.all if row.family.startswith(_USUAL)), None)
    shown = dict.fromkeys((CLEAR, *chosen, *((usual,) if usual else ()), _black_name(rows)))
    told = (_told(rows, name, recogniser) for name in shown)
    return [item for item in told if item is not None]


class Purpose(NamedTuple):
    """One purpose: what to choose for it, and what that costs.

    Attributes:
        purpose: in words.
        protection: what is chosen, or comes nearest.
        fulfils: whether it keeps the limits.
        best: how many pictures the strongest attacker of this purpose names.
        black: how many of black boxes the same attackers name; None if not measured.
        worst: how many the strongest attacker of all names.
        pictures: of how many.
        found: the share of faces that the detector finds whose recall has the largest lower end; None if none looked.
        psnr: in the protected region, dB; None if it was not measured.
        more: whether an attacker of this purpose failed, so that more may be named.
        more_of_all: whether any attacker failed.
    """

    purpose: str
    protection: str
    fulfils: bool
    best: int
    black: int | None
    worst: int
    pictures: int
    found: float | None
    psnr: float | None
    more: bool = False
    more_of_all: bool = False


def list_purposes(rows: Rows, advice: Sequence[Advice]) -> list[Purpose]:
    """A line for each aim of the study."""
    lines = []
    for item in advice:
        choice = item.chosen or (item.others[0] if item.others else None)
        if choice is not None:
            lines.append(_purpose(rows, item.aim, choice))
    return lines


def _purpose(rows: Rows, aim: str, choice: Choice) -> Purpose:
    attacked = strongest(rows, choice.protection)
    pictures = 0 if attacked is None else attacked.count
    black = max((standing.black[0] for standing in choice.standings if standing.black is not None), default=None)
    return Purpose(
        purpose=_PURPOSES.get(aim, aim),
        protection=choice.protection,
        fulfils=choice.fulfils,
        best=round(choice.rank1[0] * pictures),
        black=None if black is None else round(black * pictures),
        worst=0 if attacked is None else _named(attacked),
        pictures=pictures,
        found=None if choice.recall is None else choice.recall[0],
        psnr=choice.psnr,
        more=bool(choice.failed),
        more_of_all=_failed(rows, choice.protection),
    )


def _told(rows: Rows, name: str, recogniser: str) -> Plain | None:
    standard, best = rows.find(name, "rank1", f"naive/{recogniser}"), strongest(rows, name)
    if standard is None or best is None:
        return None
    found = found_best(rows, name)
    return Plain(
        name,
        best.count,
        _named(standard),
        _named(best),
        _who(best.actor),
        None if found is None else found.value,
        "" if found is None else found.actor,
        _failed(rows, name),
    )


def _failed(rows: Rows, name: str) -> bool:
    """Whether an attacker who took part elsewhere has no number for this protection."""
    return bool(rows.unanswered(name, "rank1", rows.actors("rank1")))


def _who(actor: str) -> str:
    """An attacker with a recogniser, in words."""
    attacker, _, who = actor.partition("/")
    words = (_RECOGNISERS.get(who, f"{who}, a recogniser"), _ATTACKERS.get(attacker, attacker))
    return ", ".join(part for part in words if part)


def _named(row: Row) -> int:
    return round((row.value or 0.0) * row.count)


def _black_name(rows: Rows) -> str:
    return next((row.protection for row in rows.all if row.family == BLACK), BLACK)
