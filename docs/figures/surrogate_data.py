"""Attacks the surrogate on the AT&T faces, as docs/protections.md tells: ``python docs/figures/surrogate_data.py``.

Needs the extras ``evaluate`` and ``dlib``, CenterFace's weights, and the AT&T faces (``python tests/fetch_data.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from att_attacks import DETECTORS, DRAWS, SEED, line_up, named, recall_of, told

from fastperturb import Face, Region, locate
from fastperturb.errors import MissingExtra
from fastperturb.evaluation.recognition import (
    AttackBench,
    DlibResnet,
    Eigenfaces,
    Fisherfaces,
)
from fastperturb.faces import HEAD, grow_region, make_detector
from fastperturb.protections import Clear, Description, ProtectionBase, Surrogate
from fastperturb.protections.area import owned_parts
from fastperturb.protections.rounding import round_face


class PlainHead(ProtectionBase):
    """The surrogate's regions in one grey: what hair, background and the rounded place tell.

    Args:
        level: 0 is black; a lighter one hides the seam from a nearest neighbour less.
    """

    def __init__(self, level: int) -> None:
        self.level = level

    def describe(self) -> Description:
        """There is one of each grey."""
        name = f"grey {self.level}, rounded head"
        return Description(name, name, 1.0, "")

    def protect(self, image: Any, faces: Any, *, seed: int) -> Any:
        """Fills them."""
        hidden = np.array(image)
        for _, part, mask in owned_parts(self.regions(faces, image.shape), image.shape):
            hidden[part][mask] = self.level
        return hidden

    def regions(self, faces: Any, shape: tuple[int, ...]) -> list[Region]:
        """Those of the surrogate."""
        return list(Surrogate().regions_for(faces, shape))


class Quantiles:
    """64 sorted grey levels of the rounded region, which the file tells."""

    name, metric, trained = "quantiles", "euclidean", False

    def fit(self, subjects: Iterable[Any]) -> None:
        """Nothing to learn."""

    def embed(self, subjects: Iterable[Any]) -> Any:
        """(subjects, levels)."""
        return np.array([self._levels(subject.shown(), subject.face) for subject in subjects])

    @staticmethod
    def _levels(image: Any, face: Face) -> Any:
        _, part, mask = next(iter(owned_parts(Surrogate().regions([face], image.shape), image.shape)))
        return np.quantile(image[part][mask].astype(np.float64), (np.arange(64) + 0.5) / 64)


class Around(Quantiles):
    """64 sorted grey levels of each quarter of the image outside the region: the same under every protection."""

    name = "surroundings alone"

    @staticmethod
    def _levels(image: Any, face: Face) -> Any:
        free = np.ones(image.shape, bool)
        for _, part, mask in owned_parts(Surrogate().regions([face], image.shape), image.shape):
            free[part] &= ~mask
        height, width = image.shape[0] // 2, image.shape[1] // 2
        found = []
        for rows in (slice(0, height), slice(height, None)):
            for columns in (slice(0, width), slice(width, None)):
                values = image[rows, columns][free[rows, columns]].astype(np.float64)
                found.append(np.quantile(values, (np.arange(64) + 0.5) / 64) if len(values) else np.zeros(64))
        return np.concatenate(found)


class Place:
    """The four numbers of the rounded region, which the file tells too."""

    name, metric, trained = "region alone", "euclidean", False

    def fit(self, subjects: Iterable[Any]) -> None:
        """Nothing to learn."""

    def embed(self, subjects: Iterable[Any]) -> Any:
        """(subjects, 3): as the aspect is fixed, the centre and the width."""
        found = [Surrogate().regions([subject.face], (10**6, 10**6))[0] for subject in subjects]
        return np.array([(2 * box.x + box.width, 2 * box.y + box.height, 2.0 * box.width) for box in found], float)


class Looking(DlibResnet):
    """dlib's network, which must find the landmarks in what is shown; the rounded region where it finds none."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "dlib, own landmarks"

    def embed(self, subjects: Iterable[Any]) -> Any:
        """As its parent's."""
        self._points = {}  # found in what is shown, and so other ones for every protection
        return super().embed(self._looked(subject) for subject in subjects)

    @staticmethod
    def _looked(subject: Any) -> Any:
        shown = subject.shown()
        found = locate(shown)
        middle = np.array(shown.shape[1::-1]) / 2
        near = min(found, key=lambda face: float(np.hypot(*(_middle(face) - middle)))) if found else None
        face = near or Face(Surrogate(area="face").regions([subject.face], shown.shape)[0])
        return replace(subject, face=face, clear=lambda: shown)


def _middle(face: Face) -> Any:
    box = face.region
    return np.array([box.x + box.width / 2, box.y + box.height / 2])


def told_by_regions(found: dict[str, Region], people: Any) -> None:
    """Prints what four numbers name, before and after rounding, over 20 draws; and how regions lie over heads."""
    rounded = {name: round_face(box) for name, box in found.items()}
    for what, boxes in (("boxes", found), ("regions", rounded)):
        sides = np.array([(2 * b.x + b.width, 2 * b.y + b.height, b.width, b.height) for b in boxes.values()], float)
        draws = np.array([named(sides, people, seed)[:2] for seed in range(DRAWS)])
        print(f"{what}: {len(np.unique(sides, axis=0))} different; nearest, LDA: {draws.mean(axis=0).round(3)}")
    lying = np.array([_overlap(rounded[name], grow_region(box, HEAD)) for name, box in found.items()])
    print("head covered, IoU, area; least and median:", lying.min(axis=0).round(3), np.median(lying, axis=0).round(3))


def _overlap(region: Region, head: Region) -> tuple[float, float, float]:
    """Of the head's ellipse: what the region's covers, their intersection over union, the region's area to it."""
    left, top = min(region.x, head.x), min(region.y, head.y)
    right, bottom = (max(r.x + r.width for r in (region, head)), max(r.y + r.height for r in (region, head)))
    across = (np.arange(4 * left, 4 * right) + 0.5) / 4
    down = ((np.arange(4 * top, 4 * bottom) + 0.5) / 4)[:, np.newaxis]
    one, two = (
        ((across - r.x) * 2 / r.width - 1) ** 2 + ((down - r.y) * 2 / r.height - 1) ** 2 <= 1 for r in (region, head)
    )
    both = np.count_nonzero(one & two)
    return both / two.sum(), both / np.count_nonzero(one | two), one.sum() / two.sum()


def main() -> None:
    """Prints what regions tell; for each protection rank-1 by attacker, then recall by detector."""
    cv2.setNumThreads(1)
    lineup = line_up()
    everyone = [*lineup.gallery, *lineup.probes]
    told_by_regions({one.name: one.face.region for one in everyone}, np.array([one.person for one in everyone]))
    protections: list[Any] = [
        Clear(),
        PlainHead(0),
        PlainHead(128),
        Surrogate(),
        Surrogate(tone="around"),
        Surrogate(tone="coarse"),
    ]
    protections += [Surrogate(area="face")]
    attacks = [(DlibResnet(), ("naive", "parrot")), (Looking(), ("parrot",))]
    pixels = (Eigenfaces(0.5), Fisherfaces(0.5), Quantiles(), Place(), Around())  # of AT&T 0.5 shows the whole frame
    attacks += [(one, ("parrot",)) for one in pixels]
    for recogniser, attackers in attacks:
        bench = AttackBench(recogniser, lineup)
        for protection in protections:
            for result in bench.run(protection, attackers, seed=SEED):
                rank = f"{told(result.identification.rank1)} by {result.reading}"
                print(f"{protection.name}; {type(recogniser).__name__}, {result.attacker}: {rank}", flush=True)
    for name in DETECTORS:
        try:
            detector = make_detector(name)
        except MissingExtra as error:
            print(name, error)
            continue
        for protection in protections:
            print(f"{protection.name}; {name}: recall {recall_of(detector, protection, lineup.probes):.3f}", flush=True)


if __name__ == "__main__":
    main()
