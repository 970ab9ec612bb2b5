"""The report: one HTML file that needs nothing else, for light, dark, wide, narrow and paper."""

from __future__ import annotations

import datetime
import importlib.resources
from collections.abc import Callable
from typing import Any

from ..._optional import import_extra
from ..study import Rows, StudyResults
from ..study.rows import CLEAR
from . import paper, tables
from .charts import Drawn, draw_rates, draw_sweep, draw_threshold
from .frontier import draw_each_detector, draw_each_recogniser, draw_frontier, mean_recall
from .plain_words import in_plain_words, list_purposes


def render_report(results: StudyResults, command: str = "") -> str:
    """The report of a study.

    Args:
        results: of :func:`fastperturb.evaluation.study.run_study`.
        command: that made them, to print.

    Returns:
        HTML. It loads nothing, from anywhere.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    jinja2 = import_extra("jinja2", "evaluate")
    folder = importlib.resources.files(__package__)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"percent": _percent, "number": _number, "minutes": _minutes}
    template = environment.from_string((folder / "page.html").read_text(encoding="utf-8"))
    style = (folder / "page.css").read_text(encoding="utf-8")
    html: str = template.render(style=style, **_content(results), command=command)
    return html


def _content(results: StudyResults) -> dict[str, Any]:
    rows = results.rows
    detectors = rows.actors("recall")
    attacked = bool(rows.actors("rank1"))
    names = tables.list_protections(rows)
    drawn: dict[str, Drawn] = {}
    figures: dict[str, Callable[[], Drawn]] = {}
    if attacked and detectors:
        figures["frontier"] = lambda: draw_frontier(rows, detectors)
        figures["each"] = lambda: draw_each_detector(rows, detectors)
        figures["recognisers"] = lambda: draw_each_recogniser(rows, detectors)
    if attacked:
        figures["rates"] = lambda: draw_rates(rows, rows.actors("rank1"), names)
    if "sweep" in results.drawings:
        figures["sweep"] = lambda: draw_sweep(results.drawings["sweep"])
    if "threshold" in results.drawings:
        figures["threshold"] = lambda: draw_threshold(results.drawings["threshold"])
    for name, draw in figures.items():
        drawn[name] = draw()
    return {
        "about": results.about,
        "config": results.about["config"],
        "advice": results.advice,
        "plain": in_plain_words(rows, results.advice, _first_recogniser(rows)) if attacked else [],
        "standard": _first_recogniser(rows) if attacked else "",
        "purposes": list_purposes(rows, results.advice),
        "restoration": tables.restoration_table(rows),
        "files": tables.file_table(rows),
        "date": datetime.date.today().isoformat(),
        "failures": results.failures,
        "failed_by": _grouped(results),
        "times": results.times,
        "figures": drawn,
        "recall": tables.detection_table(rows, "recall"),
        "paper_rule": tables.detection_table(rows, "f_score_paper"),
        "precision": tables.detection_table(rows, "precision"),
        "average": tables.detection_table(rows, "ap_all_point"),
        "quality": tables.quality_table(rows),
        "face_quality": tables.face_quality_table(rows),
        "rank1": tables.split_wide(tables.recognition_table(rows, "rank1")),
        "rank5": tables.split_wide(tables.recognition_table(rows, "rank5")),
        "verification": tables.verification_table(rows),
        "pairs": tables.verification_table(rows, "pairs_"),
        "width_recall": tables.widest(rows, ["recall"]),
        "width_rank1": tables.widest(rows, ["rank1"]),
        "looked": _looked(rows, detectors),
        "attackers": list(dict.fromkeys(actor.partition("/")[0] for actor in rows.actors("rank1"))),
        "enrolled_people": max((row.count for row in rows.all if row.measure == "chance1"), default=0),
        "changes": _changes(rows),
        "examples": _examples(results),
        "threshold": results.drawings.get("threshold"),
        "sweep": results.drawings.get("sweep"),
        "protections": _families(rows),
        "lost": list(dict.fromkeys(row.family for row in rows.all if not row.reversible and row.family != CLEAR)),
        "measures": list(dict.fromkeys(row.measure for row in rows.all)),
        "rows": len(rows.all),
        "paper": paper,
    }


def _first_recogniser(rows: Rows) -> str:
    return rows.actors("rank1")[0].partition("/")[2]


def _looked(rows: Rows, detectors: list[str]) -> dict[str, str]:
    """On how many images the recall of each detector rests: one number, or the least and the most over protections."""
    recall = [row for row in rows.all if row.measure == "recall"]
    counts = {name: sorted(row.count for row in recall if row.actor == name) for name in detectors}
    return {name: f"{n[0]}" if n[0] == n[-1] else f"{n[0]} to {n[-1]}" for name, n in counts.items()}


def _changes(rows: Rows) -> list[dict[str, Any]]:
    """For each protection that no detector failed on: by how many points F changes, at least and at most."""
    changes = []
    for name in tables.list_protections(rows):
        points = {}
        for detector in rows.actors("f_score_paper"):
            before = rows.find("clear", "f_score_paper", detector, "direct")
            after = rows.find(name, "f_score_paper", detector, "direct")
            if before and after and before.value is not None and after.value is not None:
                points[detector] = 100 * abs(before.value - after.value)
        if name != "clear" and len(points) == len(rows.actors("f_score_paper")) > 0:
            changes.append({"name": name, "low": min(points.values()), "high": max(points.values())})
    return changes


def _examples(results: StudyResults) -> dict[str, Any] | None:
    drawing = results.drawings.get("examples")
    if drawing is None:
        return None
    order = [
        {"name": name, "readings": readings, "facts": _facts(results.rows, name)}
        for name, readings in drawing["pictures"].items()
    ]
    return {"names": drawing["names"], "strip": order}


def _facts(rows: Rows, name: str) -> list[str]:
    """What a picture's caption says: PSNR in the protected region, recall and rank-1."""
    facts = []
    quality = rows.find(name, "psnr_face", reading="direct")
    recall = mean_recall(rows, name, rows.actors("recall"))
    attackers = rows.actors("rank1")
    strongest = rows.best(name, "rank1", attackers)
    if quality is not None and quality.value is not None:
        facts.append(f"{quality.value:.1f} dB")
    if recall is not None:
        facts.append(f"found {recall:.2f}")
    if strongest is not None and strongest.value is not None:
        least = tables.AT_LEAST if rows.unanswered(name, "rank1", attackers) else ""
        facts.append(f"recognised {least}{strongest.value:.2f}")
    return facts


def _families(rows: Rows) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows.all:
        entry = found.setdefault(row.family, {"family": row.family, "members": {}})
        entry["members"][row.protection] = row.label or row.protection
    return [{**entry, "members": list(entry["members"].values())} for entry in found.values()]


def _grouped(results: StudyResults) -> list[dict[str, Any]]:
    """Failures with the same reason told once, with how many and an example."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for failure in results.failures:
        groups.setdefault((failure.kind, failure.actor, failure.reason), []).append(
            " ".join(part for part in (failure.protection, failure.image) if part)
        )
    return [
        {"kind": kind, "actor": actor, "reason": reason, "count": len(places), "example": places[0]}
        for (kind, actor, reason), places in groups.items()
    ]


def _percent(value: float | None) -> str:
    return tables.NOTHING if value is None else f"{100 * value:.1f} %"


def _number(value: float | None, digits: int = 2) -> str:
    return tables.NOTHING if value is None else f"{value:.{digits}f}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
