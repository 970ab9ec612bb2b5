"""The report's tables, ready to print: Tables 1 to 3 in our form, re-identification and verification.

A dash is undefined or not measured, never zero. Shades follow the value; intervals stand under the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..study import Row, Rows


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell: what to print, the interval below, and how dark the ground is, from 0 to 1; None for none."""

    text: str
    interval: str = ""
    shade: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with up to two lines of heads: (words, how many columns) over (words)."""

    name: str
    groups: tuple[tuple[str, int], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[TableCell, ...]], ...]


NOTHING = "\N{EN DASH}"
"""What stands where a number is undefined or was not measured."""
DASH = TableCell(NOTHING)
AT_LEAST, AT_MOST = "≥ ", "≤ "
"""Before the best of several, one of whom failed: the others' best bounds it, and no more."""


def list_protections(rows: Rows) -> list[str]:
    """Protections in the order of the rows."""
    return list(dict.fromkeys(row.protection for row in rows.all))


def detection_table(rows: Rows, measure: str) -> Table:
    """A column a detector: direct, and through the view where there is one of its own."""
    detectors = rows.actors(measure)

    def cell(name: str, detector: str) -> TableCell:
        found = {row.reading: row for row in rows.readings(name, measure, detector)}
        known = [row for row in found.values() if row.value is not None]
        if not known:
            return DASH
        texts = [number_text(found[reading]) for reading in ("direct", "view") if reading in found]
        best = max(known, key=lambda row: row.value or 0.0)
        return TableCell(" / ".join(texts), " / ".join(interval_text(row) for row in found.values()), best.value)

    lines = tuple((name, tuple(cell(name, each) for each in detectors)) for name in list_protections(rows))
    return Table(measure, (), tuple(detectors), lines)


def quality_table(rows: Rows) -> Table:
    """PSNR and SSIM in the frame and in the protected region, direct and through the view."""
    columns = [
        (measure, reading) for reading in ("direct", "view") for measure in ("psnr", "psnr_face", "ssim", "ssim_face")
    ]
    words = {"psnr": "PSNR, frame", "psnr_face": "PSNR, region", "ssim": "SSIM, frame", "ssim_face": "SSIM, region"}

    def cell(name: str, measure: str, reading: str) -> TableCell:
        row = rows.find(name, measure, reading=reading)
        if row is None:
            return DASH
        if row.value is None:
            return TableCell("∞" if measure.startswith("psnr") else NOTHING)
        digits = 1 if measure.startswith("psnr") else 3
        shade = row.value / 40 if measure.startswith("psnr") else row.value
        return TableCell(f"{row.value:.{digits}f}", interval_text(row, digits), min(1.0, max(0.0, shade)))

    lines = tuple((name, tuple(cell(name, *column) for column in columns)) for name in list_protections(rows))
    return Table(
        "quality", (("as it is", 4), ("through the view", 4)), tuple(words[measure] for measure, _ in columns), lines
    )


def face_quality_table(rows: Rows) -> Table | None:
    """What the judge of faces says; None if there was none."""
    judges = rows.actors("face_quality")
    if not judges:
        return None
    columns = [(judge, reading) for judge in judges for reading in ("direct", "view")]

    def cell(name: str, judge: str, reading: str) -> TableCell:
        row = rows.find(name, "face_quality", judge, reading)
        if row is None or row.value is None:
            return DASH
        return TableCell(f"{row.value:.2f}", interval_text(row), min(1.0, max(0.0, row.value)))

    lines = tuple((name, tuple(cell(name, *column) for column in columns)) for name in list_protections(rows))
    heads = tuple("as it is" if reading == "direct" else "through the view" for _, reading in columns)
    return Table("face_quality", tuple((judge, 2) for judge in judges), heads, lines)


def recognition_table(rows: Rows, measure: str) -> Table | None:
    """A column a recogniser, grouped by attacker, and the strongest of all; None if nobody was attacked."""
    actors = rows.actors(measure)
    if not actors:
        return None
    attackers = list(dict.fromkeys(actor.partition("/")[0] for actor in actors))
    ordered = [actor for who in attackers for actor in actors if actor.startswith(f"{who}/")]
    groups = (*((who, sum(actor.startswith(f"{who}/") for actor in actors)) for who in attackers), ("of all", 1))

    def line(name: str) -> tuple[TableCell, ...]:
        cells = [_rate_cell(rows.find(name, measure, actor)) for actor in ordered]
        return *cells, _best_cell(rows, name, measure, actors)

    lines = [(name, line(name)) for name in list_protections(rows)]
    chance = next((row.value for row in rows.all if row.measure == measure.replace("rank", "chance")), None)
    if chance is not None:
        lines.append(("chance", tuple(TableCell(f"{chance:.2f}", "", chance) for _ in range(len(ordered) + 1))))
    heads = (*(actor.partition("/")[2] for actor in ordered), "strongest")
    return Table(measure, groups, heads, tuple(lines))


def split_wide(table: Table | None, most: int = 16) -> list[Table]:
    """The table in parts of at most ``most`` columns, divided between groups, so that paper holds them."""
    if table is None:
        return []
    parts: list[list[tuple[str, int]]] = [[]]
    for group in table.groups:
        if parts[-1] and sum(span for _, span in parts[-1]) + group[1] > most:
            parts.append([])
        parts[-1].append(group)
    found, start = [], 0
    for groups in parts:
        end = start + sum(span for _, span in groups)
        rows = tuple((name, cells[start:end]) for name, cells in table.rows)
        found.append(Table(table.name, tuple(groups), table.heads[start:end], rows))
        start = end
    return found


def restoration_table(rows: Rows) -> Table | None:
    """What the restorer gains: PSNR before and after, and whom it names then; None if there was none."""
    if not rows.actors("psnr_restored"):
        return None
    actors = [actor for actor in rows.actors("rank1") if actor.startswith("restorer/")]
    lines = []
    for name in list_protections(rows):
        decibels = [rows.find(name, measure, "restorer") for measure in ("psnr_read", "psnr_restored", "psnr_gained")]
        if any(row is not None for row in decibels):
            best = rows.best(name, "rank1", actors)
            named = _best_cell(rows, name, "rank1", actors)
            lines.append((name, (*(_decibel_cell(row) for row in decibels), named, _who_cell(best))))
    heads = ("as anybody can read it", "restored", "gained", "then named", "by")
    return Table("restoration", (("PSNR in the region, dB", 3), ("rank-1", 2)), heads, tuple(lines))


def file_table(rows: Rows) -> Table | None:
    """What files name besides their pixels, from one and from five of a person; None if nobody looked."""
    actors = rows.actors("rank1_five")
    if not actors:
        return None
    lines = []
    for name in list_protections(rows):
        one, five = (rows.find(name, measure, actors[0]) for measure in ("rank1", "rank1_five"))
        if one is not None:
            lines.append((name, (_rate_cell(one), _rate_cell(five), TableCell(one.reading))))
    return Table("file", (), ("from one file", "from five", "by"), tuple(lines))


def verification_table(rows: Rows, prefix: str = "") -> Table | None:
    """Equal error and true acceptance of each attacker, each by the recogniser that does best at it.

    ``prefix`` "pairs_" reads the data set's own pairs.
    """
    actors = rows.actors(f"{prefix}eer")
    if not actors:
        return None
    attackers = list(dict.fromkeys(actor.partition("/")[0] for actor in actors))
    measures = (("eer", "EER"), ("tar_0.01", "TAR at 10⁻²"), ("tar_0.001", "TAR at 10⁻³"))

    def line(name: str) -> tuple[TableCell, ...]:
        cells = []
        for who in attackers:
            own = [actor for actor in actors if actor.startswith(f"{who}/")]
            cells += [_best_cell(rows, name, prefix + measure, own, errors=measure == "eer") for measure, _ in measures]
        return tuple(cells)

    lines = [(name, line(name)) for name in list_protections(rows)]
    guess = (TableCell("0.50", "", 0.0), TableCell("0.01", "", 0.01), TableCell("0.00", "", 0.0))
    lines.append(("chance", guess * len(attackers)))
    heads = tuple(words for _ in attackers for _, words in measures)
    return Table(f"{prefix}verification", tuple((who, len(measures)) for who in attackers), heads, tuple(lines))


def number_text(row: Row | None) -> str:
    """Two digits, or a dash."""
    return NOTHING if row is None or row.value is None else f"{row.value:.2f}"


def interval_text(row: Row, digits: int = 2) -> str:
    """The interval in a few characters; empty where there is none."""
    if row.low is None or row.high is None:
        return ""
    return f"{row.low:.{digits}f}\N{EN DASH}{row.high:.{digits}f}"


def widest(rows: Rows, measures: Sequence[str]) -> tuple[float, float] | None:
    """Median and largest half width of the intervals of these measures; None if there are none."""
    halves = sorted(
        (row.high - row.low) / 2
        for row in rows.all
        if row.measure in measures and row.low is not None and row.high is not None
    )
    return (halves[len(halves) // 2], halves[-1]) if halves else None


def _decibel_cell(row: Row | None) -> TableCell:
    if row is None or row.value is None:
        return DASH
    return TableCell(f"{row.value:.1f}", interval_text(row, 1))


def _who_cell(row: Row | None) -> TableCell:
    return DASH if row is None else TableCell(row.actor.partition("/")[2])


def _best_cell(rows: Rows, name: str, measure: str, actors: Sequence[str], *, errors: bool = False) -> TableCell:
    """The most that some actors recognise, by the largest rate or the least error; a bound where one of them failed."""
    known = [row for actor in actors for row in rows.measured(name, measure, actor)]
    if not known:
        return DASH
    row = (min if errors else max)(known, key=lambda row: row.value or 0.0)
    cell = _rate_cell(row, 1 - 2 * (row.value or 0.0) if errors else None)
    if not rows.unanswered(name, measure, actors):
        return cell
    return replace(cell, text=(AT_MOST if errors else AT_LEAST) + cell.text)


def _rate_cell(row: Row | None, shade: float | None = None) -> TableCell:
    if row is None or row.value is None:
        return DASH
    return TableCell(number_text(row), interval_text(row), row.value if shade is None else max(0.0, shade))
