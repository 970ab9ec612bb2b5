"""Rows of results, one for each number; the same rows go to CSV, JSON, Parquet and the report.

Values are fractions (recall, rates), dB (PSNR) or the measure's own unit; None is undefined, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

QUALITY = ("psnr", "ssim", "psnr_face", "ssim_face", "face_quality")
DETECTION = ("precision", "recall", "f_score", "f_score_paper", "ap_all_point", "ap_11_point", "ap_101_point")
IDENTIFICATION = ("rank1", "rank5")
VERIFICATION = ("eer", "tar_0.01", "tar_0.001")
RESTORATION = ("psnr_read", "psnr_restored", "psnr_gained")
SEVERAL = "rank1_five"
PAIRS = ("pairs_eer", "pairs_tar_0.01", "pairs_tar_0.001")
CLEAR, BLACK = "clear", "black"
RESTORER = "restorer"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number.

    Attributes:
        protection: its name, unique: "permutation, 8 cells".
        family: a curve of the frontier: "permutation", "mosaic".
        strength: order within the family, growing = stronger.
        label: what stands at the point of the curve: "8 cells".
        reversible: whether a key brings the clear image back, by itself or by a seal.
        measure: "recall", "rank1", "psnr_face" ...; :data:`QUALITY`, :data:`DETECTION`, :data:`IDENTIFICATION`,
            :data:`VERIFICATION`, :data:`PAIRS`, :data:`RESTORATION`, :data:`SEVERAL`, and "chance1", "chance5".
        actor: who measured: a detector, "attacker/recogniser", or nobody.
        reading: "direct" or "view" for detectors and quality; for an attacker what it did to the images.
        value: the number; None where it is undefined or nothing could be measured.
        low: lower end of the 95 % interval, None where there is none.
        high: upper end.
        count: images, probes, or pairs that it rests on.
        failed: how many could not be measured.
        how: the rule, in words.
    """

    protection: str
    family: str
    strength: float
    label: str
    reversible: bool
    measure: str
    actor: str
    reading: str
    value: float | None
    low: float | None
    high: float | None
    count: int
    failed: int
    how: str

    def to_record(self) -> dict[str, Any]:
        """The row as a flat object."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be measured: where, and why."""

    protection: str
    kind: str
    actor: str
    image: str
    reason: str


class Rows:
    """The rows of a study, with look-ups."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.all = tuple(rows)
        self._by_key: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.all:
            self._by_key.setdefault((row.protection, row.measure, row.actor), []).append(row)

    def find(self, protection: str, measure: str, actor: str = "", reading: str | None = None) -> Row | None:
        """The row of a protection, measure, actor and reading (None: any); None if there is none."""
        found = self._by_key.get((protection, measure, actor), [])
        return next((row for row in found if reading in (None, row.reading)), None)

    def actors(self, *measures: str) -> list[str]:
        """Who measured one of these, in the order of the rows."""
        return list(dict.fromkeys(row.actor for row in self.all if row.measure in measures))

    def readings(self, protection: str, measure: str, actor: str = "") -> list[Row]:
        """All rows of a protection, measure and actor, one a reading."""
        return list(self._by_key.get((protection, measure, actor), []))

    def measured(self, protection: str, measure: str, actor: str = "") -> list[Row]:
        """Those of the readings that have a value."""
        return [row for row in self.readings(protection, measure, actor) if row.value is not None]

    def unanswered(self, protection: str, measure: str, actors: Iterable[str]) -> tuple[str, ...]:
        """Those of some actors who have no value for a protection; of clear images the restorer needs none.

        A best or a mean over the others says nothing about these.
        """
        asked = (who for who in actors if protection != CLEAR or who.partition("/")[0] != RESTORER)
        return tuple(who for who in asked if not self.measured(protection, measure, who))

    def best(self, protection: str, measure: str, actors: Iterable[str]) -> Row | None:
        """The row of the largest value over actors and readings; None if nobody measured it."""
        found = [row for actor in actors for row in self.measured(protection, measure, actor)]
        return max(found, key=lambda row: row.value or 0.0, default=None)
