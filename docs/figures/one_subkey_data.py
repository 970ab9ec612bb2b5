"""What one subkey for all images keeps and costs, as docs/learning.md tells.

``python docs/figures/one_subkey_data.py [PICTURE.png]``. Needs the extras ``evaluate`` and ``dlib``, and the AT&T faces
(``python tests/fetch_data.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from unscrambling import flips, share_near, unscramble, unscramble_knowing

import fastperturb as fp
from fastperturb.evaluation.datasets import open_dataset
from fastperturb.evaluation.recognition import DlibResnet, find_faces, identify, make_subjects
from fastperturb.perturbation import permute
from fastperturb.strength.eigenfaces import find_eigenfaces

SMALL = (44, 36)
"""Rows and columns of what is unscrambled; of the figures about distances 112 x 92, the set's own."""
COUNTS = (10, 25, 50, 100, 200, 400)
DRAWS = 3
KNOWN_CLEAR = (1, 2, 3, 5)
SEEN = 20  # people s1 to s20 are looked up, the others are the attacker's


def read(shape: tuple[int, int]) -> tuple[Any, Any]:
    """All 400 images in one array, and whom each shows."""
    samples = open_dataset("att").samples
    images = [cv2.resize(sample.read(), shape[::-1], interpolation=cv2.INTER_AREA) for sample in samples]
    return np.array(images), np.array([sample.person for sample in samples])


def scramble(images: Any, subkey: bytes) -> Any:
    """Every image by the same subkey, as one window."""
    hidden = images.copy()
    for image in hidden:
        height, width = image.shape[:2]
        permute(image, [(fp.Region(0, 0, width, height), max(height, width), height * width)], [subkey])
    return hidden


def right_order(shape: tuple[int, int], subkey: bytes) -> Any:
    """Which scrambled pixel goes to each place."""
    numbers = np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(1, *shape)
    return np.argsort(scramble(numbers, subkey).ravel())


def what_learns_alike() -> None:
    """Prints how far distances, singular values and eigenfaces' rank-1 are apart, clear and scrambled."""
    images, people = read((112, 92))
    enrolled = np.arange(len(images)) % 10 < 5
    found = []
    for stack in (images, scramble(images, bytes(range(32)))):
        flat = stack.reshape(len(stack), -1).astype(np.float64)
        away = np.square(flat).sum(axis=1)
        away = away[:, None] + away[None] - 2 * flat @ flat.T
        mean, faces, variances, _ = find_eigenfaces(stack[enrolled], None)
        points = (flat - mean) @ faces.T
        near = np.square(points[~enrolled][:, None] - points[enrolled][None]).sum(axis=2)
        hits = np.mean(people[enrolled][near.argmin(axis=1)] == people[~enrolled])
        found.append((away, np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False), variances, near, hits))
    clear, hidden = found
    print(f"squared distances of all pairs: largest difference {abs(clear[0] - hidden[0]).max():.3g}")
    for what, at in (("singular values", 1), ("variances of eigenfaces", 2), ("distances along eigenfaces", 3)):
        print(f"{what}: largest difference, to the largest {abs(clear[at] - hidden[at]).max() / clear[at].max():.3g}")
    print(f"rank-1 of eigenfaces: clear {clear[4]:.3f}, scrambled {hidden[4]:.3f}")


class Lookers:
    """Who looks at what was put back: 100 probes of 20 people, five clear images of each enrolled, chance 0.05."""

    def __init__(self) -> None:
        samples = [sample for number, sample in enumerate(open_dataset("att").samples) if number < 10 * SEEN]
        subjects = make_subjects(samples, find_faces(samples))
        if len(subjects) < len(samples):
            raise SystemExit("a face was not found")
        self._recogniser = DlibResnet()
        self._probes = [subject for number, subject in enumerate(subjects) if number % 10 >= 5]
        self._known = self._recogniser.embed([one for number, one in enumerate(subjects) if number % 10 < 5])
        images, people = read(SMALL)
        self.clear = images[: 10 * SEEN]
        self._probe = np.arange(10 * SEEN) % 10 >= 5
        self._enrolled = people[: 10 * SEEN][~self._probe].tolist()
        self._people = people[: 10 * SEEN][self._probe].tolist()

    def rank1(self, images: Any) -> tuple[float, float]:
        """Of the nearest clear image by blurred pixels, and of dlib's network, untrained; of (200, rows, columns)."""
        shown = [cv2.medianBlur(image, 3) for image in images[self._probe]]
        smooth = [cv2.GaussianBlur(image, (0, 0), 1).astype(float).ravel() for image in shown]
        known = [cv2.GaussianBlur(image, (0, 0), 1).astype(float).ravel() for image in self.clear[~self._probe]]
        near = np.array([np.abs(np.array(known) - one).mean(axis=1) for one in smooth])
        subjects = [
            replace(subject, shown=lambda image=image: cv2.resize(image, (184, 224), interpolation=cv2.INTER_CUBIC))
            for subject, image in zip(self._probes, shown, strict=True)
        ]
        points = self._recogniser.embed(subjects)
        away = np.linalg.norm(points[:, None] - self._known[None], axis=2)
        ranks = [identify(each, self._people, self._enrolled, 0).rank1.value for each in (near, away)]
        return ranks[0], ranks[1]

    def upright(self, order: Any, hidden: Any) -> Any:
        """That flip of the order whose average is most like the average of the enrolled."""
        average = self.clear[~self._probe].mean(axis=0).ravel()
        mean = hidden.reshape(len(hidden), -1).mean(axis=0)
        return max(flips(order, SMALL), key=lambda one: np.corrcoef(mean[one], average)[0, 1])


def pooled_psnr(clear: Any, shown: Any) -> float:
    """Of all images as one, in dB."""
    return fp.psnr(clear.reshape(-1, SMALL[1]), shown.reshape(-1, SMALL[1]))


def told(lookers: Lookers, order: Any, truth: Any, hidden: Any) -> list[float]:
    """Share near, PSNR, rank-1 by pixels and by the network."""
    mine = hidden[: 10 * SEEN].reshape(10 * SEEN, -1)
    near = max(share_near(one, truth, SMALL) for one in flips(order, SMALL))
    back = mine[:, lookers.upright(order, mine)].reshape(-1, *SMALL)
    return [near, pooled_psnr(lookers.clear, back), *lookers.rank1(back)]


def what_is_put_back(picture: str | None) -> None:
    """Prints a line for each attacker and number of images: means over draws of images and subkeys, and extremes."""
    lookers = Lookers()
    images, _ = read(SMALL)
    print("attacker; images: share within 2 places, PSNR, rank-1 by pixels, by the network: mean, least, most")
    clear = lookers.clear
    nothing = scramble(clear, bytes(32))
    for what, shown in (("clear", clear), ("scrambled, as it is", nothing)):
        print(f"{what}: {pooled_psnr(clear, shown):.1f} dB, rank-1 {lookers.rank1(shown)}", flush=True)
    rows: dict[int, list[Any]] = {}
    for count in COUNTS:
        lines: dict[str, list[list[float]]] = {}
        for draw in range(DRAWS):
            subkey = bytes([draw + 1]) * 32
            hidden, truth = scramble(images, subkey), right_order(SMALL, subkey)
            flat = hidden.reshape(len(hidden), -1).astype(np.float64)
            chosen = np.random.default_rng([draw, count]).permutation(len(images))[:count]
            orders = dict(zip(("Isomap", "Isomap, refined"), unscramble(flat[chosen], SMALL), strict=True))
            if count <= 10 * SEEN:
                chosen = np.random.default_rng([draw, count]).permutation(10 * SEEN)[:count]
                others = images[10 * SEEN :].reshape(10 * SEEN, -1).astype(np.float64)
                knowing = unscramble_knowing(flat[chosen], others, SMALL)
                orders |= dict(zip(("knows 200 of others", "knows, refined"), knowing, strict=True))
            for what, order in orders.items():
                lines.setdefault(what, []).append(told(lookers, order, truth, hidden))
            if draw == 0:
                rows[count] = [flat[:, lookers.upright(order, hidden)].reshape(-1, *SMALL) for order in orders.values()]
        for what, found in lines.items():
            table = np.array(found)
            parts = (table.mean(axis=0), table.min(axis=0), table.max(axis=0))
            print(f"{what}; {count}:", *(np.round(part, 3).tolist() for part in parts), flush=True)
    if picture is not None:
        draw_picture(picture, images, rows)


def draw_picture(path: str, images: Any, rows: dict[int, list[Any]], who: int = 123) -> None:
    """One face, put back from more and more images, by Isomap refined above and knowing other faces below."""
    empty = np.full(SMALL, 255, np.uint8)
    lines = []
    for at in (1, 3):
        tiles = [images[who], *(row[at][who].astype(np.uint8) if at < len(row) else empty for row in rows.values())]
        lines.append(np.hstack([np.pad(tile, 2, constant_values=255) for tile in tiles]))
    shown = np.kron(np.vstack(lines), np.ones((3, 3), np.uint8))
    if not cv2.imwrite(path, shown):
        raise OSError(f"{path} cannot be written")


def what_copies_tell() -> None:
    """Prints the share of places that values alone name, by how many scrambled images the attacker has in the clear."""
    images, _ = read(SMALL)
    subkey = bytes(32)
    hidden, truth = scramble(images, subkey), right_order(SMALL, subkey)
    for count in KNOWN_CLEAR:
        shares = []
        for draw in range(20):
            chosen = np.random.default_rng([draw, count]).permutation(len(images))[:count]
            clear, seen = (side[chosen].reshape(count, -1).T for side in (images, hidden))
            order = _by_values(clear, seen)
            shares.append(np.mean(order == truth))
        print(f"clear copies of {count}: named {np.mean(shares):.3f}, least {min(shares):.3f}", flush=True)


def _by_values(clear: Any, seen: Any) -> Any:
    """A scrambled pixel for each place that has its values; of several, one in order."""
    order = np.empty(len(clear), np.intp)
    order[np.lexsort(clear.T)] = np.lexsort(seen.T)
    return order


def main() -> None:
    """Prints all figures."""
    cv2.setNumThreads(1)
    picture = sys.argv[1] if len(sys.argv) > 1 else None
    parts: list[Callable[[], None]] = [what_learns_alike, what_copies_tell, lambda: what_is_put_back(picture)]
    for part in parts:
        part()


if __name__ == "__main__":
    main()
