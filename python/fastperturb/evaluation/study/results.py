"""The results of a study, in a fixed order, and their files: CSV, JSON, and Parquet if pyarrow is there.

The same seed gives the same files bit for bit; what differs from run to run, such as times, stays out of them.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...protections.drawing import can_be_sealed
from ..result_cache import write_whole
from .inputs import StudyInputs
from .recommendation import Advice, recommend
from .rows import COLUMNS, Failure, Row, Rows
from .tasks import Study, Task, list_tasks


@dataclass(frozen=True, slots=True)
class StudyResults:
    """The results of a study.

    Attributes:
        rows: the numbers, by protection in the order of the configuration.
        about: data, split, counts, rules, versions, configuration.
        failures: what could not be measured.
        advice: what to choose for which aim.
        drawings: "examples", "sweep" and "threshold", as the tasks give them; what failed is missing.
        times: seconds of the run and by kind of work; not written to the results.
    """

    rows: Rows
    about: dict[str, Any]
    failures: tuple[Failure, ...]
    advice: tuple[Advice, ...]
    drawings: dict[str, Any]
    times: dict[str, Any]

    def to_csv(self) -> str:
        """One line a number; undefined ones are left empty."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row.to_record() for row in self.rows.all)
        return text.getvalue()

    def to_json(self) -> str:
        """All but pictures and times."""
        drawings = {
            "sweep": self.drawings.get("sweep"),
            "threshold": {k: v for k, v in self.drawings.get("threshold", {}).items() if k != "faces"},
        }
        content = {
            "about": self.about,
            "advice": [asdict(advice) for advice in self.advice],
            "failures": [asdict(failure) for failure in self.failures],
            **drawings,
            "rows": [row.to_record() for row in self.rows.all],
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def write(self, folder: Path) -> list[Path]:
        """Writes results.csv, results.json and, if pyarrow is there, results.parquet; returns their paths.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        contents = {"results.csv": self.to_csv().encode(), "results.json": self.to_json().encode()}
        parquet = _parquet(self.rows)
        if parquet is not None:
            contents["results.parquet"] = parquet
        for name, content in contents.items():
            write_whole(folder / name, content)
        return [folder / name for name in contents]


def gather(
    study: Study,
    inputs: StudyInputs,
    contents: Mapping[Task, dict[str, Any]],
    versions: dict[str, str],
    times: dict[str, Any],
) -> StudyResults:
    """Puts the results of the tasks together, in a fixed order."""
    rows: list[Row] = []
    failures = list(inputs.failures)
    drawings: dict[str, Any] = {}
    kinds: dict[str, list[float]] = {}
    for task in sorted(list_tasks(study, inputs), key=_place(study)):
        content = contents[task]
        kinds.setdefault(task.kind, []).append(content["seconds"])
        failures += [Failure(task.protection, task.kind, task.actor, *failure) for failure in content["failures"]]
        if "broken" in content:
            failures.append(Failure(task.protection, task.kind, task.actor, "", content["broken"]))
        elif "drawing" in content:
            drawings[task.kind] = content["drawing"]
        if task.protection:
            protection = study.protections[task.protection]
            known = (task.protection, protection.family, float(protection.order), protection.label)
            restorable = protection.reversible or can_be_sealed(protection)
            rows += [Row(*known, restorable, *number) for number in content["numbers"]]
    found = Rows(rows)
    work = {kind: {"tasks": len(each), "seconds": round(sum(each), 1)} for kind, each in kinds.items()}
    unsold = [name for name, item in study.recognisers.items() if item.fitted or item.faceless]
    advice = recommend(found, study.config.aims, unsold)
    return StudyResults(
        found, _about(study, inputs, versions), tuple(failures), advice, drawings, {**times, "work": work}
    )


def _place(study: Study) -> Any:
    protections, detectors = list(study.protections), [*study.detectors, *study.recognisers]
    kinds = ("quality", "detection", "attack", "restorer", "file", "pairs", "examples", "sweep", "threshold")

    def place(task: Task) -> tuple[int, int, int, str]:
        return (
            protections.index(task.protection) if task.protection else -1,
            kinds.index(task.kind),
            detectors.index(task.actor) if task.actor else -1,
            task.reading,
        )

    return place


def _about(study: Study, inputs: StudyInputs, versions: dict[str, str]) -> dict[str, Any]:
    config = asdict(study.config)
    people = {inputs.samples[name].person for name in inputs.samples} - {None}
    return {
        "data": study.dataset.name,
        "images": len(inputs.samples) + len(inputs.faceless) + len(inputs.failures),
        "with_face": len(inputs.samples),
        "faceless": list(inputs.faceless),
        "unreadable": [failure.image for failure in inputs.failures],
        "people": len(people),
        "gallery": len(inputs.gallery),
        "probes": len(inputs.probes),
        "training": len(inputs.training),
        "split": f"by {study.config.split}" if inputs.gallery else "none: not two people with two images each",
        "fingerprint": inputs.digest(list(inputs.samples)),
        "detectors": list(study.detectors),
        "recognisers": list(study.recognisers),
        "face_quality": getattr(study.face_quality, "name", None),
        "absent": study.absent,
        "versions": versions,
        "config": config,
    }


def _parquet(rows: Rows) -> bytes | None:
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return None
    sink = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist([row.to_record() for row in rows.all]), sink)
    return sink.getvalue()
