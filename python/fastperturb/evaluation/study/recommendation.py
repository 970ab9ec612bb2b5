"""Recommends a protection for each aim, by rules over the numbers; or says that nothing fulfils it.

Hidden: with each recogniser, the upper end of the strongest attacker's rank-1 interval is at most a limit, or value and
upper end are at most what the same attackers get with it out of black boxes (hair and background, which a protection of
the face cannot hide; the upper end alone says nothing where few people make every interval wide). Found: the lower end
of the recall interval of at least one detector, direct or through the view, is at least a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .config import Aims
from .rows import BLACK, CLEAR, Row, Rows

KEYLESS = ("naive", "cleaner")


Ends: TypeAlias = tuple[float, float, float]
"""Value, lower and upper end of the 95 % interval."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a protection stands against one recogniser.

    Attributes:
        recogniser: its name.
        attacker: the strongest of the aim with it, and how it read: "cleaner, blurred".
        rank1: what that gets: value, low, high.
        black: what the strongest of the aim with this recogniser gets out of black boxes; None if not measured.
        hidden: whether people are hidden from this recogniser.
    """

    recogniser: str
    attacker: str
    rank1: Ends
    black: Ends | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A protection under an aim.

    Attributes:
        protection: its name.
        rank1: of the strongest attacker of the aim: value, low, high.
        attacker: who that is, "cleaner/dlib ResNet", and how it read.
        standings: against each recogniser, all of which must fail to recognise.
        recall: of the detector that finds most: value, low, high; None if none was measured.
        detector: which, and its reading.
        psnr: in the protected region, dB; None if it was not measured.
        fulfils: whether the aim's conditions hold.
    """

    protection: str
    rank1: Ends
    attacker: str
    standings: tuple[Standing, ...]
    recall: Ends | None
    detector: str
    psnr: float | None
    fulfils: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to an aim.

    Attributes:
        aim: in words.
        conditions: what had to hold, in words with the numbers.
        chosen: the best that fulfils it; None if none does.
        others: further protections that fulfil it, best first; where none does, those that come nearest.
        alone: for each recogniser what would be chosen if it were the only one, by name; None where nothing fulfils it.
    """

    aim: str
    conditions: str
    chosen: Choice | None
    others: tuple[Choice, ...]
    alone: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class _Aim:
    words: str
    attackers: tuple[str, ...] | None  # None: all that took part
    found: bool
    reversible: bool
    off_the_shelf: bool = False  # only recognisers of faces that were not fitted on the data


_AIMS = (
    _Aim(
        "recogniser off the shelf that does not adapt, still detectable",
        ("naive",),
        found=True,
        reversible=False,
        off_the_shelf=True,
    ),
    _Aim("unknown recogniser, still detectable", KEYLESS, found=True, reversible=False),
    _Aim("attacker trains on protected images, still detectable", None, found=True, reversible=False),
    _Aim("attacker trains on protected images", None, found=False, reversible=False),
    _Aim("reversible, hide everything", None, found=False, reversible=True),
)


def recommend(
    rows: Rows,
    aims: Aims = Aims(),  # noqa: B008 - frozen
    fitted: Collection[str] = (),
) -> tuple[Advice, ...]:
    """An answer for each aim; none where nobody attacked whom the aim asks for.

    Args:
        rows: of a study.
        aims: the limits.
        fitted: recognisers that nobody has on a shelf: fitted on the data set itself, or looking at no face.
    """
    given = ((aim, _asked(rows, aim, fitted)) for aim in _AIMS)
    return tuple(advice for aim, who in given if (advice := _advise(rows, aims, aim, who)) is not None)


def _asked(rows: Rows, aim: _Aim, fitted: Collection[str]) -> list[str]:
    """The recognisers with which the attackers of an aim took part."""
    actors = [actor.partition("/") for actor in rows.actors("rank1")]
    names = dict.fromkeys(who for attacker, _, who in actors if aim.attackers is None or attacker in aim.attackers)
    return [name for name in names if not aim.off_the_shelf or name not in fitted]


def strongest(
    rows: Rows, protection: str, attackers: Iterable[str] | None = None, recognisers: Iterable[str] | None = None
) -> Row | None:
    """The rank-1 row of the attacker who recognises most, of some attackers and recognisers; None without one."""
    wanted = None if attackers is None else set(attackers)
    with_whom = None if recognisers is None else set(recognisers)
    pairs = {actor: actor.split("/", 1) for actor in rows.actors("rank1")}
    actors = [
        actor
        for actor, (attacker, who) in pairs.items()
        if (wanted is None or attacker in wanted) and (with_whom is None or who in with_whom)
    ]
    return rows.best(protection, "rank1", actors)


def found_best(rows: Rows, protection: str) -> Row | None:
    """The recall row of the detector and reading that find most; None if nobody was measured."""
    return rows.best(protection, "recall", rows.actors("recall"))


def _advise(rows: Rows, aims: Aims, aim: _Aim, recognisers: Sequence[str]) -> Advice | None:
    choices = _choices(rows, aims, aim, recognisers)
    if not choices:
        return None
    alone = []
    for recogniser in recognisers:
        own = sorted((choice for choice in _choices(rows, aims, aim, [recogniser]) if choice.fulfils), key=_price)
        alone.append((recogniser, own[0].protection if own else None))
    fit = sorted((choice for choice in choices if choice.fulfils), key=_price)
    chosen, others = (fit[0], fit[1:4]) if fit else (None, _nearest(choices, aims, aim))
    return Advice(aim.words, _conditions(aims, aim), chosen, tuple(others), tuple(alone) if len(alone) > 1 else ())


def _choices(rows: Rows, aims: Aims, aim: _Aim, recognisers: Sequence[str]) -> list[Choice]:
    """Every protection that may be chosen at all, against these recognisers."""
    names = {row.protection: row.reversible for row in rows.all if row.protection not in (CLEAR, _black(rows))}
    able = [name for name, reversible in names.items() if reversible or not aim.reversible]
    return [choice for name in able if (choice := _choice(rows, aims, aim, name, recognisers)) is not None]


def _choice(rows: Rows, aims: Aims, aim: _Aim, name: str, recognisers: Sequence[str]) -> Choice | None:
    attack = strongest(rows, name, aim.attackers, recognisers)
    if attack is None:
        return None
    found = found_best(rows, name)
    quality = rows.find(name, "psnr_face", reading="direct")
    each = (_stand(rows, aims, aim, name, recogniser) for recogniser in recognisers)
    standings = tuple(standing for standing in each if standing is not None)
    asked_all = len(standings) == len(recognisers)  # whoever failed on a protection did not find it to hide
    hidden = asked_all and all(standing.hidden for standing in standings)
    seen = found is not None and _ends(found)[1] >= aims.recall
    return Choice(
        name,
        _ends(attack),
        f"{attack.actor}, {attack.reading}",
        standings,
        None if found is None else _ends(found),
        "" if found is None else f"{found.actor}, {found.reading}",
        None if quality is None else quality.value,
        hidden and (seen or not aim.found),
    )


def _stand(rows: Rows, aims: Aims, aim: _Aim, name: str, recogniser: str) -> Standing | None:
    """Against one recogniser, beside what this recogniser gets out of black boxes; None if it was not asked."""
    attack = strongest(rows, name, aim.attackers, [recogniser])
    if attack is None:
        return None
    black = strongest(rows, _black(rows), aim.attackers, [recogniser])
    rank1, floor = _ends(attack), None if black is None else _ends(black)
    hidden = rank1[2] <= aims.rank1
    if floor is not None:
        hidden = hidden or (rank1[0] <= floor[0] and rank1[2] <= floor[2])
    return Standing(recogniser, f"{attack.actor.partition('/')[0]}, {attack.reading}", rank1, floor, hidden)


def _black(rows: Rows) -> str:
    return next((row.protection for row in rows.all if row.family == BLACK or row.protection == BLACK), BLACK)


def _ends(row: Row) -> Ends:
    value = row.value or 0.0
    return value, value if row.low is None else row.low, value if row.high is None else row.high


def _price(choice: Choice) -> tuple[float, float, float]:
    """What costs least first: most found, then least recognised, then least changed."""
    recall = 0.0 if choice.recall is None else choice.recall[0]
    return -round(recall, 2), round(choice.rank1[0], 2), -(choice.psnr or 0.0)


def _nearest(choices: Sequence[Choice], aims: Aims, aim: _Aim) -> list[Choice]:
    """What comes nearest: where faces must be found, first those in which they are; then by who is recognised least."""

    def missing(choice: Choice) -> tuple[float, float, float]:
        lower = choice.recall[1] if choice.recall else 0.0
        return (max(0.0, round(aims.recall - lower, 2)) if aim.found else 0.0, choice.rank1[0], -lower)

    return sorted(choices, key=missing)[:3]


def _conditions(aims: Aims, aim: _Aim) -> str:
    who = "every attacker" if aim.attackers is None else " and ".join(aim.attackers)
    each = "each recogniser" + (" of faces that was not fitted on these people" * aim.off_the_shelf)
    parts = [
        f"rank-1 of {who}, with {each}: upper end of the 95 % interval at most {aims.rank1:g}, or value and upper end "
        "at most what that recogniser gets out of black boxes"
    ]
    if aim.found:
        parts.append(f"recall of at least one detector, direct or through the view: lower end at least {aims.recall:g}")
    if aim.reversible:
        parts.append("a key brings the original back bit for bit, by itself or by a seal")
    return "; ".join(parts)
