"""What is reviewed: one picture, or one frame of a video, with its faces; and how unsure the detectors were of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ...region import Face
from ...strict_texts import are_texts

Found: TypeAlias = tuple[Sequence[Face], Sequence[Face]]
"""What a detector found: faces, and all that are perhaps some; the same face may be in both."""

State = Literal["waiting", "open", "done", "broken"]
SIDES = ("x", "y", "width", "height")
MOST_FACES = 10_000
_OVERLAP = 0.3


class FileChanged(Exception):
    """The file of boxes is not as this review left it: somebody else wrote it."""


@dataclass(slots=True, eq=False)
class Entry:
    """What pictures and videos of the queue have in common.

    Attributes:
        number: its place, and its id.
        name: what the file of boxes and the page call it.
        path: of the file.
        fields: further facts that are kept in its entry as they came, such as the track and the frame of a video.
        state: "waiting" to be looked at by the detector, "open", "done", or "broken".
        problem: why it is broken.
        stale: the file changed after its boxes were saved.
        stamp: size, time and hash of the file that the boxes are of.
        revision: of the session when it changed last.
    """

    number: int
    name: str
    path: Path
    fields: dict[str, Any] = field(default_factory=dict)
    state: State = "waiting"
    problem: str | None = None
    stale: bool = False
    stamp: dict[str, Any] | None = None
    revision: int = 0


@dataclass(slots=True, eq=False)
class Item(Entry):
    """One picture. Faces are dicts as a file of boxes has them; what else they hold is kept.

    Attributes:
        size: width and height of the upright picture in pixels.
        faces: to hide.
        spared: to leave as they are.
        perhaps: what the detector was less sure of; nothing is done about them.
        edited: a person changed its faces.
    """

    size: tuple[int, int] | None = None
    faces: list[dict[str, Any]] = field(default_factory=list)
    spared: list[dict[str, Any]] = field(default_factory=list)
    perhaps: list[dict[str, Any]] = field(default_factory=list)
    edited: bool = False

    @property
    def disagreement(self) -> bool:
        """Whether some of the detectors that looked found a face that others did not."""
        found_by = [set(face.get("found_by") or ()) for face in self.faces]
        names = set().union(*found_by)
        return any(found and found != names for found in found_by)

    @property
    def doubt(self) -> float:
        """How unsure the detector was, 0 to 1: without a face 1; else the least sure of its decisions."""
        if self.state == "broken":
            return 1.0
        if not self.faces and not self.spared:
            return 1.0
        doubts = [1.0 - face["score"] for face in self.faces if "score" in face]
        doubts += [face["score"] for face in self.perhaps if "score" in face]
        return float(max([*doubts, 0.9 if self.disagreement else 0.0]))

    @property
    def reason(self) -> str:
        """Why a person should look, in words."""
        if self.problem is not None:
            return self.problem
        if self.stale:
            return "the picture changed after its boxes were saved"
        if self.state == "waiting":
            return "not looked at yet"
        if not self.faces and not self.spared:
            return f"no face found, {len(self.perhaps)} perhaps" if self.perhaps else "no face found"
        if self.disagreement:
            return "the detectors disagree"
        if self.perhaps:
            return f"{len(self.perhaps)} more, perhaps"
        scores = [face["score"] for face in self.faces if "score" in face]
        return f"lowest score {min(scores):.2f}" if scores else "by hand"

    @property
    def order(self) -> tuple[int, float, int]:
        """What the queue is sorted by: changed pictures, then the least sure; broken ones come last."""
        rank = 2 if self.state == "broken" else 0 if self.stale else 1
        return rank, -self.doubt, self.number

    def summary(self) -> dict[str, Any]:
        """What the queue shows of it."""
        return {
            "id": self.number,
            "name": self.name,
            "state": self.state,
            "reason": self.reason,
            "stale": self.stale,
            "faces": len(self.faces),
            "spared": len(self.spared),
            "order": self.order,
            "revision": self.revision,
        }

    def details(self) -> dict[str, Any]:
        """All that the page shows of it."""
        width, height = self.size or (0, 0)
        boxes = [{**face, "kind": "face"} for face in self.faces]
        boxes += [{**face, "kind": "spared"} for face in self.spared]
        boxes += [{**face, "kind": "perhaps"} for face in self.perhaps]
        return {**self.summary(), "width": width, "height": height, "boxes": boxes, "problem": self.problem}

    def take_found(self, faces: Sequence[Face], more: Sequence[Face]) -> None:
        """What a detector found: faces, and more that are "perhaps" some, as are all where there were faces before.

        What overlaps with a face that is there, or with one that is to be spared, is not found again.
        """
        known = [*self.faces, *self.spared]
        fresh = [box for box in map(as_box, faces) if not _is_known(box, known)]
        perhaps = [box for box in map(as_box, more) if not _is_known(box, [*known, *fresh])]
        if known or self.edited:
            self.perhaps = fresh + perhaps
        else:
            self.faces, self.perhaps = fresh, perhaps


def _is_known(box: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> bool:
    return any(overlap(box, other) > _OVERLAP for other in others)


def as_box(face: Face) -> dict[str, Any]:
    """A face as a file of boxes has it."""
    region = face.region
    box: dict[str, Any] = {"x": region.x, "y": region.y, "width": region.width, "height": region.height}
    if region.shape != "box":
        box["shape"] = region.shape
    box["score"] = round(float(face.score), 4)
    if face.landmarks:
        box["landmarks"] = [[round(float(x), 1), round(float(y), 1)] for x, y in face.landmarks]
    if face.turn:
        box["turn"] = face.turn
    found_by = getattr(face, "found_by", ())
    if found_by:
        box["found_by"] = list(found_by)
    return box


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """The shared area of two boxes as a share of the smaller one, 0 to 1."""
    width = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    height = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    smaller = min(one["width"] * one["height"], other["width"] * other["height"])
    return max(width, 0) * max(height, 0) / smaller if smaller else 0.0


def checked_boxes(boxes: Any, size: tuple[int, int], known: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Boxes that a page sent, by kind: "face", "spared" and "perhaps".

    A box that is where a known one is keeps what that one tells (score, landmarks, turn, track); another is by hand.

    Args:
        boxes: list of objects with x, y, width, height (whole pixels) and kind.
        size: width and height of the picture.
        known: the boxes that it had.

    Raises:
        ValueError: they are something else; the message says what.
    """
    if not isinstance(boxes, list) or len(boxes) > MOST_FACES:
        raise ValueError(f"boxes must be a list of up to {MOST_FACES}")
    before = {_place(box): box for box in known}
    kinds: dict[str, list[Any]] = {"face": [], "spared": [], "perhaps": []}
    for index, box in enumerate(boxes):
        kind = box.get("kind") if isinstance(box, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"box {index} must be an object whose kind is one of {', '.join(kinds)}")
        values = [box.get(side) for side in SIDES]
        if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            raise ValueError(f"box {index} must have x, y, width and height in whole pixels")
        x, y, width, height = (int(value or 0) for value in values)
        fresh: dict[str, Any] = {"x": x, "y": y, "width": width, "height": height}
        if box.get("shape") == "ellipse":
            fresh["shape"] = "ellipse"
        known_box = before.get(_place(fresh))
        if known_box is None and not _touches({side: fresh[side] for side in SIDES}, size):
            raise ValueError(f"box {index} must touch the picture of {size[0]} x {size[1]} pixels")
        kinds[kind].append(dict(known_box or {**fresh, "by": "hand"}))
    return kinds


def _touches(box: Mapping[str, int], size: tuple[int, int]) -> bool:
    if max(map(abs, box.values())) > 2**30 or min(box["width"], box["height"]) < 1:
        return False
    return box["x"] < size[0] and box["y"] < size[1] and box["x"] + box["width"] > 0 and box["y"] + box["height"] > 0


def _place(box: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(box[side] for side in SIDES), box.get("shape") or "box")


def is_box(value: Any) -> bool:
    """Whether a value of a file is a box that can be shown: finite whole numbers, a size, a shape, names of finders."""
    if not isinstance(value, dict) or any(isinstance(value.get(side), bool) for side in SIDES):
        return False
    if not all(isinstance(value.get(side), int) and abs(value[side]) <= 2**30 for side in SIDES):
        return False
    score = value.get("score", 0.5)
    sound = isinstance(score, (int, float)) and 0 <= score <= 1
    sound &= value.get("shape") in (None, "", "box", "ellipse") and are_texts(value.get("found_by") or [])
    return bool(sound and value["width"] > 0 and value["height"] > 0)
