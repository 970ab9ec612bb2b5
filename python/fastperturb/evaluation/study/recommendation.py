"""Recommends a protection for each aim, by rules over the numbers; or says that nothing fulfils it.

Hidden: with each recogniser, for every attacker who took part, the upper end of the rank-1 interval is at most a limit,
or value and upper end are at most what these attackers get with it out of black boxes (hair and background, which a
protection of the face cannot hide; the upper end alone says nothing where few people make every interval wide). Whoever
failed on a protection, and not on all, did not find it to hide. Found: the lower end of the recall interval of at least
one detector, direct or through the view, is at least a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .config import Aims
from .rows import BLACK, CLEAR, Row, Rows

KEYLESS = ("naive", "cleaner")
LEARNING = ("parrot", "restorer", "file")
"""Attackers who are fitted on what is protected."""

Ends: TypeAlias = tuple[float, float, float]
"""Value, lower and upper end of the 95 % interval."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a protection stands against one recogniser.

    Attributes:
        recogniser: its name.
        attacker: who decides, and how it read: "cleaner, blurred". Of the aim's attackers who get over the limits, or
            of all where none does, the one with the largest upper end.
        rank1: what that gets: value, low, high.
        black: what the attackers of the aim get at most with this recogniser out of black boxes: the largest value with
            its lower end, and the largest upper end; None if not measured.
        hidden: whether every attacker who was measured keeps the limits; who was not stands in :attr:`Choice.failed`.
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
        rank1: of the attacker of the aim who recognises most: value, low, high.
        attacker: who that is, "cleaner/dlib ResNet", and how it read.
        standings: against each recogniser, all of which must fail to recognise.
        recall: of the detector with the largest lower end: value, low, high; None if none was measured.
        detector: which, and its reading.
        psnr: in the protected region, dB; None if it was not measured.
        fulfils: whether the aim's conditions hold.
        failed: attackers of the aim, "restorer/dlib ResNet", who were measured elsewhere and not here; with any of
            them the conditions do not hold.
    """

    protection: str
    rank1: Ends
    attacker: str
    standings: tuple[Standing, ...]
    recall: Ends | None
    detector: str
    psnr: float | None
    fulfils: bool
    failed: tuple[str, ...] = ()


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
    some_of: tuple[str, ...] = ()  # without any of these there is no answer


_AIMS = (
    _Aim(
        "recogniser off the shelf that does not adapt, still detectable",
        ("naive",),
        found=True,
        reversible=False,
        off_the_shelf=True,
    ),
    _Aim("unknown recogniser, still detectable", KEYLESS, found=True, reversible=False),
    _Aim("attacker trains on protected images, still detectable", None, found=True, reversible=False, some_of=LEARNING),
    _Aim("attacker trains on protected images", None, found=False, reversible=False, some_of=LEARNING),
    _Aim("reversible, hide everything", None, found=False, reversible=True, some_of=LEARNING),
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
    """The recognisers with which the attackers of an aim took part; none without those who make it one."""
    if aim.some_of and not _actors(rows, aim.some_of):
        return []
    names = dict.fromkeys(actor.partition("/")[2] for actor in _actors(rows, aim.attackers))
    return [name for name in names if not aim.off_the_shelf or name not in fitted]


def _actors(
    rows: Rows, attackers: Iterable[str] | None = None, recognisers: Iterable[str] | None = None
) -> tuple[str, ...]:
    """Who took part of some attackers and recognisers, "cleaner/dlib ResNet"; None means all."""
    wanted = None if attackers is None else set(attackers)
    with_whom = None if recognisers is None else set(recognisers)
    pairs = {actor: actor.partition("/") for actor in rows.actors("rank1")}
    return tuple(
        actor
        for actor, (attacker, _, who) in pairs.items()
        if (wanted is None or attacker in wanted) and (with_whom is None or who in with_whom)
    )


def strongest(
    rows: Rows, protection: str, attackers: Iterable[str] | None = None, recognisers: Iterable[str] | None = None
) -> Row | None:
    """The rank-1 row of the attacker who recognises most, of some attackers and recognisers; None without one."""
    return rows.best(protection, "rank1", _actors(rows, attackers, recognisers))


def found_best(rows: Rows, protection: str) -> Row | None:
    """The recall row with the largest lower end, over detectors and readings; None if nobody was measured.

    Few images make a wide interval, and a large value of them says little.
    """
    found = [row for who in rows.actors("recall") for row in rows.measured(protection, "recall", who)]
    return max(found, key=lambda row: (_ends(row)[1], row.value or 0.0), default=None)


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
    conditions = _conditions(aims, aim, _actors(rows, aim.attackers, recognisers))
    return Advice(aim.words, conditions, chosen, tuple(others), tuple(alone) if len(alone) > 1 else ())


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
    failed = rows.unanswered(name, "rank1", _actors(rows, aim.attackers, recognisers))
    hidden = not failed and all(standing.hidden for standing in standings)
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
        failed,
    )


def _stand(rows: Rows, aims: Aims, aim: _Aim, name: str, recogniser: str) -> Standing | None:
    """Against one recogniser, beside what this recogniser gets out of black boxes; None if it was not asked."""
    actors = _actors(rows, aim.attackers, [recogniser])
    attacks = [row for actor in actors for row in rows.measured(name, "rank1", actor)]
    if not attacks:
        return None
    past = [_ends(row) for actor in actors for row in rows.measured(_black(rows), "rank1", actor)]
    black = (*max(past)[:2], max(ends[2] for ends in past)) if past else None
    over = [row for row in attacks if not _keeps(_ends(row), black, aims)]
    decides = max(over or attacks, key=lambda row: (_ends(row)[2], row.value or 0.0))
    who = f"{decides.actor.partition('/')[0]}, {decides.reading}"
    return Standing(recogniser, who, _ends(decides), black, not over)


def _keeps(rank1: Ends, black: Ends | None, aims: Aims) -> bool:
    """Whether an attacker gets no more than the limit, or no more than is got out of black boxes."""
    past_black = black is not None and rank1[0] <= black[0] and rank1[2] <= black[2]
    return rank1[2] <= aims.rank1 or past_black


def _black(rows: Rows) -> str:
    return next((row.protection for row in rows.all if row.family == BLACK or row.protection == BLACK), BLACK)


def _ends(row: Row) -> Ends:
    """Value and interval of a share; without an interval it may be any."""
    return row.value or 0.0, 0.0 if row.low is None else row.low, 1.0 if row.high is None else row.high


def _price(choice: Choice) -> tuple[float, float, float]:
    """What costs least first: most found, then least recognised, then least changed."""
    recall = 0.0 if choice.recall is None else choice.recall[0]
    return -round(recall, 2), round(choice.rank1[0], 2), -(choice.psnr or 0.0)


def _nearest(choices: Sequence[Choice], aims: Aims, aim: _Aim) -> list[Choice]:
    """What comes nearest: where faces must be found, first those in which they are; then by who is recognised least.

    Those on which an attacker failed come after the others: nobody knows whom he would have recognised.
    """

    def missing(choice: Choice) -> tuple[float, bool, float, float]:
        lower = choice.recall[1] if choice.recall else 0.0
        short = max(0.0, round(aims.recall - lower, 2)) if aim.found else 0.0
        return short, bool(choice.failed), choice.rank1[0], -lower

    return sorted(choices, key=missing)[:3]


def _conditions(aims: Aims, aim: _Aim, actors: Iterable[str]) -> str:
    names = " and ".join(dict.fromkeys(actor.partition("/")[0] for actor in actors))
    who = f"every attacker who took part ({names})" if aim.attackers is None else names
    each = "each recogniser" + (" of faces that was not fitted on these people" * aim.off_the_shelf)
    parts = [
        f"rank-1 of {who}, with {each}: measured, and upper end of the 95 % interval at most {aims.rank1:g}, or value "
        "and upper end at most what that recogniser gets out of black boxes"
    ]
    if aim.found:
        parts.append(f"recall of at least one detector, direct or through the view: lower end at least {aims.recall:g}")
    if aim.reversible:
        parts.append("a key brings the original back bit for bit, by itself or by a seal")
    return "; ".join(parts)
