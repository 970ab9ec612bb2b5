"""The tables of docs/results.md, out of a study: ``python docs/figures/results_tables.py evaluation/results.csv``.

Several files are read as one; what the first has is not taken from the others.
"""

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

DETECTORS = ("yunet", "centerface", "haar", "dlib-hog", "dlib-mmod")
ATTACKERS = ("naive", "cleaner", "parrot", "linker", "restorer")
RECOGNISERS = ("dlib ResNet", "eigenfaces", "Fisherfaces", "convolutional")
FILE = "file/no pixel"
FACELESS = ("levels inside", "colours inside", "pixels outside")
MEASURES = {"rank5": "rank-5", "eer": "EER", "tar_0.01": "TAR at 10⁻²", "tar_0.001": "TAR at 10⁻³"}


class Results:
    """The rows of a study, by protection, measure and actor."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.rows: list[dict[str, str]] = []
        for path in paths:
            known = {_key(row) for row in self.rows}
            with path.open(encoding="utf-8", newline="") as file:
                self.rows += [row for row in csv.DictReader(file) if _key(row) not in known]
        self.protections = list(dict.fromkeys(row["protection"] for row in self.rows))

    def find(self, protection: str, measure: str, actor: str = "") -> dict[str, dict[str, str]]:
        """Rows by their reading."""
        return {
            row["reading"]: row
            for row in self.rows
            if (row["protection"], row["measure"], row["actor"]) == (protection, measure, actor)
        }


def _key(row: dict[str, str]) -> tuple[str, ...]:
    return row["protection"], row["measure"], row["actor"]


def value(row: dict[str, str] | None, digits: int = 2) -> str:
    """A number as the tables have it."""
    return "" if row is None or not row["value"] else f"{float(row['value']):.{digits}f}"


def with_interval(row: dict[str, str]) -> str:
    """A number and its interval."""
    return f"{value(row)} ({float(row['low']):.2f} to {float(row['high']):.2f})"


def found(results: Results) -> list[list[str]]:
    """Recall of every detector, direct / through the view."""
    lines = [["protection", *DETECTORS]]
    for name in results.protections:
        cells = []
        for detector in DETECTORS:
            rows = results.find(name, "recall", detector)
            cells.append(" / ".join(value(rows[reading]) for reading in ("direct", "view") if reading in rows))
        lines.append([name, *cells])
    return lines


def recognised(results: Results) -> list[list[str]]:
    """Rank-1 of every attacker with dlib's network, and of the strongest of all with its interval and name."""
    lines = [["protection", *(f"{name}, dlib" for name in ATTACKERS), "strongest of all", "by whom"]]
    for name in results.protections:
        every: dict[tuple[str, str], dict[str, str] | None] = {
            (attacker, recogniser): next(iter(results.find(name, "rank1", f"{attacker}/{recogniser}").values()), None)
            for attacker in ATTACKERS
            for recogniser in (*RECOGNISERS, *FACELESS)
        }
        every["file", "no pixel"] = next(iter(results.find(name, "rank1", FILE).values()), None)
        known = {key: row for key, row in every.items() if row is not None}
        best = max(known, key=lambda key: float(known[key]["value"]))
        strongest = with_interval(known[best])
        by_dlib = [value(every[attacker, RECOGNISERS[0]]) for attacker in ATTACKERS]
        lines.append([name, *by_dlib, strongest, f"{best[0]}, {best[1]}"])
    return lines


def faceless(results: Results) -> list[list[str]]:
    """Rank-1 of the best attacker with each recogniser that looks at no face, with its interval."""
    lines = [["protection", *FACELESS]]
    for name in results.protections:
        cells = []
        for recogniser in FACELESS:
            rows = [row for each in ATTACKERS for row in results.find(name, "rank1", f"{each}/{recogniser}").values()]
            best = max(rows, key=lambda row: float(row["value"]), default=None)
            cells.append("" if best is None else with_interval(best))
        lines.append([name, *cells])
    return lines


def learned(results: Results) -> list[list[str]]:
    """What networks learn: rank-1 of the parrot that is one, PSNR before and after the restorer, whom it names then."""
    lines = [["protection", "network trained on protected faces", "PSNR of the view", "restored", "named then", "by"]]
    for name in results.protections:
        network = next(iter(results.find(name, "rank1", "parrot/convolutional").values()), None)
        decibels = [
            next(iter(results.find(name, f"psnr_{what}", "restorer").values()), None) for what in ("read", "restored")
        ]
        rows = [row for who in RECOGNISERS for row in results.find(name, "rank1", f"restorer/{who}").values()]
        best = max(rows, key=lambda row: float(row["value"]), default=None)
        named = ["", ""] if best is None else [with_interval(best), best["actor"].partition("/")[2]]
        told = "" if network is None else with_interval(network)
        if told or best is not None:
            lines.append([name, told, *(value(row, 1) for row in decibels), *named])
    return lines


def files(results: Results) -> list[list[str]]:
    """What files name besides their pixels, from one and from five of a person."""
    lines = [["protection", "one file", "five files", "by"]]
    for name in results.protections:
        for reading, row in results.find(name, "rank1", FILE).items():
            five = results.find(name, "rank1_five", FILE)[reading]
            lines.append([name, with_interval(row), with_interval(five), reading])
    return lines


def verified(results: Results) -> list[list[str]]:
    """Rank-5, equal error and true acceptance with dlib's network, of the naive attacker and the parrot."""
    columns = [(attacker, measure) for measure in MEASURES for attacker in ("naive", "parrot")]
    lines = [["protection", *(f"{MEASURES[measure]}, {attacker}" for attacker, measure in columns)]]
    for name in results.protections:
        rows = [results.find(name, measure, f"{attacker}/{RECOGNISERS[0]}") for attacker, measure in columns]
        lines.append([name, *(value(next(iter(each.values()), None)) for each in rows)])
    return lines


def quality(results: Results) -> list[list[str]]:
    """PSNR and SSIM, in the frame and in the protected region, and the stand-in for face quality."""
    stand_in = next(row["actor"] for row in results.rows if row["measure"] == "face_quality")
    lines = [["protection", "PSNR, frame", "PSNR, region", "SSIM, frame", "SSIM, region", "face quality, stand-in"]]
    for name in results.protections:
        cells = [value(results.find(name, measure).get("direct"), 1) for measure in ("psnr", "psnr_face")]
        cells += [value(results.find(name, measure).get("direct")) for measure in ("ssim", "ssim_face")]
        lines.append([name, *cells, value(results.find(name, "face_quality", stand_in).get("direct"))])
    return lines


def show(lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    head, *body = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *body])


def main() -> None:
    """Prints the tables."""
    results = Results([Path(name) for name in sys.argv[1:]])
    tables = {
        "Found": found,
        "Recognised": recognised,
        "Looking at no face": faceless,
        "What networks learn": learned,
        "Files, besides pixels": files,
        "Verified": verified,
        "Changed": quality,
    }
    for title, table in tables.items():
        print(f"## {title}\n\n{show(table(results))}\n")


if __name__ == "__main__":
    main()
