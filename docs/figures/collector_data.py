"""What several protections of one original tell together, as docs/learning.md says.

``python docs/figures/collector_data.py same [COPIES ...]`` for equal regions, ``jittered`` for ones that differ. Needs
the extras ``evaluate`` and ``dlib``, CenterFace's weights, and the AT&T faces (``python tests/fetch_data.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from att_attacks import MARGIN, line_up
from outside_data import outside, rank1
from scipy.optimize import linear_sum_assignment

import fastperturb as fp
from fastperturb.evaluation.recognition import DlibResnet
from fastperturb.faces import HEAD, grow_region, make_detector
from fastperturb.protections import Black, Camouflage, Surrogate

sys.path.append(str(Path(__file__).parents[2] / "tests" / "helpers"))
import reference_v2
from version_1 import perturb_v1

DETECTORS = ("yunet", "centerface", "dlib-hog")
COPIES = (1, 2, 5, 20, 100)
JITTER = 0.05
"""Standard deviation of a face's centre, in parts of its width, and of the logarithm of its size."""


def cut(region: fp.Region, window: int, version: int) -> list[tuple[slice, slice]]:
    """The windows of a region that lies inside the image, as each record version cuts them."""

    def sides(length: int) -> list[tuple[int, int]]:
        if version == 2:
            return [(part.start, part.stop) for part in reference_v2.cuts(length, window)]
        return [(start, min(start + window, length)) for start in range(0, length, window)]

    return [
        (slice(region.y + top, region.y + bottom), slice(region.x + left, region.x + right))
        for top, bottom in sides(region.height)
        for left, right in sides(region.width)
    ]


def assign(copies: Any, log_ratio: Callable[[Any, int], Any]) -> Any:
    """The most likely original of one window: every value that is there once, each at a place.

    A copy's value at a place tells of its original value u only by whether it is u itself, so that
    (times that u was seen there) * log_ratio is the whole log-likelihood, up to what all u share.

    Args:
        copies: (copies, pixels).
        log_ratio: of how often each value is in the window, and the number of pixels: the logarithm of how much
            likelier a place shows u if u is its original than if it is not.
    """
    values, counts = np.unique(copies[0], return_counts=True)
    size = copies.shape[1]
    codes = np.searchsorted(values, copies) * size + np.arange(size)
    seen = np.bincount(codes.ravel(), minlength=len(values) * size).reshape(len(values), size)
    gain = seen * log_ratio(counts, size)[:, None]
    kinds = np.repeat(np.arange(len(values)), counts)
    rows, places = linear_sum_assignment(-gain[kinds])
    found = np.empty(size, copies.dtype)
    found[places] = values[kinds[rows]]
    return found


def one_cycle(counts: Any, size: int) -> Any:
    """Version 1: a pixel goes to any place but its own."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log((counts - 1) / counts), -50.0) if size > 1 else np.zeros(len(counts))


def half_stay(counts: Any, size: int) -> Any:
    """Version 2 where half of the pixels move: the others stay. Where all move nothing is likelier than anything."""
    return np.log(1 + 0.5 / (0.5 * counts / size))


def windows(version: int, **settings: Any) -> Callable[[Any, Any, int], tuple[Any, Any]]:
    """(copies, a picture by assignment) of an image."""

    def collect(image: Any, region: fp.Region, count: int) -> tuple[Any, Any]:
        strength = fp.Strength(**settings)
        window = strength.window_for(region)
        key = fp.Key.generate()
        if version == 1:
            everything = [(region, window, region.width * region.height)]
            copies = np.array([perturb_v1(image, everything, key)[0] for _ in range(count)])
        else:
            copies = np.array([fp.perturb(image, [region], key, strength)[0] for _ in range(count)])
        ratio = half_stay if "coverage" in settings else one_cycle
        back = image.copy()
        for rows, columns in cut(region, window, version):
            part = copies[:, rows, columns]
            back[rows, columns] = assign(part.reshape(count, -1), ratio).reshape(part.shape[1:])
        return copies, back

    return collect


def drawn(protection: Any) -> Callable[[Any, Any, int], tuple[Any, Any]]:
    """(copies, the most frequent value of each place): nothing moves that could be assigned."""

    def collect(image: Any, region: fp.Region, count: int) -> tuple[Any, Any]:
        face = fp.Face(region)
        copies = np.array([protection.protect(image, [face], seed=seed) for seed in range(count)])
        return copies, np.sort(copies, axis=0)[(count - 1) // 2]

    return collect


def inside(protection: Any, image: Any, region: fp.Region) -> Any:
    """True where a protection draws; windows are in the box."""
    if protection is not None:
        return ~outside(protection, image, fp.Face(region))
    mask = np.zeros(image.shape, bool)
    mask[region.clipped(*image.shape)] = True
    return mask


def with_equal_regions(counts: Any = COPIES) -> None:
    """Prints share of pixels right, PSNR and rank-1: of one copy, of the assignment, of the copies' average."""
    lineup = line_up()
    recogniser = DlibResnet()
    known, names = recogniser.embed(lineup.gallery), [one.person for one in lineup.gallery]
    firsts = {probe.person: probe for probe in reversed(lineup.probes)}
    probes = list(firsts.values())  # one of each person
    drawings: dict[str, Any] = {"camouflage": Camouflage(), "surrogate": Surrogate()}
    collectors = {
        "windows of 4, version 1": (windows(1, window=4), None),
        "windows of 4, version 2": (windows(2, window=4), None),
        "8 cells, version 1": (windows(1, cells=8), None),
        "8 cells, version 2": (windows(2, cells=8), None),
        "8 cells, version 2, half of the pixels": (windows(2, cells=8, coverage=0.5), None),
        **{name: (drawn(protection), protection) for name, protection in drawings.items()},
    }
    print("protection; copies: one copy, assignment or median, average: share right, PSNR inside, rank-1")
    for name, (collect, protection) in collectors.items():
        for count in counts:
            shown: dict[str, list[Any]] = {"one": [], "assigned": [], "average": []}
            figures, differing = [], 0
            for probe in probes:
                image = probe.clear()
                region = _clipped(probe.face.region, image.shape)
                copies, back = collect(image, region, count)
                differing += int((copies != copies[:1]).any(axis=0).sum())
                pictures = (copies[0], back, np.rint(copies.mean(axis=0)).astype(np.uint8))
                where = inside(protection, image, region)
                figures.append([_told(image, picture, where) for picture in pictures])
                for kept, picture in zip(shown.values(), pictures, strict=True):
                    kept.append(probe.altered(lambda _, who, picture=picture: picture))
            mean = np.array(figures).mean(axis=0)
            for (what, subjects), numbers in zip(shown.items(), mean, strict=True):
                points = recogniser.embed(subjects)
                away = np.linalg.norm(points[:, None] - known[None], axis=2)
                rank = rank1(away, [probe.person for probe in probes], names)
                told = f"{numbers[0]:.3f}, {numbers[1]:.1f} dB, {rank}"
                print(f"{name}; {count}; {what}: {told}; {differing} pixels differ", flush=True)


def _clipped(region: fp.Region, shape: tuple[int, ...]) -> fp.Region:
    rows, columns = region.clipped(*shape[:2])
    return fp.Region(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)


def _told(image: Any, picture: Any, where: Any) -> tuple[float, float]:
    """Share of values that are right, and PSNR, both inside; 60 dB stands for more."""
    error = np.square(image[where].astype(float) - picture[where]).mean()
    return float((image[where] == picture[where]).mean()), float(10 * np.log10(255**2 / max(error, 255**2 / 1e6)))


def jittered(face: fp.Face, draws: Any) -> Iterator[fp.Face]:
    """The face as other programs might have found it."""
    box = face.region
    for x, y, size in draws.normal(0, JITTER, (COPIES[-1], 3)):
        width, height = (round(side * np.exp(size)) for side in (box.width, box.height))
        left, top = box.x + (box.width - width) / 2 + x * box.width, box.y + (box.height - height) / 2 + y * box.width
        yield fp.Face(fp.Region(round(left), round(top), width, height))


def found_by_detectors(detectors: Any, image: Any, face: fp.Face) -> list[fp.Face]:
    """The face as each detector finds it, where its box has an intersection over union of 0.3 with the face's."""
    padded = cv2.copyMakeBorder(image, *(MARGIN,) * 4, cv2.BORDER_REPLICATE)
    kept = []
    for detector in detectors:
        boxes = [one.region for one in fp.locate(padded, detector)]
        moved = [fp.Region(box.x - MARGIN, box.y - MARGIN, box.width, box.height) for box in boxes]
        near = [box for box in moved if _overlap(box, face.region) >= 0.3]
        kept += [fp.Face(max(near, key=lambda box: _overlap(box, face.region)))] if near else []
    return kept


def _overlap(one: fp.Region, other: fp.Region) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(across, 0) * max(down, 0)
    return both / (one.width * one.height + other.width * other.height - both)


def with_jittered_regions() -> None:
    """Prints what lies outside of some region: shares of head and face that it uncovers, and rank-1 by it."""
    lineup = line_up()
    gallery = np.array([one.clear() for one in lineup.gallery]).astype(np.int16)
    names, people = ([one.person for one in side] for side in (lineup.gallery, lineup.probes))
    detectors = [make_detector(name) for name in DETECTORS]
    for name, protection in (("surrogate", Surrogate()), ("black box", Black())):
        masks: dict[str, list[Any]] = {}
        uncovered: dict[str, list[tuple[float, float]]] = {}
        number: dict[str, list[int]] = {}
        for index, probe in enumerate(lineup.probes):
            image = probe.clear()
            head = fp.Region(*_sides(grow_region(probe.face.region, HEAD)), "ellipse")
            parts = [~outside(Black(), image, fp.Face(region)) for region in (head, probe.face.region)]
            other = list(jittered(probe.face, np.random.default_rng(index)))
            seen = {f"{count} copies": other[:count] for count in COPIES}
            seen["by three detectors"] = found_by_detectors(detectors, image, probe.face)
            for what, faces in {"the face itself": [probe.face], **seen}.items():
                free = np.any([outside(protection, image, face) for face in faces], axis=0)
                masks.setdefault(what, []).append(free)
                uncovered.setdefault(what, []).append(tuple(float(free[part].mean()) for part in parts))
                number.setdefault(what, []).append(len({protection.regions([f], image.shape)[0] for f in faces}))
        for what, free in masks.items():
            away = np.array(
                [
                    np.abs(gallery[:, mask] - probe.clear()[mask]).sum(axis=1)
                    for mask, probe in zip(free, lineup.probes, strict=True)
                ],
                float,
            )
            head_share, face_share = np.array(uncovered[what]).mean(axis=0)
            regions = np.mean(number[what])
            told = f"regions {regions:.1f}, head {head_share:.3f}, face {face_share:.3f}"
            print(f"{name}; {what}: {told}, rank-1 {rank1(away, people, names)}", flush=True)


def _sides(region: fp.Region) -> tuple[int, int, int, int]:
    return region.x, region.y, region.width, region.height


def main() -> None:
    """Runs what the argument says."""
    cv2.setNumThreads(1)
    what, counts = sys.argv[1:2], [int(text) for text in sys.argv[2:]]
    if what == ["same"]:
        with_equal_regions(counts or COPIES)
    elif what == ["jittered"] and not counts:
        with_jittered_regions()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
