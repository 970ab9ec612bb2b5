"""What heads around faces of 8 to 32 pixels tell, for docs/faces.md: ``python docs/figures/tiny_heads.py``.

The AT&T faces are reduced until their box is so many pixels wide, protected, and named by dlib's network and by what is
fitted on them as shown: pixels and sorted grey levels, of the head and with a fifth of its sides around it. Needs the
extras ``evaluate`` and ``dlib`` and the faces (``python tests/fetch_data.py``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from att_attacks import SEED, line_up
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline

from fastperturb import Face, Region
from fastperturb.evaluation.recognition import DlibResnet
from fastperturb.faces import HEAD, CenterFace, YuNet, grow_region, locate
from fastperturb.faces.boxes import at_least
from fastperturb.protections import parse_protection

WIDER = 0.2  # of the head's sides, around it: what a head leaves of hair, shoulders and background
PAD = 32  # repeated pixels around a reduced picture, which regions may reach into
ROOM = 100  # repeated pixels around what detectors look at
SIDE = 28  # of what a recogniser of pixels sees

WAYS: dict[str, tuple[str, int]] = {
    "clear": ("clear", 1),
    "windows, 8 cells": ("permutation:cells=8", 1),
    "the same, head": ("permutation:cells=8,grow=head", 1),
    "windows of 8 pixels, head": ("permutation:window=8,grow=head", 1),
    "one window, box": ("permutation:window=region", 1),
    "one window, head": ("permutation:window=region,grow=head", 1),
    "mosaic, 8 cells": ("mosaic:cells=8", 1),
    "windows, 8 cells, least 16": ("permutation:cells=8", 16),
    "windows, 8 cells, least 32": ("permutation:cells=8", 32),
    "one window, least 32": ("permutation:window=region", 32),
    "surrogate": ("surrogate", 1),
    "surrogate, least 32": ("surrogate", 32),
    "camouflage": ("camouflage", 1),
    "black, box": ("black", 1),
    "black, head": ("black:grow=head", 1),
    "black, head, least 32": ("black:grow=head", 32),
}


class Small(NamedTuple):
    """A reduced picture, padded, with its face, and the picture that it was made of."""

    image: Any
    face: Face
    subject: Any


class Seen(NamedTuple):
    """A subject as dlib's recogniser wants it: points of the clear picture, pixels of what is shown."""

    name: str
    face: Face
    clear: Callable[[], Any]
    shown: Callable[[], Any]


def reduced(subject: Any, width: int) -> Small:
    """A subject whose box is so many pixels wide."""
    clear, box = subject.clear(), subject.face.region
    grey = clear if clear.ndim == 2 else clear[..., 0]
    scale = width / box.width
    size = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    padded = cv2.copyMakeBorder(small, PAD, PAD, PAD, PAD, cv2.BORDER_REPLICATE)
    x, y = round(box.x * scale) + PAD, round(box.y * scale) + PAD
    return Small(padded, Face(Region(x, y, width, max(1, round(box.height * scale)))), subject)


def protected(item: Small, protection: Any, least: int, seed: int) -> Any:
    """The padded picture with its face hidden."""
    return protection.protect(item.image, (Face(at_least(item.face.region, least)),), seed=seed)


def seen(item: Small, shown: Any) -> Seen:
    """What dlib's network is shown: the picture enlarged to its old size."""
    clear = item.subject.clear()
    part = shown[PAD:-PAD, PAD:-PAD]
    large = cv2.resize(part, (clear.shape[1], clear.shape[0]), interpolation=cv2.INTER_CUBIC)
    return Seen(item.subject.name, item.subject.face, item.subject.clear, lambda: large)


def pixels(item: Small, shown: Any, margin: float = 0.0) -> Any:
    """The head with a margin, enlarged or reduced to 28 x 28."""
    rows, columns = grow_region(grow_region(item.face.region, HEAD), margin).clipped(*shown.shape[:2])
    return cv2.resize(shown[rows, columns], (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel().astype(np.float64)


def levels(item: Small, shown: Any) -> Any:
    """32 sorted grey levels of the box and 32 of the head, the same under every permutation inside them."""
    found = []
    for region in (item.face.region, grow_region(item.face.region, HEAD)):
        rows, columns = region.clipped(*shown.shape[:2])
        found.append(np.quantile(shown[rows, columns].astype(np.float64), (np.arange(32) + 0.5) / 32))
    return np.concatenate(found)


def wider(item: Small, shown: Any) -> Any:
    """The head with a fifth of its sides around it, as :func:`pixels`."""
    return pixels(item, shown, WIDER)


def wider_levels(item: Small, shown: Any) -> Any:
    """32 sorted grey levels of the head with a fifth of its sides around it."""
    return np.quantile(wider(item, shown), (np.arange(32) + 0.5) / 32)


LOOKS = {"pixels": pixels, "levels": levels, "wider": wider, "wider levels": wider_levels}


def nearest(known: Any, people: Any, probes: Any) -> Any:
    """The person of the nearest enrolled row."""
    away = np.square(probes[:, None] - known[None]).sum(axis=2)
    return people[away.argmin(axis=1)]


def discriminated(known: Any, people: Any, probes: Any) -> Any:
    """By components and linear discriminants, shrunk; fitted on what is enrolled."""
    varied = known.std(axis=0) > 1e-9
    if varied.sum() < 2:
        return np.full(len(probes), people[0])
    parts = min(100, int(varied.sum()), len(known) - 1)
    model = make_pipeline(PCA(parts, random_state=0), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    return model.fit(known[:, varied], people).predict(probes[:, varied])


def attacks(gallery: list[Small], probes: list[Small], way: str, dlib: Any) -> dict[str, Any]:
    """Which probes each attacker names rightly."""
    text, least = WAYS[way]
    protection = parse_protection(text)
    people = np.array([item.subject.person for item in gallery])
    truth = np.array([item.subject.person for item in probes])
    shown = [
        [protected(item, protection, least, SEED + k) for item in part] for k, part in enumerate((gallery, probes))
    ]
    right: dict[str, Any] = {}
    clear = dlib.embed(seen(item, item.image) for item in gallery)
    met = dlib.embed(map(seen, probes, shown[1]))
    right["dlib, clear enrolled"] = nearest(clear, people, met) == truth
    enrolled = dlib.embed(map(seen, gallery, shown[0]))
    rows = {"dlib": (enrolled, met)}
    for name, of in LOOKS.items():
        rows[name] = tuple(
            np.array(list(map(of, items, images))) for items, images in zip((gallery, probes), shown, strict=True)
        )
    for name, (known, looked) in rows.items():
        right[f"{name}, nearest"] = nearest(known, people, looked) == truth
        right[f"{name}, fitted"] = discriminated(known, people, looked) == truth
    return right


def strongest(right: dict[str, Any], truth: Any, names: list[str]) -> str:
    """The figure of the strongest of some attackers, and its name."""
    most = max(names, key=lambda name: right[name].mean())
    return f"{told(right[most], truth)} {most:22}"


def told(right: Any, truth: Any) -> str:
    """Rank-1 and 95 % of a bootstrap over people."""
    names = np.unique(truth)
    means = np.array([right[truth == name].mean() for name in names])
    drawn = means[np.random.default_rng(0).integers(0, len(names), (2000, len(names)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{right.mean():.2f} ({low:.2f} to {high:.2f})"


def found(items: list[Small], way: str) -> str:
    """The share of protected heads that two detectors find, a third of a region's width from its middle at most."""
    text, least = WAYS[way]
    protection, hits = parse_protection(text), {"YuNet": 0, "CenterFace": 0}
    detectors = {"YuNet": YuNet(), "CenterFace": CenterFace()}
    for item in items:
        shown = np.dstack((protected(item, protection, least, SEED),) * 3)
        wide = cv2.copyMakeBorder(shown, ROOM, ROOM, ROOM, ROOM, cv2.BORDER_REPLICATE)
        place = protection.regions([Face(at_least(item.face.region, least))], shown.shape)[0]
        middle = place.x + place.width / 2 + ROOM, place.y + place.height / 2 + ROOM
        for name, detector in detectors.items():
            centres = [
                (f.region.x + f.region.width / 2, f.region.y + f.region.height / 2) for f in locate(wide, detector)
            ]
            hits[name] += any(np.hypot(a - middle[0], b - middle[1]) < place.width / 3 for a, b in centres)
    return ", ".join(f"{name} {count / len(items):.2f}" for name, count in hits.items())


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widths", default="8,12,16,24,32", help="of the box, in pixels")
    parser.add_argument("--ways", help="joined by semicolons; all without")
    parser.add_argument("--found", action="store_true", help="what detectors find instead")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    split, dlib = line_up(), DlibResnet()
    for width in map(int, options.widths.split(",")):
        gallery, probes = ([reduced(s, width) for s in part] for part in (split.gallery, split.probes))
        truth = np.array([item.subject.person for item in probes])
        for way in options.ways.split(";") if options.ways else WAYS:
            if options.found:
                print(f"{width:3} px  {way:28} found by {found(gallery, way)}", flush=True)
                continue
            right = attacks(gallery, probes, way, dlib)
            inside = [name for name in right if not name.startswith("wider")]
            print(
                f"{width:3} px  {way:28} of the head {strongest(right, truth, inside)}",
                f"of all {strongest(right, truth, list(right))}",
                " ".join(f"{name}: {value.mean():.2f}" for name, value in right.items()),
                flush=True,
            )


if __name__ == "__main__":
    main()
