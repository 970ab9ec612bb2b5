"""Measures docs/figures/frontier.csv: ``python docs/figures/frontier_data.py``; see docs/frontier.md.

Needs the extras ``evaluate`` and ``dlib``, CenterFace's weights, and the AT&T faces (``python tests/fetch_data.py``).
Goes on where it was stopped. A line holds a protection, a measure and the sum over the five probes of each person.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fastperturb import Face, Region, Strength, locate, psnr, ssim
from fastperturb import view as draw_view
from fastperturb.evaluation import ALL_FACES, TruthBox, match_faces
from fastperturb.evaluation.datasets import open_dataset, split_by_image
from fastperturb.evaluation.recognition import DlibResnet, GallerySplit, find_faces, make_subjects
from fastperturb.evaluation.recognition.attackers import AttackRun
from fastperturb.evaluation.recognition.gallery import ClearGallery
from fastperturb.evaluation.recognition.scores import identification_hits
from fastperturb.faces import make_detector
from fastperturb.protections import Description, Permutation, parse_protection
from fastperturb.protections.permutation import Grid, Permuting

RESULTS = Path(__file__).with_suffix(".csv").with_name("frontier.csv")
SEED = 0
NONCES = 3  # with which the parrot enrols every image, as the published rows were made
ATTACKED = """permutation:cells=8
permutation:cells=6
permutation:cells=10
permutation:cells=8,shape=ellipse
permutation:cells=7
two-passes:cells=8
inner:cells=6,inner=9
parts:cells=12,features=3
permutation:cells=12,grow=head,shape=ellipse
permutation:cells=5
permutation:cells=5,coverage=0.5
permutation:cells=12
weighted:0.7,cells=6
permutation:cells=6,shape=ellipse
black
inner:cells=10,inner=6
permutation:window=20
two-passes:cells=10
permutation:cells=10,grow=head
parts:cells=10,features=3
permutation:cells=4
permutation:cells=7,shape=ellipse
permutation:cells=10,grow=head,shape=ellipse
permutation:cells=4,coverage=0.5
permutation:window=region
parts:cells=14,features=4
black:grow=head,shape=ellipse
surrogate
surrogate:tone=around
camouflage"""
READ = tuple(f"permutation:cells={cells}" for cells in (8, 6, 7, 10, 5))


class Inner(Permuting):
    """Two regions: the box, and over it an ellipse of its middle (eyes to mouth), each with windows of its own."""

    def __init__(self, cells: int, inner: int) -> None:
        self.cells, self.inner = cells, inner

    def describe(self) -> Description:
        """Ordered by the windows of the box."""
        name = f"inner:cells={self.cells},inner={self.inner}"
        return Description(name, "inner", 1 / self.cells, f"{self.cells} cells")

    def grid(self, faces: Any, image: Any) -> Grid:
        """The windows of both are counted across the whole box's shorter side."""
        grid: Grid = []
        for face in faces:
            whole = face.region
            side = min(whole.width, whole.height)
            grid.append((whole, Strength(window=max(2, round(side / self.cells)))))
            grid.append((_middle(whole), Strength(window=max(2, round(side / self.inner)))))
        return grid

    def regions(self, faces: Any, shape: tuple[int, ...]) -> list[Region]:
        """The boxes."""
        return [face.region for face in faces]


def _middle(whole: Region) -> Region:
    across, down = round(0.15 * whole.width), round(0.2 * whole.height)
    return Region(whole.x + across, whole.y + down, whole.width - 2 * across, whole.height - 2 * down, "ellipse")


class TwoPasses:
    """Permuted twice, the second time on a grid shifted by half a window: two records, both needed to restore.

    What is read is the view of the second grid.
    """

    reversible = True

    def __init__(self, cells: int) -> None:
        self.cells = cells
        self.name = f"two-passes:cells={cells}"
        self._first = Permutation(Strength(cells=cells))

    def protect(self, image: Any, faces: Any, *, seed: int) -> Any:
        """Both passes."""
        return self._second(faces).protect(self._first.protect(image, faces, seed=seed), self._moved(faces), seed=seed)

    def view(self, protected: Any, faces: Any) -> Any:
        """Of the second pass."""
        return self._second(faces).view(protected, self._moved(faces))

    def regions(self, faces: Any, shape: tuple[int, ...]) -> list[Region]:
        """What either pass changes."""
        return [face.region for face in self._moved(faces)]

    def _moved(self, faces: Any) -> list[Face]:
        moved = []
        for face in faces:
            box, half = face.region, self._window(face) // 2
            moved.append(Face(Region(box.x - half, box.y - half, box.width + 2 * half, box.height + 2 * half)))
        return moved

    def _window(self, face: Face) -> int:
        return Strength(cells=self.cells).window_for(face.region)

    def _second(self, faces: Any) -> Permutation:
        return Permutation(Strength(window=self._window(faces[0])))


def make(text: str) -> Any:
    """A protection of the library, or one of the two above."""
    name, _, rest = text.partition(":")
    made = {"inner": Inner, "two-passes": TwoPasses}.get(name)
    if made is None:
        return parse_protection(text)
    return made(**{key: int(value) for key, value in (item.split("=") for item in rest.split(","))})


class Bench:
    """The images, and what is embedded once."""

    def __init__(self) -> None:
        split = split_by_image(open_dataset("att"), enrolled=5, seed=SEED)
        faces = find_faces([*split.gallery, *split.probes])
        self.gallery_split = GallerySplit(make_subjects(split.gallery, faces), make_subjects(split.probes, faces))
        self.probes = self.gallery_split.probes
        self.people = np.array([probe.person for probe in self.probes])
        self.detectors = {name: make_detector(name) for name in ("yunet", "centerface")}
        self._clear: ClearGallery | None = None

    @property
    def clear(self) -> ClearGallery:
        """The clear gallery, embedded when it is first wanted."""
        if self._clear is None:
            self._clear = ClearGallery(DlibResnet(), self.gallery_split.gallery)
        return self._clear

    def by_person(self, values: Any) -> list[float]:
        """The sum over each person's probes."""
        sums = [float(np.asarray(values, np.float64)[self.people == who].sum()) for who in np.unique(self.people)]
        return [round(value, 3) for value in sums]

    def fit(self, protection: Any) -> Any:
        """Fits what wants it, on the gallery."""
        if hasattr(protection, "fit"):
            gallery = self.gallery_split.gallery
            protection.fit((one.clear() for one in gallery), ([one.face] for one in gallery))
        return protection

    def found(self, detector: Any, images: list[Any]) -> tuple[list[float], list[float]]:
        """Hits, and false faces, of each image."""
        hits, wrong = [], []
        for image, probe in zip(images, self.probes, strict=True):
            box = probe.face.region
            faces = locate(image, detector)
            matched = match_faces(faces, [TruthBox(box.x, box.y, box.width, box.height)], ALL_FACES)
            hits.append(1.0 - len(matched.missed))
            wrong.append(float((matched.truths < 0).sum()))
        return hits, wrong

    def measure(self, protection: Any) -> Iterator[tuple[str, list[float]]]:
        """Everything about one protection."""
        clear = [probe.clear() for probe in self.probes]
        hidden = [protection.protect(i, (p.face,), seed=SEED) for i, p in zip(clear, self.probes, strict=True)]
        seen = [protection.view(i, (p.face,)) for i, p in zip(hidden, self.probes, strict=True)]
        boxes = [probe.face.region for probe in self.probes]
        yield "psnr", self.by_person([psnr(a, b, region=r) for a, b, r in zip(clear, hidden, boxes, strict=True)])
        yield "ssim", self.by_person([ssim(a, b, region=r) for a, b, r in zip(clear, hidden, boxes, strict=True)])
        for name, detector in self.detectors.items():
            for reading, images in (("direct", hidden), ("view", seen)):
                hits, wrong = self.found(detector, images)
                yield f"recall {name} {reading}", self.by_person(hits)
                yield f"false {name} {reading}", self.by_person(wrong)
        attack_run = AttackRun(self.clear, self.gallery_split, protection, SEED, draws=NONCES)
        for attacker in ("naive", "cleaner", "parrot"):
            outcome = getattr(attack_run, attacker)()
            distances, people = outcome.comparison
            hits = identification_hits(distances, self.people.tolist(), people, 1)
            yield f"{attacker} ({outcome.reading})", self.by_person(hits)

    def read(self, text: str) -> Iterator[tuple[str, list[float]]]:
        """Detection alone, by other readings of the same view."""
        strength = make(text).spread
        for reading, change in READINGS.items():
            images = [change(probe.clear(), probe.face.region, strength) for probe in self.probes]
            for name, detector in self.detectors.items():
                hits, wrong = self.found(detector, images)
                if reading.startswith("contrast"):
                    plain = [READINGS["lanczos"](probe.clear(), probe.face.region, strength) for probe in self.probes]
                    first, false = self.found(detector, plain)
                    nothing = np.add(first, false) == 0
                    yield f"recall {name} second look, {reading}", self.by_person(np.where(nothing, hits, first))
                    yield f"false {name} second look, {reading}", self.by_person(np.where(nothing, wrong, false))
                yield f"recall {name} {reading}", self.by_person(hits)
                yield f"false {name} {reading}", self.by_person(wrong)


def _interpolated(kind: Any) -> Any:
    return lambda image, region, strength: draw_view(image, region, strength, interpolation=kind)


def _contrast(gain: float) -> Any:
    """The Lanczos view with larger deviations from the box's mean: means of windows have less contrast than pixels."""

    def change(image: Any, region: Region, strength: Strength) -> Any:
        seen = draw_view(image, region, strength, interpolation="lanczos")
        part = region.clipped(*image.shape[:2])
        values = seen[part].astype(np.float64)
        seen[part] = np.clip(values.mean() + gain * (values - values.mean()), 0, 255).astype(np.uint8)
        return seen

    return change


def _smooth(image: Any, region: Region, strength: Strength) -> Any:
    """The Lanczos view in a frame that is as coarse, so that the box has no edge."""
    around = cv2.GaussianBlur(image, (0, 0), strength.window_for(region) / 2)
    part = region.clipped(*image.shape[:2])
    around[part] = draw_view(image, region, strength, interpolation="lanczos")[part]
    return around


READINGS = {
    "linear": _interpolated("linear"),
    "cubic": _interpolated("cubic"),
    "lanczos": _interpolated("lanczos"),
    "contrast 1.3": _contrast(1.3),
    "contrast 1.5": _contrast(1.5),
    "contrast 2": _contrast(2.0),
    "smooth frame": _smooth,
}


def main() -> None:
    """Measures what is not in the file yet."""
    cv2.setNumThreads(1)
    done: set[tuple[str, str]] = set()
    if RESULTS.exists():
        done = {(row[0], row[1].split()[-1]) for row in csv.reader(RESULTS.open())}
    bench = Bench()
    order = ATTACKED.splitlines()
    work = [("attack", text) for text in order] + [("read", text) for text in READ]
    for kind, text in work:
        if any(name == text and (last == "frame") == (kind == "read") for name, last in done):
            continue
        lines = bench.measure(bench.fit(make(text))) if kind == "attack" else bench.read(text)
        rows = [(text, measure, *(f"{value:g}" for value in values)) for measure, values in lines]
        with RESULTS.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        print(text, kind, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
