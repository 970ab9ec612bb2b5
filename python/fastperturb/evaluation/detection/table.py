"""Tables of a detection run, every number with its interval; as text, CSV, JSON or Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ... import __version__
from .matching import DetectionRule
from .run import DetectionRun
from .scores import PRECISION_RULES, DetectionScores, score_detections
from .tasks import DetectionTask

_MEASURES = ("precision", "recall", "f_score", *PRECISION_RULES)
_COLUMNS = (
    *("detector", "protection", "reading", "images", "failed", "faces"),
    *("P", "R", "F", "AP all", "AP 11", "AP 101"),
)


@dataclass(frozen=True, slots=True)
class DetectionRow:
    """The scores of one task."""

    task: DetectionTask
    scores: DetectionScores


@dataclass(frozen=True, slots=True)
class DetectionTable:
    """The rows of a table, and the settings behind them.

    Attributes:
        rows: one for each task.
        about: truth, rule, key's seed, version, how many pictures could not be counted.
    """

    rows: tuple[DetectionRow, ...]
    about: dict[str, Any]

    def to_records(self) -> list[dict[str, Any]]:
        """Flat rows: counts, measures, and the two ends of each measure's interval; None where undefined."""
        return [_record(row) for row in self.rows]

    def to_json(self) -> str:
        """``about`` and the rows."""
        return json.dumps({"about": self.about, "rows": self.to_records()}, indent=1)

    def to_csv(self) -> str:
        """The rows, undefined numbers left empty; what ``about`` says is not in it."""
        text = io.StringIO()
        records = self.to_records()
        writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        return text.getvalue()

    def to_text(self) -> str:
        """The rows in columns, and below what they rest on."""
        rows = [list(_COLUMNS), *self.cells()]
        widths = [max(len(row[index]) for row in rows) for index in range(len(_COLUMNS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, "", self.caption()]) + "\n"

    def to_markdown(self) -> str:
        """The rows with a line above that says what they rest on."""
        lines = [self.caption(), "", f"| {' | '.join(_COLUMNS)} |", f"|{' --- |' * len(_COLUMNS)}"]
        return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in self.cells())]) + "\n"

    def caption(self) -> str:
        """What the rows rest on, in a sentence or two."""
        rule = self.about["rule"]
        score = "any score" if rule["score"] is None else f"score from {rule['score']:g}"
        faces = "the main face of each image" if rule["main_face"] else "all faces"
        parts = [
            f"Truth: {self.about['truth']}.",
            f'Rule "{rule["name"]}": {faces}, IoU from {rule["iou"]:g}, {score} (AP: any), alpha {rule["alpha"]:g}.',
            f"In brackets 95 % bootstrap intervals ({self.about['resamples']} resamples).",
            f"Key's seed {self.about['seed']}.",
        ]
        for name, words in (
            ("without_truth", "pictures without truth, in no score"),
            ("unused_truth", "images that only the truth knows"),
            ("unreadable", "pictures that could not be read or whose truth does not fit, failed for all"),
        ):
            if self.about[name]:
                parts.append(f"{len(self.about[name])} {words}.")
        return " ".join(parts)

    def cells(self) -> list[list[str]]:
        """The rows as people read them; a dash where a number is undefined."""
        return [
            [
                row.task.detector,
                row.task.protection,
                row.task.reading,
                str(row.scores.images),
                str(row.scores.failed),
                str(row.scores.truths),
                *(_cell(row.scores, measure) for measure in _MEASURES),
            ]
            for row in self.rows
        ]


def detection_table(run: DetectionRun, rule: DetectionRule, *, resamples: int = 1000, seed: int = 0) -> DetectionTable:
    """Scores every task of a run.

    Args:
        run: what was found.
        rule: how to count.
        resamples: as for :func:`score_detections`.
        seed: of the resampling.
    """
    rows = [
        DetectionRow(task, score_detections(images, rule, resamples=resamples, seed=seed))
        for task, images in run.results.items()
    ]
    about = {
        "truth": run.truth.source,
        "rule": asdict(rule),
        "resamples": resamples,
        "seed": run.study.seed,
        "version": __version__,
        "without_truth": run.without_truth,
        "unused_truth": run.unused_truth,
        "unreadable": run.unreadable,
    }
    order: Sequence[str] = list(run.study.detectors)
    rows.sort(key=lambda row: order.index(row.task.detector))
    return DetectionTable(tuple(rows), about)


def _record(row: DetectionRow) -> dict[str, Any]:
    scores = row.scores
    record: dict[str, Any] = {
        "detector": row.task.detector,
        "protection": row.task.protection,
        "reading": row.task.reading,
        **{name: getattr(scores, name) for name in ("images", "failed", "truths", "found", "hits")},
    }
    for measure in _MEASURES:
        name = f"ap_{measure.replace('-', '_')}" if "-" in measure else measure
        low, high = scores.intervals.get(measure, (None, None))
        record |= {name: _value(scores, measure), f"{name}_low": low, f"{name}_high": high}
    return record


def _value(scores: DetectionScores, measure: str) -> float | None:
    if measure in PRECISION_RULES:
        return scores.average_precision[measure]
    value: float | None = getattr(scores, measure)
    return value


def _cell(scores: DetectionScores, measure: str) -> str:
    value = _value(scores, measure)
    if value is None:
        return "-"
    if measure not in scores.intervals:
        return f"{value:.3f}"
    low, high = scores.intervals[measure]
    return f"{value:.3f} ({low:.2f}-{high:.2f})"
