"""The frontier: detection recall upwards, re-identification from right to left; the best corner is at the top right.

One curve a family, one labelled point a strength; lines for chance and for what black boxes give away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..study import Row, Rows
from .charts import Drawn, draw_panels
from .labels import Label, place_labels
from .theme import BEHIND_TEXT, FAINT, GROUND, MARKERS, SERIES

_APART = ("clear", "black")


@dataclass(frozen=True, slots=True)
class Point:
    """A protection between who is found and who is recognised."""

    protection: str
    label: str
    strength: float
    recognised: Row
    found: float


def mean_recall(rows: Rows, protection: str, detectors: Sequence[str], reading: str | None = None) -> float | None:
    """The mean over detectors of the recall, of the reading that finds more (or of one reading).

    None unless each of them has a value for every reading that the protection has: a mean over the others is another.
    """
    given = {detector: rows.measured(protection, "recall", detector) for detector in detectors}
    values = {detector: {row.reading: row.value or 0.0 for row in each} for detector, each in given.items()}
    readings = {each for known in values.values() for each in known if reading in (None, each)}
    if not readings or any(not readings <= set(known) for known in values.values()):
        return None
    return sum(max(known[each] for each in readings) for known in values.values()) / len(values)


def list_families(rows: Rows) -> list[str]:
    """Curves in the order of the rows, without clear and black."""
    return [family for family in dict.fromkeys(row.family for row in rows.all) if family not in _APART]


def draw_frontier(rows: Rows, detectors: Sequence[str], name: str = "frontier") -> Drawn:
    """Two panels: the naive attacker, and the strongest of all; recall is the mean over the detectors."""
    actors = rows.actors("rank1")
    naive = [actor for actor in actors if actor.startswith("naive/")]
    panels = [("Strongest attacker", _panel(rows, actors, detectors))]
    if naive and naive != actors:
        panels.insert(0, ("Naive attacker", _panel(rows, naive, detectors)))
    title = "Detection recall against re-identification, one curve a protection, one point a strength"
    return draw_panels(name, title, panels, columns=len(panels), height=5.4)


def draw_each_detector(rows: Rows, detectors: Sequence[str]) -> Drawn:
    """A panel for each detector, against the strongest attacker; only whole curves, without labels."""
    actors = rows.actors("rank1")
    panels = [(name, _panel(rows, actors, [name], small=True)) for name in detectors]
    return draw_panels("detectors", "The frontier by detector", panels, columns=3, height=2.9)


def draw_each_recogniser(rows: Rows, detectors: Sequence[str]) -> Drawn:
    """A panel for each recogniser with its strongest attacker; recall is the mean over the detectors."""
    actors = rows.actors("rank1")
    names = list(dict.fromkeys(actor.partition("/")[2] for actor in actors))
    panels = [
        (name, _panel(rows, [actor for actor in actors if actor.partition("/")[2] == name], detectors, small=True))
        for name in names
    ]
    return draw_panels(
        "recognisers", "The frontier by recogniser", panels, columns=max(2, min(3, len(panels))), height=3
    )


def _points(
    rows: Rows, family: str, actors: Iterable[str], detectors: Sequence[str], reading: str | None
) -> list[Point]:
    points = {}
    actors = list(actors)
    for row in rows.all:
        if row.family != family or row.protection in points or rows.unanswered(row.protection, "rank1", actors):
            continue
        recognised = rows.best(row.protection, "rank1", actors)
        found = mean_recall(rows, row.protection, detectors, reading)
        if recognised is not None and recognised.value is not None and found is not None:
            points[row.protection] = Point(row.protection, row.label, row.strength, recognised, found)
    return sorted(points.values(), key=lambda point: point.strength)


def _panel(
    rows: Rows, actors: Sequence[str], detectors: Sequence[str], *, small: bool = False
) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        labels: list[Label] = []
        first = next((row.family for row in rows.all if row.measure == "recall" and row.reading == "view"), None)
        for number, family in enumerate(list_families(rows)):
            colour, marker = SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]
            points = _points(rows, family, actors, detectors, None)
            xs, ys = [point.recognised.value for point in points], [point.found for point in points]
            if family == first:
                straight = _points(rows, family, actors, detectors, "direct")
                axes.plot(
                    [p.recognised.value for p in straight],
                    [p.found for p in straight],
                    color=colour,
                    linestyle=":",
                    linewidth=1.2,
                    marker=marker,
                    markersize=3.5,
                    markerfacecolor=GROUND,
                    alpha=0.8,
                )
            if not small:
                for point in points:
                    axes.plot(
                        [point.recognised.low, point.recognised.high],
                        [point.found] * 2,
                        color=colour,
                        linewidth=1,
                        alpha=0.3,
                    )
            axes.plot(xs, ys, color=colour, marker=marker, markersize=4 if small else 6, label=family)
            labels += [Label(x or 0.0, y, point.label, colour) for x, y, point in zip(xs, ys, points, strict=True)]
        _frame(axes, rows, actors, small=small)
        if not small:
            axes._fastperturb_late = [lambda: place_labels(axes, labels)]

    return draw


def _frame(axes: Any, rows: Rows, actors: Sequence[str], *, small: bool) -> None:
    axes.set_xlim(1.03, -0.03)
    axes.set_ylim(-0.03, 1.05)
    chance = next((row.value for row in rows.all if row.measure == "chance1"), None)
    box = next((row.protection for row in rows.all if row.family == "black"), "")
    black = None if rows.unanswered(box, "rank1", actors) else rows.best(box, "rank1", actors)
    lines = [(chance, "chance", ":"), (black.value if black else None, "black box", "--")]
    known = [(at, words, style) for at, words, style in lines if at is not None]
    for at, words, style in known:
        axes.axvline(at, color=FAINT, linestyle=style, linewidth=1)
        if small:
            continue
        near = any(other != words and abs(place - at) < 0.04 for place, other, _ in known)
        axes.annotate(
            f"{words} {at:.2f}",
            (at, 0.98 if near and words == "chance" else 0.6),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 0),
            textcoords="offset points",
            rotation=90,
            fontsize=8,
            color=FAINT,
            ha="right",
            va="top",
            bbox=BEHIND_TEXT,
        )
    axes.set_xlabel("← re-identified, rank-1" if small else "re-identified: rank-1  (less is better →)")
    axes.set_ylabel("recall" if small else "found: recall, mean of the detectors  (more is better ↑)")
    if not small:
        axes._fastperturb_legend = True
